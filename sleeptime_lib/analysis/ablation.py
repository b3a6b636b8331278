"""What each line of the notes did: the question asked again without it.

A line carried a right answer where the answer is wrong without it, and caused a wrong one where it
is right without it. Any change of a prompt can turn an answer, so lines that state the answer are
held against those that do not: what the others do is what taking out a line does by itself. A line
that stands there more than once is left out once, so that what it says stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final, Literal, TypeVar

import numpy as np
import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import DRAWS, Interval, joint_confidence
from sleeptime_lib.analysis.cells import RIGHT
from sleeptime_lib.analysis.score import accuracy_limits, apart_limits, item_means
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.methods.controls import LINE, lines_of
from sleeptime_lib.methods.note_lines import is_wrong, read_line
from sleeptime_lib.tasks.grading import is_correct
from sleeptime_lib.texts import brief

Effect = Literal["carried", "caused", "none"]
States = Literal["right answer", "wrong answer given", "other number", "no number"]

EFFECTS: Final[tuple[Effect, ...]] = ("carried", "caused")
"""What a line can have done to an answer."""

TELLING: Final[Mapping[Effect, States]] = {
    "carried": "right answer", "caused": "wrong answer given",
}  # fmt: skip
"""What lines state that can turn an answer by what they say."""

LONGEST: Final = 90
"""Characters of a line in a table for people."""

MOST_TOLD: Final = 40
"""Rows of such a table; the full numbers hold every line."""

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
        lines: How many of these the notes have.
        text: The line.
        repeated: It stands there more than once.
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
    lines: int
    text: str
    repeated: bool
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
                lines=len(lines),
                text=text,
                repeated=lines.count(text) > 1,
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


def of_all(found: Sequence[LineEffect], effect: Effect) -> Share:
    """The share of all lines that could have an effect."""
    return shares(found, effect, {0: [True] * len(found)})[0]


def beyond(
    found: Sequence[LineEffect],
    effect: Effect,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """How much more often lines that state the answer had an effect than the other lines.

    Args:
        found: What the lines did.
        effect: The effect.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the limits for both effects together.

    Returns:
        Percentage points; NaN where there are no lines of one of the two.
    """
    could = [one for one in found if one.right == (effect == "carried")]
    telling = np.array([one.states == TELLING[effect] for one in could], dtype=np.bool_)
    turned = np.array([one.effect == effect for one in could], dtype=np.float64)
    if telling.all() or not telling.any():
        return Interval(math.nan, math.nan, math.nan)
    values = np.column_stack([np.where(own, turned, np.nan) for own in (telling, ~telling)])
    cluster = pd.factorize(np.array([one.cluster_id for one in could], dtype=object), sort=True)[0]
    n, hits, means = item_means(values, cluster, draws, seed)
    low, high = apart_limits(n, hits, means[1:], 1 - (1 - confidence) / len(EFFECTS))
    return Interval(*(100 * float(x) for x in (means[0, 0] - means[0, 1], low[0], high[0])))


def numbers(found: Sequence[LineEffect]) -> dict[Effect, dict[str, Any]]:
    """Of each effect, the shares of all lines and of each kind, and how much the answer adds."""
    return {
        effect: {
            "all": of_all(found, effect),
            "kinds": by_kind(found, effect),
            "beyond": beyond(found, effect),
        }
        for effect in EFFECTS
    }


def sentences(found: Sequence[LineEffect]) -> list[str]:
    """What the lines did, in words."""
    if not found:
        return []
    first = {one.question_id: one for one in found}
    right = sum(one.right for one in first.values())
    clusters = len({one.cluster_id for one in found})
    told = [
        f"{len(found):,} times a line of the notes was left out, one at a time, on {len(first)} "
        f"questions in {clusters} clusters, {right} of which were right with all lines."
    ]
    untried = sum(one.lines for one in first.values()) - len(found)
    if untried > 0:
        told.append(f"{untried:,} later lines of longer notes were not left out.")
    if again := sum(one.repeated for one in found):
        told.append(
            f"{again:,} of the lines stand in their notes more than once: without one of them the "
            "notes still say it, so that what such lines do is not determined."
        )
    for effect, what in zip(EFFECTS, ("carried a right answer", "caused a wrong one"), strict=True):
        told += _told(found, effect, what)
    return told


def _told(found: Sequence[LineEffect], effect: Effect, what: str) -> list[str]:
    every = of_all(found, effect)
    if not every.lines:
        return [f"Lines that {what}: not determined, no line could."]
    kinds = {kind: one for kind, one in by_kind(found, effect).items() if one.lines}
    parts = [f"{kind} {_share(one)}" for kind, one in kinds.items()]
    more = beyond(found, effect)
    said = [
        f"Lines that {what}: {_share(every)}; by what they state (limits for all at once): "
        f"{'; '.join(parts)}."
    ]
    if not math.isnan(more.estimate):
        own = f"those that state the {TELLING[effect]} did so"
        said.append(
            {
                "higher": f"T{own[1:]} more often than the others",
                "lower": f"T{own[1:]} less often than the others",
                "not determined": f"Whether {own} more often than the others is not determined",
            }[wording.verdict(more.low, more.high)]
            + f": {more.estimate:+.1f} points {wording.limits_of(more.low, more.high)}."
        )
    return said


def _share(one: Share) -> str:
    limits = wording.limits_of(one.share.low, one.share.high)
    return f"{one.turned} of {one.lines} ({one.share.estimate:.1f}% {limits})"


def table(found: Sequence[LineEffect], caption: str) -> Table:
    """One row for each line that turned an answer, those that carried one first."""
    turned = sorted((one for one in found if one.effect != "none"), key=lambda one: one.effect)
    told = sentences(found)
    if len(turned) > MOST_TOLD:
        told.append(
            f"{MOST_TOLD} of {len(turned)} lines that turned an answer are shown; the CSV file has "
            "all."
        )
    return Table(
        name="lines",
        caption=caption,
        header=("question", "line", "text", "effect", "states", "with it", "without"),
        rows=tuple(
            (
                one.question_id,
                str(one.line),
                brief(one.text, LONGEST),
                one.effect,
                one.states,
                one.before,
                one.after,
            )
            for one in turned[:MOST_TOLD]
        ),
        text_columns=(0, 2, 3, 4),
        sentences=tuple(told),
        data_header=tuple(field.name for field in fields(LineEffect)),
        data=tuple(
            tuple(int(value) if isinstance(value, bool) else value for value in astuple(one))
            for one in found
        ),
    )
