"""What must be known to repeat a run: versions, git state, data, prompts, configuration."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import sleeptime_lib
from sleeptime_lib.config import RunConfig
from sleeptime_lib.methods import prompts
from sleeptime_lib.records import Task

_PACKAGES: Final = ("openai", "numpy", "pandas", "pyarrow", "datasets")


def make_manifest(config: RunConfig, model: str, task: Task, settings_count: int) -> dict[str, Any]:
    """The manifest of a run that is about to begin.

    Args:
        config: The run's configuration.
        model: Name of the model that answers; for a recording, the recorded one.
        task: What was loaded for it.
        settings_count: Settings measured for each question.
    """
    return {
        "status": "running",
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command_of(config),
        "config": config.model_dump(mode="json"),
        "model": model,
        "simulated": model == "simulated",
        "dataset_fingerprint": task.fingerprint(),
        "dataset_questions": len(task.questions),
        "dataset_contexts": len(task.contexts),
        "dataset_notices": list(task.notices),
        "prompts_hash": prompts.fingerprint(),
        "settings_per_question": settings_count,
        "versions": versions(),
        "git": git_state(),
    }


def command_of(config: RunConfig) -> str:
    """The command that repeats a run: its experiment and every option that is not the default."""
    words = ["sleeptime", "run", config.experiment]
    usual = RunConfig(experiment=config.experiment).model_dump()
    for name, value in config.model_dump().items():
        if value == usual[name] or value is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{option.removeprefix('--')}")
        else:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += [option, f"'{text}'" if " " in text or not text else text]
    return " ".join(words)


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
