"""Draws follow from the request; slips belong half to the operands; wrong numbers are wrong."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.servers.simulated.dice import Dice, difficulty, uniform, wrong_result
from sleeptime_lib.tasks.procedural.grammar import Step

TIMES = Step("a", "*", "b")
amounts = st.fractions(min_value=Fraction(1, 8), max_value=10_000, max_denominator=8)


def test_draws_depend_on_the_key_and_the_label_and_not_on_their_order():
    one, same, other = Dice(b"request"), Dice(b"request"), Dice(b"another request")
    first, second = one.draw("first"), one.draw("second")
    assert (same.draw("second"), same.draw("first")) == (second, first)
    assert first != second
    assert other.draw("first") != first


@given(st.binary())
def test_uniform_draws_lie_strictly_between_0_and_1(part):
    assert 0 < uniform(part) < 1


@pytest.mark.parametrize("probability", [0.02, 0.3])
def test_slips_are_as_frequent_as_asked(probability):
    slips = sum(
        Dice(b"%d" % request).slips("slip", probability, TIMES, Fraction(pair), Fraction(3))
        for request in range(40)
        for pair in range(100)
    )
    assert slips / 4000 == pytest.approx(probability, rel=0.4)


def test_some_operands_are_unlucky_for_every_request():
    shares = [
        sum(
            Dice(b"%d" % request).slips("slip", 0.3, TIMES, Fraction(pair), Fraction(3))
            for request in range(40)
        )
        / 40
        for pair in range(100)
    ]
    mean = sum(shares) / len(shares)
    spread = sum((share - mean) ** 2 for share in shares) / len(shares)
    by_chance = mean * (1 - mean) / 40
    assert spread > 4 * by_chance


def test_larger_operands_are_harder():
    small = difficulty(TIMES, Fraction(6), Fraction(10))
    large = difficulty(TIMES, Fraction(37), Fraction("4.75"))
    assert small < 1 < large


@given(amounts, amounts, st.sampled_from("+-*/"), st.binary(max_size=4))
def test_a_slip_gives_a_positive_number_that_is_not_the_right_one(left, right, symbol, key):
    step = Step("a", symbol, "b")
    result = step.apply({"a": left, "b": right})
    wrong = wrong_result(Dice(key), "slip", step, (left, right), result, (left, right))
    assert wrong != result
    assert wrong > 0 or result <= 0
