"""What decisions for contexts save, without what choosing by the same rows promises too much.

The saving is that of the decisions, for contexts like those of the run: within a group by score all
count as alike. Whoever decides by the rows that tell the saving decides for what they flatter. So
every draw of clusters decides anew, and what its decisions promise there is held against what the
same decisions give in the run: that excess, on average, is taken off the saving and its limits.

In 150 simulated runs of each of six kinds, with 35 and with 20 clusters of four contexts, limits
of 95% held what was really saved in 95 to 100%. Judged on the other half of the clusters, with fits
as they are, they held it in 75 to 94%.

References: Efron (1983, Journal of the American Statistical Association 78:316-331) for the excess
of what is judged by the data that it was chosen on, and its bootstrap; Chakraborty, Laber and Zhao
(2014, Clinical Trials 11:408-417) for the value of a treatment rule that was chosen by the data:
it is no smooth function of them, and the bootstrap as it stands covers it too seldom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.allocation import GroupMeans, group_means, pooled_gains
from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.measured import Measured


def best(value: Floats, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The option of most value, along the last axis; the first where none is known."""
    known = np.where(allowed & ~np.isnan(value), value, -np.inf)
    return np.asarray(known.argmax(axis=-1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Asked:
    """The contexts to decide for.

    Attributes:
        group: (contexts,) by score.
        questions: (contexts,) that are expected.
        allowed: (options,) which may be given.
    """

    group: NDArray[np.int64]
    questions: Floats
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The run as it is and in every draw of clusters, its contexts in groups by score.

    Attributes:
        own: What each setting gave and took.
        paying: The same with what the score costs.
        group: (contexts,) of the run.
        groups: How many.
        draws: Bootstrap draws.
        seed: Of the draws.
    """

    own: Measured
    paying: Measured
    group: NDArray[np.int64]
    groups: int
    draws: int
    seed: int

    def means(self, measured: Measured, group: NDArray[np.int64], groups: int) -> GroupMeans:
        """Means of groups of the run's contexts."""
        return group_means(measured, group[:, None] == np.arange(groups), self.draws, self.seed)

    def fewest(self, groups: NDArray[np.int64]) -> int:
        """Clusters of the group that has the fewest, of some groups."""
        return min(len(np.unique(self.own.cluster[self.group == g])) for g in np.unique(groups))

    def savings(
        self, asked: Asked, chosen: NDArray[np.int64], price: float, paid: Floats
    ) -> tuple[Floats, Floats, int]:
        """What decisions save, and the one setting that always sleeping would give.

        Args:
            asked: The contexts to decide for.
            chosen: (contexts,) the option of each.
            price: What one more right answer is worth.
            paid: (1 + draws,) the same in every draw.

        Returns:
            (1 + draws,) saved per question against never and against always sleeping, without what
            choosing by the same rows promises too much, and the setting of the latter.
        """
        free = self.means(self.own, self.group, self.groups)
        bill = free
        if self.paying is not self.own:
            bill = self.means(self.paying, self.group, self.groups)
        gain = free.accuracy - free.accuracy[..., :1]
        gain[..., 0] = 0.0
        pooled, _ = pooled_gains(self.own.options, bill)
        always = self._always(asked, price)
        mine, theirs = _Tally(price, paid), _Tally(price, paid)
        kinds, member = np.unique(
            np.column_stack([asked.group, asked.questions]), axis=0, return_inverse=True
        )
        member = member.reshape(-1)
        shares = np.bincount(member, asked.questions) / asked.questions.sum()
        for kind, share in enumerate(shares):
            g, questions = int(kinds[kind, 0]), kinds[kind, 1]
            never = free.answer[:, g, :1]
            # A phase of no context costs nothing, also where a draw has no context of the group.
            slept, first = (np.nan_to_num(x.phase[:, g]) / questions for x in (free, bill))
            more, charged = free.answer[:, g] + slept - never, bill.answer[:, g] + first - never
            more[:, 0], charged[:, 0] = 0.0, first[:, 0]
            decided = best(price * pooled[:, g] - charged, asked.allowed)
            decided[0] = chosen[member == kind][0]
            mine.add(share, gain[:, g], charged, decided)
            theirs.add(share, gain[:, g], more, always)
        saved, over = mine.saved, (mine - theirs).saved
        excess = mine.excess if chosen.any() else 0.0
        more_excess = (mine - theirs).excess if over.any() else 0.0
        return saved - excess, over - more_excess, int(always[0])

    def _always(self, asked: Asked, price: float) -> NDArray[np.int64]:
        """(1 + draws,) the one option with a sleep phase of most value to all contexts."""
        alike = self.means(self.own, np.zeros_like(self.group), 1)
        accuracy, answer, phase = (x[:, 0] for x in (alike.accuracy, alike.answer, alike.phase))
        a_question = len(asked.questions) / asked.questions.sum()
        return best(price * accuracy - answer - phase * a_question, asked.allowed & self.own.asleep)


class _Tally:
    """Adds up over contexts what decisions bring per question, in every draw."""

    def __init__(self, price: float, paid: Floats) -> None:
        self._price, self._paid = price, paid
        self._gain, self._more, self._promised = np.zeros((3, len(paid)))

    def add(self, share: float, gain: Floats, more: Floats, chosen: NDArray[np.int64]) -> None:
        """Add contexts of one kind.

        Args:
            share: Theirs of all questions.
            gain: (1 + draws, options) accuracy over never sleeping.
            more: (1 + draws, options) cost over that of never sleeping.
            chosen: (1 + draws,) the option that each draw decides for; first that of the run.
        """
        every = np.arange(len(chosen))
        self._gain += share * gain[:, chosen[0]]
        self._more += share * more[:, chosen[0]]
        more_gain, more_cost = (x[every, chosen] - x[0, chosen] for x in (gain, more))
        self._promised += share * (self._price * more_gain - more_cost)

    def __sub__(self, other: _Tally) -> _Tally:
        left = _Tally(self._price, self._paid)
        left._gain, left._more = self._gain - other._gain, self._more - other._more
        left._promised = self._promised - other._promised
        return left

    @property
    def saved(self) -> Floats:
        """(1 + draws,) saved by the decisions of the run."""
        # Where nothing is gained, an unbounded worth changes nothing.
        with np.errstate(invalid="ignore"):
            return np.where(self._gain == 0, 0.0, self._paid * self._gain) - self._more

    @property
    def excess(self) -> float:
        """By how much, on average, a draw's decisions promise more there than in the run."""
        known = self._promised[1:][np.isfinite(self._promised[1:])]
        return float(known.mean()) if len(known) else 0.0
