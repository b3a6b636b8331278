"""Understand a name or a question that is not in the expected words, by word overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_EMPTY_WORDS: Final = frozenset(
    "a an and are at be been by did do does for from had has have he her his how i if in into is "
    "it its many may might much of on or out please she so some than that the their them then "
    "there these they this to total was were what when which while who whose will with would you "
    "number amount give tell me calculate find determine".split()
)


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, cut to their stems."""
    return frozenset(
        _stem(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY_WORDS
    )


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def weights_of(texts: Iterable[str]) -> Mapping[str, float]:
    """How much each word tells: more the fewer of the texts contain it."""
    sets = [content_words(text) for text in texts]
    frequency: dict[str, int] = {}
    for words in sets:
        for word in words:
            frequency[word] = frequency.get(word, 0) + 1
    return {word: math.log(1 + len(sets) / count) for word, count in frequency.items()}


def overlap(text: str, other: str, weights: Mapping[str, float]) -> float:
    """Weighted share of two texts' words that they have in common, 0 to 1."""
    left, right = content_words(text), content_words(other)
    unknown = max(weights.values(), default=1.0) / 2
    # fsum: the order of a set differs between processes, and the sum must not.
    together = math.fsum(weights.get(word, unknown) for word in left | right)
    common = math.fsum(weights.get(word, unknown) for word in left & right)
    return common / together if together else 0.0


def best_match(
    text: str, names: Mapping[str, Sequence[str]], least: float
) -> tuple[str, float] | None:
    """The key whose name or one of whose names is nearest to a text.

    Args:
        text: A name or a question.
        names: Texts for each key.
        least: Least overlap that counts.

    Returns:
        The key and its overlap, or None if none reaches `least`.
    """
    weights = weights_of(" ".join(texts) for texts in names.values())
    scored = [
        (max(overlap(text, name, weights) for name in texts), key)
        for key, texts in names.items()
        if texts
    ]
    if not scored:
        return None
    score, key = max(scored, key=lambda item: item[0])
    return (key, score) if score >= least else None
