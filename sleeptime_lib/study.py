"""What a run consists of: its plan, and how one draw of notes and one answer are made.

The plan takes questions in turn, all settings of a question together and ablations last, so that
any beginning of it is a smaller experiment. The engine carries it out; `traces` goes through it
again without asking anybody.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sleeptime_lib.config import Options
from sleeptime_lib.errors import CallError, InputError, SleeptimeError
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
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.records import Context, Question, Task


@dataclass(frozen=True, slots=True)
class Study:
    """What is run: an experiment with its options, the way of making notes, and the data."""

    experiment: Experiment
    options: Options
    method: SleepMethod
    task: Task

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting that each question is answered in.

        Of a recording, whose arms come with it, without those that so few contexts do not allow.
        """
        asked = tuple(self.experiment.settings(self.options))
        if not self.options.model.startswith(PREFIX):
            return asked
        read = dict.fromkeys((setting.notes_of, setting.seed) for setting in asked)
        there = {kind for kind in read if self._allows(*kind)}
        return tuple(setting for setting in asked if (setting.notes_of, setting.seed) in there)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The arms of a recording that so few contexts do not allow."""
        asked = dict.fromkeys(setting.arm for setting in self.experiment.settings(self.options))
        there = {setting.arm for setting in self.settings}
        return tuple(arm for arm in asked if arm not in there)

    def _allows(self, notes_of: str, seed: int) -> bool:
        try:
            sources_of(self.task, notes_of, seed)
        except InputError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Planned:
    """One row to produce.

    Attributes:
        context: The context of the question.
        question: The question.
        setting: Arm and budget.
        sample: Index of the draw.
        source: The context whose notes are read.
        carries: Draws of the sleep phase whose bill this row carries: those that no earlier row of
            the plan uses.
    """

    context: Context
    question: Question
    setting: Setting
    sample: int
    source: Context
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


def plan(task: Task, settings: Sequence[Setting]) -> Iterator[Planned]:
    """Every row of a run, in the order in which they are produced.

    Raises:
        InputError: A setting reads the notes of another context, and there is none.
    """
    sources = sources_read(task, settings)
    drawn: dict[tuple[str, str, int], int] = {}
    for last in (False, True):
        turn = [setting for setting in settings if setting.last == last]
        for number, question in enumerate(task.questions if turn else ()):
            context = task.contexts[question.context_id]
            for setting in turn:
                if setting.questions is not None and number >= setting.questions:
                    continue
                source = sources[setting.notes_of, setting.seed][context.context_id]
                first = setting.sleep.first if setting.sleep else 0
                phase = (source.context_id, setting.sleep_effort, first)
                for sample in range(setting.samples):
                    before = drawn.get(phase, 0)
                    after = max(before, setting.sleep_parallel)
                    if after > before:
                        drawn[phase] = after
                    carries = range(before, after)
                    yield Planned(context, question, setting, sample, source, carries)


def rows_of(questions: int, settings: Sequence[Setting]) -> int:
    """Rows of a plan for so many questions."""
    return sum(questions_in(questions, setting) * setting.samples for setting in settings)


def questions_in(questions: int, setting: Setting) -> int:
    """How many of so many questions are asked in a setting."""
    return questions if setting.questions is None else min(questions, setting.questions)


def sources_read(
    task: Task, settings: Iterable[Setting]
) -> dict[tuple[str, int], Mapping[str, Context]]:
    """The contexts whose notes are read (see `sources_of`), by `notes_of` and seed.

    Raises:
        InputError: A setting reads the notes of another context, and there is none.
    """
    wanted = dict.fromkeys((setting.notes_of, setting.seed) for setting in settings)
    return {(notes_of, seed): sources_of(task, notes_of, seed) for notes_of, seed in wanted}


def sources_of(task: Task, notes_of: str, seed: int) -> Mapping[str, Context]:
    """The context whose notes are read about each context, by context_id.

    Another context is drawn from those before it, by seed; the first one takes the next. So what a
    task chooses is what every longer task chooses that begins with it.

    Args:
        task: Contexts in reading order.
        notes_of: "own", "same_family" or "other_family"; a family is a cluster.
        seed: Of the draws.

    Raises:
        InputError: Some context has no other of that kind.
    """
    if notes_of == "own":
        return task.contexts
    same = notes_of == "same_family"
    every = [task.contexts[name] for name in task.by_context()]
    families: dict[str, list[Context]] = {}
    for context in every:
        families.setdefault(context.cluster_id, []).append(context)
    before: dict[str, list[Context]] = {}
    found: dict[str, Context] = {}
    for context in every:
        dice = random.Random(f"{notes_of} {seed} {context.context_id}")
        own = context.cluster_id
        names = [own] if same else [name for name in before if name != own]
        pool = before.get(dice.choice(names), []) if names else []
        pool = [other for other in pool if _is_another(context, other)]
        after: Iterable[Context] = families[own]
        if not same:
            after = (other for other in every if other.cluster_id != own)
        chosen = dice.choice(pool) if pool else None
        chosen = chosen or next((c for c in after if _is_another(context, c)), None)
        if chosen:
            found[context.context_id] = chosen
        before.setdefault(own, []).append(context)
    if len(found) < len(every):
        raise InputError(
            f"notes of another context of {'the same' if same else 'another'} family: "
            f"{len(every) - len(found)} of {len(every)} contexts have none; take more questions "
            "(--limit), or leave that arm out"
        )
    return found


def _is_another(context: Context, other: Context) -> bool:
    return bool(other.text.strip()) and other.text != context.text


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
    return replace(study, options=study.options.model_copy(update=dict(values)))


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
    with _own_code("answer of", study.experiment.name):
        answered = await study.experiment.answer(
            call,
            planned.context,
            planned.question,
            planned.setting,
            notes_read(study, taken),
            planned.sample,
        )
        grade = study.experiment.grade(answered, planned.question)
        return _checked(answered), replace(grade, score=_share(grade.score))


def notes_read(study: Study, taken: Sequence[Taken]) -> Sequence[Notes]:
    """The notes that an answer reads, of those of all parallel draws."""
    return study.method.join([one.notes for one in taken], study.options)


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
    with _own_code("sleep method", study.method.name):
        return Taken(await study.method.take(call, context, setting, draw), call)


@contextmanager
def _own_code(what: str, name: str) -> Iterator[None]:
    """A failure of an experiment's own code is a failed row, as a failed call is."""
    try:
        yield
    except SleeptimeError:
        raise
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f", line {trace.tb_lineno}" if trace else ""
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise CallError("code", f"{what} {name} failed: {said}{line}") from error
