"""Caps on tokens and money: reserved before a call, settled after it.

What is guaranteed depends on what the server says. Where it states usage and keeps to `max_tokens`,
a cap is never passed. A reply that took more than its reservation makes every other call, those in
flight included, count for as much more: what is passed can only be what was in flight, and as long
as nothing has come back only one call is. Without usage a call counts as its text is likely to, or
on a server that sends bills as its reservation. A call whose end is not known, because this process
was killed or its answer broke off, counts for twice the share of its reservation that others took.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sleeptime_lib.errors import CapReached
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Usage

_NANO: Final = 10**9
_ENOUGH: Final = 20
"""Answers from which on it is known what share of their reservations calls take."""
_MARGIN: Final = 1.25
"""On estimates: tokenizers differ by less where a text is a language they were made for."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and billionths of USD rounded up: whole numbers, so that sums are exact."""

    tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.nano_usd + other.nano_usd)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.nano_usd - other.nano_usd)

    def times(self, count: int) -> Amount:
        """So many of it."""
        return Amount(self.tokens * count, self.nano_usd * count)

    def at_most(self, other: Amount) -> Amount:
        """The smaller of both, in tokens and in money."""
        return Amount(min(self.tokens, other.tokens), min(self.nano_usd, other.nano_usd))

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


class Shown(NamedTuple):
    """How many tokens a call likely took at most, by the length of what is seen of it.

    Attributes:
        prompt: In the prompt.
        completion: In the reply.
        allowed: In a reply that may be but the end of what was generated; 0 where it is all.
    """

    prompt: int
    completion: int
    allowed: int = 0


class Entry(NamedTuple):
    """What was written down about an attempt when it was sent, or when it ended.

    Attributes:
        kind: "sent", "ended", or "before" for all that was spent before anything was written down.
        worst: What was reserved for it, the excess of others left out.
        spending: What it cost; nothing yet when it was sent.
    """

    kind: str
    worst: Amount
    spending: Spending


class Ledger:
    """What has been spent and what is reserved. Belongs to one event loop.

    A reservation waits while it does not fit but calls in flight may settle lower; reservations
    are granted in order.

    Args:
        caps: The caps.
        price: Price of the model, None when it is unknown and money is not capped.

    Attributes:
        spent: What is spent and known, in earlier sessions of the run too.
        excess: The most that a call has taken beyond its reservation.
    """

    def __init__(self, caps: Caps, price: Price | None) -> None:
        self._caps = caps
        self._price = price
        self._most_tokens = caps.max_tokens
        self._most_nano = None if caps.max_cost_usd is None else int(caps.max_cost_usd * _NANO)
        self._waiting: deque[tuple[asyncio.Future[Hold], Amount]] = deque()
        self._holds = 0
        self._held = Amount()
        self._has_settled = False
        self._lost, self._lost_calls = Amount(), 0
        self._answered, self._answered_worst, self._answers = Amount(), Amount(), 0
        self._stated, self._shown, self._statements = 0, 0, 0
        self.spent = Amount()
        self.excess = Amount()

    @property
    def reserved(self) -> Amount:
        """The worst case of the calls under way."""
        return self._held + self.excess.times(self._holds)

    @property
    def used(self) -> Amount:
        """What counts against the caps: what is spent, and what calls without an end have taken."""
        if not self._lost_calls:
            return self.spent
        lost = self._lost + self.excess.times(self._lost_calls)
        if self._answers >= _ENOUGH:
            taken, of = self._answered, self._answered_worst
            lost = Amount(
                min(lost.tokens, -(-lost.tokens * 2 * taken.tokens // max(1, of.tokens))),
                min(lost.nano_usd, -(-lost.nano_usd * 2 * taken.nano_usd // max(1, of.nano_usd))),
            )
        return self.spent + lost

    def worst(self, prompt: int, completion: int) -> Amount:
        """The most a call can cost, from bounds on its tokens."""
        usd = 0.0 if self._price is None else self._price.most(prompt, completion)
        return Amount(prompt + completion, math.ceil(usd * _NANO))

    def actual(self, usage: Usage) -> Amount:
        """What a call of this usage costs."""
        usd = 0.0 if self._price is None else self._price.cost(usage)
        return Amount(usage.total, math.ceil(usd * _NANO))

    def bill(self, usage: Usage, hold: Hold, shown: Shown | None = None) -> Spending:
        """What a call of this usage cost, with what it may have cost beyond that.

        An estimate may be too low, and a server that does not say how many tokens it wrote to its
        prefix cache may charge for all.

        Args:
            usage: As the server states it, or estimated.
            hold: The call's reservation.
            shown: By how much an estimate is trusted; None for not at all.
        """
        most = known = self.actual(usage)
        if not usage.estimated and shown is not None:
            self._stated += usage.total
            self._shown += shown.prompt + shown.completion
            self._statements += 1
        if usage.estimated and self._caps.are_set:
            most = hold.held if shown is None else self._likely(usage, shown, hold.held)
        elif usage.written is None and self._price and self._price.charges_writing:
            most = self.actual(replace(usage, written=usage.prompt - usage.cached))
        return Spending(usage, 0, known.at_least(most) - known)

    def _likely(self, usage: Usage, shown: Shown, held: Amount) -> Amount:
        """The most that a call without usage likely took.

        Where other replies did state theirs, they tell how much more a call takes than is seen.
        """
        more = max(1.0, _MARGIN * self._stated / self._shown) if self._shown else 1.0
        prompt = math.ceil(more * max(shown.prompt, _MARGIN * usage.prompt))
        completion = math.ceil(more * max(shown.completion, _MARGIN * usage.completion))
        if self._statements < _ENOUGH:
            completion = max(completion, shown.allowed)
        return self.worst(prompt, completion).at_most(held)

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

    def settle(self, hold: Hold, spent: Amount, *, lost: bool = False) -> None:
        """Give a reservation back and book what was spent instead; `lost`: nobody knows what."""
        self._holds -= 1
        self._held -= hold.worst
        self._has_settled = True
        if lost:
            self._lost += hold.worst
            self._lost_calls += 1
        else:
            self._book(hold.worst, spent)
        self._serve()

    def resume(self, entries: Iterable[Entry]) -> Spending:
        """Book what earlier sessions wrote down; returns the sum of it, without a price."""
        total, calls, amount = NOTHING, self._lost_calls, self._lost
        for entry in entries:
            if entry.kind == "sent":
                self._lost += entry.worst
                self._lost_calls += 1
                continue
            total += entry.spending
            spent = self.actual(entry.spending.usage) + entry.spending.unknown
            if entry.kind == "before":
                self.spent += spent
            else:
                self._lost -= entry.worst
                self._lost_calls -= 1
                self._book(entry.worst, spent)
        self._lost = self._lost.at_least(Amount())  # where the line of an attempt was damaged
        self._lost_calls = max(0, self._lost_calls)
        self._has_settled = self._answers > 0
        lost = Spending(unknown_calls=self._lost_calls - calls, unknown=self._lost - amount)
        return total + lost

    def _book(self, worst: Amount, spent: Amount) -> None:
        self.spent += spent
        if self._caps.are_set and spent.tokens:
            # A server that takes more than it was allowed must find it reserved from now on.
            self.excess = self.excess.at_least(spent - worst)
            self._answered += spent
            self._answered_worst += worst
            self._answers += 1

    def _fits(self, amount: Amount) -> bool:
        if not self._caps.are_set:
            return True
        if self._holds and not self._has_settled:
            return False  # whether this server keeps to its bounds is seen by one call first
        total = self.used + self.reserved + amount + self.excess
        return (self._most_tokens is None or total.tokens <= self._most_tokens) and (
            self._most_nano is None or total.nano_usd <= self._most_nano
        )

    def _take(self, amount: Amount) -> Hold:
        self._holds += 1
        self._held += amount
        return Hold(amount, amount + self.excess)

    def _serve(self) -> None:
        while self._waiting:
            turn, amount = self._waiting[0]
            if not turn.done():
                if self._fits(amount):
                    turn.set_result(self._take(amount))
                elif self._holds:
                    return
                else:
                    turn.set_exception(CapReached(self._message(amount + self.excess)))
            self._waiting.popleft()

    def _message(self, amount: Amount) -> str:
        parts, used = [], self.used
        if self._most_tokens is not None:
            parts.append(
                f"{used.tokens:,} of {self._most_tokens:,} tokens are used "
                f"and the next call may take {amount.tokens:,}"
            )
        if self._caps.max_cost_usd is not None:
            parts.append(
                f"{used.usd:.4f} of {self._caps.max_cost_usd:g} USD are spent "
                f"and the next call may cost {amount.usd:.4f}"
            )
        if self.excess != Amount():
            parts.append(self.told_excess)
        return f"cap reached: {'; '.join(parts)}. Run again with a higher cap to go on"

    @property
    def told_excess(self) -> str:
        """One line on what calls took beyond their reservation; "" when none did."""
        if self.excess == Amount():
            return ""
        return (
            f"a reply took {self.excess.tokens:,} tokens more than it was allowed: the server does "
            "not keep to max_tokens, so each call is now reserved with as many more"
        )
