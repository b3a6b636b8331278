"""Judge which quantities of a story are likely to be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sleeptime_lib.servers.simulated.constants import JUDGEMENT_NOISE
from sleeptime_lib.servers.simulated.dice import Dice
from sleeptime_lib.servers.simulated.reader import Story
from sleeptime_lib.tasks.procedural.grammar import Fact, step_of
from sleeptime_lib.tasks.procedural.scenes import Scene, likelihoods, steps_to


def likely(story: Story) -> Mapping[str, float]:
    """How likely each quantity is to be asked for, from the story's structure; sums to 1.

    Only quantities that people ask for and that the text lets one calculate count, and none of
    those that were made up to have several questions: nobody foresees them.
    """
    if story.family is None:
        return {}
    family = story.family.asked(many=False)
    asked = (fact for fact in family.facts_at(story.level) if fact.questions)
    facts = tuple(fact for fact in asked if _has(story, fact))
    if not facts:
        return {}
    return likelihoods(Scene(family, story.level, story.numbers, "", facts, story.fill))


def by_likelihood(story: Story, dice: Dice) -> list[Fact]:
    """The quantities in the order in which this request thinks of them, likeliest first."""
    facts, scores = story.facts(), _judged(story, dice)
    return [facts[key] for key in sorted(scores, key=lambda key: -scores[key])]


def stated_chances(story: Story, dice: Dice) -> Mapping[str, float]:
    """How likely this request says that each quantity is to be asked for; sums to 1.

    They come from the judgement that gives the order, noise and all: so they are too sure.
    """
    scores = _judged(story, dice)
    most = max(scores.values(), default=0.0)
    weights = {key: math.exp(score - most) for key, score in scores.items()}
    total = math.fsum(weights.values())
    return {key: weight / total for key, weight in weights.items()}


def _judged(story: Story, dice: Dice) -> Mapping[str, float]:
    """The noisy log-likelihood of each quantity."""
    return {
        key: math.log(chance) + JUDGEMENT_NOISE * dice.gumbel(f"likely {key}")
        for key, chance in likely(story).items()
    }


def _has(story: Story, fact: Fact) -> bool:
    """Whether the text states every number that the quantity builds on."""
    assert story.family is not None
    chain = steps_to(story.family, story.level, fact.key)
    known = {*story.numbers, *(step.key for step in chain)}
    return all(name in known for step in chain for name in step_of(step.formula).names)
