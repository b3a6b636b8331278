"""Does the gain grow with how predictable a question is? Paper figure 10.

The predictability of a question is a number from outside the rows, such as the log-probability
of the question given its context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, cluster_weights, limits
from sleeptime_lib.analysis.cells import ratio, reduce_rows
from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar predictability: their mean and the gain in percentage points."""

    predictability: float
    gain: Interval
    n: int


@dataclass(frozen=True, slots=True)
class Slope:
    """How the gain of the sleep phase changes with predictability.

    Attributes:
        slope: Percentage points of gain per unit of predictability (least squares over
            questions), with a cluster-bootstrap interval.
        bins: Quantile bins, from least to most predictable.
        n: Questions answered by both arms whose predictability is known.
        left_out: Questions without one of them.
    """

    slope: Interval
    bins: tuple[Bin, ...]
    n: int
    left_out: int


def predictability_slope(
    rows: pd.DataFrame,
    predictability: Mapping[str, float],
    *,
    budget: int = 0,
    bins: int = 5,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Slope:
    """Regress each question's gain (sleep minus baseline score) on its predictability.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`; the smallest sleep setting is used.
        predictability: By question_id.
        budget: Test budget at which the arms are compared.
        bins: Quantile bins.
        draws: Bootstrap draws; clusters are resampled, bin limits stay.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Returns:
        Slope and bins.

    Raises:
        InputError: No question has both arms at that budget and a predictability.
    """
    gain, x, cluster, clusters = _gains(rows, predictability, budget)
    if not len(gain):
        raise InputError(
            f"no question has a baseline and a sleep row at budget {budget} and a predictability"
        )
    edges = np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1])
    which = np.searchsorted(edges, x, side="right")
    centred = x - x.mean()
    moments = [np.ones_like(x), centred, gain, centred * centred, centred * gain]
    inside = [(which == b).astype(np.float64) for b in range(bins)]
    columns = [*moments, *(part for i in inside for part in (i, i * gain))]
    sums = np.stack([np.bincount(cluster, c, minlength=clusters) for c in columns])
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([w @ sums.T for w in cluster_weights(clusters, draws, rng)])
    every = np.concatenate([sums.sum(axis=1)[None], drawn])

    def interval(values: Floats) -> Interval:
        low, high = limits(values[1:], values[1:], confidence, clusters)
        return Interval(float(values[0]), float(low), float(high))

    n, sx, sy, sxx, sxy = every[:, :5].T
    slope = ratio(n * sxy - sx * sy, n * sxx - sx * sx)
    return Slope(
        slope=interval(slope),
        bins=tuple(
            Bin(
                predictability=float(x[which == b].mean()),
                gain=interval(ratio(every[:, 6 + 2 * b], every[:, 5 + 2 * b])),
                n=int((which == b).sum()),
            )
            for b in range(bins)
            if (which == b).any()
        ),
        n=len(gain),
        left_out=rows["question_id"].nunique() - len(gain),
    )


def _gains(
    rows: pd.DataFrame, predictability: Mapping[str, float], budget: int
) -> tuple[Floats, Floats, np.ndarray, int]:
    """Gain in points, predictability and cluster code of each usable question, and clusters."""
    cells = reduce_rows(rows)
    line = next(iter(cells.curves("sleep")), None)
    found = cells.same_budget(cells.of(line), cells.baseline(line)) if line else []
    pair = next((pair for pair in found if cells.budgets[pair[0]] == budget), None)
    first = rows.drop_duplicates("question_id").set_index("question_id")
    owner = first["cluster_id"].loc[list(cells.questions)]
    cluster, names = pd.factorize(owner, sort=True)
    x = np.array([predictability.get(q, np.nan) for q in cells.questions], dtype=float)
    if pair is None:
        return np.empty(0), np.empty(0), cluster, len(names)
    gain = 100 * (cells.by_question[:, pair[0]] - cells.by_question[:, pair[1]])
    usable = np.isfinite(gain) & np.isfinite(x)
    return gain[usable], x[usable], cluster[usable], len(names)
