"""Write more questions about a context (paper, section 4.1: Multi-Query GSM-Symbolic).

A model sees a context with an example question and writes others that are as hard. Each is then
solved a second time by a call that sees neither the example nor the answer that was written; a
question whose two answers disagree is dropped, since nobody else checks its gold answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sleeptime_lib.errors import CallError
from sleeptime_lib.methods import prompts
from sleeptime_lib.methods.answer import AnswerOptions, Setting, answer_request, grade
from sleeptime_lib.methods.sleep import Ask
from sleeptime_lib.records import Context, Question, Reply, Request
from sleeptime_lib.tasks.numerals import parse_number

MOST_ROUNDS: Final = 3
"""Times that a model is asked for what is still missing."""

SECOND_SOLVE: Final = Setting("baseline", "verbosity", 3)
"""How a question is solved again: as much reasoning as it needs, without notes."""

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Written:
    """What came of asking for questions about one context.

    Attributes:
        questions: Those that are usable.
        unreadable: Questions without a text or a number, and replies that hold no questions.
        repeated: Questions that were there already.
        disagreed: Questions whose second solution gave another answer, or none.
    """

    questions: tuple[Question, ...] = ()
    unreadable: int = 0
    repeated: int = 0
    disagreed: int = 0


async def generate_questions(
    ask: Ask,
    context: Context,
    example: Question,
    count: int,
    options: AnswerOptions,
    others: Sequence[Question] = (),
) -> Written:
    """Have a model write questions about a context, and keep those that it solves alike twice.

    Args:
        ask: Makes a model call.
        context: The context.
        example: A question about it, with its answer; it is not written again.
        count: Most questions to keep.
        options: Model, seed and room for each reply.
        others: Further questions that are there already.

    Returns:
        The questions, with ids that go on from the context's, and how many were dropped and why.

    Raises:
        CallError: A call failed for good.
    """
    seen = {_plain(question.text) for question in (example, *others)}
    found = Written()
    for _ in range(MOST_ROUNDS):
        missing = count - len(found.questions)
        if missing <= 0:
            break
        known = [question.text for question in (*others, *found.questions)]
        reply = await _write(ask, context, example, known, missing, options)
        written = list(_read(reply.text))
        fresh: list[Question] = []
        unreadable, repeated = 0 if written else 1, 0
        for text, answer in written:
            gold = parse_number(answer)
            if not text or gold is None:
                unreadable += 1
            elif _plain(text) in seen:
                repeated += 1
            else:
                seen.add(_plain(text))
                fresh.append(Question("", context.context_id, text, str(gold)))  # named below
        agree = await asyncio.gather(*(_agrees(ask, context, q, options) for q in fresh))
        kept = [question for question, same in zip(fresh, agree, strict=True) if same]
        found = Written(
            (*found.questions, *kept),
            found.unreadable + unreadable,
            found.repeated + repeated,
            found.disagreed + len(fresh) - len(kept),
        )
        if not fresh:
            break
    return replace(found, questions=_numbered(found.questions[:count]))


async def _write(
    ask: Ask,
    context: Context,
    example: Question,
    others: Sequence[str],
    count: int,
    options: AnswerOptions,
) -> Reply:
    pair = (example.text, example.gold)
    request = Request(
        model=options.model,
        messages=prompts.write_questions_messages(context.text, pair, others, count),
        temperature=0.0,
        seed=options.seed,
        max_tokens=options.max_tokens,
        extra={"response_format": prompts.QUESTIONS_SCHEMA},
    )
    try:
        return await ask(request)
    except CallError as error:
        if error.kind != "bad_request":
            raise
    # The server cannot be held to a schema; the prompt alone asks for the same form.
    return await ask(replace(request, extra={}))


async def _agrees(ask: Ask, context: Context, question: Question, options: AnswerOptions) -> bool:
    reply = await ask(answer_request(context, question, SECOND_SOLVE, (), 0, options))
    _, score = grade(reply, question)
    return score == 1.0


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Questions and answers of a reply, as they stand there; "" for what is missing."""
    start, end = text.find("{"), text.rfind("}")
    try:
        content = json.loads(text[start : end + 1], parse_int=str, parse_float=str)
        listed = content["questions"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for item in listed if isinstance(listed, list) else ():
        fields = item if isinstance(item, dict) else {}
        yield _text(fields.get("question")), _text(fields.get("answer"))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """A question by which to tell whether two are the same: its words and numbers alone."""
    return " ".join(_WORD.findall(text.casefold()))


def _numbered(questions: Sequence[Question]) -> tuple[Question, ...]:
    return tuple(
        replace(question, question_id=f"{question.context_id}-g{number}")
        for number, question in enumerate(questions, start=1)
    )
