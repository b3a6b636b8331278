"""The curves of the experiments come out of the mechanism.

Each test asks about 100 generated questions, several draws each where the point is subtle. The
bounds are wide: they hold for the mechanism, not for one set of constants or scenario families.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest

from sleeptime_lib.methods import verbosity
from sleeptime_lib.records import Context, Task
from sleeptime_lib.servers.simulated.chat import reply
from sleeptime_lib.servers.simulated.tokens import count
from sleeptime_lib.tasks.procedural import generate

NotesOf = Callable[[Context], Sequence[str]]
LEVELS = range(len(verbosity.VERBOSITY))


@pytest.fixture(scope="module")
def task() -> Task:
    return generate(1, limit=100)


@pytest.fixture(scope="module")
def curve(task, answered):
    """Accuracy and mean reply tokens of an arm at a level."""

    def measure(
        level: int, notes_of: NotesOf = lambda _: (), draws: int = 2, **options
    ) -> tuple[float, float]:
        right = tokens = 0
        for question in task.questions:
            context = task.contexts[question.context_id]
            messages = verbosity.messages(context.text, notes_of(context), question.text, level)
            for seed in range(draws):
                draft = reply(messages, seed=seed, **options)
                right += answered(draft.text) == Fraction(question.gold)
                tokens += count(draft.text) + count(draft.reasoning)
        total = draws * len(task.questions)
        return right / total, tokens / total

    return measure


@pytest.fixture(scope="module")
def phases(task, sleep) -> dict[str, list[str]]:
    """Ten parallel sleep phases for each context."""
    return {
        name: [sleep(context.text, seed)[-1] for seed in range(10)]
        for name, context in task.contexts.items()
    }


def good_notes(context: Context) -> tuple[str, ...]:
    return ("\n".join(f"{q.name} = {q.gold}" for q in context.quantities),)


def wrong_notes(context: Context) -> tuple[str, ...]:
    return ("\n".join(f"{q.name} = {Fraction(q.gold) + 3}" for q in context.quantities),)


def test_accuracy_and_tokens_rise_with_verbosity(curve):
    accuracy, tokens = zip(*(curve(level) for level in LEVELS), strict=True)
    assert accuracy[0] < 0.5
    assert accuracy[0] + 0.05 < accuracy[1] < accuracy[2] - 0.05
    assert accuracy[2] + 0.1 < accuracy[3]
    assert accuracy[3] > 0.85
    assert accuracy[4] >= accuracy[3] - 0.01
    assert list(tokens) == sorted(tokens)
    assert tokens[4] > 10 * tokens[0]


def test_a_good_memory_block_makes_terse_answers_right(curve):
    with_notes, tokens = curve(0, good_notes)
    without, tokens_without = curve(0)
    assert with_notes > without + 0.4
    assert tokens == pytest.approx(tokens_without, rel=0.1)


def test_wrong_notes_are_worse_than_none(curve):
    for level in (0, 2, 3):
        assert curve(level, wrong_notes)[0] < curve(level)[0] - 0.1


def test_irrelevant_and_contradicting_blocks_distract(curve, task):
    blocks = [good_notes(context)[0] for context in task.contexts.values()]

    def elsewhere(context: Context) -> Sequence[str]:
        return [block for block in blocks if block != good_notes(context)[0]][:10]

    def contradicted(context: Context) -> Sequence[str]:
        return (*good_notes(context), *([*good_notes(context), *wrong_notes(context)] * 5))

    assert curve(3, elsewhere)[0] < curve(3)[0] - 0.1
    assert curve(0, contradicted)[0] < curve(0, good_notes)[0] - 0.05


def test_the_sleep_arm_is_ahead_at_low_verbosity_and_not_at_the_highest(curve, phases):
    def notes_of(context: Context) -> Sequence[str]:
        return phases[context.context_id][:1]

    base = [curve(level) for level in LEVELS]
    slept = [curve(level, notes_of) for level in LEVELS]
    assert slept[0][0] > base[0][0] + 0.25
    assert slept[1][0] > base[1][0] + 0.2
    assert slept[0][1] == pytest.approx(base[0][1], rel=0.2)
    assert base[4][0] - 0.12 < slept[4][0] < base[4][0] + 0.03


def test_parallel_sleep_phases_help_up_to_a_point(curve, phases):
    def notes_of(k: int) -> NotesOf:
        return lambda context: phases[context.context_id][:k]

    one, two, five, ten = (curve(0, notes_of(k), draws=4)[0] for k in (1, 2, 5, 10))
    assert one < two < five
    assert five > one + 0.04
    assert ten < five + 0.03


def test_guessing_the_question_is_far_below_sleeping(task, curve, phases, answered):
    right = sum(
        answered(reply(verbosity.messages(context.text, (), verbosity.CONTEXT_ONLY.text, 4)).text)
        == Fraction(question.gold)
        for question in task.questions
        if (context := task.contexts[question.context_id])
    )
    accuracy, _ = curve(0, lambda context: phases[context.context_id][:1])
    assert right / len(task.questions) < accuracy - 0.3


def test_reasoning_effort_buys_accuracy_with_hidden_tokens(curve):
    low, medium, high = (curve(0, reasoning_effort=e) for e in ("low", "medium", "high"))
    assert curve(0)[0] < low[0] < medium[0] < high[0] + 0.02
    assert low[1] < medium[1] < high[1]
