"""An attempt's own copy of a repository, and the only way to its files.

Paths come from a model that has read other people's text. Each is taken apart, and every part is
opened by itself from the copy's folder on, without following a link; what is opened must be an
ordinary file of one name and of moderate size. So nothing outside the copy can be reached, whatever
a path or the repository itself holds.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

MOST_BYTES: Final = 1_000_000
"""Of a file that is read, searched or written."""
MOST_WRITTEN: Final = 10_000_000
"""Bytes that one attempt may write in all."""
MOST_COPIES: Final = 16
"""Copies that are on the disk at once."""
LONGEST_PATH: Final = 1_000
LONGEST_NAME: Final = 255
"""Bytes; what common file systems take."""
DEEPEST: Final = 40
"""Folders in each other."""

_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | _LINK

Parts = tuple[str, ...]


class Refused(Exception):
    """What the model asked for is not done; the message tells it why, and goes to nobody else."""


def parts_of(path: str) -> Parts:
    """The names in a path below the repository's root; none for the root itself.

    Raises:
        Refused: The path leads elsewhere, into git's own folder, or is none.
    """
    if not path.isprintable():  # NUL, line ends, halves of surrogate pairs, invisible signs
        raise Refused("a path has letters, digits and signs that can be seen, and no others")
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":":
        raise Refused("give a path from the root of the repository, such as folder/name.py")
    if len(path.encode()) > LONGEST_PATH:
        raise Refused(f"a path has at most {LONGEST_PATH} bytes")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise Refused("a path has no .. in it: give it from the root of the repository")
    if any(_is_git(part) for part in parts):
        raise Refused("git's own folder is not part of the repository's files")
    if any(len(part.encode()) > LONGEST_NAME for part in parts) or len(parts) > DEEPEST:
        raise Refused(f"names have at most {LONGEST_NAME} bytes, paths at most {DEEPEST} parts")
    return parts


def _is_git(name: str) -> bool:
    """Whether some file system takes a name for git's folder: .GIT, ".git ", .git::$DATA, git~1."""
    plain = unicodedata.normalize("NFKC", name).split(":")[0].rstrip(". ").casefold()
    return plain in (".git", "git~1")


class Workspace:
    """The files of one copy.

    Args:
        root: The copy's folder, which nobody else uses.

    Attributes:
        root: The folder.
        seen: Lines (from 1) of each file that were shown before anything was changed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.open(root, _FOLDER)
        self._before: dict[str, bytes | None] = {}
        self._written = 0
        self.seen: dict[str, set[int]] = {}

    def close(self) -> None:
        """Let go of the folder; a step that still goes on in a thread finds nothing any more."""
        root, self._root = self._root, -1  # its number may be given to another folder
        os.close(root)

    @property
    def modified(self) -> tuple[str, ...]:
        """Files that were there and hold something else now, sorted."""
        kept = ((path, old) for path, old in self._before.items() if old is not None)
        return tuple(sorted(path for path, old in kept if self._bytes(parts_of(path)) != old))

    @property
    def created(self) -> tuple[str, ...]:
        """Files that were not there, sorted."""
        return tuple(sorted(path for path, old in self._before.items() if old is None))

    def see(self, path: str, lines: range) -> None:
        """Note that lines of a file were shown; nothing once something has been changed."""
        if not self._before:
            self.seen.setdefault("/".join(parts_of(path)), set()).update(lines)

    def read(self, path: str) -> str:
        """The text of a file.

        Raises:
            Refused: It is no text file of moderate size, or not in the copy.
        """
        return _text(self._bytes(parts_of(path)), path)

    def replace(self, path: str, old: str, new: str) -> int:
        """Put a text in the place of another that stands in a file exactly once.

        Returns:
            The line (from 1) at which it stands.

        Raises:
            Refused: It does not stand there exactly once, or `read` would refuse the file.
        """
        parts = parts_of(path)
        before = self._bytes(parts)
        text = _text(before, path)
        if "\r\n" in text:  # a model writes line ends in one way only
            old, new = (part.replace("\r\n", "\n").replace("\n", "\r\n") for part in (old, new))
        found = text.count(old) if old else 0
        if found != 1:
            times = "not" if not found else f"{found} times"
            raise Refused(f"old_text is {times} in {path}: give a text that is there once")
        if old == new:
            raise Refused("new_text is the same as old_text: nothing was changed")
        after = _encoded(text.replace(old, new))
        self._spend(after)
        with _told(path), self._opened(parts, os.O_RDWR) as file:
            os.ftruncate(file, 0)
            _write(file, after)
        self._before.setdefault("/".join(parts), before)
        return text[: text.index(old)].count("\n") + 1

    def create(self, path: str, text: str) -> None:
        """Write a file that is not there yet, with the folders above it.

        Raises:
            Refused: It is there, or cannot be.
        """
        *above, name = parts_of(path) or ("",)
        if not name or path.endswith("/"):
            raise Refused("give the path of a file, such as folder/name.py")
        content = _encoded(text)
        self._spend(content)
        with _told(path):
            folder = self._folder(tuple(above), make=True)
            try:
                how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _LINK
                file = os.open(name, how, 0o644, dir_fd=folder)
                try:
                    _write(file, content)
                finally:
                    os.close(file)
            finally:
                os.close(folder)
        self._before.setdefault("/".join((*above, name)), None)

    def entries(self, path: str = "") -> tuple[list[str], list[str]]:
        """Folders and ordinary files in a folder, sorted; links and all else are left out.

        Raises:
            Refused: There is no such folder.
        """
        with _told(path or "."):
            return self._entries(parts_of(path))

    def files(self, path: str = "") -> Iterator[str]:
        """Paths of the ordinary files below a folder, those of a folder before its subfolders'.

        Raises:
            Refused: There is no such folder.
        """
        waiting = [parts_of(path)]
        while waiting:
            parts = waiting.pop()
            folders, files = self.entries("/".join(parts))
            yield from ("/".join((*parts, name)) for name in files)
            if len(parts) < DEEPEST:
                waiting += [(*parts, name) for name in reversed(folders)]

    def _entries(self, parts: Parts) -> tuple[list[str], list[str]]:
        folder = self._folder(parts)
        try:
            with os.scandir(folder) as found:
                usable = [one for one in found if one.name.isprintable() and not _is_git(one.name)]
                folders = [one.name for one in usable if one.is_dir(follow_symlinks=False)]
                files = [one.name for one in usable if one.is_file(follow_symlinks=False)]
        finally:
            os.close(folder)
        return sorted(folders), sorted(files)

    def _folder(self, parts: Parts, *, make: bool = False) -> int:
        folder = os.dup(self._root)
        for part in parts:
            try:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=folder)
                below = os.open(part, _FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = below
        return folder

    @contextmanager
    def _opened(self, parts: Parts, how: int) -> Iterator[int]:
        if not parts:
            raise Refused("give the path of a file, such as folder/name.py")
        folder = self._folder(parts[:-1])
        try:
            # Looked at first: to open a pipe or a device can do something already.
            _require_ordinary(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
            file = os.open(parts[-1], how | _LINK, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            _require_ordinary(os.fstat(file))
            yield file
        finally:
            os.close(file)

    def _bytes(self, parts: Parts) -> bytes:
        with _told("/".join(parts)), self._opened(parts, os.O_RDONLY) as file:
            content = b""
            while more := os.read(file, MOST_BYTES + 1 - len(content)):
                content += more
                if len(content) > MOST_BYTES:
                    raise Refused(f"files of more than {MOST_BYTES:,} bytes are not opened")
            return content

    def _spend(self, content: bytes) -> None:
        self._written += len(content)
        if len(content) > MOST_BYTES or self._written > MOST_WRITTEN:
            raise Refused(
                f"too much: at most {MOST_BYTES:,} bytes in a file and {MOST_WRITTEN:,} in all"
            )


def _require_ordinary(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise Refused("that is a folder: give the path of a file")
    if not stat.S_ISREG(found.st_mode):
        raise Refused("that is no ordinary file (a link, a pipe, a device): it is not opened")
    if found.st_nlink != 1:
        raise Refused("that file has another name elsewhere: it is not opened")
    if found.st_size > MOST_BYTES:
        raise Refused(f"files of more than {MOST_BYTES:,} bytes are not opened")


@contextmanager
def _told(path: str) -> Iterator[None]:
    """What the system refuses, in words that hold no path but the one that was given."""
    try:
        yield
    except FileExistsError:
        raise Refused(f"{path} is there already: change it with replace_text") from None
    except FileNotFoundError:
        raise Refused(f"there is no {path}") from None
    except OSError as error:
        raise Refused(f"{path} cannot be used: {error.strerror}") from None


def _text(content: bytes, path: str) -> str:
    if b"\0" in content:
        raise Refused(f"{path} is a binary file")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Refused(f"{path} is not text in UTF-8") from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("the text cannot be written as UTF-8") from None


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


_permits: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)


@asynccontextmanager
async def copied(fill: Callable[[Path], object]) -> AsyncIterator[tuple[Workspace, Path]]:
    """A copy of its own for one attempt, removed at its end; waits while there are many.

    Args:
        fill: Writes the files into a folder that is empty.

    Yields:
        The workspace, and its folder for a sandbox.
    """
    loop = asyncio.get_running_loop()
    async with _permits.setdefault(loop, asyncio.Semaphore(MOST_COPIES)):
        folder = Path(tempfile.mkdtemp(prefix="sleeptime-"))
        try:
            await asyncio.to_thread(fill, folder)
            workspace = Workspace(folder)
            try:
                yield workspace, folder
            finally:
                workspace.close()
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
