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

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.fit import Fit, fit_curve
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.records import ROW_COLUMNS

BUDGET = 1
"""Budget of the difference, the accuracy and the cost."""
SHARED = 5
"""Questions that share a context, in the cost."""
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

    def chance(self, tokens: float, shift: Floats, log_ratio: Floats | float) -> Floats:
        """Chance of a right answer with typical tokens, in clusters of such effects."""
        odds = 1.2 * (np.log(tokens) + log_ratio - np.log(150)) + shift
        right: Floats = self.most / (1 + np.exp(-odds))
        return right


@dataclass(frozen=True, slots=True)
class Truth:
    """What an endless run of a world would show.

    Attributes:
        ratio: Token ratio at the accuracy `World.at`.
        points: Differences of the arms by budget, in percentage points.
        accuracy: Of the baseline, by budget.
        cost: Per question at `BUDGET` when `SHARED` questions share a context.
        fits: Curves of the baseline and of the sleep arm.
    """

    ratio: float
    points: tuple[float, ...]
    accuracy: tuple[float, ...]
    cost: float
    fits: tuple[Fit, Fit]

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
    tokens, accuracy = [], []
    for used, gain in ((world.baseline_tokens, 0.0), (world.sleep_tokens, log_ratio)):
        right = [np.average(world.chance(t, shift, gain), weights=size) for t in used]
        accuracy.append(np.array([right]))
        tokens.append(np.array([used]) * wordy)
    base, sleep = (fit_curve(t, a, np.ones_like(a)) for t, a in zip(tokens, accuracy, strict=True))
    (reached, _), (with_notes, _) = (fit.log_tokens(np.array([world.at])) for fit in (base, sleep))
    phase = world.phase_tokens * float(np.average(np.exp(own_phase), weights=size))
    return Truth(
        ratio=float(np.exp(reached - with_notes)[0, 0]),
        points=tuple((100 * (accuracy[1] - accuracy[0]))[0].tolist()),
        accuracy=tuple(accuracy[0][0].tolist()),
        cost=phase / SHARED + BILL.t * float(tokens[1][0, BUDGET]),
        fits=(base, sleep),
    )


def simulate(
    world: World, clusters: int, questions: Sizes, seed: int, *, shared: int = 1
) -> pd.DataFrame:
    """Rows of one run.

    Args:
        world: What they are drawn from.
        clusters: How many.
        questions: In each cluster.
        seed: Same seed, same rows.
        shared: Questions that share a context and its sleep phase; divides `questions`.
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
    for arm, budgets in (("baseline", world.baseline_tokens), ("sleep", world.sleep_tokens)):
        for budget, tokens in enumerate(budgets):
            slept = arm == "sleep"
            right = rng.random(size) < world.chance(tokens, shift, log_ratio if slept else 0.0)
            prompt = world.prompt_tokens + (world.notes_tokens if slept else 0)
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
        all accuracies, all differences, and the token ratio at all accuracies ("curve").
    """
    real = truth(world, sizes=questions)
    hits: dict[str, list[bool]] = {}
    for run in range(runs):
        rows = simulate(world, clusters, questions, seed=1 + run, shared=shared)
        if by_item:
            rows["cluster_id"] = rows["question_id"]
        drawn = draw_costs(rows, at=world.at, draws=draws, seed=run)
        spent = drawn.amortisation(BILL, questions=(SHARED,), ladder=(), weights=())
        cost = spent.payoffs[BUDGET].at(SHARED).cost
        held = _held(drawn.report, real) | {"cost": cost.low <= real.cost <= cost.high}
        for name, hit in held.items():
            hits.setdefault(name, []).append(hit)
    return {name: float(np.mean(values)) for name, values in hits.items()}


def _held(report: Report, real: Truth) -> dict[str, bool]:
    """Which intervals of a report hold the truth."""
    comparison, (baseline,) = report.comparisons[0], report.of("baseline")
    equal, curve = comparison.equal_accuracy, comparison.ratio_curve.points
    gains = list(zip(comparison.differences, real.points, strict=True))
    cells = list(zip(baseline.points, real.accuracy, strict=True))
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
