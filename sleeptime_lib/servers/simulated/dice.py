"""Randomness that comes from the request alone, and the numbers people get wrong.

A draw depends on what it is for (its label) and not on how many draws came before, so a reply
changes only where the request gives reason to.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Final

from sleeptime_lib.servers.simulated.constants import OPERAND_SHARE
from sleeptime_lib.tasks.procedural.grammar import Step

_NORMAL: Final = NormalDist()
_SCALE: Final = 2.0**-52


def uniform(*parts: str | bytes) -> float:
    """A number in (0, 1) that looks random and follows from the parts."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\x00")
    return ((int.from_bytes(digest.digest(), "big") >> 12) + 0.5) * _SCALE


class Dice:
    """Draws that follow from one request.

    Args:
        key: Everything in the request that may change the reply.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=16).digest()

    def draw(self, label: str) -> float:
        """A number in (0, 1) for one purpose."""
        return uniform(self._key, label)

    def chance(self, label: str, probability: float) -> bool:
        """True with a probability."""
        return self.draw(label) < probability

    def between(self, label: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.draw(label) * (high - low + 1))

    def gumbel(self, label: str) -> float:
        """A draw from the standard Gumbel distribution."""
        return -math.log(-math.log(self.draw(label)))

    def slips(self, label: str, probability: float, step: Step, *operands: Fraction) -> bool:
        """Whether a step goes wrong: with `probability`, but more readily for unlucky operands.

        A Gaussian copula of a draw for the operands and one for the request (`OPERAND_SHARE`).
        """
        item = _NORMAL.inv_cdf(uniform("operands", step.symbol, *map(str, operands)))
        request = _NORMAL.inv_cdf(self.draw(label))
        mixed = math.sqrt(OPERAND_SHARE) * item + math.sqrt(1 - OPERAND_SHARE) * request
        return mixed < _NORMAL.inv_cdf(min(max(probability, 1e-9), 0.95))


def difficulty(step: Step, left: Fraction, right: Fraction) -> float:
    """How hard a step is, about 1 for two-digit by one-digit work.

    Adding and subtracting get harder with the sum of the operands' digits that matter, any other
    operation with their product.
    """
    a, b = _digits(left), _digits(right)
    return 0.5 + (0.12 * (a + b) if step.symbol in "+-" else 0.2 * a * b)


def _digits(value: Fraction) -> int:
    """Digits that matter: 60 has one, 2.50 two, a third one more than its numerator."""
    scaled = value * 100
    if scaled.denominator != 1:
        return len(str(value.numerator)) + 1
    return len(str(abs(scaled.numerator)).rstrip("0")) or 1


def wrong_result(
    dice: Dice,
    label: str,
    step: Step,
    operands: tuple[Fraction, Fraction],
    right: Fraction,
    stated: Sequence[Fraction],
) -> Fraction:
    """A wrong number of the kind people make, never the right one.

    Off by one, ten or a hundred; an operand mixed up with another number of the text; the step
    forgotten; the sign of the operation taken for another.
    """
    a, b = operands
    place = 100 if right >= 1000 else 10 if right >= 20 else 1
    off = Fraction(place if dice.chance(f"{label} up", 0.5) else -place)
    mixed_up = stated[int(dice.draw(f"{label} which") * len(stated))] if stated else b + 1
    guesses = (
        right + off,
        _calculate(step.symbol, a, mixed_up),
        a,
        _calculate({"+": "-", "-": "+", "*": "+"}.get(step.symbol, "*"), a, b),
    )
    start = dice.between(f"{label} kind", 0, len(guesses) - 1)
    for guess in (*guesses[start:], *guesses[:start]):
        if guess is not None and guess > 0 and rounded(guess) != rounded(right):
            return rounded(guess)
    return rounded(right) + 1


def _calculate(symbol: str, left: Fraction, right: Fraction) -> Fraction | None:
    try:
        return Step("l", symbol, "r").apply({"l": left, "r": right})
    except ArithmeticError:
        return None


def rounded(value: Fraction) -> Fraction:
    """A number as it is written down: at most two decimals unless it is a simple fraction."""
    return value if value.denominator <= 12 else Fraction(round(value * 100), 100)
