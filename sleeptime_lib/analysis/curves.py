"""Curves of accuracy against test-time tokens, with a cluster-bootstrap band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sleeptime_lib.analysis.bootstrap import limits
from sleeptime_lib.analysis.cells import Cells, Draws, Line, observed
from sleeptime_lib.analysis.difference import accuracy_bounds


@dataclass(frozen=True, slots=True)
class Point:
    """One arm at one budget.

    Attributes:
        budget: The budget.
        tokens: Mean test completion tokens per answered question; NaN when nothing was answered.
        tokens_low: Lower limit of it.
        tokens_high: Upper limit of it.
        accuracy: Share of answered rows that are right; NaN when nothing was answered.
        low: Lower limit of it.
        high: Upper limit of it.
        rerun_error: Standard error of the accuracy if the same questions were asked again; it is
            part of the interval, which also holds for other questions. NaN with a single run.
        n: Answered rows.
        asked: Rows, answered or failed.
        failed: Failed rows.
        missing: Rows of the full grid that are not there.
        failures_low: Accuracy if every failed row were wrong.
        failures_high: Accuracy if every failed row were right.
    """

    budget: int
    tokens: float
    tokens_low: float
    tokens_high: float
    accuracy: float
    low: float
    high: float
    rerun_error: float
    n: int
    asked: int
    failed: int
    missing: int
    failures_low: float
    failures_high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one line, in the order of their budgets.

    Attributes:
        line: Which arm and sleep setting.
        points: One per budget.
        frontier: Budgets on the raw frontier: no other point of the curve has as many right with
            fewer tokens. A picture only; its maximum is biased.
    """

    line: Line
    points: tuple[Point, ...]
    frontier: tuple[int, ...]


def curve(cells: Cells, draws: Draws, line: Line, *, confidence: float = 0.95) -> Curve:
    """Accuracy and tokens of one line at every budget.

    The band is the percentile interval of the cluster bootstrap. Where every answer of a cell
    scored the same, no draw can differ; the limit is then the exact binomial one for that many
    equal clusters (about 3 / clusters away, the "rule of three").

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        line: Which cells.
        confidence: Of the intervals.

    Returns:
        The curve.
    """
    seen, bounds, missing = observed(cells), accuracy_bounds(cells), cells.missing
    clusters = len(cells.clusters)
    which = cells.of(line)
    limit = [
        limits(x[:, which], x[:, which], confidence, clusters)
        for x in (draws.accuracy, draws.tokens)
    ]
    points = []
    for i, cell in enumerate(which):
        accuracy = float(seen.accuracy[0, cell])
        low, high = _plausible(limit[0][0][i]), _plausible(limit[0][1][i])
        here = int((cells.n[cell] > 0).sum())
        if here and accuracy in (0.0, 1.0):
            reach = float(((1 - confidence) / 2) ** (1 / here))
            low, high = (0.0, 1 - reach) if accuracy == 0 else (reach, 1.0)
        points.append(
            Point(
                budget=cells.budgets[cell],
                tokens=float(seen.tokens[0, cell]),
                tokens_low=_plausible(limit[1][0][i]),
                tokens_high=_plausible(limit[1][1][i]),
                accuracy=accuracy,
                low=low,
                high=high,
                rerun_error=float(cells.rerun_error[cell]),
                n=int(seen.n[0, cell]),
                asked=int(cells.asked[cell]),
                failed=int(cells.failed[cell]),
                missing=int(missing[cell]),
                failures_low=float(bounds[0, cell]),
                failures_high=float(bounds[1, cell]),
            )
        )
    return Curve(line=line, points=tuple(points), frontier=_frontier(points))


def _plausible(limit: float) -> float:
    """A limit that draws without an answer pushed to infinity is no limit."""
    return float(limit) if np.isfinite(limit) else float("nan")


def _frontier(points: list[Point]) -> tuple[int, ...]:
    best, kept = -np.inf, []
    for point in sorted(points, key=lambda p: (p.tokens, -p.accuracy)):
        if point.accuracy > best:
            best = point.accuracy
            kept.append(point.budget)
    return tuple(kept)
