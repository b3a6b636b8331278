"""Between configuration and report: estimates, provenance, files that tell where they came from."""

import asyncio
import json
from pathlib import Path

import pytest

from sleeptime_lib import reporting, runs, show
from sleeptime_lib.config import Execution, make_config
from sleeptime_lib.errors import InputError
from sleeptime_lib.estimate import estimate
from sleeptime_lib.experiments.stateful_gsm import settings
from sleeptime_lib.provenance import command_of, git_state, make_manifest
from sleeptime_lib.store import manifest_hash, read_manifest
from sleeptime_lib.tasks import load

SMALL = {"limit": 12, "levels": (0, 2, 4), "sleep_parallel": (1, 2), "pass_samples": 4}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    ready = runs.prepare(make_config(**SMALL), Execution(), path)
    return ready, asyncio.run(runs.carry_out(ready))


class TestEstimate:
    def test_calls_that_answer_are_counted_exactly(self, finished):
        ready, done = finished
        rows = reporting.load_run(done.path).rows
        assert ready.estimate.rows == len(rows)
        assert ready.estimate.answer_calls == len(rows)

    def test_tokens_are_of_the_right_size(self, finished):
        ready, done = finished
        spent = done.totals.billed
        assert 0.4 < ready.estimate.prompt_tokens / spent.prompt < 2.5
        assert 0.4 < ready.estimate.completion_tokens / spent.completion < 2.5

    def test_a_known_price_gives_a_cost_and_an_unknown_one_none(self):
        task, config = load("procedural-p1", limit=3), make_config(**SMALL)
        assert estimate(task, settings(config), "gpt-4o").cost_usd > 0
        assert estimate(task, settings(config), "nobody/knows").cost_usd is None

    def test_a_withheld_question_is_asked_once_for_a_context(self, tmp_path):
        file = tmp_path / "own.csv"
        file.write_text("context,question,answer\nC.,A?,1\nC.,B?,2\n")
        config = make_config(levels=(0,), sleep_parallel=(), pass_samples=0)
        found = estimate(load(str(file)), settings(config), "simulated")
        assert (found.rows, found.answer_calls) == (4, 3)

    def test_the_report_compares_it_with_what_came(self, finished):
        told = reporting.report_json(finished[1].path)["estimate"]
        assert told["completion_tokens"]["fact"] == finished[1].totals.billed.completion
        assert told["calls"]["fact"] == finished[1].totals.sent
        assert told["seconds"]["fact"] > 0
        assert all(pair["estimated"] is not None for pair in told.values())


class TestProvenance:
    def test_the_command_names_what_is_not_the_default(self):
        config = make_config(limit=5, context_only=False, skip_bad=True, dataset="my file.csv")
        assert command_of(config) == (
            "sleeptime run stateful-gsm --dataset 'my file.csv' --limit 5 --skip-bad"
            " --no-context-only"
        )

    def test_an_empty_list_is_written_so_that_it_can_be_read(self):
        assert "--sleep-parallel ''" in command_of(make_config(sleep_parallel=()))

    def test_the_git_state_is_a_commit_or_nothing(self):
        state = git_state()
        assert state is None or len(state["commit"]) == 40

    def test_a_manifest_can_be_written_as_json(self):
        config = make_config(limit=2)
        manifest = make_manifest(config, "simulated", load("procedural-p0", limit=2), 3)
        assert json.loads(json.dumps(manifest)) == manifest


class TestReporting:
    def test_every_figure_says_where_it_came_from_and_how_to_make_it_again(
        self, finished, tmp_path
    ):
        reporting.write_figures(finished[1].path, tmp_path)
        manifest = read_manifest(finished[1].path)
        beside = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
        assert len(beside) >= 4
        for figure in beside:
            source = figure["provenance"]
            assert source["run"] == str(finished[1].path)
            assert source["manifest_hash"] == manifest_hash(manifest)
            assert source["command"].startswith("sleeptime report ")
            assert source["simulated"] is True

    def test_a_figure_made_again_is_the_same_to_the_byte(self, finished, tmp_path):
        for name in "ab":
            reporting.write_figures(finished[1].path, tmp_path / name)
        for path in (tmp_path / "a").iterdir():
            if path.suffix != ".json":
                assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
        drawn = [json.loads((tmp_path / n / "stateful_gsm_pareto.json").read_text()) for n in "ab"]
        assert drawn[0]["picture"] == drawn[1]["picture"]

    def test_an_accuracy_can_be_chosen(self, finished):
        assert reporting.report_json(finished[1].path, at=0.6)["equal_accuracy"]["at"] == 0.6

    def test_costs_are_known_for_the_simulated_model_and_not_for_a_stranger(
        self, finished, tmp_path
    ):
        assert reporting.report_json(finished[1].path)["cost_usd"]["experiment"] == 0
        run = reporting.load_run(finished[1].path)
        strange = dict(run.manifest) | {"price": None}
        tokens = reporting.report_json(finished[1].path)["tokens"]
        found = reporting.costs(reporting.Run(run.path, strange, run.rows), tokens)
        assert found == {"experiment": None, "billed": None}

    def test_a_run_without_rows_is_told(self, tmp_path):
        (tmp_path / "manifest.json").write_text('{"config": {}}')
        with pytest.raises(InputError, match="no rows yet"):
            reporting.load_run(tmp_path)


class TestShow:
    def test_notes_are_shown_as_the_model_wrote_them(self, finished):
        run = reporting.load_run(finished[1].path)
        text = show.notes(run, run.rows.context_id[0]).data
        assert " = " in text
        assert "rewrites" in text

    def test_notes_that_are_not_there_are_told(self, finished):
        with pytest.raises(InputError, match="no notes"):
            show.notes(reporting.load_run(finished[1].path), "nowhere")

    def test_a_picture_is_a_png(self, finished):
        from sleeptime_lib import figures

        report = reporting.load_run(finished[1].path).report()
        assert show.picture(figures.pareto(report)).data.startswith(b"\x89PNG")


def test_the_same_configuration_gets_the_same_directory_and_another_another():
    task = load("procedural-p1", limit=5)
    one, other = make_config(limit=5), make_config(limit=5, levels=(0,))
    assert runs.default_path(one, task) == runs.default_path(make_config(limit=5), task)
    assert runs.default_path(one, task) != runs.default_path(other, task)
    assert runs.default_path(one, task) != runs.default_path(one, load("procedural-p1", limit=6))
    assert runs.default_path(one, task).parent == Path("runs/stateful-gsm")


def test_preparing_writes_nothing(tmp_path):
    runs.prepare(make_config(limit=2), Execution(), tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_ones_own_prices_are_those_of_the_estimate_and_the_report(tmp_path):
    file = tmp_path / "prices.json"
    file.write_text('{"simulated": {"prompt": 1000000, "completion": 0}}')
    ready = runs.prepare(make_config(**SMALL), Execution(prices=file), tmp_path / "r")
    assert ready.estimate.cost_usd == ready.estimate.prompt_tokens
    asyncio.run(runs.carry_out(ready))
    report = reporting.report_json(tmp_path / "r")
    experiment = report["tokens"]["experiment"]
    prompts = experiment["sleep"]["prompt"] + experiment["test"]["prompt"]
    assert report["cost_usd"]["experiment"] == pytest.approx(prompts)
