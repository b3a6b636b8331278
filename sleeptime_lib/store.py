"""Run directories: where the rows, the notes and the manifest of one run live.

While a run is going, rows are appended as JSON lines to a part file under `rows/`, so that a
process killed at any moment loses at most the line it was writing. A finished run is one
`rows.parquet`, sorted by row key. The notes of the sleep phases are kept beside it in
`sleeps.parquet`, and every model reply in `calls.sqlite`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sleeptime_lib import lock
from sleeptime_lib.errors import InputError
from sleeptime_lib.manifest import MANIFEST, differences, read_manifest
from sleeptime_lib.records import KINDS, ROW_KEY, Row

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CALLS: Final = "calls.sqlite"


@dataclass(frozen=True, slots=True)
class SleepRecord:
    """One draw of a sleep phase, kept so that notes can be read and analysed later.

    Attributes:
        context_id: Whose notes.
        sleep_effort: Reasoning effort asked for; "" for the model's default.
        draw: Index among the parallel draws, from 0.
        text: The notes.
        rewrites: How often they were rewritten.
        calls: Model calls made.
        finished: Whether the model ended the phase itself.
        prompt_tokens: Of all calls of the draw.
        cached_tokens: Of all calls of the draw.
        completion_tokens: Of all calls of the draw.
        reasoning_tokens: Of all calls of the draw.
    """

    context_id: str
    sleep_effort: str
    draw: int
    text: str
    rewrites: int
    calls: int
    finished: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int


_SLEEP_KEY: Final = ("context_id", "sleep_effort", "draw")
_HISTORY: Final = ("created", "estimate", "billed", "calls", "seconds")
_BATCH: Final = 4096
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class RunDirectory:
    """A run directory opened for writing; one process at a time.

    Use as a context manager. `open_run` makes one.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock.hold(path / "lock", path)
        self._rows = _Table(path, "rows", ROW_KEY, Row)
        self._sleeps = _Table(path, "sleeps", _SLEEP_KEY, SleepRecord)

    def __enter__(self) -> RunDirectory:
        """Return the directory itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close files and release the lock."""
        self._rows.close()
        self._sleeps.close()
        self._lock.close()

    @property
    def calls_path(self) -> Path:
        """Where the cache of model calls lives."""
        return self.path / CALLS

    def done(self) -> frozenset[bytes]:
        """Digests of the keys of all rows that are there and did not fail."""
        return frozenset(
            key_digest([row[name] for name in ROW_KEY])
            for row in self._rows.read()
            if not row["error"]
        )

    def sleeps_kept(self) -> set[tuple[str, str, int]]:
        """Keys of the sleep draws that are there."""
        return {
            (record["context_id"], record["sleep_effort"], record["draw"])
            for record in self._sleeps.read()
        }

    def add_row(self, row: Row) -> None:
        """Append one row; it survives a kill of this process."""
        self._rows.append(row)

    def add_sleep(self, record: SleepRecord) -> None:
        """Append one draw of a sleep phase."""
        self._sleeps.append(record)

    def save_manifest(self, **changes: Any) -> None:
        """Write the manifest with these fields changed."""
        self.manifest.update(changes)
        _write_whole(self.path / MANIFEST, json.dumps(self.manifest, indent=1, sort_keys=True))

    def finish(self) -> None:
        """Gather the rows and the notes into sorted Parquet files."""
        self._rows.gather()
        self._sleeps.gather()


def open_run(
    path: Path, manifest: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> RunDirectory:
    """Open a run directory, new or to be resumed.

    Args:
        path: The directory; made if missing.
        manifest: What the run is about to do. Its "config" and fingerprints decide whether an
            existing run is the same one.
        defaults: Values that options have where they were not known when the run was made.

    Raises:
        InputError: The directory cannot be written, is in use by another process, holds something
            else, or holds a run with another configuration.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        strangers = [p.name for p in path.iterdir()] if not (path / MANIFEST).exists() else []
    except OSError as error:
        raise InputError(
            f"cannot write to {path} ({error.strerror}): choose another directory with --out"
        ) from None
    if others := sorted(
        name for name in strangers if not name.startswith(("lock", CALLS, MANIFEST))
    ):
        raise InputError(
            f"{path} is not empty and not a run directory ({others[0]} is in it): "
            "choose another with --out"
        )
    known = read_manifest(path) if (path / MANIFEST).exists() else None
    if known and (differs := differences(known, manifest, defaults or {})):
        raise InputError(
            f"{path} holds a run with another configuration ({'; '.join(differs)}): choose another "
            "directory with --out, or the same options to resume"
        )
    directory = RunDirectory(path, dict(manifest) | _history(known))
    directory.save_manifest()
    return directory


def read_rows(path: Path) -> pd.DataFrame:
    """Read the rows of a finished or unfinished run, sorted by row key.

    Raises:
        InputError: The directory is not a run directory.
    """
    return _read_table(path, "rows", ROW_KEY, Row)


def count_rows(path: Path) -> int:
    """Rows that are in a run directory and did not fail; 0 when there is none."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    gathered = path / "rows.parquet"
    count = 0
    if gathered.exists():
        errors = pq.read_table(gathered, columns=["error"]).column("error")
        count += int(pc.sum(pc.equal(errors, "")).as_py() or 0)
    for part in (path / "rows").glob("part-*.jsonl"):
        with part.open("rb") as lines:
            # Within a text quotes are escaped, so this stands only where it means something.
            count += sum(b'"error":""' in line for line in lines)
    return count


def read_sleeps(path: Path) -> pd.DataFrame:
    """Read the notes of a run's sleep phases: the columns of `SleepRecord`.

    Raises:
        InputError: The directory is not a run directory.
    """
    return _read_table(path, "sleeps", _SLEEP_KEY, SleepRecord)


def key_digest(values: Iterable[Any]) -> bytes:
    """Eight bytes that stand for a row key; small enough to hold a million of."""
    return hashlib.blake2b(_encode(list(values)).encode(), digest_size=8).digest()


def _read_table(path: Path, name: str, key: tuple[str, ...], record: type) -> pd.DataFrame:
    read_manifest(path)
    table = _Table(path, name, key, record).as_arrow()
    frame: pd.DataFrame = table.to_pandas(maps_as_pydicts="strict")
    return frame


def _history(known: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a resumed run keeps of the sessions before."""
    return {name: known[name] for name in _HISTORY if name in known} if known else {}


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


class _Table:
    """Records of one kind in a run directory: NAME.parquet plus lines in NAME/part-*.jsonl."""

    def __init__(self, path: Path, name: str, key: tuple[str, ...], record: type) -> None:
        self._parquet = path / f"{name}.parquet"
        self._folder = path / name
        self._key = key
        self._kinds = {field.name: str(field.type) for field in fields(record)}
        self._part: IO[str] | None = None

    def append(self, record: Any) -> None:
        if self._part is None:
            self._folder.mkdir(exist_ok=True)
            number = len(list(self._folder.glob("part-*.jsonl")))
            self._part = (self._folder / f"part-{number:05d}.jsonl").open("a", encoding="utf-8")
        # The columns are flat, so this does what `dataclasses.asdict` does in a tenth of the time.
        values = {name: getattr(record, name) for name in self._kinds}
        self._part.write(_encode(values) + "\n")
        # Handing each line to the operating system is what makes it survive SIGKILL.
        self._part.flush()

    def read(self) -> Iterator[dict[str, Any]]:
        """All records in the order written, unsorted; a later one replaces an earlier one."""
        if self._parquet.exists():
            import pyarrow.parquet as pq

            for batch in pq.ParquetFile(self._parquet).iter_batches():
                yield from map(_upgraded, batch.to_pylist(maps_as_pydicts="strict"))
        for part in sorted(self._folder.glob("part-*.jsonl")):
            with part.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    record = _whole_line(line)
                    if record is not None:
                        yield _upgraded(record)

    def as_arrow(self) -> pa.Table:
        """All records, each key once (the last one written), sorted by key."""
        import pyarrow as pa

        # Arrow holds a record in a tenth of the memory that Python objects take, so records are
        # turned over in batches, and only the place of each key's last record is kept.
        batches: list[pa.RecordBatch] = []
        places: dict[bytes, int] = {}
        records = enumerate(self.read())
        while chunk := list(itertools.islice(records, _BATCH)):
            for place, record in chunk:
                places[key_digest([record[name] for name in self._key])] = place
            batches.append(
                pa.RecordBatch.from_pylist([record for _, record in chunk], schema=self._schema())
            )
        table = pa.Table.from_batches(batches, schema=self._schema())
        if len(places) < table.num_rows:
            table = table.take(list(places.values()))
        return table.sort_by([(name, "ascending") for name in self._key])

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        types = {
            "int": pa.int64(),
            "float": pa.float64(),
            "bool": pa.bool_(),
            "Mapping[str, float]": pa.map_(pa.string(), pa.float64()),
        }
        return pa.schema(
            [
                (name, types.get(kind.removesuffix(" | None"), pa.string()))
                for name, kind in self._kinds.items()
            ]
        )

    def gather(self) -> None:
        """Put all records into the Parquet file and remove the parts."""
        import pyarrow.parquet as pq

        self.close()
        draft = self._parquet.with_suffix(".new")
        pq.write_table(self.as_arrow(), draft)
        draft.replace(self._parquet)
        for part in self._folder.glob("part-*.jsonl"):
            part.unlink()
        if self._folder.exists():
            self._folder.rmdir()

    def close(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None


def _whole_line(line: str) -> dict[str, Any] | None:
    """A record, or None for a line that a kill cut off."""
    if not line.endswith("\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _upgraded(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the columns of today.

    Rows of format 1 billed one amount for the answer and the sleep phase together. The answer was
    newly paid when that amount covers all its tokens, since its prompt holds the notes and can
    only be replayed when the sleep phase was; the rest is the sleep phase's.
    """
    if "billed_prompt_tokens" not in record:
        return record
    billed = {kind: record.pop(f"billed_{kind}_tokens") for kind in KINDS}
    test = {kind: record[f"test_{kind}_tokens"] for kind in KINDS}
    if not record["sleep_id"]:
        test = billed
    elif not any(billed.values()) or any(billed[kind] < test[kind] for kind in KINDS):
        test = dict.fromkeys(KINDS, 0)
    split = {f"billed_test_{kind}_tokens": test[kind] for kind in KINDS}
    split |= {f"billed_sleep_{kind}_tokens": billed[kind] - test[kind] for kind in KINDS}
    return record | split | {"calls": int(not record["error"]), "measures": {}}
