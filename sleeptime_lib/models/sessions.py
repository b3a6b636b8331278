"""Which processes use a cache file now, and what those that died had in flight."""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import sys
import time
from typing import Final

HEARTBEAT_SECONDS: Final = 5.0
_STALE_SECONDS: Final = 30.0
"""A session not seen for so long is dead, wherever it ran."""

_PROCESS: Final = secrets.token_hex(8)
"""Tells this process from an earlier one with the same process id."""


def register(db: sqlite3.Connection) -> int:
    """Enter a session of this process and return its number."""
    row = (socket.gethostname(), os.getpid(), _PROCESS, time.time())
    cursor = db.execute("INSERT INTO sessions (host, pid, process, seen) VALUES (?, ?, ?, ?)", row)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def heartbeat(db: sqlite3.Connection, session: int) -> None:
    """Say that the session lives."""
    db.execute("UPDATE sessions SET seen = ? WHERE id = ?", (time.time(), session))


def leave(db: sqlite3.Connection, session: int) -> None:
    """End a session in good order."""
    db.execute("DELETE FROM sessions WHERE id = ?", (session,))


def reap(db: sqlite3.Connection) -> int:
    """Book what dead sessions had in flight as spent, at its worst case; returns the calls.

    Whether a call in flight at a kill was billed cannot be known, so it counts as billed.
    """
    dead = [
        (number,)
        for number, *rest in db.execute("SELECT id, host, pid, process, seen FROM sessions")
        if not _lives(*rest)
    ]
    db.executemany("DELETE FROM sessions WHERE id = ?", dead)
    lost = "FROM begun WHERE session NOT IN (SELECT id FROM sessions)"
    calls, tokens, nano_usd = db.execute(
        f"SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(nano_usd), 0) {lost}"
    ).fetchone()
    if calls:
        db.execute(
            "UPDATE spent SET unknown_calls = unknown_calls + ?, "
            "unknown_tokens = unknown_tokens + ?, unknown_nano_usd = unknown_nano_usd + ?",
            (calls, tokens, nano_usd),
        )
        db.execute(f"DELETE {lost}")
    return int(calls)


def _lives(host: str, pid: int, process: str, seen: float) -> bool:
    if process == _PROCESS and pid == os.getpid():
        return True  # a process forked from one that had imported this has the same token
    if time.time() - seen > _STALE_SECONDS:
        return False
    if host != socket.gethostname() or sys.platform == "win32":
        return True  # another machine, or no harmless way to ask: its heartbeat decides
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to somebody else, but lives
    return True
