"""What notes gave and what they took away, question by question.

A number in the notes is cheaper to copy than to calculate, also when it is wrong or is the answer
to another question. So each question is held against the numbers that its notes state, whatever
the notes call them. A number may stand there by chance, since the notes are about the same
context. How often it does is seen in the baseline's wrong answers: those were given without the
notes, so whatever of them stands there cannot have been copied (a placebo check). This is a part
of where the difference between the arms comes from, which the paper leaves open.

A second placebo checks the first: how often the wrong answers of the arm with notes are a number
that stands in the notes of some other context, which it never saw either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, Interval
from sleeptime_lib.analysis.cells import RIGHT, Line, check, rows_of
from sleeptime_lib.analysis.score import apart_limits, item_means
from sleeptime_lib.errors import InputError
from sleeptime_lib.methods.note_lines import NoteLine, read_lines
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.grading import is_correct

__all__ = ["Exchange", "NoteLine", "Split", "Turned", "WrongAnswers", "exchange", "read_lines"]

OTHERS = 20
"""Other contexts whose notes each wrong answer is held against."""


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
        copied: Share of the sleep arm's wrong answers that match minus that of the baseline's, in
            percentage points, with pointwise limits from the clusters.
        placebo: Share of the sleep arm's wrong answers that stand in the notes of another context,
            on average over up to `OTHERS` of them; NaN where there is none.
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
    copied: Interval
    placebo: float
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
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
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
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the limits.

    Raises:
        InputError: The rows lack columns, or hold no such setting in both arms.
    """
    check(rows)
    line = Line("sleep", budget_kind, parallel, effort)
    first = rows[rows["sample"] == 0]
    base, slept = (
        rows_of(first, own, budget).set_index("question_id")
        for own in (Line("baseline", budget_kind), line)
    )
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
    wrong = np.column_stack(
        [
            _matching(own["prediction"][both], well, notes)
            for own, well in ((slept, with_notes), (base, right))
        ]
    )

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
        sleep_wrong=_counted(wrong[:, 0]),
        baseline_wrong=_counted(wrong[:, 1]),
        copied=_apart(wrong, base["cluster_id"][both], draws, seed, confidence),
        placebo=_placebo(slept["prediction"][both[~with_notes]], questions, texts),
        stated=_split(stated, right, with_notes),
        unstated=_split(~stated, right, with_notes),
    )


def _split(which: np.ndarray, right: pd.Series, with_notes: pd.Series) -> Split:
    return Split(int(which.sum()), int(right[which].sum()), int(with_notes[which].sum()))


def _matching(
    predictions: pd.Series, right: pd.Series, notes: Mapping[str, Sequence[str]]
) -> Floats:
    """(questions,) 1 for a wrong answer that stands in its notes, 0 for others; NaN for right."""
    found = [_find(notes[str(name)], said) is not None for name, said in predictions.items()]
    return np.where(right, np.nan, np.array(found, dtype=np.float64))


def _counted(wrong: Floats) -> WrongAnswers:
    return WrongAnswers(int((~np.isnan(wrong)).sum()), int(np.nansum(wrong)))


def _apart(
    wrong: Floats, clusters: pd.Series, draws: int, seed: int, confidence: float
) -> Interval:
    """The first column's share of matches minus the second's, in percentage points."""
    cluster = pd.factorize(clusters, sort=True)[0]
    n, hits, means = item_means(wrong, cluster, draws, seed)
    low, high = apart_limits(n, hits, means[1:], confidence)
    return Interval(*(100 * float(x) for x in (means[0, 0] - means[0, 1], low[0], high[0])))


def _placebo(
    predictions: pd.Series,
    questions: Mapping[str, Question],
    texts: Mapping[str, Sequence[str]],
) -> float:
    """Mean share of wrong answers that stand in the notes of a context that comes after theirs."""
    names = sorted(texts)
    shares = []
    for name, said in predictions.items():
        own = questions[str(name)].context_id
        start = names.index(own) + 1 if own in texts else 0
        others = [other for other in (*names[start:], *names[:start]) if other != own][:OTHERS]
        if others:
            shares.append(np.mean([_find(texts[other], said) is not None for other in others]))
    return float(np.mean(shares)) if shares else float("nan")


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
