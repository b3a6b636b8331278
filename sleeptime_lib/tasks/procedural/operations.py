"""The operations that formulas are made of, all exact.

`+ - * /` work on any numbers, the others on whole ones: `n mod m` and `n div m` (remainder and
whole quotient), `b ^ e`, `n choose k`, `a gcd b`, `a lcm b`, and

    n sigma k       sum of the k-th powers of the divisors of n (k = 0 counts the divisors)
    n coprimes m    how many of 1 to n have no factor in common with m
    n digitsum b    sum of the digits of n in base b
    n climbs k      ways to write n as an ordered sum of numbers from 1 to k
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Final

_MOST: Final = 10**6
_MOST_BITS: Final = 4096
"""Bounds on what is calculated: a text that was read may state any number."""


def _remainder(n: int, m: int) -> int:
    return n % m


def _quotient(n: int, m: int) -> int:
    return n // m


def _power(base: int, exponent: int) -> int:
    if exponent * base.bit_length() > _MOST_BITS:
        raise ArithmeticError(f"{base} ^ {exponent} is too large")
    return int(base**exponent)


def _choose(n: int, k: int) -> int:
    _require_small(n)
    if min(k, n - k) * n.bit_length() > _MOST_BITS:
        raise ArithmeticError(f"{n} choose {k} is too large")
    return math.comb(n, k)


@cache
def _sigma(n: int, k: int) -> int:
    _require_small(n)
    if not n or k > 9:
        raise ArithmeticError(f"the sum of divisors to the power {k} is not defined for {n}")
    pairs = ({d, n // d} for d in range(1, math.isqrt(n) + 1) if n % d == 0)
    return sum(d**k for pair in pairs for d in pair)


@cache
def _coprimes(n: int, m: int) -> int:
    _require_small(n)
    return sum(math.gcd(k, m) == 1 for k in range(1, n + 1))


def _digit_sum(n: int, base: int) -> int:
    _require_small(n)
    if base < 2:
        raise ArithmeticError(f"there is no base {base}")
    total = 0
    while n:
        n, digit = divmod(n, base)
        total += digit
    return total


@cache
def _climbs(n: int, most: int) -> int:
    if n > 1000 or most > 1000:
        raise ArithmeticError(f"{n} in parts up to {most} takes too long")
    ways = [1]
    for _ in range(n):
        ways.append(sum(ways[-most:]) if most else 0)
    return ways[n]


def _require_small(n: int) -> None:
    if n > _MOST:
        raise ArithmeticError(f"{n} is too large")


def _whole(operation: Callable[[int, int], int]) -> Callable[[Fraction, Fraction], Fraction]:
    """The operation on whole numbers from 0 on.

    It raises ArithmeticError for other numbers, as a division by zero does.
    """

    def apply(left: Fraction, right: Fraction) -> Fraction:
        if not left.denominator == right.denominator == 1 or left < 0 or right < 0:
            raise ArithmeticError(f"{left} and {right} are not both whole numbers from 0 on")
        return Fraction(operation(int(left), int(right)))

    return apply


OPERATIONS: Final[Mapping[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "mod": _whole(_remainder),
    "div": _whole(_quotient),
    "^": _whole(_power),
    "choose": _whole(_choose),
    "gcd": _whole(math.gcd),
    "lcm": _whole(math.lcm),
    "sigma": _whole(_sigma),
    "coprimes": _whole(_coprimes),
    "digitsum": _whole(_digit_sum),
    "climbs": _whole(_climbs),
}
"""By how they are written between their two operands; they raise ArithmeticError."""
