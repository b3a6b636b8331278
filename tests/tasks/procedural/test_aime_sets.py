"""procedural-aime: exact answers, found again from the text by trying out all cases."""

import random
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from tasks.procedural.brute_force import FAMILIES as BRUTE_FORCE
from tasks.procedural.stated_numbers import numbers_stated

from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.procedural import generate_aime
from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.generate import CONTEST
from sleeptime_lib.tasks.procedural.grammar import capitalised
from sleeptime_lib.tasks.procedural.scenes import (
    candidates,
    compose,
    gold_text,
    pattern_of,
)
from sleeptime_lib.tasks.splitters import sentences

FAMILIES = families("aime")
SEEDS = range(60)
DATASETS = ("procedural-aime-1", "procedural-aime-2", "procedural-aime-3")

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
every_level = pytest.mark.parametrize("level", [0, 1, 2])
every_dataset = pytest.mark.parametrize("dataset", DATASETS)


@cache
def _scenes(name, level):
    family = next(family for family in FAMILIES if family.name == name)
    return [compose(family, level, random.Random(f"{name}-{seed}"), CONTEST) for seed in SEEDS]


def _numbers_in_text(scene):
    """The numbers that stand in a scene's sentences, by slot."""
    numbers = {}
    own = scene.family.sentences_at(scene.level)
    for sentence, text in zip(own, re.split(r"(?<=\.) ", scene.text), strict=True):
        stated = numbers_stated(scene.family, sentence, text)
        assert stated is not None, text
        numbers |= {name: int(value) for name, value in stated.items()}
    return numbers


@every_family
@every_level
def test_every_answer_is_found_again_by_trying_out_all_cases(family, level):
    for scene in _scenes(family.name, level):
        right = BRUTE_FORCE[family.name](_numbers_in_text(scene), level)
        golds = {fact.key: int(gold_text(scene, fact)) for fact in scene.facts}
        assert golds == {key: right[key] for key in golds}, scene.text


@every_family
@every_level
def test_a_context_has_at_least_four_quantities_to_ask_for_and_two_for_its_own_question(
    family, level
):
    own = set()
    for scene in _scenes(family.name, level):
        assert len(scene.facts) >= 4
        own |= {fact.key for fact in candidates(scene)}
    assert len(own) >= 2


@every_family
@pytest.mark.parametrize("level", [1, 2])
def test_every_added_number_matters_to_every_question_of_the_level(family, level):
    brute_force = BRUTE_FORCE[family.name]
    added = [s for s in family.story if 1 <= s.clause <= level]
    assert [sentence.clause for sentence in added] == [1, 2][:level]
    moved = {}
    for scene in _scenes(family.name, level):
        numbers = _numbers_in_text(scene)
        for key, sentence in product([fact.key for fact in candidates(scene)], added):
            moved[key, sentence.clause] = moved.get((key, sentence.clause)) or any(
                brute_force(numbers | {name: numbers[name] + more}, level)[key] != scene.values[key]
                for more in (1, 2, 6)
                for name in family.numbers_of(sentence.wordings[0])
            )
    assert all(moved.values()), [key for key, value in moved.items() if not value]


@every_family
@every_level
def test_the_sentences_of_a_text_are_told_apart_by_the_splitter_and_fit_one_sentence_each(
    family, level
):
    for scene in _scenes(family.name, level)[:20]:
        own = family.sentences_at(level)
        for text, sentence in zip(sentences(scene.text), own, strict=True):
            fitting = [
                (other.name, s.wordings)
                for other in FAMILIES
                for s in other.story
                if numbers_stated(other, s, text) is not None
            ]
            assert fitting == [(family.name, sentence.wordings)], text


@every_family
def test_sentences_have_two_wordings_of_one_sentence_each(family):
    for sentence in family.story:
        assert len(set(sentence.wordings)) >= 2
        for wording in sentence.wordings:
            assert re.fullmatch(r"[^.?!]+\.", wording), wording


@every_family
@every_level
def test_no_question_reads_as_a_question_for_another_quantity(family, level):
    for scene in _scenes(family.name, level)[:8]:
        for fact in scene.facts:
            others = [
                pattern_of(family, template)
                for other in scene.facts
                if other is not fact
                for template in other.questions
            ]
            for template in fact.questions:
                text = capitalised(scene.fill(template))
                assert re.fullmatch(r"[A-Z][^?{}]+\?", text), text
                assert not any(pattern.fullmatch(text) for pattern in others), text


def test_there_are_at_least_fourteen_families_and_none_is_unconfirmed():
    assert {family.name for family in FAMILIES} == set(BRUTE_FORCE)
    assert len(FAMILIES) >= 14


@every_dataset
def test_answers_are_whole_numbers_from_0_to_999(dataset):
    task = load(dataset, limit=20 * len(FAMILIES))
    golds = [quantity.gold for c in task.contexts.values() for quantity in c.quantities]
    for gold in [*golds, *(question.gold for question in task.questions)]:
        assert re.fullmatch(r"0|[1-9]\d{0,2}", gold), gold


@every_dataset
def test_the_default_is_eight_questions_of_each_family_all_different(dataset):
    task = load(dataset)
    clusters = Counter(context.cluster_id for context in task.contexts.values())
    assert clusters == {family.name: 8 for family in FAMILIES}
    texts = {(task.contexts[q.context_id].text, q.text) for q in task.questions}
    assert len(texts) == len(task.questions)


@every_dataset
def test_the_question_asks_for_one_of_the_contexts_quantities(dataset):
    task = load(dataset)
    for question in task.questions:
        quantities = task.contexts[question.context_id].quantities
        assert [q.gold for q in quantities if q.question == question.text] == [question.gold]


@every_dataset
def test_a_longer_task_begins_with_the_shorter_one(dataset):
    short, long = load(dataset, limit=25, seed=3), load(dataset, limit=60, seed=3)
    assert long.questions[:25] == short.questions


def test_the_numbers_and_the_text_grow_with_the_level():
    tasks = [load(dataset) for dataset in DATASETS]
    lengths = [sum(len(c.text) for c in task.contexts.values()) for task in tasks]
    golds = [sum(Fraction(q.gold) for q in task.questions) for task in tasks]
    assert lengths == sorted(lengths)
    assert golds == sorted(golds)


def test_a_level_that_is_not_named_is_the_lowest():
    task, lowest = load("procedural-aime", limit=30), load("procedural-aime-1", limit=30)
    assert (task.name, task.fingerprint()) == ("procedural-aime", lowest.fingerprint())


@every_dataset
def test_a_context_can_be_asked_several_questions(dataset):
    task = load(dataset, limit=19, questions_per_context=4)
    assert task.name == dataset
    assert set(Counter(q.context_id for q in task.questions).values()) == {4}
    firsts = [asked[0] for asked in task.by_context().values()]
    alone = load(dataset, limit=19).questions
    assert [(q.text, q.gold) for q in firsts] == [(q.text, q.gold) for q in alone]


FINGERPRINTS = {
    ("procedural-aime-1", 0): "c38f648943bc9d647fc57349f04329f2ebda587308cb8edc5778cd5fcf04298b",
    ("procedural-aime-1", 1): "ca4cdefdf68fd3ab625a08c5e4f69d7ca6d13626ed88f9a40388bfd56aae71cb",
    ("procedural-aime-2", 0): "9708a523c5a41e5e6653e9d3311204b1b2bcef53f192ba143639f6e6cb291d1e",
    ("procedural-aime-2", 1): "19053061eb115da0e35e97fa7978fe3a28eb12ae7e5c3a350b3a21a220c8b450",
    ("procedural-aime-3", 0): "21090550a5b10c4eef405b449dfada3cf2b1a740c4c2e03636718e84baaf233e",
    ("procedural-aime-3", 1): "585b8bb8391763bb220a0b8603364a475a48859b6fbfcb7805cba34d6313d482",
}
"""Recordings and published results belong to data with these fingerprints."""


@pytest.mark.parametrize(("name", "seed"), FINGERPRINTS)
def test_generated_data_stay_what_they_were(name, seed):
    assert load(name, seed=seed).fingerprint() == FINGERPRINTS[name, seed]


def test_no_drawn_number_makes_a_family_fail():
    for level in (1, 2, 3):
        for seed in range(5):
            generate_aime(level, limit=2 * len(FAMILIES), seed=f"other-{seed}")
