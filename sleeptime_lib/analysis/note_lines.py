"""Read notes line by line, and find what a name or a question is about by its words.

Written for notes as models write them, whatever they were asked for: "name = calculation =
number", "name: number", "the name is number", with bullets and bold face. A reader of results,
it shares nothing with the simulated model's own reading of notes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sleeptime_lib.tasks.numerals import find_numbers

_MARKS: Final = re.compile(r"^\s*(?:[-*•–#>]+|\d+[.)])\s+|[*_`]{2,}|`")
_NAME_END: Final = re.compile(r"\s*(?:=|:|→|->)\s*|\s(?:is|are|was|were|equals?)\s(?=[^a-z]*\d)")
_WORD: Final = re.compile(r"[a-z]+|\d+")
_EMPTY: Final = frozenset(
    "a an and are as at be been by did do does for from had has have he her his how i if in into "
    "is it its many much of on or she so some than that the their them then there these they this "
    "to was were what when which while who will with would number amount value total answer".split()
)


@dataclass(frozen=True, slots=True)
class Note:
    """A line of notes that states a number.

    Attributes:
        name: What the number is.
        number: The number as text ("12.5", "75%").
    """

    name: str
    number: str


def read_lines(text: str) -> list[Note | None]:
    """Every line of notes that is not empty; None where it states no named number."""
    return [_note(line) for line in text.splitlines() if line.strip()]


def _note(line: str) -> Note | None:
    line = _MARKS.sub("", line).strip()
    end = _NAME_END.search(line)
    if end is None or not re.search("[A-Za-z]", line[: end.start()]):
        return None
    # Of a calculation the result counts, which stands behind the last equals sign.
    numbers = find_numbers(line[end.end() :].rsplit("=", 1)[-1])
    return Note(line[: end.start()].strip(), str(numbers[0])) if numbers else None


@lru_cache(maxsize=65_536)
def words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, without the endings of plurals and tenses."""
    found = (w for w in _WORD.findall(text.lower()) if w not in _EMPTY)
    return frozenset(re.sub(r"(?<=\w\w\w)(?:ing|ies|ed|es|s)$", "", w) for w in found)


def weigh(texts: Iterable[str]) -> Mapping[str, float]:
    """How much each word tells: the more, the fewer of the texts have it."""
    sets = [words(text) for text in texts]
    known = {word for each in sets for word in each}
    return {w: math.log(1 + len(sets) / sum(w in each for each in sets)) for w in known}


def _weight(some: Iterable[str], weights: Mapping[str, float]) -> float:
    # Words that none of the weighed texts has tell as much as a word of one of them.
    rare = max(weights.values(), default=1.0)
    return math.fsum(weights.get(word, rare) for word in some)


def similarity(left: str, right: str, weights: Mapping[str, float]) -> float:
    """Weighted share of two names' words that they have in common, 0 to 1."""
    a, b = words(left), words(right)
    together = _weight(a | b, weights)
    return _weight(a & b, weights) / together if together else 0.0


def answered_by(question: str, name: str, weights: Mapping[str, float]) -> float:
    """How well a note's name fits what a question asks for, 0 to 1.

    The F2 score of the name's words against the question's (van Rijsbergen 1979): that the name
    is found in the question counts four times as much as that the question is covered, since
    questions have more words than names. Still "eggs" is not an answer to every question about
    eggs.
    """
    asked, named = words(question), words(name)
    common = _weight(asked & named, weights)
    whole = 4 * _weight(named, weights) + _weight(asked, weights)
    return 5 * common / whole if whole else 0.0


def best(scores: Sequence[float], least: float) -> int | None:
    """Index of the first highest score that is at least `least`."""
    if not scores or max(scores) < least:
        return None
    return max(range(len(scores)), key=scores.__getitem__)
