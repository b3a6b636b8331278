"""What must be known to repeat a run: versions, git state, and the command."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import sleeptime_lib
from sleeptime_lib.config import Options, words_of
from sleeptime_lib.experiment import Experiment

_PACKAGES: Final = ("openai", "numpy", "pandas", "pyarrow", "datasets")


def command_of(experiment: Experiment, options: Options) -> str:
    """The command that repeats a run: its experiment and every option that is not the default."""
    named = shlex.quote(experiment.file or experiment.name)
    return " ".join(["sleeptime", "run", named, *words_of(options)])


def versions() -> Mapping[str, str]:
    """Versions of this library, Python and the packages that touch the results."""
    found = {"sleeptime": sleeptime_lib.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        found[name] = importlib.metadata.version(name)
    return found


def git_state() -> Mapping[str, Any] | None:
    """Commit and cleanliness of the checkout this library runs from; None outside of one."""
    root = Path(__file__).parent.parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ("git", "-C", str(root), *words), capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != root.resolve():
            return None
        return {"commit": git("rev-parse", "HEAD"), "clean": not git("status", "--porcelain")}
    except (OSError, subprocess.SubprocessError):
        return None
