from itertools import combinations

import numpy as np
import pytest

from sleeptime_lib.analysis.passk import pass_at_k, pass_curves
from sleeptime_lib.analysis.report import analyse


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
