"""Read a block of notes: which quantities it gives, and how much else stands there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from sleeptime_lib.servers.simulated.constants import (
    CONTRADICTION_LINES,
    DISTRACTION_LINES,
    NOTE_MATCH,
)
from sleeptime_lib.servers.simulated.questions import names_of, understand
from sleeptime_lib.servers.simulated.reader import read
from sleeptime_lib.servers.simulated.words import best_match

_BULLET: Final = re.compile(r"^(?:[-*•–]|\d+[.)]) ")
_NUMBER: Final = re.compile(r"(-?)\$?(\d[\d,]{0,14}(?:\.\d{1,6})?)(?:/(\d{1,6}))?(%?)")
_EXPECTED: Final = re.compile(r"[^|]*\|(?P<question>[^|]+)\|(?P<answer>.*)")
_NAME_END: Final = re.compile(r" ?[=:→] ?| (?:is|are|was|were|equals?) (?=[*$\d-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notes:
    """What a block of notes was understood to say.

    Attributes:
        values: One number for each quantity that is named, by key.
        others: Names that are no quantity of the story, with their numbers.
        numbers: The number of every line that has one, in order.
        distraction: Chance that a look at the notes falls on a wrong line.
    """

    values: Mapping[str, Fraction]
    others: Mapping[str, Fraction]
    numbers: tuple[Fraction, ...]
    distraction: float


NO_NOTES: Final = Notes({}, {}, (), 0.0)


@lru_cache(maxsize=4096)
def read_notes(situation: str, notes: str) -> Notes:
    """Understand notes about a situation.

    Lines look like "name = calculation = number", "name: number" or "name is number", or say which
    question is expected: "30% | question | calculation = number". A name with several values gets
    the one that most lines give, and the first of those on a draw.
    """
    story = read(situation)
    lines = [found for line in notes.splitlines() if (found := _line(line))]
    if not lines:
        return NO_NOTES
    names = tuple((key, texts[0]) for key, texts in names_of(story, questions=False).items())
    given: dict[str, Counter[Fraction]] = {}
    others: dict[str, Fraction] = {}
    for name, value in lines:
        asks = name.endswith("?")
        key = understand(situation, name)[1] if asks else nearest(names, name)
        if key is None:
            others.setdefault(name, value)
        else:
            given.setdefault(key, Counter())[value] += 1
    contradictions = sum(1 for counts in given.values() if len(counts) > 1)
    burden = len(lines) + CONTRADICTION_LINES * contradictions
    return Notes(
        values={key: counts.most_common(1)[0][0] for key, counts in given.items()},
        others=others,
        numbers=tuple(value for _, value in lines),
        distraction=burden / (burden + DISTRACTION_LINES),
    )


def _line(line: str) -> tuple[str, Fraction] | None:
    """Name and number of a line, or None if it does not have both."""
    line = _BULLET.sub("", " ".join(line.split()))
    expected = _EXPECTED.match(line)
    if expected:
        value = number_in(expected["answer"].rsplit("=", 1)[-1])
        return None if value is None else (expected["question"].strip(), value)
    end = _NAME_END.search(line)
    if end is None or not end.start():
        return None
    value = number_in(line[end.end() :].rsplit("=", 1)[-1])
    return None if value is None else (line[: end.start()].strip(), value)


def number_in(text: str) -> Fraction | None:
    """The first number in a text; a percentage counts as a share."""
    match = _NUMBER.search(text)
    if not match:
        return None
    sign, digits, below, percent = match.groups()
    value = Fraction(digits.replace(",", ""))
    if below and int(below):
        value /= int(below)
    return (-value if sign else value) / (100 if percent else 1)


@lru_cache(maxsize=4096)
def nearest(names: tuple[tuple[str, str], ...], name: str) -> str | None:
    """The key of the label that a name means, of pairs of key and label; None for none."""
    for key, label in names:
        if name.lower() in (label.lower(), key.replace("_", " ")):
            return key
    found = best_match(name, {key: [label] for key, label in names}, NOTE_MATCH)
    return found[0] if found else None
