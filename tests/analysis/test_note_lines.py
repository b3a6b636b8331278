import pytest

from sleeptime_lib.analysis.note_lines import Note, answered_by, read_lines, similarity, weigh


@pytest.mark.parametrize(
    "line",
    [
        "eggs in all = 3 * 12 = 36",
        "eggs in all: 36",
        "- eggs in all: 3 × 12 = 36",
        "2) eggs in all = 36",
        "**eggs in all**: 36 eggs",
        "eggs in all → 36",
        "eggs in all is 36",
        "eggs in all = 36 (three boxes)",
    ],
)
def test_a_line_names_a_number_in_many_ways(line):
    assert read_lines(line) == [Note("eggs in all", "36")]


@pytest.mark.parametrize(
    ("line", "number"),
    [("cost = 4 * $2.50 = $10.00", "10"), ("share: 75%", "75%"), ("loss = 3 - 5 = -2", "-2"),
     ("people = 1,200", "1200")],
)  # fmt: skip
def test_numbers_are_read_as_in_answers(line, number):
    assert read_lines(line)[0].number == number


def test_lines_without_a_named_number_count_as_lines():
    text = "Here is what I worked out:\n\n= 12\nthe hens are happy\neggs = unknown"
    assert read_lines(text) == [None, None, None, None]


def test_names_are_alike_whatever_the_order_and_the_endings():
    weights = weigh(["muffins left", "muffins sold", "trays"])
    assert similarity("left muffin", "muffins left", weights) == pytest.approx(1)
    assert similarity("muffins left", "muffins sold", weights) < 0.5


def test_a_name_that_says_too_little_does_not_answer_a_question():
    weights = weigh(["eggs", "dollars for the eggs", "eggs the hens lay in a week"])
    question = "How many eggs do the hens lay in a week?"
    fits = {name: answered_by(question, name, weights) for name in ("eggs", "trays of flour")}
    assert answered_by(question, "eggs the hens lay in a week", weights) > 0.9
    assert fits["eggs"] < 0.65
    assert fits["trays of flour"] == 0
