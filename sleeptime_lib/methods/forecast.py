"""`forecast`, a sleep phase that says what it expects: each question, how likely, and its answer.

The loop, its tools and its plain-text protocol are those of `rethink`; what differs is what the
notes hold. A line is one forecast:

    30% | How many eggs are there in all? | 3 * 12 = 36

So the notes can be held against the questions that came: which were foreseen, and were the
probabilities right? (The paper leaves both open; its section 7 asks for predictability as a guide.)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Final

from sleeptime_lib.experiment import Prompt, SleepMethod
from sleeptime_lib.methods.rethink import TEXTS, choose_protocol, take_notes
from sleeptime_lib.methods.situation import EMPTY_NOTES
from sleeptime_lib.tasks.grading import extract_answer
from sleeptime_lib.tasks.numerals import find_numbers

FORECAST_FRAME: Final = Prompt(
    "forecast_frame",
    1,
    "You have time to think about a situation before anyone asks about it. Questions about it "
    "will come later and must then be answered quickly, with the situation and your notes at "
    "hand. State in the notes which questions you expect, how probable each one is, and what its "
    "answer is.\n"
    "Good notes have one question on each line and nothing else, written as: probability | "
    "question | calculation = answer. With three boxes of a dozen eggs at $4 a box a line could "
    "be: 30% | How many eggs are there in all? | 3 * 12 = 36. The probability is the chance that "
    "the next question is this one, so that all lines together have at most 100%. Begin with the "
    "most probable question. Use only numbers from the situation or answers from lines above. "
    "Stop when no other question is likely.",
)

FORECAST: Final = SleepMethod(
    "forecast",
    partial(take_notes, frame=FORECAST_FRAME),
    prompts=(EMPTY_NOTES, FORECAST_FRAME, *TEXTS),
    settle=choose_protocol,
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One expected question.

    Attributes:
        question: The question as the notes word it.
        probability: Chance that the next question is this one, from 0 to 1: what was written,
            and where the lines of a block add up to more than 1, that over their sum. NaN where
            none was written. What a block leaves of 1 is for questions that it does not list.
        answer: The number that answers it, as `extract_answer` reads it; None where none is.
        stated: The probability as written, moved into 0 to 1; NaN where none was.
    """

    question: str
    probability: float
    answer: str | None
    stated: float = math.nan


_LEAD: Final = re.compile(r"^\s*(?:[-*•–>]+\s+|\d{1,3}[.)]\s+)?")
_RULE: Final = re.compile(r"[\s|:+=_*-]*")
_MOST_WORDS: Final = 4
"""Words of a probability at most; what is longer is a question."""


def read_forecasts(notes: str) -> tuple[Forecast, ...]:
    """The forecasts of a block of notes, in the order of its lines.

    Read as models write them: with bullets, as rows of a table, without a probability, with
    "30%", "0.3", "30" or "p = 1/3". A line that gives no question is left out here and told by
    `broken_lines`.
    """
    found = [one for line in notes.splitlines() if isinstance(one := _read(line), Forecast)]
    total = math.fsum(one.stated for one in found if not math.isnan(one.stated))
    scale = max(total, 1.0)
    return tuple(
        Forecast(one.question, one.stated / scale, one.answer, one.stated) for one in found
    )


def broken_lines(notes: str) -> tuple[str, ...]:
    """The lines of a block that hold something and give no question."""
    return tuple(one for line in notes.splitlines() if isinstance(one := _read(line), str))


def _read(line: str) -> Forecast | str | None:
    """A forecast, a line that is none, or None for a line that says nothing."""
    line = line.strip()
    if _RULE.fullmatch(line):
        return None
    cells = [cell.strip(" \t*_`") for cell in _LEAD.sub("", line).strip("| ").split("|")]
    stated = _probability(cells[0])
    asked = cells if math.isnan(stated) else cells[1:]
    if len(cells) < 2 or not asked or not re.search("[^\\W\\d_]{2}", asked[0]):
        return line
    if math.isnan(stated) and not any(find_numbers(cell) for cell in cells):
        return None if len(cells) > 2 else line  # the head of a table
    # Without a cell of its own the answer stands behind the question, or in a statement.
    answer = asked[-1] if len(asked) > 1 else asked[0].rpartition("?")[2]
    return Forecast(asked[0], stated, extract_answer(answer), stated)


def _probability(cell: str) -> float:
    numbers = find_numbers(cell)
    if not numbers or len(cell.split()) > _MOST_WORDS or "?" in cell:
        return math.nan
    value = numbers[0].value
    if "%" in cell or "cent" in cell or value > 1:
        value /= 100
    return float(min(max(value, Fraction(0)), Fraction(1)))
