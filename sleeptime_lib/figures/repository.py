"""Pictures and sentences of the case study on a repository (paper, figure 11)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures.axes import percent_axis, step_axis
from sleeptime_lib.figures.blocks import accuracy_picture, advantages, beside, picture
from sleeptime_lib.figures.picture import Picture, Series
from sleeptime_lib.figures.plots import curve_series

FLOOR: Final = "floor_"
"""Begins the name of an arm that is a floor."""
F1: Final = "F1 of modified files (%)"
STEPS: Final = "Most steps (tool calls) of an attempt"
_WHAT: Final = (
    "Floors: predictors without an agent. An agent below them has learned nothing about the "
    "repository."
)
_STYLES: Final = {"baseline": "baseline", "sleep": "sleep"}


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean score and measures of the answered rows, by arm and budget; NaN where none has one."""
    answered = rows[rows["score"].notna()].reset_index(drop=True)
    own = pd.DataFrame([dict(measures) for measures in answered["measures"]])
    table = pd.concat([answered[["arm", "budget", "score"]], own], axis=1)
    return table.groupby(["arm", "budget"]).mean()


def as_json(table: pd.DataFrame) -> dict[str, Any]:
    """The means by arm and budget."""
    found: dict[str, Any] = {}
    for arm, budget, row in _each(table):
        found.setdefault(arm, {})[str(budget)] = dict(row)
    value: dict[str, Any] = json_safe(found)
    return value


def against_tokens(report: Report) -> Picture:
    """F1 against generated tokens at test time, with the floors as level lines."""
    series = _arms(report)
    shades = advantages(*series) if len(series) == 2 else ()
    notes = [wording.equal_accuracy(report.equal_accuracy, report.confidence), _WHAT]
    x = [x for one in series for x in one.x]
    drawn = [*series, *_floors(report, min(x), max(x))] if x else series
    what = "F1 against test-time tokens"
    return accuracy_picture(report, "pareto", what, drawn, notes, y_title=F1, shades=shades)


def against_steps(report: Report) -> Picture:
    """F1 against the budget of steps, with the floors as level lines."""
    budgets = sorted({p.budget for arm in _STYLES for c in report.of(arm) for p in c.points})
    at = {budget: float(i) for i, budget in enumerate(budgets)}
    arms = beside(_arms(report, at))
    drawn = [*arms, *_floors(report, -0.3, len(budgets) - 0.7)] if budgets else list(arms)
    axes = (
        step_axis([str(budget) for budget in budgets], STEPS),
        percent_axis((v for one in drawn for v in one.values()), F1),
    )
    notes = [wording.sample(report), _WHAT]
    return picture(report, "steps", "F1 against steps", drawn, axes, notes)


def precision_and_recall(report: Report, table: pd.DataFrame) -> Picture:
    """How much of what was modified is right, against how much of what is right was modified."""
    found: dict[str, list[tuple[int, float, float]]] = {}
    for arm, budget, row in _each(table):
        if {"precision", "recall"} <= row.keys():
            place = (budget, 100 * row["recall"], 100 * row["precision"])
            found.setdefault(arm, []).append(place)
    series = [
        Series(
            arm,
            _name(arm),
            _STYLES.get(arm, "context_only"),
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


def sentences(report: Report, table: pd.DataFrame) -> Iterator[str]:
    """Where the agent stands beside the best floor, and what it took."""
    scores = {(arm, budget): row["score"] for arm, budget, row in _each(table)}
    floors = {key: score for key, score in scores.items() if key[0].startswith(FLOOR)}
    best = max(floors, key=lambda key: floors[key]) if floors else None
    for arm in ("baseline", "sleep"):
        own = {budget: score for (name, budget), score in scores.items() if name == arm}
        if not own:
            continue
        told = ", ".join(f"{100 * own[n]:.0f}% at {n} steps" for n in sorted(own))
        yield f"F1 of modified files, {_name(arm)}: {told}."
        if best:
            level = floors[best]
            above = [str(n) for n in sorted(own) if own[n] > level]
            what = f"at {', '.join(above)} steps" if above else "at no budget"
            yield (
                f"{_name(arm).capitalize()} is above the best floor ({_name(best[0])}, "
                f"{100 * level:.0f}%) {what}."
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
        if arm in _STYLES and name in row:
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


def _arms(report: Report, at: Mapping[int, float] | None = None) -> list[Series]:
    shown = [*report.of("baseline"), *report.of("sleep")[:1]]
    series = [curve_series(c, c.line.arm, _name(c.line.arm), at) for c in shown]
    return [one for one in series if one.x]


def _floors(report: Report, low: float, high: float) -> Iterator[Series]:
    for curve in report.curves:
        arm = curve.line.arm
        if arm.startswith(FLOOR) and math.isfinite(curve.points[0].accuracy):
            level = 100 * curve.points[0].accuracy
            hover = (f"{_name(arm)}\n{level:.1f}%",) * 2
            ends = ((low, high), (level, level))
            yield Series(arm, _name(arm), "context_only", *ends, hover=hover)
