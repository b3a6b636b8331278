"""Were the questions foreseen, and does the gain come from those that were?

Scored without a judge, on generated contexts, whose every quantity is known: a forecast foresees a
question when its answer is the right number, compared as answers are graded. So both its question
and its answer have to be right. Where several quantities of a context have the same number, the
number does not tell which of them was meant: questions about those are left out and counted.

Notes need not be forecasts: a line of other notes that states a number ("eggs in all = 36") counts
as a forecast without a probability, so notes of any sleep method have a coverage.

A number may stand in the notes by chance. The placebo holds each question against the forecasts of
the other contexts of its cluster, which were made from other numbers: what it finds is chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.notes import notes_of, read_lines
from sleeptime_lib.errors import InputError
from sleeptime_lib.methods.forecast import Forecast, broken_lines, read_forecasts
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.numerals import Number, parse_number


def expected(notes: Sequence[str]) -> tuple[Forecast, ...]:
    """What the notes of one or several draws expect, the most probable first.

    Draws count alike: each probability is divided by their number. Lines without a probability
    come last, in the order in which they stand.
    """
    found = [
        replace(one, probability=one.probability / len(notes))
        for text in notes
        for one in (read_forecasts(text) or _from_lines(text))
    ]
    return tuple(sorted(found, key=lambda one: -_or_zero(one.probability)))


def _from_lines(text: str) -> list[Forecast]:
    return [Forecast(line.name, math.nan, line.number) for line in read_lines(text)]


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


@dataclass(frozen=True, slots=True)
class Held:
    """A question held against the forecasts about its context.

    Attributes:
        question_id: The question.
        cluster_id: The cluster of its context.
        quantities: How many its context has.
        forecasts: How many forecasts there are about its context.
        probability: What the forecasts give to the right number; a question that they do not
            list, or list without a probability, gets an even part of what they leave of 1. NaN
            where no probability is stated.
        rank: Place of the first forecast that foresees it, from 1; inf for none.
        placebo: The same of the forecasts of each other context of the cluster.
        stated: Probability of each forecast that states one, and whether it foresees the question.
    """

    question_id: str
    cluster_id: str
    quantities: int
    forecasts: int
    probability: float
    rank: float
    placebo: tuple[float, ...]
    stated: tuple[tuple[float, bool], ...]

    @property
    def foreseen(self) -> bool:
        """Whether any forecast foresees it."""
        return math.isfinite(self.rank)

    def by_chance(self, most: float = math.inf) -> float:
        """Share of the placebo forecasts whose first `most` hold the number; NaN without any."""
        if not self.placebo:
            return math.nan
        return float(np.mean([math.isfinite(rank) and rank <= most for rank in self.placebo]))


_ABOVE: Final = 1 + 1e-9
"""By how much a stated probability is above the one that counts where a text's were scaled."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How well the notes could be read as forecasts. Rates are from 0 to 1, NaN of nothing.

    Attributes:
        notes: Texts of notes, one for each context and draw.
        unread: Of them, those without a line that is a forecast; all of them where the notes are
            of another kind.
        excess: Of the others, those whose probabilities add up to more than 1; they are scaled.
        lines: Lines of the notes that hold forecasts and say something.
        broken: Of them, those that could not be read.
        forecasts: What was read, other notes' lines included.
        unstated: Of them, those without a probability.
        unanswered: Of them, those without a number.
    """

    notes: int
    unread: int
    excess: int
    lines: int
    broken: int
    forecasts: int
    unstated: int
    unanswered: int

    @property
    def rates(self) -> dict[str, float]:
        """Shares of what could not be read or used, by name."""
        return {
            "notes_without_forecasts": _share(self.unread, self.notes),
            "notes_beyond_one": _share(self.excess, self.notes - self.unread),
            "unreadable_lines": _share(self.broken, self.lines),
            "without_probability": _share(self.unstated, self.forecasts),
            "without_number": _share(self.unanswered, self.forecasts),
        }


def _share(some: int, of: int) -> float:
    return some / of if of else math.nan


@dataclass(frozen=True, slots=True)
class Holding:
    """All questions held against the forecasts of one sleep setting.

    Attributes:
        line: The sleep setting.
        questions: Those that a number can decide.
        ambiguous: Questions left out because several quantities of their context have the number.
        unknown: Questions left out because their context has no notes, or no quantity with the
            number.
        forecasts: Mean number of forecasts of a context.
        reading: How well the notes could be read.
    """

    line: Line
    questions: tuple[Held, ...]
    ambiguous: int
    unknown: int
    forecasts: float
    reading: Reading


@dataclass(frozen=True, slots=True)
class _Read:
    """The forecasts about one context, their answers read as numbers."""

    forecasts: tuple[Forecast, ...]
    numbers: tuple[Number | None, ...]

    def rank(self, gold: Number) -> float:
        places = (i for i, number in enumerate(self.numbers, 1) if number and number.equals(gold))
        return next(places, math.inf)


def hold(task: Task, sleeps: pd.DataFrame, line: Line) -> Holding:
    """Hold every question against the forecasts about its context.

    Args:
        task: Contexts with quantities, and questions.
        sleeps: The notes, as `sleeptime_lib.store.read_sleeps` gives them.
        line: The sleep setting; the draws of parallel phases count alike.

    Raises:
        InputError: No context has quantities, or none of those has notes.
    """
    if not any(context.quantities for context in task.contexts.values()):
        raise InputError(
            f"{task.name} does not say which quantities its contexts have: forecasts can be "
            "scored by number on generated data only (procedural-*, multi-*)"
        )
    texts = notes_of(sleeps, line)
    read = {name: _read(texts[name]) for name in task.contexts if texts.get(name)}
    if not read:
        raise InputError(f"there are no notes of {line.label} about any context of {task.name}")
    clusters: dict[str, list[str]] = {}
    for name in read:
        clusters.setdefault(task.contexts[name].cluster_id, []).append(name)
    found: list[Held] = []
    ambiguous = unknown = 0
    for question in task.questions:
        context = task.contexts[question.context_id]
        gold = parse_number(question.gold)
        alike = sum(_is(quantity.gold, gold) for quantity in context.quantities)
        if gold is None or not alike or context.context_id not in read:
            unknown += 1
        elif alike > 1:
            ambiguous += 1
        else:
            others = [name for name in clusters[context.cluster_id] if name != context.context_id]
            found.append(_held(question, gold, context, read, others))
    every = [one for context in read.values() for one in context.forecasts]
    return Holding(
        line=line,
        questions=tuple(found),
        ambiguous=ambiguous,
        unknown=unknown,
        forecasts=len(every) / len(read),
        reading=_reading([text for name in read for text in texts[name]], every),
    )


def _reading(texts: Sequence[str], every: Sequence[Forecast]) -> Reading:
    told = [(text, found) for text in texts if (found := read_forecasts(text))]
    broken = sum(len(broken_lines(text)) for text, _ in told)
    return Reading(
        notes=len(texts),
        unread=len(texts) - len(told),
        excess=sum(
            any(one.stated > _ABOVE * one.probability for one in found) for _, found in told
        ),
        lines=broken + sum(len(found) for _, found in told),
        broken=broken,
        forecasts=len(every),
        unstated=sum(math.isnan(one.probability) for one in every),
        unanswered=sum(one.answer is None for one in every),
    )


def _read(texts: Sequence[str]) -> _Read:
    forecasts = expected(texts)
    return _Read(
        forecasts,
        tuple(None if one.answer is None else parse_number(one.answer) for one in forecasts),
    )


def _is(text: str, gold: Number | None) -> bool:
    number = parse_number(text)
    return number is not None and gold is not None and number.equals(gold)


def _held(
    question: Question,
    gold: Number,
    context: Context,
    read: Mapping[str, _Read],
    others: Sequence[str],
) -> Held:
    own = read[context.context_id]
    said = [
        (one.probability, number)
        for one, number in zip(own.forecasts, own.numbers, strict=True)
        if not math.isnan(one.probability)
    ]
    stated = tuple((chance, bool(number and number.equals(gold))) for chance, number in said)
    given = math.fsum(chance for chance, _ in stated)
    probability = math.fsum(chance for chance, hit in stated if hit)
    if not stated:
        probability = math.nan
    elif not any(hit for _, hit in stated):
        listed = [number for _, number in said if number]
        unlisted = sum(
            not any(_is(quantity.gold, number) for number in listed)
            for quantity in context.quantities
        )
        probability = max(1 - given, 0.0) / unlisted
    return Held(
        question_id=question.question_id,
        cluster_id=context.cluster_id,
        quantities=len(context.quantities),
        forecasts=len(own.forecasts),
        probability=probability,
        rank=own.rank(gold),
        placebo=tuple(read[name].rank(gold) for name in others),
        stated=stated,
    )


def entropies(sleeps: pd.DataFrame, line: Line) -> Mapping[str, float]:
    """Entropy of the forecasts about each context; contexts without probabilities are left out."""
    found = {name: entropy(texts) for name, texts in notes_of(sleeps, line).items()}
    return {name: value for name, value in found.items() if not math.isnan(value)}


def entropy(notes: Sequence[str]) -> float:
    """Entropy of what the notes of one or several draws expect, in nats.

    What the forecasts leave of 1 counts as one outcome more. NaN where no probability is stated. It
    is known before any question, but not before a sleep phase, which has to be paid for
    (`measured.Measured.paying`).
    """
    chances = [one.probability for one in expected(notes) if one.probability > 0]
    if not chances:
        return math.nan
    chances.append(max(1 - math.fsum(chances), 0.0))
    return -math.fsum(p * math.log(p) for p in chances if p > 0)
