"""From forecasts and policies to pictures."""

from __future__ import annotations

import math

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.foresight import Foresight
from sleeptime_lib.analysis.policies import Spending, Trial
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures.axes import number, percent_axis, step_axis, token_axis
from sleeptime_lib.figures.blocks import ACCURACY, estimates, picture, scaled
from sleeptime_lib.figures.picture import Picture, Series

STRATEGIES = {
    "never": ("never sleep", "baseline"),
    "always": ("always sleep", "scale-1"),
    "random": ("by chance", "context_only"),
    "policy": ("policy", "sleep"),
    "oracle": ("oracle (hindsight)", "mark"),
}
"""Label and style of each."""


def calibration(report: Report, found: Foresight) -> Picture:
    """How often forecasts come true against how probable they were said to be."""
    points = [
        (
            100 * one.stated,
            scaled(one.came, 100),
            f"stated {100 * one.stated:.0f}%\ncame {100 * one.came.estimate:.1f}%\nn = {one.n:,}",
        )
        for one in found.calibration
    ]
    ends = (0.0, 100.0)
    series = [
        Series("right", "as often as stated", "context_only", x=ends, y=ends),
        estimates("forecasts", "forecasts", "sleep", points),
    ]
    series = series if points else []
    axes = (
        percent_axis(ends, "Stated probability (%)"),
        percent_axis(ends, "Questions that came, with the right answer (%)"),
    )
    notes = [_sample(found), "Below the line: too sure, or the answer is wrong."]
    return picture(report, "calibration", "Forecasts against what came", series, axes, notes)


def coverage(report: Report, found: Foresight) -> Picture:
    """Share of the questions that the first forecasts foresee, by their number."""
    steps = [str(one.forecasts) for one in found.coverage]
    series = [
        estimates(
            name,
            label,
            style,
            [
                (float(i), scaled(value, 100), f"{steps[i]} forecasts\n{100 * value.estimate:.1f}%")
                for i, value in enumerate(values)
            ],
        )
        for name, label, style, values in (
            ("forecasts", "about this context", "sleep", [one.share for one in found.coverage]),
            ("placebo", "about another\n(by chance)", "context_only",
             [one.placebo for one in found.coverage]),
            ("at-random", "quantities\ndrawn at random", "majority",
             [Interval(one.at_random, math.nan, math.nan) for one in found.coverage]),
        )
    ]  # fmt: skip
    axes = (
        step_axis(steps, "Forecasts that count, the most probable first"),
        percent_axis((v for s in series for v in s.values()), "Questions foreseen (%)"),
    )
    notes = [
        _sample(found),
        "Drawn at random: as many quantities, none twice, all with the right number.",
    ]
    return picture(report, "coverage", "Questions foreseen", series, axes, notes)


def spending(report: Report, found: Trial) -> Picture:
    """Accuracy against cost for the policy, chance, always, never and the oracle."""
    series = [
        estimates(
            name,
            *STRATEGIES[name],
            [
                (
                    one.cost.estimate,
                    _limits(one, shown=name == "policy"),
                    f"cost {number(one.cost.estimate)}\n{100 * one.accuracy.estimate:.1f}% right",
                )
                for one in _apart(curve)
            ],
            limits="band",
        )
        for name, curve in found.curves.items()
    ]
    unit = "tokens" if found.unit == "tokens" else "USD"
    axes = (
        token_axis((x for s in series for x in s.x), f"Cost of a question ({unit}, log scale)"),
        percent_axis((v for s in series for v in s.values()), ACCURACY),
    )
    points = found.against("random").points
    notes = [
        f"n = {found.contexts:,} contexts in {found.clusters:,} clusters, judged on halves that "
        f"the policy had not seen. Band: {100 * found.confidence:g}% cluster bootstrap of the "
        "policy's accuracy.",
        f"Policy minus chance at equal cost: {points.estimate:+.1f} points "
        f"{wording.between(points.low, points.high)} "
        f"({found.against('random').verdict}).",
    ]
    if found.first_phase:
        notes.append("The policy pays for a sleep phase on each context to know its score.")
    # What is a single point goes in front of the lines that begin or end there.
    series.sort(key=lambda one: -len(one.x))
    what = f"Which contexts to sleep on, by {found.score}"
    return picture(report, "spending", what, series, axes, notes)


def _apart(curve: tuple[Spending, ...]) -> list[Spending]:
    """The budgets that differ: what is beyond a strategy's means repeats its end."""
    kept: list[Spending] = []
    for one in curve:
        if not kept or one.cost.estimate > kept[-1].cost.estimate * (1 + 1e-6):
            kept.append(one)
    return kept


def _limits(one: Spending, *, shown: bool) -> Interval:
    value = scaled(one.accuracy, 100)
    return value if shown else Interval(value.estimate, math.nan, math.nan)


def _sample(found: Foresight) -> str:
    held = found.holding
    return (
        f"n = {len(held.questions):,} questions in {found.clusters:,} clusters, "
        f"{held.line.label}; {held.ambiguous:,} ambiguous ones are left out; whiskers: "
        f"{100 * found.confidence:g}% cluster bootstrap, {found.draws:,} draws."
    )
