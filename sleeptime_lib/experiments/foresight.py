"""Parts of a report that experiments with predictable questions share: forecasts and allocation.

What was foreseen, what part of the gain it explains, and whether a score that is known before the
question tells which contexts deserve a sleep phase (the paper leaves the last to future work,
section 7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Section
from sleeptime_lib.experiments.answers import Answers

if TYPE_CHECKING:
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.figures import Picture

ENTROPY: Final = "entropy of the forecasts"
"""A score that is known after a first sleep phase only."""


def ahead(
    answers: Answers,
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    t: float | None = None,
) -> tuple[Section, Section]:
    """What the notes of a run foresaw, and which contexts deserve a sleep phase.

    Args:
        answers: The run.
        scores: What is known of contexts before any question: by name of the score, then by
            context_id. Those that a text alone gives, and the forecasts' entropy where
            probabilities are stated, come by themselves.
        t: What a token of an answer weighs beside one of a sleep phase; None takes the paper's 10.

    Returns:
        The sections "forecasts" and "allocation"; one that the rows do not allow says why.
    """
    from sleeptime_lib.analysis.report import analyse

    report = analyse(answers.rows, draws=1)  # for its arms and names alone
    return _forecasts(report, answers), _allocation(report, answers, dict(scores or {}), t)


def _forecasts(report: Report, answers: Answers) -> Section:
    from sleeptime_lib.analysis import ahead_wording
    from sleeptime_lib.analysis.forecasts import hold
    from sleeptime_lib.analysis.foresight import foresight
    from sleeptime_lib.figures import foresight as pictures

    lines = [curve.line for curve in report.of("sleep")]
    try:
        if not lines:
            raise InputError("no row has a sleep phase")
        holding = hold(answers.task, answers.sleeps, lines[0])
        found = foresight(holding, answers.rows, budget_kind=lines[0].budget_kind)
    except InputError as why:
        return Section("forecasts", sentences=(f"No forecasts are scored: {why}.",))
    drawn = {"coverage": pictures.coverage(report, found)}
    if found.calibration:
        drawn["calibration"] = pictures.calibration(report, found)
    return Section("forecasts", found.to_json(), tuple(ahead_wording.forecasts(found)), drawn)


def _allocation(
    report: Report, answers: Answers, scores: dict[str, Mapping[str, float]], t: float | None
) -> Section:
    from sleeptime_lib.analysis import ahead_wording
    from sleeptime_lib.analysis.allocation import TEXT_SCORES, measure
    from sleeptime_lib.analysis.costs import paper_bill
    from sleeptime_lib.analysis.forecasts import entropies
    from sleeptime_lib.analysis.policies import judge
    from sleeptime_lib.figures import foresight as pictures

    try:
        measured = measure(answers.rows, bill=None if t is None else paper_bill(t))
    except InputError as why:
        return Section("allocation", sentences=(f"No policy is judged: {why}.",))
    first = measured.first_line
    for name, score in TEXT_SCORES.items():
        scores.setdefault(name, {own: score(one) for own, one in answers.task.contexts.items()})
    if known := entropies(answers.sleeps, first):
        scores[ENTROPY] = known
    values: dict[str, Any] = {}
    said: list[str] = []
    drawn: dict[str, Picture] = {}
    for name, by_context in scores.items():
        try:
            found = judge(measured, by_context, name, after=first if name == ENTROPY else None)
        except InputError as why:
            said.append(f"No policy by {name} is judged: {why}.")
            continue
        values[name] = found.to_json()
        said += ahead_wording.trial(found)
        drawn[f"spending_{re.sub('[^a-z0-9]+', '_', name.lower())}"] = pictures.spending(
            report, found
        )
    return Section("allocation", values or None, tuple(said), drawn)
