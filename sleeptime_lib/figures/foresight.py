"""From forecasts and policies to pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.foresight import Foresight
from sleeptime_lib.analysis.policies import Spending, Trial
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures.axes import number, percent_axis, step_axis, token_axis
from sleeptime_lib.figures.blocks import ACCURACY, beside, estimates, picture, scaled
from sleeptime_lib.figures.look import ramp
from sleeptime_lib.figures.picture import Picture, Series

STRATEGIES = {
    "never": ("never sleep", "baseline"),
    "always": ("always sleep", "scale-1"),
    "random": ("by chance", "context_only"),
    "policy": ("policy", "sleep"),
    "oracle": ("oracle (hindsight)", "mark"),
}
"""Label and style of each."""


def calibration(report: Report, found: Sequence[Foresight]) -> Picture:
    """How often forecasts come true against how probable they were said to be.

    Args:
        report: Where the numbers come from.
        found: Of each sleep setting, the smallest first.
    """
    ends = (0.0, 100.0)
    series = [Series("right", "as often as stated", "context_only", x=ends, y=ends)]
    for one, (name, label, style) in zip(found, _settings(found, "forecasts"), strict=True):
        points = [
            (
                100 * each.stated,
                scaled(each.came, 100),
                f"stated {100 * each.stated:.0f}%\ncame {100 * each.came.estimate:.1f}%\n"
                f"n = {each.n:,}",
            )
            for each in one.calibration
        ]
        series.append(estimates(name, label, style, points))
    axes = (
        percent_axis(ends, "Stated probability (%)"),
        percent_axis(ends, "Questions that came, with the right answer (%)"),
    )
    notes = [_sample(found[0]), "Below the line: too sure, or the answer is wrong."]
    if any(one.holding.reading.excess for one in found):
        notes.append("Probabilities of a text that add up to more than 100% are scaled.")
    return picture(report, "calibration", "Forecasts against what came", series, axes, notes)


def coverage(report: Report, found: Sequence[Foresight]) -> Picture:
    """Share of the questions that the first forecasts foresee, by their number.

    Args:
        report: Where the numbers come from.
        found: Of each sleep setting, the smallest first.
    """
    first, *others = found
    longest = max((one.coverage for one in found), key=len)
    steps = [str(one.forecasts) for one in longest]

    def drawn(name: str, label: str, style: str, values: Sequence[Interval]) -> Series:
        return estimates(
            name,
            label,
            style,
            [
                (float(i), scaled(value, 100), f"{steps[i]} forecasts\n{100 * value.estimate:.1f}%")
                for i, value in enumerate(values)
            ],
        )

    series = [
        drawn(name, label, style, [point.share for point in one.coverage])
        for one, (name, label, style) in zip(
            found, _settings(found, "about this context"), strict=True
        )
    ]
    random = [Interval(one.at_random, math.nan, math.nan) for one in first.coverage]
    series += [
        drawn("placebo", "about another\n(by chance)", "context_only",
              [one.placebo for one in first.coverage]),
        drawn("at-random", "quantities\ndrawn at random", "majority", random),
    ]  # fmt: skip
    axes = (
        step_axis(steps, "Forecasts that count, the most probable first"),
        percent_axis((v for s in series for v in s.values()), "Questions foreseen (%)"),
    )
    notes = [
        _sample(first),
        "Drawn at random: as many quantities, none twice, all with the right number.",
    ]
    if others:
        notes.append(
            f"By chance and at random: of {first.holding.line.label}; the table has the others'."
        )
    return picture(
        report, "coverage", "Questions foreseen", beside(series) if others else series, axes, notes
    )


def _settings(found: Sequence[Foresight], alone: str) -> Iterator[tuple[str, str, str]]:
    """Name, label and style of each sleep setting; `alone` labels a single one."""
    for place, style in enumerate(ramp(len(found))):
        label = found[place].holding.line.label if len(found) > 1 else alone
        yield f"forecasts-{place}" if place else "forecasts", label, style


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
    if found.score_takes:
        notes.append(f"The policy pays for {found.score_takes} on each context.")
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
