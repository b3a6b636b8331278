"""The recordings in recordings/: what they hold, and that they still replay as a whole."""

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.experiments import find_experiment
from sleeptime_lib.methods.controls import Control
from sleeptime_lib.models.replay import read_about
from sleeptime_lib.store import read_rows

FOLDER = Path(__file__).parent.parent / "recordings"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.parquet"))
MOST_BYTES = 15_000_000

pytestmark = pytest.mark.parametrize("name", SHIPPED)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """Gives the rows of a recording's whole run and how it went; each is replayed once."""
    done = {}

    def replay(name):
        if name not in done:
            experiment = find_experiment(read_about(name).config["experiment"])
            options = runs.make_options(experiment, model=f"recorded:{name}")
            path = tmp_path_factory.mktemp("run") / "r"
            ready = runs.prepare(experiment, options, Execution(), path)
            finished = asyncio.run(runs.carry_out(ready))
            done[name] = read_rows(finished.path), finished, ready
        return done[name]

    return replay


def test_it_is_small_and_says_where_it_comes_from(name):
    about = read_about(name)
    assert (FOLDER / f"{name}.parquet").stat().st_size < MOST_BYTES
    assert about.licence == "Apache-2.0"
    assert about.quantisation == "Q4_K_M"
    assert about.server.startswith("openvino-genai")
    assert name in about.command
    assert name in (FOLDER / "README.md").read_text()


def test_it_replays_whole_without_a_bill(name, replayed):
    rows, finished, _ = replayed(name)
    assert finished.outcome.failed == 0
    assert finished.totals.sent == 0
    assert finished.totals.billed.total == 0
    assert rows.filter(like="billed_").to_numpy().sum() == 0
    assert rows.score.notna().all()


def test_the_data_it_was_made_on_is_generated_as_before(name, replayed):
    rows, _, ready = replayed(name)
    about = read_about(name)
    assert ready.task.fingerprint() == about.dataset_fingerprint
    assert rows.question_id.nunique() == about.questions


def test_it_holds_every_arm_it_was_made_for(name, replayed):
    rows, _, _ = replayed(name)
    if read_about(name).config["experiment"] == "predictability":
        assert set(rows.arm) == {"score"}
        return
    slept = rows[rows.arm == "sleep"]
    config = read_about(name).config
    for arm in config.get("controls", ()):
        own = rows[rows.arm == arm]
        assert own.question_id.nunique() == rows.question_id.nunique()
        assert set(own.budget) == set(config["controls_at"])
    if name.endswith("multi-p0"):
        assert rows.context_id.nunique() >= 24
        assert (rows.groupby("context_id").question_id.nunique() == 10).all()
        assert rows.budget.nunique() >= 3
        return
    families = rows.groupby("cluster_id").question_id.nunique()
    if name.endswith("-forecasts"):
        assert read_about(name).config["sleep_method"] == "forecast"
        assert set(rows.arm) >= {"baseline", "sleep"}
        return
    if (rows.budget_kind == "forced").any():
        assert rows.question_id.nunique() >= 140
        assert set(rows.arm) >= {"baseline", "sleep"}
        for _, own in rows[rows.budget_kind == "forced"].groupby("arm"):
            assert own.budget.nunique() >= 5
        return
    assert (families >= 4).sum() >= 30
    if name.endswith("-agreed"):
        assert read_about(name).config["sleep_method"] == "agreed"
        assert set(rows.arm) == {"baseline", "sleep"}
        return
    assert set(rows.arm) >= {"baseline", "sleep", "context_only"}
    if name.endswith("-p0"):
        assert set(rows.arm) > set(get_args(Control))
    assert set(slept.sleep_parallel) == {1, 2, 5}
    main = rows[(rows.budget_kind == "verbosity") & ~rows.arm.isin(get_args(Control))]
    for _, own in main.groupby(["arm", "sleep_parallel"]):
        assert set(own.budget) == {0, 1, 2, 3, 4}
    assert (rows.budget_kind == "samples").any()
