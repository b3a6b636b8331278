"""Which files a change will touch, predicted without any model: what an agent has to beat.

Each predictor sees what an agent may see: the repository at the base commit and before, the ticket
and the related past. It names source files that exist at the base commit; that a task modifies
some of those is known.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from sleeptime_lib.tasks.swe.changes import Change, ticket
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.grouping import words
from sleeptime_lib.tasks.swe.kinds import kind_of
from sleeptime_lib.tasks.swe.log import TreeFile

Floor = Callable[[Repository, Change, Sequence[Change]], tuple[str, ...]]
"""Takes the repository, the change and its related past (`changes.related`); gives paths."""

LATELY: Final = 200
"""Commits before the base that count as lately."""
TOGETHER: Final = 2_000
"""Commits before the base in which files may have changed together."""
_CROWD: Final = 30
"""A commit that touches more files says nothing about any two of them."""
_LARGEST: Final = 200_000
"""Bytes of a file that is searched."""
_PATH_WEIGHT: Final = 5
"""How often a word of the path counts beside one of the content."""
_K1, _B = 1.5, 0.75
_NAMED: Final = re.compile(r"[\w./-]+")


def changed_lately(
    repository: Repository, change: Change, past: Sequence[Change]
) -> tuple[str, ...]:
    """The 3 files that the last 200 commits before the base touched most often."""
    counts = Counter(
        file.path
        for commit in repository.history((change.base,), LATELY, told="files")
        for file in commit.touched
    )
    return _top(counts, _sources(repository, change), 3)


def touched_by_past(
    repository: Repository, change: Change, past: Sequence[Change]
) -> tuple[str, ...]:
    """The 5 files that related past changes touched most often."""
    counts = Counter(path for other in past for path in other.paths())
    return _top(counts, _sources(repository, change), 5)


def all_of_past(repository: Repository, change: Change, past: Sequence[Change]) -> tuple[str, ...]:
    """Every file that related past changes touched."""
    counts = Counter(path for other in past for path in other.paths())
    return _top(counts, _sources(repository, change), len(counts))


def changed_together(
    repository: Repository, change: Change, past: Sequence[Change]
) -> tuple[str, ...]:
    """The files that the ticket names, then those that most often changed with them; 5 in all."""
    there = _sources(repository, change)
    named = _named_in(ticket(change), there)
    if not named:
        return ()
    alone: Counter[str] = Counter()
    together: Counter[str] = Counter()
    for commit in repository.history((change.base,), TOGETHER, told="files"):
        paths = {file.path for file in commit.touched}
        if len(paths) <= _CROWD:
            alone.update(paths)
            together.update(paths - named if paths & named else ())
    # Files that change with everything say little about these.
    scores = {path: count / math.sqrt(alone[path]) for path, count in together.items()}
    scores |= dict.fromkeys(named, math.inf)
    return _top(scores, there, 5)


def found_by_words(
    repository: Repository, change: Change, past: Sequence[Change]
) -> tuple[str, ...]:
    """The 5 files whose path and content answer best to the ticket, by BM25.

    Written out here, with k1 = 1.5 and b = 0.75: no package for it is among the dependencies.
    """
    asked = set(words(ticket(change)))
    files = _sources(repository, change).values()
    found, lengths, shared = {}, {}, Counter[str]()
    for file, content in repository.contents(files, _LARGEST):
        if b"\0" not in content[:8_000]:
            counts = Counter(words(content.decode("utf-8", "replace")))
            for word in words(file.path):
                counts[word] += _PATH_WEIGHT
            lengths[file.path] = counts.total()
            found[file.path] = {word: counts[word] for word in asked & counts.keys()}
            shared.update(found[file.path].keys())
    mean = sum(lengths.values()) / max(1, len(lengths)) or 1.0

    def score(path: str) -> float:
        norm = _K1 * (1 - _B + _B * lengths[path] / mean)
        return sum(
            math.log(1 + (len(found) - shared[word] + 0.5) / (shared[word] + 0.5))
            * (count * (_K1 + 1) / (count + norm))
            for word, count in sorted(found[path].items())
        )

    return _top({path: score(path) for path in found if found[path]}, found, 5)


FLOORS: Final[tuple[tuple[str, Floor], ...]] = (
    ("changed most lately", changed_lately),
    ("touched most by related past changes", touched_by_past),
    ("all files of related past changes", all_of_past),
    ("named in the ticket or changed with those", changed_together),
    ("BM25 over path and content", found_by_words),
)


def _top(scores: Mapping[str, float], there: Iterable[str], most: int) -> tuple[str, ...]:
    kept = scores.keys() & set(there)
    return tuple(sorted(kept, key=lambda path: (-scores[path], path))[:most])


def _sources(repository: Repository, change: Change) -> dict[str, TreeFile]:
    files = repository.files_at(change.base)
    return {file.path: file for file in files if kind_of(file.path) == "source"}


def _named_in(text: str, paths: Iterable[str]) -> set[str]:
    """The paths that a text names, whole or by their last part with its extension."""
    said = set(_names(text))
    return {path for path in paths if path in said or path.rpartition("/")[2] in said}


def _names(text: str) -> Iterator[str]:
    for found in _NAMED.findall(text):
        if "." in found or "/" in found:
            yield found.rstrip("./-")
