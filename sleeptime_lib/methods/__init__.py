"""Ways to make notes, chosen by name, and ways to answer that experiments share."""

import hashlib
import inspect
from typing import Final

from sleeptime_lib.config import Options
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment, SleepFunction, SleepMethod
from sleeptime_lib.methods.forecast import FORECAST
from sleeptime_lib.methods.rethink import RETHINK, RETHINK_PROBLEM
from sleeptime_lib.methods.rethink_forced import RETHINK_FORCED, RETHINK_PROBLEM_FORCED
from sleeptime_lib.methods.sifted import SIFTED

__all__ = [
    "FORECAST",
    "RETHINK",
    "RETHINK_PROBLEM",
    "SLEEP_METHODS",
    "find_method",
    "method_of",
]

SLEEP_METHODS: Final[tuple[SleepMethod, ...]] = (
    RETHINK,
    RETHINK_PROBLEM,
    RETHINK_FORCED,
    RETHINK_PROBLEM_FORCED,
    *SIFTED,
    FORECAST,
)
"""Those that --sleep-method knows; a notebook may hand in a function of its own."""


def find_method(
    experiment: Experiment, options: Options, function: SleepFunction | None = None
) -> SleepMethod:
    """A function of the user's own as sleep method, or else the one that the options name.

    Raises:
        InputError: There is none of that name, or the function's source cannot be read.
    """
    if function:
        return method_of(function)
    known = {method.name: method for method in (*SLEEP_METHODS, experiment.sleep)}
    try:
        return known[options.sleep_method]
    except KeyError:
        raise InputError(
            f"unknown sleep method {options.sleep_method!r}: known are {', '.join(known)}; a "
            "function of your own is handed in from Python: run(..., sleep_method=FUNCTION)"
        ) from None


def method_of(function: SleepFunction) -> SleepMethod:
    """A function of a notebook or script as a sleep method: its name and source identify it.

    Raises:
        InputError: Its source cannot be read, so that a run could not tell it from another.
    """
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        raise InputError(
            f"the source of sleep method {function!r} cannot be read: define it in a file or cell"
        ) from None
    name = getattr(function, "__name__", type(function).__name__)
    return SleepMethod(name, function, source=hashlib.sha256(source.encode()).hexdigest())
