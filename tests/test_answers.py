"""Answers of another run, and what of runs and recordings notebook 04 shows."""

import shutil
from pathlib import Path

import pytest
from test_cli import sleeptime

from sleeptime_lib import results, runs
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments import predictability as experiment
from sleeptime_lib.experiments.answers import answers_in, shown
from sleeptime_lib.experiments.predictability import PREDICTABILITY, foreseen
from sleeptime_lib.models import replay

SMALL = {"levels": (0, 3), "sleep_parallel": (1,), "pass_samples": 0, "context_only": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a simulated run of 4 questions in `answers`."""
    folder = tmp_path_factory.mktemp("answers")
    runs.run("stateful-gsm", out=folder / "answers", limit=4, **SMALL)
    return folder


def test_answers_are_the_rows_the_notes_the_data_and_the_price_of_a_run(folder):
    run, found = results.load_run(folder / "answers"), answers_in(str(folder / "answers"))
    assert found.rows.equals(run.rows)
    assert found.sleeps.equals(run.notes())
    assert found.task == run.task()
    assert (found.origin.name, found.price) == (str(folder / "answers"), run.price)


class TestShown:
    """What notebook 04 shows by its variables."""

    def named(self, monkeypatch, folder, *present):
        """Where recordings are looked for, there are these alone, copies of shipped ones."""
        shipped = replay.find(experiment.ANSWERS).parent
        (folder / "recordings").mkdir()
        for name in present:
            source = "-scores" if name.endswith("-scores") else ""
            base = name.removesuffix("-scores").removesuffix("-forecasts")
            shutil.copy(
                shipped / f"{base}{source}.parquet", folder / "recordings" / f"{name}.parquet"
            )
        monkeypatch.chdir(folder)
        monkeypatch.setattr(replay, "_SHIPPED", folder / "recordings")

    def test_recordings_of_scores_and_forecasts_are_shown_where_both_are_there(
        self, monkeypatch, tmp_path
    ):
        name = experiment.ANSWERS.removeprefix(replay.PREFIX)
        self.named(monkeypatch, tmp_path, name, f"{name}-scores", f"{name}-forecasts")
        chosen = shown({"model": None, "from_run": None, "forecasts": None})
        assert chosen.options.model == f"{experiment.ANSWERS}-scores"
        assert chosen.options.from_run == experiment.ANSWERS
        assert chosen.forecasts == f"{experiment.ANSWERS}-forecasts"
        assert chosen.said[0] == (
            f"{experiment.ANSWERS}-scores scores the questions of {experiment.ANSWERS}."
        )

    def test_without_forecasts_the_notes_of_the_run_are_read_and_that_is_said(
        self, monkeypatch, tmp_path
    ):
        name = experiment.ANSWERS.removeprefix(replay.PREFIX)
        self.named(monkeypatch, tmp_path, name, f"{name}-scores")
        chosen = shown({})
        assert chosen.forecasts == experiment.ANSWERS
        assert "There is no run with forecasts" in chosen.said[1]

    def test_another_recording_is_shown_with_its_own_scores(self):
        other = "recorded:qwen2.5-coder-1.5b-multi-p0"
        chosen = shown({"from_run": other})
        assert chosen.options.model == f"{other}-scores"
        assert (chosen.options.from_run, chosen.forecasts) == (other, other)

    def test_answers_without_scores_are_scored_by_the_simulated_model(self, folder):
        chosen = shown({"from_run": str(folder / "answers")})
        assert chosen.options.model == "simulated"
        assert chosen.said[0] == "The simulated model scores the questions of the run answers."

    def test_the_simulated_model_answers_first_and_forecasts(self, tmp_path):
        names = {"model": "simulated", "runs_dir": tmp_path, "limit": 3, "sleep_parallel": (1,)}
        chosen = shown({**names, "levels": (0, 3), "seed": 3})
        answers, forecasts = (results.load_run(p) for p in
                              map(Path, (chosen.options.from_run, chosen.forecasts)))  # fmt: skip
        assert set(answers.rows.budget) == {0, 3}
        assert forecasts.options.sleep_method == "forecast"
        assert (answers.options.seed, chosen.options.limit) == (3, 3)
        assert "which state what they expect" in chosen.said[1]

    def test_a_run_of_forecasts_can_be_named(self, folder):
        chosen = shown({"forecasts": str(folder / "answers")})
        assert chosen.forecasts == str(folder / "answers")
        with pytest.raises(InputError, match="not a run directory"):
            shown({"forecasts": "nowhere"})


def test_recorded_forecasts_about_the_same_questions_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ("--limit", "45", "--levels", "0", "--sleep-parallel", "1", "--pass-samples", "0")
    for name, more in (("few", ()), ("few-forecasts", ("--sleep-method", "forecast"))):
        done = sleeptime("run", "stateful-gsm", *small, *more, "--record", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    run = runs.run(PREDICTABILITY, out=tmp_path / "scores", from_run="recorded:few")
    forecasts, allocation = foreseen(run)
    assert forecasts.sentences[0] == (
        "The forecasts are the notes of recorded:few-forecasts, which state what they expect."
    )
    assert forecasts.values["reading"]["unread"] == 0
    assert {experiment.EXPECTED, "entropy of the forecasts"} <= set(allocation.values)
