"""Tasks generated offline: the same for the same seed, right answers, one cluster per family."""

import re
from collections import Counter
from fractions import Fraction

import pytest

from sleeptime_lib.tasks.procedural import generate
from sleeptime_lib.tasks.procedural.families import FAMILIES

every_level = pytest.mark.parametrize("level", [0, 1, 2])
NAMES = [family.name for family in FAMILIES]


@every_level
def test_the_same_seed_gives_the_same_task(level):
    assert generate(level, limit=40, seed=7) == generate(level, limit=40, seed=7)


@every_level
def test_another_seed_gives_other_contexts_and_ids(level):
    one, other = generate(level, limit=40, seed=1), generate(level, limit=40, seed=2)
    assert one.fingerprint() != other.fingerprint()
    assert not set(one.contexts) & set(other.contexts)


@every_level
def test_a_longer_task_begins_with_the_shorter_one(level):
    short, long = generate(level, limit=25), generate(level, limit=60)
    assert long.questions[:25] == short.questions
    assert list(long.contexts.items())[:25] == list(short.contexts.items())


def test_the_default_is_four_questions_for_each_family():
    task = generate(0)
    clusters = Counter(context.cluster_id for context in task.contexts.values())
    assert clusters == dict.fromkeys(NAMES, 4)


def test_every_family_comes_once_before_any_comes_twice():
    task = generate(1, limit=2 * len(FAMILIES))
    clusters = [context.cluster_id for context in task.contexts.values()]
    assert clusters == NAMES * 2


@every_level
def test_ids_are_unique_and_each_question_is_about_its_own_context(level):
    task = generate(level)
    assert len({question.question_id for question in task.questions}) == len(task.questions)
    assert [question.context_id for question in task.questions] == list(task.contexts)
    assert all(key == context.context_id for key, context in task.contexts.items())


@every_level
def test_golds_are_plain_decimals_with_at_most_two_places(level):
    task = generate(level)
    golds = [question.gold for question in task.questions]
    golds += [quantity.gold for c in task.contexts.values() for quantity in c.quantities]
    for gold in golds:
        assert re.fullmatch(r"\d+(\.\d{1,2})?", gold), gold
        assert Fraction(gold) > 0


@every_level
def test_the_question_asks_for_one_of_the_contexts_quantities(level):
    task = generate(level)
    for question in task.questions:
        quantities = task.contexts[question.context_id].quantities
        (asked,) = [q for q in quantities if q.question == question.text]
        assert asked.gold == question.gold
        assert 2 <= asked.steps <= 4 + level


@every_level
def test_a_context_knows_at_least_ten_quantities_by_distinct_names(level):
    for context in generate(level).contexts.values():
        names = {quantity.name for quantity in context.quantities}
        assert len(names) == len(context.quantities) >= 10
        assert sum(quantity.likelihood for quantity in context.quantities) == pytest.approx(1)


@every_level
def test_no_context_ends_in_a_question_and_every_question_is_one(level):
    task = generate(level)
    assert all(context.text.endswith(".") for context in task.contexts.values())
    assert all(question.text.endswith("?") for question in task.questions)


def test_higher_levels_have_longer_contexts():
    sentences = [
        sum(context.text.count(". ") for context in generate(level).contexts.values())
        for level in (0, 1, 2)
    ]
    total = len(generate(0).contexts)
    assert sentences[1] - sentences[0] == sentences[2] - sentences[1] == total


def test_the_name_of_a_task_tells_its_level():
    assert [generate(level, limit=1).name for level in (0, 1, 2)] == [
        "procedural-p0",
        "procedural-p1",
        "procedural-p2",
    ]
