"""Ways to make notes, chosen by name, and ways to answer that experiments share."""

from typing import Final

from sleeptime_lib.experiment import SleepMethod
from sleeptime_lib.methods.rethink import RETHINK

__all__ = ["RETHINK", "SLEEP_METHODS"]

SLEEP_METHODS: Final[tuple[SleepMethod, ...]] = (RETHINK,)
"""Those that --sleep-method knows; a notebook may hand in a function of its own."""
