"""Forecasts in sentences and tables: what the intervals say, and no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.forecasts import Reading
from sleeptime_lib.analysis.foresight import MOST_FORECASTS, Foresight, GainParts, LogScore
from sleeptime_lib.analysis.tables import LINE_HEADER, Table, Value
from sleeptime_lib.analysis.wording import between

_NONE: Final = Interval(math.nan, math.nan, math.nan)

FORESIGHT_HEADER: Final = (
    *LINE_HEADER, "forecasts", "questions", "clusters",
    *(f"{name}{end}" for name in ("foreseen_first", "foreseen", "by_chance", "log_score",
      "log_score_even", "log_score_better", "gain", "gain_part")
      for end in ("", "_low", "_high")),
    "notes", "notes_without_forecasts", "notes_beyond_one", "unreadable_lines",
    "without_probability", "without_number",
)  # fmt: skip
"""CSV columns of `foresight_table`. Shares and rates are from 0 to 1, log scores natural
logarithms, gains percentage points; see `foresight.Foresight` and `forecasts.Reading`."""


def sentences(found: Sequence[Foresight]) -> list[str]:
    """What was foreseen, how sure it was, and what part of the gain comes from it.

    Args:
        found: Of each sleep setting, the smallest first, which is told in full.
    """
    first, *others = found
    return [*_whole(first), *map(_short, others)]


def _whole(told: Foresight) -> list[str]:
    held = told.holding
    said = [
        f"{held.line.label}: {held.forecasts:.1f} forecasts a context; "
        f"{len(held.questions):,} questions held against them in {told.clusters:,} clusters; "
        f"left out: {held.ambiguous:,} that ask for a number which several quantities have, "
        f"{held.unknown:,} without notes or a known quantity.",
        _reading(held.reading),
    ]
    last = told.coverage[-1]
    said.append(
        f"Foreseen by the first {told.coverage[0].forecasts}: {_percent(told.coverage[0].share)}"
        f"; by the first {last.forecasts}: {_percent(last.share)} of the questions. Forecasts "
        f"about other contexts of the cluster hold the number of {_percent(last.placebo)} by "
        "chance."
        if not math.isnan(last.placebo.estimate)
        else f"Foreseen by the first {last.forecasts}: {_percent(last.share)} of the questions; "
        "no other context of a cluster tells how many by chance."
    )
    said.append(_score(told.score, len(held.questions)))
    if told.parts:
        said.append(_parts(told.parts))
    if told.clusters < FEW_CLUSTERS:
        said.append("Few clusters: exploratory.")
    return [line for line in said if line]


def _short(told: Foresight) -> str:
    last = told.coverage[-1]
    said = f"{told.holding.line.label}: the first {last.forecasts} forecasts foresee "
    said += f"{_percent(last.share)} of the questions"
    if not math.isnan(last.placebo.estimate):
        said += f", by chance {_percent(last.placebo)}"
    if told.score:
        better = told.score.better
        limits = between(better.low, better.high, 2)
        said += f"; log score {f'{better.estimate:+.2f} {limits}'.rstrip()} over an even forecast"
    return f"{said}."


def _reading(read: Reading) -> str:
    """How much could not be read; nothing of notes that are no forecasts."""
    told = read.notes - read.unread
    if not told:
        return ""
    unstated, unanswered = (
        _some(count, read.forecasts) for count in (read.unstated, read.unanswered)
    )
    return (
        f"Of {read.notes:,} notes {_some(read.unread, read.notes)} hold no forecast that can be "
        f"read; in {_some(read.excess, told)} of the others the probabilities add up to more than "
        f"100% and are scaled. Of their {read.lines:,} lines {_some(read.broken, read.lines)} "
        f"could not be read; of {read.forecasts:,} forecasts {unstated} have no probability, "
        f"{unanswered} no number."
    )


def _some(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.1f}%)" if of else f"{count:,}"


def _score(score: LogScore | None, questions: int) -> str:
    if score is None:
        return "The notes state no probabilities, so they have no log score and no calibration."
    better = score.better
    limited = f"{better.estimate:+.2f} {between(better.low, better.high, 2)}".rstrip()
    told = "not determined whether the forecasts know more than an even one"
    if better.low > 0:
        told = "the forecasts know more than an even one"
    elif better.high < 0:
        told = "the forecasts are worse than an even one: they are too sure of what does not come"
    return (
        f"Log score {score.score.estimate:.2f} against {score.uniform.estimate:.2f} of an even "
        f"forecast, difference {limited}: {told}. It is over the {score.n:,} of {questions:,} "
        "questions about whose context a probability is stated."
    )


def _parts(parts: GainParts) -> str:
    said = (
        f"At budget {parts.budget} notes gain {_points(parts.gain)}; on the questions foreseen "
        f"({_percent(parts.foreseen)}) {_points(parts.within)}, on the others "
        f"{_points(parts.without)}. "
    )
    if parts.determined:
        said += f"From foreseen questions come {_points(parts.part)} of the gain"
        if math.isfinite(parts.share.low) and math.isfinite(parts.share.high):
            said += f", a share of {_percent(parts.share)}"
        said += "."
    else:
        said += "What part of it comes from foreseen questions is not determined."
    if not math.isnan(parts.beyond.estimate):
        known = parts.beyond.low > 0 or parts.beyond.high < 0
        said += f" Beyond what matches by chance: {_points(parts.beyond)}"
        said += "." if known else ", which is not determined."
    return said


def foresight_table(found: Sequence[Foresight]) -> Table:
    """What the forecasts were worth: one row for each sleep setting."""
    return Table(
        name="forecasts",
        caption="Forecasts of each sleep setting",
        header=(
            "setting",
            "forecasts",
            "foreseen %",
            "by chance %",
            "log score",
            "of the gain",
            "unreadable %",
        ),
        rows=tuple(
            (
                one.holding.line.label,
                f"{one.holding.forecasts:.1f}",
                _limited(one.coverage[-1].share, 100),
                _limited(one.coverage[-1].placebo, 100),
                _limited(one.score.better, digits=2, sign="+") if one.score else "",
                _limited(one.parts.part, sign="+") if one.parts else "",
                _unreadable(one.holding.reading),
            )
            for one in found
        ),
        text_columns=(0,),
        sentences=(
            f"Foreseen: share of the questions whose number one of the first {MOST_FORECASTS} "
            "forecasts has, and the same of forecasts about other contexts. Log score: over an "
            "even forecast, above 0 the forecasts know something. Of the gain: points that "
            "foreseen questions bring. Unreadable: notes without a forecast / lines / forecasts "
            "without a number.",
        ),
        data_header=FORESIGHT_HEADER,
        data=tuple(_data(one) for one in found),
    )


def _limited(value: Interval, factor: float = 1.0, digits: int = 1, sign: str = "") -> str:
    if math.isnan(value.estimate):
        return ""
    limits = between(factor * value.low, factor * value.high, digits)
    return f"{factor * value.estimate:{sign}.{digits}f} {limits}".rstrip()


def _unreadable(read: Reading) -> str:
    if read.unread == read.notes:
        return ""
    names = ("notes_without_forecasts", "unreadable_lines", "without_number")
    rates = (read.rates[name] for name in names)
    return " / ".join("-" if math.isnan(rate) else f"{100 * rate:.0f}" for rate in rates)


def _data(one: Foresight) -> tuple[Value, ...]:
    held, score, parts = one.holding, one.score, one.parts
    line = (getattr(held.line, name) for name in LINE_HEADER)
    numbers = (
        one.coverage[0].share, one.coverage[-1].share, one.coverage[-1].placebo,
        *((score.score, score.uniform, score.better) if score else (_NONE,) * 3),
        *((parts.gain, parts.part) if parts else (_NONE,) * 2),
    )  # fmt: skip
    limits = [value for v in numbers for value in (v.estimate, v.low, v.high)]
    rates = held.reading.rates.values()
    counts = (held.forecasts, len(held.questions), one.clusters)
    return *line, *counts, *limits, held.reading.notes, *rates


def _points(value: Interval) -> str:
    return f"{value.estimate:+.1f} points {between(value.low, value.high)}".rstrip()


def _percent(value: Interval) -> str:
    limits = between(100 * value.low, 100 * value.high)
    return f"{100 * value.estimate:.1f}% {limits}".rstrip()
