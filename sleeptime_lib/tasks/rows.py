"""Rows of a JSONL or CSV file or of a dataset on the hub, with what every format checks in them.

A format (`own`, `gsm_symbolic`, ...) is a file with a `Format`: which columns it needs, and how its
rows become entries. Every bad row gives one line "FILE:LINE: what is wrong; what would be right".
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.splitters import SplitterName
from sleeptime_lib.texts import brief

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_UTF8: Final = re.compile("[\ud800-\udfff]")
_MOST_SHOWN: Final = 20

# A file may take this much, so that none can take all memory or run for minutes.
_MOST_BYTES: Final = 64_000_000
_LONGEST_LINE: Final = 10_000_000
"""Characters."""
_MOST_VALUES: Final = 5_000_000
_MOST_ROWS: Final = 200_000
_MOST_BAD: Final = 100_000
_LONGEST_COMPLAINT: Final = 300
"""Characters."""


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


class BadRow(ValueError):
    """A row cannot be used. The message says what is wrong and what would be right."""


class Complaints:
    """What is wrong with the rows of one dataset."""

    def __init__(self) -> None:
        self._told: list[tuple[int, str]] = []

    @contextmanager
    def about(self, row: SourceRow, part: str = "") -> Iterator[None]:
        """Go on behind a `BadRow` raised within; keep what it says of the row, or a part of it."""
        try:
            yield
        except BadRow as bad:
            told = brief(f"{part}{bad}", _LONGEST_COMPLAINT)
            self._told.append((row.line, f"{row.source}:{row.line}: {told}"))
            if len(self._told) > _MOST_BAD:
                raise InputError(
                    f"{row.source}: more than {_MOST_BAD:,} rows cannot be used; the first: "
                    f"{min(self._told, key=_by_line)[1]}"
                ) from None

    def settle(self, *, usable: int, source: str, skip_bad: bool) -> list[str]:
        """Turn complaints into notices, or refuse the data.

        Raises:
            InputError: There are bad rows and `skip_bad` is off (the first 20 are listed), or no
                usable row is left.
        """
        told = [line for _, line in sorted(self._told, key=_by_line)]
        if told and not (skip_bad and usable):
            hint = "; --skip-bad (skip_bad=True in Python) leaves them out" if usable else ""
            rest = len(told) - _MOST_SHOWN
            raise InputError(
                f"{source}: {len(told)} of {len(told) + usable} rows cannot be used{hint}\n"
                + "\n".join(told[:_MOST_SHOWN])
                + (f"\n... and {rest} more" if rest > 0 else "")
            )
        if not usable:
            raise InputError(f"{source}: no rows; write one question per row")
        return [f"left out: {line}" for line in told]


def _by_line(told: tuple[int, str]) -> int:
    return told[0]


@dataclass(frozen=True, slots=True)
class Format:
    """How rows with certain columns become entries.

    Attributes:
        fits: Whether rows with these columns have this format.
        entries: Makes entries of rows, in their order; takes the splitter for rows that hold a
            whole problem, and the complaints to which it adds.
        notices: What to know about the entries that are taken.
    """

    fits: Callable[[Set[str]], bool]
    entries: Callable[[Sequence[SourceRow], SplitterName, Complaints], list[Entry]]
    notices: Callable[[Sequence[Entry], SplitterName], Iterable[str]] = lambda entries, splitter: ()


def column_text(row: SourceRow, column: str) -> str:
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


def once(seen: dict[str, int], key: str, row: SourceRow, what: str, right: str) -> None:
    """Keep the line of a key in `seen`.

    Raises:
        BadRow: The key was in an earlier line; `what` names it, and `right` says what to write.
    """
    if key in seen:
        raise BadRow(f"{what} is also in line {seen[key]}; {right}")
    seen[key] = row.line


def file_rows(path: Path, complaints: Complaints) -> list[SourceRow]:
    """The rows of a `.jsonl` or `.csv` file in UTF-8 (with or without byte order mark).

    Blank lines are no rows.

    Raises:
        InputError: The file cannot be read at all, or is too large.
    """
    source, is_csv = str(path), path.suffix.lower() == ".csv"
    try:
        with path.open("rb") as data:
            if os.fstat(data.fileno()).st_size > _MOST_BYTES:
                right = f"give one of at most {_MOST_BYTES // 10**6} MB"
                raise InputError(f"{source} is too large; {right}")
            if data.peek(2)[:2] in _UTF16:
                raise InputError(f"{source}:1: the file is UTF-16; save it as UTF-8")
            # A line of CSV may end in other ways; JSON has them in its texts.
            ends = "" if is_csv else "\n"
            with io.TextIOWrapper(data, "utf-8-sig", "surrogateescape", ends) as text:
                read = _csv_rows if is_csv else _json_rows
                return _all_of(source, read(source, _lines(source, text), complaints))
    except OSError as error:
        raise InputError(f"cannot read {source}: {error.strerror}; give a readable file") from error


def _lines(source: str, text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise InputError(
                f"{source}:{number}: a line of more than {_LONGEST_LINE:,} characters; write one "
                "row per line"
            )
        yield line


def _all_of(source: str, rows: Iterable[SourceRow]) -> list[SourceRow]:
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) > _MOST_ROWS:
            right = f"give a file of at most {_MOST_ROWS:,} rows"
            raise InputError(f"{source}:{row.line}: too many rows; {right}")
    return kept


class _Values:
    """How many values a file holds so far: some take fifty times their length in memory."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._count = 0

    def add(self, count: int, line: int) -> None:
        """Count those of a row.

        Raises:
            InputError: They are too many.
        """
        self._count += count
        if self._count > _MOST_VALUES:
            right = f"give a file of at most {_MOST_VALUES:,}"
            raise InputError(f"{self._source}:{line}: too many values; {right}")


def hub_rows(
    repository: str, *, config: str | None = None, file: str | None = None, split: str = ""
) -> list[SourceRow]:
    """The rows of a dataset on the hub.

    Args:
        repository: Its name, OWNER/NAME, or a folder with its files.
        config: Its configuration.
        file: The file in it to read; should it be missing, the split is looked for instead.
        split: Part of the name of the split to take; "" where there is only one.

    Raises:
        InputError: The hub cannot be reached, has no such data, or has several such splits.
    """
    source = " ".join(filter(None, (repository, config or split)))
    try:
        import datasets
    except ImportError as error:
        raise MissingDependency(f"{source} needs datasets: pip install datasets") from error
    way_out = (
        "check the network, or give the path of the downloaded JSONL file, or hub:FOLDER, a folder "
        "with its files"
    )
    try:
        try:
            splits = datasets.load_dataset(repository, config, data_files=file)
        except FileNotFoundError:
            if not file:
                raise
            splits = datasets.load_dataset(repository)
            file = None
        found = {name: rows for name, rows in splits.items() if file or split in name}
        if len(found) != 1:
            raise InputError(f"{source}: {len(found)} splits {sorted(splits)}, not one; {way_out}")
        (rows,) = found.values()
        return [SourceRow(source, number, row) for number, row in enumerate(rows, start=1)]
    except InputError:
        raise
    except Exception as error:  # the hub's libraries raise errors of many unrelated kinds
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(f"cannot load {source} from the hub ({reason}); {way_out}") from error


def _json_rows(source: str, lines: Iterable[str], complaints: Complaints) -> Iterator[SourceRow]:
    values = _Values(source)
    for line, written in enumerate(lines, start=1):
        if written.strip():
            # Each value stands behind one of these; in texts they count as well.
            values.add(sum(map(written.count, ",[{")), line)
            with complaints.about(SourceRow(source, line, {})):
                yield SourceRow(source, line, _json_object(written.removesuffix("\n")))


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
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BadRow(f"field {brief(repr(twice), 80)} is there twice; write each field once")
    return fields


def _csv_rows(source: str, lines: Iterable[str], complaints: Complaints) -> Iterator[SourceRow]:
    reader, values = csv.reader(lines, strict=True), _Values(source)
    header: list[str] = []
    while len(set(header)) == len(header):
        line = reader.line_num + 1
        with complaints.about(SourceRow(source, line, {})):
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                reach = f" up to line {reader.line_num}" if reader.line_num > line else ""
                right = "close quotes, and double them in text"
                if "field limit" in str(error):
                    right = f"{right}; longer texts go into a JSONL file"
                raise BadRow(f"broken CSV{reach} ({error}); {right}") from error
            values.add(len(cells), line)
            _require_utf8("".join(cells))
            if cells and not header:
                header = [name.strip() for name in cells]
                if len(set(header)) < len(header):
                    raise BadRow("a column name is there twice; name each column once")
            elif cells:
                if len(cells) != len(header):
                    raise BadRow(
                        f"{len(cells)} columns where the first line names {len(header)}; "
                        "put text with commas in quotes"
                    )
                yield SourceRow(source, line, dict(zip(header, cells, strict=True)))


def _require_utf8(text: str) -> None:
    bad = _NOT_UTF8.search(text)
    if bad:
        byte = ord(bad[0]) - 0xDC00
        raise BadRow(f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")


def _json_name(value: object) -> str:
    names = {bool: "true or false", list: "list", dict: "object", str: "text or number"}
    return names.get(type(value), "null")
