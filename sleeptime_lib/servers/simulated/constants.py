"""The constants of the simulated model's mechanism, and nothing else.

None of them is an accuracy or a token count: they say how often a single step goes wrong and how
much gets done, and the curves of an experiment follow from that and from the text. They were
chosen so that the shape of the paper's figures 3, 7 and 21 appears on `procedural-p1`;
`tests/servers/simulated/test_simulated_curves.py` checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HEAD_SLIP: Final = 0.24
"""Chance that a step of ordinary difficulty goes wrong when it is done in the head."""

HEAD_CHAIN: Final = 0.35
"""Each number already held in the head raises the slip chance of the next step by this share."""

WRITTEN_SLIP: Final = 0.018
"""Chance that a step of ordinary difficulty goes wrong although it is written down."""

CHECK_CATCHES: Final = 0.7
"""Chance that a check finds a slip; the step is then done again."""

OPERAND_SHARE: Final = 0.5
"""Share of a slip's variance that belongs to the operands and not to the request.

It makes items reliably hard or easy, so that arms and levels agree on them.
"""

DISTRACTION_LINES: Final = 450.0
"""Number of note lines at which every second look at the notes falls on a wrong line."""

CONTRADICTION_LINES: Final = 4.0
"""A name that is given several values distracts as much as this many lines."""

STUBBORN: Final = 0.3
"""Chance to keep a note's number although computing it again gave another."""

SLEEP_REWRITES: Final[Mapping[str, tuple[int, int]]] = {
    "none": (1, 1),
    "minimal": (1, 1),
    "low": (1, 2),
    "medium": (2, 3),
    "high": (4, 5),
}
"""Fewest and most rewrites of the notes in a sleep phase, by reasoning effort."""

SLEEP_TARGETS: Final[Mapping[str, tuple[int, int]]] = {
    "none": (1, 1),
    "minimal": (1, 1),
    "low": (1, 1),
    "medium": (1, 1),
    "high": (1, 2),
}
"""Fewest and most quantities that one rewrite sets out to add; what they build on comes along."""

DEFAULT_SLEEP_EFFORT: Final = "medium"
"""The effort of a sleep phase whose request names none."""

JUDGEMENT_NOISE: Final = 2.0
"""Spread of the judgement which question is likely, in units of the log-likelihood."""

HIDDEN_STEPS: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 1,
    "low": 2,
    "medium": 4,
    "high": 1000,
    "xhigh": 1000,
    "max": 1000,
}
"""Steps that fit into the hidden reasoning of an answer, by reasoning effort."""

CHECKING_EFFORTS: Final = frozenset({"high", "xhigh", "max"})
"""Efforts at which hidden steps are checked."""

THINKING_EFFORT: Final = "high"
"""The effort of a request that bounds its thinking tokens and names no effort."""

QUESTION_MATCH: Final = 0.3
"""Least weighted word overlap at which a question in other words is understood."""

NOTE_MATCH: Final = 0.5
"""Least weighted word overlap at which the name in a note is understood."""

WORD_MODEL_WEIGHT: Final = 0.02
"""Share of the word model in the probability of a token of an expected question."""

NOTICED: Final = 0.8
"""Chance that a file of a raw past change is taken in by somebody who reads it among others."""

TOUCHED_SHARE: Final = 0.5
"""Least share of the past changes, as they were taken in, whose files are worth a look."""

NOTED_SHARE: Final = 0.4
"""The same of a sleep phase, which reads each change by itself and keeps what may matter."""

EDIT_SLIP: Final = 0.06
"""Chance that the text to be replaced is not written as it stands in the file."""
