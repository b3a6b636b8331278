"""How many calls are in flight, and when the next may leave.

The number adapts as in TCP, with rules for model servers: it grows while growing raises the
rate of replies, is cut by a fifth on a refusal for too many requests (once per round trip: the
other refusals of calls sent before the cut are old news), and only stops growing for a while
after a server error.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import Final

from sleeptime_lib.errors import StopRun
from sleeptime_lib.models.limits import Limits

_CUT: Final = 0.8
_STEP: Final = 1.25
"""The rate is looked at again when the number in flight has grown by this factor."""
_GAIN: Final = 1.05
"""A step that raises the rate by less has brought nothing."""
_REST_ROUNDS: Final = 20
"""Rounds without growth after steps that brought nothing."""


class Gate:
    """Lets calls through, in order. Belongs to one event loop.

    Args:
        limits: Bounds; a fixed `concurrency` switches adapting off.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._adaptive = limits.concurrency is None
        start = limits.concurrency or min(limits.start_concurrency, limits.max_concurrency)
        self._limit = float(start)
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closed: str | None = None
        self._paused_until = 0.0
        self._refusals = 0
        self._requests = _Pace(limits.requests_per_minute)
        self._tokens = _Pace(limits.tokens_per_minute)
        self._growth = _Growth(self._limit)
        self._epoch = 0
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return int(self._limit)

    async def enter(self, tokens: int) -> int:
        """Wait for the turn of a call of about `tokens` tokens; returns the current epoch.

        Raises:
            StopRun: The gate is closed.
        """
        if self._closed is not None:
            raise StopRun(self._closed)
        loop = asyncio.get_running_loop()
        if not self._waiting and self.in_flight < self.limit and self._ready() <= loop.time():
            self._admit(tokens, loop.time())
            return self._epoch
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, tokens))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()
            raise
        return self._epoch

    def leave(self) -> None:
        """A call that had entered is no longer in flight."""
        self.in_flight -= 1
        if self._waiting:
            self._let_in()

    def succeeded(self, tokens_off: int) -> None:
        """A reply has come; its tokens were `tokens_off` more than said when entering."""
        self._refusals = 0
        self._tokens.correct(tokens_off)
        if self._adaptive and self.in_flight >= self.limit - 1:
            now = asyncio.get_running_loop().time()
            self._limit = min(
                self._growth.after_reply(self._limit, now), float(self._limits.max_concurrency)
            )

    def refused(self, epoch: int, retry_after_s: float | None) -> None:
        """A call sent in `epoch` was refused for too many requests."""
        now = asyncio.get_running_loop().time()
        if retry_after_s is not None:
            self._pause(now + retry_after_s * random.uniform(1.0, 1.1))
        if epoch != self._epoch:
            return
        self._epoch += 1
        if retry_after_s is None:
            self._pause(now + backoff(self._limits, self._refusals))
        self._refusals += 1
        self._cut()

    def overloaded(self, epoch: int) -> None:
        """A call sent in `epoch` was not answered in time."""
        if epoch == self._epoch:
            self._epoch += 1
            self._cut()

    def server_error(self) -> None:
        """The server failed: grow no further for a round."""
        self._growth.rest(self.limit)

    def close(self, reason: str) -> None:
        """Let nobody in any more: who waits and who comes is told to stop, and why."""
        self._closed = reason
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(StopRun(reason))

    def _cut(self) -> None:
        if self._adaptive:
            self._limit = max(1.0, self._limit * _CUT)
            self._growth.restart(self._limit, after_cut=True)

    def _pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)

    def _ready(self) -> float:
        return max(self._paused_until, self._requests.ready, self._tokens.ready)

    def _admit(self, tokens: int, now: float) -> None:
        self._requests.take(1, now)
        self._tokens.take(tokens, now)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self.in_flight < self.limit:
            if self._waiting[0][0].done():  # cancelled while it waited
                self._waiting.popleft()
                continue
            now, ready = loop.time(), self._ready()
            if ready > now:
                if self._timer is None:
                    self._timer = loop.call_at(ready, self._on_time)
                return
            turn, tokens = self._waiting.popleft()
            self._admit(tokens, now)
            turn.set_result(None)

    def _on_time(self) -> None:
        self._timer = None
        self._let_in()


class _Growth:
    """When to let more calls into flight: quickly at first, later by one per round.

    Every step of a quarter is checked: when it raised the rate of replies by less than a
    twentieth, twice in a row, the server is full, and more calls would only wait in its queue
    until their deadlines.
    """

    def __init__(self, limit: float) -> None:
        self._fast = True
        self._rest = 0
        self._since: float | None = None
        self.restart(limit, after_cut=False)

    def restart(self, limit: float, *, after_cut: bool) -> None:
        self._fast = self._fast and not after_cut
        self._base_limit, self._base_rate = limit, 0.0
        self._useless = 0
        self._start_round(limit, None)

    def rest(self, replies: int) -> None:
        self._rest = max(self._rest, replies)

    def after_reply(self, limit: float, now: float) -> float:
        """The limit after one more reply at `now`, with the gate full."""
        if self._since is None:
            self._since = now
        self._replies += 1
        if self._replies >= self._round_limit:
            limit = self._end_round(limit, now)
        if self._rest > 0:
            self._rest -= 1
            return limit
        return limit + (1.0 if self._fast else 1.0 / limit)

    def _start_round(self, limit: float, now: float | None) -> None:
        self._round_limit, self._replies, self._since = limit, 0, now

    def _end_round(self, limit: float, now: float) -> float:
        assert self._since is not None
        rate = self._replies / max(now - self._since, 1e-9)
        if self._base_rate == 0.0:
            self._base_limit, self._base_rate = self._round_limit, rate
        elif self._round_limit >= _STEP * self._base_limit:
            if rate >= _GAIN * self._base_rate:
                self._base_limit, self._base_rate, self._useless = self._round_limit, rate, 0
            else:
                self._useless += 1
        if self._useless == 2:
            limit = self._base_limit
            self._fast = False
            self.rest(int(_REST_ROUNDS * limit))
            self._base_rate, self._useless = 0.0, 0
        self._start_round(limit, now)
        return limit


class _Pace:
    """Spaces amounts evenly over time. `ready` is when the next may go."""

    def __init__(self, per_minute: float | None) -> None:
        self._seconds_each = 60.0 / per_minute if per_minute else 0.0
        self.ready = 0.0

    def take(self, amount: int, now: float) -> None:
        if self._seconds_each:
            self.ready = max(self.ready, now) + amount * self._seconds_each

    def correct(self, amount: int) -> None:
        self.ready += amount * self._seconds_each


def backoff(limits: Limits, tries: int) -> float:
    """Seconds to wait before a retry after `tries` earlier ones: doubled each time, jittered."""
    longest = min(limits.max_backoff_s, limits.backoff_s * 2.0 ** min(tries, 30))
    return longest * random.uniform(0.5, 1.0)
