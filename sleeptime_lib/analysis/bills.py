"""What the answers and sleep phases of every setting used up, and bootstrap draws of it.

Nothing here knows a price. Tokens are kept in the three kinds that servers charge differently
for: prompt tokens that are not cached, cached ones, and generated ones. A sleep phase is counted
once, however many rows share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats, cluster_weights
from sleeptime_lib.analysis.cells import Cells, ratio, settings_of

KINDS: Final = ("prompt", "cached", "completion")


@dataclass(frozen=True, slots=True)
class Bills:
    """Mean tokens of every cell, as observed (index 0) and in every bootstrap draw after it.

    Attributes:
        answer: (1 + draws, cells, 3) tokens of an answer, in the order uncached prompt, cached
            prompt, generated; NaN where a draw has no answered row of the cell.
        phase: (1 + draws, cells, 3) tokens of a sleep phase, in the same order; 0 without one.
    """

    answer: Floats
    phase: Floats

    @property
    def prompt(self) -> Floats:
        """(1 + draws, cells) prompt tokens of an answer, cached ones included."""
        whole: Floats = self.answer[..., 0] + self.answer[..., 1]
        return whole

    @property
    def hits(self) -> Floats:
        """(1 + draws, cells) share of an answer's prompt tokens that were cached."""
        return ratio(self.answer[..., 1], self.prompt)


def draw_bills(rows: pd.DataFrame, cells: Cells, draws: int, seed: int) -> Bills:
    """Reduce rows to mean tokens and resample their clusters.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`; rows without a score do not count.
        cells: `reduce_rows` of the same rows.
        draws: Bootstrap draws.
        seed: The draws of `cells.resample` with this seed have the same clusters, so that costs
            and accuracies are paired.

    Returns:
        The bills, in the order of `cells`.
    """
    cell, settings = settings_of(rows)
    cluster, _ = pd.factorize(rows["cluster_id"], sort=True)
    answered = rows["score"].notna().to_numpy()
    slept = answered & (rows["sleep_id"] != "").to_numpy()
    first = _first_of_each(cell[slept], pd.factorize(rows["sleep_id"][slept])[0])
    phases = np.flatnonzero(slept)[first]
    place = cluster * len(settings) + cell
    shape = (len(cells.clusters), len(settings))

    def add_up(which: NDArray[np.int64], part: str) -> list[Floats]:
        """How many, and their tokens by kind, each (clusters, cells)."""
        prompt, cached, generated = (
            rows[f"{part}_{kind}_tokens"].to_numpy(dtype=np.float64)[which] for kind in KINDS
        )
        columns = [np.ones(len(which)), prompt - cached, cached, generated]
        size = shape[0] * shape[1]
        totals = (np.bincount(place[which], column, minlength=size) for column in columns)
        return [total.astype(np.float64).reshape(shape) for total in totals]

    sums = np.stack(add_up(np.flatnonzero(answered), "test") + add_up(phases, "sleep"))
    flat = sums.transpose(1, 0, 2).reshape(shape[0], len(sums) * shape[1])
    rng = np.random.default_rng(seed)
    weights = cluster_weights(shape[0], draws, rng) if shape[0] else iter(())
    every = np.concatenate([flat.sum(axis=0)[None], *(w @ flat for w in weights)])
    every = every.reshape(len(every), len(sums), shape[1]).transpose(0, 2, 1)
    return Bills(
        answer=ratio(every[..., 1:4], np.repeat(every[..., :1], 3, axis=-1)),
        phase=np.nan_to_num(ratio(every[..., 5:8], np.repeat(every[..., 4:5], 3, axis=-1))),
    )


def _first_of_each(cell: NDArray[np.int64], phase: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indexes of one row for every sleep phase of every cell."""
    key = cell * (int(phase.max(initial=0)) + 1) + phase
    index: NDArray[np.int64] = np.unique(key, return_index=True)[1]
    return index
