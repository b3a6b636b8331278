"""What notes took away: questions that the baseline got right and the sleep arm got wrong.

A number in the notes is cheaper to copy than to compute, also when it is wrong or is the answer to
another question. So each lost question is held against the numbers that its notes state. With the
questions that notes won, this is the other half of where the difference between the arms comes
from, which the paper leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sleeptime_lib.analysis.cells import Line, check
from sleeptime_lib.analysis.note_lines import Note, read_lines
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.grading import is_correct


@dataclass(frozen=True, slots=True)
class Lost:
    """One question that notes took away.

    Attributes:
        context: What it is about.
        question: The question, with the right answer.
        baseline: What was answered without notes, rightly.
        sleep: What was answered with notes; None when no number was.
        notes: The notes.
        copied: The line of the notes whose number was answered; None when there is none.
    """

    context: Context
    question: Question
    baseline: str
    sleep: str | None
    notes: str
    copied: Note | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a sleep setting won and lost against the baseline at one budget.

    Attributes:
        line: The sleep setting.
        budget: Test budget of both arms.
        both: Questions that both got right.
        neither: Questions that both got wrong.
        won: Questions that only the sleep arm got right.
        lost: Those that only the baseline got right, those with a copied number first.
    """

    line: Line
    budget: int
    both: int
    neither: int
    won: int
    lost: tuple[Lost, ...]

    @property
    def copied(self) -> int:
        """Lost questions whose wrong answer stands in the notes."""
        return sum(one.copied is not None for one in self.lost)


def exchange(
    task: Task, rows: pd.DataFrame, sleeps: pd.DataFrame, *, budget: int, parallel: int = 1
) -> Exchange:
    """Compare the arms question by question.

    Args:
        task: What was asked.
        rows: The columns of `sleeptime_lib.records.Row`.
        sleeps: The notes, as `sleeptime_lib.store.read_sleeps` gives them.
        budget: Test budget (verbosity level).
        parallel: Which sleep setting: its number of parallel phases.

    Raises:
        InputError: The rows lack columns, or hold no such setting in both arms.
    """
    check(rows)
    at = rows[(rows.budget == budget) & (rows.budget_kind == "verbosity") & rows.score.notna()]
    base = at[at.arm == "baseline"].set_index("question_id")
    slept = at[(at.arm == "sleep") & (at.sleep_parallel == parallel)].set_index("question_id")
    both = base.index.intersection(slept.index)
    if both.empty:
        raise InputError(
            f"no question was answered in both arms at budget {budget}, k = {parallel}"
        )
    right, with_notes = base.score[both] == 1, slept.score[both] == 1
    questions = {question.question_id: question for question in task.questions}
    lost = [
        _lost(
            task.contexts[questions[name].context_id],
            questions[name],
            str(base.prediction[name]),
            slept.prediction[name],
            _notes(sleeps, questions[name].context_id, parallel),
        )
        for name in both[right & ~with_notes]
    ]
    return Exchange(
        line=Line("sleep", "verbosity", parallel, ""),
        budget=budget,
        both=int((right & with_notes).sum()),
        neither=int((~right & ~with_notes).sum()),
        won=int((~right & with_notes).sum()),
        lost=tuple(sorted(lost, key=lambda one: one.copied is None)),
    )


def _notes(sleeps: pd.DataFrame, context_id: str, parallel: int) -> Sequence[str]:
    own = sleeps[(sleeps.context_id == context_id) & (sleeps.draw < parallel)]
    return [str(text) for text in own.sort_values("draw").text]


def _lost(
    context: Context, question: Question, baseline: str, sleep: object, notes: Sequence[str]
) -> Lost:
    said = sleep if isinstance(sleep, str) else None
    lines = [note for text in notes for note in read_lines(text) if note is not None]
    copied = next((n for n in lines if said is not None and is_correct(said, n.number)), None)
    return Lost(context, question, baseline, said, "\n\n".join(notes), copied)
