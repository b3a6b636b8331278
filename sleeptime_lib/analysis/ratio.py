"""How many times fewer tokens: the equal-accuracy ratio and its average over a range.

R(a) = T_baseline(a) / T_sleep(a), where T(a) is the number of test tokens at which an arm's curve
reaches accuracy a: isotonic through the budgets' means, linear in log tokens between them. Above
1 the sleep phase saves tokens. Between two budgets R(a) is an interpolation, not a measurement.

A draw in which an arm does not reach a* only bounds R: if the baseline stays below a*, or the
sleep arm is above it already at its smallest budget, R counts as +inf for the upper limit; the
other way round as -inf (in logs) for the lower limit. Such draws are counted, never dropped, so
a limit may be unbounded.

References: Barlow, Bartholomew, Bremner and Brunk (1972), Statistical Inference under Order
Restrictions, for the fit; Bjontegaard (2001), VCEG-M33, for averaging the log ratio over the
common range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sleeptime_lib.analysis.bootstrap import MOST_CENSORED, Floats, limits
from sleeptime_lib.analysis.cells import Cells, Draws, observed, ratio

LEVELS: Final = 33
"""Accuracies at which the range average evaluates the log ratio."""


@dataclass(frozen=True, slots=True)
class EqualAccuracy:
    """The token ratio at one accuracy, with a paired cluster-bootstrap interval.

    Attributes:
        at: The accuracy a*, or None when none could be chosen.
        at_given: Whether it was asked for; otherwise it is the middle of the accuracies that both
            arms reach in this run.
        ratio: Tokens of the baseline over tokens of the sleep arm; None when undefined.
        low: Lower limit; 0 when unbounded.
        high: Upper limit; inf when unbounded.
        censored: Fraction of draws that only bound the ratio.
        censored_high: Fraction that counts as +inf.
        censored_low: Fraction that counts as 0.
        baseline_tokens: Test tokens per question at which the baseline reaches a*.
        sleep_tokens: The same for the sleep arm.
        failures_low: Ratio if every failed baseline row were right and every failed sleep row
            wrong; None when that leaves it undefined.
        failures_high: The other way round.
        reason: Why there is no ratio; "" when there is one.
    """

    at: float | None
    at_given: bool = False
    ratio: float | None = None
    low: float = float("nan")
    high: float = float("nan")
    censored: float = float("nan")
    censored_high: float = float("nan")
    censored_low: float = float("nan")
    baseline_tokens: float | None = None
    sleep_tokens: float | None = None
    failures_low: float | None = None
    failures_high: float | None = None
    reason: str = ""

    @property
    def determined(self) -> bool:
        """Whether the interval is bounded on both sides and most draws give a ratio."""
        return self.ratio is not None and is_determined(self.low, self.high, self.censored)


@dataclass(frozen=True, slots=True)
class RangeRatio:
    """The geometric mean of the token ratio over the accuracies that both arms reach.

    Attributes:
        ratio: The mean; None without a common range.
        low: Lower limit; 0 when unbounded.
        high: Upper limit; inf when unbounded.
        start: Lowest accuracy of the range.
        stop: Highest accuracy of the range.
        censored: Fraction of draws whose curves share no part of the range; they count as
            unbounded on both sides.
    """

    ratio: float | None
    low: float = float("nan")
    high: float = float("nan")
    start: float = float("nan")
    stop: float = float("nan")
    censored: float = float("nan")

    @property
    def determined(self) -> bool:
        """Whether the interval is bounded on both sides and most draws give a ratio."""
        return self.ratio is not None and is_determined(self.low, self.high, self.censored)


def is_determined(low: float, high: float, censored: float = 0.0) -> bool:
    """Whether a ratio is known: bounded on both sides, and given by most bootstrap draws."""
    return low > 0 and math.isfinite(high) and censored <= MOST_CENSORED


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


def _fit(draws: Draws, cells: Sequence[int]) -> Fit:
    which = list(cells)
    return fit_curve(draws.tokens[:, which], draws.accuracy[:, which], draws.n[:, which])


def _log_ratio(base: Fit, sleep: Fit, levels: Floats) -> tuple[Floats, Floats]:
    base_low, base_high = base.log_tokens(levels)
    sleep_low, sleep_high = sleep.log_tokens(levels)
    with np.errstate(invalid="ignore"):  # inf - inf: NaN, which limits() takes as unbounded
        return base_low - sleep_high, base_high - sleep_low


def overlap(base: Fit, sleep: Fit) -> tuple[float, float]:
    """Accuracies that both observed curves reach; the first is above the second if none."""
    low = float(max(base.least[0], sleep.least[0]))
    high = float(min(base.most[0], sleep.most[0]))
    return low, high


def _no_overlap(base: Fit, sleep: Fit, low: float, high: float) -> str:
    if np.isnan(base.least[0]) or np.isnan(sleep.least[0]):
        return "an arm has no answered rows with tokens"
    spans = " and ".join(
        f"{name} {100 * f.least[0]:.1f} to {100 * f.most[0]:.1f}%"
        for name, f in (("baseline", base), ("sleep-time", sleep))
    )
    if low > high:
        return f"the arms share no accuracy: {spans}"
    return f"the arms share one accuracy only, not a range: {spans}"


def equal_accuracy(
    cells: Cells,
    draws: Draws,
    baseline: Sequence[int],
    sleep: Sequence[int],
    *,
    at: float | None = None,
    confidence: float = 0.95,
) -> EqualAccuracy:
    """Ratio of the test tokens with which two arms reach the same accuracy.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        baseline: Indexes of the baseline's cells.
        sleep: Indexes of the sleep arm's cells.
        at: The accuracy a*. None takes the middle of the accuracies that both curves reach in
            this run; it is then held fixed over the draws. Never the one with the largest ratio.
        confidence: Of the interval.

    Returns:
        The ratio; without one, the reason.
    """
    seen = observed(cells)
    base_fit, sleep_fit = _fit(seen, baseline), _fit(seen, sleep)
    low, high = overlap(base_fit, sleep_fit)
    given = at is not None
    if at is None:
        if not low < high:
            return EqualAccuracy(at=None, reason=_no_overlap(base_fit, sleep_fit, low, high))
        at = (low + high) / 2
    level = np.array([at])
    base_low, base_high = (float(x[0, 0]) for x in base_fit.log_tokens(level))
    sleep_low, sleep_high = (float(x[0, 0]) for x in sleep_fit.log_tokens(level))
    lower, upper = _log_ratio(_fit(draws, baseline), _fit(draws, sleep), level)
    low_limit, high_limit = limits(lower, upper, confidence, len(cells.clusters))
    at_high, at_low = ~(upper < np.inf), ~(lower > -np.inf)
    known = base_low == base_high and sleep_low == sleep_high
    outside = [
        f"{name} {'stays below' if top == np.inf else 'is above'} {100 * at:.1f}%"
        for name, bottom, top in (
            ("the baseline", base_low, base_high),
            ("the sleep arm", sleep_low, sleep_high),
        )
        if bottom != top
    ]
    failures = [
        _with_failures(cells, baseline, sleep, level, base_right=right) for right in (True, False)
    ]
    return EqualAccuracy(
        at=at,
        at_given=given,
        ratio=float(np.exp(base_low - sleep_low)) if known else None,
        low=float(np.exp(low_limit[0])),
        high=float(np.exp(high_limit[0])),
        censored=float((at_high | at_low).mean()),
        censored_high=float(at_high.mean()),
        censored_low=float(at_low.mean()),
        baseline_tokens=float(np.exp(base_low)) if base_low == base_high else None,
        sleep_tokens=float(np.exp(sleep_low)) if sleep_low == sleep_high else None,
        failures_low=failures[0],
        failures_high=failures[1],
        reason="; ".join(outside) + (" at every budget tried" if outside else ""),
    )


def log_ratio_draws(
    cells: Cells, draws: Draws, baseline: Sequence[int], sleep: Sequence[int]
) -> Floats | None:
    """Log of the ratio in each draw, (draws,), in the middle of the accuracies both arms reach.

    Unbounded draws are infinite and draws unbounded on both sides are left out. None when the arms
    share no accuracy.
    """
    seen = observed(cells)
    low, high = overlap(_fit(seen, baseline), _fit(seen, sleep))
    if not low < high:
        return None
    level = np.array([(low + high) / 2])
    lower, upper = _log_ratio(_fit(draws, baseline), _fit(draws, sleep), level)
    bounded = np.where(np.isinf(upper), upper, lower)[:, 0]
    known: Floats = bounded[~(np.isinf(lower) & np.isinf(upper))[:, 0]]
    return known if len(known) else None


def _with_failures(
    cells: Cells, baseline: Sequence[int], sleep: Sequence[int], level: Floats, *, base_right: bool
) -> float | None:
    """The ratio with the failed rows of one arm taken as right and of the other as wrong."""
    seen = observed(cells)
    n = cells.asked[None].astype(np.float64)
    score = cells.score.sum(axis=1)[None]
    fits = []
    for which, right in ((list(baseline), base_right), (list(sleep), not base_right)):
        total = score[:, which] + (cells.failed[which] if right else 0)
        fits.append(fit_curve(seen.tokens[:, which], total / n[:, which], n[:, which]))
    lower, upper = (float(x[0, 0]) for x in _log_ratio(fits[0], fits[1], level))
    return float(np.exp(lower)) if lower == upper else None


def range_ratio(
    cells: Cells,
    draws: Draws,
    baseline: Sequence[int],
    sleep: Sequence[int],
    *,
    confidence: float = 0.95,
) -> RangeRatio:
    """Average the log ratio over the accuracies that both observed curves reach.

    In each draw the average is over the part of that range which its two curves reach.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        baseline: Indexes of the baseline's cells.
        sleep: Indexes of the sleep arm's cells.
        confidence: Of the interval.

    Returns:
        The geometric mean of the ratio over the range, or None in `ratio` without a range.
    """
    seen = observed(cells)
    base_fit, sleep_fit = _fit(seen, baseline), _fit(seen, sleep)
    start, stop = overlap(base_fit, sleep_fit)
    if not start < stop:
        return RangeRatio(ratio=None)
    levels = np.linspace(start, stop, LEVELS)
    estimate = _average(base_fit, sleep_fit, levels)[0]
    drawn = _average(_fit(draws, baseline), _fit(draws, sleep), levels)
    low, high = limits(drawn, drawn, confidence, len(cells.clusters))
    return RangeRatio(
        ratio=float(np.exp(estimate)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        start=start,
        stop=stop,
        censored=float(np.isnan(drawn).mean()),
    )


def _average(base: Fit, sleep: Fit, levels: Floats) -> Floats:
    """Mean log ratio over the levels that both curves of a draw reach; NaN without any."""
    lower, upper = _log_ratio(base, sleep, levels)
    inside = lower == upper
    count = inside.sum(axis=1)
    total = np.where(inside, lower, 0.0).sum(axis=1)
    return ratio(total, count.astype(np.float64))
