import math

import pytest

from sleeptime_lib.analysis.known_ratio import World, simulate
from sleeptime_lib.analysis.report import analyse


def test_points_are_in_the_order_of_their_budgets_with_means_and_counts(two_arms):
    curve = analyse(two_arms({2: (6, 300), 0: (2, 20)}, {0: (4, 20)}), draws=20).of("baseline")[0]
    assert [p.budget for p in curve.points] == [0, 2]
    assert [p.accuracy for p in curve.points] == pytest.approx([0.2, 0.6])
    assert [p.tokens for p in curve.points] == pytest.approx([20, 300])
    assert [(p.n, p.asked, p.failed, p.missing) for p in curve.points] == [(300, 300, 0, 0)] * 2


def test_intervals_of_accuracy_and_tokens_hold_the_estimate():
    for curve in analyse(simulate(World(), 20, 5, seed=0), draws=300).curves:
        for p in curve.points:
            assert 0 <= p.low < p.accuracy < p.high <= 1
            assert p.tokens_low < p.tokens < p.tokens_high


@pytest.mark.parametrize(("tenths", "low", "high"), [(0, 0, 0.1157), (10, 0.8843, 1)])
def test_where_all_answers_agree_the_interval_is_the_exact_one(two_arms, tenths, low, high):
    # 30 clusters: 1 - 0.025 ** (1 / 30).
    table = {0: (tenths, 20)}
    point = analyse(two_arms(table, table), draws=20).curves[0].points[0]
    assert (point.low, point.high) == pytest.approx((low, high), abs=1e-4)


def test_failures_bound_the_accuracy(two_arms):
    rows = two_arms({0: (5, 20)}, {0: (5, 20)})
    rows.loc[rows["question_id"].str.endswith("q9"), "score"] = math.nan
    point = analyse(rows, draws=20).curves[0].points[0]
    assert (point.asked, point.n, point.failed) == (300, 270, 30)
    assert point.accuracy == pytest.approx(5 / 9)
    assert (point.failures_low, point.failures_high) == pytest.approx((0.5, 0.6))


def test_a_budget_at_which_everything_failed_keeps_its_place(two_arms):
    rows = two_arms({0: (5, 20), 1: (6, 40)}, {0: (5, 20)})
    rows.loc[rows["budget"] == 1, "score"] = math.nan
    point = analyse(rows, draws=20).of("baseline")[0].points[1]
    assert (point.n, point.failed) == (0, 300)
    assert math.isnan(point.accuracy)
    assert math.isnan(point.low)


def test_the_frontier_leaves_out_points_that_cost_more_for_less(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 50), 2: (5, 90), 3: (6, 120), 4: (8, 300)}, {0: (4, 20)})
    assert analyse(rows, draws=20).of("baseline")[0].frontier == (0, 1, 4)
