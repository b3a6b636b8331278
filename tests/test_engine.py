"""The engine on the simulated model: what is planned, shared, resumed and billed."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from sleeptime_lib import engine, runs
from sleeptime_lib.config import Execution, make_config
from sleeptime_lib.experiments import stateful_gsm
from sleeptime_lib.methods.answer import Setting
from sleeptime_lib.records import ROW_KEY, VOLATILE_COLUMNS, Context, Question, Task
from sleeptime_lib.store import read_rows, read_sleeps

SMALL = {"limit": 6, "levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 3}


def prepared(path, **options):
    return runs.prepare(make_config(**(SMALL | options)), Execution(), path)


async def carried_out(path, **options):
    return await runs.carry_out(prepared(path, **options))


def lasting(path) -> pd.DataFrame:
    return read_rows(path).drop(columns=list(VOLATILE_COLUMNS))


TASK = Task(
    "t",
    {name: Context(name, "cluster", f"Text {name}.") for name in "ab"},
    tuple(Question(f"{c}{i}", c, "How many?", "1") for c in "ab" for i in range(2)),
)
SETTINGS = (
    Setting("baseline", "verbosity", 0),
    Setting("sleep", "verbosity", 0, sleep_parallel=1),
    Setting("sleep", "verbosity", 0, sleep_parallel=3),
)


class TestPlan:
    def test_every_question_comes_in_every_setting_once(self):
        keys = [planned.key for planned in engine.plan(TASK, SETTINGS)]
        assert len(keys) == len(set(keys)) == 4 * 3

    def test_samples_are_rows_of_their_own(self):
        settings = [Setting("baseline", "samples", 0, samples=5, temperature=0.7)]
        assert Counter(p.sample for p in engine.plan(TASK, settings)) == dict.fromkeys(range(5), 4)

    def test_a_context_is_finished_before_the_next_begins(self):
        order = [planned.context.context_id for planned in engine.plan(TASK, SETTINGS)]
        assert order == sorted(order)

    def test_each_draw_of_a_sleep_phase_is_carried_by_one_row(self):
        carried = Counter(
            (p.context.context_id, draw) for p in engine.plan(TASK, SETTINGS) for draw in p.carries
        )
        assert carried == {(c, draw): 1 for c in "ab" for draw in range(3)}


def test_the_experiment_measures_what_the_paper_did():
    settings = stateful_gsm.settings(make_config())
    arms = Counter((s.arm, s.budget_kind, s.sleep_parallel) for s in settings)
    assert arms == {
        ("baseline", "verbosity", 0): 5,
        **{("sleep", "verbosity", k): 5 for k in (1, 2, 5, 10)},
        ("context_only", "verbosity", 0): 5,
        ("baseline", "samples", 0): 1,
    }


async def test_a_run_has_a_row_for_everything_that_was_planned(tmp_path):
    ready = prepared(tmp_path)
    finished = await runs.carry_out(ready)
    rows = read_rows(tmp_path)
    assert len(rows) == ready.estimate.rows == finished.outcome.planned
    assert not rows.duplicated(list(ROW_KEY)).any()
    assert (rows.error == "").all()


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


async def test_the_same_configuration_gives_the_same_rows(tmp_path):
    for name in "ab":
        await carried_out(tmp_path / name)
    pd.testing.assert_frame_equal(lasting(tmp_path / "a"), lasting(tmp_path / "b"))


async def test_another_seed_gives_other_rows(tmp_path):
    await carried_out(tmp_path / "a")
    await carried_out(tmp_path / "b", seed=1)
    assert set(read_rows(tmp_path / "a").gold) != set(read_rows(tmp_path / "b").gold)


async def test_what_the_rows_were_billed_is_what_the_run_paid(tmp_path):
    finished = await carried_out(tmp_path, sleep_protocol="tools")
    rows = read_rows(tmp_path)
    assert rows.billed_prompt_tokens.sum() == finished.totals.billed.prompt
    assert rows.billed_completion_tokens.sum() == finished.totals.billed.completion


async def test_shared_calls_cost_the_experiment_but_are_billed_once(tmp_path):
    await carried_out(tmp_path, sleep_protocol="tools")
    rows = read_rows(tmp_path)
    spent = rows.test_completion_tokens.sum() + rows.sleep_completion_tokens.sum()
    assert rows.billed_completion_tokens.sum() < spent


async def test_a_finished_run_makes_no_call_when_it_is_run_again(tmp_path):
    await carried_out(tmp_path)
    again = await carried_out(tmp_path)
    assert again.totals.sent == 0
    assert again.outcome.answered == 0


async def test_an_interrupted_run_goes_on_and_ends_with_the_same_rows(tmp_path):
    await carried_out(tmp_path / "whole")
    seen = 0

    def interrupt(row):
        nonlocal seen
        seen += 1
        if seen == 20:
            task.cancel()

    task = asyncio.create_task(runs.carry_out(prepared(tmp_path / "cut"), interrupt))
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
    assert manifest["command"] == (
        "sleeptime run stateful-gsm --limit 6 --levels 0,3 --sleep-parallel 1,2 --pass-samples 3"
    )
    for name in ("versions", "git", "dataset_fingerprint", "prompts_hash", "config", "billed"):
        assert name in manifest


async def test_settings_without_a_sleep_phase_ask_for_none(tmp_path):
    await carried_out(tmp_path, sleep_parallel=())
    assert set(read_rows(tmp_path).arm) == {"baseline", "context_only"}
    assert read_sleeps(tmp_path).empty


def test_a_plan_of_any_size_is_a_stream():
    many = replace(SETTINGS[0], samples=10**9)
    assert next(engine.plan(TASK, [many])).sample == 0
