"""Turn scenes into a task: one context and one question for each instance of each family."""

from __future__ import annotations

import random
from typing import Final

from sleeptime_lib.records import Context, Quantity, Question, Task
from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.scenes import (
    Scene,
    candidates,
    capitalised,
    compose,
    gold_text,
    likelihoods,
    steps_to,
)

DEFAULT_INSTANCES: Final = 4


def generate(level: int, *, limit: int | None = None, seed: int = 0) -> Task:
    """Generate contexts with one question each, deterministic by seed.

    Instances are ordered so that every family comes once before any comes twice; a longer task
    begins with the shorter one.

    Args:
        level: 0, 1 or 2: the number of added clauses (as GSM-Symbolic, P1 and P2).
        limit: Number of questions; None gives four of each family.
        seed: Changes names, numbers, wordings and which quantity is asked for.
    """
    drawn_from = families("p")
    count = DEFAULT_INSTANCES * len(drawn_from) if limit is None else limit
    contexts, questions = {}, []
    for index in range(count):
        instance, place = divmod(index, len(drawn_from))
        family = drawn_from[place]
        context_id = f"p{level}-{family.name}-{seed}-{instance}"
        rng = random.Random(context_id)
        scene = compose(family, level, rng)
        context, question = _records(scene, context_id, rng)
        contexts[context_id] = context
        questions.append(question)
    return Task(f"procedural-p{level}", contexts, tuple(questions))


def _records(scene: Scene, context_id: str, rng: random.Random) -> tuple[Context, Question]:
    likely = likelihoods(scene)
    quantities = {
        fact.key: Quantity(
            name=scene.fill(fact.label),
            question=capitalised(scene.fill(rng.choice(fact.questions))),
            gold=gold_text(scene, fact),
            steps=len(steps_to(scene.family, scene.level, fact.key)),
            likelihood=likely[fact.key],
        )
        for fact in scene.facts
    }
    keys = [fact.key for fact in candidates(scene)]
    asked = quantities[rng.choices(keys, [likely[key] for key in keys])[0]]
    question = Question(f"{context_id}-q", context_id, asked.question, asked.gold)
    context = Context(context_id, scene.family.name, scene.text, tuple(quantities.values()))
    return context, question
