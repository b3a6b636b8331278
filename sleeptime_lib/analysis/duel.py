"""One way to spend against another: accuracy at equal cost, and cost at equal accuracy.

Each way is a curve, accuracy over cost at several budgets, as observed and in every draw of
clusters; both curves have the same draws, so that they are compared in pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sleeptime_lib.analysis.bootstrap import Floats, Interval, interval, joint_confidence
from sleeptime_lib.analysis.fit import fit_curve

Verdict = Literal["better", "not better", "not determined"]
Cheaper = Literal["cheaper", "not cheaper", "not determined"]
Curve = tuple[Floats, Floats]
"""Cost and accuracy, each (1 + draws, budgets)."""

COSTS: Final = 5
"""Costs at which it is told which way is ahead, evenly spaced in logarithms between the ends."""

LEAST_RANGE: Final = 1.05
"""Ratio of the ends below which one cost is looked at: the others would be the same."""


@dataclass(frozen=True, slots=True)
class Duel:
    """The policy against another strategy.

    Attributes:
        other: The other strategy.
        cost: Cost at which accuracies are compared: the middle of the costs that both reach, in
            logarithms; None where they share none.
        points: Accuracy of the policy minus the other's at that cost, in percentage points.
        accuracy: Accuracy at which costs are compared, the middle of those that both reach; None
            where they share none.
        ratio: Cost of the other over that of the policy there: above 1 the policy is cheaper.
        along: (cost, points) at several costs that both reach; these limits hold for all of them
            at once.
    """

    other: str
    cost: float | None
    points: Interval
    accuracy: float | None
    ratio: Interval
    along: tuple[tuple[float, Interval], ...]

    @property
    def verdict(self) -> Verdict:
        """What the interval of the accuracy at equal cost says."""
        if self.points.low > 0:
            return "better"
        return "not better" if self.points.high < 0 else "not determined"

    @property
    def cheaper(self) -> Cheaper:
        """What the interval of the cost at equal accuracy says."""
        if self.ratio.low > 1:
            return "cheaper"
        return "not cheaper" if self.ratio.high < 1 else "not determined"


def duel(other: str, mine: Curve, theirs: Curve, confidence: float, clusters: int) -> Duel:
    """Compare a policy with another strategy.

    Args:
        other: Name of the other.
        mine: Of the policy.
        theirs: Of the other, in the same draws.
        confidence: Of the intervals.
        clusters: How many were resampled.
    """
    costs = _shared_costs(mine, theirs)
    ahead = [100 * (_accuracy_at(mine, at) - _accuracy_at(theirs, at)) for at in costs]
    points = np.array(ahead).reshape(len(costs), len(mine[0]))
    joint = joint_confidence(points[:, 1:].T, points[:, 1:].T, confidence)
    middle = len(costs) // 2
    nothing = Interval(math.nan, math.nan, math.nan)
    accuracy, low, high = _at_equal_accuracy(mine, theirs)
    return Duel(
        other,
        costs[middle] if costs else None,
        interval(points[middle], confidence, clusters) if costs else nothing,
        accuracy,
        interval(low, confidence, clusters, high),
        tuple((at, interval(x, joint, clusters)) for at, x in zip(costs, points, strict=True)),
    )


def _shared_costs(mine: Curve, theirs: Curve) -> list[float]:
    """Costs that both reach, without the ends, where they are often the same by their making.

    Where they are all but one, that one.
    """
    low = max(curve[0][0].min() for curve in (mine, theirs))
    high = min(curve[0][0].max() for curve in (mine, theirs))
    if not 0 < low <= high * (1 + 1e-9):
        return []
    count = COSTS if high >= LEAST_RANGE * low else 1
    return [float(x) for x in np.exp(np.linspace(np.log(low), np.log(high), count + 2)[1:-1])]


def _accuracy_at(curve: Curve, cost: float) -> Floats:
    """(1 + draws,) accuracy at a cost, linear in its logarithm; beyond its ends that of the end."""
    rising = np.log(np.maximum.accumulate(curve[0], axis=1))
    return np.array(
        [np.interp(math.log(cost), x, y) for x, y in zip(rising, curve[1], strict=True)]
    )


def _at_equal_accuracy(mine: Curve, theirs: Curve) -> tuple[float | None, Floats, Floats]:
    """The accuracy, and bounds on (1 + draws,) the other's cost over that of the first curve."""
    fits = [fit_curve(costs, right, np.ones_like(costs)) for costs, right in (mine, theirs)]
    low = max(float(one.least[0]) for one in fits)
    high = min(float(one.most[0]) for one in fits)
    if not low < high:
        nothing = np.full(len(mine[0]), np.nan)
        return None, nothing, nothing
    at = (low + high) / 2
    (my_low, my_high), (their_low, their_high) = (one.log_tokens(np.array([at])) for one in fits)
    with np.errstate(invalid="ignore", over="ignore"):
        return at, np.exp(their_low - my_high)[:, 0], np.exp(their_high - my_low)[:, 0]
