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
from sleeptime_lib.analysis.ratio import EqualAccuracy, RatioCurve, RatioPoint
from sleeptime_lib.analysis.report import RunSize, analyse
from sleeptime_lib.analysis.tokens import CacheShares
from sleeptime_lib.records import Context, Question

FEWER = {"at": 0.35, "ratio": 3.0, "low": 1.5, "high": 6.0, "censored": 0.0}


def ratio(**changed):
    return wording.equal_accuracy(EqualAccuracy(**(FEWER | changed)), 0.95)


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
    said = wording.equal_accuracy(EqualAccuracy(at=None, reason="the arms share no accuracy"), 0.95)
    assert said == "No token ratio: the arms share no accuracy."


def curve(*points):
    """A ratio curve from (accuracy, ratio, low, high, simultaneous low and high)."""
    return RatioCurve(points=tuple(RatioPoint(*p, censored=0.1, measured=False) for p in points))


def test_a_curve_of_ratios_is_told_at_five_accuracies():
    points = [(0.2 + i / 100, 3.0, 1.5, 6.0, 1.1, 9.0) for i in range(9)]
    said = wording.ratio_curve(curve(*points), 0.95)
    assert said.startswith(
        "Test tokens of the baseline over those of sleep-time, by accuracy: 20.0%: 3.0× [1.5×, "
        "6.0×]; 22.0%: 3.0×"
    )
    assert said.count("3.0×") == 5
    assert wording.ratio_curve(RatioCurve(), 0.95) == ""


def test_of_a_curve_no_ratio_is_told_that_most_draws_do_not_give():
    points = [(0.2, None, 1.5, math.inf, 0.8, math.inf), (0.4, 0.5, 0.2, 1.8, 0.1, 2.0)]
    said = wording.ratio_curve(curve(*points), 0.95)
    assert "20.0%: not determined [1.5×, ∞]" in said
    assert "40.0%: 0.50× [0.20×, 1.8×]" in said
    assert wording.ratio_curve(curve(*points[:1]), 0.95) == (
        "The ratio of test tokens is not determined at any accuracy of both arms (20.0%)."
    )


def test_fewer_tokens_is_said_where_the_band_for_all_accuracies_says_so():
    points = [
        (0.2, 5.0, 2.5, 9.0, 1.5, 12.0), (0.3, 3.0, 1.5, 6.0, 1.1, 9.0),
        (0.4, 2.0, 1.2, 3.0, 0.9, 4.0), (0.5, 0.4, 0.2, 0.7, 0.1, 0.9),
    ]  # fmt: skip
    said = wording.ratio_curve(curve(*points), 0.95)
    assert "fewer test tokens at 20.0 to 30.0% and more test tokens at 50.0%." in said
    said = wording.ratio_curve(curve(*points[2:3]), 0.95)
    assert "it stays open which arm needs fewer." in said


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
        WrongAnswers(40, 20), WrongAnswers(50, 17), Interval(16.0, -4.0, 34.0), 0.05, nothing,
        nothing,
    )  # fmt: skip
    assert wording.matches(found) == (
        "The answer is a number that stands in the notes in 1 of 2 (50%) of the lost and 20 of 40 "
        "(50%) of all wrong answers with notes, but also in 17 of 50 (34%) of the baseline's wrong "
        "answers, which were given without notes. That is +16.0 points [-4.0, 34.0]: copying is "
        "not determined. Held against another context's notes, which no answer read, 5% would "
        "match."
    )
    shown = wording.matches(replace(found, copied=Interval(16.0, 4.0, 34.0)))
    assert "+16.0 points [4.0, 34.0]: copying is shown" in shown
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


# Gains, margins and the whole bill


@pytest.fixture(scope="module")
def report():
    return analyse(simulate(World(), 20, 5, seed=0), draws=300)


def test_gain_and_loss_are_told_of_the_same_sleep_setting(report):
    (comparison,) = report.comparisons
    gains = sorted(comparison.differences, key=lambda d: d.points)
    said = wording.best_and_worst(comparison)
    assert said.startswith("sleep-time k=1 over the baseline: best ")
    for d in (gains[0], gains[-1]):
        limits = wording.between(d.simultaneous_low, d.simultaneous_high)
        assert f"{d.points:+.1f} {limits} at budget {d.treatment_budget}" in said
    assert said in wording.sentences(report)


def test_it_is_told_which_margins_the_run_could_have_shown(report):
    margins = [d.margin_in_reach for d in report.comparisons[0].differences]
    said = wording.margin_in_reach(report)
    assert f"worse by less than {min(margins):.1f} to {max(margins):.1f} points" in said
    assert "in 80% of cases" in said
    assert "; 1 is out of reach." in said
    assert said in wording.sentences(report)


def test_tokens_are_told_with_the_sleep_phase_too(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    rows.loc[rows["arm"] == "sleep", "sleep_completion_tokens"] = 500
    said = wording.whole_bill(analyse(rows, draws=20))
    assert "baseline 20 to 320 for 20.0 to 60.0% right" in said
    assert "sleep-time k=1 520 to 820 for 40.0 to 90.0% right" in said


def test_intervals_are_called_what_they_are(report):
    said = " ".join(wording.sentences(report))
    assert "intervals: simultaneous 95% cluster bootstrap, 300 draws" in said
    assert "conclusions of the table hold for all its cells at once" in said
    assert "intervals" not in wording.sample(report, "")
