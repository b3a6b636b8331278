"""E6: many questions about one context share its sleep phase (paper, figure 9).

The points are those of Stateful GSM, by default three levels of verbosity, an empty block of notes
(baseline) and the notes of one sleep phase, without pass@k and without the context-only arm. What
differs is the data: up to ten questions about each context. The cost of a sleep phase is shared
among them when the rows are analysed (`analysis.amortise`), so one run serves every number of
questions up to that.
"""

from __future__ import annotations

from sleeptime_lib.experiments.stateful_gsm import settings

__all__ = ["settings"]
