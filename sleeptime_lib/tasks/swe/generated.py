"""`generated-swe`: small repositories with a history, whose past changes are instructive.

Three programs, each with three kinds of feature that were added one at a time. A feature of a kind
touches the same files as the ones before it, each in its own place:

    Add the command `export`
    modified ledger/cli/parser.py   "export",
    modified ledger/registry.py     "export": export.run,
    modified docs/usage.md          - `export`: writes all entries to a file
    added    ledger/commands/export.py

Some of these files belong to every feature of the kind, some to a part of them, and now and then
somebody touches one in passing. Between them other people change other files. The names, the order
and who forgot what follow from the seed.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from sleeptime_lib.tasks.swe.changes import Change, ChangedFile
from sleeptime_lib.tasks.swe.git import ENVIRONMENT, Repository, git_program
from sleeptime_lib.tasks.swe.programs import PROGRAMS, Kind, Program, Spot

GENERATED: Final = "generated-swe"
TASKS_PER_KIND: Final = 2
"""The newest features of each kind are tasks; the older ones are their past."""
_FIRST_DAY: Final = 1_704_110_400
"""January 1, 2024, at noon."""
_DAY: Final = 86_400
_AUTHORS: Final = ("Ada", "Ben", "Chen", "Dana", "Emil")


@dataclass(frozen=True, slots=True)
class Made:
    """Repositories that were made, with their changes.

    Attributes:
        repositories: By the name that their changes give them.
        changes: All changes, each repository's oldest first.
        tasks: Those that are asked for.
        folder: Where they are; removed with the last reference to it.
    """

    repositories: Mapping[str, Repository]
    changes: tuple[Change, ...]
    tasks: tuple[Change, ...]
    folder: tempfile.TemporaryDirectory[str]


@cache
def generate(seed: int) -> Made:
    """Make the repositories of a seed; the same seed gives the same commits.

    Raises:
        MissingDependency: There is no git on this machine.
    """
    folder = tempfile.TemporaryDirectory(prefix="sleeptime-swe-")
    repositories, changes, tasks = {}, [], []
    for program in PROGRAMS:
        history = _History(program, random.Random(f"{seed} {program.name}"))
        path = Path(folder.name) / program.name
        commits = _import_history(path, history.stream())
        own = [history.change(made, commits) for made in history.features]
        repositories[f"generated/{program.name}"] = Repository(path)
        changes += own
        for kind in program.kinds:
            tasks += [change for change in own if change.group == kind.name][-TASKS_PER_KIND:]
    return Made(repositories, tuple(changes), tuple(tasks), folder)


@dataclass(frozen=True, slots=True)
class _Feature:
    """A feature that was added: its kind and name, the mark of its commit, and what it touched."""

    kind: Kind
    name: str
    mark: int
    files: tuple[ChangedFile, ...]


@dataclass(slots=True)
class _History:
    """The history of one program while it is written."""

    program: Program
    dice: random.Random
    features: list[_Feature] = field(default_factory=list)
    _files: dict[str, list[str]] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)
    _mark: int = 0

    def stream(self) -> bytes:
        """The whole history for git fast-import."""
        names = {kind.name: list(kind.names) for kind in self.program.kinds}
        for own in names.values():
            self.dice.shuffle(own)
        self._begin(
            {
                kind.name: own.pop()
                for kind, own in zip(self.program.kinds, names.values(), strict=True)
            }
        )
        for _ in range(min(map(len, names.values()))):
            kinds = list(self.program.kinds)
            self.dice.shuffle(kinds)
            for kind in kinds:
                self._add(kind, names[kind.name].pop())
                if self.dice.random() < 0.5:
                    self._tinker()
        return b"".join(self._parts)

    def change(self, made: _Feature, commits: Mapping[str, str]) -> Change:
        """A feature as a change of the repository."""
        return Change(
            repo=f"generated/{self.program.name}",
            number=str(made.mark),
            title=made.kind.title.format(name=made.name),
            body=made.kind.body.format(name=made.name),
            base=commits[f":{made.mark - 1}"],
            head=commits[f":{made.mark}"],
            closed=_FIRST_DAY + made.mark * _DAY,
            files=made.files,
            group=made.kind.name,
            started=_FIRST_DAY + (made.mark - 1) * _DAY,
        )

    def _begin(self, first: Mapping[str, str]) -> None:
        """The first commit: all files, with one feature of each kind."""
        for kind in self.program.kinds:
            for spot in kind.spots:
                lines = self._files.setdefault(spot.path, list(_heading(spot.path)))
                lines += ["", spot.opens, spot.written(first[kind.name]), *spot.closes]
            self._files[kind.created.format(name=first[kind.name])] = kind.module(first[kind.name])
        for path in self.program.others:
            self._files[path] = [*_heading(path), "", *_filler(path, self.dice)]
        self._commit("First version", sorted(self._files))

    def _add(self, kind: Kind, name: str) -> None:
        touched = [spot for spot in kind.spots if self.dice.random() < spot.share]
        for spot in touched:
            _insert(self._files[spot.path], spot, name)
        modified = {spot.path for spot in touched}
        if self.dice.random() < 0.3:  # somebody passes by
            modified.add(self._edit_other())
        created = kind.created.format(name=name)
        self._files[created] = kind.module(name)
        title, body = (text.format(name=name) for text in (kind.title, kind.body))
        self._commit(f"{title}\n\n{body}", [*sorted(modified), created])
        files = [
            *(ChangedFile(path, "modified") for path in modified),
            ChangedFile(created, "added"),
        ]
        files.sort(key=lambda file: file.path)
        self.features.append(_Feature(kind, name, self._mark, tuple(files)))

    def _tinker(self) -> None:
        self._commit("Tidy up", [self._edit_other()])

    def _edit_other(self) -> str:
        path = self.dice.choice(self.program.others)
        number = self.dice.randrange(10, 99)
        self._files[path].append(f"# Looked at again: case {number}.")
        return path

    def _commit(self, message: str, paths: list[str]) -> None:
        before = self._mark
        self._mark += 1
        name = self.dice.choice(_AUTHORS)
        who = f"{name} <{name.lower()}@example.org> {_FIRST_DAY + self._mark * _DAY} +0000"
        self._parts.append(
            f"commit refs/heads/main\nmark :{self._mark}\nauthor {who}\ncommitter {who}\n".encode()
        )
        self._parts.append(_data(message))
        if before:
            self._parts.append(f"from :{before}\n".encode())
        for path in paths:
            text = "\n".join(self._files[path]) + "\n"
            self._parts.append(f"M 100644 inline {path}\n".encode() + _data(text))


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%b\n" % (len(content), content)


def _insert(lines: list[str], spot: Spot, name: str) -> None:
    """Write a spot's line behind the last one of its list."""
    at = lines.index(spot.opens) + 1
    while at < len(lines) and lines[at] not in ("", *spot.closes[:1]):
        at += 1
    lines.insert(at, spot.written(name))


def _heading(path: str) -> tuple[str, ...]:
    what = Path(path).stem.replace("_", " ")
    return (
        (f"# {what.capitalize()}",)
        if path.endswith(".md")
        else (f'"""The {what} of this program."""',)
    )


def _filler(path: str, dice: random.Random) -> Iterator[str]:
    """Functions that have nothing to do with any feature."""
    what = Path(path).stem
    for verb in dice.sample(("check", "round", "split", "join", "clean", "order"), 4):
        yield f"def {verb}_{what}(value, limit={dice.randrange(2, 40)}):"
        yield f'    """{verb.capitalize()} what the {what} module is given."""'
        yield f"    if value is None or value == {dice.randrange(2, 90)}:"
        yield "        return limit"
        yield f"    return (value, limit, {dice.randrange(100, 999)})"
        yield ""


def _import_history(folder: Path, stream: bytes) -> dict[str, str]:
    """Make a bare repository of a history of our own, in the format of git fast-import.

    Returns:
        The commit of each mark, such as ":1".
    """
    folder.mkdir(parents=True)
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    (folder / "config").write_text("[core]\n\tbare = true\n", encoding="ascii")
    marks = folder / "marks"
    subprocess.run(
        [git_program(), "fast-import", "--quiet", f"--export-marks={marks}"],
        input=stream,
        env=ENVIRONMENT | {"GIT_DIR": str(folder)},
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return dict(line.split(" ") for line in marks.read_text(encoding="ascii").splitlines())
