"""Changes of a repository as tasks: a ticket, the commit it starts from, the files that changed.

One JSON object per line. Files stand by status; what is not known is left out:

    {"repo": "Aider-AI/aider", "number": "667", "title": "", "body": "", "group": "model",
     "base": "4fed...", "head": "b6fa...", "started": 1718928000, "closed": 1718990000,
     "files": {"modified": ["aider/args.py", "aider/main.py", "aider/models.py"]}}

The rows that the paper released (arXiv 2504.13171, appendix D: repo, pr_number, title, body,
changed_files, base_commit, ...) are read too. They tell neither times nor groups; a clone does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, cast, get_args

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.rows import (
    BadRow,
    Complaints,
    SourceRow,
    column_text,
    file_rows,
    hub_rows,
    once,
)
from sleeptime_lib.texts import brief

Status = Literal["modified", "added", "removed", "renamed"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
HUB: Final = "hub:"
RELEASED: Final = "hub:letta-ai/SWE-Features"
"""Where the paper's authors keep their rows."""

LONGEST_TICKET: Final = 20_000
"""Characters of a ticket; what is more is cut from its middle."""
_LONGEST_PATH: Final = 4_000
_MOST_FILES: Final = 10_000
_COMMIT: Final = re.compile("[0-9a-f]{40}")
_NAME: Final = re.compile(r"[^\s\x00-\x1f]{1,200}")


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a change touched.

    Attributes:
        path: Relative to the top of the repository, with "/"; of a renamed file its new path.
        status: What became of it between base and head.
    """

    path: str
    status: Status


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a repository: a pull request, a merged branch or a single commit.

    Attributes:
        repo: The repository's name, such as "Aider-AI/aider".
        number: Number of the pull request, or the commit's short hash.
        title: Its title, or "" where none is known.
        body: Its text; of a mined change the messages of its commits.
        base: The commit it starts from, 40 hexadecimal digits.
        head: The commit that holds it, or "" where none is known.
        closed: When it was over, in unix seconds; 0: not known. Of a merged or squashed change when
            it came into the main line. Of an unmerged pull request no clone tells when it was
            closed: it is the time of its last commit, or of its base where that is later. So it
            may have been open for longer, but all that it holds was there by then.
        files: What it changed, by path.
        group: The name of the related changes it belongs to; "" for none.
        started: When its base commit was made, in unix seconds; 0: not known.
        unmerged: It is a pull request that never came into the main line, as far as is known.
    """

    repo: str
    number: str
    title: str
    body: str
    base: str
    head: str
    closed: int
    files: tuple[ChangedFile, ...]
    group: str = ""
    started: int = 0
    unmerged: bool = False

    def paths(self, *statuses: Status) -> tuple[str, ...]:
        """Paths of its files that have one of the statuses; without any, of all its files."""
        wanted = statuses or STATUSES
        return tuple(file.path for file in self.files if file.status in wanted)


def related(change: Change, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes of its group that were closed before its base commit was made, newest last.

    Nothing later is given: whoever worked on the change could not have read it. An unmerged pull
    request of a higher number is left out whatever its dates: it was opened after the change was,
    perhaps with commits that had lain about for long. A change whose times are not known is in
    nobody's past and has none (`complete` adds times).
    """
    past = [
        other
        for other in changes
        if (other.repo, other.group) == (change.repo, change.group)
        and other.number != change.number
        and change.group
        and 0 < other.closed < change.started
        and not (other.unmerged and _opened_after(other, change))
    ]
    return tuple(sorted(past, key=lambda other: (other.closed, other.number)))


def _opened_after(other: Change, change: Change) -> bool:
    numbers = other.number, change.number
    return all(map(str.isdecimal, numbers)) and int(numbers[0]) > int(numbers[1])


def ticket(change: Change) -> str:
    """The text of the task: title and body, else the commit messages that stand in for them."""
    parts = (change.title.strip(), change.body.strip())
    return brief("\n\n".join(part for part in parts if part), LONGEST_TICKET)


def read_changes(path: str | Path) -> tuple[Change, ...]:
    """Read changes in the order of their rows.

    Args:
        path: A .jsonl file in this module's form or with the released rows; hub:OWNER/NAME, or
            hub:FOLDER, a folder with the files of such a dataset.

    Raises:
        InputError: The file or the hub cannot be read, or rows cannot be used (they are listed,
            each as "FILE:LINE: what is wrong; what would be right").
    """
    complaints = Complaints()
    if str(path).startswith(HUB):
        rows = hub_rows(str(path).removeprefix(HUB))
    elif Path(path).suffix.lower() == ".jsonl":
        rows = file_rows(Path(path).expanduser(), complaints)
    else:
        raise InputError(f"{path} is no file of changes; give a .jsonl file or {RELEASED}")
    changes, lines = [], dict[str, int]()
    for row in rows:
        with complaints.about(row):
            change = _released(row) if "pr_number" in row.fields else _own(row)
            name = f"change {change.number} of {change.repo}"
            once(lines, f"{change.repo} {change.number}", row, name, "write each once")
            changes.append(change)
    complaints.settle(usable=len(changes), source=str(path), skip_bad=False)
    return tuple(changes)


def write_changes(path: str | Path, changes: Iterable[Change]) -> None:
    """Write changes as a file that `read_changes` reads back.

    Raises:
        InputError: The path does not end in .jsonl, or cannot be written.
    """
    if Path(path).suffix != ".jsonl":
        raise InputError(f"cannot write {path}: give a path that ends in .jsonl")
    lines = [json.dumps(_fields(change), ensure_ascii=False) + "\n" for change in changes]
    try:
        Path(path).expanduser().write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None


def _fields(change: Change) -> dict[str, Any]:
    files = {status: change.paths(status) for status in STATUSES}
    names = (
        "repo", "number", "title", "body", "group", "base", "head", "started", "closed", "unmerged",
    )  # fmt: skip
    fields = {name: getattr(change, name) for name in names}
    fields["files"] = {status: paths for status, paths in files.items() if paths}
    return {name: value for name, value in fields.items() if value}


def _own(row: SourceRow) -> Change:
    listed = row.fields.get("files")
    if not isinstance(listed, dict) or not set(listed) <= set(STATUSES):
        raise BadRow(f"files is no object of {', '.join(STATUSES)}; write lists of paths by status")
    return Change(
        repo=_name(row, "repo"),
        number=_name(row, "number"),
        title=_text(row, "title"),
        body=_text(row, "body"),
        base=_commit(row, "base"),
        head=_commit(row, "head") if row.fields.get("head") else "",
        closed=_seconds(row, "closed"),
        files=_files(listed),
        group=_text(row, "group"),
        started=_seconds(row, "started"),
        unmerged=_flag(row, "unmerged"),
    )


def _released(row: SourceRow) -> Change:
    return Change(
        repo=_name(row, "repo"),
        number=_name(row, "pr_number"),
        title=_text(row, "title"),
        body=_text(row, "body"),
        base=_commit(row, "base_commit"),
        head="",
        closed=0,
        files=_files(_by_status(row.fields.get("changed_files"))),
    )


def _by_status(listed: object) -> dict[str, list[object]]:
    """The released files, which may be names, or names with a status, or a text of either."""
    if isinstance(listed, str):
        try:
            listed = json.loads(listed)
        except (ValueError, RecursionError):
            listed = str(listed).replace(",", "\n").split("\n")
    found: dict[str, list[object]] = {}
    for item in listed if isinstance(listed, (list, tuple)) else ():
        status, path = "modified", item
        if isinstance(item, Mapping):
            status = str(item.get("status") or status)
            path = item.get("filename") or item.get("path")
        elif isinstance(item, str):
            path = item.strip()
        if path:
            found.setdefault(status if status in STATUSES else "modified", []).append(path)
    if not found:
        raise BadRow('changed_files has no file; write a list of paths, like ["src/app.py"]')
    return found


def _files(listed: Mapping[str, object]) -> tuple[ChangedFile, ...]:
    """Checked files, sorted by path."""
    found: dict[str, ChangedFile] = {}
    for status, paths in listed.items():
        if not isinstance(paths, list):
            raise BadRow(f"{status} is no list; write a list of paths")
        for path in cast(Sequence[object], paths):
            if not isinstance(path, str) or not is_plain_path(path):
                shown = brief(repr(path), 80)
                raise BadRow(f"{shown} is no path within a repository; write it like src/app.py")
            if path in found:
                raise BadRow(f"{brief(repr(path), 80)} is there twice; write each file once")
            found[path] = ChangedFile(path, cast(Status, status))
    if not 0 < len(found) <= _MOST_FILES:
        raise BadRow(f"{len(found):,} files; a change has 1 to {_MOST_FILES:,}")
    return tuple(found[path] for path in sorted(found))


def is_plain_path(path: str) -> bool:
    """Whether a path is relative and stays where it starts: no "..", no control characters."""
    parts = path.split("/")
    return (
        len(path) <= _LONGEST_PATH
        and path.isprintable()
        and not PurePosixPath(path).is_absolute()
        and not {"", ".", ".."} & set(parts)
    )


def is_gits(path: str) -> bool:
    """Whether part of a path is git's own folder, or could be on some file system."""
    for part in path.split("/"):
        seen = "".join(filter(str.isascii, part)).rstrip(". ").lower()
        if seen.partition(":")[0] in (".git", "git~1"):
            return True
    return False


def _text(row: SourceRow, column: str) -> str:
    value = row.fields.get(column)
    return column_text(row, column) if value not in (None, "") else ""


def _name(row: SourceRow, column: str) -> str:
    text = column_text(row, column)
    if not _NAME.fullmatch(text):
        raise BadRow(f"{column} {brief(repr(text), 80)} is no name; write one without spaces")
    return text


def _commit(row: SourceRow, column: str) -> str:
    text = column_text(row, column)
    if not _COMMIT.fullmatch(text):
        right = "write its 40 hexadecimal digits"
        raise BadRow(f"{column} {brief(repr(text), 80)} is no full commit; {right}")
    return text


def _flag(row: SourceRow, column: str) -> bool:
    value = row.fields.get(column) or False
    if not isinstance(value, bool):
        raise BadRow(f"{column} {brief(repr(value), 80)} is no truth value; write true or false")
    return value


def _seconds(row: SourceRow, column: str) -> int:
    text = _text(row, column) or "0"
    if not re.fullmatch("[0-9]{1,11}", text):
        raise BadRow(f"{column} {brief(repr(text), 80)} is no time; write unix seconds")
    return int(text)
