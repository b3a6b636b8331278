"""Majority@k is what voting over every choice of k draws, in every order, gives on average."""

from collections import Counter
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.analysis.curves import majority_curves, pass_curves
from sleeptime_lib.analysis.majority import majority_at_k
from sleeptime_lib.analysis.report import analyse

GOLD = "7"


def voted(draws):
    """Whether a vote among draws, in this order, is right: the first of the most frequent wins."""
    named = Counter(draw for draw in draws if draw)
    return bool(named) and max(named, key=lambda answer: named[answer]) == GOLD


def by_hand(draws, k):
    return float(np.mean([voted(chosen) for chosen in permutations(draws, k)]))


@given(st.lists(st.sampled_from(["7", "1", "2", ""]), min_size=1, max_size=6))
def test_it_is_the_mean_of_all_votes(draws):
    found = majority_at_k(draws, [draw == GOLD for draw in draws])
    expected = [by_hand(draws, k) for k in range(1, len(draws) + 1)]
    assert found == pytest.approx(expected)


@given(st.integers(1, 60), st.integers(0, 60))
def test_with_one_wrong_answer_it_is_the_chance_of_more_right_draws(right, wrong):
    found = majority_at_k(["7"] * right + ["1"] * wrong, [True] * right + [False] * wrong)
    k = (right + wrong + 1) // 2
    ways = [comb(right, r) * comb(wrong, k - r) for r in range(k + 1)]
    weights = [(2 * r > k) + 0.5 * (2 * r == k) for r in range(k + 1)]
    expected = sum(w * x for w, x in zip(ways, weights, strict=True)) / comb(right + wrong, k)
    assert found[k - 1] == pytest.approx(expected)


def test_one_answer_in_several_spellings_is_one():
    assert majority_at_k(["7", "7.0", "1"], [True, True, False])[-1] == 1
    assert majority_at_k(["7", "7", "1", "1.0", "1.00"], [True, True, False, False, False])[-1] == 0


def test_draws_without_an_answer_do_not_vote():
    assert majority_at_k(["7", None, None], [True, False, False])[-1] == 1
    assert (majority_at_k([None, ""], [False, False]) == 0).all()


def test_many_draws_are_counted_without_overflow():
    found = majority_at_k(["7"] * 600 + ["1"] * 400, [True] * 600 + [False] * 400)
    assert (found[0], found[-1]) == (pytest.approx(0.6), 1)
    assert (np.diff(found[::2]) > -1e-9).all()


def drawn(frame, told):
    """Ten draws of each question from the answers that it is given."""
    return frame(
        {
            "budget_kind": "samples",
            "question_id": f"q{q}",
            "cluster_id": f"c{q}",
            "sample": i,
            "prediction": answer or None,
            "score": float(answer == GOLD),
        }
        for q, answers in enumerate(told)
        for i, answer in enumerate(answers)
    )


def test_its_curve_has_the_tokens_and_the_first_point_of_pass_at_k(frame):
    rows = drawn(frame, ["7712", "7111", "1177", ["7", "", "", "2"]])
    (curve,), (passed,) = majority_curves(rows, draws=100), pass_curves(rows, draws=100)
    assert [p.k for p in curve.points] == [1, 2, 3, 4]
    assert [p.tokens for p in curve.points] == [p.tokens for p in passed.points]
    assert curve.points[0].accuracy == pytest.approx(passed.points[0].accuracy)
    assert curve.points[1].accuracy == pytest.approx(passed.points[0].accuracy, abs=0.1)
    assert curve.points[3].accuracy == pytest.approx((1 + 0 + 0.5 + 0.5) / 4)
    assert all(p.low <= p.accuracy <= p.high for p in curve.points)
    assert all(m.accuracy <= p.accuracy for m, p in zip(curve.points, passed.points, strict=True))


def test_failed_draws_shorten_the_draws_of_their_question(frame):
    rows = drawn(frame, ["77", "71"])
    rows.loc[1, "score"] = np.nan
    (curve,) = majority_curves(rows, draws=20)
    assert [(p.k, p.n) for p in curve.points] == [(1, 2), (2, 1)]
    assert curve.short == 1


def test_the_report_has_it_beside_pass_at_k(frame):
    report = analyse(drawn(frame, ["7712"] * 3), draws=20).to_json()
    (curve,) = report["majority_at_k"]
    assert set(curve) == set(report["pass_at_k"][0])
    assert [point["k"] for point in curve["points"]] == [1, 2, 3, 4]


def test_there_is_none_without_draws(frame):
    assert majority_curves(frame([{}]), draws=10) == ()
