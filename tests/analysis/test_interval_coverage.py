"""Nominal 95% intervals must hold the truth 92 to 98 times in 100. Quick version.

The full one (400 runs, 2,000 draws, 50 and 100 clusters) is benchmarks/intervals.py.
"""

from known_ratio import World, coverage

LOW, HIGH = 0.92, 0.98

# Clusters that differ much in what the sleep phase saves and in how long their answers are.
WORLD = World(own_ratio=0.8, own_tokens=0.5)


def inside(found):
    return {name: LOW <= share <= HIGH for name, share in found.items()}


def test_intervals_from_clusters_cover_ratio_difference_and_cost():
    found = coverage(WORLD, runs=160, clusters=50, questions=8, draws=200)
    assert all(inside(found).values()), found


def test_intervals_from_single_questions_fail_the_same_test():
    found = coverage(WORLD, runs=80, clusters=50, questions=8, draws=200, by_item=True)
    assert not any(inside(found).values()), found
