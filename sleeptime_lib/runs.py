"""From options to a finished run directory: the door that notebooks and commands share."""

from __future__ import annotations

import asyncio
import datetime
import os
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sleeptime_lib import engine, recordings
from sleeptime_lib.config import Execution, Options
from sleeptime_lib.errors import CapReached, Interrupted, StopRun
from sleeptime_lib.estimate import Estimate, estimate
from sleeptime_lib.experiment import Experiment, SleepFunction
from sleeptime_lib.experiments import find_experiment
from sleeptime_lib.knob_check import check_budgets, check_knob
from sleeptime_lib.manifest import (
    default_path,
    defaults_of,
    git_state,
    new_manifest,
    read_manifest,
    versions,
)
from sleeptime_lib.methods import find_method
from sleeptime_lib.models.cache import CacheSource, Source
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import Endpoint, resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.prices import Price, price_of, read_prices
from sleeptime_lib.models.replay import PREFIX, About, open_recording, read_about
from sleeptime_lib.models.totals import ClientTotals
from sleeptime_lib.records import SIMULATED, Row, Task
from sleeptime_lib.store import CALLS, RunDirectory, count_rows, open_run
from sleeptime_lib.study import Study, settle, settled, sources_read

if TYPE_CHECKING:
    from sleeptime_lib.results import Run

RUNS: Final = Path("runs")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that is ready to start.

    Attributes:
        study: What is run.
        execution: How the calls are made.
        endpoint: Where they go.
        path: The run directory.
        estimate: What the whole run will take.
        manifest: What decides the rows, for the run directory.
        there: Rows that are in the run directory already.
        price: Of the model; None when it is unknown.
        recording: What is replayed; None for a live model.
    """

    study: Study
    execution: Execution
    endpoint: Endpoint
    path: Path
    estimate: Estimate
    manifest: dict[str, Any]
    there: int
    price: Price | None
    recording: About | None = None

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.study.experiment

    @property
    def options(self) -> Any:
        """What decides the rows."""
        return self.study.options

    @property
    def task(self) -> Task:
        """Contexts and questions."""
        return self.study.task

    @property
    def is_free(self) -> bool:
        """Whether nothing outside this process is asked: a recording, or the simulated model."""
        return self.recording is not None or self.endpoint.in_process


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended.

    Attributes:
        path: The run directory.
        outcome: Rows planned, found, answered and failed.
        totals: What the client did.
    """

    path: Path
    outcome: engine.Outcome
    totals: ClientTotals


def make_options(experiment: Experiment, **given: Any) -> Options:
    """Validate the options of an experiment; those of a recording that are not given are its own.

    Raises:
        InputError: An option is unknown or has a value it cannot have, or the model is a recording
            that there is not, or one of another experiment.
    """
    model = str(given.get("model", SIMULATED))
    if model.startswith(PREFIX):
        # What is not said is as it was recorded: another value could not be replayed.
        recorded = recordings.recorded_options(experiment, read_about(model))
        given = recorded | {"base_url": None} | given
    elif model != SIMULATED and given.get("base_url") is None:
        # Part of the options, so that another server is not taken for the same run.
        given["base_url"] = os.environ.get("OPENAI_BASE_URL") or None
    given.setdefault("sleep_method", experiment.sleep.name)
    return experiment.options.make(**given)


def options_in(names: Mapping[str, Any], experiment: Experiment) -> dict[str, Any]:
    """Those of a notebook's variables that are options of an experiment and not None."""
    fields = experiment.options.model_fields
    return {name: names[name] for name in fields if names.get(name) is not None}


def prepare(
    experiment: Experiment,
    options: Options,
    execution: Execution,
    out: Path | None = None,
    *,
    root: Path = RUNS,
    sleep_method: SleepFunction | None = None,
) -> Prepared:
    """Load the data and lay out the plan; makes no call and writes nothing.

    Args:
        experiment: What to run.
        options: What decides the rows.
        execution: How the calls will be made.
        out: Run directory; None gives the one under `root` that these options always get, so that
            the same command resumes its run.
        root: Where run directories are made.
        sleep_method: A function of your own in place of the one that the options name.

    Raises:
        InputError: The data cannot be loaded or do not allow an arm, the model has no key, its
            server takes no such budgets, or the recording does not hold all that is asked for.
    """
    method = find_method(experiment, options, sleep_method)
    options = options.model_copy(update={"sleep_method": method.name})
    endpoint = resolve(
        options.model,
        base_url=options.base_url,
        api_key_env=execution.api_key_env,
        server=execution.server,
    )
    about = read_about(options.model) if endpoint.recording else None
    if about is not None:
        recordings.check_recorded(about, experiment, options)
    study = Study(experiment, options, method, experiment.load(options))
    if about is None:
        check_budgets(study, endpoint)
    if lacking := study.left_out:
        told = f"{', '.join(lacking)} left out: so few contexts have no other whose notes it reads"
        noted = replace(study.task, notices=(*study.task.notices, told))
        study = replace(study, task=noted)
    manifest = new_manifest(study, endpoint.model, about)
    path = out or default_path(study, manifest, root)
    price = price_of(endpoint.model, read_prices(execution.prices))
    return Prepared(
        study=study,
        execution=execution,
        endpoint=endpoint,
        path=path,
        estimate=_estimate(study, price),
        manifest=manifest,
        there=count_rows(path),
        price=price,
        recording=about,
    )


def estimate_run(experiment: Experiment, options: Options, execution: Execution) -> Estimate:
    """What a run would take, for a model that need not be there, with a key that need not be set.

    Raises:
        InputError: The data or the prices cannot be read.
    """
    method = find_method(experiment, options)
    study = Study(experiment, options, method, experiment.load(options))
    return _estimate(study, price_of(options.model, read_prices(execution.prices)))


async def carry_out(
    prepared: Prepared, on_row: Callable[[Row], None] = lambda row: None
) -> Finished:
    """Make the calls that are missing and write the rows.

    However it ends, what is finished is kept and the manifest tells how it ended; running it again
    goes on from there.

    Raises:
        InputError: The run directory cannot be used.
        StopRun: No further call can succeed.
        CapReached: A cap does not allow the next call.
        asyncio.CancelledError: Interrupted.
    """
    study, execution = prepared.study, prepared.execution
    price = prepared.price
    manifest = prepared.manifest | {
        "status": "running",
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "git": git_state(),
        "estimate": asdict(prepared.estimate),
        "price": asdict(price) if price else None,
        "sources": list(execution.sources),
    }
    defaults = defaults_of(type(study.options))
    with open_run(prepared.path, manifest, defaults) as directory:
        async with Client(
            prepared.endpoint,
            cache_path=None if prepared.recording else prepared.path / CALLS,
            limits=_limits(execution),
            caps=Caps(max_cost_usd=execution.max_cost_usd, max_tokens=execution.max_tokens),
            price=price,
            sources=[open_source(name) for name in execution.sources],
        ) as client:
            began = time.monotonic()
            try:
                found_out = await settle(study, client)
                study = settled(study, found_out)
                knob = await check_knob(study, client, prepared.endpoint)
                directory.save_manifest(
                    settled=dict(found_out), knob=asdict(knob) if knob else None
                )
                if knob and execution.knob == "stop":
                    knob.stop_if_idle(prepared.endpoint)
                outcome = await engine.run(
                    study,
                    client,
                    directory,
                    on_row,
                    open_rows=max(engine.OPEN_ROWS, execution.concurrency or 0),
                )
            except BaseException as error:
                _close(directory, client, began, status=_STATUS.get(type(error), "failed"))
                raise
            totals = _close(directory, client, began, status="finished", outcome=asdict(outcome))
            return Finished(prepared.path, outcome, totals)


def run(
    experiment: Experiment | str = "stateful-gsm",
    *,
    execution: Execution | None = None,
    out: Path | str | None = None,
    root: Path | str = RUNS,
    sleep_method: SleepFunction | str | None = None,
    on_row: Callable[[Row], None] = lambda row: None,
    **options: Any,
) -> Run:
    """Run an experiment, or resume it, and wait for its end; in scripts and notebooks alike.

    Args:
        experiment: An experiment, its name, or the file that defines it.
        execution: How the calls are made: caps, limits, prices, sources.
        out: Run directory; None gives the one under `root` that these options always get.
        root: Where run directories are made.
        sleep_method: A name, or a function of your own that makes the notes
            (`experiment.SleepFunction`); its name and source are part of what the run is.
        on_row: Told each row after it is written.
        **options: The options of the experiment, such as `model`, `limit` and `levels`.

    Raises:
        InputError: Something given is wrong.
        SleeptimeError: The run could not finish; what is finished is kept.
    """
    from sleeptime_lib.results import load_run

    if isinstance(sleep_method, str):
        options["sleep_method"], sleep_method = sleep_method, None
    chosen = experiment_of(experiment)
    prepared = prepare(
        chosen,
        make_options(chosen, **options),
        execution or Execution(),
        Path(out) if out else None,
        root=Path(root),
        sleep_method=sleep_method,
    )
    return load_run(run_now(carry_out(prepared, on_row)).path, chosen)


def run_now(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, in a notebook too, whose own loop is running already.

    Raises:
        Interrupted: By the user; what is finished is kept.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        try:
            return asyncio.run(work)
        except KeyboardInterrupt:
            raise Interrupted(_INTERRUPTED) from None
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    ended = threading.Event()

    def to_its_end() -> None:
        try:
            loop.run_until_complete(asyncio.wait([task]))
        finally:  # whatever ended it, somebody is waiting
            ended.set()

    threading.Thread(target=to_its_end).start()
    try:
        ended.wait()  # `Thread.join` takes a thread for ended when it is interrupted
    except KeyboardInterrupt:
        loop.call_soon_threadsafe(task.cancel)
        ended.wait()
        raise Interrupted(_INTERRUPTED) from None
    finally:
        loop.close()
    return task.result()


def experiment_of(value: Experiment | str) -> Experiment:
    """An experiment, given itself or by name or file.

    Raises:
        InputError: There is none of that name.
    """
    return value if isinstance(value, Experiment) else find_experiment(value)


_INTERRUPTED: Final = (
    "interrupted; everything finished is kept, the same command goes on from there"
)

_STATUS: Final = {
    CapReached: "cap reached",
    StopRun: "stopped",
    asyncio.CancelledError: "interrupted",
}


def _close(directory: RunDirectory, client: Client, began: float, **changes: Any) -> ClientTotals:
    """Write down how a session ended; returns its totals."""
    totals, before = client.totals, directory.manifest
    totals = replace(totals, notices=(*directory.notices, *totals.notices))
    directory.save_manifest(
        last_session=asdict(totals),
        billed=asdict(totals.billed + totals.spent_before),
        calls=before.get("calls", 0) + totals.sent,
        seconds=before.get("seconds", 0.0) + time.monotonic() - began,
        **changes,
    )
    return totals


def _estimate(study: Study, price: Price | None) -> Estimate:
    sources_read(study.task, study.settings)  # tells what keeps it from being carried out
    return estimate(study.task, study.settings, study.experiment.expect, price)


def open_source(name: str) -> Source:
    """Replies that are there already: recorded:NAME, or the directory of another run.

    Raises:
        InputError: There is no such recording or run.
    """
    if name.startswith(PREFIX):
        return open_recording(name)
    read_manifest(Path(name))
    return CacheSource(Path(name) / CALLS)


def _limits(execution: Execution) -> Limits:
    return Limits(
        concurrency=execution.concurrency,
        requests_per_minute=execution.requests_per_minute,
        tokens_per_minute=execution.tokens_per_minute,
        timeout_s=execution.timeout_s,
    )
