import math

import numpy as np
import pandas as pd
import pytest
from known_ratio import World, simulate, truth

from sleeptime_lib.analysis.ratio import LEVELS, EqualAccuracy
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.wording import equal_accuracy

BASELINE = {0: (2, 20), 1: (4, 80), 2: (6, 320), 3: (8, 1280)}
FOUR_TIMES = {0: (2, 5), 1: (4, 20), 2: (6, 80), 3: (8, 320)}


def test_a_curve_shifted_by_four_has_the_ratio_four_everywhere(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    for at in (0.25, 0.4, 0.5, 0.71):
        found = analyse(rows, at=at, draws=50).equal_accuracy
        assert found.ratio == pytest.approx(4)
        assert found.baseline_tokens / found.sleep_tokens == pytest.approx(4)


def test_the_accuracy_is_the_middle_of_what_both_arms_reach(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    assert analyse(rows, draws=50).equal_accuracy.at == pytest.approx(0.5)


def test_the_range_average_is_the_geometric_mean_over_the_common_range(two_arms):
    # The ratio falls from 16 at 20% to 1 at 80%, evenly in logs: 4 on average.
    rows = two_arms({0: (2, 160), 1: (8, 640)}, {0: (2, 10), 1: (8, 640)})
    found = analyse(rows, draws=50).ratio_curve
    assert (found.points[0].at, found.points[-1].at) == pytest.approx((0.2, 0.8))
    assert found.mean == pytest.approx(4)


def test_identical_arms_have_the_ratio_one(two_arms):
    found = analyse(two_arms(BASELINE, BASELINE), draws=50)
    assert found.equal_accuracy.ratio == pytest.approx(1)
    assert found.ratio_curve.mean == pytest.approx(1)


def test_clusters_that_agree_leave_no_doubt(two_arms):
    found = analyse(two_arms(BASELINE, FOUR_TIMES), draws=200).equal_accuracy
    assert (found.low, found.high, found.censored) == pytest.approx((4, 4, 0))


def test_arms_without_a_common_accuracy_have_no_ratio_and_a_reason(two_arms):
    rows = two_arms({0: (1, 20), 1: (3, 80)}, {0: (5, 20), 1: (9, 80)})
    found = analyse(rows, draws=50)
    assert found.equal_accuracy.ratio is None
    assert "share no accuracy: baseline 10.0 to 30.0%" in found.equal_accuracy.reason
    assert (found.ratio_curve.points, found.ratio_curve.mean) == ((), None)


@pytest.mark.parametrize("tenths", [0, 7, 10])
def test_accuracy_that_does_not_change_with_tokens_has_no_ratio(two_arms, tenths):
    flat = {0: (tenths, 20), 1: (tenths, 80)}
    found = analyse(two_arms(flat, flat), draws=50).equal_accuracy
    assert found.ratio is None
    assert "one accuracy only" in found.reason


def test_an_accuracy_that_an_arm_never_reaches_is_censored_not_guessed(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    found = analyse(rows, at=0.8, draws=100).equal_accuracy
    assert found.ratio is None
    assert found.reason == "the baseline stays below 80.0% at every budget tried"
    assert found.high == math.inf
    assert found.censored == found.censored_high == 1
    assert found.censored_low == 0
    # 80% takes the sleep arm 218 tokens and the baseline more than the 320 it tried.
    assert found.low == pytest.approx(320 / found.sleep_tokens)


def test_an_accuracy_the_sleep_arm_exceeds_at_once_bounds_the_ratio_from_below(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    found = analyse(rows, at=0.3, draws=100).equal_accuracy
    assert found.reason == "the sleep arm is above 30.0% at every budget tried"
    assert (found.censored_high, found.censored_low) == (1, 0)
    assert found.low == pytest.approx(2)
    assert found.baseline_tokens == pytest.approx(40)


def test_draws_that_miss_the_accuracy_are_counted_and_unbind_the_interval():
    rows = simulate(World(), clusters=6, questions=4, seed=4)
    found = analyse(rows, draws=500).equal_accuracy
    assert found.ratio is not None
    assert 0 < found.censored_high < 0.5
    assert found.high == math.inf
    assert 0 < found.low < found.ratio


def test_tokens_at_an_accuracy_that_most_draws_miss_are_not_told(frame):
    """A few clusters bring the baseline up to it: most draws have fewer of them."""
    right = {"baseline": ((0,) * 12, (*(0,) * 8, 1, 2, 5, 10)), "sleep": ((0,) * 12, (5,) * 12)}
    rows = frame(
        {
            "arm": arm,
            "budget": budget,
            "cluster_id": f"c{c:02}",
            "question_id": f"c{c:02}-{i}",
            "score": float(i < hits[c]),
            "test_completion_tokens": 10 + 90 * budget,
        }
        for arm, by_budget in right.items()
        for budget, hits in enumerate(by_budget)
        for c in range(12)
        for i in range(10)
    )
    found = analyse(rows, at=0.15 - 1e-9, draws=2000).equal_accuracy
    assert found.censored > 0.5
    assert (found.ratio, found.baseline_tokens) == (None, None)
    assert found.sleep_tokens is not None


def test_the_estimate_approaches_the_true_ratio():
    world = World()
    rows = simulate(world, clusters=1500, questions=4, seed=0)
    found = analyse(rows, at=world.at, draws=100).equal_accuracy
    assert found.ratio == pytest.approx(truth(world, 50_000).ratio, rel=0.06)


def test_failed_rows_bound_the_ratio(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    failed = rows.sample(frac=0.05, random_state=0).index
    rows.loc[failed, "score"] = np.nan
    found = analyse(rows, at=0.5, draws=50).equal_accuracy
    assert found.failures_low < found.ratio < found.failures_high


def test_without_failures_the_bounds_are_the_ratio(two_arms):
    found = analyse(two_arms(BASELINE, FOUR_TIMES), at=0.5, draws=50).equal_accuracy
    assert found.failures_low == pytest.approx(found.ratio)
    assert found.failures_high == pytest.approx(found.ratio)


def test_it_is_known_whether_the_accuracy_was_asked_for(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    assert analyse(rows, at=0.5, draws=50).equal_accuracy.at_given
    assert not analyse(rows, draws=50).equal_accuracy.at_given


@pytest.mark.parametrize(
    ("low", "high", "censored", "determined"),
    [(2, 5, 0.5, True), (0, 5, 0, False), (2, math.inf, 0, False), (2, 5, 0.51, False),
     (math.nan, math.nan, 0, False)],
)  # fmt: skip
def test_a_ratio_is_determined_where_most_draws_bound_it_on_both_sides(
    low, high, censored, determined
):
    limits = {"ratio": 3.0, "low": low, "high": high, "censored": censored}
    assert EqualAccuracy(at=0.5, **limits).determined is determined


def test_where_most_draws_miss_the_accuracy_there_is_no_estimate_whatever_the_rows_give():
    rows = simulate(World(), 40, 8, seed=0)
    least = analyse(rows, draws=500).ratio_curve.points[0].at
    report = analyse(rows, at=least, draws=500)
    found = report.equal_accuracy
    assert found.censored > 0.5
    assert (found.ratio, found.reason) == (None, "")
    assert found.low > 0
    assert "not determined: 95% interval" in equal_accuracy(found, 0.95)


def test_arms_that_hardly_share_an_accuracy_have_no_average_ratio():
    world = World(ratio=2, own_ratio=0.1, difficulty=0.3, baseline_tokens=(20, 26, 60))
    report = analyse(simulate(world, 12, 4, seed=3), draws=200)
    assert report.ratio_curve.points
    assert report.ratio_curve.mean_censored > 0.5
    assert report.ratio_curve.mean is None
    assert report.to_json()["range_ratio"] is None


def test_more_sleep_settings_are_compared_one_by_one(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    twice = rows[rows["arm"] == "sleep"].assign(sleep_parallel=2)
    twice["test_completion_tokens"] = twice["test_completion_tokens"] * 2
    found = analyse(pd.concat([rows, twice]), draws=50).comparisons
    assert [c.line.sleep_parallel for c in found] == [1, 2]
    assert [c.equal_accuracy.ratio for c in found] == pytest.approx([4, 2])


# The ratio as a curve


def crossing(two_arms):
    """The ratio falls from 16 at 20% to 1 at 80%, evenly in logs."""
    return two_arms({0: (2, 160), 1: (8, 640)}, {0: (2, 10), 1: (8, 640)})


def test_the_curve_has_the_ratio_at_every_accuracy_that_both_arms_reach(two_arms):
    points = analyse(crossing(two_arms), draws=50).ratio_curve.points
    assert len(points) == LEVELS
    assert [p.at for p in points] == sorted(p.at for p in points)
    for p in points:
        assert p.ratio == pytest.approx(16 ** ((0.8 - p.at) / 0.6))


def test_the_curve_passes_through_the_ratio_at_one_accuracy():
    rows = simulate(World(), clusters=30, questions=8, seed=0)
    report = analyse(rows, draws=300)
    points = report.ratio_curve.points
    at = analyse(rows, at=points[9].at, draws=300).equal_accuracy
    assert (at.ratio, at.low, at.high) == pytest.approx(
        (points[9].ratio, points[9].low, points[9].high)
    )


def test_the_curve_tells_where_a_budget_was_measured(two_arms):
    rows = two_arms({0: (2, 20), 1: (5, 80), 2: (8, 320)}, {0: (3, 20), 1: (8, 80)})
    points = analyse(rows, draws=50).ratio_curve.points
    assert [p.at for p in points if p.measured] == pytest.approx([0.3, 0.5, 0.8])


def test_no_ratio_is_told_where_most_draws_do_not_give_one():
    points = analyse(simulate(World(), 40, 8, seed=0), draws=500).ratio_curve.points
    assert {p.ratio is None for p in points} == {True, False}
    for p in points:
        assert (p.ratio is None) == (p.censored > 0.5)
        assert p.high == math.inf or p.low == 0 or p.censored < 0.05


def test_the_band_for_all_accuracies_holds_the_pointwise_one():
    points = analyse(simulate(World(), 40, 8, seed=0), draws=1000).ratio_curve.points
    assert all(p.simultaneous_low <= p.low <= p.high <= p.simultaneous_high for p in points)
    middle = [p for p in points if 0.45 < p.at < 0.6]
    wider = [np.log(p.simultaneous_high / p.simultaneous_low) / np.log(p.high / p.low)
             for p in middle]  # fmt: skip
    assert 1.05 < np.mean(wider) < 1.8


def test_one_cluster_has_a_curve_without_a_band(two_arms):
    points = analyse(two_arms(BASELINE, FOUR_TIMES, clusters=1), draws=20).ratio_curve.points
    assert points[5].ratio == pytest.approx(4)
    assert math.isnan(points[5].low)
    assert math.isnan(points[5].simultaneous_high)
