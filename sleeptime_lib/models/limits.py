"""How hard a client may press: what the user sets, and nothing that moves.

`config.Execution` checks what comes from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on the traffic of one client.

    Attributes:
        concurrency: Calls in flight; None adapts it to what the server takes.
        start_concurrency: Where adapting starts.
        max_concurrency: What adapting never passes.
        requests_per_minute: Most attempts sent per minute; None for no bound.
        tokens_per_minute: Most tokens per minute, by estimate before a call and corrected by
            its usage afterwards; None for no bound.
        timeout_s: Seconds one attempt may take until its reply is complete.
        max_retries: Further attempts after a failed one.
        max_rate_limit_retries: Further attempts after refusals for too many requests (429);
            these say nothing about the request itself, so there are more of them.
        backoff_s: Wait before the first retry, in seconds; doubles with every further one.
        max_backoff_s: Longest such wait.
        max_retry_after_s: Longest wait a server may ask for; beyond it the run stops.
        max_reply_bytes: Longest reply that is read.
    """

    concurrency: int | None = None
    start_concurrency: int = 20
    max_concurrency: int = 512
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout_s: float = 600.0
    max_retries: int = 6
    max_rate_limit_retries: int = 60
    backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    max_retry_after_s: float = 900.0
    max_reply_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds on what a run may spend, earlier sessions and lost caches included.

    What is guaranteed of servers that say too little or take too much: `ledger`.

    A call's worst case is reserved before it is sent. So a cap also bounds the length of
    replies: a request that sets no `max_tokens` is sent with `completion_bound`.

    Attributes:
        max_cost_usd: Most USD to spend; None for no bound.
        max_tokens: Most prompt plus completion tokens to use; None for no bound.
        completion_bound: `max_tokens` of requests that set none, when a cap is set.
    """

    max_cost_usd: float | None = None
    max_tokens: int | None = None
    completion_bound: int = 8192

    @property
    def are_set(self) -> bool:
        """True when something is capped."""
        return self.max_cost_usd is not None or self.max_tokens is not None


DEFAULT_LIMITS: Final = Limits()
NO_CAPS: Final = Caps()
