"""Making recordings from runs, and holding a configuration against what was recorded."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib.config import RunConfig
from sleeptime_lib.errors import InputError
from sleeptime_lib.models import recording
from sleeptime_lib.models.endpoint import SIMULATED, Endpoint
from sleeptime_lib.models.limits import DEFAULT_LIMITS
from sleeptime_lib.models.recording import About
from sleeptime_lib.provenance import command_of, versions
from sleeptime_lib.store import read_manifest

if TYPE_CHECKING:
    from sleeptime_lib.runs import Prepared

_FREE: Final = frozenset(
    "model base_url limit questions_per_context skip_bad levels sleep_parallel pass_samples "
    "context_only".split()
)
"""Options of which a replay may take a part, or that do not reach a request."""


_FOUND_OUT: Final = frozenset(("base_url", "sleep_protocol"))
"""Options that a recording holds as they turned out, not as they were given."""


@dataclass(frozen=True, slots=True)
class Source:
    """What must be known about a model before its replies are passed on.

    Attributes:
        quantisation: Such as "Q4_K_M"; "" when unknown.
        server: Program that serves it, with its version.
        licence: Of the model.
    """

    quantisation: str
    server: str
    licence: str


def check_recorded(about: About, config: RunConfig) -> None:
    """Refuse a configuration that goes beyond what was recorded.

    Raises:
        InputError: It does; the message says in which option, and what was recorded.
    """
    was = RunConfig(**about.config)
    beyond = [
        f"{name} = {getattr(config, name)!r}, recorded {getattr(was, name)!r}"
        for name in RunConfig.model_fields
        if name not in _FREE and getattr(config, name) != getattr(was, name)
    ]
    beyond += [
        f"{name} = {', '.join(map(str, more))}"
        for name in ("levels", "sleep_parallel")
        if (more := sorted(set(getattr(config, name)) - set(getattr(was, name))))
    ]
    beyond += [
        f"{name} = {asked}, recorded {most}"
        for name, asked, most in (
            ("pass_samples", config.pass_samples, was.pass_samples),
            ("context_only", config.context_only, was.context_only),
            ("limit", config.limit, was.limit),
            ("questions_per_context", config.questions_per_context, was.questions_per_context),
        )
        if most is not None and (asked is None or asked > most)
    ]
    if beyond:
        raise InputError(
            f"{config.model} does not hold {'; '.join(beyond)}. It holds {about.describe()}"
        )


def recorder(prepared: Prepared, name: str | None, said: Sequence[str]) -> Callable[[Path], str]:
    """Find out all that a recording needs, before the run begins.

    Args:
        prepared: The run.
        name: Of the recording.
        said: "NAME=VALUE" for fields of `Source` that the server does not tell.

    Returns:
        What makes the recording from the run's directory, and says what was recorded where.

    Raises:
        InputError: Something is missing or wrong, or the server cannot be asked.
    """
    if not name:
        raise InputError("--about tells about a recording: add --record NAME")
    if prepared.recording:
        raise InputError("--record with a recorded model: it is recorded already")
    path = target(name, prepared.config)
    given = dict(text.partition("=")[::2] for text in said)
    source = asyncio.run(find_source(prepared.endpoint, given))
    return lambda run: f"{record(run, path, source).describe()} in {path}"


async def find_source(endpoint: Endpoint, given: Mapping[str, str]) -> Source:
    """Ask a server what it serves, for what the user has not said.

    Args:
        endpoint: The server; `sleeptime serve --gguf` tells all, others may not.
        given: What the user said: any of the fields of `Source`.

    Raises:
        InputError: A name in `given` is unknown, or the licence is not known.
    """
    names = tuple(Source.__dataclass_fields__)
    if unknown := sorted(set(given) - set(names)):
        raise InputError(f"--about {unknown[0]}: known are {', '.join(names)}")
    told = dict.fromkeys(names, "") | await _told(endpoint) | dict(given)
    if not told["licence"]:
        raise InputError(
            f"the server does not tell the licence of {endpoint.model}: what a recording passes "
            "on must have one, so add --about licence=NAME, such as licence=Apache-2.0"
        )
    return Source(**told)


async def _told(endpoint: Endpoint) -> dict[str, str]:
    if endpoint.model == SIMULATED:
        return {"server": SIMULATED, "licence": "MIT"}
    from sleeptime_lib.models.replies import BadReply, read_object
    from sleeptime_lib.models.wire import Wire

    wire = Wire(endpoint, DEFAULT_LIMITS)
    try:
        listed = read_object(await wire.get("/models")).get("data", [])
    except BadReply:
        listed = []
    finally:
        await wire.aclose()
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("id") == endpoint.model:
            told = {name: str(entry.get(name) or "") for name in Source.__dataclass_fields__}
            return told | {"server": told["server"] or str(entry.get("owned_by") or "")}
    return {}


def target(name: str, config: RunConfig) -> Path:
    """The file that a recording will be written to.

    Raises:
        InputError: The name is no plain name, or such a recording of another run is there.
    """
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise InputError(f"--record {name!r}: use letters, digits, '-', '_' and '.'")
    path = Path(recording.FOLDER) / f"{name}.parquet"
    if path.exists():
        now = config.model_dump(mode="json")
        was = recording.read_about(str(path)).config
        if any(now[name] != was.get(name) for name in now if name not in _FOUND_OUT):
            raise InputError(
                f"{path} is a recording of another run "
                f"({recording.read_about(str(path)).describe()}): choose another name, or remove it"
            )
    return path


def record(run: Path, path: Path, source: Source) -> About:
    """Turn the cache of a finished run into a recording.

    Args:
        run: The run directory.
        path: The file to write.
        source: Where the model comes from.

    Raises:
        InputError: The run is not finished, or some of its rows failed: a replay would stop there.
    """
    manifest = read_manifest(run)
    failed = manifest.get("outcome", {}).get("failed", 0)
    if manifest.get("status") != "finished" or failed:
        raise InputError(
            f"{run} is not recorded: {failed} rows failed. Run the same command again until none do"
        )
    replies = recording.recorded_calls(run / "calls.sqlite")
    # What "auto" found out is part of the recording: a replay has no server to ask.
    found_out = {"base_url": None, "sleep_protocol": manifest["outcome"]["protocol"]}
    config: dict[str, Any] = {**manifest["config"], **found_out}
    about = About(
        model=manifest["model"],
        quantisation=source.quantisation,
        server=source.server,
        licence=source.licence,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        dataset=config["dataset"],
        dataset_fingerprint=manifest["dataset_fingerprint"],
        questions=manifest["dataset_questions"],
        contexts=manifest["dataset_contexts"],
        config=config,
        command=f"{command_of(RunConfig(**config))} --base-url URL --record {path.stem}",
        prompts_hash=manifest["prompts_hash"],
        versions=versions(),
        calls=len(replies),
        usage=recording.total_usage(replies),
    )
    recording.write(path, about, replies)
    return about
