"""Read a situation: match its sentences against the patterns of the scenario families.

This is all the simulated model can read. It knows the families' language, as a language model
knows English, and nothing about any one scene but what the text states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.grammar import FIELD, Fact, Family, filled
from sleeptime_lib.tasks.procedural.scenes import PEOPLE, PRONOUNS, pattern_of
from sleeptime_lib.tasks.procedural.slots import Slot, Word
from sleeptime_lib.tasks.splitters import sentences

_MOST_PIECES: Final = 3
"""A sentence is looked for in up to this many pieces joined, in case it was cut wrongly."""

_WORD: Final = re.compile(r"[a-z]+")
_WHOLE_WORD: Final = re.compile(r"(?<![\x00\w'])[a-z]+(?![\x00\w'])")
_NUMBER: Final = re.compile(r"\d[\d,]{0,14}(?:\.\d{1,6})?")
_LARGEST: Final = 10**12
_PRONOUN_OF: Final = dict(PEOPLE)


@dataclass(frozen=True, slots=True)
class Story:
    """What a situation was understood to say.

    Attributes:
        family: The scenario family; None when no sentence was understood.
        level: 0, 1 or 2, from the clauses that were found.
        numbers: Values of the number slots that were found.
        words: What stands in each field, as written.
        stated: Every number in the text, understood or not, in order.
    """

    family: Family | None
    level: int
    numbers: Mapping[str, Fraction]
    words: Mapping[str, str]
    stated: tuple[Fraction, ...]

    def facts(self) -> Mapping[str, Fact]:
        """The quantities that follow at this level, by key."""
        if self.family is None:
            return {}
        return {fact.key: fact for fact in self.family.facts_at(self.level)}

    def fill(self, template: str) -> str:
        """Write a template with the words of the text; a field not found is named instead."""
        return filled(template, lambda name: self.words.get(name) or name.replace("_", " "))


@dataclass(frozen=True, slots=True)
class _Wording:
    family: Family
    sentence: int
    clause: int
    template: str
    words: frozenset[str]


_Hit = tuple[_Wording, re.Match[str]]


@lru_cache(maxsize=4096)
def read(situation: str) -> Story:
    """Understand a situation as far as possible; sentences of other families are passed over."""
    pieces = sentences(situation)
    found = [hits for name in _sets() for hits in _hits(name, pieces)]
    stated = stated_numbers(situation)
    if not found:
        return Story(None, 0, {}, {}, stated)
    best = max(found, key=lambda hits: len({wording.sentence for wording, _ in hits}))
    family = best[0][0].family
    numbers: dict[str, Fraction] = {}
    words: dict[str, str] = {}
    for _, match in best:
        more_numbers, more_words = captured(family, match)
        numbers, words = more_numbers | numbers, more_words | words
    words |= PRONOUNS.get(_PRONOUN_OF.get(words.get("name", ""), ""), {})
    return Story(family, max(wording.clause for wording, _ in best), numbers, words, stated)


@cache
def _sets() -> tuple[str, ...]:
    """The sets of families that come with the package, that of the stories first."""
    folder = resources.files("sleeptime_lib.tasks.procedural") / "sets"
    names = (entry.name for entry in folder.iterdir() if entry.is_dir())
    return tuple(sorted(names, key=lambda name: (name != "p", name)))


def _hits(set_name: str, pieces: Sequence[str]) -> Iterable[list[_Hit]]:
    """The sentences that were understood as of each family of a set."""
    found: dict[str, list[_Hit]] = {}
    at = 0
    while at < len(pieces):
        for length in range(1, min(_MOST_PIECES, len(pieces) - at) + 1):
            matches = _matches(set_name, " ".join(pieces[at : at + length]))
            if matches:
                for wording, match in matches:
                    found.setdefault(wording.family.name, []).append((wording, match))
                at += length - 1
                break
        at += 1
    return found.values()


def _matches(set_name: str, sentence: str) -> list[_Hit]:
    words = frozenset(_WORD.findall(sentence.lower()))
    index = _wordings_by_anchor(set_name)
    return [
        (wording, match)
        for anchor in (*sorted(words), "")
        for wording in index.get(anchor, ())
        if wording.words <= words
        if (match := pattern_of(wording.family, wording.template).fullmatch(sentence))
    ]


@cache
def _wordings_by_anchor(set_name: str) -> Mapping[str, tuple[_Wording, ...]]:
    """Every wording of a set under the rarest of its literal words; under "" if it has none."""
    wordings = [
        _Wording(family, number, sentence.clause, template, literal_words(template))
        for family in families(set_name)
        for number, sentence in enumerate(family.story)
        for template in sentence.wordings
    ]
    frequency: dict[str, int] = {}
    for wording in wordings:
        for word in wording.words:
            frequency[word] = frequency.get(word, 0) + 1
    index: dict[str, list[_Wording]] = {}
    for wording in wordings:
        anchor = min(wording.words, key=lambda word: (frequency[word], word), default="")
        index.setdefault(anchor, []).append(wording)
    return {anchor: tuple(entries) for anchor, entries in index.items()}


@cache
def literal_words(template: str) -> frozenset[str]:
    """The whole words that every text of a template contains."""
    return frozenset(_WHOLE_WORD.findall(FIELD.sub("\x00", template).lower()))


def captured(family: Family, match: re.Match[str]) -> tuple[dict[str, Fraction], dict[str, str]]:
    """The numbers and the words that a match of a family's pattern found, by field."""
    numbers: dict[str, Fraction] = {}
    words: dict[str, str] = {}
    for field, text in match.groupdict().items():
        if text is None:
            continue
        slot = family.slots.get(field)
        if isinstance(slot, Word):
            words[field] = next((c for c in slot.choices if c.lower() == text.lower()), text)
        elif slot is None:
            words[field] = text if field in ("name", "other") else text.lower()
        elif (value := _value(slot, text)) is not None:
            words[field], numbers[field] = text.lower(), value
    return numbers, words


def _value(slot: Slot, text: str) -> Fraction | None:
    """What a number slot reads; None for what no story means, such as 1/0 or 10^5000."""
    try:
        value = slot.read(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if isinstance(value, Fraction) and value <= _LARGEST else None


def stated_numbers(text: str) -> tuple[Fraction, ...]:
    """Every number written in digits, in order."""
    return tuple(Fraction(found.replace(",", "")) for found in _NUMBER.findall(text))
