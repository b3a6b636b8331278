"""Pass@k: the chance that at least one of k draws is right, an oracle choosing among them.

Reference: Chen et al. (2021), Evaluating Large Language Models Trained on Code, section 2.1, for
the unbiased estimator; paper figures 5 and 6 for the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from sleeptime_lib.analysis.bootstrap import Floats, cluster_weights, limits
from sleeptime_lib.analysis.cells import SAMPLES, Line, ratio


@dataclass(frozen=True, slots=True)
class PassPoint:
    """Pass@k at one k.

    Attributes:
        k: Draws per question.
        tokens: Mean test completion tokens per question, k times the mean of a draw.
        accuracy: Pass@k, averaged over questions.
        low: Lower limit of the cluster bootstrap.
        high: Upper limit.
        n: Questions with at least k answered draws; the others do not count for this k.
    """

    k: int
    tokens: float
    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class PassCurve:
    """Pass@k of one line at one budget, for k from 1 to the number of draws.

    Attributes:
        line: Which arm and sleep setting.
        budget: Verbosity level of each draw.
        points: One per k.
        short: Questions with fewer answered draws than the others, because draws failed or are
            missing.
    """

    line: Line
    budget: int
    points: tuple[PassPoint, ...]
    short: int


def pass_at_k(n: NDArray[np.int64], right: NDArray[np.int64], k: int) -> Floats:
    """Unbiased estimate 1 - C(n - right, k) / C(n, k) for each question.

    Args:
        n: Draws of each question.
        right: Right draws among them.
        k: Draws allowed.

    Returns:
        The estimates, NaN where n < k.
    """
    wrong = n - right
    possible = wrong >= k

    def log_choose(count: NDArray[np.int64]) -> Floats:
        top = np.maximum(count, k)
        result: Floats = gammaln(top + 1) - gammaln(top - k + 1)
        return result

    with np.errstate(invalid="ignore"):
        value = np.where(possible, 1 - np.exp(log_choose(wrong) - log_choose(n)), 1.0)
    return np.where(n >= k, value, np.nan)


def pass_curves(
    rows: pd.DataFrame, *, draws: int = 2000, seed: int = 0, confidence: float = 0.95
) -> tuple[PassCurve, ...]:
    """Pass@k of every line and budget that has repeated draws (budget kind "samples").

    Clusters are resampled, draws are not: repeating a draw would bias the estimator.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Returns:
        One curve for each line and budget; empty without such rows.
    """
    own = rows[rows["budget_kind"] == SAMPLES]
    keys = ["arm", "sleep_parallel", "sleep_effort", "budget"]
    curves = []
    for key, group in own.groupby(keys):
        arm, parallel, effort, budget = cast("tuple[str, int, str, int]", key)
        line = Line(str(arm), SAMPLES, int(parallel), str(effort))
        curves.append(_curve(line, int(budget), group, draws, seed, confidence))
    return tuple(curves)


def _curve(
    line: Line, budget: int, rows: pd.DataFrame, draws: int, seed: int, confidence: float
) -> PassCurve:
    answered = rows[rows["score"].notna()]
    question, names = pd.factorize(answered["question_id"])
    n = np.bincount(question, minlength=len(names))
    right = np.bincount(question, answered["score"] >= 0.5, minlength=len(names)).astype(np.int64)
    first = np.unique(question, return_index=True)[1]
    cluster, clusters = pd.factorize(answered["cluster_id"].iloc[first], sort=True)
    mean_tokens = float(answered["test_completion_tokens"].mean())
    ks = range(1, int(n.max(initial=0)) + 1)
    sums = np.zeros((2, len(clusters), len(ks)))
    for i, k in enumerate(ks):
        value = pass_at_k(n, right, k)
        known = ~np.isnan(value)
        for total, weight in zip(sums, (None, value[known]), strict=True):
            total[:, i] = np.bincount(cluster[known], weight, minlength=len(clusters))
    rng = np.random.default_rng(seed)
    weights = cluster_weights(len(clusters), draws if len(clusters) else 0, rng)
    drawn = [ratio(w @ sums[1], w @ sums[0]) for w in weights]
    every = np.concatenate(drawn) if drawn else np.empty((1, 0))
    low, high = limits(every, every, confidence, len(clusters))
    points = tuple(
        PassPoint(
            k=k,
            tokens=k * mean_tokens,
            accuracy=float(sums[1, :, i].sum() / sums[0, :, i].sum()),
            low=float(low[i]) if np.isfinite(low[i]) else float("nan"),
            high=float(high[i]) if np.isfinite(high[i]) else float("nan"),
            n=int(sums[0, :, i].sum()),
        )
        for i, k in enumerate(ks)
    )
    short = int((n < n.max(initial=0)).sum()) + rows["question_id"].nunique() - len(names)
    return PassCurve(line=line, budget=budget, points=points, short=short)
