"""Parts of a report that experiments with predictable questions share: forecasts and allocation.

What was foreseen, what part of the gain it explains, and whether a score that is known before the
question tells which contexts deserve a sleep phase (the paper leaves the last to future work,
section 7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Section
from sleeptime_lib.records import Task

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.analysis.costs import Bill
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.figures import Picture


def sections(
    report: Report,
    task: Task,
    rows: pd.DataFrame,
    sleeps: pd.DataFrame,
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    bill: Bill | None = None,
    questions: float | None = None,
    budget: int | None = None,
) -> tuple[Section, ...]:
    """Forecasts, and a policy for each score.

    Args:
        report: Of the same rows.
        task: What was asked.
        rows: The columns of `sleeptime_lib.records.Row`.
        sleeps: The notes, as `sleeptime_lib.store.read_sleeps` gives them.
        scores: What is known of contexts before any question: by name of the score, then by
            context_id. Those that a text alone gives, and the forecasts' entropy where
            probabilities are stated, come by themselves.
        bill: What is paid for; None takes the paper's, with t = 10.
        questions: How many questions share a sleep phase; None takes those in the rows.
        budget: Test budget at which arms are compared; None takes the lowest.

    Returns:
        The sections "forecasts" and "allocation"; one that the rows do not allow says why.
    """
    return (
        _forecasts(report, task, rows, sleeps, budget),
        _allocation(report, task, rows, sleeps, dict(scores or {}), bill, questions, budget),
    )


def _forecasts(
    report: Report, task: Task, rows: pd.DataFrame, sleeps: pd.DataFrame, budget: int | None
) -> Section:
    from sleeptime_lib.analysis import ahead_wording
    from sleeptime_lib.analysis.forecasts import hold
    from sleeptime_lib.analysis.foresight import foresight
    from sleeptime_lib.figures import foresight as pictures

    lines = [curve.line for curve in report.of("sleep")]
    try:
        if not lines:
            raise InputError("no row has a sleep phase")
        holding = hold(task, sleeps, lines[0])
        found = foresight(holding, rows, budget=budget, budget_kind=lines[0].budget_kind)
    except InputError as why:
        return Section("forecasts", sentences=(f"No forecasts are scored: {why}.",))
    drawn = {"coverage": pictures.coverage(report, found)}
    if found.calibration:
        drawn["calibration"] = pictures.calibration(report, found)
    return Section("forecasts", found.to_json(), tuple(ahead_wording.forecasts(found)), drawn)


def _allocation(
    report: Report,
    task: Task,
    rows: pd.DataFrame,
    sleeps: pd.DataFrame,
    scores: dict[str, Mapping[str, float]],
    bill: Bill | None,
    questions: float | None,
    budget: int | None,
) -> Section:
    from sleeptime_lib.analysis import ahead_wording
    from sleeptime_lib.analysis.allocation import TEXT_SCORES, measure
    from sleeptime_lib.analysis.forecasts import entropies
    from sleeptime_lib.analysis.policies import judge
    from sleeptime_lib.figures import foresight as pictures

    lines = [curve.line for curve in report.of("sleep")]
    for name, score in TEXT_SCORES.items():
        scores.setdefault(name, {own: score(one) for own, one in task.contexts.items()})
    if lines and (known := entropies(sleeps, lines[0])):
        scores.setdefault("entropy of the forecasts", known)
    budgets = None if budget is None else (budget,)
    try:
        measured = measure(rows, bill=bill, questions=questions, budgets=budgets)
    except InputError as why:
        return Section("allocation", sentences=(f"No policy is judged: {why}.",))
    values: dict[str, Any] = {}
    said: list[str] = []
    drawn: dict[str, Picture] = {}
    for name, by_context in scores.items():
        try:
            found = judge(measured, by_context, name)
        except InputError as why:
            said.append(f"No policy by {name} is judged: {why}.")
            continue
        values[name] = found.to_json()
        said += ahead_wording.trial(found)
        drawn[f"spending_{re.sub('[^a-z0-9]+', '_', name.lower())}"] = pictures.spending(
            report, found
        )
    return Section("allocation", values or None, tuple(said), drawn)
