"""The n-gram floor: a probability for every question, fitted without its own cluster."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.analysis.ngram import floor, interpolated
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks import load

counts = st.dictionaries(st.integers(0, 255), st.integers(1, 50), max_size=20)


def task(*clusters):
    """One context with one question in each cluster, from (cluster, context, question)."""
    contexts = {f"c{i}": Context(f"c{i}", one[0], one[1]) for i, one in enumerate(clusters)}
    asked = tuple(Question(f"q{i}", f"c{i}", one[2], "1") for i, one in enumerate(clusters))
    return Task("by-hand", contexts, asked)


@given(counts, counts)
def test_the_chances_of_all_bytes_add_up_to_one(elsewhere, own):
    chances = [interpolated(byte, Counter(elsewhere), Counter(own), 1 / 256) for byte in range(256)]
    assert sum(chances) == pytest.approx(1)
    assert min(chances) > 0


def test_a_question_is_likelier_after_its_own_context():
    made = load("procedural-p1", limit=35)
    own = floor(made)
    others = dict(zip(made.contexts, [*list(made.contexts.values())[1:], None], strict=True))
    likelier = 0
    for question in made.questions[:-1]:
        other = others[question.context_id]
        moved = Context(
            question.context_id, made.contexts[question.context_id].cluster_id, other.text
        )
        swapped = Task("t", {**made.contexts, question.context_id: moved}, made.questions)
        likelier += own[question.question_id].logprob > floor(swapped)[question.question_id].logprob
        if question is made.questions[7]:
            break
    assert likelier == 8


def test_what_stands_in_a_questions_own_cluster_elsewhere_changes_nothing():
    asked = ("a", "Tom has 3 apples.", "How many apples has Tom?")
    other = ("b", "Ann has 5 pears.", "How many pears has Ann?")
    alone = floor(task(asked, other))["q0"]
    with_more = floor(task(asked, other, ("a", "Tom has 9 apples.", "How many apples has Tom?")))
    assert with_more["q0"] == alone


def test_what_stands_in_other_clusters_does():
    asked = ("a", "Tom has 3 apples.", "How many apples has Tom?")
    alike = floor(task(asked, ("b", "Ann has 5 pears.", "How many pears has Ann?")))["q0"]
    unlike = floor(task(asked, ("b", "Zzz zzz zz.", "Qqq qqq?")))["q0"]
    assert alike.logprob > unlike.logprob


def test_any_text_has_a_probability():
    found = floor(task(("a", "", "Wie viele Äpfel? 🍏")))["q0"]
    assert found.length == len(" Wie viele Äpfel? 🍏".encode())
    assert found.logprob < 0
    assert found.per_byte == found.logprob / found.length
