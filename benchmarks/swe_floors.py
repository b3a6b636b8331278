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

from sleeptime_lib.tasks.swe.changes import Change, related
from sleeptime_lib.tasks.swe.floors import FLOORS
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.known import aider_changes
from sleeptime_lib.tasks.swe.mining import mine
from sleeptime_lib.tasks.swe.score import f1


def show_floors(repository: Repository, changes: Sequence[Change], known: Sequence[Change]) -> None:
    """Print the mean scores of each floor on the changes; their past is among the known."""
    pasts = [related(change, known) for change in changes]
    having = sum(map(bool, pasts))
    print(f"{len(changes)} tasks, {having} of them with a related past; means over all of them")
    print(f"{'floor':<44}{'F1':>6}{'prec.':>7}{'recall':>8}{'strict':>8}{'s/task':>8}")
    for name, floor in FLOORS:
        start = time.perf_counter()
        said = [floor(repository, c, past) for c, past in zip(changes, pasts, strict=True)]
        each = (time.perf_counter() - start) / len(changes)
        scores = [f1(s, c.paths("modified")) for s, c in zip(said, changes, strict=True)]
        wanted = [c.paths("modified", "added") for c in changes]
        strict = [f1(s, files).f1 for s, files in zip(said, wanted, strict=True)]
        precision, recall, mean = np.mean(scores, axis=0)
        cells = f"{mean:>6.2f}{precision:>7.2f}{recall:>8.2f}{np.mean(strict):>8.2f}{each:>8.2f}"
        print(f"{name:<44}{cells}", flush=True)


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
