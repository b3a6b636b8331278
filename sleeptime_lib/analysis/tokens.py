"""Token totals of a run: what the method costs, and what this run newly paid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = ("prompt", "cached", "completion", "reasoning")


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens added up; `cached` are among `prompt`, `reasoning` among `completion`."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Tokens of the answers and of the sleep phases."""

    sleep: Spent
    test: Spent


@dataclass(frozen=True, slots=True)
class HitRate:
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

    experiment: Totals
    billed: Totals
    hit_rate: HitRate
    estimated: bool


def token_totals(rows: pd.DataFrame) -> Tokens:
    """Add up the tokens of rows, failed ones included.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.

    Returns:
        The totals.
    """
    test = rows[[f"test_{kind}_tokens" for kind in KINDS]].to_numpy(dtype=np.int64)
    billed = [
        rows[[f"billed_{phase}_{kind}_tokens" for kind in KINDS]].to_numpy(dtype=np.int64)
        for phase in ("sleep", "test")
    ]
    no_sleep = (rows["sleep_id"] == "").to_numpy()
    # A row that failed before its phase was known says 0: take the largest.
    columns = [f"sleep_{kind}_tokens" for kind in KINDS]
    sleep = rows.loc[~no_sleep].groupby("sleep_id")[columns].max().to_numpy(dtype=np.int64)

    def total(counts: np.ndarray) -> Spent:
        return Spent(*(int(x) for x in counts.sum(axis=0)))

    experiment = Totals(sleep=total(sleep), test=total(test))
    return Tokens(
        experiment=experiment,
        billed=Totals(sleep=total(billed[0]), test=total(billed[1])),
        hit_rate=HitRate(_hit_rate(experiment.sleep), _hit_rate(experiment.test)),
        estimated=bool(rows["usage_estimated"].any()),
    )


def _hit_rate(spent: Spent) -> float:
    return spent.cached / spent.prompt if spent.prompt else math.nan
