"""Limits of mean scores, and of their paired differences, that also hold near 0 and 1.

Where hardly an answer differs from the others, hardly a bootstrap draw does: 0 right of 60 is 0 in
every draw. A score interval asks instead which true shares would make the answers seen unlikely,
and does so for 0 of 140 as for 1 of 140. It takes answers to be independent, so it is given
effective counts: counts over the design effect, by which clusters make answers worth fewer. On each
side the wider of the two counts, for any cell, so that no method ends where another begins.

References: Wilson (1927, JASA 22:209-212) for shares; Tango (1998, Statistics in Medicine
17:891-908) for paired differences; Newcombe (1998, Statistics in Medicine 17:873-890) for those of
unlike answers; Kish (1965), Survey Sampling, for the design effect.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sleeptime_lib.analysis.bootstrap import Floats, Limits, cluster_sums, limits, wider
from sleeptime_lib.analysis.cells import ratio

PRIOR: Final = 4.0
"""A cell in which few answers vary tells little about its design effect. It is measured as if so
many answers more had varied, as they do in all cells; and in all cells as if so many more had, in
whole clusters: where none varied, clusters are what counts."""

_HALVINGS: Final = 40


def item_means(
    values: Floats, cluster: NDArray[np.int64], draws: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Means of several results over items, as observed and in every draw of clusters.

    Args:
        values: (items, results); NaN where an item has none.
        cluster: (items,) cluster of each item, from 0 without a gap.
        draws: Bootstrap draws.
        seed: Of the draws.

    Returns:
        Items and sums of their values, each (results, clusters); means, (1 + draws, results), what
        was observed first.
    """
    clusters, results = int(cluster.max(initial=-1)) + 1, values.shape[1]
    sums = np.zeros((clusters, 2 * results))
    np.add.at(sums, cluster, np.hstack([~np.isnan(values), np.nan_to_num(values)]))
    every = cluster_sums(sums, np.arange(clusters), clusters, draws, seed)
    n, total = np.split(sums.T, 2)
    return n, total, ratio(every[:, results:], every[:, :results])


def accuracy_limits(
    n: Floats, score: Floats, squares: Floats, drawn: Floats, confidence: float
) -> Limits:
    """Limits of the mean scores of cells, from 0 to 1.

    Args:
        n: (cells, clusters) answers.
        score: The same shape, sum of their scores.
        squares: (cells,) sum of the squares of their scores.
        drawn: (draws, cells) mean scores of bootstrap draws.
        confidence: Such as 0.95.

    Returns:
        Lower and upper limits, each (cells,); NaN under 2 clusters.
    """
    clusters, total = n.shape[1], n.sum(axis=1)
    share = ratio(score.sum(axis=1), total)
    mean = np.nan_to_num(share)
    effect = design_effect(
        score - mean[:, None] * n, squares - total * mean**2, total * mean * (1 - mean), total
    )
    return wider(
        limits(drawn, drawn, confidence, clusters),
        share_limits(share, total / effect, confidence, clusters),
    )


def apart_limits(n: Floats, hits: Floats, drawn: Floats, confidence: float) -> Limits:
    """Limits of a share minus another one, each of answers of its own, from -1 to 1.

    The wider on each side of the bootstrap's and of limits from those of the two shares, which take
    them to be independent and hold near 0 and 1.

    Args:
        n: (2, clusters) answers.
        hits: The same shape, those that count.
        drawn: (draws, 2) shares of bootstrap draws.
        confidence: Such as 0.95.

    Returns:
        Lower and upper limit, each (1,); NaN under 2 clusters or without answers on a side.
    """
    share = ratio(hits.sum(axis=1), n.sum(axis=1))
    low, high = accuracy_limits(n, hits, hits.sum(axis=1), drawn, confidence)
    apart, seen = drawn[:, :1] - drawn[:, 1:], share[:1] - share[1:]
    down = np.hypot(share[0] - low[0], high[1] - share[1])
    up = np.hypot(high[0] - share[0], share[1] - low[1])
    ends = wider(limits(apart, apart, confidence, n.shape[1]), (seen - down, seen + up))
    known = ~np.isnan(seen)
    return (
        np.where(known, np.maximum(ends[0], -1.0), np.nan),
        np.where(known, np.minimum(ends[1], 1.0), np.nan),
    )


def gain_limits(pairs: Floats, deviations: Floats, drawn: Floats, confidence: float) -> Limits:
    """Limits of mean differences of paired scores, from -1 to 1.

    Args:
        pairs: (questions, comparisons) differences; NaN where a question has none.
        deviations: (comparisons, clusters) what each cluster adds to the mean difference, less
            what its size makes expect.
        drawn: (draws, comparisons) mean differences of bootstrap draws.
        confidence: Such as 0.95.

    Returns:
        Lower and upper limits, each (comparisons,); NaN under 2 clusters.
    """
    n = (~np.isnan(pairs)).sum(axis=0).astype(np.float64)
    more, less = (np.nansum(np.maximum(sign * pairs, 0.0), axis=0) for sign in (1, -1))
    square = np.nan_to_num(ratio((more - less) ** 2, n))
    effect = design_effect(
        n[:, None] * deviations, np.nansum(pairs**2, axis=0) - square, more + less - square, n
    )
    clusters = deviations.shape[1]
    return wider(
        limits(drawn, drawn, confidence, clusters),
        difference_limits(more / effect, less / effect, n / effect, confidence, clusters),
    )


def design_effect(deviations: Floats, within: Floats, most: Floats, n: Floats) -> Floats:
    """How many answers in clusters say as much as one right or wrong answer that stands alone.

    Args:
        deviations: (cells, clusters) sums of scores, less what the clusters' sizes make expect.
        within: (cells,) sum of the squared deviations of single answers.
        most: The same if all scores were 0 or 1.
        n: (cells,) answers.

    Returns:
        (cells,) effects.
    """
    clusters = deviations.shape[1]
    between = (deviations**2).sum(axis=1) * clusters / max(clusters - 1, 1)
    size = max(n.mean() / max(clusters, 1), 1.0) if len(n) else 1.0
    pooled = (max(between.sum(), within.sum()) + PRIOR * size) / (most.sum() + PRIOR)
    effect: Floats = (np.maximum(between, within) + PRIOR * pooled) / (most + PRIOR)
    return effect


def share_limits(share: Floats, n: Floats, confidence: float, clusters: int) -> Limits:
    """Wilson's limits of shares among effective numbers of answers, with a t quantile."""
    square = _reach(confidence, clusters) ** 2
    middle = (n * share + square / 2) / (n + square)
    spread = n * np.maximum(share * (1 - share), 0.0) + square / 4
    half = np.sqrt(square * spread) / (n + square)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def difference_limits(
    more: Floats, less: Floats, n: Floats, confidence: float, clusters: int
) -> Limits:
    """Tango's limits of paired differences of shares, with a t quantile.

    Args:
        more: Effective number of pairs that only the treatment got right.
        less: Of those that only the control got right.
        n: Of all pairs.
        confidence: Such as 0.95.
        clusters: How many there are; under 2 there are no limits (NaN).
    """
    most = _reach(confidence, clusters)
    middle = ratio(more - less, n)

    def limit(end: float) -> Floats:
        """Halve the way from the estimate to an end until the score is as large as it may be."""
        inside, outside = middle, np.full_like(middle, end)
        for _ in range(_HALVINGS):
            half = (inside + outside) / 2
            beyond = _score(more, less, n, half) > most
            inside, outside = np.where(beyond, inside, half), np.where(beyond, half, outside)
        return np.where(np.isnan(middle) | np.isnan(most), np.nan, outside)

    return limit(-1.0), limit(1.0)


def _score(more: Floats, less: Floats, n: Floats, true: Floats) -> Floats:
    """How far the difference seen lies from a true one, in standard errors under the latter."""
    linear = (2 * n - more + less) * true - more - less
    fixed = less * true * (1 - true)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = (np.sqrt(np.maximum(linear**2 + 8 * n * fixed, 0.0)) - linear) / (4 * n)
        variance = np.maximum(n * (2 * least + true * (1 - true)), 0.0)
        score: Floats = np.abs(more - less - n * true) / np.sqrt(variance)
    return score


def _reach(confidence: float, clusters: int) -> float:
    return float(stats.t.ppf((1 + confidence) / 2, clusters - 1)) if clusters > 1 else float("nan")
