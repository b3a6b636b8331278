"""What each line of the notes did: the question asked again without it.

A line carried a right answer where the answer is wrong without it, and caused a wrong one where it
is right without it. Any change of a prompt can turn an answer, so lines that state the answer are
told apart from those that do not: what the others do is what taking out a line does by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Interval, cluster_weights, limits
from sleeptime_lib.analysis.cells import RIGHT, ratio
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
        share: Of them, in percent, with its limits from the cluster bootstrap.
    """

    lines: int
    turned: int
    share: Interval


def share(
    found: Sequence[LineEffect],
    effect: Effect,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Share:
    """How often the lines that could have an effect had it, in percent."""
    could = [one for one in found if one.right == (effect == "carried")]
    turned = sum(one.effect == effect for one in could)
    if not could:
        return Share(0, 0, Interval(math.nan, math.nan, math.nan))
    place, names = pd.factorize(np.array([one.cluster_id for one in could]), sort=True)
    hits = np.array([float(one.effect == effect) for one in could])
    sums = np.stack([np.bincount(place, hits), np.bincount(place)]).astype(np.float64)
    weights = cluster_weights(len(names), draws, np.random.default_rng(seed))
    drawn = np.concatenate([each @ sums.T for each in weights])
    shares = 100 * ratio(drawn[:, 0], drawn[:, 1])
    low, high = (float(x) for x in limits(shares, shares, confidence, len(names)))
    if turned in (0, len(could)):  # no draw can differ
        low = high = math.nan
    return Share(len(could), turned, Interval(100 * turned / len(could), low, high))


def by_kind(found: Sequence[LineEffect], effect: Effect) -> dict[str, Share]:
    """The shares by what the lines state, and of those that are miscalculated."""
    kinds: dict[str, list[LineEffect]] = {
        kind: [one for one in found if one.states == kind] for kind in KINDS
    }
    kinds["miscalculated"] = [one for one in found if one.miscalculated]
    return {kind: share(own, effect) for kind, own in kinds.items()}


def by_line(found: Sequence[LineEffect], effect: Effect) -> dict[int, Share]:
    """The shares by the number of the line."""
    numbers = sorted({one.line for one in found})
    return {n: share([one for one in found if one.line == n], effect) for n in numbers}


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
