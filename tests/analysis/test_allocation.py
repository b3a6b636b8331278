"""Spending a budget by marginal gain, and the table that a policy is."""

import itertools

import numpy as np
import pytest
from gaining import gaining
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.analysis.allocation import allocate, fit, upper_hull
from sleeptime_lib.analysis.measured import measure


def spend(values, costs, budgets, weights=None):
    values, costs = np.array(values, dtype=float), np.array(costs, dtype=float)
    weights = np.ones(len(values)) if weights is None else np.array(weights, dtype=float)
    shares = allocate(values, costs, weights, np.array(budgets, dtype=float))
    even = weights / weights.sum()
    return shares, *((even[:, None] * shares * x).sum((1, 2)) for x in (values, costs))


def test_the_steepest_gain_is_bought_first():
    shares, *_ = spend([[0, 1], [0, 3]], [[0, 1], [0, 1]], [0.5])
    assert shares[0].tolist() == [[1, 0], [0, 1]]


def test_a_budget_that_ends_within_a_step_is_spent_by_a_share_of_it():
    shares, _, cost = spend([[0, 1], [0, 3]], [[0, 1], [0, 1]], [0.75])
    assert shares[0].tolist() == [[0.5, 0.5], [0, 1]]
    assert cost[0] == pytest.approx(0.75)


def test_a_gain_that_falls_again_is_never_bought():
    shares, *_ = spend([[0, 5, 4]], [[1, 2, 3]], [10.0])
    assert shares[0].tolist() == [[0, 1, 0]]


def test_a_step_that_is_flatter_than_the_next_is_skipped():
    assert upper_hull(np.array([0.0, 1.0, 10.0]), np.array([0.0, 1.0, 2.0])) == [0, 2]


def test_the_cheapest_is_where_it_begins_also_when_that_is_a_sleep_phase():
    shares, _, cost = spend([[0, 2]], [[5, 3]], [0.0, 9.0])
    assert shares[:, 0].tolist() == [[0, 1], [0, 1]]
    assert cost.tolist() == [3, 3]


@given(st.integers(0, 10_000))
def test_no_other_allocation_of_the_same_cost_gains_more(seed):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.random((4, 3)), axis=1)
    costs = np.sort(rng.random((4, 3)), axis=1)
    budget = rng.uniform(costs[:, 0].mean(), costs[:, 2].mean())
    _, value, cost = spend(values, costs, [budget])
    assert cost[0] <= budget + 1e-9
    rows = np.arange(4)
    for choice in itertools.product(range(3), repeat=4):
        if costs[rows, choice].mean() <= budget:
            assert values[rows, choice].mean() <= value[0] + 1e-9


def test_a_context_that_counts_more_costs_more():
    _, _, cost = spend([[0, 3], [0, 1]], [[0, 1], [0, 1]], [0.75], weights=[3, 1])
    assert cost[0] == pytest.approx(0.75)


# Fitting


def table(gain, **how):
    rows, scores = gaining(gain, **how)
    found = measure(rows)
    score = np.array([scores[name] for name in found.contexts])
    return fit(found, np.ones(len(score), dtype=bool), score)


@pytest.mark.parametrize("rising", [True, False])
def test_gains_are_monotone_in_the_score_in_the_direction_that_fits(rising):
    policy = table(lambda score, k: 0.7 * (score if rising else 1 - score))
    assert policy.rising is rising
    steps = np.diff(policy.gains[:, 1])
    assert (steps > 0).all() if rising else (steps < 0).all()


def test_the_groups_are_thirds():
    counts = table(lambda score, k: 0.3).contexts
    assert counts.sum() == 120
    assert max(counts) - min(counts) <= 2


def test_a_score_that_is_the_same_everywhere_makes_one_group():
    rows, _ = gaining(lambda score, k: 0.3, clusters=4)
    found = measure(rows)
    policy = fit(found, np.ones(12, dtype=bool), np.ones(12))
    assert len(policy.contexts) == 1
    assert policy.group(np.array([-5.0, 1.0, 9.0])).tolist() == [0, 0, 0]


def test_no_group_is_empty_however_few_values_the_score_has():
    rows, _ = gaining(lambda score, k: 0.3, clusters=10, contexts=3)
    found = measure(rows)
    for values in ([0, 1], [0, 0, 0, 0, 1], [0, 1, 1, 1, 1], [0, 1, 2, 2, 2]):
        score = np.resize(np.array(values, dtype=float), 30)
        assert min(fit(found, np.ones(30, dtype=bool), score).contexts) > 0, values


def test_without_a_look_at_the_score_all_are_alike():
    rows, _ = gaining(lambda score, k: 0.3, clusters=10)
    found = measure(rows)
    policy = fit(found, np.ones(30, dtype=bool))
    assert policy.gains.shape == (1, 2)
    gained = (found.accuracy[:, 1] - found.accuracy[:, 0]).mean()
    assert policy.gains[0, 1] == pytest.approx(gained)
