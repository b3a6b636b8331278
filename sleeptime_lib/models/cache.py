"""Every reply that was paid for, kept: one SQLite file, used by one process at a time.

A call is marked as begun before it is sent and its reply is stored before anybody sees it. So a
process that is killed loses no reply it has shown, and the calls it had in flight are known. One
thread writes in groups: a commit takes all that came in since the last one. With a write-ahead log
a commit survives the death of the process; the log is not forced to disk each time, so a power cut
may take the last moments, never the file.

A key is the SHA-256 of the complete request and its sample index (`requests.key_of`); requests are
not stored.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from sleeptime_lib import lock
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models import cache_file, cache_log, cache_rescue
from sleeptime_lib.models.ledger import Amount, Spending
from sleeptime_lib.models.replies import one_line
from sleeptime_lib.records import Reply
from sleeptime_lib.sealed import Damaged

_GROUP_SECONDS: Final = 0.002
"""How long the first write of a group waits for others."""


class Source(Protocol):
    """Where replies may come from that need not be paid for again."""

    def get(self, key: bytes) -> Reply | None:
        """The reply to the request of this key, or None."""


class CacheSource:
    """The replies of another run's cache, which is only read; a damaged one counts as missing.

    Args:
        path: The file, of this version or the one before. Nobody should be writing it.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._db, self._version = cache_file.open_to_read(path)

    def get(self, key: bytes) -> Reply | None:
        """The intact reply to the request of this key, or None.

        Raises:
            StopRun: The file has been damaged.
        """
        try:
            row = cache_file.lookup(self._db, key, self._version)
        except cache_file.UNREADABLE as error:
            raise StopRun(f"cache {self.name} cannot be read: {error}") from None
        if row is None or not cache_file.is_intact(key, row, self._version):
            return None
        return cache_file.reply_of(row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@dataclass(frozen=True, slots=True)
class _Begin:
    key: bytes
    worst: Amount
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Finish:
    key: bytes
    row: cache_file.Row | None
    spending: Spending
    done: asyncio.Future[None] | None


@dataclass(frozen=True, slots=True)
class _Forget:
    key: bytes
    done: None = None


class Cache:
    """The open cache of one client. Lookups and writes belong to one event loop.

    Args:
        path: The file; made with its folder when missing.

    Attributes:
        abandoned: Calls that were in flight when an earlier process was killed. They may have
            been billed, are booked at their worst, and are made again when asked for.
        spent_before: Everything spent on this file, at opening.
        notices: One line for each thing the user should know (damage and what was saved).

    Raises:
        InputError: The file is in use, cannot be written, or has another schema version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notices: list[str] = []
        self._lock = _lock(path)
        try:
            opened = self._open()
            self._reader = cache_file.connect(path)
        except BaseException as error:
            self._lock.close()
            if isinstance(error, (OSError, *cache_file.UNREADABLE)):
                raise InputError(f"cache {path} cannot be used: {_said(error)}") from None
            raise
        self.abandoned = opened.abandoned
        self.spent_before = opened.spent
        self._queue: list[_Begin | _Finish | _Forget] = []
        self._wake = threading.Condition()
        self._closing = False
        self._failure: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write, name="cache-writer", daemon=True)
        self._thread.start()

    def _open(self) -> cache_file.Opened:
        cache_rescue.finish(self._path)
        log = self._path.with_name(self._path.name + "-wal")
        if kept := cache_log.mend(log):
            self.notices.append(f"{log.name} was damaged and is mended, the old file is {kept}")
        try:
            return cache_file.open_file(self._path)
        except Damaged:
            self.notices.append(cache_rescue.rescue(self._path))
            return cache_file.open_file(self._path)

    def get(self, key: bytes) -> Reply | None:
        """The stored reply to a request, or None.

        Raises:
            StopRun: The file has been damaged since it was opened.
        """
        try:
            row = cache_file.lookup(self._reader, key)
        except cache_file.UNREADABLE as error:
            raise StopRun(
                f"cache {self._path} cannot be read ({error}): run the same command again, "
                "it keeps what is intact"
            ) from None
        if row is None:
            return None
        if not cache_file.is_intact(key, row):
            self.notices.append("a reply in the cache was damaged and is asked for again")
            self._enqueue(_Forget(key))
            return None
        return cache_file.reply_of(row)

    async def begin(self, key: bytes, worst: Amount) -> None:
        """Mark a call as in flight; durable on return.

        Args:
            key: Of the request.
            worst: The most it can cost.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._enqueue(_Begin(key, worst, done))
        await done

    async def store(self, key: bytes, reply: Reply, spending: Spending, *, model: str) -> None:
        """End a call with its reply; durable on return."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._enqueue(_Finish(key, cache_file.row_of(key, model, reply), spending, done))
        await done

    def give_up(self, key: bytes, spending: Spending) -> None:
        """End a call without a reply. Returns before it is durable."""
        self._enqueue(_Finish(key, None, spending, None))

    async def aclose(self) -> None:
        """Write what is waiting and close the file."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        while self._thread.is_alive():
            await asyncio.sleep(0.001)
        self._reader.close()
        self._lock.close()

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
        db: sqlite3.Connection | None = None
        while True:
            with self._wake:
                if not self._queue and not self._closing:
                    self._wake.wait()
                closing = self._closing
            if not closing:
                time.sleep(_GROUP_SECONDS)
            with self._wake:
                batch, self._queue = self._queue, []
            try:
                db = db or cache_file.connect(self._path)
                if batch:
                    self._path.stat()  # SQLite would go on writing to a file that was removed
                    _commit(db, batch)
            except Exception as error:  # whatever it is, nobody may be left waiting
                self._failure = (
                    f"cache {self._path} cannot be written ({_said(error)}): everything finished "
                    "is kept; when that is mended, the same command goes on from there"
                )
            if batch and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._settle, batch)
            if closing and not self._queue:
                break
        if db is not None:
            db.close()

    def _settle(self, batch: list[_Begin | _Finish | _Forget]) -> None:
        """On the event loop: wake those whose writes are durable."""
        for item in batch:
            if item.done is None or item.done.done():
                continue
            if self._failure is not None:
                item.done.set_exception(StopRun(self._failure))
            else:
                item.done.set_result(None)


def _commit(db: sqlite3.Connection, batch: list[_Begin | _Finish | _Forget]) -> None:
    """Write a group."""
    finishes = [item for item in batch if isinstance(item, _Finish)]
    # A call that was cancelled and asked for again may be in one group twice: the last word holds.
    last = {item.key: item for item in batch if not isinstance(item, _Forget)}
    begins = [(item.key, item.worst) for item in last.values() if isinstance(item, _Begin)]
    with db:
        db.execute("BEGIN IMMEDIATE")
        cache_file.forget(db, [item.key for item in batch if isinstance(item, _Forget)])
        cache_file.begin(db, begins)
        cache_file.store(db, [item.row for item in finishes if item.row is not None])
        cache_file.end(db, [key for key, item in last.items() if isinstance(item, _Finish)])
        if finishes:
            cache_file.book(db, [item.spending for item in finishes])


def _said(error: BaseException) -> str:
    """What went wrong, in one line, and for whom SQLite has waited."""
    who = " by another program, such as a database browser" if "locked" in str(error) else ""
    return one_line(str(error)) + who


def _lock(path: Path) -> IO[str]:
    """Keep other processes out while the file is open.

    The lock is on a file of its own: one on the database would touch SQLite's own locks.

    Raises:
        InputError: It is in use, or its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return lock.hold(path.with_name(path.name + ".lock"), path)
    except OSError as error:
        raise InputError(f"cache {path} cannot be used: {error}") from None
