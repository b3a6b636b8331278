"""How many times fewer tokens at equal accuracy: at one, and at all that both arms reach.

R(a) = T_baseline(a) / T_sleep(a), where T(a) is the number of test tokens at which an arm's curve
reaches accuracy a: isotonic through the budgets' means, linear in log tokens between them. Above
1 the sleep phase saves tokens. Between two budgets R(a) is an interpolation, not a measurement.

A draw in which an arm does not reach an accuracy only bounds R: if the baseline stays below it, or
the sleep arm is above it already at its smallest budget, R counts as +inf for the upper limit; the
other way round as -inf (in logs) for the lower limit. Such draws are counted, never dropped, so
a limit may be unbounded.

Reference: Bjontegaard (2001), VCEG-M33, for averaging the log ratio over the common range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sleeptime_lib.analysis.bootstrap import MOST_CENSORED, Floats, joint_confidence, limits
from sleeptime_lib.analysis.cells import Cells, Draws, observed, ratio
from sleeptime_lib.analysis.fit import Fit, fit_curve

LEVELS: Final = 33
"""Accuracies, evenly spaced over the common range, at which the ratio is calculated."""


@dataclass(frozen=True, slots=True)
class EqualAccuracy:
    """The token ratio at one accuracy, with a paired cluster-bootstrap interval.

    Attributes:
        at: The accuracy a*, or None when none could be chosen.
        at_given: Whether it was asked for; otherwise it is the middle of the accuracies that both
            arms reach in this run.
        ratio: Tokens of the baseline over tokens of the sleep arm; None when undefined, or where
            more than half of the draws only bound it.
        low: Lower limit; 0 when unbounded.
        high: Upper limit; inf when unbounded.
        censored: Fraction of draws that only bound the ratio.
        censored_high: Fraction that counts as +inf.
        censored_low: Fraction that counts as 0.
        baseline_tokens: Test tokens per question at which the baseline reaches a*; None where it
            does not, or not in more than half of the draws.
        sleep_tokens: The same for the sleep arm.
        failures_low: Ratio if every failed baseline row were right and every failed sleep row
            wrong; None when that leaves it undefined.
        failures_high: The other way round.
        reason: Why the rows as they are give no ratio; "" when they do.
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
class RatioPoint:
    """The token ratio at one accuracy.

    Attributes:
        at: The accuracy.
        ratio: R; None where more than half of the draws only bound it.
        low: Lower pointwise limit; 0 when unbounded.
        high: Upper pointwise limit; inf when unbounded.
        simultaneous_low: Lower limit of the band that holds at all accuracies at once.
        simultaneous_high: Its upper limit.
        censored: Fraction of draws that only bound the ratio.
        measured: Whether a budget of an arm has this accuracy; elsewhere R is interpolated in both.
    """

    at: float
    ratio: float | None
    low: float
    high: float
    simultaneous_low: float
    simultaneous_high: float
    censored: float
    measured: bool


@dataclass(frozen=True, slots=True)
class RatioCurve:
    """The token ratio R(a) over the accuracies that both arms reach in this run.

    Attributes:
        points: By accuracy, evenly spaced and where budgets were measured; none without a range.
        mean: Geometric mean over the range; None without one, or where more than half of the draws
            give none. It hides how R changes.
        mean_low: Lower limit; 0 when unbounded.
        mean_high: Upper limit; inf when unbounded.
        mean_censored: Fraction of draws whose curves share no part of the range; they count as
            unbounded on both sides.
    """

    points: tuple[RatioPoint, ...] = ()
    mean: float | None = None
    mean_low: float = float("nan")
    mean_high: float = float("nan")
    mean_censored: float = float("nan")


def is_determined(low: float, high: float, censored: float = 0.0) -> bool:
    """Whether a ratio is known: bounded on both sides, and given by most bootstrap draws."""
    return low > 0 and math.isfinite(high) and censored <= MOST_CENSORED


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
    fits = _fit(draws, baseline), _fit(draws, sleep)
    lower, upper = _log_ratio(*fits, level)
    low_limit, high_limit = limits(lower, upper, confidence, len(cells.clusters))
    at_high, at_low = ~(upper < np.inf), ~(lower > -np.inf)
    censored = float((at_high | at_low).mean())
    known = base_low == base_high and sleep_low == sleep_high and censored <= MOST_CENSORED
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
        censored=censored,
        censored_high=float(at_high.mean()),
        censored_low=float(at_low.mean()),
        baseline_tokens=_tokens(base_low, base_high, fits[0], level),
        sleep_tokens=_tokens(sleep_low, sleep_high, fits[1], level),
        failures_low=failures[0],
        failures_high=failures[1],
        reason="; ".join(outside) + (" at every budget tried" if outside else ""),
    )


def _tokens(low: float, high: float, drawn: Fit, level: Floats) -> float | None:
    """Tokens at which a curve reaches a level; None where it, or most of its draws, do not."""
    bounds = drawn.log_tokens(level)
    short = float((bounds[0] != bounds[1]).mean())
    return float(np.exp(low)) if low == high and short <= MOST_CENSORED else None


def log_ratio_draws(
    cells: Cells, draws: Draws, baseline: Sequence[int], sleep: Sequence[int]
) -> Floats | None:
    """Log of the ratio in each draw, (draws,), in the middle of the accuracies both arms reach.

    Unbounded draws are infinite and draws unbounded on both sides are left out. None when the arms
    share no accuracy, or more than half of the draws would be left out.
    """
    seen = observed(cells)
    low, high = overlap(_fit(seen, baseline), _fit(seen, sleep))
    if not low < high:
        return None
    level = np.array([(low + high) / 2])
    lower, upper = _log_ratio(_fit(draws, baseline), _fit(draws, sleep), level)
    bounded = np.where(np.isinf(upper), upper, lower)[:, 0]
    known: Floats = bounded[~(np.isinf(lower) & np.isinf(upper))[:, 0]]
    return known if len(known) >= (1 - MOST_CENSORED) * len(bounded) else None


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


def ratio_curve(
    cells: Cells,
    draws: Draws,
    baseline: Sequence[int],
    sleep: Sequence[int],
    *,
    confidence: float = 0.95,
) -> RatioCurve:
    """The ratio at all accuracies that both observed curves reach, with its bands.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        baseline: Indexes of the baseline's cells.
        sleep: Indexes of the sleep arm's cells.
        confidence: Of the pointwise limits, and of the whole band.
    """
    seen = observed(cells)
    base_fit, sleep_fit = _fit(seen, baseline), _fit(seen, sleep)
    start, stop = overlap(base_fit, sleep_fit)
    if not start < stop:
        return RatioCurve()
    even = np.linspace(start, stop, LEVELS)
    measured = np.concatenate([base_fit.y[0], sleep_fit.y[0]])
    levels = np.union1d(even, measured[(start <= measured) & (measured <= stop)])
    estimate = _log_ratio(base_fit, sleep_fit, levels)[0][0]
    lower, upper = _log_ratio(_fit(draws, baseline), _fit(draws, sleep), levels)
    clusters = len(cells.clusters)
    bands = [
        np.exp(end)
        for level in (confidence, joint_confidence(lower, upper, confidence))
        for end in limits(lower, upper, level, clusters)
    ]
    censored = (~(upper < np.inf) | ~(lower > -np.inf)).mean(axis=0)
    spaced = np.isin(levels, even)
    drawn = _average(lower[:, spaced], upper[:, spaced])
    low, high = limits(drawn, drawn, confidence, clusters)
    missing = float(np.isnan(drawn).mean())
    return RatioCurve(
        points=tuple(
            RatioPoint(
                at=float(at),
                ratio=float(np.exp(estimate[i])) if censored[i] <= MOST_CENSORED else None,
                low=float(bands[0][i]),
                high=float(bands[1][i]),
                simultaneous_low=float(bands[2][i]),
                simultaneous_high=float(bands[3][i]),
                censored=float(censored[i]),
                measured=bool(at in measured),
            )
            for i, at in enumerate(levels)
        ),
        mean=float(np.exp(estimate[spaced].mean())) if missing <= MOST_CENSORED else None,
        mean_low=float(np.exp(low)),
        mean_high=float(np.exp(high)),
        mean_censored=missing,
    )


def _average(lower: Floats, upper: Floats) -> Floats:
    """Mean log ratio over the levels that both curves of a draw reach; NaN without any."""
    inside = lower == upper
    total = np.where(inside, lower, 0.0).sum(axis=1)
    return ratio(total, inside.sum(axis=1).astype(np.float64))
