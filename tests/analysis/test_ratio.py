import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_ratio import World, simulate, truth
from scipy.optimize import isotonic_regression

from sleeptime_lib.analysis.ratio import EqualAccuracy, RangeRatio, fit_curve, isotonic
from sleeptime_lib.analysis.report import analyse

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
    found = analyse(rows, draws=50).range_ratio
    assert (found.start, found.stop) == pytest.approx((0.2, 0.8))
    assert found.ratio == pytest.approx(4)


def test_identical_arms_have_the_ratio_one(two_arms):
    found = analyse(two_arms(BASELINE, BASELINE), draws=50)
    assert found.equal_accuracy.ratio == pytest.approx(1)
    assert found.range_ratio.ratio == pytest.approx(1)


def test_clusters_that_agree_leave_no_doubt(two_arms):
    found = analyse(two_arms(BASELINE, FOUR_TIMES), draws=200).equal_accuracy
    assert (found.low, found.high, found.censored) == pytest.approx((4, 4, 0))


def test_arms_without_a_common_accuracy_have_no_ratio_and_a_reason(two_arms):
    rows = two_arms({0: (1, 20), 1: (3, 80)}, {0: (5, 20), 1: (9, 80)})
    found = analyse(rows, draws=50)
    assert found.equal_accuracy.ratio is None
    assert "share no accuracy: baseline 10.0 to 30.0%" in found.equal_accuracy.reason
    assert found.range_ratio.ratio is None


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
    assert RangeRatio(**limits).determined is determined


def test_more_sleep_settings_are_compared_one_by_one(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    twice = rows[rows["arm"] == "sleep"].assign(sleep_parallel=2)
    twice["test_completion_tokens"] = twice["test_completion_tokens"] * 2
    found = analyse(pd.concat([rows, twice]), draws=50).comparisons
    assert [c.line.sleep_parallel for c in found] == [1, 2]
    assert [c.equal_accuracy.ratio for c in found] == pytest.approx([4, 2])


# The isotonic fit and its inverse

POINTS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=12
)  # fmt: skip


def fit(tokens, accuracy, weight=None):
    tokens, accuracy = np.array([tokens], float), np.array([accuracy], float)
    return fit_curve(tokens, accuracy, np.ones_like(tokens) if weight is None else weight)


def reach(curve, level):
    low, high = curve.log_tokens(np.array([level]))
    return np.exp(low[0, 0]), np.exp(high[0, 0])


@given(POINTS)
def test_the_fit_is_the_least_squares_one(points):
    y, weight = (np.array(x, float) for x in zip(*points, strict=True))
    expected = isotonic_regression(y, weights=weight).x
    assert isotonic(y[None], weight[None])[0] == pytest.approx(expected, abs=1e-9)


def test_all_draws_are_fitted_at_once():
    rng = np.random.default_rng(0)
    y, weight = rng.random((50, 6)), rng.integers(1, 9, (50, 6)).astype(float)
    together = isotonic(y, weight)
    alone = [isotonic(y[i : i + 1], weight[i : i + 1])[0] for i in range(50)]
    assert together == pytest.approx(np.array(alone))


def test_points_are_sorted_by_their_tokens():
    curve = fit([400, 20, 90], [0.9, 0.1, 0.5])
    assert np.exp(curve.x[0]) == pytest.approx([20, 90, 400])
    assert curve.y[0] == pytest.approx([0.1, 0.5, 0.9])


def test_the_inverse_is_linear_in_log_tokens():
    low, high = reach(fit([10, 1000], [0.2, 0.8]), 0.5)
    assert low == high == pytest.approx(100)


def test_a_dip_is_levelled_and_its_level_is_reached_at_its_start():
    curve = fit([10, 100, 1000], [0.2, 0.6, 0.4])
    assert curve.y[0] == pytest.approx([0.2, 0.5, 0.5])
    assert reach(curve, 0.5)[0] == pytest.approx(100)


def test_above_the_curve_the_tokens_are_only_bounded_from_below():
    low, high = reach(fit([10, 100], [0.2, 0.6]), 0.7)
    assert low == pytest.approx(100)
    assert high == np.inf


def test_below_the_curve_the_tokens_are_only_bounded_from_above():
    low, high = reach(fit([10, 100], [0.2, 0.6]), 0.1)
    assert low == 0
    assert high == pytest.approx(10)


def test_a_point_without_answers_or_tokens_is_left_out():
    full = fit([10, 100], [0.2, 0.6])
    gaps = fit([10, 50, np.nan, 0, 100], [0.2, 0.9, np.nan, 0.5, 0.6],
               np.array([[1, 0, 0, 1, 1.0]]))  # fmt: skip
    for level in (0.1, 0.3, 0.6, 0.7):
        assert reach(gaps, level) == pytest.approx(reach(full, level))


def test_a_draw_without_any_point_says_nothing():
    low, high = reach(fit([np.nan, 0], [np.nan, 0.5]), 0.5)
    assert (low, high) == (0, np.inf)


def test_equal_tokens_do_not_break_the_inverse():
    low, high = reach(fit([50, 50, 50], [0.1, 0.9, 0.5]), 0.6)
    assert low == high == pytest.approx(50)
