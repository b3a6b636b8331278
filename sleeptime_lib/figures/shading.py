"""The area between two curves: where, and by how much, one is above the other."""

from __future__ import annotations

import math
from itertools import pairwise

from sleeptime_lib.figures.picture import Series, Shade


def improvement(upper: Series, lower: Series, name: str) -> tuple[Shade, ...]:
    """Areas, over the x that both curves span, in which `upper` really is above `lower`.

    Lines run straight in log x, as they are drawn.
    """
    start, stop = max(upper.x[0], lower.x[0]), min(upper.x[-1], lower.x[-1])
    if not start < stop:
        return ()
    corners = sorted({x for x in (*upper.x, *lower.x, start, stop) if start <= x <= stop})
    corners = sorted([*corners, *_crossings(corners, upper, lower)])
    runs, run = [], [corners[0]]
    for left, right in pairwise(corners):
        if _gap(upper, lower, math.sqrt(left * right)) > 0:
            run.append(right)
            continue
        runs.append(run)
        run = [right]
    runs.append(run)
    return tuple(
        Shade(
            name=f"{name}-{i}",
            style=upper.style,
            x=(*run, *reversed(run)),
            y=(*(_height(upper, x) for x in run), *(_height(lower, x) for x in reversed(run))),
        )
        for i, run in enumerate(run for run in runs if len(run) > 1)
    )


def _height(series: Series, x: float) -> float:
    """The line of a series at an x inside its span."""
    for (x0, y0), (x1, y1) in pairwise(zip(series.x, series.y, strict=True)):
        if x0 <= x <= x1 and x1 > x0:
            return y0 + (y1 - y0) * math.log(x / x0) / math.log(x1 / x0)
    return series.y[0] if x <= series.x[0] else series.y[-1]


def _gap(upper: Series, lower: Series, x: float) -> float:
    return _height(upper, x) - _height(lower, x)


def _crossings(corners: list[float], upper: Series, lower: Series) -> list[float]:
    found = []
    for left, right in pairwise(corners):
        before, after = _gap(upper, lower, left), _gap(upper, lower, right)
        if before * after < 0:
            found.append(left * (right / left) ** (before / (before - after)))
    return found
