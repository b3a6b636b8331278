"""How far a run is, as rows come in: the same line on the terminal and in a notebook."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Row, Usage


@dataclass(slots=True)
class Progress:
    """Counts of the rows of a run while it goes.

    Attributes:
        total: Rows in the plan.
        price: Of the model; None when it is unknown.
        there: Rows that were there before.
        done: Rows that have come in.
        failed: Those of them that failed.
        spent: Tokens newly paid for them.
    """

    total: int
    price: Price | None = None
    there: int = 0
    done: int = 0
    failed: int = 0
    spent: Usage = field(default_factory=Usage)
    _began: float = field(default_factory=time.monotonic)

    def add(self, row: Row) -> None:
        """Count a row."""
        self.done += 1
        self.failed += bool(row.error)
        self.spent += Usage(
            row.billed_test_prompt_tokens + row.billed_sleep_prompt_tokens,
            row.billed_test_cached_tokens + row.billed_sleep_cached_tokens,
            row.billed_test_completion_tokens + row.billed_sleep_completion_tokens,
        )

    def line(self) -> str:
        """Rows, rate, time left, failures and cost so far."""
        seconds = time.monotonic() - self._began
        parts = [f"{self.there + self.done:,} of {self.total:,} rows"]
        if self.done and seconds > 1:
            rate = self.done / seconds
            left = (self.total - self.there - self.done) / rate
            parts.append(f"{rate:,.0f} rows/s" if rate >= 1 else f"{60 * rate:,.1f} rows/min")
            parts.append(f"{duration(left)} left")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.price and self.price.completion:
            parts.append(f"${self.price.cost(self.spent):,.2f} so far")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """A length of time in words, rounded."""
    if seconds < 60:
        return "under a minute"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
