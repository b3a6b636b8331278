"""The requests of the arms differ in nothing but the method."""

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Answered, Call, Notes, Setting, SleepSetting
from sleeptime_lib.methods.situation import EMPTY_NOTES, situation_block
from sleeptime_lib.methods.verbosity import answer, expect, grade, messages
from sleeptime_lib.records import Context, Question, Reply

CONTEXT = Context("c", "cluster", "Six trays of ten rolls.")
QUESTION = Question("q", "c", "How many rolls are there?", "60")


class Model:
    """Says "60." to everything and keeps what it was asked."""

    model = "m"

    def __init__(self):
        self.asked = []

    async def complete(self, request, *, owner):
        self.asked.append(request)
        return Reply("60.")


async def asked(setting, notes=(), sample=0):
    model = Model()
    blocks = [Notes(text) for text in notes]
    await answer(Call(model, "me"), CONTEXT, QUESTION, setting, blocks, sample)
    (request,) = model.asked
    return request


async def user_text(arm="baseline", level=0, notes=()):
    return (await asked(Setting(arm, budget=level), notes)).messages[-1]["content"]


async def test_the_baseline_has_the_same_frame_with_empty_notes():
    baseline, sleep = await user_text(), await user_text("sleep", notes=["rolls = 6 * 10 = 60"])
    assert baseline.replace(EMPTY_NOTES, "rolls = 6 * 10 = 60") == sleep


async def test_the_baseline_differs_from_the_sleep_arm_in_the_notes_alone():
    same = {"budget": 3, "seed": 7, "temperature": 0.3, "max_tokens": 50}
    one = await asked(Setting("baseline", **same))
    other = await asked(Setting("sleep", sleep=SleepSetting(), **same), ["a"])
    assert one.body() | {"messages": 0} == other.body() | {"messages": 0}


async def test_parallel_notes_are_joined():
    assert "a = 1\n\nb = 2" in await user_text("sleep", notes=["a = 1", " ", "b = 2"])


async def test_what_questions_share_comes_first_and_what_differs_last():
    one, other = await user_text(level=0), await user_text(level=3)
    shared = one.index(QUESTION.text) + len(QUESTION.text)
    assert one[:shared] == other[:shared]
    assert one.index("<situation>") < one.index("<notes>") < one.index("<question>")


async def test_notes_are_made_from_the_same_block_that_answers_begin_with():
    assert (await user_text()).startswith(situation_block(CONTEXT.text))


async def test_the_context_only_arm_does_not_see_the_question():
    text = await user_text("context_only")
    assert QUESTION.text not in text
    assert CONTEXT.text in text


async def test_every_level_has_its_own_instruction():
    assert len({await user_text(level=level) for level in range(5)}) == 5


@pytest.mark.parametrize("level", [-1, 5])
def test_a_level_that_does_not_exist_is_refused(level):
    with pytest.raises(InputError, match="use 0 to 4"):
        messages(CONTEXT.text, (), QUESTION.text, level)


async def test_samples_differ_in_seed_and_sample():
    setting = Setting("baseline", "samples", samples=3, temperature=0.7, seed=7)
    requests = [await asked(setting, sample=i) for i in range(3)]
    assert [(r.seed, r.sample) for r in requests] == [(7, 0), (8, 1), (9, 2)]


async def test_no_temperature_and_no_limit_are_sent_where_there_are_none():
    request = await asked(Setting("baseline", temperature=None, max_tokens=None))
    assert set(request.body()) == {"model", "messages", "seed"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("The answer is 60.", ("60", 1.0)), ("It is 61", ("61", 0.0)), ("No idea", (None, 0.0))],
)
def test_grading(text, expected):
    found = grade(Answered(text), QUESTION)
    assert (found.prediction, found.score) == expected


def test_more_words_are_expected_of_higher_levels():
    tokens = [expect(Setting("baseline", budget=level)).completion_tokens for level in range(5)]
    assert tokens == sorted(set(tokens))
    assert expect(Setting("context_only")).once_per_context
