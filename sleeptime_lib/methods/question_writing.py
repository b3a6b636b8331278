"""Have a model write more questions about contexts (paper, section 4.1: Multi-Query GSM-Symbolic).

A model sees a context with an example question and writes others that are as hard. Each is then
solved a second time by a call that sees neither the example nor the answer that was written; a
question whose two answers disagree is dropped, since nobody else checks its gold answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CallError, InputError
from sleeptime_lib.experiment import Call, Prompt, Setting
from sleeptime_lib.methods import verbosity
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import price_of, read_prices
from sleeptime_lib.records import Context, Question, Reply, Task
from sleeptime_lib.tasks.numerals import parse_number

MAX_TOKENS: Final = 4096
"""Most tokens of one reply, be it ten questions or one solution."""

MOST_ROUNDS: Final = 3
"""Times that a model is asked for what is still missing."""

SECOND_SOLVE: Final = Setting("baseline", "verbosity", 3, max_tokens=MAX_TOKENS)
"""How a question is solved again: as much reasoning as it needs, without notes."""

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


async def write_questions(
    task: Task, count: int, endpoint: Endpoint, execution: Execution, out: Path
) -> Task:
    """The same contexts with up to `count` more questions each, after those that are there.

    The first question about a context is the example for the others. Contexts about which no call
    succeeds keep what they have. Interrupted or stopped by a cap, the same call goes on: what the
    model answered is kept in OUT.calls.sqlite, beside the file to write.

    Args:
        task: Contexts with at least one question each.
        count: Most new questions for each context.
        endpoint: The model that writes.
        execution: Caps and prices.
        out: The file that will be written.

    Returns:
        The task, with notices that say how many questions were written, and how many were dropped
        and why.

    Raises:
        InputError: Money is capped and the price is unknown, or nothing that the model wrote can
            be used.
        StopRun: No further call can succeed.
        CapReached: A cap does not allow the next call.
    """
    asked = task.by_context()
    caps = Caps(max_cost_usd=execution.max_cost_usd, max_tokens=execution.max_tokens)
    price = price_of(endpoint.model, read_prices(execution.prices))
    kept = out.with_suffix(".calls.sqlite")
    async with Client(endpoint, cache_path=kept, caps=caps, price=price) as client:

        async def about(context_id: str) -> Written | CallError:
            call = Call(client, f"write:{context_id}")
            example, *others = asked[context_id]
            context = task.contexts[context_id]
            try:
                return await questions_about(call, context, example, count, others)
            except CallError as error:
                return error

        try:
            async with asyncio.TaskGroup() as group:
                waits = {each: group.create_task(about(each)) for each in asked}
        except BaseExceptionGroup as failures:
            # Whatever stops one context (a bad key, a cap) stops the others too; one is enough.
            raise failures.exceptions[0] from None
    results = {context_id: wait.result() for context_id, wait in waits.items()}
    written = {each: result for each, result in results.items() if isinstance(result, Written)}
    errors = [result for result in results.values() if isinstance(result, CallError)]
    told = _notices(list(written.values()), errors, endpoint.model, count)
    if not any(result.questions for result in written.values()):
        raise InputError(f"{endpoint.model} wrote no usable question: {'; '.join(told)}")
    questions = tuple(
        question
        for context_id, before in asked.items()
        for question in (*before, *written.get(context_id, Written()).questions)
    )
    return replace(task, questions=questions, notices=(*task.notices, *told))


def _notices(
    written: Sequence[Written], errors: Sequence[CallError], model: str, count: int
) -> list[str]:
    total = sum(len(result.questions) for result in written)
    told = [
        f"{model} wrote {total} questions about {len(written)} contexts; dropped: "
        f"{sum(r.disagreed for r in written)} whose second solution disagreed, "
        f"{sum(r.repeated for r in written)} repeated, "
        f"{sum(r.unreadable for r in written)} unreadable"
    ]
    short = sum(len(result.questions) < count for result in written)
    if short:
        told.append(f"{short} contexts have fewer than {count} new questions")
    if errors:
        told.append(f"{len(errors)} contexts have none, since calls failed: {errors[0]}")
    return told


async def questions_about(
    call: Call,
    context: Context,
    example: Question,
    count: int,
    others: Sequence[Question] = (),
) -> Written:
    """Have a model write questions about a context, and keep those that it solves alike twice.

    Args:
        call: Asks the model.
        context: The context.
        example: A question about it, with its answer; it is not written again.
        count: Most questions to keep.
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
        reply = await _write(call, context, example, known, missing)
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
        agree = await asyncio.gather(*(_agrees(call, context, q) for q in fresh))
        kept = [question for question, same in zip(fresh, agree, strict=True) if same]
        found = Written(
            (*found.questions, *kept),
            found.unreadable + unreadable,
            found.repeated + repeated,
            found.disagreed + len(fresh) - len(kept),
        )
        if not fresh:
            break
    named = (
        replace(question, question_id=f"{question.context_id}-g{number}")
        for number, question in enumerate(found.questions[:count], start=1)
    )
    return replace(found, questions=tuple(named))


async def _write(
    call: Call, context: Context, example: Question, others: Sequence[str], count: int
) -> Reply:
    pair = (example.text, example.gold)
    ask = partial(
        call,
        write_questions_messages(context.text, pair, others, count),
        temperature=0.0,
        seed=SECOND_SOLVE.seed,
        max_tokens=MAX_TOKENS,
    )
    try:
        return await ask(response_format=QUESTIONS_SCHEMA)
    except CallError as error:
        if error.kind != "bad_request":
            raise
    # The server cannot be held to a schema; the prompt alone asks for the same form.
    return await ask()


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


async def _agrees(call: Call, context: Context, question: Question) -> bool:
    answered = await verbosity.answer(call, context, question, SECOND_SOLVE, (), 0)
    return verbosity.grade(answered, question).score == 1.0


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Questions and answers of a reply, as they stand there; "" for what is missing."""
    start, end = text.find("{"), text.rfind("}")
    try:
        content = json.loads(text[start : end + 1], parse_int=str, parse_float=str)
        listed = content["questions"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for item in listed if isinstance(listed, list) else ():
        fields: Mapping[str, Any] = item if isinstance(item, dict) else {}
        yield _text(fields.get("question")), _text(fields.get("answer"))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """A question by which to tell whether two are the same: its words and numbers alone."""
    return " ".join(_WORD.findall(text.casefold()))
