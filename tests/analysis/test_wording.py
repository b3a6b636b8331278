"""What is said, and above all what is not said, about numbers and their intervals."""

import math
from dataclasses import replace

import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.notes import Exchange, NoteLine, Split, Turned, WrongAnswers
from sleeptime_lib.analysis.ratio import EqualAccuracy, RangeRatio
from sleeptime_lib.analysis.report import RunSize, analyse
from sleeptime_lib.analysis.tokens import CacheShares
from sleeptime_lib.records import Context, Question

FEWER = {"at": 0.35, "ratio": 3.0, "low": 1.5, "high": 6.0, "censored": 0.0}


def ratio(**changed):
    return wording.ratio(EqualAccuracy(**(FEWER | changed)), 0.95)


def test_numbers_are_rounded_for_reading():
    assert [wording.times(x) for x in (0.123, 0.96, 3.83, 12.4)] == ["0.12", "1.0", "3.8", "12"]
    assert [wording.fold(x) for x in (3.83, np.inf, 0)] == ["3.8×", "∞", "0"]
    assert [wording.saving(x) for x in (3.83, 0.5, 1.02)] == ["3.8× fewer", "2.0× more", "as many"]
    assert wording.between(np.nan, 1) == ""


# The token ratio


def test_a_ratio_is_told_with_its_interval_and_where_it_was_taken():
    assert ratio() == (
        "At equal accuracy (35.0%, the middle of the accuracies that both arms reach) sleep-time "
        "needs 3.0× fewer test tokens, 95% interval 1.5× to 6.0× (×/÷ 2.0)."
    )


def test_a_ratio_under_one_is_told_as_more():
    assert "needs 2.0× more test tokens, 95% interval 1.2× to 4.0×" in ratio(
        ratio=0.5, low=0.25, high=1 / 1.2
    )


def test_an_accuracy_that_was_asked_for_is_not_called_the_middle():
    assert ratio(at_given=True).startswith("At equal accuracy (35.0%) sleep-time")


@pytest.mark.parametrize(
    ("changed", "interval"),
    [
        ({"high": math.inf}, "95% interval 1.5× to ∞"),
        ({"low": 0.0}, "95% interval 0 to 6.0×"),
        ({"censored": 0.6}, "95% interval 1.5× to 6.0×; 60.0% of draws do not reach"),
        ({"low": math.nan, "high": math.nan}, "there is no interval"),
    ],
)
def test_a_ratio_that_the_draws_do_not_bound_is_not_determined(changed, interval):
    said = ratio(**changed)
    assert "the ratio of test tokens is not determined: " in said
    assert interval in said
    assert "3.0" not in said
    assert "fewer" not in said


def test_an_interval_around_one_leaves_open_which_arm_needs_fewer():
    assert ratio(low=0.6).endswith("which leaves open whether fewer or more.")


def test_no_ratio_has_its_reason():
    said = wording.ratio(EqualAccuracy(at=None, reason="the arms share no accuracy"), 0.95)
    assert said == "No token ratio: the arms share no accuracy."


def test_an_average_over_a_range_follows_the_same_rule():
    known = RangeRatio(ratio=1.8, low=1.1, high=3.3, start=0.2, stop=0.5, censored=0.0)
    assert "20.0 to 50.0% accuracy: 1.8× as many" in wording.range_ratio(known, 0.95)
    unknown = wording.range_ratio(replace(known, high=math.inf, censored=0.76), 0.95)
    assert "not determined: 95% interval 1.1× to ∞; 76.0% of draws share none of it" in unknown
    assert wording.range_ratio(RangeRatio(ratio=None), 0.95) == ""


def test_a_run_with_an_unbounded_ratio_says_so():
    report = analyse(simulate(World(), clusters=6, questions=4, seed=4), draws=500)
    assert "is not determined: 95% interval" in wording.sentences(report)[0]


# The break-even


@pytest.fixture(scope="module")
def shared():
    return draw_costs(simulate(World(), 20, 20, seed=0, shared=10), draws=200).amortisation(
        paper_bill()
    )


def pays(shared, estimate, low, high, censored=0.0):
    payoff = replace(
        shared.equal_accuracy[0], break_even=Interval(estimate, low, high), censored=censored
    )
    return wording.pays(payoff, 0.95)


def test_a_break_even_is_told_in_whole_questions(shared):
    said = pays(shared, 3.2, 1.4, 8.9)
    assert "it pays from 4 questions per context on (95% interval: 2 to 9)." in said
    assert "pays from 1 question per context on" in pays(shared, 0.2, 0, 0.9)


def test_a_break_even_from_one_to_never_is_not_determined(shared):
    said = pays(shared, 5.8, 0.4, math.inf, censored=0.3)
    assert "the break-even is not determined: 95% interval 1 to never; 30.0% of draws" in said
    assert "pays from" not in said


def test_most_draws_have_to_give_a_break_even(shared):
    assert "not determined: 95% interval 2 to 9; 81.0%" in pays(shared, 3.2, 1.4, 8.9, 0.81)


def test_never_is_told_where_the_whole_interval_says_so(shared):
    said = pays(shared, math.inf, math.inf, math.inf)
    assert said.endswith("no number of questions pays for the sleep phase.")


def test_the_break_even_at_equal_budgets_stands_beside_the_one_at_equal_accuracy(shared):
    said = wording.break_even(shared)
    assert said.startswith("At equal accuracy")
    assert all(f"At budget {b} it pays from" in said for b in (1, 2, 3, 4))


# The rest


def test_a_sample_says_how_much_of_the_plan_it_is(two_arms):
    rows = two_arms({0: (2, 20)}, {0: (4, 20)}, clusters=4)
    part = wording.sample(analyse(rows, planned=RunSize(rows=200, questions=100), draws=20))
    assert part.startswith("n = 40 of 100 questions in 4 clusters")
    assert part.endswith("120 rows are missing.")
    whole = wording.sample(analyse(rows, planned=RunSize(rows=80, questions=40), draws=20))
    assert whole.startswith("n = 40 questions in 4 clusters")


def test_a_single_arm_is_told_without_a_ratio(two_arms):
    rows = two_arms({0: (2, 20)}, {0: (4, 20)})
    said = " ".join(wording.sentences(analyse(rows[rows["arm"] == "baseline"], draws=20)))
    assert "ratio" not in said
    assert "there are no sleep rows: nothing to compare" in said


def lost(match):
    context, question = Context("x", "c", "Text."), Question("q", "x", "How many?", "1")
    return Turned(context, question, "1", "2", "", NoteLine("eggs", "2") if match else None)


def test_matches_in_the_notes_stand_beside_what_chance_brings_about():
    nothing = Split(0, 0, 0)
    found = Exchange(
        Line("sleep", "verbosity", 1), 3, 0, 0, (), (lost(True), lost(False)),
        WrongAnswers(40, 20), WrongAnswers(50, 17), nothing, nothing,
    )  # fmt: skip
    assert wording.matches(found) == (
        "The answer is a number that stands in the notes in 1 of 2 (50%) of the lost and 20 of 40 "
        "(50%) of all wrong answers with notes, but also in 17 of 50 (34%) of the baseline's wrong "
        "answers, which were given without notes. Only what exceeds that speaks for copying."
    )
    assert "0 of 0 of the lost" in wording.matches(replace(found, lost=()))


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (CacheShares(0.0, 0.0), ""),
        (CacheShares(math.nan, math.nan), ""),
        (
            CacheShares(math.nan, 0.5),
            "Prompt tokens that came from a prefix cache: 50% of those of the answers.",
        ),
        (
            CacheShares(0.25, 0.5),
            "Prompt tokens that came from a prefix cache: 50% of those of the answers and 25% of "
            "those of the sleep phases.",
        ),
    ],
)
def test_a_prefix_cache_is_told_where_there_is_one(rate, said):
    assert wording.prefix_cache(rate) == said
