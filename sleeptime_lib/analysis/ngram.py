"""A floor for predictability that asks no model: how probable a question is to an n-gram model.

Bytes are counted with the few before them in the texts of all other clusters, and in the question's
own context, whose counts weigh more (a cache, so that the context matters). Orders are interpolated
by Witten and Bell's method down to all bytes alike, so every text has a probability, and those of
all texts of one length sum to 1.

Reference: Witten and Bell (1991), IEEE Transactions on Information Theory 37:1085-1094; Kuhn and De
Mori (1990), IEEE Transactions on Pattern Analysis and Machine Intelligence 12:570-583, for the
cache.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.records import Context, Question, Task

ORDER: Final = 5
"""Bytes of history."""
CACHE_WEIGHT: Final = 4
"""What a count in the question's own context weighs beside one elsewhere."""
CONTEXTS: Final = 4
"""Contexts of each cluster that are counted: those of one cluster are alike."""

_Counts = dict[bytes, Counter[int]]
_NOTHING: Final[Counter[int]] = Counter()


@dataclass(frozen=True, slots=True)
class Floor:
    """Natural logarithm of a question's probability after its context, and its bytes."""

    logprob: float
    length: int

    @property
    def per_byte(self) -> float:
        """Mean log-probability of a byte."""
        return self.logprob / self.length


def floor(task: Task) -> dict[str, Floor]:
    """Score every question of a task by a model fitted without the question's cluster.

    Returns:
        By question_id.
    """
    of_cluster: dict[str, _Counts] = defaultdict(lambda: defaultdict(Counter))
    everywhere: _Counts = defaultdict(Counter)
    taken: Counter[str] = Counter()
    for name, asked in task.by_context().items():
        context = task.contexts[name]
        taken[context.cluster_id] += 1
        if taken[context.cluster_id] <= CONTEXTS:
            for question in asked:
                _count(_text(context, question), of_cluster[context.cluster_id])
    for counts in of_cluster.values():
        for history, follow in counts.items():
            everywhere[history].update(follow)
    held: dict[str, dict[bytes, Counter[int]]] = defaultdict(dict)

    def others(cluster: str, history: bytes) -> Counter[int]:
        known = held[cluster]
        if history not in known:
            known[history] = everywhere.get(history, _NOTHING) - of_cluster[cluster].get(
                history, _NOTHING
            )
        return known[history]

    found = {}
    for question in task.questions:
        context = task.contexts[question.context_id]
        cache: _Counts = defaultdict(Counter)
        _count(context.text.encode(), cache)
        before, after = context.text.encode(), f" {question.text}".encode()
        text, start = before + after, len(before)
        total = 0.0
        for place in range(start, len(text)):
            chance = 1 / 256
            for order in range(ORDER + 1):
                if place < order:
                    break
                history = text[place - order : place]
                chance = interpolated(
                    text[place],
                    others(context.cluster_id, history),
                    cache.get(history, _NOTHING),
                    chance,
                )
            total += math.log(chance)
        found[question.question_id] = Floor(total, len(after))
    return found


def _text(context: Context, question: Question) -> bytes:
    return f"{context.text} {question.text}".encode()


def _count(text: bytes, into: _Counts) -> None:
    for place, byte in enumerate(text):
        for order in range(min(ORDER, place) + 1):
            into[text[place - order : place]][byte] += 1


def interpolated(
    byte: int, elsewhere: Mapping[int, int], own: Mapping[int, int], lower: float
) -> float:
    """Probability of a byte after one history, given that after a shorter one."""
    total = sum(elsewhere.values()) + CACHE_WEIGHT * sum(own.values())
    kinds = len(elsewhere.keys() | own.keys())
    if not total:
        return lower
    seen = elsewhere.get(byte, 0) + CACHE_WEIGHT * own.get(byte, 0)
    return (seen + kinds * lower) / (total + kinds)
