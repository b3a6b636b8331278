"""Cluster bootstrap: weights for the draws, and limits for one result or for many at once.

Nothing here knows about arms or tokens. A statistic is computed from sums over clusters, so a
draw of clusters is a row of weights and all draws together are one matrix product.

Data are nested: runs (samples, seeds) in questions, questions in contexts, contexts in clusters.
Only the outermost level is resampled, and a drawn cluster brings everything inside it along, so
that the variation of every level is in the interval once. Drawing the runs anew inside the drawn
clusters would count theirs twice: on 60 problems with 3 runs each, nominal 95% intervals then
covered 97 to 99%, and without it 95 to 96%.

References: Efron and Tibshirani (1993) for the bootstrap; Davison and Hinkley (1997), section
3.8, for resampling nested data; Hesterberg (2015, The American Statistician 69:371-386) for the
expanded percentile interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]

DRAWS: Final = 10_000
"""Bootstrap draws unless told otherwise. The limits of few clusters, and those of many results at
once, are far out in the tails, where 2,000 draws leave them rough by 5 to 10%."""

FEW_CLUSTERS: Final = 20
"""Below this many clusters a percentile interval is too narrow to be more than a hint."""

MOST_CENSORED: Final = 0.5
"""Share of draws that may only bound a result whose estimate is still told."""

CHUNK_ENTRIES: Final = 4_000_000
"""Most entries of a weight matrix that are in memory at once (32 MB)."""

_ROUNDING: Final = 1e-12
"""By how much of a value, or of 1, sums of the same numbers may differ."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its limits; NaN where a number cannot be given, inf where unbounded."""

    estimate: float
    low: float
    high: float


def cluster_weights(clusters: int, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield weight matrices, (some draws, clusters), that add up to `draws` rows.

    An entry says how often the draw has that cluster; every row adds up to `clusters`.
    """
    step = max(1, CHUNK_ENTRIES // max(clusters, 1))
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        picks = rng.integers(0, clusters, (rows, clusters))
        picks += np.arange(rows)[:, None] * clusters
        counts = np.bincount(picks.ravel(), minlength=rows * clusters)
        yield counts.reshape(rows, clusters).astype(np.float64)


@lru_cache(maxsize=64)
def expanded_level(confidence: float, clusters: int) -> float:
    """Confidence level whose percentile limits cover `confidence` for a mean of few clusters.

    Bootstrap percentiles are narrow by sqrt((n - 1) / n) and use normal instead of t quantiles;
    asking for slightly more extreme percentiles undoes both (Hesterberg 2015).
    """
    if clusters < 2:
        return confidence
    t = float(stats.t.ppf((1 + confidence) / 2, clusters - 1))
    return float(2 * stats.norm.cdf(t * np.sqrt(clusters / (clusters - 1))) - 1)


def limits(low: Floats, high: Floats, confidence: float, clusters: int) -> Limits:
    """Expanded percentile limits over the first axis (draws).

    Args:
        low: (draws, ...) statistic of each draw; -inf allowed, NaN counts as -inf.
        high: The same, or where a draw only bounds the statistic its upper bound; NaN counts as
            +inf.
        confidence: Such as 0.95.
        clusters: How many clusters were resampled; under 2 there is no interval (NaN).

    Returns:
        Lower and upper limits, each of the shape of one draw. A limit is a statistic of some
        draw (no interpolation, which would be undefined next to infinity).
    """
    if clusters < 2:
        none = np.full(low.shape[1:], np.nan)
        return none, none.copy()
    tail = (1 - expanded_level(confidence, clusters)) / 2
    draws = low.shape[0]
    rank = int(np.floor(tail * draws))
    lower = np.where(np.isnan(low), -np.inf, low)
    upper = np.where(np.isnan(high), np.inf, high)
    return (
        np.partition(lower, rank, axis=0)[rank],
        np.partition(upper, draws - 1 - rank, axis=0)[draws - 1 - rank],
    )


def joint_confidence(low: Floats, high: Floats, confidence: float) -> float:
    """The confidence that each of several intervals needs for all of them to hold at once.

    This is the only kind of band that a report has. Of every draw the most extreme of its results
    counts, as in any max-t band; how extreme a result is, its rank among the draws says. The usual
    band (Romano and Wolf 2005, Econometrica 73:1237-1282) measures that in standard errors, which
    takes a finite draw, a spread that is not 0 and the same reach to both sides: ratios are often
    unbounded, hardly a draw differs in cells near 0 and 1, and both are skewed. Ranks need none of
    it, are the same in points, in logs and as ratios, and give a level, which any kind of limits
    can be asked for: those of `score` too.

    Args:
        low: (draws, results) statistics, as for `limits`.
        high: The same, or their upper bounds.
        confidence: With which all intervals are to hold.

    Returns:
        The level to give to the interval of each result; `confidence` for a single one.

    References: Mandel and Betensky (2008, Computational Statistics and Data Analysis 52:2158-2165);
    Montiel Olea and Plagborg-Møller (2019, Journal of Applied Econometrics 34:1-17), who call it
    the quantile-based sup-t band.
    """
    draws = len(low)
    if not low.size:
        return confidence
    below = stats.rankdata(np.where(np.isnan(low), -np.inf, low), "max", axis=0)
    above = stats.rankdata(-np.where(np.isnan(high), np.inf, high), "max", axis=0)
    rank = np.sort(np.minimum(below, above).min(axis=1))[int((1 - confidence) * draws)]
    return max(confidence, float(1 - 2 * max(rank - 1, 0.5) / draws))


def wider(one: Limits, other: Limits) -> Limits:
    """On each side the limit that is further out; NaN only where neither is known."""
    return np.fmin(one[0], other[0]), np.fmax(one[1], other[1])


def mean_limits(estimate: Floats, drawn: Floats, left_out: Floats, confidence: float) -> Limits:
    """Limits of means over clusters that may differ much, such as those of tokens.

    On each side the wider of the bootstrap's and of a t interval bent by the skewness of the
    clusters. Where a few clusters are far larger than the rest, a mean is more often much too small
    than much too large, of which draws of the clusters at hand show too little; where clusters
    differ in size, the skewness at hand says too little.

    Args:
        estimate: (...) the means.
        drawn: (draws, ...) those of bootstrap draws.
        left_out: (clusters, ...) those without each cluster in turn.
        confidence: Such as 0.95.

    Returns:
        Lower and upper limits, each of the shape of `estimate`; NaN under 2 clusters.

    Reference: Hall (1992, Journal of the Royal Statistical Society B 54:221-228), the removal of
    skewness by transformation. In 1,500 runs of 10, 20 and 35 lognormal clusters it covered 90, 93
    and 93%, a bootstrap-t interval 89, 92 and 91%, and the bootstrap's percentiles 82, 88 and 88%.
    """
    clusters = len(left_out)
    ends = limits(drawn, drawn, confidence, clusters)
    if clusters < 3:
        return ends
    pull = left_out.mean(axis=0) - left_out
    squares = (pull**2).sum(axis=0)
    error = np.sqrt((clusters - 1) / clusters * squares)
    skew = np.divide(
        (pull**3).sum(axis=0), squares**1.5, out=np.zeros_like(estimate), where=squares > 0
    ) * (math.sqrt(clusters * (clusters - 1)) / (clusters - 2))
    t = float(stats.t.ppf((1 + confidence) / 2, clusters - 1))
    bent = estimate - error * _bent(t, skew), estimate - error * _bent(-t, skew)
    return wider(ends, bent)


def _bent(t: float, skew: Floats) -> Floats:
    """The t value that a skewed mean exceeds as often as a symmetric one exceeds `t`."""
    some = np.where(np.abs(skew) < 1e-6, 1e-6, skew)
    bent: Floats = 3 / some * (np.cbrt(1 + some * (t - some / 6)) - 1)
    return bent


def cluster_sums(
    columns: Floats, cluster: NDArray[np.int64], clusters: int, draws: int, seed: int
) -> Floats:
    """Sums over items as observed, and in every draw of clusters.

    Args:
        columns: (items, columns) what is added up.
        cluster: (items,) cluster of each item, from 0.
        clusters: How many there are.
        draws: Bootstrap draws.
        seed: Of the draws; the same seed and number of clusters give the same ones.

    Returns:
        (1 + draws, columns), what was observed first.
    """
    sums = np.zeros((clusters, columns.shape[1]))
    np.add.at(sums, cluster, columns)
    few = clusters * draws <= CHUNK_ENTRIES // 4
    weights = _kept_weights(clusters, draws, seed) if few else _weights(clusters, draws, seed)
    return np.concatenate([sums.sum(axis=0)[None], *(w @ sums for w in weights)])


def _weights(clusters: int, draws: int, seed: int) -> Iterator[Floats]:
    return cluster_weights(clusters, draws, np.random.default_rng(seed))


@lru_cache(maxsize=2)
def _kept_weights(clusters: int, draws: int, seed: int) -> tuple[Floats, ...]:
    """Small weight matrices, for many sums in the same draws."""
    return tuple(_weights(clusters, draws, seed))


def interval(
    values: Floats, confidence: float, clusters: int, high: Floats | None = None
) -> Interval:
    """An estimate with its limits from (1 + draws,) values, what was observed first.

    Where no draw that gives a value differs from the others there are no limits: that proves
    nothing.

    Args:
        values: The statistic; NaN in a draw that does not give it.
        confidence: Such as 0.95.
        clusters: How many were resampled.
        high: Where a draw only bounds the statistic, the upper bounds.
    """
    upper = values if high is None else high
    if np.isnan(values[0]) and np.isnan(upper[0]):
        return Interval(math.nan, math.nan, math.nan)
    seen = float(values[0]) if values[0] == upper[0] else math.nan
    known = values[np.isfinite(values)]
    alike = np.array_equal(values, upper, equal_nan=True) and not np.isinf(values).any()
    if alike and np.ptp(known) <= _ROUNDING * max(1.0, float(np.abs(known).max())):
        return Interval(seen, math.nan, math.nan)
    low_limit, high_limit = limits(values[1:], upper[1:], confidence, clusters)
    return Interval(seen, float(low_limit), float(high_limit))
