"""The sleep phase: write notes on what is likely to be asked, rewrite by rewrite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sleeptime_lib.servers.simulated.constants import (
    CHECKING_EFFORTS,
    DEFAULT_SLEEP_EFFORT,
    SLEEP_REWRITES,
    SLEEP_TARGETS,
    THINKING_EFFORT,
)
from sleeptime_lib.servers.simulated.dice import Dice
from sleeptime_lib.servers.simulated.judgement import by_likelihood, stated_chances
from sleeptime_lib.servers.simulated.notes import read_notes
from sleeptime_lib.servers.simulated.reader import Story, read
from sleeptime_lib.servers.simulated.reasoner import Move, calculate
from sleeptime_lib.servers.simulated.tokens import first
from sleeptime_lib.servers.simulated.view import View
from sleeptime_lib.servers.simulated.writer import forecast_line, note_line, steps_text, within
from sleeptime_lib.tasks.procedural.grammar import Fact
from sleeptime_lib.tasks.procedural.scenes import steps_to

UNREADABLE: Final = "Nothing could be worked out: the situation is not written in a way I can read."
"""The notes on a situation that could not be read."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One turn of a sleep phase.

    Attributes:
        notes: The complete new notes; None when this turn only ends the phase.
        last: Nothing comes after this turn.
        reasoning: How the new lines were worked out, hidden or on paper, or "".
        moves: What the new lines hold.
    """

    notes: str | None
    last: bool
    reasoning: str = ""
    moves: tuple[Move, ...] = ()


def next_rewrite(
    view: View, effort: str | None, thinking: int | None, turn: Dice, phase: Dice
) -> Rewrite:
    """Decide what to do with the notes now.

    Thinking tokens bound how much is worked out for one rewrite: what does not fit is not noted.

    Args:
        view: The request.
        effort: Reasoning effort of the request, or None.
        thinking: Most tokens of hidden reasoning, or None.
        turn: Draws that follow from the whole request.
        phase: Draws that stay the same during the phase.
    """
    level = effort or (DEFAULT_SLEEP_EFFORT if thinking is None else THINKING_EFFORT)
    level = "high" if level in ("xhigh", "max") else level
    planned = phase.between("rewrites", *SLEEP_REWRITES[level])
    if view.rewrites >= planned or (view.sleep == "tools" and not view.memory_argument):
        return Rewrite(None, last=True)
    story = read(view.situation)
    # What is expected stays the same through a phase whose notes say how likely it is.
    order = by_likelihood(story, phase if view.forecast else turn)
    targets = turn.between("targets", *SLEEP_TARGETS[level])
    moves = _new_lines(view, story, order, targets, level, turn)
    if not moves:
        fresh = not view.notes and story.family is None
        return Rewrite(UNREADABLE if fresh else None, last=True)
    if thinking is not None:
        moves = moves[: max(within(story, moves, thinking), 1)]
    lines = _forecasts(story, moves, phase) if view.forecast else _notes(story, moves)
    notes = "\n".join([*view.notes.splitlines(), *lines])
    hidden = effort not in (None, "none") or thinking is not None
    reasoning = steps_text(story, moves) if hidden or view.aloud else ""
    if thinking is not None:
        reasoning = first(reasoning, thinking)
    return Rewrite(notes, view.rewrites + 1 >= planned, reasoning, tuple(moves))


def _notes(story: Story, moves: Sequence[Move]) -> list[str]:
    return [note_line(story, move) for move in moves]


def _forecasts(story: Story, moves: Sequence[Move], phase: Dice) -> list[str]:
    """A line for each quantity worked out that anybody asks for."""
    chances = stated_chances(story, phase)
    asked = [move for move in moves if move.fact.key in chances]
    return [forecast_line(story, move, chances[move.fact.key]) for move in asked]


def _new_lines(
    view: View, story: Story, order: Sequence[Fact], targets: int, effort: str, dice: Dice
) -> Sequence[Move]:
    """Work out the likeliest quantities that the notes lack, with what they build on."""
    if story.family is None:
        return ()
    values: dict[str, Fraction] = dict(story.numbers)
    noted = read_notes(view.situation, view.notes).values
    values.update(noted)
    moves: list[Move] = []
    wanted = [fact for fact in order if fact.key not in noted][:targets]
    for target in wanted:
        for fact in steps_to(story.family, story.level, target.key):
            if fact.key in values:
                continue
            try:
                move = calculate(story, fact, values, None, effort in CHECKING_EFFORTS, dice)
            except ArithmeticError:
                break
            values[fact.key] = move.value
            moves.append(move)
    return moves
