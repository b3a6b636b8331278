"""Recordings as files: the replies of a run of a real model, to be replayed without it.

A recording is one Parquet file: a reply a row, found by the key of its request (see
`models.cache`), and what it is a recording of as JSON in the file's metadata. Usage and latency are
those of the recorded calls, so experiment tokens are the original ones; nothing is billed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib import sealed
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models.stored import from_record, to_record
from sleeptime_lib.records import KINDS, Reply, Usage

if TYPE_CHECKING:
    import pyarrow as pa

PREFIX: Final = "recorded:"
"""Model names that begin so name a recording."""

FORMAT_VERSION: Final = 1
"""Version of the format; a file of another one is refused, not read wrongly."""

FOLDER: Final = "recordings"
OWNER: Final = "recording"
"""The owner of every replayed reply: none of the rows that use it, so that none is billed."""

_SUFFIX: Final = ".parquet"
_METADATA: Final = b"sleeptime.recording"
_SHIPPED: Final = Path(__file__).parents[2] / FOLDER


@dataclass(frozen=True, slots=True)
class About:
    """What a recording holds and where it comes from.

    Attributes:
        model: The model's name at the server, as requests give it.
        quantisation: Such as "Q4_K_M"; "" when unknown.
        server: Program that served it, with its version; "" when unknown.
        licence: Under which the model, and so what it wrote, may be passed on.
        date: Day on which the recording was finished, ISO 8601.
        dataset: Name of the dataset.
        dataset_fingerprint: Of all its texts and answers (`Task.fingerprint`).
        questions: Number of questions.
        contexts: Number of contexts.
        config: Experiment and options of the run.
        command: The command that makes the recording.
        prompts_hash: Of the prompts.
        versions: Of this library, Python and the packages that touch results.
        calls: Number of replies.
        usage: Tokens of all replies.
        version: Of the format.
    """

    model: str
    quantisation: str
    server: str
    licence: str
    date: str
    dataset: str
    dataset_fingerprint: str
    questions: int
    contexts: int
    config: Mapping[str, Any]
    command: str
    prompts_hash: str
    versions: Mapping[str, str]
    calls: int
    usage: Mapping[str, int]
    version: int = FORMAT_VERSION

    def digest(self) -> str:
        """SHA-256 of all of it, to tell whether two recordings are the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def describe(self) -> str:
        """What was recorded, in one line."""
        contexts = f"{self.contexts:,} contexts, " if self.contexts < self.questions else ""
        return (
            f"{self.config['experiment']} on {self.dataset} ({contexts}{self.questions:,} "
            f"questions; made with: {self.command}) by {self.model}, {self.date}"
        )


class Recording:
    """A recording opened for replay.

    Args:
        name: Name under which it was asked for.
        about: What it holds.
        replies: By key of the request.
    """

    def __init__(self, name: str, about: About, replies: Mapping[bytes, Reply]) -> None:
        self.name = name
        self.about = about
        self._replies = replies

    def get(self, key: bytes) -> Reply | None:
        """The recorded reply to a request, or None."""
        return self._replies.get(key)

    def reply(self, key: bytes) -> Reply:
        """The recorded reply to a request.

        Raises:
            StopRun: It was not recorded.
        """
        try:
            return self._replies[key]
        except KeyError:
            raise StopRun(
                f"recording {self.name} has no reply to a request of this run: prompts or data "
                f"have changed since, or an option differs. It holds {self.about.describe()}"
            ) from None


def find(name: str) -> Path:
    """The file of a recording.

    Args:
        name: A name, looked for in recordings/ here and then among those that are shipped, or the
            path of a file; "recorded:" may stand before it.

    Raises:
        InputError: There is none; the message names those there are.
    """
    name = name.removeprefix(PREFIX)
    if name.endswith(_SUFFIX):
        places = [Path(name)]
    else:
        places = [folder / f"{name}{_SUFFIX}" for folder in (Path(FOLDER), _SHIPPED)]
    for path in places:
        if path.is_file():
            return path
    known = ", ".join(names()) or "none"
    raise InputError(f"there is no recording {name!r}: there are {known}")


def names() -> list[str]:
    """Names of all recordings that can be found by name."""
    return sorted(
        {path.stem for folder in (Path(FOLDER), _SHIPPED) for path in folder.glob(f"*{_SUFFIX}")}
    )


def read_about(name: str) -> About:
    """What a recording holds, without reading its replies.

    Raises:
        InputError: There is no such recording, or the file is not one.
    """
    import pyarrow.parquet as pq

    path = find(name)
    try:
        sealed.check_parquet(path)
    except (OSError, sealed.Damaged) as error:
        raise InputError(f"recording {path} is damaged ({error}): fetch it again") from None
    try:
        schema = pq.read_schema(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): it is not a recording") from None
    raw = (schema.metadata or {}).get(_METADATA)
    if raw is None:
        raise InputError(f"{path} is not a recording: its metadata does not say what it holds")
    content = json.loads(raw)
    if content.get("version") != FORMAT_VERSION:
        raise InputError(
            f"recording {path} has format version {content.get('version')}, this program reads "
            f"{FORMAT_VERSION}: use the program that wrote it, or record again"
        )
    return About(**content)


def open_recording(name: str) -> Recording:
    """Open a recording for replay.

    Raises:
        InputError: There is no such recording, or the file is not one.
    """
    import pyarrow.parquet as pq

    about = read_about(name)
    path = find(name)
    try:
        records = pq.read_table(path).to_pylist()
        replies = {record["key"]: from_record(record, OWNER) for record in records}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"recording {path} is damaged ({error}): fetch it again") from None
    return Recording(name.removeprefix(PREFIX), about, replies)


def write(path: Path, about: About, replies: Iterable[tuple[bytes, Reply]]) -> None:
    """Write a recording as one file, whole or not at all.

    Args:
        path: The file.
        about: What it holds.
        replies: Keys of requests with their replies, in the order in which they are to be kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    table = _table(about, replies)
    sealed.write_parquet(path, table, compression="zstd", compression_level=19)


def total_usage(replies: Iterable[tuple[bytes, Reply]]) -> dict[str, int]:
    """Tokens of all replies, as `About.usage` holds them."""
    total = sum((reply.usage for _, reply in replies), Usage())
    return {name: getattr(total, name) for name in KINDS}


def _table(about: About, replies: Iterable[tuple[bytes, Reply]]) -> pa.Table:
    import pyarrow as pa

    records = [
        to_record(reply) | {"key": key, "latency_s": round(reply.latency_s, 2)}
        for key, reply in replies
    ]
    text, count = pa.string(), pa.int32()
    fields = [("key", pa.binary(32)), ("text", text), ("reasoning", text), ("tool_calls", text)]
    fields += [("logprobs", text)]
    fields += [("finish_reason", text), ("latency_s", pa.float32())]
    fields += [(name, count) for name in ("prompt", "cached", "completion", "reasoning_tokens")]
    fields += [("estimated", pa.bool_())]
    schema = pa.schema(fields, metadata={_METADATA: json.dumps(asdict(about), sort_keys=True)})
    return pa.Table.from_pylist(records, schema=schema)
