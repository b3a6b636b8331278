"""From a report to pictures, one function for each figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.curves import Curve, PassCurve
from sleeptime_lib.analysis.ratio import EqualAccuracy
from sleeptime_lib.analysis.report import Comparison, Report
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import number, percent_axis, points_axis, step_axis, token_axis
from sleeptime_lib.figures.picture import Picture, Rule, Series, Shade, Span
from sleeptime_lib.figures.shading import improvement

TOKENS = "Test-time tokens per question (mean generated, log scale)"
ACCURACY = "Accuracy (% of questions right)"


def pareto(report: Report) -> Picture:
    """Accuracy against mean test-time tokens, baseline and sleep-time (paper figures 3 and 4).

    Shows the smallest sleep setting, the improvement shaded, and the tokens it saves at equal
    accuracy as an arrow; `sleep_scaling` shows the other settings.
    """
    shown = [*_styled(report, "baseline"), *_styled(report, "sleep")[:1]]
    series = _all_series(shown)
    shades: tuple[Shade, ...] = ()
    if len(series) == 2:
        shades = improvement(series[1], series[0], "improvement")
    return _accuracy_picture(
        report,
        "pareto",
        "Accuracy against test-time tokens",
        series,
        f"{wording.sample(report)} {wording.ratio(report.equal_accuracy, report.confidence)}",
        shades=shades,
        spans=_span(report.equal_accuracy),
    )


def sleep_scaling(report: Report) -> Picture:
    """Accuracy against test-time tokens for growing sleep-time compute (paper figures 7 and 8)."""
    sleeps = report.of("sleep")
    ramp = look.ramp(len(sleeps))
    shown = [(c, style, c.line.label) for c, style in zip(sleeps, ramp, strict=True)]
    note = wording.sample(report)
    if report.scaling_gain:
        note += " " + wording.gain(report.scaling_gain, report.confidence)
    return _accuracy_picture(
        report,
        "sleep-scaling",
        "More sleep-time compute",
        _all_series([*_styled(report, "baseline"), *shown]),
        note,
    )


def context_only(report: Report) -> Picture:
    """The ablation that hides the question: the model must guess it (paper figures 21 and 22)."""
    shown = [*_styled(report, "baseline"), *_styled(report, "sleep")[:1]]
    return _accuracy_picture(
        report,
        "context-only",
        "Can the question be guessed from the context?",
        _all_series([*shown, *_styled(report, "context_only")]),
        wording.sample(report),
    )


def pass_at_k(report: Report) -> Picture:
    """Sleep-time against parallel draws at the lowest budget (paper figures 5 and 6)."""
    series = _all_series(_styled(report, "sleep")[:1])
    series += [s for s in map(_pass_series, report.pass_at_k) if s.x]
    note = (
        f"{wording.sample(report)} Pass@k counts a question as right when any of k draws is: "
        "an oracle chooses. Unbiased estimator; tokens are k times the mean of a draw."
    )
    return _accuracy_picture(report, "pass-at-k", "Sleep-time against parallel draws", series, note)


def differences(report: Report) -> Picture:
    """Accuracy gained over the baseline at every budget, paired, with the margin."""
    shown = [c for c in report.comparisons if c.differences]
    ramp = look.ramp(len(shown))
    several = len(shown) > 1
    series = [
        _gain_series(c, style, c.line.label if several else _short(c.line), shift)
        for c, style, shift in zip(shown, ramp, _dodge(len(shown)), strict=True)
    ]
    kind = next((c.line.budget_kind for c in shown), "budget")
    margin = report.margin_points
    return Picture(
        name="differences",
        title="Accuracy gained at the same test-time budget",
        subtitle=_subtitle(report),
        x=step_axis((d.control_budget for c in shown for d in c.differences), f"Budget ({kind})"),
        y=points_axis(
            (v for s in series for v in (*s.y, *s.low, *s.high)),
            "Sleep-time minus baseline (percentage points)",
        ),
        series=tuple(s for s in series if s.x),
        rules=(Rule(0.0, dashed=False), Rule(-margin)),
        note=f"{wording.sample(report)} Paired by cluster. No worse than the baseline: the whole "
        f"whisker above the dashed margin of −{margin:g} point.",
        simulated=report.simulated,
    )


def _dodge(count: int) -> list[float]:
    """Sideways shifts that keep the whiskers of several series apart."""
    return [0.11 * (i - (count - 1) / 2) for i in range(count)]


def _gain_series(comparison: Comparison, style: str, label: str, shift: float) -> Series:
    known = [d for d in comparison.differences if math.isfinite(d.points)]
    return Series(
        name=f"gain-{comparison.line.sleep_parallel}-{comparison.line.sleep_effort}",
        label=label,
        style=style,
        x=tuple(d.treatment_budget + shift for d in known),
        y=tuple(d.points for d in known),
        low=tuple(d.low for d in known),
        high=tuple(d.high for d in known),
        hover=tuple(
            f"{label}, budget {d.treatment_budget}<br>{d.points:+.1f} points "
            f"{wording.between(d.low, d.high)}<br>correlation {d.correlation:.2f}, n = {d.n:,}<br>"
            f"{d.conclusion}"
            for d in known
        ),
    )


def _subtitle(report: Report) -> str:
    """Dataset (of a path its last part) and model."""
    return " · ".join(x for x in (PurePath(report.dataset).name, report.model) if x)


def _styled(report: Report, arm: str) -> list[tuple[Curve, str, str]]:
    """Curves of an arm with style and label."""
    return [(c, arm, _short(c.line)) for c in report.of(arm)]


def _short(line: Line) -> str:
    """Label where only one sleep setting is shown: a single sleep phase goes without saying."""
    return line.label.removesuffix(" k=1")


def _all_series(shown: Sequence[tuple[Curve, str, str]]) -> list[Series]:
    found = [_series(*item) for item in shown]
    return [s for s in found if s.x]


def _series(curve: Curve, style: str, label: str) -> Series:
    """A curve as a series; points without an answered row are left out."""
    line = curve.line
    points = [p for p in curve.points if math.isfinite(p.accuracy) and p.tokens > 0]
    points.sort(key=lambda p: p.tokens)
    return Series(
        name="-".join(str(x) for x in (line.arm, line.sleep_parallel, line.sleep_effort) if x),
        label=label,
        style=style,
        x=tuple(p.tokens for p in points),
        y=tuple(100 * p.accuracy for p in points),
        low=tuple(100 * p.low for p in points),
        high=tuple(100 * p.high for p in points),
        hover=tuple(
            f"{label}, {line.budget_kind} {p.budget}<br>{number(p.tokens)} tokens<br>"
            f"{100 * p.accuracy:.1f}% right {wording.between(100 * p.low, 100 * p.high)}<br>"
            f"n = {p.n:,}"
            for p in points
        ),
        hollow=tuple(p.budget not in curve.frontier for p in points),
    )


def _pass_series(curve: PassCurve) -> Series:
    name = f"{_short(curve.line)} pass@k"
    points = [p for p in curve.points if p.tokens > 0]
    return Series(
        name=f"pass-{curve.line.arm}-{curve.line.sleep_parallel}-{curve.budget}",
        label=f"{name}, k = 1 to {len(curve.points)}",
        style="pass",
        x=tuple(p.tokens for p in points),
        y=tuple(100 * p.accuracy for p in points),
        low=tuple(100 * p.low for p in points),
        high=tuple(100 * p.high for p in points),
        hover=tuple(
            f"{name}, k = {p.k}<br>{number(p.tokens)} tokens<br>{100 * p.accuracy:.1f}% right "
            f"{wording.between(100 * p.low, 100 * p.high)}<br>n = {p.n:,}"
            for p in points
        ),
    )


def _span(equal: EqualAccuracy) -> tuple[Span, ...]:
    """The arrow from the baseline's tokens to the sleep arm's."""
    if equal.at is None or equal.baseline_tokens is None or equal.sleep_tokens is None:
        return ()
    ratio = equal.baseline_tokens / equal.sleep_tokens
    return (
        Span(
            name="equal-accuracy",
            start=equal.baseline_tokens,
            stop=equal.sleep_tokens,
            y=100 * equal.at,
            text=f"{wording.saving(ratio)} tokens",
        ),
    )


def _accuracy_picture(
    report: Report,
    name: str,
    title: str,
    series: Sequence[Series],
    note: str,
    *,
    shades: tuple[Shade, ...] = (),
    spans: tuple[Span, ...] = (),
) -> Picture:
    if any(h for s in series for h in s.hollow):
        note += " Hollow: another budget of that curve does as well with fewer tokens."
    return Picture(
        name=name,
        title=title,
        subtitle=_subtitle(report),
        x=token_axis((x for s in series for x in s.x), TOKENS),
        y=percent_axis((v for s in series for v in (*s.y, *s.low, *s.high)), ACCURACY),
        series=tuple(series),
        shades=shades,
        spans=spans,
        note=note,
        simulated=report.simulated,
    )
