"""Differences at fixed settings: accuracy in points, tokens as a ratio, and "up to" gains.

References: Miller (2024), Adding Error Bars to Evals, for pairing and clustering; Romano and Wolf
(2005, Econometrica 73:1237-1282) for the simultaneous band over many settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sleeptime_lib.analysis.bootstrap import Floats, limits
from sleeptime_lib.analysis.cells import Cells, Draws, observed

MARGIN_POINTS: Final = 1.0
"""Loss of accuracy, in percentage points, that still counts as no worse."""

FOLDS: Final = 5
REPEATS: Final = 40
"""A cross-fitted gain averages over this many random partitions of the clusters into folds."""

Conclusion = Literal["superior", "non-inferior", "inferior", "inconclusive", "no interval"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A treatment cell against a control cell, paired by cluster.

    Attributes:
        treatment: Label of the treatment's line.
        treatment_budget: Its budget.
        control: Label of the control's line.
        control_budget: Its budget.
        points: Accuracy of treatment minus control, in percentage points.
        low: Lower limit.
        high: Upper limit.
        correlation: Pearson correlation of the two scores over questions; NaN when one of them
            does not vary. The higher, the more pairing narrows the interval.
        n: Questions answered in both cells.
        conclusion: Non-inferiority at a margin of `MARGIN_POINTS`: "superior" when the whole
            interval is above 0, "non-inferior" when it is above minus the margin, "inferior"
            when it is below minus the margin, otherwise "inconclusive". Without limits it is
            "no interval": with a single cluster, or where in both cells all answers score alike,
            so that no draw can differ (0 of 60 against 0 of 60 is no proof of equality).
        token_ratio: Mean test tokens of control over treatment; above 1 treatment is cheaper.
        token_low: Lower limit.
        token_high: Upper limit.
        failures_low: Points if failed treatment rows were wrong and failed control rows right.
        failures_high: The other way round.
    """

    treatment: str
    treatment_budget: int
    control: str
    control_budget: int
    points: float
    low: float
    high: float
    correlation: float
    n: int
    conclusion: Conclusion
    token_ratio: float
    token_low: float
    token_high: float
    failures_low: float
    failures_high: float


@dataclass(frozen=True, slots=True)
class Gain:
    """The largest of several differences, with the bias of having picked it handled.

    The largest of several noisy differences is too large on average (winner's curse), so the
    observed maximum is stated with two honest numbers. Cross-fitting: pick the best setting on
    four fifths of the clusters and measure its gain on the fifth that was left out; the mean
    over all fifths of many random partitions is what somebody who picks the same way may expect
    on new clusters. The interval comes from a band that holds for all settings at once
    (maximum of the studentised bootstrap deviations), so that it covers the true maximum
    whichever setting attains it.

    Attributes:
        observed_points: The largest difference, in percentage points. Biased upwards.
        cross_fitted_points: Estimate free of the selection bias; NaN under two clusters.
        low: Lower simultaneous limit for the true maximum.
        high: Upper simultaneous limit.
        treatment: Label of the line that attains it.
        control: Label of the line it was compared with.
        budget: The test budget, the same on both sides.
        settings: Number of differences the maximum was taken over.
        budget_kind: What the budget counts.
    """

    observed_points: float
    cross_fitted_points: float
    low: float
    high: float
    treatment: str
    control: str
    budget: int
    settings: int
    budget_kind: str = ""


def _conclusion(low: float, high: float) -> Conclusion:
    if np.isnan(low):
        return "no interval"
    if low > 0:
        return "superior"
    if low > -MARGIN_POINTS:
        return "non-inferior"
    return "inferior" if high < -MARGIN_POINTS else "inconclusive"


def _correlation(a: Floats, b: Floats) -> tuple[float, int]:
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan"), len(a)
    return float(np.corrcoef(a, b)[0, 1]), len(a)


def difference(
    cells: Cells, draws: Draws, treatment: int, control: int, *, confidence: float = 0.95
) -> Difference:
    """Compare two cells.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells; sharing them is what pairs the two.
        treatment: Index of the treatment's cell.
        control: Index of the control's cell.
        confidence: Of the intervals; the conclusion is the one-sided test at half the error.

    Returns:
        The difference.
    """
    seen = observed(cells)
    clusters = len(cells.clusters)
    points = 100 * (draws.accuracy[:, treatment] - draws.accuracy[:, control])
    low, high = (float(x) for x in limits(points, points, confidence, clusters))
    if cells.alike[treatment] and cells.alike[control]:
        low = high = float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        tokens = draws.tokens[:, control] / draws.tokens[:, treatment]
        ratio = seen.tokens[0, control] / seen.tokens[0, treatment]
    token_low, token_high = (float(x) for x in limits(tokens, tokens, confidence, clusters))
    correlation, n = _correlation(cells.by_question[:, treatment], cells.by_question[:, control])
    bounds = accuracy_bounds(cells)
    return Difference(
        treatment=cells.lines[treatment].label,
        treatment_budget=cells.budgets[treatment],
        control=cells.lines[control].label,
        control_budget=cells.budgets[control],
        points=float(100 * (seen.accuracy[0, treatment] - seen.accuracy[0, control])),
        low=low,
        high=high,
        correlation=correlation,
        n=n,
        conclusion=_conclusion(low, high),
        token_ratio=float(ratio),
        token_low=max(token_low, 0.0),
        token_high=token_high,
        failures_low=float(100 * (bounds[0, treatment] - bounds[1, control])),
        failures_high=float(100 * (bounds[1, treatment] - bounds[0, control])),
    )


def accuracy_bounds(cells: Cells) -> Floats:
    """(2, cells) accuracy with every failed row taken as wrong, and as right."""
    score = cells.score.sum(axis=1)
    asked = np.maximum(cells.asked, 1)
    return np.stack([score / asked, (score + cells.failed) / asked])


def largest_gain(
    cells: Cells,
    draws: Draws,
    pairs: Sequence[tuple[int, int]],
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Gain | None:
    """The largest accuracy gain over pairs of cells, with its selection bias handled.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        pairs: (treatment, control) cells to take the maximum over.
        confidence: Of the simultaneous interval.
        seed: For the random partitions.

    Returns:
        The gain, or None when no pair was answered on both sides.
    """
    seen = observed(cells)
    treated, control = (list(x) for x in zip(*pairs, strict=True)) if pairs else ([], [])
    gains = 100 * (seen.accuracy[0, treated] - seen.accuracy[0, control])
    usable = np.flatnonzero(~np.isnan(gains))
    if not len(usable):
        return None
    treated = [treated[i] for i in usable]
    control = [control[i] for i in usable]
    gains = gains[usable]
    drawn = 100 * (draws.accuracy[:, treated] - draws.accuracy[:, control])
    low, high = _simultaneous(gains, drawn, confidence, len(cells.clusters))
    best = int(gains.argmax())
    return Gain(
        observed_points=float(gains[best]),
        cross_fitted_points=_cross_fitted(cells, treated, control, seed),
        low=low,
        high=high,
        treatment=cells.lines[treated[best]].label,
        control=cells.lines[control[best]].label,
        budget=cells.budgets[treated[best]],
        settings=len(gains),
        budget_kind=cells.lines[treated[best]].budget_kind,
    )


def _simultaneous(
    gains: Floats, drawn: Floats, confidence: float, clusters: int
) -> tuple[float, float]:
    """Limits for the largest true gain from a band around all gains at once."""
    if clusters < 2:
        return float("nan"), float("nan")
    spread = np.nanstd(drawn, axis=0)
    deviation = np.abs(drawn - gains)
    scaled = np.divide(deviation, spread, out=np.zeros_like(drawn), where=spread > 0)
    worst = np.nan_to_num(scaled, nan=np.inf).max(axis=1)
    _, factor = limits(worst, worst, 2 * confidence - 1, clusters)
    if np.isinf(factor):  # some setting was not answered at all in too many draws
        return -np.inf, np.inf
    return float((gains - factor * spread).max()), float((gains + factor * spread).max())


def _cross_fitted(cells: Cells, treated: Sequence[int], control: Sequence[int], seed: int) -> float:
    """Mean gain, on clusters left out, of the setting that was best on the others."""
    clusters = len(cells.clusters)
    if clusters < 2:
        return float("nan")
    folds = min(FOLDS, clusters)
    rng = np.random.default_rng(seed)
    order = rng.random((REPEATS, clusters)).argsort(axis=1).argsort(axis=1) % folds
    left_out = (order[:, None, :] == np.arange(folds)[:, None]).reshape(-1, clusters)
    n, score = cells.n, cells.score

    def gains(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            accuracy = (weights @ score.T) / (weights @ n.T)
        gained: Floats = 100 * (accuracy[:, treated] - accuracy[:, control])
        return gained

    picked = np.nan_to_num(gains(1.0 - left_out), nan=-np.inf).argmax(axis=1)
    measured = gains(left_out.astype(np.float64))[np.arange(len(picked)), picked]
    return float(np.nanmean(measured))
