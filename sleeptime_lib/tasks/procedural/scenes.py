"""Compose scenes from families, and the patterns that read their sentences back from text."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from sleeptime_lib.tasks.numerals import decimal_text
from sleeptime_lib.tasks.procedural.grammar import (
    FIELD,
    Fact,
    Family,
    capitalised,
    fields_of,
    filled,
    in_order,
    slot_named,
    step_of,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a scene of a set one to ask about.

    Attributes:
        least_facts: Quantities that every context can be asked about, at least.
        zero: Whether a quantity may be zero.
        largest: An answer, at most.
        largest_between: A quantity on the way to an answer, at most.
        steps: By level, the fewest and the most steps of the quantity that a context's own
            question asks for.
        draws: Draws, at most, of a context and question that the task does not have already.
    """

    least_facts: int
    zero: bool
    largest: int
    largest_between: int
    steps: tuple[tuple[int, int], ...]
    draws: int = 1


STORIES: Final = Rules(10, False, 100_000, 100_000, ((2, 4), (2, 5), (2, 6)))
"""The rules of the set "p"."""

PEOPLE: Final[tuple[tuple[str, str], ...]] = tuple(
    (name, pronoun)
    for pronoun, names in (
        (
            "she",
            "Amara Beatriz Chloe Dalia Elif Freya Greta Hana Imani Jorun Keiko Leila Marta Nadia "
            "Odile Priya Ruth Salma Tilda Wanda",
        ),
        (
            "he",
            "Anton Bilal Carlos Dmitri Emeka Farid Goran Hugo Ivan Jonas Kofi Luca Mateo Nils "
            "Oscar Pavel Rashid Samir Tomas Viktor",
        ),
    )
    for name in names.split()
)
PRONOUNS: Final[Mapping[str, Mapping[str, str]]] = {
    "she": {"they": "she", "them": "her", "their": "her"},
    "he": {"they": "he", "them": "him", "their": "his"},
}
_PERSON_PATTERN: Final = "(?:" + "|".join(name for name, _ in PEOPLE) + ")"
_PRONOUN_PATTERNS: Final = {
    "they": "(?:she|he|She|He)",
    "them": "(?:her|him|Her|Him)",
    "their": "(?:her|his|Her|His)",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A composed context before it becomes a task's record.

    Attributes:
        family: What it was made from.
        level: 0, 1 or 2 clauses added.
        values: Every slot and fact by name.
        text: The context.
        facts: The askable facts: those with a question and a value that the rules allow.
        fill: Writes a template with this scene's words and numbers.
        rules: The rules of the family's set.
    """

    family: Family
    level: int
    values: Mapping[str, Fraction]
    text: str
    facts: tuple[Fact, ...]
    fill: Callable[[str], str]
    rules: Rules = STORIES


def compose(family: Family, level: int, rng: random.Random, rules: Rules = STORIES) -> Scene:
    """Draw a scene whose facts at this level make sense.

    Raises:
        ValueError: A thousand draws gave no scene with enough askable facts; the family's slots
            need other ranges.
    """
    for _ in range(1000):
        scene = _draw(family, level, rng, rules)
        if _makes_sense(scene) and len(scene.facts) >= rules.least_facts and candidates(scene):
            return scene
    raise ValueError(
        f"family {family.name!r}: no draw at level {level} gives {rules.least_facts} facts"
    )


def _draw(family: Family, level: int, rng: random.Random, rules: Rules) -> Scene:
    slots = family.slots_at(level)
    drawn = {name: slot.draw(rng) for name, slot in slots.items()}
    numbers = {name: value for name, value in drawn.items() if isinstance(value, Fraction)}
    (name, pronoun), (other, _) = rng.sample(PEOPLE, 2)
    words = {"name": name, "other": other} | dict(PRONOUNS[pronoun])

    def word_of(name: str) -> str:
        return words.get(name) or slots[name].write(drawn[name], rng)

    def fill(template: str) -> str:
        return filled(template, word_of)

    sentences = [fill(rng.choice(s.wordings)) for s in family.sentences_at(level)]
    text = " ".join(capitalised(sentence) for sentence in sentences)
    values = evaluate(family, level, numbers)
    facts = tuple(
        fact
        for fact in family.facts_at(level)
        if fact.questions and _is_sound(fact, values, rules.zero, rules.largest)
    )
    return Scene(family, level, values, text, facts, fill, rules)


def evaluate(family: Family, level: int, numbers: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    """Slots and all facts of a level that can be calculated from them, without error."""
    values = dict(numbers)
    for fact in family.facts_at(level):
        try:
            values[fact.key] = step_of(fact.formula).apply(values)
        except (KeyError, ArithmeticError):
            continue
    return values


def _is_sound(fact: Fact, values: Mapping[str, Fraction], zero: bool, largest: int) -> bool:
    """Positive, not too large, and whole if counted, else with at most two decimals."""
    value = values.get(fact.key, Fraction(-1))
    whole = (value * (1 if fact.whole else 100)).denominator == 1
    return whole and (0 < value <= largest or (zero and value == 0))


def _makes_sense(scene: Scene) -> bool:
    """Every fact that another builds on is sound: no half muffins, no negative stock."""
    facts = scene.family.facts_at(scene.level)
    used = {name for fact in facts for name in step_of(fact.formula).names}
    bounds = scene.rules.zero, scene.rules.largest_between
    return all(_is_sound(fact, scene.values, *bounds) for fact in facts if fact.key in used)


def steps_to(family: Family, level: int, key: str) -> tuple[Fact, ...]:
    """The facts to calculate for one fact, itself last, each once."""
    return in_order({fact.key: fact for fact in family.facts_at(level)}, (key,))


def candidates(scene: Scene) -> tuple[Fact, ...]:
    """The facts that a level's own question may ask for.

    They take as many steps as the rules say, and every clause of the level matters to them: they
    use a number that the clause's sentence states.
    """
    fewest, most = scene.rules.steps[scene.level]
    clause_slots = [
        set(fields_of(sentence.wordings[0])) & set(scene.values)
        for sentence in scene.family.story
        if 1 <= sentence.clause <= scene.level
    ]
    result = []
    for fact in scene.facts:
        chain = steps_to(scene.family, scene.level, fact.key)
        used = {name for step in chain for name in step_of(step.formula).names}
        if fewest <= len(chain) <= most and all(used & slots for slots in clause_slots):
            result.append(fact)
    return tuple(result)


def likelihoods(scene: Scene) -> Mapping[str, float]:
    """How likely each askable fact is to be asked; sums to 1.

    Exercise writers ask for what the story leads up to: results that need more steps, and results
    that nothing else builds on. A question that brings a number of its own ("If five more ...") is
    one of many that could have been made up, so each is less likely; so are those that were made
    up to have several about a context.
    """
    used = {n for f in scene.family.facts_at(scene.level) for n in step_of(f.formula).names}
    weights = {}
    for fact in scene.facts:
        steps = len(steps_to(scene.family, scene.level, fact.key))
        weights[fact.key] = (
            math.exp(0.5 * min(steps, 5))
            * (1.0 if fact.key in used else 1.5)
            * (0.15 if fact.only == "many" or len(step_of(fact.formula).names) < 2 else 1.0)
        )
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()}


@cache
def compiled(
    family_name: str, template: str, slots: tuple[tuple[str, str], ...]
) -> re.Pattern[str]:
    """The regular expression of a template; see `pattern_of`."""
    patterns = dict(slots)
    parts, end, seen = [], 0, set()
    for match in FIELD.finditer(template):
        parts.append(re.escape(template[end : match.start()]))
        key = slot_named(match.group(1))
        pattern = patterns[key]
        parts.append(f"(?P={key})" if key in seen else f"(?P<{key}>{pattern})")
        seen.add(key)
        end = match.end()
    parts.append(re.escape(template[end:]))
    return re.compile("".join(parts), re.IGNORECASE)


def pattern_of(family: Family, template: str) -> re.Pattern[str]:
    """A pattern that matches every text `template` can produce, with a group for each slot."""
    slots = {name: slot.pattern for name, slot in family.slots.items()}
    slots |= {"name": _PERSON_PATTERN, "other": _PERSON_PATTERN} | _PRONOUN_PATTERNS
    return compiled(family.name, template, tuple(sorted(slots.items())))


def gold_text(scene: Scene, fact: Fact) -> str:
    """The right answer to a question about a fact."""
    return decimal_text(scene.values[fact.key])
