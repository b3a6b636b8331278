"""E2, E3, E5 and E9: Stateful AIME (paper sections 5.1, 5.2 and figures 4-6, 8, 23-26).

Each contest problem is answered under several budgets: reasoning effort, thinking tokens, or a
forced length, which any model that reasons in text can be held to (`methods.reasoning`). The sleep
phase has budgets of its own: efforts, thinking tokens, and parallel phases. The paper averages
three runs; two years are 60 problems, of which the report tells how much they can show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sleeptime_lib.config import again, option
from sleeptime_lib.experiment import Answered, Grade, Section, Setting
from sleeptime_lib.experiments import stateful_gsm
from sleeptime_lib.experiments.stateful_gsm import Parallel, StatefulGsmOptions
from sleeptime_lib.methods import RETHINK_PROBLEM, reasoning
from sleeptime_lib.methods.controls import LINE
from sleeptime_lib.methods.reasoning import BOXED, BudgetKind
from sleeptime_lib.records import Question
from sleeptime_lib.tasks import boxed
from sleeptime_lib.tasks.aime import year_of

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run

PROBLEMS: Final = 60
"""Of AIME 2024 and 2025 together, which the paper asks."""
NARROW: Final = 5.0
"""Percentage points on each side that an interval should have at most to tell arms apart."""

_GSM: Final = StatefulGsmOptions


class StatefulAimeOptions(StatefulGsmOptions):
    """The options of Stateful GSM with defaults for contest problems, and two of its own."""

    dataset: str = again(_GSM, "dataset", "procedural-aime")
    sleep_method: str = again(_GSM, "sleep_method", RETHINK_PROBLEM.name)
    budget_kind: BudgetKind = again(_GSM, "budget_kind", "effort")
    sleep_parallel: tuple[Parallel, ...] = again(_GSM, "sleep_parallel", (1,))
    sleep_efforts: tuple[str, ...] = option(
        (), "Reasoning efforts asleep, each an arm of its own; default: --sleep-effort.",
        replay="part", slider="range", label="Sleep efforts",
    )  # fmt: skip
    runs: int = option(
        1, "Answers to each question, averaged; above 1 with a temperature.", replay="part",
        ge=1, le=100,
    )  # fmt: skip

    @property
    def idle(self) -> frozenset[str]:
        """Of several efforts asleep, too, where none are given."""
        return super().idle | (frozenset() if self.sleep_efforts else {"sleep_efforts"})


def settings(options: StatefulAimeOptions) -> tuple[Setting, ...]:
    """Every point that the experiment measures for each question."""
    plan = [
        setting
        for effort in options.sleep_efforts or (options.sleep_effort,)
        for setting in stateful_gsm.settings(options.model_copy(update={"sleep_effort": effort}))
    ]
    drawn = (s if s.budget_kind == "samples" else replace(s, samples=options.runs) for s in plan)
    return tuple(dict.fromkeys(drawn))


def grade(answered: Answered, question: Question) -> Grade:
    """Read the boxed number: right (1.0), or wrong or missing (0.0)."""
    prediction = boxed.extract_answer(answered.text)
    return Grade(prediction, float(boxed.is_correct(prediction, question.gold)))


def years(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each year, where there are several."""
    found = rows["context_id"].map(year_of)
    names = sorted(set(found) - {""})
    return {name: rows[found == name] for name in names} if len(names) > 1 else {}


def reach(rows: pd.DataFrame, budget: int) -> Iterator[str]:
    """How much the two years could show, from how far single problems of a run differ."""
    from sleeptime_lib.analysis import planning

    alone = rows.assign(cluster_id=rows["question_id"])
    spread = planning.pilot_spread(alone, budget).points
    if not spread:
        yield (
            "How many problems it would take is not determined: at the lowest budget of this run, "
            "the arms do not differ on any problem."
        )
        return
    width = planning.half_width(spread, PROBLEMS)
    needed = next(n for n in range(2, 1_000_000) if planning.half_width(spread, n) <= NARROW)
    yield (
        f"Judged from this run, {PROBLEMS} problems give the difference between the arms within "
        f"±{width:.0f} points (95% interval) at its lowest budget; within ±{NARROW:g} points it "
        f"would take {needed:,} problems."
    )


def sections(run: Run, report: Report) -> Sequence[Section]:
    """Accuracy against tokens, by year, and how much so many problems can show."""
    from sleeptime_lib.analysis.report import analyse
    from sleeptime_lib.analysis.tables import report_table
    from sleeptime_lib.figures import pareto

    by_budget = run.rows[run.rows["budget_kind"] != LINE]
    by_year = {year: analyse(rows, draws=report.draws) for year, rows in years(by_budget).items()}
    told = reach(run.rows, run.options.points[0]) if report.comparisons else ()
    return (
        *stateful_gsm.sections(run, report),
        Section("problems", sentences=tuple(told)),
        *(
            Section(
                f"year_{year}",
                one.to_json(),
                pictures={f"pareto_{year}": pareto(one)},
                tables={year: report_table(one)},
            )
            for year, one in by_year.items()
        ),
    )


STATEFUL_AIME: Final = replace(
    stateful_gsm.STATEFUL_GSM,
    name="stateful-aime",
    title="Contest problems, with budgets of reasoning awake and asleep",
    options=StatefulAimeOptions,
    settings=settings,
    answer=partial(reasoning.answer, style=BOXED),
    grade=grade,
    expect=partial(reasoning.expect, style=BOXED),
    sleep=RETHINK_PROBLEM,
    more_prompts=partial(stateful_gsm.more_prompts, style=BOXED),
    sections=sections,
)
