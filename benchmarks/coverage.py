"""Do 95% intervals hold the truth? Simulated runs of the designs that ship, and of harder ones.

Each row is a design, each column an interval: one accuracy, one difference, one cost and one token
ratio; of the simultaneous ones all accuracies, all differences, all those of control arms, and the
token ratio over all accuracies (curve). By clusters each should hold the truth in about 95% of the
runs; more is not wrong where limits are unbounded, as those of ratios often are. Resampling single
questions must fail: that shows that the check can.

    python benchmarks/coverage.py [--runs 200] [--draws 1000] [--only NAME]

Exit status 1 when an interval covers less than a true coverage of 93% would in 99.9% of seeds (a
cost of heavy tails, of 88%), or resampled questions cover as well. The bars were set before the
seeds were tried.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from known_ratio import HEAVY, HEAVY_TRUE, UNEQUAL, UNLIKE, Sizes, World, coverage, least

NAMES = (
    "accuracy",
    "difference",
    "cost",
    "ratio",
    "accuracies",
    "differences",
    "controls",
    "curve",
)
ORDINARY = World()


@dataclass(frozen=True, slots=True)
class Design:
    """A kind of run.

    Attributes:
        name: For the table.
        clusters: How many.
        questions: In each cluster.
        shared: That share a context.
        world: What is drawn.
    """

    name: str
    clusters: int
    questions: Sizes
    shared: int = 1
    world: World = ORDINARY


DESIGNS = (
    Design("35 x 4", 35, 4),
    Design("24 x 10, shared", 24, 10, 10),
    Design("20 unequal", 20, UNEQUAL),
    Design("10 unequal", 10, UNEQUAL),
    Design("35 x 4, no effect", 35, 4, world=World(ratio=1, own_ratio=0)),
    Design("35 x 4, rare", 35, 4, world=World(most=0.04)),
    Design("10 unequal, rare", 10, UNEQUAL, world=World(most=0.04)),
    Design("20 unequal, larger is easier", 20, UNEQUAL, world=World(by_size=0.5)),
    Design("35 x 4, heavy tails", 35, 4, world=HEAVY),
    Design("20 x 4, heavy tails", 20, 4, world=HEAVY),
    Design("10 x 4, heavy tails", 10, 4, world=HEAVY),
    Design("20 unequal, heavy tails", 20, UNEQUAL, world=HEAVY),
    Design("50 x 20", 50, 20),
)
ITEMS = Design("50 x 20, by question", 50, 20, world=UNLIKE)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="simulated runs of each design")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws of each interval")
    parser.add_argument("--only", default="", help="designs with this in their name")
    options = parser.parse_args()
    print(f"coverage of 95% intervals, {options.runs} runs, {options.draws:,} draws each")
    print(f"{'design':<30}{''.join(f'{name:>13}' for name in NAMES)}{'time':>7}")
    fine = True
    for design in (*DESIGNS, ITEMS):
        if options.only not in design.name:
            continue
        start = time.perf_counter()
        found = coverage(
            design.world, options.runs, design.clusters, questions=design.questions,
            shared=design.shared, draws=options.draws, by_item=design is ITEMS,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        shares = "".join(f"{found[name]:>13.1%}" for name in NAMES)
        print(f"{design.name:<30}{shares}{seconds:>6.0f}s", flush=True)
        bars = dict.fromkeys(NAMES, least(options.runs))
        if design.world is HEAVY:
            bars["cost"] = least(options.runs, HEAVY_TRUE)
        held = [found[name] >= bar for name, bar in bars.items()]
        fine &= not any(held[:3]) if design is ITEMS else all(held)
    print("ok" if fine else f"FAILED: wanted at least {least(options.runs):.1%}, by question less")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
