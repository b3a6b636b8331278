"""When a sleep phase pays: its cost shared by the questions about its context.

The model. A context has one sleep phase that costs S and Q questions that share it, so a question
costs S / Q + t T, where T is the cost of its answer and t says how much more a token costs that
somebody waits for. The baseline has S = 0. What S and T are made of is a matter of prices
(`Bill`): in the paper (section 5.3, figure 9) only generated tokens count and t = 10; the full
bill adds prompt and cached prompt tokens, which is where the notes c' cost something on every
question, and may take a batch discount off the sleep phase. t weights the whole answer call.

Two questions are answered for each sleep setting, at the same budget as the baseline and at the
same accuracy. The break-even number of questions is S / (t T_baseline - t T_sleep). The notes'
limit is the length of c' at which even endless questions save nothing, because reading the notes
costs an answer what it saves: (T_baseline - T_sleep without notes) / price of a notes token.

Limiting cases, each held by a test. t = 0: answers are free, so the sleep phase is never worth
its cost. S = 0: it pays from the first question on wherever its answers cost no more. Q = 1:
the whole phase on one question. Q to infinity: S vanishes and T_baseline / T_sleep remains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import (
    DRAWS,
    MOST_CENSORED,
    Floats,
    Interval,
    joint_confidence,
    limits,
    mean_limits,
)
from sleeptime_lib.analysis.cells import (
    Cells,
    Line,
    left_out,
    observed,
    ratio,
    reduce_rows,
    resample,
)
from sleeptime_lib.analysis.costs import (
    Basis,
    Bill,
    Bounds,
    MeanTokens,
    Terms,
    UnitCosts,
    mean_tokens,
    unit_costs,
    weighted,
)
from sleeptime_lib.analysis.curves import frontier
from sleeptime_lib.analysis.fit import fit_curve
from sleeptime_lib.analysis.payoff import (
    Amortisation,
    CostCurve,
    CostPoint,
    LineCacheShares,
    Payoff,
    Saving,
    Sensitivity,
    Weighted,
)
from sleeptime_lib.analysis.report import Report, report_of
from sleeptime_lib.errors import InputError

QUESTIONS: Final = (1, 2, 5, 10)
"""Questions per context in the paper's figure 9."""

LADDER: Final = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50)
"""Questions per context at which savings are calculated."""

WEIGHTS: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Values of t at which the sensitivity is shown; the paper asserts 10."""


def draw_costs(
    rows: pd.DataFrame,
    *,
    at: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Amortiser:
    """Reduce rows and draw the bootstrap once, for many bills.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        at: Accuracy at which the arms are compared; None takes the middle of the range that both
            reach, as the token ratio does.
        draws: Bootstrap draws.
        seed: Of the bootstrap.

    Raises:
        InputError: Bad rows, or an option is out of range.
    """
    cells = reduce_rows(rows)
    drawn = resample(cells, draws, seed)
    versions = observed(cells), drawn, left_out(cells)
    tokens = mean_tokens(rows, cells, draws, seed)
    prompt, notes = tokens.prompt, np.zeros_like(tokens.prompt)
    for line in cells.curves("sleep"):
        own = cells.of(line)
        notes[:, own] = np.nan
        for i, j in cells.same_budget(own, cells.baseline(line)):
            notes[:, i] = np.maximum(prompt[:, i] - prompt[:, j], 0.0)
    return Amortiser(
        report=report_of(rows, cells, drawn, at=at, seed=seed),
        cells=cells,
        n=np.concatenate([version.n for version in versions]),
        accuracy=np.concatenate([version.accuracy for version in versions]),
        tokens=tokens,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class Amortiser:
    """The rows reduced and their clusters drawn, so that a bill is calculated in milliseconds.

    Attributes:
        report: Accuracies, and the accuracy at which each sleep setting is compared.
        cells: Sums of the rows.
        n: (versions, cells) answered rows, as observed, in every draw, and without each cluster.
        accuracy: The same shape, mean score.
        tokens: Mean tokens, in the same draws.
        notes: The same shape, mean length of c' in prompt tokens; NaN without a baseline.
    """

    report: Report
    cells: Cells
    n: Floats
    accuracy: Floats
    tokens: MeanTokens
    notes: Floats

    def amortisation(
        self,
        bill: Bill,
        *,
        questions: Sequence[float] = QUESTIONS,
        ladder: Sequence[float] = LADDER,
        weights: Sequence[float] = WEIGHTS,
    ) -> Amortisation:
        """Costs, savings, break-even and notes' limit of every setting under one bill.

        Args:
            bill: What is paid for.
            questions: Numbers of questions per context for the curves.
            ladder: More of them for the savings.
            weights: Values of t for the sensitivity.

        Raises:
            InputError: A number of questions under 1, or a negative price, weight or length.
        """
        _check(bill, questions, weights)
        steps = sorted({*questions, *ladder})
        costs = unit_costs(self.tokens, self.notes, bill)
        terms = [self._terms(line, costs) for line in self.cells.curves("sleep")]
        found = [p for x in terms for p in self._payoffs(x, bill.t, steps)]
        return Amortisation(
            dataset=self.report.dataset,
            model=self.report.model,
            bill=bill,
            questions=tuple(questions),
            curves=tuple(self._curves(costs, bill.t, questions)),
            payoffs=tuple(p for p in found if p.basis.budget is not None),
            equal_accuracy=tuple(p for p in found if p.basis.budget is None),
            sensitivity=tuple(self._sensitivity(x, weights, questions) for x in terms),
            hit_rates=tuple(self._cache_shares(line) for line in self.cells.curves()),
            asked=len(self.cells.questions),
            contexts=self.report.counts.contexts,
            clusters=len(self.cells.clusters),
            confidence=self.report.confidence,
            draws=self.report.draws,
        )

    def _intervals(
        self, low: Floats, high: Floats, means: Sequence[bool] = (), *, together: bool = False
    ) -> list[Interval]:
        """Estimates and limits of (versions, columns) bounds, one interval for each column.

        Where most draws only bound a column it has no estimate.

        Args:
            low: Lower bounds.
            high: Upper bounds.
            means: Which columns are plain means, which a few clusters may dominate.
            together: Whether the limits are to hold for all columns at once.
        """
        drawn, confidence = slice(1, 1 + self.report.draws), self.report.confidence
        if together:
            confidence = joint_confidence(low[drawn], high[drawn], confidence)
        ends = limits(low[drawn], high[drawn], confidence, len(self.cells.clusters))
        if any(means):
            bent = mean_limits(low[0], low[drawn], low[drawn.stop :], confidence)
            ends = np.where(means, bent[0], ends[0]), np.where(means, bent[1], ends[1])
        told = (low[0] == high[0]) & (_bounded_only(low[drawn], high[drawn]) <= MOST_CENSORED)
        seen = np.where(told, low[0], np.nan)
        known = ~(np.isnan(low[0]) & np.isnan(high[0]))
        # A price or a number of questions is never negative.
        bottom = np.where(known, np.maximum(ends[0], 0.0), np.nan)
        top = np.where(known, ends[1], np.nan)
        return [Interval(*map(float, v)) for v in zip(seen, bottom, top, strict=True)]

    def _censored(self, terms: Terms, t: float) -> Floats:
        """Share of the draws that only bound the break-even on each basis."""
        return _bounded_only(*(x[1 : 1 + self.report.draws] for x in terms.break_even(t)))

    def _curves(
        self, costs: UnitCosts, t: float, questions: Sequence[float]
    ) -> Iterator[CostCurve]:
        for drawn in self.report.curves:
            if drawn.line.arm == "context_only":
                continue
            slept = drawn.line.arm == "sleep" or drawn.line.sleep_parallel > 0
            which = self.cells.of(drawn.line)
            answer, phase = t * costs.answer[:, which], costs.phase[:, which]
            for shared in questions if slept else (0.0,):
                each = answer + phase / shared if shared else answer
                cost = self._intervals(each, each, [True] * len(which))
                points = tuple(
                    CostPoint(p.budget, c, p.together, p.n)
                    for p, c in zip(drawn.points, cost, strict=True)
                )
                best = frontier((p.budget, p.cost.estimate, p.accuracy.estimate) for p in points)
                yield CostCurve(drawn.line, shared, points, best)

    def _terms(self, line: Line, costs: UnitCosts) -> Terms:
        """Costs of a sleep setting and the baseline: at common budgets, then at one accuracy."""
        own, base = self.cells.of(line), self.cells.baseline(line)
        pairs = self.cells.same_budget(own, base)
        treated, control = [i for i, _ in pairs], [j for _, j in pairs]
        equal = next((c.equal_accuracy for c in self.report.comparisons if c.line == line), None)
        at = equal.at if equal else None
        reached = [
            self._reach(which, cost, at)
            for which, cost in ((base, costs.answer), (own, costs.answer), (own, costs.bare))
        ]
        reason = (equal or self.report.equal_accuracy).reason if at is None else ""
        if not reason and any(low[0] != high[0] for low, high in reached[:2]):
            reason = "an arm does not reach that accuracy at any of its costs"

        def join(fixed: Floats, last: Floats) -> Floats:
            return np.column_stack([fixed, last])

        def bounds(fixed: Floats, last: Bounds) -> Bounds:
            return join(fixed, last[0]), join(fixed, last[1])

        return Terms(
            line=line,
            bases=(
                *(Basis(budget=self.cells.budgets[i]) for i in treated),
                Basis(accuracy=at, reason=reason),
            ),
            phase=join(costs.phase[:, treated], _mean(costs.phase[:, own])),
            notes=join(self.notes[:, treated], _mean(self.notes[:, own])),
            token=join(costs.token[:, treated], _mean(costs.token[:, own])),
            baseline=bounds(costs.answer[:, control], reached[0]),
            answer=bounds(costs.answer[:, treated], reached[1]),
            bare=bounds(costs.bare[:, treated], reached[2]),
        )

    def _reach(self, which: list[int], cost: Floats, at: float | None) -> tuple[Floats, Floats]:
        """Bounds on the cost of an answer at an accuracy in every draw, each (versions,)."""
        if at is None or not which:
            nothing = np.full(len(self.n), np.nan)
            return nothing, nothing
        fit = fit_curve(cost[:, which], self.accuracy[:, which], self.n[:, which])
        low, high = fit.log_tokens(np.array([at]))
        return np.exp(low[:, 0]), np.exp(high[:, 0])

    def _payoffs(self, terms: Terms, t: float, steps: Sequence[float]) -> list[Payoff]:
        """One for each basis of the terms."""
        every, fixed = [True] * len(terms.bases), [b.budget is not None for b in terms.bases]
        phase = self._intervals(terms.phase, terms.phase, every)
        answer = self._intervals(*weighted(terms.answer, t), fixed)
        baseline = self._intervals(*weighted(terms.baseline, t), fixed)
        notes = self._intervals(terms.notes, terms.notes)
        point, limit = self._intervals(*terms.break_even(t)), self._intervals(*terms.notes_limit(t))
        each, censored = [(t, questions) for questions in steps], self._censored(terms, t)
        return [
            Payoff(
                line=terms.line,
                basis=basis,
                phase=phase[i],
                answer=answer[i],
                baseline=baseline[i],
                notes_tokens=notes[i],
                break_even=point[i],
                notes_limit=limit[i],
                savings=self._savings(terms.on(i), each),
                censored=float(censored[i]),
            )
            for i, basis in enumerate(terms.bases)
        ]

    def _savings(self, terms: Terms, each: Sequence[tuple[float, float]]) -> tuple[Saving, ...]:
        """On a single basis, for pairs of t and questions; the limits hold for all of them."""
        if not each:
            return ()
        shared = [terms.shared(t, questions) for t, questions in each]
        cost, over = (
            (np.hstack([low for low, _ in part]), np.hstack([high for _, high in part]))
            for part in zip(*shared, strict=True)
        )
        means = [terms.bases[0].budget is not None] * len(each)
        costs = self._intervals(*cost, means, together=True)
        ratios = self._intervals(*over, together=True)
        return tuple(Saving(q, c, r) for (_, q), c, r in zip(each, costs, ratios, strict=True))

    def _sensitivity(
        self, terms: Terms, weights: Sequence[float], questions: Sequence[float]
    ) -> Sensitivity:
        """At equal accuracy, or where most draws do not give that, at the lowest common budget."""
        unequal = terms.bases[-1].reason or self._censored(terms, 1.0)[-1] > MOST_CENSORED
        which = 0 if unequal and len(terms.bases) > 1 else len(terms.bases) - 1
        own = terms.on(which)
        savings = iter(self._savings(own, [(t, q) for t in weights for q in questions]))
        points = tuple(
            Weighted(
                t, self._intervals(*own.break_even(t))[0], tuple(islice(savings, len(questions)))
            )
            for t in weights
        )
        return Sensitivity(terms.line, terms.bases[which], points)

    def _cache_shares(self, line: Line) -> LineCacheShares:
        which = self.cells.of(line)
        shares = []
        for used in (self.tokens.answer, self.tokens.phase):
            mean = np.column_stack([_mean(used[:, which, kind]) for kind in (0, 1)])
            share = ratio(mean[:, 1:], mean.sum(axis=1, keepdims=True))
            shares += self._intervals(share, share)
        return LineCacheShares(line, *shares)


def _check(bill: Bill, questions: Sequence[float], weights: Sequence[float]) -> None:
    if any(q < 1 for q in questions):
        raise InputError(f"questions per context must be at least 1, not {min(questions)}")
    given = (*bill.rates.sleep, *bill.rates.test, bill.t, bill.notes_factor, *weights)
    if not all(value >= 0 for value in given):
        raise InputError(f"prices, t and the notes factor must be 0 or more, not {min(given)}")


def _bounded_only(low: Floats, high: Floats) -> Floats:
    """(columns,) share of (draws, columns) that have bounds in place of a value."""
    share: Floats = ((low != high) & ~np.isnan(low + high)).mean(axis=0)
    return share


def _mean(values: Floats) -> Floats:
    """(versions,) mean over cells, without those that are unknown in a draw."""
    known = ~np.isnan(values)
    mean: Floats = ratio(
        np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64)
    )
    return mean
