"""Nominal 95% intervals must hold the truth about 95 times in 100. Quick version, fixed seeds.

The full one (more designs, runs and draws) is benchmarks/coverage.py.
"""

import pytest
from known_ratio import World, coverage

UNEQUAL = (1, 2, 2, 3, 4, 4, 6, 8, 12, 18)
HEAVY = World(own_tokens=1.0, noise=0.8)
RUNS, DRAWS = 40, 300
LEAST = 0.85
"""Six misses in 40 runs; an interval of 95% has more in 3 of 1,000 tests."""


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
    assert all(share >= LEAST for share in found.values()), found
    assert min(found.values()) < 1, found


def test_intervals_of_costs_cover_better_than_the_bootstrap_where_tokens_have_heavy_tails():
    # Ten lognormal clusters are too few for any method; percentiles of the bootstrap cover 78%.
    found = coverage(HEAVY, 60, 10, questions=4, draws=DRAWS)
    assert found["cost"] >= 0.82, found


def test_intervals_cover_where_hardly_an_answer_is_right():
    found = coverage(World(most=0.04), RUNS, 35, questions=4, draws=DRAWS)
    assert found["accuracy"] >= 0.93, found
    assert found["difference"] >= 0.93, found


def test_intervals_from_single_questions_fail_the_same_test():
    world = World(own_ratio=0.8, own_tokens=0.5)
    found = coverage(world, 40, 50, questions=8, draws=200, by_item=True)
    assert all(found[name] < 0.9 for name in ("accuracy", "difference", "cost", "ratio")), found
