"""A policy applied to contexts of the user's own: which to sleep on, and what that saves.

Gain and cost become one number by what accuracy is worth. Whoever names no worth gets that of the
run itself: what its baseline pays at test time for one more right answer, by the step from the
lowest test budget that buys most. So a context is worth a sleep phase when the phase buys accuracy
more cheaply than longer answers do, and the saving is at equal accuracy.

The decision is that of the policy fitted on all of the run. What it saves is estimated on halves
of the clusters that decisions of the same kind, fitted on the other half, had not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.allocation import Measured, Policy, fit
from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval, cluster_sums, interval
from sleeptime_lib.analysis.cells import ratio
from sleeptime_lib.analysis.costs import PER_USD
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.policies import halves, scored
from sleeptime_lib.errors import InputError

SPLITS: Final = 10
"""Random halves of the clusters; each is judged both ways."""


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
        worth: What one more right answer is worth, in the bill's unit; None takes what the run's
            baseline pays for it at test time.
        confidence: Of the intervals.
        draws: Bootstrap draws.
        seed: Of halves and bootstrap.
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
    lowest = own.options[0].budget
    allowed = np.array([option.budget == lowest for option in own.options])
    judge = _Judge(own, score, contexts, allowed, worth, draws, seed)
    policy = fit(own, np.ones(len(score), dtype=np.bool_), score)
    chosen = judge.decide(policy, price)
    group = policy.group(judge.scores)
    costs = policy.costs(group, judge.questions)
    blind = fit(own, np.ones(len(score), dtype=np.bool_))
    always = judge.always(blind, price)
    saving, over = judge.savings(price)
    low, high = float(score.min()), float(score.max())
    return Plan(
        score=name,
        advice=tuple(
            Advice(
                one,
                phases=own.options[k].line.sleep_parallel,
                setting=own.options[k].label,
                points=100 * float(policy.gains[g, k]),
                more=float(cost[k] - cost[0]),
                saving=float(price * policy.gains[g, k] - (cost[k] - cost[0])),
                beyond=not low <= one.score <= high,
            )
            for one, k, g, cost in zip(contexts, chosen, group, costs, strict=True)
        ),
        worth=price,
        worth_given=worth is not None,
        worth_budget=None if worth is not None else own.options[budget].budget,
        saving=interval(saving, confidence, len(own.clusters)),
        over_always=interval(over, confidence, len(own.clusters)),
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


@dataclass(frozen=True, slots=True)
class _Judge:
    """What decisions save on the contexts to decide for, by the clusters of the run."""

    own: Measured
    score: Floats
    contexts: Sequence[Ahead]
    allowed: NDArray[np.bool_]
    worth: float | None
    draws: int
    seed: int

    @property
    def scores(self) -> Floats:
        return np.array([one.score for one in self.contexts])

    @property
    def questions(self) -> Floats:
        return np.array([one.questions for one in self.contexts])

    def decide(self, policy: Policy, worth: float) -> NDArray[np.int64]:
        """(contexts,) the option of most value for each."""
        group = policy.group(self.scores)
        value = worth * policy.gains[group] - policy.costs(group, self.questions)
        return np.asarray(np.where(self.allowed, value, -np.inf).argmax(axis=1), dtype=np.int64)

    def always(self, blind: Policy, worth: float) -> int:
        """The one option with a sleep phase that is of most value to all of them."""
        group = np.zeros(len(self.contexts), dtype=np.int64)
        value = worth * blind.gains[group] - blind.costs(group, self.questions)
        total = np.average(value, axis=0, weights=self.questions)
        return int(np.where(self.allowed & self.own.asleep, total, -np.inf).argmax())

    def savings(self, price: float) -> tuple[Floats, Floats]:
        """(1 + draws,) saved per question against never and against always sleeping."""
        paid = self._worth_drawn(price)
        never, always = [], []
        for fitted_on, judged in halves(self.own, SPLITS, self.seed):
            policy = fit(self.own, fitted_on, self.score)
            blind = fit(self.own, fitted_on)
            group = policy.group(self.scores)
            seen = self._seen(judged, policy)
            saved = self._saved(seen, group, self.decide(policy, price), paid)
            same = np.full(len(group), self.always(blind, price))
            never.append(saved)
            always.append(saved - self._saved(seen, group, same, paid))
        return _mean(never), _mean(always)

    def _worth_drawn(self, price: float) -> Floats:
        if self.worth is not None:
            return np.full(1 + self.draws, price)
        best = _test_time(self.own)
        rise = self.own.accuracy[:, best] - self.own.accuracy[:, 0]
        more = self.own.answer[:, best] - self.own.answer[:, 0]
        sums = self._sums(np.column_stack([rise, more]) * self.own.asked[:, None])
        return np.where(sums[:, 0] > 0, ratio(sums[:, 1], sums[:, 0]), np.inf)

    def _sums(self, columns: Floats) -> Floats:
        own = self.own
        return cluster_sums(columns, own.cluster, len(own.clusters), self.draws, self.seed)

    def _seen(self, judged: NDArray[np.bool_], policy: Policy) -> tuple[Floats, Floats, Floats]:
        """Accuracy, answers' and phases' costs, (1 + draws, groups, options), on a judged half."""
        own, groups = self.own, len(policy.contexts)
        member = policy.group(self.score)[:, None] == np.arange(groups)
        here = (member & judged[:, None]).astype(np.float64)
        options = len(own.options)

        def mean(values: Floats, weight: Floats) -> Floats:
            weighted = here * weight[:, None]
            top = (weighted[:, :, None] * values[:, None, :]).reshape(len(values), -1)
            sums = self._sums(np.concatenate([top, weighted], axis=1))
            whole = sums[:, : groups * options].reshape(-1, groups, options)
            return ratio(whole, np.repeat(sums[:, -groups:, None], options, axis=2))

        alike = np.ones(len(own.asked))
        return (
            mean(own.accuracy, own.asked),
            mean(own.answer, own.asked),
            mean(own.phase, alike),
        )

    def _saved(
        self,
        seen: tuple[Floats, Floats, Floats],
        group: NDArray[np.int64],
        chosen: NDArray[np.int64],
        paid: Floats,
    ) -> Floats:
        accuracy, answer, phase = seen
        gain = accuracy[:, group, chosen] - accuracy[:, group, 0]
        more = answer[:, group, chosen] - answer[:, group, 0]
        more = more + phase[:, group, chosen] / self.questions
        # Where nothing is gained, an unbounded worth changes nothing.
        with np.errstate(invalid="ignore"):
            value = np.where(gain == 0, 0.0, paid[:, None] * gain) - more
        weight = self.questions / self.questions.sum()
        return np.asarray(value @ weight, dtype=np.float64)


def _mean(parts: Sequence[Floats]) -> Floats:
    """Mean over halves, without those of which a draw has none of a group."""
    every = np.stack(parts)
    known = ~np.isnan(every)
    total = np.where(known, every, 0.0).sum(axis=0)
    return ratio(total, known.sum(axis=0).astype(np.float64))


def in_words(plan: Plan) -> list[str]:
    """A plan in sentences."""
    chosen = plan.sleep_on
    counts: dict[str, int] = {}
    for one in chosen:
        counts[one.setting] = counts.get(one.setting, 0) + 1
    shares = ", ".join(f"{count} with {setting}" for setting, count in sorted(counts.items()))
    said = [
        f"Sleep on {len(chosen)} of {len(plan.advice)} contexts{f' ({shares})' if shares else ''}."
    ]
    whose = (
        "as given"
        if plan.worth_given
        else f"what the baseline of the run pays for it between test budgets, up to "
        f"{plan.worth_budget}"
    )
    said.append(
        f"One more right answer is taken to be worth {amount(plan.worth, plan.unit)} ({whose})."
    )
    for what, value in (
        ("never sleeping, at equal accuracy", plan.saving),
        (f"sleeping on every context with {plan.always}", plan.over_always),
    ):
        said.append(f"Against {what}: {_saving(value, plan)}.")
    if beyond := sum(one.beyond for one in plan.advice):
        said.append(
            f"Beyond every score of the run ({plan.score}): {beyond} of them, about which it says "
            "little."
        )
    if plan.simulated:
        said.append("The run is the simulated model's, not a language model's.")
    return said


def _saving(value: Interval, plan: Plan) -> str:
    if math.isnan(value.low):
        if not value.estimate:
            return "nothing is saved, and nothing more is spent"
        return f"{amount(value.estimate, plan.unit)} a question, without an interval"
    limits = f"[{amount(value.low, plan.unit)}, {amount(value.high, plan.unit)}]"
    expected = f"{amount(value.estimate, plan.unit)} a question {limits}"
    if found(value) == "saves":
        return f"an expected saving of {expected}"
    return f"{found(value)}: a saving of {expected}"


def amount(value: float, unit: str) -> str:
    """A cost in words."""
    if math.isinf(value):
        return "unbounded"
    if unit == "tokens":
        return f"{value:,.0f} tokens"
    return f"${PER_USD * value:.3g} per {PER_USD:,}"
