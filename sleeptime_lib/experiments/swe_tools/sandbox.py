"""Commands of a model, run by bubblewrap: no network, nothing to write to, and little of all else.

A command sees the programs of this system and one copy of a repository, all read-only, and an
empty folder for its own files that is gone when it ends. It has no capabilities, no environment of
ours, no terminal, and as many seconds, bytes and processes as stand here. There is no other way to
run one: where bubblewrap is missing, or cannot work, nothing runs.

The system holds every single process to `MEMORY`. What all processes of a command hold together is
looked at ten times a second, and a command that is above `MEMORY` is ended: between two looks it
may take more. Each attempt runs one command at a time, and as many attempts run at once as there
are copies (`workspace.MOST_COPIES`).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.experiments.swe_tools.workspace import Refused
from sleeptime_lib.texts import brief

SECONDS: Final = 20
"""That a command may take."""
MEMORY: Final = 2_000_000_000
"""Bytes of a command: of each of its processes, and of all together."""
PROCESSES: Final = 64
OUTPUT: Final = 10_000
"""Bytes that are kept of what it writes; one that writes much more is ended."""
_MOST_OUTPUT: Final = 1_000_000
_DISK: Final = 100_000_000
"""Bytes of its own files."""
_LONGEST_COMMAND: Final = 5_000
_LOOK_S: Final = 0.1
"""Seconds between two looks at a command."""

_INSIDE: Final = "/repository"
_OWN: Final = "/own"
_NOBODY: Final = 65534
_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS: Final = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime")
_ENVIRONMENT: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": _OWN,
    "TMPDIR": _OWN,
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}
# The limit on processes has two letters, by shell. Nothing runs where a limit cannot be set.
_LIMITED: Final = (
    f"set -e; ulimit -t {SECONDS}; ulimit -v {MEMORY // 1024}; ulimit -f {_DISK // 512}; "
    f"ulimit -c 0; if (ulimit -u {PROCESSES}) 2>/dev/null; then ulimit -u {PROCESSES}; "
    f"else ulimit -p {PROCESSES}; fi; "
    'exec /bin/sh -c "$1"'
)
_STATUS: Final = re.compile(r"^(PPid|RssAnon|RssShmem):\s*(\d+)", re.MULTILINE)
_TIMES: Final = re.compile(r"\b\d+\.\d+ ?(s|ms|sec|seconds)\b")
"""They differ each time, and a result must not."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the commands of one attempt run.

    Attributes:
        folder: The copy of the repository.
        program: Path of bubblewrap.
    """

    folder: Path
    program: str

    def run(self, command: str) -> str:
        """Run a command to its end or its limits.

        Returns:
            What it wrote, and how it ended.

        Raises:
            Refused: It is too long, or no text.
        """
        if len(command) > _LONGEST_COMMAND or "\0" in command or not command.strip():
            raise Refused(f"a command has 1 to {_LONGEST_COMMAND:,} characters, and no NUL")
        try:
            return self._run(os.fsencode(command))
        except UnicodeEncodeError:
            raise Refused("the command cannot be written as UTF-8") from None

    def _run(self, command: bytes) -> str:
        if os.geteuid() == 0:  # nobody is to read it
            self.folder.chmod(0o755)
        process = subprocess.Popen(
            [*words(self.program, self.folder), "/bin/sh", "-c", _LIMITED, "sh", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={},
            cwd="/",
            start_new_session=True,
            **_who(),
        )
        out = process.stdout
        assert out is not None
        over, why = threading.Event(), list[str]()
        watch = threading.Thread(target=_watch, args=(process, over, why), daemon=True)
        watch.start()
        try:
            written = out.read(_MOST_OUTPUT)
            if len(written) == _MOST_OUTPUT:
                why.append("ended: it wrote too much")
                _end(process)
            status = process.wait()
        finally:
            over.set()
            watch.join()
            if process.poll() is None:
                _end(process)
            out.close()
            process.wait()
        text = written[:OUTPUT].decode("utf-8", "replace")
        text = text.replace(f"{_INSIDE}/", "").replace(_INSIDE, ".")
        text = _TIMES.sub(r"… \1", text).strip()
        cut = f"\n(cut: {OUTPUT:,} bytes are shown)" if len(written) > OUTPUT else ""
        ended = why[0] if why else f"exit status {status}"
        return f"{text}{cut}\n({ended})".lstrip()


def words(program: str, folder: Path) -> list[str]:
    """The command line of bubblewrap up to the command that runs in it."""
    found = [
        *(program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--hostname", "sandbox", "--clearenv"),
    ]
    for name, value in _ENVIRONMENT.items():
        found += ["--setenv", name, value]
    found += ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            found += ["--ro-bind", name, name]
    for name in _SETTINGS:
        found += ["--ro-bind-try", name, name]
    return [
        *found,
        *("--proc", "/proc", "--dev", "/dev", "--size", str(_DISK), "--tmpfs", _OWN),
        *("--ro-bind", str(folder), _INSIDE, "--chdir", _INSIDE),
        # The root and /dev are file systems in memory, which nothing bounds.
        *("--remount-ro", "/", "--remount-ro", "/dev", "--"),
    ]


def _watch(process: subprocess.Popen[bytes], over: threading.Event, why: list[str]) -> None:
    """End a command that takes too long or too much memory, and say why."""
    last = time.monotonic() + SECONDS
    while not over.wait(_LOOK_S):
        if time.monotonic() > last:
            why.append(f"ended after {SECONDS} seconds")
        elif held_by(process.pid) > MEMORY:
            why.append("ended: it took too much memory")
        else:
            continue
        _end(process)
        return


def held_by(root: int) -> int:
    """Bytes of memory that a process and all that it started hold, what they share counted twice.

    Where the system does not tell it is 0.
    """
    held: dict[int, int] = {}
    below: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            known = dict(_STATUS.findall((folder / "status").read_text("utf-8", "replace")))
            pid = int(folder.name)
            held[pid] = 1024 * (int(known.get("RssAnon", 0)) + int(known.get("RssShmem", 0)))
            below.setdefault(int(known["PPid"]), []).append(pid)
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += held.get(pid, 0)
        waiting += below.get(pid, ())
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _who() -> dict[str, Any]:
    """Whose process it is: never root's, for whom limits on processes do not hold."""
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def find_bubblewrap() -> str:
    """The path of bubblewrap, which is known to work.

    Raises:
        MissingDependency: It is not installed; the message says how to.
        InputError: It cannot make a sandbox on this machine.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise MissingDependency(
            "--allow-run runs commands in bubblewrap only, and there is none here: install it "
            "(apt install bubblewrap, dnf install bubblewrap), or leave out --allow-run"
        )
    probe = Path("/usr")  # any folder will do
    try:
        done = subprocess.run(
            [*words(program, probe), "/bin/sh", "-c", _LIMITED, "sh", "exit 7"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
            **_who(),
        )
        said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.returncode}"
        works = done.returncode == 7
    except (OSError, subprocess.SubprocessError) as error:
        works, said = False, str(error)
    if not works:
        raise InputError(
            f"--allow-run: bubblewrap cannot make a sandbox here ({brief(said, 200)}); user "
            "namespaces may be off: leave out --allow-run"
        )
    return program
