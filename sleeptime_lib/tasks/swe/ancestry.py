"""Which commits are a change's own, told from the graph of commits.

The main line is the chain of first parents. Every other commit lands with the first commit of the
main line that reaches it. A change's own commits are those that its head reaches and that had not
landed before it: what was merged from main is not among them. It starts from the latest of the
commits that they build upon, where they and the main line last met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_OWN: Final = 2_000
"""Commits of a change that are looked at."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """A graph of commits with its main line.

    Attributes:
        parents: Of each commit.
        main: The main line, oldest first.
        landed: For each commit that the main line reaches, the place in `main` at which it landed.
    """

    parents: Mapping[str, tuple[str, ...]]
    main: tuple[str, ...]
    landed: Mapping[str, int]

    def own(self, head: str) -> tuple[str, ...]:
        """The commits of a change that ends in `head`, newest first, of at most `MOST_OWN` + 1.

        Empty where the head is part of the main line: what led to it cannot be told apart.
        """
        place = self.landed.get(head, len(self.main))
        if place < len(self.main) and self.main[place] == head:
            return ()
        found = {head: None}
        waiting = [head]
        while waiting and len(found) <= MOST_OWN:
            for parent in self.parents.get(waiting.pop(), ()):
                is_own = parent in self.parents and self.landed.get(parent, place) >= place
                if parent not in found and is_own:
                    found[parent] = None
                    waiting.append(parent)
        return tuple(found)

    def base(self, own: tuple[str, ...]) -> str:
        """Where a change's own commits start from; "" where they build upon nothing."""
        mine = set(own)
        below = {parent for commit in own for parent in self.parents.get(commit, ())} - mine
        return max(below, key=self._how_late, default="")

    def _how_late(self, commit: str) -> tuple[int, bool, str]:
        place = self.landed.get(commit, -1)
        return place, place >= 0 and self.main[place] == commit, commit


def ancestry(parents: Mapping[str, tuple[str, ...]], tip: str) -> Ancestry:
    """The ancestry of a graph whose main line ends in `tip`."""
    chain = [tip] if tip in parents else []
    while chain and parents[chain[-1]] and parents[chain[-1]][0] in parents:
        chain.append(parents[chain[-1]][0])
    main = tuple(reversed(chain))
    landed: dict[str, int] = {}
    for place, commit in enumerate(main):
        landed[commit] = place
        waiting = list(parents[commit][1:])
        while waiting:
            commit = waiting.pop()
            if commit in parents and commit not in landed:
                landed[commit] = place
                waiting += parents[commit]
    return Ancestry(parents, main, landed)
