"""Before a run is paid for: how many clusters are needed, and what could be seen with them.

Every function is a short formula on plain numbers, quick enough for a slider. The unit is the
cluster (template, context, problem): adding questions to the same clusters helps only until
the clusters themselves limit the interval.

Reference: Miller (2024), Adding Error Bars to Evals, for power analysis of paired,
clustered evaluations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from sleeptime_lib.analysis.cells import Cells, observed, reduce_rows, resample
from sleeptime_lib.analysis.ratio import log_ratio_draws
from sleeptime_lib.errors import InputError

MOST_CLUSTERS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of one cluster's contribution, measured on a pilot run.

    The standard error of a result from C clusters is about the spread over sqrt(C).

    Attributes:
        points: Of the paired accuracy difference, in percentage points.
        log_ratio: Of the log of the equal-accuracy token ratio; NaN when the pilot has none.
        clusters: Clusters of the pilot. Below about 20 the spreads are rough themselves.
    """

    points: float
    log_ratio: float
    clusters: int


def assumed_spread(
    baseline: float,
    treatment: float,
    *,
    correlation: float = 0.5,
    within: float = 0.2,
    questions: int = 10,
    samples: int = 1,
) -> float:
    """Spread of a paired accuracy difference under assumptions, without a pilot run.

    Args:
        baseline: Accuracy of the baseline, 0 to 1.
        treatment: Accuracy of the sleep arm, 0 to 1.
        correlation: Of the two arms' scores on the same question.
        within: Intraclass correlation of the difference in a cluster: 0 when questions of a
            cluster are independent, 1 when they all agree.
        questions: Questions per cluster.
        samples: Runs of every question. Half of the variance within a question is taken to be
            chance that averages out over runs.

    Returns:
        Standard deviation of a cluster's difference, in percentage points.

    Raises:
        InputError: An argument is out of its range.
    """
    for name, value, least in (
        ("baseline", baseline, 0),
        ("treatment", treatment, 0),
        ("correlation", correlation, -1),
        ("within", within, 0),
    ):
        if not least <= value <= 1:
            raise InputError(f"{name} {value} is not between {least} and 1")
    if questions < 1 or samples < 1:
        raise InputError(f"questions {questions} and samples {samples} must be at least 1")
    first, second = baseline * (1 - baseline), treatment * (1 - treatment)
    one = first + second - 2 * correlation * math.sqrt(first * second)
    one *= 0.5 + 0.5 / samples
    return 100 * math.sqrt(max(one, 0.0) * (within + (1 - within) / questions))


def pilot_spread(
    rows: pd.DataFrame, budget: int, *, at: float | None = None, seed: int = 0
) -> Spread:
    """Measure the spread on the rows of a pilot run.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        budget: Budget at which the arms' accuracies are compared.
        at: Accuracy for the token ratio; None takes the middle of the common range.
        seed: Of the bootstrap behind the spread of the log ratio.

    Returns:
        The spread of the first sleep setting against the baseline.

    Raises:
        InputError: An arm is missing at that budget, or there are under two clusters.
    """
    cells = reduce_rows(rows)
    lines = [next(iter(cells.curves(arm)), None) for arm in ("baseline", "sleep")]
    found: list[list[int]] = [cells.of(line) if line else [] for line in lines]
    pair = [next((i for i in own if cells.budgets[i] == budget), None) for own in found]
    if pair[0] is None or pair[1] is None:
        budgets = sorted({cells.budgets[i] for own in found for i in own})
        raise InputError(f"no baseline and sleep rows at budget {budget}; budgets: {budgets}")
    clusters = len(cells.clusters)
    if clusters < 2:
        raise InputError("a spread needs a pilot run of at least 2 clusters")
    drawn = log_ratio_draws(cells, resample(cells, 2000, seed), found[0], found[1], at)
    log_ratio = math.nan
    if drawn is not None:
        # A robust width: unbounded draws must not make the spread infinite.
        low, high = np.quantile(drawn, [0.16, 0.84], method="nearest")
        log_ratio = float(high - low) / 2 * math.sqrt(clusters)
    return Spread(
        points=_difference_spread(cells, pair[1], pair[0]),
        log_ratio=log_ratio if math.isfinite(log_ratio) else math.nan,
        clusters=clusters,
    )


def _difference_spread(cells: Cells, treatment: int, control: int) -> float:
    """Standard deviation over clusters of the linearised difference of two ratio means."""
    seen = observed(cells)
    clusters = len(cells.clusters)
    residual = np.zeros(clusters)
    for sign, cell in ((1, treatment), (-1, control)):
        n, score = cells.n[cell], cells.score[cell]
        residual += sign * (score - seen.accuracy[0, cell] * n) / (n.sum() / clusters)
    return float(100 * residual.std(ddof=1))


def half_width(spread: float, clusters: int, *, confidence: float = 0.95) -> float:
    """Half the width of an interval from so many clusters, in the unit of `spread`.

    For a spread of the log ratio, `exp` of the result is the factor x/÷ of the interval.
    """
    if clusters < 2:
        return math.inf
    return float(stats.t.ppf((1 + confidence) / 2, clusters - 1)) * spread / math.sqrt(clusters)


def clusters_for(spread: float, wanted: float, *, confidence: float = 0.95) -> int:
    """Fewest clusters whose interval reaches no further than `wanted` to each side.

    Raises:
        InputError: `wanted` is not above 0, or would take over a million clusters.
    """
    if not wanted > 0:
        raise InputError(f"a half width of {wanted} cannot be reached; give one above 0")
    low, high = 2, 2
    while half_width(spread, high, confidence=confidence) > wanted:
        low, high = high, 2 * high
        if high > MOST_CLUSTERS:
            raise InputError(
                f"a half width of {wanted} would take over {MOST_CLUSTERS:,} clusters; "
                f"with 100 it is {half_width(spread, 100, confidence=confidence):.2g}"
            )
    while low < high:
        middle = (low + high) // 2
        if half_width(spread, middle, confidence=confidence) > wanted:
            low = middle + 1
        else:
            high = middle
    return high


def minimum_detectable(
    spread: float, clusters: int, *, confidence: float = 0.95, power: float = 0.8
) -> float:
    """Smallest true effect that is found with the given power, in the unit of `spread`.

    Found means that the interval at `confidence` leaves out zero.
    """
    if clusters < 2:
        return math.inf
    reach = stats.t.ppf((1 + confidence) / 2, clusters - 1) + stats.t.ppf(power, clusters - 1)
    return float(reach) * spread / math.sqrt(clusters)
