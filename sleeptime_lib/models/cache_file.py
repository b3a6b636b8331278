"""The cache's SQLite file: its schema, its rows, and opening it whatever state it is in."""

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
from sleeptime_lib.models import salvage, sessions
from sleeptime_lib.models.ledger import Amount, Spending
from sleeptime_lib.records import Reply, ToolCall, Usage

VERSION: Final = 1
"""Version of the schema; a file of another version is refused, not read wrongly."""
_BUSY_SECONDS: Final = 30.0
"""How long a write waits for another process."""

_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE calls (
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
  checksum INTEGER NOT NULL
);
CREATE TABLE begun (
  key BLOB PRIMARY KEY,
  session INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  nano_usd INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process TEXT NOT NULL,
  seen REAL NOT NULL
);
CREATE TABLE spent (
  prompt INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  completion INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  unknown_calls INTEGER NOT NULL,
  unknown_tokens INTEGER NOT NULL,
  unknown_nano_usd INTEGER NOT NULL
);
INSERT INTO spent VALUES (0, 0, 0, 0, 0, 0, 0);
PRAGMA user_version = {VERSION};
COMMIT;
"""

_VALUES: Final = (
    "model, owner, created, latency_s, prompt, cached, completion, reasoning, estimated, "
    "finish_reason, text, thought, tool_calls, checksum"
)
_LOOKUP: Final = f"SELECT {_VALUES} FROM calls WHERE key = ?"
_MARKS: Final = ", ".join("?" * (_VALUES.count(",") + 2))
_STORE: Final = f"INSERT OR IGNORE INTO calls (key, {_VALUES}) VALUES ({_MARKS})"
_CLAIM: Final = (
    "INSERT INTO begun SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS "
    "(SELECT 1 FROM calls WHERE key = ?1) ON CONFLICT (key) DO NOTHING"
)
_BOOK: Final = (
    "UPDATE spent SET prompt = prompt + ?, cached = cached + ?, completion = completion + ?, "
    "reasoning = reasoning + ?, unknown_calls = unknown_calls + ?, "
    "unknown_tokens = unknown_tokens + ?, unknown_nano_usd = unknown_nano_usd + ?"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found on opening the file.

    Attributes:
        session: Number of the new session.
        abandoned: Calls that dead sessions had in flight.
        spent: What all earlier sessions have spent.
        notice: What was wrong with the file, or "".
    """

    session: int
    abandoned: int
    spent: Spending
    notice: str


def open_file(path: Path) -> Opened:
    """Make the file, or check and if need be rescue it, and enter a session.

    Raises:
        InputError: The file has another schema version.
        OSError: The folder cannot be written.
        sqlite3.Error: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    damaged = path.exists() and salvage.is_damaged(path)
    notice = _rescue(path) if damaged else ""
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        _ensure_schema(db, path)
        with db:
            db.execute("BEGIN IMMEDIATE")
            abandoned = sessions.reap(db)
            session = sessions.register(db)
            row = db.execute("SELECT * FROM spent").fetchone()
        return Opened(
            session, abandoned, Spending(Usage(*row[:4]), row[4], Amount(*row[5:])), notice
        )
    finally:
        db.close()


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand, usable from any one thread at a time."""
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def lookup(db: sqlite3.Connection, key: bytes) -> tuple[Any, ...] | None:
    """The row of a key, or None."""
    row: tuple[Any, ...] | None = db.execute(_LOOKUP, (key,)).fetchone()
    return row


def claim(
    db: sqlite3.Connection, session: int, begins: Sequence[tuple[bytes, Amount]]
) -> tuple[set[bytes], int]:
    """Mark calls as in flight in `session`, those that are neither answered nor somebody else's.

    Returns:
        The keys that were marked, and how many calls of dead sessions were found meanwhile.
    """
    rows = [(key, session, worst.tokens, worst.nano_usd) for key, worst in begins]
    if db.executemany(_CLAIM, rows).rowcount == len(rows):
        return {key for key, _ in begins}, 0
    abandoned = sessions.reap(db)
    db.executemany(_CLAIM, rows)
    holder = "SELECT session FROM begun WHERE key = ?"
    mine = {key for key, _ in begins if db.execute(holder, (key,)).fetchone() == (session,)}
    return mine, abandoned


def end(
    db: sqlite3.Connection, session: int, keys: Iterable[bytes], rows: Iterable[tuple[Any, ...]]
) -> None:
    """End calls of a session; store replies, given as rows of key and `values_of`."""
    db.executemany(_STORE, rows)
    mine = "DELETE FROM begun WHERE key = ? AND session = ?"
    db.executemany(mine, [(key, session) for key in keys])


def all_replies(path: Path) -> Iterator[tuple[bytes, Reply]]:
    """Every intact reply in a file, with the key of its request.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"there is no cache {path}: the run has made no calls")
    db = connect(path)
    try:
        for key, *row in db.execute(f"SELECT key, {_VALUES} FROM calls"):
            if is_intact(tuple(row)):
                yield key, reply_of(tuple(row))
    except sqlite3.Error as error:
        raise InputError(f"cache {path} cannot be read: {error}") from None
    finally:
        db.close()


def forget(db: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """Remove replies."""
    db.executemany("DELETE FROM calls WHERE key = ?", [(key,) for key in keys])


def book(db: sqlite3.Connection, items: Iterable[Spending]) -> None:
    """Add to what all sessions have spent."""
    sums = [0] * 7
    for item in items:
        usage, unknown = item.usage, item.unknown
        parts = (
            usage.prompt,
            usage.cached,
            usage.completion,
            usage.reasoning,
            item.unknown_calls,
            unknown.tokens,
            unknown.nano_usd,
        )
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
    db.execute(_BOOK, sums)


def values_of(model: str, reply: Reply) -> tuple[Any, ...]:
    """A reply as the columns after its key."""
    usage = reply.usage
    calls = [[call.call_id, call.name, call.arguments] for call in reply.tool_calls]
    values = (
        model,
        reply.owner,
        time.time(),
        reply.latency_s,
        usage.prompt,
        usage.cached,
        usage.completion,
        usage.reasoning,
        int(usage.estimated),
        reply.finish_reason,
        reply.text,
        reply.reasoning,
        json.dumps(calls) if calls else "",
    )
    return (*values, _checksum(values))


def reply_of(row: tuple[Any, ...]) -> Reply:
    """The reply that `values_of` turned into this row."""
    _, owner, _, latency_s, prompt, cached, completion, reasoning, estimated, *rest = row
    finish_reason, text, thought, calls, _ = rest
    return Reply(
        text,
        tuple(ToolCall(*call) for call in json.loads(calls)) if calls else (),
        finish_reason,
        Usage(prompt, cached, completion, reasoning, bool(estimated)),
        thought,
        latency_s,
        owner,
    )


def is_intact(row: tuple[Any, ...]) -> bool:
    """True when the row is what was once written."""
    return bool(_checksum(row[:-1]) == row[-1])


def _checksum(values: tuple[Any, ...]) -> int:
    return zlib.crc32(json.dumps(values, default=repr).encode())


def _ensure_schema(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        try:
            db.executescript(_SCHEMA)
        except sqlite3.OperationalError:  # another process was faster, or the file is not ours
            db.rollback()
        version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise InputError(
            f"cache {path} has schema version {version}, this program reads {VERSION}: "
            "choose another run directory, or the program that wrote it"
        )


def _rescue(path: Path) -> str:
    """Move a damaged file aside, and what is intact of it into a fresh one."""
    aside = salvage.set_aside(path)
    fresh = path.with_name(path.name + ".fresh")
    fresh.unlink(missing_ok=True)
    db = connect(fresh)
    db.executescript(_SCHEMA)
    kept = 0
    with db:
        db.execute("BEGIN IMMEDIATE")
        for _, key, *values in salvage.records(aside, _MARKS.count("?") + 1):
            # Whole numbers in REAL columns are written as integers.
            values[2:4] = (float(v) if isinstance(v, int) else v for v in values[2:4])
            if isinstance(key, bytes) and len(key) == 32 and is_intact(tuple(values)):
                kept += db.execute(_STORE, (key, *values)).rowcount
                book(db, [Spending(Usage(*values[4:8]))])
    db.close()
    fresh.replace(path)
    return f"{path.name} was damaged: {kept} replies are saved, the old file is {aside.name}"
