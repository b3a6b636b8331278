"""Answer one chat request: read it, think, write. Everything follows from the request alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

from sleeptime_lib.servers.simulated.agent import act, is_agent, named_files
from sleeptime_lib.servers.simulated.begun import go_on, number_after, solution_after, work_in
from sleeptime_lib.servers.simulated.budget import Budget, budget_of
from sleeptime_lib.servers.simulated.constants import NOTE_MATCH
from sleeptime_lib.servers.simulated.dice import Dice
from sleeptime_lib.servers.simulated.judgement import by_likelihood
from sleeptime_lib.servers.simulated.notes import Notes, read_notes
from sleeptime_lib.servers.simulated.questions import understand
from sleeptime_lib.servers.simulated.reader import Story, read, stated_numbers
from sleeptime_lib.servers.simulated.reasoner import Outcome, work_out
from sleeptime_lib.servers.simulated.sleep import Rewrite, next_rewrite
from sleeptime_lib.servers.simulated.tokens import count, first
from sleeptime_lib.servers.simulated.view import View, view_of
from sleeptime_lib.servers.simulated.words import best_match
from sleeptime_lib.servers.simulated.writer import (
    ending,
    guess,
    hidden_reasoning,
    note_line,
    solution,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole reply, before any limit cuts it.

    Attributes:
        text: The message's content; beside a tool call, what is said with it.
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
    thinking_tokens: int | None = None,
    begun: str = "",
) -> Draft:
    """Write a reply; the same request always gets the same one.

    A bound on thinking tokens changes no draw: under a smaller one the same steps are taken, and
    fewer of them are written down.

    Args:
        messages: Chat messages in the wire format, validated.
        tools: Tool definitions in the wire format, validated.
        temperature: At 0 the seed is ignored.
        seed: Another seed gives another draw.
        reasoning_effort: "none" to "max"; None for no hidden reasoning.
        thinking_tokens: Most tokens of hidden reasoning; None for no bound.
        begun: What stands in the reply already; the draft is what follows.
    """
    drawn = seed if temperature > 0 else None
    turn = _dice(messages, tools, drawn, reasoning_effort)
    if is_agent(tools):
        said, (name, given) = act(messages, tools, turn, _dice(messages[:2], drawn))
        return Draft(said, tool=(name, json.dumps(given, ensure_ascii=False)))
    if not tools and (paths := named_files(messages)) is not None:
        return Draft(paths)
    view = view_of(messages, tools)
    if view.sleep:
        phase = _dice(view.beginning, drawn, reasoning_effort)
        rewrite = next_rewrite(view, reasoning_effort, thinking_tokens, turn, phase)
        draft = _sleep(view, rewrite)
        follow = partial(_notes_after, view, rewrite)
        return replace(draft, text=go_on(begun, draft.text, follow)) if begun else draft
    budget = budget_of(view.instructions, reasoning_effort, thinking_tokens)
    draft = _answer(view, budget, turn)
    if not begun:
        return draft
    return Draft(go_on(begun, draft.text, lambda text: _answer(view, budget, turn, text).text))


def _dice(*parts: Any) -> Dice:
    return Dice(json.dumps(parts, sort_keys=True, default=str).encode())


def _sleep(view: View, rewrite: Rewrite) -> Draft:
    if view.sleep == "tools":
        if rewrite.notes is None and not view.can_finish:
            return Draft("The notes are as useful as I can make them.", rewrite.reasoning)
        if rewrite.notes is None:
            return Draft("", rewrite.reasoning, ("finish_rethinking", "{}"))
        arguments = json.dumps({view.memory_argument: rewrite.notes}, ensure_ascii=False)
        return Draft("", rewrite.reasoning, ("rethink_memory", arguments))
    notes = view.notes if rewrite.notes is None else rewrite.notes
    if view.aloud:
        return Draft(f"{rewrite.reasoning}\n\n<notes>\n{notes}\n</notes>".lstrip())
    more = "" if rewrite.last else "\nMORE"
    return Draft(f"<notes>\n{notes}\n</notes>{more}", rewrite.reasoning)


def _notes_after(view: View, rewrite: Rewrite, begun: str) -> str:
    """The rest of notes that somebody else opened: what is worked out above them."""
    above, opened, _ = begun.partition("<notes>")
    if not opened:
        return ""
    story = read(view.situation)
    done = work_in(story, above)
    lines = [note_line(story, move) for move in rewrite.moves if move.fact.key in done]
    return "".join(f"{line}\n" for line in lines) + "</notes>"


def _answer(view: View, budget: Budget, dice: Dice, begun: str = "") -> Draft:
    """An answer, or what follows when so much of it has been written."""
    story, key = understand(view.situation, "" if view.withheld else view.question)
    notes = read_notes(view.situation, view.notes)
    if view.withheld:
        expected = by_likelihood(story, dice)
        key = expected[0].key if expected else None
    noted = _noted(view.question, notes) if key is None else None
    if begun:
        rest = key and solution_after(begun, story, key, notes, budget, dice)
        value = noted[1] if noted else _any(view, dice)
        return Draft(rest or number_after(begun, value, budget))
    if key is not None:
        outcome, reasoning = _thought(story, key, notes, budget, dice)
        if outcome.value is not None:
            return Draft(solution(story, outcome, budget), reasoning)
        missing = ", ".join(outcome.missing)
        return Draft(guess(f"The situation does not state {missing}", _any(view, dice), budget))
    if noted is not None:
        name, value = noted
        said = "" if budget.style == "bare" else f"The notes give a number for {name}. "
        return Draft(f"{said}{ending(value, budget)}")
    read_it = story.family is not None
    why = "I cannot tell what is asked for" if read_it else "I cannot read this situation"
    return Draft(guess(why, _any(view, dice), budget))


def _thought(
    story: Story, key: str, notes: Notes, budget: Budget, dice: Dice
) -> tuple[Outcome, str]:
    """What hidden reasoning leads to, and its text.

    Reasoning that is cut off leaves the steps that it has written out; the others are done after
    it, as the visible reply allows.
    """
    outcome = work_out(story, key, notes, budget, dice)
    reasoning = hidden_reasoning(story, outcome, budget)
    if budget.tokens is None or count(reasoning) <= budget.tokens:
        return outcome, reasoning
    reasoning = first(reasoning, budget.tokens)
    done = work_in(story, reasoning)
    rest = work_out(story, key, notes, replace(budget, hidden=0), dice, done)
    kept = tuple(move for move in outcome.moves if move.fact.key in done)
    return replace(rest, moves=(*kept, *rest.moves)), reasoning


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
