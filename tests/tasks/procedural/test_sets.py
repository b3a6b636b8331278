"""What every family of the shipped sets must keep, checked on scenes drawn from all of them.

What a data file alone can show to be wrong is refused when it is read: see test_families.py.
"""

import random
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise

import pytest
from tasks.procedural.free_numbers import free_values
from tasks.procedural.stated_numbers import numbers_stated

from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.grammar import capitalised, step_of
from sleeptime_lib.tasks.procedural.scenes import (
    STORIES,
    candidates,
    compose,
    gold_text,
    likelihoods,
    pattern_of,
    steps_to,
)
from sleeptime_lib.tasks.procedural.slots import Int, Times, Word

VIEWS = {
    f"{family.name}{'-many' if many else ''}": family.asked(many=many)
    for many in (False, True)
    for family in families("p")
} | {family.name: family for family in families("q")}
"""By what it is called here: a family as asked one question, and several."""
MANY = {name: family for name, family in VIEWS.items() if name.endswith("-many")}
FAMILIES = [family for family in VIEWS.values() if family not in families("q")]
ALL = list(VIEWS.values())
SEEDS = {False: range(20), True: range(8)}
"""Of the scenes of a family: those asked several questions tell the same stories again."""
PRONOUNS = {"they", "them", "their"}


def _name(family):
    return next(name for name, view in VIEWS.items() if view is family)


every_family = pytest.mark.parametrize("family", ALL, ids=_name)
with_clauses = pytest.mark.parametrize("family", FAMILIES, ids=_name)
every_level = pytest.mark.parametrize(
    ("family", "level"),
    [
        pytest.param(family, level, id=f"{_name(family)}-{level}")
        for family in ALL
        for level in ((0, 1, 2) if family in FAMILIES else (0,))
    ],
)


@cache
def _scenes(name, level):
    family = VIEWS[name]
    return [
        compose(family, level, random.Random(f"{name}-{level}-{seed}"))
        for seed in SEEDS[name in MANY]
    ]


def _sentences(text):
    return re.split(r"(?<=\.) ", text)


def _fields(template):
    return [name[0].lower() + name[1:] for name in re.findall(r"\{(\w+)\}", template)]


def _number_fields(family, template):
    slots = family.slots
    return sorted(
        name for name in _fields(template) if name in slots and not isinstance(slots[name], Word)
    )


def _numbers_in_text(scene):
    """All numbers that can be read back from a scene's text, by slot."""
    numbers = {}
    own = scene.family.sentences_at(scene.level)
    for sentence, text in zip(own, _sentences(scene.text), strict=True):
        stated = numbers_stated(scene.family, sentence, text)
        assert stated is not None, text
        numbers |= stated
    return numbers


def _formulas(family, level):
    """The formula of each key at a level: the one given for the highest clause up to it."""
    formulas = {}
    for fact in sorted(family.facts, key=lambda fact: fact.clause):
        if fact.clause <= level:
            formulas[fact.key] = fact.formula
    return formulas


def _calculate(key, formulas, numbers):
    """Work out a quantity by plain evaluation of its formula, written out in full."""

    def write_out(name):
        def replace(match):
            token = match.group()
            if token in formulas:
                return f"({write_out(token)})"
            return token if token in numbers else f"Fraction('{token}')"

        return re.sub(r"[A-Za-z_]\w*|\d+(?:\.\d+)?", replace, formulas[name])

    return eval(write_out(key), {"Fraction": Fraction}, dict(numbers))


def _depends_on(scene, fact, clause):
    """Whether another number in a clause's sentence gives another value of the fact."""
    formulas = _formulas(scene.family, scene.level)
    numbers = _numbers_in_text(scene)
    right = _calculate(fact.key, formulas, numbers)
    stated = {
        name
        for sentence in scene.family.story
        if sentence.clause == clause
        for name in _number_fields(scene.family, sentence.wordings[0])
    }
    return any(
        _calculate(fact.key, formulas, numbers | {name: numbers[name] + Fraction(1, 7)}) != right
        for name in stated
    )


def test_there_are_at_least_thirty_families_with_names_of_their_own():
    assert len({family.name for family in FAMILIES}) == len(families("p")) >= 30


@every_family
def test_wordings_of_a_sentence_state_the_same_numbers_once_each(family):
    for sentence in family.story:
        assert len(sentence.wordings) >= 2
        first = _number_fields(family, sentence.wordings[0])
        assert len(set(first)) == len(first)
        for wording in sentence.wordings:
            assert _number_fields(family, wording) == first, wording


@every_family
def test_a_template_is_one_sentence(family):
    for sentence in family.story:
        for wording in sentence.wordings:
            assert re.fullmatch(r"[^.?!]+\.", wording), wording


@every_family
def test_the_first_sentence_names_the_person_the_pronouns_stand_for(family):
    first, *_ = family.story
    templates = [wording for sentence in family.story for wording in sentence.wordings]
    if any(PRONOUNS & set(_fields(template)) for template in templates):
        assert all("name" in _fields(wording) for wording in first.wordings)


@with_clauses
def test_each_clause_is_one_sentence_that_states_a_number(family):
    for clause in (1, 2):
        (sentence,) = [sentence for sentence in family.story if sentence.clause == clause]
        assert _number_fields(family, sentence.wordings[0])


@every_family
def test_whole_numbers_are_never_one(family):
    assert all(slot.low >= 2 for slot in family.slots.values() if isinstance(slot, Int | Times))


@every_family
def test_every_slot_is_stated_and_no_fact_has_a_slots_name(family):
    stated = {
        name
        for sentence in family.story
        for wording in sentence.wordings
        for name in _fields(wording)
    }
    assert set(family.slots) <= stated
    assert not set(family.slots) & {fact.key for fact in family.facts}


@every_level
def test_every_formula_is_one_operation_on_what_is_known_at_its_level(family, level):
    facts = family.facts_at(level)
    known = set(family.slots) | {fact.key for fact in facts}
    for fact in facts:
        assert set(step_of(fact.formula).names) <= known, fact


@every_level
def test_the_text_reads_back_as_the_numbers_drawn(family, level):
    for scene in _scenes(_name(family), level):
        for name, value in _numbers_in_text(scene).items():
            assert value == scene.values[name], (name, scene.text)


@every_level
def test_each_sentence_of_a_text_fits_one_sentence_of_its_family(family, level):
    for scene in _scenes(_name(family), level):
        for text, own in zip(_sentences(scene.text), family.sentences_at(level), strict=True):
            fitting = [s for s in family.story if numbers_stated(family, s, text) is not None]
            assert fitting == [own], text


@every_level
def test_golds_follow_from_the_numbers_in_the_text(family, level):
    formulas = _formulas(family, level)
    for scene in _scenes(_name(family), level):
        numbers = _numbers_in_text(scene)
        for fact in scene.facts:
            right = _calculate(fact.key, formulas, numbers)
            assert Fraction(gold_text(scene, fact)) == right, (fact.key, scene.text)


@every_level
def test_enough_can_be_asked_about_every_scene(family, level):
    for scene in _scenes(_name(family), level):
        assert len(scene.facts) >= STORIES.least_facts
        for fact in candidates(scene):
            assert 2 <= len(steps_to(family, level, fact.key)) <= 4 + level


@with_clauses
@pytest.mark.parametrize("level", [1, 2])
def test_every_clause_matters_to_every_candidate(family, level):
    for scene in _scenes(_name(family), level):
        for fact in candidates(scene):
            for clause in range(1, level + 1):
                assert _depends_on(scene, fact, clause), (fact.key, clause, scene.text)


@with_clauses
def test_at_least_four_quantities_of_p2_depend_on_both_clauses(family):
    for scene in _scenes(_name(family), 2):
        both = [
            fact
            for fact in scene.facts
            if all(_depends_on(scene, fact, clause) for clause in (1, 2))
        ]
        assert len(both) >= 4, ([fact.key for fact in both], scene.text)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("family", MANY.values(), ids=MANY)
def test_of_several_questions_none_asks_for_a_fixed_multiple_of_another(family, level):
    first, second = (free_values(family, level, seed) for seed in range(2))
    askable = [fact.key for fact in family.facts_at(level) if fact.questions]
    for one, other in combinations(askable, 2):
        assert first[one] * second[other] != first[other] * second[one], (one, other)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("family", MANY.values(), ids=MANY)
def test_days_weeks_scoops_and_whoever_comes_are_whole(family, level):
    asked_for = r"[Hh]ow many (?:more )?(?:days|weeks|scoops|people|passengers|patients|visitors)\b"
    for scene in _scenes(_name(family), level):
        for fact in scene.facts:
            if any(re.search(asked_for, question) for question in fact.questions):
                assert scene.values[fact.key].denominator == 1, (fact.key, scene.text)


@every_level
def test_labels_of_a_scene_are_distinct(family, level):
    for scene in _scenes(_name(family), level):
        labels = sorted(scene.fill(fact.label).lower() for fact in scene.facts)
        assert all(one != other for one, other in pairwise(labels)), labels


@every_level
def test_no_question_reads_as_a_question_for_another_quantity(family, level):
    for scene in _scenes(_name(family), level)[:8]:
        for fact in scene.facts:
            others = [
                pattern_of(family, template)
                for other in scene.facts
                if other is not fact
                for template in other.questions
            ]
            for template in fact.questions:
                text = capitalised(scene.fill(template))
                assert pattern_of(family, template).fullmatch(text)
                assert not any(pattern.fullmatch(text) for pattern in others), text


@every_level
def test_questions_are_single_questions_with_every_field_filled(family, level):
    for scene in _scenes(_name(family), level):
        for fact in scene.facts:
            for template in fact.questions:
                text = capitalised(scene.fill(template))
                assert re.fullmatch(r"[A-Z][^?{}]+\?", text), text


@every_level
def test_likelihoods_sum_to_one(family, level):
    for scene in _scenes(_name(family), level):
        likely = likelihoods(scene)
        assert set(likely) == {fact.key for fact in scene.facts}
        assert sum(likely.values()) == pytest.approx(1)


def test_what_was_made_up_to_have_several_questions_is_seldom_asked_for():
    (scene, *_) = _scenes("theatre-many", 0)
    plain = replace(scene, facts=tuple(replace(fact, only="") for fact in scene.facts))
    (key,) = [fact.key for fact in scene.facts if len(step_of(fact.formula).names) == 2
              and fact.only][:1]  # fmt: skip
    assert likelihoods(scene)[key] < likelihoods(plain)[key] / 2
