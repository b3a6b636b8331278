"""What a scenario family is: slots that are drawn, sentences that state them, and quantities.

A quantity follows by one arithmetic step from slots and other quantities. So whatever is written
in this language can be composed into a context with correct answers, and, because every sentence
is a pattern as well as a template, read back from text.

Templates are plain text with `{slot}` fields. `{name}` and `{other}` are people; `{they}`,
`{them}` and `{their}` are the pronouns of `{name}`. A capital first letter of a field's name
(`{They}`, `{Item}`) capitalises what is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property
from typing import Final

from sleeptime_lib.tasks.procedural.operations import OPERATIONS
from sleeptime_lib.tasks.procedural.slots import Slot, Word

PEOPLE_FIELDS: Final = ("name", "other", "they", "them", "their")
FIELD: Final = re.compile(r"\{(\w+)\}")


def slot_named(field: str) -> str:
    """The slot that a field names, whether or not it is written with a capital."""
    return field[0].lower() + field[1:]


def capitalised(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]


def filled(template: str, word_of: Callable[[str], str]) -> str:
    """A template with the word of each slot in its fields, capitalised where the field is."""

    def replace(match: re.Match[str]) -> str:
        name = slot_named(match[1])
        word = word_of(name)
        return word if name == match[1] else capitalised(word)

    return FIELD.sub(replace, template)


@cache
def fields_of(template: str) -> tuple[str, ...]:
    """The slots, people and pronouns that a template names, in order."""
    return tuple(slot_named(field) for field in FIELD.findall(template))


@dataclass(frozen=True)
class Sentence:
    """One sentence of a scenario in one or more wordings.

    Attributes:
        wordings: Templates that state the same facts. Each uses the same number slots.
        clause: 0 for the basic story, 1 for the sentence that level P1 adds, 2 for P2's.
    """

    wordings: tuple[str, ...]
    clause: int = 0


@dataclass(frozen=True)
class Fact:
    """A quantity that follows by one arithmetic step from slots and other quantities.

    A clause comes to matter by changing how a quantity follows: a later fact with the same key and
    a higher clause takes the earlier one's place.

    Attributes:
        key: Name in formulas.
        formula: One operation on slots, other facts and constants: "trays * per_tray".
        label: Noun phrase template, unique in the family: "{item} left".
        questions: Templates of questions that ask for it; empty if nobody would ask.
        clause: Lowest level at which it holds.
        whole: True for things that are counted; a scene in which they come out broken is not
            used. False for money, time, averages and other measures.
        only: "single" or "many" where only contexts with one question, or only those with several,
            are asked about it.
    """

    key: str
    formula: str
    label: str
    questions: tuple[str, ...] = ()
    clause: int = 0
    whole: bool = True
    only: str = ""


@dataclass(frozen=True)
class Family:
    """A scenario family: the procedural counterpart of a GSM-Symbolic template.

    Attributes:
        name: Identifier; the cluster id of its contexts.
        slots: Drawn values by name. People (`name`, `other`) are not listed.
        story: Sentences in order.
        facts: Quantities in any order; the last of a key that holds at a level is used there.
        ranges: Slots that are drawn in another way from a level on, by that level and name; of
            the same kind, so that they are written and read in the same way.
    """

    name: str
    slots: Mapping[str, Slot]
    story: tuple[Sentence, ...]
    facts: tuple[Fact, ...]
    ranges: Mapping[tuple[int, str], Slot] = field(default_factory=dict)
    _cache: dict[int, tuple[Fact, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def asked(self, *, many: bool) -> Family:
        """The family with the quantities of contexts with several questions, or with one."""
        return self._many if many else self._single

    @cached_property
    def _single(self) -> Family:
        return replace(self, facts=tuple(fact for fact in self.facts if fact.only != "many"))

    @cached_property
    def _many(self) -> Family:
        return replace(self, facts=tuple(fact for fact in self.facts if fact.only != "single"))

    def slots_at(self, level: int) -> Mapping[str, Slot]:
        """The slots as they are drawn at a level."""
        changed = sorted((clause, name) for clause, name in self.ranges if clause <= level)
        return {**self.slots, **{name: self.ranges[clause, name] for clause, name in changed}}

    def facts_at(self, level: int) -> tuple[Fact, ...]:
        """The facts that hold at a level, each key once, in an order fit for evaluation.

        Raises:
            ValueError: A fact follows from itself.
        """
        if level not in self._cache:
            by_key = {fact.key: fact for fact in self.facts if fact.clause <= level}
            self._cache[level] = in_order(by_key, by_key)
        return self._cache[level]

    def sentences_at(self, level: int) -> tuple[Sentence, ...]:
        """The sentences of a level in story order."""
        return tuple(sentence for sentence in self.story if sentence.clause <= level)

    def numbers_of(self, template: str) -> list[str]:
        """The number slots of a template, sorted."""
        return sorted(name for name in fields_of(template) if name in self._numbers)

    @cached_property
    def _numbers(self) -> set[str]:
        return {name for name, slot in self.slots.items() if not isinstance(slot, Word)}


def in_order(by_key: Mapping[str, Fact], wanted: Iterable[str]) -> tuple[Fact, ...]:
    """The facts to calculate for the wanted ones, each once and after those that it uses.

    Raises:
        ValueError: A fact follows from itself.
    """
    ordered: dict[str, Fact] = {}

    def place(key: str, users: tuple[str, ...]) -> None:
        if key in users:
            raise ValueError(f"{key!r} follows from itself: {' <- '.join((*users, key))}")
        if key in by_key and key not in ordered:
            for name in step_of(by_key[key].formula).names:
                place(name, (*users, key))
            ordered[key] = by_key[key]

    for key in wanted:
        place(key, ())
    return tuple(ordered.values())


@dataclass(frozen=True)
class Step:
    """A formula taken apart: `left symbol right`; operands are names or constants."""

    left: str | Fraction
    symbol: str
    right: str | Fraction

    def apply(self, values: Mapping[str, Fraction]) -> Fraction:
        """Calculate with the values of the names.

        Raises:
            KeyError: A name has no value.
            ArithmeticError: Division by zero, or numbers that the operation is not made for.
        """
        return OPERATIONS[self.symbol](*self.operands(values))

    def operands(self, values: Mapping[str, Fraction]) -> tuple[Fraction, Fraction]:
        """What is calculated with, by the values of the names; KeyError where one has none."""
        left, right = (values[x] if isinstance(x, str) else x for x in (self.left, self.right))
        return left, right

    @property
    def names(self) -> tuple[str, ...]:
        """The names it uses."""
        return tuple(x for x in (self.left, self.right) if isinstance(x, str))


@cache
def step_of(formula: str) -> Step:
    """Take a formula apart.

    Raises:
        ValueError: The formula is not one operation on names and numbers.
    """
    parts = formula.split(" ")
    if len(parts) != 3 or parts[1] not in OPERATIONS:
        raise ValueError(
            f"formula {formula!r} is not one operation ({' '.join(OPERATIONS)}) such as a * b"
        )
    return Step(_operand(parts[0]), parts[1], _operand(parts[2]))


def _operand(text: str) -> str | Fraction:
    if text.isidentifier():
        return text
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return Fraction(text)
    raise ValueError(f"{text!r} is neither a name nor a number")
