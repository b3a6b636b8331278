"""Before a run is paid for: what could be seen with so many clusters.

Every function is a short formula on plain numbers, quick enough for a slider. The unit is the
cluster (template, context, problem): adding questions to the same clusters helps only until
the clusters themselves limit the interval.

Reference: Miller (2024), Adding Error Bars to Evals, for power analysis of paired,
clustered evaluations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sleeptime_lib.analysis.bootstrap import DRAWS
from sleeptime_lib.analysis.cells import reduce_rows, resample
from sleeptime_lib.analysis.difference import cluster_deviations
from sleeptime_lib.analysis.ratio import log_ratio_draws
from sleeptime_lib.errors import InputError


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


def pilot_spread(rows: pd.DataFrame, budget: int) -> Spread:
    """Measure the spread on the rows of a pilot run.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        budget: Budget at which the arms' accuracies are compared.

    Returns:
        The spread of the first sleep setting against the baseline.

    Raises:
        InputError: An arm is missing at that budget, or there are under two clusters.
    """
    cells = reduce_rows(rows)
    line = next(iter(cells.curves("sleep")), None)
    sleep, base = (cells.of(line), cells.baseline(line)) if line else ([], [])
    pairs = {cells.budgets[i]: (i, j) for i, j in cells.same_budget(sleep, base)}
    if budget not in pairs:
        raise InputError(
            f"no baseline and sleep rows at budget {budget}; budgets of both: {sorted(pairs)}"
        )
    clusters = len(cells.clusters)
    if clusters < 2:
        raise InputError("a spread needs a pilot run of at least 2 clusters")
    drawn = log_ratio_draws(cells, resample(cells, DRAWS, seed=0), base, sleep)
    # Of the difference of two ratio means, linearised.
    added = cluster_deviations(cells, *([cell] for cell in pairs[budget]))[0]
    log_ratio = math.nan
    if drawn is not None:
        # A robust width: unbounded draws must not make the spread infinite.
        low, high = np.quantile(drawn, [0.16, 0.84], method="nearest")
        log_ratio = float(high - low) / 2 * math.sqrt(clusters)
    return Spread(
        points=float(100 * clusters * added.std(ddof=1)),
        log_ratio=log_ratio if math.isfinite(log_ratio) else math.nan,
        clusters=clusters,
    )


def half_width(spread: float, clusters: int, *, confidence: float = 0.95) -> float:
    """Half the width of an interval from so many clusters, in the unit of `spread`.

    For a spread of the log ratio, `exp` of the result is the factor x/÷ of the interval.
    """
    if clusters < 2:
        return math.inf
    return float(stats.t.ppf((1 + confidence) / 2, clusters - 1)) * spread / math.sqrt(clusters)


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
