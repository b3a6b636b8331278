"""Results in words, the same in figures and tables.

A number is stated as a finding only where its interval says so. A ratio or a break-even whose
interval is unbounded, or that most bootstrap draws do not give, is "not determined"; of a curve of
ratios each one that most draws give is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal

from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.difference import POWER, Difference, Gain
from sleeptime_lib.analysis.notes import Exchange
from sleeptime_lib.analysis.payoff import Amortisation, Payoff, pays_from
from sleeptime_lib.analysis.ratio import EqualAccuracy, RatioCurve, RatioPoint
from sleeptime_lib.analysis.report import Comparison, Report
from sleeptime_lib.analysis.tokens import CacheShares
from sleeptime_lib.records import budget_name

SIMULATED: Final = "Answers are from the simulated model, not from a language model."


def times(value: float) -> str:
    """A ratio to two digits: 3.8, 12, 0.85."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def saving(ratio: float) -> str:
    """What a token ratio means: "3.8× fewer", "1.2× more", or "as many"."""
    most = times(max(ratio, 1 / ratio))
    if most == "1.0":
        return "as many"
    return f"{most}× {'fewer' if ratio >= 1 else 'more'}"


def fold(value: float) -> str:
    """A limit of a ratio: "3.8×", or the sign of infinity when unbounded."""
    return "∞" if math.isinf(value) else f"{times(value)}×" if value else "0"


def fold_between(low: float, high: float) -> str:
    """Limits of a ratio in brackets, or nothing when there are none."""
    return "" if math.isnan(low) else f"[{fold(low)}, {fold(high)}]"


def between(low: float, high: float, digits: int = 1) -> str:
    """Limits in brackets, or nothing when there are none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


Verdict = Literal["higher", "lower", "not determined"]


def verdict(low: float, high: float) -> Verdict:
    """What the limits of a difference say of it; nothing where they hold 0 or there are none."""
    if low > 0:
        return "higher"
    return "lower" if high < 0 else "not determined"


def limits_of(low: float, high: float) -> str:
    """Limits in brackets, or that there are none."""
    return between(low, high) or "[no interval]"


def sample(report: Report, intervals: str = "whiskers: simultaneous") -> str:
    """How many questions, clusters and runs, and what happened to the rest.

    Args:
        report: The report.
        intervals: How the intervals are shown and what they hold for; "" where none is shown.
    """
    counts = report.counts
    if not counts.asked:
        return "No rows yet."
    partly = (counts.planned_questions or 0) > counts.questions
    of = f" of {counts.planned_questions:,}" if partly else ""
    text = f"n = {counts.questions:,}{of} questions in {counts.clusters:,} clusters"
    if counts.samples > 1:
        text += f", {counts.samples} runs each"
    text += bootstrapped(intervals, report.confidence, report.draws, counts.clusters)
    if counts.failed:
        text += f"; {counts.failed:,} of {counts.asked:,} rows failed and are left out"
    if counts.missing:
        text += f"; {counts.missing:,} rows are missing"
    return text + "."


def bootstrapped(intervals: str, confidence: float, draws: int, clusters: int) -> str:
    """What the intervals are, as the end of a sentence that counts clusters."""
    if clusters < 2:
        return "; no intervals from a single cluster"
    if not intervals:
        return ""
    few = " (few clusters: exploratory)" if clusters < FEW_CLUSTERS else ""
    return f"; {intervals} {percent(confidence)} cluster bootstrap, {draws:,} draws{few}"


def equal_accuracy(equal: EqualAccuracy, confidence: float, score: str = "accuracy") -> str:
    """The equal-accuracy ratio with its interval, or why there is none; `score`: its name."""
    if equal.reason or equal.at is None:
        return f"No token ratio: {equal.reason.replace('accuracy', score)}."
    reached = "the accuracies that" if score == "accuracy" else "what"
    chosen = "" if equal.at_given else f", the middle of {reached} both arms reach"
    where = f"At equal {score} ({100 * equal.at:.1f}%{chosen})"
    if equal.ratio is None or not equal.determined:
        what = _undetermined(fold(equal.low), fold(equal.high), equal.low, confidence)
        return f"{where} the ratio of test tokens is {what}{_missed(equal.censored, score)}."
    low, high = equal.low, equal.high
    if equal.ratio < 1:
        low, high = 1 / high, 1 / low
    text = (
        f"{where} sleep-time needs {saving(equal.ratio)} test tokens, "
        f"{percent(confidence)} interval {fold(low)} to {fold(high)} "
        f"(×/÷ {math.sqrt(high / low):.1f})"
    )
    if low < 1 < high:
        text += ", which leaves open whether fewer or more"
    return f"{text}{_missed(equal.censored, score)}."


def ratio_at(point: RatioPoint) -> str:
    """The token ratio at one accuracy with its pointwise limits."""
    told = "not determined" if point.ratio is None else f"{times(point.ratio)}×"
    return f"{told} {fold_between(point.low, point.high)}".rstrip()


def told_points(curve: RatioCurve) -> tuple[RatioPoint, ...]:
    """Five points of a ratio curve, evenly spaced, for a text or a table."""
    wanted = [curve.points[0].at, curve.points[-1].at] if curve.points else []
    return tuple(
        min(curve.points, key=lambda point: abs(point.at - at))
        for at in (wanted[0] + i * (wanted[1] - wanted[0]) / 4 for i in range(5) if wanted)
    )


def ratio_curve(curve: RatioCurve, confidence: float) -> str:
    """The token ratio over all accuracies that both arms reach; nothing where they share none."""
    if not curve.points:
        return ""
    if all(point.ratio is None for point in curve.points):
        where = _span([100 * curve.points[0].at, 100 * curve.points[-1].at], "{:.1f}")
        return (
            f"The ratio of test tokens is not determined at any accuracy of both arms ({where}%)."
        )
    told = "; ".join(f"{100 * p.at:.1f}%: {ratio_at(p)}" for p in told_points(curve))
    text = f"Test tokens of the baseline over those of sleep-time, by accuracy: {told}."
    if math.isnan(curve.points[0].low):
        return text
    found = {
        "fewer": _where(curve, [p.simultaneous_low > 1 for p in curve.points]),
        "more": _where(curve, [p.simultaneous_high < 1 for p in curve.points]),
    }
    said = " and ".join(f"{what} test tokens at {where}" for what, where in found.items() if where)
    said = f"sleep-time needs {said}" if said else "it stays open which arm needs fewer"
    return f"{text} For all accuracies at once ({percent(confidence)} band), {said}."


def _where(curve: RatioCurve, holds: Sequence[bool]) -> str:
    """At which accuracies something holds."""
    runs = []
    for does, own in groupby(zip(holds, curve.points, strict=True), key=lambda pair: pair[0]):
        points = [100 * point.at for _, point in own]
        if does:
            runs.append(f"{_span(points, '{:.1f}')}%")
    return " and ".join(runs)


def budget_words(kind: str, budget: int) -> str:
    """A budget as part of a sentence: "budget 3", "effort low"."""
    name = budget_name(kind, budget)
    return f"budget {name}" if name.isdigit() else f"{kind} {name}"


def gain(found: Gain, confidence: float) -> str:
    """An "up to" gain with the correction for having picked the best of many settings."""
    text = (
        f"{found.treatment} over {found.control}: up to {found.observed_points:+.1f} points "
        f"({budget_words(found.budget_kind, found.budget)}, the largest of {found.settings})"
    )
    if math.isnan(found.cross_fitted_points):
        return text + "."
    return (
        f"{text}; {found.cross_fitted_points:+.1f} when the setting is picked on other clusters; "
        f"{percent(confidence)} interval for the true maximum {between(found.low, found.high)}."
    )


def best_and_worst(comparison: Comparison) -> str:
    """Where one sleep setting gains most over the baseline, and where it loses most."""
    known = [d for d in comparison.differences if math.isfinite(d.simultaneous_low + d.points)]
    if len(known) < 2:
        return ""
    best, worst = (choose(known, key=lambda d: d.points) for choose in (max, min))

    def told(d: Difference) -> str:
        limits = between(d.simultaneous_low, d.simultaneous_high)
        where = budget_words(comparison.line.budget_kind, d.treatment_budget)
        return f"{d.points:+.1f} {limits} at {where}"

    return (
        f"{comparison.line.label} over the baseline: best {told(best)}, worst {told(worst)} "
        "(points, simultaneous intervals)."
    )


def margin_in_reach(report: Report) -> str:
    """What a run of this size can show about arms that are equally accurate."""
    margins = [
        d.margin_in_reach
        for c in report.comparisons
        for d in c.differences
        if math.isfinite(d.margin_in_reach)
    ]
    if not margins:
        return ""
    points = _span([min(margins), max(margins)], "{:.1f}")
    asked = (
        f"; {report.margin_points:g} is out of reach" if min(margins) > report.margin_points else ""
    )
    return (
        f"If the arms were equal, such a run would show in {100 * POWER:.0f}% of cases that "
        f"sleep-time is worse by less than {points} points, depending on the cell{asked}."
    )


def whole_bill(report: Report) -> str:
    """Accuracy against all generated tokens if the sleep phase serves one question only."""
    curves = [*report.of("baseline"), *report.of("sleep")[:1]]
    if len(curves) < 2 or not all(p.total_tokens > 0 for c in curves for p in c.points):
        return ""
    told = []
    for curve in curves:
        tokens = sorted(p.total_tokens for p in curve.points)
        right = sorted(100 * p.accuracy for p in curve.points)
        told.append(
            f"{curve.line.label} {_span(tokens, '{:,.0f}')} for {_span(right, '{:.1f}')}% right"
        )
    return (
        f"Generated tokens per question with the sleep phase, if it serves one question: "
        f"{'; '.join(told)}."
    )


def _span(values: Sequence[float], form: str) -> str:
    low, high = form.format(values[0]), form.format(values[-1])
    return low if low == high else f"{low} to {high}"


def prefix_cache(shares: CacheShares) -> str:
    """What servers had in their prefix cache; nothing where they reported none."""
    told = [
        f"{100 * share:.0f}% of those of {what}"
        for share, what in ((shares.test, "the answers"), (shares.sleep, "the sleep phases"))
        if share > 0
    ]
    return f"Prompt tokens that came from a prefix cache: {' and '.join(told)}." if told else ""


def sentences(report: Report) -> list[str]:
    """What a run says, for below its table: ratios, gains, counts, warnings."""
    found = []
    if report.comparisons:
        found.append(equal_accuracy(report.equal_accuracy, report.confidence, report.score))
        found.append(ratio_curve(report.ratio_curve, report.confidence))
    for most in (report.max_gain, report.scaling_gain):
        if most is not None:
            found.append(gain(most, report.confidence))
    found += map(best_and_worst, report.comparisons)
    found.append(margin_in_reach(report))
    found.append(whole_bill(report))
    found.append(sample(report, "intervals: simultaneous"))
    if any(math.isfinite(d.points + d.low) for c in report.comparisons for d in c.differences):
        found.append(
            "Intervals and conclusions of the table hold for all its cells at once, those of a "
            "token ratio for one accuracy."
        )
    found.append(prefix_cache(report.tokens.hit_rate))
    if report.score != "accuracy":
        found.append(f"Accuracy is the mean {report.score} here.")
    if report.simulated:
        found.append(SIMULATED)
    return [text for text in found if text] + [f"Note: {text}." for text in report.warnings]


def pays(payoff: Payoff, confidence: float) -> str:
    """From how many questions on a sleep phase pays, in a sentence; "" when not known."""
    point, where = payoff.break_even, payoff.basis.words
    if payoff.basis.reason:
        return f"No break-even {where}: {payoff.basis.reason}."
    if math.isnan(point.estimate) and payoff.estimated:
        return ""
    where = where[0].upper() + where[1:]
    first, low, high = map(first_paying, (point.estimate, point.low, point.high))
    if not payoff.determined:
        what = _undetermined(low, high, point.low, confidence)
        return f"{where} the break-even is {what}{_missed(payoff.censored)}."
    if math.isinf(point.low):
        return f"{where} no number of questions pays for the sleep phase."
    return (
        f"{where} it pays from {first} question{'' if first == '1' else 's'} per context on "
        f"({percent(confidence)} interval: {low} to {high}){_missed(payoff.censored)}."
    )


def break_even(found: Amortisation) -> str:
    """The break-even of the smallest sleep setting: at equal accuracy, and at every budget."""
    main = found.main
    if main is None:
        return ""
    every = [p for p in (*found.equal_accuracy, *found.payoffs) if p.line == main.line]
    return " ".join(said for p in every if (said := pays(p, found.confidence)))


def matches(found: Exchange) -> str:
    """How many wrong answers are a number that stands in the notes, beside what chance does."""
    slept, awake = found.sleep_wrong, found.baseline_wrong
    lost, with_notes, without = (
        _share(*pair)
        for pair in (
            (found.matches, len(found.lost)),
            (slept.matches, slept.answers),
            (awake.matches, awake.answers),
        )
    )
    beyond = f"{_copied(found.copied)}{_of_another_context(found.placebo)}"
    return (
        f"The answer is a number that stands in the notes in {lost} of the lost and {with_notes} "
        f"of all wrong answers with notes, but also in {without} of the baseline's wrong answers, "
        f"which were given without notes.{beyond}"
    )


def _copied(more: Interval) -> str:
    """Whether wrong answers match the notes more often than without having read them."""
    if math.isnan(more.estimate):
        return ""
    said = {"higher": "shown", "lower": "not shown"}.get(
        verdict(more.low, more.high), "not determined"
    )
    limits = limits_of(more.low, more.high)
    return f" That is {more.estimate:+.1f} points {limits}: copying is {said}."


def _of_another_context(share: float) -> str:
    if math.isnan(share):
        return ""
    said = f"{100 * share:.0f}%"
    return f" Held against another context's notes, which no answer read, {said} would match."


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f}%)" if whole else "0 of 0"


def percent(confidence: float) -> str:
    """A confidence as people write it."""
    return f"{100 * confidence:g}%"


def first_paying(break_even: float) -> str:
    """The first whole number of questions that pays, or "never"."""
    first = pays_from(break_even)
    return "never" if math.isinf(first) else f"{first:,.0f}"


def _undetermined(low: str, high: str, limit: float, confidence: float) -> str:
    if math.isnan(limit):
        return "not determined: there is no interval"
    return f"not determined: {percent(confidence)} interval {low} to {high}"


def _missed(censored: float, score: str = "accuracy") -> str:
    if censored < 0.001:
        return ""
    return f"; {100 * censored:.1f}% of draws do not reach that {score}"
