"""The isotonic fit of accuracy on log tokens and its inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from sleeptime_lib.analysis.fit import fit_curve, isotonic

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
