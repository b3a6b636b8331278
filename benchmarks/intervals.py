"""How fast the intervals are: a whole report of 50,000 rows with 2,000 cluster-bootstrap draws.

Beside it a straightforward pandas version of curves and token ratio alone. Whether the intervals
hold the truth, benchmarks/coverage.py measures.

    python benchmarks/intervals.py

Exit status 1 when the draws take over 2 seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from sleeptime_lib.analysis.bootstrap import DRAWS, cluster_weights
from sleeptime_lib.analysis.report import Report, analyse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from known_ratio import World, simulate

MEASURED = 2000
"""Draws that the limit is for."""
MOST_SECONDS = 2.0
PANDAS_DRAWS = 40


def pandas_log_ratios(rows: pd.DataFrame, picks: np.ndarray, at: float) -> np.ndarray:
    """The log token ratio in each draw, as one would write it down first."""
    by_cluster = dict(list(rows.groupby("cluster_id")))
    names = sorted(by_cluster)
    found = []
    for pick in picks:
        drawn = pd.concat([by_cluster[names[i]] for i in pick])
        means = drawn.groupby(["arm", "budget"])[["score", "test_completion_tokens"]].mean()
        log_tokens = {}
        for arm in ("baseline", "sleep"):
            curve = means.loc[arm].sort_values("test_completion_tokens")
            accuracy = isotonic_regression(curve["score"].to_numpy()).x
            x = np.log(curve["test_completion_tokens"].to_numpy())
            log_tokens[arm] = np.interp(at, accuracy, x)
        found.append(log_tokens["baseline"] - log_tokens["sleep"])
    return np.array(found)


def timed(rows: pd.DataFrame, at: float, draws: int) -> tuple[float, Report]:
    """The best of five: others share the machine."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        report = analyse(rows, at=at, draws=draws)
        times.append(time.perf_counter() - start)
    return min(times), report


def main() -> int:
    """Print the times; whether ours is within the limit and both agree."""
    world = World()
    rows = simulate(world, clusters=50, questions=100, seed=0)
    # Once to load what is loaded on first use.
    analyse(rows.head(1000), draws=10)
    ours, report = timed(rows, world.at, MEASURED)
    default, _ = timed(rows, world.at, DRAWS)
    weights = next(cluster_weights(50, PANDAS_DRAWS, np.random.default_rng(0)))
    picks = np.array([np.repeat(np.arange(50), w.astype(int)) for w in weights])
    start = time.perf_counter()
    ratios = pandas_log_ratios(rows, picks, world.at)
    theirs = (time.perf_counter() - start) / PANDAS_DRAWS * MEASURED
    middle = float(np.exp(ratios.mean()))
    equal = report.equal_accuracy
    fine = ours <= MOST_SECONDS and equal.low < middle < equal.high
    print(f"{len(rows):,} rows, {MEASURED:,} draws")
    print(f"analyse(), the whole report       {ours:8.2f} s   (limit {MOST_SECONDS} s)")
    print(f"the same with {DRAWS:,} draws       {default:8.2f} s   (what a report takes)")
    print(f"pandas, curves and ratio only     {theirs:8.2f} s   (from {PANDAS_DRAWS} draws)")
    print(f"ratio                             {theirs / ours:8.0f} x")
    print(f"same answer: {equal.ratio:.3f} and, mean of the pandas draws, {middle:.3f}")
    print("ok" if fine else "FAILED")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
