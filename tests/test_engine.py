"""The engine on the simulated model: what is planned, shared, resumed and billed."""

import asyncio
import itertools
import json
from collections import Counter

import pandas as pd
import pytest
from fault_server import Faults, FaultServer
from simulated_answer import simulated_answer

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CapReached
from sleeptime_lib.experiment import Answered, Expected, Experiment, Grade, Setting
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions, settings
from sleeptime_lib.methods import RETHINK
from sleeptime_lib.records import ROW_KEY, VOLATILE_COLUMNS, Context, Question, Task
from sleeptime_lib.store import read_rows, read_sleeps

SMALL = {"limit": 6, "levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 3}


def prepared(path, **options):
    return runs.prepare(
        STATEFUL_GSM, runs.make_options(STATEFUL_GSM, **(SMALL | options)), Execution(), path
    )


async def carried_out(path, **options):
    return await runs.carry_out(prepared(path, **options))


def at_row(number, act):
    """What to hand to a run that is to do something at its row of this number."""
    rows = itertools.count(1)
    return lambda row: act() if next(rows) == number else None


def lasting(path) -> pd.DataFrame:
    return read_rows(path).drop(columns=list(VOLATILE_COLUMNS))


def test_the_experiment_measures_what_the_paper_did():
    arms = Counter(
        (s.arm, s.budget_kind, s.sleep_parallel, s.last) for s in settings(StatefulGsmOptions())
    )
    assert arms == {
        ("baseline", "verbosity", 0, False): 5,
        **{("sleep", "verbosity", k, False): 5 for k in (1, 2, 5, 10)},
        ("context_only", "verbosity", 0, True): 5,
        ("baseline", "samples", 0, True): 1,
    }


async def test_a_run_has_a_row_for_everything_that_was_planned(tmp_path):
    ready = prepared(tmp_path)
    finished = await runs.carry_out(ready)
    rows = read_rows(tmp_path)
    assert len(rows) == ready.estimate.rows == finished.outcome.planned
    assert not rows.duplicated(list(ROW_KEY)).any()
    assert (rows.error == "").all()
    assert (rows.calls == 1).all()


class TestOrder:
    """A run that ends early holds whole questions, and what comes last has not begun."""

    MOST_OPEN = 6  # questions under way at a time with four calls in flight

    @pytest.fixture
    def server(self):
        with FaultServer(Faults(latency_s=0.005), simulated_answer) as server:
            yield server

    def ready(self, server, path, **execution):
        options = runs.make_options(
            STATEFUL_GSM, **(SMALL | {"limit": 30, "model": "m", "base_url": server.url})
        )
        how = Execution.make(**({"concurrency": 4} | execution))
        return runs.prepare(STATEFUL_GSM, options, how, path)

    def check(self, ready):
        rows = read_rows(ready.path)
        assert set(rows.arm) == {"baseline", "sleep"}
        assert set(rows.budget_kind) == {"verbosity"}
        had = rows.groupby("question_id").size()
        whole = 2 + 2 * 2
        order = [question.question_id for question in ready.task.questions]
        begun = order[: len(had)]
        assert set(had.index) == set(begun)
        assert (had[begun[: -self.MOST_OPEN]] == whole).all()
        assert (had == whole).sum() >= 8
        clusters = rows.groupby("question_id").cluster_id.first()
        assert clusters.is_unique

    async def test_after_a_stop(self, tmp_path, server):
        ready = self.ready(server, tmp_path)
        task = asyncio.create_task(runs.carry_out(ready, at_row(80, lambda: task.cancel())))
        with pytest.raises(asyncio.CancelledError):
            await task
        self.check(ready)

    async def test_after_a_cap(self, tmp_path, server):
        ready = self.ready(server, tmp_path, max_tokens=70_000)
        with pytest.raises(CapReached):
            await runs.carry_out(ready)
        self.check(ready)


async def test_a_sleep_phase_is_run_once_for_a_context_and_shared(tmp_path):
    await carried_out(tmp_path)
    rows, sleeps = read_rows(tmp_path), read_sleeps(tmp_path)
    assert len(sleeps) == rows.context_id.nunique() * 2
    slept = rows[rows.arm == "sleep"].groupby("sleep_id")
    assert (slept.sleep_completion_tokens.nunique() == 1).all()


async def test_more_parallel_phases_begin_with_the_same_ones(tmp_path):
    await carried_out(tmp_path)
    rows, sleeps = read_rows(tmp_path), read_sleeps(tmp_path)
    first = sleeps[sleeps.draw == 0].set_index("context_id").completion_tokens
    one = rows[rows.sleep_parallel == 1].groupby("context_id").sleep_completion_tokens.first()
    assert (one == first).all()


async def test_the_same_options_give_the_same_rows(tmp_path):
    for name in "ab":
        await carried_out(tmp_path / name)
    pd.testing.assert_frame_equal(lasting(tmp_path / "a"), lasting(tmp_path / "b"))


async def test_another_seed_gives_other_rows(tmp_path):
    await carried_out(tmp_path / "a")
    await carried_out(tmp_path / "b", seed=1)
    assert set(read_rows(tmp_path / "a").gold) != set(read_rows(tmp_path / "b").gold)


async def test_what_the_rows_were_billed_is_what_the_run_paid(tmp_path):
    finished = await carried_out(tmp_path, sleep_protocol="tools")
    rows, paid = read_rows(tmp_path), finished.totals.billed
    for kind in ("prompt", "completion"):
        billed = [rows[f"billed_{part}_{kind}_tokens"].sum() for part in ("sleep", "test")]
        assert sum(billed) == getattr(paid, kind)
        assert min(billed) > 0


async def test_shared_calls_cost_the_experiment_but_are_billed_once(tmp_path):
    await carried_out(tmp_path, sleep_protocol="tools")
    rows, sleeps = read_rows(tmp_path), read_sleeps(tmp_path)
    assert rows.billed_sleep_completion_tokens.sum() == sleeps.completion_tokens.sum()
    assert rows.billed_sleep_completion_tokens.sum() < rows.sleep_completion_tokens.sum()


async def test_a_finished_run_makes_no_call_when_it_is_run_again(tmp_path):
    await carried_out(tmp_path)
    again = await carried_out(tmp_path)
    assert again.totals.sent == 0
    assert again.outcome.answered == 0


async def test_an_interrupted_run_goes_on_and_ends_with_the_same_rows(tmp_path):
    await carried_out(tmp_path / "whole")
    cut = at_row(20, lambda: task.cancel())
    task = asyncio.create_task(runs.carry_out(prepared(tmp_path / "cut"), cut))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 20 <= len(read_rows(tmp_path / "cut")) < len(read_rows(tmp_path / "whole"))
    await carried_out(tmp_path / "cut")
    pd.testing.assert_frame_equal(lasting(tmp_path / "whole"), lasting(tmp_path / "cut"))


async def test_notes_are_kept_once_when_a_run_is_resumed(tmp_path):
    task = asyncio.create_task(
        runs.carry_out(prepared(tmp_path), lambda row: task.cancel() if row.arm == "sleep" else 0)
    )
    with pytest.raises(asyncio.CancelledError):
        await task
    await carried_out(tmp_path)
    sleeps = read_sleeps(tmp_path)
    assert not sleeps.duplicated(["context_id", "sleep_effort", "draw"]).any()


async def test_the_manifest_says_how_to_repeat_the_run(tmp_path):
    await carried_out(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["simulated"] is True
    assert manifest["settled"] == {"sleep_protocol": "tools"}
    assert manifest["command"] == (
        "sleeptime run stateful-gsm --limit 6 --levels 0,3 --sleep-parallel 1,2 --pass-samples 3"
    )
    for name in ("versions", "git", "dataset_fingerprint", "prompts_hash", "config", "billed"):
        assert name in manifest


async def test_settings_without_a_sleep_phase_ask_for_none(tmp_path):
    await carried_out(tmp_path, sleep_parallel=())
    assert set(read_rows(tmp_path).arm) == {"baseline", "context_only"}
    assert read_sleeps(tmp_path).empty


async def test_no_temperature_is_sent_where_there_is_none(tmp_path):
    none = dict.fromkeys(("temperature", "sleep_temperature", "pass_temperature"), "none")
    with FaultServer(answer=simulated_answer) as server:
        where = {"model": "m", "base_url": server.url, "sleep_protocol": "tools", "limit": 1}
        await carried_out(tmp_path, **where, **none)
        assert len(server.log.bodies) > 10
        assert not [body for body in server.log.bodies if "temperature" in body]
    assert "--temperature none" in json.loads((tmp_path / "manifest.json").read_text())["command"]


async def test_as_many_rows_are_open_as_calls_are_asked_for(tmp_path):
    """An experiment that waits until 1,500 of its rows are under way at once."""
    asked, most = 0, 1500
    all_here = asyncio.Event()

    async def answer(call, context, question, setting, notes, sample):
        nonlocal asked
        asked += 1
        if asked == most:
            all_here.set()
        await all_here.wait()
        return Answered("1")

    context, question = Context("a", "cluster", "Text."), Question("a0", "a", "How many?", "1")
    crowd = Experiment(
        name="crowd",
        options=StatefulGsmOptions,
        load=lambda options: Task("t", {"a": context}, (question,)),
        settings=lambda options: [Setting("baseline", samples=most)],
        answer=answer,
        grade=lambda answered, question: Grade(answered.text, 1.0),
        expect=lambda setting: Expected(),
        sleep=RETHINK,
    )
    ready = runs.prepare(crowd, StatefulGsmOptions(), Execution(concurrency=most), tmp_path)
    async with asyncio.timeout(60):
        finished = await runs.carry_out(ready)
    assert finished.outcome.answered == most
