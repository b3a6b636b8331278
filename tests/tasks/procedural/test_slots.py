"""Slots draw values, write them as text, and read the text back."""

import random
import re
from fractions import Fraction

import pytest

from sleeptime_lib.tasks.procedural.slots import NUMBER_WORDS, slot_of

SLOTS = [
    "int 2 to 2000 by 7",
    "digits 0 to 2000 by 7",
    "money 0.50 to 1200 by 0.25",
    "percent 5 to 95 by 5",
    "share 1/2 | 2/3 | 3/8",
    "times 2 to 5",
    "minutes 5 to 200 by 5",
    "measure 0.25 to 1500 by 0.25",
    "clock 12:05 am to 11:55 pm by 5",
    "word oak | ash tree",
]


@pytest.mark.parametrize("text", SLOTS)
def test_a_slot_reads_back_what_it_writes_and_its_pattern_matches_it(text):
    slot, rng = slot_of(text), random.Random(0)
    for _ in range(500):
        value = slot.draw(rng)
        written = slot.write(value, rng)
        assert slot.read(written) == value
        assert slot.read(written.capitalize()) in (value, written.capitalize())
        assert re.fullmatch(slot.pattern, written, re.IGNORECASE)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(5, "12:05 am"), (8 * 60 + 30, "8:30 am"), (12 * 60, "12:00 pm"), (13 * 60 + 5, "1:05 pm")],
)
def test_a_time_of_day_is_minutes_after_midnight_on_the_twelve_hour_clock(minutes, text):
    clock = slot_of("clock 12:00 am to 11:59 pm")
    assert clock.write(Fraction(minutes), random.Random(0)) == text
    assert clock.read(text) == minutes


@pytest.mark.parametrize(
    ("value", "text"), [("2", "2"), ("2.5", "2.5"), ("0.25", "0.25"), ("1250.5", "1,250.5")]
)
def test_a_measure_has_only_the_decimals_it_needs(value, text):
    measure = slot_of("measure 0 to 2000 by 0.25")
    assert measure.write(Fraction(value), random.Random(0)) == text
    assert measure.read(text) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("int 7 to 10 by 2", {"7", "9"}),
        ("digits 2 to 1002 by 500", {"2", "502", "1002"}),
        ("measure 1 to 2 by 0.5", {"1", "1.5", "2"}),
        ("money 1 to 2 by 0.50", {"$1", "$1.50", "$2"}),
        ("times 2 to 4", {"twice", "three times", "four times"}),
        ("clock 1:00 pm to 1:10 pm by 5", {"1:00 pm", "1:05 pm", "1:10 pm"}),
    ],
)
def test_a_range_draws_every_step_up_to_its_end(text, drawn):
    slot, rng = slot_of(text), random.Random(1)
    written = {slot.write(slot.draw(rng), rng) for _ in range(100)}
    assert {text for text in written if text not in NUMBER_WORDS} == drawn


def test_a_percentage_is_a_share():
    assert slot_of("percent 25 to 25").draw(random.Random(0)) == Fraction(1, 4)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("integer 2 to 5", "no slot is of kind 'integer'; there are int, money, measure, percent"),
        ("int 2-5", "'2-5' is not a range such as 2 to 10 by 2"),
        ("int two to 5", "'two' is not a number"),
        ("digits 2 to 5 by 0.5", "has numbers that digits cannot write"),
        ("int 5 to 2", "does not go from a lower to a higher number"),
        ("int 2 to 5 by 0", "does not go from a lower to a higher number"),
        ("int 2 to 3.5", "has numbers that int cannot write"),
        ("int 2 to 5 by 0.5", "has numbers that int cannot write"),
        ("money 0.5 to 1 by 0.125", "has numbers that money cannot write"),
        ("times 1 to 3", "has numbers that times cannot write"),
        ("times 2 to 13", "has numbers that times cannot write"),
        ("percent 2.5 to 5 by 2.5", "has numbers that percent cannot write"),
        ("clock 7:30 to 9:00 by 5", "'7:30' is not a number"),
        ("share 1/2 | half", "'half' is not a fraction such as 2/3"),
        ("word oak | | ash", "has an empty choice or one twice"),
        ("word oak | oak", "has an empty choice or one twice"),
    ],
)
def test_a_slot_that_cannot_be_drawn_and_written_is_refused(text, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        slot_of(text)
