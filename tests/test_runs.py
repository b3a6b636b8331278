"""From options to a run directory: estimates, paths, provenance, the door `run`."""

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ports import until

from sleeptime_lib import results, runs
from sleeptime_lib.config import Execution, option
from sleeptime_lib.errors import InputError
from sleeptime_lib.estimate import estimate
from sleeptime_lib.experiments.multi_query import MULTI_QUERY
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions, settings
from sleeptime_lib.manifest import command_of, git_state, read_manifest
from sleeptime_lib.methods.verbosity import expect
from sleeptime_lib.models.prices import price_of
from sleeptime_lib.store import read_rows
from sleeptime_lib.tasks import load

SMALL = {"limit": 6, "levels": (0, 2, 4), "sleep_parallel": (1, 2), "pass_samples": 4}
TINY = {"limit": 2, "levels": (0,), "sleep_parallel": (1,), "pass_samples": 0}


def prepared(path=None, experiment=STATEFUL_GSM, execution=None, **options):
    chosen = runs.make_options(experiment, **options)
    return runs.prepare(experiment, chosen, execution or Execution(), path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    ready = prepared(tmp_path_factory.mktemp("run"), **SMALL)
    return ready, asyncio.run(runs.carry_out(ready))


class TestEstimate:
    def estimated(self, task, model="simulated", **options):
        asked = settings(StatefulGsmOptions.make(**options))
        return estimate(task, asked, expect, price_of(model))

    def test_calls_that_answer_are_counted_exactly(self, finished):
        ready, done = finished
        rows = read_rows(done.path)
        assert ready.estimate.rows == len(rows)
        assert ready.estimate.answer_calls == len(rows)

    def test_tokens_are_of_the_right_size(self, finished):
        ready, done = finished
        spent = done.totals.billed
        assert 0.4 < ready.estimate.prompt_tokens / spent.prompt < 2.5
        assert 0.4 < ready.estimate.completion_tokens / spent.completion < 2.5

    def test_a_known_price_gives_a_cost_and_an_unknown_one_none(self):
        task = load("procedural-p1", limit=3)
        assert self.estimated(task, "gpt-4o", **SMALL).cost_usd > 0
        assert self.estimated(task, "nobody/knows", **SMALL).cost_usd is None

    def test_a_withheld_question_is_asked_once_for_a_context(self, tmp_path):
        file = tmp_path / "own.csv"
        file.write_text("context,question,answer\nC.,A?,1\nC.,B?,2\n")
        found = self.estimated(load(str(file)), levels=(0,), sleep_parallel=(), pass_samples=0)
        assert (found.rows, found.answer_calls) == (4, 3)

    def test_the_report_compares_it_with_what_came(self, finished):
        told = results.report_json(results.load_run(finished[1].path))["estimate"]
        assert told["completion_tokens"]["fact"] == finished[1].totals.billed.completion
        assert told["calls"]["fact"] == finished[1].totals.sent
        assert told["seconds"]["fact"] > 0
        assert all(pair["estimated"] is not None for pair in told.values())


class TestProvenance:
    def test_the_command_names_what_is_not_the_default(self):
        options = StatefulGsmOptions.make(
            limit=5, context_only=False, skip_bad=True, dataset="my file.csv", temperature=None
        )
        assert command_of(STATEFUL_GSM, options) == (
            "sleeptime run stateful-gsm --dataset 'my file.csv' --limit 5 --skip-bad"
            " --temperature none --no-context-only"
        )

    def test_the_git_state_is_a_commit_or_nothing(self):
        state = git_state()
        assert state is None or len(state["commit"]) == 40

    def test_a_manifest_can_be_written_as_json(self):
        manifest = prepared(**TINY).manifest
        assert json.loads(json.dumps(manifest)) == manifest


class MoreOptions(StatefulGsmOptions):
    """Those of a later version: what it adds is off unless it is asked for."""

    rounds: int = option(1, "Answers one after the other.", ge=1)
    hints: tuple[str, ...] = option((), "Given with the question.")


class TestIdentity:
    def test_the_same_options_get_the_same_directory_and_others_another(self):
        one = prepared(limit=5).path
        assert prepared(limit=5).path == one
        assert one.parent == Path("runs/stateful-gsm")
        for other in ({"levels": (0,)}, {"limit": 6}, {"seed": 1}, {"sleep_temperature": None}):
            assert prepared(**({"limit": 5} | other)).path != one

    def test_preparing_writes_nothing(self, tmp_path):
        prepared(tmp_path / "r", limit=2)
        assert list(tmp_path.iterdir()) == []

    def test_an_option_added_later_leaves_runs_where_they_are(self, tmp_path):
        before = runs.run(STATEFUL_GSM, root=tmp_path, **TINY)
        later = replace(STATEFUL_GSM, options=MoreOptions)
        ready = runs.prepare(later, runs.make_options(later, **TINY), Execution(), root=tmp_path)
        assert (ready.path, ready.there) == (before.path, len(before.rows))
        assert asyncio.run(runs.carry_out(ready)).totals.sent == 0
        assert read_manifest(before.path)["config"]["rounds"] == 1

    def test_what_it_asks_for_is_another_run(self, tmp_path):
        before = runs.run(STATEFUL_GSM, root=tmp_path, **TINY)
        later = replace(STATEFUL_GSM, options=MoreOptions)
        asked = runs.make_options(later, rounds=2, **TINY)
        assert runs.prepare(later, asked, Execution(), root=tmp_path).path != before.path
        with pytest.raises(InputError, match="rounds was 1, now 2"):
            runs.run(later, out=before.path, rounds=2, **TINY)

    def test_options_of_one_experiment_are_not_in_the_runs_of_another(self):
        later = replace(STATEFUL_GSM, options=MoreOptions)
        assert "rounds" in prepared(experiment=later, **TINY).manifest["config"]
        assert "rounds" not in prepared(experiment=MULTI_QUERY, limit=2).manifest["config"]

    def test_the_address_of_a_server_is_part_of_a_run(self, monkeypatch):
        monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
        here = prepared(model="m", **TINY)
        assert here.options.base_url == "http://localhost:1/v1"
        monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:2/v1")
        assert prepared(model="m", **TINY).path != here.path
        assert prepared(**TINY).options.base_url is None


def test_ones_own_prices_are_those_of_the_estimate_and_the_report(tmp_path):
    file = tmp_path / "prices.json"
    file.write_text('{"simulated": {"prompt": 1000000, "completion": 0}}')
    ready = prepared(tmp_path / "r", execution=Execution(prices=file), **TINY)
    assert ready.estimate.cost_usd == ready.estimate.prompt_tokens
    asyncio.run(runs.carry_out(ready))
    report = results.report_json(results.load_run(tmp_path / "r"))
    experiment = report["tokens"]["experiment"]
    prompts = experiment["sleep"]["prompt"] + experiment["test"]["prompt"]
    assert report["cost_usd"]["experiment"] == pytest.approx(prompts)


class TestRun:
    def test_it_gives_the_run(self, tmp_path):
        run = runs.run("stateful-gsm", out=tmp_path, **TINY)
        assert (run.path, len(run.rows), run.simulated) == (tmp_path, 6, True)

    def test_each_row_is_told(self, tmp_path):
        told = []
        run = runs.run("stateful-gsm", out=tmp_path, on_row=told.append, **TINY)
        assert len(told) == len(run.rows)

    async def test_it_works_where_a_loop_is_running(self, tmp_path):
        assert len(runs.run("stateful-gsm", out=tmp_path, **TINY).rows) == 6

    async def test_what_goes_wrong_there_is_told_as_ever(self, tmp_path):
        with pytest.raises(InputError, match="unknown option lmit, did you mean limit"):
            runs.run("stateful-gsm", out=tmp_path, lmit=2)
        (tmp_path / "thesis.tex").write_text("mine")
        with pytest.raises(InputError, match="thesis"):
            runs.run("stateful-gsm", out=tmp_path, **TINY)


# As a notebook's kernel does: the loop runs, and Python's own handler takes the signal.
NOTEBOOK = """
import asyncio, signal, sys
from sleeptime_lib import SleeptimeError, run

signal.signal(signal.SIGINT, signal.default_int_handler)

async def cell():
    try:
        run("stateful-gsm", out=sys.argv[1], limit=300)
    except SleeptimeError as error:
        print(type(error).__name__, error, sep=": ")

asyncio.new_event_loop().run_until_complete(cell())
"""


def test_an_interrupt_in_a_notebook_ends_it_with_one_line_and_everything_kept(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, str(tmp_path / "r")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: list(tmp_path.glob("r/rows/part-*")))
    process.send_signal(signal.SIGINT)
    said, wrong = process.communicate(timeout=20)
    assert said.splitlines() == [
        "Interrupted: interrupted; everything finished is kept, the same command goes on from there"
    ]
    assert wrong == ""
    assert read_manifest(tmp_path / "r")["status"] == "interrupted"
    assert 0 < len(read_rows(tmp_path / "r")) < 9000
