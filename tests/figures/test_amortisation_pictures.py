import json
import math
from dataclasses import replace

import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates
from sleeptime_lib.figures import (
    amortised_pareto,
    cost_by_questions,
    ratio_by_questions,
    sensitivity,
    to_plotly,
)
from sleeptime_lib.figures.amortisation import pays
from sleeptime_lib.figures.look import STYLES
from sleeptime_lib.figures.mpl_renderer import draw
from sleeptime_lib.figures.panels import panels, refresh_panels

MAKERS = (amortised_pareto, cost_by_questions, ratio_by_questions, sensitivity)
LIST = Bill(usd_rates(0.15, 0.075, 0.6))


@pytest.fixture(scope="module")
def rows():
    return simulate(World(), clusters=20, questions=10, seed=0, shared=10)


@pytest.fixture(scope="module")
def prepared(rows):
    return draw_costs(rows.assign(model="simulated"), draws=100)


@pytest.fixture(scope="module")
def found(prepared):
    return prepared.amortisation(paper_bill(t=2))


def series(picture, name):
    return next(s for s in picture.series if s.name == name)


def test_the_pareto_has_the_baseline_and_sleep_time_for_every_q(found):
    picture = amortised_pareto(found)
    assert [s.label for s in picture.series] == [
        "baseline", "sleep-time, Q = 1", "sleep-time, Q = 2", "sleep-time, Q = 5",
        "sleep-time, Q = 10",
    ]  # fmt: skip
    costs = [p.cost.estimate for p in found.curves[0].points]
    assert list(picture.series[0].x) == costs


def test_more_questions_move_sleep_time_left_and_nothing_else(found):
    _, one, *_, ten = amortised_pareto(found).series
    assert all(b < a for a, b in zip(one.x, ten.x, strict=True))
    assert one.y == ten.y


def test_usd_are_shown_for_a_thousand_questions(prepared):
    priced = prepared.amortisation(LIST)
    picture = amortised_pareto(priced)
    assert picture.x.title.startswith("Cost of 1,000 questions (USD)")
    assert picture.series[0].x[0] == pytest.approx(1000 * priced.curves[0].points[0].cost.estimate)


def test_the_break_even_is_where_the_curves_cross(found):
    picture = cost_by_questions(found)
    mark, sleep = series(picture, "break-even"), series(picture, "sleep")
    assert mark.x == (found.main.break_even.estimate,)
    before = max(y for x, y in zip(sleep.x, sleep.y, strict=True) if x > mark.x[0])
    after = min(y for x, y in zip(sleep.x, sleep.y, strict=True) if x < mark.x[0])
    assert before < mark.y[0] < after
    (shade,) = picture.shades
    limits = found.main.break_even
    assert (min(shade.x), max(shade.x)) == pytest.approx((limits.low, limits.high))


def test_the_note_says_from_how_many_questions_on_it_pays(found):
    first = math.ceil(found.main.break_even.estimate)
    assert f"it pays from {first} questions per context on" in cost_by_questions(found).note


def test_a_phase_that_never_pays_has_no_mark_and_the_note_says_so(prepared):
    never = prepared.amortisation(paper_bill(t=0))
    picture = cost_by_questions(never)
    assert "break-even" not in {s.name for s in picture.series}
    assert "no number of questions pays" in picture.note
    assert "inf" not in pays(never.main, 0.95)


def test_ratios_are_at_equal_accuracy_and_at_low_middle_and_high_budgets(found):
    picture = ratio_by_questions(found)
    assert [s.label for s in picture.series] == [
        "at equal accuracy", "at verbosity 0", "at verbosity 2", "at verbosity 4",
    ]  # fmt: skip
    assert picture.rules[0].y == 1


def test_sensitivity_has_a_line_for_every_q_over_all_t(found):
    picture = sensitivity(found)
    assert [s.label for s in picture.series] == ["Q = 1", "Q = 2", "Q = 5", "Q = 10"]
    assert picture.series[0].x == tuple(p.t for p in found.sensitivity[0].points)


def test_series_of_one_picture_differ_in_marker_as_well_as_colour(found):
    for make in MAKERS:
        styles = [STYLES[s.style] for s in make(found).series]
        assert len({s.colour for s in styles}) == len(styles)
        assert len({(s.marker, s.dash) for s in styles}) == len(styles)


@pytest.mark.parametrize("make", MAKERS)
def test_every_picture_can_be_made_of_every_run(rows, make):
    shapes = {
        "whole": rows,
        "one arm": rows[rows["arm"] == "baseline"],
        "only asleep": rows[rows["arm"] == "sleep"],
        "one budget": rows[rows["budget"] == 2],
        "one cluster": rows[rows["cluster_id"] == "c0"],
        "all wrong": rows.assign(score=0.0),
        "all failed": rows.assign(score=np.nan),
        "nothing yet": rows.iloc[:0],
        "no tokens": rows.assign(test_completion_tokens=0),
    }
    for name, shape in shapes.items():
        prepared = draw_costs(shape, draws=20)
        for bill in (paper_bill(), LIST, paper_bill(0), replace(LIST, notes_factor=20)):
            picture = make(prepared.amortisation(bill))
            json.dumps(picture.to_json(), allow_nan=False)
            for drawn in picture.series:
                assert all(picture.x.low <= x <= picture.x.high for x in drawn.x), name
                assert all(picture.y.low <= y <= picture.y.high for y in drawn.y), name
    draw(picture)
    to_plotly(picture)


def test_panels_show_what_the_pictures_say_and_follow_them(prepared):
    def pictures(t):
        found = prepared.amortisation(paper_bill(t), questions=(5,))
        return amortised_pareto(found), cost_by_questions(found)

    figure = panels(pictures(2))
    after = pictures(7)
    refresh_panels(figure, after)
    fresh = panels(after)
    for moved, new in zip(figure.data, fresh.data, strict=True):
        assert (moved.x, moved.y, moved.text) == (new.x, new.y, new.text)
    assert figure.layout.xaxis.range == fresh.layout.xaxis.range
    assert figure.layout.yaxis2.ticktext == fresh.layout.yaxis2.ticktext
    shown = [t.name for t in figure.data if t.x]
    assert {"baseline-0", "baseline", "sleep"} <= set(shown)
    assert any("SIMULATED" in a.text for a in figure.layout.annotations)
