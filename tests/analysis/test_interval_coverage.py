"""Nominal 95% intervals must hold the truth about 95 times in 100. Quick version, fixed seeds.

The bars come from binomial limits (`known_ratio.least`), not from what the seeds gave. The full
check (more designs, runs and draws) is benchmarks/coverage.py.
"""

import numpy as np
import pytest
from known_ratio import HEAVY, HEAVY_TRUE, UNEQUAL, UNLIKE, World, coverage, least

RUNS, DRAWS = 40, 300


@pytest.mark.parametrize(
    ("clusters", "how"),
    [
        (35, {"questions": 4}),
        (24, {"questions": 10, "shared": 10}),
        (20, {"questions": UNEQUAL}),
        (10, {"questions": UNEQUAL}),
    ],
    ids=["35 clusters of 4", "24 clusters of 10", "20 unequal clusters", "10 unequal clusters"],
)
def test_intervals_cover_at_the_designs_that_ship_and_with_few_unequal_clusters(clusters, how):
    found = coverage(World(), RUNS, clusters, draws=DRAWS, **how)
    assert all(share >= least(RUNS) for share in found.values()), found
    assert min(found.values()) < 1, found


def test_intervals_of_costs_cover_where_tokens_have_heavy_tails():
    found = coverage(HEAVY, RUNS, 10, questions=4, draws=DRAWS)
    assert found["cost"] >= least(RUNS, HEAVY_TRUE), found


def test_intervals_cover_where_hardly_an_answer_is_right():
    found = coverage(World(most=0.04), RUNS, 35, questions=4, draws=DRAWS)
    for name in ("accuracy", "difference", "accuracies", "differences", "controls"):
        assert found[name] >= least(RUNS), found


def test_intervals_from_single_questions_fail_the_same_test():
    found = coverage(UNLIKE, RUNS, 24, questions=20, draws=200, by_item=True)
    for name in ("accuracies", "differences", "controls", "cost"):
        assert found[name] < least(RUNS), found


def test_the_bar_is_what_a_true_coverage_falls_below_once_in_a_thousand_seeds():
    runs = np.random.default_rng(0).binomial(RUNS, 0.93, 200_000) / RUNS
    assert 0 < np.mean(runs < least(RUNS)) <= 0.001
    assert np.mean(runs < least(RUNS) + 1 / RUNS) > 0.001
