"""The changes that a history holds, and what the own commits of each did.

A candidate is a pull request (where the clone has its refs), a branch that was merged into the main
line, or a single commit of the main line (a squashed pull request is one). Of each, only its own
commits count (see `ancestry`): its files are those that they touched, compared between the commit
it starts from and its head, so that merges from main add nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.ancestry import Ancestry
from sleeptime_lib.tasks.swe.changes import Change, ChangedFile, Status, is_plain_path
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.log import Commit, Told, Touched

_SHORT: Final = 10
"""Digits of a short hash."""
_SQUASHED: Final = re.compile(r"\(#(\d{1,9})\)$")
_MERGED: Final = re.compile(r"Merge pull request #(\d{1,9}) from \S+\s*")
_TRAILER: Final = re.compile(
    r"^(signed-off-by|co-authored-by|reviewed-by|change-id): .*\n?", re.IGNORECASE | re.MULTILINE
)


_STATUSES: Final[Mapping[str, Status]] = {"A": "added", "D": "removed", "R": "renamed"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change of a history.

    Attributes:
        number: Of the pull request, or a short hash.
        head: Its last commit.
        own: Its own commits, head first.
        base: The commit it starts from, or "".
        landing: The commit by which it, or a copy of it, came into the main line, or "".
    """

    number: str
    head: str
    own: tuple[str, ...]
    base: str
    landing: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What the own commits of a change did, merges left out.

    Attributes:
        commits: Oldest first.
        lines: Lines added and deleted in each file they touched.
    """

    commits: tuple[Commit, ...]
    lines: Mapping[str, tuple[int, int]]


def find_candidates(line: Ancestry, pulls: Mapping[str, str]) -> Iterator[Candidate]:
    """Pull requests, then what the main line holds besides, each newest first.

    Args:
        line: The history.
        pulls: The head of each pull request by number.
    """
    commits, squashed = line.commits, dict[str, str]()
    for sha in line.main:
        named = _SQUASHED.search(subject(commits[sha]))
        if named:
            squashed[named[1]] = sha
    landings, numbers = set(), set()
    for number, head in reversed(list(pulls.items())):
        if head not in commits:
            continue
        place = line.landed.get(head)
        own, base = line.own(head)
        twins = [line.landed[line.twins[sha]] for sha in own if sha in line.twins]
        landing = squashed.get(number, "") if place is None else line.main[place]
        if own:
            landings.add(landing)
            if head in line.twins:  # they are this change, commit by commit
                landings.update(line.main[twin] for twin in twins)
            if twins and not landing:
                landing = line.main[max(twins)]
            numbers.add(number)
            yield Candidate(number, head, own, base, landing)
    for sha in reversed(line.main):
        commit = commits[sha]
        if sha in landings:
            continue
        if len(commit.parents) > 1:
            named = _MERGED.match(commit.message)
            sides = [parent for parent in commit.parents if parent in commits]
            head = next((side for side in sides if not line.is_main(side)), sha)
            own, base = line.own(head)
        else:
            named = _SQUASHED.search(subject(commit))
            head, own, base = sha, (sha,), "".join(commit.parents)
        number = named[1] if named and named[1] not in numbers else sha[:_SHORT]
        numbers.add(number)
        yield Candidate(number, head, own, base, sha)


def work_of(candidate: Candidate, commits: Mapping[str, Commit]) -> Work:
    """What a candidate's own commits did, of those that are in `commits`."""
    own = [commits[sha] for sha in candidate.own if sha in commits]
    kept = [commit for commit in reversed(own) if len(commit.parents) < 2]
    kept.sort(key=lambda commit: commit.time)
    lines: dict[str, tuple[int, int]] = {}
    for commit in kept:
        for file in commit.touched:
            added, deleted = lines.get(file.path, (0, 0))
            lines[file.path] = added + file.added, deleted + file.deleted
            if file.status == "R":
                lines.setdefault(file.old, (0, 0))
    return Work(tuple(kept), lines)


def looked_into(
    repository: Repository, candidates: Sequence[Candidate]
) -> tuple[dict[str, Commit], list[tuple[Touched, ...]], bool]:
    """What the candidates' own commits touched, and how each head differs from its base.

    The third tells whether lines were counted: a clone that lacks contents of files lets none be.
    """
    try:
        return *_looked_into(repository, candidates, "lines"), True
    except InputError:
        return *_looked_into(repository, candidates, "files"), False


def _looked_into(
    repository: Repository, candidates: Sequence[Candidate], telling: Told
) -> tuple[dict[str, Commit], list[tuple[Touched, ...]]]:
    own = list(dict.fromkeys(sha for candidate in candidates for sha in candidate.own))
    commits = repository.history(own, len(own), told=telling, walk=False)
    pairs = ((candidate.base, candidate.head) for candidate in candidates)
    return {commit.sha: commit for commit in commits}, list(repository.compared(pairs, telling))


def changed_files(work: Work, compared: Sequence[Touched]) -> tuple[ChangedFile, ...]:
    """The files that differ between base and head and that the change's own commits touched."""
    files = [
        ChangedFile(file.path, _STATUSES.get(file.status, "modified"))
        for file in compared
        if is_plain_path(file.path) and {file.path, file.old} & work.lines.keys()
    ]
    return tuple(sorted(files, key=lambda file: file.path))


def told(candidate: Candidate, work: Work, commits: Mapping[str, Commit]) -> tuple[str, str]:
    """Title and body: the messages of its commits, oldest first, each once, without trailers.

    The title is their first line, or that of the pull request where the merge tells it.
    """
    texts = (_TRAILER.sub("", commit.message).strip() for commit in work.commits)
    body = "\n\n".join(dict.fromkeys(filter(None, texts)))
    landing = commits.get(candidate.landing)
    merged = _MERGED.match(landing.message) if landing and len(landing.parents) > 1 else None
    if landing and merged and merged[1] == candidate.number:
        title = _MERGED.sub("", landing.message, count=1).partition("\n")[0].strip()
        if title:
            return title, body
    title, _, rest = body.partition("\n")
    return _SQUASHED.sub("", title).strip(), rest.strip()


def change_of(
    name: str,
    candidate: Candidate,
    work: Work,
    files: tuple[ChangedFile, ...],
    commits: Mapping[str, Commit],
) -> Change:
    """The change that a candidate is; `name` is the repository's."""
    title, body = told(candidate, work, commits)
    last = (candidate.landing, candidate.head)
    times = [commits[sha].time for sha in last if sha in commits]
    base = commits.get(candidate.base)
    started = base.time if base else 0
    return Change(
        repo=name,
        number=candidate.number,
        title=title,
        body=body,
        base=candidate.base,
        head=candidate.head,
        closed=max((*times, *(commit.time for commit in work.commits), started)),
        files=files,
        started=started,
        unmerged=not candidate.landing,
    )


def subject(commit: Commit | None) -> str:
    """The first line of a commit's message."""
    return commit.message.partition("\n")[0].strip() if commit else ""
