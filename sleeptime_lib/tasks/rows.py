"""Rows as they stand in a JSONL or CSV file, each with its place, and the complaints about them.

Every bad row gives one line "FILE:LINE: what is wrong; what would be right".
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_UTF8: Final = re.compile("[\ud800-\udfff]")
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as read, unchecked.

    Attributes:
        source: The file or dataset it is from.
        line: Line (in a file) or row (in a dataset) it starts at, from 1.
        fields: Its values by column; numbers in a JSONL file are kept as the text written there.
    """

    source: str
    line: int
    fields: Mapping[str, Any]

    @property
    def where(self) -> str:
        """The place to show: "FILE:LINE"."""
        return f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A question with its context, ready for a task.

    Attributes:
        context: The context; several entries may share one.
        question: The question about it.
        problem: The whole text that context and question were cut from, or "" if none was.
    """

    context: Context
    question: Question
    problem: str = ""


Complaint = tuple[int, str]
"""The line of a bad row, and the one line to show for it."""


class BadRow(ValueError):
    """A row cannot be used. The message says what is wrong and what would be right."""


def read_rows(path: Path) -> tuple[list[SourceRow], list[Complaint]]:
    """Read a `.jsonl` or `.csv` file in UTF-8 (with or without byte order mark).

    Returns:
        The rows that could be read, and a complaint for each that could not. Blank lines are no
        rows.

    Raises:
        InputError: The file cannot be read at all.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a readable file") from error
    if data[:2] in _UTF16:
        raise InputError(f"{path}:1: the file is UTF-16; save it as UTF-8")
    text = data.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    read = _csv_rows if path.suffix.lower() == ".csv" else _json_rows
    rows, complaints = [], []
    for line, result in read(text):
        if isinstance(result, BadRow):
            complaints.append((line, f"{path}:{line}: {result}"))
        else:
            rows.append(SourceRow(str(path), line, result))
    return rows, complaints


def text_of(row: SourceRow, column: str) -> str:
    """The stripped text of one column.

    Raises:
        BadRow: It is missing, empty, neither text nor number, or no valid Unicode.
    """
    value = row.fields.get(column)
    if value is None:
        raise BadRow(f"no {column}; every row needs one")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadRow(f"{column} is a JSON {_json_name(value)}; write text or a number")
    text = str(value).strip()
    if not text:
        raise BadRow(f"{column} is empty; every row needs one")
    if _NOT_UTF8.search(text):
        raise BadRow(f"{column} has half of a surrogate pair; write the whole character")
    return text


def settle(
    complaints: Sequence[Complaint], *, usable: int, source: str, skip_bad: bool
) -> list[str]:
    """Turn complaints into notices, or refuse the data.

    Raises:
        InputError: There are bad rows and `skip_bad` is off (the first 20 are listed), or no
            usable row is left.
    """
    if complaints and not (skip_bad and usable):
        count = len(complaints)
        way_out = "" if skip_bad else "; skip_bad=True leaves them out"
        lines = [f"{source}: {count} of {count + usable} rows cannot be used{way_out}"]
        lines += [shown for _, shown in sorted(complaints)[:_MOST_SHOWN]]
        if count > _MOST_SHOWN:
            lines.append(f"... and {count - _MOST_SHOWN} more")
        raise InputError("\n".join(lines))
    if not usable:
        raise InputError(f"{source}: no rows; write one question per row")
    return [f"left out: {shown}" for _, shown in sorted(complaints)]


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    for line, written in enumerate(text.split("\n"), start=1):
        if written.strip():
            try:
                yield line, _json_object(written)
            except BadRow as bad:
                yield line, bad


def _json_object(written: str) -> dict[str, Any]:
    _require_utf8(written)
    try:
        value = json.loads(
            written,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_without_repeats,
        )
    except json.JSONDecodeError as error:
        raise BadRow(
            f"broken JSON ({error.msg} at character {error.colno}); write one JSON object per line"
        ) from error
    except RecursionError as error:
        raise BadRow("JSON nested too deeply; write one flat JSON object per line") from error
    if not isinstance(value, dict):
        raise BadRow(f"a JSON {_json_name(value)}; write one JSON object per line")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRow(f"field {twice!r} is there twice; write each field once")
    return fields


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
            _require_utf8("".join(cells))
        except StopIteration:
            return
        except csv.Error as error:
            reach = f" up to line {reader.line_num}" if reader.line_num > line else ""
            yield (
                line,
                BadRow(f"broken CSV{reach} ({error}); close quotes, and double them in text"),
            )
            continue
        except BadRow as bad:
            yield line, bad
            continue
        if not cells:
            continue
        if not header:
            header = [name.strip() for name in cells]
            if len(set(header)) < len(header):
                yield line, BadRow("a column name is there twice; name each column once")
                return
        elif len(cells) != len(header):
            yield (
                line,
                BadRow(
                    f"{len(cells)} columns where the first line names {len(header)}; "
                    "put text with commas in quotes"
                ),
            )
        else:
            yield line, dict(zip(header, cells, strict=True))


def _require_utf8(text: str) -> None:
    bad = _NOT_UTF8.search(text)
    if bad:
        byte = ord(bad[0]) - 0xDC00
        raise BadRow(f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")


def _json_name(value: object) -> str:
    names = {bool: "true or false", list: "list", dict: "object", str: "text or number"}
    return names.get(type(value), "null")
