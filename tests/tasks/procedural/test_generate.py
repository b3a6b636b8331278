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
    ("procedural-p0", 0): "f79c7c6b8ead91f9d02d648514014a30d2c3104622e8a02e2f6310973984293c",
    ("procedural-p0", 1): "e8a22c78382f0bb1866eabcc5e566870f0a71323c978f3cb410d14b26a6d54d2",
    ("procedural-p0", 7): "bcc8866c6f3a0166ea6b30f83a5840bcd75ebf738d30edbaa1601201c76faea7",
    ("procedural-p1", 0): "9b19652c8cd3542c8b4657970cc5e21995e45686053b057f7af627a717d3d36b",
    ("procedural-p1", 1): "4c056f909fe60926a89028f891913048bbe2d862f7619e5dcaae0717d3c24ee6",
    ("procedural-p1", 7): "05595c9b2c4666379a92180192c91a9d09a9ebafd13edde37b515434935b6081",
    ("procedural-p2", 0): "5f8035f5881ad617fad682f9d156198fd638c1a372728c04dda6816ff4e95721",
    ("procedural-p2", 1): "850e671b824fcbdf7cec1a86cfda99566fdea6a5392aabe6d32f65d119fa0f0b",
    ("procedural-p2", 7): "23eceac8d35cefca96bdd3ec6fd46df9b8d4a1be89b35833d06050e73398c1ff",
    ("multi-p0", 0): "da3a1d651d53ab5c42a5d0c6ebacabb5a8ec7db011f7a30b5266f6fbbc875706",
    ("multi-p0", 1): "ca0fee8a60380323e82fdef7603c33b7403c981c7694952a7d0e201ecf7a1cf7",
    ("multi-p0", 7): "bfb3097ae17b0892c81b7345dda60376670e1c1fe4a43fe3ae253baff185ea94",
    ("multi-p1", 0): "2338cff04c7a0c0bccedc1185ef62321692a581622434fc6b2492387a013a68a",
    ("multi-p1", 1): "69b78272451805ab83ff63ae757ef110170fa863332f4fd32fdf9d1851082842",
    ("multi-p1", 7): "0b0a4dcf6dd4dba6f8a5b5e029550e51fe8f1e549b92e2ed1866499d6f42056a",
    ("multi-p2", 0): "c2d45a45df7d7eede8096af7476714a2dd8be2af74b8e69d3a4940fba2c5fcb0",
    ("multi-p2", 1): "c4e85abab8c65f5583e866cb4c43c3e8523ab4594b74192d6db5ea4f1e6f4130",
    ("multi-p2", 7): "cfa8920f3736bcebcbcad6e5d76e6ff0aa97e18594d7fd8935ff487ed48569fb",
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
