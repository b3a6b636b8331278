"""Calculations in notes are read exactly, or not at all."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.methods.arithmetic import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 * 12", 36),
        ("3 × 12 + 4", 40),
        ("4 + 3 x 12", 40),
        ("(4 + 3) * 12", 84),
        ("3 boxes * 12 eggs per box", 36),
        ("$2.50 * 4", 10),
        ("1,200 - 200", 1000),
        ("20% of 50", 10),
        ("50 * 20%", 10),
        ("100% - 20%", Fraction(4, 5)),
        ("1/2 of 36", 18),
        ("10 ÷ 4", Fraction(5, 2)),
        ("-3 + 5", 2),
        ("3 - -5", 8),
        ("2^3", 8),
        ("2**3 * 2", 16),
        ("40 tests * 4 minutes/test", 160),
        ("450 km / 20 km/l", Fraction(45, 2)),
        ("36", 36),
    ],
)
def test_a_calculation_has_its_value(text, value):
    assert evaluate(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "", "eggs", "eggs * 12", "3 * eggs", "3 12", "3 *", "(3", "3)", "3 / 0", "50 + 10%",
        "12 out of 20", "12 / boxes", "/box", "3 boxes of 12", "3 = 3", "2^99", "2^x", "3 * 4; 5",
        "__import__('os')",
        "(" * 50 + "1" + ")" * 50, "1 + " * 200 + "1",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_unreadable(text):
    assert evaluate(text) is None


@given(st.text(alphabet="0123456789 +-*/().%^$xof,", max_size=40))
def test_any_text_is_read_or_not(text):
    evaluate(text)


@given(
    st.integers(0, 999), st.integers(0, 999), st.integers(1, 999), st.sampled_from(["*", "×", "x"])
)
def test_it_calculates_as_written(a, b, c, times):
    assert evaluate(f"{a} + {b} {times} {c}").value == a + b * c
    assert evaluate(f"({a} - {b}) / {c}").value == Fraction(a - b, c)
