"""Which contexts deserve a sleep phase, and how many? A policy, fitted on rows.

A context gets one of several settings: no sleep phase, or k of them. What is known of it before
any question is a score (its length, how predictable its questions are expected to be) and how many
questions are expected. The policy is a table that can be read: contexts fall into thirds by score,
and each third has, for each setting, a mean gain in accuracy and a mean cost. Gains are monotone
in the score (isotonic over the thirds, rising or falling, whichever fits better), so that noise
between thirds is pooled.

A total budget is then spent by marginal gain: of every context the upper hull of accuracy over
cost is walked, steepest step first. For concave gains that is the best allocation there is (Fox
1966, Operations Research 14:210-216). The last step is taken by a share, as by a coin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_sums
from sleeptime_lib.analysis.cells import SAMPLES, Line, check, ratio, settings_of
from sleeptime_lib.analysis.costs import PRICED_KINDS, Bill, paper_bill
from sleeptime_lib.analysis.fit import isotonic
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, budget_name
from sleeptime_lib.tasks.numerals import find_numbers

GROUPS: Final = 3
"""Groups of contexts by score that have gains of their own."""

TEXT_SCORES: Final[Mapping[str, Callable[[Context], float]]] = {
    "numbers": lambda context: float(len(find_numbers(context.text))),
    "words": lambda context: float(len(re.findall(r"\S+", context.text))),
}
"""Scores that need no call: how many numbers a context states, and its length in words."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that a context may be given: an arm with its sleep phases, at a test budget."""

    line: Line
    budget: int

    @property
    def sleeps(self) -> bool:
        """Whether it has a sleep phase."""
        return self.line.arm == "sleep"

    @property
    def label(self) -> str:
        """Short name, such as "no sleep" or "k=2"."""
        if not self.sleeps:
            return "no sleep"
        effort = f" {self.line.sleep_effort} effort" if self.line.sleep_effort else ""
        return f"k={self.line.sleep_parallel}{effort}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What each setting gave and took on each context. Costs are per call, in the bill's unit.

    Attributes:
        options: The settings; the first is the baseline at the lowest budget.
        contexts: Names.
        clusters: Names, sorted.
        cluster: (contexts,) index of each context's cluster.
        asked: (contexts,) questions in the rows, by which contexts are weighted.
        questions: (contexts,) questions that share a sleep phase.
        accuracy: (contexts, options) mean score.
        phase: (contexts, options) cost of the whole sleep phase; 0 without one.
        answer: (contexts, options) mean cost of an answer, t included.
        left_out: Contexts without a question that was answered in every setting.
        bill: What is paid for.
    """

    options: tuple[Option, ...]
    contexts: tuple[str, ...]
    clusters: tuple[str, ...]
    cluster: NDArray[np.int64]
    asked: Floats
    questions: Floats
    accuracy: Floats
    phase: Floats
    answer: Floats
    left_out: int
    bill: Bill

    @property
    def cost(self) -> Floats:
        """(contexts, options) cost per question, the sleep phase shared."""
        shared: Floats = self.phase / self.questions[:, None] + self.answer
        return shared

    @property
    def asleep(self) -> NDArray[np.bool_]:
        """(options,) which have a sleep phase."""
        return np.array([option.sleeps for option in self.options])

    @property
    def first_line(self) -> Line:
        """The smallest sleep phase."""
        return min((option.line for option in self.options if option.sleeps), key=lambda x: x.rank)

    def after(self, line: Line) -> Measured:
        """The same where a sleep phase is made of every context before anything is decided.

        Parallel phases begin with the same draws, so options of the same effort with as many have
        paid for it anyway; all others pay for it too, those without a sleep phase as well. It costs
        what the bill says: generated tokens, and prompt tokens where those have a price.

        Raises:
            InputError: No option tells what such a phase costs.
        """
        alike = [x.sleeps and x.line.sleep_effort == line.sleep_effort for x in self.options]
        phases = [x.line.sleep_parallel for x in self.options]
        if (True, line.sleep_parallel) not in (pairs := list(zip(alike, phases, strict=True))):
            raise InputError(f"no row tells what a first phase costs ({line.label})")
        first = self.phase[:, [pairs.index((True, line.sleep_parallel))]]
        begins = [own and k >= line.sleep_parallel for own, k in pairs]
        return replace(self, phase=self.phase + np.where(begins, 0.0, first))


def measure(
    rows: pd.DataFrame,
    *,
    bill: Bill | None = None,
    budget_kind: str | None = None,
    budgets: Sequence[int] | Literal["all"] | None = None,
    questions: float | None = None,
) -> Measured:
    """Reduce rows to accuracies and costs of contexts.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        bill: What is paid for; None takes the paper's, with t = 10.
        budget_kind: What test budgets count; None takes the first of the baseline's.
        budgets: Test budgets; None takes the lowest that both arms have, and "all" all of those.
        questions: How many questions share a sleep phase; None takes those in the rows.

    Raises:
        InputError: The rows lack an arm at these budgets, or no question has every setting.
    """
    check(rows)
    bill = bill or paper_bill()
    kinds = sorted({*rows.loc[rows["arm"] == "baseline", "budget_kind"]} - {SAMPLES})
    kind = budget_kind or next(iter(kinds), "verbosity")
    at = rows[(rows["budget_kind"] == kind) & rows["arm"].isin(["baseline", "sleep"])]
    there = {str(arm): {*map(int, one["budget"])} for arm, one in at.groupby("arm")}
    both = sorted(there.get("baseline", set()) & there.get("sleep", set()))
    chosen = both[:1] if budgets is None else both if budgets == "all" else list(budgets)
    if not chosen or not set(chosen) <= set(both):
        raise InputError(
            f"a policy needs rows of both arms at {kind} {', '.join(map(str, chosen)) or '0'}; "
            f"both have {', '.join(budget_name(kind, b) for b in both) or 'none'}"
        )
    at = at[at["budget"].isin(chosen) & at["score"].notna()]
    cell, settings = settings_of(at)
    tokens = {part: _priced(at, part) for part in ("test", "sleep")}
    every = pd.DataFrame(
        {
            "context": at["context_id"].to_numpy(),
            "question": at["question_id"].to_numpy(),
            "cell": cell,
            "accuracy": at["score"].to_numpy(dtype=np.float64),
            "answer": bill.t * (tokens["test"] @ bill.rates.test),
            "phase": tokens["sleep"] @ bill.rates.sleep,
        }
    )
    # Samples of a question count as one, so that questions count alike, in all settings the same.
    values = every.groupby(["context", "question", "cell"]).mean().unstack("cell").dropna()
    whole = values.groupby("context").mean()
    if whole.empty:
        raise InputError("a policy needs questions that were answered in every setting: none was")
    asked: Floats = values.groupby("context").size().to_numpy().astype(np.float64)
    sharing = every.groupby("context")["question"].nunique()[whole.index]
    share: Floats = sharing.to_numpy().astype(np.float64)
    owner = at.drop_duplicates("context_id").set_index("context_id")["cluster_id"][whole.index]
    cluster, names = pd.factorize(owner, sort=True)
    return Measured(
        options=tuple(Option(line, budget) for line, budget in settings),
        contexts=tuple(map(str, whole.index)),
        clusters=tuple(map(str, names)),
        cluster=np.asarray(cluster, dtype=np.int64),
        asked=asked,
        questions=share if questions is None else np.full_like(share, questions),
        accuracy=whole["accuracy"].to_numpy(),
        phase=whole["phase"].to_numpy(),
        answer=whole["answer"].to_numpy(),
        left_out=at["context_id"].nunique() - len(whole),
        bill=bill,
    )


def _priced(rows: pd.DataFrame, part: str) -> Floats:
    """(rows, 3) tokens in the order of `PRICED_KINDS`, cached prompt tokens apart."""
    prompt, cached, generated = (
        rows[f"{part}_{kind}_tokens"].to_numpy(dtype=np.float64) for kind in PRICED_KINDS
    )
    return np.column_stack([prompt - cached, cached, generated])


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
