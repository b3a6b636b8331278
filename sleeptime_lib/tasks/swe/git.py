"""A git repository, read without running anything that it or this machine configures.

The only place that runs git. What could execute something stays outside by construction: commits,
trees and files are read from an empty repository of our own that borrows the object store of the
one given. So its config, hooks, attributes, grafts and replacements are never read, and a clone
that lacks objects cannot fetch them. Names of refs are the one thing that git reads from the
repository itself, with two commands that execute nothing. The environment is our own, there is no
pager, no index, no work tree, and no transport is allowed.

Alternates of the object store are followed: clones made with --shared or --reference need them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.tasks.swe.changes import is_plain_path
from sleeptime_lib.texts import brief

_LONGEST_S: Final = 600
"""Seconds that one git process may take."""
_MOST_LISTED: Final = 256_000_000
"""Bytes of a list of files or refs."""
_MOST_WRITTEN: Final = 2_000_000_000
"""Bytes of a tree that is written to a folder."""
_LONGEST_MESSAGE: Final = 20_000
"""Characters kept of a commit message."""
_MOST_TOUCHED: Final = 2_000
"""Files kept of one commit."""
_READ: Final = 1 << 16

_REGULAR: Final = ("100644", "100755")
_COMMIT: Final = re.compile("[0-9a-f]{40}")
_PULL: Final = re.compile(r"refs/(?:remotes/[^/]+/)?(?:pull|pr)/(\d{1,9})(?:/head)?")
_COUNTS: Final = re.compile(rb"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
FETCH_PULLS: Final = "git fetch origin '+refs/pull/*/head:refs/pull/*/head'"
"""What brings pull requests into a clone: a plain one has none."""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A regular file of a commit: its path, mode ("100644" or "100755"), size in bytes, object."""

    path: str
    mode: str
    size: int
    oid: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What one commit did to one file.

    Attributes:
        path: The file; of a renamed one its new path.
        old: Its path before; differs from `path` where it was renamed.
        status: One letter, as git gives it: M, A, D, R, C or T.
        added: Lines added; 0 in a binary file.
        deleted: Lines deleted.
    """

    path: str
    old: str
    status: str
    added: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a history.

    Attributes:
        sha: 40 hexadecimal digits.
        parents: Of a merge at least two.
        time: When it was committed, in unix seconds.
        message: Subject and body, of at most 20,000 characters.
        touched: Its files against its parent, at most 2,000; of a merge none.
    """

    sha: str
    parents: tuple[str, ...]
    time: int
    message: str
    touched: tuple[Touched, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on this machine.

    Attributes:
        path: The folder that holds `.git`, or a bare repository.

    Raises:
        InputError: There is no repository at the path.
        MissingDependency: There is no git on this machine.
    """

    path: Path
    _git_dir: Path = field(init=False, repr=False, compare=False)
    _shared: Path = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        git_dir = _git_dir(Path(self.path).expanduser())
        shared = git_dir / (_first_line(git_dir / "commondir") or ".")
        if not ((git_dir / "HEAD").is_file() and (shared / "objects").is_dir()):
            right = "give the folder of a clone that holds .git, or a bare clone"
            raise InputError(f"{self.path} is no git repository; {right}")
        object.__setattr__(self, "_git_dir", git_dir.resolve())
        object.__setattr__(self, "_shared", shared.resolve())

    def main_line(self) -> str:
        """The newest commit of the main branch: of origin's where there is one, else of HEAD.

        Raises:
            InputError: The repository has no commit, or its commits are no SHA-1.
        """
        for name in ("refs/remotes/origin/HEAD", "HEAD"):
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", name)
            try:
                found = self._output(words, own=True).decode("ascii", "replace").strip()
            except InputError:
                continue
            if _COMMIT.fullmatch(found):
                return found
            raise InputError(f"{self.path} names its objects in a form other than SHA-1; use SHA-1")
        raise InputError(f"{self.path} has no commit at HEAD; check out its main branch")

    def pull_refs(self) -> dict[str, str]:
        """Head commits of the pull requests that the clone holds, by number, lowest first.

        They stand under `refs/pull/N/head` or `refs/remotes/REMOTE/pull/N` (also `pr`).
        """
        listed = self._output(
            ("for-each-ref", "--format=%(objectname) %(objecttype) %(refname)"), own=True
        )
        found: dict[str, str] = {}
        for line in listed.decode("utf-8", "replace").splitlines():
            oid, kind, name = line.split(" ", 2)
            named = _PULL.fullmatch(name)
            if named and kind == "commit":
                found.setdefault(named[1], oid)
        return dict(sorted(found.items(), key=lambda item: int(item[0])))

    def has(self, commits: Iterable[str]) -> set[str]:
        """Those of the commits that are in the clone."""
        wanted = list(commits)
        found = self.objects_at((commit, "") for commit in wanted)
        return {commit for commit, oid in zip(wanted, found, strict=True) if oid}

    def commit_time(self, commit: str) -> int:
        """When a commit was made, in unix seconds.

        Raises:
            InputError: It is not in the clone.
        """
        self._require(commit)
        listed = self._output(("rev-list", "--timestamp", "--max-count=1", commit, "--"))
        return int(listed.split()[0])

    def files_at(self, commit: str) -> list[TreeFile]:
        """The regular files of a commit, by path.

        Symlinks and submodules are left out, and names that are not UTF-8, not printable or would
        lead out of the tree.

        Raises:
            InputError: The commit is not in the clone, or its list is too long.
        """
        self._require(commit)
        listed = self._output(("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--"))
        found = []
        for entry in listed.split(b"\0"):
            about, _, name = entry.partition(b"\t")
            path = _path(name)
            if path and is_plain_path(path):
                mode, _, oid, size = about.decode("ascii").split()
                if mode in _REGULAR:
                    found.append(TreeFile(path, mode, int(size), oid))
        return found

    def read_file(self, commit: str, path: str, most_bytes: int) -> bytes:
        """The first so many bytes of a regular file of a commit.

        Raises:
            InputError: The commit is not in the clone, or has no such regular file.
        """
        self._require(commit)
        words = ("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path)
        for entry in self._output(words).split(b"\0"):
            about, _, name = entry.partition(b"\t")
            if name == os.fsencode(path) and about[:6].decode() in _REGULAR:
                oid = about.split()[2].decode()
                with self._git(("cat-file", "blob", oid)) as out:
                    return _exactly(out, most_bytes)
        raise InputError(f"commit {commit[:10]} has no file {brief(repr(path), 80)}")

    def contents(
        self, files: Iterable[TreeFile], most_bytes: int
    ) -> Iterator[tuple[TreeFile, bytes]]:
        """Files with what they hold, one after the other; those of more bytes are left out."""
        wanted = [file for file in files if file.size <= most_bytes]
        given = "".join(f"{file.oid}\n" for file in wanted).encode()
        with self._git(("cat-file", "--batch", "--buffer"), given) as out:
            for file in wanted:
                head = out.readline(200).split()
                if len(head) != 3 or int(head[2]) != file.size:
                    raise InputError(f"{self.path} lacks {file.path}; make a full clone")
                content = _exactly(out, file.size + 1)
                yield file, content[: file.size]

    def write_tree_to(self, commit: str, folder: Path) -> int:
        """Write the regular files of a commit into a new or empty folder, byte for byte.

        No filter, no attribute and no line ending of the repository applies. Left out are symlinks,
        submodules, and paths that a later git could take for its own folder.

        Returns:
            How many files were written.

        Raises:
            InputError: The commit is not in the clone, its files take more than 2 GB, or the folder
                is not empty or cannot be written.
        """
        files = [file for file in self.files_at(commit) if not _is_gits(file.path)]
        if sum(file.size for file in files) > _MOST_WRITTEN:
            limit = f"{_MOST_WRITTEN // 10**9} GB"
            raise InputError(f"commit {commit[:10]} holds more than {limit} of files")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise InputError(f"{folder} is not empty; give a new folder")
            for file, content in self.contents(files, _MOST_WRITTEN):
                target = folder / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
                with open(os.open(target, flags, int(file.mode[3:], 8)), "wb") as written:  # noqa: PTH123
                    written.write(content)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"cannot write {error.filename or folder}: {reason}") from None
        return len(files)

    def objects_at(self, places: Iterable[tuple[str, str]]) -> list[str]:
        """The object of each (commit, path), "" where there is none; path "" is the commit's tree.

        One process answers all. A path with a line break in it has none.
        """
        asked = [f"{commit}:{path}" for commit, path in places]
        lines = [line if "\n" not in line else "none" for line in asked]
        given = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        form = "--batch-check=%(objectname) %(objecttype)"
        listed = self._output(("cat-file", form, "--buffer"), given)
        answers = [line.split(b" ") for line in listed.split(b"\n")[:-1]]
        return [
            answer[0].decode() if answer[1:] in ([b"blob"], [b"tree"]) else "" for answer in answers
        ]

    def graph(self, tips: Iterable[str], most: int) -> dict[str, tuple[str, ...]]:
        """The parents of every commit that the tips reach, children first; at most so many."""
        words = ("rev-list", "--parents", "--topo-order", f"--max-count={most}", "--stdin")
        listed = self._output(words, _lines(tips)).decode("ascii")
        rows = (line.split() for line in listed.splitlines())
        return {row[0]: tuple(row[1:]) for row in rows}

    def history(self, tips: Iterable[str], most: int, *, walk: bool = True) -> Iterator[Commit]:
        """The commits that the tips reach with what they touched, newest first, in one stream.

        Args:
            tips: Commits, or "^COMMIT" for what it reaches to be left out.
            most: How many commits at most.
            walk: Off: the tips alone, nothing that they reach.
        """
        words = [
            *("log", "--stdin", "-z", f"--max-count={most}", "--encoding=UTF-8"),
            *("--raw", "--numstat", "--no-abbrev", "--find-renames", "-l400"),
            *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-notes"),
            *("--no-color", "--no-decorate", "--no-mailmap"),
            "--format=tformat:%H%x00%P%x00%ct%x00%B",
        ]
        if not walk:
            words.append("--no-walk=unsorted")
        with self._git(words, _lines(tips)) as out:
            yield from _commits(_tokens(out))

    def _require(self, commit: str) -> None:
        if not _COMMIT.fullmatch(commit):
            right = "give its 40 hexadecimal digits"
            raise InputError(f"{brief(repr(commit), 80)} is no full commit; {right}")
        if not self.has((commit,)):
            raise InputError(
                f"commit {commit} is not in the clone; fetch it with: {FETCH_PULLS}"
            )

    def _output(self, words: Sequence[str], given: bytes = b"", *, own: bool = False) -> bytes:
        with self._git(words, given, own=own) as out:
            listed = _exactly(out, _MOST_LISTED + 1)
        if len(listed) > _MOST_LISTED:
            raise InputError(f"{self.path}: git {words[0]} lists more than 256 MB; too large")
        return listed

    @contextmanager
    def _git(
        self, words: Sequence[str], given: bytes = b"", *, own: bool = False
    ) -> Iterator[IO[bytes]]:
        """The output of one git process, which ends with the block.

        Args:
            words: The command.
            given: What it reads.
            own: Whether it runs in the repository itself, for refs, and not in our empty one.
        """
        command = [_program(), "--no-pager", "-c", "core.bare=true", *words]
        empty = _empty_repository()
        places = {
            "GIT_DIR": str(self._git_dir if own else empty),
            "GIT_OBJECT_DIRECTORY": str(self._shared / "objects"),
        }
        if (self._shared / "shallow").is_file():
            places["GIT_SHALLOW_FILE"] = str(self._shared / "shallow")
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as told:
            asked.write(given)
            asked.seek(0)
            process = subprocess.Popen(
                command,
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=told,
                env=_ENVIRONMENT | places,
                cwd=empty,
            )
            out = process.stdout
            assert out is not None
            late = threading.Timer(_LONGEST_S, process.kill)
            late.daemon = True
            late.start()
            try:
                yield out
                # Where all was read, its status tells whether it was complete.
                status = 0 if out.read(1) else process.wait()
            finally:
                late.cancel()
                process.kill()
                out.close()
                process.wait()
            if status:
                told.seek(0)
                said = told.read(_READ).decode("utf-8", "replace").strip().splitlines()
                reason = said[-1] if said else f"status {status}, or over {_LONGEST_S} s"
                raise InputError(f"{self.path}: git {words[0]} failed ({brief(reason, 300)})")


_ENVIRONMENT: Final = {
    "PATH": os.defpath,
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    # Set and empty: no transport is allowed, not even that of a file.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
}
"""All that git sees of the environment: nobody's GIT_*, no config of system or user."""


@cache
def _program() -> str:
    found = shutil.which("git")
    if not found:
        raise MissingDependency("reading a repository needs git: install it (apt install git)")
    return str(Path(found).absolute())


@cache
def _kept_empty() -> tempfile.TemporaryDirectory[str]:
    """An empty repository, for as long as the process lives."""
    made = tempfile.TemporaryDirectory(prefix="sleeptime-git-")
    (Path(made.name) / "refs").mkdir()
    (Path(made.name) / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    return made


def _empty_repository() -> Path:
    return Path(_kept_empty().name)


def _git_dir(path: Path) -> Path:
    """Where a repository keeps its HEAD: in .git, in what the file .git names, or in itself."""
    inside = path / ".git"
    named = _first_line(inside)
    if named.startswith("gitdir: "):
        return path / named.removeprefix("gitdir: ")
    return inside if inside.is_dir() else path


def _first_line(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return os.fsdecode(file.readline(5_000)).strip()
    except (OSError, ValueError):
        return ""


def _lines(tips: Iterable[str]) -> bytes:
    return "".join(f"{tip}\n" for tip in tips).encode("ascii")


def _exactly(out: IO[bytes], count: int) -> bytes:
    """So many bytes, or all there are."""
    return out.read(count)


def _path(name: bytes) -> str:
    """A path, or "" where it is not UTF-8."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _is_gits(path: str) -> bool:
    """Whether part of a path is, or could by a file system be taken for, git's own folder."""
    for part in path.split("/"):
        plain = "".join(c for c in part if c.isascii()).rstrip(". ").lower()
        if plain.partition(":")[0] in (".git", "git~1"):
            return True
    return False


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    """What stands between the NULs of an output."""
    rest = b""
    while part := out.read(_READ):
        *whole, rest = (rest + part).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _commits(tokens: Iterator[bytes]) -> Iterator[Commit]:
    """Commits of `git log -z --raw --numstat`; each token is known by what stands before it."""
    current: Commit | None = None
    touched: dict[str, Touched] = {}
    for token in tokens:
        token = token.lstrip(b"\n")
        counts = _COUNTS.fullmatch(token)
        if token.startswith(b":"):
            status = token.rpartition(b" ")[2][:1].decode("ascii", "replace")
            old = path = _path(next(tokens, b""))
            if status in ("R", "C"):
                path = _path(next(tokens, b""))
            if path and old and len(touched) < _MOST_TOUCHED:
                touched[path] = Touched(path, old, status, 0, 0)
        elif counts:
            path = _path(counts[3])
            if not counts[3]:
                next(tokens, b"")
                path = _path(next(tokens, b""))
            before = touched.get(path)
            if before and counts[1] != b"-":
                touched[path] = Touched(
                    path, before.old, before.status, int(counts[1]), int(counts[2])
                )
        elif token:
            if current:
                yield _with(current, touched)
            parents, time, message = (next(tokens, b"") for _ in range(3))
            current, touched = (
                Commit(
                    sha=token.decode("ascii", "replace"),
                    parents=tuple(parents.decode("ascii", "replace").split()),
                    time=int(time or b"0"),
                    message=message.decode("utf-8", "replace").strip()[:_LONGEST_MESSAGE],
                    touched=(),
                ),
                {},
            )
    if current:
        yield _with(current, touched)


def _with(commit: Commit, touched: dict[str, Touched]) -> Commit:
    return Commit(
        commit.sha, commit.parents, commit.time, commit.message, tuple(touched.values())
    )
