"""A run over thousands of replies that nobody would send has a row for each, and goes on."""

import random
from pathlib import Path

from fault_replies import plain_answer
from fault_server import FaultServer
from hostile_replies import hostile

from sleeptime_lib import engine
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.runs import make_options
from sleeptime_lib.store import CALLS, open_run, read_rows
from sleeptime_lib.study import Study

LIMITS = Limits(
    concurrency=64, max_retries=0, max_rate_limit_retries=1, backoff_s=0.0005, max_backoff_s=0.001
)


async def run(url: str, folder: Path, count: int) -> engine.Outcome:
    """One question about each context, asked once."""
    contexts = {str(i): Context(str(i), str(i % 50), f"Case {i}.") for i in range(count)}
    questions = tuple(Question(f"q{i}", str(i), "How many?", "1") for i in range(count))
    options = make_options(
        STATEFUL_GSM,
        model="m",
        base_url=url,
        levels=(0,),
        sleep_parallel=(),
        pass_samples=0,
        context_only=False,
    )
    study = Study(STATEFUL_GSM, options, STATEFUL_GSM.sleep, Task("t", contexts, questions))
    with open_run(folder, {"config": {"experiment": "stateful-gsm"}}) as directory:
        endpoint, path = resolve("m", base_url=url), directory.path / CALLS
        async with Client(endpoint, cache_path=path, limits=LIMITS) as client:
            return await engine.run(study, client, directory)


async def test_10_000_hostile_replies_give_10_000_rows(tmp_path):
    choices = random.Random(1)
    with FaultServer(answer=lambda path, body: hostile(choices)) as server:
        outcome = await run(server.url, tmp_path, 10_000)
    rows = read_rows(tmp_path)
    assert outcome.answered + outcome.failed == len(rows) == 10_000
    assert min(outcome.answered, outcome.failed) > 1000
    assert rows.error[rows.error != ""].map(str.isprintable).all()


async def test_the_session_after_hostile_replies_mends_what_failed(tmp_path):
    choices = random.Random(2)
    with FaultServer(answer=lambda path, body: hostile(choices)) as server:
        before = await run(server.url, tmp_path, 500)
        server.answer = plain_answer
        after = await run(server.url, tmp_path, 500)
    assert (after.found, after.answered, after.failed) == (before.answered, before.failed, 0)
