"""Pictures of the gap by predictability."""

import json
import math
from dataclasses import replace

import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.pairing import choose, pairings
from sleeptime_lib.analysis.predictability import predictability
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.figures import extra_by_bin, gap_by_bin, gap_slope, to_png
from sleeptime_lib.figures.axes import value_axis

MAKERS = (gap_by_bin, extra_by_bin, gap_slope)


def found_in(clusters=20, **given):
    rows = simulate(World(), clusters, 5, seed=0)
    known = {name: -float(i % 37) for i, name in enumerate(rows["question_id"].unique())}
    return predictability(choose(pairings(rows)), known, draws=100, **given)


@pytest.fixture(scope="module")
def report():
    return analyse(simulate(World(), 20, 5, seed=0), draws=10)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("clusters", [1, 2, 20])
def test_every_picture_can_be_made_of_every_shape(report, make, clusters):
    picture = make(report, found_in(clusters), "m")
    json.dumps(picture.to_json(), allow_nan=False)
    assert to_png(picture).startswith(b"\x89PNG")
    for series in picture.series:
        assert all(picture.x.low <= x <= picture.x.high for x in series.x)
        assert all(picture.y.low <= y <= picture.y.high for y in series.y)


def test_bins_stand_from_least_to_most_predictable_with_their_intervals(report):
    found = found_in(bins=4)
    (series,) = gap_by_bin(report, found, "m").series
    assert series.y == tuple(one.gain.estimate for one in found.bins)
    assert series.low == tuple(one.gain.low for one in found.bins)
    assert series.x == (0.0, 1.0, 2.0, 3.0)


def test_every_question_is_a_dot_and_the_line_has_a_band(report):
    found = found_in()
    dots, line = gap_slope(report, found, "m").series
    assert len(dots.x) == found.n
    assert line.limits == "band"
    assert all(low <= y <= high for low, y, high in zip(line.low, line.y, line.high, strict=True))


@pytest.mark.parametrize("make", MAKERS)
def test_it_is_marked_where_answers_or_scores_are_simulated(report, make):
    found = found_in()
    real = replace(report, model="base")
    assert not make(real, found, "m").simulated
    assert make(real, found, "simulated").simulated
    assert make(replace(report, model="simulated"), found, "m").simulated


@pytest.mark.parametrize("make", MAKERS)
def test_it_says_who_answered_who_scored_and_of_what(report, make):
    picture = make(replace(report, model="base"), found_in(), "m", "likelihood")
    assert picture.subtitle == "answers of m, scored by base"
    alone = make(replace(report, model="base"), found_in(), "base", "likelihood")
    assert alone.subtitle == "answered and scored by base"
    assert "likelihood" in picture.x.title.lower()
    assert "n = 100 questions in 20 clusters" in picture.note


@pytest.mark.parametrize(
    "values", [(-41.3, -7.2), (0.0, 1234.5), (-0.02, 0.03), (5.0, 5.0), (math.nan,), ()]
)
def test_an_axis_of_values_holds_them_with_at_most_eight_ticks(values):
    axis = value_axis(values, "x")
    assert 2 <= len(axis.ticks) <= 9
    assert all(axis.low <= v <= axis.high for v in values if math.isfinite(v))
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
