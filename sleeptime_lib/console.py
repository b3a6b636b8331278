"""What the command line prints for people: plans, progress, reports.

All of it goes to stderr, except what was asked for: a report, a dataset, the doctor's findings.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from sleeptime_lib.config import Options
from sleeptime_lib.estimate import Estimate
from sleeptime_lib.progress import Progress, duration
from sleeptime_lib.records import Row, Task, is_simulated

if TYPE_CHECKING:
    from sleeptime_lib.analysis.tokens import PhaseTokens, Tokens
    from sleeptime_lib.results import Run
    from sleeptime_lib.runs import Finished, Prepared

_OUT: Final = Console(highlight=False, soft_wrap=True)
_ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True)
_NOTICES_SHOWN: Final = 5
_TABLE_WIDTH: Final = 110


def describe_estimate(estimate: Estimate) -> str:
    """One line: calls, tokens, money and time of a whole run."""
    cost = "unknown cost" if estimate.cost_usd is None else f"${estimate.cost_usd:,.2f}"
    return (
        f"about {estimate.calls:,} calls ({estimate.sleep_calls:,} of them asleep), "
        f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens, "
        f"{cost}, {duration(estimate.seconds)} at 20 calls in flight"
    )


def describe_plan(prepared: Prepared) -> str:
    """What a run will take; of a replay, whose replies it shows."""
    about = prepared.recording
    if about is None:
        told = describe_estimate(prepared.estimate)
        if prepared.there:
            told += f"; {prepared.there:,} of the {prepared.estimate.rows:,} rows are there already"
        return told
    by = f" by {about.server}" if about.server else ""
    return (
        f"replays {about.model} ({about.quantisation or 'quantisation unknown'}), recorded on "
        f"{about.date}{by}: no call is sent, nothing is billed"
    )


def show_estimate(experiment: str, options: Options, estimated: Estimate, as_json: bool) -> None:
    """Print what a run would take."""
    if as_json:
        print(json.dumps({"model": options.model, **asdict(estimated)}))
        return
    _OUT.print(
        f"{experiment} on {options.dataset} with {options.model}, {estimated.rows:,} rows: "
        f"{describe_estimate(estimated)}",
        markup=False,
        soft_wrap=True,
    )


def show_plan(prepared: Prepared) -> None:
    """Say what is about to happen, and what it will take."""
    options, task = prepared.options, prepared.task
    simulated = " (simulated: results show how the workbench works, not how a model does)"
    _ERR.print(
        f"{prepared.experiment.name}: {len(task.questions):,} questions of {options.dataset}, "
        f"{prepared.estimate.rows:,} rows, model {options.model}"
        f"{simulated if is_simulated(prepared.endpoint.model) else ''}"
    )
    told = describe_plan(prepared)
    _ERR.print(told if prepared.recording else f"estimate: {told}", markup=False)
    _show_notices(task.notices)
    _ERR.print(f"run directory: {prepared.path}")


def _show_notices(notices: Sequence[str]) -> None:
    for notice in notices[:_NOTICES_SHOWN]:
        _ERR.print(f"note: {notice}", markup=False)
    if len(notices) > _NOTICES_SHOWN:
        _ERR.print(f"note: {len(notices) - _NOTICES_SHOWN} more notes stand in the manifest")


@contextmanager
def progress(prepared: Prepared) -> Iterator[Callable[[Row], None]]:
    """Show a bar on stderr while rows arrive; gives the function to call with each row."""
    counts = Progress(prepared.estimate.rows, prepared.price, prepared.there)
    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=_ERR, transient=True, disable=not _ERR.is_terminal) as bar:
        task = bar.add_task(counts.line(), total=counts.total, completed=counts.there)

        def on_row(row: Row) -> None:
            counts.add(row)
            bar.update(task, advance=1, description=counts.line())

        started = time.monotonic()
        yield on_row
    _ERR.print(f"took {time.monotonic() - started:.1f} s")


def describe_end(finished: Finished) -> str:
    """What a run did, in one line."""
    outcome, totals = finished.outcome, finished.totals
    there = f"; {outcome.found:,} were there from before" if outcome.found else ""
    failed = f", {outcome.failed:,} failed" if outcome.failed else ""
    return (
        f"all {outcome.planned:,} rows are there: {outcome.answered:,} answered now{failed}{there}"
        f"; {totals.sent:,} calls sent, {totals.billed.total:,} tokens billed"
    )


def show_end(finished: Finished) -> None:
    """Say what the run did."""
    outcome, totals = finished.outcome, finished.totals
    _ERR.print(describe_end(finished), markup=False)
    if totals.lost_in_flight:
        _ERR.print(
            f"{totals.lost_in_flight:,} calls were in flight when an earlier session was killed; "
            "they may have been billed and were made again"
        )
    _show_notices(totals.notices)
    if outcome.failed:
        _ERR.print("the same command tries the failed rows again")


def show_report(run: Run, at: float | None = None) -> None:
    """Print a run's tables and findings on stdout."""
    from sleeptime_lib.analysis import tables
    from sleeptime_lib.results import compare_estimate

    if run.simulated:
        _OUT.print("SIMULATED RESULTS: no real model answered")
    report = run.report(at=at)
    table = tables.report_table(report)
    _print_table(table.header, table.rows)
    said = list(table.sentences)
    said += [line for section in run.sections(report) for line in section.sentences]
    if run.experiment is None:
        said.append(
            f"Note: {run.experiment_name} is not an experiment of this library; add --experiment "
            "FILE.py for its own parts of the report."
        )
    for line in said:
        _OUT.print(line, markup=False)
    _OUT.print(_tokens(report.tokens))
    if run.manifest.get("recording"):
        _OUT.print(f"Nothing was paid for: {run.model} was replayed from a recording.")
    else:
        _OUT.print(_estimate_and_fact(compare_estimate(run.manifest)))


def _tokens(tokens: Tokens) -> str:
    def both(name: str, spent: PhaseTokens) -> str:
        sleep, test = spent.sleep, spent.test
        return (
            f"{name} asleep {sleep.prompt:,} + {sleep.completion:,}, "
            f"at test time {test.prompt:,} + {test.completion:,}"
        )

    said = (both("experiment", tokens.experiment), both("billed", tokens.billed))
    return f"Tokens, prompt + completion: {'; '.join(said)}."


def _estimate_and_fact(compared: Mapping[str, Mapping[str, float | None]]) -> str:
    parts = [
        f"{name.replace('_', ' ')} {pair['fact']:,.0f} (estimated {pair['estimated']:,.0f})"
        for name, pair in compared.items()
        if pair["fact"] is not None and pair["estimated"] is not None
    ]
    return f"Paid for: {', '.join(parts)}."


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    shown = Table(box=box.SIMPLE)
    for name in header:
        shown.add_column(name, no_wrap=True)
    for row in rows:
        shown.add_row(*row)
    # A table that is piped into a file must not be cut to the 80 columns of no terminal.
    Console(highlight=False, width=max(_OUT.width, _TABLE_WIDTH)).print(shown)


def show_task(task: Task, as_json: bool) -> None:
    """Print what a dataset holds: counts, notices and a few examples."""
    clusters = {context.cluster_id for context in task.contexts.values()}
    summary: dict[str, Any] = {
        "dataset": task.name,
        "questions": len(task.questions),
        "contexts": len(task.contexts),
        "clusters": len(clusters),
        "fingerprint": task.fingerprint(),
        "notices": list(task.notices),
    }
    if as_json:
        print(json.dumps(summary))
        return
    _OUT.print(
        f"{task.name}: {len(task.questions):,} questions about {len(task.contexts):,} contexts "
        f"in {len(clusters):,} clusters"
    )
    _show_notices(task.notices)
    for question in task.questions[:3]:
        _OUT.print(f"\n{task.contexts[question.context_id].text}", markup=False)
        _OUT.print(f"  {question.text} -> {question.gold}", markup=False)
