"""What an amortisation analysis finds, as plain values, and their form in JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.cost import Rates
from sleeptime_lib.analysis.results import json_safe

Winner = Literal["sleep-time", "baseline", "undecided"]


@dataclass(frozen=True, slots=True)
class Bill:
    """What is paid for.

    Attributes:
        rates: Cost of a token of each kind and phase, a batch discount included, t not.
        t: Weight of an answer call: how much dearer its tokens are because somebody waits.
        notes_factor: Length of the notes as a multiple of their real one, all else equal: what
            if c' had taken so many tokens to say the same? It changes what answers read, not
            what the sleep phase generates.
        unit: Of the costs: "tokens" of the paper's model, or "USD".
    """

    rates: Rates
    t: float = 1.0
    notes_factor: float = 1.0
    unit: str = "USD"


@dataclass(frozen=True, slots=True)
class Basis:
    """What makes two arms comparable.

    Attributes:
        budget: The same test budget; None when it is the accuracy that is the same.
        accuracy: The same accuracy; None at equal budgets, or when none could be chosen.
        reason: Why the arms cannot be compared on this basis; "" when they can.
    """

    budget: int | None = None
    accuracy: float | None = None
    reason: str = ""

    @property
    def words(self) -> str:
        """The basis as part of a sentence."""
        if self.budget is not None:
            return f"at budget {self.budget}"
        share = "" if self.accuracy is None else f" ({100 * self.accuracy:.1f}%)"
        return f"at equal accuracy{share}"


@dataclass(frozen=True, slots=True)
class CostPoint:
    """One setting with its cost and accuracy.

    Attributes:
        budget: Test budget.
        cost: Per question.
        accuracy: Share of right answers.
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
        cost: Per question, sleep phase included.
        ratio: Baseline's cost over this cost: above 1, sleep-time is cheaper.
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
        break_even: Questions per context from which on sleep-time is no dearer, not rounded; inf
            when no number will do.
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
class HitRate:
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
    hit_rates: tuple[HitRate, ...]
    asked: int
    contexts: int
    clusters: int
    confidence: float
    draws: int

    @property
    def simulated(self) -> bool:
        """Whether the simulated model answered; such results are marked everywhere."""
        return self.model.startswith("simulated")

    @property
    def main(self) -> Payoff | None:
        """The smallest sleep setting at equal accuracy, or without one at the lowest budget."""
        equal = next((p for p in self.equal_accuracy if not p.basis.reason), None)
        return equal or next(iter(self.payoffs), None)

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
