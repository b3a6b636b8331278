"""The manifest of a run: by what it is known again, and what must be known to repeat it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final

import sleeptime_lib
from sleeptime_lib import sealed
from sleeptime_lib.config import Options, words_of
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment, SleepMethod
from sleeptime_lib.models.replay import About
from sleeptime_lib.records import is_simulated
from sleeptime_lib.study import Study, rows_of

MANIFEST: Final = "manifest.json"
FORMAT: Final = 2
"""Of run directories; those of format 1 have no such field and are read as well."""
_FINGERPRINTS: Final = ("dataset_fingerprint", "prompts_hash", "recording_hash")
"""Manifest fields that must be equal, besides the configuration, for a run to be resumed."""

_PROMPTS_OF_FORMAT_1: Final = {
    "0355ecda3f3993005de72cbdd424c9d5682ee07cddc4be303516d5cd75442bf0": (
        "d610a1717cc3bb8dc62a5a04b6e96373616662c33991af2dd7a64debcdcb616d"
    )
}
"""Format 1 hashed all prompts of the library together: what the same texts of its two experiments
hash to now."""

_NOT_IN_FILES: Final = "\\/:*?\"<>|$`&;!'"
_LONGEST_WORD: Final = 100
"""Bytes; most systems take 255 in a name."""

_PACKAGES: Final = ("openai", "numpy", "pandas", "pyarrow", "datasets")


def new_manifest(study: Study, model: str, about: About | None) -> dict[str, Any]:
    """What decides the rows of a run, and what it will take."""
    experiment, options, task = study.experiment, study.options, study.task
    return {
        "format": FORMAT,
        "command": command_of(experiment, options),
        "config": {"experiment": experiment.name, **options.model_dump(mode="json")},
        "model": model,
        "simulated": is_simulated(model),
        "dataset_fingerprint": task.fingerprint(),
        "dataset_questions": len(task.questions),
        "dataset_contexts": len(task.contexts),
        "dataset_notices": list(task.notices),
        "prompts_hash": prompts_hash(experiment, study.method, options),
        "sleep_method_source": study.method.source,
        "settings_per_question": len(study.settings),
        "planned_rows": rows_of(len(task.questions), study.settings),
        "recording": asdict(about) if about else None,
        "recording_hash": about.digest() if about else None,
    }


def prompts_hash(
    experiment: Experiment, method: SleepMethod, options: Options | None = None
) -> str:
    """SHA-256 over every text that a run sends, those of other experiments left out."""
    more = experiment.more_prompts(options) if options else ()
    texts = [
        asdict(item) if is_dataclass(item) and not isinstance(item, type) else item
        for item in (*experiment.prompts, *more, *method.prompts)
    ]
    return hashlib.sha256(json.dumps([*texts, method.source], sort_keys=True).encode()).hexdigest()


def default_path(study: Study, manifest: dict[str, Any], root: Path) -> Path:
    """ROOT/EXPERIMENT/MODEL-DATASET-DIGEST, the same for the same run.

    The digest is of what differs from the defaults, so that an option that is added later with its
    old behaviour as default leaves it alone. A run that another version made under another name is
    known by its manifest.
    """
    options = study.options
    changed = options.model_dump(mode="json", exclude_defaults=True)
    deciding = [changed, *(manifest[name] for name in _FINGERPRINTS)]
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:8]
    words = (_file_word(Path(options.model).name), _file_word(Path(options.dataset).stem))
    folder = root / study.experiment.name
    path = folder / "-".join((*words, digest))
    if path.exists():
        return path
    defaults = defaults_of(type(options))
    for other in sorted(folder.glob(f"*/{MANIFEST}")):
        if not other.parent.name.startswith("-".join(words)):
            continue
        try:
            known = read_manifest(other.parent)
        except InputError:
            continue
        if not differences(known, manifest, defaults):
            return other.parent
    return path


def _file_word(name: str) -> str:
    """A name as part of a file's: of no character that a system, shell or page reads as more."""
    kept = "".join(c if c.isprintable() and c not in _NOT_IN_FILES else "-" for c in name)
    return kept.encode()[:_LONGEST_WORD].decode(errors="ignore")


def defaults_of(options: type[Options]) -> dict[str, Any]:
    """The defaults of options, in the form in which a manifest holds values."""
    values = {name: field.default for name, field in options.model_fields.items()}
    content: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return content


def differences(
    known: Mapping[str, Any], wanted: Mapping[str, Any], defaults: Mapping[str, Any]
) -> list[str]:
    """What keeps a run from being another's continuation; nothing when they are the same.

    An option that a manifest does not have, because it was added later, had its default.
    """
    before, now = {**defaults, **(known.get("config") or {})}, dict(wanted["config"])
    for name in _FINGERPRINTS:
        before[name], now[name] = known.get(name), wanted.get(name)
    return [
        f"{name} was {before.get(name)!r}, now {now.get(name)!r}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


class DamagedManifest(InputError):
    """A run's manifest is not what was written."""


def write_manifest(path: Path, content: Mapping[str, Any]) -> None:
    """Write a run's manifest, whole or not at all."""
    text = json.dumps(content, indent=1, sort_keys=True)
    sealed.write_whole(path / MANIFEST, f"{sealed.seal(text)}\n".encode())


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a run's manifest.

    Raises:
        InputError: There is none, it cannot be read, or it is of something else.
        DamagedManifest: It is not what was written.
    """
    file = path / MANIFEST
    try:
        text = file.read_bytes()
        content = sealed.unseal(text)
    except FileNotFoundError:
        raise InputError(f"{path} is not a run directory: it has no {MANIFEST}") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except sealed.Damaged as error:
        raise DamagedManifest(
            f"{file} cannot be read ({error}): run the same command again with --out {path}, which "
            "makes it and the rows anew from the replies that are kept"
        ) from None
    if not isinstance(content.get("config"), dict):
        raise InputError(f"{file} is not the manifest of a run: its config is no JSON object")
    old = str(content.get("prompts_hash"))
    return content | {"prompts_hash": _PROMPTS_OF_FORMAT_1.get(old, content.get("prompts_hash"))}


def manifest_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what decides a run's rows, to tie a figure to the run it came from.

    Two runs with the same hash asked the same things of the same model with the same software;
    when they were made and what they were billed does not count.
    """
    deciding = {name: manifest.get(name) for name in ("config", *_FINGERPRINTS, "versions")}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


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
