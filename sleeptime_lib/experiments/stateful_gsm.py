"""E1, E3, E4 and E9: Stateful GSM-Symbolic (paper sections 5.1, 5.2 and figures 3, 5-7, 21, 22).

Each question is answered at five levels of verbosity, with an empty block of notes (baseline) and
with the notes of 1, 2, 5 and 10 parallel sleep phases; ten times at the lowest level for pass@k;
and with the question withheld (context-only).
"""

from __future__ import annotations

from sleeptime_lib.config import RunConfig
from sleeptime_lib.methods.answer import Setting
from sleeptime_lib.records import Arm


def settings(config: RunConfig) -> tuple[Setting, ...]:
    """Every point that the experiment measures for each question."""

    def at_each_level(arm: Arm, parallel: int = 0) -> list[Setting]:
        return [
            Setting(
                arm=arm,
                budget_kind="verbosity",
                budget=level,
                sleep_parallel=parallel,
                sleep_effort=config.sleep_effort if parallel else "",
                temperature=config.temperature,
            )
            for level in config.levels
        ]

    plan = at_each_level("baseline")
    for parallel in config.sleep_parallel:
        plan += at_each_level("sleep", parallel)
    if config.context_only:
        plan += at_each_level("context_only")
    if config.pass_samples:
        plan.append(
            Setting(
                arm="baseline",
                budget_kind="samples",
                budget=config.levels[0],
                samples=config.pass_samples,
                temperature=config.pass_temperature,
            )
        )
    return tuple(plan)
