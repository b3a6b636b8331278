"""Plan a run and carry it out: every question in every setting, each sleep phase once.

The plan is a stream ordered by context, so that the notes of one context are shared while they are
needed and forgotten afterwards; memory does not grow with the number of calls. Each row is written
as soon as it is known. Rows that are there already are not planned again, and calls that were made
already are in the client's cache, which is what makes a run resumable.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.config import RunConfig
from sleeptime_lib.errors import CallError
from sleeptime_lib.methods.answer import AnswerOptions, Setting, answer_request, grade
from sleeptime_lib.methods.sleep import Notes, Protocol, SleepSetting, choose_protocol, take_notes
from sleeptime_lib.models.client import Client
from sleeptime_lib.records import Context, Question, Reply, Row, Task, Usage
from sleeptime_lib.store import RunDirectory, SleepRecord, key_digest

OPEN_ROWS: Final = 1024
"""Rows that may be under way at once; bounds memory, and is above any sensible concurrency."""

_NOTHING: Final = Usage()


@dataclass(frozen=True, slots=True)
class Planned:
    """One row to produce.

    Attributes:
        context: The context of the question.
        question: The question.
        setting: Arm and budget.
        sample: Index of the draw.
        carries: Draws of the sleep phase whose bill this row carries: those that no earlier row of
            the plan uses.
    """

    context: Context
    question: Question
    setting: Setting
    sample: int
    carries: range

    @property
    def key(self) -> tuple[str, str, str, int, int, str, int]:
        """The row's key, in the order of `records.ROW_KEY`."""
        s = self.setting
        return (
            self.question.question_id,
            s.arm,
            s.budget_kind,
            s.budget,
            s.sleep_parallel,
            s.sleep_effort,
            self.sample,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        planned: Rows in the plan.
        found: Rows that were there before.
        answered: Rows added with an answer.
        failed: Rows added with an error.
        protocol: How notes were asked for; with "auto" in the configuration, what was found out.
    """

    planned: int
    found: int
    answered: int
    failed: int
    protocol: Protocol


def plan(task: Task, settings: Sequence[Setting]) -> Iterator[Planned]:
    """Every row of a run, context by context."""
    questions: dict[str, list[Question]] = {}
    for question in task.questions:
        questions.setdefault(question.context_id, []).append(question)
    for context_id, asked in questions.items():
        drawn: dict[str, int] = {}
        for question, setting in itertools.product(asked, settings):
            for sample in range(setting.samples):
                before = drawn.get(setting.sleep_effort, 0)
                after = max(before, setting.sleep_parallel)
                drawn[setting.sleep_effort] = after
                carries = range(before, after)
                yield Planned(task.contexts[context_id], question, setting, sample, carries)


async def run(
    task: Task,
    settings: Sequence[Setting],
    config: RunConfig,
    client: Client,
    directory: RunDirectory,
    on_row: Callable[[Row], None] = lambda row: None,
) -> Outcome:
    """Produce all rows that are missing, and gather them when the plan is complete.

    Args:
        task: Contexts and questions.
        settings: What to measure for each question.
        config: The run's configuration.
        client: Makes the calls.
        directory: Keeps the rows.
        on_row: Told each row after it is written.

    Raises:
        StopRun: No further call can succeed. What is finished is kept.
        CapReached: A cap does not allow the next call. What is finished is kept.
        asyncio.CancelledError: Interrupted. Calls in flight are abandoned; the rest is kept.
    """
    protocol = await _protocol(config, client, settings)
    worker = _Worker(config, client, directory, protocol, on_row)
    await worker.work(plan(task, settings), directory.done())
    directory.finish()
    return worker.outcome


async def _protocol(config: RunConfig, client: Client, settings: Sequence[Setting]) -> Protocol:
    if config.sleep_protocol != "auto":
        return config.sleep_protocol
    if not any(setting.sleep_parallel for setting in settings):
        return "text"
    return await choose_protocol(lambda r: client.complete(r, owner="probe"), client.model)


class _Worker:
    """Carries out a plan: keeps a bounded number of rows under way."""

    def __init__(
        self,
        config: RunConfig,
        client: Client,
        directory: RunDirectory,
        protocol: Protocol,
        on_row: Callable[[Row], None],
    ) -> None:
        self._config = config
        self._client = client
        self._directory = directory
        self._protocol = protocol
        self._on_row = on_row
        self._options = AnswerOptions(client.model, config.seed, config.answer_max_tokens)
        self._sleeps_kept = directory.sleeps_kept()
        self._planned = self._found = self._answered = self._failed = 0

    @property
    def outcome(self) -> Outcome:
        """The counts so far."""
        return Outcome(self._planned, self._found, self._answered, self._failed, self._protocol)

    async def work(self, rows: Iterator[Planned], done: frozenset[bytes]) -> None:
        """Produce every planned row that is not done."""
        permits = asyncio.Semaphore(OPEN_ROWS)
        phases: _Phases | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for row in rows:
                    self._planned += 1
                    digest = key_digest(row.key)
                    if digest in done:
                        self._found += 1
                        continue
                    if phases is None or phases.context is not row.context:
                        phases = _Phases(row.context, self._take_notes, group)
                    await permits.acquire()
                    task = group.create_task(self._produce(row, digest.hex(), phases))
                    task.add_done_callback(lambda _: permits.release())
        except BaseExceptionGroup as failures:
            # Whatever stops a run (a bad key, a cap) stops many rows at once; one is enough.
            raise failures.exceptions[0] from None

    async def _produce(self, planned: Planned, owner: str, phases: _Phases) -> None:
        """Make one row, whatever happens to its calls, and keep it."""
        setting = planned.setting
        notes: list[Notes] = []
        try:
            if setting.sleep_parallel:
                notes = await phases.notes(setting.sleep_parallel, setting.sleep_effort)
            request = answer_request(
                planned.context,
                planned.question,
                setting,
                [n.text for n in notes],
                planned.sample,
                self._options,
            )
            reply = await self._client.complete(request, owner=owner)
            row = _row(self._config, self._client.model, planned, notes, owner, reply)
            self._answered += 1
        except CallError as error:
            row = _row(self._config, self._client.model, planned, notes, owner, None, str(error))
            self._failed += 1
        self._directory.add_row(row)
        self._on_row(row)

    async def _take_notes(self, context: Context, effort: str, draw: int) -> Notes:
        setting = SleepSetting(
            model=self._client.model,
            protocol=self._protocol,
            effort=effort,
            temperature=self._config.sleep_temperature,
            seed=self._config.seed,
            max_tokens=self._config.sleep_max_tokens,
        )
        owner = f"sleep:{context.context_id}:{effort}:{draw}"
        notes = await take_notes(
            lambda request: self._client.complete(request, owner=owner),
            context.text,
            setting,
            draw,
            owner,
        )
        key = (context.context_id, effort, draw)
        if key not in self._sleeps_kept:
            self._sleeps_kept.add(key)
            self._directory.add_sleep(_sleep_record(key, notes))
        return notes


class _Phases:
    """The sleep phases of one context: each draw is run once, when a row first needs it."""

    def __init__(
        self,
        context: Context,
        take: Callable[[Context, str, int], Coroutine[None, None, Notes]],
        group: asyncio.TaskGroup,
    ) -> None:
        self.context = context
        self._take = take
        self._group = group
        self._draws: dict[tuple[str, int], asyncio.Task[Notes | CallError]] = {}

    async def notes(self, parallel: int, effort: str) -> list[Notes]:
        """The notes of the first `parallel` draws.

        Raises:
            CallError: One of them failed.
        """
        for draw in range(parallel):
            if (effort, draw) not in self._draws:
                task = self._group.create_task(self._draw(effort, draw))
                self._draws[effort, draw] = task
        # Shielded, because other rows wait for the same draws.
        waits = [asyncio.shield(self._draws[effort, draw]) for draw in range(parallel)]
        results = await asyncio.gather(*waits)
        for result in results:
            if isinstance(result, CallError):
                raise CallError(result.kind, f"sleep phase: {result.message}")
        return [result for result in results if isinstance(result, Notes)]

    async def _draw(self, effort: str, draw: int) -> Notes | CallError:
        try:
            return await self._take(self.context, effort, draw)
        except CallError as error:
            return error


def _row(
    config: RunConfig,
    model: str,
    planned: Planned,
    notes: Sequence[Notes],
    owner: str,
    reply: Reply | None,
    error: str = "",
) -> Row:
    """A row with its answer, or without a reply one that tells why there is none."""
    setting, context = planned.setting, planned.context
    prediction, score = grade(reply, planned.question) if reply else (None, None)
    usage = reply.usage if reply else _NOTHING
    paid = usage if reply and reply.owner == owner else _NOTHING
    slept = sum((n.usage for n in notes), _NOTHING)
    billed = sum((notes[draw].billed for draw in planned.carries if draw < len(notes)), paid)
    effort = setting.sleep_effort or "default"
    sleep_id = f"{context.context_id}:{effort}:{setting.sleep_parallel}"
    return Row(
        experiment=config.experiment,
        dataset=config.dataset,
        model=model,
        cluster_id=context.cluster_id,
        context_id=context.context_id,
        question_id=planned.question.question_id,
        arm=setting.arm,
        budget_kind=setting.budget_kind,
        budget=setting.budget,
        sleep_parallel=setting.sleep_parallel,
        sleep_effort=setting.sleep_effort,
        sample=planned.sample,
        prediction=prediction,
        gold=planned.question.gold,
        score=score,
        test_prompt_tokens=usage.prompt,
        test_cached_tokens=usage.cached,
        test_completion_tokens=usage.completion,
        test_reasoning_tokens=usage.reasoning,
        sleep_prompt_tokens=slept.prompt,
        sleep_cached_tokens=slept.cached,
        sleep_completion_tokens=slept.completion,
        sleep_reasoning_tokens=slept.reasoning,
        sleep_id=sleep_id if setting.sleep_parallel else "",
        billed_prompt_tokens=billed.prompt,
        billed_cached_tokens=billed.cached,
        billed_completion_tokens=billed.completion,
        billed_reasoning_tokens=billed.reasoning,
        usage_estimated=usage.estimated or slept.estimated,
        latency_s=reply.latency_s if reply else 0.0,
        finish_reason=reply.finish_reason if reply else "",
        error=error,
    )


def _sleep_record(key: tuple[str, str, int], notes: Notes) -> SleepRecord:
    context_id, effort, draw = key
    return SleepRecord(
        context_id=context_id,
        sleep_effort=effort,
        draw=draw,
        text=notes.text,
        rewrites=notes.rewrites,
        calls=notes.calls,
        finished=notes.finished,
        prompt_tokens=notes.usage.prompt,
        cached_tokens=notes.usage.cached,
        completion_tokens=notes.usage.completion,
        reasoning_tokens=notes.usage.reasoning,
    )
