"""Find out which quantity of a story a question asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from sleeptime_lib.servers.simulated.constants import QUESTION_MATCH
from sleeptime_lib.servers.simulated.reader import Story, captured, literal_words, read
from sleeptime_lib.servers.simulated.words import best_match
from sleeptime_lib.tasks.procedural.grammar import Fact, Family
from sleeptime_lib.tasks.procedural.scenes import pattern_of

_WORD: Final = re.compile(r"[a-z]+")


@lru_cache(maxsize=4096)
def understand(situation: str, question: str) -> tuple[Story, str | None]:
    """Read a situation and a question about it.

    Returns:
        The story, with what the question adds to it, and the key of the quantity asked for; None
        if the question was not understood.
    """
    story = read(situation)
    if story.family is None or not question:
        return story, None
    facts = story.facts()
    elsewhere = [fact for fact in story.family.facts if fact.key in facts]
    for fact in (*facts.values(), *elsewhere):
        match = _asks_for(story.family, fact, question)
        if match:
            numbers, words = captured(story.family, match)
            story = replace(
                story, numbers=numbers | dict(story.numbers), words=words | dict(story.words)
            )
            return story, fact.key
    nearest = best_match(question, names_of(story, questions=True), QUESTION_MATCH)
    return story, nearest[0] if nearest else None


def _asks_for(family: Family, fact: Fact, question: str) -> re.Match[str] | None:
    words = frozenset(_WORD.findall(question.lower()))
    for template in fact.questions:
        if literal_words(template) <= words:
            match = pattern_of(family, template).fullmatch(question)
            if match:
                return match
    return None


def names_of(story: Story, *, questions: bool) -> Mapping[str, Sequence[str]]:
    """The label of each quantity, and the questions that ask for it, in the story's words."""
    return {
        fact.key: [
            story.fill(fact.label),
            *(story.fill(template) for template in fact.questions if questions),
        ]
        for fact in story.facts().values()
    }
