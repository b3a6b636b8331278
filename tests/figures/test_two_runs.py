"""How two runs differ, and what one confirms of the other, as pictures."""

import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.confirmation import confirm_rows
from sleeptime_lib.analysis.two_runs import compare_rows
from sleeptime_lib.figures import confirmed, run_changes, to_plotly, to_png


def rows(seed):
    return simulate(World(), 20, 5, seed=seed).assign(model="simulated")


@pytest.fixture(scope="module")
def found():
    return compare_rows(rows(0), rows(1), draws=200)


def test_it_draws_the_differences_with_the_limits_that_hold_for_all(found):
    picture = run_changes(found)
    assert [s.label for s in picture.series] == ["baseline", "sleep-time k=1"]
    for series in picture.series:
        own = [one.score for one in found.cells if one.label == series.label]
        assert series.y == tuple(score.difference for score in own)
        assert series.low == tuple(score.simultaneous_low for score in own)


def test_it_says_what_the_runs_are_and_that_they_are_simulated(found):
    picture = run_changes(found, ("What differs: x: 1 -> 2.",))
    assert "What differs: x: 1 -> 2." in picture.note
    assert picture.simulated


def test_other_numbers_of_phases_are_one_series(found):
    more = rows(1).assign(sleep_parallel=lambda r: r["sleep_parallel"] * 5)
    picture = run_changes(compare_rows(rows(0), more, k=(1, 5), draws=200))
    assert picture.series[1].label == "A sleep-time k=1, B sleep-time k=5"


def test_both_renderers_draw_it(found):
    picture = run_changes(found)
    assert to_png(picture).startswith(b"\x89PNG")
    assert len(to_plotly(picture).data) >= len(picture.series)


@pytest.fixture(scope="module")
def confirmation():
    other = rows(1).assign(dataset="others", cluster_id=lambda r: "other " + r["cluster_id"])
    return confirm_rows(rows(0), other, draws=200)


def test_what_one_run_claims_stands_beside_what_the_other_found(confirmation):
    picture = confirmed(confirmation, ("What differs: dataset.",))
    claims = [one for one in confirmation.claims if one.against == "baseline"]
    a, b = picture.series
    assert a.y == tuple(one.a.estimate for one in claims)
    assert b.high == tuple(one.b.high for one in claims)
    assert picture.x.texts == tuple(f"k=1, {one.budget}" for one in claims)
    assert "What differs: dataset." in picture.note
    assert to_png(picture).startswith(b"\x89PNG")


def test_each_arm_has_a_style_of_its_own():
    arms = ("baseline", "sleep", "placebo_same", "oracle")
    runs = [simulate(World(), 20, 5, seed=seed, arms=arms) for seed in (0, 1)]
    found = compare_rows(*(rows.assign(model="simulated") for rows in runs), draws=200)
    styles = {s.label: s.style for s in run_changes(found).series}
    assert styles["placebo same"] == "placebo_same"
    assert styles["oracle"] == "oracle"
