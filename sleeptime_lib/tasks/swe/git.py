"""A git repository, read without running anything that it or this machine configures.

The only place that runs git. What could execute something stays outside by construction: git runs
in an empty repository of our own that borrows the object store of the one given and, where refs are
asked for, its refs. So its config, hooks, attributes, grafts and replacements are never read, and a
clone that lacks objects cannot fetch them. The environment is our own, there is no pager, no index,
no work tree, and no transport is allowed; time, memory and output are bounded.

Alternates of the object store are followed: clones made with --shared or --reference need them.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.tasks.swe.changes import is_gits
from sleeptime_lib.tasks.swe.log import (
    COMPARE,
    LOG,
    TELLING,
    Commit,
    Told,
    Touched,
    TreeFile,
    read_comparisons,
    read_log,
    read_tree,
)
from sleeptime_lib.texts import brief

FETCH_PULLS: Final = "git fetch origin '+refs/pull/*/head:refs/pull/*/head'"
"""What brings pull requests into a clone: a plain one has none."""
_LONGEST_S: Final = 600
"""Seconds that one git process may take."""
_MOST_LISTED: Final = 256_000_000
"""Bytes of a list of files or refs."""
_MOST_WRITTEN: Final = 2_000_000_000
"""Bytes of a tree that is written to a folder."""

_MOST_MEMORY: Final = 2_000_000_000
"""Bytes that one git process may allocate."""

_MAY_LACK: Final = 0.05
"""Share of a commit's files that a clone may lack: one made with --filter=blob:limit=1m lacks the
large ones, which are left out anyway; nobody can tell that those it lacks are large."""

_COMMIT: Final = re.compile("[0-9a-f]{40}")
_PULL: Final = re.compile(r"refs/(?:remotes/[^/]+/)?(?:pull|pr)/([0-9]{1,9})(?:/head)?")
ENVIRONMENT: Final = {
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
    # Set and empty: no transport is allowed, not even that of a file.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
}
"""All that git sees of the environment, but for where the repository is."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on this machine.

    Attributes:
        path: The folder that holds `.git`, or a bare repository.

    Raises:
        InputError: There is no repository at the path.
    """

    path: Path
    _git_dir: Path = field(init=False, repr=False, compare=False)
    _shared: Path = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            git_dir = _find_git_dir(Path(self.path).expanduser()).resolve()
            shared = (git_dir / (_first_line(git_dir / "commondir") or ".")).resolve()
            there = (git_dir / "HEAD").is_file() and (shared / "objects").is_dir()
        except (OSError, ValueError, RuntimeError):
            there = False
        if not there:
            right = "give the folder of a clone that holds .git, or a bare clone"
            raise InputError(f"{self.path} is no git repository; {right}")
        object.__setattr__(self, "_git_dir", git_dir)
        object.__setattr__(self, "_shared", shared)

    def main_line(self) -> str:
        """The newest commit of the main branch: of origin's where there is one, else of HEAD.

        Raises:
            InputError: There is no such commit, or the repository names its objects by SHA-256.
        """
        for name in ("refs/remotes/origin/HEAD", "HEAD"):
            words = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            try:
                return self._output(words, refs=True).decode("ascii").strip()
            except InputError:
                continue
        raise InputError(
            f"{self.path} has no commit at HEAD that SHA-1 names; check out its main branch"
        )

    def pull_refs(self) -> dict[str, str]:
        """Head commits of the pull requests that the clone holds, by number, lowest first.

        They stand under `refs/pull/N/head` or `refs/remotes/REMOTE/pull/N` (also `pr`).
        """
        found: dict[str, str] = {}
        listed = self._output(("for-each-ref", "--format=%(objectname) %(refname)"), refs=True)
        for line in listed.decode("utf-8", "replace").splitlines():
            oid, _, name = line.partition(" ")
            if named := _PULL.fullmatch(name):
                found.setdefault(named[1], oid)
        there = self.has(found.values())
        return {
            number: found[number] for number in sorted(found, key=int) if found[number] in there
        }

    def commit_time(self, commit: str) -> int:
        """When a commit was made, in unix seconds.

        Raises:
            InputError: It is not in the clone.
        """
        self._require(commit)
        return next(self.history((commit,), 1, told="messages")).time

    def files_at(self, commit: str) -> list[TreeFile]:
        """The regular files of a commit, by path.

        Symlinks and submodules are left out, and names that are not UTF-8, not printable or would
        lead out of the tree.

        Raises:
            InputError: The commit is not in the clone, or its list is too long.
        """
        self._require(commit)
        words = "ls-tree", "-z", "--full-tree", "-r", "-l", commit, "--"
        return read_tree(self._output(words))

    def contents(
        self, files: Iterable[TreeFile], most_bytes: int
    ) -> Iterator[tuple[TreeFile, bytes]]:
        """Files with what they hold, one after the other.

        Those of more bytes are left out, and those whose content the clone lacks.
        """
        wanted = [file for file in files if 0 <= file.size <= most_bytes]
        given = _lines(file.oid for file in wanted)
        with self._git(("cat-file", "--batch", "--buffer"), given) as out:
            for file in wanted:
                head = out.readline(200).split()
                if head[1:] != [b"blob", str(file.size).encode()]:
                    raise InputError(f"{self.path}: {file.path} cannot be read; make a new clone")
                yield file, out.read(file.size + 1)[: file.size]

    def write_tree_to(self, commit: str, folder: Path, most_bytes: int = _MOST_WRITTEN) -> int:
        """Write the regular files of a commit into a new or empty folder, byte for byte.

        No filter, no attribute and no line ending of the repository applies. Left out are symlinks,
        submodules, and paths that a later git could take for its own folder.

        Args:
            commit: 40 hexadecimal digits.
            folder: New or empty.
            most_bytes: Files of more are left out, and so are those that the clone lacks.

        Returns:
            How many files were written.

        Raises:
            InputError: The commit or more than 5% of its files are not in the clone, they take more
                than 2 GB, or the folder is not empty or cannot be written.
        """
        files = [file for file in self.files_at(commit) if not is_gits(file.path)]
        lacking = [file.path for file in files if file.size < 0]
        if len(lacking) > _MAY_LACK * len(files):
            what = f"{len(lacking):,} files of commit {commit[:10]}, such as {lacking[0]}"
            raise InputError(f"{self.path} lacks {what}; make a full clone")
        files = [file for file in files if 0 <= file.size <= most_bytes]
        if sum(file.size for file in files) > _MOST_WRITTEN:
            raise InputError(
                f"commit {commit[:10]} holds more than 2 GB; take a smaller repository"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise InputError(f"{folder} is not empty; give a new folder")
            for file, content in self.contents(files, _MOST_WRITTEN):
                target = folder / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as written:
                    written.write(content)
                target.chmod(int(file.mode[3:], 8))
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"cannot write {error.filename or folder}: {reason}") from None
        return len(files)

    def history(
        self, tips: Iterable[str], most: int, *, told: Told = "lines", walk: bool = True
    ) -> Iterator[Commit]:
        """The commits that the tips reach, in one stream: newest first, children before parents.

        Args:
            tips: Commits.
            most: How many commits at most.
            told: Whether only messages, also files, of which those are renamed whose content stayed
                the same, or also lines, which takes longest.
            walk: Off: the tips alone, in their order, and nothing that they reach.
        """
        given = list(tips)
        words = [*LOG, f"--max-count={most}", *TELLING[told]]
        words.append("--date-order" if walk else "--no-walk=unsorted")
        if given:
            with self._git(words, _lines(given)) as out:
                yield from read_log(out)

    def compared(
        self, pairs: Iterable[tuple[str, str]], told: Told = "lines"
    ) -> Iterator[tuple[Touched, ...]]:
        """For each pair of a base and a head, the files that differ, without counts of lines.

        Args:
            pairs: Commits.
            told: As in `history`: how closely renamed files are looked for.
        """
        words = [*COMPARE, *(word for word in TELLING[told] if word != "--numstat")]
        with self._git(words, _lines(f"{head} {base}" for base, head in pairs)) as out:
            yield from read_comparisons(out)

    def has(self, commits: Iterable[str]) -> set[str]:
        """Those of the commits that are in the clone."""
        wanted = _lines(filter(_COMMIT.fullmatch, commits))
        form = "--batch-check=%(objectname) %(objecttype)"
        listed = self._output(("cat-file", form, "--buffer"), wanted).decode("ascii")
        return {line[:40] for line in listed.splitlines() if line.endswith(" commit")}

    def _require(self, commit: str) -> None:
        if not _COMMIT.fullmatch(commit):
            right = "give its 40 hexadecimal digits"
            raise InputError(f"{brief(repr(commit), 80)} is no full commit; {right}")
        if not self.has((commit,)):
            raise InputError(f"commit {commit} is not in the clone; fetch it with: {FETCH_PULLS}")

    def _furnish(self, empty: Path, refs: bool) -> None:
        """Make a folder a repository, with the refs of this one or with none."""
        head = _first_line(self._git_dir / "HEAD") if refs else "ref: refs/heads/none"
        (empty / "HEAD").write_text(f"{head}\n", encoding="utf-8", errors="surrogateescape")
        if (self._shared / "shallow").is_file():
            (empty / "shallow").symlink_to(self._shared / "shallow")
        if not refs:
            (empty / "refs").mkdir()
            return
        for name in ("refs", "packed-refs"):
            (empty / name).symlink_to(self._shared / name)

    def _output(self, words: Sequence[str], given: bytes = b"", *, refs: bool = False) -> bytes:
        with self._git(words, given, refs=refs) as out:
            listed = out.read(_MOST_LISTED + 1)
        if len(listed) > _MOST_LISTED:
            raise InputError(f"{self.path}: git {words[0]} lists more than 256 MB; too large")
        return listed

    @contextmanager
    def _git(
        self, words: Sequence[str], given: bytes = b"", *, refs: bool = False
    ) -> Iterator[IO[bytes]]:
        """The output of one git process, which ends with the block at the latest.

        Args:
            words: The command.
            given: What it reads.
            refs: Whether it sees the repository's refs.
        """
        with (
            tempfile.TemporaryDirectory(prefix="sleeptime-git-") as empty,
            # Files, so that no pipe can fill up while nobody reads it.
            tempfile.TemporaryFile() as asked,
            tempfile.TemporaryFile() as told,
        ):
            self._furnish(Path(empty), refs)
            asked.write(given)
            asked.seek(0)
            process = subprocess.Popen(
                [git_program(), "--no-pager", "-c", "core.bare=true", *words],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=told,
                env=ENVIRONMENT
                | {"GIT_DIR": empty, "GIT_OBJECT_DIRECTORY": str(self._shared / "objects")},
                cwd=empty,
            )
            _bound_memory(process.pid)
            out = process.stdout
            assert out is not None
            late = threading.Timer(_LONGEST_S, process.kill)
            late.daemon = True
            late.start()
            try:
                yield out
                # Whoever stops reading early does not want to know how it would have ended.
                status = 0 if out.read(1) else process.wait()
            finally:
                late.cancel()
                process.kill()
                out.close()
                process.wait()
            if status:
                told.seek(0)
                said = told.read(10_000).decode("utf-8", "replace").strip().splitlines()
                reason = said[-1] if said else f"status {status}; it may take {_LONGEST_S} s"
                raise InputError(f"{self.path}: git {words[0]} failed ({brief(reason, 300)})")


@cache
def git_program() -> str:
    """The path of git.

    Raises:
        MissingDependency: There is none on this machine.
    """
    found = shutil.which("git")
    if not found:
        raise MissingDependency("reading a repository needs git: apt install git")
    return str(Path(found).absolute())


def _bound_memory(pid: int) -> None:
    """Let no process grow without end: a file that it reads may have none."""
    if hasattr(resource, "prlimit"):  # Linux
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))


def _find_git_dir(path: Path) -> Path:
    """Where a repository keeps its HEAD: in .git, in what the file .git names, or in itself."""
    inside = path / ".git"
    named = _first_line(inside)
    if named.startswith("gitdir: "):
        return path / named.removeprefix("gitdir: ")
    return inside if inside.is_dir() else path


def _first_line(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return os.fsdecode(file.readline(5_000)).strip()


def _lines(items: Iterable[str]) -> bytes:
    return "".join(f"{item}\n" for item in items).encode("utf-8")
