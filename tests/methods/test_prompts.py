"""The requests of the arms differ in nothing but the method."""

import pytest
from sleeptime_lib.methods.answer import AnswerOptions, Setting, answer_request, grade

from sleeptime_lib.errors import InputError
from sleeptime_lib.methods import prompts
from sleeptime_lib.records import Context, Question, Reply

CONTEXT = Context("c", "cluster", "Six trays of ten rolls.")
QUESTION = Question("q", "c", "How many rolls are there?", "60")
OPTIONS = AnswerOptions("m", seed=7, max_tokens=100)


def user_text(arm="baseline", level=0, notes=(), sample=0, temperature=0.0):
    setting = Setting(arm, "verbosity", level, temperature=temperature)
    request = answer_request(CONTEXT, QUESTION, setting, notes, sample, OPTIONS)
    return request.messages[-1]["content"]


def test_the_baseline_has_the_same_frame_with_empty_notes():
    baseline, sleep = user_text(), user_text("sleep", notes=["rolls = 6 * 10 = 60"])
    assert baseline.replace(prompts.EMPTY_NOTES, "rolls = 6 * 10 = 60") == sleep


def test_parallel_notes_are_joined():
    assert "a = 1\n\nb = 2" in user_text("sleep", notes=["a = 1", " ", "b = 2"])


def test_what_questions_share_comes_first_and_what_differs_last():
    one, other = user_text(level=0), user_text(level=3)
    shared = one.index(QUESTION.text) + len(QUESTION.text)
    assert one[:shared] == other[:shared]
    assert one.index("<situation>") < one.index("<notes>") < one.index("<question>")


def test_the_context_only_arm_does_not_see_the_question():
    text = user_text("context_only")
    assert QUESTION.text not in text
    assert CONTEXT.text in text


def test_every_level_has_its_own_instruction():
    texts = {user_text(level=level) for level in range(5)}
    assert len(texts) == 5


@pytest.mark.parametrize("level", [-1, 5])
def test_a_level_that_does_not_exist_is_refused(level):
    with pytest.raises(InputError, match="use 0 to 4"):
        user_text(level=level)


def test_samples_differ_in_seed_and_sample():
    setting = Setting("baseline", "samples", 0, samples=3, temperature=0.7)
    requests = [answer_request(CONTEXT, QUESTION, setting, (), i, OPTIONS) for i in range(3)]
    assert [(r.seed, r.sample) for r in requests] == [(7, 0), (8, 1), (9, 2)]


def test_the_fingerprint_follows_the_texts(monkeypatch):
    before = prompts.fingerprint()
    monkeypatch.setattr(prompts, "CONTEXT_ONLY", prompts.Prompt("context_only", 2, "Guess."))
    assert prompts.fingerprint() != before


@pytest.mark.parametrize(
    ("text", "expected"),
    [("The answer is 60.", ("60", 1.0)), ("It is 61", ("61", 0.0)), ("No idea", (None, 0.0))],
)
def test_grading(text, expected):
    assert grade(Reply(text), QUESTION) == expected
