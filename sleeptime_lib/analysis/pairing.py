"""Both arms' answers to the same questions, question by question, in every setting of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.cells import Line, reduce_rows, rows_of
from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Pairing:
    """The questions that both arms answered in one setting. Arrays are of equal length.

    Attributes:
        line: The sleep setting.
        budget: Test budget of both arms.
        names: The questions.
        gain: Sleep minus baseline score of each, in percentage points.
        longer: Test tokens with notes minus without.
        phase: Tokens of the sleep phase, divided among the questions that share it.
        cluster: Index of each question's cluster.
        asked: Questions in the rows, answered by both arms or not.
    """

    line: Line
    budget: int
    names: tuple[str, ...]
    gain: Floats
    longer: Floats
    phase: Floats
    cluster: NDArray[np.int64]
    asked: int


def pairings(rows: pd.DataFrame) -> list[Pairing]:
    """The answers of both arms in every setting that both have, the lowest first.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.

    Raises:
        InputError: The rows cannot be added up (see `cells.reduce_rows`).
    """
    cells = reduce_rows(rows)
    names = pd.Index(cells.questions)
    first = rows.drop_duplicates("question_id").set_index("question_id")["cluster_id"]
    found = []
    for line in cells.curves("sleep"):
        for slept, base in cells.same_budget(cells.of(line), cells.baseline(line)):
            gain = 100 * (cells.by_question[:, slept] - cells.by_question[:, base])
            own, before = (
                rows_of(rows, cells.lines[cell], cells.budgets[cell]) for cell in (slept, base)
            )
            shared = own.groupby("sleep_id")["question_id"].nunique()
            part = own["sleep_completion_tokens"] / own["sleep_id"].map(shared)
            longer = _mean(own, own["test_completion_tokens"], names)
            longer = longer - _mean(before, before["test_completion_tokens"], names)
            both = np.isfinite(gain)
            found.append(
                Pairing(
                    line=line,
                    budget=cells.budgets[slept],
                    names=tuple(names[both]),
                    gain=gain[both],
                    longer=longer[both],
                    phase=_mean(own, part, names)[both],
                    cluster=pd.factorize(first.loc[names[both]], sort=True)[0],
                    asked=len(names),
                )
            )
    return found


def choose(
    every: Sequence[Pairing], *, budget: int | None = None, parallel: int | None = None
) -> Pairing:
    """One setting out of all.

    Args:
        every: From `pairings`.
        budget: Test budget; None takes the lowest of both arms.
        parallel: Parallel sleep phases; None takes the smallest sleep setting.

    Raises:
        InputError: There is no such setting of both arms; the message says which there are.
    """
    for one in every:
        if parallel in (None, one.line.sleep_parallel) and budget in (None, one.budget):
            return one
    asked = [] if budget is None else [f"budget {budget}"]
    asked += [] if parallel is None else [f"k = {parallel}"]
    there = dict.fromkeys(f"k = {p.line.sleep_parallel} at budget {p.budget}" for p in every)
    raise InputError(
        f"no question has a baseline and a sleep row at {' and '.join(asked) or 'any budget'}: "
        f"there are {', '.join(there) or 'none'}"
    )


def _mean(rows: pd.DataFrame, values: pd.Series[Any], names: pd.Index[Any]) -> Floats:
    found = values.groupby(rows["question_id"]).mean().reindex(names)
    return found.to_numpy(dtype=np.float64)
