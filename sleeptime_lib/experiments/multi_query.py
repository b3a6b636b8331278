"""E6: many questions about one context share its sleep phase (paper, figure 9).

The points are those of Stateful GSM, by default three levels of verbosity, an empty block of notes
(baseline) and the notes of one sleep phase, without pass@k and without the context-only arm. What
differs is the data: up to ten questions about each context. The cost of a sleep phase is shared
among them when the rows are analysed (`analysis.amortise`), so one run serves every number of
questions up to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sleeptime_lib.config import again
from sleeptime_lib.experiment import Section
from sleeptime_lib.experiments import stateful_gsm
from sleeptime_lib.experiments.stateful_gsm import Level, Parallel, StatefulGsmOptions

if TYPE_CHECKING:
    from sleeptime_lib.analysis.payoff import Amortisation
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run

BILLS: Final = {
    "paper": "Generated tokens only, those of answers ten times",
    "list": "All tokens at list prices",
    "batch": "All tokens at list prices, sleep phases at a batch endpoint",
}
"""Names of the bills that sharing a sleep phase is calculated by, and what they count."""


_GSM: Final = StatefulGsmOptions


class MultiQueryOptions(StatefulGsmOptions):
    """The options of Stateful GSM with defaults for many questions about one context."""

    dataset: str = again(_GSM, "dataset", "multi-p1")
    limit: int | None = again(
        _GSM, "limit", None, description="Number of contexts.", label="Contexts"
    )
    questions_per_context: int | None = again(_GSM, "questions_per_context", 10)
    levels: tuple[Level, ...] = again(_GSM, "levels", (0, 1, 3))
    sleep_parallel: tuple[Parallel, ...] = again(_GSM, "sleep_parallel", (1,))
    pass_samples: int = again(_GSM, "pass_samples", 0)
    context_only: bool = again(_GSM, "context_only", False)


def amortise(run: Run, *, at: float | None = None) -> dict[str, Amortisation]:
    """What sharing the sleep phases saves, under each of the bills in `BILLS`.

    Args:
        run: A run with several questions per context.
        at: Accuracy (0 to 1) at which the arms are compared; None takes the middle of the overlap.
    """
    from sleeptime_lib.analysis.amortise import draw_costs
    from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates

    drawn = draw_costs(run.rows, at=at)
    price, _ = run.price_or_reference

    def priced(discount: float) -> Bill:
        prices = price.prompt, price.cached, price.completion
        return Bill(usd_rates(*prices, sleep_discount=discount))

    bills = {
        "paper": paper_bill(),
        "list": priced(0.0),
        "batch": priced(1 - price.batch),
    }
    return {name: drawn.amortisation(bill) for name, bill in bills.items()}


def sections(run: Run, report: Report) -> Sequence[Section]:
    """Accuracy against tokens, and when sharing a sleep phase pays."""
    from sleeptime_lib import figures
    from sleeptime_lib.analysis import tables, wording

    equal = report.equal_accuracy
    found = amortise(run, at=equal.at if equal.at_given else None)
    whose = run.price_or_reference[1]
    said = {name: wording.break_even(one) for name, one in found.items()}
    told = [f"{BILLS[name]}: {line}" for name, line in said.items() if line]
    if told:
        told.append(f"The prices are those of {whose}.")
    pictures = {
        "amortised_paper": figures.amortised_pareto(found["paper"]),
        "amortised_list": figures.amortised_pareto(found["list"]),
        "break_even_list": figures.cost_by_questions(found["list"]),
        "break_even_batch": figures.cost_by_questions(found["batch"]),
        "sensitivity_paper": figures.sensitivity(found["paper"]),
        "sensitivity_list": figures.sensitivity(found["list"]),
    }
    values = {name: one.to_json() for name, one in found.items()} | {"prices_of": whose}
    return (
        *stateful_gsm.sections(run, report),
        Section(
            "amortisation",
            values,
            tuple(told),
            pictures,
            {"break-even": tables.amortisation_table(found)},
        ),
    )


MULTI_QUERY: Final = replace(
    stateful_gsm.STATEFUL_GSM,
    name="multi-query",
    title="Many questions about one context",
    options=MultiQueryOptions,
    sections=sections,
)
