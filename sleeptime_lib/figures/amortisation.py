"""From an amortisation to pictures: what a shared sleep phase costs, and when it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.costs import Bill
from sleeptime_lib.analysis.payoff import Amortisation, CostCurve, Payoff
from sleeptime_lib.analysis.wording import pays
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import amount_axis, number, percent_axis, times_axis, token_axis
from sleeptime_lib.figures.picture import Axis, Picture, Rule, Series, Shade
from sleeptime_lib.figures.plots import ACCURACY

PER_USD = 1000
"""Costs in USD are shown for so many questions, so that they are numbers one can read."""

EQUAL = Rule(1.0)
TICKS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def amortised_pareto(found: Amortisation) -> Picture:
    """Accuracy against cost per question, for each number of questions that share a context.

    Paper figure 9. The baseline has nothing to share; the smallest sleep setting moves left as
    more questions share its phase.
    """
    sleeps = _smallest(found)
    styles = look.ramp(len(sleeps))
    series = [_pareto_series(found, c, "baseline", "baseline") for c in _baselines(found)]
    series += [
        _pareto_series(found, curve, style, f"sleep-time, Q = {number(curve.questions)}")
        for curve, style in zip(sleeps, styles, strict=True)
    ]
    series = [s for s in series if s.x]
    title = "What accuracy costs when questions share a context"
    if len(sleeps) == 1:
        title = f"What accuracy costs at {_of(sleeps[0].questions)} per context"
    return Picture(
        name="amortised-pareto",
        title=title,
        subtitle=_subtitle(found),
        x=token_axis((x for s in series for x in s.x), f"{_cost_title(found.bill)}, log scale"),
        y=percent_axis((v for s in series for v in (*s.y, *s.low, *s.high)), ACCURACY),
        series=tuple(series),
        note=f"{_sample(found)} {_meaning(found.bill)}",
        simulated=found.simulated,
    )


def cost_by_questions(found: Amortisation) -> Picture:
    """Cost per question against the number of questions that share a context.

    Both arms at the accuracy (or budget) of `found.main`, with whiskers; where the curves cross
    is the break-even, whose interval is the shaded band.
    """
    main = found.main
    if main is None:
        return _nothing(found, "cost-by-questions", "Cost per question")
    unit = _scale(found.bill)
    steps = [s.questions for s in main.savings]
    scaled = [_times(s.cost, unit) for s in main.savings]
    base = _times(main.baseline, unit)
    # The baseline is the same for any number of questions: one whisker, at the right end, will do.
    flat = [Interval(base.estimate, math.nan, math.nan), base]
    series = [
        _interval_series(
            "baseline", "baseline", "baseline", [steps[0], steps[-1]], flat, ["for any number"] * 2
        ),
        _interval_series(
            "sleep", "sleep-time", "sleep", steps, scaled, [f"{_of(q)} per context" for q in steps]
        ),
    ]
    x = _questions_axis(steps)
    y = amount_axis((v for s in series for v in (*s.y, *s.high)), _cost_title(found.bill))
    shades, crossing = _break_even_marks(main, x, y, unit)
    note = [_sample(found), pays(main, found.confidence)]
    note += ["Shaded: that interval."] if shades else []
    note += [_meaning(found.bill)]
    return Picture(
        name="cost-by-questions",
        title="Cost per question as more questions share a context",
        subtitle=_subtitle(found),
        x=x,
        y=y,
        series=(*series, *crossing),
        shades=shades,
        note=" ".join(x for x in note if x),
        simulated=found.simulated,
    )


def ratio_by_questions(found: Amortisation) -> Picture:
    """How many times cheaper sleep-time is, against the number of questions (paper: up to 2.5)."""
    line = found.main.line if found.main else None
    shown = [p for p in found.equal_accuracy[:1] if not p.basis.reason]
    budgets = [p for p in found.payoffs if p.line == line]
    shown += [budgets[i] for i in sorted({0, len(budgets) // 2, len(budgets) - 1}) if budgets]
    styles = [*(["sleep"] if shown and shown[0].basis.budget is None else []),
              "budget-0", "budget-1", "budget-2"]  # fmt: skip
    series = [
        _interval_series(
            f"ratio-{payoff.basis.budget}",
            _basis_label(payoff),
            style,
            [s.questions for s in payoff.savings],
            [s.ratio for s in payoff.savings],
            [f"{_of(s.questions)} per context: {s.winner}" for s in payoff.savings],
            form=lambda v: f"{v:.2f}×",
        )
        for payoff, style in zip(shown, styles, strict=False)
    ]
    series = [s for s in series if s.x]
    note = f"{_sample(found)} Above 1 sleep-time is cheaper. {_meaning(found.bill)}"
    return Picture(
        name="ratio-by-questions",
        title="How many times cheaper sleep-time makes a question",
        subtitle=_subtitle(found),
        x=_questions_axis(x for s in series for x in s.x),
        y=times_axis(
            (v for s in series for v in (*s.y, *s.low, *s.high)),
            "Baseline's cost over sleep-time's",
        ),
        series=tuple(series),
        rules=(EQUAL,),
        note=note,
        simulated=found.simulated,
    )


def sensitivity(found: Amortisation) -> Picture:
    """How the saving moves with t, which the paper asserts to be 10, for each Q."""
    curve = next(iter(found.sensitivity), None)
    series = []
    if curve:
        styles = look.ramp(len(found.questions))
        for i, (shared, style) in enumerate(zip(found.questions, styles, strict=True)):
            series.append(
                _interval_series(
                    f"t-{shared:g}",
                    f"Q = {number(shared)}",
                    style,
                    [p.t for p in curve.points],
                    [p.savings[i].ratio for p in curve.points],
                    [f"t = {p.t:g}, {_of(shared)}" for p in curve.points],
                    form=lambda v: f"{v:.2f}×",
                )
            )
    series = [s for s in series if s.x]
    basis = f"Compared {curve.basis.words}. " if curve else ""
    return Picture(
        name="sensitivity-to-t",
        title="How the saving depends on what waiting costs",
        subtitle=_subtitle(found),
        x=_counts_axis((x for s in series for x in s.x), "t: weight of an answer's tokens"),
        y=times_axis(
            (v for s in series for v in (*s.y, *s.low, *s.high)),
            "Baseline's cost over sleep-time's",
        ),
        series=tuple(series),
        rules=(EQUAL,),
        note=f"{_sample(found)} {basis}Above 1 sleep-time is cheaper.",
        simulated=found.simulated,
    )


def _of(questions: float) -> str:
    return f"{number(questions)} question{'' if questions == 1 else 's'}"


def _scale(bill: Bill) -> float:
    return 1.0 if bill.unit == "tokens" else PER_USD


def _cost_title(bill: Bill) -> str:
    if bill.unit == "tokens":
        return f"Cost per question (S / Q + {bill.t:g} T, in tokens)"
    return f"Cost of {PER_USD:,} questions ({bill.unit})"


def _meaning(bill: Bill) -> str:
    parts = []
    if bill.unit == "tokens":
        parts.append(f"Only generated tokens count, an answer's {bill.t:g} times.")
    elif bill.t != 1:
        parts.append(f"Answer calls weighted {bill.t:g} times.")
    if bill.notes_factor != 1:
        parts.append(f"Notes taken to be {bill.notes_factor:g} times as long.")
    return " ".join(parts)


def _subtitle(found: Amortisation) -> str:
    return " · ".join(x for x in (PurePath(found.dataset).name, found.model) if x)


def _sample(found: Amortisation) -> str:
    if not found.curves:
        return "No rows yet."
    text = (
        f"n = {found.asked:,} questions about {found.contexts:,} contexts in {found.clusters:,} "
        "clusters"
    )
    if found.clusters < 2:
        return f"{text}; no intervals from a single cluster."
    few = " (few clusters: exploratory)" if found.clusters < FEW_CLUSTERS else ""
    return (
        f"{text}; whiskers: {100 * found.confidence:g}% cluster bootstrap, "
        f"{found.draws:,} draws{few}."
    )


def _baselines(found: Amortisation) -> list[CostCurve]:
    return [c for c in found.curves if c.line.arm == "baseline"]


def _smallest(found: Amortisation) -> list[CostCurve]:
    """Curves of the smallest sleep setting, by number of questions."""
    sleeps = [c for c in found.curves if c.line.arm == "sleep"]
    return [c for c in sleeps if c.line == sleeps[0].line]


def _basis_label(payoff: Payoff) -> str:
    if payoff.basis.budget is None:
        return "at equal accuracy"
    return f"at {payoff.line.budget_kind} {payoff.basis.budget}"


def _times(value: Interval, factor: float) -> Interval:
    return Interval(value.estimate * factor, value.low * factor, value.high * factor)


def _pareto_series(found: Amortisation, curve: CostCurve, style: str, label: str) -> Series:
    unit = _scale(found.bill)
    points = [p for p in curve.points if math.isfinite(p.accuracy.estimate) and p.cost.estimate > 0]
    points.sort(key=lambda p: p.cost.estimate)
    return Series(
        name=f"{curve.line.arm}-{curve.questions:g}",
        label=label,
        style=style,
        x=tuple(unit * p.cost.estimate for p in points),
        y=tuple(100 * p.accuracy.estimate for p in points),
        low=tuple(100 * p.accuracy.low for p in points),
        high=tuple(100 * p.accuracy.high for p in points),
        hover=tuple(
            f"{label}, {curve.line.budget_kind} {p.budget}<br>"
            f"cost {unit * p.cost.estimate:.4g} "
            f"[{unit * p.cost.low:.4g}, {unit * p.cost.high:.4g}]<br>"
            f"{100 * p.accuracy.estimate:.1f}% right "
            f"{wording.between(100 * p.accuracy.low, 100 * p.accuracy.high)}<br>n = {p.n:,}"
            for p in points
        ),
        hollow=tuple(p.budget not in curve.frontier for p in points),
    )


def _interval_series(
    name: str,
    label: str,
    style: str,
    x: Sequence[float],
    y: Sequence[Interval],
    hovers: Sequence[str],
    *,
    form: Callable[[float], str] = "{:.4g}".format,
) -> Series:
    """Estimates with their limits; points without a finite estimate are left out."""
    known = [(q, v, h) for q, v, h in zip(x, y, hovers, strict=True) if math.isfinite(v.estimate)]
    return Series(
        name=name,
        label=label,
        style=style,
        x=tuple(q for q, _, _ in known),
        y=tuple(v.estimate for _, v, _ in known),
        low=tuple(v.low for _, v, _ in known),
        high=tuple(v.high for _, v, _ in known),
        hover=tuple(
            f"{label}<br>{h}<br>{form(v.estimate)} [{form(v.low)}, {form(v.high)}]"
            for _, v, h in known
        ),
    )


def _counts_axis(values: Iterable[float], title: str) -> Axis:
    axis = token_axis(values, f"{title} (log scale)")
    ticks = tuple(t for t in TICKS if axis.low <= t <= axis.high)
    return replace(axis, ticks=ticks, texts=tuple(number(t) for t in ticks))


def _questions_axis(values: Iterable[float]) -> Axis:
    return _counts_axis(values, "Questions per context, Q")


def _break_even_marks(
    main: Payoff, x: Axis, y: Axis, unit: float
) -> tuple[tuple[Shade, ...], tuple[Series, ...]]:
    """The interval of the break-even as a band, and its estimate as a point of its own."""
    point = main.break_even
    shades: tuple[Shade, ...] = ()
    low, high = max(point.low, x.low), min(point.high, x.high)
    if low < high:
        floor = y.ticks[0]
        shades = (
            Shade("break-even", "sleep", (low, high, high, low), (floor, floor, y.high, y.high)),
        )
    if not x.low <= point.estimate <= x.high:
        return shades, ()
    height = unit * main.baseline.estimate
    label = f"break-even at Q = {point.estimate:.1f}"
    return shades, (
        Series("break-even", label, "mark", (point.estimate,), (height,), (math.nan,),
               (math.nan,), (label,)),
    )  # fmt: skip


def _nothing(found: Amortisation, name: str, title: str) -> Picture:
    return Picture(
        name=name,
        title=title,
        subtitle=_subtitle(found),
        x=_questions_axis(()),
        y=amount_axis((), title),
        note=_sample(found),
        simulated=found.simulated,
    )
