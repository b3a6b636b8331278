"""Majority@k: the chance that the most frequent answer among k draws is right.

Nobody has the oracle of pass@k, but everybody can take a vote (self-consistency: Wang et al., 2023,
Self-Consistency Improves Chain of Thought Reasoning, arXiv 2203.11171). Among answers named equally
often the one that was drawn first wins. Draws without an answer do not vote, and k of them are
wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import comb

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.cells import RIGHT


def majority_at_k(predictions: Sequence[str | None], right: Sequence[bool]) -> Floats:
    """Unbiased estimates for every k from 1 to the number of draws of one question.

    The mean over all subsets of k draws in every order, exactly: the first of several answers that
    are equally frequent is each of them equally often.

    Args:
        predictions: What was read from each draw; None or "" for nothing.
        right: Whether it is right; all that are right are one answer, however it is written.

    Returns:
        (draws,) estimates.
    """
    wrong: Counter[str] = Counter()
    hits = silent = 0
    for prediction, hit in zip(predictions, right, strict=True):
        if hit:
            hits += 1
        elif prediction:
            wrong[_value(prediction)] += 1
        else:
            silent += 1
    return _chances(hits, tuple(sorted(wrong.values())), silent)


def majorities(drawn: pd.DataFrame) -> pd.DataFrame:
    """Majority of every question: a column for each k from 1, NaN where it has fewer draws.

    Args:
        drawn: Answered draws; a draw counts as right from a score of `cells.RIGHT` on.
    """
    found = {}
    for name, own in drawn.groupby("question_id", sort=False):
        told = [said if isinstance(said, str) else None for said in own["prediction"]]
        found[name] = majority_at_k(told, list(own["score"] >= RIGHT))
    most = max(map(len, found.values()), default=0)
    table = np.full((len(found), most), np.nan)
    for row, chances in zip(table, found.values(), strict=True):
        row[: len(chances)] = chances
    return pd.DataFrame(table, index=list(found), columns=range(1, most + 1))


def _value(prediction: str) -> str:
    """One form for "12", "12.0" and "12.00"."""
    text = prediction.strip()
    try:
        return str(Decimal(text.replace(",", "")).normalize())
    except InvalidOperation:
        return text


@lru_cache(maxsize=65536)
def _chances(hits: int, wrong: tuple[int, ...], silent: int) -> Floats:
    """Estimates from how many draws are right, name each wrong answer, and name none.

    Counts the subsets in which the right answer is drawn r times and no other more often: a product
    of polynomials whose power is the size of the subset, kept apart by how many others are drawn
    r times too, which share the win.
    """
    draws = hits + sum(wrong) + silent
    won = np.zeros(draws + 1)
    for r in range(1, hits + 1):
        ways = [_choices(silent, silent)]
        for count in wrong:
            below = _choices(count, min(count, r - 1))
            grown = [np.convolve(own, below) for own in ways]
            if count >= r:
                # One more other that is drawn as often.
                tied = [np.append(np.zeros(r), comb(count, r) * own) for own in ways]
                grown = [
                    _sum(one, other)
                    for one, other in zip([*grown, np.zeros(1)], [np.zeros(1), *tied], strict=True)
                ]
            ways = grown
        for others, own in enumerate(ways):
            won[r : r + len(own)] += comb(hits, r) * own / (1 + others)
    sizes = np.array([float(comb(draws, k)) for k in range(1, draws + 1)])
    estimates: Floats = won[1:] / sizes
    estimates.flags.writeable = False
    return estimates


def _choices(count: int, most: int) -> Floats:
    return np.array([float(comb(count, j)) for j in range(most + 1)])


def _sum(one: Floats, other: Floats) -> Floats:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total
