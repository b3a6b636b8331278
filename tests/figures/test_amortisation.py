import json
import math
from dataclasses import replace

import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates
from sleeptime_lib.analysis.wording import pays
from sleeptime_lib.figures import (
    amortised_pareto,
    cost_by_questions,
    sensitivity,
    to_plotly,
)
from sleeptime_lib.figures.look import STYLES
from sleeptime_lib.figures.stills import draw

MAKERS = (amortised_pareto, cost_by_questions, sensitivity)
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
        "baseline", "sleep-time Q = 1", "sleep-time Q = 2", "sleep-time Q = 5",
        "sleep-time Q = 10",
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


def test_a_break_even_that_may_be_anything_is_not_determined(found):
    unknown = replace(found.main, break_even=Interval(6.0, 0.0, math.inf))
    picture = cost_by_questions(replace(found, equal_accuracy=(unknown,)))
    assert "not determined" in picture.note
    assert picture.shades == ()
    assert "break-even" not in {s.name for s in picture.series}


def test_what_most_draws_do_not_give_is_not_drawn(found):
    unknown = replace(found.main, censored=0.51)
    changed = replace(found, equal_accuracy=(unknown,))
    picture = cost_by_questions(changed)
    assert changed.main.basis.budget == 0
    assert "Drawn at budget 0: few draws or none give equal accuracy." in picture.note
    assert "not determined: 95% interval" in picture.note
    costs = [s.cost.estimate for s in found.payoffs[0].savings]
    assert list(series(picture, "sleep").y) == costs


def test_break_evens_at_equal_budgets_stand_beside_the_one_at_equal_accuracy(found):
    note = cost_by_questions(found).note
    assert "Drawn at equal accuracy" in note
    assert all(f"At budget {budget} " in note for budget in range(5))


def test_both_lines_of_costs_have_bands(found):
    picture = cost_by_questions(found)
    base, sleep = series(picture, "baseline"), series(picture, "sleep")
    assert base.limits == sleep.limits == "band"
    assert base.low == (found.main.baseline.low,) * 2
    assert "bands: simultaneous 95%" in picture.note
    assert "whiskers" not in picture.note


def test_an_interval_without_an_end_says_never(found):
    open_ended = replace(found.main, break_even=Interval(6.0, 3.0, math.inf), censored=0.0)
    assert "not determined: 95% interval 3 to never" in pays(open_ended, 0.95)


def test_an_unbounded_cost_reaches_the_end_of_the_axes(found):
    main = found.main
    one = replace(main.savings[0], cost=replace(main.savings[0].cost, high=math.inf))
    opened = replace(main, savings=(one, *main.savings[1:]))
    picture = cost_by_questions(replace(found, equal_accuracy=(opened,)))
    first = next(picture.whiskers(series(picture, "sleep")))
    assert first.cut_high
    assert first.high == picture.y.high
    assert "Arrow heads" not in picture.note


def test_sensitivity_has_a_line_and_a_band_for_every_q_over_all_t(found):
    picture = sensitivity(found)
    assert [s.label for s in picture.series] == ["Q = 1", "Q = 2", "Q = 5", "Q = 10"]
    assert picture.series[0].x == tuple(p.t for p in found.sensitivity[0].points)
    assert {s.limits for s in picture.series} == {"band"}
    assert "bands: simultaneous 95%" in picture.note


def test_sensitivity_draws_no_line_through_unbounded_intervals(found):
    def unbounded(point):
        wide = [replace(s, ratio=replace(s.ratio, low=0.0, high=math.inf)) for s in point.savings]
        return replace(point, savings=tuple(wide))

    first = found.sensitivity[0]
    some = replace(first, points=(unbounded(first.points[0]), *first.points[1:]))
    picture = sensitivity(replace(found, sensitivity=(some,)))
    lines = [s for s in picture.series if s.joined]
    assert all(first.points[0].t not in s.x for s in lines)
    assert "Hollow: not determined" in picture.note
    none = replace(first, points=tuple(map(unbounded, first.points)))
    picture = sensitivity(replace(found, sensitivity=(none,)))
    assert not any(s.joined for s in picture.series)
    assert "is not determined" in picture.title
    assert "band" not in picture.note
    assert "whiskers: simultaneous 95%" in picture.note
    assert "Arrow heads" in picture.note


def test_titles_and_notes_tell_the_bill(prepared):
    batch = prepared.amortisation(Bill(usd_rates(0.15, 0.075, 0.6, sleep_discount=0.5)))
    assert "in USD, sleep phase 50% off" in cost_by_questions(batch).title
    assert "asleep 50% less" in cost_by_questions(batch).note
    assert "off" not in cost_by_questions(prepared.amortisation(LIST)).title
    assert "in tokens" in amortised_pareto(prepared.amortisation(paper_bill())).title


def test_letters_are_defined_where_they_are_used(found):
    for make in MAKERS:
        note = make(found).note
        assert "Q: questions that share a context" in note
        assert "S: tokens" in note or "S, T: tokens" in note
        assert "t = 2" in note or "t: how much" in note


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
