"""The one client: every model call of the workbench goes through `Client.complete`.

A call passes the calls in flight (identical ones are one call), the cache, the sources, the gate
that bounds concurrency, the caps, and only then the wire. A reply is stored before it is returned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from sleeptime_lib.errors import CallError, InputError, StopRun
from sleeptime_lib.models.cache import Cache, Source
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.failures import (
    Ruling,
    judge_answer,
    judge_bad_reply,
    judge_no_answer,
    why_stop,
)
from sleeptime_lib.models.gate import Gate, Ticket, backoff
from sleeptime_lib.models.ledger import NOTHING, Amount, Hold, Spending
from sleeptime_lib.models.limits import DEFAULT_LIMITS, NO_CAPS, Caps, Limits
from sleeptime_lib.models.prices import Price
from sleeptime_lib.models.replay import open_recording
from sleeptime_lib.models.replies import BadReply, NoAnswer, error_text, read_reply
from sleeptime_lib.models.requests import (
    Dialect,
    completion_bound,
    encode,
    key_of,
    prompt_bound,
    prompt_estimate,
)
from sleeptime_lib.models.spending import Account
from sleeptime_lib.models.totals import ClientTotals, Counts
from sleeptime_lib.records import Reply, Request

if TYPE_CHECKING:
    from sleeptime_lib.models.wire import Wire

SOURCE: Final = "source"
"""The owner of replies that came from a source: nobody here was billed for them."""

_BAD_REPLY_RETRIES: Final = 3
"""Of replies that are paid for and cannot be used; a server that sends many will send more."""


@dataclass(slots=True)
class _Flight:
    """A call under way, and how many wait for it."""

    task: asyncio.Task[Reply]
    waiters: int = 0


@dataclass(slots=True)
class _Call:
    """What is known about one call on its way through its attempts.

    Attributes:
        request: What is asked.
        content: Its encoded body.
        key: Its key in the cache.
        owner: Who caused it.
        worst: What each attempt may cost.
        begun: Marked as in flight in the cache.
        spending: What attempts that brought no reply have cost.
        faults: Attempts that failed.
        refusals: Attempts refused for too many requests.
    """

    request: Request
    content: bytes
    key: bytes
    owner: str
    worst: Amount
    begun: bool = False
    spending: Spending = NOTHING
    faults: int = 0
    refusals: int = 0


class Client:
    """Makes model calls: cached, shared, limited, capped, retried. An async context manager.

    Args:
        endpoint: Where to send.
        cache_path: The cache file; None keeps nothing.
        limits: Bounds on the traffic.
        caps: Bounds on tokens and money.
        price: Of the model; None when it is unknown.
        sources: Where replies may be found that other runs have paid for, asked in order before a
            call is made. What they give is kept in the cache too.

    Raises:
        InputError: Cache or recording cannot be used, or a cost cap has no price to go by.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        cache_path: Path | None,
        limits: Limits = DEFAULT_LIMITS,
        caps: Caps = NO_CAPS,
        price: Price | None = None,
        sources: Sequence[Source] = (),
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._caps = caps
        self._price = price
        self._recording = open_recording(endpoint.recording) if endpoint.recording else None
        if caps.max_cost_usd is not None and price is None and not self._recording:
            raise InputError(
                f"the cost is capped, but the price of {endpoint.model} is unknown: "
                "give its price, or cap the tokens"
            )
        self._sources = tuple(sources)
        self._cache = None if cache_path is None else Cache(cache_path)
        self._account = Account(caps, price, is_local=endpoint.is_local)
        if cache_path is not None and self._cache is not None:
            self._account.keep(cache_path, self._cache.spent_before)
        self._gate = Gate(limits)
        self._dialect = Dialect(endpoint.base_url, endpoint.server)
        self._wire: Wire | None = None
        self._flights: dict[bytes, _Flight] = {}
        self._connected = False
        self._counts = Counts()
        self._mean_completion = 256.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def complete(self, request: Request, *, owner: str) -> Reply:
        """Answer a request: from the cache, from a source, or by a call.

        Identical requests under way share one call and its failure. Cancelling one of those who
        wait does not cancel the call for the others; cancelling the last abandons it.

        Args:
            request: The request; its `sample` tells repeated draws apart.
            owner: Who asks, such as a row's key. The reply names the owner whose call was paid.

        Raises:
            CallError: This call failed for good.
            StopRun: No further call can succeed (key refused, server not reachable), or the
                recording that is replayed does not hold it.
            CapReached: The call may pass a cap and nothing under way can make room.
        """
        self._counts.requests += 1
        content = encode(request.body())
        key = key_of(content, request.sample, request.path)
        if self._recording is not None:
            self._counts.cache_hits += 1
            return self._recording.reply(key)
        flight = self._flights.get(key)
        if flight is None:
            if self._cache is not None and (stored := self._cache.get(key)) is not None:
                self._counts.cache_hits += 1
                return stored
            task = asyncio.create_task(self._fly(request, content, key, owner))
            flight = self._flights[key] = _Flight(task)
            task.add_done_callback(lambda _: self._landed(key, flight))
        else:
            self._counts.shared += 1
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._landed(key, flight)
                flight.task.cancel()

    @property
    def model(self) -> str:
        """Name of the model that answers."""
        return self._endpoint.model

    @property
    def concurrency(self) -> int:
        """Calls that may be in flight now."""
        return self._gate.limit

    @property
    def totals(self) -> ClientTotals:
        """What has been done so far."""
        counts, gate, cache, account = self._counts, self._gate, self._cache, self._account
        so_far = vars(counts) | {"retries": dict(counts.retries), "failed": dict(counts.failed)}
        return ClientTotals(
            **so_far,
            billed=account.session.usage,
            billed_usd=self._price.cost(account.session.usage) if self._price else None,
            unknown_calls=account.session.unknown_calls,
            unknown_tokens=account.session.unknown.tokens,
            reserved_tokens=account.ledger.reserved.tokens,
            in_flight=gate.in_flight,
            max_in_flight=gate.most_in_flight,
            concurrency=gate.limit,
            lost_in_flight=cache.abandoned if cache else 0,
            spent_before=account.before.usage,
            unknown_before=account.before.unknown_calls,
            notices=(*(cache.notices if cache else ()), *self._dialect.notices, *account.notices),
        )

    async def aclose(self) -> None:
        """Abandon the calls under way, write what is waiting and close all connections."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._cache is not None:
            await self._cache.aclose()
        self._account.close()
        if self._wire is not None:
            await self._wire.aclose()

    def _landed(self, key: bytes, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # marks it as seen when nobody waits any more

    async def _fly(self, request: Request, content: bytes, key: bytes, owner: str) -> Reply:
        """Find a reply or make the call, in as many attempts as it takes; keep it in the cache."""
        if (found := self._from_sources(key)) is not None:
            if self._cache is not None:
                await self._cache.store(key, found, NOTHING, model=request.model)
            return found
        most = completion_bound(request, self._caps.completion_bound)
        worst = self._account.ledger.worst(prompt_bound(request, content), most)
        call = _Call(request, content, key, owner, worst)
        try:
            while not isinstance(outcome := await self._attempt(call), Reply):
                await self._recover(call, outcome)
        except BaseException:
            if self._cache is not None and call.begun:
                self._cache.give_up(key, call.spending)
            raise
        self._counts.replies += 1
        self._counts.estimated += outcome.usage.estimated
        if self._cache is not None:
            await self._cache.store(key, outcome, call.spending, model=request.model)
        return outcome

    def _from_sources(self, key: bytes) -> Reply | None:
        for source in self._sources:
            if (found := source.get(key)) is not None:
                self._counts.from_sources += 1
                return replace(found, owner=SOURCE)
        return None

    async def _attempt(self, call: _Call) -> Reply | Ruling:
        """One attempt: admitted, reserved, sent and settled."""
        tokens = self._expected_tokens(call.request)
        ticket = await self._gate.enter(tokens)
        try:
            # After the gate: what the calls before have really cost is known by now.
            hold = await self._account.ledger.reserve(call.worst)
            try:
                self._gate.check()
                if self._cache is not None and not call.begun:
                    call.begun = True  # before waiting: a cancelled wait has to be undone too
                    await self._cache.begin(call.key, hold.held)
                self._account.sent(hold)
            except BaseException:
                self._account.ledger.settle(hold, Amount())
                raise
            cost, is_lost = hold.lost, True  # until its end is known
            try:
                outcome, cost = await self._send(call, hold)
                is_lost = isinstance(outcome, Ruling) and outcome.kind == "connection"
            finally:
                call.spending += cost
                self._account.ended(hold, cost, is_lost=is_lost)
            self._steer(ticket, tokens, outcome)
            if isinstance(outcome, Ruling):
                self._stop_if_hopeless(call, outcome)
            return outcome
        finally:
            self._gate.leave()

    async def _send(self, call: _Call, hold: Hold) -> tuple[Reply | Ruling, Spending]:
        """Send once; returns what came of it and what it cost."""
        request, form = call.request, self._dialect.form
        bound = self._caps.completion_bound if self._caps.are_set else None
        self._counts.sent += 1
        start = time.perf_counter()
        try:
            wire = self._wire or self._open_wire()
            body = self._dialect.write(request, call.content, bound)
            answer = await wire.post(request.path, body)
        except NoAnswer as error:
            ruling = judge_no_answer(error)
            self._connected |= ruling.kind != "unreachable"
            return ruling, hold.lost if ruling.billed else NOTHING
        self._connected = True
        if not 200 <= answer.status < 300:
            said = error_text(answer.body)
            if self._dialect.learn(form, request, answer.status, said):
                return Ruling("bad_request", "a field was refused", "again"), NOTHING
            advice = self._dialect.server.advice(request, said)
            return judge_answer(answer, scoring=request.prompt is not None, advice=advice), NOTHING
        latency_s = time.perf_counter() - start
        try:
            reply = read_reply(answer, request, owner=call.owner, latency_s=latency_s)
        except BadReply as error:
            ruling = judge_bad_reply(error)
            if error.usage is not None:
                return ruling, self._account.ledger.bill(error.usage, hold)
            return ruling, hold.lost if ruling.billed else NOTHING
        return reply, self._account.bill(reply, hold, call.request, call.content)

    def _steer(self, ticket: Ticket, tokens: int, outcome: Reply | Ruling) -> None:
        """Tell the gate what an attempt says about the server's load."""
        if isinstance(outcome, Reply):
            self._gate.succeeded(ticket, outcome.usage.total - tokens)
            self._mean_completion += 0.05 * (outcome.usage.completion - self._mean_completion)
        elif outcome.then == "wait":
            self._gate.refused(ticket, outcome.retry_after_s)
        elif outcome.kind == "timeout":
            self._gate.overloaded(ticket)
        elif outcome.kind == "server_error":
            self._gate.server_error()

    async def _recover(self, call: _Call, ruling: Ruling) -> None:
        """Wait before the next attempt, where one can help.

        Raises:
            CallError: No further attempt can help, or enough were made.
        """
        limits = self._limits
        if ruling.then == "again":
            return
        if ruling.then == "wait":
            call.refusals += 1
        else:
            call.faults += 1
        most = _BAD_REPLY_RETRIES if ruling.kind == "bad_reply" else limits.max_retries
        most = min(most, limits.max_retries)
        spent = call.refusals > limits.max_rate_limit_retries or call.faults > most
        if ruling.then == "fail" or spent:
            self._counts.failed[ruling.kind] += 1
            tries = call.faults + call.refusals
            after = f" (after {tries} attempts)" if tries > 1 else ""
            raise CallError(ruling.kind, self._endpoint.api_key.scrub(ruling.message) + after)
        self._counts.retries[ruling.kind] += 1
        if ruling.then == "retry":  # those refused wait at the gate, together
            wait_s = backoff(limits, call.faults - 1)
            await self._gate.pause(max(ruling.retry_after_s or 0.0, wait_s))

    def _stop_if_hopeless(self, call: _Call, ruling: Ruling) -> None:
        """End the run when no further call can succeed: those not yet sent fail the same way.

        Raises:
            StopRun: They cannot.
        """
        counts = self._counts
        not_found = 0 if counts.replies or counts.cache_hits else counts.failed["not_found"]
        reason = why_stop(
            ruling,
            self._endpoint,
            self._limits,
            connected=self._connected,
            faults=call.faults,
            not_found=not_found,
        )
        if reason:
            self._gate.close(reason)
            raise StopRun(reason)

    def _expected_tokens(self, request: Request) -> int:
        if self._limits.tokens_per_minute is None:
            return 0
        most = completion_bound(request, self._caps.completion_bound)
        return prompt_estimate(request) + min(most, int(self._mean_completion))

    def _open_wire(self) -> Wire:
        from sleeptime_lib.models.wire import Wire  # imports openai

        self._wire = Wire(self._endpoint, self._limits)
        return self._wire
