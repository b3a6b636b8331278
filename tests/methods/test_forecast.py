"""The sleep method `forecast`: how its lines are read, and that it speaks both protocols."""

import json
import math

import pytest

from sleeptime_lib.experiment import Call, Setting, SleepSetting
from sleeptime_lib.methods import FORECAST, RETHINK, SLEEP_METHODS
from sleeptime_lib.methods.forecast import FORECAST_FRAME, broken_lines, read_forecasts
from sleeptime_lib.records import Context, Reply, ToolCall, Usage

LINE = "30% | How many eggs are there in all? | 3 * 12 = 36"


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        "0.3 | How many eggs are there in all? | 36",
        "30 | How many eggs are there in all? | 36 eggs",
        "3/10|How many eggs are there in all?|36",
        "p = 0.3 | How many eggs are there in all? | = 36",
        "- 30 % | How many eggs are there in all? | The answer is 36.",
        "2. **30%** | How many eggs are there in all? | **36**",
        "| 30% | How many eggs are there in all? | 3 × 12 = 36 |",
        "30 per cent | How many eggs are there in all? | 36",
    ],
)
def test_a_line_is_read_as_models_write_it(line):
    (found,) = read_forecasts(line)
    assert found.question == "How many eggs are there in all?"
    assert (found.probability, found.answer) == (pytest.approx(0.3), "36")


def test_the_order_of_the_lines_is_kept():
    found = read_forecasts("10% | How old is she? | 7\n60% | How many eggs? | 36")
    assert [one.answer for one in found] == ["7", "36"]


def test_probabilities_that_add_up_to_more_than_one_are_scaled_and_kept_as_stated():
    found = read_forecasts("90% | How many eggs? | 36\n60% | How many hens? | 4")
    assert [one.probability for one in found] == pytest.approx([0.6, 0.4])
    assert [one.stated for one in found] == pytest.approx([0.9, 0.6])


def test_what_a_block_leaves_of_one_stays_for_other_questions():
    found = read_forecasts("20% | How many eggs? | 36\n10% | How many hens? | 4")
    assert [one.probability for one in found] == pytest.approx([0.2, 0.1])


@pytest.mark.parametrize(("written", "stated"), [("150%", 1.0), ("-5%", 0.0), ("1e300", 1.0)])
def test_a_probability_beyond_its_range_is_moved_into_it(written, stated):
    assert read_forecasts(f"{written} | How many eggs? | 36")[0].stated == stated


def test_a_line_without_a_probability_is_a_forecast_all_the_same():
    (found,) = read_forecasts("How many eggs are there in 3 boxes? | 36")
    assert math.isnan(found.probability)
    assert (found.question, found.answer) == ("How many eggs are there in 3 boxes?", "36")


@pytest.mark.parametrize(
    "line", ["40% | How many eggs? 3 * 12 = 36", "40% | The boxes hold 3 * 12 = 36 eggs."]
)
def test_an_answer_without_a_cell_of_its_own_is_found(line):
    assert read_forecasts(line)[0].answer == "36"


@pytest.mark.parametrize("line", ["40% | How many eggs?", "40% | How many eggs? | many"])
def test_a_question_without_a_number_is_expected_but_not_answered(line):
    (found,) = read_forecasts(line)
    assert (found.probability, found.answer) == (pytest.approx(0.4), None)


def test_lines_that_give_no_question_are_counted_and_not_lost():
    notes = f"Here are my forecasts:\n\n{LINE}\n30% |\n36 | 40\nsee above"
    assert len(read_forecasts(notes)) == 1
    assert broken_lines(notes) == ("Here are my forecasts:", "30% |", "36 | 40", "see above")


def test_the_head_and_the_rule_of_a_table_say_nothing():
    notes = f"| probability | question | answer |\n|---|:---:|---|\n| {LINE} |"
    assert len(read_forecasts(notes)) == 1
    assert broken_lines(notes) == ()


@pytest.mark.parametrize(
    "notes", ["", "\n \n", "|" * 5000, "9" * 900 + "% | How many? | 1", "\x00"]
)
def test_no_text_is_too_strange_to_be_read(notes):
    assert len(read_forecasts(notes)) + len(broken_lines(notes)) <= 1


# The sleep phase


class Model:
    """Gives one reply after the other."""

    model = "m"

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    async def complete(self, request, *, owner):
        self.asked.append(request)
        return self.replies.pop(0)


async def notes(model, protocol):
    setting = Setting("sleep", sleep=SleepSetting(protocol=protocol))
    context = Context("c", "cluster", "Three boxes of a dozen eggs.")
    return await FORECAST.take(Call(model, "me"), context, setting, 0)


async def test_forecasts_are_taken_from_plain_text():
    model = Model(Reply(f"<notes>\n{LINE}\n</notes>", usage=Usage(prompt=1), owner="me"))
    assert read_forecasts((await notes(model, "text")).text)[0].answer == "36"
    assert FORECAST_FRAME.text in model.asked[0].messages[0]["content"]


async def test_forecasts_are_taken_from_tool_calls():
    write = ToolCall("a", "rethink_memory", json.dumps({"new_memory": LINE}))
    end = ToolCall("b", "finish_rethinking", "{}")
    model = Model(Reply("", (write,), owner="me"), Reply("", (end,), owner="me"))
    found = await notes(model, "tools")
    assert (found.text, found.finished) == (LINE, True)


def test_it_is_listed_and_shares_no_prompt_that_others_would_have_to_list():
    assert FORECAST in SLEEP_METHODS
    assert FORECAST_FRAME in FORECAST.prompts
    assert FORECAST_FRAME not in RETHINK.prompts
