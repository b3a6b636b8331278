"""Differences at fixed settings: accuracy in points, tokens as a ratio, and "up to" gains.

Reference: Miller (2024), Adding Error Bars to Evals, for pairing and clustering.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import stats

from sleeptime_lib.analysis.bootstrap import Floats, Interval, joint_confidence, limits
from sleeptime_lib.analysis.cells import Cells, Draws, observed, ratio
from sleeptime_lib.analysis.score import gain_limits

MARGIN_POINTS: Final = 1.0
"""Loss of accuracy, in percentage points, that still counts as no worse."""

POWER: Final = 0.8
"""How often a margin that is said to be in reach would be shown."""

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
        low: Lower pointwise limit.
        high: Upper pointwise limit.
        simultaneous_low: Lower limit of the interval that holds for all compared cells at once.
        simultaneous_high: Its upper limit.
        margin_in_reach: Smallest margin, in percentage points, at which cells that are equally
            accurate would be found non-inferior in `POWER` of such runs.
        correlation: Pearson correlation of the two scores over questions; NaN when one of them
            does not vary. The higher, the more pairing narrows the interval.
        n: Questions answered in both cells.
        conclusion: Non-inferiority at a margin of `MARGIN_POINTS`: "superior" when the whole
            simultaneous interval is above 0, "non-inferior" when it is above minus the margin,
            "inferior" when it is below minus the margin, otherwise "inconclusive"; "no interval"
            with a single cluster.
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
    simultaneous_low: float
    simultaneous_high: float
    margin_in_reach: float
    correlation: float
    n: int
    conclusion: Conclusion
    token_ratio: float
    token_low: float
    token_high: float
    failures_low: float
    failures_high: float

    @property
    def together(self) -> Interval:
        """The difference in points with its simultaneous limits."""
        return Interval(self.points, self.simultaneous_low, self.simultaneous_high)


@dataclass(frozen=True, slots=True)
class Gain:
    """The largest of several differences, with the bias of having picked it handled.

    The largest of several noisy differences is too large on average (winner's curse), so the
    observed maximum is stated with two honest numbers. Cross-fitting: pick the best setting on
    four fifths of the clusters and measure its gain on the fifth that was left out; the mean
    over all fifths of many random partitions is what somebody who picks the same way may expect
    on new clusters. The interval comes from the simultaneous intervals of all settings, so that it
    covers the true maximum whichever setting attains it.

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


def differences(
    cells: Cells, draws: Draws, pairs: Sequence[tuple[int, int]], *, confidence: float = 0.95
) -> tuple[Difference, ...]:
    """Compare pairs of cells.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells; sharing them is what pairs the two of a pair.
        pairs: (treatment, control) cells; the simultaneous intervals hold for all of them.
        confidence: Of the intervals; a conclusion is the one-sided test at half the error.

    Returns:
        A difference for each pair.
    """
    if not pairs:
        return ()
    treated, control = (list(x) for x in zip(*pairs, strict=True))
    seen, clusters = observed(cells), len(cells.clusters)
    drawn = draws.accuracy[:, treated] - draws.accuracy[:, control]
    own = cells.by_question[:, treated] - cells.by_question[:, control]
    deviations = cluster_deviations(cells, treated, control)
    joint = joint_confidence(drawn, drawn, confidence)
    low, high, joint_low, joint_high = (
        100 * end
        for level in (confidence, joint)
        for end in gain_limits(own, deviations, drawn, level)
    )
    points = 100 * (seen.accuracy[0, treated] - seen.accuracy[0, control])
    t = stats.t.ppf([POWER, (1 + confidence) / 2], max(clusters - 1, 1))
    in_reach = points - joint_low + t[0] / t[1] * (points - low)
    tokens = ratio(draws.tokens[:, control], draws.tokens[:, treated])
    token_low, token_high = limits(tokens, tokens, confidence, clusters)
    token_ratio = ratio(seen.tokens[0, control], seen.tokens[0, treated])
    bounds = 100 * accuracy_bounds(cells)
    found = []
    for i, (a, b) in enumerate(pairs):
        correlation, n = _correlation(cells.by_question[:, a], cells.by_question[:, b])
        found.append(
            Difference(
                treatment=cells.lines[a].label,
                treatment_budget=cells.budgets[a],
                control=cells.lines[b].label,
                control_budget=cells.budgets[b],
                points=float(points[i]),
                low=float(low[i]),
                high=float(high[i]),
                simultaneous_low=float(joint_low[i]),
                simultaneous_high=float(joint_high[i]),
                margin_in_reach=float(in_reach[i]),
                correlation=correlation,
                n=n,
                conclusion=_conclusion(float(joint_low[i]), float(joint_high[i])),
                token_ratio=float(token_ratio[i]),
                token_low=max(float(token_low[i]), 0.0),
                token_high=float(token_high[i]),
                failures_low=float(bounds[0, a] - bounds[1, b]),
                failures_high=float(bounds[1, a] - bounds[0, b]),
            )
        )
    return tuple(found)


def cluster_deviations(cells: Cells, treated: Sequence[int], control: Sequence[int]) -> Floats:
    """(pairs, clusters) what a cluster adds to a difference, less what its size makes expect."""
    n = np.maximum(cells.n.sum(axis=1), 1)[:, None]
    each = cells.deviations / n
    deviations: Floats = each[list(treated)] - each[list(control)]
    return deviations


def accuracy_bounds(cells: Cells) -> Floats:
    """(2, cells) accuracy with every failed row taken as wrong, and as right."""
    score = cells.score.sum(axis=1)
    asked = np.maximum(cells.asked, 1)
    return np.stack([score / asked, (score + cells.failed) / asked])


def largest_gain(
    cells: Cells,
    pairs: Sequence[tuple[int, int]],
    found: Sequence[Difference],
    *,
    seed: int = 0,
) -> Gain | None:
    """The largest accuracy gain over pairs of cells, with its selection bias handled.

    Args:
        cells: Sums of the rows.
        pairs: (treatment, control) cells to take the maximum over.
        found: What `differences` says of these pairs.
        seed: For the random partitions.

    Returns:
        The gain, or None when no pair was answered on both sides.
    """
    usable = [i for i, one in enumerate(found) if not np.isnan(one.points)]
    if not usable:
        return None
    treated, control = ([pairs[i][side] for i in usable] for side in (0, 1))
    best = max(usable, key=lambda i: found[i].points)
    return Gain(
        observed_points=found[best].points,
        cross_fitted_points=_cross_fitted(cells, treated, control, seed),
        low=max(found[i].simultaneous_low for i in usable),
        high=max(found[i].simultaneous_high for i in usable),
        treatment=found[best].treatment,
        control=found[best].control,
        budget=found[best].treatment_budget,
        settings=len(usable),
        budget_kind=cells.lines[pairs[best][0]].budget_kind,
    )


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
