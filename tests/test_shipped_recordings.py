"""The recordings in recordings/: what they hold, and that they still replay as a whole."""

import asyncio
import re
from pathlib import Path

import pytest

from sleeptime_lib import runs
from sleeptime_lib.analysis.cells import LINE, NO_CURVE, SAMPLES
from sleeptime_lib.config import Execution
from sleeptime_lib.experiments import find_experiment
from sleeptime_lib.models.replay import read_about
from sleeptime_lib.records import FLOOR, ROW_KEY
from sleeptime_lib.store import read_rows
from sleeptime_lib.study import plan

FOLDER = Path(__file__).parent.parent / "recordings"
README = (FOLDER / "README.md").read_text()
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


def test_it_gives_every_row_that_it_was_made_for_and_no_other(name, replayed):
    rows, _, ready = replayed(name)
    planned = [one.key for one in plan(ready.task, ready.study.settings)]
    assert ready.study.left_out == ()
    assert sorted(rows[list(ROW_KEY)].itertuples(index=False, name=None)) == sorted(planned)


def test_it_holds_what_its_options_name(name, replayed):
    rows, _, _ = replayed(name)
    config = read_about(name).config
    if config["experiment"] == "predictability":
        assert set(rows.arm) == {"score"}
        return
    budgets = set(config["budgets"] or config["levels"])
    curves = rows[~rows.budget_kind.isin(NO_CURVE) & ~rows.arm.str.startswith(FLOOR)]
    measured = {arm: set(own.budget) for arm, own in curves.groupby("arm")}
    some = set(config["controls_at"]) if config.get("controls_at") else budgets
    named = {"baseline": budgets, "sleep": budgets}
    named |= {"context_only": budgets} if config.get("context_only") else {}
    named |= dict.fromkeys(config.get("controls", ()), some)
    named |= {"sleep_long": some} if config.get("sleep_long") else {}
    assert measured == named
    assert set(rows[rows.arm == "sleep"].sleep_parallel) == set(config.get("sleep_parallel", (1,)))
    draws = rows[rows.budget_kind == SAMPLES].groupby("question_id").size()
    assert set(draws) == ({config["pass_samples"]} if config.get("pass_samples") else set())
    lines = rows[rows.budget_kind == LINE]
    assert set(lines.budget) == set(range(1 + config.get("ablate_lines", 0)) if len(lines) else ())
    assert bool(len(lines)) == bool(config.get("ablate_lines"))


def test_the_list_of_recordings_tells_its_data(name, replayed):
    """The line of recordings/README.md that a new recording needs is all that it needs."""
    rows, _, _ = replayed(name)
    (listed,) = [line for line in README.splitlines() if f"`{name}`" in line]
    data = listed.rsplit("|", 2)[1]
    if data.strip() == "as there":
        assert read_about(name).config["from_run"].removeprefix("recorded:") in SHIPPED
        return
    assert f"`{read_about(name).dataset}`" in data
    groups, kind, each = re.search(r"(\d+) (families|contexts) × (\d+)", data).groups()
    column = {"families": "cluster_id", "contexts": "context_id"}[kind]
    sizes = rows.groupby(column).question_id.nunique()
    assert len(sizes) == int(groups)
    assert set(sizes) == {int(each)}
