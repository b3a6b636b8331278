"""Another run whose answers are taken as given: its data, its rows and its notes.

A run directory is read; a recording is replayed, so that nothing is asked and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib.config import Options
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment
from sleeptime_lib.models.replay import PREFIX, read_about
from sleeptime_lib.models.replay import names as recorded
from sleeptime_lib.records import SIMULATED, Task

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.models.prices import Price


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
        origin: What it is; None where that is not known.
        price: What its model cost; None where that is not known.
    """

    rows: pd.DataFrame
    sleeps: pd.DataFrame
    task: Task
    origin: Origin | None = None
    price: Price | None = None


def answers_in(name: str) -> Answers:
    """The answers of a run directory, or of a recording, which is replayed for them.

    Raises:
        InputError: There is no such run or recording, or its data has changed.
    """
    from sleeptime_lib.results import load_run

    if name.startswith(PREFIX):
        return _replayed(name, read_about(name).digest())
    run, origin = load_run(name), origin_of(name)
    return Answers(run.rows, run.notes(), origin.task(), origin, run.price)


@lru_cache(maxsize=4)
def _replayed(name: str, digest: str) -> Answers:
    from sleeptime_lib.runs import run

    origin = origin_of(name)
    with TemporaryDirectory() as folder:
        done = run(origin.experiment, model=name, out=folder)
        return Answers(done.rows, done.notes(), origin.task(), origin, done.price)


FORECAST: Final = "forecast"
"""The sleep method whose notes say what they expect."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What notebook 04 shows.

    Attributes:
        options: Who scores, and whose questions: options of the experiment predictability.
        forecasts: The run whose notes are looked at for what they foresaw.
        said: What these are, in sentences.
    """

    options: Options
    forecasts: str
    said: tuple[str, ...]


def shown(names: Mapping[str, Any]) -> Shown:
    """What to show by the variables of a notebook: those that are None are found here.

    Scores and forecasts are recordings where these are shipped, NAME-scores and NAME-forecasts of
    the run NAME whose questions are scored. Without scores the simulated model scores; without
    forecasts the run's own notes are looked at. Where the simulated model scores and no run is
    named, it answers the questions first, once with ordinary notes and once with forecasts.

    Args:
        names: `model`, `from_run`, `forecasts`, `runs_dir`, and options of both experiments.

    Raises:
        InputError: A run or a recording is not there, or an option will not do.
    """
    from sleeptime_lib.experiments.predictability import ANSWERS, PREDICTABILITY
    from sleeptime_lib.runs import make_options, options_in

    given = options_in(names, PREDICTABILITY)
    asked = str(given.get("from_run", ANSWERS))
    given.setdefault("model", _shipped(f"{asked}-scores") or SIMULATED)
    forecasts = names.get("forecasts")
    if given["model"] == SIMULATED and "from_run" not in given:
        given["from_run"] = _simulated(names)
        forecasts = forecasts or _simulated(names, sleep_method=FORECAST, levels=(0,))
    options = make_options(PREDICTABILITY, **given)
    whose = str(options.model_dump()["from_run"])
    forecasts = str(forecasts or forecasts_about(whose))
    scorer = "The simulated model" if options.model == SIMULATED else options.model
    said = f"{scorer} scores the questions of {_run_named(whose)}."
    return Shown(options, forecasts, (said, noted(origin_of(forecasts))))


def forecasts_about(name: str) -> str:
    """The run whose notes are looked at: the recording NAME-forecasts if it is there, or NAME."""
    return _shipped(f"{name}-forecasts") or name


def _shipped(name: str) -> str | None:
    """A recording by name, where it is there."""
    return name if name.startswith(PREFIX) and name.removeprefix(PREFIX) in recorded() else None


def _simulated(names: Mapping[str, Any], **given: Any) -> str:
    """The directory of a run of the simulated model, made now or found."""
    from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
    from sleeptime_lib.runs import RUNS, options_in, run

    options = options_in(names, STATEFUL_GSM) | {"model": SIMULATED, "base_url": None}
    options |= {"pass_samples": 0, "context_only": False, **given}
    return str(run(STATEFUL_GSM, root=names.get("runs_dir") or RUNS, **options).path)


def _run_named(name: str) -> str:
    """A run in words; where its folder lies is nobody's business."""
    return name if name.startswith(PREFIX) else f"the run {Path(name).name}"


def noted(origin: Origin) -> str:
    """What the notes of a run are, as far as forecasts are concerned."""
    if origin.config.get("sleep_method") == FORECAST:
        return (
            f"The forecasts are the notes of {_run_named(origin.name)}, which state what they "
            "expect."
        )
    return (
        f"There is no run with forecasts: what the notes of {_run_named(origin.name)} happen to "
        "state counts as foreseen, without a probability."
    )
