"""Does the gain of a sleep phase grow with how predictable a question is? Paper figure 10.

The predictability of a question is a number from outside the rows, such as the log-probability of
the question given its context. Easy questions are predictable, too, so what is found is told once
more with other properties of a question held fixed.

Everything is calculated from weights of questions: once with each question counted once, and then
for every draw of clusters, whose questions come along. Bins keep their limits; ranks, fits and
residuals are made anew in each draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import (
    CHUNK_ENTRIES,
    DRAWS,
    Floats,
    Interval,
    cluster_sums,
    cluster_weights,
    interval,
)
from sleeptime_lib.analysis.cells import Line, ratio
from sleeptime_lib.analysis.costs import PAPER_T
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.pairing import Pairing
from sleeptime_lib.errors import InputError

BINS: Final = 5
"""Of the paper."""
FIT_POINTS: Final = 7
_NONE: Final = Interval(float("nan"), float("nan"), float("nan"))
_COLLINEAR: Final = 1e-9
"""Share of a variance below which nothing is left beside what is held fixed."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar predictability.

    Attributes:
        low: Least predictability among them.
        high: Greatest.
        mean: Their mean.
        gain: Their gain in percentage points.
        extra: What a question costs more with a sleep phase, in tokens: its share of the phase and
            t times the tokens by which its answer is longer.
        n: How many.
        clusters: Of how many clusters.
    """

    low: float
    high: float
    mean: float
    gain: Interval
    extra: Interval
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Relation:
    """How the gain goes with predictability, questions being otherwise alike or not.

    Attributes:
        slope: Percentage points of gain per unit of predictability (least squares).
        per_sd: The same per standard deviation of predictability among the questions.
        rank: Spearman's rank correlation, from -1 to 1.
    """

    slope: Interval
    per_sd: Interval
    rank: Interval


@dataclass(frozen=True, slots=True)
class Predictability:
    """What one measure of predictability says about the gain in one setting.

    Attributes:
        line: The sleep setting.
        budget: Test budget of both arms.
        n: Questions answered by both arms whose predictability is known.
        left_out: Questions without one of them.
        clusters: Clusters of the n.
        sd: Standard deviation of predictability among them.
        t: Weight of an answer's tokens in `Bin.extra`.
        bins: Quantile bins, from least to most predictable.
        widening: Gain in the most predictable bin minus that in the least, in points.
        raw: Slope and rank correlation.
        controlled: The same with `controls` held fixed; None where there are none.
        controls: What is held fixed.
        idle: What was to be held fixed, but is not known of every question or does not vary.
        fit: (predictability, gain by the line fitted) at equal steps.
        questions: (question_id, predictability, gain).
        confidence: Of every interval.
    """

    line: Line
    budget: int
    n: int
    left_out: int
    clusters: int
    sd: float
    t: float
    bins: tuple[Bin, ...]
    widening: Interval
    raw: Relation
    controlled: Relation | None
    controls: tuple[str, ...]
    idle: tuple[str, ...]
    fit: tuple[tuple[float, Interval], ...]
    questions: tuple[tuple[str, float, float], ...]
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the single questions and the points of the line."""
        values = asdict(self)
        del values["fit"], values["questions"]
        content: dict[str, Any] = json_safe(values | {"label": self.line.label})
        return content


def predictability(
    answers: Pairing,
    known: Mapping[str, float],
    *,
    controls: Mapping[str, Mapping[str, float]] | None = None,
    bins: int = BINS,
    t: float = PAPER_T,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Predictability:
    """How the gain goes with predictability.

    Args:
        answers: Of both arms.
        known: Predictability by question_id.
        controls: Other properties by name and question_id, such as the length of the question.
            Those that are not known of every question, or are the same for all, are left out.
        bins: Quantile bins.
        t: What a token of an answer weighs beside one of a sleep phase.
        draws: Bootstrap draws of clusters.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Raises:
        InputError: Fewer than two questions have both, or `bins` is below 2.
    """
    if bins < 2:
        raise InputError(f"{bins} bins: give 2 or more")
    x = _values(known, answers.names)
    use = np.isfinite(x)
    if use.sum() < 2:
        raise InputError(
            "fewer than two questions of the run have both arms' answers and a log-probability"
        )
    names = [name for name, used in zip(answers.names, use, strict=True) if used]
    x, gain = x[use], answers.gain[use]
    extra = answers.phase[use] + t * answers.longer[use]
    _, cluster = np.unique(answers.cluster[use], return_inverse=True)
    draw = _Draw(cluster, draws, seed, confidence)
    asked = {name: _values(values, names) for name, values in (controls or {}).items()}
    fixed = {n: v for n, v in asked.items() if np.isfinite(v).all() and np.ptp(v) > 0}
    edges = np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1])
    which = np.searchsorted(edges, x, side="right")
    inside = [which == b for b in range(bins) if (which == b).any()]
    raw, fit = _relation(draw, x, gain, [])
    return Predictability(
        line=answers.line,
        budget=answers.budget,
        n=len(x),
        left_out=answers.asked - len(x),
        clusters=draw.clusters,
        sd=float(x.std()),
        t=t,
        bins=tuple(_bin(draw, x, gain, extra, own) for own in inside),
        widening=_widening(draw, gain, inside[0], inside[-1]),
        raw=raw,
        controlled=_relation(draw, x, gain, list(fixed.values()))[0] if fixed else None,
        controls=tuple(fixed),
        idle=tuple(name for name in asked if name not in fixed),
        fit=fit,
        questions=tuple(zip(names, x.tolist(), gain.tolist(), strict=True)),
        confidence=confidence,
    )


def _values(known: Mapping[str, float], names: Sequence[str]) -> Floats:
    return np.array([known.get(name, np.nan) for name in names], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws of clusters, as weights of questions."""

    cluster: NDArray[np.int64]
    draws: int
    seed: int
    confidence: float

    @property
    def clusters(self) -> int:
        return len(np.unique(self.cluster))

    def of(self, statistic: Callable[[Floats], Floats], size: int = 1) -> Floats:
        """A statistic of the questions as they are, and below it of every draw.

        Args:
            statistic: From weights (draws, questions) to (draws, values).
            size: Numbers for each draw and question that it holds at once.
        """
        rng = np.random.default_rng(self.seed)
        step = max(1, CHUNK_ENTRIES // (len(self.cluster) * size))
        found = [statistic(np.ones((1, len(self.cluster))))]
        for weights in cluster_weights(self.clusters, self.draws, rng):
            for start in range(0, len(weights), step):
                found.append(statistic(weights[start : start + step, self.cluster]))
        return np.concatenate(found)

    def sums(self, columns: Floats) -> Floats:
        """Sums of (questions, columns) as they are, and below them of every draw."""
        return cluster_sums(columns, self.cluster, self.clusters, self.draws, self.seed)

    def interval(self, values: Floats, clusters: int | None = None) -> Interval:
        """The first of some values, with limits from the others."""
        return interval(values, self.confidence, self.clusters if clusters is None else clusters)


def _bin(draw: _Draw, x: Floats, gain: Floats, extra: Floats, own: NDArray[np.bool_]) -> Bin:
    clusters = len(np.unique(draw.cluster[own]))
    sums = draw.sums(np.stack([own, own * gain, own * extra], axis=1).astype(np.float64))
    gains, extras = (draw.interval(ratio(sums[:, i], sums[:, 0]), clusters) for i in (1, 2))
    return Bin(
        low=float(x[own].min()),
        high=float(x[own].max()),
        mean=float(x[own].mean()),
        gain=gains,
        extra=extras,
        n=int(own.sum()),
        clusters=clusters,
    )


def _widening(
    draw: _Draw, gain: Floats, least: NDArray[np.bool_], most: NDArray[np.bool_]
) -> Interval:
    columns = np.stack([least, least * gain, most, most * gain], axis=1).astype(np.float64)
    sums = draw.sums(columns)
    widened = ratio(sums[:, 3], sums[:, 2]) - ratio(sums[:, 1], sums[:, 0])
    clusters = min(len(np.unique(draw.cluster[own])) for own in (least, most))
    return draw.interval(widened, clusters)


def _relation(
    draw: _Draw, x: Floats, gain: Floats, fixed: Sequence[Floats]
) -> tuple[Relation, tuple[tuple[float, Interval], ...]]:
    """Slope and rank correlation with some properties held fixed, and the line fitted."""
    sd = float(x.std())
    if sd == 0 or np.ptp(gain) == 0:
        return Relation(_NONE, _NONE, _NONE), ()
    columns = np.stack([x, gain, *fixed], axis=1)
    centre, spread = columns.mean(axis=0), columns.std(axis=0)
    scaled = (columns - centre) / spread
    held = list(range(2, columns.shape[1]))
    ranked = _Ranks(columns)

    def statistic(weights: Floats) -> Floats:
        means, around = _moments(weights, scaled)
        _, ranks_around = _moments(weights, ranked.of(weights))
        own, cross, _ = _left(around, held)
        rank_own, rank_cross, rank_other = _left(ranks_around, held)
        steep = ratio(cross, own)
        return np.stack(
            [
                steep,
                means[:, 1] - steep * means[:, 0],
                ratio(rank_cross, np.sqrt(rank_own * rank_other)),
            ],
            axis=1,
        )

    found = draw.of(statistic, size=2 * columns.shape[1])
    per_sd = found[:, 0] * spread[1]
    at = np.linspace(x.min(), x.max(), FIT_POINTS)
    line = centre[1] + spread[1] * (found[:, 1:2] + found[:, :1] * (at - centre[0]) / spread[0])
    return (
        Relation(
            slope=draw.interval(per_sd / sd),
            per_sd=draw.interval(per_sd),
            rank=draw.interval(found[:, 2]),
        ),
        tuple((float(a), draw.interval(line[:, i])) for i, a in enumerate(at)),
    )


def _moments(weights: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Weighted means (draws, columns) and covariances (draws, columns, columns).

    Args:
        weights: (draws, questions).
        values: (questions, columns), or (draws, questions, columns).
    """
    total = weights.sum(axis=1)
    shared = "nc" if values.ndim == 2 else "dnc"
    means = np.einsum(f"dn,{shared}->dc", weights, values) / total[:, None]
    away = values - means[:, None, :]
    around = np.einsum("dn,dnc,dne->dce", weights, away, away, optimize=True)
    return means, around / total[:, None, None]


def _left(around: Floats, held: Sequence[int]) -> tuple[Floats, Floats, Floats]:
    """What some columns leave of the (co)variances of the first two: residuals of least squares."""
    before = around[:, :2, :2]
    left = before
    if held:
        cross = around[:, :2][:, :, held]
        inverse = np.linalg.pinv(around[:, held][:, :, held], hermitian=True)
        left = before - cross @ inverse @ cross.transpose(0, 2, 1)
    own, other = left[:, 0, 0], left[:, 1, 1]
    nothing = (own <= _COLLINEAR * before[:, 0, 0]) | (other <= _COLLINEAR * before[:, 1, 1])
    own, other = np.where(nothing, np.nan, own), np.where(nothing, np.nan, other)
    return np.nan_to_num(own), left[:, 0, 1], np.nan_to_num(other)


class _Ranks:
    """Ranks of the values of each column under weights, ties sharing their middle."""

    def __init__(self, columns: Floats) -> None:
        self._groups = [np.unique(column, return_inverse=True)[1] for column in columns.T]
        self._orders = [np.argsort(group, kind="stable") for group in self._groups]

    def of(self, weights: Floats) -> Floats:
        """(draws, questions, columns), each between 0 and 1."""
        total = weights.sum(axis=1, keepdims=True)
        found = []
        for group, order in zip(self._groups, self._orders, strict=True):
            begins = np.flatnonzero(np.diff(group[order], prepend=-1))
            there = np.add.reduceat(weights[:, order], begins, axis=1)
            middle = (np.cumsum(there, axis=1) - there / 2) / total
            found.append(middle[:, group])
        return np.stack(found, axis=2)
