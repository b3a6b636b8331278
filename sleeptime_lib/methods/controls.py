"""Control arms: what an answer is shown in place of the notes of its own context.

Each changes one thing in what the sleep arm or the baseline is shown, so that the difference says
what that thing is worth:

    placebo_same   the notes of another context of the same family: form and topic without content
    placebo_other  those of another family: form alone
    notes_only     the notes without the situation: what may be left out once there are notes
    filler         as many characters of lines about something else: length alone
    bare           no block of notes, and no word about notes: what the frame does to the baseline
    oracle         the true quantities of a generated context: the most that notes could give
    without_line   the notes without one line: what that line did (budget kind "line")

Whose notes an arm reads is part of its setting (`Setting.notes_of`); everything else is here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from sleeptime_lib.estimate import CHARS_PER_TOKEN
from sleeptime_lib.experiment import Notes, Prompt, Setting
from sleeptime_lib.methods.situation import (
    CONTEXT_ONLY,
    asking,
    asking_about,
    notes_part,
    situation_part,
)
from sleeptime_lib.records import Context, Question

Control = Literal["placebo_same", "placebo_other", "notes_only", "filler", "bare", "oracle"]

NOTES_OF: Final[Mapping[str, str]] = {
    "placebo_same": "same_family",
    "placebo_other": "other_family",
}
"""Whose notes the arms read that do not read those of their own context."""

WITHOUT_NOTES: Final = ("bare", "oracle")
"""Arms that need no sleep phase."""

LINE: Final = "line"
"""Budget kind of notes without one line; the budget is its number, from 1."""

BARE_FRAME: Final = Prompt("bare_frame", 1, "You answer questions about a situation.")

NOTES_ONLY_FRAME: Final = Prompt(
    "notes_only_frame",
    1,
    "You answer questions about a situation that is not shown. Below there is a block of notes "
    "that were written about it earlier, while there was time to think about it. They are all "
    "there is to go by.",
)

REWORDED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "bare": (
        (" Take what you can from the notes rather than computing it again.", ""),
        (" took from the notes or from memory,", " took from memory,"),
        ("from the situation and from the notes,", "from the situation,"),
    ),
    "notes_only": (("from the situation and from the notes,", "from the notes,"),),
}
"""What an arm says otherwise in the words that tell how to answer: it has no notes, or no
situation, to speak of."""

FILLER: Final[tuple[tuple[str, ...], ...]] = (
    ("pennants", "tide tables", "sextants", "oilskins", "chart tubes", "brass bells", "lanterns"),
    ("on the north mole", "in the pilot house", "by the slipway", "in the signal loft", "at anchor",
     "behind the sail store", "on the lightship", "under the winch"),
    ("at dawn", "after the gale", "before the regatta", "since the audit", "at low water", "each"),
)  # fmt: skip
"""Words of the lines of filler: about a harbour, which no family of the generated data is."""

_PROMPTS: Final[Mapping[str, tuple[Any, ...]]] = {
    "notes_only": (NOTES_ONLY_FRAME, REWORDED["notes_only"]),
    "filler": (Prompt("filler", 1, "\n".join(map(",".join, FILLER))),),
    "bare": (BARE_FRAME, REWORDED["bare"]),
    "oracle": (Prompt("oracle", 1, "name = number"),),
}
_ORACLE_TOKENS: Final = 150
"""Length of the notes of `oracle`, for estimates."""


def prompts(names: Sequence[str]) -> tuple[Any, ...]:
    """Every text that only these arms send."""
    return tuple(text for name in names for text in _PROMPTS.get(name, ()))


def opening(
    context: Context, question: Question, setting: Setting, notes: Sequence[Notes], manner: Prompt
) -> tuple[Mapping[str, Any], ...]:
    """The messages that ask a question in the way of an arm.

    Args:
        context: The situation.
        question: The question; `context_only` withholds it.
        setting: Its arm decides.
        notes: Those that the arm was given.
        manner: How to answer.
    """
    arm = setting.arm
    for told, instead in REWORDED.get(arm, ()):
        manner = replace(manner, text=manner.text.replace(told, instead))
    texts = _shown(context, arm, [note.text for note in notes])
    if arm == "bare":
        return asking_about(situation_part(context.text), question.text, manner, BARE_FRAME)
    if arm == "notes_only":
        return asking_about(notes_part(texts), question.text, manner, NOTES_ONLY_FRAME)
    asked = CONTEXT_ONLY.text if arm == "context_only" else question.text
    return asking(context.text, texts, asked, manner)


def _shown(context: Context, arm: str, texts: list[str]) -> list[str]:
    if arm == "oracle":
        return [true_notes(context)]
    if arm == "filler":
        return [filler(len(text), f"{context.context_id} {i}") for i, text in enumerate(texts)]
    return texts


def true_notes(context: Context) -> str:
    """All quantities that can be asked about a generated context, simple ones first."""
    known = sorted(context.quantities, key=lambda quantity: quantity.steps)
    return "\n".join(f"{quantity.name} = {quantity.gold}" for quantity in known)


def filler(characters: int, seed: str) -> str:
    """Whole lines in the form of notes about something else, as many characters as can be.

    The numbers are right, and say nothing about any situation.
    """
    dice = random.Random(f"filler {seed}")
    lines: list[str] = []
    left = characters
    while True:
        name = " ".join(dice.choice(words) for words in FILLER)
        one, other = dice.randrange(2, 40), dice.randrange(2, 13)
        line = f"{name} = {one} * {other} = {one * other}"
        if left < len(line) / 2:
            return "\n".join(lines)
        lines.append(line)
        left -= len(line) + 1


def as_asked(setting: Setting) -> Setting:
    """A setting of budget kind "line" as the sleep arm's setting that it takes a line from."""
    return replace(setting, arm="sleep", budget_kind=setting.draws_of, budget=setting.asked_at)


def lines_of(text: str) -> list[str]:
    """The lines of notes that say anything."""
    return [line for line in text.splitlines() if line.strip()]


def without_line(notes: Sequence[Notes], number: int) -> tuple[list[Notes], dict[str, float]]:
    """Notes without one of their lines, and what was left out.

    Args:
        notes: Of all draws; their lines are counted on.
        number: From 1. Beyond the last one nothing is left out, and the request is that of the
            sleep arm, which costs no call.

    Returns:
        The notes, and the measures `lines`, how many there are, and `deleted`, 0 or 1.
    """
    kept, before = [], 0
    for note in notes:
        own = lines_of(note.text)
        if before < number <= before + len(own):
            rest = [line for i, line in enumerate(own, start=before + 1) if i != number]
            note = replace(note, text="\n".join(rest))
        kept.append(note)
        before += len(own)
    return kept, {"lines": float(before), "deleted": float(0 < number <= before)}


def frame_tokens(setting: Setting, manner: Prompt) -> float:
    """Prompt tokens of a request beside context, question and notes of a sleep phase, about."""
    asked = opening(Context("", "", ""), Question("", "", "", ""), setting, (), manner)
    own = _ORACLE_TOKENS if setting.arm == "oracle" else 0
    return sum(len(str(message)) for message in asked) / CHARS_PER_TOKEN + own
