"""The sleep arm against a vote among baseline answers that generated as many tokens.

Whoever may spend tokens can spend them on more draws and take the most frequent answer
(`majority`). So each point of the sleep arm is held against majority@k for the largest k whose
draws generate no more tokens than it does, and at least one draw: counting the answer alone, and
counting its share of the sleep phase too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, cluster_weights
from sleeptime_lib.analysis.cells import RIGHT, SAMPLES, Line, ratio
from sleeptime_lib.analysis.controls import band
from sleeptime_lib.analysis.majority import majority_at_k
from sleeptime_lib.records import budget_name

Counted = Literal["answer", "answer and sleep phase"]


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


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one comparison is made of: difference of each question, and its cluster."""

    vote: Vote
    gain: Floats
    cluster: tuple[str, ...]


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
    chances = _chances(drawn)
    pairs = [
        pair
        for _, own in slept.groupby(["budget_kind", "sleep_parallel", "sleep_effort", "budget"])
        for counted in ("answer", "answer and sleep phase")
        if (pair := _pair(own, chances, each, counted)) is not None
    ]
    return _with_limits(pairs, draws, seed, confidence)


def _chances(drawn: pd.DataFrame) -> dict[str, Floats]:
    """By question, majority@k for every k that it has draws for."""
    found = {}
    for name, own in drawn.groupby("question_id"):
        told = [said if isinstance(said, str) else None for said in own["prediction"]]
        found[str(name)] = majority_at_k(told, list(own["score"] >= RIGHT))
    return found


def _pair(
    own: pd.DataFrame, chances: Mapping[str, Floats], each: float, counted: Counted
) -> _Pair | None:
    first = own.iloc[0]
    tokens = float(own["test_completion_tokens"].mean())
    if counted != "answer":
        phases = own.drop_duplicates("sleep_id")["sleep_completion_tokens"]
        tokens += float(phases.sum()) / own["question_id"].nunique()
    affordable = max(int(tokens / each), 1) if each else 1
    most = max(len(chance) for chance in chances.values())
    k = min(affordable, most)
    scores = own.groupby("question_id")["score"].mean()
    names = [name for name in map(str, scores.index) if len(chances.get(name, ())) >= k]
    if not names:
        return None
    mine = scores[names].to_numpy(dtype=np.float64)
    voted = np.array([chances[name][k - 1] for name in names])
    clusters = own.drop_duplicates("question_id").set_index("question_id")["cluster_id"]
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
        accuracy=float(mine.mean()),
        vote_accuracy=float(voted.mean()),
        points=100 * float(mine.mean() - voted.mean()),
        low=math.nan,
        high=math.nan,
    )
    return _Pair(vote, 100 * (mine - voted), tuple(map(str, clusters[names])))


def _with_limits(
    pairs: Sequence[_Pair], draws: int, seed: int, confidence: float
) -> tuple[Vote, ...]:
    """The comparisons with their limits, all from the same draws of clusters."""
    names = sorted({name for pair in pairs for name in pair.cluster})
    place = {name: i for i, name in enumerate(names)}
    sums = np.zeros((2 * len(pairs), len(names)))
    for i, pair in enumerate(pairs):
        where = np.array([place[name] for name in pair.cluster])
        sums[2 * i] = np.bincount(where, pair.gain, minlength=len(names))
        sums[2 * i + 1] = np.bincount(where, minlength=len(names))
    weights = cluster_weights(len(names), draws, np.random.default_rng(seed))
    every = np.concatenate([drawn @ sums.T for drawn in weights])
    points = np.array([pair.vote.points for pair in pairs])
    low, high = band(points, ratio(every[:, ::2], every[:, 1::2]), confidence, len(names))
    return tuple(
        replace(pair.vote, low=float(low[i]), high=float(high[i])) for i, pair in enumerate(pairs)
    )


def sentences(found: Sequence[Vote]) -> list[str]:
    """What the comparisons of the smallest sleep setting amount to, its sleep phase counted.

    Votes of fewer draws than the tokens would pay for are unlike what they are held against, so
    that only their number is told.
    """
    told = []
    smallest = [v for v in found if v.label == found[0].label and v.counted != "answer"]
    short = [one for one in smallest if not one.enough]
    for one in (one for one in smallest if one.enough):
        at = f"{one.budget_kind} {budget_name(one.budget_kind, one.budget)}"
        limits = "no interval" if math.isnan(one.low) else f"{one.low:.1f} to {one.high:.1f}"
        what = "higher" if one.low > 0 else "lower" if one.high < 0 else "not determined"
        told.append(
            f"{one.label} at {at} ({one.tokens:,.0f} generated tokens, {one.counted}) minus "
            f"majority@{one.k} ({one.vote_tokens:,.0f} tokens): {one.points:+.1f} points "
            f"[{limits}], {what}."
        )
    if short:
        told.append(
            f"A vote at equal generated tokens is not determined at {len(short)} of "
            f"{len(smallest)} budgets of {short[0].label}: {short[0].k} draws take "
            f"{short[0].vote_tokens:,.0f} tokens, and the sleep phase with the answer "
            f"{min(one.tokens for one in short):,.0f} or more."
        )
    return told
