"""What forecasts were worth: coverage, log score, calibration, and their part of the gain.

`forecasts.hold` holds each question against the forecasts; here that becomes numbers with
cluster-bootstrap intervals.

References: Good (1952), Rational Decisions, for the log score; Gneiting and Raftery (2007, JASA
102:359-378) for proper scores and calibration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, cluster_sums, interval
from sleeptime_lib.analysis.cells import Line, check, ratio
from sleeptime_lib.analysis.forecasts import Held, Holding
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.errors import InputError

FLOOR: Final = 0.05
"""Share of every forecast that the log score spreads evenly over the context's quantities."""

EDGES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Bins of stated probabilities; each but the first leaves out its lower end."""

MOST_FORECASTS: Final = 15
"""Numbers of forecasts at which the coverage is told, at most."""


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """How many questions the first forecasts foresee.

    Attributes:
        forecasts: How many of them count, the most probable first.
        share: Of the questions, foreseen.
        placebo: The same of the forecasts about other contexts: matches by chance.
        at_random: Of as many different quantities drawn at random, all with the right number.
    """

    forecasts: int
    share: Interval
    placebo: Interval
    at_random: float


@dataclass(frozen=True, slots=True)
class LogScore:
    """Mean natural logarithm of the probability given to what was asked.

    Attributes:
        score: Of the forecasts, each mixed with `FLOOR` of an even one so that it is finite.
        uniform: Of an even forecast over the context's quantities.
        better: The difference: above 0 the forecasts know something.
        n: Questions about contexts whose forecasts state probabilities.
    """

    score: Interval
    uniform: Interval
    better: Interval
    n: int


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts of similar probability.

    Attributes:
        stated: Their mean probability.
        came: How often the question came, answered right by the forecast.
        n: Pairs of a forecast and a question.
    """

    stated: float
    came: Interval
    n: int


@dataclass(frozen=True, slots=True)
class GainParts:
    """What part of the gain comes from questions that were foreseen. Gains are in points.

    Attributes:
        budget: Test budget of both arms.
        gain: Mean score with notes minus that of the baseline, over the questions held.
        foreseen: Share of them that were foreseen.
        within: Gain of those alone.
        without: Gain of the others alone.
        part: What the foreseen contribute to `gain`: their share times their gain.
        share: That over `gain`; it says little where the gain may be nothing.
        placebo: What questions contribute whose number stands in the forecasts about another
            context.
        beyond: `part` minus `placebo`, where there are other contexts to compare with.
        n: Questions.
    """

    budget: int
    gain: Interval
    foreseen: Interval
    within: Interval
    without: Interval
    part: Interval
    share: Interval
    placebo: Interval
    beyond: Interval
    n: int

    @property
    def determined(self) -> bool:
        """Whether the gain is above nothing, so that a share of it means something."""
        return self.gain.low > 0


@dataclass(frozen=True, slots=True)
class Foresight:
    """What the forecasts of one sleep setting were worth.

    Attributes:
        holding: What was held against what.
        coverage: By number of forecasts.
        score: None where no probability is stated.
        calibration: By stated probability; empty where none is stated.
        parts: None where the questions were not answered in both arms.
        clusters: Clusters that were resampled.
        confidence: Of every interval.
        draws: Bootstrap draws.
    """

    holding: Holding
    coverage: tuple[CoveragePoint, ...]
    score: LogScore | None
    calibration: tuple[CalibrationBin, ...]
    parts: GainParts | None
    clusters: int
    confidence: float
    draws: int

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; NaN is null and infinities are strings."""
        held = self.holding
        value: dict[str, Any] = {
            "setting": held.line.label,
            "questions": len(held.questions),
            "ambiguous": held.ambiguous,
            "unknown": held.unknown,
            "forecasts_per_context": held.forecasts,
            "reading": asdict(held.reading) | {"rates": held.reading.rates},
        }
        for name in ("coverage", "score", "calibration", "parts", "clusters", "confidence"):
            value[name] = getattr(self, name)
        return dict(json_safe(value))


def foresight(
    holding: Holding,
    rows: pd.DataFrame,
    *,
    budget: int | None = None,
    budget_kind: str = "verbosity",
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Foresight:
    """Score forecasts, with cluster-bootstrap intervals.

    Args:
        holding: The questions held against the forecasts.
        rows: The columns of `sleeptime_lib.records.Row`.
        budget: Test budget at which the arms are compared; None takes the lowest of both.
        budget_kind: What the budget counts.
        confidence: Of the intervals.
        draws: Bootstrap draws.
        seed: Of the bootstrap.

    Raises:
        InputError: No question can be scored, or the rows are not of one run.
    """
    check(rows)
    held = holding.questions
    if not held:
        raise InputError(
            f"no question can be held against forecasts: {holding.ambiguous} ask for a number that "
            f"several quantities have, {holding.unknown} for none that is known"
        )
    cluster, names = pd.factorize(np.array([one.cluster_id for one in held]), sort=True)
    means = _Means(np.asarray(cluster), len(names), confidence, draws, seed)
    return Foresight(
        holding=holding,
        coverage=_coverage(held, means),
        score=_log_score(held, means),
        calibration=_calibration(held, means),
        parts=_parts(holding, rows, budget, budget_kind, means),
        clusters=len(names),
        confidence=confidence,
        draws=draws,
    )


@dataclass(frozen=True, slots=True)
class _Means:
    """Means over questions as observed and in every draw of clusters."""

    cluster: NDArray[np.int64]
    clusters: int
    confidence: float
    draws: int
    seed: int

    def of(self, *columns: Floats) -> list[Floats]:
        """(1 + draws,) mean of each column over its questions that are not NaN."""
        known = [~np.isnan(column) for column in columns]
        parts = [np.where(k, c, 0.0) for k, c in zip(known, columns, strict=True)]
        both = np.column_stack([*parts, *known]).astype(np.float64)
        sums = cluster_sums(both, self.cluster, self.clusters, self.draws, self.seed)
        count = len(columns)
        return [ratio(sums[:, i], sums[:, count + i]) for i in range(count)]

    def interval(self, values: Floats) -> Interval:
        return interval(values, self.confidence, self.clusters)


def _coverage(held: Sequence[Held], means: _Means) -> tuple[CoveragePoint, ...]:
    ranks = np.array([one.rank for one in held])
    last = [rank for one in held for rank in (one.rank, *one.placebo) if math.isfinite(rank)]
    points = []
    for most in range(1, min(int(max(last, default=1)), MOST_FORECASTS) + 1):
        placebo = np.array([one.by_chance(most) for one in held])
        share, chance = means.of((ranks <= most).astype(np.float64), placebo)
        drawn = [min(most, one.forecasts, one.quantities) / one.quantities for one in held]
        at_random = float(np.mean(drawn))
        points.append(CoveragePoint(most, means.interval(share), means.interval(chance), at_random))
    return tuple(points)


def _log_score(held: Sequence[Held], means: _Means) -> LogScore | None:
    given = np.array([one.probability for one in held])
    if np.isnan(given).all():
        return None
    even = 1 / np.array([one.quantities for one in held])
    score = np.log((1 - FLOOR) * given + FLOOR * even)
    reference = np.where(np.isnan(score), np.nan, np.log(even))
    own, uniform, better = means.of(score, reference, score - reference)
    return LogScore(
        score=means.interval(own),
        uniform=means.interval(uniform),
        better=means.interval(better),
        n=int((~np.isnan(given)).sum()),
    )


def _calibration(held: Sequence[Held], means: _Means) -> tuple[CalibrationBin, ...]:
    pairs = [(c, p, hit) for c, one in zip(means.cluster, held, strict=True)
             for p, hit in one.stated]  # fmt: skip
    if not pairs:
        return ()
    cluster, stated, came = (np.array(column) for column in zip(*pairs, strict=True))
    own = replace(means, cluster=cluster)
    place = np.searchsorted(np.array(EDGES[1:-1]), stated, side="left")
    found = []
    for which in np.unique(place):
        inside = place == which
        (share,) = own.of(np.where(inside, came, np.nan))
        found.append(
            CalibrationBin(float(stated[inside].mean()), own.interval(share), int(inside.sum()))
        )
    return tuple(found)


def _parts(
    holding: Holding, rows: pd.DataFrame, budget: int | None, kind: str, means: _Means
) -> GainParts | None:
    budget, gains = _gains(rows, holding.line, budget, kind)
    gain = np.array([gains.get(one.question_id, math.nan) for one in holding.questions])
    if np.isnan(gain).all():
        return None
    seen = np.array([float(one.foreseen) for one in holding.questions])
    chance = np.array([one.by_chance() for one in holding.questions])
    answered = np.where(np.isnan(gain), np.nan, 1.0)
    compared = np.where(np.isnan(chance), np.nan, gain)
    total, share, within, without, part, placebo, here = means.of(
        gain,
        seen * answered,
        np.where(seen == 1, gain, np.nan),
        np.where(seen == 0, gain, np.nan),
        gain * seen,
        gain * chance,
        compared * seen,
    )
    return GainParts(
        budget=budget,
        gain=means.interval(total),
        foreseen=means.interval(share),
        within=means.interval(within),
        without=means.interval(without),
        part=means.interval(part),
        share=means.interval(
            np.divide(part, total, out=np.full_like(part, np.nan), where=total != 0)
        ),
        placebo=means.interval(placebo),
        beyond=means.interval(here - placebo),
        n=int((~np.isnan(gain)).sum()),
    )


def _gains(
    rows: pd.DataFrame, line: Line, budget: int | None, kind: str
) -> tuple[int, Mapping[str, float]]:
    """The budget of the comparison, and the gain of each question there, in points."""
    of_kind = rows[(rows["budget_kind"] == kind) & rows["score"].notna()]
    own = (of_kind["sleep_parallel"] == line.sleep_parallel) & (
        of_kind["sleep_effort"] == line.sleep_effort
    )
    base, slept = of_kind[of_kind["arm"] == "baseline"], of_kind[(of_kind["arm"] == "sleep") & own]
    both = sorted({*map(int, base["budget"])} & {*map(int, slept["budget"])})
    at = next(iter(both), 0) if budget is None else budget
    if at not in both:
        return at, {}
    before, after = (
        one[one["budget"] == at].groupby("question_id")["score"].mean() for one in (base, slept)
    )
    gains = 100 * (after - before).dropna()
    return at, {str(name): float(value) for name, value in gains.items()}
