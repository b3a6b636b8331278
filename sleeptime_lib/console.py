"""What the command line prints for people: plans, progress, reports.

All of it goes to stderr, except what was asked for: a report, a dataset, the doctor's findings.
Names of models and files, texts of datasets and messages of servers are other people's: `say` is
the only way by which text reaches the terminal.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from sleeptime_lib.config import Options
from sleeptime_lib.errors import InputError
from sleeptime_lib.estimate import Estimate
from sleeptime_lib.progress import Progress, duration
from sleeptime_lib.records import Row, Task, is_simulated
from sleeptime_lib.texts import brief, plain

if TYPE_CHECKING:
    from sleeptime_lib.analysis.advice import Plan
    from sleeptime_lib.analysis.tables import Table
    from sleeptime_lib.analysis.tokens import PhaseTokens, Tokens
    from sleeptime_lib.comparison import Compared
    from sleeptime_lib.results import Run
    from sleeptime_lib.runs import Finished, Prepared
    from sleeptime_lib.tasks.swe.mining import Mined

_NOTICES_SHOWN: Final = 5
_GAP: Final = "  "
_EXAMPLE: Final = 5_000
"""Characters of an example."""
_NAME: Final = 60
"""Characters of a context's name."""


def confirm() -> None:
    """Ask whether calls that may cost money shall be made.

    Raises:
        InputError: Nobody can be asked, or the answer is no.
    """
    if not sys.stdin.isatty():
        raise InputError(
            "this run may cost real money: add --yes to start it, or --max-cost-usd to cap it"
        )
    if not typer.confirm("Start?", err=True):
        raise InputError("not started")


def say(text: object, *, asked: bool = False) -> None:
    """Print a text as it is, without escape codes; on a terminal no word is cut at its edge.

    Args:
        text: Any text, other people's too.
        asked: Whether it was asked for and goes to stdout, not to stderr.
    """
    stream = sys.stdout if asked else sys.stderr
    lines = plain(str(text)).split("\n")
    if stream.isatty():
        width = shutil.get_terminal_size().columns
        wrap = partial(textwrap.fill, width=width, break_long_words=False, break_on_hyphens=False)
        lines = [wrap(line) for line in lines]
    print("\n".join(lines), file=stream)


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
    say(
        f"{experiment} on {options.dataset} with {options.model}, {estimated.rows:,} rows: "
        f"{describe_estimate(estimated)}",
        asked=True,
    )


def show_plan(prepared: Prepared) -> None:
    """Say what is about to happen, and what it will take."""
    options, task = prepared.options, prepared.task
    simulated = " (simulated: results show how the workbench works, not how a model does)"
    say(
        f"{prepared.experiment.name}: {len(task.questions):,} questions of {options.dataset}, "
        f"{prepared.estimate.rows:,} rows, model {options.model}"
        f"{simulated if is_simulated(prepared.endpoint.model) else ''}"
    )
    told = describe_plan(prepared)
    say(told if prepared.recording else f"estimate: {told}")
    _show_notices(task.notices)
    say(f"run directory: {prepared.path}")


def _show_notices(notices: Sequence[str]) -> None:
    for notice in notices[:_NOTICES_SHOWN]:
        say(f"note: {notice}")
    if len(notices) > _NOTICES_SHOWN:
        say(f"note: {len(notices) - _NOTICES_SHOWN} more notes stand in the manifest")


@contextmanager
def progress(prepared: Prepared) -> Iterator[Callable[[Row], None]]:
    """Show a bar on stderr while rows arrive; gives the function to call with each row."""
    counts = Progress(prepared.estimate.rows, prepared.price, prepared.there)
    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(counts.line(), total=counts.total, completed=counts.there)

        def on_row(row: Row) -> None:
            counts.add(row)
            bar.update(task, advance=1, description=counts.line())

        started = time.monotonic()
        yield on_row
    say(f"took {time.monotonic() - started:.1f} s")


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
    say(describe_end(finished))
    if totals.lost_in_flight:
        say(
            f"{totals.lost_in_flight:,} calls were in flight when an earlier session was killed; "
            "they may have been billed and were made again"
        )
    _show_notices(totals.notices)
    if outcome.failed:
        say("the same command tries the failed rows again")


def show_report(run: Run, at: float | None = None) -> None:
    """Print a run's tables and findings on stdout."""
    from sleeptime_lib.analysis import tables
    from sleeptime_lib.results import compare_estimate

    if run.simulated:
        say("SIMULATED RESULTS: no real model answered", asked=True)
    report = run.report(at=at)
    table = tables.report_table(report)
    _print_table(table)
    said = list(table.sentences)
    said += [line for section in run.sections(report) for line in section.sentences]
    if run.experiment is None:
        said.append(
            f"Note: {run.experiment_name} is not an experiment of this library; add --experiment "
            "FILE.py for its own parts of the report."
        )
    for line in said:
        say(line, asked=True)
    say(_tokens(report.tokens), asked=True)
    if run.manifest.get("recording"):
        say(f"Nothing was paid for: {run.model} was replayed from a recording.", asked=True)
    else:
        say(_estimate_and_fact(compare_estimate(run.manifest)), asked=True)


def show_comparison(found: Compared, as_json: bool) -> None:
    """Print how two runs differ."""
    if as_json:
        print(json.dumps(found.to_json(), allow_nan=False))
        return
    if found.found.simulated:
        say("SIMULATED RESULTS: no real model answered", asked=True)
    for line in found.told:
        say(line, asked=True)
    for table in found.tables.values():
        _print_table(table)
        for line in table.sentences:
            say(line, asked=True)


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


def _print_table(content: Table) -> None:
    """A table of which each arm is a heading: so it fits 80 columns, intervals and all."""
    columns = list(zip(content.header, *content.rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for i, cell in enumerate(cells[1:], start=1):
            space = " " * (widths[i] - cell_len(cell))
            padded.append(cell + space if i in content.text_columns else space + cell)
        return (_GAP + _GAP.join(padded)).rstrip()

    say(line(content.header), asked=True)
    last = ""
    for row in content.rows:
        if row[0] != last:
            last = row[0]
            say(last, asked=True)
        say(line(row), asked=True)
    say("", asked=True)


def show_advice(plan: Plan, notices: Sequence[str], as_json: bool) -> None:
    """Print which contexts to sleep on."""
    from sleeptime_lib.analysis.ahead_wording import amount
    from sleeptime_lib.analysis.ahead_wording import plan as in_words

    if as_json:
        print(json.dumps(plan.to_json(), allow_nan=False))
        return
    _show_notices(notices)
    for one in plan.advice:
        context, setting = one.context, one.setting if one.phases else "-"
        name = brief(" ".join(context.name.split()), _NAME)
        what = f"{one.points:+.1f} points, {amount(one.saving, plan.unit)} saved a question"
        say(
            f"{setting:8}  {name}: "
            f"{plan.score} {context.score:g}, questions {context.questions:g}"
            f"{f'; {what}' if one.phases else ''}",
            asked=True,
        )
    for line in in_words(plan):
        say(line, asked=True)


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
    say(
        f"{task.name}: {len(task.questions):,} questions about {len(task.contexts):,} contexts "
        f"in {len(clusters):,} clusters",
        asked=True,
    )
    _show_notices(task.notices)
    for question in task.questions[:3]:
        context, asked = task.contexts[question.context_id].text, question.text
        say(f"\n{brief(context, _EXAMPLE)}", asked=True)
        say(f"  {brief(asked, _EXAMPLE)} -> {question.gold}", asked=True)


def show_mined(mined: Mined, as_json: bool) -> None:
    """Print what a history gave: tasks, groups, and what was dropped and why."""
    sizes = Counter(change.group for change in mined.changes if change.group)
    if as_json:
        summary: dict[str, Any] = {
            "dataset": "swe-features",
            "tasks": len(mined.changes),
            "groups": len(sizes),
            "commits": mined.commits,
            "candidates": mined.candidates,
            "dropped": [asdict(dropped) for dropped in mined.dropped],
            "notices": list(mined.notices),
        }
        print(json.dumps(summary))
        return
    say(
        f"{len(mined.changes):,} tasks of {mined.candidates:,} changes in {mined.commits:,} "
        f"commits; {sum(sizes.values()):,} of them in {len(sizes):,} groups",
        asked=True,
    )
    _show_notices(mined.notices)
    for dropped in mined.dropped:
        say(f"{dropped.count:>7,} dropped: {dropped.reason}", asked=True)
        for example in dropped.examples:
            say(f"{'':9}such as {example}", asked=True)
    for change in mined.changes[-3:]:
        files = ", ".join(change.paths("modified"))
        say(f"\n{change.number} {brief(change.title, 80)}", asked=True)
        say(f"  {brief(files, 300)}", asked=True)
