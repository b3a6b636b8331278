"""Plan a run and carry it out: every question in every setting, each sleep phase once.

The plan takes questions in turn, all settings of a question together and ablations last, so that
any beginning of it is a smaller experiment. Notes are shared while they are needed and made again
from the cache should a context come back much later; memory does not grow with the number of calls.
Each row is written as soon as it is known. Rows that are there already are not planned again, and
calls that were made already are in the client's cache, which is what makes a run resumable.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sleeptime_lib.config import Options
from sleeptime_lib.errors import CallError, SleeptimeError, StopRun
from sleeptime_lib.experiment import (
    Answered,
    Answers,
    Call,
    Experiment,
    Grade,
    Notes,
    Setting,
    SleepMethod,
)
from sleeptime_lib.models.client import Client
from sleeptime_lib.records import KINDS, Context, Question, Row, Task, Usage
from sleeptime_lib.store import RunDirectory, SleepRecord, key_digest
from sleeptime_lib.turns import InTurn, Turns

OPEN_ROWS: Final = 1024
"""Rows that may be under way at once, if not more calls are; bounds memory."""

HOPELESS_ROWS: Final = 10
"""So many rows that fail in the experiment's own code, and more than are answered, stop the run."""

_NOTHING: Final = Usage()


@dataclass(frozen=True, slots=True)
class Study:
    """What is run: an experiment with its options, the way of making notes, and the data."""

    experiment: Experiment
    options: Options
    method: SleepMethod
    task: Task
    settings: tuple[Setting, ...]


def study_of(experiment: Experiment, options: Options, method: SleepMethod, task: Task) -> Study:
    """A study, with the settings that the options ask for."""
    return Study(experiment, options, method, task, tuple(experiment.settings(options)))


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
    """

    planned: int
    found: int
    answered: int
    failed: int


def plan(task: Task, settings: Sequence[Setting]) -> Iterator[Planned]:
    """Every row of a run, in the order in which they are produced."""
    drawn: dict[tuple[str, str], int] = {}
    for last in (False, True):
        turn = [setting for setting in settings if setting.last == last]
        for question in task.questions if turn else ():
            context = task.contexts[question.context_id]
            for setting in turn:
                phase = (question.context_id, setting.sleep_effort)
                for sample in range(setting.samples):
                    before = drawn.get(phase, 0)
                    after = max(before, setting.sleep_parallel)
                    if after > before:
                        drawn[phase] = after
                    yield Planned(context, question, setting, sample, range(before, after))


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
    worker = _Worker(study, client, directory, on_row, open_rows)
    await worker.work(plan(study.task, study.settings), directory.done())
    directory.finish()
    return worker.outcome()


async def settle(study: Study, client: Answers) -> Mapping[str, Any]:
    """Values of options that the sleep method finds out before a run; none without a sleep phase.

    Raises:
        StopRun: The model cannot be asked.
    """
    if not any(setting.sleep for setting in study.settings):
        return {}
    return await study.method.settle(Call(client, "probe"), study.options)


def settled(study: Study, values: Mapping[str, Any]) -> Study:
    """The study with options that were found out."""
    if not values:
        return study
    options = study.options.model_copy(update=dict(values))
    return study_of(study.experiment, options, study.method, study.task)


@dataclass(frozen=True, slots=True)
class Taken:
    """The notes of one draw, and what making them took."""

    notes: Notes
    call: Call


async def answer(
    study: Study, planned: Planned, taken: Sequence[Taken], call: Call
) -> tuple[Answered, Grade]:
    """Answer and grade one planned row.

    Raises:
        CallError: A call failed for good, or the experiment's own code did.
    """
    name = f"answer of {study.experiment.name}"
    try:
        answered = await study.experiment.answer(
            call,
            planned.context,
            planned.question,
            planned.setting,
            [one.notes for one in taken],
            planned.sample,
        )
        grade = study.experiment.grade(answered, planned.question)
        return _checked(answered), replace(grade, score=_share(grade.score))
    except SleeptimeError:
        raise
    except Exception as error:
        raise _own_fault(name, error) from error


def _checked(answered: Answered) -> Answered:
    """An answer whose measures can be written down."""
    measures = {str(name): float(value) for name, value in answered.measures.items()}
    return replace(answered, measures=measures)


def _share(score: float) -> float:
    if not 0 <= score <= 1:
        raise ValueError(f"score {score!r} is not from 0 to 1")
    return float(score)


async def take(study: Study, context: Context, setting: Setting, draw: int, call: Call) -> Taken:
    """Make the notes of one draw.

    Raises:
        CallError: A call failed for good, or the sleep method's own code did.
    """
    try:
        return Taken(await study.method.take(call, context, setting, draw), call)
    except SleeptimeError:
        raise
    except Exception as error:
        raise _own_fault(f"sleep method {study.method.name}", error) from error


def sleep_owner(context: Context, setting: Setting, draw: int) -> str:
    """Under which name the calls of one draw are made."""
    return f"sleep:{context.context_id}:{setting.sleep_effort}:{draw}"


def _own_fault(name: str, error: Exception) -> CallError:
    """A failure of an experiment's code is a failed row, as a failed call is."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = f", line {trace.tb_lineno}" if trace else ""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return CallError("code", f"{name} failed: {said}{line}")


class _Worker:
    """Carries out a plan: keeps a bounded number of rows under way."""

    def __init__(
        self,
        study: Study,
        client: Client,
        directory: RunDirectory,
        on_row: Callable[[Row], None],
        open_rows: int,
    ) -> None:
        self._study = study
        self._turns = Turns(client)
        self._directory = directory
        self._on_row = on_row
        self._open_rows = open_rows
        self._sleeps_kept = directory.sleeps_kept()
        self._planned = self._found = self._answered = self._failed = self._faulty = 0

    def outcome(self) -> Outcome:
        """The counts so far."""
        return Outcome(self._planned, self._found, self._answered, self._failed)

    async def work(self, rows: Iterator[Planned], done: frozenset[bytes]) -> None:
        """Produce every planned row that is not done."""
        permits = asyncio.Semaphore(self._open_rows)
        try:
            async with asyncio.TaskGroup() as group:
                phases = _Phases(self._take, group, most=2 * self._open_rows)
                for row in rows:
                    self._planned += 1
                    digest = key_digest(row.key)
                    if digest in done:
                        self._found += 1
                        continue
                    await permits.acquire()
                    task = group.create_task(
                        self._produce(row, self._planned, digest.hex(), phases)
                    )
                    task.add_done_callback(lambda _: permits.release())
        except BaseExceptionGroup as failures:
            # Whatever stops a run (a bad key, a cap) stops many rows at once; one is enough.
            raise failures.exceptions[0] from None

    async def _produce(self, planned: Planned, place: int, owner: str, phases: _Phases) -> None:
        """Make one row, whatever happens to its calls, and keep it."""
        taken: list[Taken] = []
        call = Call(InTurn(self._turns, place), owner)
        answered, grade, fault = Answered(""), Grade(None, 0.0), ""
        try:
            if planned.setting.sleep:
                taken = await phases.taken(planned.context, planned.setting, place)
            answered, grade = await answer(self._study, planned, taken, call)
            self._answered += 1
        except CallError as error:
            fault = str(error)
            self._failed += 1
            self._faulty += error.kind == "code"
            if self._faulty >= max(HOPELESS_ROWS, self._answered + 1):
                raise StopRun(error.message) from None
        row = _row(self._study, call, planned, taken, answered, grade, fault)
        self._directory.add_row(row)
        self._on_row(row)

    async def _take(self, context: Context, setting: Setting, draw: int, place: int) -> Taken:
        call = Call(InTurn(self._turns, place), sleep_owner(context, setting, draw))
        taken = await take(self._study, context, setting, draw, call)
        key = (context.context_id, setting.sleep_effort, draw)
        if key not in self._sleeps_kept:
            self._sleeps_kept.add(key)
            self._directory.add_sleep(_sleep_record(key, taken))
        return taken


class _Phases:
    """The sleep phases of the contexts under way: each draw is made when a row first needs it."""

    def __init__(
        self,
        take: Callable[[Context, Setting, int, int], Any],
        group: asyncio.TaskGroup,
        *,
        most: int,
    ) -> None:
        self._take = take
        self._group = group
        self._most = most
        self._contexts: OrderedDict[str, dict[tuple[str, int], asyncio.Task[Taken | CallError]]] = (
            OrderedDict()
        )

    async def taken(self, context: Context, setting: Setting, place: int) -> list[Taken]:
        """The notes of all parallel draws of a setting, for the row at a place of the plan.

        Raises:
            CallError: One of them failed.
        """
        draws = self._draws_of(context)
        keys = [(setting.sleep_effort, draw) for draw in range(setting.sleep_parallel)]
        for key in keys:
            if key not in draws:
                draws[key] = self._group.create_task(self._draw(context, setting, key[1], place))
        # Shielded, because other rows wait for the same draws.
        results = await asyncio.gather(*(asyncio.shield(draws[key]) for key in keys))
        for result in results:
            if isinstance(result, CallError):
                raise CallError(result.kind, f"sleep phase: {result.message}")
        return [result for result in results if isinstance(result, Taken)]

    def _draws_of(self, context: Context) -> dict[tuple[str, int], asyncio.Task[Taken | CallError]]:
        draws = self._contexts.setdefault(context.context_id, {})
        self._contexts.move_to_end(context.context_id)
        if len(self._contexts) > self._most:
            self._contexts.popitem(last=False)
        return draws

    async def _draw(
        self, context: Context, setting: Setting, draw: int, place: int
    ) -> Taken | CallError:
        try:
            taken: Taken = await self._take(context, setting, draw, place)
        except CallError as error:
            return error
        return taken


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
    tokens = {
        "test": call.usage,
        "sleep": slept,
        "billed_test": call.billed,
        "billed_sleep": sum(carried, _NOTHING),
    }
    counts = {
        f"{part}_{kind}_tokens": getattr(usage, kind)
        for part, usage in tokens.items()
        for kind in KINDS
    }
    effort = setting.sleep_effort or "default"
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
        sleep_id=f"{context.context_id}:{effort}:{setting.sleep_parallel}" if setting.sleep else "",
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
