"""Tasks generated offline: the same for the same seed, right answers, one cluster per family."""

import re
from collections import Counter
from fractions import Fraction

import pytest

from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.procedural import generate
from sleeptime_lib.tasks.procedural.families import families

every_level = pytest.mark.parametrize("level", [0, 1, 2])
FAMILIES = families("p")
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


def test_the_name_of_a_task_tells_its_set_and_level():
    tasks = [*(generate(level, limit=1) for level in (0, 1, 2)), generate(0, set_name="q", limit=1)]
    assert [task.name for task in tasks] == [
        "procedural-p0",
        "procedural-p1",
        "procedural-p2",
        "procedural-q0",
    ]


FINGERPRINTS = {
    ("procedural-p0", 0): "68699481cd7ec0653d13225339dab02e4e4428e9280fcbb6dc57d2599b3aa5e6",
    ("procedural-p0", 1): "e27fad3b64ea7bb9661aad7f7b318794ec6eea9b7836c3b031911426bcb1b16f",
    ("procedural-p0", 7): "ad2d661d5b4a448c8b84c3455294d5a4f661be6141d1477d7e35aa59a3a1b6c8",
    ("procedural-p1", 0): "77c7f78acd36b2184364d36ff6f01e854b856634df1f68ed83727b6e1e133272",
    ("procedural-p1", 1): "3d0b22d30410aae674ccdb134681f3a349ba13d5f37441b1dde86c11eccf2854",
    ("procedural-p1", 7): "12eb3d285fd7e442509921fab222e7e84606e0e3ad3a26d2c584e564ec351806",
    ("procedural-p2", 0): "db5eeef3ec0610f0cab86db937c8f74ddbe21f85b081027371738fb0ce44b6c9",
    ("procedural-p2", 1): "fe1eed42c0fb3a7d3f9d1da66332873fb05ac385877dd7908fdf76d137752312",
    ("procedural-p2", 7): "cbd299e4db18896f50253d07d2e8bd9ca4e1f37da7e8059b25660245308dd76d",
    ("multi-p0", 0): "78a062126ff1723a6d75761e8010ac926f7c657cabda0d97c697d94aba49b7aa",
    ("multi-p0", 1): "125bd1316810ca4ad5cc6e4e7b6f9d18b5406610f643e0f0c033497bb14904b8",
    ("multi-p0", 7): "04a4d2b52eee86ed76c7a69b6bc5fd8892b057c1e05ae2d9f23a9c5f101cc9ba",
    ("multi-p1", 0): "1c7d75e7c7078915c6fae1b2ecfabffe4edcb9ae8c95d4d9213ed3bc8566867e",
    ("multi-p1", 1): "9e46d8ead2557ca8e38d81a265a43854a36698573b4c8fc09c1e28d30539dfb8",
    ("multi-p1", 7): "4982dcd2315b22d2fea8145c0467613ecfca548825dc45063fac5e41821dc67e",
    ("multi-p2", 0): "9881913b0397f54e1b9792c1fd735c6777c37f021c8798f871511ae68f15f156",
    ("multi-p2", 1): "2b403ffa7f76f49b1af15c28c3041cce98752eecad6105ca8fad65746cda4b70",
    ("multi-p2", 7): "7aef97a540e175cf5bb1b0cb5a9fe9c4d6f6fba08c58d6b18fab445384dee6af",
    ("procedural-q0", 0): "ae3bb35e3b03175e9b4218a86e6a8795fa493274a8f35378f58ce15cd0d75f16",
    ("procedural-q0", 1): "76dae768fa99fe09b55bba6fa4c0225c3a4320d94442858fbc5f1f5881325300",
    ("procedural-q0", 7): "0e9e8c4b2df2c64be44a2e97142051a319633af2c5efc5656df487218af0d721",
    ("multi-q0", 0): "3354af74d07d5d118fe135e421aeaa35f0b41b0bd7577fe5cd1f07bfdc7cc76d",
    ("multi-q0", 1): "58c789ec4953afb8279fd591ffaf6aabc998b2507b4ed8ba6a5a3ffba3b0d982",
    ("multi-q0", 7): "a04603222d726c0abd4d0d78b9e0f6d2658b455c89eaa0f130f3807cf12fc739",
}
"""Recordings and published results belong to data with these fingerprints."""


@pytest.mark.parametrize(("name", "seed"), FINGERPRINTS)
def test_generated_data_stay_what_they_were(name, seed):
    assert load(name, seed=seed).fingerprint() == FINGERPRINTS[name, seed]
