"""How much a request lets the model write down, read from its instructions and parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from sleeptime_lib.servers.simulated.constants import (
    CHECKING_EFFORTS,
    HIDDEN_STEPS,
    THINKING_EFFORT,
)

Style = Literal["bare", "short", "long", "full"]


@dataclass(frozen=True, slots=True)
class Budget:
    r"""What a reply may contain.

    Attributes:
        style: "bare" is the answer alone, "short" some sentences, "long" a line for each step,
            "full" each step with its check.
        sentences: Steps that may be written into the reply.
        hidden: Steps that may be written into hidden reasoning.
        check: Written steps are checked.
        recompute: Numbers from the notes are computed again.
        boxed: The answer is written as \boxed{...}.
        tokens: Most tokens of hidden reasoning, which is cut there; None for no bound.
    """

    style: Style
    sentences: int
    hidden: int = 0
    check: bool = False
    recompute: bool = False
    boxed: bool = False
    tokens: int | None = None

    @property
    def written(self) -> int:
        """Steps that may be written down anywhere."""
        return max(self.sentences, self.hidden)


ALL: Final = 1000
"""More steps than any question takes."""

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
        Budget("full", ALL, check=True, recompute=True),
    ),
    (
        r"step[- ]by[- ]step|(?:each|every|all|the|your) (?:single )?(?:steps?|working?)"
        r"|in detail|chain of thought|as long as",
        Budget("long", ALL),
    ),
)
_EXPLAINS: Final = r"expla|reason|why|justif|show|then"
_BRIEF: Final = r"\b(?:brief|concise|short|terse)"


AT_ONCE: Final = Budget("bare", 0)
"""Nothing is written but the answer."""


def budget_of(
    instructions: str, reasoning_effort: str | None, thinking_tokens: int | None = None
) -> Budget:
    """The budget that a request's words, its reasoning effort and its thinking tokens give.

    The first cue of the table that occurs decides; then a number of sentences ("two short
    sentences"; one sentence without an explanation is the answer alone). Without any cue the
    model reasons at length, as chat models do. A model that thinks before it writes does that
    reasoning out of sight, and then writes the answer alone.

    Args:
        instructions: Everything the request says besides situation, notes and question.
        reasoning_effort: "none" to "max"; None for no hidden reasoning.
        thinking_tokens: Most tokens of hidden reasoning; of such a request the effort only says
            whether steps are checked. None for no bound.
    """
    budget = _visible(instructions)
    if reasoning_effort is None and thinking_tokens is None:
        return budget
    effort = reasoning_effort or THINKING_EFFORT
    hidden = HIDDEN_STEPS[effort]
    if thinking_tokens is not None and hidden:
        hidden = ALL if thinking_tokens else 0
    if budget.style == "long" and hidden:
        budget = replace(budget, style="bare", sentences=0)
    check = budget.check or (hidden > 0 and effort in CHECKING_EFFORTS)
    return replace(budget, hidden=hidden, check=check, tokens=thinking_tokens)


@lru_cache(maxsize=1024)
def _visible(instructions: str) -> Budget:
    text = instructions.lower()
    return replace(_style(text), boxed="\\boxed" in text)


def _style(text: str) -> Budget:
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
    return Budget("short", 2) if re.search(_BRIEF, text) else Budget("long", ALL)
