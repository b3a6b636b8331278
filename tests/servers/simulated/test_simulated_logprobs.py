"""Prompt log-probabilities: a question is as probable as the model expects it to be asked."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.servers.simulated.constants import WORD_MODEL_WEIGHT
from sleeptime_lib.servers.simulated.judgement import likely
from sleeptime_lib.servers.simulated.logprobs import score
from sleeptime_lib.servers.simulated.questions import understand
from sleeptime_lib.servers.simulated.reader import read
from sleeptime_lib.servers.simulated.tokens import tokenize
from sleeptime_lib.tasks.procedural import generate


def question_logprob(context, question):
    """Sum of the log-probabilities of the tokens after the context."""
    prompt = f"{context}\n{question}"
    result = score(prompt, "", 0, 0)
    places = zip(result["token_logprobs"], result["text_offset"], strict=True)
    return sum(value for value, place in places if place > len(context))


@given(st.text())
def test_tokens_joined_are_the_text(text):
    assert "".join(tokenize(text)) == text


def test_english_takes_about_four_characters_a_token():
    texts = [context.text for context in generate(2, limit=20).contexts.values()]
    characters, tokens = sum(map(len, texts)), sum(len(tokenize(text)) for text in texts)
    assert 3.5 < characters / tokens < 5


@given(st.text(max_size=200))
def test_every_text_has_a_log_probability_for_every_token_but_the_first(text):
    result = score(text, "", 0, 1)
    assert "".join(result["tokens"]) == text
    values = result["token_logprobs"]
    assert len(values) == len(result["text_offset"]) == len(result["top_logprobs"])
    assert values[:1] in ([None], [])
    assert all(-200 < value <= 1e-9 for value in values[1:])


def test_a_questions_tokens_add_up_to_its_chance_of_being_asked():
    context = next(iter(generate(1, limit=1).contexts.values()))
    story = read(context.text)
    for quantity in context.quantities:
        _, key = understand(context.text, quantity.question)
        wordings = len(story.facts()[key].questions)
        expected = (1 - WORD_MODEL_WEIGHT) * likely(story)[key] / wordings
        assert question_logprob(context.text, quantity.question) == pytest.approx(
            math.log(expected), abs=0.01
        )


def test_the_context_makes_its_questions_likelier():
    contexts = list(generate(1, limit=20).contexts.values())
    for context, other in itertools.pairwise(contexts):
        question = context.quantities[0].question
        own = question_logprob(context.text, question)
        assert own > question_logprob("", question) + 10
        if other.cluster_id != context.cluster_id:
            assert own > question_logprob(other.text, question) + 10


def test_other_words_for_a_likely_question_are_likelier_than_nonsense():
    context = (
        "Carlos bakes 7 trays of muffins with 16 muffins on each tray. By noon 54 of the muffins "
        "have been sold at $3 apiece."
    )
    asked = question_logprob(context, "How many of the muffins has Carlos still got now?")
    nonsense = question_logprob(context, "Why must purple ideas bark over frozen teapots?")
    assert asked > nonsense + 10
