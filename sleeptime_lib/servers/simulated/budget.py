"""How much a request lets the model write down, read from its instructions and parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from sleeptime_lib.servers.simulated.constants import CHECKING_EFFORTS, HIDDEN_STEPS

Style = Literal["bare", "short", "long", "full"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a reply may contain.

    Attributes:
        style: "bare" is the answer alone, "short" some sentences, "long" a line for each step,
            "full" each step with its check.
        sentences: Steps that may be written into the reply.
        hidden: Steps that may be written into hidden reasoning.
        check: Written steps are checked.
        recompute: Numbers from the notes are computed again.
    """

    style: Style
    sentences: int
    hidden: int = 0
    check: bool = False
    recompute: bool = False

    @property
    def written(self) -> int:
        """Steps that may be written down anywhere."""
        return max(self.sentences, self.hidden)


_ALL: Final = 1000
_COUNTS: Final = {"one": 1, "a": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_COUNT: Final = r"\b(one|a|single|two|three|four|five|[1-9])\b(?: \w+){0,2} sentences?"
_CUES: Final[tuple[tuple[str, Budget], ...]] = (
    (
        r"nothing else|(?:only|just)(?: with)? (?:the|a) (?:final )?(?:answer|number|result)"
        r"|\b(?:no|without(?: any)?) (?:explanation|explaining|reasoning|working)",
        Budget("bare", 0),
    ),
    (
        r"(?:double|re)-?check|\bverify|check (?:each|every|all|your)|check the (?:result|numbers)",
        Budget("full", _ALL, check=True, recompute=True),
    ),
    (
        r"step[- ]by[- ]step|(?:each|every|all|the|your) (?:single )?(?:steps?|working?)"
        r"|in detail|chain of thought|as long as",
        Budget("long", _ALL),
    ),
)
_EXPLAINS: Final = r"expla|reason|why|justif|show|then"
_BRIEF: Final = r"\b(?:brief|concise|short|terse)"


def budget_of(instructions: str, reasoning_effort: str | None) -> Budget:
    """The budget that a request's words and its reasoning effort give.

    The first cue of the table that occurs decides; then a number of sentences ("two short
    sentences"; one sentence without an explanation is the answer alone). Without any cue the
    model reasons at length, as chat models do.

    Args:
        instructions: Everything the request says besides situation, notes and question.
        reasoning_effort: "none" to "xhigh"; None for no hidden reasoning.
    """
    budget = _visible(instructions)
    if reasoning_effort is None:
        return budget
    check = budget.check or reasoning_effort in CHECKING_EFFORTS
    return replace(budget, hidden=HIDDEN_STEPS[reasoning_effort], check=check)


@lru_cache(maxsize=1024)
def _visible(instructions: str) -> Budget:
    text = instructions.lower()
    for cue, budget in _CUES:
        if re.search(cue, text):
            return budget
    counted = re.search(_COUNT, text)
    if counted:
        word = counted.group(1)
        number = int(word) if word.isdigit() else _COUNTS[word]
        if number == 1 and not re.search(_EXPLAINS, text):
            return Budget("bare", 0)
        return Budget("short", number)
    return Budget("short", 2) if re.search(_BRIEF, text) else Budget("long", _ALL)
