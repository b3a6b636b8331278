"""Slots draw values, write them as text, and read the text back."""

import random
import re
from fractions import Fraction

import pytest

from sleeptime_lib.tasks.procedural.grammar import (
    Clock,
    Fact,
    Int,
    Measure,
    Minutes,
    Money,
    Percent,
    Share,
    Times,
)

SLOTS = [
    Int(2, 2000, 7),
    Money("0.50", "1200", "0.25"),
    Percent(5, 95),
    Share(("1/2", "2/3", "3/8")),
    Times(5),
    Minutes(5, 200),
    Measure("0.25", "1500", "0.25"),
    Clock("12:05 am", "11:55 pm", 5),
]


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: type(slot).__name__)
def test_a_slot_reads_back_what_it_writes_and_its_pattern_matches_it(slot):
    rng = random.Random(0)
    for _ in range(500):
        value = slot.draw(rng)
        text = slot.write(value, rng)
        assert slot.read(text) == value
        assert slot.read(text.capitalize()) == value
        assert re.fullmatch(slot.pattern, text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(5, "12:05 am"), (8 * 60 + 30, "8:30 am"), (12 * 60, "12:00 pm"), (13 * 60 + 5, "1:05 pm")],
)
def test_a_time_of_day_is_minutes_after_midnight_on_the_twelve_hour_clock(minutes, text):
    clock = Clock("12:00 am", "11:59 pm", 1)
    assert clock.write(Fraction(minutes), random.Random(0)) == text
    assert clock.read(text) == minutes


@pytest.mark.parametrize(
    ("value", "text"), [("2", "2"), ("2.5", "2.5"), ("0.25", "0.25"), ("1250.5", "1,250.5")]
)
def test_a_measure_has_only_the_decimals_it_needs(value, text):
    measure = Measure("0", "2000", "0.25")
    assert measure.write(Fraction(value), random.Random(0)) == text
    assert measure.read(text) == Fraction(value)


def test_stepwise_slots_draw_both_ends():
    for slot in (Measure("1", "2", "0.5"), Money("1", "2", "0.50"), Clock("1:00 pm", "1:10 pm")):
        rng = random.Random(1)
        drawn = {slot.write(slot.draw(rng), rng) for _ in range(100)}
        assert len(drawn) == 3


def test_a_fact_has_the_formula_of_the_highest_clause_up_to_a_level():
    left = Fact("left", "baked - sold", "left", p2="good - gift")
    assert [left.at(level).formula for level in (0, 1, 2)] == [
        "baked - sold",
        "baked - sold",
        "good - gift",
    ]
