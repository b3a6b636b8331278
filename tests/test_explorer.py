import math
from dataclasses import replace

import ipywidgets
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.wording import fold
from sleeptime_lib.errors import InputError
from sleeptime_lib.explorer import CostExplorer, verdict
from sleeptime_lib.figures import LivePlot
from sleeptime_lib.models.prices import Price


@pytest.fixture(scope="module")
def rows():
    return simulate(World(), clusters=12, questions=10, seed=0, shared=10)


@pytest.fixture
def explorer(rows):
    return CostExplorer(rows, price=Price(2.0, 1.0, 8.0, batch=0.5), draws=50)


def control(explorer, name):
    rows = [c for c in explorer.widget.children if hasattr(c, "children")]
    return next(c for row in rows for c in row.children if c.description.startswith(name))


def figure(explorer):
    return next(c for c in explorer.widget.children if isinstance(c, LivePlot))


def costs(explorer):
    """Costs per 1,000 questions of the sleep arm, by budget."""
    traces = figure(explorer).picture["data"]
    return next(list(t["x"]) for t in traces if t["meta"].startswith("0:sleep"))


def said(explorer):
    """The verdict and the note below the figure, as HTML."""
    return " ".join(c.value for c in explorer.widget.children if isinstance(c, ipywidgets.HTML))


def test_it_begins_with_the_papers_model(explorer):
    bill = explorer.bill()
    assert (bill.t, bill.notes_factor) == (10, 1)
    assert bill.rates.sleep.tolist() == pytest.approx([0, 0, 1e-6])


def test_more_questions_make_sleep_time_cheaper_at_once(explorer):
    before = costs(explorer)
    control(explorer, "Questions").value = 40
    assert all(b < a for a, b in zip(before, costs(explorer), strict=True))
    assert "at Q = 40" in said(explorer)


@pytest.mark.parametrize("name", ["Questions", "Weight t", "Generated", "Sleep"])
def test_every_slider_of_the_papers_model_redraws(explorer, name):
    before = costs(explorer)
    moved = control(explorer, name)
    moved.value = 5 if name == "Weight t" else 20
    assert costs(explorer) != before


@pytest.mark.parametrize("name", ["Prompt", "Cached", "Notes length"])
def test_prompts_count_in_the_full_bill(explorer, name):
    explorer.widget.children[0].value = "Full bill"
    before = costs(explorer)
    control(explorer, name).value = 5
    assert all(b > a for a, b in zip(before, costs(explorer), strict=True))


def test_the_full_bill_takes_the_price_list_and_no_discount(explorer):
    explorer.widget.children[0].value = "Full bill"
    bill = explorer.bill()
    assert bill.t == 1
    assert bill.rates.test.tolist() == pytest.approx([2e-6, 1e-6, 8e-6])
    assert bill.rates.sleep.tolist() == pytest.approx([2e-6, 1e-6, 8e-6])
    assert "no Q pays" in said(explorer)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (Interval(900.0, 400.0, 2000.0), "beyond 900 (400 to 2,000) no Q pays"),
        (Interval(900.0, 400.0, math.inf), "beyond which no Q pays is not determined (400 to ∞)"),
        (Interval(math.nan, 0.0, 2000.0), "is not determined (0 to 2,000)"),
        (Interval(math.inf, math.inf, math.inf), "costs nothing"),
    ],
)
def test_the_length_that_notes_may_have_is_told_with_its_limits(explorer, limit, told):
    found = explorer.found()
    main = replace(found.main, notes_limit=limit)
    name = "equal_accuracy" if main.basis.budget is None else "payoffs"
    assert told in verdict(replace(found, **{name: (main,)}), 10)[1]


def test_a_batch_discount_is_told_on_its_button(explorer):
    explorer.widget.children[0].value = "Full bill, sleep phase 50% off"
    assert explorer.bill().rates.sleep.tolist() == pytest.approx([1e-6, 0.5e-6, 4e-6])
    assert "asleep 50% less" in said(explorer)


def test_texts_take_the_ink_of_the_theme(explorer):
    assert said(explorer).count("var(--jp-ui-font-color") == 2


def test_it_says_who_wins(explorer):
    control(explorer, "Questions").value = 50
    assert "<b>Sleep-time wins at Q = 50</b>" in said(explorer)
    control(explorer, "Weight t").value = 0
    assert "<b>The baseline wins at Q = 50</b>" in said(explorer)


def test_the_same_figure_is_updated_for_ever(explorer):
    before = figure(explorer)
    for q in (2, 3, 4):
        control(explorer, "Questions").value = q
    assert figure(explorer) is before


def test_an_unbounded_ratio_of_costs_is_not_determined():
    few = simulate(World(), clusters=3, questions=1, seed=13, shared=1)
    assert "Undecided at Q = 10</b>: the ratio of costs is not determined (" in said(
        CostExplorer(few, draws=200)
    )


def test_without_a_baseline_there_is_no_winner(rows):
    alone = CostExplorer(rows[rows["arm"] == "sleep"], draws=50)
    assert "<b>No winner</b>" in said(alone)


def test_rows_without_a_sleep_phase_are_refused(rows):
    with pytest.raises(InputError, match="nothing to explore"):
        CostExplorer(rows[rows["arm"] == "baseline"], draws=50)


def test_what_most_draws_do_not_give_at_equal_accuracy_is_told_at_the_lowest_budget(rows):
    found = draw_costs(rows, draws=200).amortisation(paper_bill(), questions=(10,))
    (equal,) = found.equal_accuracy
    few = replace(found, equal_accuracy=(replace(equal, censored=0.51),))
    _, said = verdict(few, 10)
    lowest = found.payoffs[0].at(10).ratio
    assert f"{fold(1 / lowest.estimate)} more ({fold(1 / lowest.high)}" in said
    assert "At budget 0 it pays" in said
    assert "equal accuracy" not in said
