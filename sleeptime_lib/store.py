"""Run directories: where the rows, the notes and the manifest of one run live.

While a run is going, rows are appended as JSON lines to a part file under `rows/`, so that a
process killed at any moment loses at most the line it was writing. A finished run is one
`rows.parquet`, sorted by row key. The notes of the sleep phases are kept beside it in
`sleeps.parquet`, and every model reply in `calls.sqlite`.

All of these carry checksums. Who reads a damaged one is told to run the same command again; who
resumes sets it aside, and what was in it is made again from the replies.
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sleeptime_lib import lock, sealed
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.manifest import (
    MANIFEST,
    DamagedManifest,
    differences,
    read_manifest,
    write_manifest,
)
from sleeptime_lib.records import ROW_KEY, Row
from sleeptime_lib.sealed import Damaged
from sleeptime_lib.table import Table, key_digest

if TYPE_CHECKING:
    import pandas as pd

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


def sleep_id(context_id: str, effort: str, draws: range) -> str:
    """The name of a sleep phase that rows share, which `draws_of` reads; "" for none."""
    if not draws:
        return ""
    first = f"{draws.start}+" if draws.start else ""
    return f"{context_id}:{effort or 'default'}:{first}{len(draws)}"


def draws_of(sleep_id: str, effort: str) -> list[tuple[str, str, int]]:
    """The keys of the draws that a sleep phase joins."""
    if not sleep_id:
        return []
    context_id, _, draws = sleep_id.rsplit(":", 2)
    first, _, count = draws.rpartition("+")
    start = int(first or 0)
    return [(context_id, effort, draw) for draw in range(start, start + int(count))]


_SLEEP_KEY: Final = ("context_id", "sleep_effort", "draw")
_HISTORY: Final = ("created", "estimate", "billed", "calls", "seconds")


class RunDirectory:
    """A run directory opened for writing; one process at a time.

    Use as a context manager. `open_run` makes one.

    Attributes:
        notices: One line for each thing the user should know (damage, and what becomes of it).
    """

    def __init__(self, path: Path, held: IO[str]) -> None:
        self.path = path
        self.manifest: dict[str, Any] = {}
        self.notices: list[str] = []
        self._lock = held
        self._rows, self._sleeps = _rows(path), _sleeps(path)

    def __enter__(self) -> RunDirectory:
        """Return the directory itself."""
        return self

    def __exit__(self, kind: object = None, error: object = None, trace: object = None) -> None:
        """Close files and release the lock.

        Raises:
            StopRun: The run has ended because a file could not be written.
        """
        try:
            with self._lock:
                self._rows.close()
                self._sleeps.close()
        except OSError as late:
            error = error or late
        if isinstance(error, OSError):
            raise StopRun(
                f"{error.filename or self.path} cannot be written ({error.strerror or error}): "
                "everything finished is kept; when that is mended, the same command goes on from "
                "there"
            ) from None

    def done(self) -> frozenset[bytes]:
        """Digests of the keys of all rows that did not fail, and whose notes are there."""
        kept = self.sleeps_kept()
        return frozenset(
            key_digest([row[name] for name in ROW_KEY])
            for row in self._rows.read()
            if not row["error"] and kept.issuperset(draws_of(row["sleep_id"], row["sleep_effort"]))
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
        write_manifest(self.path, self.manifest)

    def finish(self) -> None:
        """Gather the rows and the notes into sorted Parquet files."""
        self._rows.gather()
        self._sleeps.gather()

    def resume(self, known: Mapping[str, Any] | None, manifest: Mapping[str, Any]) -> None:
        """Mend what is damaged, and write down what the run is about to do.

        Args:
            known: The manifest of the sessions before; None where it is lost, or where there are
                none.
            manifest: That of this session.
        """
        for table in (self._rows, self._sleeps):
            self.notices += table.mend() if known else table.distrust()
        if not known and (self.path / MANIFEST).exists():
            kept = sealed.set_aside(self.path / MANIFEST, copy=True)
            self.notices.append(
                f"{MANIFEST} was damaged: the rows are made again from the replies, and what was "
                f"estimated and billed before is forgotten; the old file is {kept}"
            )
        history = {name: known[name] for name in _HISTORY if name in known} if known else {}
        self.save_manifest(**(dict(manifest) | history))


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
            raise PermissionError(errno.EACCES, "no permission to write", str(path))
        _refuse_strangers(path)
        held = lock.hold(path / "lock", path)
        try:
            directory = RunDirectory(path, held)
            directory.resume(_known(path, manifest, defaults or {}), manifest)
        except BaseException:
            held.close()
            raise
    except OSError as error:
        raise InputError(
            f"cannot use {error.filename or path} ({error.strerror or error}): mend that, or "
            "choose another directory with --out"
        ) from None
    return directory


def read_rows(path: Path) -> pd.DataFrame:
    """Read the rows of a finished or unfinished run, sorted by row key.

    Raises:
        InputError: The directory is not a run directory, or its rows are damaged.
    """
    return _read_table(path, _rows(path))


def count_rows(path: Path) -> int:
    """Rows that are in a run directory and did not fail; 0 when there is none.

    Raises:
        InputError: They cannot be read. Damage is no reason: what is damaged does not count.
    """
    try:
        return _rows(path).count_answered()
    except OSError as error:
        raise _unreadable(path, error) from None


def read_sleeps(path: Path) -> pd.DataFrame:
    """Read the notes of a run's sleep phases: the columns of `SleepRecord`.

    Raises:
        InputError: The directory is not a run directory, or its notes are damaged.
    """
    return _read_table(path, _sleeps(path))


def _rows(path: Path) -> Table:
    return Table(path, "rows", ROW_KEY, Row)


def _sleeps(path: Path) -> Table:
    return Table(path, "sleeps", _SLEEP_KEY, SleepRecord)


def _read_table(path: Path, table: Table) -> pd.DataFrame:
    manifest = read_manifest(path)
    try:
        try:
            found = table.as_arrow()
        except FileNotFoundError:  # the run has ended just now, and gathered its parts
            found = table.as_arrow()
    except OSError as error:
        raise _unreadable(path, error) from None
    except Damaged as error:
        command = manifest.get("command", "the same command")
        raise InputError(
            f"{error}: this is not what was written. Run `{command} --out {shlex.quote(str(path))}`"
            " again, which makes it anew from the replies that are kept"
        ) from None
    frame: pd.DataFrame = found.to_pandas(maps_as_pydicts="strict")
    return frame


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{error.filename or path} cannot be read: {error.strerror or error}")


def _refuse_strangers(path: Path) -> None:
    """Leave a directory alone that is not empty and no run."""
    names, ours = sorted(item.name for item in path.iterdir()), ["lock", CALLS, MANIFEST]
    if MANIFEST in names:
        try:
            read_manifest(path)
        except DamagedManifest:
            ours += [*names] if CALLS in names else ["rows", "sleeps"]
        else:
            return
    if others := [name for name in names if not name.startswith(tuple(ours))]:
        raise InputError(
            f"{path} is not empty and not a run directory ({others[0]} is in it): "
            "choose another with --out"
        )


def _known(
    path: Path, manifest: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The manifest of the sessions before; None where there is none or it is lost."""
    if not (path / MANIFEST).exists():
        return None
    try:
        known = read_manifest(path)
    except DamagedManifest:
        return None
    if differs := differences(known, manifest, defaults):
        raise InputError(
            f"{path} holds a run with another configuration ({'; '.join(differs)}): choose another "
            "directory with --out, or the same options to resume"
        )
    return known
