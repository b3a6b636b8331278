"""Calls per second, CPU and memory of the engine beside other tools, in one run.

A stub server in a process of its own answers every chat completion after 50 ms; 256 requests are
in flight. Each client runs in a process of its own; rounds are interleaved, so that a machine that
drifts drifts for all, and ratios of medians are printed.

    python benchmarks/engine.py                       # aiohttp, openai, engine, replay, import
    python benchmarks/engine.py --inspect PYTHON      # also Inspect AI, from that Python
    python benchmarks/engine.py --memory              # also peak memory at 10,000 and 100,000 calls

Inspect AI is not a dependency: `python -m venv X && X/bin/pip install inspect-ai openai`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sleeptime_lib.records import Task

STUB = Path(__file__).parent.parent / "tests" / "fault_server.py"
IN_FLIGHT = 256
LATENCY_S = 0.05
WARM_UP = 256
MESSAGES = [{"role": "user", "content": "How many rolls are left? Answer with a number."}]


async def _in_flight(call: Callable[[int], Awaitable[object]], calls: int) -> None:
    """Make the calls with at most `IN_FLIGHT` of them under way."""
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            await call(number)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


async def aiohttp_arm(url: str, calls: int) -> None:
    """Post and parse with aiohttp alone: what the machine can do."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call(number: int) -> object:
            body = {"model": "stub", "messages": MESSAGES, "seed": number}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                return (await response.json())["choices"][0]["message"]["content"]

        await _in_flight(call, calls)


async def openai_arm(url: str, calls: int) -> None:
    """The openai client on its aiohttp transport, nothing else."""
    import openai

    transport = openai.DefaultAioHttpClient()
    async with openai.AsyncOpenAI(
        base_url=url, api_key="none", http_client=transport, max_retries=0
    ) as client:

        async def call(number: int) -> object:
            reply = await client.chat.completions.create(
                model="stub",
                messages=MESSAGES,
                seed=number,  # type: ignore[arg-type]
            )
            return reply.choices[0].message.content

        await _in_flight(call, calls)


def make_task(calls: int) -> Task:
    """One context and one question for each call."""
    from sleeptime_lib.records import Context, Question, Task

    contexts = {str(i): Context(str(i), str(i % 50), f"Case {i}.") for i in range(calls)}
    questions = tuple(Question(f"q{i}", str(i), MESSAGES[0]["content"], "1") for i in range(calls))
    return Task("stub", contexts, questions)


async def engine_arm(url: str, calls: int, folder: Path) -> None:
    """The whole engine: plan, cache, limits, grading, a row on disk for each call."""
    from sleeptime_lib import engine
    from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
    from sleeptime_lib.models.client import Client
    from sleeptime_lib.models.endpoint import resolve
    from sleeptime_lib.models.limits import Limits
    from sleeptime_lib.runs import make_options
    from sleeptime_lib.store import CALLS, open_run
    from sleeptime_lib.study import Study

    options = make_options(
        STATEFUL_GSM,
        model="stub",
        base_url=url,
        levels=(0,),
        sleep_parallel=(),
        pass_samples=0,
        context_only=False,
    )
    study = Study(STATEFUL_GSM, options, STATEFUL_GSM.sleep, make_task(calls))
    with open_run(folder, {"config": options.model_dump(mode="json")}) as directory:
        async with Client(
            resolve("stub", base_url=url),
            cache_path=directory.path / CALLS,
            limits=Limits(concurrency=IN_FLIGHT),
        ) as client:
            outcome = await engine.run(study, client, directory)
            assert outcome.answered == calls


def inspect_arm(url: str, calls: int) -> None:
    """Inspect AI: one generate() and one scorer a sample, display and realtime log off."""
    import os

    os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url}
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate

    text = MESSAGES[0]["content"]
    samples = [Sample(input=f"{text} ({number})", target="1") for number in range(calls)]
    with tempfile.TemporaryDirectory() as logs:
        done = eval(
            Task(dataset=samples, solver=generate(), scorer=includes()),
            model="openai/stub",
            model_args={"responses_api": False},
            max_connections=IN_FLIGHT,
            max_samples=IN_FLIGHT,
            display="none",
            log_dir=logs,
            log_realtime=False,
            log_level="error",
        )
        assert done[0].status == "success", done[0].error


def run_arm(arm: str, url: str, calls: int, folder: Path) -> None:
    """Run one arm in this process and print what it took as JSON."""
    if arm == "task":
        import pyarrow.parquet  # noqa: F401

        import sleeptime_lib.engine  # noqa: F401
    else:
        # What is loaded or compiled at the first calls is not what a long run pays.
        with tempfile.TemporaryDirectory() as warm_up:
            make_calls(arm, url, WARM_UP, Path(warm_up))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    began, cpu = time.perf_counter(), usage.ru_utime + usage.ru_stime
    make_calls(arm, url, calls, folder)
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "calls_per_s": calls / seconds,
                "cpu_ms": 1000 * (usage.ru_utime + usage.ru_stime - cpu) / calls,
                "peak_mb": usage.ru_maxrss / 1024,
            }
        )
    )


def make_calls(arm: str, url: str, calls: int, folder: Path) -> None:
    """Make the calls of an arm."""
    if arm == "inspect":
        inspect_arm(url, calls)
    elif arm == "aiohttp":
        asyncio.run(aiohttp_arm(url, calls))
    elif arm == "openai":
        asyncio.run(openai_arm(url, calls))
    elif arm == "task":
        make_task(calls)
    else:
        asyncio.run(engine_arm(url, calls, folder))


@contextmanager
def stub_server():
    """The stub in a process of its own; gives its address."""
    command = [sys.executable, str(STUB), "--stub", "--latency", str(LATENCY_S)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def measure(arm: str, url: str, calls: int, python: str, folder: Path) -> dict[str, float]:
    """Run one arm in a process of its own."""
    command = [python, __file__, "--arm", arm, "--url", url, "--calls", str(calls)]
    done = subprocess.run(
        [*command, "--folder", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{arm} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(calls: int, rounds: int, inspect: str | None) -> None:
    """Interleave all arms and print the medians and ratios."""
    arms = ["aiohttp", "openai", "engine", "replay", *(["inspect"] if inspect else [])]
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    with stub_server() as url, tempfile.TemporaryDirectory() as temporary:
        for number in range(rounds):
            folder = Path(temporary) / str(number)
            for arm in arms:
                if arm == "replay":
                    # The rows are gone, the cache is there: every call is a hit.
                    (folder / "rows.parquet").unlink()
                count = calls if arm != "inspect" else min(calls, 2000)
                python = inspect if arm == "inspect" and inspect else sys.executable
                found[arm].append(measure(arm, url, count, python, folder))
            shutil.rmtree(folder)
    middle = {
        arm: {key: statistics.median(r[key] for r in results) for key in results[0]}
        for arm, results in found.items()
    }
    print(f"\n{calls:,} calls, {IN_FLIGHT} in flight, {LATENCY_S * 1000:.0f} ms, {rounds} rounds")
    print(f"{'':10}{'calls/s':>10}{'CPU ms/call':>14}{'peak MB':>10}")
    for arm, m in middle.items():
        print(f"{arm:10}{m['calls_per_s']:>10,.0f}{m['cpu_ms']:>14.2f}{m['peak_mb']:>10.0f}")
    speed = {arm: m["calls_per_s"] for arm, m in middle.items()}
    print(
        f"\nengine / bare openai on aiohttp  {speed['engine'] / speed['openai']:.2f}  (reach 0.9)"
    )
    print(f"engine / bare aiohttp            {speed['engine'] / speed['aiohttp']:.2f}  (aim 0.5)")
    if inspect:
        print(
            f"engine / Inspect AI              {speed['engine'] / speed['inspect']:.1f}  (reach 10)"
        )
    print(f"replay, calls/s                  {speed['replay']:,.0f}  (reach 5,000)")


def memory() -> None:
    """Peak memory of the engine at two sizes, and what its input, held in memory, is of that."""
    with stub_server() as url, tempfile.TemporaryDirectory() as temporary:
        for calls in (10_000, 100_000):
            folder = Path(temporary) / str(calls)
            peak = measure("engine", url, calls, sys.executable, folder)["peak_mb"]
            task = measure("task", url, calls, sys.executable, folder)["peak_mb"]
            print(
                f"peak memory, {calls:>7,} calls: {peak:.0f} MB; libraries and questions {task:.0f}"
                f" MB, the engine {peak - task:.0f} MB  (reach: at most 400 MB, flat)"
            )


def import_time() -> None:
    """Seconds that `import sleeptime_lib` takes, beside an empty Python."""
    times = {}
    for code in ("pass", "import sleeptime_lib"):
        runs = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            runs.append(time.perf_counter() - began)
        times[code] = statistics.median(runs)
    added = times["import sleeptime_lib"] - times["pass"]
    print(f"import sleeptime_lib             {added:.3f} s  (reach 0.3)")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inspect", help="a Python that has inspect-ai installed")
    parser.add_argument("--memory", action="store_true", help="also measure peak memory")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.arm:
        run_arm(given.arm, given.url, given.calls, given.folder)
        return
    compare(given.calls, given.rounds, given.inspect)
    import_time()
    if given.memory:
        memory()


if __name__ == "__main__":
    main()
