"""Parts of a report that experiments with predictable questions share: forecasts and allocation.

What was foreseen, what part of the gain it explains, and whether a score that is known before the
question tells which contexts deserve a sleep phase (the paper leaves the last to future work,
section 7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Section
from sleeptime_lib.experiments.answers import Answers
from sleeptime_lib.records import is_simulated

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.analysis.cells import Line
    from sleeptime_lib.analysis.measured import Looking, Measured
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.figures import Picture

    _Score: TypeAlias = tuple[str, Mapping[str, float], Looking]
    """Its name, its value by context_id, and what it costs."""

ENTROPY: Final = "entropy of the forecasts"
"""A score that is known after a first sleep phase only."""


def ahead(
    answers: Answers,
    forecasts: Answers | None = None,
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    calls: Mapping[str, pd.DataFrame] | None = None,
    t: float | None = None,
) -> tuple[Section, Section]:
    """What the notes of a run foresaw, and which contexts deserve a sleep phase.

    Args:
        answers: The run.
        forecasts: A run on the same data whose notes are forecasts: what they foresaw is looked at,
            and the policy by their entropy, by what these notes gain. None for the run itself.
        scores: What is known of contexts before any question: by name of the score, then by
            context_id. Those that a text alone gives, and the forecasts' entropy where
            probabilities are stated, come by themselves.
        calls: Rows of the calls that make a score, by its name: they are charged.
        t: What a token of an answer weighs beside one of a sleep phase; None takes the paper's 10.

    Returns:
        The sections "forecasts" and "allocation"; one that the rows do not allow says why.
    """
    forecasts = forecasts or answers
    parts = [_allocation(answers, dict(scores or {}), calls or {}, t)]
    parts.append(_by_entropy(forecasts, t))
    pictures = {name: drawn for part in parts for name, drawn in part.pictures.items()}
    values = {name: value for part in parts for name, value in (part.values or {}).items()}
    # Where no policy can be judged, both say so.
    said = dict.fromkeys(line for part in parts for line in part.sentences)
    return _forecasts(forecasts), Section("allocation", values or None, tuple(said), pictures)


def _forecasts(answers: Answers) -> Section:
    """What the notes of each sleep setting foresaw."""
    from sleeptime_lib.analysis import foresight_wording
    from sleeptime_lib.analysis.forecasts import hold
    from sleeptime_lib.analysis.foresight import foresight
    from sleeptime_lib.figures import foresight as pictures

    report = _named(answers)
    lines: dict[tuple[int, str], Line] = {}
    for curve in report.of("sleep"):  # other kinds of budgets have the same notes
        lines.setdefault((curve.line.sleep_parallel, curve.line.sleep_effort), curve.line)
    found, said = [], []
    for line in lines.values():
        try:
            holding = hold(answers.task, answers.sleeps, line)
            found.append(foresight(holding, answers.rows, budget_kind=line.budget_kind))
        except InputError as why:
            said.append(f"No forecasts are scored: {why}.")
    if not lines:
        said = ["No forecasts are scored: no row has a sleep phase."]
    if not found:
        return Section("forecasts", sentences=tuple(dict.fromkeys(said)))
    drawn = {"coverage": pictures.coverage(report, found)}
    if any(one.calibration for one in found):
        drawn["calibration"] = pictures.calibration(report, found)
    return Section(
        "forecasts",
        found[0].to_json() | {"by_setting": [one.to_json() for one in found]},
        (*foresight_wording.sentences(found), *said),
        drawn,
        {"forecasts": foresight_wording.foresight_table(found)},
    )


def _allocation(
    answers: Answers,
    scores: dict[str, Mapping[str, float]],
    calls: Mapping[str, pd.DataFrame],
    t: float | None,
) -> Section:
    """Policies by scores that are known before any sleep phase."""
    from sleeptime_lib.analysis.measured import TEXT_SCORES, Looking, call_costs

    for name, score in TEXT_SCORES.items():
        scores.setdefault(name, {own: score(one) for own, one in answers.task.contexts.items()})

    def known(measured: Measured) -> Iterator[_Score]:
        for name, by_context in scores.items():
            made = call_costs(calls[name], measured.bill) if name in calls else {}
            yield name, by_context, Looking(calls=made)

    made_up = {name for name, rows in calls.items() if rows["model"].map(is_simulated).any()}
    return _judged(answers, known, t, made_up)


def _by_entropy(forecasts: Answers, t: float | None) -> Section:
    """The policy by how sure forecasts are, which are known after a first sleep phase."""
    from sleeptime_lib.analysis.forecasts import entropies
    from sleeptime_lib.analysis.measured import Looking

    def known(measured: Measured) -> Iterator[_Score]:
        first = measured.first_line
        if found := entropies(forecasts.sleeps, first):
            yield ENTROPY, found, Looking(after=first)

    return _judged(forecasts, known, t)


def _judged(
    answers: Answers,
    known: Callable[[Measured], Iterable[_Score]],
    t: float | None,
    simulated: Collection[str] = (),
) -> Section:
    """Policies by some scores, of which the simulated model has made those that are named."""
    from sleeptime_lib.analysis import ahead_wording
    from sleeptime_lib.analysis.costs import paper_bill
    from sleeptime_lib.analysis.measured import measure
    from sleeptime_lib.analysis.policies import judge
    from sleeptime_lib.figures import foresight as pictures

    try:
        measured = measure(answers.rows, bill=None if t is None else paper_bill(t))
    except InputError as why:
        return Section("allocation", sentences=(f"No policy is judged: {why}.",))
    report = _named(answers)
    values: dict[str, Any] = {}
    said: list[str] = []
    drawn: dict[str, Picture] = {}
    for name, by_context, looking in known(measured):
        try:
            found = judge(measured, by_context, name, looking=looking)
        except InputError as why:
            said.append(f"No policy by {name} is judged: {why}.")
            continue
        values[name] = found.to_json()
        said += ahead_wording.trial(found)
        picture = pictures.spending(report, found)
        drawn[f"spending_{re.sub('[^a-z0-9]+', '_', name.lower())}"] = replace(
            picture, simulated=picture.simulated or name in simulated
        )
    return Section("allocation", values, tuple(said), drawn)


def _named(answers: Answers) -> Report:
    """A report for its arms and names alone."""
    from sleeptime_lib.analysis.report import analyse

    return analyse(answers.rows, draws=1)
