"""The whole analysis of a run: rows in, one report out, and its form in JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, FEW_CLUSTERS
from sleeptime_lib.analysis.cells import NO_CURVE, Cells, Draws, Line, reduce_rows, resample
from sleeptime_lib.analysis.curves import (
    Curve,
    PassCurve,
    curves,
    majority_curves,
    pass_curves,
)
from sleeptime_lib.analysis.difference import (
    MARGIN_POINTS,
    Difference,
    Gain,
    differences,
    largest_gain,
)
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.ratio import EqualAccuracy, RatioCurve, equal_accuracy, ratio_curve
from sleeptime_lib.analysis.tokens import Tokens, token_totals
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import is_simulated


@dataclass(frozen=True, slots=True)
class RunSize:
    """How many rows and different questions a whole run has."""

    rows: int
    questions: int


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows and questions of a run.

    Attributes:
        asked: Rows there are: answered and failed ones.
        answered: Rows with a score.
        failed: Rows without one.
        missing: Planned rows that are not there. Where the plan is not known, rows that a
            complete grid of the questions, settings and samples in the rows would still have.
        questions: Different questions in the rows.
        contexts: Different contexts in the rows.
        clusters: Clusters of those.
        samples: Most runs of a question in one setting, draws for pass@k left out.
        planned_rows: Rows of the whole run; None when not known.
        planned_questions: Questions of the whole run; None when not known.
    """

    asked: int
    answered: int
    failed: int
    missing: int
    questions: int
    contexts: int
    clusters: int
    samples: int
    planned_rows: int | None = None
    planned_questions: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sleep setting against the baseline.

    Attributes:
        line: The sleep setting.
        equal_accuracy: Tokens saved at one accuracy.
        ratio_curve: Tokens saved at every accuracy that both reach.
        differences: Accuracy at equal budgets, one per budget of both.
    """

    line: Line
    equal_accuracy: EqualAccuracy
    ratio_curve: RatioCurve
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run says. Made by `analyse`; `to_json` is what `sleeptime report --json` prints.

    Attributes:
        experiment: Name of the experiment.
        dataset: Name of the dataset.
        model: Name of the model.
        confidence: Of every interval.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        counts: Rows asked, answered, failed and missing.
        curves: Accuracy against tokens for every arm and setting, whatever the arm's name.
        comparisons: Every sleep setting against the baseline, the smallest first.
        equal_accuracy: Of the first comparison.
        ratio_curve: Of the first comparison.
        max_gain: Largest gain of any sleep setting over the baseline at the same budget.
        scaling_gain: Largest gain of more sleep-time compute over the least, same budget.
        pass_at_k: Curves of repeated draws, an oracle choosing among them.
        majority_at_k: Curves of the same draws, the most frequent answer chosen.
        tokens: Token totals.
        warnings: One line for everything that limits what the numbers mean.
        score: What the mean score is called; "accuracy" in the names of all else.
    """

    experiment: str
    dataset: str
    model: str
    confidence: float
    draws: int
    seed: int
    counts: RowCounts
    curves: tuple[Curve, ...]
    comparisons: tuple[Comparison, ...]
    equal_accuracy: EqualAccuracy
    ratio_curve: RatioCurve
    max_gain: Gain | None
    scaling_gain: Gain | None
    pass_at_k: tuple[PassCurve, ...]
    majority_at_k: tuple[PassCurve, ...]
    tokens: Tokens
    warnings: tuple[str, ...]
    score: str = "accuracy"

    @property
    def simulated(self) -> bool:
        """Whether the simulated model answered; such results are marked everywhere."""
        return is_simulated(self.model)

    @property
    def margin_points(self) -> float:
        """Margin of non-inferiority, in percentage points."""
        return MARGIN_POINTS

    def of(self, arm: str) -> tuple[Curve, ...]:
        """Curves of one arm."""
        return tuple(c for c in self.curves if c.line.arm == arm)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values.

        Accuracies and shares are from 0 to 1, gains and differences in percentage points, tokens
        per question. A number that cannot be given (NaN) is null; an unbounded limit is the
        string "inf" (or "-inf").
        """
        curves = [
            {**_line_json(c.line), "points": c.points, "frontier": c.frontier} for c in self.curves
        ]
        value = {f.name: getattr(self, f.name) for f in fields(self)} | {
            "simulated": self.simulated,
            "failed_rows": self.counts.failed,
            "curves": curves,
            "range_ratio": self.ratio_curve.mean,
            "max_gain_points": self.max_gain.observed_points if self.max_gain else None,
            "margin_points": self.margin_points,
            "sleep_scaling": [c for c in curves if c["arm"] == "sleep"],
            "context_only": [c for c in curves if c["arm"] == "context_only"],
            "pass_at_k": [_draws_json(c) for c in self.pass_at_k],
            "majority_at_k": [_draws_json(c) for c in self.majority_at_k],
        }
        result: dict[str, Any] = json_safe(value)
        return result


def _line_json(line: Line) -> dict[str, Any]:
    return {**asdict(line), "label": line.label}


def _draws_json(curve: PassCurve) -> dict[str, Any]:
    own = {"budget": curve.budget, "short": curve.short, "points": curve.points}
    return {**_line_json(curve.line), **own}


def analyse(
    rows: pd.DataFrame,
    *,
    planned: RunSize | None = None,
    at: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Report:
    """Analyse the rows of one run.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`; a run that is still going will do, and
            so will one arm or one budget.
        planned: Size of the whole run, to count what is missing; None when not known.
        at: Accuracy (0 to 1) at which the arms' tokens are compared. None takes the middle of
            the accuracies that both arms reach.
        draws: Bootstrap draws.
        seed: Of the bootstrap: same rows and seed, same report.
        confidence: Of every interval.

    Returns:
        The report. What cannot be computed is None or NaN with the reason beside it.

    Raises:
        InputError: The rows lack a column, are repeated, are of several runs or have a score
            that is not from 0 to 1, or an option is out of range.
    """
    if draws < 1:
        raise InputError(f"{draws} bootstrap draws; give at least 1, and {DRAWS} for publication")
    cells = reduce_rows(rows)
    drawn = resample(cells, draws, seed)
    return report_of(rows, cells, drawn, planned=planned, at=at, seed=seed, confidence=confidence)


def report_of(
    rows: pd.DataFrame,
    cells: Cells,
    drawn: Draws,
    *,
    planned: RunSize | None = None,
    at: float | None = None,
    seed: int = 0,
    confidence: float = 0.95,
) -> Report:
    """`analyse` for rows that are reduced and drawn from already, with the same seed."""
    if at is not None and not 0 <= at <= 1:
        raise InputError(f"accuracy {at} is not between 0 and 1")
    if not 0 < confidence < 1:
        raise InputError(f"confidence {confidence} is not between 0 and 1, such as 0.95")
    draws = len(drawn.n)
    sleeps, baselines = cells.curves("sleep"), cells.curves("baseline")
    gains = [(x, p) for x in sleeps for p in cells.same_budget(cells.of(x), cells.baseline(x))]
    pairs = [pair for _, pair in gains]
    found = differences(cells, drawn, pairs, confidence=confidence)
    comparisons = tuple(
        Comparison(
            line,
            equal_accuracy(cells, drawn, base, own, at=at, confidence=confidence),
            ratio_curve(cells, drawn, base, own, confidence=confidence),
            tuple(one for (x, _), one in zip(gains, found, strict=True) if x == line),
        )
        for line in (sleeps if baselines else ())
        for base, own in [(cells.baseline(line), cells.of(line))]
    )
    absent = [name for name, own in (("baseline", baselines), ("sleep", sleeps)) if not own]
    reason = f"there are no {' and '.join(absent)} rows"
    none = EqualAccuracy(at=at, at_given=at is not None, reason=reason)
    scaling = [p for x in sleeps[1:] for p in cells.same_budget(cells.of(x), cells.of(sleeps[0]))]
    scaled = differences(cells, drawn, scaling, confidence=confidence)
    counts = _counts(rows, cells, planned)
    return Report(
        experiment=_only(rows, "experiment"),
        dataset=_only(rows, "dataset"),
        model=_only(rows, "model"),
        confidence=confidence,
        draws=draws,
        seed=seed,
        counts=counts,
        curves=curves(cells, drawn, confidence=confidence, planned=counts.planned_questions),
        comparisons=comparisons,
        equal_accuracy=comparisons[0].equal_accuracy if comparisons else none,
        ratio_curve=comparisons[0].ratio_curve if comparisons else RatioCurve(),
        max_gain=largest_gain(cells, pairs, found, seed=seed),
        scaling_gain=largest_gain(cells, scaling, scaled, seed=seed),
        pass_at_k=pass_curves(rows, draws=draws, seed=seed, confidence=confidence),
        majority_at_k=majority_curves(rows, draws=draws, seed=seed, confidence=confidence),
        tokens=token_totals(rows),
        # An experiment of other arms only compares nothing, and lacks nothing.
        warnings=_warnings(counts, reason if len(absent) == 1 else "", draws),
    )


def _only(rows: pd.DataFrame, name: str) -> str:
    return str(rows[name].iloc[0]) if len(rows) else ""


def _counts(rows: pd.DataFrame, cells: Cells, planned: RunSize | None) -> RowCounts:
    asked, failed = int(cells.asked.sum()), int(cells.failed.sum())
    missing = max(planned.rows - asked, 0) if planned else int(cells.missing().sum())
    runs = [
        int(own)
        for own, line in zip(cells.samples, cells.lines, strict=True)
        if line.budget_kind not in NO_CURVE
    ]
    return RowCounts(
        asked=asked,
        answered=asked - failed,
        failed=failed,
        missing=missing,
        questions=len(cells.questions),
        contexts=int(rows["context_id"].nunique()),
        clusters=len(cells.clusters),
        samples=max(runs, default=0),
        planned_rows=planned.rows if planned else None,
        planned_questions=planned.questions if planned else None,
    )


def _warnings(counts: RowCounts, lacking: str, draws: int) -> tuple[str, ...]:
    found = []
    if not counts.asked:
        return ("there are no rows yet",)
    if lacking:
        found.append(f"{lacking}: nothing to compare")
    if not counts.answered:
        found.append("every row failed: see the column `error`")
    elif counts.failed:
        found.append(
            f"{counts.failed} of {counts.asked} rows failed and do not count; "
            "failures_low and failures_high bound what they could change"
        )
    if counts.missing:
        known = counts.planned_rows is not None
        which = f"of {counts.planned_rows} planned rows" if known else "rows of the full grid"
        found.append(f"{counts.missing} {which} are missing: is the run finished?")
    if counts.clusters == 1:
        found.append("one cluster only: no interval can be given")
    elif counts.clusters < FEW_CLUSTERS:
        found.append(f"only {counts.clusters} clusters: treat the intervals as exploratory")
    if 1 < counts.clusters == counts.questions:
        found.append(
            "every question is a cluster of its own: right only if no two share a template, "
            "context or problem"
        )
    if draws < DRAWS:
        found.append(f"only {draws} bootstrap draws: limits are rough, take {DRAWS} to publish")
    return tuple(found)
