"""The write-ahead log that a killed process leaves beside its cache, mended where it is damaged.

SQLite believes a log up to the first wrong checksum and drops the rest without a word, so that one
flipped bit costs every reply that came after it. Here the chain of checksums is made whole again,
and the log is read to its end: what is wrong within a page is found by the checks of the database
and of its rows, and most pages are written again later in the log anyway.

Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from sleeptime_lib import sealed

_HEAD: Final = 32
_FRAME_HEAD: Final = 24
_START: Final = struct.pack(">3I", 0x377F0682, 3007000, 4096)
"""Of a log whose checksums are little-endian and whose pages have SQLite's usual size."""
_MASK: Final = 0xFFFFFFFF


def mend(log: Path) -> str:
    """Make the chain of checksums whole.

    Returns:
        The name that the damaged log gets; "" where nothing is damaged.

    Raises:
        OSError: It cannot be read or written.
    """
    content = bytearray(log.read_bytes() if log.exists() else b"")
    if len(content) <= _HEAD + _FRAME_HEAD:
        return ""
    head_is_right = _sum(content, 0, 24, (0, 0), content[3] & 1) == _told(content, 24)
    if not head_is_right:
        content[: len(_START)] = _START
        content[16:24] = content[_HEAD + 8 : _HEAD + 16]
    size = _FRAME_HEAD + int.from_bytes(content[8:12])
    starts = range(_HEAD, len(content) - size + 1, size)
    last = max((start for start in starts if _ends(content, start)), default=0)
    sums = _sum(content, 0, 24, (0, 0), content[3] & 1)
    wrong = not head_is_right
    content[24:32] = struct.pack(">2I", *sums)
    for start in starts[: starts.index(last) + 1] if last else ():
        if content[start + 8 : start + 16] != content[16:24]:
            content[start + 8 : start + 16], wrong = content[16:24], True
        sums = _sum(content, start, start + 8, sums, content[3] & 1)
        sums = _sum(content, start + _FRAME_HEAD, start + size, sums, content[3] & 1)
        if sums != _told(content, start + 16):
            content[start + 16 : start + 24], wrong = struct.pack(">2I", *sums), True
    if not wrong:
        return ""
    kept = sealed.set_aside(log, copy=True)
    sealed.write_whole(log, content)
    return kept


def _ends(content: bytearray, start: int) -> bool:
    """Whether a frame of this log, not of an older one in the same file, ends a transaction."""
    return any(content[start + 4 : start + 8]) and (
        content[start + 8 : start + 16] == content[16:24]
    )


def _told(content: bytearray, place: int) -> tuple[int, int]:
    first, second = struct.unpack_from(">2I", content, place)
    return first, second


def _sum(
    content: bytearray, start: int, end: int, before: tuple[int, int], big: int
) -> tuple[int, int]:
    """The checksum after these bytes, a multiple of eight."""
    first, second = before
    words = struct.unpack_from(f"{'>' if big else '<'}{(end - start) // 4}I", content, start)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return first, second
