"""The set "q": stories as hard as procedural-p0, about other things, for confirming results."""

import re
from collections import Counter
from fractions import Fraction
from itertools import combinations
from statistics import mean

import pytest
from tasks.procedural.free_numbers import free_values

from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.scenes import steps_to
from sleeptime_lib.tasks.procedural.slots import NUMBER_WORDS

FAMILIES = families("q")
KNOWN = (*families("p"), *families("aime"))

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def _askable(family):
    return [fact for fact in family.facts_at(0) if fact.questions]


def _stated(text):
    """The numbers that a text states, in digits or in words."""
    digits = {Fraction(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    words = set(re.findall(r"[a-z]+", text.lower()))
    return digits | {Fraction(n) for n, word in enumerate(NUMBER_WORDS) if word in words}


def test_it_has_at_least_twelve_families_and_shares_none_with_another_set():
    assert len(FAMILIES) >= 12
    assert not {family.name for family in FAMILIES} & {family.name for family in KNOWN}


def test_it_shares_no_sentence_and_no_question_with_another_set():
    def texts(some):
        sentences = {text for f in some for sentence in f.story for text in sentence.wordings}
        return sentences | {text for f in some for fact in f.facts for text in fact.questions}

    assert not texts(FAMILIES) & texts(KNOWN)


@every_family
def test_every_quantity_takes_one_to_four_steps(family):
    assert {len(steps_to(family, 0, fact.key)) for fact in _askable(family)} <= {1, 2, 3, 4}


@every_family
def test_no_quantity_is_another_one_scaled_or_shifted(family):
    """Neither a * x nor x + b nor both, whatever the numbers: three draws lie on no line."""
    first, second, third = (free_values(family, 0, seed) for seed in range(3))
    for one, other in combinations([fact.key for fact in _askable(family)], 2):
        run, rise = second[one] - first[one], second[other] - first[other]
        assert run * (third[other] - first[other]) != rise * (third[one] - first[one]), (one, other)


def test_no_question_stands_twice_under_one_context():
    for context in load("procedural-q0", limit=10 * len(FAMILIES)).contexts.values():
        asked = Counter(quantity.question for quantity in context.quantities)
        assert max(asked.values()) == 1, asked.most_common(1)


@pytest.mark.parametrize("dataset", ["procedural-q0", "multi-q0"])
def test_a_right_answer_seldom_stands_in_the_context(dataset):
    task = load(dataset, limit=10 * len(FAMILIES))
    there = [Fraction(q.gold) in _stated(task.contexts[q.context_id].text) for q in task.questions]
    assert mean(there) <= 0.06


def test_contexts_are_as_long_and_questions_as_many_steps_as_those_of_p0():
    words, steps = [], []
    for dataset in ("procedural-p0", "procedural-q0"):
        task = load(dataset, limit=350)
        words.append(mean(len(context.text.split()) for context in task.contexts.values()))
        known = [{q.question: q.steps for q in c.quantities} for c in task.contexts.values()]
        asked = zip(known, task.questions, strict=True)
        steps.append(mean(of_context[question.text] for of_context, question in asked))
    assert words[1] == pytest.approx(words[0], rel=0.15)
    assert steps[1] == pytest.approx(steps[0], abs=0.3)


def test_only_dollars_and_metres_have_decimals_and_no_more_than_two():
    for context in load("procedural-q0", limit=10 * len(FAMILIES)).contexts.values():
        for quantity in context.quantities:
            broken = re.search(r"\b(dollars|metres)\b", quantity.question)
            assert len(quantity.gold.partition(".")[2]) <= (2 if broken else 0), quantity
