"""What git tells of commits, what they touched and what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Final, Literal

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.changes import is_plain_path

LOG: Final = (
    *(
        "log",
        "--stdin",
        "-z",
        "--encoding=UTF-8",
        "--format=tformat:%H%x00%P%x00%ct%x00%at%x00%B%x00",
    ),
    *("--no-show-signature", "--no-notes", "--no-color", "--no-decorate", "--no-mailmap"),
    *("--no-ext-diff", "--no-textconv"),
)
"""The command whose output `read_log` reads."""
Told = Literal["messages", "files", "lines"]
TELLING: Final[Mapping[Told, tuple[str, ...]]] = {
    "messages": (),
    "files": ("--raw", "--no-abbrev", "--find-renames=100%"),
    "lines": ("--raw", "--no-abbrev", "--find-renames", "-l400", "--numstat"),
}
"""What it takes besides, to tell what each commit touched. Only lines need what files held."""
COMPARE: Final = ("diff-tree", "--stdin", "--always", "-r", "-z", "--no-ext-diff", "--no-textconv")
"""The command whose output `read_comparisons` reads."""
_LONGEST_MESSAGE: Final = 20_000
_MOST_TOUCHED: Final = 2_000
_READ: Final = 1 << 16
_LONGEST_TOKEN: Final = 16_000_000
"""Bytes between two NULs: a commit message may be of any length."""
_REGULAR: Final = ("100644", "100755")
_SHA: Final = re.compile(rb"[0-9a-f]{40}")
_COUNTS: Final = re.compile(rb"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Touched:
    """What one commit did to one file.

    Attributes:
        path: The file; of a renamed one its new path.
        old: Its path before; differs from `path` where it was renamed or copied.
        status: One letter, as git gives it: M, A, D, R, C or T.
        added: Lines added; 0 in a binary file.
        deleted: Lines deleted.
    """

    path: str
    old: str
    status: str
    added: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a history.

    Attributes:
        sha: 40 hexadecimal digits.
        parents: Of a merge at least two.
        time: When it was committed, in unix seconds.
        authored: When its author wrote it; a copy keeps this time.
        message: Subject and body, of at most 20,000 characters.
        touched: Its files against its parent, at most 2,000, those with names in UTF-8; of a merge
            none.
    """

    sha: str
    parents: tuple[str, ...]
    time: int
    authored: int
    message: str
    touched: tuple[Touched, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A regular file of a commit.

    Attributes:
        path: Relative to the top of the repository, with "/".
        mode: "100644", or "100755" if it is executable.
        size: In bytes; -1 where the clone lacks the content.
        oid: The name of the object that holds it, 40 hexadecimal digits.
    """

    path: str
    mode: str
    size: int
    oid: str


def read_tree(listed: bytes) -> list[TreeFile]:
    """The regular files of `git ls-tree -z -l` whose names are plain text and lead nowhere else."""
    found = []
    for entry in listed.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        path = _utf8(name)
        if path and is_plain_path(path):
            mode, _, oid, size = about.decode("ascii").split()
            if mode in _REGULAR:
                found.append(TreeFile(path, mode, int(size) if size.isdigit() else -1, oid))
    return found


def read_log(out: IO[bytes]) -> Iterator[Commit]:
    """The commits of an output, as it comes."""
    tokens = _tokens(out)
    commit: Commit | None = None
    touched: dict[str, Touched] = {}
    for token in tokens:
        # Messages and paths are taken by their place, so that nothing in them looks like a record.
        record = token.lstrip(b"\n")
        counts = _COUNTS.fullmatch(record)
        if record.startswith(b":"):
            _keep(_entry(record, tokens), touched)
        elif counts:
            path = _utf8(counts[3])
            if not path:
                next(tokens, b"")
                path = _utf8(next(tokens, b""))
            if path in touched and counts[1] != b"-":
                added, deleted = int(counts[1]), int(counts[2])
                touched[path] = replace(touched[path], added=added, deleted=deleted)
        elif record:
            if commit:
                yield replace(commit, touched=tuple(touched.values()))
            commit, touched = _header(record, tokens), {}
    if commit:
        yield replace(commit, touched=tuple(touched.values()))


def read_comparisons(out: IO[bytes]) -> Iterator[tuple[Touched, ...]]:
    """For each pair of commits that were compared, the files that differ, at most 2,000."""
    tokens = _tokens(out)
    touched: dict[str, Touched] | None = None
    for token in tokens:
        if touched is not None and token.startswith(b":"):
            _keep(_entry(token, tokens), touched)
        else:
            if touched is not None:
                yield tuple(touched.values())
            touched = {}
    if touched is not None:
        yield tuple(touched.values())


def _entry(record: bytes, tokens: Iterator[bytes]) -> Touched:
    """A raw entry: its last word is the status, and one or two paths follow."""
    letter = record.rpartition(b" ")[2][:1].decode("ascii", "replace")
    old = path = _utf8(next(tokens, b""))
    if letter in ("R", "C"):
        path = _utf8(next(tokens, b""))
    return Touched(path, old, letter)


def _keep(file: Touched, touched: dict[str, Touched]) -> None:
    if file.path and file.old and len(touched) < _MOST_TOUCHED:
        touched[file.path] = file


def _header(sha: bytes, tokens: Iterator[bytes]) -> Commit:
    parents, time, authored, message = (next(tokens, b"") for _ in range(4))
    if not (_SHA.fullmatch(sha) and time.isdigit() and authored.lstrip(b"-").isdigit()):
        raise InputError("git log gave what is no commit; use git 2.30 or newer")
    return Commit(
        sha=sha.decode("ascii"),
        parents=tuple(parents.decode("ascii").split()),
        time=int(time),
        authored=int(authored),
        message=message.decode("utf-8", "replace").strip()[:_LONGEST_MESSAGE],
    )


def _utf8(name: bytes) -> str:
    """A path, or "" where it is not UTF-8."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    """What stands between the NULs of an output."""
    rest = b""
    while part := out.read(_READ):
        *whole, rest = (rest + part).split(b"\0")
        if len(rest) > _LONGEST_TOKEN:
            raise InputError("a commit message of more than 16 MB; mine a part of the history")
        yield from whole
    if rest:
        yield rest
