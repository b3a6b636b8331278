"""How context, notes and question stand in a request, the same for all ways of answering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sleeptime_lib.experiment import Prompt

EMPTY_NOTES: Final = "[empty]"
"""What the notes block holds before a sleep phase has written to it, and for the baseline."""

ANSWER_FRAME: Final = Prompt(
    "answer_frame",
    1,
    "You answer questions about a situation. Below the situation there is a block of notes that "
    "may have been written earlier, while there was time to think about the situation. The block "
    "may be empty. What it holds can save you work, but the situation itself decides.",
)

CONTEXT_ONLY: Final = Prompt(
    "context_only",
    1,
    "The question has not been given. Guess the one question that is most likely to be asked "
    "about this situation, and answer it.",
)


def situation_block(context: str, notes: Sequence[str] = ()) -> str:
    """The part of a request that all questions about one context share.

    Args:
        context: The situation c.
        notes: The texts of the memory blocks c'_1 .. c'_k; empty for the baseline.
    """
    return f"{situation_part(context)}\n\n{notes_part(notes)}"


def situation_part(context: str) -> str:
    """The context alone."""
    return f"<situation>\n{context}\n</situation>"


def notes_part(notes: Sequence[str]) -> str:
    """The block of notes alone."""
    texts = [text.strip() for text in notes if text.strip()]
    joined = "\n\n".join(texts) if texts else EMPTY_NOTES
    return f"<notes>\n{joined}\n</notes>"


def asking(
    context: str, notes: Sequence[str], question: str, manner: Prompt
) -> tuple[Mapping[str, Any], ...]:
    """The messages that ask a question, in the frame that all ways of answering share."""
    return asking_about(situation_block(context, notes), question, manner)


def asking_about(
    shown: str, question: str, manner: Prompt, frame: Prompt = ANSWER_FRAME
) -> tuple[Mapping[str, Any], ...]:
    """The messages that ask a question about what is shown."""
    user = f"{shown}\n\n<question>\n{question}\n</question>\n\n{manner.text}"
    return ({"role": "system", "content": frame.text}, {"role": "user", "content": user})
