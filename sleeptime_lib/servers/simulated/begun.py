r"""Go on with a reply that has begun: the steps that stand in it are done.

Whoever began it may have cut it off anywhere and added words of their own. Words that leave only
the answer to write ("The answer is", "\boxed{") get the answer at once, and what is not on paper
is done in the head; "Wait" gets the steps on paper looked at again; `<think>` begins reasoning that
`</think>` ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from sleeptime_lib.servers.simulated.budget import ALL, AT_ONCE, Budget
from sleeptime_lib.servers.simulated.dice import Dice
from sleeptime_lib.servers.simulated.notes import Notes, nearest, number_in
from sleeptime_lib.servers.simulated.questions import names_of
from sleeptime_lib.servers.simulated.reader import Story
from sleeptime_lib.servers.simulated.reasoner import look_again, work_out
from sleeptime_lib.servers.simulated.writer import (
    ending,
    number_text,
    rest_of_solution,
    second_look,
    steps_text,
)

_ANSWER: Final = re.compile(r"\b[Aa]nswer(?: is:?|:)\s*(?:\$?\\boxed\{|\$|\*\*)?\s*|\\boxed\{\s*")
_AGAIN: Final = re.compile(r"\b(?:Wait|Hmm|Hold on)\b[,.]*\s*")
_CUE: Final = re.compile(rf"{_ANSWER.pattern}|{_AGAIN.pattern}|</?think>\s*")
_MOST_CUES: Final = 8

_SENTENCE_END: Final = re.compile(r"(?<=\.)\s+|(?<=\n)")
_NUMBER: Final = r"(?P<value>-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?)"
_STEP: Final = re.compile(
    r"(?:(?:First|Then|Next|After that|Again), )?"
    rf"(?P<name>[^:=]+?)(?:: [^=]*)? ?= (?:[^=]*= )?{_NUMBER}"
)
_LINE: Final = re.compile(rf"(?P<name>[^:=]+?) ?= (?:[^=]*= )?{_NUMBER}")
_LOOK: Final = re.compile(rf"The notes(?: already)? give (?P<name>.+) as {_NUMBER}(?:, .*)?")
_INSTEAD: Final = re.compile(
    r"(?:Once more, slowly: [^=]+ = |The notes have (?=.*I go by the notes))"
    rf"{_NUMBER}(?: here, .*)?"
)
"""What takes the place of the number before it."""


def go_on(begun: str, whole: str, follow: Callable[[str], str]) -> str:
    """What follows a begun reply.

    A beginning of what the model would have written, of itself or after one of the cues, is gone
    on with to the letter, wherever it was cut.

    Args:
        begun: The reply so far.
        whole: The reply to the same request, begun by nobody.
        follow: What follows a text by what it says.
    """
    if whole.startswith(begun):
        return whole[len(begun) :]
    for end in [cue.end() for cue in _CUE.finditer(begun)][-_MOST_CUES:]:
        written = begun[:end] + follow(begun[:end])
        if written.startswith(begun):
            return written[len(begun) :]
    return follow(begun)


def solution_after(
    begun: str, story: Story, key: str, notes: Notes, budget: Budget, dice: Dice
) -> str | None:
    """The rest of a solution, by what of it is done; None if a number is missing."""
    done = work_in(story, begun)
    checked = ""
    looks = len(_AGAIN.findall(begun))
    if _ends(_AGAIN, begun):
        looked = look_again(story, key, done, dice, f"again {looks}")
        done |= {move.fact.key: move.value for move in looked}
        checked = "\n".join(("let me check that.", second_look(story, looked)))
    thinking = begun.count("<think>") > begun.count("</think>")
    if _ends(_ANSWER, begun) or "</think>" in begun:
        budget = replace(AT_ONCE, boxed=budget.boxed)
    elif thinking:
        budget = replace(budget, style="long", sentences=ALL, hidden=0, check=True)
    else:
        budget = replace(budget, hidden=0)
    outcome = work_out(story, key, notes, budget, dice, done)
    if outcome.value is None:
        return None
    if _ends(_ANSWER, begun):
        return number_after(begun, outcome.value, budget)
    rest = rest_of_solution(story, outcome, budget, len(done))
    if thinking:
        last = ending(outcome.value, budget)
        steps = steps_text(story, outcome.moves, len(done))
        rest = f"{steps}\n</think>\n\n{last}"
    between = " " if checked or budget.style in ("bare", "short") else "\n"
    return _joined(begun, "\n".join(filter(None, (checked, rest))), between)


def number_after(begun: str, value: Fraction, budget: Budget) -> str:
    """The rest of a reply that has nothing more to say than its answer."""
    if not _ends(_ANSWER, begun):
        return _joined(begun, ending(value, budget), "\n")
    closing = {"{": "}", "*": "**"}.get(begun.rstrip()[-1], "")
    space = "" if closing or begun[-1].isspace() or begun.endswith("$") else " "
    return f"{space}{number_text(value)}{closing}."


def work_in(story: Story, text: str) -> dict[str, Fraction]:
    """The quantities whose numbers stand in a text, by key; of several the last.

    A number counts when its sentence has come to an end, or a line such as "name = number" has.
    """
    names = tuple((key, labels[0]) for key, labels in names_of(story, questions=False).items())
    done: dict[str, Fraction] = {}
    last = None
    for piece in _SENTENCE_END.split(text):
        sentence = piece.strip()
        if sentence.endswith("."):
            sentence = sentence.removesuffix(".")
            instead = _INSTEAD.fullmatch(sentence)
            found = instead or _LOOK.fullmatch(sentence) or _STEP.fullmatch(sentence)
        else:
            instead, found = None, _LINE.fullmatch(sentence) if piece.endswith("\n") else None
        value = number_in(found["value"]) if found else None
        if found is None or value is None:
            continue
        key = last if instead else nearest(names, found["name"])
        if key is not None:
            done[key], last = value, key
    return done


def _ends(cue: re.Pattern[str], text: str) -> bool:
    return any(found.end() == len(text) for found in cue.finditer(text))


def _joined(begun: str, rest: str, between: str) -> str:
    """The rest of a text; a line that stands there in part is finished."""
    line = begun.rpartition("\n")[2]
    if line and rest.startswith(line):
        return rest[len(line) :]
    return rest if not begun or begun[-1].isspace() else f"{between}{rest}"
