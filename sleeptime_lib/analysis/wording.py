"""Results in words, the same in figures and tables.

A number is stated as a finding only where its interval says so. A ratio or a break-even whose
interval is unbounded, or that most bootstrap draws do not give, is "not determined".
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.difference import Gain
from sleeptime_lib.analysis.notes import Exchange
from sleeptime_lib.analysis.payoff import Amortisation, Payoff, pays_from
from sleeptime_lib.analysis.predictability import Predictability
from sleeptime_lib.analysis.ratio import EqualAccuracy, RangeRatio
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.analysis.tokens import CacheShares
from sleeptime_lib.records import budget_name, is_simulated


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


def between(low: float, high: float, digits: int = 1) -> str:
    """Limits in brackets, or nothing when there are none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


def sample(report: Report) -> str:
    """How many questions, clusters and runs, and what happened to the rest."""
    counts = report.counts
    if not counts.asked:
        return "No rows yet."
    partly = (counts.planned_questions or 0) > counts.questions
    of = f" of {counts.planned_questions:,}" if partly else ""
    text = f"n = {counts.questions:,}{of} questions in {counts.clusters:,} clusters"
    if counts.samples > 1:
        text += f", {counts.samples} runs each"
    if counts.clusters > 1:
        text += f"; whiskers: {_percent(report.confidence)} cluster bootstrap, "
        text += f"{report.draws:,} draws"
        text += " (few clusters: exploratory)" if counts.clusters < FEW_CLUSTERS else ""
    else:
        text += "; no intervals from a single cluster"
    if counts.failed:
        text += f"; {counts.failed:,} of {counts.asked:,} rows failed and are left out"
    if counts.missing:
        text += f"; {counts.missing:,} rows are missing"
    return text + "."


def ratio(equal: EqualAccuracy, confidence: float) -> str:
    """The equal-accuracy ratio with its interval, or why there is none."""
    if equal.ratio is None or equal.at is None:
        return f"No token ratio: {equal.reason}."
    chosen = "" if equal.at_given else ", the middle of the accuracies that both arms reach"
    where = f"At equal accuracy ({100 * equal.at:.1f}%{chosen})"
    if not equal.determined:
        what = _undetermined(fold(equal.low), fold(equal.high), equal.low, confidence)
        return f"{where} the ratio of test tokens is {what}{_missed(equal.censored)}."
    low, high = equal.low, equal.high
    if equal.ratio < 1:
        low, high = 1 / high, 1 / low
    text = (
        f"{where} sleep-time needs {saving(equal.ratio)} test tokens, "
        f"{_percent(confidence)} interval {fold(low)} to {fold(high)} "
        f"(×/÷ {math.sqrt(high / low):.1f})"
    )
    if low < 1 < high:
        text += ", which leaves open whether fewer or more"
    return f"{text}{_missed(equal.censored)}."


def range_ratio(found: RangeRatio, confidence: float) -> str:
    """The token ratio averaged over a range of accuracies; nothing without a range."""
    if found.ratio is None:
        return ""
    where = f"On average over {100 * found.start:.1f} to {100 * found.stop:.1f}% accuracy"
    if not found.determined:
        what = _undetermined(fold(found.low), fold(found.high), found.low, confidence)
        missed = f"; {100 * found.censored:.1f}% of draws share none of it"
        return f"{where} the ratio of test tokens is {what}{missed if found.censored else ''}."
    return (
        f"{where}: {times(found.ratio)}× as many tokens for the baseline "
        f"[{fold(found.low)}, {fold(found.high)}]; the ratio may differ much within that range."
    )


def _budget(found: Gain) -> str:
    name = budget_name(found.budget_kind, found.budget)
    return f"budget {name}" if name.isdigit() else f"{found.budget_kind} {name}"


def gain(found: Gain, confidence: float) -> str:
    """An "up to" gain with the correction for having picked the best of many settings."""
    text = (
        f"{found.treatment} over {found.control}: up to {found.observed_points:+.1f} points "
        f"({_budget(found)}, the largest of {found.settings})"
    )
    if math.isnan(found.cross_fitted_points):
        return text + "."
    return (
        f"{text}; {found.cross_fitted_points:+.1f} when the setting is picked on other clusters; "
        f"{_percent(confidence)} interval for the true maximum {between(found.low, found.high)}."
    )


def prefix_cache(shares: CacheShares) -> str:
    """What servers had in their prefix cache; nothing where they reported none."""
    told = [
        f"{100 * share:.0f}% of those of {what}"
        for share, what in ((shares.test, "the answers"), (shares.sleep, "the sleep phases"))
        if share > 0
    ]
    return f"Prompt tokens that came from a prefix cache: {' and '.join(told)}." if told else ""


def sentences(report: Report) -> list[str]:
    """What a run says, for below its table: ratio, range, gains, counts, warnings."""
    found = []
    if report.comparisons:
        found.append(ratio(report.equal_accuracy, report.confidence))
        found.append(range_ratio(report.range_ratio, report.confidence))
    for most in (report.max_gain, report.scaling_gain):
        if most is not None:
            found.append(gain(most, report.confidence))
    found.append(sample(report).replace("whiskers", "intervals"))
    found.append(prefix_cache(report.tokens.hit_rate))
    if report.simulated:
        found.append("Answers are from the simulated model, not from a language model.")
    return [text for text in found if text] + [f"Note: {text}." for text in report.warnings]


def pays(payoff: Payoff, confidence: float) -> str:
    """From how many questions on a sleep phase pays, in a sentence; "" when not known."""
    point, where = payoff.break_even, payoff.basis.words
    if payoff.basis.reason:
        return f"No break-even {where}: {payoff.basis.reason}."
    if math.isnan(point.estimate):
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
        f"({_percent(confidence)} interval: {low} to {high}){_missed(payoff.censored)}."
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
    return (
        f"The answer is a number that stands in the notes in {lost} of the lost and {with_notes} "
        f"of all wrong answers with notes, but also in {without} of the baseline's wrong answers, "
        "which were given without notes. Only what exceeds that speaks for copying."
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f}%)" if whole else "0 of 0"


def _percent(confidence: float) -> str:
    return f"{100 * confidence:g}%"


def first_paying(break_even: float) -> str:
    """The first whole number of questions that pays, or "never"."""
    first = pays_from(break_even)
    return "never" if math.isinf(first) else f"{first:,.0f}"


def _undetermined(low: str, high: str, limit: float, confidence: float) -> str:
    if math.isnan(limit):
        return "not determined: there is no interval"
    return f"not determined: {_percent(confidence)} interval {low} to {high}"


def _missed(censored: float) -> str:
    return f"; {100 * censored:.1f}% of draws do not reach that accuracy" if censored else ""


def predictability(
    found: Mapping[str, Predictability],
    measures: Mapping[str, str],
    answered_by: str,
    scored_by: str,
) -> list[str]:
    """How the gain goes with predictability: what the intervals say, and no more.

    Args:
        found: By measure of predictability, the main one first.
        measures: What each of them is.
        answered_by: Whose answers are compared.
        scored_by: Who scored the questions.
    """
    main = next(iter(found.values()))
    confidence = _percent(main.confidence)
    few = " (few clusters: exploratory)" if main.clusters < FEW_CLUSTERS else ""
    told = [
        f"Answers are {answered_by}'s, log-probabilities {scored_by}'s: {main.line.label} against "
        f"the baseline at {main.line.budget_kind} "
        f"{budget_name(main.line.budget_kind, main.budget)}, {main.n:,} questions in "
        f"{main.clusters:,} clusters{few}; intervals: {confidence} cluster bootstrap.",
        f"Between the least and the most predictable of {len(main.bins)} bins the gap changes by "
        f"{points(main.widening)}.",
    ]
    for name, one in found.items():
        slope, rank = one.raw.per_sd, one.raw.rank
        said = (
            f"By {measures[name]}: {points(slope)} per standard deviation, rank correlation "
            f"{_with_limits(rank, '+.2f')}: {direction(slope)}"
        )
        if (held := one.controlled) is not None:
            said += (
                f"; with {' and '.join(one.controls)} held fixed {points(held.per_sd)}, "
                f"rank correlation {_with_limits(held.rank, '+.2f')}: {direction(held.per_sd)}"
            )
        told.append(f"{said}.")
    if main.idle:
        told.append(f"Not held fixed, since not known or alike for all: {', '.join(main.idle)}.")
    if main.left_out:
        told.append(f"{main.left_out:,} questions lack a log-probability or an arm's answer.")
    if len(found) > 1:
        told.append("Nothing is corrected for so many comparisons.")
    if is_simulated(answered_by):
        told.append("The answers are the simulated model's, not a language model's.")
    elif is_simulated(scored_by):
        told.append("Only the log-probabilities are the simulated model's, the answers are not.")
    return told


def direction(change: Interval) -> str:
    """Whether a gap grows with predictability, as far as the interval tells, as a clause."""
    if math.isnan(change.low):
        return "whether the gap grows or falls is not determined (no interval)"
    if change.low > 0:
        return "the gap grows with predictability"
    if change.high < 0:
        return "the gap falls with predictability"
    return "whether the gap grows or falls is not determined"


def points(change: Interval) -> str:
    """A change in percentage points with its limits."""
    return (
        f"{_with_limits(change, '+.1f')} points" if math.isfinite(change.estimate) else "not known"
    )


def _with_limits(value: Interval, form: str) -> str:
    if math.isnan(value.estimate):
        return "not known"
    low, high = ("∞" if math.isinf(v) else f"{v:{form}}" for v in (value.low, value.high))
    return (
        f"{value.estimate:{form}} [{low}, {high}]" if low != "nan" else f"{value.estimate:{form}}"
    )
