"""Tasks from the history of any git repository.

A candidate (see `candidates`) is kept if it modifies at least three source files, not all of them
tests, and adds a feature. The second is a guess from text and lines: its title does not begin with
the words of fixes, chores, releases or clean-ups (without a title of its own: nor do most of its
commits, or one of them says "feat:"), and its source files get at least ten new lines and more than
they lose. Whatever is dropped is counted, with the first reason that applies, and with examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.ancestry import MOST_OWN, ancestry
from sleeptime_lib.tasks.swe.candidates import (
    Candidate,
    Work,
    change_of,
    changed_files,
    find_candidates,
    looked_into,
    subject,
    told,
    work_of,
)
from sleeptime_lib.tasks.swe.changes import Change, ChangedFile
from sleeptime_lib.tasks.swe.git import FETCH_PULLS, Repository
from sleeptime_lib.tasks.swe.grouping import grouped
from sleeptime_lib.tasks.swe.kinds import kind_of
from sleeptime_lib.tasks.swe.log import Commit
from sleeptime_lib.texts import brief

LEAST_MODIFIED: Final = 3
"""Source files, as in the paper."""
LEAST_ADDED: Final = 10
"""Lines that a feature adds to source files."""
MOST_FILES: Final = 60
"""Files of one change; with more it is no single feature."""
MOST_ADDED: Final = 5_000
"""Lines of one change."""
MOST_COMMITS: Final = 100_000
_EXAMPLES: Final = 3

_REVERT: Final = re.compile(r"revert|this reverts commit", re.IGNORECASE)
_FEATURE: Final = re.compile(r"feat(ure)?(\([^)]*\))?!?:", re.IGNORECASE)
_NO_FEATURE: Final = re.compile(
    r"\W*("
    r"(hot-?|bug-?)?fix(es|ed|ing|up)?|bugs?|chores?|docs?|documentation|readme|typos?|styles?|ci"
    r"|tests?|build|perf|refac(tor(s|ed|ing)?)?|clean(s|ed|ing)?[- ]?(up)?|lint|format(ting|ted)?"
    r"|bump(s|ed)?|upgrade[sd]?|deps|dependency|dependencies|releases?|(set )?version|v?\d+\.\d+"
    r"|updated? (the )?(docs?|readme|changelog|dependencies|version|requirements)"
    r"|remove[sd]?|delete[sd]?|renam(es?|ed|ing)|mov(es?|ed|ing)|wip|copy"
    r")\b",
    re.IGNORECASE,
)
_LITTLE: Final = {"documentation", "vendored", "generated", "other"}
_ONLY: Final = (
    ("renames only", set[str]()),
    ("nothing left of what was changed", {"nothing"}),
    ("documentation only", {"documentation"}),
    ("vendored, generated or data only", _LITTLE),
    ("tests only", _LITTLE | {"test"}),
)
"""Reasons to drop a change whose files are of no other kinds."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Candidates that were dropped for one reason: how many, and a few of them."""

    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mined:
    """What a history gave.

    Attributes:
        changes: The tasks, by when they were closed.
        commits: How many commits were read.
        candidates: How many changes were looked at.
        dropped: Those that are no tasks by reason, the most frequent first.
        notices: What to know about it.
    """

    changes: tuple[Change, ...]
    commits: int
    candidates: int
    dropped: tuple[Dropped, ...]
    notices: tuple[str, ...]


def mine(
    repository: Repository, *, name: str = "", limit: int | None = None, most: int = MOST_COMMITS
) -> Mined:
    """Find the tasks in a history.

    Args:
        repository: A clone; with pull refs, changes that were never merged are found as well.
        name: What the changes call the repository; default the name of its folder.
        limit: Take the newest so many tasks; None takes all.
        most: Commits to read, the newest first.

    Raises:
        InputError: The limit is below 1, no task was found (why is told), or the history cannot be
            read.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit {limit} gives no tasks; give 1 or more, or no limit for all")
    tip, pulls = repository.main_line(), repository.pull_refs()
    tips = dict.fromkeys((tip, *pulls.values()))
    commits = {commit.sha: commit for commit in repository.history(tips, most, told="files")}
    reasons: dict[str, list[str]] = {}

    def kept(candidate: Candidate, title: str, reason: str) -> bool:
        if reason:
            reasons.setdefault(reason, []).append(f"{candidate.number} {brief(title, 60)}".strip())
        return not reason

    changes = [
        candidate
        for candidate in find_candidates(ancestry(commits, tip), pulls)
        if kept(candidate, subject(commits[candidate.head]), _at_first_sight(candidate, commits))
    ]
    likely = []
    pairs = [(candidate.base, candidate.head) for candidate in changes]
    for candidate, differing in zip(changes, repository.compared(pairs, "files"), strict=True):
        work = work_of(candidate, commits)
        title, _ = told(candidate, work, commits)
        reason = _by_files(changed_files(work, differing), work) or _by_text(title, work)
        if kept(candidate, title, reason):
            likely.append(candidate)
    known, compared, counted = looked_into(repository, likely)
    named = name or _name(repository)
    found = []
    for candidate, differing in zip(likely, compared, strict=True):
        work = work_of(candidate, known)
        files = changed_files(work, differing)
        change = change_of(named, candidate, work, files, commits)
        reason = _by_files(files, work) or (_by_lines(files, work) if counted else "")
        if kept(candidate, change.title, reason):
            found.append(change)
    found.sort(key=lambda change: (change.closed, change.number))
    dropped = [
        Dropped(reason, len(shown), tuple(shown[:_EXAMPLES])) for reason, shown in reasons.items()
    ]
    dropped.sort(key=lambda one: (-one.count, one.reason))
    if not found:
        why = "; ".join(f"{one.count:,} {one.reason}" for one in dropped) or "no commits"
        raise InputError(f"{repository.path} gives no task ({why}); give a longer history")
    notices = []
    if not pulls:
        notices.append(f"the clone has no pull requests; to mine them too: {FETCH_PULLS}")
    if not counted:
        notices.append("the clone lacks contents of files: no lines were counted; make a full one")
    tasks = grouped(found)[-(limit or 0) :]
    if unmerged := sum(change.unmerged for change in tasks):
        notices.append(
            f"{unmerged:,} tasks are pull requests that never came into the main line: a clone "
            "does not tell when these were closed, so each counts as past from its last commit on, "
            "and for no pull request of a lower number"
        )
    if len(commits) >= most:
        notices.append(f"only the newest {most:,} commits were read")
    return Mined(
        changes=tasks,
        commits=len(commits),
        candidates=len(found) + sum(one.count for one in dropped),
        dropped=tuple(dropped),
        notices=tuple(notices),
    )


def _at_first_sight(candidate: Candidate, commits: Mapping[str, Commit]) -> str:
    """Why a candidate is no task, as far as its place in the history tells; "" if it does not."""
    if candidate.head == candidate.landing and not candidate.own:
        return "merges of the main branch"
    if not any(len(commits[sha].parents) < 2 for sha in candidate.own):
        return "no commits of their own"
    if candidate.base not in commits:
        return "no commit that they start from"
    return "giant diffs" if len(candidate.own) > MOST_OWN else ""


def _by_files(files: tuple[ChangedFile, ...], work: Work) -> str:
    """Why a change is no task, as far as its files tell; "" if they do not."""
    kinds = {kind_of(file.path) for file in files if file.status != "renamed"}
    for reason, only in _ONLY:
        if (kinds if files else {"nothing"}) <= only:
            return reason
    modified = [kind_of(file.path) for file in files if file.status == "modified"]
    if modified.count("source") + modified.count("test") < LEAST_MODIFIED:
        return f"fewer than {LEAST_MODIFIED} modified source files"
    if "source" not in modified:
        return "tests only"
    return "giant diffs" if len(work.lines) > MOST_FILES else ""


def _by_text(title: str, work: Work) -> str:
    """Why a change is no task, as far as its text tells; "" if it does not."""
    if _REVERT.match(title):
        return "reverts"
    subjects = [subject(commit) for commit in work.commits]
    judged = subjects if title == subjects[0] else [title]
    if any(map(_FEATURE.match, judged)):
        return ""
    others = list(filter(_NO_FEATURE.match, judged))
    return "fixes, chores or the like by their text" if 2 * len(others) > len(judged) else ""


def _by_lines(files: tuple[ChangedFile, ...], work: Work) -> str:
    """Why a change is no task, as far as its lines tell; "" if they do not."""
    if sum(added for added, _ in work.lines.values()) > MOST_ADDED:
        return "giant diffs"
    written = [file.path for file in files if file.status in ("modified", "added")]
    sources = [work.lines.get(path, (0, 0)) for path in written if kind_of(path) == "source"]
    added, deleted = (sum(counts[i] for counts in sources) for i in (0, 1))
    if added < LEAST_ADDED:
        return f"fewer than {LEAST_ADDED} source lines added"
    return "" if added > deleted else "more source lines taken than added"


def _name(repository: Repository) -> str:
    """The name of the folder that holds the repository."""
    path = repository.path.expanduser().resolve()
    name = path.parent.name if path.name == ".git" else path.name
    return re.sub(r"\s+", "-", name.removesuffix(".git")) or "repository"
