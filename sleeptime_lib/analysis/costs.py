"""What answers and sleep phases cost: mean tokens in every bootstrap draw, times prices.

Tokens are kept in the three kinds that servers charge differently for: prompt tokens that are not
cached, cached ones, and generated ones. A sleep phase is counted once, however many rows share
it. The first axis of every array is over versions of the rows: as observed, bootstrap draws, and
without each cluster in turn.

Where an arm does not reach an accuracy in a bootstrap draw, its cost is known only between
bounds. So everything is calculated with a lower and an upper bound, which are the same wherever
the cost is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_sums
from sleeptime_lib.analysis.cells import Cells, Line, ratio, settings_of

Bounds = tuple[Floats, Floats]

PER_USD: Final = 1000
"""Costs in USD are shown for so many answers or phases, so that they are numbers one can read."""

PRICED_KINDS: Final = ("prompt", "cached", "completion")

PAPER_T: Final = 10.0
"""How much more a token costs that somebody waits for, as the paper asserts (section 5.3)."""


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
        """(3,) rates of the sleep phase, in the order of `PRICED_KINDS`."""
        return np.array([self.sleep_prompt, self.sleep_cached, self.sleep_completion])

    @property
    def test(self) -> Floats:
        """(3,) rates of the answer calls, in the same order."""
        return np.array([self.test_prompt, self.test_cached, self.test_completion])


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
class Bill:
    """What is paid for.

    Attributes:
        rates: Cost of a token of each kind and phase, a batch discount included, t not.
        t: Weight of an answer call: how much more its tokens cost because somebody waits.
        notes_factor: Length of the notes as a multiple of their real one, all else equal: what
            if c' had taken so many tokens to say the same? It changes what answers read, not
            what the sleep phase generates.
        unit: Of the costs: "tokens" of the paper's model, or "USD".
    """

    rates: Rates
    t: float = 1.0
    notes_factor: float = 1.0
    unit: str = "USD"


def paper_bill(t: float = PAPER_T) -> Bill:
    """The paper's model: generated tokens only, an answer's weighted t times."""
    return Bill(Rates(sleep_completion=1.0, test_completion=1.0), t=t, unit="tokens")


@dataclass(frozen=True, slots=True)
class MeanTokens:
    """Mean tokens of every cell, uncached prompt, cached prompt and generated.

    Attributes:
        answer: (versions, cells, 3) tokens of an answer; NaN where a draw has no answered row of
            the cell.
        phase: (versions, cells, 3) tokens of a sleep phase; 0 without one.
    """

    answer: Floats
    phase: Floats

    @property
    def prompt(self) -> Floats:
        """(versions, cells) prompt tokens of an answer, cached ones included."""
        whole: Floats = self.answer[..., 0] + self.answer[..., 1]
        return whole

    @property
    def hits(self) -> Floats:
        """(versions, cells) share of an answer's prompt tokens that were cached."""
        return ratio(self.answer[..., 1], self.prompt)


def mean_tokens(rows: pd.DataFrame, cells: Cells, draws: int, seed: int) -> MeanTokens:
    """Reduce rows to mean tokens and resample their clusters.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`; rows without a score do not count.
        cells: `reduce_rows` of the same rows.
        draws: Bootstrap draws.
        seed: The draws of `cells.resample` with this seed have the same clusters, so that costs
            and accuracies are paired.
    """
    cell, settings = settings_of(rows)
    cluster, _ = pd.factorize(rows["cluster_id"], sort=True)
    answered = rows["score"].notna().to_numpy()
    slept = answered & (rows["sleep_id"] != "").to_numpy()
    shared = rows.loc[slept, ["sleep_id"]].assign(cell=cell[slept]).duplicated().to_numpy()
    phases = np.flatnonzero(slept)[~shared]
    place = cluster * len(settings) + cell
    shape = (len(cells.clusters), len(settings))

    def add_up(which: NDArray[np.int64], part: str) -> list[Floats]:
        """How many, and their tokens by kind, each (clusters, cells)."""
        prompt, cached, generated = (
            rows[f"{part}_{kind}_tokens"].to_numpy(dtype=np.float64)[which] for kind in PRICED_KINDS
        )
        columns = [np.ones(len(which)), prompt - cached, cached, generated]
        size = shape[0] * shape[1]
        totals = (np.bincount(place[which], column, minlength=size) for column in columns)
        return [total.astype(np.float64).reshape(shape) for total in totals]

    sums = np.stack(add_up(np.flatnonzero(answered), "test") + add_up(phases, "sleep"))
    flat = sums.transpose(1, 0, 2).reshape(shape[0], len(sums) * shape[1])
    drawn = cluster_sums(flat, np.arange(len(flat)), len(flat), draws, seed)
    every = np.concatenate([drawn, drawn[:1] - flat])
    every = every.reshape(len(every), len(sums), shape[1]).transpose(0, 2, 1)
    return MeanTokens(
        answer=ratio(every[..., 1:4], np.repeat(every[..., :1], 3, axis=-1)),
        phase=np.nan_to_num(ratio(every[..., 5:8], np.repeat(every[..., 4:5], 3, axis=-1))),
    )


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What an answer and a sleep phase cost in every cell, each (versions, cells); t left out.

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


def unit_costs(tokens: MeanTokens, notes: Floats, bill: Bill) -> UnitCosts:
    """Price tokens; `notes` is the (versions, cells) length of c', where NaN counts as 0."""
    prompt, cached, _ = bill.rates.test
    hits = np.nan_to_num(tokens.hits)
    token = (1 - hits) * prompt + hits * cached
    answer = tokens.answer @ bill.rates.test
    reading = np.nan_to_num(notes) * token
    return UnitCosts(
        answer=answer + (bill.notes_factor - 1) * reading,
        bare=answer - reading,
        phase=tokens.phase @ bill.rates.sleep,
        token=token,
    )


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
class Terms:
    """Costs of a sleep setting and of the baseline on several bases of comparison.

    All arrays are (versions, bases). Costs of answers are without t.

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

    def on(self, which: int) -> Terms:
        """The same on a single one of the bases."""
        one = slice(which, which + 1)
        phase, notes, token = (x[:, one] for x in (self.phase, self.notes, self.token))
        baseline, answer, bare = (
            (low[:, one], high[:, one]) for low, high in (self.baseline, self.answer, self.bare)
        )
        return Terms(self.line, self.bases[one], phase, notes, token, baseline, answer, bare)

    def break_even(self, t: float) -> Bounds:
        """Questions per context from which on sleep-time costs no more."""
        less, more = _minus(weighted(self.baseline, t), weighted(self.answer, t))
        return _break_even(self.phase, more), _break_even(self.phase, less)

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


def _break_even(phase: Floats, saved: Floats) -> Floats:
    """Questions, not rounded, from which on a phase pays that saves so much on each answer.

    0 for a free phase that costs nobody more, inf where nothing is saved that could pay for it,
    NaN where a cost is unknown.
    """
    point = np.divide(phase, saved, out=np.full(np.shape(saved), np.inf), where=saved > 0)
    point = np.where((phase == 0) & (saved >= 0), 0.0, point)
    unknown: Floats = np.where(np.isnan(saved) | np.isnan(phase), np.nan, point)
    return unknown
