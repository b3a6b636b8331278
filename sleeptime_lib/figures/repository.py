"""Pictures and sentences of the case study on a repository (paper, figure 11)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any, Final, cast

import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.cells import observed, reduce_rows, resample
from sleeptime_lib.analysis.difference import Difference, differences
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import percent_axis, step_axis
from sleeptime_lib.figures.blocks import beside, picture, score_axis, score_title
from sleeptime_lib.figures.picture import Picture, Series
from sleeptime_lib.figures.plots import arms, floors
from sleeptime_lib.records import FLOOR

STEPS: Final = "Most steps (tool calls) of an attempt"
_WHAT: Final = (
    "Floors: predictors without an agent. An agent below them has learned nothing about the "
    "repository."
)
_AGENTS: Final = ("baseline", "sleep")


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean score and measures of the answered rows, by arm and budget; NaN where none has one."""
    answered = rows[rows["score"].notna()].reset_index(drop=True)
    own = pd.DataFrame([dict(measures) for measures in answered["measures"]])
    table = pd.concat([answered[["arm", "budget", "score"]], own], axis=1)
    return table.groupby(["arm", "budget"]).mean()


def over_floor(rows: pd.DataFrame, report: Report) -> tuple[Difference, ...]:
    """Each budget of an agent against the floor that scores highest, paired by cluster.

    That floor was picked after looking, which speaks against the agent and never for it.
    """
    cells = reduce_rows(rows)
    score = observed(cells).accuracy[0]
    known = [i for i, line in enumerate(cells.lines) if math.isfinite(score[i])]
    level = [i for i in known if cells.lines[i].arm.startswith(FLOOR)]
    agents = [i for arm in _AGENTS for line in cells.curves(arm)[:1] for i in cells.of(line)]
    best = max(level, key=lambda i: score[i], default=None)
    pairs = [(i, best) for i in agents if i in known and best is not None]
    drawn = resample(cells, report.draws, report.seed)
    return differences(cells, drawn, pairs, confidence=report.confidence)


def as_json(table: pd.DataFrame, over: Sequence[Difference]) -> dict[str, Any]:
    """The means by arm and budget, and what agents are over the best floor."""
    found: dict[str, Any] = {"over_best_floor": [asdict(one) for one in over]}
    for arm, budget, row in _each(table):
        found.setdefault(arm, {})[str(budget)] = dict(row)
    value: dict[str, Any] = json_safe(found)
    return value


def against_steps(report: Report) -> Picture:
    """F1 against the budget of steps, with the floors as level lines."""
    budgets = sorted({p.budget for arm in _AGENTS for c in report.of(arm) for p in c.points})
    at = {budget: float(i) for i, budget in enumerate(budgets)}
    level = floors(report, -0.3, len(budgets) - 0.7) if budgets else ()
    drawn = [*beside(arms(report, at)), *level]
    axes = step_axis([str(budget) for budget in budgets], STEPS), score_axis(report, drawn)
    notes = [wording.sample(report), _WHAT]
    what = f"{score_title(report)} against steps"
    return picture(report, "steps", what, drawn, axes, notes)


def precision_and_recall(report: Report, table: pd.DataFrame) -> Picture:
    """How much of what was modified is right, against how much of what is right was modified."""
    found: dict[str, list[tuple[int, float, float]]] = {}
    for arm, budget, row in _each(table):
        if {"precision", "recall"} <= row.keys():
            place = (budget, 100 * row["recall"], 100 * row["precision"])
            found.setdefault(arm, []).append(place)
    level = [arm for arm in found if arm not in _AGENTS]
    series = [
        Series(
            arm,
            _name(arm),
            arm if arm in _AGENTS else look.floor(level.index(arm)),
            x=tuple(recall for _, recall, _ in own),
            y=tuple(precision for _, _, precision in own),
            hover=tuple(
                f"{_name(arm)}\n{f'{n} steps' if n else 'no agent'}\n"
                f"recall {recall:.1f}%\nprecision {precision:.1f}%"
                for n, recall, precision in own
            ),
        )
        for arm, own in found.items()
    ]
    axes = (
        percent_axis((x for one in series for x in one.x), "Recall (% of the true files)"),
        percent_axis((y for one in series for y in one.y), "Precision (% of modified files)"),
    )
    notes = [
        wording.sample(report).split(";")[0].rstrip(".") + ".",
        "Means over tasks; an arm's line runs through its budgets.",
    ]
    return picture(report, "precision-recall", "Precision and recall", series, axes, notes)


def sentences(table: pd.DataFrame, over: Sequence[Difference]) -> Iterator[str]:
    """Where the agent stands, also beside the best floor, and what it took."""
    for arm in _AGENTS:
        own = [(n, row["score"]) for name, n, row in _each(table) if name == arm]
        if own:
            told = ", ".join(f"{100 * score:.0f}% at {n} steps" for n, score in own)
            yield f"F1 of modified files, {_name(arm)}: {told}."
    for label, every in groupby(over, key=lambda one: one.treatment):
        found = list(every)
        told = ", ".join(
            f"{d.points:+.1f} {wording.between(d.simultaneous_low, d.simultaneous_high)} at "
            f"{d.treatment_budget} steps"
            for d in found
        )
        above = [str(d.treatment_budget) for d in found if d.simultaneous_low > 0]
        where = f"at {', '.join(above)} steps" if above else "nowhere"
        yield (
            f"{label.removesuffix(' k=1').capitalize()} minus the best floor "
            f"({found[0].control}), points with simultaneous intervals: {told}; "
            f"shown to be above it {where}."
        )
    for name, what in (
        ("first_edit_step", "steps up to the first edit"),
        ("first_edit_tokens", "tokens generated up to the first edit"),
        ("lines_read", "share of the true change's lines that were read before it"),
    ):
        if told := _told(table, name):
            yield f"Mean {what}, at the largest budget: {told}."


def _told(table: pd.DataFrame, name: str) -> str:
    last: dict[str, float] = {}
    for arm, _, row in _each(table):  # in the order of budgets
        if arm in _AGENTS and name in row:
            last[arm] = row[name]
    digits = 2 if name == "lines_read" else 0
    return ", ".join(f"{_name(arm)} {value:.{digits}f}" for arm, value in last.items())


def _name(arm: str) -> str:
    return "sleep-time" if arm == "sleep" else arm.replace("_", " ")


def _each(table: pd.DataFrame) -> Iterator[tuple[str, int, Mapping[str, float]]]:
    """Arm, budget and the means that there are."""
    for key, row in table.iterrows():
        arm, budget = cast("tuple[str, int]", key)  # the table has two levels
        known = {str(name): float(value) for name, value in row.items() if not math.isnan(value)}
        yield str(arm), int(budget), known
