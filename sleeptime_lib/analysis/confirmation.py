"""What a first run found, looked for again in a run on other questions.

Every difference that a report tells, of the sleep arm and of control arms, is calculated in both
runs. A claim is one whose limits leave out 0 in the report of A, where they hold for all gains of
the sleep arm at once, and for all differences of control arms. B was no part of choosing the
claims, so that its limits need to hold for these alone: a claim is confirmed where those of B lie
on the same side of 0. What A does not determine is no claim, whatever B says.

Clusters are resampled in each run by itself. Where runs share clusters, such as other draws of the
same families, B is no independent confirmation; then a claim is seen again at the most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import DRAWS, Interval
from sleeptime_lib.analysis.cells import Cells, Draws, Line, reduce_rows, resample
from sleeptime_lib.analysis.controls import contrasted
from sleeptime_lib.analysis.difference import differences
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import budget_name, is_simulated

Outcome = Literal["confirmed", "seen again", "not determined", "opposite", "no claim"]

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "confirmed": "Confirmed on B",
    "seen again": "Seen again on B",
    "opposite": "The opposite on B",
    "not determined": "Not determined on B",
}
"""How the outcomes of claims are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One arm minus another one at one budget, in both runs, in percentage points.

    Attributes:
        line: The arm.
        against: Name of the other one: the baseline, or the sleep arm beside a control.
        budget: The budget of both.
        a: In A, with the limits that its report states.
        b: In B, with limits that hold for all claims at once; of no claim, for all of these.
        outcome: What became of it.
    """

    line: Line
    against: str
    budget: int
    a: Interval
    b: Interval
    outcome: Outcome

    @property
    def name(self) -> str:
        """What is subtracted from what."""
        return f"{self.line.label} minus {self.against}"

    @property
    def at(self) -> str:
        """The budget in words."""
        return wording.budget_words(self.line.budget_kind, self.budget)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        dataset: Name of its data.
        model: Who answered.
        questions: Different questions.
        clusters: Clusters of those.
    """

    dataset: str
    model: str
    questions: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The differences that two runs on other questions have in common.

    Attributes:
        experiment: Of both.
        a: The run that makes the claims.
        b: The run that is to confirm them.
        findings: The differences that both measure.
        only_a: Claims of A that B does not measure.
        shared_clusters: Clusters whose names both have.
        confidence: Of the limits.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
    """

    experiment: str
    a: Side
    b: Side
    findings: tuple[Finding, ...]
    only_a: int
    shared_clusters: int
    confidence: float
    draws: int
    seed: int

    @property
    def dataset(self) -> str:
        """Both names of the data."""
        return " and ".join(dict.fromkeys((self.a.dataset, self.b.dataset)))

    @property
    def model(self) -> str:
        """Who answered, or both."""
        return " / ".join(dict.fromkeys((self.a.model, self.b.model)))

    @property
    def simulated(self) -> bool:
        """Whether a simulated model answered."""
        return is_simulated(self.a.model)

    @property
    def claims(self) -> tuple[Finding, ...]:
        """What A claims and B measures."""
        return tuple(one for one in self.findings if one.outcome != "no claim")

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; a limit that cannot be given is null."""
        found: dict[str, Any] = json_safe(asdict(self))
        sides = {"side_a": found.pop("a"), "side_b": found.pop("b")}
        return {**sides, **found, "simulated": self.simulated}


_Pair = tuple[Line, int, Line]
"""An arm, a budget, and the arm that it is held against."""


def confirm_rows(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Confirmation:
    """Look for what the rows of a first run show in those of a second one on other questions.

    Args:
        a: The columns of `sleeptime_lib.records.Row`, of the run that makes the claims.
        b: The same, of the run that is to confirm them.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the limits.

    Raises:
        InputError: The rows cannot be added up, the runs measure no difference in common, or they
            share questions of one dataset.
    """
    same = set(a["question_id"]) & set(b["question_id"])
    if same and set(a["dataset"]) == set(b["dataset"]):
        raise InputError(
            f"A and B share {len(same):,} questions: nothing can be confirmed on what it was found "
            "on; run B on questions that A has not seen, such as another dataset"
        )
    first, second = reduce_rows(a), reduce_rows(b)
    drawn = [resample(cells, draws, seed) for cells in (first, second)]
    found: dict[_Pair, Interval] = {}
    for told in _families(first, a):
        found = _measured(first, drawn[0], told, confidence) | found
    claimed = {name for name, own in found.items() if _verdict(own) != "not determined"}
    there = {name: pair for told in _families(second, b) for name, pair in told.items()}
    again: dict[_Pair, Interval] = {}
    for group in (claimed, set(found) - claimed):
        both = {name: pair for name, pair in there.items() if name in group}
        again |= _measured(second, drawn[1], both, confidence)
    if not again:
        raise InputError("A and B measure no difference between two arms at the same budget")
    shared = len(set(first.clusters) & set(second.clusters))
    return Confirmation(
        experiment=str(a["experiment"].iloc[0]),
        a=_side(a, first),
        b=_side(b, second),
        findings=tuple(
            Finding(
                line=line,
                against=against.label,
                budget=budget,
                a=own,
                b=again[line, budget, against],
                outcome=_outcome(own, again[line, budget, against], independent=not shared),
            )
            for (line, budget, against), own in found.items()
            if (line, budget, against) in again
        ),
        only_a=sum(name not in again for name in claimed),
        shared_clusters=shared,
        confidence=confidence,
        draws=draws,
        seed=seed,
    )


def _families(cells: Cells, rows: pd.DataFrame) -> tuple[dict[_Pair, tuple[int, int]], ...]:
    """Cells of the differences that a report tells with limits that hold at once."""
    families = (cells.over_baseline(cells.curves("sleep")), contrasted(cells, rows))
    return tuple(
        {(cells.lines[i], cells.budgets[i], cells.lines[j]): (i, j) for i, j in pairs}
        for pairs in families
    )


def _measured(
    cells: Cells, drawn: Draws, pairs: Mapping[_Pair, tuple[int, int]], confidence: float
) -> dict[_Pair, Interval]:
    """Differences with limits that hold for them at once; without those not answered."""
    told = differences(cells, drawn, list(pairs.values()), confidence=confidence)
    named = zip(pairs, (one.together for one in told), strict=True)
    return {name: value for name, value in named if not math.isnan(value.estimate)}


def _verdict(value: Interval) -> wording.Verdict:
    return wording.verdict(value.low, value.high)


def _outcome(a: Interval, b: Interval, *, independent: bool) -> Outcome:
    claim, found = _verdict(a), _verdict(b)
    if claim == "not determined":
        return "no claim"
    if found == "not determined":
        return "not determined"
    if found != claim:
        return "opposite"
    return "confirmed" if independent else "seen again"


def _side(rows: pd.DataFrame, cells: Cells) -> Side:
    first = rows.iloc[0]
    return Side(str(first["dataset"]), str(first["model"]), len(cells.questions),
                len(cells.clusters))  # fmt: skip


def table(found: Confirmation, more: Sequence[str] = ()) -> Table:
    """Each difference in both runs, claims first.

    Args:
        found: The confirmation.
        more: Further sentences.
    """
    claims = found.claims
    rows = (*claims, *(one for one in found.findings if one.outcome == "no claim"))
    return Table(
        name="confirmation",
        caption=f"What A found, on other questions: {found.experiment} on {found.dataset}, "
        f"{found.model}",
        header=("difference", "budget", "A, points", "B, points", "outcome"),
        rows=tuple(
            (
                one.name,
                budget_name(one.line.budget_kind, one.budget),
                _told(one.a),
                _told(one.b),
                one.outcome,
            )
            for one in rows
        ),
        text_columns=(0, 4),
        sentences=(*sentences(found), *more),
        data_header=(
            "arm", "against", "budget_kind", "budget", "a", "a_low", "a_high", "b", "b_low",
            "b_high", "outcome",
        ),
        data=tuple(
            (
                one.line.label, one.against, one.line.budget_kind, one.budget,
                *(one.a.estimate, one.a.low, one.a.high),
                *(one.b.estimate, one.b.low, one.b.high), one.outcome,
            )
            for one in rows
        ),
    )  # fmt: skip


def _told(value: Interval) -> str:
    return f"{value.estimate:+.1f} {wording.limits_of(value.low, value.high)}"


def sample(found: Confirmation, intervals: str) -> str:
    """How much was asked in both runs.

    Args:
        found: The confirmation.
        intervals: How the limits are shown and what they hold for.
    """
    told = ", ".join(
        f"{name}: {side.questions:,} questions in {side.clusters:,} clusters ({side.dataset})"
        for name, side in (("A", found.a), ("B", found.b))
    )
    fewest = min(found.a.clusters, found.b.clusters)
    return f"{told}{wording.bootstrapped(intervals, found.confidence, found.draws, fewest)}."


def sentences(found: Confirmation) -> list[str]:
    """What A claims, and what became of it in B."""
    claims = found.claims
    told = [
        sample(found, "limits:"),
        "A claim is a difference whose limits in the report of A leave out 0. The limits of B hold "
        f"for all {len(claims)} claims that it measures at once, and for all that are none.",
    ]
    if found.shared_clusters:
        told.append(
            f"{found.shared_clusters} of the {found.b.clusters} clusters of B bear the names of "
            "clusters of A. If they are the same, their questions are alike, and what is seen "
            "again is not confirmed independently."
        )
    if not claims:
        told.append("A claims nothing that B measures: there is nothing to confirm.")
    for outcome, words in OUTCOMES.items():
        own = [one for one in claims if one.outcome == outcome]
        if own:
            each = "; ".join(
                f"{one.name} at {one.at} (A {one.a.estimate:+.1f}, B {_told(one.b)})" for one in own
            )
            told.append(f"{words}, {len(own)} of {len(claims)} claims: {each}.")
    opened = [one for one in claims if one.outcome == "not determined"]
    if opened:
        told.append("What is not determined on B is neither confirmed nor refuted.")
    smaller = [one for one in opened if not one.b.low <= one.a.estimate <= one.b.high]
    if smaller:
        told.append(
            f"In {len(smaller)} of these {len(opened)} the limits of B leave no room for as large "
            "a difference as A measured: "
            f"{'; '.join(f'{one.name} at {one.at}' for one in smaller)}."
        )
    if found.only_a:
        told.append(f"B does not measure {found.only_a} of the claims of A.")
    if found.simulated:
        told.append(wording.SIMULATED)
    return told
