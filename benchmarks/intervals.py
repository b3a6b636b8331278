"""The intervals: do they hold what they promise, and how fast are they?

1. Coverage of nominal 95% intervals over simulated runs with a known truth, by cluster bootstrap
   at 50 and 100 clusters, and by the item-level bootstrap, which must fail.
2. Time of 2,000 cluster-bootstrap draws of curves and token ratio over 50,000 rows, beside a
   straightforward pandas version of the same computation.

    python benchmarks/intervals.py [--runs 400] [--draws 2000] [--only speed|coverage]

Exit status 1 when an interval covers too little or too much, or the draws take over 2 seconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from sleeptime_lib.analysis.bootstrap import cluster_weights
from sleeptime_lib.analysis.report import analyse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from known_ratio import World, coverage, simulate

ACCEPTED = (0.92, 0.98)
MOST_SECONDS = 2.0
PANDAS_DRAWS = 40


def check_coverage(runs: int, draws: int) -> bool:
    """Print the coverage table; whether clusters cover and items do not."""
    fine = True
    low, high = ACCEPTED
    print(f"coverage of nominal 95% intervals, {runs} simulated runs, {draws:,} draws each")
    print(f"{'resampled':<12}{'clusters':>9}{'ratio':>9}{'difference':>12}{'cost':>8}{'time':>8}")
    for by_item, clusters in ((False, 50), (False, 100), (True, 50)):
        start = time.perf_counter()
        found = coverage(World(), runs, clusters, draws=draws, by_item=by_item)
        seconds = time.perf_counter() - start
        inside = [low <= share <= high for share in found.values()]
        fine &= not any(inside) if by_item else all(inside)
        name = "items" if by_item else "clusters"
        print(
            f"{name:<12}{clusters:>9}{found['ratio']:>9.1%}{found['difference']:>12.1%}"
            f"{found['cost']:>8.1%}{seconds:>7.0f}s",
            flush=True,
        )
    print(f"wanted: clusters between {low:.0%} and {high:.0%}, items outside: {verdict(fine)}\n")
    return fine


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


def check_speed() -> bool:
    """Print both times; whether ours is within the limit and both agree."""
    world = World()
    rows = simulate(world, clusters=50, questions=100, seed=0)
    # Once to load what is loaded on first use, then the best of five: others share the machine.
    analyse(rows.head(1000), draws=10)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        report = analyse(rows, at=world.at)
        times.append(time.perf_counter() - start)
    weights = next(cluster_weights(50, PANDAS_DRAWS, np.random.default_rng(0)))
    picks = np.array([np.repeat(np.arange(50), w.astype(int)) for w in weights])
    start = time.perf_counter()
    ratios = pandas_log_ratios(rows, picks, world.at)
    ours, theirs = min(times), (time.perf_counter() - start) / PANDAS_DRAWS * report.draws
    middle = float(np.exp(ratios.mean()))
    equal = report.equal_accuracy
    agree = equal.low < middle < equal.high
    print(f"{len(rows):,} rows, {report.draws:,} draws")
    print(f"analyse(), the whole report       {ours:8.2f} s   (limit {MOST_SECONDS} s)")
    print(f"pandas, curves and ratio only     {theirs:8.2f} s   (from {PANDAS_DRAWS} draws)")
    print(f"ratio                             {theirs / ours:8.0f} x")
    print(f"same answer: {equal.ratio:.3f} and, mean of the pandas draws, {middle:.3f}")
    fine = ours <= MOST_SECONDS and agree
    print(f"{verdict(fine)}\n")
    return fine


def verdict(fine: bool) -> str:
    """How a check ended, in a word."""
    return "ok" if fine else "FAILED"


def main() -> int:
    """Run both checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400, help="simulated runs")
    parser.add_argument("--draws", type=int, default=2000, help="bootstrap draws of each interval")
    parser.add_argument("--only", choices=("speed", "coverage"), help="run one of the checks")
    options = parser.parse_args()
    fine = True
    if options.only != "coverage":
        fine &= check_speed()
    if options.only != "speed":
        fine &= check_coverage(options.runs, options.draws)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
