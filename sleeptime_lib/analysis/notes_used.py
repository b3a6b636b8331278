"""Which anticipated questions came: what of the notes c' was used, what was wrong, what it did.

Each question is matched with the notes of its context. Where the data knows the quantities of a
context (generated contexts), a note belongs to the quantity of its name, a question to the
quantity it asks for, and both meet exactly. Otherwise a note's name is looked for among the words
of the question. A note counts as used when it states what a question asks for; that it may have
helped on the way to another answer is not seen here.

This answers an open point of the paper: where the gain comes from. Questions that were
anticipated may be easier ones, so the baseline's accuracy on the same questions stands beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, cast

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import Floats, Interval, cluster_weights, limits
from sleeptime_lib.analysis.cells import SAMPLES, Line, check, ratio
from sleeptime_lib.analysis.note_lines import (
    Note,
    answered_by,
    best,
    read_lines,
    similarity,
    weigh,
)
from sleeptime_lib.analysis.results import json_safe
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.grading import is_correct

NAME_MATCH: Final = 0.5
"""Least similarity of a note's name with a quantity's."""
QUESTION_MATCH: Final = 0.75
"""Least `answered_by` of a note's name for a question. On generated contexts, whose exact matches
are known, words then find 7 to 8 in 10 of the anticipated questions; of what they find 9 in 10 are
right where notes cover half of what can be asked, and 7 in 10 where they cover a third."""

Outcome = Literal["right", "wrong", "missed"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("right", "wrong", "missed")


@dataclass(frozen=True, slots=True)
class Match:
    """A question and the note that states what it asks for.

    Attributes:
        question_id: The question.
        outcome: "right" if it was anticipated with the right number, "wrong" if with a wrong one,
            "missed" if no note states what it asks for.
        exact: Whether it was matched by quantity, not by words.
        note: The note; None when missed.
    """

    question_id: str
    outcome: Outcome
    exact: bool
    note: Note | None


@dataclass(frozen=True, slots=True)
class Matched:
    """The notes of one context under one sleep setting.

    Attributes:
        lines: Lines of the notes that are not empty.
        numbers: Those that state a named number.
        used: Those that state what at least one question asks for.
        judged: Numbers that can be judged, because the data knows the quantity.
        wrong: Those of them that are wrong.
        questions: The matches of the context's questions.
    """

    lines: int
    numbers: int
    used: int
    judged: int
    wrong: int
    questions: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """Accuracy of both arms on the questions of one outcome.

    Attributes:
        outcome: Whether and how the questions were anticipated.
        budget: Test budget; None for all together.
        questions: How many questions.
        n: Answered rows of the sleep arm.
        sleep: Accuracy of the sleep arm.
        baseline: Accuracy of the baseline on the same questions, at the same budgets.
        gain_points: Their difference in percentage points, paired by cluster.
    """

    outcome: Outcome
    budget: int | None
    questions: int
    n: int
    sleep: Interval
    baseline: Interval
    gain_points: Interval


@dataclass(frozen=True, slots=True)
class NotesUse:
    """What became of the notes of one sleep setting. Shares are from 0 to 1.

    Attributes:
        line: The sleep setting.
        contexts: Contexts with rows.
        questions: Questions with rows.
        lines: Lines of all their notes.
        used: Share of the lines that state what at least one question asks for.
        wrong: Share of wrong numbers among those that can be judged; NaN when none can.
        unknown: Share of the numbers that cannot be judged.
        anticipated: Share of the questions whose answer a note states, right or wrong.
        exact: Share of the questions that were matched by quantity rather than by words.
        effects: Accuracy by outcome, over all budgets and at each.
        confidence: Of the intervals.
        draws: Bootstrap draws.
    """

    line: Line
    contexts: int
    questions: int
    lines: int
    used: Interval
    wrong: Interval
    unknown: float
    anticipated: Interval
    exact: float
    effects: tuple[Effect, ...]
    confidence: float
    draws: int

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values; NaN is null."""
        value: dict[str, Any] = json_safe(asdict(self) | {"label": self.line.label})
        return value


def notes_used(
    task: Task,
    rows: pd.DataFrame,
    sleeps: pd.DataFrame,
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[NotesUse, ...]:
    """Match the questions of a run with its notes, for every sleep setting.

    Args:
        task: What was asked; contexts that know their quantities are matched exactly.
        rows: The columns of `sleeptime_lib.records.Row`.
        sleeps: The notes, as `sleeptime_lib.store.read_sleeps` gives them: context_id,
            sleep_effort, draw, text. A setting with k parallel phases reads the draws below k.
        draws: Bootstrap draws of the clusters.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Returns:
        One record for each sleep setting, the smallest first.

    Raises:
        InputError: The rows lack columns or are of several runs.
    """
    check(rows)
    answered = rows[rows["score"].notna() & (rows["budget_kind"] != SAMPLES)]
    slept = answered[answered["arm"] == "sleep"]
    texts = _texts(sleeps)
    found = []
    keys = ["budget_kind", "sleep_parallel", "sleep_effort"]
    for key, own in slept.groupby(keys) if len(slept) else ():
        kind, parallel, effort = cast("tuple[str, int, str]", key)
        line = Line("sleep", str(kind), int(parallel), str(effort))
        base = answered[
            (answered["arm"] == "baseline")
            & (answered["budget_kind"] == kind)
            & answered["budget"].isin(own["budget"].unique())
        ]
        asked = set(own["question_id"])
        matched = match_notes(task, texts, line, asked)
        found.append(_summary(line, task, matched, own, base, draws, seed, confidence))
    return tuple(sorted(found, key=lambda use: use.line.rank))


def match_notes(
    task: Task, texts: Mapping[tuple[str, str], Sequence[str]], line: Line, asked: set[str]
) -> dict[str, Matched]:
    """Match every asked question with the notes of its context, by context_id.

    Args:
        task: Contexts and questions.
        texts: Notes of each draw, by context_id and sleep effort.
        line: The sleep setting.
        asked: Ids of the questions that have rows.
    """
    questions: dict[str, list[Question]] = {}
    for question in task.questions:
        if question.question_id in asked:
            questions.setdefault(question.context_id, []).append(question)
    return {
        name: _match(
            task.contexts[name],
            own,
            list(texts.get((name, line.sleep_effort), ()))[: line.sleep_parallel],
        )
        for name, own in questions.items()
    }


def _texts(sleeps: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    texts: dict[tuple[str, str], list[str]] = {}
    columns = ["context_id", "sleep_effort", "draw", "text"]
    for name, effort, _, text in sorted(sleeps[columns].itertuples(index=False, name=None)):
        texts.setdefault((str(name), str(effort)), []).append(str(text))
    return texts


def _match(context: Context, questions: Sequence[Question], texts: Sequence[str]) -> Matched:
    lines = [line for text in texts for line in read_lines(text)]
    notes = [line for line in lines if line is not None]
    about = [_quantity_of(note, context) for note in notes]
    asked_for = {quantity.question: i for i, quantity in enumerate(context.quantities)}
    weights = weigh(note.name for note in notes)
    used: set[int] = set()
    matches = []
    for question in questions:
        quantity = asked_for.get(question.text)
        if quantity is not None:
            which = [i for i, own in enumerate(about) if own == quantity]
        else:
            which = _lexical(question, notes, weights)
        used.update(which)
        matches.append(_judge(question, [notes[i] for i in which], exact=quantity is not None))
    judged = [(n, q) for n, q in zip(notes, about, strict=True) if q is not None]
    wrong = [1 for n, q in judged if not is_correct(n.number, context.quantities[q].gold)]
    return Matched(len(lines), len(notes), len(used), len(judged), len(wrong), tuple(matches))


def _quantity_of(note: Note, context: Context) -> int | None:
    """Index of the quantity that a note names."""
    names = [quantity.name for quantity in context.quantities]
    same = [name.casefold() == note.name.casefold() for name in names]
    if any(same):
        return same.index(True)
    weights = weigh(names)
    return best([similarity(note.name, name, weights) for name in names], NAME_MATCH)


def _lexical(question: Question, notes: Sequence[Note], weights: Mapping[str, float]) -> list[int]:
    found = best([answered_by(question.text, n.name, weights) for n in notes], QUESTION_MATCH)
    if found is None:
        return []
    return [i for i, note in enumerate(notes) if note.name == notes[found].name]


def _judge(question: Question, notes: Sequence[Note], *, exact: bool) -> Match:
    """Where notes disagree, the number that most of them give counts, and the first on a draw."""
    if not notes:
        return Match(question.question_id, "missed", exact, None)
    number = Counter(note.number for note in notes).most_common(1)[0][0]
    chosen = next(note for note in notes if note.number == number)
    outcome: Outcome = "right" if is_correct(number, question.gold) else "wrong"
    return Match(question.question_id, outcome, exact, chosen)


def _summary(
    line: Line,
    task: Task,
    matched: Mapping[str, Matched],
    own: pd.DataFrame,
    base: pd.DataFrame,
    draws: int,
    seed: int,
    confidence: float,
) -> NotesUse:
    clusters = sorted({task.contexts[name].cluster_id for name in matched})
    place = {name: clusters.index(task.contexts[name].cluster_id) for name in matched}
    matches = [m for one in matched.values() for m in one.questions]
    outcome_of = {m.question_id: OUTCOMES.index(m.outcome) for m in matches}
    notes = np.zeros((len(clusters), 6))
    for name, one in matched.items():
        came = sum(m.outcome != "missed" for m in one.questions)
        notes[place[name]] += (
            one.used, one.lines, one.wrong, one.judged, came, len(one.questions),
        )  # fmt: skip
    budgets = [None, *sorted(int(b) for b in own["budget"].unique())]
    cells = [(i, budget) for budget in budgets for i in range(len(OUTCOMES))]
    sums = [notes]
    for frame in (own, base):
        sums.append(_sums(frame, outcome_of, cells, place, len(clusters)))
    flat = np.concatenate(sums, axis=1)
    rng = np.random.default_rng(seed)
    weights = cluster_weights(len(clusters), draws, rng)
    every = np.concatenate([flat.sum(axis=0)[None], *(w @ flat for w in weights)])
    shares = ratio(every[:, 0:6:2], every[:, 1:6:2])
    slept, awake = (
        ratio(part[:, 0::2], part[:, 1::2]) for part in np.split(every[:, 6:], 2, axis=1)
    )

    def intervals(values: Floats, least: float, most: float) -> list[Interval]:
        low, high = limits(values[1:], values[1:], confidence, len(clusters))
        known = np.isfinite(values[0])
        low = np.where(known, np.clip(low, least, most), np.nan)
        high = np.where(known, np.clip(high, least, most), np.nan)
        return [Interval(*map(float, v)) for v in zip(values[0], low, high, strict=True)]

    used, wrong, anticipated = intervals(shares, 0, 1)
    pairs = zip(
        intervals(slept, 0, 1),
        intervals(awake, 0, 1),
        intervals(100 * (slept - awake), -100, 100),
        strict=True,
    )
    numbers = sum(one.numbers for one in matched.values())
    seen = every[0, 6:]
    effects = [
        Effect(
            outcome=OUTCOMES[i],
            budget=budget,
            questions=sum(own == i for own in outcome_of.values()),
            n=int(seen[2 * k + 1]),
            sleep=asleep,
            baseline=control,
            gain_points=gain,
        )
        for k, ((i, budget), (asleep, control, gain)) in enumerate(zip(cells, pairs, strict=True))
    ]
    return NotesUse(
        line=line,
        contexts=len(matched),
        questions=len(matches),
        lines=int(every[0, 1]),
        used=used,
        wrong=wrong,
        unknown=1 - every[0, 3] / numbers if numbers else float("nan"),
        anticipated=anticipated,
        exact=sum(m.exact for m in matches) / len(matches),
        effects=tuple(effects),
        confidence=confidence,
        draws=draws,
    )


def _sums(
    rows: pd.DataFrame,
    outcome_of: Mapping[str, int],
    cells: Iterable[tuple[int, int | None]],
    place: Mapping[str, int],
    clusters: int,
) -> Floats:
    """(clusters, 2 for each cell): right answers and answers."""
    rows = rows[rows["question_id"].isin(list(outcome_of))]
    outcome = rows["question_id"].map(outcome_of).to_numpy(dtype=np.int64)
    cluster = rows["context_id"].map(place).to_numpy(dtype=np.int64)
    budget = rows["budget"].to_numpy()
    score = rows["score"].to_numpy(dtype=np.float64)
    columns = []
    for i, own in cells:
        here = (outcome == i) & (True if own is None else budget == own)
        columns.append(np.bincount(cluster[here], score[here], minlength=clusters))
        columns.append(np.bincount(cluster[here], minlength=clusters).astype(np.float64))
    return np.stack(columns, axis=1)
