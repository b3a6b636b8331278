"""Simulated runs of which it is known what a plan's decisions save, to check its intervals.

Contexts of a cluster have similar scores, as instances of a template have, and clusters differ in
how hard they are, in what notes gain and in tokens. What a decision saves is calculated for an
endless run whose contexts fall into the same groups by score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from sleeptime_lib.analysis.advice import Ahead, Plan, advise
from sleeptime_lib.analysis.allocation import Policy, fit
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.measured import Measured, Option

BILL = paper_bill(t=10.0)
PHASES = (0, 1, 2)
OPTIONS = (
    Option(Line("baseline", "verbosity"), 0),
    Option(Line("baseline", "verbosity"), 3),
    *(Option(Line("sleep", "verbosity", k), 0) for k in PHASES[1:]),
)
OWN = [Ahead(f"own-{i}", score, 4.0) for i, score in enumerate(np.linspace(0.04, 0.96, 12))]
"""Contexts to decide for; a phase is shared by four questions."""


@dataclass(frozen=True)
class World:
    """What runs are drawn from.

    Attributes:
        gain: Accuracy that one sleep phase gains on contexts of a score; two gain a fifth more.
    """

    gain: Callable[[Floats], Floats]

    def contexts(
        self, clusters: int, contexts: int, rng: np.random.Generator
    ) -> tuple[Floats, ...]:
        """Score, chance of a right answer, phase and answer tokens; (contexts,) or by option."""

        def own(spread: float) -> Floats:
            return np.repeat(rng.normal(0, spread, clusters), contexts)

        score = np.repeat(rng.random(clusters), contexts)
        score = score + rng.normal(0, 0.03, len(score))
        base, more = 0.3 + own(0.12), self.gain(score) * (1 + own(0.3))
        chance = np.stack([base, base + 0.25, base + more, base + 1.2 * more], axis=1)
        tokens = np.exp(own(0.3))[:, None] * np.array([10.0, 80.0, 10.0, 10.0])
        phase = np.exp(own(0.3))[:, None] * np.array([0.0, 0.0, 300.0, 600.0])
        return score, np.clip(chance, 0, 1), phase, BILL.t * tokens

    def run(self, clusters: int, contexts: int, seed: int) -> tuple[Measured, dict[str, float]]:
        """A run with one question about each context, and the scores of its contexts."""
        rng = np.random.default_rng(seed)
        score, chance, phase, answer = self.contexts(clusters, contexts, rng)
        names = [f"x{i}" for i in range(len(score))]
        ones = np.ones(len(score))
        measured = Measured(
            options=OPTIONS,
            contexts=tuple(names),
            clusters=tuple(f"c{i}" for i in range(clusters)),
            cluster=np.repeat(np.arange(clusters), contexts),
            asked=ones,
            questions=ones,
            accuracy=(rng.random(chance.shape) < chance).astype(float),
            phase=phase,
            answer=answer,
            left_out=0,
            bill=BILL,
        )
        return measured, dict(zip(names, score.tolist(), strict=True))

    @cached_property
    def endless(self) -> tuple[Floats, ...]:
        """A run of very many contexts in the order of their scores."""
        parts = self.contexts(200_000, 1, np.random.default_rng(0))
        order = np.argsort(parts[0])
        return tuple(part[order] for part in parts)

    def saved(self, policy: Policy, chosen: Mapping[str, str]) -> float:
        """What decisions for `OWN` save per question against never sleeping.

        Args:
            policy: Its groups are those in which contexts count as alike.
            chosen: Setting by context.
        """
        score, *parts = self.endless
        ends = [0, *np.searchsorted(score, policy.cuts), len(score)]
        right, phase, answer = (
            np.stack([part[a:b].mean(axis=0) for a, b in pairwise(ends)]) for part in parts
        )
        worth = _rise(parts[2]) / _rise(parts[0])
        saved = 0.0
        for one in OWN:
            (g,) = policy.group(np.array([one.score]))
            k = next(i for i, option in enumerate(OPTIONS) if option.label == chosen[one.name])
            gained = worth * (right[g, k] - right[g, 0])
            saved += gained - (answer[g, k] - answer[g, 0]) - phase[g, k] / one.questions
        return saved / len(OWN)


def _rise(values: Floats) -> float:
    """By how much the dearer test budget has more."""
    return float((values[:, 1] - values[:, 0]).mean())


def coverage(
    world: World, runs: int, clusters: int, *, contexts: int = 4, draws: int = 400
) -> Mapping[str, float]:
    """Share of simulated runs whose 95% limits hold what the decisions of the plan save.

    Args:
        world: What runs are drawn from.
        runs: How many.
        clusters: Clusters of each run.
        contexts: Contexts of each cluster.
        draws: Bootstrap draws of each interval.

    Returns:
        Against never and against always sleeping.
    """
    hits: dict[str, list[bool]] = {"saving": [], "over_always": []}
    for seed in range(runs):
        measured, scores = world.run(clusters, contexts, seed)
        made = advise(measured, scores, "the score", OWN, draws=draws, seed=seed)
        score = np.array(list(scores.values()))
        policy = fit(measured, np.ones(len(score), dtype=bool), score)
        true = world.saved(policy, {one.context.name: one.setting for one in made.advice})
        always = world.saved(policy, dict.fromkeys([one.name for one in OWN], made.always))
        for name, value in (("saving", true), ("over_always", true - always)):
            hits[name].append(_holds(made, name, value))
    return {name: float(np.mean(held)) for name, held in hits.items()}


def _holds(made: Plan, name: str, value: float) -> bool:
    """Whether limits hold a value; without limits nothing can differ, and the estimate has to."""
    found = getattr(made, name)
    if np.isnan(found.low):
        return bool(abs(found.estimate - value) < 1e-6)
    return bool(found.low <= value <= found.high)
