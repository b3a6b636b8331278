r"""Read a contest answer, a whole number from 0 to 999, from a reply, and grade it.

The last `\boxed{...}` counts, whatever stands in it: `\boxed{\frac{1}{2}}` is a wrong answer, and
so is `\boxed{1024}`, of which no part is taken. A reply without a box answers by a bare number at
its very end ("... so it is 73."). Everything else gives no answer, which is not the same as a wrong
one: a reply that was cut off has said nothing.
"""

from __future__ import annotations

import re
from typing import Final

from sleeptime_lib.errors import InputError

LARGEST: Final = 999
_LONGEST: Final = 200
"""Characters of a box, or of the end of a reply, that are looked at; no answer is longer."""

_BRACES: Final = re.compile(r"\\[{}\\]|(?P<box>\\f?box(?:ed)?\s{0,9}\{)|[{}]")
_WRAPPED: Final = re.compile(
    r"\\(?:text(?:bf|it|rm)?|math(?:bf|rm|it|bb)|bf|boldsymbol)\s{0,3}\{([^{}]*)\}"
)
_IDLE: Final = re.compile(r"\\[,;:! ]|\\(?:quad|displaystyle|left|right)\b|\^\{?\\circ\}?|[$~\s{}]")
"""What may stand in a box beside the number without a meaning."""
_WHOLE: Final = re.compile(r"\+?[0-9]{1,50}\.?")
_CLOSERS: Final = re.compile(r"(?:\\[\])]|[\s.*$_!\"'`)}\]>])+\Z")
_LAST_NUMBER: Final = re.compile(
    r"(?:\A|[\s=:$*(>]|\\(?:text(?:bf)?|mathbf)\{)(?P<number>[-+−]?[0-9][0-9.,/]*)\Z"
)
_UNFINISHED: Final = re.compile(r"(?:[+/^×·<>≠≤≥]|[0-9)]\s*[-−*])\s*\Z")
"""What before a number makes it a part of a calculation."""


def extract_answer(reply: str) -> str | None:
    r"""The answer that a reply gives, or None when it gives none. Takes linear time.

    Returns:
        A whole number without leading zeros ("73"); or, where the last box holds anything else,
        what it holds, which is a wrong answer to every question.
    """
    box = _last_box(reply)
    if box is not None:
        return _number_in(box) if box else None
    tail = _CLOSERS.sub("", reply[-_LONGEST:])
    found = _LAST_NUMBER.search(tail)
    if found is None or _UNFINISHED.search(tail[: found.start("number")]):
        return None
    return _plain(found["number"].rstrip(",/"))


def is_correct(prediction: str | None, gold: str) -> bool:
    """Whether a prediction is the gold number; "073" and "73" are the same number.

    Args:
        prediction: What `extract_answer` returned; None and all that is no whole number are wrong.
        gold: The gold number, from 0 to 999.

    Raises:
        InputError: The gold answer is no whole number from 0 to 999.
    """
    right = whole_number(gold)
    if right is None:
        raise InputError(f"the gold answer {gold!r} is no whole number from 0 to {LARGEST}")
    return prediction is not None and whole_number(prediction) == right


def whole_number(text: str) -> int | None:
    """The whole number from 0 to 999 that a text is; None if it is none. "073" is 73."""
    plain = text.strip()
    if not re.fullmatch("[0-9]{1,50}", plain):
        return None
    number = int(plain)
    return number if number <= LARGEST else None


def _last_box(reply: str) -> str | None:
    """What the box that begins last, of those that are closed, holds."""
    open_braces: list[tuple[bool, int]] = []
    last: tuple[int, int] | None = None
    for found in _BRACES.finditer(reply):
        if found["box"] or found[0] == "{":
            open_braces.append((bool(found["box"]), found.end()))
        elif found[0] == "}" and open_braces:
            is_box, start = open_braces.pop()
            if is_box and (last is None or start > last[0]):
                last = start, found.start()
    return None if last is None else reply[last[0] : last[1]].strip()


def _number_in(box: str) -> str:
    """The whole number that a box holds, or else its text."""
    text = box[:_LONGEST]
    if len(box) > len(text):
        return f"{text}..."
    unwrapped = _WRAPPED.sub(lambda found: found[1] if re.search("[0-9]", found[1]) else " ", text)
    bare = _IDLE.sub(" ", unwrapped.rpartition("=")[2]).strip()
    return _plain(bare) if _WHOLE.fullmatch(bare) else text


def _plain(number: str) -> str:
    return str(int(number.rstrip("."))) if _WHOLE.fullmatch(number) else number
