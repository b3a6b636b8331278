"""Have a model write more questions about the contexts of a task: the door of `sleeptime data`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CallError, InputError
from sleeptime_lib.methods.answer import AnswerOptions
from sleeptime_lib.methods.questions import Written, generate_questions
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import PRICES, read_prices
from sleeptime_lib.records import Question, Task

MAX_TOKENS: Final = 4096
"""Most tokens of one reply, be it ten questions or one solution."""


async def generate(
    task: Task, count: int, endpoint: Endpoint, execution: Execution, out: Path
) -> Task:
    """`with_more_questions` by the model at an endpoint, calls kept beside the file to write.

    Interrupted or stopped by a cap, the same command goes on: calls that were made are found in
    OUT.calls.sqlite.

    Args:
        task: Contexts with at least one question each.
        count: Most new questions for each context.
        endpoint: The model that writes.
        execution: Caps and prices.
        out: The file that will be written.

    Raises:
        InputError: Money is capped and the price is unknown, or what `with_more_questions` raises.
    """
    caps = Caps(max_cost_usd=execution.max_cost_usd, max_tokens=execution.max_tokens)
    kept = out.with_suffix(".calls.sqlite")
    prices = read_prices(execution.prices) if execution.prices else PRICES
    async with Client(endpoint, cache_path=kept, caps=caps, prices=prices) as client:
        return await with_more_questions(task, client, endpoint.model, count)


async def with_more_questions(task: Task, client: Client, model: str, count: int) -> Task:
    """The same contexts with up to `count` more questions each, after those that are there.

    The first question about a context is the example for the others. Contexts about which no call
    succeeds keep what they have.

    Args:
        task: Contexts with at least one question each.
        client: Makes the calls.
        model: Name of the model, as the client's endpoint gives it.
        count: Most new questions for each context.

    Returns:
        The task, with notices that say how many questions were written, and how many were dropped
        and why.

    Raises:
        InputError: Nothing that the model wrote can be used.
        StopRun: No further call can succeed.
        CapReached: A cap does not allow the next call.
    """
    asked: dict[str, list[Question]] = {}
    for question in task.questions:
        asked.setdefault(question.context_id, []).append(question)
    options = AnswerOptions(model, 0, MAX_TOKENS)

    async def about(questions: Sequence[Question]) -> Written | CallError:
        context = task.contexts[questions[0].context_id]
        try:
            return await generate_questions(
                lambda request: client.complete(request, owner=f"write:{context.context_id}"),
                context,
                questions[0],
                count,
                options,
                questions[1:],
            )
        except CallError as error:
            return error

    try:
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(about(questions)) for questions in asked.values()]
    except BaseExceptionGroup as failures:
        # Whatever stops one context (a bad key, a cap) stops the others too; one is enough.
        raise failures.exceptions[0] from None
    results = [wait.result() for wait in waits]
    written = [result for result in results if isinstance(result, Written)]
    errors = [result for result in results if isinstance(result, CallError)]
    told = _notices(written, errors, model, count)
    if not any(result.questions for result in written):
        raise InputError(f"{model} wrote no usable question: {'; '.join(told)}")
    new = {q.context_id: result.questions for result in written for q in result.questions[:1]}
    questions = tuple(
        question
        for context_id, before in asked.items()
        for question in (*before, *new.get(context_id, ()))
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
