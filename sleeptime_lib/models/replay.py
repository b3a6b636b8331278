"""Recordings as files: the replies of a run of a real model, to be replayed without it.

A recording is one Parquet file: a reply a row, found by the key of its request (see
`models.cache`), and what it is a recording of as JSON in the file's metadata. Usage and latency are
those of the recorded calls, so experiment tokens are the original ones; nothing is billed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from sleeptime_lib import sealed
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.given import parse_json
from sleeptime_lib.models.stored import from_record, to_record
from sleeptime_lib.records import KINDS, Reply, Usage
from sleeptime_lib.texts import brief

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
_TEXTS: Final = ("text", "reasoning", "tool_calls", "logprobs", "finish_reason")
_LONGEST_METADATA: Final = 100_000
_LARGEST: Final = 100_000_000
"""Bytes of all replies, unpacked."""
_BATCH: Final = 100
"""Replies unpacked at once: also where a file lies about its size, few are."""
_SHIPPED: Final = Path(__file__).parents[2] / FOLDER


_Count = Annotated[int, Field(ge=0)]


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
    questions: _Count
    contexts: _Count
    config: Mapping[str, Any]
    command: str
    prompts_hash: str
    versions: Mapping[str, str]
    calls: _Count
    usage: Mapping[str, _Count]
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


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording opened for replay.

    Attributes:
        name: Name under which it was asked for.
        about: What it holds.
        replies: By key of the request.
    """

    name: str
    about: About
    replies: Mapping[bytes, Reply]

    def get(self, key: bytes) -> Reply | None:
        """The recorded reply to a request, or None."""
        return self.replies.get(key)

    def reply(self, key: bytes) -> Reply:
        """The recorded reply to a request.

        Raises:
            StopRun: It was not recorded.
        """
        try:
            return self.replies[key]
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
        if os.path.isfile(path):  # noqa: PTH113 (Path.is_file fails where a name is too long)
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
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = find(name)
    try:
        sealed.check_parquet(path)
    except (OSError, sealed.Damaged) as error:
        raise InputError(f"recording {path} is damaged ({error}): fetch it again") from None
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path} cannot be read ({error}): it is not a recording") from None
    raw = (schema.metadata or {}).get(_METADATA)
    if raw is None:
        raise InputError(f"{path} is not a recording: its metadata does not say what it holds")
    return _about(f"recording {path}", raw)


def _about(what: str, raw: bytes) -> About:
    if len(raw) > _LONGEST_METADATA:
        raise InputError(f"{what}: its metadata is longer than {_LONGEST_METADATA:,} bytes")
    content = parse_json(raw.decode("utf-8", "surrogateescape"), f"{what}: its metadata")
    if not isinstance(content, dict):
        raise InputError(f"{what}: its metadata is not a JSON object")
    version = content.get("version")
    if version != FORMAT_VERSION:
        raise InputError(
            f"{what} has format version {brief(repr(version), 20)}, this program reads "
            f"{FORMAT_VERSION}: use the program that wrote it, or record again"
        )
    try:
        about = TypeAdapter(About).validate_json(raw, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise InputError(f"{what}: its metadata: {field}: {fault['msg']}") from None
    if not isinstance(about.config.get("experiment"), str):
        raise InputError(f"{what}: its metadata: config names no experiment")
    return about


def open_recording(name: str) -> Recording:
    """Open a recording for replay.

    Raises:
        InputError: There is no such recording, or the file is not one.
    """
    import pyarrow as pa

    about = read_about(name)
    path = find(name)
    try:
        replies = dict(_replies(path))
        if len(replies) != about.calls:
            raise ValueError(f"{len(replies):,} replies, not {about.calls:,}")
    except (OSError, pa.ArrowException, ValueError, TypeError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"recording {path} is damaged ({said}): fetch it again") from None
    return Recording(name.removeprefix(PREFIX), about, replies)


def _replies(path: Path) -> Iterator[tuple[bytes, Reply]]:
    """Keys and replies of a file, each checked against what `write` writes.

    Raises:
        OSError, pa.ArrowException, ValueError, TypeError, RecursionError: Something is wrong.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = _check_columns(file.schema_arrow)
        told = file.metadata
        _check_size(sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups)))
    # A text that is there a thousand times is stored once, and must not become a thousand.
    texts = [name for name in _TEXTS if name in columns]
    with pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True) as file:
        taken = 0
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
            taken += _check_batch(batch)
            _check_size(taken)
            for record in batch.to_pylist():
                reply = from_record(record, OWNER)
                parts = [part for call in reply.tool_calls for part in astuple(call)]
                if not all(isinstance(part, str) for part in parts):
                    raise ValueError("tool_calls: not all of a call is text")
                for score in reply.logprobs:
                    if not (
                        isinstance(score.token, str)
                        and isinstance(score.logprob, float | int | None)
                        and isinstance(score.offset, int | None)
                    ):
                        raise ValueError("logprobs: not a token, its probability and its place")
                yield record["key"], reply


def _check_size(size: int) -> None:
    if size > _LARGEST:
        raise ValueError(f"unpacked, it is larger than {_LARGEST:,} bytes")


def _check_columns(found: pa.Schema) -> list[str]:
    """Names of the columns to read."""
    wanted = _schema()
    names = [name for name in wanted.names if name in found.names or name != "logprobs"]
    for name in names:
        index = found.get_field_index(name)
        if index < 0:
            raise ValueError(f"it has no column {name}, or several")
        kind = found.field(index).type
        kind = getattr(kind, "value_type", kind)
        if kind != wanted.field(name).type:
            raise ValueError(f"its column {name} holds {kind}, not {wanted.field(name).type}")
    return names


def _check_batch(batch: pa.RecordBatch) -> int:
    """The bytes of all texts of some replies, whose numbers are checked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size: int = batch.num_rows
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count:
            raise ValueError(f"its column {name} has gaps")
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary)
            size += pc.sum(lengths.take(column.indices).cast(pa.int64())).as_py() or 0
        elif name != "key" and not pa.types.is_boolean(column.type):
            counts = pc.and_(pc.greater_equal(column, 0), pc.is_finite(column))
            if not pc.all(counts).as_py():
                raise ValueError(f"its column {name} has a number that is none of 0 or more")
    return size


def write(path: Path, about: About, replies: Iterable[tuple[bytes, Reply]]) -> None:
    """Write a recording as one file, whole or not at all.

    Args:
        path: The file.
        about: What it holds.
        replies: Keys of requests with their replies, in the order in which they are to be kept.

    Raises:
        InputError: It would be larger than can be replayed.
    """
    table = _table(about, replies)
    if table.nbytes > _LARGEST:
        raise InputError(f"{path} would be larger than can be replayed: {table.nbytes:,} bytes")
    path.parent.mkdir(parents=True, exist_ok=True)
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
    metadata = {_METADATA: json.dumps(asdict(about), sort_keys=True)}
    return pa.Table.from_pylist(records, schema=_schema().with_metadata(metadata))


def _schema() -> pa.Schema:
    import pyarrow as pa

    text, count = pa.string(), pa.int32()
    fields = [("key", pa.binary(32)), *((name, text) for name in _TEXTS)]
    fields += [("latency_s", pa.float32())]
    fields += [(name, count) for name in ("prompt", "cached", "completion", "reasoning_tokens")]
    fields += [("estimated", pa.bool_())]
    return pa.schema(fields)
