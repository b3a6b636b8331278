"""Control arms against the baseline and against the sleep arm, at the same budget.

All differences that a report states together lie within their limits at once with the stated
confidence, as those of the sleep arm do (`difference`). A difference whose limits hold 0, or that
has none, is not determined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS
from sleeptime_lib.analysis.cells import Cells, Line, reduce_rows, resample, rows_of
from sleeptime_lib.analysis.difference import differences
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.analysis.wording import Verdict, limits_of, verdict
from sleeptime_lib.methods.controls import Control
from sleeptime_lib.records import budget_name

ARMS = (*get_args(Control), "sleep_long")
"""Control arms, in the order in which they are told."""

UNLIKE = 1.25
"""Tokens asleep that differ by more than this factor are not called equal."""

SIDE_NUMBERS = ("accuracy", "prompt", "generated", "asleep")
"""Numbers of a side, as CSV columns name them: accuracy from 0 to 1, tokens as means per answer."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a difference.

    Attributes:
        label: Name of the arm.
        accuracy: Mean score, 0 to 1.
        prompt: Mean prompt tokens of an answer.
        generated: Mean generated tokens of an answer.
        asleep: Mean generated tokens of the whole sleep phase whose notes it reads.
    """

    label: str
    accuracy: float
    prompt: float
    generated: float
    asleep: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """An arm against another one at one budget, paired by cluster.

    Attributes:
        budget_kind: What the budget counts.
        budget: The budget of both.
        arm: The control arm, or the sleep arm itself against the baseline.
        against: The baseline or the sleep arm.
        points: Accuracy of `arm` minus that of `against`, in percentage points.
        low: Lower simultaneous limit; NaN for none.
        high: Upper simultaneous limit; NaN for none.
    """

    budget_kind: str
    budget: int
    arm: Side
    against: Side
    points: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """What the limits allow to say."""
        return verdict(self.low, self.high)

    @property
    def at(self) -> str:
        """The budget in words."""
        return f"{self.budget_kind} {budget_name(self.budget_kind, self.budget)}"


def contrasts(
    rows: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> tuple[Contrast, ...]:
    """Every control arm against the baseline and the sleep arm, wherever they share a budget.

    The sleep arm to compare with reads the same phases; for an arm without a sleep phase it is the
    smallest, and for one long phase the one whose phases generated most nearly as many tokens.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the band around all differences.

    Returns:
        Against the baseline (the sleep arm too), then against the sleep arm; empty where there is
        no control arm.
    """
    told = rows[rows["arm"].isin(("baseline", "sleep", *ARMS)) & (rows["budget_kind"] != "samples")]
    if not told["arm"].isin(ARMS).any():
        return ()
    cells = reduce_rows(told)
    pairs = contrasted(cells, told)
    found = differences(cells, resample(cells, draws, seed), pairs, confidence=confidence)
    sides = [_side(cells, told, cell) for cell in range(len(cells.lines))]
    return tuple(
        Contrast(
            budget_kind=cells.lines[i].budget_kind,
            budget=cells.budgets[i],
            arm=sides[i],
            against=sides[j],
            points=one.points,
            low=one.simultaneous_low,
            high=one.simultaneous_high,
        )
        for (i, j), one in zip(pairs, found, strict=True)
        if not math.isnan(one.points)
    )


def contrasted(cells: Cells, rows: pd.DataFrame) -> list[tuple[int, int]]:
    """Cells to compare: of all arms with the baseline, then of control arms with the sleep arm.

    Args:
        cells: Sums of the rows.
        rows: The columns of `sleeptime_lib.records.Row`.
    """
    lines = [line for arm in ARMS for line in cells.curves(arm)]
    slept = {line: _sleep_line(cells, rows, line) for line in lines}
    sleeps = dict.fromkeys(line for line in slept.values() if line)
    return cells.over_baseline((*sleeps, *lines)) + [
        pair
        for line, sleep in slept.items()
        if sleep
        for pair in cells.same_budget(cells.of(line), cells.of(sleep))
    ]


def _sleep_line(cells: Cells, rows: pd.DataFrame, line: Line) -> Line | None:
    """The sleep arm to compare a control arm with."""
    sleeps = [one for one in cells.curves("sleep") if one.budget_kind == line.budget_kind]
    if line.arm == "sleep_long":
        own = _asleep(rows, line)
        sleeps = [one for one in sleeps if one.sleep_effort == line.sleep_effort]
        return min(sleeps, key=lambda one: abs(_asleep(rows, one) - own), default=None)
    read = (line.sleep_parallel, line.sleep_effort)
    same = [one for one in sleeps if (one.sleep_parallel, one.sleep_effort) == read]
    if line.sleep_parallel:
        return same[0] if same else None
    return sleeps[0] if sleeps else None


def _asleep(rows: pd.DataFrame, line: Line) -> float:
    """Mean generated tokens of a line's sleep phases."""
    return float(rows_of(rows, line).drop_duplicates("sleep_id")["sleep_completion_tokens"].mean())


def _side(cells: Cells, rows: pd.DataFrame, cell: int) -> Side:
    line = cells.lines[cell]
    own = rows_of(rows, line, cells.budgets[cell])
    return Side(
        label=line.label,
        accuracy=float(own["score"].mean()),
        prompt=float(own["test_prompt_tokens"].mean()),
        generated=float(own["test_completion_tokens"].mean()),
        asleep=_asleep(rows, line),
    )


def sentences(found: Sequence[Contrast], confidence: float = 0.95) -> list[str]:
    """What the contrasts amount to: one sentence for each arm and what it is compared with."""
    if not found:
        return []
    told = [
        f"Controls: limits in brackets hold for all {len(found)} differences at once "
        f"({100 * confidence:g}%); a difference whose limits hold 0 is not determined."
    ]
    pairs = dict.fromkeys((one.arm.label, one.against.label) for one in found)
    for arm, against in pairs:
        own = [one for one in found if (one.arm.label, one.against.label) == (arm, against)]
        parts = [
            f"{one.points:+.1f} {limits_of(one.low, one.high)} at {one.at}, {one.verdict}"
            for one in own
        ]
        told.append(f"{arm} minus {against}, points: {'; '.join(parts)}.")
    first = {(one.arm.label, one.against.label): one for one in reversed(found)}
    return told + [said for one in first.values() if (said := _saved(one))]


def _saved(one: Contrast) -> str:
    """What leaving the context out saves, and that phases of unlike kind cost alike."""
    if one.arm.label.startswith("notes only") and one.against.label.startswith("sleep"):
        return (
            f"Without the context an answer at {one.at} reads {one.arm.prompt:,.0f} prompt tokens "
            f"in place of {one.against.prompt:,.0f}."
        )
    if one.arm.label.startswith("sleep long") and one.against.label.startswith("sleep-time"):
        long, short = one.arm.asleep, one.against.asleep
        unlike = not 1 / UNLIKE <= long / short <= UNLIKE if short else True
        return (
            f"The long phase generated {long:,.0f} tokens asleep, {one.against.label} {short:,.0f}"
            f"{': they are not compared at equal tokens' if unlike else ''}."
        )
    return ""


def table(found: Sequence[Contrast], caption: str) -> Table:
    """One row for each difference."""
    return Table(
        name="controls",
        caption=caption,
        header=("arm", "against", "budget", "prompt tokens", "generated", "asleep", "points",
                "verdict"),
        rows=tuple(
            (
                one.arm.label,
                one.against.label,
                one.at,
                f"{one.arm.prompt:,.0f}",
                f"{one.arm.generated:,.0f}",
                f"{one.arm.asleep:,.0f}",
                f"{one.points:+.1f} {limits_of(one.low, one.high)}",
                one.verdict,
            )
            for one in found
        ),
        text_columns=(0, 1, 2, 7),
        sentences=tuple(sentences(found)),
        data_header=(
            "arm", "against", "budget_kind", "budget", "points", "low", "high", "verdict",
            *(f"{side}_{name}" for side in ("arm", "against") for name in SIDE_NUMBERS),
        ),
        data=tuple(
            (
                one.arm.label, one.against.label, one.budget_kind, one.budget,
                one.points, one.low, one.high, one.verdict,
                *(getattr(side, name) for side in (one.arm, one.against) for name in SIDE_NUMBERS),
            )
            for one in found
        ),
    )  # fmt: skip
