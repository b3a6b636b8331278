"""Ways to make notes, chosen by name, and ways to answer that experiments share."""

from typing import Final

from sleeptime_lib.experiment import SleepMethod
from sleeptime_lib.methods.rethink import RETHINK, RETHINK_PROBLEM

__all__ = ["RETHINK", "RETHINK_PROBLEM", "SLEEP_METHODS"]

SLEEP_METHODS: Final[tuple[SleepMethod, ...]] = (RETHINK, RETHINK_PROBLEM)
"""Those that --sleep-method knows; a notebook may hand in a function of its own."""
