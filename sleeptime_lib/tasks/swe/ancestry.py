"""Which commits are a change's own, told from the graph of commits.

The main line is the chain of first parents, with two exceptions. Where the main branch was merged
into itself (people push to it from several places), both sides belong to it; where it was merged
into a branch that then became the main branch, only the side that was main before. Every other
commit lands with the first commit of the main line that reaches it.

A change's own commits are those that its head reaches and that had not landed before it, so what
was merged from main is not among them; nor is what was rebased from main: copies, of the same
author's time and message, of commits that landed and are older. It starts from the latest of the
commits that its own build upon. Where the main line got the later copy, as of a pull request that
was merged by rebasing, the two are twins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.tasks.swe.log import Commit

MOST_OWN: Final = 2_000
"""Commits of a change that are looked at."""
_MAIN: Final = r"(main|master|trunk)\b"
_OF_MAIN: Final = re.compile(
    rf"Merge (remote-tracking )?branch '(refs/)?(remotes/)?((origin|upstream)/)?{_MAIN}'"
)
_INTO_OTHER: Final = re.compile(rf".* into (?!'?{_MAIN})")


@dataclass(frozen=True, slots=True)
class Ancestry:
    """A history with its main line.

    Attributes:
        commits: All that were read.
        main: The main line, parents before children.
        landed: For each commit that the main line reaches, the place in `main` at which it landed.
        copies: Commits that were rebased from others which landed.
        twins: For commits that did not land themselves, the later copy of each that did.
    """

    commits: Mapping[str, Commit]
    main: tuple[str, ...]
    landed: Mapping[str, int]
    copies: Set[str]
    twins: Mapping[str, str]

    def own(self, head: str) -> tuple[tuple[str, ...], str]:
        """The own commits of a change that ends in `head`, head first, and what they start from.

        There are none where the head is part of the main line: what led to it cannot be told apart.
        More than `MOST_OWN` are not followed to their end. The start is "" where there is none.
        """
        if self.is_main(head):
            return (), ""
        place = self.landed.get(head, len(self.main))
        found, waiting, below = {head: None}, [head], set[str]()
        while waiting and len(found) <= MOST_OWN:
            for parent in self.commits[waiting.pop()].parents:
                if parent not in self.commits or self.landed.get(parent, place) < place:
                    below.add(parent)
                elif parent not in found:
                    found[parent] = None
                    waiting.append(parent)
        own = tuple(commit for commit in found if commit not in self.copies)
        return own, max(below, key=self._how_late, default="")

    def is_main(self, commit: str) -> bool:
        """Whether a commit is part of the main line."""
        place = self.landed.get(commit, -1)
        return place >= 0 and self.main[place] == commit

    def _how_late(self, commit: str) -> tuple[int, bool, str]:
        return self.landed.get(commit, -1), self.is_main(commit), commit


def ancestry(commits: Mapping[str, Commit], tip: str) -> Ancestry:
    """The ancestry of commits, children before parents, whose main line ends in `tip`."""
    on_main, waiting = set[str](), [tip]
    while waiting:
        sha = waiting.pop()
        if sha in commits and sha not in on_main:
            on_main.add(sha)
            waiting += main_parents(commits[sha])
    main = tuple(sha for sha in reversed(list(commits)) if sha in on_main)
    landed: dict[str, int] = {}
    for place, sha in enumerate(main):
        waiting = [sha]
        while waiting:
            sha = waiting.pop()
            if sha in commits and sha not in landed:
                landed[sha] = place
                waiting += commits[sha].parents
    copies, twins = _copied(commits, landed)
    return Ancestry(commits, main, landed, copies, twins)


def main_parents(commit: Commit) -> tuple[str, ...]:
    """Those parents of a commit of the main line that are part of it, by the commit's message."""
    if len(commit.parents) < 2 or not _OF_MAIN.match(commit.message):
        return commit.parents[:1]
    return commit.parents[1:] if _INTO_OTHER.match(commit.message) else commit.parents


def _copied(
    commits: Mapping[str, Commit], landed: Mapping[str, int]
) -> tuple[Set[str], Mapping[str, str]]:
    """Commits that are copies of older ones which landed, and those of which a copy landed."""
    first: dict[tuple[int, str], Commit] = {}
    for sha in landed:
        commit = commits[sha]
        other = first.setdefault((commit.authored, commit.message), commit)
        if commit.time < other.time:
            first[commit.authored, commit.message] = commit
    copies, twins = set[str](), dict[str, str]()
    for sha, commit in commits.items():
        original = first.get((commit.authored, commit.message), commit)
        if commit.time > original.time:
            copies.add(sha)
        elif sha not in landed and original is not commit:
            twins[sha] = original.sha
    return copies, twins
