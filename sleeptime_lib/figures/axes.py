"""Axes with sensible limits and ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sleeptime_lib.figures.picture import Axis

LOG_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7))
PERCENT_STEPS = (1, 2, 5, 10, 20)
POINT_STEPS = (1, 2, 5, 10, 20, 50)
MOST_POWERS = 9


def number(value: float) -> str:
    """A number for reading: thousands separated, no needless zeros."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def token_axis(values: Iterable[float], title: str) -> Axis:
    """A logarithmic axis that holds `values` with some air.

    Ticks are round numbers, as few to a power of 10 as still give at least four of them.
    """
    known = [v for v in values if math.isfinite(v) and v > 0] or [10.0, 1000.0]
    low, high = min(known), max(known)
    air = max(0.06 * math.log(high / low), 0.12)
    if high / low < 2:
        air = max(air, (math.log(4) - math.log(high / low)) / 2)
    low, high = low * math.exp(-air), high * math.exp(air)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in LOG_STEPS:
        ticks = [s * 10.0**p for p in powers for s in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 4:
            break
    return Axis(title, low, high, tuple(ticks), tuple(f"{t:,.6g}" for t in ticks), log=True)


def _ticks(low: float, high: float, steps: tuple[int, ...], most: int) -> list[float]:
    """Multiples of the smallest step that covers low to high in at most `most` intervals."""
    for step in steps:
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= most:
            break
    return [float(k * step) for k in range(first, last + 1)]


def percent_axis(values: Iterable[float], title: str) -> Axis:
    """A linear axis for percentages from 0 to 100, cut to where the values are."""
    known = [v for v in values if math.isfinite(v)] or [0.0, 100.0]
    low, high = max(min(known) - 2, 0.0), min(max(known) + 2, 100.0)
    if high - low < 10:
        middle = min(max((low + high) / 2, 5.0), 95.0)
        low, high = middle - 5, middle + 5
    ticks = [t for t in _ticks(low, high, PERCENT_STEPS, 7) if 0 <= t <= 100]
    # Air for markers that sit on a limit.
    air = 0.03 * (ticks[-1] - ticks[0])
    texts = tuple(f"{t:g}" for t in ticks)
    return Axis(title, ticks[0] - air, ticks[-1] + air, tuple(ticks), texts)


def points_axis(values: Iterable[float], title: str) -> Axis:
    """A linear axis for differences in percentage points, with signs; always holds 0."""
    known = [v for v in values if math.isfinite(v)]
    low, high = min([*known, -1.0]), max([*known, 1.0])
    ticks = _ticks(low, high, POINT_STEPS, 8)
    texts = tuple(f"{t:+g}".replace("-", "−") if t else "0" for t in ticks)
    return Axis(title, ticks[0], ticks[-1], tuple(ticks), texts)


def step_axis(steps: Sequence[str], title: str) -> Axis:
    """A linear axis of named steps, at 0, 1, 2 and so on."""
    ticks = tuple(float(i) for i in range(max(len(steps), 1)))
    return Axis(title, -0.5, ticks[-1] + 0.5, ticks, tuple(steps) or ("",))


def amount_axis(values: Iterable[float], title: str, *, unit: str = "", least: float = 0.0) -> Axis:
    """A linear axis from 0 for amounts, such as costs, with at most seven round ticks.

    Args:
        values: What it has to hold.
        title: Its title.
        unit: Written behind the number of each tick, such as "×" of ratios.
        least: A value that it holds in any case.
    """
    most = max([*(v for v in values if math.isfinite(v)), least]) or 1.0
    power = 10.0 ** (math.floor(math.log10(most)) - 1)
    step = next(s * power for s in (1, 2, 5, 10, 20, 50) if most / (s * power) <= 6)
    ticks = tuple(float(f"{k * step:.6g}") for k in range(math.ceil(most / step - 1e-9) + 1))
    air = 0.03 * ticks[-1]
    return Axis(title, -air, ticks[-1] + air, ticks, tuple(f"{t:,.6g}{unit}" for t in ticks))


def ratio_axis(values: Iterable[float], title: str) -> Axis:
    """A logarithmic axis for ratios that always holds 1, with powers of 2 as ticks."""
    known = [v for v in values if math.isfinite(v) and v > 0]
    low, high = min([*known, 0.7]), max([*known, 1.4])
    powers = range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)
    step = -(-len(powers) // MOST_POWERS)
    ticks = tuple(2.0**p for p in powers if p % step == 0)
    ends = 2.0 ** powers[0], 2.0 ** powers[-1]
    return Axis(title, *ends, ticks, tuple(f"{t:.4g}×" for t in ticks), log=True)


def value_axis(values: Iterable[float], title: str) -> Axis:
    """A linear axis that holds `values` of any sign and size, with at most eight round ticks."""
    known = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if low == high:
        low, high = low - 0.5, high + 0.5
    power = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    step = next(s * power for s in (1, 2, 5, 10, 20, 50) if (high - low) / (s * power) <= 7)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(float(f"{k * step:.6g}") for k in range(first, last + 1))
    texts = tuple(f"{t:,.6g}".replace("-", "−") for t in ticks)
    air = 0.03 * (ticks[-1] - ticks[0])
    return Axis(title, ticks[0] - air, ticks[-1] + air, ticks, texts)
