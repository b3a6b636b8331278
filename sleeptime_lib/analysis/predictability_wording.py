"""What a report says about predictability: what the intervals say, and no more."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.predictability import Predictability
from sleeptime_lib.analysis.wording import percent
from sleeptime_lib.records import budget_name, is_simulated


def sentences(
    found: Mapping[str, Predictability],
    measures: Mapping[str, str],
    answered_by: str,
    scored_by: str,
) -> list[str]:
    """How the gain goes with predictability.

    Args:
        found: By measure of predictability, the main one first.
        measures: What each of them is.
        answered_by: Whose answers are compared.
        scored_by: Who scored the questions.
    """
    main = next(iter(found.values()))
    confidence = percent(main.confidence)
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
