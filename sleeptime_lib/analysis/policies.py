"""Policies on trial: fitted on one half of the clusters, judged on the other.

Every strategy spends the same budgets. What it may know and may choose differs:

- never: test budgets only, no sleep phase; always: sleep phases only.
- random: every setting, chosen without looking at the score, so that chance decides which context
  gets which. It has learnt from the same half which mixture of settings buys most.
- policy: the same, but each group of contexts by score has its own gains (`allocation.Policy`).
  What the score costs, a first sleep phase or calls that score questions, it pays for on every
  context; the others do not look, and do not pay.
- oracle: marginal-gain allocation by what each context of the judged half really gained. Nobody
  knows that, and part of it is luck: an upper bound, not an aim.

A policy is worth something only where it beats `random`. Half of the clusters are drawn many
times, and both halves are judged in turn, so every context is judged equally often by policies
that have not seen its cluster. The intervals resample the clusters that are judged and hold the
fits as they are: they are for policies fitted on half of such data. Halves of one sample are each
other's opposites, so who learns noise from one is judged on its reverse: of 300 simulated runs
whose score tells nothing, 4 were called better (nominally 7) and 23 lay below chance by the same
rule. So "better" may be believed, and the other side is called "not better", never "worse".

Reference: Athey and Wager (2021, Econometrica 89:133-161) for learning from data whom to treat.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.allocation import Policy, allocate, fit
from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, cluster_sums, interval
from sleeptime_lib.analysis.cells import ratio
from sleeptime_lib.analysis.duel import Curve, Duel, duel
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.measured import Looking, Measured
from sleeptime_lib.errors import InputError

STRATEGIES: Final = ("never", "always", "random", "policy", "oracle")

SPLITS: Final = 20
"""Random halves that are drawn; each is judged both ways."""

BUDGETS: Final = 13
"""Budgets that every strategy spends, evenly spaced in the logarithm of the cost."""

LEAST_CLUSTERS: Final = 4
"""With fewer clusters there is no half to fit on and no half to judge."""


@dataclass(frozen=True, slots=True)
class Spending:
    """A strategy at one budget: cost and accuracy of a question."""

    cost: Interval
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Middle:
    """The policy at the middle budget, beside never sleeping and always sleeping.

    Attributes:
        gained: Accuracy over never sleeping at the lowest test budget, in percentage points.
        dearer: Its cost over that of never sleeping.
        missed: Accuracy that always sleeping has more, at its dearest, in percentage points.
        cheaper: Its cost over that of always sleeping.
    """

    gained: Interval
    dearer: Interval
    missed: Interval
    cheaper: Interval


@dataclass(frozen=True, slots=True)
class Trial:
    """What a policy by one score is worth.

    Attributes:
        score: Name of the score.
        policy: Fitted on all clusters, for reading and for use.
        curves: Of each strategy, by budget.
        duels: The policy against each other strategy.
        middle: The policy at the middle budget.
        unit: Of costs.
        contexts: Contexts judged.
        left_out: Contexts without a score.
        score_cost: What the policy pays per question to know the score.
        score_takes: What that is, in words; "" for nothing.
        clusters: Clusters that were resampled.
        confidence: Of every interval.
        draws: Bootstrap draws.
        splits: Random halves.
    """

    score: str
    policy: Policy
    curves: Mapping[str, tuple[Spending, ...]]
    duels: tuple[Duel, ...]
    middle: Middle
    unit: str
    contexts: int
    left_out: int
    score_cost: float
    score_takes: str
    clusters: int
    confidence: float
    draws: int
    splits: int

    def against(self, other: str) -> Duel:
        """The policy against one other strategy.

        Raises:
            KeyError: There is none of that name.
        """
        for one in self.duels:
            if one.other == other:
                return one
        raise KeyError(other)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; NaN is null and infinities are strings."""
        policy = {
            "cuts": self.policy.cuts.tolist(),
            "gains_rise_with_score": self.policy.rising,
            "contexts": self.policy.contexts.tolist(),
            "gain_points": (100 * self.policy.gains).tolist(),
        }
        names = (
            "score curves middle unit contexts left_out score_cost score_takes clusters confidence "
            "splits"
        )
        value: dict[str, Any] = {name: getattr(self, name) for name in names.split()}
        value["policy"] = policy
        value["duels"] = [
            json_safe(one) | {"accuracy_at_equal_cost": one.verdict,
                              "cost_at_equal_accuracy": one.cheaper}
            for one in self.duels
        ]  # fmt: skip
        return dict(json_safe(value))


def scored(measured: Measured, scores: Mapping[str, float]) -> tuple[Measured, Floats]:
    """The contexts that have a score, and their scores.

    Raises:
        InputError: They are of too few clusters.
    """
    score = np.array([scores.get(name, math.nan) for name in measured.contexts], dtype=np.float64)
    known = np.isfinite(score)
    names, cluster = np.unique(measured.cluster[known], return_inverse=True)
    if len(names) < LEAST_CLUSTERS:
        raise InputError(
            f"a policy needs at least {LEAST_CLUSTERS} clusters whose contexts have a score, to be "
            f"judged on some that it has not seen: there are {len(names)}"
        )
    return replace(
        measured,
        contexts=tuple(np.array(measured.contexts, dtype=object)[known]),
        clusters=tuple(measured.clusters[i] for i in names),
        cluster=cluster.astype(np.int64),
        asked=measured.asked[known],
        questions=measured.questions[known],
        accuracy=measured.accuracy[known],
        phase=measured.phase[known],
        answer=measured.answer[known],
    ), score[known]


def halves(
    measured: Measured, splits: int, seed: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """(contexts,) masks of contexts to fit on and to judge: each random half, both ways."""
    clusters = len(measured.clusters)
    rng = np.random.default_rng(seed)
    for _ in range(splits):
        chosen = np.isin(measured.cluster, rng.permutation(clusters)[: clusters // 2])
        yield chosen, ~chosen
        yield ~chosen, chosen


def judge(
    measured: Measured,
    scores: Mapping[str, float],
    name: str,
    *,
    looking: Looking | None = None,
    splits: int = SPLITS,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Trial:
    """Put a policy on trial.

    Args:
        measured: Accuracies and costs of contexts.
        scores: What is known before any question, by context_id; contexts without are left out.
        name: Name of the score.
        looking: What the score costs; None for nothing.
        splits: Random halves of the clusters.
        confidence: Of the intervals.
        draws: Bootstrap draws.
        seed: Of halves and bootstrap.

    Raises:
        InputError: There are too few clusters whose contexts have a score, or nothing costs
            anything.
    """
    own, score = scored(measured, scores)
    looking = looking or Looking()
    paying = own.paying(looking)
    means, charged = (np.average(x.cost, axis=0, weights=own.asked) for x in (own, paying))
    if means.min() <= 0:
        raise InputError("a policy weighs costs, and under this bill answers cost nothing")
    budgets = np.exp(np.linspace(np.log(means.min()), np.log(means.max()), BUDGETS))
    budgets[0], budgets[-1] = 0.0, np.inf  # as little and as much as there is to spend
    shape = (BUDGETS, len(score))
    accuracy = {strategy: np.zeros(shape) for strategy in STRATEGIES}
    cost = {strategy: np.zeros(shape) for strategy in STRATEGIES}
    for fitted_on, judged in halves(own, splits, seed):
        for strategy, shares in _spend(own, paying, score, fitted_on, judged, budgets):
            bill = paying if strategy == "policy" else own
            accuracy[strategy][:, judged] += (shares * own.accuracy[judged]).sum(-1) / splits
            cost[strategy][:, judged] += (shares * bill.cost[judged]).sum(-1) / splits
    drawn = _resample(own, accuracy, cost, draws, seed)
    clusters = len(own.clusters)

    def limits(values: Floats) -> Interval:
        return interval(values, confidence, clusters)

    return Trial(
        score=name,
        policy=fit(paying, np.ones(len(score), dtype=np.bool_), score),
        curves={
            strategy: tuple(
                Spending(limits(costs[:, j]), limits(right[:, j])) for j in range(BUDGETS)
            )
            for strategy, (costs, right) in drawn.items()
        },
        duels=tuple(
            duel(other, drawn["policy"], drawn[other], confidence, clusters)
            for other in STRATEGIES
            if other != "policy"
        ),
        middle=_middle(drawn, limits),
        unit=own.bill.unit,
        contexts=len(score),
        left_out=len(measured.contexts) - len(score) + measured.left_out,
        score_cost=float(charged[0] - means[0]),
        score_takes=looking.takes,
        clusters=clusters,
        confidence=confidence,
        draws=draws,
        splits=splits,
    )


def _spend(
    own: Measured,
    paying: Measured,
    score: Floats,
    fitted_on: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    budgets: Floats,
) -> Iterator[tuple[str, Floats]]:
    """(budgets, contexts judged, options) shares of every strategy."""
    blind, policy = fit(own, fitted_on), fit(paying, fitted_on, score)
    asleep = own.asleep
    every = np.ones_like(asleep)
    questions, weights = own.questions[judged], own.asked[judged]
    for name, by, allowed in (
        ("never", blind, ~asleep),
        ("always", blind, asleep),
        ("random", blind, every),
        ("policy", policy, every),
    ):
        group = by.group(score[judged])
        # Contexts that the policy cannot tell apart get one allocation between them.
        kinds, member = np.unique(np.column_stack([group, questions]), axis=0, return_inverse=True)
        member = member.reshape(-1)
        of = kinds[:, 0].astype(np.int64)
        shares = allocate(
            by.gains[of][:, allowed],
            by.costs(of, kinds[:, 1])[:, allowed],
            np.bincount(member, weights).astype(np.float64),
            budgets,
        )
        whole = np.zeros((len(budgets), len(questions), len(asleep)))
        whole[:, :, allowed] = shares[:, member]
        yield name, whole
    yield "oracle", allocate(own.accuracy[judged], own.cost[judged], weights, budgets)


def _resample(
    own: Measured, accuracy: Mapping[str, Floats], cost: Mapping[str, Floats], draws: int, seed: int
) -> dict[str, Curve]:
    parts = [x[strategy] for strategy in STRATEGIES for x in (cost, accuracy)]
    columns = np.concatenate([np.ones((1, len(own.asked))), *parts]).T * own.asked[:, None]
    sums = cluster_sums(columns, own.cluster, len(own.clusters), draws, seed)
    count = np.repeat(sums[:, :1], sums.shape[1] - 1, axis=1)
    curves = np.split(ratio(sums[:, 1:], count), 2 * len(STRATEGIES), axis=1)
    return {strategy: (curves[2 * i], curves[2 * i + 1]) for i, strategy in enumerate(STRATEGIES)}


def _middle(drawn: Mapping[str, Curve], limits: Callable[[Floats], Interval]) -> Middle:
    cost, right = (x[:, BUDGETS // 2] for x in drawn["policy"])
    never_cost, never = (x[:, 0] for x in drawn["never"])
    always_cost, always = (x[:, -1] for x in drawn["always"])
    return Middle(
        gained=limits(100 * (right - never)),
        dearer=limits(cost / never_cost),
        missed=limits(100 * (always - right)),
        cheaper=limits(cost / always_cost),
    )
