"""The command line: a thin door to the functions that the notebooks use.

Exit status: 0 done, 1 finished with failed rows, 2 bad input, 3 cap reached, 130 interrupted.
With --json, stdout holds one JSON object and nothing else; everything for people goes to stderr.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import sleeptime_lib
from sleeptime_lib.config import (
    EXPERIMENTS,
    Execution,
    RunConfig,
    make_config,
    make_execution,
    read_config_file,
)
from sleeptime_lib.errors import InputError, Interrupted, SleeptimeError
from sleeptime_lib.models.endpoint import SIMULATED
from sleeptime_lib.models.recording import PREFIX

if TYPE_CHECKING:
    from sleeptime_lib.runs import Finished, Prepared

app: Final = typer.Typer(
    help="When is it worth thinking about a context before anyone asks about it?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # A traceback with local variables could show a key.
    pretty_exceptions_enable=False,
)

CONFIRM_USD: Final = 1.0
"""Above this estimated cost, or with an unknown price, a run asks before it starts."""

EXIT_FAILED_ROWS: Final = 1

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def main() -> None:
    """Run the command line; errors become one line and an exit status."""
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        status = _complain("interrupted", Interrupted.exit_status)
    except typer.TyperException as error:
        # A faulty option tells its name only in the formatted message.
        tell = getattr(error, "format_message", error.__str__)
        status = _complain(tell(), 2)
    except SleeptimeError as error:
        status = _complain(str(error), error.exit_status)
    sys.exit(status or 0)


def _complain(message: str, status: int) -> int:
    print(f"sleeptime: {' '.join(message.split())}", file=sys.stderr)
    return status


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Tell the version.")] = False,
) -> None:
    if version:
        print(f"sleeptime {sleeptime_lib.__version__}")
        raise typer.Exit


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help=f"One of: {', '.join(EXPERIMENTS)}.")],
    model: Annotated[
        str | None, typer.Option(help="simulated, recorded:NAME, or a name at --base-url.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible server; default $OPENAI_BASE_URL.")
    ] = None,
    api_key_env: Annotated[str | None, typer.Option(help="Variable that holds the key.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Name or path; see `sleeptime data`.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Number of questions; of contexts with --questions-per-context."),
    ] = None,
    questions_per_context: Annotated[
        int | None, typer.Option(help="Most questions about each context.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of data and sampling.")] = None,
    splitter: Annotated[str | None, typer.Option(help="clean or paper.")] = None,
    skip_bad: Annotated[
        bool | None, typer.Option("--skip-bad", help="Leave out bad rows of a file.")
    ] = None,
    levels: Annotated[str | None, typer.Option(help="Verbosity levels, such as 0,1,3.")] = None,
    sleep_parallel: Annotated[
        str | None, typer.Option(help="Parallel sleep phases, such as 1,2,5,10.")
    ] = None,
    sleep_effort: Annotated[str | None, typer.Option(help="Reasoning effort asleep.")] = None,
    sleep_protocol: Annotated[str | None, typer.Option(help="auto, tools or text.")] = None,
    sleep_temperature: Annotated[float | None, typer.Option()] = None,
    sleep_max_tokens: Annotated[int | None, typer.Option()] = None,
    temperature: Annotated[float | None, typer.Option(help="Of the answers.")] = None,
    answer_max_tokens: Annotated[int | None, typer.Option()] = None,
    pass_samples: Annotated[int | None, typer.Option(help="Draws for pass@k; 0: none.")] = None,
    pass_temperature: Annotated[float | None, typer.Option()] = None,
    context_only: Annotated[
        bool | None, typer.Option(help="Also withhold the question (an ablation).")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls in flight.")] = None,
    requests_per_minute: Annotated[float | None, typer.Option()] = None,
    tokens_per_minute: Annotated[float | None, typer.Option()] = None,
    timeout_s: Annotated[float | None, typer.Option(help="Deadline of a call.")] = None,
    max_cost_usd: Annotated[float | None, typer.Option(help="Cap on money.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Cap on tokens.")] = None,
    prices: Annotated[Path | None, typer.Option(help="JSON file of your own prices.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of options.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory.")] = None,
    record: Annotated[
        str | None, typer.Option(help="Make recordings/NAME of it, for --model recorded:NAME.")
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(help="With --record: licence=, quantisation= or server=, if not told."),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take; needs no key.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a dear run.")] = False,
    as_json: Json = False,
) -> int:
    """Run an experiment, or resume it: only the calls that are missing are made."""
    given = {name: value for name, value in locals().items() if value is not None}
    options = read_config_file(config) if config else {}
    names = {*RunConfig.model_fields, *Execution.model_fields}
    options |= {name: value for name, value in given.items() if name in names}
    for name in ("levels", "sleep_parallel"):
        if isinstance(options.get(name), str):
            options[name] = _numbers(name, options[name])
    asked = str(options.get("model", SIMULATED))
    if asked != SIMULATED and not asked.startswith(PREFIX) and "base_url" not in options:
        # Part of the configuration, so that another server is not taken for the same run.
        options["base_url"] = os.environ.get("OPENAI_BASE_URL") or None
    chosen = {n: v for n, v in options.items() if n in RunConfig.model_fields}
    how = {n: v for n, v in options.items() if n in Execution.model_fields}
    from sleeptime_lib import console, recordings, runs

    settled, execution = make_config(**chosen), make_execution(**how)
    if estimate and settled.model.startswith(PREFIX):
        raise InputError(f"{settled.model} costs nothing: leave out --estimate")
    if estimate:
        console.show_estimate(settled, runs.estimate_run(settled, execution), as_json)
        return 0
    prepared = runs.prepare(settled, execution, out)
    recorder = recordings.recorder(prepared, record, about or ()) if record or about else None
    console.show_plan(prepared)
    if not yes and _is_dear(prepared):
        _confirm()
    finished = _carry_out(prepared)
    if recorder is not None:
        print(f"recorded {recorder(finished.path)}", file=sys.stderr)
    if as_json:
        _print_json(finished.path, None)
    else:
        console.show_report(finished.path)
    return EXIT_FAILED_ROWS if finished.outcome.failed else 0


def _carry_out(prepared: Prepared) -> Finished:
    from sleeptime_lib import console, runs

    try:
        with console.progress(prepared) as on_row:
            finished = asyncio.run(runs.carry_out(prepared, on_row))
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; everything finished is kept, the same command goes on from there"
        ) from None
    console.show_end(prepared, finished)
    return finished


def _numbers(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(
            f"--{name.replace('_', '-')} {text!r}: expected whole numbers with commas, such as 0,1"
        ) from None


def _is_dear(prepared: Prepared) -> bool:
    if prepared.endpoint.is_local or prepared.execution.max_cost_usd is not None:
        return False
    cost = prepared.estimate.cost_usd
    return cost is None or cost > CONFIRM_USD


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise InputError(
            "this run may cost real money: add --yes to start it, or --max-cost-usd to cap it"
        )
    if not typer.confirm("Start?", err=True):
        raise InputError("not started")


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A run directory.")],
    at: Annotated[float | None, typer.Option(help="Accuracy at which to compare tokens.")] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Also remake all figures of the run in this folder.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Also write CSV, Markdown and LaTeX tables here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what a run found."""
    from sleeptime_lib import console, reporting

    if figures:
        for path in reporting.write_figures(directory, figures, at=at):
            print(path, file=sys.stderr)
    if tables:
        for path in reporting.write_tables(directory, tables, at=at):
            print(path, file=sys.stderr)
    if as_json:
        _print_json(directory, at)
    else:
        console.show_report(directory, at)


def _print_json(directory: Path, at: float | None) -> None:
    from sleeptime_lib import reporting

    print(json.dumps(reporting.report_json(directory, at=at), allow_nan=False))


@app.command()
def notebooks(
    only: Annotated[
        list[str] | None, typer.Argument(help="Names, such as 01; default all.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=VALUE, checked.")
    ] = None,
    source: Annotated[Path, typer.Option(help="Where the notebooks are.")] = Path("notebooks"),
    out: Annotated[Path, typer.Option(help="Executed copies.")] = Path("runs/notebooks"),
    save: Annotated[bool, typer.Option("--save", help="Replace the notebooks too.")] = False,
) -> None:
    """Execute the notebooks headlessly; figures go to figures/."""
    from sleeptime_lib.notebooks import execute

    for path in execute(source, out, only or (), parameter or (), save=save):
        print(path)


@app.command()
def serve(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 8080,
    latency_s: Annotated[float, typer.Option(help="Seconds that a call takes at least.")] = 0.0,
    requests_per_minute: Annotated[int, typer.Option(help="Beyond: 429. 0: no limit.")] = 0,
    fault_rate: Annotated[float, typer.Option(help="Share of calls that fail, for tests.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the faults.")] = 0,
    prefix_cache: Annotated[
        bool, typer.Option("--prefix-cache", help="Tell which prompt tokens were seen before.")
    ] = False,
    gguf: Annotated[
        Path | None, typer.Option(help="A GGUF file to serve on the CPU (extra `gguf`).")
    ] = None,
    name: Annotated[str, typer.Option(help="With --gguf: the model's name; default: file.")] = "",
    slots: Annotated[int, typer.Option(help="With --gguf: requests decoded together.")] = 16,
    cache_gb: Annotated[int, typer.Option(help="With --gguf: GB for keys and values.")] = 2,
    no_prefix_cache: Annotated[
        bool, typer.Option("--no-prefix-cache", help="With --gguf: forget prompts at once.")
    ] = False,
) -> None:
    """Serve the simulated model, or a GGUF file, over the OpenAI-compatible API."""
    if gguf is not None:
        from sleeptime_lib.servers.gguf.app import serve_file
        from sleeptime_lib.servers.gguf.pipeline import GgufOptions

        serve_file(host, port, gguf, GgufOptions(name, slots, cache_gb, not no_prefix_cache))
        return
    from sleeptime_lib.servers.simulated.app import Options
    from sleeptime_lib.servers.simulated.app import serve as serve_app

    options = Options(
        latency_s=latency_s,
        requests_per_minute=requests_per_minute,
        fault_rate=fault_rate,
        seed=seed,
        prefix_cache=prefix_cache,
    )
    print(f"simulated model at http://{host}:{port}/v1 (Ctrl-C ends it)", file=sys.stderr)
    serve_app(host, port, options)


@app.command()
def doctor(
    model: Annotated[str, typer.Option(help="A model name at --base-url.")] = "simulated",
    base_url: Annotated[str | None, typer.Option(help="Default $OPENAI_BASE_URL.")] = None,
    api_key_env: Annotated[str, typer.Option()] = "OPENAI_API_KEY",
    as_json: Json = False,
) -> None:
    """Ask a server a few cheap questions and tell what works."""
    from sleeptime_lib.models.doctor import examine, render
    from sleeptime_lib.models.endpoint import resolve

    endpoint = resolve(model, base_url=base_url, api_key_env=api_key_env)
    findings = asyncio.run(examine(endpoint))
    print(json.dumps([asdict(finding) for finding in findings]) if as_json else render(findings))


@app.command()
def data(
    dataset: Annotated[str, typer.Argument(help="Name or path.")] = "procedural-p1",
    limit: Annotated[int | None, typer.Option()] = None,
    questions_per_context: Annotated[
        int | None, typer.Option(help="Most of each context; --limit then counts contexts.")
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    splitter: Annotated[str, typer.Option(help="clean or paper.")] = "clean",
    skip_bad: Annotated[bool, typer.Option("--skip-bad")] = False,
    export: Annotated[Path | None, typer.Option(help="Write the questions as JSONL.")] = None,
    generate: Annotated[
        int | None, typer.Option(help="Have --model write so many more for each context.", min=1)
    ] = None,
    model: Annotated[str | None, typer.Option(help="Who writes, with --generate.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Default $OPENAI_BASE_URL.")] = None,
    api_key_env: Annotated[str, typer.Option()] = "OPENAI_API_KEY",
    max_cost_usd: Annotated[float | None, typer.Option(help="Cap on money.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Cap on tokens.")] = None,
    prices: Annotated[Path | None, typer.Option(help="JSON file of your own prices.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before calls are paid.")] = False,
    as_json: Json = False,
) -> None:
    """Load a dataset, check every row, show what is in it, and have more questions written."""
    from sleeptime_lib import console, tasks
    from sleeptime_lib.methods.question_writing import write_questions
    from sleeptime_lib.models.endpoint import resolve
    from sleeptime_lib.tasks.own import export as write

    config = make_config(
        dataset=dataset,
        limit=limit,
        questions_per_context=questions_per_context,
        seed=seed,
        splitter=splitter,
    )
    task = tasks.load(
        dataset,
        limit=limit,
        seed=seed,
        splitter=config.splitter,
        skip_bad=skip_bad,
        questions_per_context=questions_per_context,
    )
    if generate:
        if not model or not export:
            raise InputError("--generate needs --model, who writes, and --export, where to")
        endpoint = resolve(model, base_url=base_url, api_key_env=api_key_env)
        if not (yes or max_cost_usd or max_tokens or endpoint.is_local):
            _confirm()
        execution = make_execution(max_cost_usd=max_cost_usd, max_tokens=max_tokens, prices=prices)
        task = asyncio.run(write_questions(task, generate, endpoint, execution, export))
    if export:
        write(task, export)
    console.show_task(task, as_json)
