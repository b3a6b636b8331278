"""Finding damage in a cache file, and keeping the part that is intact."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

_SIDES: Final = ("", "-wal", "-shm")
_SMALLEST_ROW: Final = 64
"""Bytes: bounds how many rows a file of some size can hold."""
_SPAN: Final = 256
"""Rows that are read at once."""


def is_damaged(path: Path) -> bool:
    """True when the file is no database or its structure is broken."""
    try:
        db = sqlite3.connect(path, timeout=30.0)
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "unable to open" in str(error):
            raise
        return True
    except sqlite3.DatabaseError:
        return True


def set_aside(path: Path) -> Path:
    """Rename a damaged file, its log with it, to a name that is free; returns the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for side in _SIDES:
        source = path.with_name(path.name + side)
        if source.exists():
            source.rename(aside.with_name(aside.name + side))
    return aside


def intact_rows(
    path: Path, fresh: Path, columns: str, is_intact: Callable[[tuple[Any, ...]], bool]
) -> Iterator[tuple[Any, ...]]:
    """Rows of the table `calls` of a damaged file that can be read and pass `is_intact`.

    Works on the file at `path` in place. When its first page is unreadable, the first page of
    `fresh`, an empty file of the same schema, takes its place: it is the same in both but for
    counters that SQLite finds out by itself.
    """
    try:
        yield from _rows(path, columns, is_intact)
        return
    except sqlite3.DatabaseError:
        pass
    with path.open("r+b") as damaged:
        damaged.write(_first_page(fresh))
    try:
        yield from _rows(path, columns, is_intact)
    except sqlite3.DatabaseError:
        return


def _first_page(fresh: Path) -> bytes:
    content = fresh.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    page = bytearray(content[: 65536 if size == 1 else size])
    page[92:96] = b"\0\0\0\0"  # "version valid for": makes SQLite count the pages itself
    page[32:40] = bytes(8)  # no free pages
    return bytes(page)


def _rows(
    path: Path, columns: str, is_intact: Callable[[tuple[Any, ...]], bool]
) -> Iterator[tuple[Any, ...]]:
    db = sqlite3.connect(path)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'calls'").fetchall():
            raise sqlite3.DatabaseError("no table of calls")
        for low in range(1, _last_id(db, path) + 1, _SPAN):
            yield from filter(is_intact, _span(db, columns, low, low + _SPAN - 1))
    finally:
        db.close()


def _last_id(db: sqlite3.Connection, path: Path) -> int:
    try:
        return int(db.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()[0])
    except sqlite3.DatabaseError:
        return path.stat().st_size // _SMALLEST_ROW


def _span(db: sqlite3.Connection, columns: str, low: int, high: int) -> list[tuple[Any, ...]]:
    """Readable rows with an id from `low` to `high`: halves what cannot be read at once."""
    query = f"SELECT {columns} FROM calls WHERE id BETWEEN ? AND ?"
    try:
        return db.execute(query, (low, high)).fetchall()
    except sqlite3.DatabaseError:
        if low == high:
            return []
    middle = (low + high) // 2
    return _span(db, columns, low, middle) + _span(db, columns, middle + 1, high)
