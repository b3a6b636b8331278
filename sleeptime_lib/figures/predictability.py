"""The gap between the arms by how predictable a question is, as pictures (paper figure 10).

Each takes the report of the scores (who scored, on which data), what was found, and whose answers
were compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sleeptime_lib.analysis import predictability_wording as words
from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.predictability import Predictability
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures.axes import points_axis, step_axis, value_axis
from sleeptime_lib.figures.blocks import POINTS, estimates, heading, picture
from sleeptime_lib.figures.picture import Axis, Picture, Rule, Series
from sleeptime_lib.records import budget_name, is_simulated

SCORE = "log-probability of the question after its context (nats)"
_LEVEL = Rule(0.0, dashed=False)
_ROWS = 7
_BETWEEN_ROWS = 4.0
"""Dots of one gain lie in several rows, so many points apart, so that they can be told apart."""


def gap_by_bin(
    report: Report, found: Predictability, answered_by: str, measure: str = SCORE
) -> Picture:
    """The gap in each quantile bin of predictability, with intervals (paper figure 10)."""
    values = [one.gain for one in found.bins]
    texts = [f"{v.estimate:+.1f} points {wording.between(v.low, v.high)}" for v in values]
    series = _binned(found, values, texts)
    axes = (_bins_axis(found, measure), points_axis(series.values(), POINTS))
    said = f"Most minus least predictable: {words.points(found.widening)}."
    what = "Gap by predictability"
    return _picture(report, found, answered_by, "gap-by-bin", what, [series], axes, said)


def extra_by_bin(
    report: Report, found: Predictability, answered_by: str, measure: str = SCORE
) -> Picture:
    """What a question costs more with a sleep phase, in each bin."""
    values = [one.extra for one in found.bins]
    texts = [f"{v.estimate:+,.0f} tokens {wording.between(v.low, v.high, 0)}" for v in values]
    series = _binned(found, values, texts)
    title = f"S / Q + {found.t:g} × more answer tokens, per question"
    axes = (_bins_axis(found, measure), value_axis((0.0, *series.values()), title))
    said = "S: tokens of the sleep phase, shared by the Q questions of its context in this run."
    what = "Extra cost by predictability"
    return _picture(report, found, answered_by, "extra-by-bin", what, [series], axes, said)


def gap_slope(
    report: Report, found: Predictability, answered_by: str, measure: str = SCORE
) -> Picture:
    """Every question's gain against its predictability, and the line through them."""
    aside = [_BETWEEN_ROWS * (i % _ROWS - _ROWS // 2) for i in range(len(found.questions))]
    dots = Series(
        "questions", "one question", "context_only",
        x=tuple(x for _, x, _ in found.questions),
        y=tuple(gain + more for (_, _, gain), more in zip(found.questions, aside, strict=True)),
        hover=tuple(f"{name}\n{x:.1f}\n{gain:+.0f} points" for name, x, gain in found.questions),
        joined=False,
    )  # fmt: skip
    points = [(x, gain, f"at {x:.1f}\n{gain.estimate:+.1f} points") for x, gain in found.fit]
    line = estimates("fit", "least squares", "sleep", points, limits="band")
    if not all(map(math.isfinite, (*line.low, *line.high))):
        line = replace(line, low=(), high=())
    title = measure[0].upper() + measure[1:]
    axes = (
        value_axis((*dots.x, *line.x), title),
        points_axis((v for one in (dots, line) for v in one.values()), POINTS),
    )
    slope = found.raw.per_sd
    said = f"Slope: {words.points(slope)} per standard deviation. " if found.fit else ""
    said += "Dots of one gain lie in several rows, so that they can be told apart."
    what = "Gain against predictability"
    return _picture(report, found, answered_by, "gap-slope", what, [dots, line], axes, said)


def _binned(found: Predictability, values: Sequence[Interval], texts: Sequence[str]) -> Series:
    drawn = [
        (float(i), value, f"{one.low:.1f} to {one.high:.1f}\n{text}\nn = {one.n:,}")
        for i, (one, value, text) in enumerate(zip(found.bins, values, texts, strict=True))
    ]
    return estimates("bins", "", "sleep", drawn)


def _bins_axis(found: Predictability, measure: str) -> Axis:
    means = [f"{one.mean:.3g}".replace("-", "−") for one in found.bins]
    return step_axis(means, f"Mean {measure}")


def _picture(
    report: Report,
    found: Predictability,
    answered_by: str,
    name: str,
    what: str,
    series: Sequence[Series],
    axes: tuple[Axis, Axis],
    said: str,
) -> Picture:
    kind = found.line.budget_kind
    notes = [
        f"{found.line.label} against the baseline at {kind} {budget_name(kind, found.budget)}; "
        f"n = {found.n:,} questions in {found.clusters:,} clusters; intervals: "
        f"{100 * found.confidence:g}% cluster bootstrap"
        f"{' (few clusters: exploratory)' if found.clusters < FEW_CLUSTERS else ''}.",
        said,
    ]
    drawn = picture(report, name, what, series, axes, notes, rules=(_LEVEL,))
    who = f"answers of {answered_by}, scored by {report.model}"
    if answered_by == report.model:
        who = f"answered and scored by {report.model}"
    _, subtitle = heading(replace(report, model=who), what)
    simulated = report.simulated or is_simulated(answered_by)
    return replace(drawn, subtitle=subtitle, simulated=simulated)
