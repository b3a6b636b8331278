"""Carry out a plan: every question in every setting, each sleep phase once.

Notes are shared while they are needed and made again from the cache should a context come back much
later; memory does not grow with the number of calls.
Each row is written as soon as it is known. Rows that are there already are not planned again, and
calls that were made already are in the client's cache, which is what makes a run resumable.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Answered, Call, Grade, Setting
from sleeptime_lib.models.client import Client
from sleeptime_lib.records import KINDS, Context, Row, Usage
from sleeptime_lib.store import RunDirectory, SleepRecord, sleep_id
from sleeptime_lib.study import Planned, Study, Taken, answer, plan, take
from sleeptime_lib.table import key_digest
from sleeptime_lib.turns import InTurn, Turns

OPEN_ROWS: Final = 1024
"""Rows that may be under way at once, if not more calls are; bounds memory."""

HOPELESS_ROWS: Final = 10
"""So many rows that fail in the experiment's own code, and more than are answered, stop the run."""

_NOTHING: Final = Usage()

_TOKEN_COLUMNS: Final = tuple(
    tuple(f"{part}_{kind}_tokens" for kind in KINDS)
    for part in ("test", "sleep", "billed_test", "billed_sleep")
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        planned: Rows in the plan.
        found: Rows that were there before.
        answered: Rows added with an answer.
        failed: Rows added with an error.
    """

    planned: int
    found: int
    answered: int
    failed: int


async def run(
    study: Study,
    client: Client,
    directory: RunDirectory,
    on_row: Callable[[Row], None] = lambda row: None,
    *,
    open_rows: int = OPEN_ROWS,
) -> Outcome:
    """Produce all rows that are missing, and gather them when the plan is complete.

    Args:
        study: What to run.
        client: Makes the calls.
        directory: Keeps the rows.
        on_row: Told each row after it is written.
        open_rows: Rows that may be under way at once.

    Raises:
        StopRun: No further call can succeed. What is finished is kept.
        CapReached: A cap does not allow the next call. What is finished is kept.
        asyncio.CancelledError: Interrupted. Calls in flight are abandoned; the rest is kept.
    """
    worker = _Worker(study, Turns(client), directory, on_row, directory.sleeps_kept())
    outcome = await worker.work(open_rows)
    directory.finish()
    return outcome


def sleep_owner(context: Context, setting: Setting, draw: int) -> str:
    """Under which name the calls of one draw are made."""
    return f"sleep:{context.context_id}:{setting.sleep_effort}:{number(setting, draw)}"


def number(setting: Setting, draw: int) -> int:
    """The number by which a draw of a setting's sleep phase is kept."""
    return draw + (setting.sleep.first if setting.sleep else 0)


@dataclass(slots=True)
class _Worker:
    """Carries out a plan."""

    study: Study
    turns: Turns
    directory: RunDirectory
    on_row: Callable[[Row], None]
    sleeps_kept: set[tuple[str, str, int]]
    answered: int = 0
    failed: int = 0
    faulty: int = 0

    async def work(self, open_rows: int) -> Outcome:
        """Produce every planned row that is not done, so many at once."""
        done, planned, found = self.directory.done(), 0, 0
        permits = asyncio.Semaphore(open_rows)
        try:
            async with asyncio.TaskGroup() as group:
                phases = _Phases(self._take, group, most=2 * open_rows)
                for row in plan(self.study.task, self.study.settings):
                    planned += 1
                    digest = key_digest(row.key)
                    if digest in done:
                        found += 1
                        continue
                    await permits.acquire()
                    task = group.create_task(self._produce(row, planned, digest.hex(), phases))
                    task.add_done_callback(lambda _: permits.release())
        except BaseExceptionGroup as failures:
            # Whatever stops a run (a bad key, a cap) stops many rows at once; one is enough.
            raise failures.exceptions[0] from None
        return Outcome(planned, found, self.answered, self.failed)

    async def _produce(self, planned: Planned, place: int, owner: str, phases: _Phases) -> None:
        """Make one row, whatever happens to its calls, and keep it."""
        taken: list[Taken] = []
        call = Call(InTurn(self.turns, place), owner)
        answered, grade, fault = Answered(""), Grade(None, 0.0), ""
        try:
            if planned.setting.sleep:
                taken = await phases.taken(planned.source, planned.setting, place)
            answered, grade = await answer(self.study, planned, taken, call)
            self.answered += 1
        except CallError as error:
            fault = str(error)
            self.failed += 1
            self.faulty += error.kind == "code"
            if self.faulty >= max(HOPELESS_ROWS, self.answered + 1):
                raise StopRun(error.message) from None
        row = _row(self.study, call, planned, taken, answered, grade, fault)
        self.directory.add_row(row)
        self.on_row(row)

    async def _take(self, context: Context, setting: Setting, draw: int, place: int) -> Taken:
        call = Call(InTurn(self.turns, place), sleep_owner(context, setting, draw))
        taken = await take(self.study, context, setting, draw, call)
        key = (context.context_id, setting.sleep_effort, number(setting, draw))
        if key not in self.sleeps_kept:
            self.sleeps_kept.add(key)
            self.directory.add_sleep(_sleep_record(key, taken))
        return taken


_Draws = dict[tuple[str, int], asyncio.Task[Taken | CallError]]


@dataclass(slots=True)
class _Phases:
    """The sleep phases of the contexts under way: each draw is made when a row first needs it."""

    take: Callable[[Context, Setting, int, int], Awaitable[Taken]]
    group: asyncio.TaskGroup
    most: int
    contexts: OrderedDict[str, _Draws] = field(default_factory=OrderedDict)

    async def taken(self, context: Context, setting: Setting, place: int) -> list[Taken]:
        """The notes of all parallel draws of a setting, for the row at a place of the plan.

        Raises:
            CallError: One of them failed.
        """
        draws = self._draws_of(context)
        keys = []
        for draw in range(setting.sleep_parallel):
            key = (setting.sleep_effort, number(setting, draw))
            keys.append(key)
            if key not in draws:
                draws[key] = self.group.create_task(self._draw(context, setting, draw, place))
        # Shielded, because other rows wait for the same draws.
        results = await asyncio.gather(*(asyncio.shield(draws[key]) for key in keys))
        for result in results:
            if isinstance(result, CallError):
                raise CallError(result.kind, f"sleep phase: {result.message}")
        return [result for result in results if isinstance(result, Taken)]

    def _draws_of(self, context: Context) -> _Draws:
        draws = self.contexts.setdefault(context.context_id, {})
        self.contexts.move_to_end(context.context_id)
        if len(self.contexts) > self.most:
            self.contexts.popitem(last=False)
        return draws

    async def _draw(
        self, context: Context, setting: Setting, draw: int, place: int
    ) -> Taken | CallError:
        try:
            return await self.take(context, setting, draw, place)
        except CallError as error:
            return error


def _row(
    study: Study,
    call: Call,
    planned: Planned,
    taken: Sequence[Taken],
    answered: Answered,
    grade: Grade,
    error: str,
) -> Row:
    """A row with its answer, or one that tells why there is none."""
    setting, context = planned.setting, planned.context
    slept = sum((one.call.usage for one in taken), _NOTHING)
    carried = [taken[draw].call.billed for draw in planned.carries if draw < len(taken)]
    spent = (call.usage, slept, call.billed, sum(carried, _NOTHING))
    counts: dict[str, int] = {}
    for usage, columns in zip(spent, _TOKEN_COLUMNS, strict=True):
        numbers = (usage.prompt, usage.cached, usage.completion, usage.reasoning)
        counts.update(zip(columns, numbers, strict=True))
    return Row(
        experiment=study.experiment.name,
        dataset=study.options.dataset,
        model=call.model,
        cluster_id=context.cluster_id,
        context_id=context.context_id,
        question_id=planned.question.question_id,
        arm=setting.arm,
        budget_kind=setting.budget_kind,
        budget=setting.budget,
        sleep_parallel=setting.sleep_parallel,
        sleep_effort=setting.sleep_effort,
        sample=planned.sample,
        prediction=grade.prediction,
        gold=planned.question.gold,
        score=None if error else grade.score,
        calls=call.calls,
        measures=dict(sorted(answered.measures.items())),
        sleep_id=sleep_id(
            planned.source.context_id,
            setting.sleep_effort,
            range(number(setting, 0), number(setting, setting.sleep_parallel)),
        ),
        usage_estimated=call.usage.estimated or slept.estimated,
        latency_s=call.latency_s,
        finish_reason=call.finish_reason,
        error=error,
        **counts,
    )


def _sleep_record(key: tuple[str, str, int], taken: Taken) -> SleepRecord:
    context_id, effort, draw = key
    notes, usage = taken.notes, taken.call.usage
    return SleepRecord(
        context_id=context_id,
        sleep_effort=effort,
        draw=draw,
        text=notes.text,
        rewrites=notes.rewrites,
        calls=taken.call.calls,
        finished=notes.finished,
        prompt_tokens=usage.prompt,
        cached_tokens=usage.cached,
        completion_tokens=usage.completion,
        reasoning_tokens=usage.reasoning,
    )
