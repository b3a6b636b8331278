"""Answering at a level of verbosity: T_b(q, c') -> a (paper sections 3, 4.2, 5.2, appendix A).

The baseline, the sleep arm and the parallel draws of pass@k are the same request with other
notes, another level or another sample index, so that nothing but the method differs. Texts that
requests share come first (frame, situation, notes) and what differs comes last (question, how to
answer), so that a provider's prefix cache can hit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Answered, Call, Expected, Grade, Notes, Prompt, Setting
from sleeptime_lib.methods import controls, rethink
from sleeptime_lib.methods.situation import ANSWER_FRAME, CONTEXT_ONLY, EMPTY_NOTES, asking
from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.grading import extract_answer, is_correct

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

PROMPTS: Final = (EMPTY_NOTES, ANSWER_FRAME, *VERBOSITY, CONTEXT_ONLY)

LEVEL_TOKENS: Final = (10, 30, 45, 80, 300)
"""Generated tokens of one answer by level, for estimates: round numbers near what instruction-tuned
models wrote in our trials."""


async def answer(
    call: Call,
    context: Context,
    question: Question,
    setting: Setting,
    notes: Sequence[Notes],
    sample: int,
) -> Answered:
    """Answer a question at the level that the setting's budget names."""
    manner = _manner(setting.budget)
    reply = await call(
        controls.opening(context, question, setting, notes, manner),
        temperature=setting.temperature,
        seed=setting.seed + sample,
        max_tokens=setting.max_tokens,
        sample=sample,
    )
    return Answered(reply.text)


def grade(answered: Answered, question: Question) -> Grade:
    """Read the number that an answer gives: right (1.0) or wrong (0.0)."""
    prediction = extract_answer(answered.text)
    right = prediction is not None and is_correct(prediction, question.gold)
    return Grade(prediction, float(right))


def expect(setting: Setting) -> Expected:
    """What an answer at a level, and a draw of the sleep phase, are expected to take."""
    return Expected(
        frame_tokens=controls.frame_tokens(setting, _manner(setting.budget)),
        completion_tokens=LEVEL_TOKENS[setting.budget],
        **rethink.expected(setting),
        once_per_context=setting.arm == "context_only",
    )


def messages(
    context: str, notes: Sequence[str], question: str, level: int
) -> tuple[Mapping[str, Any], ...]:
    """The messages of an answer call: T_b(q, c') of the paper's section 3.

    Raises:
        InputError: The verbosity level is not 0 to 4.
    """
    return asking(context, notes, question, _manner(level))


def _manner(level: int) -> Prompt:
    if not 0 <= level < len(VERBOSITY):
        raise InputError(f"verbosity level {level} does not exist: use 0 to {len(VERBOSITY) - 1}")
    return VERBOSITY[level]
