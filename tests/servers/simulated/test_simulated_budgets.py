"""Budgets of effort, thinking tokens and forced length act through the model's mechanism alone.

The bounds are wide: they hold for the mechanism, not for one set of constants or families.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.simulated.chat import reply
from sleeptime_lib.servers.simulated.tokens import count, first
from sleeptime_lib.tasks.procedural import generate

REASON = 'Reason step by step. Then end with the words "The answer is" and the number.'
BOXED = "Reason step by step. Then give the final answer as \\boxed{N}."
FORCE = "\n\nThe answer is"
WAIT = "\n\nWait,"
TASK = generate(1, limit=100)
CASES = [(TASK.contexts[q.context_id], q) for q in TASK.questions]


def asked(context, question, manner=REASON, notes=()):
    block = f"<question>\n{question.text}\n</question>"
    said = f"{situation_block(context.text, notes)}\n\n{block}\n\n{manner}"
    return [{"role": "user", "content": said}]


def forced(messages, budget, **options):
    """The text with which a chain of thought ends that was cut and made to answer."""
    cut = first(reply(messages, **options).text, budget)
    begun = cut if "The answer is" in cut else (cut.rstrip() + FORCE).lstrip()
    return begun + reply(messages, begun=begun, **options).text


def accuracy(answered, write, draws=2):
    right = sum(
        answered(write(asked(context, question), seed=seed)) == Fraction(question.gold)
        for context, question in CASES
        for seed in range(draws)
    )
    return right / (draws * len(CASES))


def falls_off(values):
    """Whether a curve over doubling budgets rises, and its end is flat beside its steepest part."""
    gains = [after - before for before, after in pairwise(values)]
    return min(gains) > -0.03 and gains[-1] < max(gains) / 3 and values[-1] > values[0] + 0.2


def test_accuracy_rises_with_thinking_tokens_and_levels_off(answered):
    budgets = (1, 16, 32, 64, 128, 256, 512)
    values = [
        accuracy(answered, lambda m, b=b, **o: reply(m, thinking_tokens=b, **o).text)
        for b in budgets
    ]
    assert falls_off(values), values


def test_accuracy_rises_with_forced_budgets_and_levels_off(answered):
    budgets = (0, 16, 32, 64, 128, 256)
    values = [accuracy(answered, lambda m, b=b, **o: forced(m, b, **o)) for b in budgets]
    assert falls_off(values), values


def test_efforts_cost_more_and_more_hidden_tokens_for_the_same_short_answer():
    efforts = ("minimal", "low", "medium", "high")
    drafts = [[reply(asked(*case), reasoning_effort=e) for case in CASES] for e in efforts]
    hidden = [sum(count(draft.reasoning) for draft in of_effort) for of_effort in drafts]
    assert hidden == sorted(set(hidden))
    assert {draft.text.startswith("The answer is") for of in drafts for draft in of} == {True}


def test_a_bound_on_thoughts_is_never_passed_and_is_used():
    for budget in (1, 7, 40):
        for case in CASES[:20]:
            thought = reply(asked(*case), thinking_tokens=budget).reasoning
            assert count(thought) == budget
            assert reply(asked(*case)).text.splitlines()[0].startswith(thought.splitlines()[0])


def test_a_bound_on_thoughts_does_what_cutting_them_off_by_force_does(answered):
    for case in CASES[:40]:
        messages = asked(*case)
        thoughts = reply(messages, thinking_tokens=1000).reasoning
        for budget in (40, 80, 120):
            begun = f"<think>\n{first(thoughts, budget)}\n</think>\n\n"
            bound = reply(messages, thinking_tokens=budget).text
            assert answered(bound) == answered(reply(messages, begun=begun).text)


def test_notes_save_thoughts(answered):
    def with_notes(budget):
        right = 0
        for context, question in CASES:
            notes = ("\n".join(f"{q.name} = {q.gold}" for q in context.quantities),)
            messages = asked(context, question, notes=notes)
            right += answered(forced(messages, budget)) == Fraction(question.gold)
        return right / len(CASES)

    assert with_notes(16) > accuracy(answered, lambda m, **o: forced(m, 16, **o)) + 0.3


@pytest.mark.parametrize("begun", ["", "<think>\n", "Wait,"])
@pytest.mark.parametrize("piece", [1, 5, 16])
def test_pieces_are_the_text_that_one_reply_would_have_been(begun, piece):
    for case in CASES[:3]:
        messages = asked(*case)
        whole = begun + reply(messages, begun=begun).text
        text = begun
        for _ in range(count(whole)):
            text += first(reply(messages, begun=text).text, piece)
        assert text == whole


def test_every_sleep_turn_in_text_goes_on_where_it_was_cut():
    context, _ = CASES[0]
    said = f"{situation_block(context.text, ())}\nWrite notes between <notes> and </notes>."
    messages = [{"role": "user", "content": said}]
    whole = reply(messages).text
    assert whole.startswith("<notes>")
    assert reply(messages, begun=whole[:25]).text == whole[25:]


def test_what_stands_in_a_begun_reply_counts_as_done_though_it_is_wrong(answered):
    for context, question in CASES[:30]:
        named = [q for q in context.quantities if q.gold == question.gold]
        wrong = Fraction(question.gold) + 1000
        begun = "".join(f"{q.name} = {wrong}\n" for q in named) + FORCE
        text = begun + reply(asked(context, question), begun=begun).text
        assert answered(text) == wrong


def test_a_slip_that_was_corrected_in_writing_is_corrected(answered):
    context, question = CASES[0]
    (label,) = {q.name for q in context.quantities if q.gold == question.gold}
    begun = (
        f"First, {label}: this and that = 1 + 1 = 2.\n"
        "Checking: 2 - 1 should give back 1, which it does not. Once more, slowly: 1 + 1 = 77.\n"
    )
    assert answered(begun + reply(asked(context, question), begun=begun).text) == 77


def test_a_sentence_that_was_cut_off_is_not_done():
    messages = asked(*CASES[0])
    begun = reply(messages).text
    number = begun.index(" = ") + 3
    assert reply(messages, begun=begun[:number]).text == begun[number:]


def test_the_answer_fits_the_words_that_force_it():
    messages = asked(*CASES[0])
    for words, pattern in (
        ("Final Answer:", " N."),
        ("The final answer is \\boxed{", "N}."),
        ("**Answer: **", "N**."),
        ("the answer is ", "N."),
    ):
        text = reply(messages, begun=words).text
        assert text.replace(text.strip(" .}*"), "N") == pattern


def test_thoughts_that_are_closed_are_followed_by_the_answer_alone():
    text = reply(asked(*CASES[0]), begun="<think>\nLet me see.\n</think>\n\n").text
    assert text.startswith("The answer is")
    assert "\n" not in text


def test_the_answer_is_boxed_where_a_box_is_asked_for():
    for options in ({}, {"reasoning_effort": "low"}, {"thinking_tokens": 5}):
        text = reply(asked(*CASES[0], manner=BOXED), **options).text
        assert text.endswith("}.")
        assert "\\boxed{" in text


def test_looking_again_finds_slips_and_each_look_fewer():
    right = [0, 0, 0]
    tokens = 0
    hard = generate(2, limit=150)
    for question in hard.questions:
        messages = asked(hard.contexts[question.context_id], question)
        text = reply(messages).text
        # Every chain gets a slip in its first step, so that there is something to find.
        head = text.partition("\n")[0]
        value = head.rstrip(".").rpartition("= ")[2]
        text = f"{head[: -len(value) - 1]}{Fraction(value) + 1}.\n"
        text += reply(messages, begun=text).text
        for look in range(3):
            right[look] += text.endswith(f"The answer is {question.gold}.")
            more = reply(messages, begun=text + WAIT).text
            tokens += count(more)
            text += WAIT + more
    assert right[0] < right[1] < right[2]
    assert right[1] - right[0] > 2 * (right[2] - right[1])
    assert tokens / (3 * len(hard.questions)) > 50


def test_thinking_tokens_asleep_bound_what_is_noted_and_more_note_more():
    tool = {
        "type": "function",
        "function": {"name": "rethink_memory", "parameters": {"properties": {"new_memory": {}}}},
    }
    lines = []
    for budget in (32, 128, 512):
        noted = 0
        for context, _ in CASES[:40]:
            messages = [{"role": "user", "content": situation_block(context.text, ())}]
            draft = reply(messages, [tool], thinking_tokens=budget)
            assert count(draft.reasoning) <= budget
            noted += len(json.loads(draft.tool[1])["new_memory"].splitlines())
        lines.append(noted)
    assert lines[0] < lines[1] < lines[2]


pieces = st.sampled_from(
    [" = 12.\n", "First, ", "Wait, ", "The answer is", "\\boxed{", "<think>", "</think>", ": ",
     "Once more, slowly: 3 = 4.", "/0", "The notes give ", " as 7", "-9" * 40, "= 9" + "0" * 4000]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(begun=st.lists(pieces | st.text(max_size=5), max_size=14).map("".join))
def test_no_begun_text_makes_the_model_fail(begun):
    for messages in (asked(*CASES[0]), [{"role": "user", "content": "How many whales?"}]):
        assert isinstance(reply(messages, begun=begun).text, str)
