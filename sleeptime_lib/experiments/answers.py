"""Another run whose answers are taken as given: its data, its rows and its notes.

A run directory is read; a recording is replayed, so that nothing is asked and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment
from sleeptime_lib.models.replay import PREFIX, read_about
from sleeptime_lib.records import Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run is, by its manifest or its recording.

    Attributes:
        name: How it was named.
        config: Experiment and options.
        fingerprint: Of its data.
    """

    name: str
    config: Mapping[str, Any]
    fingerprint: str

    @property
    def experiment(self) -> Experiment:
        """What was run.

        Raises:
            InputError: It is not an experiment of this library.
        """
        from sleeptime_lib.experiments import shipped

        name = str(self.config.get("experiment"))
        found = shipped(name)  # never a file that a manifest names: it would be executed
        if found is None:
            raise InputError(
                f"{self.name} is a run of {name!r}, which is not an experiment of this library"
            )
        return found

    def task(self) -> Task:
        """Contexts and questions.

        Raises:
            InputError: They cannot be loaded any more, or have changed, or there is no gap to look
                at.
        """
        experiment = self.experiment
        given = {option: value for option, value in self.config.items() if option != "experiment"}
        options = experiment.options.make(**given)
        if not {"baseline", "sleep"} <= {setting.arm for setting in experiment.settings(options)}:
            raise InputError(
                f"{self.name} is a run of {experiment.name} without a baseline and a sleep arm: "
                "there is no gap to look at"
            )
        task = experiment.load(options)
        if task.fingerprint() != self.fingerprint:
            raise InputError(f"{task.name} has changed since {self.name} was run")
        return task


def origin_of(name: str) -> Origin:
    """What a run is: recorded:NAME, or the path of its directory.

    Raises:
        InputError: There is no such run or recording.
    """
    from sleeptime_lib.manifest import read_manifest

    if name.startswith(PREFIX):
        about = read_about(name)
        return Origin(name, about.config, about.dataset_fingerprint)
    manifest = read_manifest(Path(name))
    return Origin(name, manifest["config"], str(manifest.get("dataset_fingerprint")))


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered in a run.

    Attributes:
        rows: Its rows.
        sleeps: The notes of its sleep phases (`store.SleepRecord`).
        task: Its contexts and questions.
    """

    rows: pd.DataFrame
    sleeps: pd.DataFrame
    task: Task


def answers_in(name: str) -> Answers:
    """The answers of a run directory, or of a recording, which is replayed for them.

    Raises:
        InputError: There is no such run or recording, or its data has changed.
    """
    from sleeptime_lib.store import read_rows, read_sleeps

    if name.startswith(PREFIX):
        return _replayed(name, read_about(name).digest())
    return Answers(read_rows(Path(name)), read_sleeps(Path(name)), origin_of(name).task())


@lru_cache(maxsize=4)
def _replayed(name: str, digest: str) -> Answers:
    from sleeptime_lib.runs import run

    origin = origin_of(name)
    with TemporaryDirectory() as folder:
        done = run(origin.experiment, model=name, out=folder)
        return Answers(done.rows, done.notes(), origin.task())
