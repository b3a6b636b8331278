"""From an amortisation to pictures: what a shared sleep phase costs, and when it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.costs import PER_USD, Basis, Bill
from sleeptime_lib.analysis.payoff import Amortisation, CostCurve, Payoff
from sleeptime_lib.analysis.ratio import is_determined
from sleeptime_lib.analysis.wording import bootstrapped, break_even
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import amount_axis, number, percent_axis, token_axis
from sleeptime_lib.figures.blocks import (
    ACCURACY,
    estimates,
    picture,
    scaled,
    share_right,
    shown,
)
from sleeptime_lib.figures.picture import Axis, Picture, Rule, Series, Shade

TICKS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
FARTHEST = 2.0
"""Limits beyond so many times the largest estimate are cut: axes are made for the estimates."""
SHARED = "Q: questions that share a context and its sleep phase."


def amortised_pareto(found: Amortisation) -> Picture:
    """Accuracy against cost per question, for each number of questions that share a context.

    Paper figure 9. The baseline has nothing to share; the smallest sleep setting moves left as
    more questions share its phase. Accuracy and its interval do not depend on Q: one curve of
    the sleep arm bears the whiskers.
    """
    curves = [c for c in found.curves if c.line.arm == "baseline"]
    series = [_cost_series(found, c, "baseline", "baseline") for c in curves]
    sleeps = [c for c in found.curves if c.line.arm == "sleep"]
    sleeps = [c for c in sleeps if c.line == sleeps[0].line]
    several = len(sleeps) > 1
    for curve, style in zip(sleeps, look.ramp(len(sleeps)), strict=True):
        label = f"sleep-time Q = {number(curve.questions)}" if several else "sleep-time"
        drawn = _cost_series(found, curve, style, label)
        series.append(drawn if curve is sleeps[-1] else replace(drawn, low=(), high=()))
    axes = (
        token_axis((x for s in series for x in s.x), f"{_cost_title(found.bill)}, log scale"),
        percent_axis((v for s in series for v in s.values()), ACCURACY),
    )
    same = "The whiskers of the sleep arm are the same for any Q." if several else ""
    notes = [_sample(found, shown(series)), _meaning(found.bill), SHARED, same]
    return picture(
        found, "amortised-pareto", f"Accuracy against cost {_paid(found.bill)}", series, axes, notes
    )


def cost_by_questions(found: Amortisation) -> Picture:
    """Cost per question against the number of questions that share a context.

    Both arms at the accuracy (or budget) of `found.main`, with bands. Where the curves cross is
    the break-even; it is marked, with its interval as a grey area, where it is determined.
    """
    main = found.main
    what, unit = f"Cost of a question {_paid(found.bill)}", _scale(found.bill)
    series: list[Series] = []
    if main:
        base = scaled(main.baseline, unit)
        text = f"for any Q\n{_limits(base, '{:.4g}'.format)}"
        steps = [s.questions for s in main.savings]
        # The baseline is the same for any number of questions.
        ends = [(q, base, text) for q in (steps[0], steps[-1])]
        costs = [(s.questions, scaled(s.cost, unit)) for s in main.savings]
        said = [(q, v, f"Q = {number(q)}\n{_limits(v, '{:.4g}'.format)}") for q, v in costs]
        series = [
            estimates("baseline", "baseline", "baseline", ends, limits="band"),
            estimates("sleep", "sleep-time", "sleep", said, limits="band"),
        ]
    x = _counts_axis((x for s in series for x in s.x), "Questions per context, Q")
    y = amount_axis(_within(series), _cost_title(found.bill))
    shades, mark = _break_even(main, x, y, unit) if main else ((), ())
    notes = [
        _sample(found, shown(series)),
        _compared(main.basis) if main else "",
        break_even(found),
        "Grey: the interval of the break-even." if shades else "",
        _meaning(found.bill),
        SHARED,
    ]
    return picture(found, "cost-by-questions", what, [*series, *mark], (x, y), notes, shades=shades)


def sensitivity(found: Amortisation) -> Picture:
    """How the saving moves with t, which the paper asserts to be 10, for each Q.

    A line and the band of its interval where the saving is determined; elsewhere hollow points
    with whiskers.
    """
    curve = next(iter(found.sensitivity), None)
    series: list[Series] = []
    for i, shared in enumerate(found.questions if curve else ()):
        ratios = [(p.t, p.savings[i].ratio) for p in (curve.points if curve else ())]
        style, name = look.ramp(len(found.questions))[i], f"Q = {number(shared)}"
        known = [(t, v) for t, v in ratios if is_determined(v.low, v.high)]
        for points in (known, [r for r in ratios if r not in known]):
            clear = points is known
            said = [(t, v, f"t = {t:g}\n{_limits(v, '{:.2f}×'.format)}") for t, v in points]
            label = name if clear or not known else ""
            drawn = estimates(f"{name}-{clear}", label, style, said, joined=clear)
            if clear:
                drawn = replace(drawn, limits="band")
            else:
                drawn = replace(drawn, hollow=(True,) * len(drawn.x))
            series.append(drawn)
    series = [s for s in series if s.x]
    opened = any(not s.joined for s in series)
    banded = any(s.joined for s in series)
    axes = (
        _counts_axis((x for s in series for x in s.x), "t: weight of an answer's tokens"),
        amount_axis(_within(series), "Baseline's cost over sleep-time's", unit="×", least=1.2),
    )
    formula = "A question costs S / Q + t T" if found.bill.unit == "tokens" else ""
    notes = [
        _sample(found, shown(series)),
        _compared(curve.basis) if curve else "",
        "Above 1× sleep-time is cheaper.",
        "Hollow: not determined, the interval is unbounded." if opened else "",
        f"{formula}; S, T: tokens of a sleep phase and of an answer." if formula else "",
        "t: how much more a token is worth while somebody waits.",
        SHARED,
    ]
    what = f"How the saving in {found.bill.unit} depends on t"
    what += " is not determined" if opened and not banded else ""
    return picture(found, "sensitivity-to-t", what, series, axes, notes, rules=(Rule(1.0),))


def _compared(basis: Basis) -> str:
    why = "" if basis.budget is None else ": few draws or none give equal accuracy"
    return f"Drawn {basis.words}{why}."


def _within(series: Sequence[Series]) -> list[float]:
    """Estimates and limits; of those too far off to share an axis, where they are cut."""
    most = FARTHEST * max((y for s in series for y in s.y), default=0.0)
    return [min(v, most) for s in series for v in (*s.y, *s.low, *s.high)]


def _scale(bill: Bill) -> float:
    return 1.0 if bill.unit == "tokens" else PER_USD


def _cost_title(bill: Bill) -> str:
    if bill.unit == "tokens":
        return f"Cost per question (S / Q + {bill.t:g} T, in tokens)"
    return f"Cost of {PER_USD:,} questions ({bill.unit})"


def _discount(bill: Bill) -> int:
    """Percent taken off the sleep phase."""
    asleep, awake = bill.rates.sleep_completion, bill.rates.test_completion
    return round(100 * (1 - asleep / awake)) if awake else 0


def _paid(bill: Bill) -> str:
    off = _discount(bill)
    return f"in {bill.unit}" + (f", sleep phase {off}% off" if off else "")


def _meaning(bill: Bill) -> str:
    """What is paid for, and what the letters of the paper's model stand for."""
    rates = bill.rates
    prices = f"Prices of a million tokens: ${1e6 * rates.test_prompt:g} in prompts, "
    prices += f"${1e6 * rates.test_cached:g} cached, ${1e6 * rates.test_completion:g} generated"
    off = _discount(bill)
    prices += f"; asleep {off}% less." if off else "."
    if bill.unit == "tokens":
        prices = f"S: tokens generated in a sleep phase; T: in an answer, times t = {bill.t:g}."
    elif bill.t != 1:
        prices += f" Answer calls weighted t = {bill.t:g} times."
    if bill.notes_factor != 1:
        prices += f" Notes taken to be {bill.notes_factor:g} times as long."
    return prices


def _sample(found: Amortisation, intervals: str) -> str:
    if not found.curves:
        return "No rows yet."
    text = (
        f"n = {found.asked:,} questions about {found.contexts:,} contexts in {found.clusters:,} "
        "clusters"
    )
    return f"{text}{bootstrapped(intervals, found.confidence, found.draws, found.clusters)}."


def _cost_series(found: Amortisation, curve: CostCurve, style: str, label: str) -> Series:
    unit = _scale(found.bill)
    drawn = []
    for p in curve.points:
        cost, right = scaled(p.cost, unit), scaled(p.accuracy, 100)
        text = f"{curve.line.budget_kind} {p.budget}\ncost {_limits(cost, '{:.4g}'.format)}"
        if cost.estimate > 0:
            drawn.append((cost.estimate, right, f"{text}\n{share_right(right, p.n)}"))
    drawn.sort(key=lambda point: point[0])
    # Named after its place, not its Q: when a slider moves Q it is the same line that moves.
    return estimates(style, label, style, drawn)


def _limits(value: Interval, form: Callable[[float], str]) -> str:
    """An estimate with its limits, the sign of infinity where there is none."""
    low, high = ("∞" if math.isinf(v) else form(v) for v in (value.low, value.high))
    return f"{form(value.estimate)} [{low}, {high}]"


def _counts_axis(values: Iterable[float], title: str) -> Axis:
    axis = token_axis(values, f"{title} (log scale)")
    ticks = tuple(t for t in TICKS if axis.low <= t <= axis.high)
    return replace(axis, ticks=ticks, texts=tuple(number(t) for t in ticks))


def _break_even(
    main: Payoff, x: Axis, y: Axis, unit: float
) -> tuple[tuple[Shade, ...], tuple[Series, ...]]:
    """The interval of the break-even as a band, and its estimate as a point of its own."""
    point = main.break_even
    if not main.determined:
        return (), ()
    low, high = max(point.low, x.low), min(point.high, x.high)
    corners = ((low, high, high, low), (y.low, y.low, y.high, y.high))
    shades = (Shade("mark", *corners),) if low < high else ()
    if not x.low <= point.estimate <= x.high:
        return shades, ()
    label = f"break-even\nQ = {point.estimate:.1f}"
    height = unit * main.baseline.estimate
    mark = Series("break-even", label, "mark", (point.estimate,), (height,), hover=(label,))
    return shades, (mark,)
