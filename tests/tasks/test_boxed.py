r"""Contest answers read from replies: the last \boxed{}, or a bare number at the very end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.boxed import extract_answer, is_correct

ANSWERS = {
    "a box": (r"So we get \boxed{73}.", "73"),
    "the last of several boxes": (r"\boxed{12} is too small, so \boxed{73}.", "73"),
    "a box before more text": (r"\boxed{73} is right, as 8 + 65 = 73 and 9 > 8 shows 10.", "73"),
    "a box in mathematics": (r"Thus \[m + n = \boxed{73}.\]", "73"),
    "leading zeros": (r"\boxed{073}", "73"),
    "zero": (r"\boxed{0}", "0"),
    "three zeros": (r"\boxed{000}", "0"),
    "the largest": (r"\boxed{999}", "999"),
    "spaces": (r"\boxed { 73 }", "73"),
    "a line break": ("\\boxed{\n73\n}", "73"),
    "braces around": (r"\boxed{{{73}}}", "73"),
    "text": (r"\boxed{\text{073}}", "73"),
    "bold": (r"\boxed{\mathbf{73}}", "73"),
    "bold text in text": (r"\boxed{\textbf{73}}", "73"),
    "a unit": (r"\boxed{73\text{ cm}}", "73"),
    "degrees": (r"\boxed{73^\circ}", "73"),
    "a small space": (r"\boxed{73\,}", "73"),
    "dollars": (r"\boxed{$73$}", "73"),
    "an equation": (r"\boxed{m+n = 73}", "73"),
    "a period": (r"\boxed{73.}", "73"),
    "a plus sign": (r"\boxed{+73}", "73"),
    "a frame": (r"\fbox{73}", "73"),
    "a short name": (r"\box{73}", "73"),
    "a box in a box": (r"\boxed{\boxed{73}}", "73"),
    "an open brace before": (r"{ so \boxed{73}", "73"),
    "set braces before": (r"\{1, 2\} gives \boxed{73}", "73"),
    "an open box behind": (r"\boxed{73} and then \boxed{9", "73"),
    "thinking before": (r"<think>\boxed{5}</think> It is \boxed{73}", "73"),
    "a bare number": ("The answer is 73", "73"),
    "a bare number with a period": ("The answer is 73.", "73"),
    "a bare number with zeros": ("Answer: 073", "73"),
    "a bare number alone": ("73", "73"),
    "a bare bold number": ("So it is **73**.", "73"),
    "a bare number in dollars": ("So it is $73$.", "73"),
    "a bare number in a display": ("So \\[x = 73.\\]\n", "73"),
    "a bare number in bold mathematics": (r"So it is $\mathbf{73}$.", "73"),
    "the rest of a box that was begun for it": ("73}$.", "73"),
    "a bare number behind an equals sign": ("8+65=73", "73"),
    "a bare number on its line": ("So we are done.\n\n73\n", "73"),
    "a number of Windows lines": ("It is\r\n73\r\n", "73"),
}


@pytest.mark.parametrize(("reply", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_the_answer_is_read(reply, answer):
    assert extract_answer(reply) == answer
    assert is_correct(extract_answer(reply), answer)


WRONG = {
    "four digits": (r"\boxed{1024}", ("4", "24", "102", "10")),
    "four digits behind a right box": (r"\boxed{4} no: \boxed{1024}", ("4",)),
    "four bare digits": ("The answer is 1024.", ("4", "24")),
    "a thousand with a comma": (r"\boxed{1,024}", ("1", "24")),
    "a bare thousand with a comma": ("It is 1,024", ("1", "24")),
    "a fraction": (r"\boxed{\frac{3}{4}}", ("3", "4", "34")),
    "a fraction behind a right box": (r"\boxed{73} so \boxed{\frac{73}{1}}", ("73", "1")),
    "a slash": (r"\boxed{3/4}", ("3", "4")),
    "a bare fraction": ("It is 3/4.", ("3", "4")),
    "a decimal": (r"\boxed{7.5}", ("7", "5", "75")),
    "a decimal that is whole": (r"\boxed{73.0}", ("73", "730")),
    "a bare decimal": ("It is 7.5.", ("7", "5")),
    "a negative": (r"\boxed{-73}", ("73",)),
    "a bare negative": ("It is -73.", ("73",)),
    "a sum": (r"\boxed{70+3}", ("73", "703", "3")),
    "a power": (r"\boxed{2^3}", ("23", "8")),
    "two numbers": (r"\boxed{7, 3}", ("73", "7", "3")),
    "two numbers without a comma": (r"\boxed{7 3}", ("73", "7", "3")),
    "an escaped brace": (r"\boxed{7\}3}", ("7", "3", "73")),
    "a number and more than fits": (r"\boxed{73" + 300 * " " + "or 5}", ("73", "5")),
    "a letter": (r"\boxed{m}", ("0",)),
    "words": (r"\boxed{\text{seventy}}", ("70",)),
    "a root": (r"\boxed{73\sqrt{2}}", ("73", "732")),
}


@pytest.mark.parametrize(("reply", "golds"), WRONG.values(), ids=WRONG)
def test_another_answer_is_wrong_and_no_part_of_it_is_taken(reply, golds):
    prediction = extract_answer(reply)
    assert prediction is not None
    assert not any(is_correct(prediction, gold) for gold in golds)


NONE = {
    "nothing": "",
    "space": " \n ",
    "words": "I cannot solve this.",
    "a number before the end": "It is 73, as far as I can see",
    "an empty box": r"The answer is \boxed{}.",
    "a number behind an empty box": r"\boxed{}: 73",
    "a box that was cut off": r"The answer is \boxed{7",
    "a calculation that was cut off": "So the sum is 70 + 3",
    "a product that was cut off": r"which is 12 × 6",
    "a difference that was cut off": "which is 80 - 7",
    "a power at the end": "which is 2^10",
    "a name at the end": "so we use x2",
    "a fraction in LaTeX at the end": r"which is $\frac{3}{4}$",
    "an empty box at the end of a number": r"73 \boxed{ }",
}


@pytest.mark.parametrize("reply", NONE.values(), ids=NONE)
def test_no_answer_is_told_apart_from_a_wrong_one(reply):
    assert extract_answer(reply) is None
    assert not is_correct(None, "73")


NUMBERS = st.integers(0, 999)
TEXTS = st.text(st.sampled_from("ab{}\\$ 0123456789.=\n"), max_size=60)


@given(NUMBERS, NUMBERS, st.integers(1, 5))
def test_a_number_is_right_only_where_it_is_the_gold_one_however_it_is_padded(one, gold, width):
    prediction = extract_answer(rf"so \boxed{{{one:0{width}d}}}.")
    assert is_correct(prediction, str(gold)) is (one == gold)
    assert is_correct(prediction, f"{gold:03d}") is (one == gold)


@given(st.integers(1000, 10**40), NUMBERS)
def test_no_number_beyond_999_is_right(number, gold):
    for reply in (rf"\boxed{{{number}}}", f"It is {number}."):
        prediction = extract_answer(reply)
        assert prediction is not None
        assert not is_correct(prediction, str(gold))


@given(TEXTS, TEXTS, NUMBERS)
def test_what_stands_around_the_last_box_does_not_matter(before, after, number):
    plain = after.replace("\\", "")  # no other box
    assert extract_answer(rf"{before} \boxed{{{number}}} {plain}") == str(number)


@given(NUMBERS, NUMBERS)
def test_the_last_of_two_boxes_counts(first, last):
    assert extract_answer(rf"\boxed{{{first}}} or rather \boxed{{{last}}}") == str(last)


@given(TEXTS)
def test_any_reply_gives_an_answer_or_none_and_never_fails(reply):
    prediction = extract_answer(reply)
    assert prediction is None or prediction
    assert is_correct(prediction, "73") in (True, False)


@pytest.mark.parametrize("gold", ["1024", "-1", "7.5", "seven", "", "1/2"])
def test_a_gold_answer_that_no_contest_has_is_refused(gold):
    with pytest.raises(InputError, match="is no whole number from 0 to 999"):
        is_correct("7", gold)


@pytest.mark.parametrize(
    "piece",
    [
        r"\boxed{",
        r"\boxed{1}",
        r"\boxed",
        r"\boxed ",
        "{",
        "}",
        "{}",
        "\\",
        " ",
        "1",
        "1,",
        "*",
        "=",
        r"\text{",
        "\n",
        r"\boxed{\text{",
    ],
)
@pytest.mark.parametrize("end", ["", r"\boxed{73}", "x"], ids=["open", "boxed", "letter"])
def test_a_reply_of_a_megabyte_takes_linear_time(piece, end):
    reply = piece * (1_000_000 // len(piece)) + end
    start = time.perf_counter()
    prediction = extract_answer(reply)
    assert time.perf_counter() - start < 15
    assert prediction == "73" if end.startswith("\\") else True


@pytest.mark.parametrize("inside", ["{}", "1", r"\text{1}", "=", " ", r"\frac"])
def test_a_box_of_a_megabyte_takes_linear_time(inside):
    reply = rf"\boxed{{{inside * (1_000_000 // len(inside))}}}"
    start = time.perf_counter()
    prediction = extract_answer(reply)
    assert time.perf_counter() - start < 15
    assert not is_correct(prediction, "1")
