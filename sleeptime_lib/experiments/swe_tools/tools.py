"""What an agent can do in its copy of a repository: list, search, read, edit, create, run, finish.

Results hold paths from the repository's root only, and follow from what is in the copy.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.experiments.swe_tools.agent import LONGEST_RESULT, Tool, Use, tool
from sleeptime_lib.experiments.swe_tools.sandbox import Sandbox
from sleeptime_lib.experiments.swe_tools.workspace import Refused, Workspace

MOST_LISTED: Final = 200
MOST_LINES: Final = 200
"""Lines of a file that are read at once."""
MOST_HITS: Final = 50
LONGEST_LINE: Final = 300
"""Characters of a line that is shown."""
MOST_SEARCHED: Final = 50_000
"""Files that one search looks at."""
_SEARCH_S: Final = 60

LIST: Final = tool(
    "list_files",
    "List the files below a folder; of a large folder only what is in it, folders with a slash.",
    0,
    path=("string", "Folder from the root of the repository; leave it out for the root."),
)
SEARCH: Final = tool(
    "search_text",
    "Find the lines that hold a text, exactly as it is written.",
    1,
    text=("string", "The text, in one line; not a pattern."),
    path=("string", "Folder to search; leave it out for the whole repository."),
)
READ: Final = tool(
    "read_lines",
    f"Read lines of a file, at most {MOST_LINES} at once. Each is shown after its number.",
    1,
    path=("string", "File from the root of the repository."),
    start=("integer", "First line, from 1."),
    end=("integer", "Last line."),
)
REPLACE: Final = tool(
    "replace_text",
    "Replace a text that stands in a file exactly once by another.",
    path=("string", "File from the root of the repository."),
    old_text=("string", "The text as it stands in the file, without line numbers."),
    new_text=("string", "What takes its place."),
)
CREATE: Final = tool(
    "create_file",
    "Write a new file.",
    path=("string", "File from the root of the repository, which is not there yet."),
    text=("string", "What it holds."),
)
RUN: Final = tool(
    "run_command",
    "Run a shell command in the root of the repository, which it can read and not change. It has "
    "no network and little time.",
    command=("string", "The command."),
)
FINISH: Final = tool("finish", "End the work: the files stay as they are now.")

READING: Final = (LIST, SEARCH, READ)
"""Those that change nothing."""
EDITS: Final = ("replace_text", "create_file")
"""Names of those that change files."""
ALL: Final = (*READING, REPLACE, CREATE, RUN, FINISH)


def reading(files: Workspace) -> dict[str, tuple[Tool, Use]]:
    """The tools that look at a copy and change nothing."""
    return {
        "list_files": (LIST, lambda given: _list(files, given)),
        "search_text": (SEARCH, lambda given: _search(files, given)),
        "read_lines": (READ, lambda given: _read(files, given)),
    }


def working(files: Workspace, sandbox: Sandbox | None) -> dict[str, tuple[Tool, Use]]:
    """All tools of an attempt; without a sandbox, none that runs a command."""
    tools = reading(files) | {
        "replace_text": (REPLACE, lambda given: _replace(files, given)),
        "create_file": (CREATE, lambda given: _create(files, given)),
    }
    if sandbox:
        run = sandbox.run
        tools["run_command"] = (RUN, lambda given: run(given["command"]))
    return tools | {"finish": (FINISH, lambda given: "Finished.")}


def _list(files: Workspace, given: Mapping[str, Any]) -> str:
    path = given.get("path", "")
    below = list(islice(files.files(path), MOST_LISTED + 1))
    if len(below) <= MOST_LISTED:
        return "\n".join(below) or "There are no files."
    folders, names = files.entries(path)
    entries = [*(f"{name}/" for name in folders), *names]
    shown = entries[:MOST_LISTED]
    if more := len(entries) - len(shown):
        shown.append(f"({more:,} more entries)")
    return "\n".join(shown)


def _read(files: Workspace, given: Mapping[str, Any]) -> str:
    path, start = given["path"], max(given.get("start", 1), 1)
    lines = _lines(files.read(path))
    last = min(given.get("end", len(lines)), len(lines), start + MOST_LINES - 1)
    if start > last:
        raise Refused(f"{path} has {len(lines)} lines, and none that these numbers give")
    shown = [f"{number}: {_cut(lines[number - 1])}" for number in range(start, last + 1)]
    told = "\n".join([f"{path}, lines {start} to {last} of {len(lines)}", *shown])
    files.see(path, range(start, start + _whole_lines(told) - 1))
    return told


def _search(files: Workspace, given: Mapping[str, Any]) -> str:
    wanted = given["text"]
    if not wanted.strip() or "\n" in wanted:
        raise Refused("give a text of one line to search for")
    hits: list[tuple[str, int, str]] = []
    more = 0
    for path, number, line in _found(files, wanted, given.get("path", "")):
        if len(hits) < MOST_HITS:
            hits.append((path, number, f"{path}:{number}: {_cut(line)}"))
        else:
            more += 1
    shown = [text for _, _, text in hits]
    told = "\n".join([*shown, f"({more:,} more lines)"] if more else shown)
    for path, number, _ in hits[: _whole_lines(told)]:
        files.see(path, range(number, number + 1))
    return told or "No line holds that text."


def _whole_lines(told: str) -> int:
    """How many lines of a result reach the model: the loop cuts a long one."""
    shown = told[:LONGEST_RESULT]
    return shown.count("\n") + (len(shown) == len(told))


def _found(files: Workspace, wanted: str, path: str) -> Iterator[tuple[str, int, str]]:
    some = _holding(files.root, wanted)
    for name in islice(files.files(path), MOST_SEARCHED):
        if some is not None and name not in some:
            continue
        try:
            text = files.read(name)
        except Refused:  # a binary or huge file
            continue
        if wanted in text:
            for number, line in enumerate(_lines(text), start=1):
                if wanted in line:
                    yield name, number, line


def _holding(root: Path, wanted: str) -> frozenset[str] | None:
    """The files that ripgrep finds a text in; None where it is not there to ask.

    It only says where to look, so that results are the same with it and without it.
    """
    program = shutil.which("rg")
    if program is None:
        return None
    how = [
        "--no-config",
        "--no-ignore",
        "--hidden",
        "--text",
        "--encoding",
        "none",
        "--no-messages",
    ]
    how += ["--fixed-strings", "--files-with-matches", "--null", "--color", "never"]
    try:
        done = subprocess.run(
            [program, *how, "--regexp", wanted, "--", "."],
            cwd=root,
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SEARCH_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if done.returncode not in (0, 1):
        return None
    names = done.stdout.decode("utf-8", "replace").split("\0")
    return frozenset(name.removeprefix("./") for name in names)


def _replace(files: Workspace, given: Mapping[str, Any]) -> str:
    line = files.replace(given["path"], given["old_text"], given["new_text"])
    return f"Replaced at line {line} of {given['path']}."


def _create(files: Workspace, given: Mapping[str, Any]) -> str:
    files.create(given["path"], given["text"])
    return f"Created {given['path']}."


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _cut(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… (cut)"
