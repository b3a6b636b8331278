"""Which contexts deserve a sleep phase, and how many? A policy, fitted on rows.

A context gets one of several settings: no sleep phase, or k of them. What is known of it before
any question is a score (its length, how predictable its questions are expected to be) and how many
questions are expected. The policy is a table that can be read: contexts fall into thirds by score,
and each third has, for each setting, a mean gain in accuracy and a mean cost. Gains are monotone
in the score (isotonic over the thirds, rising or falling, whichever fits better), so that noise
between thirds is pooled.

A total budget is then spent by marginal gain: of every context the upper hull of accuracy over
cost is walked, steepest step first. For concave gains that is the best allocation there is (Fox
1966, Management Science 13:210-216). The last step is taken by a share, as by a coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_sums
from sleeptime_lib.analysis.cells import ratio
from sleeptime_lib.analysis.fit import isotonic
from sleeptime_lib.analysis.measured import Measured, Option

GROUPS: Final = 3
"""Groups of contexts by score that have gains of their own."""


def allocate(values: Floats, costs: Floats, weights: Floats, budgets: Floats) -> Floats:
    """Spend budgets by marginal gain.

    Args:
        values: (contexts, options) what an option is worth.
        costs: (contexts, options) what it costs.
        weights: (contexts,) how much a context counts in the mean cost.
        budgets: (budgets,) mean costs to reach; one that is smaller than the cheapest allocation
            gets that, and one that is larger than any gain needs stays unspent.

    Returns:
        (budgets, contexts, options) share of each option; one context at most is divided between
        two options, all others have one.
    """
    weights = weights / weights.sum()
    shares = np.zeros((len(budgets), *values.shape))
    steps: list[tuple[float, int, int, int, float]] = []
    spent = 0.0
    for context, (value, cost) in enumerate(zip(values, costs, strict=True)):
        hull = upper_hull(value, cost)
        shares[:, context, hull[0]] = 1.0
        spent += float(weights[context] * cost[hull[0]])
        for one, other in pairwise(hull):
            more = float(cost[other] - cost[one])
            steps.append(
                (float(value[other] - value[one]) / more, context, one, other,
                 float(weights[context]) * more)
            )  # fmt: skip
    # Sorting is stable, and the steps of a context get less steep: their order holds.
    steps.sort(key=lambda step: -step[0])
    for _, context, one, other, price in steps:
        taken = np.clip((budgets - spent) / price, 0.0, 1.0) if price else np.ones(len(budgets))
        shares[:, context, one] -= taken
        shares[:, context, other] += taken
        spent += price
    return shares


def upper_hull(value: Floats, cost: Floats) -> list[int]:
    """Options from the cheapest to the best, each step less steep than the one before."""
    hull: list[int] = []
    for i in np.lexsort((-value, cost)):
        if hull and value[i] <= value[hull[-1]]:
            continue
        while len(hull) > 1 and _rise(value, cost, hull[-2], hull[-1]) <= _rise(
            value, cost, hull[-2], i
        ):
            hull.pop()
        hull.append(int(i))
    return hull


def _rise(value: Floats, cost: Floats, one: int, other: int) -> float:
    return float((value[other] - value[one]) / (cost[other] - cost[one]))


@dataclass(frozen=True, slots=True)
class Policy:
    """What to expect of each setting on contexts of each group.

    Attributes:
        cuts: Scores between the groups, ascending; none for a policy that looks at no score.
        rising: Whether gains rise with the score.
        contexts: (groups,) contexts it was fitted on.
        gains: (groups, options) accuracy over the first option, from -1 to 1.
        phase: (groups, options) cost of a sleep phase.
        answer: (groups, options) cost of an answer.
    """

    cuts: Floats
    rising: bool
    contexts: NDArray[np.int64]
    gains: Floats
    phase: Floats
    answer: Floats

    def group(self, scores: Floats) -> NDArray[np.int64]:
        """Group of each score, from 0."""
        return np.searchsorted(self.cuts, scores, side="right")

    def costs(self, group: NDArray[np.int64], questions: Floats) -> Floats:
        """(contexts, options) cost per question when so many share a sleep phase."""
        shared: Floats = self.phase[group] / questions[:, None] + self.answer[group]
        return shared


def fit(measured: Measured, which: NDArray[np.bool_], score: Floats | None = None) -> Policy:
    """Fit a policy.

    Args:
        measured: Accuracies and costs.
        which: (contexts,) those to fit on.
        score: (contexts,) what is known of each before any question; None fits a policy that
            treats all alike.
    """
    cuts = np.empty(0)
    if score is not None:
        shares = np.arange(1, GROUPS) / GROUPS
        # Cuts are scores of contexts, so that no group is empty.
        cuts = np.unique(np.quantile(score[which], shares, method="higher"))
        cuts = cuts[cuts > score[which].min()]
    place = np.searchsorted(cuts, np.zeros(len(which)) if score is None else score, side="right")
    means = group_means(measured, (place[:, None] == np.arange(len(cuts) + 1)) & which[:, None])
    gains, rising = pooled_gains(measured.options, means)
    return Policy(
        cuts=cuts,
        rising=bool(rising[0]),
        contexts=means.contexts[0].astype(np.int64),
        gains=gains[0],
        phase=means.phase[0],
        answer=means.answer[0],
    )


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Means over the contexts of each group, as measured and below in draws of clusters.

    Attributes:
        contexts: (1 + draws, groups) contexts.
        asked: (1 + draws, groups) their questions, which are the weights of the means.
        accuracy: (1 + draws, groups, options); NaN where a draw has no context of a group.
        phase: The same shape, cost of a sleep phase, in which contexts count alike.
        answer: The same shape, cost of an answer.
    """

    contexts: Floats
    asked: Floats
    accuracy: Floats
    phase: Floats
    answer: Floats


def group_means(
    measured: Measured, inside: NDArray[np.bool_], draws: int = 0, seed: int = 0
) -> GroupMeans:
    """Means of groups of contexts.

    Args:
        measured: Accuracies and costs.
        inside: (contexts, groups) which are in a group.
        draws: Bootstrap draws of clusters.
        seed: Of the draws.
    """
    groups, options = inside.shape[1], len(measured.options)
    own = inside.astype(np.float64)
    asked = own * measured.asked[:, None]
    parts = ((measured.accuracy, asked), (measured.answer, asked), (measured.phase, own))
    spread = [(by[:, :, None] * x[:, None, :]).reshape(len(own), -1) for x, by in parts]
    columns = np.concatenate([own, asked, *spread], axis=1)
    sums = columns.sum(axis=0)[None]
    if draws:
        sums = cluster_sums(columns, measured.cluster, len(measured.clusters), draws, seed)
    contexts, weights = sums[:, :groups], sums[:, groups : 2 * groups]
    accuracy, answer, phase = (
        ratio(one.reshape(-1, groups, options), by[:, :, None])
        for one, by in zip(
            np.split(sums[:, 2 * groups :], 3, axis=1), (weights, weights, contexts), strict=True
        )
    )
    return GroupMeans(contexts, weights, accuracy, phase, answer)


def pooled_gains(options: Sequence[Option], means: GroupMeans) -> tuple[Floats, NDArray[np.bool_]]:
    """(versions, groups, options) gains over the first option, and whether they rise with groups.

    Test budgets alone are taken to gain the same in every group; a sleep phase's gain over the
    baseline at the same budget is monotone over the groups.
    """
    same = [
        next((j for j, x in enumerate(options) if not x.sleeps and x.budget == option.budget), 0)
        for option in options
    ]
    accuracy = np.nan_to_num(means.accuracy)  # where it is not known it has no weight
    over = np.swapaxes(accuracy - accuracy[..., same], 1, 2)
    both = np.broadcast_to(means.asked[:, None], over.shape)
    up = isotonic(over, both)
    down = isotonic(over[..., ::-1], both[..., ::-1])[..., ::-1]
    misfit = [(both * (over - one) ** 2).sum(axis=(1, 2)) for one in (up, down)]
    rising = misfit[0] <= misfit[1]
    pooled = np.swapaxes(np.where(rising[:, None, None], up, down), 1, 2)
    whole = ratio(
        (means.asked[:, :, None] * accuracy).sum(axis=1), means.asked.sum(axis=1)[:, None]
    )
    gains: Floats = pooled + (whole[:, same] - whole[:, :1])[:, None]
    return gains, rising
