"""Rows to cells: sums per setting, cluster and sample, and how many rows are missing or failed.

A cell is one setting: an arm at one budget. Everything that is resampled is a sum held here, so
the rows are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_weights, nested_weights
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import ROW_COLUMNS

SAMPLES: Final = "samples"
"""The budget kind of repeated draws for pass@k, which form no accuracy-token curve."""

_SETTING: Final = ("arm", "budget_kind", "sleep_parallel", "sleep_effort", "budget")


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """The settings that form one curve: everything but the budget."""

    arm: str
    budget_kind: str
    sleep_parallel: int = 0
    sleep_effort: str = ""

    @property
    def label(self) -> str:
        """Short name for tables and figures."""
        if self.arm == "baseline":
            return "baseline"
        if self.arm == "context_only":
            return "context only"
        parts = ["sleep-time"]
        if self.sleep_parallel:
            parts.append(f"k={self.sleep_parallel}")
        if self.sleep_effort:
            parts.append(f"{self.sleep_effort} effort")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of answered rows, for every setting, cluster and sample.

    Attributes:
        lines: Line of each cell.
        budgets: Budget of each cell.
        clusters: Names, sorted.
        questions: Names, sorted.
        n: (cells, clusters, samples) answered rows.
        score: The same shape, sum of their scores.
        tokens: The same shape, sum of their test completion tokens.
        by_question: (questions, cells) mean score of a question, NaN where not answered.
        asked: (cells,) rows.
        failed: (cells,) rows without a score.
        samples: (cells,) number of sample indexes that the cell's rows use.
    """

    lines: tuple[Line, ...]
    budgets: tuple[int, ...]
    clusters: tuple[str, ...]
    questions: tuple[str, ...]
    n: Floats
    score: Floats
    tokens: Floats
    by_question: Floats
    asked: NDArray[np.int64]
    failed: NDArray[np.int64]
    samples: NDArray[np.int64]

    @property
    def missing(self) -> NDArray[np.int64]:
        """(cells,) rows that a complete grid of questions and samples would still have."""
        return cast("NDArray[np.int64]", len(self.questions) * self.samples - self.asked)

    def of(self, line: Line) -> list[int]:
        """Indexes of a line's cells in the order of their budgets."""
        found = [i for i, own in enumerate(self.lines) if own == line]
        return sorted(found, key=lambda i: self.budgets[i])

    def curves(self, arm: str | None = None) -> list[Line]:
        """Lines that form curves (not the draws of pass@k), of one arm or of all, sorted."""
        found = {x for x in self.lines if x.budget_kind != SAMPLES and arm in (None, x.arm)}
        return sorted(found)


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
    n, score, tokens = (x.sum(axis=(1, 2))[None] for x in (cells.n, cells.score, cells.tokens))
    return Draws(n=n, accuracy=ratio(score, n), tokens=ratio(tokens, n))


def resample(cells: Cells, draws: int, seed: int) -> Draws:
    """Draw clusters with replacement, and samples inside them where there are several.

    All arms and budgets share each draw, which is what makes differences and ratios paired.

    Args:
        cells: What to draw from.
        draws: Number of draws.
        seed: Same seed, same clusters: same draws.

    Returns:
        The draws.
    """
    rng = np.random.default_rng(seed)
    parts = [_weighted(cells, w, rng) for w in cluster_weights(len(cells.clusters), draws, rng)]
    n, score, tokens = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Draws(n=n, accuracy=ratio(score, n), tokens=ratio(tokens, n))


def _weighted(cells: Cells, weights: Floats, rng: np.random.Generator) -> list[Floats]:
    """Weighted sums of n, score and tokens, each (draws, cells)."""
    sums = [np.empty((weights.shape[0], len(cells.lines))) for _ in range(3)]
    # The draws of pass@k are its subject, not repetitions of a run: they stay with their cluster.
    repeats = np.where([x.budget_kind == SAMPLES for x in cells.lines], 1, cells.samples)
    for samples in np.unique(repeats):
        which = np.flatnonzero(repeats == samples)
        used = weights if samples == 1 else nested_weights(weights, int(samples), rng)
        flat = used.reshape(weights.shape[0], -1)
        for total, per_unit in zip(sums, (cells.n, cells.score, cells.tokens), strict=True):
            units = per_unit[which]
            units = units.sum(axis=2) if samples == 1 else units[..., :samples]
            total[:, which] = flat @ units.reshape(len(which), -1).T
    return sums


def reduce_rows(rows: pd.DataFrame) -> Cells:
    """Add rows up into cells.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.

    Returns:
        The cells, sorted by line and budget; the same whatever the order of the rows.

    Raises:
        InputError: A column is missing, rows are repeated, or the rows are of several
            experiments, datasets or models.
    """
    check(rows)
    question, questions = pd.factorize(rows["question_id"], sort=True)
    cluster, clusters = pd.factorize(rows["cluster_id"], sort=True)
    cell, settings = _settings(rows)
    sample, sample_values = _sample_index(rows, cell, len(settings))
    _check_repeats(rows, cell, question, sample)
    score = rows["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    answered = ~np.isnan(score)
    shape = (len(settings), len(clusters), int(sample_values.max(initial=1)))
    unit = np.ravel_multi_index((cell, cluster, sample), shape)[answered]
    tokens = rows["test_completion_tokens"].to_numpy(dtype=np.float64)

    def add_up(values: Floats | None = None) -> Floats:
        weights = None if values is None else values[answered]
        return (
            np.bincount(unit, weights, minlength=int(np.prod(shape)))
            .astype(np.float64)
            .reshape(shape)
        )

    pair = (question * len(settings) + cell)[answered]
    size = len(questions) * len(settings)
    count = np.bincount(pair, minlength=size).astype(np.float64)
    right = np.bincount(pair, score[answered], minlength=size).astype(np.float64)
    return Cells(
        lines=tuple(line for line, _ in settings),
        budgets=tuple(budget for _, budget in settings),
        clusters=tuple(str(name) for name in clusters),
        questions=tuple(str(name) for name in questions),
        n=add_up(),
        score=add_up(score),
        tokens=add_up(tokens),
        by_question=ratio(right, count).reshape(len(questions), len(settings)),
        asked=np.bincount(cell, minlength=len(settings)),
        failed=np.bincount(cell[~answered], minlength=len(settings)),
        samples=sample_values,
    )


def check(rows: pd.DataFrame) -> None:
    """Raise InputError unless `rows` has all columns and is of one run.

    Raises:
        InputError: See above; the message names what was found.
    """
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


def _settings(rows: pd.DataFrame) -> tuple[NDArray[np.int64], list[tuple[Line, int]]]:
    """Cell index of every row, and the (line, budget) of every cell."""
    code = np.zeros(len(rows), dtype=np.int64)
    for name in _SETTING:
        own, values = pd.factorize(rows[name], sort=True)
        code = code * max(len(values), 1) + own
    _, first, cell = np.unique(code, return_index=True, return_inverse=True)
    settings = []
    for arm, kind, parallel, effort, budget in (
        rows[list(_SETTING)].iloc[first].itertuples(index=False, name=None)
    ):
        settings.append((Line(str(arm), str(kind), int(parallel), str(effort)), int(budget)))
    return cell.astype(np.int64), settings


def _sample_index(
    rows: pd.DataFrame, cell: NDArray[np.int64], cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Samples renumbered from 0 within each cell, and how many each cell has."""
    value, values = pd.factorize(rows["sample"], sort=True)
    seen = np.zeros((cells, max(len(values), 1)), dtype=bool)
    seen[cell, value] = True
    rank = np.cumsum(seen, axis=1) - 1
    return rank[cell, value], seen.sum(axis=1)


def _check_repeats(rows: pd.DataFrame, *codes: Sequence[int] | NDArray[np.int64]) -> None:
    key = np.zeros(len(rows), dtype=np.int64)
    for code in codes:
        own = np.asarray(code, dtype=np.int64)
        key = key * (int(own.max(initial=0)) + 1) + own
    order = np.argsort(key, kind="stable")
    again = order[1:][np.diff(key[order]) == 0]
    if len(again):
        row = rows.iloc[int(again[0])]
        raise InputError(
            f"{len(again)} repeated rows, the first for question {row['question_id']!r}, arm "
            f"{row['arm']}, budget {row['budget']}: number repeated runs in the column `sample`"
        )
