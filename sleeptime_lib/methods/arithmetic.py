"""Calculations as models write them in notes, evaluated exactly: "3 boxes * 12 = " is 36.

    sum     = product { ("+" | "-") product }
    product = signed { ("*" | "×" | "x" | "·" | "/" | "÷" | "of") signed }
    signed  = [ "-" ] power
    power   = operand [ "^" digits ]
    operand = ( number [ "%" ] | "(" sum ")" ) { unit }

Units are words behind an operand, and currency signs anywhere; they are passed over. Whatever does
not fit, a word in place of a number first of all, makes the whole text unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_LONGEST: Final = 300
_DEEPEST: Final = 20
_LARGEST_POWER: Final = 6
_TOKEN: Final = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})"
    r"|(?P<sign>\*\*|[-+*/^()%×÷·−–])|(?P<word>[A-Za-z][A-Za-z'’.-]*)|(?P<passed>[\s$€£¥])"
)
_SIGNS: Final = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})
_TIMES: Final = ("x", "X", "times")
_UNIT: Final = "unit"


class _UnreadableError(Exception):
    """The text is no calculation."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """What a text comes to.

    Attributes:
        value: Exactly.
        operators: How many there are; without any it is a number alone.
        percent: The value is a share that was written in percent throughout.
    """

    value: Fraction
    operators: int
    percent: bool


def evaluate(text: str) -> Calculation | None:
    """The value of a calculation, or None where it cannot be read as one."""
    if len(text) > _LONGEST:
        return None
    try:
        reader = _Reader(_tokens(text))
        value, percent = reader.sum(0)
        if reader.peek():
            return None
    except (_UnreadableError, ZeroDivisionError):
        return None
    return Calculation(value, reader.operators, percent)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _UnreadableError
        start, at = at, match.end()
        if match["number"]:
            found.append(match["number"].replace(",", ""))
        elif match["sign"]:
            found.append(match["sign"].replace("**", "^").translate(_SIGNS))
        elif match["word"] == "of":
            # A share of something, and not one of a number: "20% of 50", "1/2 of 36".
            if found[-1:] != ["%"] and found[-2:-1] != ["/"]:
                raise _UnreadableError
            found.append("*")
        elif match["word"] and text[start - 1 : start] == "/":  # "$3/tray"
            found[-1] = _UNIT
        elif match["word"]:
            found.append("*" if match["word"] in _TIMES else _UNIT)
    return found


class _Reader:
    """Reads tokens from left to right, one method for each rule."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self.operators = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self.peek()
        if token in wanted:
            self._at += 1
            return token
        return ""

    def sum(self, depth: int) -> tuple[Fraction, bool]:
        if depth > _DEEPEST:
            raise _UnreadableError
        total, percent = self._product(depth)
        while sign := self._take("+", "-"):
            self.operators += 1
            value, share = self._product(depth)
            if share != percent:  # "50 + 10%": of what is not said
                raise _UnreadableError
            total += value if sign == "+" else -value
        return total, percent

    def _product(self, depth: int) -> tuple[Fraction, bool]:
        total, percent = self._signed(depth)
        while sign := self._take("*", "/"):
            self.operators += 1
            value, _ = self._signed(depth)
            total = total * value if sign == "*" else total / value
            percent = False
        return total, percent

    def _signed(self, depth: int) -> tuple[Fraction, bool]:
        if self._take("-"):
            value, percent = self._power(depth)
            return -value, percent
        return self._power(depth)

    def _power(self, depth: int) -> tuple[Fraction, bool]:
        value, percent = self._operand(depth)
        if self._take("^"):
            self.operators += 1
            exponent = self.peek()
            if not exponent.isdigit() or int(exponent) > _LARGEST_POWER:
                raise _UnreadableError
            self._at += 1
            value **= int(exponent)
        return value, percent

    def _operand(self, depth: int) -> tuple[Fraction, bool]:
        percent = False
        if self._take("("):
            value, percent = self.sum(depth + 1)
            if not self._take(")"):
                raise _UnreadableError
        else:
            token = self.peek()
            if not token[:1].isdigit() and not token.startswith("."):
                raise _UnreadableError
            self._at += 1
            value = Fraction(token)
        if self._take("%"):
            value, percent = value / 100, True
        while self._take(_UNIT):
            pass
        return value, percent
