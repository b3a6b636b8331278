"""A damaged cache: what SQL can still read of it moves to a fresh file, the old one is kept.

Rows are read by their number, in ranges: where a range cannot be read it is halved until what is
lost is a page and no more. A kill at any moment loses nothing: the fresh file gets its final name
beside the damaged one when it is complete, and from then on it only has to take its place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sleeptime_lib import sealed
from sleeptime_lib.models import cache_file
from sleeptime_lib.models.cache_file import COLUMNS, UNREADABLE, VERSION, Row
from sleeptime_lib.models.ledger import Spending
from sleeptime_lib.records import Usage

_SIDES: Final = ("", "-wal", "-shm")
_SMALLEST_ROW: Final = 100
"""Bytes; so a file has at most its size by this many rows."""
_LAST: Final = "SELECT max(id) FROM calls"
_MOST_FAILURES: Final = 200_000
"""Ranges that cannot be read, after which no more are tried: some ten seconds."""


def rescue(path: Path) -> str:
    """Put a fresh file with all intact replies in the place of a damaged one.

    Returns:
        One line that says what was saved and what is lost.

    Raises:
        OSError: The folder cannot be written.
        sqlite3.Error: The fresh file cannot.
    """
    draft = path.with_name(path.name + ".fresh")
    draft.unlink(missing_ok=True)
    # It counts when it is complete and not before, so that it needs no journal.
    fresh = cache_file.connect(draft, pragma="journal_mode = OFF")
    try:
        with fresh:
            fresh.execute("BEGIN IMMEDIATE")
            cache_file.create(fresh)
            said = _copy(path, fresh)
    finally:
        fresh.close()
    draft.replace(_complete(path))
    return f"{path.name} was damaged: {said}, the old file is {finish(path)}"


def finish(path: Path) -> str:
    """Give a rescued file its place; returns the name that the damaged one gets.

    A rescue that was interrupted when it was all but done is ended so. Without one nothing happens.
    """
    if not _complete(path).exists():
        return ""
    aside = sealed.place_aside(path)
    for side in _SIDES:
        part = path.with_name(path.name + side)
        if part.exists():
            part.rename(aside.with_name(aside.name + side))
    _complete(path).replace(path)
    return aside.name


def _complete(path: Path) -> Path:
    return path.with_name(path.name + ".rescued")


def _copy(path: Path, fresh: sqlite3.Connection) -> str:
    """Copy what can be read; says what could not."""
    try:
        # With this, what is missing of schema or file is no reason not to read the rest.
        old = cache_file.connect(path, pragma="writable_schema = ON")
        version = _version(old)
        old.execute(f"SELECT {COLUMNS[version]} FROM calls LIMIT 0")
    except UNREADABLE:
        return "nothing in it can be read"
    saved, billed = 0, Usage()
    for row in _rows(old, version, path.stat().st_size):
        intact = cache_file.upgraded(row, version)
        if intact is not None and cache_file.store(fresh, [intact]):
            saved += 1
            billed += cache_file.reply_of(intact).usage
    # The index knows the number of rows; where it is damaged too, the last one tells about it.
    total = _number(old, "SELECT count(*) FROM calls") or _number(old, _LAST)
    told = f"{saved:,} of {total:,}" if total and total >= saved else f"{saved:,}"
    try:
        before = cache_file.spent(old, version)
    except UNREADABLE:
        before = Spending(billed)
        told += " (what others have cost is not known and counts against no cap)"
    cache_file.book(fresh, [before])
    with suppress(*UNREADABLE):
        cache_file.begin(fresh, cache_file.begun(old))
    old.close()
    return f"{told} replies are saved"


def _rows(db: sqlite3.Connection, version: int, size: int) -> Iterator[Row]:
    """Every row that can be read, in order of their numbers."""
    select = f"SELECT id, {COLUMNS[version]} FROM calls NOT INDEXED WHERE id BETWEEN ? AND ?"
    last = _number(db, _LAST) or max(1, size // _SMALLEST_ROW)
    ranges, failures = [(1, last)], 0
    while ranges and failures < _MOST_FAILURES:
        low, high = ranges.pop()
        try:
            for number, *row in db.execute(f"{select} ORDER BY id", (low, high)):
                low = number + 1
                yield tuple(row)
        except UNREADABLE:
            failures += 1
            if low < high:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]


def _version(db: sqlite3.Connection) -> int:
    """The version by its number, or where that is damaged by the columns."""
    version = _number(db, "PRAGMA user_version")
    if version in COLUMNS:
        return version
    return VERSION if _number(db, "SELECT count(written) FROM spent") is not None else 1


def _number(db: sqlite3.Connection, query: str) -> int | None:
    try:
        value = db.execute(query).fetchone()[0]
    except (*UNREADABLE, TypeError):
        return None
    return value if isinstance(value, int) else None
