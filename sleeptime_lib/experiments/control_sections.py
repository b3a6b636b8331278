"""Parts of a report: control arms, votes at equal tokens, and single lines of the notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from sleeptime_lib.experiment import Section
from sleeptime_lib.methods.controls import LINE

if TYPE_CHECKING:
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run


def control_sections(run: Run, report: Report) -> Iterator[Section]:
    """Those of them that the rows of a run allow."""
    from sleeptime_lib.analysis import ablation, controls, votes
    from sleeptime_lib.analysis.json_values import json_safe
    from sleeptime_lib.figures import control_arms, note_lines

    how = {"draws": report.draws, "seed": report.seed}
    where = f"{report.experiment} on {report.dataset}, {report.model}"
    found = controls.contrasts(run.rows, **how, confidence=report.confidence)
    if found:
        yield Section(
            "controls",
            [json_safe({**asdict(one), "verdict": one.verdict}) for one in found],
            tuple(controls.sentences(found, report.confidence)),
            {"controls": control_arms(report, found)},
            {"controls": controls.table(found, f"Controls: {where}")},
        )
    equal = votes.votes(run.rows, **how, confidence=report.confidence)
    if equal:
        yield Section(
            "equal_tokens",
            json_safe(equal),
            tuple(votes.sentences(equal)),
            tables={"votes": votes.table(equal, f"Votes at equal generated tokens: {where}")},
        )
    ablated = (run.rows["budget_kind"] == LINE).any()
    lines = ablation.line_effects(run.rows, _texts(run)) if ablated else []
    if lines:
        yield Section(
            "lines",
            json_safe(ablation.numbers(lines)),
            tuple(ablation.sentences(lines)),
            {"note_lines": note_lines(report, lines)},
            {"lines": ablation.table(lines, f"Lines of the notes: {where}")},
        )


def _texts(run: Run) -> dict[tuple[str, str], str]:
    """The notes of one sleep phase, by context and effort."""
    notes = run.notes_read(1)
    keys = zip(notes["context_id"], notes["sleep_effort"], strict=True)
    return dict(zip(keys, notes["text"], strict=True))
