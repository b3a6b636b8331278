"""The terms of S / Q + t T in every bootstrap draw, and what follows from them.

Draw 0 is what was observed. Where an arm does not reach an accuracy in a draw, its cost is known
only between bounds; so everything is reckoned with a lower and an upper bound, which are the same
wherever the cost is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sleeptime_lib.analysis.bills import Bills
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.cost import break_even
from sleeptime_lib.analysis.payoff import Basis, Bill

Bounds = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What an answer and a sleep phase cost in every cell, each (1 + draws, cells); t left out.

    Attributes:
        answer: Cost of an answer, notes of the bill's length included.
        bare: Cost of the same answer with no notes to read.
        phase: Cost of a sleep phase.
        token: Cost of one notes token on every answer: cached as often as the answers' prompts
            are, since the notes stand in front of the question.
    """

    answer: Floats
    bare: Floats
    phase: Floats
    token: Floats

    @staticmethod
    def of(bills: Bills, notes: Floats, bill: Bill) -> UnitCosts:
        """Price the tokens.

        Args:
            bills: Mean tokens.
            notes: (1 + draws, cells) length of c'; NaN, where it is unknown, counts as 0.
            bill: The prices, and how long the notes are taken to be.
        """
        prompt, cached, _ = bill.rates.test
        hits = np.nan_to_num(bills.hits)
        token = (1 - hits) * prompt + hits * cached
        answer = bills.answer @ bill.rates.test
        reading = np.nan_to_num(notes) * token
        return UnitCosts(
            answer=answer + (bill.notes_factor - 1) * reading,
            bare=answer - reading,
            phase=bills.phase @ bill.rates.sleep,
            token=token,
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """Costs of a sleep setting and of the baseline on several bases of comparison.

    All arrays are (1 + draws, bases). Costs of answers are without t.

    Attributes:
        line: The sleep setting.
        bases: What makes the arms comparable: a budget, or an accuracy.
        phase: Cost of a sleep phase, S.
        notes: Length of c' in tokens.
        token: Cost of reading one of them.
        baseline: Bounds on the cost of the baseline's answer.
        answer: Bounds on the cost of the sleep arm's answer.
        bare: Bounds on what that answer would cost without notes to read.
    """

    line: Line
    bases: tuple[Basis, ...]
    phase: Floats
    notes: Floats
    token: Floats
    baseline: Bounds
    answer: Bounds
    bare: Bounds

    def only(self, index: int) -> Terms:
        """The terms on one basis."""
        i = slice(index, index + 1)

        def cut(bounds: Bounds) -> Bounds:
            return bounds[0][:, i], bounds[1][:, i]

        return Terms(
            line=self.line,
            bases=self.bases[i],
            phase=self.phase[:, i],
            notes=self.notes[:, i],
            token=self.token[:, i],
            baseline=cut(self.baseline),
            answer=cut(self.answer),
            bare=cut(self.bare),
        )

    def break_even(self, t: float) -> Bounds:
        """Questions per context from which on sleep-time is no dearer."""
        less, more = _minus(weighted(self.baseline, t), weighted(self.answer, t))
        return break_even(self.phase, more), break_even(self.phase, less)

    def notes_limit(self, t: float) -> Bounds:
        """Length of c' in tokens beyond which no number of questions pays."""
        less, more = _minus(weighted(self.baseline, t), weighted(self.bare, t))
        return _worth(less, t * self.token), _worth(more, t * self.token)

    def shared(self, t: float, questions: float) -> tuple[Bounds, Bounds]:
        """Cost per question when so many share the phase, and the baseline's cost over it."""
        low, high = (self.phase / questions + x for x in weighted(self.answer, t))
        base_low, base_high = weighted(self.baseline, t)
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0: NaN, not known
            return (low, high), (base_low / high, base_high / low)


def weighted(bounds: Bounds, t: float) -> Bounds:
    """Bounds times t; free answers are free also where their number of tokens is unbounded."""
    if t == 0:
        low, high = (np.where(np.isnan(x), x, 0.0) for x in bounds)
        return low, high
    return t * bounds[0], t * bounds[1]


def _minus(left: Bounds, right: Bounds) -> Bounds:
    """Bounds on a difference; the lower limits of costs are finite, so no infinities cancel."""
    return left[0] - right[1], left[1] - right[0]


def _worth(saved: Floats, token: Floats) -> Floats:
    """How many tokens at a price a saving pays for."""
    with np.errstate(divide="ignore", invalid="ignore"):
        worth: Floats = np.where(saved > 0, saved / token, np.where(np.isnan(saved), np.nan, 0.0))
    return worth
