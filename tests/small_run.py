"""A short run, in a module of its own so that a process started for it can import it."""

import asyncio

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM

OPTIONS = {"limit": 10, "levels": (0,), "sleep_parallel": (1,), "pass_samples": 2}
WORDS = "--limit 10 --levels 0 --sleep-parallel 1 --pass-samples 2".split()
"""The same, for the command line."""


def run(path, on_row=lambda row: None):
    options = runs.make_options(STATEFUL_GSM, **OPTIONS)
    ready = runs.prepare(STATEFUL_GSM, options, Execution(concurrency=4), path)
    return asyncio.run(runs.carry_out(ready, on_row))
