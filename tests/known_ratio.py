"""Simulated runs whose true ratios, differences and costs are known, to check the intervals.

A wrong interval looks just like a right one; only many runs with a known truth tell them apart.
Each cluster has its own difficulty, its own ratio and its own verbosity, as templates do, so
questions of one cluster are alike and an interval that takes them as independent is too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.controls import Contrast, contrasts
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.fit import Fit, fit_curve
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.records import ROW_COLUMNS

BUDGET = 1
"""Budget of the difference, the accuracy and the cost."""
SHARED = 5
"""Questions that share a context, in the cost."""
UNEQUAL = (1, 2, 2, 3, 4, 4, 6, 8, 12, 18)
"""Questions of clusters of unequal size."""
CONTROLS = ("placebo_same", "oracle")
"""Arms that read notes which do not help, and arms that read notes which do."""
SEED = 70_000
"""Of the first run of a coverage check."""
BILL = paper_bill(t=10.0)

Sizes = int | Sequence[int]
"""Questions of every cluster, or of each."""


@dataclass(frozen=True, slots=True)
class World:
    """What the runs are drawn from.

    Attributes:
        ratio: Typical factor by which the sleep phase stretches a token.
        baseline_tokens: Typical test tokens at each budget.
        sleep_tokens: The same for the sleep arm.
        phase_tokens: Typical tokens of a sleep phase.
        prompt_tokens: Prompt tokens of a baseline answer.
        notes_tokens: How many more a sleep arm's answer reads.
        hits: Share of a prompt that is cached for all but the first question of a context.
        difficulty: Standard deviation over clusters of the log-odds of a right answer.
        own_ratio: Standard deviation over clusters of the log ratio.
        own_tokens: Standard deviation over clusters of log tokens.
        noise: Standard deviation over questions of log tokens.
        at: Accuracy of the equal-accuracy ratio.
        most: Accuracy with endless tokens.
        by_size: How much the log-odds grow with the log of a cluster's size.
    """

    ratio: float = 3.83
    baseline_tokens: tuple[float, ...] = (20, 50, 100, 200, 400)
    sleep_tokens: tuple[float, ...] = (16, 40, 80, 160, 320)
    phase_tokens: float = 600
    prompt_tokens: int = 260
    notes_tokens: int = 140
    hits: float = 0.8
    difficulty: float = 1.0
    own_ratio: float = 0.5
    own_tokens: float = 0.3
    noise: float = 0.3
    at: float = 0.5
    most: float = 0.95
    by_size: float = 0.0

    def clusters(self, sizes: Floats, rng: np.random.Generator) -> Floats:
        """Effects of each cluster, (4, clusters), of so many questions.

        Shift of the log-odds, log ratio, and log tokens of an answer and of a sleep phase.
        """
        spread = np.array([self.difficulty, self.own_ratio, self.own_tokens, self.own_tokens])
        effects: Floats = rng.normal(size=(4, len(sizes))) * spread[:, None]
        effects[0] += self.by_size * np.log(sizes / sizes.mean())
        effects[1] += np.log(self.ratio)
        return effects

    def asked(self, arm: str, log_ratio: Floats) -> tuple[tuple[float, ...], Floats | float]:
        """Typical tokens of an arm at each budget, and how much longer they count, in logs."""
        if arm == "baseline":
            return self.baseline_tokens, 0.0
        return self.sleep_tokens, 0.0 if arm == "placebo_same" else log_ratio

    def chance(self, tokens: float, shift: Floats, log_ratio: Floats | float) -> Floats:
        """Chance of a right answer with typical tokens, in clusters of such effects."""
        odds = 1.2 * (np.log(tokens) + log_ratio - np.log(150)) + shift
        right: Floats = self.most / (1 + np.exp(-odds))
        return right


UNLIKE = World(difficulty=1.5, own_ratio=1.5, own_tokens=0.6)
"""Clusters differ much, so that single questions say far less than their number."""
HEAVY = World(own_tokens=1.0, noise=0.8)
"""A few clusters take most tokens."""
HEAVY_TRUE = 0.88
"""What intervals of costs may truly cover there: no method does better with ten such clusters."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What an endless run of a world would show.

    Attributes:
        ratio: Token ratio at the accuracy `World.at`.
        accuracy: Of each arm, by budget.
        cost: Per question at `BUDGET` when `SHARED` questions share a context.
        fits: Curves of the baseline and of the sleep arm.
    """

    ratio: float
    accuracy: Mapping[str, tuple[float, ...]]
    cost: float
    fits: tuple[Fit, Fit]

    @property
    def points(self) -> tuple[float, ...]:
        """Differences of the sleep arm and the baseline by budget, in percentage points."""
        pairs = zip(self.accuracy["sleep"], self.accuracy["baseline"], strict=True)
        return tuple(100 * (slept - base) for slept, base in pairs)

    def ratios(self, levels: Sequence[float]) -> Floats:
        """True token ratios at accuracies; NaN where an arm does not reach one."""
        bounds = [fit.log_tokens(np.array(levels)) for fit in self.fits]
        exact = [np.where(low == high, low, np.nan)[0] for low, high in bounds]
        ratios: Floats = np.exp(exact[0] - exact[1])
        return ratios


def truth(world: World, clusters: int = 400_000, seed: int = 0, sizes: Sizes = 1) -> Truth:
    """Average a world over very many clusters (standard error about 0.1% of each value)."""
    size = np.resize(np.atleast_1d(sizes), clusters).astype(float)
    shift, log_ratio, own, own_phase = world.clusters(size, np.random.default_rng(seed))
    wordy = float(np.exp(world.noise**2 / 2) * np.average(np.exp(own), weights=size))
    accuracy: dict[str, tuple[float, ...]] = {}
    fits = []
    for arm in ("baseline", "sleep", *CONTROLS):
        used, gain = world.asked(arm, log_ratio)
        right = [float(np.average(world.chance(t, shift, gain), weights=size)) for t in used]
        accuracy[arm] = tuple(right)
        y = np.array([right])
        fits.append(fit_curve(np.array([used]) * wordy, y, np.ones_like(y)))
    base, sleep = fits[:2]
    (reached, _), (with_notes, _) = (fit.log_tokens(np.array([world.at])) for fit in (base, sleep))
    phase = world.phase_tokens * float(np.average(np.exp(own_phase), weights=size))
    return Truth(
        ratio=float(np.exp(reached - with_notes)[0, 0]),
        accuracy=accuracy,
        cost=phase / SHARED + BILL.t * wordy * world.sleep_tokens[BUDGET],
        fits=(base, sleep),
    )


def simulate(
    world: World,
    clusters: int,
    questions: Sizes,
    seed: int,
    *,
    shared: int = 1,
    arms: Sequence[str] = ("baseline", "sleep"),
) -> pd.DataFrame:
    """Rows of one run.

    Args:
        world: What they are drawn from.
        clusters: How many.
        questions: In each cluster.
        seed: Same seed, same rows.
        shared: Questions that share a context and its sleep phase; divides `questions`.
        arms: Arms that answer.
    """
    rng = np.random.default_rng(seed)
    sizes = np.resize(np.atleast_1d(questions), clusters)
    effects = world.clusters(sizes.astype(float), rng)
    cluster = np.repeat(np.arange(clusters), sizes)
    shift, log_ratio, own, own_phase = effects[:, cluster]
    size = len(cluster)
    names = np.array([f"q{i}" for i in range(size)])
    contexts = np.array([f"x{i // shared}" for i in range(size)])
    again = np.arange(size) % shared > 0
    phase = np.rint(world.phase_tokens * np.exp(own_phase))
    frames = []
    for arm in arms:
        used_by, gain = world.asked(arm, log_ratio)
        slept = arm in ("sleep", "placebo_same")
        for budget, tokens in enumerate(used_by):
            right = rng.random(size) < world.chance(tokens, shift, gain)
            prompt = world.prompt_tokens + (0 if arm == "baseline" else world.notes_tokens)
            used = np.rint(tokens * np.exp(own + world.noise * rng.normal(size=size)))
            frames.append(
                pd.DataFrame(
                    {
                        "arm": arm,
                        "budget": budget,
                        "cluster_id": np.char.add("c", cluster.astype(str)),
                        "context_id": contexts,
                        "question_id": names,
                        "sleep_parallel": int(slept),
                        "sleep_id": contexts if slept else "",
                        "score": right.astype(float),
                        "test_prompt_tokens": prompt,
                        "test_cached_tokens": np.rint(again * world.hits * prompt).astype(int),
                        "test_completion_tokens": used.astype(int),
                        "sleep_completion_tokens": phase.astype(int) if slept else 0,
                    }
                )
            )
    rows = pd.concat(frames, ignore_index=True)
    fixed = {"experiment": "known-ratio", "dataset": "known-ratio", "model": "known-ratio",
             "budget_kind": "verbosity", "sleep_effort": "", "gold": "", "prediction": None,
             "finish_reason": "stop", "error": "", "usage_estimated": False}  # fmt: skip
    for name in ROW_COLUMNS:
        if name not in rows:
            rows[name] = [{}] * len(rows) if name == "measures" else fixed.get(name, 0)
    return rows[list(ROW_COLUMNS)]


def coverage(
    world: World,
    runs: int,
    clusters: int,
    *,
    questions: Sizes = 20,
    shared: int = 1,
    draws: int = 2000,
    by_item: bool = False,
) -> Mapping[str, float]:
    """Share of simulated runs whose 95% intervals hold the truth.

    Args:
        world: What runs are drawn from.
        runs: How many.
        clusters: Clusters of each run.
        questions: Questions in each cluster.
        shared: Questions that share a context.
        draws: Bootstrap draws of each interval.
        by_item: Resample single questions instead of clusters, as one should not.

    Returns:
        By name: one accuracy, difference, cost and token ratio; and of the simultaneous intervals,
        all accuracies, all differences, all those of control arms ("controls"), and the token ratio
        at all accuracies ("curve").
    """
    real = truth(world, sizes=questions)
    hits: dict[str, list[bool]] = {}
    for run in range(runs):
        every = simulate(
            world, clusters, questions, SEED + run, shared=shared,
            arms=("baseline", "sleep", *CONTROLS),
        )  # fmt: skip
        if by_item:
            every["cluster_id"] = every["question_id"]
        rows = every[~every["arm"].isin(CONTROLS)]
        drawn = draw_costs(rows, at=world.at, draws=draws, seed=run)
        spent = drawn.amortisation(BILL, questions=(SHARED,), ladder=(), weights=())
        cost = spent.payoffs[BUDGET].at(SHARED).cost
        held = _held(drawn.report, real) | {
            "cost": cost.low <= real.cost <= cost.high,
            "controls": _controls_held(contrasts(every, draws=draws, seed=run), real),
        }
        for name, hit in held.items():
            hits.setdefault(name, []).append(hit)
    return {name: float(np.mean(values)) for name, values in hits.items()}


def _held(report: Report, real: Truth) -> dict[str, bool]:
    """Which intervals of a report hold the truth."""
    comparison = report.comparisons[0]
    equal, curve = comparison.equal_accuracy, comparison.ratio_curve.points
    gains = list(zip(comparison.differences, real.points, strict=True))
    cells = [
        pair
        for c in report.curves
        for pair in zip(c.points, real.accuracy[c.line.arm], strict=True)
    ]
    ratios = real.ratios([p.at for p in curve]) if curve else []
    gain, points = gains[BUDGET]
    cell, accuracy = cells[BUDGET]
    return {
        "accuracy": cell.low <= accuracy <= cell.high,
        "difference": gain.low <= points <= gain.high,
        "ratio": equal.low <= real.ratio <= equal.high,
        "accuracies": all(p.simultaneous_low <= a <= p.simultaneous_high for p, a in cells),
        "differences": all(d.simultaneous_low <= x <= d.simultaneous_high for d, x in gains),
        "curve": all(
            p.simultaneous_low <= r <= p.simultaneous_high
            for p, r in zip(curve, ratios, strict=True)
            if not np.isnan(r)
        ),
    }


def _controls_held(found: Sequence[Contrast], real: Truth) -> bool:
    """Whether all differences of control arms lie within their limits, where they have any."""
    held = []
    for one in found:
        arm, against = (
            real.accuracy["sleep" if name.startswith("sleep") else name.replace(" ", "_")]
            for name in (one.arm.label, one.against.label)
        )
        points = 100 * (arm[one.budget] - against[one.budget])
        held.append(not (points < one.low or points > one.high))
    return all(held)


def least(runs: int, true: float = 0.93) -> float:
    """The share of runs that intervals of a true coverage hold in 99.9% of seeds at least.

    Nominal 95% of the bootstrap are true 93% where clusters are few; that much is asked for.
    """
    return float(stats.binom.ppf(0.001, runs, true)) / runs
