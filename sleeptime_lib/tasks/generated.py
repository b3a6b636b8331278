"""Datasets that are made here: `procedural-p0` to `-p2`, and `multi-p0` to `-p2`.

A context of `procedural-p1`, with the question about it:

    A bakery has 6 trays with 10 muffins on each of them. ... | How many muffins are left?

The multi data are the same contexts with many questions each (paper, figure 9: Multi-Query
GSM-Symbolic): every quantity that follows from a context can be asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from sleeptime_lib.records import Context, Quantity, Question, Task

QUESTIONS_PER_CONTEXT: Final = 10
"""Questions of a `multi` context unless told otherwise: as many as the paper amortises over."""


def generate_one(level: int, *, limit: int | None, seed: int, most: int | None) -> Task:
    """`procedural.generate`, or `generate_many` where several questions per context are wanted."""
    from sleeptime_lib.tasks.procedural import generate  # the families take time to load

    if most:
        return generate_many(level, limit=limit, seed=seed, most=most)
    return generate(level, limit=limit, seed=seed)


def generate_many(level: int, *, limit: int | None, seed: int, most: int | None) -> Task:
    """The contexts of `procedural.generate`, each with several of its quantities as questions.

    The question that `generate` asks comes first, then those of as many steps, then the others by
    how near their number of steps is; ties are shuffled by seed. So the first Q questions of a
    context are the same whatever `most` is.

    Args:
        level: 0, 1 or 2 added clauses.
        limit: Number of contexts; None gives the default number of `generate`.
        seed: Of the contexts and of the order.
        most: Most questions of a context; each has at least 10 to ask, and None takes 10.
    """
    task = generate_one(level, limit=limit, seed=seed, most=None)
    most = most or QUESTIONS_PER_CONTEXT
    questions = tuple(
        Question(f"{first.question_id}{number}", first.context_id, quantity.question, quantity.gold)
        for first in task.questions
        for number, quantity in enumerate(_ordered(task.contexts[first.context_id], first)[:most])
    )
    return Task(f"multi-p{level}", task.contexts, questions)


def _ordered(context: Context, first: Question) -> list[Quantity]:
    """The quantities of a context in the order in which they are asked."""
    original = next(
        q for q in context.quantities if (q.question, q.gold) == (first.text, first.gold)
    )
    others = [q for q in context.quantities if q is not original]
    random.Random(f"order {context.context_id}").shuffle(others)  # the id holds the seed
    return [original, *sorted(others, key=lambda q: abs(q.steps - original.steps))]


GENERATED: Final[Mapping[str, Callable[..., Task]]] = {
    f"{name}-p{level}": partial(generate, level)
    for name, generate in (("procedural", generate_one), ("multi", generate_many))
    for level in (0, 1, 2)
}
"""By name, what makes a task of a limit, a seed and the most questions per context."""
