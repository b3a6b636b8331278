"""Finding damage in a SQLite file, and reading the records that are intact.

Records are read from the pages of the file itself, without the tree that leads to them, so that a
lost page costs the records on it and nothing else. The format is SQLite's file format, sections
1.6 (pages) and 2.1 (records) of its description, which it promises to keep.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

_SIDES: Final = ("", "-wal", "-shm")
_DEFAULT_PAGE: Final = 4096
_TABLE_LEAF: Final = 0x0D
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_LOCKED_WORDS: Final = ("locked", "unable to open", "permission", "readonly")


def is_damaged(path: Path) -> bool:
    """True when the file is no database or its structure is broken.

    Closing it again makes SQLite move into it what is only in its write-ahead log.

    Raises:
        sqlite3.OperationalError: The file cannot be opened at all.
    """
    try:
        db = sqlite3.connect(path, timeout=30.0)
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        if any(word in str(error) for word in _LOCKED_WORDS):
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


def records(path: Path, columns: int) -> Iterator[tuple[Any, ...]]:
    """Every record with so many columns that can be read anywhere in the file.

    A record may be damaged inside or long deleted: its content has to prove itself. The column
    that is the row's number comes as None.
    """
    with path.open("rb") as file:
        pages = _Pages(file)
        for number in range(1, pages.count + 1):
            yield from (r for r in _on_page(pages, number) if len(r) == columns)


class _Pages:
    """The pages of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(20)
        stated = int.from_bytes(start[16:18], "big")
        size = 65536 if stated == 1 else stated
        usual = start.startswith(b"SQLite format 3\0") and size in {2**n for n in range(9, 17)}
        self.size = size if usual else _DEFAULT_PAGE
        self.count = -(-file.seek(0, 2) // self.size)

    def page(self, number: int) -> bytes:
        """A page, padded when the file ends in it; b"" when there is none."""
        if not 1 <= number <= self.count:
            return b""
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size).ljust(self.size, b"\0")


def _on_page(pages: _Pages, number: int) -> Iterator[tuple[Any, ...]]:
    page = pages.page(number)
    head = 100 if number == 1 else 0
    if page[head] != _TABLE_LEAF:
        return
    cells = int.from_bytes(page[head + 3 : head + 5], "big")
    for index in range(min(cells, pages.size // 4)):
        at = head + 8 + 2 * index
        try:
            yield _record(_payload(pages, page, int.from_bytes(page[at : at + 2], "big")))
        except (IndexError, ValueError, struct.error):
            continue


def _payload(pages: _Pages, page: bytes, at: int) -> bytes:
    """The content of the cell at an offset, with what overflows to other pages."""
    length, at = _varint(page, at)
    _, at = _varint(page, at)  # the row's number
    most = pages.size - 35
    if length <= most:
        return page[at : at + length]
    least = (pages.size - 12) * 32 // 255 - 23
    local = least + (length - least) % (pages.size - 4)
    local = local if local <= most else least
    parts, missing = [page[at : at + local]], length - local
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while missing > 0:
        overflow = pages.page(following)
        if not overflow:
            raise ValueError("the record goes on in a page that is not there")
        parts.append(overflow[4 : 4 + missing])
        missing -= pages.size - 4
        following = int.from_bytes(overflow[:4], "big")
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Any, ...]:
    head, at = _varint(payload, 0)
    kinds = []
    while at < head:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Any] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    end = at + (kind - 12) // 2
    if end > len(payload):
        raise ValueError("the record is cut")
    return (payload[at:end] if kind % 2 == 0 else payload[at:end].decode("utf-8", "replace")), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to nine bytes, and where it ends."""
    value = 0
    for length in range(8):
        byte = data[at + length]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + length + 1
    return value << 8 | data[at + 8], at + 9
