"""Changes of a repository as contexts and questions: what came before, and the ticket.

Each task has a context of its own: the related changes that were closed before its base commit, as
text, and the repository at that commit. The question is its ticket. Tasks of related changes form
a cluster.
"""

from __future__ import annotations

import datetime
import difflib
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.swe.changes import HUB, Change, read_changes, related, ticket
from sleeptime_lib.tasks.swe.generated import GENERATED, generate
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.known import AIDER as AIDER_FILE
from sleeptime_lib.tasks.swe.known import complete
from sleeptime_lib.tasks.swe.mining import Mined, mine
from sleeptime_lib.texts import brief

AIDER: Final = "aider"
"""The 18 tasks that the paper took from Aider, without anybody's text."""
MINED: Final = "mined"
"""What `mining` finds in the clone itself."""

LARGEST: Final = 1_000_000
"""Bytes of a file that is part of a copy: an agent opens no larger ones."""
LONGEST_BODY: Final = 1_500
"""Characters of a past change's text."""
LONGEST_DIFF: Final = 40
"""Lines shown of what a past change did to one file."""
MOST_PAST: Final = 20_000
"""Characters of all past changes of a task together; the newest are kept."""
MOST_FILES: Final = 20
"""Files of a past change whose diff is shown."""
_LONGEST_LINE: Final = 200
_MOST_COMPARED: Final = 300_000
"""Bytes of a file that is compared with its old self."""
_MOST_SHOWN: Final = 5

_OURS: Final = re.compile(r"<(/?)(?=(?:past_changes|notes|ticket|files)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Context):
    """A repository at a commit, and the related changes that came before.

    Attributes:
        repository: The repository.
        base: The commit.
        past: Oldest first.
    """

    repository: Repository
    base: str
    past: tuple[Change, ...]

    def fill(self, folder: Path) -> None:
        """Write the files of the commit into an empty folder, but for those that are too large."""
        self.repository.write_tree_to(self.base, folder, LARGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Question):
    """What is to be done, and what the true change did.

    Attributes:
        change: The true change.
    """

    change: Change


def load(dataset: str, *, repo: str | None, limit: int | None, seed: int) -> Task:
    """Tasks on a repository, one of each cluster in turn, clusters shuffled by `seed`.

    A cluster's newest tasks come first, and those without any related past after all others.

    Args:
        dataset: "generated-swe", "mined", "aider", hub:OWNER/NAME, or the path of a .jsonl file of
            changes.
        repo: Folder of the clone; generated data have their own.
        limit: Most tasks.
        seed: Order of the clusters; of generated data also their content.

    Raises:
        InputError: The changes or the clone cannot be read, or none of the commits is in it.
    """
    notices: list[str] = []
    if dataset == GENERATED:
        if repo:
            raise InputError(
                f"{GENERATED} makes its own repositories: add --dataset {MINED} for the changes of "
                "this clone, or leave out --repo"
            )
        made = generate(seed)
        where, changes, tasks = made.repositories, made.changes, made.tasks
    else:
        if not (dataset in (MINED, AIDER) or dataset.startswith(HUB) or dataset.endswith(".jsonl")):
            raise InputError(
                f"unknown dataset {brief(repr(dataset), 100)}: give {GENERATED}, {MINED}, "
                f"{AIDER}, {HUB}OWNER/NAME, or the path of a .jsonl file of changes"
            )
        if not repo:
            raise InputError(
                f"{dataset} are changes of a repository: add --repo PATH, the folder of its clone"
            )
        repository = Repository(Path(repo))
        if dataset == MINED:
            mined = _mined(repository)
            changes = mined.changes
            notices += mined.notices
        else:
            changes = _in_clone(_changes(dataset), repository, dataset, repo, notices)
        where = {change.repo: repository for change in changes}
        tasks = tuple(change for change in changes if change.paths("modified"))
        if not tasks:
            raise InputError(f"{dataset}: no change modifies a file that was there before")
    late = [change for change in tasks if related(change, changes)]
    early = set(tasks).difference(late)
    chosen = [*_in_turn(late, seed), *_in_turn(early, seed)][:limit]
    found = [_place(change, changes, where[change.repo]) for change in chosen]
    alone = sum(not place.past for place, _ in found)
    if alone:
        notices.append(
            f"{alone} of {len(found)} tasks have no related change that was closed before their "
            "base commit: their sleep phase sees the repository alone"
        )
    return Task(
        name=dataset,
        contexts={place.context_id: place for place, _ in found},
        questions=tuple(asked for _, asked in found),
        notices=tuple(notices),
    )


@lru_cache(maxsize=2)
def _mined(repository: Repository) -> Mined:
    return mine(repository)


def _changes(dataset: str) -> tuple[Change, ...]:
    return read_changes(AIDER_FILE if dataset == AIDER else dataset)


def _in_clone(
    changes: Sequence[Change],
    repository: Repository,
    dataset: str,
    repo: str,
    notices: list[str],
) -> tuple[Change, ...]:
    """The changes whose commits are in the clone, with the times that it tells."""
    there = repository.has({change.base for change in changes})
    found = tuple(change for change in changes if change.base in there)
    lacking = [f"{c.repo}#{c.number}" for c in changes if c.base not in there]
    if not found:
        raise InputError(
            f"none of the {len(changes)} base commits in {dataset} is in {repo}: give the clone of "
            f"{brief(changes[0].repo, 100)} with its whole history"
        )
    if lacking:
        shown = ", ".join(lacking[:_MOST_SHOWN]) + (", ..." if len(lacking) > _MOST_SHOWN else "")
        notices.append(f"left out, because the clone lacks their base commit: {shown}")
    return _completed(found, repository)


@lru_cache(maxsize=8)
def _completed(changes: tuple[Change, ...], repository: Repository) -> tuple[Change, ...]:
    """The changes with times, heads and texts; those that tell all are taken as they are."""
    if all(c.head and c.closed and c.started and (c.title or c.body) for c in changes):
        return changes
    return complete(changes, repository)


def _in_turn(changes: Iterable[Change], seed: int) -> list[Change]:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(cluster_of(change), []).append(change)
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    for own in groups.values():
        own.sort(key=lambda change: (-change.started, change.number))
    longest = max(map(len, groups.values()), default=0)
    return [groups[name][i] for i in range(longest) for name in order if i < len(groups[name])]


def cluster_of(change: Change) -> str:
    """The related changes it belongs to, or itself where it has none."""
    return f"{change.repo} {change.group}" if change.group else f"{change.repo}#{change.number}"


def _place(
    change: Change, changes: Sequence[Change], repository: Repository
) -> tuple[Place, Ticket]:
    name = f"{change.repo}#{change.number}@{change.base[:12]}"
    past, texts = _kept(repository, related(change, changes))
    place = Place(
        context_id=name,
        cluster_id=cluster_of(change),
        text="\n\n".join(texts),
        repository=repository,
        base=change.base,
        past=past,
    )
    return place, Ticket(name, name, ticket(change), gold_of(change), change=change)


def _kept(repository: Repository, past: Sequence[Change]) -> tuple[tuple[Change, ...], list[str]]:
    """The newest past changes that fit into a request together, oldest first, with their texts."""
    texts: list[str] = []
    room = MOST_PAST
    for change in reversed(past):
        text = brief(past_text(repository, change), MOST_PAST)
        if len(text) > room:
            break
        room -= len(text)
        texts.insert(0, text)
    return tuple(past[len(past) - len(texts) :]), texts


def gold_of(change: Change) -> str:
    """The files that a change modified and created, as `named` reads them."""
    return written(change.paths("modified"), change.paths("added"))


def written(modified: Iterable[str], created: Iterable[str]) -> str:
    """Files as one text, a line each: "M path" or "A path"."""
    return "\n".join([*(f"M {path}" for path in modified), *(f"A {path}" for path in created)])


def named(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modified and the created files of a text that `written` gave."""
    found: dict[str, set[str]] = {"M": set(), "A": set()}
    for line in text.split("\n"):
        if line[:2] in ("M ", "A "):
            found[line[0]].add(line[2:])
    return frozenset(found["M"]), frozenset(found["A"])


def in_tags(name: str, text: str) -> str:
    """A text in tags that it cannot close itself."""
    inside = _OURS.sub(r"< \1", text)
    return f"<{name}>\n{inside}\n</{name}>"


def past_text(repository: Repository, change: Change) -> str:
    """A past change as a model reads it: title, text, files, and what it did to them."""
    day = datetime.datetime.fromtimestamp(change.closed, datetime.UTC).date().isoformat()
    title = " ".join(change.title.split()) or "(no title)"
    parts = [f"Change {change.number}, closed {day}: {title}"]
    if body := change.body.strip():
        parts.append(brief(body, LONGEST_BODY))
    parts.append("\n".join(["Files:", *(f"{file.status} {file.path}" for file in change.files)]))
    parts += diffs(repository, change)[:MOST_FILES]
    return "\n".join(parts)


@lru_cache(maxsize=1024)
def diffs(repository: Repository, change: Change) -> tuple[str, ...]:
    """The shortened diff of each file that a change modified or created; none without its head."""
    return tuple(
        "\n".join([f"--- {path}", *_shortened(old, new)])
        for path, (old, new) in _versions(repository, change)
    )


@lru_cache(maxsize=1024)
def touched_lines(repository: Repository, change: Change) -> Mapping[str, frozenset[int]]:
    """The lines (from 1) of each modified file that a change replaced, removed or wrote behind."""
    found = {}
    for path, (old, new) in _versions(repository, change):
        if path not in change.paths("modified"):
            continue
        lines: set[int] = set()
        for kind, start, stop, _, _ in difflib.SequenceMatcher(None, old, new).get_opcodes():
            if kind != "equal":
                lines.update(range(start + 1, stop + 1) if stop > start else (max(start, 1),))
        found[path] = frozenset(lines)
    return found


_Lines = list[str]


def _versions(
    repository: Repository, change: Change
) -> Iterator[tuple[str, tuple[_Lines, _Lines]]]:
    """The lines of each file before and after a change; binary and huge ones are left out."""
    if not repository.has((change.head,) if change.head else ()):
        return
    wanted = {"modified": set(change.paths("modified")), "added": set(change.paths("added"))}
    every = wanted["modified"] | wanted["added"]
    before = _texts(repository, change.base, wanted["modified"])
    after = _texts(repository, change.head, every)
    for path in sorted(every):
        if path in after and (path in before or path in wanted["added"]):
            yield path, (before.get(path, []), after[path])


def _texts(repository: Repository, commit: str, paths: set[str]) -> dict[str, _Lines]:
    files = [file for file in repository.files_at(commit) if file.path in paths]
    found = repository.contents(files, _MOST_COMPARED)
    return {
        file.path: content.decode("utf-8", "replace").removesuffix("\n").split("\n")
        for file, content in found
        if b"\0" not in content
    }


def _shortened(old: _Lines, new: _Lines) -> Iterator[str]:
    lines = [
        line[:_LONGEST_LINE]
        for line in difflib.unified_diff(old, new, lineterm="", n=1)
        if not line.startswith(("---", "+++"))
    ]
    yield from lines[:LONGEST_DIFF]
    if len(lines) > LONGEST_DIFF:
        yield f"({len(lines) - LONGEST_DIFF} more lines)"
