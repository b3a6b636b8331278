"""What pictures are made of; an experiment draws one of its own in a few lines.

Such as `accuracy_picture(report, "calls", "Accuracy by calls", [Series("one", "one call", "sleep",
x=(9.0, 30.0), y=(21.0, 48.0))])`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import Floats, Interval
from sleeptime_lib.analysis.confirmation import Confirmation
from sleeptime_lib.analysis.payoff import Amortisation
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.analysis.two_runs import TwoRuns
from sleeptime_lib.figures.axes import percent_axis, points_axis, step_axis, token_axis
from sleeptime_lib.figures.picture import Axis, Picture, Rule, Series, Shade, printable

TOKENS = "Test-time tokens per question (mean generated, log scale)"
ACCURACY = "Accuracy (% of questions right)"
POINTS = "Sleep-time minus baseline (percentage points)"

LONGEST_NAME = 36
_ASIDE = 0.11
"""Between series that stand beside each other, in steps."""


def heading(source: Report | Amortisation | TwoRuns | Confirmation, what: str) -> tuple[str, str]:
    """Title and subtitle: what is shown of which experiment and dataset, and who answered.

    Names are cut to a length that fits; of a path only the last part is told.
    """
    # An amortisation does not say of which experiment it is.
    names = (getattr(source, "experiment", ""), PurePath(source.dataset).name)
    where = " on ".join(_cut(name) for name in names if name)
    return f"{what}: {where}" if where else what, _cut(source.model, 2 * LONGEST_NAME)


def _cut(name: str, most: int = LONGEST_NAME) -> str:
    whole = printable(name)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def picture(
    source: Report | Amortisation | TwoRuns | Confirmation,
    name: str,
    what: str,
    series: Sequence[Series],
    axes: tuple[Axis, Axis],
    notes: Sequence[str],
    **more: Any,
) -> Picture:
    """A picture of any axes.

    Args:
        source: Where the numbers come from, for title, subtitle and the simulated mark.
        name: File name without ending.
        what: What is shown, the beginning of the title.
        series: Curves and points; those without a point are left out.
        axes: The horizontal and the vertical one.
        notes: Sentences of the small print; empty ones are left out.
        more: Other attributes of `Picture`.
    """
    title, subtitle = heading(source, what)
    drawn = Picture(
        name, title, subtitle, *axes, tuple(s for s in series if s.x),
        simulated=source.simulated, **more,
    )  # fmt: skip
    said = list(notes)
    if any(any(s.hollow) and s.joined for s in drawn.series):
        said.append("Hollow: another point of that curve is as high with fewer tokens.")
    whiskers = [s for s in drawn.series if s.limits == "whiskers"]
    if any(w.cut_low or w.cut_high for s in whiskers for w in drawn.whiskers(s)):
        said.append("Arrow heads: the interval goes on beyond the axes.")
    return replace(drawn, note=" ".join(sentence for sentence in said if sentence))


def accuracy_picture(
    report: Report,
    name: str,
    what: str,
    series: Sequence[Series],
    notes: Sequence[str] = (),
    *,
    x_title: str = TOKENS,
    **more: Any,
) -> Picture:
    """Scores in percent against tokens on a logarithmic axis.

    Args:
        report: Where the numbers come from.
        name: File name without ending.
        what: What is shown, the beginning of the title.
        series: Curves; x in tokens above 0, y in percent.
        notes: Small print after the sample.
        x_title: Of the horizontal axis.
        more: Other attributes of `Picture`.
    """
    axes = (
        token_axis((x for s in series for x in s.x), x_title),
        score_axis(report, series),
    )
    said = [wording.sample(report, shown(series)), *notes]
    return picture(report, name, what, series, axes, said, **more)


def score_axis(report: Report, series: Iterable[Series]) -> Axis:
    """The axis of the mean score, by its name, that holds some series."""
    title = ACCURACY if report.score == "accuracy" else f"{report.score} (%)"
    return percent_axis((v for s in series for v in s.values()), title)


def score_title(report: Report) -> str:
    """What the mean score is called, at the beginning of a title."""
    return report.score[:1].upper() + report.score[1:]


def points_picture(
    report: Report,
    name: str,
    what: str,
    series: Sequence[Series],
    steps: Sequence[str],
    notes: Sequence[str] = (),
    *,
    x_title: str,
    y_title: str = POINTS,
    rules: tuple[Rule, ...] = (Rule(0.0, dashed=False),),
) -> Picture:
    """Differences in percentage points at named steps, several series beside each other.

    Args:
        report: Where the numbers come from.
        name: File name without ending.
        what: What is shown, the beginning of the title.
        series: Their x count the steps from 0; y in percentage points.
        steps: Names of the steps, from left to right.
        notes: Small print after the sample.
        x_title: Of the horizontal axis.
        y_title: Of the vertical axis.
        rules: Level lines.
    """
    axes = (
        step_axis(steps, x_title),
        points_axis((v for s in series for v in s.values()), y_title),
    )
    said = [wording.sample(report, shown(series)), *notes]
    return picture(report, name, what, beside(series), axes, said, rules=rules)


def shown(series: Iterable[Series]) -> str:
    """How the simultaneous intervals of a picture are drawn; "" where there are none."""
    drawn = {
        s.limits
        for s in series
        if any(low <= high for low, high in zip(s.low, s.high, strict=True))
    }
    kinds = [{"whiskers": "whiskers", "band": "bands"}[kind] for kind in sorted(drawn)]
    return f"{' and '.join(kinds)}: simultaneous" if kinds else ""


def area(style: str, points: Iterable[tuple[float, float, float]], y: Axis) -> tuple[Shade, ...]:
    """The area between a lower and an upper limit at each x, cut to the vertical axis."""
    known = [(x, low, high) for x, low, high in points if low <= high]
    cut = [(x, *(min(max(v, y.low), y.high) for v in ends)) for x, *ends in known]
    around = [(x, low) for x, low, _ in cut] + [(x, high) for x, _, high in reversed(cut)]
    return (Shade(style, *zip(*around, strict=True)),) if len(cut) > 1 else ()


def estimates(
    name: str, label: str, style: str, points: Iterable[tuple[float, Interval, str]], **more: Any
) -> Series:
    """A series of estimates with their limits; points without a finite estimate are left out.

    Args:
        name: Identity of the series.
        label: Its name in the picture.
        style: Key of `look.STYLES`.
        points: x, the estimate in units of the vertical axis, and text for pointing at it.
        more: Other attributes of `Series`.
    """
    known = [point for point in points if math.isfinite(point[1].estimate)]
    return Series(
        name,
        label,
        style,
        x=tuple(x for x, _, _ in known),
        y=tuple(value.estimate for _, value, _ in known),
        low=tuple(value.low for _, value, _ in known),
        high=tuple(value.high for _, value, _ in known),
        hover=tuple(f"{label}\n{text}" for _, _, text in known),
        **more,
    )


def scaled(value: Interval, factor: float) -> Interval:
    """An interval in other units."""
    return Interval(value.estimate * factor, value.low * factor, value.high * factor)


def share_right(value: Interval, n: int, score: str = "accuracy") -> str:
    """A mean score in percent in words."""
    what = "right" if score == "accuracy" else score
    return f"{value.estimate:.1f}% {what} {wording.between(value.low, value.high)}\nn = {n:,}"


def beside(series: Sequence[Series]) -> tuple[Series, ...]:
    """Series at whole-number x, shifted sideways so that their whiskers stand apart."""
    middle = (len(series) - 1) / 2
    return tuple(
        replace(s, x=tuple(x + _ASIDE * (i - middle) for x in s.x)) for i, s in enumerate(series)
    )


def advantages(a: Series, b: Series) -> tuple[Shade, ...]:
    """Where each of two curves is above the other, over the x that both span.

    Lines run straight in log x, as they are drawn.

    Returns:
        An area in the style of each curve that is above anywhere.
    """
    start, stop = max(a.x[0], b.x[0]), min(a.x[-1], b.x[-1])
    if not start < stop:
        return ()
    x = np.log(np.unique([v for v in (*a.x, *b.x) if start <= v <= stop]))
    gap = _height(a, x) - _height(b, x)
    cross = np.flatnonzero(gap[:-1] * gap[1:] < 0)
    part = gap[cross] / (gap[cross] - gap[cross + 1])
    x = np.sort(np.append(x, x[cross] + part * (x[cross + 1] - x[cross])))
    found = []
    for upper, lower in ((a, b), (b, a)):
        floor = _height(lower, x)
        # Where the other one is higher the area has no height.
        top = np.maximum(_height(upper, x), floor)
        if (top - floor).max() > 1e-9:
            around = np.exp(np.append(x, x[::-1])), np.append(top, floor[::-1])
            found.append(Shade(upper.style, tuple(around[0].tolist()), tuple(around[1].tolist())))
    return tuple(found)


def _height(series: Series, log_x: Floats) -> Floats:
    return np.interp(log_x, np.log(series.x), series.y)
