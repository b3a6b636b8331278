"""The sleep arm against a vote among baseline answers that generated as many tokens.

Whoever may spend tokens can spend them on more draws and take the most frequent answer
(`majority`). So each point of the sleep arm is held against majority@k for the largest k whose
draws generate no more tokens than it does, and at least one draw: counting the answer alone, and
counting its share of the sleep phase too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, joint_confidence
from sleeptime_lib.analysis.cells import SAMPLES, Line
from sleeptime_lib.analysis.majority import majorities
from sleeptime_lib.analysis.score import gain_limits, item_means
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.analysis.wording import limits_of, verdict
from sleeptime_lib.records import budget_name

Counted = Literal["answer", "answer and sleep phase"]

COUNTED: Final[tuple[Counted, ...]] = get_args(Counted)


@dataclass(frozen=True, slots=True)
class Vote:
    """A point of the sleep arm against majority@k at about equal generated tokens.

    Attributes:
        label: Of the sleep arm.
        budget_kind: What the budget counts.
        budget: Of the sleep arm.
        counted: What of the sleep arm is counted.
        tokens: Its generated tokens per question; a phase is shared by the questions there are.
        k: Draws of the vote.
        vote_tokens: Generated tokens of k draws.
        enough: Whether there are as many draws as the tokens would pay for.
        accuracy: Of the sleep arm, 0 to 1.
        vote_accuracy: Of majority@k.
        points: Difference in percentage points, paired over questions.
        low: Lower limit, which holds for all differences at once; NaN for none.
        high: Upper limit.
    """

    label: str
    budget_kind: str
    budget: int
    counted: Counted
    tokens: float
    k: int
    vote_tokens: float
    enough: bool
    accuracy: float
    vote_accuracy: float
    points: float
    low: float
    high: float

    @property
    def at(self) -> str:
        """The budget in words."""
        return f"{self.budget_kind} {budget_name(self.budget_kind, self.budget)}"

    @property
    def verdict(self) -> str:
        """What the limits say of the sleep arm; nothing where the draws do not suffice."""
        return verdict(self.low, self.high) if self.enough else "too few draws"


_Pair = tuple[Vote, "pd.Series[Any]"]
"""A comparison without limits, and the difference of each question, from -1 to 1."""


def votes(
    rows: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> tuple[Vote, ...]:
    """Every point of the sleep arm against the vote; empty without repeated baseline draws.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the band around all differences.
    """
    answered = rows[rows["score"].notna()]
    drawn = answered[(answered["budget_kind"] == SAMPLES) & (answered["arm"] == "baseline")]
    slept = answered[(answered["arm"] == "sleep") & (answered["budget_kind"] != SAMPLES)]
    if drawn.empty or slept.empty:
        return ()
    drawn = drawn[drawn["budget"] == drawn["budget"].min()]
    each = float(drawn["test_completion_tokens"].mean())
    chances = majorities(drawn)
    pairs = [
        pair
        for _, own in slept.groupby(["budget_kind", "sleep_parallel", "sleep_effort", "budget"])
        for counted in COUNTED
        if (pair := _pair(own, chances, each, counted)) is not None
    ]
    if not pairs:
        return ()
    clusters = slept.drop_duplicates("question_id").set_index("question_id")["cluster_id"]
    return _with_limits(pairs, clusters, draws, seed, confidence)


def _pair(own: pd.DataFrame, chances: pd.DataFrame, each: float, counted: Counted) -> _Pair | None:
    first = own.iloc[0]
    tokens = float(own["test_completion_tokens"].mean())
    if counted != "answer":
        phases = own.drop_duplicates("sleep_id")["sleep_completion_tokens"]
        tokens += float(phases.sum()) / own["question_id"].nunique()
    affordable = max(int(tokens / each), 1) if each else 1
    most = chances.shape[1]
    k = min(affordable, most)
    scores = own.groupby("question_id")["score"].mean()
    gain = (scores - chances[k]).dropna()
    if gain.empty:
        return None
    line = Line("sleep", str(first.budget_kind), int(first.sleep_parallel), str(first.sleep_effort))
    vote = Vote(
        label=line.label,
        budget_kind=line.budget_kind,
        budget=int(first.budget),
        counted=counted,
        tokens=tokens,
        k=k,
        vote_tokens=k * each,
        enough=affordable <= most,
        accuracy=float(scores[gain.index].mean()),
        vote_accuracy=float(chances[k][gain.index].mean()),
        points=100 * float(gain.mean()),
        low=math.nan,
        high=math.nan,
    )
    return vote, gain


def _with_limits(
    pairs: Sequence[_Pair], clusters: pd.Series[Any], draws: int, seed: int, confidence: float
) -> tuple[Vote, ...]:
    """The comparisons with limits that hold for all of them, from the same draws of clusters."""
    gains = pd.DataFrame({i: gain for i, (_, gain) in enumerate(pairs)})
    values = gains.to_numpy(dtype=np.float64)
    cluster = pd.factorize(clusters[gains.index], sort=True)[0]
    n, total, means = item_means(values, cluster, draws, seed)
    deviations = (total - means[0][:, None] * n) / n.sum(axis=1)[:, None]
    joint = joint_confidence(means[1:], means[1:], confidence)
    low, high = gain_limits(values, deviations, means[1:], joint)
    return tuple(
        replace(vote, low=100 * float(low[i]), high=100 * float(high[i]))
        for i, (vote, _) in enumerate(pairs)
    )


def sentences(found: Sequence[Vote]) -> list[str]:
    """What the comparisons of the smallest sleep setting amount to.

    Votes of fewer draws than the tokens would pay for are unlike what they are held against, so
    that only their number is told.
    """
    told = [f"Votes: limits in brackets hold for all {len(found)} differences at once."]
    for counted in COUNTED:
        own = [v for v in found if v.label == found[0].label and v.counted == counted]
        parts = [
            f"{one.points:+.1f} {limits_of(one.low, one.high)} at {one.at} ({one.tokens:,.0f} "
            f"tokens) from majority@{one.k} ({one.vote_tokens:,.0f}), {one.verdict}"
            for one in own
            if one.enough
        ]
        if parts:
            told.append(
                f"{own[0].label} minus a vote at equal generated tokens, those of the {counted}, "
                f"points: {'; '.join(parts)}."
            )
        short = [one for one in own if not one.enough]
        if short:
            told.append(
                f"A vote at equal generated tokens, those of the {counted}, is not determined at "
                f"{len(short)} of {len(own)} budgets of {own[0].label}: {short[0].k} draws take "
                f"{short[0].vote_tokens:,.0f} tokens, and the {counted} "
                f"{min(one.tokens for one in short):,.0f} or more."
            )
    return told


def table(found: Sequence[Vote], caption: str) -> Table:
    """One row for each comparison."""
    return Table(
        name="votes",
        caption=caption,
        header=("arm", "budget", "counted", "tokens", "vote", "its tokens", "points", "verdict"),
        rows=tuple(
            (
                one.label,
                one.at,
                one.counted,
                f"{one.tokens:,.0f}",
                f"majority@{one.k}",
                f"{one.vote_tokens:,.0f}",
                f"{one.points:+.1f} {limits_of(one.low, one.high)}" if one.enough else "",
                one.verdict,
            )
            for one in found
        ),
        text_columns=(0, 1, 2, 4, 7),
        sentences=tuple(sentences(found)),
        data_header=tuple(field.name for field in fields(Vote)),
        data=tuple(
            tuple(int(value) if isinstance(value, bool) else value for value in astuple(one))
            for one in found
        ),
    )
