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
from itertools import chain
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
    """The 5 files whose path and content answer best to the ticket.

    BM25 in Lucene's form with k1 = 1.5 and b = 0.75, by `bm25s`; files that share no word with the
    ticket are left out.
    """
    asked = sorted(set(words(ticket(change))))
    # What the ticket does not say only makes a file longer: one word stands for all of it.
    vocabulary = {word: place for place, word in enumerate(("", *asked))}
    paths, texts = [], []
    for file, content in repository.contents(_sources(repository, change).values(), _LARGEST):
        if b"\0" not in content[:8_000]:
            said = chain(
                words(content.decode("utf-8", "replace")), [*words(file.path)] * _PATH_WEIGHT
            )
            paths.append(file.path)
            texts.append([vocabulary.get(word, 0) for word in said])
    if not any(map(any, texts)):
        return ()
    from bm25s import BM25

    index = BM25(k1=1.5, b=0.75, method="lucene", dtype="float64", backend="numpy")
    index.index((texts, vocabulary), create_empty_token=False, show_progress=False)
    scores = zip(paths, index.get_scores(asked).tolist(), strict=True)
    found = {path: score for path, score in scores if score > 0}
    return _top(found, found, 5)


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
