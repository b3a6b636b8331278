"""How many calls are in flight, and when the next may leave.

The number adapts, as TCP does, with rules for model servers: it grows while growing brings more
replies per second, is cut by a fifth on a refusal for too many requests (once per round trip: the
other refusals of calls sent before the cut are old news), and only stops growing for a while
after a server error.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from sleeptime_lib.errors import StopRun
from sleeptime_lib.models.limits import Limits

_CUT: Final = 0.8
_GAIN: Final = 1.4
"""Twice the calls in flight must bring so many times the replies; a server that is full brings
1.0, one that is not 2.0."""
_REST_ROUNDS: Final = 20
"""Rounds without growth after growing has brought nothing."""


class Ticket(NamedTuple):
    """What a call gets on entering.

    Attributes:
        epoch: Counts the cuts before it.
        among: Calls in flight, itself included.
        time: Of the event loop, in seconds.
    """

    epoch: int
    among: int
    time: float


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
        self._end = asyncio.Event()
        self._paused_until = 0.0
        self._refusals = 0
        self._requests = _Pace(limits.requests_per_minute)
        self._tokens = _Pace(limits.tokens_per_minute)
        self._growth = _Growth(self._limit, fast=True)
        self._epoch = 0
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return int(self._limit)

    async def enter(self, tokens: int) -> Ticket:
        """Wait for the turn of a call of about `tokens` tokens.

        Raises:
            StopRun: The gate is closed.
        """
        self.check()
        loop = asyncio.get_running_loop()
        if not self._waiting and self.in_flight < self.limit and self._ready() <= loop.time():
            self._admit(tokens, loop.time())
            return Ticket(self._epoch, self.in_flight, loop.time())
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, tokens))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()
            raise
        return Ticket(self._epoch, self.in_flight, loop.time())

    def check(self) -> None:
        """Tell a call that has entered whether it may still leave.

        Raises:
            StopRun: The gate is closed.
        """
        if self._closed is not None:
            raise StopRun(self._closed)

    async def pause(self, seconds: float) -> None:
        """Sleep, but not longer than the gate is open."""
        try:
            async with asyncio.timeout(seconds):
                await self._end.wait()
        except TimeoutError:
            pass

    def leave(self) -> None:
        """A call that had entered is no longer in flight."""
        self.in_flight -= 1
        if self._waiting:
            self._let_in()

    def succeeded(self, ticket: Ticket, tokens_off: int) -> None:
        """A reply has come; its tokens were `tokens_off` more than said when entering."""
        self._refusals = 0
        self._tokens.correct(tokens_off)
        if self._adaptive and self.in_flight >= self.limit - 1:
            seconds = asyncio.get_running_loop().time() - ticket.time
            limit = self._growth.after_reply(self._limit, ticket.among, seconds)
            self._limit = min(limit, float(self._limits.max_concurrency))

    def refused(self, ticket: Ticket, retry_after_s: float | None) -> None:
        """A call was refused for too many requests."""
        now = asyncio.get_running_loop().time()
        asked = 0.0 if retry_after_s is None else retry_after_s * random.uniform(1.0, 1.1)
        self._hold_back(now + asked)
        if ticket.epoch != self._epoch:
            return
        self._epoch += 1
        if retry_after_s is None or self._refusals:  # waiting as told has not helped
            self._hold_back(now + max(asked, backoff(self._limits, self._refusals)))
        self._refusals += 1
        self._cut()

    def overloaded(self, ticket: Ticket) -> None:
        """A call was not answered in time."""
        if ticket.epoch == self._epoch:
            self._epoch += 1
            self._cut()

    def server_error(self) -> None:
        """The server failed: grow no further for a round."""
        self._growth.rest(self.limit)

    def close(self, reason: str) -> None:
        """Let nobody in any more: who waits and who comes is told to stop, and why."""
        self._closed = reason
        self._end.set()
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(StopRun(reason))

    def _cut(self) -> None:
        if self._adaptive:
            self._limit = max(1.0, self._limit * _CUT)
            self._growth = _Growth(self._limit, fast=False)

    def _hold_back(self, until: float) -> None:
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


@dataclass(slots=True)
class _Sample:
    """Calls that were sent among about as many others: how many, and how long they took."""

    calls: int = 0
    among: int = 0
    seconds: float = 0.0

    def add(self, among: int, seconds: float) -> None:
        self.calls += 1
        self.among += among
        self.seconds += seconds

    @property
    def rate(self) -> float:
        """Replies per second while so many are in flight (Little's law)."""
        return self.among / max(self.seconds, 1e-9)


class _Growth:
    """When to let more calls into flight: at first one more per reply, later one per round.

    Whenever the number has doubled it is checked whether that was worth it. If it brought few
    more replies per second, twice in a row, the server is full: more calls would only wait in
    its queue until their deadlines. Then the number goes back and rests.
    """

    def __init__(self, limit: float, *, fast: bool) -> None:
        self._fast = fast
        self._base = limit
        self._before, self._after = _Sample(), _Sample()
        self._useless = 0
        self._rest = 0

    def rest(self, replies: int) -> None:
        """Do not grow for so many replies."""
        self._rest = max(self._rest, replies)

    def after_reply(self, limit: float, among: int, seconds: float) -> float:
        """The limit after a reply to a call sent among `among`, with the gate full."""
        if among <= 1.25 * self._base:
            self._before.add(among, seconds)
        elif among >= 1.75 * self._base:
            self._after.add(among, seconds)
            if self._after.calls >= self._base:
                return self._judged(limit)
        if self._rest > 0:
            self._rest -= 1
            return limit
        return min(limit + (1.0 if self._fast else 1.0 / limit), 2.0 * self._base)

    def _judged(self, limit: float) -> float:
        worth = self._after.rate >= _GAIN * self._before.rate
        if worth:
            self._base, self._before, self._useless = limit, self._after, 0
        else:
            self._useless += 1
        self._after = _Sample()
        if self._useless < 2:
            return limit
        self._fast, self._useless = False, 0
        self._before = _Sample()
        self.rest(int(_REST_ROUNDS * self._base))
        return self._base


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
