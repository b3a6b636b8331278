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
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models import cache_file, sessions
from sleeptime_lib.models.ledger import Amount, Spending
from sleeptime_lib.records import Reply

_GROUP_SECONDS: Final = 0.002
"""How long the first write of a group waits for others."""


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
        try:
            opened = cache_file.open_file(path)
            self._reader = cache_file.connect(path)
            # Text that damage made unreadable must come back wrong, not raise: it is checked.
            self._reader.text_factory = lambda raw: raw.decode("utf-8", "replace")
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"cache {path} cannot be used: {error}") from None
        self._session = opened.session
        self.abandoned = opened.abandoned
        self.spent_before = opened.spent
        self.notices = [opened.notice] if opened.notice else []
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
            row = cache_file.lookup(self._reader, key)
        except sqlite3.Error as error:
            raise StopRun(
                f"cache {self._path} cannot be read ({error}): run the same command again, "
                "it keeps what is intact"
            ) from None
        if row is None:
            return None
        if not cache_file.is_intact(row):
            self.notices.append("a reply in the cache was damaged and is asked for again")
            self._enqueue(_Forget(key))
            return None
        return cache_file.reply_of(row)

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
        self._enqueue(_Finish(key, cache_file.values_of(model, reply), spending, done))
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
        db = cache_file.connect(self._path)
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
        begins = [(item.key, item.worst) for item in batch if isinstance(item, _Begin)]
        finishes = [item for item in batch if isinstance(item, _Finish)]
        forgotten = [item.key for item in batch if isinstance(item, _Forget)]
        claimed: set[bytes] = set()
        with db:
            db.execute("BEGIN IMMEDIATE")
            if forgotten:
                cache_file.forget(db, forgotten)
            if begins:
                claimed, abandoned = cache_file.claim(db, self._session, begins)
                self.abandoned += abandoned
            if finishes:
                rows = [(item.key, *item.values) for item in finishes if item.values is not None]
                cache_file.end(db, self._session, [item.key for item in finishes], rows)
                cache_file.book(db, [item.spending for item in finishes])
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
