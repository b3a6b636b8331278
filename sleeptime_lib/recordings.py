"""From a finished run to a recording, and what a recording allows to be asked again."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeptime_lib.config import Options, hints
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.experiment import Experiment, Setting
from sleeptime_lib.manifest import command_of, read_manifest
from sleeptime_lib.models.cache_file import all_replies
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import DEFAULT_LIMITS
from sleeptime_lib.models.replay import FOLDER, About, read_about, total_usage, write
from sleeptime_lib.records import SIMULATED, is_simulated
from sleeptime_lib.store import CALLS

if TYPE_CHECKING:
    from sleeptime_lib.runs import Prepared


def recorded_options(experiment: Experiment, about: About) -> dict[str, Any]:
    """The options that a recording was made with, those of later versions left out.

    Raises:
        InputError: It is a recording of another experiment.
    """
    recorded = dict(about.config)
    name = recorded.pop("experiment")
    if name != experiment.name:
        raise InputError(
            f"this is a recording of {name}, not of {experiment.name}: it holds {about.describe()}"
        )
    return recorded


def check_recorded(about: About, experiment: Experiment, options: Options) -> None:
    """Refuse options that go beyond what was recorded.

    Raises:
        InputError: They do; the message says in which option or setting, and what was recorded.
    """
    was = experiment.options.make(**recorded_options(experiment, about))
    beyond = []
    for name, field in type(options).model_fields.items():
        asked, recorded = getattr(options, name), getattr(was, name)
        rule = hints(field).replay
        if name == "model" or asked == recorded or rule == "free":
            continue
        if rule == "part" and _is_part(asked, recorded):
            continue
        beyond.append(f"{name} = {_shown(asked)}, recorded {_shown(recorded)}")
    if not beyond:
        beyond = _unrecorded(experiment.settings(options), experiment.settings(was))
    if beyond:
        raise InputError(
            f"{options.model} does not hold {'; '.join(beyond)}. It holds {about.describe()}"
        )


def _is_part(asked: Any, recorded: Any) -> bool:
    """Whether a value asks for no more than was recorded: a subset, a smaller number, off."""
    if isinstance(recorded, tuple):
        return set(asked) <= set(recorded)
    return recorded is None or (asked is not None and asked <= recorded)


def _unrecorded(asked: Iterable[Setting], recorded: Sequence[Setting]) -> list[str]:
    """Settings that were not recorded, although every single option is a part of what was.

    Such as pass@k at the lowest level when the lowest level that was recorded is left out.
    """
    there = {_plain(setting): setting.samples for setting in recorded}
    return [
        f"{setting.arm} at {setting.budget_kind} {setting.budget} (leave it out, such as with "
        "--pass-samples 0)"
        if setting.budget_kind == "samples"
        else f"{setting.arm} at {setting.budget_kind} {setting.budget}"
        for setting in asked
        if there.get(_plain(setting), 0) < setting.samples
    ]


def _plain(setting: Setting) -> Setting:
    return replace(setting, samples=1, questions=None)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)


@dataclass(frozen=True, slots=True)
class Origin:
    """What must be known about a model before its replies are passed on.

    Attributes:
        quantisation: Such as "Q4_K_M"; "" when unknown.
        server: Program that serves it, with its version.
        licence: Of the model.
    """

    quantisation: str
    server: str
    licence: str


async def ask_origin(endpoint: Endpoint) -> dict[str, str]:
    """Ask a server; `sleeptime serve --gguf` tells all, others may tell nothing.

    Raises:
        StopRun: The server cannot be asked.
    """
    if is_simulated(endpoint.model):
        return {"server": SIMULATED, "licence": "MIT"}
    from sleeptime_lib.models.replies import BadReply, NoAnswer, read_object
    from sleeptime_lib.models.wire import Wire

    wire = Wire(endpoint, DEFAULT_LIMITS)
    try:
        listed = read_object(await wire.get("/models")).get("data", [])
    except BadReply:
        listed = []
    except NoAnswer as error:
        raise StopRun(f"{endpoint.base_url} cannot be asked what it serves: {error}") from None
    finally:
        await wire.aclose()
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("id") == endpoint.model:
            names = ("quantisation", "server", "licence")
            told = {name: str(entry.get(name) or "") for name in names}
            return told | {"server": told["server"] or str(entry.get("owned_by") or "")}
    return {}


def find_origin(model: str, told: Mapping[str, str], given: Sequence[str]) -> Origin:
    """What is known about a model: from the user, and else from its server.

    Args:
        model: Its name.
        told: What the server says.
        given: What the user says: "NAME=VALUE" for any field of `Origin`.

    Raises:
        InputError: A name in `given` is unknown, or the licence is not known.
    """
    said = dict(text.partition("=")[::2] for text in given)
    fields = tuple(Origin.__dataclass_fields__)
    if unknown := sorted(set(said) - set(fields)):
        raise InputError(f"--about {unknown[0]}: known are {', '.join(fields)}")
    origin = Origin(**(dict.fromkeys(fields, "") | dict(told) | said))
    if not origin.licence:
        raise InputError(
            f"the server does not tell the licence of {model}: what a recording passes "
            "on must have one, so add --about licence=NAME, such as licence=Apache-2.0"
        )
    return origin


def target(name: str, config: Mapping[str, Any]) -> Path:
    """The file that a recording will be written to.

    Args:
        name: Of the recording.
        config: Experiment and options of the run.

    Raises:
        InputError: The name is no plain name, or such a recording of another run is there.
    """
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise InputError(f"--record {name!r}: use letters, digits, '-', '_' and '.'")
    path = Path(FOLDER) / f"{name}.parquet"
    if path.exists():
        there = read_about(str(path))
        # What was found out, and where, is recorded as it turned out.
        differs = {
            key
            for key, value in there.config.items()
            if key not in ("base_url", "sleep_protocol") and config.get(key) != value
        }
        if differs:
            raise InputError(
                f"{path} is a recording of another run ({there.describe()}): choose another name, "
                "or remove it"
            )
    return path


def record(
    manifest: Mapping[str, Any], calls: Path, path: Path, origin: Origin, command: str
) -> About:
    """Turn the cache of a finished run into a recording.

    Args:
        manifest: Of the run.
        calls: Its cache.
        path: The file to write.
        origin: Where the model comes from.
        command: The command that makes the recording.

    Raises:
        InputError: The run is not finished, or some of its rows failed: a replay would stop there.
    """
    outcome = manifest.get("outcome") or {}
    failed = outcome.get("failed", 0)
    if manifest.get("status") != "finished" or failed:
        raise InputError(
            f"{calls.parent} is not recorded: {failed} rows failed. Run the same command again "
            "until none do"
        )
    replies = sorted(all_replies(calls), key=lambda pair: pair[0])
    # What "auto" found out is part of the recording: a replay has no server to ask.
    config = {**manifest["config"], **manifest["settled"], "base_url": None}
    about = About(
        model=manifest["model"],
        quantisation=origin.quantisation,
        server=origin.server,
        licence=origin.licence,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        dataset=config["dataset"],
        dataset_fingerprint=manifest["dataset_fingerprint"],
        questions=manifest["dataset_questions"],
        contexts=manifest["dataset_contexts"],
        config=config,
        command=command,
        prompts_hash=manifest["prompts_hash"],
        versions=manifest["versions"],
        calls=len(replies),
        usage=total_usage(replies),
    )
    write(path, about, replies)
    return about


async def recorder(
    prepared: Prepared, name: str | None, said: Sequence[str]
) -> Callable[[Path], str]:
    """Find out all that a recording needs, before the run begins.

    Args:
        prepared: The run.
        name: Of the recording.
        said: "NAME=VALUE" for fields of `Origin` that the server does not tell.

    Returns:
        What makes the recording from the run's directory, and says what was recorded where.

    Raises:
        InputError: Something is missing or wrong, or the server cannot be asked.
    """
    if not name:
        raise InputError("--about tells about a recording: add --record NAME")
    if prepared.recording:
        raise InputError("--record with a recorded model: it is recorded already")
    path = target(name, prepared.manifest["config"])
    told = await ask_origin(prepared.endpoint)
    origin = find_origin(prepared.endpoint.model, told, said)

    def keep(run: Path) -> str:
        manifest = read_manifest(run)
        settled = manifest["settled"]
        options = prepared.options.model_copy(update={**settled, "base_url": None})
        command = f"{command_of(prepared.experiment, options)} --base-url URL --record {name}"
        about = record(manifest, run / CALLS, path, origin, command)
        return f"{about.describe()} in {path}"

    return keep
