import ipywidgets
import pytest

from sleeptime_lib import runs
from sleeptime_lib.figures import LivePlot
from sleeptime_lib.gap_explorer import GapExplorer


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gap")
    small = {"limit": 35, "levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 0}
    answers = runs.run("stateful-gsm", out=folder / "answers", context_only=False, **small)
    return runs.run("predictability", out=folder / "scores", from_run=str(answers.path))


@pytest.fixture
def explorer(run):
    return GapExplorer(run, draws=30)


def control(explorer, name):
    boxes = [c for c in explorer.widget.children if hasattr(c, "children")]
    every = [*explorer.widget.children, *(c for box in boxes for c in box.children)]
    return next(c for c in every if getattr(c, "description", "").startswith(name))


def drawn(explorer):
    plot = next(c for c in explorer.widget.children if isinstance(c, LivePlot))
    return [list(trace["y"]) for trace in plot.picture["data"] if trace["x"]]


def said(explorer):
    return " ".join(c.value for c in explorer.widget.children if isinstance(c, ipywidgets.HTML))


def test_it_begins_with_five_bins_at_the_lowest_budget(explorer):
    found = explorer.found()
    assert (len(found.bins), found.budget, found.line.sleep_parallel, found.t) == (5, 0, 1, 10)


@pytest.mark.parametrize(("name", "value"), [("Bins", 3), ("Budget", 3), ("Phases", 2)])
def test_every_slider_redraws(explorer, name, value):
    before = drawn(explorer)
    control(explorer, name).value = value
    assert drawn(explorer) != before


def test_t_moves_the_cost_and_not_the_gap(explorer):
    gaps, costs = drawn(explorer)[0], drawn(explorer)[-1]
    control(explorer, "Weight").value = 1.0
    assert drawn(explorer)[0] == gaps
    assert drawn(explorer)[-1] != costs


def test_another_measure_is_named_on_the_axis(explorer):
    control(explorer, "Measure").value = "ngram"
    plot = next(c for c in explorer.widget.children if isinstance(c, LivePlot))
    assert "n-gram" in str(plot.picture["layout"])


def test_it_says_whether_the_gap_grows(explorer):
    assert "the gap grows" in said(explorer).lower()


def test_where_it_begins_can_be_chosen(run):
    found = GapExplorer(run, bins=3, budget=3, t=4.0, draws=20).found()
    assert (len(found.bins), found.budget, found.t) == (3, 3, 4.0)
