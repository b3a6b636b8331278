"""Runs that version 0.1.0 made go on under their old path, and nothing in them is paid again."""

import asyncio
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sleeptime_lib import results, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments import find_experiment
from sleeptime_lib.manifest import FORMAT, read_manifest
from sleeptime_lib.records import KINDS, ROW_COLUMNS

MADE = Path(__file__).parent / "data" / "format-1"
FINISHED = "stateful-gsm/simulated-procedural-p1-854e74c0"
STOPPED = "multi-query/simulated-multi-p0-1bdac43e"
OPTIONS = {
    FINISHED: {"limit": 3, "levels": "0,2", "sleep_parallel": "1,2", "pass_samples": 2, "seed": 5},
    STOPPED: {"dataset": "multi-p0", "limit": 3, "questions_per_context": 3, "levels": "0,1"},
}
EACH = pytest.mark.parametrize("name", OPTIONS)


@pytest.fixture
def root(tmp_path, as_once_asked):
    return shutil.copytree(MADE, tmp_path / "runs")


def prepared(root, name, **changed):
    experiment = find_experiment(name.split("/")[0])
    options = runs.make_options(experiment, **(OPTIONS[name] | changed))
    return runs.prepare(experiment, options, Execution(), root=root)


def old_rows(name):
    """The rows as they are in the files."""
    whole = MADE / name / "rows.parquet"
    if whole.exists():
        return pq.read_table(whole).to_pylist()
    part = MADE / name / "rows" / "part-00000.jsonl"
    return [json.loads(line) for line in part.read_text().splitlines()]


@EACH
def test_the_same_command_finds_the_run_under_its_old_path(root, name):
    assert prepared(root, name).path == root / name
    assert prepared(root, name, seed=77).path != root / name


@EACH
def test_it_goes_on_without_paying_for_what_is_there(root, name):
    ready = prepared(root, name)
    before, rows = read_manifest(root / name), old_rows(name)
    done = asyncio.run(runs.carry_out(ready))
    assert done.path == root / name
    assert done.outcome.found == ready.there == len(rows)
    assert done.outcome.found + done.outcome.answered == ready.estimate.rows
    after = read_manifest(root / name)
    assert after["created"] == before["created"]
    assert after["calls"] == before["calls"] + done.totals.sent
    assert (name == FINISHED) == (done.totals.sent == 0)
    assert after["format"] == FORMAT
    now = results.load_run(root / name).rows.set_index("question_id")
    assert now.error.eq("").all()
    for row in rows:
        same = now.loc[[row["question_id"]]]
        for column in ("arm", "budget_kind", "budget", "sleep_parallel", "sample"):
            same = same[same[column] == row[column]]
        assert same.prediction.tolist() == [row["prediction"]]
        assert same.test_completion_tokens.tolist() == [row["test_completion_tokens"]]


@EACH
def test_billed_tokens_are_split_and_add_up_to_what_was_billed(root, name):
    rows, old = results.load_run(root / name).rows, old_rows(name)
    assert list(rows.columns) == list(ROW_COLUMNS)
    for kind in KINDS:
        split = [rows[f"billed_{part}_{kind}_tokens"] for part in ("test", "sleep")]
        assert sum(part.sum() for part in split) == sum(r[f"billed_{kind}_tokens"] for r in old)
        assert all((part >= 0).all() for part in split)
    assert not rows[rows.arm != "sleep"].filter(like="billed_sleep_").to_numpy().any()
    assert (rows.calls == 1).all()


@EACH
def test_it_is_reported(root, name):
    run = results.load_run(root / name)
    told = results.report_json(run)
    assert told["run"]["simulated"] is True
    assert told["tokens"]["billed"]["test"]["completion"] > 0


def test_a_whole_phase_is_split_as_it_was_paid(root):
    """In a finished run all notes were paid once: their tokens are those billed asleep."""
    run = results.load_run(root / FINISHED)
    billed = run.rows.billed_sleep_completion_tokens.sum()
    assert billed == run.notes().completion_tokens.sum() > 0


@EACH
def test_its_requests_and_replies_can_be_read(root, name):
    run = results.load_run(root / name)
    traces = run.traces()
    assert len(traces) == len(run.rows)
    read = {trace.planned.key: trace.prediction for trace in traces}
    for row in run.rows.itertuples():
        key = (row.question_id, row.arm, row.budget_kind, row.budget)
        key += (row.sleep_parallel, row.sleep_effort, row.sample)
        assert read[key] == row.prediction


def test_other_prompts_are_still_another_run(root):
    manifest = root / FINISHED / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0355ecda", "00000000"))
    ready = prepared(root, FINISHED)
    assert ready.path != root / FINISHED
    with pytest.raises(InputError, match="prompts_hash was '00000000"):
        runs.run(ready.experiment, out=root / FINISHED, **OPTIONS[FINISHED])
