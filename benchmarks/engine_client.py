"""Calls per second of the client against the same work without it, side by side.

    python benchmarks/engine_client.py [--calls 5000] [--rounds 5] [--in-flight 256]

A stub server answers everything after 50 ms on one core; each contender runs on another, in a
process of its own, in turns. The load of other programs hits all alike, so read the ratios.

aiohttp     bare aiohttp: what the machine can do
openai      AsyncOpenAI on aiohttp, `chat.completions.create`
client      `Client.complete`, with the cache on disk
no-cache    `Client.complete` without a cache
replay      `Client.complete`, everything in the cache (no server)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTENDERS = ("aiohttp", "openai", "client", "no-cache", "replay")
MESSAGES = [
    {"role": "system", "content": "You are a careful solver. " * 20},
    {"role": "user", "content": "A baker sells muffins at $2.50 each. " * 30},
]

Ask = Callable[[int], Awaitable[Any]]


def body(index: int) -> dict[str, Any]:
    """A request like those of the experiments, different for each index."""
    question = {"role": "user", "content": f"Question {index}?"}
    return {"model": "m", "messages": [*MESSAGES, question], "temperature": 0.7, "max_tokens": 200}


async def ask_aiohttp(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Bare aiohttp."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

    async def ask(index: int) -> Any:
        async with session.post(url + "/chat/completions", json=body(index)) as response:
            return json.loads(await response.read())["choices"][0]["message"]["content"]

    return ask


async def ask_openai(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """The openai package on aiohttp."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    client = AsyncOpenAI(
        api_key="none", base_url=url, max_retries=0, http_client=DefaultAioHttpClient()
    )
    await stack.enter_async_context(client)

    async def ask(index: int) -> Any:
        reply = await client.chat.completions.create(**body(index))
        return reply.choices[0].message.content

    return ask


async def ask_client(
    url: str, in_flight: int, stack: AsyncExitStack, cache_path: Path | None
) -> Ask:
    """The workbench's client."""
    from sleeptime_lib.models.client import Client
    from sleeptime_lib.models.endpoint import resolve
    from sleeptime_lib.models.limits import Limits
    from sleeptime_lib.records import Request

    endpoint = resolve("m", base_url=url)
    client = Client(endpoint, cache_path=cache_path, limits=Limits(concurrency=in_flight))
    await stack.enter_async_context(client)

    async def ask(index: int) -> Any:
        given = body(index)
        request = Request(
            "m", tuple(given["messages"]), temperature=0.7, max_tokens=given["max_tokens"]
        )
        return (await client.complete(request, owner=str(index))).text

    return ask


async def drive(ask: Ask, calls: int, in_flight: int) -> None:
    """Make calls 0 to `calls`, `in_flight` at a time."""
    indices = iter(range(calls))

    async def work() -> None:
        for index in indices:
            await ask(index)

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def contend(name: str, url: str, calls: int, in_flight: int, folder: Path) -> dict[str, Any]:
    """One contender's turn: calls per second, CPU per call, peak memory."""
    path = folder / "replay.sqlite" if name == "replay" else folder / f"{os.getpid()}.sqlite"
    async with AsyncExitStack() as stack:
        match name:
            case "aiohttp":
                ask = await ask_aiohttp(url, in_flight, stack)
            case "openai":
                ask = await ask_openai(url, in_flight, stack)
            case "no-cache":
                ask = await ask_client(url, in_flight, stack, None)
            case _:
                ask = await ask_client(url, in_flight, stack, path)
        await drive(ask, in_flight if name != "replay" else calls, in_flight)  # warm up
        start, cpu = time.perf_counter(), time.process_time()
        await drive(lambda index: ask(index + (0 if name == "replay" else calls)), calls, in_flight)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "calls_per_s": calls / seconds,
        "cpu_us": cpu / calls * 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def pinned(core: int) -> Callable[[], None] | None:
    """Keeps a child process on one core, where the system can."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    return (lambda: os.sched_setaffinity(0, {core})) if core in cores else None


def turn(name: str, url: str, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--contend", name, "--url", url, "--folder", str(folder)]
    command += ["--calls", str(given.calls), "--in-flight", str(given.in_flight)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pinned(0))
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Run all contenders in turns and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--only", nargs="*", default=CONTENDERS, choices=CONTENDERS)
    parser.add_argument("--contend", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contend:
        result = contend(given.contend, given.url, given.calls, given.in_flight, given.folder)
        print(json.dumps(asyncio.run(result)))
        return
    server = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "fault_server.py", "--stub", "--latency", "0.05"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pinned(1),
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in given.only}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(given.rounds):
                for name in given.only:
                    results[name].append(turn(name, url, given, Path(folder)))
    finally:
        server.kill()
    show(results)


def middle(values: Iterable[float]) -> float:
    """The (upper) median."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def show(results: dict[str, list[dict[str, Any]]]) -> None:
    """Medians, and the median of the ratios within each round."""
    print(f"{'':10}{'calls/s':>9}{'CPU us':>8}{'peak MB':>9}", end="")
    print(f"{'x aiohttp':>11}{'x openai':>10}  (medians; ratios within rounds)")
    for name, rounds in results.items():
        median = {key: middle(r[key] for r in rounds) for key in rounds[0]}
        print(f"{name:10}{median['calls_per_s']:9.0f}{median['cpu_us']:8.0f}", end="")
        print(f"{median['peak_mb']:9.0f}", end="")
        for other, width in (("aiohttp", 11), ("openai", 10)):
            pairs = zip(rounds, results.get(other, []), strict=False)
            ratios = [mine["calls_per_s"] / theirs["calls_per_s"] for mine, theirs in pairs]
            print(f"{middle(ratios):{width}.2f}" if ratios else "", end="")
        print()


if __name__ == "__main__":
    main()
