import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from known_ratio import World, least, simulate

from sleeptime_lib.analysis.curves import pass_at_k, pass_curves
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


@pytest.mark.parametrize("tenths", [0, 10])
def test_where_all_answers_agree_clusters_limit_what_is_known(two_arms, tenths):
    # Nothing varies, so that 30 clusters are 30 answers: Wilson's t² / (30 + t²), t = 2.045.
    table = {0: (tenths, 20)}
    point = analyse(two_arms(table, table), draws=20).curves[0].points[0]
    wide = 2.0452**2 / (30 + 2.0452**2)
    expected = (0, wide) if tenths == 0 else (1 - wide, 1)
    assert (point.low, point.high) == pytest.approx(expected, abs=1e-4)


def test_intervals_for_all_cells_at_once_hold_the_pointwise_ones():
    for curve in analyse(simulate(World(), 20, 5, seed=0), draws=1000).curves:
        for p in curve.points:
            assert p.simultaneous_low <= p.low < p.high <= p.simultaneous_high


def test_tokens_of_which_a_few_clusters_take_most_reach_further_up_than_down(frame):
    rows = frame(
        {
            "cluster_id": f"c{c}", "question_id": f"q{c}-{q}",
            "test_completion_tokens": 2000 if c < 2 else 20,
        }
        for c in range(20)
        for q in range(3)
    )  # fmt: skip
    point = analyse(rows, draws=200).curves[0].points[0]
    assert point.tokens == pytest.approx(218)
    assert point.tokens_high - point.tokens > 3 * (point.tokens - point.tokens_low)


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


def test_scores_between_wrong_and_right_count_in_part(frame):
    rows = frame({"question_id": f"q{i}", "score": s} for i, s in enumerate((0.25, 0.5, 1.0)))
    assert analyse(rows, draws=20).curves[0].points[0].accuracy == pytest.approx(1.75 / 3)


def test_where_all_answers_are_half_right_the_interval_still_allows_for_others(frame):
    rows = frame({"question_id": f"q{c}", "cluster_id": f"c{c}", "score": 0.5} for c in range(30))
    point = analyse(rows, draws=20).curves[0].points[0]
    assert 0 < point.low < 0.5 < point.high < 1


def test_total_tokens_hold_the_whole_sleep_phase(frame):
    rows = frame(
        {
            "arm": arm,
            "question_id": f"q{q}",
            "context_id": "x",
            "test_completion_tokens": 20,
            "sleep_completion_tokens": 100 * (arm == "sleep"),
            "sleep_id": "phase" if arm == "sleep" else "",
            "score": None if q == 2 else 1.0,
        }
        for arm in ("baseline", "sleep")
        for q in range(3)
    )
    points = [c.points[0] for c in analyse(rows, draws=20).curves]
    assert [p.total_tokens for p in points] == [20, 120]


def test_another_arm_has_its_curve_under_its_own_name(two_arms):
    rows = two_arms({0: (2, 20)}, {0: (4, 20)})
    other = rows[rows["arm"] == "sleep"].assign(arm="wider_search", budget_kind="steps")
    report = analyse(pd.concat([rows, other]), draws=20)
    assert [c.line.label for c in report.curves] == ["baseline", "sleep-time k=1", "wider search"]
    assert len(report.comparisons) == 1


# Pass@k


@pytest.mark.parametrize(
    ("n", "right", "k"), [(5, 2, 1), (5, 2, 3), (6, 1, 4), (4, 0, 2), (3, 3, 2)]
)
def test_the_estimate_is_the_share_of_all_choices_of_k_draws_with_a_right_one(n, right, k):
    draws = [True] * right + [False] * (n - right)
    expected = np.mean([any(choice) for choice in combinations(draws, k)])
    assert pass_at_k(np.array([n]), np.array([right]), k)[0] == pytest.approx(expected)


def test_more_draws_than_there_are_cannot_be_estimated():
    assert np.isnan(pass_at_k(np.array([3]), np.array([1]), 4)).all()


def draws(frame, right_by_question, samples=4):
    return frame(
        {
            "budget_kind": "samples",
            "question_id": f"q{q}",
            "cluster_id": f"c{q}",
            "sample": s,
            "score": float(s < right),
            "test_completion_tokens": 20 + s,
        }
        for q, right in enumerate(right_by_question)
        for s in range(samples)
    )


def test_the_curve_is_the_mean_over_questions_against_k_times_the_mean_tokens(frame):
    (curve,) = pass_curves(draws(frame, [0, 1, 4]), draws=200)
    assert [p.k for p in curve.points] == [1, 2, 3, 4]
    assert [p.tokens for p in curve.points] == pytest.approx([21.5, 43, 64.5, 86])
    assert [p.accuracy for p in curve.points] == pytest.approx([5 / 12, 0.5, 7 / 12, 2 / 3])
    assert all(p.low <= p.accuracy <= p.high for p in curve.points)


def test_limits_of_pass_at_k_hold_for_all_k_at_once(frame):
    rng = np.random.default_rng(0)
    chance, held = 0.3, []
    for _ in range(80):
        (curve,) = pass_curves(draws(frame, rng.binomial(4, chance, 30)), draws=300)
        held.append(all(p.low <= 1 - (1 - chance) ** p.k <= p.high for p in curve.points))
    assert least(80) <= np.mean(held) < 1


def test_failed_draws_make_a_question_short_and_the_count_says_so(frame):
    rows = draws(frame, [1, 2, 3])
    rows.loc[0, "score"] = np.nan
    (curve,) = pass_curves(rows, draws=50)
    assert curve.short == 1
    assert [p.n for p in curve.points] == [3, 3, 3, 2]


def test_a_run_without_repeated_draws_has_no_curve(frame):
    assert pass_curves(frame([{}]), draws=10) == ()


def test_a_run_whose_draws_all_failed_has_an_empty_curve(frame):
    rows = draws(frame, [1, 2]).assign(score=np.nan)
    (curve,) = pass_curves(rows, draws=10)
    assert curve.points == ()
    assert curve.short == 2


def test_draws_for_pass_at_k_are_not_taken_for_a_curve(frame):
    report = analyse(draws(frame, [1, 2, 3]), draws=20)
    assert report.curves == ()
    assert len(report.pass_at_k) == 1


def test_a_draw_is_right_from_half_a_score_on(frame):
    rows = draws(frame, [0, 0]).assign(score=[0.5, 0.4] * 4)
    (curve,) = pass_curves(rows, draws=10)
    assert curve.points[0].accuracy == pytest.approx(0.5)
