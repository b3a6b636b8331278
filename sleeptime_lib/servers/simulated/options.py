"""How the simulated model's server behaves; the defaults are the fast, faultless model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sleeptime_lib.errors import InputError

KNOBS: Final = ("reasoning_effort", "thinking_token_budget", "continue_final_message")
"""The fields by which a chat request sets a budget."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a server of the simulated model.

    Attributes:
        model: Name under which it is asked for.
        latency_s: Seconds that every call takes.
        token_latency_s: Seconds that every generated token takes on top.
        requests_per_minute: Requests beyond this many in 60 s get a 429; 0 for no limit.
        fault_rate: Share of requests that meet a fault of `faults.KINDS`, 0 to 1.
        seed: Which requests, counted in the order of arrival, meet which fault.
        context_window: Most tokens of prompt and reply together.
        prefix_cache: Report as cached the tokens of a prompt's beginning that this server has
            seen before, in blocks of `usage.BLOCK` tokens. It makes replies depend on the order of
            calls, so it is off unless asked for.
        ignored: Fields of `KNOBS` that are accepted and do nothing.
        rejected: Fields of `KNOBS` that a request gets a 400 for.

    Raises:
        InputError: A value is out of its range.
    """

    model: str = "simulated"
    latency_s: float = 0.0
    token_latency_s: float = 0.0
    requests_per_minute: int = 0
    fault_rate: float = 0.0
    seed: int = 0
    context_window: int = 32_768
    prefix_cache: bool = False
    ignored: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.latency_s, self.token_latency_s) < 0:
            raise InputError("latency of the simulated model is negative: give seconds from 0 up")
        if self.requests_per_minute < 0:
            raise InputError(
                f"requests per minute is {self.requests_per_minute}: use 0 (no limit) or more"
            )
        if not 0 <= self.fault_rate <= 1:
            raise InputError(f"fault rate is {self.fault_rate}: use a share from 0 to 1")
        if self.context_window < 1:
            raise InputError(f"context window is {self.context_window}: use 1 token or more")
        for name in (*self.ignored, *self.rejected):
            if name not in KNOBS:
                raise InputError(f"no budget is set by {name!r}: there are {', '.join(KNOBS)}")
