"""The whole analysis of a run: rows in, one report out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from sleeptime_lib.analysis.cells import SAMPLES, Cells, Draws, Line, reduce_rows, resample
from sleeptime_lib.analysis.curves import curve
from sleeptime_lib.analysis.difference import Difference, difference, largest_gain
from sleeptime_lib.analysis.passk import pass_curves
from sleeptime_lib.analysis.ratio import EqualAccuracy, RangeRatio, equal_accuracy, range_ratio
from sleeptime_lib.analysis.results import Comparison, Counts, Report
from sleeptime_lib.analysis.tokens import token_totals
from sleeptime_lib.errors import InputError

__all__ = ["FEW_CLUSTERS", "Analysis", "Report", "analyse", "prepare"]

FEW_CLUSTERS = 20
"""Below this many clusters a percentile interval is too narrow to be more than a hint."""


def analyse(
    rows: pd.DataFrame,
    *,
    at: float | None = None,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Report:
    """Analyse the rows of one run.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`; a run that is still going will do.
        at: Accuracy (0 to 1) at which the arms' tokens are compared. None takes the middle of
            the range that both arms reach.
        draws: Bootstrap draws; 2,000 or more for numbers that are published.
        seed: Of the bootstrap: same rows and seed, same report.
        confidence: Of every interval.

    Returns:
        The report. What cannot be computed is None or NaN with the reason beside it.

    Raises:
        InputError: The rows lack a column, are repeated or are of several runs, or an option is
            out of range.
    """
    return prepare(rows, at=at, draws=draws, seed=seed, confidence=confidence).report


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report with the draws behind it, for questions that follow, such as from a slider.

    Attributes:
        report: The report.
        cells: Sums of the rows.
        drawn: Bootstrap draws of the cells.
    """

    report: Report
    cells: Cells
    drawn: Draws

    def at(self, accuracy: float | None) -> Report:
        """The report with the arms' tokens compared at another accuracy, without new draws.

        Raises:
            InputError: The accuracy is not between 0 and 1.
        """
        _check_accuracy(accuracy)
        report = self.report
        base = _baseline(self.cells)
        moved = tuple(
            replace(
                c,
                equal_accuracy=equal_accuracy(
                    self.cells,
                    self.drawn,
                    base,
                    self.cells.of(c.line),
                    at=accuracy,
                    confidence=report.confidence,
                ),
            )
            for c in report.comparisons
        )
        first = moved[0].equal_accuracy if moved else replace(report.equal_accuracy, at=accuracy)
        return replace(report, comparisons=moved, equal_accuracy=first)

    def difference(self, treatment: tuple[Line, int], control: tuple[Line, int]) -> Difference:
        """Compare any two settings, each a line and a budget.

        Such as the sleep arm at budget 1 with the baseline at budget 3: fewer tokens, and no
        worse?

        Raises:
            InputError: The run has no such setting.
        """
        indexes = []
        for line, budget in (treatment, control):
            found = [i for i in self.cells.of(line) if self.cells.budgets[i] == budget]
            if not found:
                names = sorted({f"{x.label} at budget {b}" for x, b in self._settings()})
                raise InputError(
                    f"no rows of {line.label} at budget {budget}; there are {', '.join(names)}"
                )
            indexes += found
        return difference(self.cells, self.drawn, *indexes, confidence=self.report.confidence)

    def _settings(self) -> list[tuple[Line, int]]:
        return list(zip(self.cells.lines, self.cells.budgets, strict=True))


def prepare(
    rows: pd.DataFrame,
    *,
    at: float | None = None,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Analysis:
    """Analyse rows and keep the draws; takes and raises what `analyse` does."""
    _check_accuracy(at)
    if not 0 < confidence < 1:
        raise InputError(f"confidence {confidence} is not between 0 and 1, such as 0.95")
    if draws < 1:
        raise InputError(f"{draws} bootstrap draws; give at least 1, and 2000 for publication")
    cells = reduce_rows(rows)
    drawn = resample(cells, draws, seed)
    base, sleeps = _baseline(cells), cells.curves("sleep")
    comparisons = (
        tuple(_compare(cells, drawn, line, base, at, confidence) for line in sleeps) if base else ()
    )
    lacking = " and ".join(
        name for name, there in (("baseline", base), ("sleep", sleeps)) if not there
    )
    none = EqualAccuracy(at=at, reason=f"there are no {lacking} rows")
    gains = [p for line in sleeps for p in _same_budget(cells, cells.of(line), base)]
    least = cells.of(sleeps[0]) if sleeps else []
    scaling = [p for line in sleeps[1:] for p in _same_budget(cells, cells.of(line), least)]
    counts = _counts(cells)
    report = Report(
        experiment=_only(rows, "experiment"),
        dataset=_only(rows, "dataset"),
        model=_only(rows, "model"),
        confidence=confidence,
        draws=draws,
        seed=seed,
        counts=counts,
        curves=tuple(curve(cells, drawn, line, confidence=confidence) for line in cells.curves()),
        comparisons=comparisons,
        equal_accuracy=comparisons[0].equal_accuracy if comparisons else none,
        range_ratio=comparisons[0].range if comparisons else RangeRatio(ratio=None),
        max_gain=largest_gain(cells, drawn, gains, confidence=confidence, seed=seed),
        scaling_gain=largest_gain(cells, drawn, scaling, confidence=confidence, seed=seed),
        pass_at_k=pass_curves(rows, draws=draws, seed=seed, confidence=confidence),
        tokens=token_totals(rows),
        warnings=_warnings(counts, lacking, draws),
    )
    return Analysis(report=report, cells=cells, drawn=drawn)


def _check_accuracy(at: float | None) -> None:
    if at is not None and not 0 <= at <= 1:
        raise InputError(f"accuracy {at} is not between 0 and 1")


def _baseline(cells: Cells) -> list[int]:
    """Cells of the baseline's curve; none without a baseline."""
    line = next(iter(cells.curves("baseline")), None)
    return cells.of(line) if line else []


def _compare(
    cells: Cells, drawn: Draws, line: Line, base: list[int], at: float | None, confidence: float
) -> Comparison:
    own = cells.of(line)
    return Comparison(
        line=line,
        equal_accuracy=equal_accuracy(cells, drawn, base, own, at=at, confidence=confidence),
        range=range_ratio(cells, drawn, base, own, confidence=confidence),
        differences=tuple(
            difference(cells, drawn, treated, control, confidence=confidence)
            for treated, control in _same_budget(cells, own, base)
        ),
    )


def _same_budget(cells: Cells, treated: list[int], control: list[int]) -> list[tuple[int, int]]:
    by_budget = {cells.budgets[i]: i for i in control}
    return [(i, by_budget[cells.budgets[i]]) for i in treated if cells.budgets[i] in by_budget]


def _only(rows: pd.DataFrame, name: str) -> str:
    return str(rows[name].iloc[0]) if len(rows) else ""


def _counts(cells: Cells) -> Counts:
    asked, failed = int(cells.asked.sum()), int(cells.failed.sum())
    return Counts(
        asked=asked,
        answered=asked - failed,
        failed=failed,
        missing=int(cells.missing.sum()),
        questions=len(cells.questions),
        clusters=len(cells.clusters),
        samples=max(
            (int(s) for s, x in zip(cells.samples, cells.lines, strict=True)
             if x.budget_kind != SAMPLES),
            default=0,
        ),
    )  # fmt: skip


def _warnings(counts: Counts, lacking: str, draws: int) -> tuple[str, ...]:
    found = []
    if not counts.asked:
        return ("there are no rows yet",)
    if lacking:
        found.append(f"there are no {lacking} rows: nothing to compare")
    if not counts.answered:
        found.append("every row failed: see the column `error`")
    elif counts.failed:
        found.append(
            f"{counts.failed} of {counts.asked} rows failed and do not count; "
            "failures_low and failures_high bound what they could change"
        )
    if counts.missing:
        found.append(f"{counts.missing} rows of the full grid are missing: is the run finished?")
    if counts.clusters == 1:
        found.append("one cluster only: no interval can be given")
    elif counts.clusters < FEW_CLUSTERS:
        found.append(f"only {counts.clusters} clusters: treat the intervals as exploratory")
    if 1 < counts.clusters == counts.questions:
        found.append(
            "every question is a cluster of its own: right only if no two share a template, "
            "context or problem"
        )
    if draws < 2000:
        found.append(f"only {draws} bootstrap draws: limits are rough, take 2000 to publish")
    return tuple(found)
