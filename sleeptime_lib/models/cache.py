"""Every reply that was paid for, kept: one SQLite file that several processes may share.

A call is marked as begun before it is sent and its reply is stored before anybody sees it. So a
process that is killed loses no reply it has shown, and the calls it had in flight are known. One
thread writes in groups: a commit takes all that came in since the last one. With a write-ahead log
a commit survives the death of the process; the log is not forced to disk each time, so a power cut
may take the last moments, never the file.

A key is the SHA-256 of the complete request and its sample index; requests are not stored. The
server's address is left out on purpose, so that a server may move: one run directory has one model.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import threading
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models import salvage, sessions
from sleeptime_lib.models.ledger import Amount
from sleeptime_lib.records import Reply, ToolCall, Usage

VERSION: Final = 1
"""Version of the schema; a file of another version is refused, not read wrongly."""
_GROUP_SECONDS: Final = 0.002
"""How long the first write of a group waits for others."""
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
class Spending:
    """What calls were billed: usage the server stated, and calls it said nothing about.

    Attributes:
        usage: Stated, or estimated from the reply.
        unknown_calls: Calls that may have been billed although no reply came.
        unknown: The worst case of those.
    """

    usage: Usage = field(default_factory=Usage)
    unknown_calls: int = 0
    unknown: Amount = field(default_factory=Amount)

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            self.usage + other.usage,
            self.unknown_calls + other.unknown_calls,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True)
class _Begin:
    key: bytes
    worst: Amount
    done: asyncio.Future[bool]


@dataclass(frozen=True, slots=True)
class _Finish:
    key: bytes
    values: tuple[Any, ...] | None
    spending: Spending
    done: asyncio.Future[bool] | None


@dataclass(frozen=True, slots=True)
class _Forget:
    key: bytes


def key_of(content: bytes, sample: int) -> bytes:
    """The key of a request: SHA-256 of path, complete body and sample index."""
    digest = hashlib.sha256(b"/chat/completions\0%d\0" % sample)
    digest.update(content)
    return digest.digest()


class Cache:
    """The open cache of one client. Lookups and writes belong to one event loop.

    Args:
        path: The file; made with its folder when missing.

    Attributes:
        abandoned: Calls that earlier sessions had in flight when they were killed, found since
            opening. They may have been billed and will be made again when asked for.
        spent_before: Everything spent by earlier sessions, at opening.
        notices: One line for each thing the user should know (damage and what was saved).

    Raises:
        InputError: The file cannot be written, or has another schema version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notices: list[str] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and salvage.is_damaged(path):
                self.notices.append(_rescue(path))
            self._prepare()
            self._reader = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"cache {path} cannot be used: {error}") from None
        self._queue: list[_Begin | _Finish | _Forget] = []
        self._wake = threading.Condition()
        self._closing = False
        self._failure: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write, name="cache-writer", daemon=True)
        self._thread.start()

    def get(self, key: bytes) -> Reply | None:
        """The stored reply to a request, or None.

        Raises:
            StopRun: The file has been damaged since it was opened.
        """
        try:
            row = self._reader.execute(_LOOKUP, (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise StopRun(
                f"cache {self._path} cannot be read ({error}): run the same command again, "
                "it keeps what is intact"
            ) from None
        if row is None:
            return None
        if not _is_intact(row):
            self.notices.append("a reply in the cache was damaged and is asked for again")
            self._enqueue(_Forget(key))
            return None
        _, owner, _, latency, prompt, cached, completion, reasoning, estimated, *rest = row
        finish, text, thought, calls, _ = rest
        return Reply(
            text,
            tuple(ToolCall(*call) for call in json.loads(calls)) if calls else (),
            finish,
            Usage(prompt, cached, completion, reasoning, bool(estimated)),
            thought,
            latency,
            owner,
        )

    async def begin(self, key: bytes, worst: Amount) -> bool:
        """Mark a call as in flight; durable on return.

        Args:
            key: Of the request.
            worst: The most it can cost.

        Returns:
            False when the reply is there by now, or another process has the call in flight.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._enqueue(_Begin(key, worst, done))
        return await done

    async def store(self, key: bytes, reply: Reply, spending: Spending, *, model: str) -> None:
        """End a call with its reply; durable on return."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._enqueue(_Finish(key, _values(model, reply), spending, done))
        await done

    def give_up(self, key: bytes, spending: Spending) -> None:
        """End a call without a reply. Returns before it is durable."""
        self._enqueue(_Finish(key, None, spending, None))

    async def aclose(self) -> None:
        """Write what is waiting, end the session and close the file."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        while self._thread.is_alive():
            await asyncio.sleep(0.001)
        self._reader.close()

    def _prepare(self) -> None:
        db = _connect(self._path)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                _create(db)
            elif version != VERSION:
                raise InputError(
                    f"cache {self._path} has schema version {version}, this program reads "
                    f"{VERSION}: choose another run directory, or the program that wrote it"
                )
            with db:
                db.execute("BEGIN IMMEDIATE")
                self.abandoned = sessions.reap(db)
                self._session = sessions.register(db)
                row = db.execute("SELECT * FROM spent").fetchone()
            self.spent_before = Spending(Usage(*row[:4]), row[4], Amount(row[5], row[6]))
        finally:
            db.close()

    def _enqueue(self, item: _Begin | _Finish | _Forget) -> None:
        if self._failure is not None:
            raise StopRun(self._failure)
        self._loop = asyncio.get_running_loop()
        with self._wake:
            self._queue.append(item)
            if len(self._queue) == 1:
                self._wake.notify()

    def _write(self) -> None:
        """The writer thread: one transaction for all that has come in."""
        db = _connect(self._path)
        seen = time.monotonic()
        while True:
            with self._wake:
                if not self._queue and not self._closing:
                    self._wake.wait(sessions.HEARTBEAT_SECONDS)
                closing = self._closing
            if not closing:
                time.sleep(_GROUP_SECONDS)
            with self._wake:
                batch, self._queue = self._queue, []
            try:
                if time.monotonic() - seen > sessions.HEARTBEAT_SECONDS:
                    seen = time.monotonic()
                    with db:
                        sessions.heartbeat(db, self._session)
                claimed = self._commit(db, batch) if batch else set()
            except sqlite3.Error as error:
                self._failure = f"cache {self._path} cannot be written: {error}"
                claimed = set()
            if batch and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._settle, batch, claimed)
            if closing and not self._queue:
                break
        self._leave(db)

    def _commit(
        self, db: sqlite3.Connection, batch: list[_Begin | _Finish | _Forget]
    ) -> set[bytes]:
        """Write a group; returns the keys of those calls begun that this session may make."""
        begins = [
            (item.key, self._session, item.worst.tokens, item.worst.nano_usd)
            for item in batch
            if isinstance(item, _Begin)
        ]
        finishes = [item for item in batch if isinstance(item, _Finish)]
        forgotten = [(item.key,) for item in batch if isinstance(item, _Forget)]
        with db:
            db.execute("BEGIN IMMEDIATE")
            if forgotten:
                db.executemany("DELETE FROM calls WHERE key = ?", forgotten)
            claimed = {key for key, *_ in begins}
            if begins and db.executemany(_CLAIM, begins).rowcount < len(begins):
                self.abandoned += sessions.reap(db)
                db.executemany(_CLAIM, begins)
                mine = "SELECT session FROM begun WHERE key = ?"
                claimed = {
                    key
                    for key in claimed
                    if db.execute(mine, (key,)).fetchone() == (self._session,)
                }
            if finishes:
                stored = [(item.key, *item.values) for item in finishes if item.values is not None]
                db.executemany(_STORE, stored)
                db.executemany("DELETE FROM begun WHERE key = ?", [(i.key,) for i in finishes])
                _book(db, [item.spending for item in finishes])
        return claimed

    def _settle(self, batch: list[_Begin | _Finish | _Forget], claimed: set[bytes]) -> None:
        """On the event loop: wake those whose writes are durable."""
        for item in batch:
            if isinstance(item, _Forget) or item.done is None or item.done.done():
                continue
            if self._failure is not None:
                item.done.set_exception(StopRun(self._failure))
            else:
                item.done.set_result(isinstance(item, _Finish) or item.key in claimed)

    def _leave(self, db: sqlite3.Connection) -> None:
        try:
            with db:
                sessions.leave(db, self._session)
            db.close()
        except sqlite3.Error:
            pass  # the next session finds this one dead


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions are begun by hand: the default would begin them at surprising places.
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def _create(db: sqlite3.Connection) -> None:
    try:
        db.executescript(_SCHEMA)
    except sqlite3.OperationalError:
        # Another process was faster.
        db.rollback()
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise


def _book(db: sqlite3.Connection, items: list[Spending]) -> None:
    total = Spending()
    for item in items:
        total += item
    usage, unknown = total.usage, total.unknown
    db.execute(
        _BOOK,
        (
            usage.prompt,
            usage.cached,
            usage.completion,
            usage.reasoning,
            total.unknown_calls,
            unknown.tokens,
            unknown.nano_usd,
        ),
    )


def _values(model: str, reply: Reply) -> tuple[Any, ...]:
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


def _checksum(values: tuple[Any, ...]) -> int:
    return zlib.crc32(json.dumps(values).encode())


def _is_intact(row: tuple[Any, ...]) -> bool:
    return bool(_checksum(row[:-1]) == row[-1])


def _rescue(path: Path) -> str:
    """Move a damaged file aside, and what is intact of it into a fresh one."""
    aside = salvage.set_aside(path)
    work = path.with_name(path.name + ".rescue")
    work.unlink(missing_ok=True)
    db = _connect(work)
    _create(db)
    db.close()
    rows = salvage.intact_rows(
        aside, work, f"key, {_VALUES}", lambda row: len(row[0]) == 32 and _is_intact(row[1:])
    )
    db = _connect(work)
    kept = 0
    with db:
        db.execute("BEGIN IMMEDIATE")
        for row in rows:
            kept += db.execute(_STORE, row).rowcount
            _book(db, [Spending(Usage(*row[5:9]))])
    db.close()
    work.replace(path)
    return f"{path.name} was damaged: {kept} replies are saved, the old file is {aside.name}"
