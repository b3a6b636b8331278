"""Two runs in tables and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.tables import Table, Value
from sleeptime_lib.analysis.two_runs import Cell, Change, TwoRuns
from sleeptime_lib.records import budget_name

HEADER: Final = (
    "arm", "budget_kind", "budget", "sleep_parallel_a", "sleep_parallel_b", "sleep_effort",
    "measure", "questions", "answers", "a", "b", "difference", "low", "high",
    "simultaneous_low", "simultaneous_high", "verdict",
)  # fmt: skip
"""CSV columns of both tables: one row for each measure of a cell. Scores are in percent, gains and
differences of scores in percentage points, all others in tokens; see `two_runs.Cell`."""

TOKENS: Final = {
    "prompt": "prompt tokens of an answer",
    "generated": "generated tokens of an answer",
    "asleep": "tokens generated asleep for a context",
}


def scores_table(found: TwoRuns) -> Table:
    """Scores of both runs in every cell, then gains of notes, and what it all amounts to."""
    rows = [
        (cell, cell.label, f"{cell.score.a:.1f}", f"{cell.score.b:.1f}", cell.score)
        for cell in found.cells
    ]
    rows += [
        (cell, f"gain of notes, {cell.label}", f"{own.a:+.1f}", f"{own.b:+.1f}", own)
        for cell, own in _gains(found)
    ]
    return Table(
        name="two-runs",
        caption=_caption(found, "Scores"),
        header=("arm", "budget", "A %", "B %", "B minus A, points", "all at once", "verdict"),
        rows=tuple(
            (label, _budget(cell), a, b, "", "", "same answers")
            if cell.same
            else (label, _budget(cell), a, b, _with_limits(own, 1), _at_once(own), own.verdict)
            for cell, label, a, b, own in rows
        ),
        text_columns=(0, 6),
        sentences=tuple(sentences(found)),
        data_header=HEADER,
        data=_data(found, ("score", "gain")),
    )


def tokens_table(found: TwoRuns) -> Table:
    """What answers and sleep phases of the second run take more than those of the first."""
    return Table(
        name="two-runs-tokens",
        caption=_caption(found, "Tokens, B minus A"),
        header=("arm", "budget", "prompt", "generated", "asleep"),
        rows=tuple(
            (cell.label, _budget(cell), *(_tokens(cell, name) for name in TOKENS))
            for cell in found.cells
        ),
        text_columns=(0,),
        sentences=tuple(_told_tokens(found)),
        data_header=HEADER,
        data=_data(found, tuple(TOKENS)),
    )


def _caption(found: TwoRuns, what: str) -> str:
    return f"{what} of two runs: {found.experiment} on {found.dataset}, {found.model}"


def _budget(cell: Cell) -> str:
    return budget_name(cell.line_b.budget_kind, cell.budget)


def _tokens(cell: Cell, name: str) -> str:
    change = cell.measures().get(name)
    # Short answers are a few tokens long.
    return _with_limits(change, int(name == "generated")) if change else ""


def _with_limits(change: Change, digits: int) -> str:
    limits = wording.between(change.low, change.high, digits)
    return f"{change.difference:+,.{digits}f} {limits}".rstrip()


def _at_once(change: Change) -> str:
    return wording.between(change.simultaneous_low, change.simultaneous_high)


def _data(found: TwoRuns, names: Sequence[str]) -> tuple[tuple[Value, ...], ...]:
    return tuple(
        (
            *(cell.line_b.arm, cell.line_b.budget_kind, cell.budget),
            *(cell.line_a.sleep_parallel, cell.line_b.sleep_parallel, cell.line_b.sleep_effort),
            *(name, cell.questions, cell.answers, own.a, own.b, own.difference),
            *(own.low, own.high, own.simultaneous_low, own.simultaneous_high, own.verdict),
        )
        for cell in found.cells
        for name, own in cell.measures().items()
        if name in names
    )


def sample(found: TwoRuns, intervals: str) -> str:
    """What was compared, and what was left out.

    Args:
        found: The comparison.
        intervals: How the limits are shown and what they hold for.
    """
    answers = sum(cell.answers for cell in found.cells)
    text = (
        f"{answers:,} pairs of answers to {found.questions:,} questions in {found.clusters:,} "
        f"clusters"
    )
    limits = wording.bootstrapped(intervals, found.confidence, found.draws, found.clusters)
    return f"{text}{limits}."


def left_out(found: TwoRuns) -> str:
    """Rows that count in neither run; nothing where there are none."""
    parts = []
    if found.left_out:
        parts.append(
            f"{found.left_out:,} pairs are left out because a row failed "
            f"({found.failed_a:,} in A, {found.failed_b:,} in B)"
        )
    if found.only_a or found.only_b:
        parts.append(
            f"rows that the other run lacks are left out: {found.only_a:,} of A, "
            f"{found.only_b:,} of B"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def sentences(found: TwoRuns) -> list[str]:
    """What a comparison says: of what, the verdicts on scores, and what limits them."""
    scores = [(f"{c.label} at {_at(c)}", c.score) for c in found.cells if not c.same]
    gains = [(f"gain of {c.label} at {_at(c)}", own) for c, own in _gains(found)]
    told = [sample(found, "limits beside differences: pointwise"), left_out(found)]
    if same := [f"{c.label} at {_at(c)}" for c in found.cells if c.same]:
        told.append(f"The same answers in both, so that nothing differs: {', '.join(same)}.")
    if scores or gains:
        told += _verdicts([*scores, *gains])
    if found.same_baseline and any(cell.gain for cell in found.cells):
        told.append(
            "The baseline did equally well on every question in both, so what notes gain over it "
            "changes by as much as the score of the arm that reads them."
        )
    if found.simulated:
        told.append(wording.SIMULATED)
    return [text for text in told if text]


def _gains(found: TwoRuns) -> list[tuple[Cell, Change]]:
    """What notes gain; nothing where it changes by as much as the score."""
    if found.same_baseline:
        return []
    return [(cell, cell.gain) for cell in found.cells if cell.gain]


def _at(cell: Cell) -> str:
    return wording.budget_words(cell.line_b.budget_kind, cell.budget)


def _verdicts(every: Sequence[tuple[str, Change]]) -> list[str]:
    """Which differences stand, and how much those that do not leave open."""
    told = []
    if len(every) > 1:
        told.append(
            f"Verdicts and their limits hold for all {len(every)} differences of scores at once."
        )
    for verdict in ("higher", "lower"):
        own = [
            f"{where} ({own.difference:+.1f} {_at_once(own)})"
            for where, own in every
            if own.verdict == verdict
        ]
        if own:
            told.append(f"B is {verdict} than A: {'; '.join(own)}.")
    rest = [own for _, own in every if own.verdict == "not determined"]
    known = [own for own in rest if not math.isnan(own.simultaneous_low)]
    if rest:
        text = f"Not determined: {len(rest)} of {len(every)}"
        if known:
            low = min(own.simultaneous_low for own in known)
            high = max(own.simultaneous_high for own in known)
            text += (
                f"; their limits for all at once leave room for B to be up to {-low:.1f} points "
                f"lower and {high:.1f} points higher, so none of them shows that A and B are equal"
            )
        told.append(f"{text}.")
    return told


def _told_tokens(found: TwoRuns) -> list[str]:
    """Of each kind of tokens, in how many cells the second run takes more or fewer."""
    told = []
    for name, words in TOKENS.items():
        own = [change for cell in found.cells if (change := cell.measures().get(name))]
        counts = {
            verdict: sum(change.verdict == verdict for change in own)
            for verdict in ("higher", "lower", "not determined")
        }
        if own:
            said = ", ".join(f"{verdict} in {count}" for verdict, count in counts.items() if count)
            told.append(f"{words[0].upper()}{words[1:]}, B beside A, all cells at once: {said}.")
    return told
