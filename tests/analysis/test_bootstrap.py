import numpy as np
import pytest
from scipy import stats

from sleeptime_lib.analysis import bootstrap
from sleeptime_lib.analysis.bootstrap import (
    cluster_sums,
    cluster_weights,
    expanded_level,
    interval,
    joint_confidence,
    limits,
    mean_limits,
)


def all_weights(clusters: int, draws: int, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(cluster_weights(clusters, draws, np.random.default_rng(seed))))


def test_every_draw_has_as_many_clusters_as_there_are():
    weights = all_weights(7, 500)
    assert weights.shape == (500, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_every_cluster_is_drawn_once_on_average_with_the_multinomial_variance():
    weights = all_weights(10, 20_000)
    assert weights.mean(axis=0) == pytest.approx(np.ones(10), abs=0.03)
    assert weights.var(axis=0) == pytest.approx(np.full(10, 0.9), abs=0.05)


def test_chunks_do_not_change_the_draws(monkeypatch):
    whole = all_weights(6, 100)
    monkeypatch.setattr(bootstrap, "CHUNK_ENTRIES", 60)
    parts = list(cluster_weights(6, 100, np.random.default_rng(0)))
    assert len(parts) == 10
    assert (np.concatenate(parts) == whole).all()


def test_limits_of_a_mean_are_the_t_interval():
    rng = np.random.default_rng(3)
    values = rng.normal(size=12)
    drawn = all_weights(12, 40_000) @ values / 12
    low, high = limits(drawn, drawn, 0.95, 12)
    half = stats.t.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12)
    assert (high - low) / 2 == pytest.approx(half, rel=0.06)


def test_few_clusters_ask_for_more_extreme_percentiles():
    assert expanded_level(0.95, 5) > expanded_level(0.95, 50) > 0.95
    assert expanded_level(0.95, 1_000_000) == pytest.approx(0.95, abs=1e-4)


def test_an_unbounded_draw_counts_at_its_end():
    drawn = np.concatenate([np.linspace(0, 1, 950), np.full(50, np.inf)])
    low, high = limits(drawn, drawn, 0.95, 1000)
    assert np.isfinite(low)
    assert high == np.inf


def test_a_draw_without_a_value_counts_at_both_ends():
    drawn = np.concatenate([np.linspace(0, 1, 900), np.full(100, np.nan)])
    low, high = limits(drawn, drawn, 0.95, 1000)
    assert (low, high) == (-np.inf, np.inf)


def test_one_cluster_has_no_interval():
    low, high = limits(np.zeros((10, 2)), np.ones((10, 2)), 0.95, 1)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


# Many results at once


def test_a_single_result_needs_no_more_than_its_own_confidence():
    drawn = np.random.default_rng(0).normal(size=(10_000, 1))
    assert joint_confidence(drawn, drawn, 0.95) == pytest.approx(0.95, abs=1e-3)


def test_results_that_move_together_need_no_more_than_one():
    drawn = np.random.default_rng(0).normal(size=(10_000, 1)) * np.array([[1.0, 5.0, 0.1]])
    assert joint_confidence(drawn, drawn, 0.95) == pytest.approx(0.95, abs=1e-3)


def test_independent_results_need_the_confidence_of_sidak():
    drawn = np.random.default_rng(0).normal(size=(40_000, 8))
    assert joint_confidence(drawn, drawn, 0.95) == pytest.approx(0.95 ** (1 / 8), abs=1e-3)


def test_the_intervals_hold_as_many_draws_whole_as_they_should():
    rng = np.random.default_rng(0)
    drawn = np.exp(rng.normal(size=(10_000, 3)) @ rng.normal(size=(3, 12)))
    level = joint_confidence(drawn, drawn, 0.9)
    low, high = limits(drawn, drawn, level, 10**6)
    assert ((low <= drawn) & (drawn <= high)).all(axis=1).mean() == pytest.approx(0.9, abs=0.005)


def test_results_that_most_draws_leave_unbounded_cost_the_others_nothing():
    rng = np.random.default_rng(0)
    known = rng.normal(size=(10_000, 1))
    unbounded = np.where(rng.random((10_000, 5)) < 0.7, np.inf, 1.0)
    high = np.hstack([known, unbounded])
    low = np.hstack([known, np.where(np.isinf(unbounded), 0.0, 1.0)])
    assert joint_confidence(low, high, 0.95) == pytest.approx(0.95, abs=1e-3)


# Skewed means


def mean_of(values, draws=400, seed=0):
    """Limits of the mean of values, each a cluster."""
    count = len(values)
    drawn = all_weights(count, draws, seed)[:, :count] @ values / count
    left_out = (values.sum() - values) / max(count - 1, 1)
    low, high = mean_limits(np.array([values.mean()]), drawn[:, None], left_out[:, None], 0.95)
    return low[0], high[0], *limits(drawn, drawn, 0.95, count)


def test_limits_of_a_symmetric_mean_are_the_t_interval_at_least():
    values = np.array([1.0, 2, 4, 6, 8, 9])
    half = stats.t.ppf(0.975, 5) * values.std(ddof=1) / np.sqrt(6)
    low, high, *drawn = mean_of(values, 20_000)
    assert low == pytest.approx(min(5 - half, drawn[0]), abs=1e-4)
    assert high == pytest.approx(max(5 + half, drawn[1]), abs=1e-4)


def test_limits_of_skewed_means_cover_where_those_of_the_bootstrap_do_not():
    rng = np.random.default_rng(0)
    true = np.exp(0.5)
    found = [mean_of(np.exp(rng.normal(size=20)), seed=run) for run in range(400)]
    covered = [[low <= true <= high, left <= true <= right] for low, high, left, right in found]
    bent, drawn = np.mean(covered, axis=0)
    assert drawn < 0.9
    assert bent > 0.91


def test_one_cluster_has_no_limits():
    assert np.isnan(mean_of(np.array([5.0]))).all()


def test_sums_over_items_are_those_of_the_drawn_clusters():
    items = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    sums = cluster_sums(items, np.array([0, 0, 1]), 2, 200, seed=0)
    assert sums[0].tolist() == [7.0, 70.0]
    assert {tuple(one) for one in sums[1:]} == {(6.0, 60.0), (7.0, 70.0), (8.0, 80.0)}


def test_an_interval_holds_its_estimate_and_lies_within_the_draws():
    values = np.append(0.5, np.linspace(0, 1, 1000))
    found = interval(values, 0.9, 50)
    assert found.estimate == 0.5
    assert 0 < found.low < 0.06
    assert 0.94 < found.high < 1


def test_what_is_bounded_only_has_no_estimate():
    found = interval(np.ones(100), 0.95, 20, high=np.full(100, np.inf))
    assert (np.isnan(found.estimate), found.low, found.high) == (True, 1.0, np.inf)


@pytest.mark.parametrize("values", [np.full(100, 0.3), np.full(100, np.nan)])
def test_what_does_not_vary_or_is_unknown_has_no_limits(values):
    found = interval(values, 0.95, 20)
    assert np.isnan([found.low, found.high]).all()


def test_draws_that_give_no_value_and_rounding_do_not_count_as_varying():
    values = np.full(100, 13.7)
    values[10:20] = np.nan
    values[20:40] += 1e-15
    found = interval(values, 0.95, 20)
    assert found.estimate == 13.7
    assert np.isnan([found.low, found.high]).all()


def test_there_is_no_cluster_and_still_as_many_draws():
    assert (
        cluster_sums(np.empty((0, 2)), np.empty(0, dtype=int), 0, 5, seed=0).tolist()
        == [[0, 0]] * 6
    )
