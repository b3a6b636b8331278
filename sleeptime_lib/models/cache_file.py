"""The cache's SQLite file: its schema, its rows, and opening it whatever state it is in.

Version 2 (of `PRAGMA user_version`) has the columns below. Version 1 had no `written` and no
`logprobs`, its checksums left the key out, and a `sessions` table told which of several processes
had a call in flight; `_from_version_1` is the one step between them.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.ledger import NOTHING, Amount, Spending
from sleeptime_lib.models.replies import storable
from sleeptime_lib.models.stored import from_record, to_record
from sleeptime_lib.records import Reply, Usage
from sleeptime_lib.sealed import Damaged

UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, Damaged)
"""What reading a damaged file may raise; names of columns are text that may be damaged too."""

VERSION: Final = 2
_OLD_VERSION: Final = 1
_BUSY_SECONDS: Final = 2.0
"""How long a write waits for another program, such as a database browser."""

TABLES: Final = (
    """CREATE TABLE calls (
      id INTEGER PRIMARY KEY,
      key BLOB NOT NULL UNIQUE,
      model TEXT NOT NULL,
      owner TEXT NOT NULL,
      created REAL NOT NULL,
      latency_s REAL NOT NULL,
      prompt INTEGER NOT NULL,
      cached INTEGER NOT NULL,
      completion INTEGER NOT NULL,
      reasoning INTEGER NOT NULL,
      estimated INTEGER NOT NULL,
      finish_reason TEXT NOT NULL,
      text TEXT NOT NULL,
      thought TEXT NOT NULL,
      tool_calls TEXT NOT NULL,
      written INTEGER,
      logprobs TEXT NOT NULL,
      checksum INTEGER NOT NULL
    )""",
    """CREATE TABLE begun (
      key BLOB PRIMARY KEY,
      tokens INTEGER NOT NULL,
      nano_usd INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE spent (
      prompt INTEGER NOT NULL,
      cached INTEGER NOT NULL,
      completion INTEGER NOT NULL,
      reasoning INTEGER NOT NULL,
      written INTEGER,
      unknown_calls INTEGER NOT NULL,
      unknown_tokens INTEGER NOT NULL,
      unknown_nano_usd INTEGER NOT NULL
    )""",
    "INSERT INTO spent VALUES (0, 0, 0, 0, NULL, 0, 0, 0)",
    f"PRAGMA user_version = {VERSION}",
)

_VALUES_1: Final = (
    "model, owner, created, latency_s, prompt, cached, completion, reasoning, estimated, "
    "finish_reason, text, thought, tool_calls"
)
_COUNT_1: Final = _VALUES_1.count(",") + 1
_OF_REPLY: Final = (
    "latency_s", "prompt", "cached", "completion", "reasoning_tokens", "estimated",
    "finish_reason", "text", "reasoning", "tool_calls", "written", "logprobs",
)  # fmt: skip
"""What `stored.to_record` calls the columns behind `created`."""
COLUMNS: Final = {
    VERSION: f"key, {_VALUES_1}, written, logprobs, checksum",
    _OLD_VERSION: f"key, {_VALUES_1}, NULL, '', checksum",
}
"""What is selected from `calls`, by version of the file: one shape for both."""
_MARKS: Final = ", ".join("?" * (COLUMNS[VERSION].count(",") + 1))
_STORE: Final = f"INSERT OR IGNORE INTO calls ({COLUMNS[VERSION]}) VALUES ({_MARKS})"
_LOOKUP: Final = {
    version: f"SELECT {columns} FROM calls WHERE key = ?" for version, columns in COLUMNS.items()
}
_SPENT: Final = {
    VERSION: "SELECT * FROM spent",
    _OLD_VERSION: "SELECT prompt, cached, completion, reasoning, NULL, unknown_calls, "
    "unknown_tokens, unknown_nano_usd FROM spent",
}
_BEGIN: Final = "INSERT OR REPLACE INTO begun VALUES (?, ?, ?)"
_BOOK: Final = (
    "UPDATE spent SET prompt = prompt + ?1, cached = cached + ?2, completion = completion + ?3, "
    "reasoning = reasoning + ?4, "
    "written = CASE WHEN ?5 IS NULL THEN written ELSE coalesce(written, 0) + ?5 END, "
    "unknown_calls = unknown_calls + ?6, unknown_tokens = unknown_tokens + ?7, "
    "unknown_nano_usd = unknown_nano_usd + ?8"
)

_NOT_DAMAGE: Final = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
"""Why a file may not open although nothing is wrong in it."""

Row = tuple[Any, ...]
"""A row of `calls` as `COLUMNS` orders it: the key first, the checksum last."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found on opening the file.

    Attributes:
        abandoned: Calls that were in flight when a process was killed, now booked at their worst.
        spent: What has been spent so far, those included.
    """

    abandoned: int
    spent: Spending


def open_file(path: Path) -> Opened:
    """Make the file, or check it and bring it to this version.

    Raises:
        Damaged: It is no intact database.
        InputError: It has another schema version.
        sqlite3.OperationalError: It cannot be opened at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = connect(path)
        try:
            # That an index finds the wrong row is seen by the whole check alone.
            if (said := db.execute("PRAGMA integrity_check(1)").fetchall()[0][0]) != "ok":
                raise Damaged(said)
            db.execute("PRAGMA journal_mode = WAL")
            with db:
                db.execute("BEGIN IMMEDIATE")
                _ensure_version(db, path)
                lookup(db, b"")
                abandoned = _book_abandoned(db)
                return Opened(abandoned, spent(db))
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _NOT_DAMAGE:
            raise
        raise Damaged(str(error)) from None
    except UNREADABLE as error:
        raise Damaged(str(error)) from None


def connect(
    path: Path, how: str = "mode=rwc", pragma: str = "synchronous = NORMAL"
) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand, usable from any one thread at a time.

    Text that damage made unreadable comes back wrong, not as an error: rows prove themselves.

    Args:
        path: The file.
        how: A parameter of SQLite's file addresses; by default it is made when missing.
        pragma: What is set before anything is read.
    """
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    db.execute(f"PRAGMA {pragma}")
    return db


def open_to_read(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection that changes nothing in the file, and the file's version.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"there is no cache {path}: the run has made no calls")
    log = path.with_name(path.name + "-wal")
    # SQLite reads through files that it makes beside a log. Without a log it can do without them,
    # so that a folder that cannot be written will do too.
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    try:
        db = connect(path, how)
        return db, version_of(db, path)
    except sqlite3.Error as error:
        raise InputError(f"cache {path} cannot be read: {error}") from None


def create(db: sqlite3.Connection) -> None:
    """Make the tables, within the transaction that is open."""
    for statement in TABLES:
        db.execute(statement)


def lookup(db: sqlite3.Connection, key: bytes, version: int = VERSION) -> Row | None:
    """The row of a key, or None."""
    row: Row | None = db.execute(_LOOKUP[version], (key,)).fetchone()
    return row


def store(db: sqlite3.Connection, rows: Iterable[Row]) -> int:
    """Store replies whose keys are not there yet; returns how many."""
    return db.executemany(_STORE, rows).rowcount


def begin(db: sqlite3.Connection, begins: Iterable[tuple[bytes, Amount]]) -> None:
    """Mark calls as in flight."""
    db.executemany(_BEGIN, [(key, worst.tokens, worst.nano_usd) for key, worst in begins])


def end(db: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """End calls that were in flight."""
    db.executemany("DELETE FROM begun WHERE key = ?", [(key,) for key in keys])


def forget(db: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """Remove replies."""
    db.executemany("DELETE FROM calls WHERE key = ?", [(key,) for key in keys])


def book(db: sqlite3.Connection, items: Iterable[Spending]) -> None:
    """Add to what has been spent."""
    total = sum(items, NOTHING)
    usage, unknown = total.usage, total.unknown
    counts = (usage.prompt, usage.cached, usage.completion, usage.reasoning, usage.written)
    db.execute(_BOOK, (*counts, total.unknown_calls, unknown.tokens, unknown.nano_usd))


def spent(db: sqlite3.Connection, version: int = VERSION) -> Spending:
    """What has been spent.

    Raises:
        Damaged: The table holds something else.
    """
    row: Row = db.execute(_SPENT[version]).fetchone() or (None,) * 8
    prompt, cached, completion, reasoning, written, calls, tokens, nano_usd = row
    counts = [*row[:4], written or 0, *row[5:]]
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise Damaged("what has been spent cannot be read")
    usage = Usage(prompt, cached, completion, reasoning, written=written)
    return Spending(usage, calls, Amount(tokens, nano_usd))


def begun(db: sqlite3.Connection) -> list[tuple[bytes, Amount]]:
    """Calls that are marked as in flight.

    Raises:
        Damaged: The table holds something else.
    """
    rows = db.execute("SELECT key, tokens, nano_usd FROM begun").fetchall()
    if not all(isinstance(value, int) for row in rows for value in row[1:]):
        raise Damaged("the calls in flight cannot be read")
    return [(key, Amount(tokens, nano_usd)) for key, tokens, nano_usd in rows]


def row_of(key: bytes, model: str, reply: Reply) -> Row:
    """A reply as a row."""
    record = to_record(reply)
    record["estimated"] = int(reply.usage.estimated)  # as SQLite gives it back
    values = (storable(model), reply.owner, time.time(), *(record[name] for name in _OF_REPLY))
    return (key, *values, _checksum(key, values))


def reply_of(row: Row) -> Reply:
    """The reply that `row_of` turned into this row."""
    _, _, owner, _, *values, _ = row
    return from_record(dict(zip(_OF_REPLY, values, strict=True)), owner)


def is_intact(key: bytes, row: Row, version: int = VERSION) -> bool:
    """True when the row is what was once written under this key."""
    _, *values, checksum = row
    if version == _OLD_VERSION:
        return bool(row[0] == key and _checksum(b"", values[:_COUNT_1]) == checksum)
    return bool(_checksum(key, values) == checksum)


def upgraded(row: Row, version: int) -> Row | None:
    """The row as this version has it, or None when it is not what was once written."""
    key = row[0]
    if not isinstance(key, bytes) or not is_intact(key, row, version):
        return None
    return row if version == VERSION else (*row[:-1], _checksum(key, row[1:-1]))


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """The schema version of a file.

    Raises:
        InputError: It is none that can be read.
    """
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in COLUMNS:
        raise InputError(
            f"cache {path} has schema version {version}, this program reads {VERSION}: "
            "choose another run directory, or the program that wrote it"
        )
    return version


def all_replies(path: Path) -> Iterator[tuple[bytes, Reply]]:
    """Every intact reply in a file, with the key of its request.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    db, version = open_to_read(path)
    try:
        for row in db.execute(f"SELECT {COLUMNS[version]} FROM calls"):
            if is_intact(row[0], row, version):
                yield row[0], reply_of(row)
    except sqlite3.Error as error:
        raise InputError(f"cache {path} cannot be read: {error}") from None
    finally:
        db.close()


def _checksum(key: bytes, values: Sequence[Any]) -> int:
    return zlib.crc32(json.dumps(values, default=repr).encode(), zlib.crc32(key))


def _ensure_version(db: sqlite3.Connection, path: Path) -> None:
    empty = not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if empty:
        create(db)
    elif version_of(db, path) == _OLD_VERSION:
        _from_version_1(db)


def _from_version_1(db: sqlite3.Connection) -> None:
    """Copy a file of version 1 into the tables of version 2, within one transaction.

    Rows whose old checksum is wrong stay behind, and are asked for again.
    """
    before, in_flight = spent(db, _OLD_VERSION), begun(db)
    db.execute("ALTER TABLE calls RENAME TO calls_1")
    for table in ("begun", "spent", "sessions"):
        db.execute(f"DROP TABLE {table}")
    create(db)
    for row in db.execute(f"SELECT {COLUMNS[_OLD_VERSION]} FROM calls_1 ORDER BY id"):
        if (kept := upgraded(row, _OLD_VERSION)) is not None:
            store(db, [kept])
    db.execute("DROP TABLE calls_1")
    book(db, [before])
    begin(db, in_flight)


def _book_abandoned(db: sqlite3.Connection) -> int:
    """Book calls that were in flight when their process was killed; returns how many.

    Whether they were billed cannot be known, so they count at their worst case.
    """
    lost = begun(db)
    if lost:
        worst = sum((amount for _, amount in lost), Amount())
        book(db, [Spending(Usage(), len(lost), worst)])
        end(db, [key for key, _ in lost])
    return len(lost)
