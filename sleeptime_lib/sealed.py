"""Files that prove themselves: JSON texts and Parquet files that carry their own checksum.

A JSON object ends with the CRC-32 of everything before it (`"checksum"`); a Parquet file has in its
metadata the SHA-256 of the file with zeros in the digest's place. So each is checked as a whole
before anything in it is believed, wherever it has been copied. What was written before there were
checksums has none: of that only is known whether it can be parsed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

_FIELD: Final = b',"checksum":'
"""Nothing within a JSON text looks so: quotes are escaped there."""
_MARK: Final = b"sleeptime.sha256="
_NO_DIGEST: Final = b"0" * 64


class Damaged(Exception):
    """A file is not what was written."""


def write_whole(path: Path, content: bytes | bytearray) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def place_aside(path: Path) -> Path:
    """The first name beside a damaged file or folder that is free for it."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside


def set_aside(path: Path, *, copy: bool = False) -> str:
    """Give a damaged file or folder, or a copy of it, another name; returns that."""
    aside = place_aside(path)
    if copy:
        shutil.copyfile(path, aside)
    else:
        path.rename(aside)
    return aside.name


def seal(text: str) -> str:
    """The text of a JSON object, with a checksum as its last field."""
    body = text.removesuffix("}").rstrip()
    return f"{body}{_FIELD.decode()}{zlib.crc32(body.encode())}}}"


def is_sealed(text: bytes) -> bool:
    """Whether a JSON text has a checksum, right or wrong."""
    return _FIELD in text


def is_whole(text: bytes) -> bool:
    """Whether a JSON text has come to its checksum's end; without a checksum nobody can tell."""
    return b"}" in text.rpartition(_FIELD)[2] and is_sealed(text)


def unseal(text: bytes) -> dict[str, Any]:
    """The object that was sealed, or of a text without a checksum whatever object it holds.

    Raises:
        Damaged: The checksum is wrong, or it is no JSON object.
    """
    body, field, checksum = text.rpartition(_FIELD)
    if field and checksum.rstrip() != b"%d}" % zlib.crc32(body):
        raise Damaged("its checksum is wrong")
    try:
        content = json.loads(body + b"}" if field else text)
    except (ValueError, RecursionError) as error:
        raise Damaged(str(error)) from None
    if not isinstance(content, dict):
        raise Damaged("it holds no JSON object")
    return content


def write_parquet(path: Path, table: pa.Table, **how: Any) -> None:
    """Write a table as a sealed file, whole or not at all.

    Args:
        path: The file.
        table: What it will hold.
        **how: Options of `pyarrow.parquet.ParquetWriter`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **how) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"sleeptime.digest": (_MARK + _NO_DIGEST).decode()})
    content = bytearray(sink.getvalue())
    place = content.rindex(_MARK) + len(_MARK)
    content[place : place + len(_NO_DIGEST)] = _digest(content, place)
    write_whole(path, content)


def check_parquet(path: Path) -> None:
    """Check a Parquet file without parsing it or holding it in memory.

    Raises:
        Damaged: It is not what was written. Without a digest nobody can tell.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise Damaged("it is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _check(content)


def read_parquet(path: Path) -> pa.Table:
    """What a Parquet file holds.

    Raises:
        Damaged: It is not what was written, or has no digest and cannot be parsed.
        OSError: It cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = path.read_bytes()
    _check(content)
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        table.validate(full=True)
    except Exception as error:  # the parser may have been given bytes that nobody vouches for
        raise Damaged(str(error)) from None
    return table


def _check(content: bytes | mmap.mmap) -> None:
    place = content.rfind(_MARK) + len(_MARK)
    if place >= len(_MARK) and content[place : place + len(_NO_DIGEST)] != _digest(content, place):
        raise Damaged("its digest is wrong")


def _digest(content: bytes | bytearray | mmap.mmap, place: int) -> bytes:
    """The digest of a file whose digest stands at a place."""
    digest = hashlib.sha256()
    with memoryview(content) as view:
        for part in (view[:place], _NO_DIGEST, view[place + len(_NO_DIGEST) :]):
            digest.update(part)
    return digest.hexdigest().encode()
