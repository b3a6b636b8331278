"""A workbench for sleep-time compute: think about a context before anyone asks about it.

The public face, imported when it is used: `from sleeptime_lib import run, load_run, Experiment`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sleeptime_lib.comparison import Compared, compare
    from sleeptime_lib.config import Execution, Options, option
    from sleeptime_lib.errors import InputError, SleeptimeError
    from sleeptime_lib.experiment import (
        Answered,
        Call,
        Expected,
        Experiment,
        Grade,
        Notes,
        Prompt,
        Section,
        Setting,
        SleepMethod,
        SleepSetting,
    )
    from sleeptime_lib.experiments import EXPERIMENTS, find_experiment
    from sleeptime_lib.methods.situation import situation_block
    from sleeptime_lib.records import Context, Question, Task
    from sleeptime_lib.results import Run, load_run
    from sleeptime_lib.runs import carry_out, make_options, options_in, prepare, run
    from sleeptime_lib.traces import Trace

__version__ = "0.2.0"

_HOMES: Final = {
    "comparison": ("Compared", "compare"),
    "config": ("Execution", "Options", "option"),
    "errors": ("InputError", "SleeptimeError"),
    "experiment": (
        "Answered", "Call", "Expected", "Experiment", "Grade", "Notes", "Prompt", "Section",
        "Setting", "SleepMethod", "SleepSetting",
    ),
    "experiments": ("EXPERIMENTS", "find_experiment"),
    "methods.situation": ("situation_block",),
    "records": ("Context", "Question", "Task"),
    "results": ("Run", "load_run"),
    "runs": ("carry_out", "make_options", "options_in", "prepare", "run"),
    "traces": ("Trace",),
}  # fmt: skip
_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "EXPERIMENTS",
    "Answered",
    "Call",
    "Compared",
    "Context",
    "Execution",
    "Expected",
    "Experiment",
    "Grade",
    "InputError",
    "Notes",
    "Options",
    "Prompt",
    "Question",
    "Run",
    "Section",
    "Setting",
    "SleepMethod",
    "SleepSetting",
    "SleeptimeError",
    "Task",
    "Trace",
    "carry_out",
    "compare",
    "find_experiment",
    "load_run",
    "make_options",
    "option",
    "options_in",
    "prepare",
    "run",
    "situation_block",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
