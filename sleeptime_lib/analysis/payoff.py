"""What an amortisation finds, as plain values, and their form in JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sleeptime_lib.analysis.bootstrap import MOST_CENSORED, Interval
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import Basis, Bill
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.records import is_simulated

Winner = Literal["sleep-time", "baseline", "undecided"]


@dataclass(frozen=True, slots=True)
class CostPoint:
    """One setting with its cost and accuracy.

    Attributes:
        budget: Test budget.
        cost: Per question.
        accuracy: Mean score, with limits that hold for all cells of the report.
        n: Answered rows.
    """

    budget: int
    cost: Interval
    accuracy: Interval
    n: int


@dataclass(frozen=True, slots=True)
class CostCurve:
    """Accuracy against cost per question for one line and number of questions.

    Attributes:
        line: Arm and sleep setting.
        questions: Questions that share a context; 0 for the baseline, to which it is the same.
        points: By budget.
        frontier: Budgets that no other of the curve beats at a lower cost.
    """

    line: Line
    questions: float
    points: tuple[CostPoint, ...]
    frontier: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """A sleep setting against the baseline when `questions` share a context.

    Attributes:
        questions: Q.
        cost: Per question, sleep phase included; its limits hold for all numbers of questions (and
            weights t) that are told together.
        ratio: Baseline's cost over this cost: above 1, sleep-time is cheaper; limits alike.
    """

    questions: float
    cost: Interval
    ratio: Interval

    @property
    def winner(self) -> Winner:
        """The cheaper arm where the whole interval says so."""
        if self.ratio.low > 1:
            return "sleep-time"
        return "baseline" if self.ratio.high < 1 else "undecided"


@dataclass(frozen=True, slots=True)
class Payoff:
    """When a sleep setting pays, at one budget or at one accuracy.

    Attributes:
        line: The sleep setting.
        basis: What makes the arms comparable.
        phase: Cost of a sleep phase, S.
        answer: Cost of an answer of the sleep arm, t T.
        baseline: Cost of an answer of the baseline.
        notes_tokens: Length of c' as answers read it: prompt tokens more than the baseline's.
        break_even: Questions per context from which on sleep-time costs no more, not rounded;
            inf when no number will do.
        notes_limit: Length of c' in tokens beyond which no number of questions pays; inf when
            reading notes costs nothing, 0 when even empty notes do not pay.
        savings: By number of questions.
        censored: Share of the draws that only bound these numbers, because an arm does not reach
            the accuracy in them; 0 at equal budgets.
    """

    line: Line
    basis: Basis
    phase: Interval
    answer: Interval
    baseline: Interval
    notes_tokens: Interval
    break_even: Interval
    notes_limit: Interval
    savings: tuple[Saving, ...]
    censored: float

    @property
    def estimated(self) -> bool:
        """Whether most draws give these numbers."""
        return not self.basis.reason and self.censored <= MOST_CENSORED

    @property
    def determined(self) -> bool:
        """Whether the break-even and its limits are all numbers, or all "never"."""
        values = (self.break_even.estimate, self.break_even.low, self.break_even.high)
        known = all(map(math.isfinite, values)) or all(map(math.isinf, values))
        return known and self.estimated

    def at(self, questions: float) -> Saving:
        """The saving at a number of questions.

        Raises:
            KeyError: It was not computed for that number.
        """
        for saving in self.savings:
            if saving.questions == questions:
                return saving
        raise KeyError(questions)


@dataclass(frozen=True, slots=True)
class Weighted:
    """Savings and break-even for one value of t."""

    t: float
    break_even: Interval
    savings: tuple[Saving, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How the result moves with t.

    Attributes:
        line: The sleep setting.
        basis: What makes the arms comparable.
        points: By t.
    """

    line: Line
    basis: Basis
    points: tuple[Weighted, ...]


@dataclass(frozen=True, slots=True)
class LineCacheShares:
    """Share of a line's prompt tokens that a server's prefix cache had, asleep and answering."""

    line: Line
    answers: Interval
    phase: Interval


@dataclass(frozen=True, slots=True)
class Amortisation:
    """What sharing a sleep phase saves, under one bill.

    Attributes:
        dataset: Name of the dataset.
        model: Name of the model.
        bill: What was paid for.
        questions: Numbers of questions per context for which the curves are drawn.
        curves: The baseline's, then each sleep setting's by number of questions.
        payoffs: Each sleep setting at every budget that the baseline has too.
        equal_accuracy: Each sleep setting at equal accuracy.
        sensitivity: Each sleep setting over t.
        hit_rates: Of every line.
        asked: Different questions in the rows.
        contexts: Contexts in the rows.
        clusters: Clusters that were resampled.
        confidence: Of every interval.
        draws: Bootstrap draws.
    """

    dataset: str
    model: str
    bill: Bill
    questions: tuple[float, ...]
    curves: tuple[CostCurve, ...]
    payoffs: tuple[Payoff, ...]
    equal_accuracy: tuple[Payoff, ...]
    sensitivity: tuple[Sensitivity, ...]
    hit_rates: tuple[LineCacheShares, ...]
    asked: int
    contexts: int
    clusters: int
    confidence: float
    draws: int

    @property
    def simulated(self) -> bool:
        """Whether the simulated model answered; such results are marked everywhere."""
        return is_simulated(self.model)

    @property
    def main(self) -> Payoff | None:
        """The smallest sleep setting at equal accuracy; if few draws give that, at a budget."""
        equal = next(iter(self.equal_accuracy), None)
        return equal if equal and equal.estimated else next(iter(self.payoffs), None)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; NaN is null and infinities are strings."""
        value: dict[str, Any] = json_safe(asdict(self))
        for name in ("payoffs", "equal_accuracy"):
            for item, payoff in zip(value[name], getattr(self, name), strict=True):
                item["pays_from"] = json_safe(pays_from(payoff.break_even.estimate))
                for saving, own in zip(item["savings"], payoff.savings, strict=True):
                    saving["winner"] = own.winner
        return value


def pays_from(break_even: float) -> float:
    """The first whole number of questions that pays; inf for none, NaN for unknown."""
    return max(math.ceil(break_even), 1) if math.isfinite(break_even) else break_even
