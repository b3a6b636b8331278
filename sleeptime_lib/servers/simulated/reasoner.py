"""Work out a quantity: look it up in the notes, or calculate it step by step and slip at times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from sleeptime_lib.servers.simulated.budget import Budget
from sleeptime_lib.servers.simulated.constants import (
    CHECK_CATCHES,
    HEAD_CHAIN,
    HEAD_SLIP,
    STUBBORN,
    WRITTEN_SLIP,
)
from sleeptime_lib.servers.simulated.dice import Dice, difficulty, rounded, wrong_result
from sleeptime_lib.servers.simulated.notes import Notes
from sleeptime_lib.servers.simulated.reader import Story
from sleeptime_lib.tasks.procedural.grammar import Fact, step_of
from sleeptime_lib.tasks.procedural.scenes import steps_to

NOTHING: Final[Mapping[str, Fraction]] = MappingProxyType({})
"""No work done so far."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing done on the way to an answer.

    Attributes:
        fact: The quantity.
        value: The number it was taken to have from here on.
        operands: What was calculated with; None if the number was taken from the notes.
        written: The step was written down rather than done in the head.
        checked: The step was checked.
        caught: A slip that the check found.
        note: The number the notes give, where it was compared with a calculated one.
        computed: What the calculation gave, where the notes were believed instead.
    """

    fact: Fact
    value: Fraction
    operands: tuple[Fraction, Fraction] | None = None
    written: bool = False
    checked: bool = False
    caught: Fraction | None = None
    note: Fraction | None = None
    computed: Fraction | None = None

    @property
    def result(self) -> Fraction:
        """What the calculation gave, after any check, whatever the notes say."""
        return self.value if self.computed is None else self.computed


@dataclass(frozen=True, slots=True)
class Outcome:
    """The moves made, the number they lead to, and what was missing.

    Attributes:
        moves: In the order made.
        value: The answer; None if something was missing.
        missing: Names of the numbers that neither the situation nor the notes give.
    """

    moves: tuple[Move, ...]
    value: Fraction | None
    missing: tuple[str, ...] = ()


def work_out(
    story: Story,
    key: str,
    notes: Notes,
    budget: Budget,
    dice: Dice,
    done: Mapping[str, Fraction] = NOTHING,
) -> Outcome:
    """Find a quantity's value with a budget.

    What the notes give is taken from them, right or wrong; the rest is calculated. The last steps
    are the ones written down. A step done in the head slips more often the more numbers, looked up
    or calculated, are already held there. What is `done` already, by key, stands on paper: it is
    neither calculated again nor held in the head.
    """
    plan = _plan(story, key, notes, budget, dice, done)
    values: dict[str, Fraction] = {**story.numbers, **done}
    missing = _missing(values, plan)
    if missing:
        return Outcome((), None, missing)
    moves: list[Move] = []
    in_head = sum(noted is None for _, noted in plan) - budget.written
    for fact, noted in plan:
        if noted is None:
            head = len(moves) if in_head > 0 else None
            in_head -= 1
            try:
                move = calculate(story, fact, values, head, budget.check, dice)
            except ArithmeticError:
                return Outcome(tuple(moves), None, (f"numbers that fit for {fact.key}",))
            if budget.recompute:
                move = _compared(move, notes, dice)
        else:
            move = Move(fact, noted)
        values[fact.key] = move.value
        moves.append(move)
    return Outcome(tuple(moves), values[key])


def calculate(
    story: Story,
    fact: Fact,
    values: Mapping[str, Fraction],
    head: int | None,
    check: bool,
    dice: Dice,
) -> Move:
    """Do one step, possibly wrongly.

    Args:
        story: Where the numbers come from that an operand may be mixed up with.
        fact: What to calculate.
        values: The numbers at hand, by name.
        head: How many numbers are already held in the head; None if the step is written down.
        check: Whether a written step is checked.
        dice: The draws of the request.

    Raises:
        KeyError: An operand is not at hand.
        ArithmeticError: The step divides by zero, or is not made for its numbers.
    """
    step = step_of(fact.formula)
    left, right = operands = step.operands(values)
    result = rounded(step.apply(values))
    rate = WRITTEN_SLIP if head is None else HEAD_SLIP * (1 + HEAD_CHAIN * head)
    label = f"slip {fact.key}"
    checked = check and head is None
    if not dice.slips(label, rate * difficulty(step, left, right), step, left, right):
        return Move(fact, result, operands, head is None, checked)
    wrong = wrong_result(dice, label, step, operands, result, story.stated)
    if checked and dice.chance(f"{label} caught", CHECK_CATCHES):
        return Move(fact, result, operands, True, True, caught=wrong)
    return Move(fact, wrong, operands, head is None, checked)


def look_again(
    story: Story, key: str, done: Mapping[str, Fraction], dice: Dice, label: str
) -> tuple[Move, ...]:
    """Check the steps that stand on paper on the way to a quantity, in order.

    A check finds a slip as often as any check does; what was built on a number that is corrected is
    calculated anew.

    Args:
        story: What the situation says.
        key: The quantity asked for.
        done: The numbers on paper, by key.
        dice: The draws of the request.
        label: Tells this look from others.
    """
    if story.family is None:
        return ()
    values = {**story.numbers, **done}
    moves: list[Move] = []
    corrected: set[str] = set()
    for fact in steps_to(story.family, story.level, key):
        step = step_of(fact.formula)
        if fact.key not in done or not all(name in values for name in step.names):
            continue
        try:
            result = rounded(step.apply(values))
        except ArithmeticError:
            continue
        move = Move(fact, done[fact.key], step.operands(values), written=True, checked=True)
        sure = not corrected.isdisjoint(step.names)
        if result != move.value and (sure or dice.chance(f"{label} {fact.key}", CHECK_CATCHES)):
            move = replace(move, value=result, caught=move.value)
            corrected.add(fact.key)
        values[fact.key] = move.value
        moves.append(move)
    return tuple(moves)


def _plan(
    story: Story,
    key: str,
    notes: Notes,
    budget: Budget,
    dice: Dice,
    done: Mapping[str, Fraction],
) -> Sequence[tuple[Fact, Fraction | None]]:
    """The quantities on the way, each with its number from the notes or None to calculate it."""
    facts = story.facts()
    plan: dict[str, tuple[Fact, Fraction | None]] = {}

    def visit(name: str) -> None:
        if name in plan or name in done or name not in facts:
            return
        noted = None if budget.recompute else _look(notes, name, dice)
        if noted is None:
            for operand in step_of(facts[name].formula).names:
                visit(operand)
        plan[name] = (facts[name], noted)

    visit(key)
    return tuple(plan.values())


def _look(notes: Notes, name: str, dice: Dice) -> Fraction | None:
    """What a look at the notes gives for a quantity: its number, a wrong line's, or nothing."""
    if dice.chance(f"wrong line for {name}", notes.distraction):
        return notes.numbers[int(dice.draw(f"line for {name}") * len(notes.numbers))]
    return notes.values.get(name)


def _compared(move: Move, notes: Notes, dice: Dice) -> Move:
    """A calculated number after a look at what the notes say, which some prefer to believe."""
    note = _look(notes, move.fact.key, dice)
    if note is None:
        return move
    if note != move.value and dice.chance(f"believe {move.fact.key}", STUBBORN):
        return replace(move, value=note, note=note, computed=move.value)
    return replace(move, note=note)


def _missing(
    values: Mapping[str, Fraction], plan: Sequence[tuple[Fact, Fraction | None]]
) -> tuple[str, ...]:
    known = {*values, *(fact.key for fact, _ in plan)}
    names = (
        name
        for fact, noted in plan
        if noted is None
        for name in step_of(fact.formula).names
        if name not in known
    )
    return tuple(dict.fromkeys(name.replace("_", " ") for name in names))
