"""Rows to cells: sums per setting and cluster, and the bootstrap draws of them.

A cell is one setting: an arm at one budget. Everything that is resampled is a sum held here, so
the rows are read once. A score is any number from 0 to 1, and accuracy is the mean score: the
share of right answers where a score is either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_sums
from sleeptime_lib.errors import InputError
from sleeptime_lib.methods.controls import LINE
from sleeptime_lib.records import EFFORTS, ROW_COLUMNS, ROW_KEY

SAMPLES: Final = "samples"
"""The budget kind of repeated draws for pass@k, which form no accuracy-token curve."""

NO_CURVE: Final = (SAMPLES, LINE)
"""Budget kinds that form none: those draws, and notes without one line (see `ablation`)."""

RIGHT: Final = 0.5
"""Score from which on an answer counts as right where it can only be right or wrong."""

_SETTING: Final = ("arm", "budget_kind", "sleep_parallel", "sleep_effort", "budget")


@dataclass(frozen=True, slots=True)
class Line:
    """The settings that form one curve: everything but the budget."""

    arm: str
    budget_kind: str
    sleep_parallel: int = 0
    sleep_effort: str = ""

    @property
    def label(self) -> str:
        """Short name for tables and figures."""
        slept = self.arm == "sleep"
        parts = ["sleep-time" if slept else self.arm.replace("_", " ")]
        if self.sleep_parallel > 1 or (slept and not self.sleep_effort):
            parts.append(f"k={self.sleep_parallel}")
        if self.sleep_effort:
            parts.append(f"{self.sleep_effort} effort")
        return " ".join(parts)

    @property
    def rank(self) -> tuple[str, str, int, int, str]:
        """Sort key: arms by name, sleep settings from least to most."""
        # The model's default first, names that are not known last.
        known = ("", *EFFORTS)
        effort = known.index(self.sleep_effort) if self.sleep_effort in known else len(known)
        return self.arm, self.budget_kind, self.sleep_parallel, effort, self.sleep_effort


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of answered rows, for every setting and cluster.

    Attributes:
        lines: Line of each cell.
        budgets: Budget of each cell.
        clusters: Names, sorted.
        questions: Names, sorted.
        n: (cells, clusters) answered rows.
        score: The same shape, sum of their scores.
        tokens: The same shape, sum of their test completion tokens.
        squares: (cells,) sum of the squares of their scores.
        total_tokens: (cells,) mean generated tokens of an answer and of the whole sleep phase
            behind it, as if no other question shared it (Q = 1); NaN where nothing was answered.
        by_question: (questions, cells) mean score of a question, NaN where not answered.
        asked: (cells,) rows.
        failed: (cells,) rows without a score.
        samples: (cells,) number of runs: sample indexes that the cell's rows use.
        rerun_error: (cells,) standard error of the mean score if the same questions were asked
            again, from the spread between runs of a question; NaN with a single run.
    """

    lines: tuple[Line, ...]
    budgets: tuple[int, ...]
    clusters: tuple[str, ...]
    questions: tuple[str, ...]
    n: Floats
    score: Floats
    tokens: Floats
    squares: Floats
    total_tokens: Floats
    by_question: Floats
    asked: NDArray[np.int64]
    failed: NDArray[np.int64]
    samples: NDArray[np.int64]
    rerun_error: Floats

    @property
    def deviations(self) -> Floats:
        """(cells, clusters) sums of scores, less what a cell's mean makes expect of the cluster."""
        mean = ratio(self.score.sum(axis=1), self.n.sum(axis=1))
        deviations: Floats = self.score - np.nan_to_num(mean)[:, None] * self.n
        return deviations

    def missing(self, planned: int | None = None) -> NDArray[np.int64]:
        """(cells,) rows that a complete grid of questions and samples would still have.

        Args:
            planned: Questions of the whole run; None takes those that have rows.
        """
        questions = max(planned or 0, len(self.questions))
        missing: NDArray[np.int64] = questions * self.samples - self.asked
        return missing

    def of(self, line: Line) -> list[int]:
        """Indexes of a line's cells in the order of their budgets."""
        found = [i for i, own in enumerate(self.lines) if own == line]
        return sorted(found, key=lambda i: self.budgets[i])

    def curves(self, arm: str | None = None) -> list[Line]:
        """Lines that form curves, of one arm or of all, sorted."""
        found = {x for x in self.lines if x.budget_kind not in NO_CURVE and arm in (None, x.arm)}
        return sorted(found, key=lambda line: line.rank)

    def baseline(self, line: Line) -> list[int]:
        """Indexes of the baseline to compare a line with, of the same budget kind if possible."""
        curves = self.curves("baseline")
        found = [x for x in curves if x.budget_kind == line.budget_kind] or curves
        return self.of(found[0]) if found else []

    def same_budget(self, treated: list[int], control: list[int]) -> list[tuple[int, int]]:
        """Pairs of a treated and a control cell with the same budget of the same kind."""

        def budget(cell: int) -> tuple[str, int]:
            return self.lines[cell].budget_kind, self.budgets[cell]

        controls = {budget(j): j for j in control}
        return [(i, controls[budget(i)]) for i in treated if budget(i) in controls]

    def over_baseline(self, lines: Iterable[Line]) -> list[tuple[int, int]]:
        """Pairs of a cell of a line and the baseline's with the same budget."""
        return [
            pair for line in lines for pair in self.same_budget(self.of(line), self.baseline(line))
        ]


@dataclass(frozen=True, slots=True)
class Draws:
    """Bootstrap draws of every cell; NaN where a draw has no answered row.

    Attributes:
        n: (draws, cells) answered rows.
        accuracy: (draws, cells) mean score.
        tokens: (draws, cells) mean test completion tokens.
    """

    n: Floats
    accuracy: Floats
    tokens: Floats


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where `bottom` is 0."""
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)


def observed(cells: Cells) -> Draws:
    """What was measured, in the form of one draw, (1, cells)."""
    n, score, tokens = (x.sum(axis=1)[None] for x in (cells.n, cells.score, cells.tokens))
    return Draws(n=n, accuracy=ratio(score, n), tokens=ratio(tokens, n))


def left_out(cells: Cells) -> Draws:
    """What the rows without each cluster in turn give, (clusters, cells)."""
    n, score, tokens = (x.sum(axis=1) - x.T for x in (cells.n, cells.score, cells.tokens))
    return Draws(n=n, accuracy=ratio(score, n), tokens=ratio(tokens, n))


def resample(cells: Cells, draws: int, seed: int) -> Draws:
    """Draw clusters with replacement, with all the questions and runs inside them.

    All arms and budgets share each draw, which is what makes differences and ratios paired. The
    same seed and clusters give the same draws.
    """
    sums = np.concatenate([cells.n, cells.score, cells.tokens]).T
    every = cluster_sums(sums, np.arange(len(sums)), len(sums), draws, seed)
    n, score, tokens = np.split(every[1:], 3, axis=1)
    return Draws(n=n, accuracy=ratio(score, n), tokens=ratio(tokens, n))


def reduce_rows(rows: pd.DataFrame) -> Cells:
    """Add rows up into cells.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.

    Returns:
        The cells, sorted by line and budget; the same whatever the order of the rows.

    Raises:
        InputError: A column is missing, rows are repeated, a score is not from 0 to 1, or the
            rows are of several experiments, datasets or models.
    """
    check(rows)
    _check_repeats(rows)
    question, questions = pd.factorize(rows["question_id"], sort=True)
    cluster, clusters = pd.factorize(rows["cluster_id"], sort=True)
    cell, settings = settings_of(rows)
    score = rows["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    _check_scores(rows, score)
    answered = ~np.isnan(score)
    place, score = cell[answered], score[answered]
    tokens, asleep = (
        rows[f"{part}_completion_tokens"].to_numpy(dtype=np.float64)[answered]
        for part in ("test", "sleep")
    )

    def add_up(group: NDArray[np.int64], groups: int, values: Floats | None = None) -> Floats:
        total = np.bincount(group * len(settings) + place, values, minlength=groups * len(settings))
        return total.astype(np.float64).reshape(groups, len(settings))

    owner, asked_about = cluster[answered], question[answered]
    runs = add_up(asked_about, len(questions))
    right = add_up(asked_about, len(questions), score)
    squares = add_up(asked_about, len(questions), score * score)
    return Cells(
        lines=tuple(line for line, _ in settings),
        budgets=tuple(budget for _, budget in settings),
        clusters=tuple(str(name) for name in clusters),
        questions=tuple(str(name) for name in questions),
        n=add_up(owner, len(clusters)).T,
        score=add_up(owner, len(clusters), score).T,
        tokens=add_up(owner, len(clusters), tokens).T,
        squares=squares.sum(axis=0),
        total_tokens=ratio(
            add_up(owner, len(clusters), tokens + asleep).sum(axis=0), runs.sum(axis=0)
        ),
        by_question=ratio(right, runs),
        asked=np.bincount(cell, minlength=len(settings)),
        failed=np.bincount(cell[~answered], minlength=len(settings)),
        samples=np.asarray(rows["sample"].groupby(cell).nunique(), dtype=np.int64),
        rerun_error=_rerun_error(runs, right, squares),
    )


def _rerun_error(runs: Floats, right: Floats, squares: Floats) -> Floats:
    """Standard error of each cell's mean from the pooled variance within questions."""
    repeated = runs > 1
    within = np.where(repeated, squares - ratio(right * right, runs), 0.0).sum(axis=0)
    freedom = np.where(repeated, runs - 1, 0.0).sum(axis=0)
    error: Floats = np.sqrt(np.maximum(ratio(ratio(within, freedom), runs.sum(axis=0)), 0.0))
    return error


def check(rows: pd.DataFrame) -> None:
    """Raise InputError unless `rows` has all columns and is of one run."""
    absent = [name for name in ROW_COLUMNS if name not in rows.columns]
    if absent:
        raise InputError(
            f"rows lack the columns {', '.join(absent)}; see sleeptime_lib.records.Row"
        )
    for name in ("experiment", "dataset", "model"):
        found = sorted(map(str, rows[name].unique()))
        if len(found) > 1:
            raise InputError(
                f"rows are of {len(found)} {name}s ({', '.join(found)}): analyse one at a time"
            )


def settings_of(rows: pd.DataFrame) -> tuple[NDArray[np.int64], list[tuple[Line, int]]]:
    """Cell index of every row, and the (line, budget) of every cell."""
    grouped = rows.groupby(list(_SETTING), dropna=False)
    settings = [
        (Line(str(arm), str(kind), int(parallel), str(effort)), int(budget))
        for arm, kind, parallel, effort, budget in grouped.size().index
    ]
    return np.asarray(grouped.ngroup(), dtype=np.int64), settings


def rows_of(rows: pd.DataFrame, line: Line, budget: int | None = None) -> pd.DataFrame:
    """The answered rows of a line, at one budget or at all."""
    own = rows["score"].notna()
    for name in ("arm", "budget_kind", "sleep_parallel", "sleep_effort"):
        own &= rows[name] == getattr(line, name)
    return rows[own if budget is None else own & (rows["budget"] == budget)]


def _check_scores(rows: pd.DataFrame, score: Floats) -> None:
    beyond = np.flatnonzero((score < 0) | (score > 1))
    if len(beyond):
        question = rows["question_id"].iloc[int(beyond[0])]
        raise InputError(
            f"question {question!r} has the score {score[beyond[0]]:g}: scores are from 0 (wrong) "
            "to 1 (right)"
        )


def _check_repeats(rows: pd.DataFrame) -> None:
    again = rows[rows.duplicated(list(ROW_KEY))]
    if len(again):
        row = again.iloc[0]
        raise InputError(
            f"{len(again)} repeated rows, the first for question {row['question_id']!r}, arm "
            f"{row['arm']}, budget {row['budget']}: number repeated runs in the column `sample`"
        )
