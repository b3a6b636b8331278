"""What an analysis finds, as plain values, and their form in JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.curves import Curve
from sleeptime_lib.analysis.difference import MARGIN_POINTS, Difference, Gain
from sleeptime_lib.analysis.passk import PassCurve
from sleeptime_lib.analysis.ratio import EqualAccuracy, RangeRatio
from sleeptime_lib.analysis.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the run: asked = answered + failed; `missing` were planned by the grid, not asked."""

    asked: int
    answered: int
    failed: int
    missing: int
    questions: int
    clusters: int
    samples: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sleep setting against the baseline.

    Attributes:
        line: The sleep setting.
        equal_accuracy: Tokens saved at one accuracy.
        range: Tokens saved on average over the common accuracies.
        differences: Accuracy at equal budgets, one per budget of both.
    """

    line: Line
    equal_accuracy: EqualAccuracy
    range: RangeRatio
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
        curves: Accuracy against tokens for every arm and sleep setting.
        comparisons: Every sleep setting against the baseline, the smallest first.
        equal_accuracy: Of the first comparison.
        range_ratio: Of the first comparison.
        max_gain: Largest gain of any sleep setting over the baseline at the same budget.
        scaling_gain: Largest gain of more sleep-time compute over the least, same budget.
        pass_at_k: Curves of repeated draws.
        tokens: Token totals.
        warnings: One line for everything that limits what the numbers mean.
    """

    experiment: str
    dataset: str
    model: str
    confidence: float
    draws: int
    seed: int
    counts: Counts
    curves: tuple[Curve, ...]
    comparisons: tuple[Comparison, ...]
    equal_accuracy: EqualAccuracy
    range_ratio: RangeRatio
    max_gain: Gain | None
    scaling_gain: Gain | None
    pass_at_k: tuple[PassCurve, ...]
    tokens: Tokens
    warnings: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether the simulated model answered; such results are marked everywhere."""
        return self.model.startswith("simulated")

    @property
    def margin_points(self) -> float:
        """Margin of the non-inferiority verdicts, in percentage points."""
        return MARGIN_POINTS

    @property
    def at(self) -> float | None:
        """Accuracy at which the arms' tokens are compared."""
        return self.equal_accuracy.at

    def of(self, arm: str) -> tuple[Curve, ...]:
        """Curves of one arm."""
        return tuple(c for c in self.curves if c.line.arm == arm)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values.

        Accuracies and shares are from 0 to 1, gains and differences in percentage points, tokens
        per question. A number that cannot be given (NaN) is null; an unbounded limit is the
        string "inf" (or "-inf").
        """
        curves = [_curve_json(c) for c in self.curves]
        value = {
            "experiment": self.experiment,
            "dataset": self.dataset,
            "model": self.model,
            "simulated": self.simulated,
            "confidence": self.confidence,
            "draws": self.draws,
            "seed": self.seed,
            "counts": self.counts,
            "failed_rows": self.counts.failed,
            "curves": curves,
            "equal_accuracy": self.equal_accuracy,
            "range_ratio": self.range_ratio.ratio,
            "range": self.range_ratio,
            "max_gain_points": self.max_gain.observed_points if self.max_gain else None,
            "max_gain": self.max_gain,
            "margin_points": self.margin_points,
            "scaling_gain": self.scaling_gain,
            "comparisons": self.comparisons,
            "sleep_scaling": [c for c in curves if c["arm"] == "sleep"],
            "context_only": [c for c in curves if c["arm"] == "context_only"],
            "pass_at_k": [
                {**asdict(c.line), "label": c.line.label, "budget": c.budget, "short": c.short,
                 "points": c.points}
                for c in self.pass_at_k
            ],
            "tokens": self.tokens,
            "warnings": self.warnings,
        }  # fmt: skip
        result: dict[str, Any] = json_safe(value)
        return result


def _curve_json(c: Curve) -> dict[str, Any]:
    return {**asdict(c.line), "label": c.line.label, "points": c.points, "frontier": c.frontier}


def json_safe(value: Any) -> Any:
    """Turn dataclasses, tuples and floats without a JSON form into JSON values.

    NaN becomes null, infinities the strings "inf" and "-inf".
    """
    if is_dataclass(value) and not isinstance(value, type):
        return json_safe(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
