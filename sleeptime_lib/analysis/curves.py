"""Curves of accuracy against test-time tokens, by budget and by repeated draws.

Pass@k is the chance that at least one of k draws is right, an oracle choosing among them;
majority@k (see `majority`) that the most frequent answer among them is. A draw counts as right from
a score of `cells.RIGHT` on.

References: Chen et al. (2021), Evaluating Large Language Models Trained on Code, section 2.1, for
the unbiased estimator of pass@k; paper figures 5 and 6 for the comparison with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from sleeptime_lib.analysis.bootstrap import Floats, Interval, joint_confidence, mean_limits
from sleeptime_lib.analysis.cells import (
    RIGHT,
    SAMPLES,
    Cells,
    Draws,
    Line,
    left_out,
    observed,
)
from sleeptime_lib.analysis.difference import accuracy_bounds
from sleeptime_lib.analysis.majority import majorities
from sleeptime_lib.analysis.score import accuracy_limits, item_means


@dataclass(frozen=True, slots=True)
class Point:
    """One arm at one budget.

    Attributes:
        budget: The budget.
        tokens: Mean test completion tokens per answered question; NaN when nothing was answered.
        tokens_low: Lower limit of it.
        tokens_high: Upper limit of it.
        total_tokens: Mean generated tokens with the whole sleep phase on one question (Q = 1).
        accuracy: Mean score of the answered rows, which is the share of right ones where scores
            are 0 or 1; NaN when nothing was answered.
        low: Lower pointwise limit of it.
        high: Upper pointwise limit of it.
        simultaneous_low: Lower limit of the interval that holds for all cells of a report at once.
        simultaneous_high: Its upper limit.
        rerun_error: Standard error of the accuracy if the same questions were asked again; it is
            part of the interval, which also holds for other questions. NaN with a single run.
        n: Answered rows.
        asked: Rows, answered or failed.
        failed: Failed rows.
        missing: Rows of the full grid that are not there.
        failures_low: Accuracy if every failed row were wrong.
        failures_high: Accuracy if every failed row were right.
    """

    budget: int
    tokens: float
    tokens_low: float
    tokens_high: float
    total_tokens: float
    accuracy: float
    low: float
    high: float
    simultaneous_low: float
    simultaneous_high: float
    rerun_error: float
    n: int
    asked: int
    failed: int
    missing: int
    failures_low: float
    failures_high: float

    @property
    def together(self) -> Interval:
        """The accuracy with its simultaneous limits."""
        return Interval(self.accuracy, self.simultaneous_low, self.simultaneous_high)


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one line, in the order of their budgets.

    Attributes:
        line: Which arm and sleep setting.
        points: One per budget.
        frontier: Budgets on the raw frontier: no other point of the curve is as accurate with
            fewer tokens. A picture only; its maximum is biased.
    """

    line: Line
    points: tuple[Point, ...]
    frontier: tuple[int, ...]


def curves(
    cells: Cells,
    draws: Draws,
    *,
    confidence: float = 0.95,
    planned: int | None = None,
) -> tuple[Curve, ...]:
    """Accuracy and tokens of every line at every budget.

    Args:
        cells: Sums of the rows.
        draws: Draws of the same cells.
        confidence: Of the intervals.
        planned: Questions of the whole run; None takes those that have rows.
    """
    lines = cells.curves()
    which = [cell for line in lines for cell in cells.of(line)]
    drawn, seen = draws.accuracy[:, which], observed(cells)
    sums = cells.n[which], cells.score[which], cells.squares[which]
    joint = joint_confidence(drawn, drawn, confidence)
    pointwise, together = (accuracy_limits(*sums, drawn, x) for x in (confidence, joint))
    once, often, left = (one.tokens[:, which] for one in (seen, draws, left_out(cells)))
    tokens = mean_limits(once[0], often, left, confidence)
    bounds, missing = accuracy_bounds(cells), cells.missing(planned)
    points = {
        cell: Point(
            budget=cells.budgets[cell],
            tokens=float(seen.tokens[0, cell]),
            tokens_low=max(_plausible(tokens[0][i]), 0.0),
            tokens_high=_plausible(tokens[1][i]),
            total_tokens=float(cells.total_tokens[cell]),
            accuracy=float(seen.accuracy[0, cell]),
            low=_plausible(pointwise[0][i]),
            high=_plausible(pointwise[1][i]),
            simultaneous_low=_plausible(together[0][i]),
            simultaneous_high=_plausible(together[1][i]),
            rerun_error=float(cells.rerun_error[cell]),
            n=int(seen.n[0, cell]),
            asked=int(cells.asked[cell]),
            failed=int(cells.failed[cell]),
            missing=int(missing[cell]),
            failures_low=float(bounds[0, cell]),
            failures_high=float(bounds[1, cell]),
        )
        for i, cell in enumerate(which)
    }
    return tuple(_line_curve(line, [points[cell] for cell in cells.of(line)]) for line in lines)


def _line_curve(line: Line, points: Sequence[Point]) -> Curve:
    best = frontier((p.budget, p.tokens, p.accuracy) for p in points)
    return Curve(line=line, points=tuple(points), frontier=best)


def _plausible(limit: float) -> float:
    """A limit that draws without an answer pushed to infinity is no limit."""
    return float(limit) if np.isfinite(limit) else float("nan")


def frontier(points: Iterable[tuple[int, float, float]]) -> tuple[int, ...]:
    """Budgets that no cheaper one matches, from (budget, cost, accuracy) of each point."""
    best, kept = -np.inf, []
    for budget, _, accuracy in sorted(points, key=lambda p: (p[1], -p[2])):
        if accuracy > best:
            best = accuracy
            kept.append(budget)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class PassPoint:
    """Pass@k or majority@k at one k.

    Attributes:
        k: Draws per question.
        tokens: Mean test completion tokens per question, k times the mean of a draw.
        accuracy: Pass@k or majority@k, averaged over questions.
        low: Lower limit of the interval that holds for all k of the curve at once.
        high: Its upper limit.
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
    """Pass@k or majority@k of one line at one budget, for k from 1 to the number of draws.

    Attributes:
        line: Which arm and sleep setting.
        budget: Budget of each draw.
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
    rows: pd.DataFrame, *, draws: int, seed: int = 0, confidence: float = 0.95
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
    return _curves(rows, _passed, draws, seed, confidence)


def majority_curves(
    rows: pd.DataFrame, *, draws: int, seed: int = 0, confidence: float = 0.95
) -> tuple[PassCurve, ...]:
    """Majority@k of the draws that `pass_curves` takes; arguments and result are alike."""
    return _curves(rows, majorities, draws, seed, confidence)


_Estimates = Callable[[pd.DataFrame], pd.DataFrame]
"""From answered draws to estimates by question, with a column for each k from 1."""


def _passed(answered: pd.DataFrame) -> pd.DataFrame:
    right = answered["score"] >= RIGHT
    counts = right.groupby(answered["question_id"], sort=False).agg(["size", "sum"])
    n, hits = (counts[name].to_numpy(dtype=np.int64) for name in counts)
    ks = range(1, int(n.max(initial=0)) + 1)
    return pd.DataFrame({k: pass_at_k(n, hits, k) for k in ks}, index=counts.index)


def _curves(
    rows: pd.DataFrame, estimate: _Estimates, draws: int, seed: int, confidence: float
) -> tuple[PassCurve, ...]:
    own = rows[rows["budget_kind"] == SAMPLES]
    keys = ["arm", "sleep_parallel", "sleep_effort", "budget"]
    curves = []
    for key, group in own.groupby(keys):
        arm, parallel, effort, budget = cast("tuple[str, int, str, int]", key)
        line = Line(str(arm), SAMPLES, int(parallel), str(effort))
        curves.append(_curve(line, int(budget), group, estimate, (draws, seed, confidence)))
    return tuple(curves)


def _curve(
    line: Line,
    budget: int,
    rows: pd.DataFrame,
    estimate: _Estimates,
    how: tuple[int, int, float],
) -> PassCurve:
    draws, seed, confidence = how
    answered = rows[rows["score"].notna()]
    table = estimate(answered)
    clusters = answered.drop_duplicates("question_id").set_index("question_id")["cluster_id"]
    cluster = pd.factorize(clusters[table.index], sort=True)[0]
    mean_tokens = float(answered["test_completion_tokens"].mean())
    estimates = table.to_numpy(dtype=np.float64)
    n_by, right, means = item_means(estimates, cluster, draws, seed)
    squares = np.nan_to_num(estimates**2).sum(axis=0)
    joint = joint_confidence(means[1:], means[1:], confidence)
    low, high = accuracy_limits(n_by, right, squares, means[1:], joint)
    points = tuple(
        PassPoint(
            k=k,
            tokens=k * mean_tokens,
            accuracy=float(means[0, i]),
            low=_plausible(low[i]),
            high=_plausible(high[i]),
            n=int(n_by[i].sum()),
        )
        for i, k in enumerate(range(1, len(n_by) + 1))
    )
    short = rows["question_id"].nunique() - int((table.notna().all(axis=1)).sum())
    return PassCurve(line=line, budget=budget, points=points, short=short)
