"""All generated tokens at equal accuracy, the sleep phase's too."""

import math

import pytest

from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.whole_bill import whole_bill


@pytest.fixture
def rows(two_arms):
    """At 65% the baseline takes 28.3 tokens, the sleep arm 14.1 and 30 asleep."""
    made = two_arms({0: (2, 10), 1: (8, 40)}, {0: (5, 10), 1: (8, 20)})
    return made.assign(sleep_completion_tokens=30 * (made.arm == "sleep"))


def found(rows):
    return whole_bill(rows, analyse(rows, draws=200), draws=200)


def test_one_question_carries_its_whole_sleep_phase(rows):
    (one,) = found(rows).payoff.savings
    awake = 10 * 2**0.5
    assert one.questions == 1
    assert one.ratio.estimate == pytest.approx(10 * 4**0.75 / (awake + 30), rel=1e-6)
    assert "Q = 1: 1.6× more [1.6×, 1.6×]." in found(rows).sentences()[0]


def test_questions_about_one_context_share_it(rows):
    shared = rows.assign(context_id=rows.cluster_id)
    shared["sleep_id"] = shared.cluster_id.where(shared.arm == "sleep", "")
    one, ten = found(shared).payoff.savings
    assert (one.questions, ten.questions) == (1, 10)
    assert ten.ratio.estimate == pytest.approx(10 * 4**0.75 / (10 * 2**0.5 + 3), rel=1e-6)
    assert found(shared).to_json()["ratios"][1]["questions"] == 10


def test_what_most_draws_do_not_reach_is_not_determined(frame):
    """The baseline reaches the sleep arm's accuracies by a hair, and in few draws."""
    rows = frame(
        {
            "arm": arm,
            "budget": budget,
            "cluster_id": f"c{c}",
            "question_id": f"c{c}",
            "score": float(right(c)),
            "test_completion_tokens": 10 + 30 * budget,
            "sleep_completion_tokens": 30 * (arm == "sleep"),
        }
        for c in range(12)
        for arm, rule in (
            ("baseline", (lambda c: c < 2, lambda c: c < 6)),
            ("sleep", (lambda c: c > 6, lambda c: c > 4)),
        )
        for budget, right in enumerate(rule)
    )
    said = found(rows)
    assert said is None or "not determined" in said.sentences()[0]


def test_arms_that_share_no_accuracy_have_none(two_arms):
    rows = two_arms({0: (1, 10), 1: (2, 40)}, {0: (5, 10), 1: (8, 20)})
    assert found(rows) is None


def test_a_single_cluster_is_not_determined(two_arms):
    rows = two_arms({0: (2, 10), 1: (8, 40)}, {0: (5, 10), 1: (8, 20)}, clusters=1)
    assert "not determined" in found(rows).sentences()[0]
    assert math.isnan(found(rows).payoff.savings[0].ratio.low)
