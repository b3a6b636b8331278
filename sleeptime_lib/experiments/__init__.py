"""The experiments of the workbench, each one value in one file."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment
from sleeptime_lib.experiments.multi_query import MULTI_QUERY
from sleeptime_lib.experiments.predictability import PREDICTABILITY
from sleeptime_lib.experiments.stateful_aime import STATEFUL_AIME
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.experiments.swe import SWE

EXPERIMENTS: Final[tuple[Experiment, ...]] = (
    STATEFUL_GSM,
    STATEFUL_AIME,
    MULTI_QUERY,
    PREDICTABILITY,
    SWE,
)


def find_experiment(name: str) -> Experiment:
    """An experiment by name, or the one that a Python file of the user's defines.

    Args:
        name: A name, or the path of a file that ends in .py. The file is executed.

    Raises:
        InputError: There is no such experiment; the message names those there are.
    """
    if name.endswith(".py"):
        return _from_file(Path(name))
    if (experiment := shipped(name)) is not None:
        return experiment
    known = ", ".join(experiment.name for experiment in EXPERIMENTS)
    raise InputError(
        f"unknown experiment {name!r}: known are {known}, or the path of a .py file that has one"
    )


def shipped(name: str) -> Experiment | None:
    """The experiment of the workbench with a name; executes no file, whatever the name is."""
    return next((experiment for experiment in EXPERIMENTS if experiment.name == name), None)


def _from_file(path: Path) -> Experiment:
    spec = importlib.util.spec_from_file_location(f"_sleeptime_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InputError(f"no file {path}: give a Python file that defines an Experiment")
    module = importlib.util.module_from_spec(spec)
    # Options are resolved by the module's name, as of any module.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    found = [value for value in vars(module).values() if isinstance(value, Experiment)]
    own = [value for value in found if value not in EXPERIMENTS]
    if len(own) != 1:
        raise InputError(f"{path} defines {len(own)} experiments: define one Experiment in it")
    return replace(own[0], file=str(path))
