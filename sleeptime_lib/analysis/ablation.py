"""What each line of the notes did: the question asked again without it.

A line carried a right answer where the answer is wrong without it, and caused a wrong one where it
is right without it. Any change of a prompt can turn an answer, so lines that state the answer are
told apart from those that do not: what the others do is what taking out a line does by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Interval, joint_confidence
from sleeptime_lib.analysis.cells import RIGHT
from sleeptime_lib.analysis.score import accuracy_limits, item_means
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.methods.controls import LINE, lines_of
from sleeptime_lib.methods.note_lines import is_wrong, read_line
from sleeptime_lib.tasks.grading import is_correct

Effect = Literal["carried", "caused", "none"]
States = Literal["right answer", "wrong answer given", "other number", "no number"]

EFFECTS: Final[tuple[Effect, ...]] = ("carried", "caused")
"""What a line can have done to an answer."""

KINDS: Final[tuple[States, ...]] = (
    "right answer", "wrong answer given", "other number", "no number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineEffect:
    """One line of the notes, as far as one question goes.

    Attributes:
        context_id: Whose notes.
        cluster_id: Of the context.
        question_id: The question.
        line: Its number among the lines that say anything, from 1.
        text: The line.
        right: Whether the answer with all lines is right.
        effect: It "carried" the right answer, it "caused" the wrong one, or "none".
        states: What its number is.
        miscalculated: Its calculation gives another number than it states.
        before: What was answered with all lines.
        after: What was answered without it.
    """

    context_id: str
    cluster_id: str
    question_id: str
    line: int
    text: str
    right: bool
    effect: Effect
    states: States
    miscalculated: bool
    before: str
    after: str


def line_effects(rows: pd.DataFrame, notes: Mapping[tuple[str, str], str]) -> list[LineEffect]:
    """The effect of every line that was left out.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        notes: The text of the notes by context and effort of the sleep phase.
    """
    own = rows[(rows["budget_kind"] == LINE) & rows["score"].notna() & (rows["sample"] == 0)]
    records = own.to_dict("records")
    whole = {
        (row["question_id"], row["sleep_effort"]): row for row in records if row["budget"] == 0
    }
    found = []
    for row in records:
        full = whole.get((row["question_id"], row["sleep_effort"]))
        if full is None or not dict(row["measures"]).get("deleted"):
            continue
        lines = lines_of(notes.get((row["context_id"], row["sleep_effort"]), ""))
        number = int(row["budget"])
        text = lines[number - 1] if number <= len(lines) else ""
        right, after = full["score"] >= RIGHT, row["score"] >= RIGHT
        found.append(
            LineEffect(
                context_id=row["context_id"],
                cluster_id=row["cluster_id"],
                question_id=row["question_id"],
                line=number,
                text=text,
                right=right,
                effect="none" if right == after else "carried" if right else "caused",
                states=_states(text, row["gold"], full["prediction"]),
                miscalculated=is_wrong(text),
                before=_said(full["prediction"]),
                after=_said(row["prediction"]),
            )
        )
    return found


def _said(prediction: object) -> str:
    return prediction if isinstance(prediction, str) else ""


def _states(text: str, gold: str, answered: object) -> States:
    line = read_line(text)
    if line is None:
        return "no number"
    if is_correct(line.number, gold):
        return "right answer"
    if isinstance(answered, str) and is_correct(answered, line.number):
        return "wrong answer given"
    return "other number"


@dataclass(frozen=True, slots=True)
class Share:
    """How often lines of one kind turned an answer.

    Attributes:
        lines: Lines that could: those of right answers for "carried", of wrong ones for "caused".
        turned: Those that did.
        share: Of them, in percent, with limits that hold for all kinds at once.
    """

    lines: int
    turned: int
    share: Interval


Kind = TypeVar("Kind", int, str)


def shares(
    found: Sequence[LineEffect],
    effect: Effect,
    kinds: Mapping[Kind, Sequence[bool]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[Kind, Share]:
    """How often the lines that could have an effect had it, in percent, by kinds of lines.

    Args:
        found: What the lines did.
        effect: The effect.
        kinds: Which of them are of each kind.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the limits of all kinds together.
    """
    could = np.array([one.right == (effect == "carried") for one in found], dtype=np.bool_)
    turned = np.array([one.effect == effect for one in found], dtype=np.float64)
    among = np.array([list(own) for own in kinds.values()], dtype=np.bool_).T
    values = np.where(among, turned[:, None], np.nan)[could]
    names = np.array([one.cluster_id for one in found], dtype=object)[could]
    n, hits, means = item_means(values, pd.factorize(names, sort=True)[0], draws, seed)
    lines, right = n.sum(axis=1), hits.sum(axis=1)
    joint = joint_confidence(means[1:], means[1:], confidence)
    low, high = accuracy_limits(n, hits, right, means[1:], joint)
    told = np.where(lines > 0, 100 * np.clip([means[0], low, high], 0.0, 1.0), np.nan)
    return {
        kind: Share(int(lines[i]), int(right[i]), Interval(*map(float, told[:, i])))
        for i, kind in enumerate(kinds)
    }


def by_kind(found: Sequence[LineEffect], effect: Effect) -> dict[str, Share]:
    """The shares by what the lines state, and of those that are miscalculated."""
    kinds: dict[str, list[bool]] = {kind: [one.states == kind for one in found] for kind in KINDS}
    return shares(found, effect, kinds | {"miscalculated": [one.miscalculated for one in found]})


def by_line(found: Sequence[LineEffect], effect: Effect) -> dict[int, Share]:
    """The shares by the number of the line."""
    numbers = sorted({one.line for one in found})
    return shares(found, effect, {n: [one.line == n for one in found] for n in numbers})


def sentences(found: Sequence[LineEffect]) -> list[str]:
    """What the lines did, in words."""
    if not found:
        return []
    questions = len({one.question_id for one in found})
    told = [
        f"{len(found):,} times a line of the notes was left out, one at a time, on {questions} "
        "questions."
    ]
    for effect, what in zip(EFFECTS, ("carried a right answer", "caused a wrong one"), strict=True):
        shares = {kind: one for kind, one in by_kind(found, effect).items() if one.lines}
        parts = [f"{one.turned} of {one.lines} ({kind})" for kind, one in shares.items()]
        if parts:
            told.append(f"Lines that {what}, by what they state: {', '.join(parts)}.")
    return told


def table(found: Sequence[LineEffect], caption: str) -> Table:
    """One row for each line that turned an answer; the full numbers hold every line."""
    return Table(
        name="lines",
        caption=caption,
        header=("question", "line", "text", "effect", "states", "with it", "without"),
        rows=tuple(
            (
                one.question_id, str(one.line), one.text, one.effect, one.states, one.before,
                one.after,
            )
            for one in found
            if one.effect != "none"
        ),
        text_columns=(0, 2, 3, 4),
        sentences=tuple(sentences(found)),
        data_header=(
            "context_id", "cluster_id", "question_id", "line", "text", "right", "effect", "states",
            "miscalculated", "before", "after",
        ),
        data=tuple(
            (
                one.context_id, one.cluster_id, one.question_id, one.line, one.text,
                int(one.right), one.effect, one.states, int(one.miscalculated), one.before,
                one.after,
            )
            for one in found
        ),
    )  # fmt: skip
