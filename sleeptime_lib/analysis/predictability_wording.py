"""Predictability in sentences and tables: what the intervals say, and no more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.predictability import Predictability
from sleeptime_lib.analysis.tables import LINE_HEADER, Table, Value
from sleeptime_lib.records import budget_name, is_simulated

if TYPE_CHECKING:
    import pandas as pd

EXTREMES: Final = 5
"""Questions at either end of a list."""

GAP_HEADER: Final = (
    *LINE_HEADER, "budget", "n", "clusters", "sd",
    *(f"{name}{end}" for name in ("widening", "slope_per_sd", "rank", "controlled_slope_per_sd",
      "controlled_rank") for end in ("", "_low", "_high")),
)  # fmt: skip
"""CSV columns of `gap_table`. Slopes and the widening between the outer bins are in percentage
points; see `predictability.Predictability`."""


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
    confidence = wording.percent(main.confidence)
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
    told = f"{value.estimate:{form}}"
    if math.isnan(value.low) or math.isnan(value.high):
        return told
    low, high = (f"{v:{form}}".replace("inf", "∞") for v in (value.low, value.high))
    return f"{told} [{low}, {high}]"


def gap_table(found: Sequence[Predictability]) -> Table:
    """How the gap goes with predictability: one row for each sleep setting and budget."""
    return Table(
        name="gap-by-predictability",
        caption="Gap by predictability of the question",
        header=("arm", "budget", "n", "outer bins", "per SD", "rank", "per SD, held fixed"),
        rows=tuple(
            (
                one.line.label,
                budget_name(one.line.budget_kind, one.budget),
                f"{one.n:,}",
                _limited(one.widening),
                _limited(one.raw.per_sd),
                _limited(one.raw.rank, digits=2),
                _limited(one.controlled.per_sd) if one.controlled else "",
            )
            for one in found
        ),
        text_columns=(0,),
        sentences=(
            "Outer bins: gap among the most predictable questions minus that among the least, in "
            "percentage points. Per SD: change of the gap with a standard deviation of "
            "predictability. No correction for several comparisons.",
        ),
        data_header=GAP_HEADER,
        data=tuple(_gap_data(one) for one in found),
    )


def _limited(value: Interval, digits: int = 1) -> str:
    if math.isnan(value.estimate):
        return ""
    limits = wording.between(value.low, value.high, digits)
    return f"{value.estimate:+.{digits}f} {limits}".rstrip()


def _gap_data(one: Predictability) -> tuple[Value, ...]:
    raw, held = one.raw, one.controlled
    line = (getattr(one.line, name) for name in LINE_HEADER)
    nothing = Interval(math.nan, math.nan, math.nan)
    numbers = (one.widening, raw.per_sd, raw.rank,
               held.per_sd if held else nothing, held.rank if held else nothing)  # fmt: skip
    limits = [value for v in numbers for value in (v.estimate, v.low, v.high)]
    return *line, one.budget, one.n, one.clusters, one.sd, *limits


def extremes_table(
    known: pd.DataFrame, measures: Sequence[str], gains: Mapping[str, float], most: int = EXTREMES
) -> Table:
    """The most and the least predictable questions, and how the arms did on them.

    Args:
        known: By question_id, with the columns `measures` and `question`.
        measures: The first is what questions are ordered by.
        gains: Sleep minus baseline score by question_id, in percentage points.
        most: Questions at either end.
    """
    ordered = known.sort_values(measures[0], ascending=False, kind="stable")
    rest = max(min(most, len(ordered) - most), 0)
    ends = {"most": ordered.head(most), "least": ordered.tail(rest)}
    rows = [(end, str(name), own) for end, part in ends.items() for name, own in part.iterrows()]
    return Table(
        name="extremes",
        caption="The most and the least predictable questions",
        header=("predictable", *measures, "gain, points", "question"),
        rows=tuple(
            (
                end,
                *(f"{own[measure]:.2f}" for measure in measures),
                f"{gains[name]:+.0f}" if name in gains else "",
                str(own["question"]),
            )
            for end, name, own in rows
        ),
        text_columns=(0, len(measures) + 2),
        sentences=("Natural logarithms. Single questions show what is meant, and prove nothing.",),
        data_header=("end", "question_id", *measures, "gain", "question"),
        data=tuple(
            (
                end,
                name,
                *(float(own[measure]) for measure in measures),
                gains.get(name, math.nan),
                str(own["question"]),
            )
            for end, name, own in rows
        ),
    )
