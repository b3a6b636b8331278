"""Turn scenes into a task: one context and one question for each instance of each family.

`generate` makes procedural-p0 to -p2 and -q0; `generate_aime` makes procedural-aime-1 to -3, whose
answers are whole numbers from 0 to 999, as those of the contest are.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from sleeptime_lib.records import Context, Quantity, Question, Task
from sleeptime_lib.tasks.procedural.families import families
from sleeptime_lib.tasks.procedural.grammar import Family, capitalised
from sleeptime_lib.tasks.procedural.scenes import (
    STORIES,
    Rules,
    Scene,
    candidates,
    compose,
    gold_text,
    likelihoods,
    steps_to,
)

DEFAULT_INSTANCES: Final = 4
AIME_INSTANCES: Final = 8
"""Questions of each family unless told otherwise."""

CONTEST: Final = Rules(4, True, 999, 10**12, ((1, 4), (2, 18), (3, 20)), draws=50)
"""The rules of the set "aime"."""


def generate(
    level: int,
    *,
    set_name: str = "p",
    limit: int | None = None,
    seed: int = 0,
    many: bool = False,
) -> Task:
    """Generate contexts with one question each, deterministic by seed.

    Instances are ordered so that every family comes once before any comes twice; a longer task
    begins with the shorter one.

    Args:
        level: 0, 1 or 2: the number of added clauses (as GSM-Symbolic, P1 and P2).
        set_name: "p", or "q" for families on which no prompt was ever tried; these have level 0.
        limit: Number of questions; None gives four of each family.
        seed: Changes names, numbers, wordings and which quantity is asked for.
        many: The contexts are to have several questions: no quantity is a fixed multiple of another
            one, so that no note answers two questions at once.
    """
    count = DEFAULT_INSTANCES * len(families(set_name)) if limit is None else limit
    short = f"{set_name}{level}"
    drawn_from = [family.asked(many=many) for family in families(set_name)]
    return _task(f"procedural-{short}", short, drawn_from, level, STORIES, count, seed)


def generate_aime(level: int, *, limit: int | None = None, seed: int = 0) -> Task:
    """Generate contexts of contest mathematics; order and seed as in `generate`.

    Args:
        level: 1, 2 or 3; the numbers and the number of conditions grow with it.
        limit: Number of questions; None gives eight of each family.
        seed: Changes names, numbers, wordings and which quantity is asked for.
    """
    count = AIME_INSTANCES * len(families("aime")) if limit is None else limit
    name = f"procedural-aime-{level}"
    return _task(name, f"aime{level}", families("aime"), level - 1, CONTEST, count, seed)


def _task(
    name: str,
    prefix: str,
    drawn_from: Sequence[Family],
    level: int,
    rules: Rules,
    count: int,
    seed: int,
) -> Task:
    contexts: dict[str, Context] = {}
    questions: list[Question] = []
    asked: set[tuple[str, str]] = set()
    for index in range(count):
        instance, place = divmod(index, len(drawn_from))
        family = drawn_from[place]
        context_id = f"{prefix}-{family.name}-{seed}-{instance}"
        rng = random.Random(context_id)
        for _ in range(rules.draws):
            context, question = _records(compose(family, level, rng, rules), context_id, rng)
            if (context.text, question.text) not in asked:
                break
        asked.add((context.text, question.text))
        contexts[context_id] = context
        questions.append(question)
    return Task(name, contexts, tuple(questions))


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
