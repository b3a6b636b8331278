"""Generated contexts with many questions each."""

from collections import Counter

import pytest

from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.procedural import generate

DATA = pytest.mark.parametrize("data", ["p0", "p1", "p2", "q0"])


def steps(task, question):
    """Steps of the quantity that a generated question asks for."""
    quantities = task.contexts[question.context_id].quantities
    return next(q.steps for q in quantities if q.question == question.text)


def by_context(task):
    asked = {}
    for question in task.questions:
        asked.setdefault(question.context_id, []).append(question)
    return asked


@DATA
def test_every_context_is_asked_ten_questions_and_the_limit_counts_contexts(data):
    task = load(f"multi-{data}", limit=40)
    assert len(task.contexts) == 40
    assert set(Counter(q.context_id for q in task.questions).values()) == {10}


@DATA
def test_the_first_question_is_the_one_that_the_context_was_made_for(data):
    many = load(f"multi-{data}", limit=40)
    one = generate(int(data[1]), set_name=data[0], limit=40, many=True)
    assert many.contexts == one.contexts
    firsts = [asked[0] for asked in by_context(many).values()]
    assert [(q.text, q.gold) for q in firsts] == [(q.text, q.gold) for q in one.questions]


@DATA
def test_every_question_asks_for_another_quantity_and_has_its_value(data):
    task = load(f"multi-{data}", limit=40)
    for context_id, asked in by_context(task).items():
        known = {q.question: q.gold for q in task.contexts[context_id].quantities}
        assert len({q.text for q in asked}) == len(asked)
        assert all(known[q.text] == q.gold for q in asked)


@DATA
def test_questions_with_as_many_steps_as_the_original_come_first(data):
    task = load(f"multi-{data}", limit=40, questions_per_context=100)
    for asked in by_context(task).values():
        distances = [abs(steps(task, q) - steps(task, asked[0])) for q in asked]
        assert distances == sorted(distances)


def test_fewer_questions_are_the_first_of_more():
    few = by_context(load("multi-p1", limit=5, questions_per_context=3))
    many = by_context(load("multi-p1", limit=5, questions_per_context=10))
    assert few == {context_id: asked[:3] for context_id, asked in many.items()}


def test_the_seed_alone_decides():
    prints = {load("multi-p1", limit=5, seed=s).fingerprint() for s in (0, 0, 1)}
    assert len(prints) == 2


def test_procedural_data_can_be_asked_many_questions_too():
    task = load("procedural-p2", limit=3, questions_per_context=4)
    assert task.questions == load("multi-p2", limit=3, questions_per_context=4).questions
