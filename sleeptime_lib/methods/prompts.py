"""Every text that is sent to a model, as named and versioned constants.

The wording is this project's own; what the paper's prompts ask for is told in section 4.2 and
appendices A, F and K. `fingerprint` goes into the manifest of every run, and changing any text
here changes it.

Texts that share a beginning come first in a request (frame, situation, notes) and what differs
comes last (question, how to answer), so that a provider's prefix cache can hit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text with the name and version under which results refer to it."""

    name: str
    version: int
    text: str


EMPTY_NOTES: Final = "[empty]"
"""What the notes block holds before a sleep phase has written to it, and for the baseline."""

ANSWER_FRAME: Final = Prompt(
    "answer_frame",
    1,
    "You answer questions about a situation. Below the situation there is a block of notes that "
    "may have been written earlier, while there was time to think about the situation. The block "
    "may be empty. What it holds can save you work, but the situation itself decides.",
)

VERBOSITY: Final[tuple[Prompt, ...]] = (
    Prompt(
        "verbosity_0",
        1,
        'Answer in one sentence: the words "The answer is" and then the number. Write nothing '
        "else. Take what you can from the notes rather than computing it again.",
    ),
    Prompt(
        "verbosity_1",
        1,
        'Explain in one short sentence, then end with the words "The answer is" and the number. '
        "Take what you can from the notes rather than computing it again.",
    ),
    Prompt(
        "verbosity_2",
        1,
        'Explain in two short sentences, then end with the words "The answer is" and the number. '
        "Take what you can from the notes rather than computing it again.",
    ),
    Prompt(
        "verbosity_3",
        2,
        "Reason step by step, one short line of plain text for each calculation, then end with "
        'the words "The answer is" and the number.',
    ),
    Prompt(
        "verbosity_4",
        1,
        "Explain every step in detail. Double-check each number, computing again whatever you "
        'took from the notes or from memory, then end with the words "The answer is" and the '
        "number.",
    ),
)
"""Levels 0 to 4 of test-time verbosity (paper, appendix A)."""

CONTEXT_ONLY: Final = Prompt(
    "context_only",
    1,
    "The question has not been given. Guess the one question that is most likely to be asked "
    "about this situation, and answer it.",
)

SLEEP_FRAME: Final = Prompt(
    "sleep_frame",
    1,
    "You have time to think about a situation before anyone asks about it. Questions about it "
    "will come later and must then be answered quickly, with the situation and your notes at "
    "hand. Work out which questions are likely, compute what they would need, and keep the "
    "results in the notes.\n"
    "Good notes have one quantity on each line and nothing else, written as: name = calculation = "
    "number. With three boxes of a dozen eggs at $4 a box a line could be: eggs in all = 3 * 12 = "
    "36. Begin with the simple quantities and build on them. Use only numbers from the situation "
    "or from lines above. Stop when nothing useful is left to add.",
)

SLEEP_TOOLS: Final = Prompt(
    "sleep_tools",
    1,
    "Call rethink_memory with the complete new text of the notes: it replaces the whole block. "
    "You may do so several times, each time building on what is there. Call finish_rethinking "
    "when the notes are as useful as you can make them.",
)

SLEEP_TEXT: Final = Prompt(
    "sleep_text",
    1,
    "Write the complete text of the notes between a line <notes> and a line </notes>. If you want "
    "another turn to improve them, write MORE after </notes>: the next text then replaces the "
    "whole block. Otherwise stop after </notes>.",
)

SLEEP_CONTINUE: Final = Prompt(
    "sleep_continue",
    1,
    "Go on: improve the notes, or finish if nothing useful is left to add.",
)

TOOL_PROBE: Final = Prompt(
    "tool_probe",
    1,
    "There is nothing to think about this time. Call the tool finish_rethinking now.",
)

WRITE_QUESTIONS: Final = Prompt(
    "write_questions",
    1,
    "You write exercises. You are given a situation and an example: a question about the situation "
    "with its answer. Write other questions about the same situation that are as hard as the "
    "example and take as many steps of calculation. Each must have exactly one right answer, a "
    "number that follows from the situation alone, and must ask for another quantity than the "
    "example and the questions listed. Do not change the situation, and write no question that "
    "needs to know another one. Work out each answer with care before you write it down.\n"
    'Reply with one JSON object and nothing else: {"questions": [{"question": "...", "answer": '
    '"..."}]}, where each answer is the number alone, without a unit.',
)

QUESTIONS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "json_schema",
    "json_schema": {
        "name": "questions",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "questions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "question": {"type": "string"},
                            "answer": {"type": "string"},
                        },
                        "required": ["question", "answer"],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["questions"],
            "additionalProperties": False,
        },
    },
}
"""The form of a reply to `WRITE_QUESTIONS`, for servers that can be held to one."""

RETHINK_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "rethink_memory",
        "description": "Replace the notes with a new text.",
        "parameters": {
            "type": "object",
            "properties": {
                "new_memory": {
                    "type": "string",
                    "description": "The complete new text of the notes.",
                }
            },
            "required": ["new_memory"],
        },
    },
}
FINISH_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "finish_rethinking",
        "description": "End the thinking phase; the notes stay as they are.",
        "parameters": {"type": "object", "properties": {}},
    },
}


def situation_block(context: str, notes: Sequence[str]) -> str:
    """The part of a request that all questions about one context share.

    Args:
        context: The situation c.
        notes: The texts of the memory blocks c'_1 .. c'_k; empty for the baseline.
    """
    texts = [text.strip() for text in notes if text.strip()]
    joined = "\n\n".join(texts) if texts else EMPTY_NOTES
    return f"<situation>\n{context}\n</situation>\n\n<notes>\n{joined}\n</notes>"


def answer_messages(
    context: str, notes: Sequence[str], question: str, level: int
) -> tuple[Mapping[str, Any], ...]:
    """The messages of an answer call: T_b(q, c') of the paper's section 3.

    Raises:
        InputError: The verbosity level is not 0 to 4.
    """
    if not 0 <= level < len(VERBOSITY):
        raise InputError(f"verbosity level {level} does not exist: use 0 to {len(VERBOSITY) - 1}")
    user = (
        f"{situation_block(context, notes)}\n\n"
        f"<question>\n{question}\n</question>\n\n{VERBOSITY[level].text}"
    )
    return ({"role": "system", "content": ANSWER_FRAME.text}, {"role": "user", "content": user})


def context_only_messages(context: str, level: int) -> tuple[Mapping[str, Any], ...]:
    """The same request with the question withheld (paper, figures 21 and 22)."""
    return answer_messages(context, (), CONTEXT_ONLY.text, level)


def write_questions_messages(
    context: str, example: tuple[str, str], others: Sequence[str], count: int
) -> tuple[Mapping[str, Any], ...]:
    """The messages that ask for `count` further questions about a context.

    Args:
        context: The situation c.
        example: A question about it and its answer.
        others: Questions that are there already.
        count: How many to write.
    """
    user = (
        f"<situation>\n{context}\n</situation>\n\n"
        f"<example>\n{example[0]}\nAnswer: {example[1]}\n</example>\n\n"
    )
    if others:
        listed = "\n".join(f"- {text}" for text in others)
        user += f"<questions>\n{listed}\n</questions>\n\n"
    user += f"Write {count} questions."
    return (
        {"role": "system", "content": WRITE_QUESTIONS.text},
        {"role": "user", "content": user},
    )


def fingerprint() -> str:
    """SHA-256 over all prompts and tool definitions, for the manifest."""
    prompts = [value for value in globals().values() if isinstance(value, Prompt)]
    texts = [[p.name, p.version, p.text] for p in (*prompts, *VERBOSITY)]
    content = [EMPTY_NOTES, texts, RETHINK_TOOL, FINISH_TOOL, QUESTIONS_SCHEMA]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
