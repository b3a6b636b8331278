"""Datasets made here: `procedural-p0` to `-p2` and `-q0`, `multi-` likewise, `procedural-aime`.

A context of `procedural-p1`, with the question about it:

    A bakery has 6 trays with 10 muffins on each of them. ... | How many muffins are left?

The multi data are contexts of the same families with many questions each (paper, figure 9:
Multi-Query GSM-Symbolic): every quantity that follows from a context can be asked, but for those
that are another one times a number.

A context of `procedural-aime-1` (`-2` and `-3` are harder; `procedural-aime` is the first):

    A music club has 6 pianists and 3 violinists. ... | In how many ways can two members be picked?
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from sleeptime_lib.records import Context, Quantity, Question, Task

QUESTIONS_PER_CONTEXT: Final = 10
"""Questions of a `multi` context unless told otherwise: as many as the paper amortises over."""


def generate_one(
    set_name: str, level: int, *, limit: int | None, seed: int, most: int | None
) -> Task:
    """`procedural.generate`, or `generate_many` where several questions per context are wanted."""
    from sleeptime_lib.tasks.procedural import generate  # the families take time to load

    if most:
        return generate_many(set_name, level, limit=limit, seed=seed, most=most)
    return generate(level, set_name=set_name, limit=limit, seed=seed)


def generate_many(
    set_name: str, level: int, *, limit: int | None, seed: int, most: int | None
) -> Task:
    """The contexts of `procedural.generate`, each with several of its quantities as questions.

    Args:
        set_name: The set of families, "p" or "q".
        level: 0, 1 or 2 added clauses; "q" has none to add.
        limit: Number of contexts; None gives the default number of `generate`.
        seed: Of the contexts and of the order.
        most: Most questions of a context; each has at least 10 to ask, and None takes 10.
    """
    from sleeptime_lib.tasks.procedural import generate  # the families take time to load

    task = generate(level, set_name=set_name, limit=limit, seed=seed, many=True)
    return _asked_more(task, f"multi-{set_name}{level}", most or QUESTIONS_PER_CONTEXT)


def generate_contest(
    level: int, name: str, *, limit: int | None, seed: int, most: int | None
) -> Task:
    """`procedural.generate_aime`, with more questions on each context where they are wanted.

    A context of the lowest level has at least 4 quantities to ask for.
    """
    from sleeptime_lib.tasks.procedural import generate_aime

    task = generate_aime(level, limit=limit, seed=seed)
    return _asked_more(task, name, most) if most else replace(task, name=name)


def _asked_more(task: Task, name: str, most: int) -> Task:
    """A task of one question for each context, with several for each.

    The question of the task comes first, then those of as many steps, then the others by how near
    their number of steps is; ties are shuffled by seed. So the first Q questions of a context are
    the same whatever `most` is.
    """
    questions = tuple(
        Question(f"{first.question_id}{number}", first.context_id, quantity.question, quantity.gold)
        for first in task.questions
        for number, quantity in enumerate(_ordered(task.contexts[first.context_id], first)[:most])
    )
    return Task(name, task.contexts, questions)


def _ordered(context: Context, first: Question) -> list[Quantity]:
    """The quantities of a context in the order in which they are asked."""
    original = next(
        q for q in context.quantities if (q.question, q.gold) == (first.text, first.gold)
    )
    others = [q for q in context.quantities if q is not original]
    random.Random(f"order {context.context_id}").shuffle(others)  # the id holds the seed
    return [original, *sorted(others, key=lambda q: abs(q.steps - original.steps))]


GENERATED: Final[Mapping[str, Callable[..., Task]]] = {
    f"{name}-{set_name}{level}": partial(generate, set_name, level)
    for name, generate in (("procedural", generate_one), ("multi", generate_many))
    for set_name, level in (("p", 0), ("p", 1), ("p", 2), ("q", 0))
} | {
    name: partial(generate_contest, level, name)
    for name, level in (
        ("procedural-aime", 1),
        *((f"procedural-aime-{level}", level) for level in (1, 2, 3)),
    )
}
"""By name, what makes a task of a limit, a seed and the most questions per context."""
