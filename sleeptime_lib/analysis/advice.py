"""A policy applied to contexts of the user's own: which to sleep on, and what that saves.

Gain and cost become one number by what accuracy is worth. Whoever names no worth gets that of the
run itself: what its baseline pays at test time for one more right answer, by the step from the
lowest test budget that buys most. So a context is worth a sleep phase when the phase buys accuracy
more cheaply than longer answers do, and the saving is at equal accuracy.

The saving is that of these decisions (`savings`). Its limits are those of as few clusters as a
third of the contexts by score has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sleeptime_lib.analysis.allocation import fit
from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, interval
from sleeptime_lib.analysis.cells import ratio
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.measured import Looking, Measured
from sleeptime_lib.analysis.policies import scored
from sleeptime_lib.analysis.savings import Asked, Drawn, best
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
        score_cost: What a question pays for the score to be known.
        score_takes: What that is, in words; "" for nothing.
        saving: Of the advice against never sleeping, at equal accuracy.
        over_always: Of the advice against sleeping on every context.
        always: The setting that would be given to every context then.
        unit: "tokens" of the paper's model, or "USD".
        t: Weight of the tokens of answers.
        clusters: Clusters of the run.
        confidence: Of the intervals.
        simulated: Whether the run, or what scored it, is the simulated model's.
    """

    score: str
    advice: tuple[Advice, ...]
    worth: float
    worth_given: bool
    worth_budget: int | None
    score_cost: float
    score_takes: str
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
    looking: Looking | None = None,
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
        looking: What the score costs; None for nothing.
        worth: What one more right answer is worth, in the bill's unit; None takes what the run's
            baseline pays for it at test time.
        confidence: Of the intervals.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        simulated: Whether the run, or what scored it, is the simulated model's.

    Raises:
        InputError: No context is given, the run has too few clusters, or its baseline does not
            tell what accuracy is worth.
    """
    if not contexts:
        raise InputError("there are no contexts to decide for")
    own, score = scored(measured, scores)
    budget = _test_time(own)
    price = _worth(own, budget) if worth is None else worth
    looking = looking or Looking()
    paying = own.paying(looking)
    every = np.ones(len(score), dtype=np.bool_)
    policy = fit(paying, every, score)
    asked = Asked(
        policy.group(np.array([one.score for one in contexts])),
        np.array([one.questions for one in contexts]),
        np.array([option.budget == own.options[0].budget for option in own.options]),
    )
    costs = policy.costs(asked.group, asked.questions)
    never = fit(own, every, score).costs(asked.group, asked.questions)[:, 0]
    gains = policy.gains[asked.group]
    chosen = best(price * gains - costs, asked.allowed)
    drawn = Drawn(own, paying, policy.group(score), len(policy.contexts), draws, seed)
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
        score_takes=looking.takes,
        score_cost=float(np.average(costs[:, 0] - never, weights=asked.questions)),
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


def _worth(own: Measured, dearer: int) -> float:
    right, cost = (
        float(np.average(x[:, dearer] - x[:, 0], weights=own.asked))
        for x in (own.accuracy, own.answer)
    )
    if right <= 0 or cost <= 0:
        raise InputError(
            "the baseline of this run gains no accuracy from a larger test budget, so it does not "
            "tell what accuracy is worth: say it with --worth, for one more right answer"
        )
    return cost / right


def _worth_drawn(own: Measured, dearer: int, drawn: Drawn) -> Floats:
    """(1 + draws,) what the baseline pays; unbounded where it gains nothing."""
    all_alike = drawn.means(own, np.zeros(len(own.asked), dtype=np.int64), 1)
    right, cost = (x[:, 0, dearer] - x[:, 0, 0] for x in (all_alike.accuracy, all_alike.answer))
    return np.where(right > 0, ratio(cost, right), np.inf)
