"""Which changes are related: they touch the same files, and their texts speak of the same things.

Two changes are as alike as the mean of two cosines, of their files and of the words of their
tickets, each weighted by how rare it is. From the most alike pair on, groups are joined while the
pair is alike enough and the group does not grow too large. The same changes give the same groups.

A group is formed with the files that a change turned out to touch, as the paper's own clusters
were by people who knew them: that a past change stands in its group says something about them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from sleeptime_lib.tasks.swe.changes import Change, ticket

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST_ALIKE: Final = 0.25
"""Of 1: what is less alike is not related."""
MOST_TOGETHER: Final = 12
"""Changes in a group."""
_BLOCK: Final = 500
"""Rows compared at once: memory stays bounded."""
_WORD: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])")


def grouped(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, in their order, each with the name of its group, or "" where it has none.

    A group is named after its first change in time.
    """
    heads = list(range(len(changes)))
    sizes = [1] * len(changes)

    def head(member: int) -> int:
        while heads[member] != member:
            heads[member] = heads[heads[member]]
            member = heads[member]
        return member

    for one, other in _pairs(changes):
        kept, joined = sorted((head(one), head(other)))
        if kept != joined and sizes[kept] + sizes[joined] <= MOST_TOGETHER:
            heads[joined] = kept
            sizes[kept] += sizes[joined]
    first: dict[int, str] = {}
    for place in sorted(range(len(changes)), key=lambda i: (changes[i].closed, changes[i].number)):
        first.setdefault(head(place), f"with-{changes[place].number}")
    return tuple(
        replace(change, group=first[head(place)] if sizes[head(place)] > 1 else "")
        for place, change in enumerate(changes)
    )


def words(text: str) -> Iterator[str]:
    """The words of a text in lower case; of names in code their parts."""
    for found in _WORD.findall(text):
        yield found.lower()


def _pairs(changes: Sequence[Change]) -> list[tuple[int, int]]:
    """Pairs that are alike enough, the most alike first."""
    if len(changes) < 2:
        return []
    files = _weighted([Counter(change.paths()) for change in changes])
    texts = _weighted([Counter(words(ticket(change))) for change in changes])
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(changes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        alike = (files[rows] @ files.T + texts[rows] @ texts.T).tocoo()
        for row, column, value in zip(alike.row, alike.col, alike.data, strict=True):
            one, other = start + int(row), int(column)
            if one < other and value / 2 >= LEAST_ALIKE:
                # Rounded, so that the order does not hang on the order of a sum.
                found.append((-round(float(value), 9), one, other))
    return [(one, other) for _, one, other in sorted(found)]


def _weighted(counted: Iterable[Counter[str]]) -> csr_matrix:
    """A row of length 1 for each: the logarithm of how often, by how few others have it."""
    from scipy.sparse import csr_matrix

    documents = list(counted)
    shared = Counter(item for counts in documents for item in counts)
    columns = {item: place for place, item in enumerate(sorted(shared))}
    data, places, ends = [], [], [0]
    for counts in documents:
        row = {
            columns[item]: (1 + math.log(count)) * math.log(1 + len(documents) / shared[item])
            for item, count in counts.items()
        }
        length = math.sqrt(sum(value * value for value in row.values())) or 1.0
        for place in sorted(row):
            places.append(place)
            data.append(row[place] / length)
        ends.append(len(places))
    shape = len(documents), len(columns)
    return csr_matrix((np.array(data), np.array(places), np.array(ends)), shape=shape)
