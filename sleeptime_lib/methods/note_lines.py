"""Lines of notes as models write them, whatever they were asked for.

    eggs in all = 3 * 12 = 36
    - **eggs in all**: 3 × 12 = 36 eggs
    the eggs in all are 36

It shares nothing with the simulated model's own reading of notes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sleeptime_lib.methods.arithmetic import Calculation, evaluate
from sleeptime_lib.tasks.numerals import Number, find_numbers, plain_text

_MARKS: Final = re.compile(r"^\s*(?:[-*•–#>]+|\d+[.)])\s+|[*_`]{2,}|`")
_NAME_END: Final = re.compile(r"\s*(?:=|:|→|->)\s*|\s(?:is|are|was|were|equals?)\s(?=[^a-z]*\d)")
_EQUALS: Final = re.compile(r"[=≈]")
_DECIMALS: Final = re.compile(r"\d\.(\d+)")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line of notes that states a number.

    Attributes:
        name: What the number is.
        number: The number as text ("12.5", "75%").
    """

    name: str
    number: str


def read_lines(text: str) -> list[NoteLine]:
    """The lines of notes that state a named number."""
    return [line for line in map(read_line, text.splitlines()) if line is not None]


def read_line(line: str) -> NoteLine | None:
    """What a line states, or None where it states no named number."""
    line = _MARKS.sub("", line).strip()
    end = _NAME_END.search(line)
    if end is None or not re.search("[A-Za-z]", line[: end.start()]):
        return None
    # Of a calculation the result counts, which stands behind the last equals sign.
    numbers = find_numbers(line[end.end() :].rsplit("=", 1)[-1])
    return NoteLine(line[: end.start()].strip(), str(numbers[0])) if numbers else None


def is_wrong(line: str) -> bool:
    """Whether a line states another number than one of its calculations gives.

    A result with decimals may be rounded to them, and may be said again in another unit. What
    cannot be evaluated is not wrong.
    """
    parts = _EQUALS.split(_MARKS.sub("", plain_text(line)).strip())
    # A name is not calculated, also where it holds numbers.
    _, colon, parts[0] = parts[0].rpartition(":")
    named = not colon and re.search("[A-Za-z]", parts[0]) is not None
    for i in range(int(named), len(parts) - 1):
        done = evaluate(parts[i])
        if done and done.operators and not any(_gives(done, p) for p in (parts[i + 1], parts[-1])):
            return True
    return False


def _gives(done: Calculation, result: str) -> bool:
    """Whether a calculation comes to what is written as its result; true of what has no number."""
    stated = evaluate(result)
    if stated is not None and stated.operators:
        return done.value == stated.value
    numbers = find_numbers(result)
    return not numbers or _states(numbers[0], result, done)


def _states(number: Number, text: str, done: Calculation) -> bool:
    """Whether a number is a calculation's result, perhaps rounded to what is written of it."""
    written = _DECIMALS.search(text[number.start : number.end])
    unit = Fraction(1, 10 ** len(written[1])) if written else Fraction(1)
    is_share = "%" in number.written
    slack = unit / 2 if written or is_share else Fraction(0)
    values = [done.value, 100 * done.value] if is_share or done.percent else [done.value]
    readings = [number.value] if is_share else [number.value, *number.also]
    return any(abs(value - reading) <= slack for value in values for reading in readings)
