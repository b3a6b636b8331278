"""What needs no model on real changes: F1 of each floor, past-only, and time and memory of mining.

    python benchmarks/swe_floors.py CLONE              # the 18 Aider tasks, and mining the clone
    python benchmarks/swe_floors.py CLONE --mined 200  # the floors on the newest 200 mined tasks

For the 18 tasks the clone needs the pull requests of Aider-AI/aider:

    git clone https://github.com/Aider-AI/aider
    git -C aider fetch origin '+refs/pull/*/head:refs/pull/*/head'
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sleeptime_lib.analysis.bootstrap import DRAWS
from sleeptime_lib.analysis.score import accuracy_limits, item_means
from sleeptime_lib.tasks.swe.changes import Change, related
from sleeptime_lib.tasks.swe.floors import FLOORS
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.known import aider_changes
from sleeptime_lib.tasks.swe.mining import mine
from sleeptime_lib.tasks.swe.places import cluster_of
from sleeptime_lib.tasks.swe.score import f1


def show_floors(repository: Repository, changes: Sequence[Change], known: Sequence[Change]) -> None:
    """Print the mean scores of each floor on the changes; their past is among the known."""
    pasts = [related(change, known) for change in changes]
    having = sum(map(bool, pasts))
    names, cluster = np.unique([cluster_of(change) for change in changes], return_inverse=True)
    print(
        f"{len(changes)} tasks, {having} of them with a related past; means over all of them, with"
    )
    print(f"pointwise 95% intervals over {len(names)} clusters of related changes")
    print(f"{'floor':<44}{'F1':>20}{'precision':>20}{'recall':>20}{'strict F1':>20}{'s/task':>8}")
    for name, floor in FLOORS:
        start = time.perf_counter()
        said = [floor(repository, c, past) for c, past in zip(changes, pasts, strict=True)]
        each = (time.perf_counter() - start) / len(changes)
        scores = [
            [*f1(s, c.paths("modified")), f1(s, c.paths("modified", "added")).f1]
            for s, c in zip(said, changes, strict=True)
        ]
        values = np.array(scores)[:, [2, 0, 1, 3]]
        n, sums, means = item_means(values, cluster, DRAWS, seed=0)
        ends = accuracy_limits(n, sums, (values**2).sum(axis=0), means[1:], 0.95)
        told = [
            f"{mean:.2f} [{low:.2f}, {high:.2f}]"
            for mean, low, high in zip(means[0], *ends, strict=True)
        ]
        print(f"{name:<44}{''.join(f'{cell:>20}' for cell in told)}{each:>8.2f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clone", type=Path)
    parser.add_argument("--mined", type=int, default=0, help="mined tasks to try, not the 18")
    given = parser.parse_args()
    repository = Repository(given.clone)
    if not given.mined:
        start = time.perf_counter()
        changes = aider_changes(repository)
        print(f"the 18 tasks completed in {time.perf_counter() - start:.1f} s")
        show_floors(repository, changes, changes)
    start = time.perf_counter()
    mined = mine(repository)
    seconds = time.perf_counter() - start
    own, gits = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        f"mined {len(mined.changes):,} tasks of {mined.candidates:,} changes in {mined.commits:,} "
        f"commits in {seconds:.0f} s; peak memory {own:.0f} MB, of git {gits:.0f} MB"
    )
    if given.mined:
        show_floors(repository, mined.changes[-given.mined :], mined.changes)


if __name__ == "__main__":
    main()
