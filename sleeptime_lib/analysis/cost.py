"""Cost per question when a sleep phase is shared by the questions about its context.

The paper's model (figure 9) is S / Q + t T: generated sleep tokens S shared by Q
questions, plus generated test tokens T, weighted t times because somebody waits for them. The
priced model counts everything a server charges for: prompt, cached prompt and completion
tokens, of the sleep phase and of every answer, whose prompt now holds the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bills import draw_bills
from sleeptime_lib.analysis.bootstrap import Floats, Interval, limits
from sleeptime_lib.analysis.cells import Line, ratio, reduce_rows
from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Rates:
    """What one token costs, in any unit: tokens of the paper's model, or USD.

    Attributes:
        sleep_prompt: A prompt token of the sleep phase that is not cached.
        sleep_cached: A cached one.
        sleep_completion: A generated token of the sleep phase.
        test_prompt: The same three of the answer calls.
        test_cached: A cached prompt token.
        test_completion: A generated token.
    """

    sleep_prompt: float = 0.0
    sleep_cached: float = 0.0
    sleep_completion: float = 0.0
    test_prompt: float = 0.0
    test_cached: float = 0.0
    test_completion: float = 0.0

    @property
    def sleep(self) -> Floats:
        """(3,) rates of the sleep phase, in the order of `bills.KINDS`."""
        return np.array([self.sleep_prompt, self.sleep_cached, self.sleep_completion])

    @property
    def test(self) -> Floats:
        """(3,) rates of the answer calls, in the same order."""
        return np.array([self.test_prompt, self.test_cached, self.test_completion])


def paper_rates(t: float = 10.0) -> Rates:
    """The paper's model: only generated tokens count, those of the answer `t` times."""
    return Rates(sleep_completion=1.0, test_completion=t)


def usd_rates(
    prompt: float, cached: float, completion: float, *, sleep_discount: float = 0.0
) -> Rates:
    """Prices in USD per million tokens.

    Args:
        prompt: Price of prompt tokens.
        cached: Price of cached prompt tokens.
        completion: Price of generated tokens.
        sleep_discount: Share taken off the sleep phase, such as 0.5 for a batch endpoint.
    """
    p, c, g = (x / 1e6 for x in (prompt, cached, completion))
    less = 1 - sleep_discount
    return Rates(less * p, less * c, less * g, p, c, g)


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a question in one setting, in the unit of the rates.

    Attributes:
        line: Arm and sleep setting.
        budget: Test budget.
        questions: Questions per context, Q.
        cost: Per question, with its interval.
        saving: Baseline's cost over this cost at the same budget; NaN without a baseline.
        break_even: Fewest questions per context at which this setting costs no more than the
            baseline at the same budget; inf when no number does, NaN without a baseline.
    """

    line: Line
    budget: int
    questions: int
    cost: Interval
    saving: Interval
    break_even: Interval


def cost_per_question(
    rows: pd.DataFrame,
    rates: Rates,
    questions: Sequence[int] = (1, 2, 5, 10),
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[Cost, ...]:
    """Cost per question, S / Q + test cost, of every setting for several Q.

    Tokens of failed rows do not count. Clusters are resampled, the same draw for all settings.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        rates: What a token costs.
        questions: Numbers of questions that share a context.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Returns:
        Costs, by line, budget and Q.

    Raises:
        InputError: A number of questions under 1, or bad rows (see `cells.check`).
    """
    if any(q < 1 for q in questions):
        raise InputError(f"questions per context must be at least 1, not {min(questions)}")
    cells = reduce_rows(rows)
    bills = draw_bills(rows, cells, draws, seed)
    answer = bills.answer @ rates.test
    phase = bills.phase @ rates.sleep

    def interval(values: Floats) -> Interval:
        if np.isnan(values[0]):
            return Interval(np.nan, np.nan, np.nan)
        low, high = limits(values[1:], values[1:], confidence, len(cells.clusters))
        return Interval(float(values[0]), float(low), float(high))

    found = []
    baseline = next(iter(cells.curves("baseline")), None)
    control_of = {cells.budgets[i]: i for i in cells.of(baseline)} if baseline else {}
    for line in cells.curves():
        for i in cells.of(line):
            budget = cells.budgets[i]
            # Without a baseline at this budget, its cost and so saving and break-even are unknown.
            control = (
                answer[:, control_of[budget]] if budget in control_of else np.nan * answer[:, i]
            )
            point = np.maximum(np.ceil(break_even(phase[:, i], control - answer[:, i])), 1)
            for q in questions:
                own = phase[:, i] / q + answer[:, i]
                saving = ratio(control, own)
                found.append(
                    Cost(line, budget, q, interval(own), interval(saving), interval(point))
                )
    return tuple(found)


def break_even(phase: Floats, saved: Floats) -> Floats:
    """Number of questions, not rounded, from which on a sleep phase pays.

    Args:
        phase: Cost of a sleep phase.
        saved: Cost of an answer without its notes less that of one with them.

    Returns:
        phase / saved; 0 for a free phase that costs nobody more, inf where nothing is saved that
        could pay for the phase, NaN where a cost is unknown.
    """
    point = np.divide(phase, saved, out=np.full(np.shape(saved), np.inf), where=saved > 0)
    point = np.where((phase == 0) & (saved >= 0), 0.0, point)
    unknown: Floats = np.where(np.isnan(saved) | np.isnan(phase), np.nan, point)
    return unknown
