"""The command line: a thin door to the functions that the notebooks use.

Exit status: 0 done, 1 finished with failed rows, 2 bad input, 3 cap reached, 130 interrupted.
With --json, stdout holds one JSON object and nothing else; everything for people goes to stderr.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from pydantic.fields import FieldInfo

import sleeptime_lib
from sleeptime_lib.cli_compare import compare
from sleeptime_lib.cli_plan import plan
from sleeptime_lib.config import Execution, hints, read_config_file, text_of
from sleeptime_lib.errors import InputError, Interrupted, SleeptimeError
from sleeptime_lib.experiment import Experiment
from sleeptime_lib.experiments import EXPERIMENTS, find_experiment
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.models.secret import without_keys

if TYPE_CHECKING:
    from sleeptime_lib.results import Run
    from sleeptime_lib.runs import Prepared

app: Final = typer.Typer(
    help="When is it worth thinking about a context before anyone asks about it?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # A traceback with local variables could show a key.
    pretty_exceptions_enable=False,
)

CONFIRM_USD: Final = 1.0
"""Above this estimated cost, in USD, or with an unknown price, a run asks before it starts."""

EXIT_FAILED_ROWS: Final = 1

MINED: Final = "swe-features"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def main() -> None:
    """Run the command line; errors become one line and an exit status."""
    try:
        _add_own_experiment(sys.argv[1:3])
        status = app(standalone_mode=False)
    except typer.Abort:
        status = _complain("interrupted", Interrupted.exit_status)
    except typer.TyperException as error:
        # A faulty option tells its name only in the formatted message.
        tell = getattr(error, "format_message", error.__str__)
        status = _complain(tell(), 2)
    except SleeptimeError as error:
        status = _complain(str(error), error.exit_status)
    except OSError as error:
        status = _complain(f"{error.filename or 'output'}: {error.strerror or error}", 2)
    sys.exit(status or 0)


def _add_own_experiment(words: Sequence[str]) -> None:
    """Make a command of an experiment that is named by its file: `sleeptime run my_study.py`."""
    if len(words) == 2 and words[0] == "run" and words[1].endswith(".py"):
        runs_app.command(words[1])(_command(find_experiment(words[1])))


def _complain(message: str, status: int) -> int:
    from sleeptime_lib.console import say

    say(f"sleeptime: {without_keys(' '.join(message.split()))}")
    return status


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Tell the version.")] = False,
) -> None:
    if version:
        print(f"sleeptime {sleeptime_lib.__version__}")
        raise typer.Exit


runs_app: Final = typer.Typer(
    help="Run an experiment, or resume it: only the calls that are missing are made.",
    no_args_is_help=True,
)
app.add_typer(runs_app, name="run")


def _command(experiment: Experiment) -> Callable[..., int]:
    """`sleeptime run NAME`: its options are those of the experiment, then how calls are made."""
    fields = {**experiment.options.model_fields, **Execution.model_fields}

    def run(
        *,
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
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a paid run.")] = False,
        as_json: Json = False,
        **words: str | bool | None,
    ) -> int:
        from sleeptime_lib import console, recordings, results, runs

        given = read_config_file(config, fields) if config else {}
        given |= {name: value for name, value in words.items() if value is not None}
        how = Execution.make(**{n: v for n, v in given.items() if n in Execution.model_fields})
        rest = {n: v for n, v in given.items() if n not in Execution.model_fields}
        options = runs.make_options(experiment, **rest)
        if estimate:
            if options.model.startswith(PREFIX):
                raise InputError(f"{options.model} costs nothing: leave out --estimate")
            estimated = runs.estimate_run(experiment, options, how)
            console.show_estimate(experiment.name, options, estimated, as_json)
            return 0
        prepared = runs.prepare(experiment, options, how, out)
        recorder = None
        if record or about:
            recorder = runs.run_now(recordings.recorder(prepared, record, about or ()))
        console.show_plan(prepared)
        if not yes and _may_cost(prepared):
            console.confirm()
        with console.progress(prepared) as on_row:
            finished = runs.run_now(runs.carry_out(prepared, on_row))
        console.show_end(finished)
        if recorder is not None:
            console.say(f"recorded {recorder(finished.path)}")
        _tell(results.load_run(finished.path, experiment), None, as_json)
        return EXIT_FAILED_ROWS if finished.outcome.failed else 0

    # The command line reads the options off the signature.
    own = list(inspect.signature(run, eval_str=True).parameters.values())[:-1]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*map(_parameter, fields, fields.values()), *own]
    )
    run.__doc__ = f"{experiment.title or experiment.name}."
    return run


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind = bool if field.annotation is bool else str
    # Of a flag that is no name of Python's, such as --from; of others typer makes --no-NAME too.
    flags = (hints(field).flag,) if hints(field).flag else ()
    help_text = str(field.description)
    if field.default not in (None, "", ()) and kind is str:
        help_text += f" [{text_of(field.default)}]"
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, typer.Option(*flags, help=help_text)],
    )


for _experiment in EXPERIMENTS:
    runs_app.command(_experiment.name)(_command(_experiment))


def _tell(run: Run, at: float | None, as_json: bool) -> None:
    from sleeptime_lib import console, results

    if as_json:
        print(json.dumps(results.report_json(run, at=at), allow_nan=False))
    else:
        console.show_report(run, at)


def _may_cost(prepared: Prepared) -> bool:
    if prepared.endpoint.is_local or prepared.execution.max_cost_usd is not None:
        return False
    cost = prepared.estimate.cost_usd
    return cost is None or cost > CONFIRM_USD


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A run directory.")],
    at: Annotated[float | None, typer.Option(help="Accuracy at which to compare tokens.")] = None,
    experiment: Annotated[
        str | None, typer.Option(help="File of an experiment that is not of this library.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Also remake all figures of the run in this folder.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Also write CSV, Markdown and LaTeX tables here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what a run found."""
    from sleeptime_lib import results
    from sleeptime_lib.console import say

    run = results.load_run(directory, experiment)
    written = run.write_figures(figures, at=at) if figures else []
    written += results.write_tables(run, tables, at=at) if tables else []
    for path in written:
        say(path)
    _tell(run, at, as_json)


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
    figures: Annotated[
        Path | None, typer.Option(help="Where figures go; default: beside each run.")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Replace the notebooks too.")] = False,
) -> None:
    """Execute the notebooks headlessly."""
    from sleeptime_lib.console import say
    from sleeptime_lib.notebooks import execute

    given = list(parameter or ())
    if figures:
        given.append(f"figures_dir={figures.absolute()}")
    for path in execute(source, out, only or (), given, save=save):
        say(path, asked=True)


@app.command()
def serve(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8080,
    latency_s: Annotated[float, typer.Option(help="Seconds that a call takes at least.")] = 0.0,
    requests_per_minute: Annotated[int, typer.Option(help="Beyond: 429. 0: no limit.")] = 0,
    fault_rate: Annotated[float, typer.Option(help="Share of calls that fail, for tests.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the faults.")] = 0,
    prefix_cache: Annotated[
        bool, typer.Option("--prefix-cache", help="Tell which prompt tokens were seen before.")
    ] = False,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A budget's field that is to do nothing, for tests.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(help="A budget's field to answer with 400, for tests.")
    ] = None,
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
    from sleeptime_lib.console import say
    from sleeptime_lib.servers.guard import listen
    from sleeptime_lib.servers.simulated.app import create_app
    from sleeptime_lib.servers.simulated.options import Options

    options = Options(
        latency_s=latency_s,
        requests_per_minute=requests_per_minute,
        fault_rate=fault_rate,
        seed=seed,
        prefix_cache=prefix_cache,
        ignored=tuple(ignore or ()),
        rejected=tuple(reject or ()),
    )
    say(f"simulated model at http://{host}:{port}/v1 (Ctrl-C ends it)")
    listen(create_app(options), host, port)


@app.command()
def doctor(
    model: Annotated[str, typer.Option(help="A model name at --base-url.")] = "simulated",
    base_url: Annotated[str | None, typer.Option(help="Default $OPENAI_BASE_URL.")] = None,
    api_key_env: Annotated[str, typer.Option()] = "OPENAI_API_KEY",
    server: Annotated[str | None, typer.Option(help="Program that answers; see `run`.")] = None,
    as_json: Json = False,
) -> None:
    """Ask a server a few cheap questions and tell what works."""
    from sleeptime_lib.console import say
    from sleeptime_lib.models.doctor import examine, render
    from sleeptime_lib.models.endpoint import resolve

    named = Execution.make(server=server).server
    endpoint = resolve(model, base_url=base_url, api_key_env=api_key_env, server=named)
    findings = asyncio.run(examine(endpoint))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        say(render(findings), asked=True)


@app.command()
def data(
    dataset: Annotated[str, typer.Argument(help="Name or path.")] = "procedural-p1",
    limit: Annotated[int | None, typer.Option()] = None,
    questions_per_context: Annotated[
        int | None, typer.Option(help="Most of each context; --limit then counts contexts.")
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    splitter: Annotated[
        Literal["clean", "paper"], typer.Option(help="How unsplit data is cut.")
    ] = "clean",
    skip_bad: Annotated[bool, typer.Option("--skip-bad")] = False,
    repo: Annotated[
        Path | None, typer.Option(help="With swe-features: the clone whose changes are tasks.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", "--out", help="Write questions or tasks as JSONL.")
    ] = None,
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

    if repo or dataset == MINED:
        _mine(dataset, repo, limit, export, as_json)
        return
    task = tasks.load(
        dataset,
        limit=limit,
        seed=seed,
        splitter=splitter,
        skip_bad=skip_bad,
        questions_per_context=questions_per_context,
    )
    if generate:
        if not model or not export:
            raise InputError("--generate needs --model, who writes, and --export, where to")
        endpoint = resolve(model, base_url=base_url, api_key_env=api_key_env)
        if not (yes or max_cost_usd or max_tokens or endpoint.is_local):
            console.confirm()
        execution = Execution.make(max_cost_usd=max_cost_usd, max_tokens=max_tokens, prices=prices)
        task = asyncio.run(write_questions(task, generate, endpoint, execution, export))
    if export:
        write(task, export)
    console.show_task(task, as_json)


app.command()(compare)
app.command()(plan)


def _mine(
    dataset: str, repo: Path | None, limit: int | None, out: Path | None, as_json: bool
) -> None:
    from sleeptime_lib import console
    from sleeptime_lib.tasks.swe import changes, git, mining

    if dataset != MINED or repo is None:
        raise InputError(f"mining takes both: sleeptime data {MINED} --repo CLONE")
    mined = mining.mine(git.Repository(repo), limit=limit)
    if out:
        changes.write_changes(out, mined.changes)
    console.show_mined(mined, as_json)
