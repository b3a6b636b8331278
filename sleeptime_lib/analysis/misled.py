"""What notes gave and what they took away, question by question.

A number in the notes is cheaper to copy than to compute, also when it is wrong or is the answer to
another question. So each question is held against the numbers that its notes state, whatever the
notes call them: models name quantities in words of their own, and `notes_used`, which goes by
names, then finds little. A small number may stand there by chance. This is a part of where the
difference between the arms comes from, which the paper leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
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
class Split:
    """Some of the questions, and how many of them each arm got right."""

    questions: int
    baseline: int
    sleep: int


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
        stated: The questions whose right answer stands in the notes.
        unstated: The others.
    """

    line: Line
    budget: int
    both: int
    neither: int
    won: int
    lost: tuple[Lost, ...]
    stated: Split
    unstated: Split

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
    texts = _texts(sleeps, parallel)
    notes = {name: texts.get(questions[name].context_id, []) for name in both}
    stated = [_states(notes[name], questions[name].gold) is not None for name in both]
    lost = [
        _lost(
            task.contexts[questions[name].context_id],
            questions[name],
            str(base.prediction[name]),
            slept.prediction[name],
            notes[name],
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
        stated=_split(np.array(stated), right, with_notes),
        unstated=_split(~np.array(stated), right, with_notes),
    )


def _split(which: np.ndarray, right: pd.Series, with_notes: pd.Series) -> Split:
    return Split(int(which.sum()), int(right[which].sum()), int(with_notes[which].sum()))


def _texts(sleeps: pd.DataFrame, parallel: int) -> dict[str, list[str]]:
    own = sleeps[sleeps.draw < parallel].sort_values("draw")
    return {str(name): [str(t) for t in group.text] for name, group in own.groupby("context_id")}


def _states(notes: Sequence[str], number: str) -> Note | None:
    """The first line of the notes whose number this is."""
    lines = (note for text in notes for note in read_lines(text) if note is not None)
    return next((note for note in lines if is_correct(number, note.number)), None)


def _lost(
    context: Context, question: Question, baseline: str, sleep: object, notes: Sequence[str]
) -> Lost:
    said = sleep if isinstance(sleep, str) else None
    copied = None if said is None else _states(notes, said)
    return Lost(context, question, baseline, said, "\n\n".join(notes), copied)
