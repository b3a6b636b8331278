"""Log-probability of every token of a text: how expected a question is after its context.

A text is scored by a word model (words that stood before in the text are likelier, long new words
less likely). At the last question of the text the model expects the questions it knows for the
situation that stands before, each as likely as it judges the quantity to be asked for. Both
together are a proper mixture: the log-probabilities of the question's tokens add up to the
logarithm of (1 - w) x the expected question's probability + w x the word model's, with w
`WORD_MODEL_WEIGHT`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from sleeptime_lib.servers.api import logprobs_object, offsets
from sleeptime_lib.servers.simulated.constants import WORD_MODEL_WEIGHT
from sleeptime_lib.servers.simulated.judgement import likely
from sleeptime_lib.servers.simulated.reader import Story, read
from sleeptime_lib.servers.simulated.tokens import tokenize
from sleeptime_lib.servers.simulated.view import view_of

_NEW_WORD: Final = 0.15
"""Chance that the next word has not stood in the text before."""

_LETTERS: Final = 20
"""A new word is less likely by this factor for each character."""

_TOPIC: Final = 0.5
"""Share of the words of a question that come from what is likely to be asked."""

_GENERATED: Final = math.log(0.5)
"""What a token that the model itself wrote is given: it is not scored."""


def score(prompt: str, written: str, start: int, top: int) -> dict[str, Any]:
    """The `logprobs` object of a completion.

    Args:
        prompt: The prompt.
        written: What was generated after it.
        start: Character from which tokens are listed.
        top: Whether to list the alternatives (1 or more); only the token itself is known.

    Returns:
        See `api.logprobs_object`; the first token of a prompt has no probability (None).
    """
    generated = tokenize(written)
    values = _logprobs(prompt) + [_GENERATED] * len(generated)
    pieces = tokenize(prompt) + generated
    return logprobs_object(pieces, values, alternatives=top > 0, start=start)


@lru_cache(maxsize=256)
def _logprobs(prompt: str) -> list[float | None]:
    pieces = tokenize(prompt)
    if not pieces:
        return []
    start, story = _question_start(prompt)
    lead = " " if prompt[start - 1 : start] == " " else ""
    first = next(
        (i for i, place in enumerate(offsets(pieces)) if place >= start - len(lead)), len(pieces)
    )
    seen: Counter[str] = Counter()
    values: list[float | None] = [math.log(p) for p in _word_model(pieces[:first], seen)]
    if first < len(pieces):
        values += _question(pieces[first:], _expected(story, lead), _topic(story), seen)
    values[0] = None
    return values


def _question_start(prompt: str) -> tuple[int, Story]:
    """Where the text's question begins, and the story before it; the text's end if it has none."""
    view = view_of([{"role": "user", "content": prompt}], ())
    if view.question:
        pattern = r"\s+".join(re.escape(word) for word in view.question.split())
        found = list(re.finditer(pattern, prompt))
        if found:
            return found[-1].start(), read(view.situation)
    return len(prompt), read("")


def _expected(story: Story, lead: str) -> Sequence[tuple[tuple[str, ...], float]]:
    """The questions the model knows for a story, as tokens, with probabilities that sum to 1."""
    facts = story.facts()
    return [
        (tuple(tokenize(lead + story.fill(template))), chance / len(facts[key].questions))
        for key, chance in likely(story).items()
        for template in facts[key].questions
    ]


def _topic(story: Story) -> Mapping[str, float]:
    """Probability of each word in what is likely to be asked."""
    words: dict[str, float] = {}
    for pieces, chance in _expected(story, ""):
        for word in (piece.strip().lower() for piece in pieces):
            words[word] = words.get(word, 0.0) + chance / len(pieces)
    return words


def _question(
    pieces: Sequence[str],
    expected: Sequence[tuple[tuple[str, ...], float]],
    topic: Mapping[str, float],
    seen: Counter[str],
) -> list[float | None]:
    """Log-probability of each token of a question under the mixture."""
    expected = [(tokens, chance * (1 - WORD_MODEL_WEIGHT)) for tokens, chance in expected]
    in_words = math.log(WORD_MODEL_WEIGHT) if expected else 0.0
    before = 0.0
    values: list[float | None] = []
    for index, chance in enumerate(_word_model(pieces, seen, topic)):
        expected = [
            (tokens, weight)
            for tokens, weight in expected
            if len(tokens) > index and tokens[index] == pieces[index]
        ]
        in_words += math.log(chance)
        as_expected = sum(weight for _, weight in expected)
        now = float(np.logaddexp(math.log(as_expected), in_words)) if as_expected else in_words
        values.append(now - before)
        before = now
    return values


def _word_model(
    pieces: Sequence[str], seen: Counter[str], topic: Mapping[str, float] | None = None
) -> list[float]:
    """Probability of each token given the ones before it, which are counted in `seen`."""
    values = []
    for piece in pieces:
        word = piece.strip().lower()
        total = seen.total()
        new = _LETTERS ** -float(len(word) + 1)
        known = (1 - _NEW_WORD) * seen[word] / total + _NEW_WORD * new if total else new
        if topic:
            known = (1 - _TOPIC) * known + _TOPIC * topic.get(word, 0.0)
        values.append(known)
        seen[word] += 1
    return values
