"""From a configuration to a finished run directory: the door that notebooks and commands share."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib import engine, tasks
from sleeptime_lib.config import Execution, RunConfig
from sleeptime_lib.errors import CapReached, StopRun
from sleeptime_lib.estimate import Estimate, estimate
from sleeptime_lib.experiments import multi_query, stateful_gsm
from sleeptime_lib.methods import prompts
from sleeptime_lib.methods.answer import Setting
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import Endpoint, resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.prices import PRICES, Prices, read_prices
from sleeptime_lib.models.recording import About, read_about
from sleeptime_lib.models.totals import ClientTotals
from sleeptime_lib.provenance import make_manifest
from sleeptime_lib.recordings import check_recorded
from sleeptime_lib.records import Row, Task
from sleeptime_lib.store import RunDirectory, open_run

RUNS: Final = Path("runs")
_SETTINGS: Final = {"stateful-gsm": stateful_gsm.settings, "multi-query": multi_query.settings}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that is ready to start.

    Attributes:
        config: What decides the rows.
        execution: How the calls are made.
        endpoint: Where they go.
        task: Contexts and questions.
        settings: What is measured for each question.
        path: The run directory.
        estimate: What the whole run will take.
        recording: What is replayed; None for a live model.
    """

    config: RunConfig
    execution: Execution
    endpoint: Endpoint
    task: Task
    settings: tuple[Setting, ...]
    path: Path
    estimate: Estimate
    recording: About | None = None


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


def prepare(
    config: RunConfig, execution: Execution, out: Path | None = None, *, root: Path = RUNS
) -> Prepared:
    """Load the data and lay out the plan; makes no call and writes nothing.

    Args:
        config: What decides the rows.
        execution: How the calls will be made.
        out: Run directory; None gives the one under `root` that this configuration always gets,
            so that the same command resumes its run.
        root: Where run directories are made.

    Raises:
        InputError: The data cannot be loaded, the model has no key, or the recording does not hold
            all that is asked for.
    """
    endpoint = resolve(config.model, base_url=config.base_url, api_key_env=execution.api_key_env)
    about = read_about(config.model) if endpoint.recording else None
    if about is not None:
        check_recorded(about, config)
    task = load_task(config)
    settings = _SETTINGS[config.experiment](config)
    path = out or default_path(config, task, root, about)
    return Prepared(
        config,
        execution,
        endpoint,
        task,
        settings,
        path,
        estimate(task, settings, endpoint.model, _prices(execution)),
        about,
    )


def load_task(config: RunConfig) -> Task:
    """The contexts and questions of a configuration.

    Raises:
        InputError: The data cannot be loaded.
    """
    return tasks.load(
        config.dataset,
        limit=config.limit,
        seed=config.seed,
        splitter=config.splitter,
        skip_bad=config.skip_bad,
        questions_per_context=config.questions_per_context,
    )


def default_path(
    config: RunConfig, task: Task, root: Path = RUNS, about: About | None = None
) -> Path:
    """ROOT/EXPERIMENT/MODEL-DATASET-DIGEST, one for each combination of what decides the rows."""
    deciding = [config.model_dump_json(), task.fingerprint(), prompts.fingerprint()]
    if about is not None:
        deciding.append(about.digest())
    digest = hashlib.sha256("\n".join(deciding).encode()).hexdigest()[:8]
    # Some systems take no colon in a name.
    words = (Path(config.model).name.replace(":", "-"), Path(config.dataset).stem, digest)
    return root / config.experiment / "-".join(words)


def estimate_run(config: RunConfig, execution: Execution) -> Estimate:
    """What a run would take, for a model that need not be there, with a key that need not be set.

    Raises:
        InputError: The data or the prices cannot be read.
    """
    settings = _SETTINGS[config.experiment](config)
    return estimate(load_task(config), settings, config.model, _prices(execution))


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
    config, execution = prepared.config, prepared.execution
    manifest = make_manifest(config, prepared.endpoint.model, prepared.task, len(prepared.settings))
    manifest["estimate"] = asdict(prepared.estimate)
    price = _prices(execution).price(prepared.endpoint.model)
    manifest["price"] = asdict(price) if price else None
    about = prepared.recording
    manifest["recording"] = asdict(about) if about else None
    manifest["recording_hash"] = about.digest() if about else None
    with open_run(prepared.path, manifest) as directory:
        async with Client(
            prepared.endpoint,
            cache_path=None if prepared.recording else directory.calls_path,
            limits=_limits(execution),
            caps=Caps(max_cost_usd=execution.max_cost_usd, max_tokens=execution.max_tokens),
            prices=_prices(execution),
        ) as client:
            began = time.monotonic()
            try:
                outcome = await engine.run(
                    prepared.task, prepared.settings, config, client, directory, on_row
                )
            except BaseException as error:
                _close(directory, client, began, status=_STATUS.get(type(error), "failed"))
                raise
            _close(directory, client, began, status="finished", outcome=asdict(outcome))
            return Finished(prepared.path, outcome, client.totals)


_STATUS: Final = {
    CapReached: "cap reached",
    StopRun: "stopped",
    asyncio.CancelledError: "interrupted",
}


def _close(directory: RunDirectory, client: Client, began: float, **changes: Any) -> None:
    totals, before = client.totals, directory.manifest
    directory.save_manifest(
        last_session=asdict(totals),
        billed=asdict(totals.billed + totals.spent_before),
        calls=before.get("calls", 0) + totals.sent,
        seconds=before.get("seconds", 0.0) + time.monotonic() - began,
        **changes,
    )


def _prices(execution: Execution) -> Prices:
    return read_prices(execution.prices) if execution.prices else PRICES


def _limits(execution: Execution) -> Limits:
    return Limits(
        concurrency=execution.concurrency,
        requests_per_minute=execution.requests_per_minute,
        tokens_per_minute=execution.tokens_per_minute,
        timeout_s=execution.timeout_s,
    )
