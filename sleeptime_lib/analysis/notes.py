"""What notes gave and what they took away, question by question.

A number in the notes is cheaper to copy than to calculate, also when it is wrong or is the answer
to another question. So each question is held against the numbers that its notes state, whatever
the notes call them. A number may stand there by chance, since the notes are about the same
context. How often it does is seen in the baseline's wrong answers: those were given without the
notes, so whatever of them stands there cannot have been copied (a placebo check). This is a part
of where the difference between the arms comes from, which the paper leaves open.

Lines of notes are read as models write them, whatever they were asked for: "name = calculation =
number", "name: number", "the name is number", with bullets and bold face. A reader of results,
it shares nothing with the simulated model's own reading of notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.cells import RIGHT, Line, check
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.grading import is_correct
from sleeptime_lib.tasks.numerals import find_numbers

_MARKS: Final = re.compile(r"^\s*(?:[-*•–#>]+|\d+[.)])\s+|[*_`]{2,}|`")
_NAME_END: Final = re.compile(r"\s*(?:=|:|→|->)\s*|\s(?:is|are|was|were|equals?)\s(?=[^a-z]*\d)")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line of notes that states a number.

    Attributes:
        name: What the number is.
        number: The number as text ("12.5", "75%").
    """

    name: str
    number: str


def read_lines(text: str) -> list[NoteLine]:
    """The lines of notes that state a named number."""
    return [line for line in map(_read_line, text.splitlines()) if line is not None]


def _read_line(line: str) -> NoteLine | None:
    line = _MARKS.sub("", line).strip()
    end = _NAME_END.search(line)
    if end is None or not re.search("[A-Za-z]", line[: end.start()]):
        return None
    # Of a calculation the result counts, which stands behind the last equals sign.
    numbers = find_numbers(line[end.end() :].rsplit("=", 1)[-1])
    return NoteLine(line[: end.start()].strip(), str(numbers[0])) if numbers else None


@dataclass(frozen=True, slots=True)
class Turned:
    """One question that only one arm got right.

    Attributes:
        context: What it is about.
        question: The question, with the right answer.
        baseline: What was answered without notes; None when no number was.
        sleep: What was answered with notes; None when no number was.
        notes: The notes.
        match: The line of the notes that states the number answered; None when there is none.
    """

    context: Context
    question: Question
    baseline: str | None
    sleep: str | None
    notes: str
    match: NoteLine | None


@dataclass(frozen=True, slots=True)
class Split:
    """Some of the questions, and how many of them each arm got right."""

    questions: int
    baseline: int
    sleep: int


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """Wrong answers of an arm, and how many of them are a number that stands in the notes."""

    answers: int
    matches: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a sleep setting won and lost against the baseline at one budget.

    Attributes:
        line: The sleep setting.
        budget: Test budget of both arms.
        both: Questions that both got right.
        neither: Questions that both got wrong.
        won: Those that only the sleep arm got right, those whose answer stands in the notes first.
        lost: Those that only the baseline got right, those whose answer stands in the notes first.
        sleep_wrong: Wrong answers of the sleep arm.
        baseline_wrong: Those of the baseline, which never saw the notes: its matches are what
            chance alone brings about.
        stated: The questions whose right answer stands in the notes.
        unstated: The others.
    """

    line: Line
    budget: int
    both: int
    neither: int
    won: tuple[Turned, ...]
    lost: tuple[Turned, ...]
    sleep_wrong: WrongAnswers
    baseline_wrong: WrongAnswers
    stated: Split
    unstated: Split

    @property
    def matches(self) -> int:
        """Lost questions whose wrong answer stands in the notes."""
        return sum(one.match is not None for one in self.lost)


def exchange(
    task: Task,
    rows: pd.DataFrame,
    sleeps: pd.DataFrame,
    *,
    budget: int,
    budget_kind: str = "verbosity",
    parallel: int = 1,
    effort: str = "",
) -> Exchange:
    """Compare the arms question by question, on the first run of each.

    An answer counts as right from a score of `cells.RIGHT` on.

    Args:
        task: What was asked.
        rows: The columns of `sleeptime_lib.records.Row`.
        sleeps: The notes, as `sleeptime_lib.store.read_sleeps` gives them.
        budget: Test budget of both arms.
        budget_kind: What the budget counts.
        parallel: The sleep setting's number of parallel phases.
        effort: Its reasoning effort.

    Raises:
        InputError: The rows lack columns, or hold no such setting in both arms.
    """
    check(rows)
    line = Line("sleep", budget_kind, parallel, effort)
    at = rows[(rows["budget"] == budget) & (rows["budget_kind"] == budget_kind)]
    at = at[(at["sample"] == 0) & at["score"].notna()]
    base = at[at["arm"] == "baseline"].set_index("question_id")
    own = (at["sleep_parallel"] == parallel) & (at["sleep_effort"] == effort)
    slept = at[(at["arm"] == "sleep") & own].set_index("question_id")
    both = base.index.intersection(slept.index)
    if both.empty:
        raise InputError(
            f"no question was answered in both arms at {budget_kind} {budget}, {line.label}"
        )
    right, with_notes = base["score"][both] >= RIGHT, slept["score"][both] >= RIGHT
    questions = {question.question_id: question for question in task.questions}
    texts = notes_of(sleeps, line)
    notes = {name: texts.get(questions[name].context_id, []) for name in both}
    stated = np.array([_find(notes[name], questions[name].gold) is not None for name in both])

    def turned(which: pd.Series) -> tuple[Turned, ...]:
        found = [
            _turned(
                task.contexts[questions[name].context_id],
                questions[name],
                base["prediction"][name],
                slept["prediction"][name],
                notes[name],
            )
            for name in both[which]
        ]
        return tuple(sorted(found, key=lambda one: one.match is None))

    return Exchange(
        line=line,
        budget=budget,
        both=int((right & with_notes).sum()),
        neither=int((~right & ~with_notes).sum()),
        won=turned(~right & with_notes),
        lost=turned(right & ~with_notes),
        sleep_wrong=_wrong(slept["prediction"][both[~with_notes]], notes),
        baseline_wrong=_wrong(base["prediction"][both[~right]], notes),
        stated=_split(stated, right, with_notes),
        unstated=_split(~stated, right, with_notes),
    )


def _split(which: np.ndarray, right: pd.Series, with_notes: pd.Series) -> Split:
    return Split(int(which.sum()), int(right[which].sum()), int(with_notes[which].sum()))


def _wrong(predictions: pd.Series, notes: Mapping[str, Sequence[str]]) -> WrongAnswers:
    """Count wrong answers, by question, against the notes of their questions."""
    found = [_find(notes[str(name)], said) for name, said in predictions.items()]
    return WrongAnswers(len(found), sum(line is not None for line in found))


def notes_of(sleeps: pd.DataFrame, line: Line) -> dict[str, list[str]]:
    """Notes of a sleep setting's draws, by context."""
    drawn = sleeps["draw"] < line.sleep_parallel
    own = sleeps[drawn & (sleeps["sleep_effort"] == line.sleep_effort)].sort_values("draw")
    return {str(name): list(map(str, one["text"])) for name, one in own.groupby("context_id")}


def _find(notes: Sequence[str], number: object) -> NoteLine | None:
    """The first line of the notes that states a number; None also where it is none."""
    if not isinstance(number, str):
        return None
    lines = (line for text in notes for line in read_lines(text))
    return next((line for line in lines if is_correct(number, line.number)), None)


def _turned(
    context: Context, question: Question, baseline: object, sleep: object, notes: Sequence[str]
) -> Turned:
    before, after = (said if isinstance(said, str) else None for said in (baseline, sleep))
    return Turned(context, question, before, after, "\n\n".join(notes), _find(notes, sleep))
