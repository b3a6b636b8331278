"""All generated tokens at equal accuracy, those of the sleep phase too.

Test tokens alone flatter a sleep phase. Here its tokens count as much as those of answers, shared
by the questions about its context: by one, as if nobody asked again, and by as many as the run has.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import DRAWS, Interval
from sleeptime_lib.analysis.costs import paper_bill
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.payoff import Payoff
from sleeptime_lib.analysis.ratio import is_determined
from sleeptime_lib.analysis.report import Report


@dataclass(frozen=True, slots=True)
class WholeBill:
    """The smallest sleep setting against the baseline at equal accuracy.

    Attributes:
        payoff: Costs in generated tokens, and the ratio of the baseline's to them by number of
            questions that share a phase; limits hold for all these numbers at once.
        confidence: Of the limits.
    """

    payoff: Payoff
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The accuracy (0 to 1), and the ratio by number of questions, as JSON values."""
        value: dict[str, Any] = json_safe(
            {
                "at": self.payoff.basis.accuracy,
                "censored": self.payoff.censored,
                "ratios": [
                    {"questions": one.questions, **asdict(one.ratio)} for one in self.payoff.savings
                ],
            }
        )
        return value

    def sentences(self) -> tuple[str, ...]:
        """How many times fewer or more tokens, or that it is not determined."""
        told = "; ".join(
            f"Q = {one.questions:g}: {_told(one.ratio, self.payoff.censored)}"
            for one in self.payoff.savings
        )
        return (
            f"All generated tokens of {self.payoff.line.label} beside the baseline's "
            f"{self.payoff.basis.words}, those of the sleep phase shared by Q questions about its "
            f"context ({wording.percent(self.confidence)} intervals for all Q at once): {told}.",
        )


def _told(ratio: Interval, censored: float) -> str:
    if not is_determined(ratio.low, ratio.high, censored):
        return f"not determined {wording.fold_between(ratio.low, ratio.high)}"
    ends = (ratio.low, ratio.high) if ratio.estimate >= 1 else (1 / ratio.high, 1 / ratio.low)
    said = f"{wording.saving(ratio.estimate)} {wording.fold_between(*ends)}"
    open_ = ", which leaves open whether fewer or more" if ratio.low < 1 < ratio.high else ""
    return f"{said}{open_}"


def whole_bill(
    rows: pd.DataFrame, report: Report, *, draws: int = DRAWS, seed: int = 0
) -> WholeBill | None:
    """Compare all generated tokens at the accuracy of a report.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        report: Of these rows.
        draws: Bootstrap draws.
        seed: Of the bootstrap.

    Returns:
        The comparison; None where no accuracy is compared.
    """
    equal, counts = report.equal_accuracy, report.counts
    if equal.at is None or equal.reason:
        return None
    shared = (1.0, round(counts.questions / max(counts.contexts, 1), 1))
    found = draw_costs(rows, at=equal.at, draws=draws, seed=seed).amortisation(
        paper_bill(t=1.0), questions=tuple(dict.fromkeys(shared)), ladder=(), weights=()
    )
    return WholeBill(found.equal_accuracy[0], report.confidence)
