"""What holds of the grading of any reply: formats do not matter, signs do, time is bounded."""

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_scripts import paper_grade

from sleeptime_lib.tasks.grading import extract_answer, is_correct
from sleeptime_lib.tasks.numerals import decimal_text, find_numbers, parse_number

DECIMALS = st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False)
FORMATS = {
    "plain": "{:f}".format,
    "two more zeros": "{:f}00".format,
    "separators": "{:,f}".format,
    "thin spaces": lambda value: f"{value:,f}".replace(",", "\u2009"),
    "plain spaces": lambda value: f"{value:,f}".replace(",", " "),
    "money": lambda value: f"{'-' * (value < 0)}${abs(value):,f}",
    "Unicode minus": lambda value: f"{value:f}".replace("-", "−"),
    "exponent": lambda value: f"{value.scaleb(-3):f}e3",
    "fraction": lambda value: "{}/{}".format(*(value + 0).as_integer_ratio()),
    "boxed": r"\boxed{{{:f}}}".format,
    "marked": "#### {:f}".format,
    "bold": "**{:f}**".format,
    "sentence": "The answer is {:f} apples (see step 3).".format,
    "label": "Answer: {:,f}".format,
    "equation": "5 boxes x 3 = {:f}".format,
}


@given(DECIMALS, st.sampled_from(sorted(FORMATS)))
def test_any_decimal_is_read_back_from_any_format(value, form):
    prediction = extract_answer(FORMATS[form](value))
    assert prediction is not None
    assert Decimal(prediction) == value


@given(DECIMALS, st.sampled_from(sorted(FORMATS)), st.sampled_from(sorted(FORMATS)))
def test_grading_does_not_depend_on_who_uses_which_format(value, one, other):
    first, second = extract_answer(FORMATS[one](value)), extract_answer(FORMATS[other](value))
    assert is_correct(first, second)
    assert is_correct(second, first)


@given(DECIMALS)
def test_sign_and_scale_matter(value):
    text = f"{value:f}"
    assert is_correct(f"{-value:f}", text) is (value == 0)
    assert is_correct(f"{value * 10:f}", text) is (value == 0)


@given(st.fractions())
def test_exact_text_of_any_fraction_is_read_back(value):
    assert parse_number(decimal_text(value)).value == value


def test_numbers_are_kept_exact():
    assert parse_number("0.1").value * 3 == Fraction(3, 10)


PIECES = st.sampled_from(
    ["The answer is ", "Answer:", "\\boxed{", "}", "#### ", "(", ")", "=", "-", "1", "0", "/", ".",
     ",", " ", "\n", "%", "$", "\\frac{", "seven ", "so ", "e9", "^", "½", "²", "because ",
     " hours", " minutes", " and ", " or ", "not ", "minus ", "dozen", "k", '"answer": ', " of "]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_graded_and_what_is_read_is_a_number(text):
    prediction = extract_answer(text)
    assert prediction is None or is_correct(prediction, prediction)
    assert isinstance(paper_grade(text, "1"), bool)


LONG = ["9", "1,", "1,111", "1(", "(", ")", "[]", "\\boxed{", "The answer is ", "#### ", "=", "1=",
        "\n", ". ", "1. x\n", "\\frac{", "so 1 ", "seven ", "Answer:\n", "1 h ", "2 hours (",
        "2 h (120 min) ", "1 h 2 min ", "a ", "1/2 of ", "not ", "1 or ", "either 1 or ", "minus ",
        '"answer": ', '"answer": "', "$1 for ", "The answer is half of 2, or "]  # fmt: skip


def seconds_to_grade(reply):
    start = time.process_time()
    extract_answer(reply)
    paper_grade(reply, "1")
    return time.process_time() - start


@pytest.mark.parametrize("piece", LONG)
def test_a_runaway_reply_of_a_megabyte_takes_less_than_a_second(piece):
    reply = piece * (1_000_000 // len(piece))
    # A busy machine is slow once, not three times.
    assert any(seconds_to_grade(reply) < 1 for _ in range(3))


def test_the_answer_is_found_at_the_end_of_a_long_reply():
    assert extract_answer("5 + 3 = 8. " * 100_000 + "The answer is 42.") == "42"


@given(st.integers(0, 99), st.integers(1, 59), st.sampled_from([" and ", ", ", " "]))
def test_hours_and_minutes_are_read_back_with_both_readings(hours, minutes, link):
    prediction = extract_answer(f"It takes {hours} hours{link}{minutes} minutes.")
    assert is_correct(prediction, str(60 * hours + minutes))
    assert is_correct(prediction, str(Fraction(60 * hours + minutes, 60)))
    (number,) = find_numbers(prediction)
    assert parse_number(str(number)).equals(number)
