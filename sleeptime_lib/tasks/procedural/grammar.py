"""The small language in which scenario families are written.

A family is data: slots that are drawn, sentences that state them, and quantities that follow
from them by one arithmetic step each. Whatever is written in this language can be composed into a
context with correct answers, and, because every sentence is a pattern as well as a template, read
back from text.

Templates are plain text with `{slot}` fields. `{name}` and `{other}` are people; `{they}`,
`{them}` and `{their}` are the pronouns of `{name}`. A capital first letter of a field's name
(`{They}`, `{Item}`) capitalises what is filled in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from sleeptime_lib.tasks.procedural.slots import (
    Clock,
    Int,
    Measure,
    Minutes,
    Money,
    Percent,
    Share,
    Slot,
    Times,
    Word,
)

__all__ = [
    "Clock",
    "Fact",
    "Family",
    "Int",
    "Measure",
    "Minutes",
    "Money",
    "Percent",
    "Sentence",
    "Share",
    "Slot",
    "Step",
    "Times",
    "Word",
    "names_in",
    "step_of",
]


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

    A clause comes to matter by changing how a quantity follows: `p1` and `p2` give the formula
    from that level on. Where label or questions change too, a later fact with the same key and a
    higher clause takes the earlier one's place.

    Attributes:
        key: Name in formulas.
        formula: One operation (+ - * /) on slots, other facts and constants: "trays * per_tray".
        label: Noun phrase template, unique in the family: "{item} left".
        questions: Templates of questions that ask for it; empty if nobody would ask.
        clause: Lowest level at which it holds.
        whole: True for things that are counted; a scene in which they come out broken is not
            used. False for money, time, averages and other measures.
        p1: Formula from level 1 on; empty for the same as at level 0.
        p2: Formula at level 2; empty for the same as at level 1.
    """

    key: str
    formula: str
    label: str
    questions: tuple[str, ...] = ()
    clause: int = 0
    whole: bool = True
    p1: str = ""
    p2: str = ""

    def at(self, level: int) -> Fact:
        """This fact with the formula that holds at a level, and no other."""
        by_level = (self.formula, self.p1, self.p2)
        formula = next(text for text in reversed(by_level[: level + 1]) if text)
        return replace(self, formula=formula, p1="", p2="")


@dataclass(frozen=True)
class Family:
    """A scenario family: the procedural counterpart of a GSM-Symbolic template.

    Attributes:
        name: Identifier; the cluster id of its contexts.
        slots: Drawn values by name. People (`name`, `other`) need not be listed.
        story: Sentences in order.
        facts: Quantities in an order in which each uses only slots and earlier ones of its level.
    """

    name: str
    slots: Mapping[str, Slot]
    story: tuple[Sentence, ...]
    facts: tuple[Fact, ...]
    _cache: dict[int, tuple[Fact, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def facts_at(self, level: int) -> tuple[Fact, ...]:
        """The facts that hold at a level, each key once, in an order fit for evaluation."""
        if level not in self._cache:
            by_key: dict[str, Fact] = {}
            for fact in self.facts:
                if fact.clause <= level:
                    by_key[fact.key] = fact.at(level)
            self._cache[level] = _in_dependency_order(by_key)
        return self._cache[level]

    def sentences_at(self, level: int) -> tuple[Sentence, ...]:
        """The sentences of a level in story order."""
        return tuple(sentence for sentence in self.story if sentence.clause <= level)


def _in_dependency_order(by_key: Mapping[str, Fact]) -> tuple[Fact, ...]:
    ordered: dict[str, Fact] = {}

    def place(fact: Fact) -> None:
        for name in names_in(fact.formula):
            if name in by_key and name not in ordered and name != fact.key:
                place(by_key[name])
        ordered.setdefault(fact.key, fact)

    for fact in by_key.values():
        place(fact)
    return tuple(ordered.values())


_OPERATIONS: Final[Mapping[type, tuple[str, Callable[[Fraction, Fraction], Fraction]]]] = {
    ast.Add: ("+", lambda a, b: a + b),
    ast.Sub: ("-", lambda a, b: a - b),
    ast.Mult: ("*", lambda a, b: a * b),
    ast.Div: ("/", lambda a, b: a / b),
}


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
            ZeroDivisionError: Division by zero.
        """
        left, right = (values[x] if isinstance(x, str) else x for x in (self.left, self.right))
        return next(f for symbol, f in _OPERATIONS.values() if symbol == self.symbol)(left, right)

    @property
    def names(self) -> tuple[str, ...]:
        """The names it uses."""
        return tuple(x for x in (self.left, self.right) if isinstance(x, str))


_steps: dict[str, Step] = {}


def step_of(formula: str) -> Step:
    """Take a formula apart.

    Raises:
        ValueError: The formula is not one operation on names and numbers.
    """
    if formula not in _steps:
        node = ast.parse(formula, mode="eval").body
        if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATIONS:
            raise ValueError(f"formula {formula!r} is not one operation (+ - * /)")
        symbol = _OPERATIONS[type(node.op)][0]
        _steps[formula] = Step(_operand(node.left), symbol, _operand(node.right))
    return _steps[formula]


def _operand(node: ast.expr) -> str | Fraction:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(str(node.value))
    raise ValueError(f"{ast.unparse(node)!r} is neither a name nor a number")


def names_in(formula: str) -> tuple[str, ...]:
    """The slots and facts that a formula uses."""
    return step_of(formula).names
