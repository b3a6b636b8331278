"""Trouble on request: rate limits and seeded faults, as flaky servers make them."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from sleeptime_lib.servers.api import ApiError, respond
from sleeptime_lib.servers.simulated.options import Options

KINDS: Final = ("server_error", "overloaded", "html", "cut")
"""A 500 and a 503 with an error object, a 502 with an HTML page, a reply cut in half."""

_WINDOW_S: Final = 60.0


class RateLimit:
    """Requests per minute over a sliding window.

    Args:
        requests_per_minute: The limit, or 0 for none.
        clock: Seconds that only grow.
    """

    def __init__(
        self, requests_per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = requests_per_minute
        self._clock = clock
        self._times: deque[float] = deque()

    def admit(self) -> None:
        """Count a request.

        Raises:
            ApiError: There were too many (429, with `Retry-After` in seconds).
        """
        if not self._limit:
            return
        now = self._clock()
        while self._times and now - self._times[0] >= _WINDOW_S:
            self._times.popleft()
        if len(self._times) >= self._limit:
            refused = ApiError(
                429,
                f"Rate limit reached: {self._limit} requests per minute.",
                code="rate_limit_exceeded",
                kind="requests",
            )
            wait = _WINDOW_S - (now - self._times[0])
            refused.headers["Retry-After"] = str(int(wait) + 1)
            raise refused
        self._times.append(now)


class Faults:
    """A seeded series of faults: the n-th request always meets the same one, or none."""

    def __init__(self, options: Options) -> None:
        self._rng = random.Random(options.seed)
        self._rate = options.fault_rate

    def next(self) -> str | None:
        """The fault that the request now arriving meets, or None."""
        if not self._rate:
            return None
        met, kind = self._rng.random() < self._rate, self._rng.choice(KINDS)
        return kind if met else None


def spoil(response: Response, kind: str | None) -> Response:
    """A response with a fault in it."""
    if kind == "server_error":
        failed = ApiError(500, "The server had an error (simulated).", kind="server_error")
        return respond(failed.body, 500)
    if kind == "overloaded":
        failed = ApiError(503, "The server is overloaded (simulated).", kind="server_error")
        return respond(failed.body, 503, {"Retry-After": "1"})
    if kind == "html":
        return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
    if kind == "cut":
        half = bytes(response.body)[: len(response.body) // 2]
        return Response(half, response.status_code, media_type="application/json")
    return response
