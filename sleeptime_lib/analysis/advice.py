"""A policy applied to contexts of the user's own: which to sleep on, and what that saves.

Gain and cost become one number by what accuracy is worth. Whoever names no worth gets that of the
run itself: what its baseline pays at test time for one more right answer, by the step from the
lowest test budget that buys most. So a context is worth a sleep phase when the phase buys accuracy
more cheaply than longer answers do, and the saving is at equal accuracy.

The saving is that of these decisions, for contexts like those of the run: within a third by score
all count as alike. Whoever decides by the rows that tell the saving decides for what they flatter.
So every draw of clusters decides anew, and what its decisions promise there is held against what
the same decisions give in the run: that excess, on average, is taken off the saving and its limits.
The limits are those of as few clusters as a third of the contexts has.

In 150 simulated runs of each of six kinds, with 35 and with 20 clusters of four contexts, they
held what was really saved in 95 to 100%. Judged on the other half of the clusters, with fits as
they are, limits of 95% held it in 75 to 94%.

References: Efron (1983, Journal of the American Statistical Association 78:316-331) for the excess
of what is judged by the data that it was chosen on, and its bootstrap; Chakraborty, Laber and Zhao
(2014, Clinical Trials 11:408-417) for the value of a policy chosen from data, whose limits
are the least certain where two choices are worth the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.allocation import (
    GroupMeans,
    Measured,
    fit,
    group_means,
    pooled_gains,
)
from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, interval
from sleeptime_lib.analysis.cells import Line, ratio
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.policies import scored
from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Ahead:
    """A context before anybody has asked about it.

    Attributes:
        name: Its name.
        score: What is known of it.
        questions: How many questions are expected.
    """

    name: str
    score: float
    questions: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do with one context.

    Attributes:
        context: The context.
        phases: Sleep phases to give it; 0 for none.
        setting: The setting by name.
        points: Accuracy that is expected to be gained on its questions, in percentage points.
        more: What a question is expected to cost more than without a sleep phase.
        saving: What is expected to be saved on a question at equal accuracy.
        beyond: Whether its score is beyond those of all contexts of the run.
    """

    context: Ahead
    phases: int
    setting: str
    points: float
    more: float
    saving: float
    beyond: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Which contexts to sleep on. Savings are per question, in the bill's unit.

    Attributes:
        score: Name of the score.
        advice: For each context, in the order given.
        worth: What one more right answer is worth.
        worth_given: Whether that was asked for; otherwise it is what test time pays for it.
        worth_budget: The test budget that sets it.
        first_phase: What a question pays for a sleep phase that comes before the score is known.
        saving: Of the advice against never sleeping, at equal accuracy.
        over_always: Of the advice against sleeping on every context.
        always: The setting that would be given to every context then.
        unit: "tokens" of the paper's model, or "USD".
        t: Weight of the tokens of answers.
        clusters: Clusters of the run.
        confidence: Of the intervals.
        simulated: Whether the run is the simulated model's.
    """

    score: str
    advice: tuple[Advice, ...]
    worth: float
    worth_given: bool
    worth_budget: int | None
    first_phase: float
    saving: Interval
    over_always: Interval
    always: str
    unit: str
    t: float
    clusters: int
    confidence: float
    simulated: bool

    @property
    def sleep_on(self) -> tuple[Advice, ...]:
        """The contexts that get sleep phases."""
        return tuple(one for one in self.advice if one.phases)

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return dict(json_safe(self)) | {
            "saves": found(self.saving),
            "saves_over_always": found(self.over_always),
        }


def found(value: Interval) -> str:
    """What the interval of a saving says; for "does not save" see `policies` on "not better"."""
    if value.low > 0:
        return "saves"
    return "does not save" if value.high < 0 else "not determined"


def advise(
    measured: Measured,
    scores: Mapping[str, float],
    name: str,
    contexts: Sequence[Ahead],
    *,
    after: Line | None = None,
    worth: float | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    simulated: bool = False,
) -> Plan:
    """Decide for contexts by what the contexts of a run gained.

    Args:
        measured: The run, with all test budgets of its baseline; only settings at the lowest are
            given.
        scores: Of the run's contexts, by context_id.
        name: Name of the score.
        contexts: Those to decide for.
        after: The sleep phase that has to be made before the score is known; None for none.
        worth: What one more right answer is worth, in the bill's unit; None takes what the run's
            baseline pays for it at test time.
        confidence: Of the intervals.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        simulated: Whether the run is the simulated model's.

    Raises:
        InputError: No context is given, the run has too few clusters, or its baseline does not
            tell what accuracy is worth.
    """
    if not contexts:
        raise InputError("there are no contexts to decide for")
    own, score = scored(measured, scores)
    budget = _test_time(own)
    price = _worth(own, budget) if worth is None else worth
    paying = own if after is None else own.after(after)
    every = np.ones(len(score), dtype=np.bool_)
    policy = fit(paying, every, score)
    asked = _Asked(
        policy.group(np.array([one.score for one in contexts])),
        np.array([one.questions for one in contexts]),
        np.array([option.budget == own.options[0].budget for option in own.options]),
    )
    costs = policy.costs(asked.group, asked.questions)
    never = fit(own, every, score).costs(asked.group, asked.questions)[:, 0]
    gains = policy.gains[asked.group]
    chosen = _best(price * gains - costs, asked.allowed)
    drawn = _Drawn(own, paying, policy.group(score), len(policy.contexts), draws, seed)
    paid = np.full(1 + draws, price) if worth is not None else _worth_drawn(own, budget, drawn)
    saving, over, always = drawn.savings(asked, chosen, price, paid)
    low, high = float(score.min()), float(score.max())
    return Plan(
        score=name,
        advice=tuple(
            Advice(
                one,
                phases=own.options[k].line.sleep_parallel,
                setting=own.options[k].label,
                points=100 * float(gain[k]),
                more=float(cost[k] - cheapest),
                saving=float(price * gain[k] - (cost[k] - cheapest)),
                beyond=not low <= one.score <= high,
            )
            for one, k, gain, cost, cheapest in zip(
                contexts, chosen, gains, costs, never, strict=True
            )
        ),
        worth=price,
        worth_given=worth is not None,
        worth_budget=None if worth is not None else own.options[budget].budget,
        first_phase=float(np.average(costs[:, 0] - never, weights=asked.questions)),
        saving=interval(saving, confidence, drawn.fewest(asked.group)),
        over_always=interval(over, confidence, drawn.fewest(asked.group)),
        always=own.options[always].label,
        unit=own.bill.unit,
        t=own.bill.t,
        clusters=len(own.clusters),
        confidence=confidence,
        simulated=simulated,
    )


def _test_time(own: Measured) -> int:
    """The option by which the baseline buys accuracy at test time most cheaply."""
    awake = [i for i, option in enumerate(own.options) if not option.sleeps]
    right, cost = (
        np.average(x, axis=0, weights=own.asked)[awake] for x in (own.accuracy, own.answer)
    )
    more, better = cost - cost[0], right - right[0]
    slope = np.where(more > 0, ratio(better, more), -np.inf)
    return awake[int(slope.argmax())]


def _worth(own: Measured, best: int) -> float:
    right, cost = (
        float(np.average(x[:, best] - x[:, 0], weights=own.asked))
        for x in (own.accuracy, own.answer)
    )
    if right <= 0 or cost <= 0:
        raise InputError(
            "the baseline of this run gains no accuracy from a larger test budget, so it does not "
            "tell what accuracy is worth: say it with --worth, for one more right answer"
        )
    return cost / right


def _worth_drawn(own: Measured, best: int, drawn: _Drawn) -> Floats:
    """(1 + draws,) what the baseline pays; unbounded where it gains nothing."""
    all_alike = drawn.means(own, np.zeros(len(own.asked), dtype=np.int64), 1)
    right, cost = (x[:, 0, best] - x[:, 0, 0] for x in (all_alike.accuracy, all_alike.answer))
    return np.where(right > 0, ratio(cost, right), np.inf)


def _best(value: Floats, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The option of most value, along the last axis; the first where none is known."""
    known = np.where(allowed & ~np.isnan(value), value, -np.inf)
    return np.asarray(known.argmax(axis=-1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The contexts to decide for.

    Attributes:
        group: (contexts,) by score.
        questions: (contexts,) that are expected.
        allowed: (options,) which may be given.
    """

    group: NDArray[np.int64]
    questions: Floats
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The run as it is and in every draw of clusters, its contexts in groups by score.

    Attributes:
        own: What each setting gave and took.
        paying: The same with a sleep phase before the score is known.
        group: (contexts,) of the run.
        groups: How many.
        draws: Bootstrap draws.
        seed: Of the draws.
    """

    own: Measured
    paying: Measured
    group: NDArray[np.int64]
    groups: int
    draws: int
    seed: int

    def means(self, measured: Measured, group: NDArray[np.int64], groups: int) -> GroupMeans:
        """Means of groups of the run's contexts."""
        return group_means(measured, group[:, None] == np.arange(groups), self.draws, self.seed)

    def fewest(self, groups: NDArray[np.int64]) -> int:
        """Clusters of the group that has the fewest, of some groups."""
        return min(len(np.unique(self.own.cluster[self.group == g])) for g in np.unique(groups))

    def savings(
        self, asked: _Asked, chosen: NDArray[np.int64], price: float, paid: Floats
    ) -> tuple[Floats, Floats, int]:
        """What decisions save, and the one setting that always sleeping would give.

        Args:
            asked: The contexts to decide for.
            chosen: (contexts,) the option of each.
            price: What one more right answer is worth.
            paid: (1 + draws,) the same in every draw.

        Returns:
            (1 + draws,) saved per question against never and against always sleeping, without what
            choosing by the same rows promises too much, and the setting of the latter.
        """
        free = self.means(self.own, self.group, self.groups)
        bill = free
        if self.paying is not self.own:
            bill = self.means(self.paying, self.group, self.groups)
        gain = free.accuracy - free.accuracy[..., :1]
        gain[..., 0] = 0.0
        pooled, _ = pooled_gains(self.own.options, bill)
        always = self._always(asked, price)
        mine, theirs = _Tally(price, paid), _Tally(price, paid)
        kinds, member = np.unique(
            np.column_stack([asked.group, asked.questions]), axis=0, return_inverse=True
        )
        member = member.reshape(-1)
        shares = np.bincount(member, asked.questions) / asked.questions.sum()
        for kind, share in enumerate(shares):
            g, questions = int(kinds[kind, 0]), kinds[kind, 1]
            never = free.answer[:, g, :1]
            # A phase of no context costs nothing, also where a draw has no context of the group.
            slept, first = (np.nan_to_num(x.phase[:, g]) / questions for x in (free, bill))
            more, charged = free.answer[:, g] + slept - never, bill.answer[:, g] + first - never
            more[:, 0], charged[:, 0] = 0.0, first[:, 0]
            decided = _best(price * pooled[:, g] - charged, asked.allowed)
            decided[0] = chosen[member == kind][0]
            mine.add(share, gain[:, g], charged, decided)
            theirs.add(share, gain[:, g], more, always)
        saved, over = mine.saved, (mine - theirs).saved
        excess = mine.excess if chosen.any() else 0.0
        more_excess = (mine - theirs).excess if over.any() else 0.0
        return saved - excess, over - more_excess, int(always[0])

    def _always(self, asked: _Asked, price: float) -> NDArray[np.int64]:
        """(1 + draws,) the one option with a sleep phase of most value to all contexts."""
        alike = self.means(self.own, np.zeros_like(self.group), 1)
        accuracy, answer, phase = (x[:, 0] for x in (alike.accuracy, alike.answer, alike.phase))
        a_question = len(asked.questions) / asked.questions.sum()
        return _best(
            price * accuracy - answer - phase * a_question, asked.allowed & self.own.asleep
        )


class _Tally:
    """Adds up over contexts what decisions bring per question, in every draw."""

    def __init__(self, price: float, paid: Floats) -> None:
        self._price, self._paid = price, paid
        self._gain, self._more, self._promised = np.zeros((3, len(paid)))

    def add(self, share: float, gain: Floats, more: Floats, chosen: NDArray[np.int64]) -> None:
        """Add contexts of one kind.

        Args:
            share: Theirs of all questions.
            gain: (1 + draws, options) accuracy over never sleeping.
            more: (1 + draws, options) cost over that of never sleeping.
            chosen: (1 + draws,) the option that each draw decides for; first that of the run.
        """
        every = np.arange(len(chosen))
        self._gain += share * gain[:, chosen[0]]
        self._more += share * more[:, chosen[0]]
        more_gain, more_cost = (x[every, chosen] - x[0, chosen] for x in (gain, more))
        self._promised += share * (self._price * more_gain - more_cost)

    def __sub__(self, other: _Tally) -> _Tally:
        left = _Tally(self._price, self._paid)
        left._gain, left._more = self._gain - other._gain, self._more - other._more
        left._promised = self._promised - other._promised
        return left

    @property
    def saved(self) -> Floats:
        """(1 + draws,) saved by the decisions of the run."""
        # Where nothing is gained, an unbounded worth changes nothing.
        with np.errstate(invalid="ignore"):
            return np.where(self._gain == 0, 0.0, self._paid * self._gain) - self._more

    @property
    def excess(self) -> float:
        """By how much, on average, a draw's decisions promise more there than in the run."""
        known = self._promised[1:][np.isfinite(self._promised[1:])]
        return float(known.mean()) if len(known) else 0.0
