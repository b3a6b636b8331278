"""Simulated runs whose true ratio, difference and cost are known, to check the intervals.

A wrong interval looks just like a right one; only many runs with a known truth tell them apart.
Each cluster has its own difficulty, its own ratio and its own verbosity, as templates do, so
questions of one cluster are alike and an interval that takes them as independent is too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.ratio import fit_curve
from sleeptime_lib.records import ROW_COLUMNS

BUDGET = 1
"""Budget of the difference and the cost."""
SHARED = 5
"""Questions that share a context, in the cost."""
BILL = paper_bill(t=10.0)


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

    def clusters(self, count: int, rng: np.random.Generator) -> Floats:
        """Effects of each cluster, (4, count).

        Shift of the log-odds, log ratio, and log tokens of an answer and of a sleep phase.
        """
        spread = np.array([self.difficulty, self.own_ratio, self.own_tokens, self.own_tokens])
        effects: Floats = rng.normal(size=(4, count)) * spread[:, None]
        effects[1] += np.log(self.ratio)
        return effects

    def chance(self, tokens: float, shift: Floats, log_ratio: Floats | float) -> Floats:
        """Chance of a right answer with typical tokens, in clusters of such effects."""
        odds = 1.2 * (np.log(tokens) + log_ratio - np.log(150)) + shift
        right: Floats = 0.95 / (1 + np.exp(-odds))
        return right


@dataclass(frozen=True, slots=True)
class Truth:
    """What an endless run of a world would show."""

    ratio: float
    points: float
    cost: float


def truth(world: World, clusters: int = 400_000, seed: int = 0) -> Truth:
    """Average a world over very many clusters (standard error about 0.1% of each value)."""
    shift, log_ratio, own, own_phase = world.clusters(clusters, np.random.default_rng(seed))
    wordy = float(np.exp(world.noise**2 / 2) * np.exp(own).mean())
    curves = []
    for tokens, gain in ((world.baseline_tokens, 0.0), (world.sleep_tokens, log_ratio)):
        accuracy = np.array([[world.chance(t, shift, gain).mean() for t in tokens]])
        curves.append((np.array([tokens]) * wordy, accuracy))
    fits = [fit_curve(t, a, np.ones_like(a)).log_tokens(np.array([world.at])) for t, a in curves]
    phase = world.phase_tokens * float(np.exp(own_phase).mean())
    return Truth(
        ratio=float(np.exp(fits[0][0][0, 0] - fits[1][0][0, 0])),
        points=float(100 * (curves[1][1][0, BUDGET] - curves[0][1][0, BUDGET])),
        cost=phase / SHARED + BILL.t * float(curves[1][0][0, BUDGET]),
    )


def simulate(
    world: World, clusters: int, questions: int, seed: int, *, shared: int = 1
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
    effects = world.clusters(clusters, rng)
    cluster = np.repeat(np.arange(clusters), questions)
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
    questions: int = 20,
    draws: int = 2000,
    by_item: bool = False,
) -> Mapping[str, float]:
    """Share of simulated runs whose 95% interval holds the truth.

    Args:
        world: What runs are drawn from.
        runs: How many.
        clusters: Clusters of each run.
        questions: Questions in each cluster.
        draws: Bootstrap draws of each interval.
        by_item: Resample single questions instead of clusters, as one should not.

    Returns:
        Coverage of the ratio, the difference and the cost.
    """
    real = truth(world)
    hits = np.zeros(3)
    for run in range(runs):
        rows = simulate(world, clusters, questions, seed=1 + run)
        if by_item:
            rows["cluster_id"] = rows["question_id"]
        drawn = draw_costs(rows, at=world.at, draws=draws, seed=run)
        equal = drawn.report.equal_accuracy
        gain = drawn.report.comparisons[0].differences[BUDGET]
        shared = drawn.amortisation(BILL, questions=(SHARED,), ladder=(), weights=())
        cost = shared.payoffs[BUDGET].at(SHARED).cost
        hits += [
            equal.low <= real.ratio <= equal.high,
            gain.low <= real.points <= gain.high,
            cost.low <= real.cost <= cost.high,
        ]
    shares = [float(hit) for hit in hits / runs]
    return dict(zip(("ratio", "difference", "cost"), shares, strict=True))
