"""The operations of formulas are exact, and refuse what they are not made for."""

import math
import time
from fractions import Fraction
from itertools import combinations, product

import pytest

from sleeptime_lib.tasks.procedural.operations import OPERATIONS

SMALL = range(1, 13)


def calculate(left, symbol, right):
    return OPERATIONS[symbol](Fraction(left), Fraction(right))


def divisors(n):
    return [d for d in range(1, n + 1) if n % d == 0]


def digits(n, base):
    return [n // base**place % base for place in range(20)]


def climbs(n, most):
    if n == 0:
        return 1
    return sum(climbs(n - move, most) for move in range(1, min(n, most) + 1))


BY_DEFINITION = {
    "mod": lambda n, m: min(r for r in range(m) if any(q * m + r == n for q in range(n + 1))),
    "div": lambda n, m: max(q for q in range(n + 1) if q * m <= n),
    "^": lambda b, e: math.prod([b] * e),
    "choose": lambda n, k: len(list(combinations(range(n), k))),
    "gcd": lambda a, b: max(set(divisors(a)) & set(divisors(b))),
    "lcm": lambda a, b: next(n for n in range(1, a * b + 1) if n % a == n % b == 0),
    "sigma": lambda n, k: sum(d**k for d in divisors(n)),
    "coprimes": lambda n, m: sum(
        divisors(m)[:1] == [d for d in divisors(m) if k % d == 0] for k in range(1, n + 1)
    ),
    "digitsum": lambda n, b: sum(digits(n, b)),
    "climbs": climbs,
}


@pytest.mark.parametrize("symbol", BY_DEFINITION)
def test_an_operation_is_what_its_definition_says(symbol):
    for left, right in product(SMALL, SMALL):
        if (symbol, right) != ("digitsum", 1) and not (symbol == "sigma" and right > 9):
            assert calculate(left, symbol, right) == BY_DEFINITION[symbol](left, right)


def test_every_operation_is_confirmed():
    assert set(OPERATIONS) == {"+", "-", "*", "/", *BY_DEFINITION}


@pytest.mark.parametrize("symbol", BY_DEFINITION)
@pytest.mark.parametrize(("left", "right"), [("1/2", 3), (3, "1/2"), (-3, 2), (3, -2)])
def test_an_operation_on_whole_numbers_refuses_others(symbol, left, right):
    with pytest.raises(ArithmeticError, match="are not both whole numbers from 0 on"):
        calculate(left, symbol, right)


@pytest.mark.parametrize(
    ("left", "symbol", "right"),
    [(3, "/", 0), (3, "mod", 0), (3, "div", 0), (0, "sigma", 1), (3, "digitsum", 1)],
)
def test_what_is_not_defined_is_refused(left, symbol, right):
    with pytest.raises(ArithmeticError):
        calculate(left, symbol, right)


@pytest.mark.parametrize("symbol", BY_DEFINITION)
@pytest.mark.parametrize("right", [2, 5 * 10**11, 10**12])
def test_numbers_of_any_size_take_no_time(symbol, right):
    start = time.perf_counter()
    try:
        result = calculate(10**12, symbol, right)
    except ArithmeticError:
        result = Fraction(0)
    assert time.perf_counter() - start < 10
    assert result.numerator.bit_length() < 10_000
