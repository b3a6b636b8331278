"""Write down what was done, in sentences; every token of a reply comes from here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from sleeptime_lib.servers.simulated.budget import Budget
from sleeptime_lib.servers.simulated.reader import Story
from sleeptime_lib.servers.simulated.reasoner import Move, Outcome
from sleeptime_lib.servers.simulated.tokens import count
from sleeptime_lib.tasks.procedural.grammar import capitalised, step_of

_INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}
_ORDINALS = ("First", "Then", "Next", "After that")


def number_text(value: Fraction) -> str:
    """A number as it is written: up to two decimals, or as a fraction where that is simpler."""
    if value.denominator == 1:
        return str(value.numerator)
    if (value * 100).denominator == 1 or value.denominator > 12:
        return f"{float(value):.2f}".rstrip("0").rstrip(".")
    return f"{value.numerator}/{value.denominator}"


def ending(value: Fraction, budget: Budget) -> str:
    """The sentence that gives the answer."""
    number = number_text(value)
    return f"The answer is \\boxed{{{number}}}." if budget.boxed else f"The answer is {number}."


def solution(story: Story, outcome: Outcome, budget: Budget) -> str:
    """The visible reply to a question that could be worked out."""
    assert outcome.value is not None
    if budget.style == "bare":
        return ending(outcome.value, budget)
    if budget.style == "short":
        shown = _most_telling(outcome.moves, budget.sentences)
        return " ".join([*(_short(story, move) for move in shown), ending(outcome.value, budget)])
    lines = []
    if budget.style == "full":
        lines.append(f"The question asks for {_label(story, outcome.moves[-1])}.")
        lines.append(_givens(story, outcome.moves))
    lines += _steps(story, outcome.moves)
    return "\n".join([*lines, ending(outcome.value, budget)])


def hidden_reasoning(story: Story, outcome: Outcome, budget: Budget) -> str:
    """The text of the hidden reasoning; its tokens are what reasoning costs."""
    if not budget.hidden:
        return ""
    return "\n".join(_steps(story, _most_telling(outcome.moves, budget.hidden)))


def guess(why: str, value: Fraction, budget: Budget) -> str:
    """A reply that gives a number although the question could not be worked out."""
    if budget.style in ("bare", "short"):
        return f"{why}, so this is a guess. {ending(value, budget)}"
    return (
        f"{why}. There is nothing to calculate with, so this is a guess from the numbers at hand "
        f"and not a result.\n{ending(value, budget)}"
    )


def note_line(story: Story, move: Move) -> str:
    """One line of notes: name = calculation = number."""
    calculation = f" = {_calculation(move)}" if move.operands else ""
    return f"{_label(story, move)}{calculation} = {number_text(move.value)}"


def forecast_line(story: Story, move: Move, chance: float) -> str:
    """One line of notes that says what will be asked: chance | question | calculation = number."""
    question = capitalised(story.fill(move.fact.questions[0]))
    calculation = f"{_calculation(move)} = " if move.operands else ""
    percent = max(round(100 * chance, 1), 0.1)
    return f"{percent:g}% | {question} | {calculation}{number_text(move.value)}"


def steps_text(story: Story, moves: Iterable[Move], start: int = 0) -> str:
    """The steps one per line, as in hidden reasoning; `start` of them stand there already."""
    return "\n".join(_steps(story, tuple(moves), start))


def within(story: Story, moves: Sequence[Move], tokens: int) -> int:
    """How many of the steps are written out before a text of so many tokens ends."""
    fits = (n for n in range(len(moves), 0, -1) if count(steps_text(story, moves[:n])) <= tokens)
    return next(fits, 0)


def rest_of_solution(story: Story, outcome: Outcome, budget: Budget, start: int) -> str:
    """What is still to be written of a visible reply whose first `start` steps are there."""
    assert outcome.value is not None
    last = ending(outcome.value, budget)
    if budget.style in ("bare", "short"):
        return solution(story, outcome, budget)
    return "\n".join([*_steps(story, outcome.moves, start), last])


def second_look(story: Story, moves: Iterable[Move]) -> str:
    """Steps that were looked at again, one per line."""
    lines = []
    for move in moves:
        calculation = f"{_in_words(story, move)} = {_calculation(move)}"
        line = f"Again, {_label(story, move)}: {calculation} = {number_text(move.value)}."
        slip = "" if move.caught is None else f" I had {number_text(move.caught)}, a slip."
        lines.append(line + slip)
    return "\n".join(lines)


def _most_telling(moves: tuple[Move, ...], room: int) -> tuple[Move, ...]:
    """The moves that `room` sentences can show: written steps first, then looks at the notes."""
    written = [move for move in moves if move.written][-room:] if room else []
    noted = [move for move in moves if move.operands is None][: room - len(written)]
    shown = {id(move) for move in (*written, *noted)}
    return tuple(move for move in moves if id(move) in shown)


def _label(story: Story, move: Move) -> str:
    return story.fill(move.fact.label)


def _short(story: Story, move: Move) -> str:
    label, value = _label(story, move), number_text(move.value)
    if move.operands is None:
        return f"The notes give {label} as {value}."
    return f"{capitalised(label)}: {_in_words(story, move)} = {_calculation(move)} = {value}."


def _steps(story: Story, moves: Iterable[Move], start: int = 0) -> list[str]:
    lines = []
    for index, move in enumerate(moves, start):
        label, value = _label(story, move), number_text(move.value)
        if move.operands is None:
            lines.append(f"The notes already give {label} as {value}, so I take that from there.")
            continue
        ordinal = _ORDINALS[min(index, len(_ORDINALS) - 1)]
        words, calculation = _in_words(story, move), _calculation(move)
        result = number_text(move.result if move.caught is None else move.caught)
        lines.append(f"{ordinal}, {label}: {words} = {calculation} = {result}.")
        if move.checked:
            lines.append(_check(move))
        if move.note is not None:
            lines.append(_comparison(move))
    return lines


def _check(move: Move) -> str:
    assert move.operands is not None
    symbol = step_of(move.fact.formula).symbol
    left, right = (number_text(operand) for operand in move.operands)
    if symbol not in _INVERSE:
        return _recalculation(move)
    back = f"{_INVERSE[symbol]} {right} should give back {left}"
    if move.caught is not None:
        return f"Checking: {number_text(move.caught)} {back}, which it does not. {_slowly(move)}"
    return f"Checking: {number_text(move.result)} {back}, and it does."


def _recalculation(move: Move) -> str:
    if move.caught is not None:
        return f"Checking: {number_text(move.caught)} is wrong. {_slowly(move)}"
    return f"Checking: the same calculation gives {number_text(move.result)} again."


def _slowly(move: Move) -> str:
    return f"Once more, slowly: {_calculation(move)} = {number_text(move.result)}."


def _comparison(move: Move) -> str:
    assert move.note is not None
    note = number_text(move.note)
    if move.computed is not None:
        return f"The notes have {note} here, though, and I go by the notes."
    if move.note == move.value:
        return f"The notes have {note} here too, which agrees."
    return f"The notes have {note} here, but I go by what I have just computed."


def _givens(story: Story, moves: Iterable[Move]) -> str:
    names = dict.fromkeys(
        name
        for move in moves
        if move.operands
        for name in step_of(move.fact.formula).names
        if name in story.numbers
    )
    stated = [f"{_plain(name)} is {number_text(story.numbers[name])}" for name in names]
    return f"The situation states this: {', '.join(stated)}." if stated else ""


def _calculation(move: Move) -> str:
    assert move.operands is not None
    left, right = (number_text(operand) for operand in move.operands)
    return f"{left} {step_of(move.fact.formula).symbol} {right}"


def _in_words(story: Story, move: Move) -> str:
    step = step_of(move.fact.formula)
    facts = story.facts()
    words = []
    for operand in (step.left, step.right):
        if not isinstance(operand, str):
            words.append(number_text(operand))
        elif operand in facts:
            words.append(story.fill(facts[operand].label))
        else:
            words.append(_plain(operand))
    return f"{words[0]} {step.symbol} {words[1]}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
