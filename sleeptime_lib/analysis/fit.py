"""Monotone curves of accuracy on log tokens, one for each bootstrap draw, and their inverse.

Reference: Barlow, Bartholomew, Bremner and Brunk (1972), Statistical Inference under Order
Restrictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sleeptime_lib.analysis.bootstrap import Floats


def isotonic(y: Floats, weight: Floats) -> Floats:
    """Weighted least-squares non-decreasing fit along the last axis.

    The min-max formula, fit[i] = max over j <= i of min over k >= i of mean(y[j..k]), is exact
    and, for the handful of budgets a curve has, one array expression over all draws.

    Args:
        y: (..., points) in the order of increasing x.
        weight: (..., points), not negative. Points of weight 0 do not count.

    Returns:
        (..., points); NaN where no point has weight.
    """
    points = y.shape[-1]
    pad = [(0, 0)] * (y.ndim - 1) + [(1, 0)]
    total = np.cumsum(np.pad(weight, pad), axis=-1)
    moment = np.cumsum(np.pad(weight * np.where(weight > 0, y, 0.0), pad), axis=-1)
    start, end = np.triu_indices(points)
    mean = np.full((*y.shape[:-1], points, points), np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        block = (moment[..., end + 1] - moment[..., start]) / (
            total[..., end + 1] - total[..., start]
        )
    mean[..., start, end] = np.where(np.isnan(block), np.inf, block)
    smallest = np.minimum.accumulate(mean[..., ::-1], axis=-1)[..., ::-1]
    smallest[..., *np.tril_indices(points, -1)] = -np.inf
    smallest = np.where(np.isposinf(smallest), -np.inf, smallest)
    fit: Floats = smallest.max(axis=-2)
    return np.where(np.isinf(fit), np.nan, fit)


@dataclass(frozen=True, slots=True)
class Fit:
    """Monotone curves, one per draw: accuracy `y` at natural-log tokens `x`, both (draws, points).

    Both are non-decreasing along the points and NaN in a draw that has no usable point.
    """

    x: Floats
    y: Floats

    @property
    def least(self) -> Floats:
        """Lowest fitted accuracy of each draw, (draws,)."""
        return self.y[:, 0]

    @property
    def most(self) -> Floats:
        """Highest fitted accuracy of each draw, (draws,)."""
        return self.y[:, -1]

    def log_tokens(self, level: Floats) -> tuple[Floats, Floats]:
        """Bounds on the log tokens at which each draw's curve first reaches a level.

        Between points the curve is linear in log tokens. Where the level lies inside the curve
        both bounds agree. Above it they are (log of the most tokens tried, inf), below it
        (-inf, log of the fewest tokens tried): censored, not dropped.

        Args:
            level: (levels,) accuracies.

        Returns:
            Lower and upper bounds, each (draws, levels).
        """
        first = (self.y[:, None, :] < level[None, :, None]).sum(axis=-1)
        points = self.y.shape[1]
        right = np.clip(first, 0, points - 1)
        left = np.clip(first - 1, 0, points - 1)
        y0, y1 = (np.take_along_axis(self.y, i, axis=1) for i in (left, right))
        x0, x1 = (np.take_along_axis(self.x, i, axis=1) for i in (left, right))
        rise = y1 - y0
        share = np.divide(level[None, :] - y0, rise, out=np.zeros_like(rise), where=rise > 0)
        exact = x0 + share * (x1 - x0)
        unusable = np.isnan(self.y[:, :1])
        above = (first == points) | unusable
        below = (level[None, :] < self.y[:, :1]) | unusable
        low = np.where(below, -np.inf, np.where(above, self.x[:, -1:], exact))
        high = np.where(above, np.inf, np.where(below, self.x[:, :1], exact))
        return low, high


def fit_curve(tokens: Floats, accuracy: Floats, weight: Floats) -> Fit:
    """Fit accuracy on log tokens in every draw.

    Args:
        tokens: (draws, budgets) mean tokens; a point without tokens (0 or NaN) is left out.
        accuracy: (draws, budgets), NaN where nothing was answered.
        weight: (draws, budgets) answered rows.

    Returns:
        The fit, with the points of each draw sorted by tokens, then accuracy.
    """
    usable = (weight > 0) & (tokens > 0) & np.isfinite(accuracy)
    x = np.where(usable, np.log(np.where(usable, tokens, 1.0)), np.inf)
    y = np.where(usable, accuracy, 0.0)
    order = np.lexsort((y, x), axis=-1)
    x, y = np.take_along_axis(x, order, -1), np.take_along_axis(y, order, -1)
    w = np.take_along_axis(np.where(usable, weight, 0.0), order, -1)
    fit = isotonic(y, w)
    # Left-out points sorted last: let them repeat the last usable one.
    last = np.clip(usable.sum(axis=-1, keepdims=True) - 1, 0, None)
    beyond = np.arange(x.shape[-1]) > last
    x = np.where(beyond, np.take_along_axis(x, last, -1), x)
    x = np.where(np.isinf(x), np.nan, x)
    fit = np.where(beyond, np.take_along_axis(fit, last, -1), fit)
    return Fit(x=x, y=fit)
