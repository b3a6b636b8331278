"""Limits that hold where hardly an answer differs from the others."""

import numpy as np
import pytest
from known_ratio import least
from scipy import stats

from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.score import (
    apart_limits,
    design_effect,
    difference_limits,
    item_means,
    share_limits,
)

RUNS = 150
"""Of a check of coverage."""

MANY = 10**6
"""Clusters, so that quantiles are those of the normal distribution."""


def arms(frame, baseline, sleep, clusters=35, per=4):
    """Both arms at one budget; so many right, the first questions in turn over clusters."""
    return frame(
        {
            "arm": arm,
            "cluster_id": f"c{q % clusters:02}",
            "question_id": f"q{q:03}",
            "score": float(q < right),
        }
        for arm, right in (("baseline", baseline), ("sleep", sleep))
        for q in range(clusters * per)
    )


def gain(frame, baseline, sleep, **how):
    return analyse(arms(frame, baseline, sleep, **how), draws=400).comparisons[0].differences[0]


def test_the_limits_of_a_share_are_wilsons():
    low, high = share_limits(np.array([0.3]), np.array([50.0]), 0.95, MANY)
    expected = stats.binomtest(15, 50).proportion_ci(0.95, "wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-5)


@pytest.mark.parametrize(
    ("more", "less", "n", "low", "high"),
    # Where all pairs agree, z² / (n + z²); where all differ, 1 less twice that.
    [(0, 0, 60, -0.0602, 0.0602), (60, 0, 60, 0.8797, 1), (0, 60, 60, -1, -0.8797)],
)
def test_the_limits_of_a_paired_difference_are_tangos(more, less, n, low, high):
    found = difference_limits(*(np.array([float(x)]) for x in (more, less, n)), 0.95, MANY)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=2e-4)


def test_at_its_limits_a_difference_is_as_far_off_as_the_level_says():
    # The score at a limit, from the maximum of the likelihood by a search over a fine grid.
    more, less, n, z = 9.0, 3.0, 40.0, stats.norm.ppf(0.975)
    for limit in difference_limits(*(np.array([x]) for x in (more, less, n)), 0.95, MANY):
        true = float(limit[0])
        only = np.linspace(max(0.0, -true) + 1e-9, (1 - true) / 2 - 1e-9, 400_001)
        likelihood = (
            more * np.log(only + true) + less * np.log(only)
            + (n - more - less) * np.log(1 - 2 * only - true)
        )  # fmt: skip
        best = only[likelihood.argmax()]
        error = np.sqrt(n * (2 * best + true * (1 - true)))
        assert abs(more - less - n * true) / error == pytest.approx(z, abs=1e-3)


def test_clusters_that_agree_are_worth_one_answer_each():
    n, mean = np.array([400.0]), 0.5
    score = np.repeat([0.0, 10.0], 20)[None]
    found = design_effect(score - 10 * mean, n * 0.25, n * 0.25, n)
    assert found[0] == pytest.approx(10, rel=0.05)


def test_where_no_answer_varies_clusters_are_what_counts():
    none = np.zeros((1, 35))
    assert design_effect(none, np.zeros(1), np.zeros(1), np.array([140.0])) == pytest.approx([4])


def test_a_cell_that_hardly_varies_takes_the_design_effect_of_the_others():
    n = np.array([140.0, 140.0])
    rng = np.random.default_rng(0)
    alike = np.repeat(rng.choice([-2.0, 2.0], 35)[None], 2, axis=0) * np.array([[1.0], [0.0]])
    varied = np.array([35.0, 0.0])
    found = design_effect(alike, varied, varied, n)
    assert found == pytest.approx([4.1, 4.1], abs=0.15)


@pytest.mark.parametrize("right", [0, 60])
def test_equal_arms_that_never_vary_are_not_shown_to_be_no_worse(frame, right):
    found = gain(frame, right, right, clusters=15, per=4)
    assert found.points == 0
    assert found.low < -10
    assert found.high > 10
    assert found.conclusion == "inconclusive"


def test_the_same_answers_in_both_arms_are_not_shown_to_be_no_worse(frame):
    found = gain(frame, 70, 70)
    assert found.low < -1
    assert found.high > 1


def test_limits_do_not_jump_when_the_first_answer_is_right(frame):
    points = [
        analyse(arms(frame, right, 40), draws=400).of("baseline")[0].points[0] for right in range(6)
    ]
    assert [p.low for p in points] == sorted(p.low for p in points)
    highs = np.array([p.high for p in points])
    steps = np.diff(highs)
    assert np.abs(steps).max() < 0.015


def test_differences_do_not_jump_when_the_first_answer_differs(frame):
    lows = np.array([gain(frame, right, 0).low for right in range(6)])
    steps = -np.diff(lows)
    assert np.abs(steps).max() < 1.5


def test_draws_for_pass_at_k_have_such_limits_too(frame):
    rows = frame(
        {"budget_kind": "samples", "question_id": f"q{q}", "cluster_id": f"c{q}", "sample": s,
         "score": 0.0}
        for q in range(30)
        for s in range(3)
    )  # fmt: skip
    point = analyse(rows, draws=50).pass_at_k[0].points[0]
    assert point.low == 0
    assert 0.05 < point.high < 0.2


@pytest.mark.parametrize(
    ("sizes", "rates"),
    [
        ((4,) * 35, (0.44, 0.22)),
        ((4,) * 35, (0.03, 0.02)),
        ((1, 2, 2, 3, 4, 4, 6, 8, 12, 18), (0.4, 0.2)),
    ],
    ids=["35 clusters of 4", "rare", "10 unequal clusters"],
)
def test_the_limits_of_shares_of_unlike_answers_cover(sizes, rates):
    """Answers of one cluster are alike, and each arm has wrong answers of its own to count."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    held = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        share = [rng.beta(3 * rate, 3 * (1 - rate), len(sizes))[cluster] for rate in rates]
        counted = [rng.random(len(cluster)) < chance for chance in (0.7, 0.9)]
        values = np.column_stack(
            [
                np.where(wrong, rng.random(len(cluster)) < own, np.nan)
                for own, wrong in zip(share, counted, strict=True)
            ]
        )
        n, hits, means = item_means(values, cluster, 300, seed)
        low, high = apart_limits(n, hits, means[1:], 0.95)
        held.append(low[0] <= rates[0] - rates[1] <= high[0])
    assert np.mean(held) >= least(RUNS)


def test_shares_of_unlike_answers_that_never_vary_have_limits():
    n, hits = np.array([[2.0] * 30, [3.0] * 30]), np.zeros((2, 30))
    low, high = apart_limits(n, hits, np.zeros((400, 2)), 0.95)
    assert -0.2 < low[0] < -0.02
    assert 0.02 < high[0] < 0.2


def test_a_share_of_no_answer_has_no_limits():
    n, hits = np.array([[2.0] * 30, [0.0] * 30]), np.zeros((2, 30))
    drawn = np.column_stack([np.zeros(400), np.full(400, np.nan)])
    assert np.isnan(apart_limits(n, hits, drawn, 0.95)).all()
