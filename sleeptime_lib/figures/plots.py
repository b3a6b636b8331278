"""From a report to pictures, one function for each figure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.amortise import QUESTIONS
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.controls import ARMS
from sleeptime_lib.analysis.curves import Curve, PassCurve
from sleeptime_lib.analysis.ratio import EqualAccuracy, RatioPoint
from sleeptime_lib.analysis.report import Comparison, Report
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import number, percent_axis, ratio_axis, step_axis
from sleeptime_lib.figures.blocks import (
    ACCURACY,
    accuracy_picture,
    advantages,
    area,
    beside,
    estimates,
    picture,
    points_picture,
    scaled,
    score_title,
    share_right,
    shown,
)
from sleeptime_lib.figures.picture import Picture, Rule, Series, Span
from sleeptime_lib.records import FLOOR, budget_name

LEVELS = (
    "Levels: how much an answer may write, from 0 (the number alone) to 4 (every step, checked)."
)
_BUDGETS = {
    "verbosity": "Verbosity level of the answer",
    "effort": "Reasoning effort of the answer",
    "thinking": "Most thinking tokens of the answer",
    "forced": "Thinking tokens before the answer is forced",
}
PHASES = "k: sleep phases at once."
FLOORS = "Floors take no budget; an arm below one is not worth its tokens."
RATIO = "Baseline's test tokens over sleep-time's (log scale)"
FAR = 4.0
"""Limits of a ratio further from all estimates than by this factor are cut."""


def pareto(report: Report, *, controls: bool = False) -> Picture:
    """Scores against mean test-time tokens, baseline and sleep-time (paper figures 3, 4 and 11).

    Shows the smallest sleep setting, where either arm is better as an area in its colour, and the
    ratio of tokens at equal accuracy as an arrow, where its interval leaves out 1; `sleep_scaling`
    shows the other settings. Floors are level lines.

    Args:
        report: Of the run.
        controls: Also show its control arms, as points alone: `control_arms` has their intervals.
    """
    series = arms(report)
    shades = advantages(*series) if len(series) == 2 else ()
    others = _control_points(report) if controls else []
    x = [x for one in series for x in one.x]
    level = list(floors(report, min(x), max(x))) if x else []
    notes = [
        wording.equal_accuracy(report.equal_accuracy, report.confidence, report.score),
        "Shaded: which arm is higher, in its colour." if shades else "",
        "Points without a line: control arms." if others else "",
        FLOORS if level else "",
        _levels(report),
    ]
    what = f"{score_title(report)} against test-time tokens"
    span = _span(report.equal_accuracy)
    drawn = [*series, *others, *level]
    return accuracy_picture(report, "pareto", what, drawn, notes, shades=shades, span=span)


def ratio_curve(report: Report) -> Picture:
    """How many times fewer test tokens sleep-time needs, at every accuracy both arms reach.

    The smallest sleep setting. No line where most draws do not give the ratio.
    """
    points = report.ratio_curve.points
    told = [(p, p.ratio) for p in points if p.ratio is not None]
    near = [r for _, r in told] or [1.0]
    least, most = min(near) / FAR, max(near) * FAR
    ends = (v for p in points for v in (p.low, p.high))
    y = ratio_axis([*near, *(v for v in ends if least <= v <= most)], RATIO)
    x = percent_axis([100 * p.at for p in points], ACCURACY)
    shades = (
        *area("sleep", ((100 * p.at, p.simultaneous_low, p.simultaneous_high) for p in points), y),
        *area("sleep", ((100 * p.at, p.low, p.high) for p in points), y),
    )
    bands = "dark band: pointwise, light band: simultaneous" if shades else ""
    notes = [
        wording.sample(report, bands),
        "Above 1× sleep-time needs fewer test tokens. Points: accuracies of a budget; between them "
        "the ratio is interpolated." if any(p.measured for p, _ in told) else "",
        "No line where most draws do not reach that accuracy." if len(told) < len(points) else "",
        _levels(report),
    ]  # fmt: skip
    what = "Test tokens at equal accuracy"
    what += "" if told else " are not determined"
    axes, series = (x, y), list(_ratio_lines(points))
    return picture(report, "ratio-curve", what, series, axes, notes, shades=shades,
                   rules=(Rule(1.0),))  # fmt: skip


def _ratio_lines(points: Sequence[RatioPoint]) -> Iterator[Series]:
    """The curve in pieces, and points where budgets were measured."""
    label = "baseline over\nsleep-time"
    for known, own in groupby(points, key=lambda p: p.ratio is not None):
        piece = list(own)
        if known:
            drawn = [_ratio_said(p) for p in piece]
            yield estimates(f"ratio-{100 * piece[0].at:.1f}", label, "sleep", drawn, marked=False)
            label = ""
    measured = [_ratio_said(p) for p in points if p.measured and p.ratio is not None]
    yield estimates("measured", "", "sleep", measured, joined=False)


def _ratio_said(p: RatioPoint) -> tuple[float, Interval, str]:
    value = Interval(p.ratio or math.nan, math.nan, math.nan)
    return 100 * p.at, value, f"{100 * p.at:.1f}% right\n{wording.ratio_at(p)}"


def all_tokens(report: Report) -> Picture:
    """Accuracy against all generated tokens: the sleep phase's too, shared by Q questions.

    The smallest sleep setting.
    """
    series = [curve_series(c, "baseline", "baseline") for c in report.of("baseline")]
    for curve in report.of("sleep")[:1]:
        for shared, style in zip(QUESTIONS, look.ramp(len(QUESTIONS)), strict=True):
            at = {
                p.budget: p.tokens + (p.total_tokens - p.tokens) / shared or math.nan
                for p in curve.points
            }
            drawn = curve_series(curve, style, f"{_short(curve.line)} Q = {shared}", at)
            bare = replace(drawn, name=style, low=(), high=())
            series.append(drawn if shared == QUESTIONS[-1] else bare)
    notes = [
        f"Q: questions that share a context and its sleep phase; {_shared(report)} in this run.",
        "The whiskers of the sleep arm are the same for any Q." if report.of("sleep") else "",
        _levels(report),
    ]
    title = "All generated tokens per question, sleep phase shared by Q (mean, log scale)"
    what = "Accuracy against all generated tokens"
    return accuracy_picture(report, "all-tokens", what, series, notes, x_title=title)


def _shared(report: Report) -> str:
    counts = report.counts
    return f"{counts.questions / max(counts.contexts, 1):.3g} on average"


def accuracy_pictures(report: Report) -> dict[str, Picture]:
    """Every picture of accuracy against tokens that the rows of a report allow, by name."""
    drawn = {"pareto": pareto(report)}
    if report.ratio_curve.points:
        drawn["ratio_curve"] = ratio_curve(report)
    if report.comparisons:
        drawn["all_tokens"] = all_tokens(report)
        drawn["differences"] = differences(report)
    if len(report.comparisons) > 1:
        drawn["sleep_scaling"] = sleep_scaling(report)
    if report.pass_at_k:
        drawn["pass_at_k"] = pass_at_k(report)
    if report.of("context_only"):
        drawn["context_only"] = context_only(report)
    return drawn


def sleep_scaling(report: Report) -> Picture:
    """Accuracy against test-time tokens for growing sleep-time compute (paper figures 7 and 8)."""
    sleeps = report.of("sleep")
    series = [curve_series(c, "baseline", "baseline") for c in report.of("baseline")]
    for curve, style in zip(sleeps, look.ramp(len(sleeps)), strict=True):
        series.append(curve_series(curve, style, curve.line.label))
    gain = report.scaling_gain
    said = wording.gain(gain, report.confidence) if gain else ""
    notes = [_phases([c.line for c in sleeps]), said, _levels(report)]
    return accuracy_picture(report, "sleep-scaling", "More sleep-time compute", series, notes)


def context_only(report: Report) -> Picture:
    """The ablation that hides the question: the model must guess it (paper figures 21 and 22).

    By level, not by tokens: several levels take nearly the same number of tokens.
    """
    curves = [*report.of("baseline"), *report.of("sleep")[:1], *report.of("context_only")]
    levels = sorted({p.budget for c in curves for p in c.points})
    at = {level: float(i) for i, level in enumerate(levels)}
    series = [curve_series(c, c.line.arm, _short(c.line), at) for c in curves]
    axes = (
        step_axis([budget_name(_kind(report), level) for level in levels], _budget(report)),
        percent_axis((v for s in series for v in s.values()), ACCURACY),
    )
    hidden = "Context only: the question is withheld; the model guesses and answers it."
    notes = [wording.sample(report, shown(series)), hidden, _levels(report)]
    what = "Guessing the question from the context"
    return picture(report, "context-only", what, beside(series), axes, notes)


def pass_at_k(report: Report) -> Picture:
    """Sleep-time against parallel draws at the lowest budget (paper figures 5 and 6)."""
    series = [
        *arms(report),
        *(_pass_series(c, "pass", _kind(report)) for c in report.pass_at_k),
        *(_pass_series(c, "majority", _kind(report)) for c in report.majority_at_k),
    ]
    notes = [
        "Pass@k: right when any of k draws is, an oracle choosing. Majority@k: right when the most "
        "frequent answer is, which needs none. Their tokens add up. Unbiased estimators.",
        _levels(report),
    ]
    what = "Sleep-time against parallel draws"
    return accuracy_picture(report, "pass-at-k", what, series, notes)


def differences(report: Report) -> Picture:
    """Accuracy gained over the baseline at every budget, paired, with the margin."""
    compared = [c for c in report.comparisons if c.differences]
    budgets = sorted({d.control_budget for c in compared for d in c.differences})
    series = [
        _gain_series(c, style, c.line.label if len(compared) > 1 else _short(c.line), budgets)
        for c, style in zip(compared, look.ramp(len(compared)), strict=True)
    ]
    margin = report.margin_points
    notes = [
        "Paired by cluster; the whiskers hold for all cells at once. No worse than the baseline: "
        f"the whole whisker above the dashed margin of −{margin:g} point.",
        wording.margin_in_reach(report),
        _phases([c.line for c in compared]),
        _levels(report),
    ]
    return points_picture(
        report,
        "differences",
        f"{score_title(report)} gained at the same budget",
        series,
        [budget_name(_kind(report), b) for b in budgets],
        notes,
        x_title=_budget(report),
        rules=(Rule(0.0, dashed=False), Rule(-margin)),
    )


def curve_series(
    curve: Curve,
    style: str,
    label: str,
    at: Mapping[int, float] | None = None,
    score: str = "accuracy",
) -> Series:
    """A curve of a report: the mean score in percent against tokens.

    Points without an answered row are left out.

    Args:
        curve: The curve.
        style: Key of `look.STYLES`.
        label: Its name in the picture.
        at: x of each budget; None places points by their tokens.
        score: What the mean score is called.
    """
    line = curve.line
    place = {p.budget: p.tokens or math.nan for p in curve.points} if at is None else at
    known = [p for p in curve.points if math.isfinite(p.accuracy + place[p.budget])]
    points = sorted(known, key=lambda p: place[p.budget])
    drawn = []
    for p in points:
        right = scaled(p.together, 100)
        which = f"{line.budget_kind} {budget_name(line.budget_kind, p.budget)}"
        text = f"{which}\n{number(p.tokens)} tokens"
        x = place[p.budget]
        drawn.append((x, right, f"{text}\n{share_right(right, p.n, score)}"))
    name = "-".join(str(x) for x in (line.arm, line.sleep_parallel, line.sleep_effort) if x)
    hollow = () if at else tuple(p.budget not in curve.frontier for p in points)
    return estimates(name, label, style, drawn, hollow=hollow)


def _pass_series(curve: PassCurve, choice: str, kind: str) -> Series:
    line = curve.line
    drawn = []
    for p in curve.points:
        right = scaled(Interval(p.accuracy, p.low, p.high), 100)
        text = f"k = {p.k}\n{number(p.tokens)} tokens\n{share_right(right, p.n)}"
        drawn += [(p.tokens, right, text)] if p.tokens > 0 else []
    name = f"{choice}-{line.arm}-{line.sleep_parallel}-{curve.budget}"
    label = f"{_short(line)} {choice}@k"
    if choice == "pass":  # those of majority@k are the same draws
        level = "level" if kind == "verbosity" else kind
        label += f"\nk = 1 to {len(curve.points)}, {level} {budget_name(kind, curve.budget)}"
        label += "\n(answer only)" if (kind, curve.budget) == ("verbosity", 0) else ""
    return estimates(name, label, choice, drawn)


def _gain_series(comparison: Comparison, style: str, label: str, budgets: Sequence[int]) -> Series:
    line = comparison.line
    drawn = [
        (
            float(budgets.index(d.control_budget)),
            d.together,
            f"{line.budget_kind} {budget_name(line.budget_kind, d.treatment_budget)}\n"
            f"{d.points:+.1f} points\npointwise {wording.between(d.low, d.high)}\n"
            f"simultaneous {wording.between(d.simultaneous_low, d.simultaneous_high)}\n"
            f"correlation {d.correlation:.2f}, n = {d.n:,}\n{d.conclusion}",
        )
        for d in comparison.differences
    ]
    return estimates(f"gain-{line.sleep_parallel}-{line.sleep_effort}", label, style, drawn)


def arms(report: Report, at: Mapping[int, float] | None = None) -> list[Series]:
    """The baseline and the smallest sleep setting, where they have points; `at`: x by budget."""
    shown = [*report.of("baseline"), *report.of("sleep")[:1]]
    series = [curve_series(c, c.line.arm, _short(c.line), at, report.score) for c in shown]
    return [s for s in series if s.x]


def _control_points(report: Report) -> list[Series]:
    """The control arms, the smallest setting of each, without what would cover the two arms."""
    shown = [curve for arm in ARMS for curve in report.of(arm)[:1]]
    series = [curve_series(c, c.line.arm, _short(c.line)) for c in shown]
    return [replace(s, low=(), high=(), hollow=(), joined=False) for s in series if s.x]


def floors(report: Report, low: float, high: float) -> Iterator[Series]:
    """A level line from one x to another for each arm that is a floor (see `records.FLOOR`)."""
    every = [c for c in report.curves if c.line.arm.startswith(FLOOR)]
    for place, curve in enumerate(every):
        (point, *_), label = curve.points, curve.line.label
        right = scaled(Interval(point.accuracy, point.low, point.high), 100)
        if math.isfinite(right.estimate):
            hover = (f"{label}\n{share_right(right, point.n, report.score)}",) * 2
            ends = (low, high), (right.estimate,) * 2
            yield Series(curve.line.arm, label, look.floor(place), *ends, hover=hover)


def _short(line: Line) -> str:
    """Label where only one sleep setting is shown: a single sleep phase goes without saying."""
    return line.label.removesuffix(" k=1")


def _phases(lines: Sequence[Line]) -> str:
    return PHASES if any("k=" in line.label for line in lines) and len(lines) > 1 else ""


def _kind(report: Report) -> str:
    return next((c.line.budget_kind for c in report.curves), "budget")


def _budget(report: Report) -> str:
    return budget_title(_kind(report))


def budget_title(kind: str) -> str:
    """Title of an axis of budgets of one kind."""
    return _BUDGETS.get(kind, f"Budget ({kind})")


def _levels(report: Report) -> str:
    return LEVELS if _kind(report) == "verbosity" else ""


def _span(equal: EqualAccuracy) -> Span | None:
    """The arrow from the baseline's tokens to the sleep arm's, where its direction is shown."""
    start, stop, at = equal.baseline_tokens, equal.sleep_tokens, equal.at
    if not equal.determined or at is None or start is None or stop is None:
        return None
    if equal.low <= 1 <= equal.high:
        return None
    ends = (equal.low, equal.high) if start >= stop else (1 / equal.high, 1 / equal.low)
    said = f"{wording.saving(start / stop)} tokens\n{wording.fold_between(*ends)}"
    return Span(start, stop, 100 * at, said)
