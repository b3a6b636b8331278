"""Answer one chat request: read it, think, write. Everything follows from the request alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sleeptime_lib.servers.simulated.budget import Budget, budget_of
from sleeptime_lib.servers.simulated.constants import NOTE_MATCH
from sleeptime_lib.servers.simulated.dice import Dice
from sleeptime_lib.servers.simulated.judgement import by_likelihood
from sleeptime_lib.servers.simulated.notes import Notes, read_notes
from sleeptime_lib.servers.simulated.questions import understand
from sleeptime_lib.servers.simulated.reader import stated_numbers
from sleeptime_lib.servers.simulated.reasoner import work_out
from sleeptime_lib.servers.simulated.sleep import next_rewrite
from sleeptime_lib.servers.simulated.view import View, view_of
from sleeptime_lib.servers.simulated.words import best_match
from sleeptime_lib.servers.simulated.writer import ending, guess, hidden_reasoning, solution


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole reply, before any limit cuts it.

    Attributes:
        text: The message's content.
        reasoning: Hidden reasoning; it is counted and not sent.
        tool: Name and JSON arguments of a tool call, or None.
    """

    text: str
    reasoning: str = ""
    tool: tuple[str, str] | None = None


def reply(
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] = (),
    *,
    temperature: float = 1.0,
    seed: int | None = None,
    reasoning_effort: str | None = None,
) -> Draft:
    """Write a reply; the same request always gets the same one.

    Args:
        messages: Chat messages in the wire format, validated.
        tools: Tool definitions in the wire format, validated.
        temperature: At 0 the seed is ignored.
        seed: Another seed gives another draw.
        reasoning_effort: "none" to "xhigh"; None for no hidden reasoning.
    """
    view = view_of(messages, tools)
    drawn = seed if temperature > 0 else None
    turn = _dice(messages, tools, drawn, reasoning_effort)
    if view.sleep:
        phase = _dice(view.beginning, drawn, reasoning_effort)
        return _sleep(view, reasoning_effort, turn, phase)
    return _answer(view, budget_of(view.instructions, reasoning_effort), turn)


def _dice(*parts: Any) -> Dice:
    return Dice(json.dumps(parts, sort_keys=True, default=str).encode())


def _sleep(view: View, effort: str | None, turn: Dice, phase: Dice) -> Draft:
    rewrite = next_rewrite(view, effort, turn, phase)
    if view.sleep == "tools":
        if rewrite.notes is None and not view.can_finish:
            return Draft("The notes are as useful as I can make them.", rewrite.reasoning)
        if rewrite.notes is None:
            return Draft("", rewrite.reasoning, ("finish_rethinking", "{}"))
        arguments = json.dumps({view.memory_argument: rewrite.notes}, ensure_ascii=False)
        return Draft("", rewrite.reasoning, ("rethink_memory", arguments))
    notes = view.notes if rewrite.notes is None else rewrite.notes
    more = "" if rewrite.last else "\nMORE"
    return Draft(f"<notes>\n{notes}\n</notes>{more}", rewrite.reasoning)


def _answer(view: View, budget: Budget, dice: Dice) -> Draft:
    story, key = understand(view.situation, "" if view.withheld else view.question)
    notes = read_notes(view.situation, view.notes)
    if view.withheld:
        expected = by_likelihood(story, dice)
        key = expected[0].key if expected else None
    if key is not None:
        outcome = work_out(story, key, notes, budget, dice)
        if outcome.value is not None:
            text = solution(story, outcome, budget)
            return Draft(text, hidden_reasoning(story, outcome, budget))
        missing = ", ".join(outcome.missing)
        return Draft(guess(f"The situation does not state {missing}", _any(view, dice), budget))
    noted = _noted(view.question, notes)
    if noted is not None:
        name, value = noted
        said = "" if budget.style == "bare" else f"The notes give a number for {name}. "
        return Draft(f"{said}{ending(value)}")
    read_it = story.family is not None
    why = "I cannot tell what is asked for" if read_it else "I cannot read this situation"
    return Draft(guess(why, _any(view, dice), budget))


def _noted(question: str, notes: Notes) -> tuple[str, Fraction] | None:
    """The note that is nearest to a question about a text that could not be read, if any is."""
    found = best_match(question, {name: [name] for name in notes.others}, NOTE_MATCH)
    return (found[0], notes.others[found[0]]) if found else None


def _any(view: View, dice: Dice) -> Fraction:
    """Some number of the text, or any small number if it has none."""
    numbers = stated_numbers(f"{view.situation} {view.question}")
    if numbers:
        return numbers[int(dice.draw("guess") * len(numbers))]
    return Fraction(dice.between("guess", 2, 60))
