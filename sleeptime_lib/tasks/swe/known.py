"""Changes that are known by their number, completed from a clone of their repository.

`aider.jsonl` holds facts about the 18 pull requests of Aider-AI/aider in the paper's set (arXiv
2504.13171, appendix D): numbers, commits, clusters and files. The released texts are their
authors' and are not in it: the ticket is the messages of each one's own commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.ancestry import ancestry
from sleeptime_lib.tasks.swe.candidates import (
    change_of,
    changed_files,
    find_candidates,
    looked_into,
    work_of,
)
from sleeptime_lib.tasks.swe.changes import Change, read_changes
from sleeptime_lib.tasks.swe.git import FETCH_PULLS, Repository
from sleeptime_lib.tasks.swe.grouping import grouped
from sleeptime_lib.tasks.swe.mining import MOST_COMMITS

AIDER: Final = Path(__file__).parent / "aider.jsonl"


def aider_changes(repository: Repository) -> tuple[Change, ...]:
    """The 18 Aider tasks.

    Args:
        repository: A clone of Aider-AI/aider with its pull refs.

    Raises:
        InputError: The clone lacks some of them.
    """
    return complete(read_changes(AIDER), repository)


def complete(changes: Sequence[Change], repository: Repository) -> tuple[Change, ...]:
    """The changes with what a clone tells: head, times, text where they have none, own files.

    A change is found by its head, or by its number among pull refs, merged and squashed pull
    requests. Its base stays. Where it is not found, its files stay and its times are not known but
    for that of its base: so it is in nobody's past. Where none has a group they are grouped.

    Raises:
        InputError: The base of a change is not in the clone.
    """
    tip, pulls = repository.main_line(), repository.pull_refs()
    there = repository.has({commit for change in changes for commit in (change.base, change.head)})
    missing = [change.number for change in changes if change.base not in there]
    if missing:
        raise InputError(
            f"{repository.path} lacks what {len(missing)} of {len(changes)} changes start from "
            f"({', '.join(missing[:5])}{', ...' if missing[5:] else ''}); in a clone of "
            f"{changes[0].repo} fetch it with: {FETCH_PULLS}"
        )
    pulls |= {change.number: change.head for change in changes if change.head in there}
    tips = dict.fromkeys((tip, *pulls.values(), *(change.base for change in changes)))
    commits = {
        commit.sha: commit for commit in repository.history(tips, MOST_COMMITS, told="messages")
    }
    line = ancestry(commits, tip)
    wanted = {change.number: change for change in changes}
    candidates = [
        replace(candidate, base=wanted[candidate.number].base)
        for candidate in find_candidates(line, pulls)
        if candidate.number in wanted
    ]
    own, compared, _ = looked_into(repository, candidates)
    found = {}
    for candidate, differing in zip(candidates, compared, strict=True):
        work = work_of(candidate, own)
        files = changed_files(work, differing)
        if files:
            known = change_of("", candidate, work, files, commits | own)
            found[candidate.number] = known
    done = [_completed(change, found.get(change.number), repository) for change in changes]
    return tuple(done) if any(change.group for change in done) else grouped(done)


def _completed(change: Change, found: Change | None, repository: Repository) -> Change:
    if found is None:
        return replace(change, started=repository.commit_time(change.base), closed=0)
    told = change if change.title or change.body else found
    return replace(found, repo=change.repo, group=change.group, title=told.title, body=told.body)
