"""What a client has done so far, for progress displays, manifests and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sleeptime_lib.records import Usage


@dataclass(frozen=True, slots=True)
class ClientTotals:
    """A snapshot of one client's counts, since it was opened unless said otherwise.

    Attributes:
        requests: Calls of `Client.complete`.
        sent: Attempts sent to the server.
        replies: Replies that came and were stored.
        cache_hits: Requests answered from the cache.
        from_sources: Requests answered from another run's calls, which nobody paid for again.
        shared: Requests that shared a call in flight.
        retries: Attempts that were repeated, by the kind of failure.
        failed: Calls that failed for good, by kind.
        billed: Tokens the server stated (or that were estimated), those of replies that could
            not be used included.
        billed_usd: Their cost; None when the price of the model is unknown.
        unknown_calls: Attempts that may have been billed although no reply came (cut off, past
            the deadline, abandoned); they are not part of `billed`, but count against caps.
        unknown_tokens: The worst case of those, in tokens, and what replies without usage may
            have taken beyond the estimate while tokens or money are capped.
        reserved_tokens: Worst case of the calls under way.
        estimated: Replies without usage, whose tokens were estimated.
        in_flight: Calls in flight now.
        max_in_flight: Most calls in flight at once.
        concurrency: Calls that may be in flight now.
        lost_in_flight: Calls that were in flight when an earlier session on the same cache was
            killed. They may have been billed, and are made again.
        spent_before: Tokens earlier sessions on the same cache were billed.
        unknown_before: Their attempts that may have been billed although no reply came, those in
            flight at a kill included.
        notices: One line for each thing the user should know.
    """

    requests: int = 0
    sent: int = 0
    replies: int = 0
    cache_hits: int = 0
    from_sources: int = 0
    shared: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    billed: Usage = field(default_factory=Usage)
    billed_usd: float | None = None
    unknown_calls: int = 0
    unknown_tokens: int = 0
    reserved_tokens: int = 0
    estimated: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    concurrency: int = 0
    lost_in_flight: int = 0
    spent_before: Usage = field(default_factory=Usage)
    unknown_before: int = 0
    notices: tuple[str, ...] = ()


@dataclass
class Counts:
    """The counts of a client while it works; `ClientTotals` has a field for each."""

    requests: int = 0
    sent: int = 0
    replies: int = 0
    cache_hits: int = 0
    from_sources: int = 0
    shared: int = 0
    estimated: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
