"""Pictures and sentences of the case study on a repository (paper, figure 11)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any, Final, cast

import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.cells import Line, observed, reduce_rows, resample
from sleeptime_lib.analysis.curves import Curve, Point, curves
from sleeptime_lib.analysis.difference import Difference, differences
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import percent_axis, step_axis
from sleeptime_lib.figures.blocks import (
    beside,
    estimates,
    picture,
    scaled,
    score_axis,
    score_title,
    shown,
)
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.figures.plots import arms, floors
from sleeptime_lib.records import FLOOR

STEPS: Final = "Most steps (tool calls) of an attempt"
_WHAT: Final = (
    "Floors: predictors without an agent. An agent below them has learned nothing about the "
    "repository."
)
_AGENTS: Final = ("baseline", "sleep")
SHARES: Final = ("precision", "recall", "strict_f1")
"""Measures from 0 to 1 that get intervals as F1 does."""
_TOLD: Final = {"score": "F1 of modified files", "precision": "Precision", "recall": "Recall"}
_LIMITS: Final = ("low", "high", "simultaneous_low", "simultaneous_high")


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


def measured(rows: pd.DataFrame, report: Report) -> dict[str, tuple[Curve, ...]]:
    """The curves of F1, and of each share that is told beside it, with intervals of the same kind.

    Rows without a score have no share either.
    """
    found = {"score": report.curves}
    for name in SHARES:
        shares = pd.Series([dict(own).get(name) for own in rows["measures"]], rows.index, float)
        cells = reduce_rows(rows.assign(score=shares.where(rows["score"].notna())))
        drawn = resample(cells, report.draws, report.seed)
        found[name] = curves(cells, drawn, confidence=report.confidence)
    return found


def as_json(
    table: pd.DataFrame, found: Mapping[str, Sequence[Curve]], over: Sequence[Difference]
) -> dict[str, Any]:
    """The means by arm and budget, the limits of F1 and shares, what agents are over a floor."""
    told: dict[str, Any] = {"over_best_floor": [asdict(one) for one in over]}
    for arm, budget, row in _each(table):
        told.setdefault(arm, {})[str(budget)] = dict(row)
    for name, every in found.items():
        for line, point in _points(every):
            limits = {key: getattr(point, key) for key in _LIMITS}
            own = told.get(line.arm, {}).get(str(point.budget), {})
            own.setdefault("limits", {})[name] = limits
    value: dict[str, Any] = json_safe(told)
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


def precision_and_recall(report: Report, found: Mapping[str, Sequence[Curve]]) -> Picture:
    """How much of what was modified is right, against how much of what is right was modified.

    Args:
        report: Of the run.
        found: What `measured` gives.
    """
    level = [c.line.arm for c in found["precision"] if c.line.arm not in _AGENTS]
    series = []
    for precise, recalled in zip(found["precision"], found["recall"], strict=True):
        arm = precise.line.arm
        both = [
            (p.budget, scaled(r.together, 100), scaled(p.together, 100))
            for p, r in zip(precise.points, recalled.points, strict=True)
            if p.n
        ]
        drawn = [(r.estimate, p, _both_told(n, r, p)) for n, r, p in both]
        style = arm if arm in _AGENTS else look.floor(level.index(arm))
        left, right = (tuple(getattr(r, end) for _, r, _ in both) for end in ("low", "high"))
        series.append(estimates(arm, _name(arm), style, drawn, left=left, right=right))
    across = (x for one in series for x in (*one.x, *one.left, *one.right))
    axes = (
        percent_axis(across, "Recall (% of the true files)"),
        percent_axis(
            (y for one in series for y in one.values()), "Precision (% of modified files)"
        ),
    )
    notes = [
        wording.sample(report, shown(series)),
        "Means over tasks; an arm's line runs through its budgets.",
    ]
    return picture(report, "precision-recall", "Precision and recall", series, axes, notes)


def _both_told(budget: int, recall: Interval, precision: Interval) -> str:
    parts = [f"{budget} steps" if budget else "no agent"]
    for name, value in (("recall", recall), ("precision", precision)):
        parts.append(f"{name} {_percent(value)}")
    return "\n".join(parts)


def sentences(
    table: pd.DataFrame, found: Mapping[str, Sequence[Curve]], over: Sequence[Difference]
) -> Iterator[str]:
    """Where the agent and the floors stand, also beside the best floor, and what it took.

    Limits hold for all arms and budgets of a measure at once.
    """
    for name, what in _TOLD.items():
        for arm in _AGENTS:
            own = [p for line, p in _points(found[name]) if line.arm == arm and p.n]
            if own:
                told = ", ".join(f"{_as_share(p)} at {p.budget} steps" for p in own)
                yield f"{what} with simultaneous intervals, {_name(arm)}: {told}."
        level = [
            f"{_name(line.arm).removeprefix('floor ')} {_as_share(p)}"
            for line, p in _points(found[name])
            if line.arm.startswith(FLOOR) and p.n
        ]
        if level:
            yield f"{what} with simultaneous intervals, floors: {', '.join(level)}."
    for label, every in groupby(over, key=lambda one: one.treatment):
        own = list(every)
        told = ", ".join(
            f"{d.points:+.1f} {wording.between(d.simultaneous_low, d.simultaneous_high)} at "
            f"{d.treatment_budget} steps"
            for d in own
        )
        above = [str(d.treatment_budget) for d in own if d.simultaneous_low > 0]
        where = f"at {', '.join(above)} steps" if above else "nowhere"
        yield (
            f"{label.removesuffix(' k=1').capitalize()} minus the best floor "
            f"({own[0].control}), points with simultaneous intervals: {told}; "
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


def _points(every: Iterable[Curve]) -> Iterator[tuple[Line, Point]]:
    return ((curve.line, point) for curve in every for point in curve.points)


def _as_share(point: Point) -> str:
    return _percent(scaled(point.together, 100))


def _percent(value: Interval) -> str:
    """A share in percent with its limits."""
    return f"{value.estimate:.0f}% {wording.between(value.low, value.high, 0)}".rstrip()


def _name(arm: str) -> str:
    return "sleep-time" if arm == "sleep" else arm.replace("_", " ")


def _each(table: pd.DataFrame) -> Iterator[tuple[str, int, Mapping[str, float]]]:
    """Arm, budget and the means that there are."""
    for key, row in table.iterrows():
        arm, budget = cast("tuple[str, int]", key)  # the table has two levels
        known = {str(name): float(value) for name, value in row.items() if not math.isnan(value)}
        yield str(arm), int(budget), known
