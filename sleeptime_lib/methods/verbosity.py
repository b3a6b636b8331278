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
from sleeptime_lib.estimate import CHARS_PER_TOKEN
from sleeptime_lib.experiment import Answered, Call, Expected, Grade, Notes, Prompt, Setting
from sleeptime_lib.methods import rethink
from sleeptime_lib.methods.situation import EMPTY_NOTES, situation_block
from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.grading import extract_answer, is_correct

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
    asked = CONTEXT_ONLY.text if setting.arm == "context_only" else question.text
    reply = await call(
        messages(context.text, [note.text for note in notes], asked, setting.budget),
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
    frame = messages("", (), "", setting.budget)
    return Expected(
        frame_tokens=sum(len(str(message)) for message in frame) / CHARS_PER_TOKEN,
        completion_tokens=LEVEL_TOKENS[setting.budget],
        sleep_calls=rethink.EXPECTED_CALLS,
        sleep_frame_tokens=rethink.FRAME_TOKENS,
        once_per_context=setting.arm == "context_only",
    )


def messages(
    context: str, notes: Sequence[str], question: str, level: int
) -> tuple[Mapping[str, Any], ...]:
    """The messages of an answer call: T_b(q, c') of the paper's section 3.

    Raises:
        InputError: The verbosity level is not 0 to 4.
    """
    if not 0 <= level < len(VERBOSITY):
        raise InputError(f"verbosity level {level} does not exist: use 0 to {len(VERBOSITY) - 1}")
    return asking(context, notes, question, VERBOSITY[level])


def asking(
    context: str, notes: Sequence[str], question: str, manner: Prompt
) -> tuple[Mapping[str, Any], ...]:
    """The messages that ask a question, in the frame that all ways of answering share."""
    user = (
        f"{situation_block(context, notes)}\n\n<question>\n{question}\n</question>\n\n{manner.text}"
    )
    return ({"role": "system", "content": ANSWER_FRAME.text}, {"role": "user", "content": user})
