"""Token totals of a run: what the method costs, and what this run newly paid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from sleeptime_lib.records import KINDS


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens added up; `cached` are among `prompt`, `reasoning` among `completion`."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class PhaseTokens:
    """Tokens of the sleep phases and of the answers."""

    sleep: Spent
    test: Spent


@dataclass(frozen=True, slots=True)
class CacheShares:
    """Share of the prompt tokens, 0 to 1, that servers took from their prefix cache.

    NaN where there are no prompt tokens. A server that has no such cache, or does not tell, gives
    0.
    """

    sleep: float
    test: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """Both ways to count.

    Attributes:
        experiment: What the method costs, whoever paid. A sleep phase counts once, however many
            rows share it; the phase for k parallel notes is a phase of its own, so a draw that
            serves several k counts in each of them.
        billed: What this run newly paid. Replays from the cache are free, and a draw that
            serves several k was paid once.
        hit_rate: Of the experiment's tokens.
        estimated: Whether a server left out the usage of some call, so that it was estimated.
    """

    experiment: PhaseTokens
    billed: PhaseTokens
    hit_rate: CacheShares
    estimated: bool


def token_totals(rows: pd.DataFrame) -> Tokens:
    """Add up the tokens of rows (the columns of `records.Row`), failed ones included."""
    # Rows share a phase; one that failed before its phase was known says 0: take the largest.
    phases = rows[rows["sleep_id"] != ""].groupby("sleep_id")[_columns("sleep")].max()
    experiment = PhaseTokens(sleep=_total(phases, "sleep"), test=_total(rows, "test"))
    return Tokens(
        experiment=experiment,
        billed=PhaseTokens(_total(rows, "billed_sleep"), _total(rows, "billed_test")),
        hit_rate=CacheShares(_cached(experiment.sleep), _cached(experiment.test)),
        estimated=bool(rows["usage_estimated"].any()),
    )


def _columns(part: str) -> list[str]:
    return [f"{part}_{kind}_tokens" for kind in KINDS]


def _total(rows: pd.DataFrame, part: str) -> Spent:
    return Spent(*(int(rows[column].sum()) for column in _columns(part)))


def _cached(spent: Spent) -> float:
    return spent.cached / spent.prompt if spent.prompt else math.nan
