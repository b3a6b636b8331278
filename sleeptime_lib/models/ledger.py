"""Caps on tokens and money that cannot be passed: reserved before a call, settled after it."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sleeptime_lib.errors import CapReached
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Usage

_NANO: Final = 10**9


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and billionths of USD rounded up: whole numbers, so that sums are exact."""

    tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.nano_usd + other.nano_usd)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.nano_usd - other.nano_usd)

    def at_least(self, other: Amount) -> Amount:
        """The larger of both, in tokens and in money."""
        return Amount(max(self.tokens, other.tokens), max(self.nano_usd, other.nano_usd))

    @property
    def usd(self) -> float:
        """The money in USD."""
        return self.nano_usd / _NANO


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls were billed: usage the server stated, and what it said nothing about.

    Attributes:
        usage: Stated, or estimated from the reply.
        unknown_calls: Calls that may have been billed although no reply came.
        unknown: The worst case of those, and what the others may have cost beyond `usage`.
    """

    usage: Usage = field(default_factory=Usage)
    unknown_calls: int = 0
    unknown: Amount = field(default_factory=Amount)

    def __add__(self, other: Spending) -> Spending:
        """Add two; most calls have nothing to add to."""
        if self is NOTHING:
            return other
        return Spending(
            self.usage + other.usage,
            self.unknown_calls + other.unknown_calls,
            self.unknown + other.unknown,
        )


NOTHING: Final = Spending()


class Hold(NamedTuple):
    """A reservation.

    Attributes:
        worst: The worst case of the call, by its bounds.
        held: What is reserved: `worst`, and what calls before have taken beyond theirs.
    """

    worst: Amount
    held: Amount

    @property
    def lost(self) -> Spending:
        """What a call cost that may have been billed although no reply came."""
        return Spending(unknown_calls=1, unknown=self.held)


class Ledger:
    """What has been spent and what is reserved. Belongs to one event loop.

    A reservation waits while it does not fit but calls in flight may settle lower; reservations
    are granted in order.

    Args:
        caps: The caps.
        price: Price of the model, None when it is unknown and money is not capped.

    Attributes:
        spent: What is spent; set it to what earlier sessions of the run have spent.
        reserved: The worst case of the calls under way.
    """

    def __init__(self, caps: Caps, price: Price | None) -> None:
        self._caps = caps
        self._price = price
        self._most_tokens = caps.max_tokens
        self._most_nano = None if caps.max_cost_usd is None else int(caps.max_cost_usd * _NANO)
        self._waiting: deque[tuple[asyncio.Future[Hold], Amount]] = deque()
        self._holds = 0
        self._excess = Amount()
        self.spent = Amount()
        self.reserved = Amount()

    def worst(self, prompt: int, completion: int) -> Amount:
        """The most a call can cost, from bounds on its tokens."""
        usd = 0.0 if self._price is None else self._price.most(prompt, completion)
        return Amount(prompt + completion, math.ceil(usd * _NANO))

    def actual(self, usage: Usage) -> Amount:
        """What a call of this usage costs."""
        usd = 0.0 if self._price is None else self._price.cost(usage)
        return Amount(usage.total, math.ceil(usd * _NANO))

    def bill(self, usage: Usage, hold: Hold) -> Spending:
        """What a call of this usage cost, with what it may have cost beyond that.

        An estimate may be too low, and a server that does not say how many tokens it wrote to its
        prefix cache may charge for all.
        """
        most = known = self.actual(usage)
        if usage.estimated and self._caps.are_set:
            most = hold.held
        elif usage.written is None and self._price and self._price.charges_writing:
            most = self.actual(replace(usage, written=usage.prompt - usage.cached))
        return Spending(usage, 0, known.at_least(most) - known)

    async def reserve(self, worst: Amount) -> Hold:
        """Reserve, waiting for calls in flight to settle where that may help.

        Raises:
            CapReached: It does not fit and nothing is in flight.
        """
        if not self._waiting and self._fits(worst):
            return self._take(worst)
        turn: asyncio.Future[Hold] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, worst))
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.settle(turn.result(), Amount())
            raise

    def settle(self, hold: Hold, spent: Amount) -> None:
        """Give a reservation back and book what was spent instead."""
        self._holds -= 1
        self.reserved -= hold.held
        self.spent += spent
        if self._caps.are_set:
            # A server that takes more than it was allowed must find it reserved the next time.
            self._excess = self._excess.at_least(spent - hold.worst)
        self._serve()

    def _fits(self, amount: Amount) -> bool:
        if not self._caps.are_set:
            return True
        total = self.spent + self.reserved + amount + self._excess
        return (self._most_tokens is None or total.tokens <= self._most_tokens) and (
            self._most_nano is None or total.nano_usd <= self._most_nano
        )

    def _take(self, amount: Amount) -> Hold:
        hold = Hold(amount, amount + self._excess)
        self._holds += 1
        self.reserved += hold.held
        return hold

    def _serve(self) -> None:
        while self._waiting:
            turn, amount = self._waiting[0]
            if not turn.done():
                if self._fits(amount):
                    turn.set_result(self._take(amount))
                elif self._holds:
                    return
                else:
                    turn.set_exception(CapReached(self._message(amount + self._excess)))
            self._waiting.popleft()

    def _message(self, amount: Amount) -> str:
        parts = []
        if self._most_tokens is not None:
            parts.append(
                f"{self.spent.tokens:,} of {self._most_tokens:,} tokens are used "
                f"and the next call may take {amount.tokens:,}"
            )
        if self._caps.max_cost_usd is not None:
            parts.append(
                f"{self.spent.usd:.4f} of {self._caps.max_cost_usd:g} USD are spent "
                f"and the next call may cost {amount.usd:.4f}"
            )
        return f"cap reached: {'; '.join(parts)}. Run again with a higher cap to go on"
