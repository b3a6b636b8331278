"""Caps cannot be passed: a property over random calls, and the cases by name."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeptime_lib.errors import CapReached
from sleeptime_lib.models.ledger import Amount, Ledger
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Usage

PRICE = Price(prompt=2.5, cached=1.25, completion=10.0, prompt_most=3.0)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    max_tokens=st.none() | st.integers(1000, 400_000),
    max_cost=st.none() | st.floats(0.001, 3.0),
    fails=st.floats(0, 0.5),
)
def test_no_cap_is_passed_with_500_in_flight(seed, max_tokens, max_cost, fails):
    rng = random.Random(seed)
    ledger = Ledger(Caps(max_cost_usd=max_cost, max_tokens=max_tokens), PRICE)
    billed = Usage()
    outcomes = {"done": 0, "capped": 0}

    async def call():
        nonlocal billed
        prompt, completion = rng.randrange(10, 2000), rng.randrange(1, 2000)
        worst = ledger.worst(prompt, completion)
        try:
            hold = await ledger.reserve(worst)
        except CapReached:
            outcomes["capped"] += 1
            return
        await asyncio.sleep(rng.random() / 1000)
        usage = Usage()
        if rng.random() > fails:
            tokens = rng.randrange(prompt + 1)
            usage = Usage(tokens, rng.randrange(tokens + 1), rng.randrange(completion + 1))
        billed += usage
        ledger.settle(hold, ledger.actual(usage))
        outcomes["done"] += 1
        check()

    def check():
        assert max_tokens is None or ledger.spent.tokens + ledger.reserved.tokens <= max_tokens
        assert max_cost is None or (ledger.spent + ledger.reserved).usd <= max_cost + 1e-9

    async def main():
        await asyncio.gather(*(call() for _ in range(500)))

    asyncio.run(main())
    assert ledger.reserved == Amount()
    assert billed.total == ledger.spent.tokens
    assert max_tokens is None or billed.total <= max_tokens
    assert max_cost is None or PRICE.cost(billed) <= max_cost
    assert outcomes["done"] + outcomes["capped"] == 500
    if max_tokens is None and max_cost is None:
        assert outcomes["capped"] == 0


async def test_a_reservation_waits_for_what_may_settle_lower():
    ledger = Ledger(Caps(max_tokens=100), None)
    first = await ledger.reserve(Amount(80))
    second = asyncio.create_task(ledger.reserve(Amount(50)))
    await asyncio.sleep(0)
    assert not second.done()
    ledger.settle(first, Amount(30))
    await second
    assert (ledger.spent.tokens, ledger.reserved.tokens) == (30, 50)


async def test_it_says_so_when_nothing_can_make_room():
    ledger = Ledger(Caps(max_tokens=100, max_cost_usd=1.0), PRICE)
    ledger.spent = Amount(60, 900_000_000)
    with pytest.raises(CapReached) as caught:
        await ledger.reserve(Amount(50, 200_000_000))
    assert "60 of 100 tokens are used and the next call may take 50" in str(caught.value)
    assert "0.9000 of 1 USD are spent and the next call may cost 0.2000" in str(caught.value)


async def test_a_call_too_large_for_the_rest_does_not_block_smaller_ones():
    ledger = Ledger(Caps(max_tokens=100), None)
    first = await ledger.reserve(Amount(40))
    large = asyncio.create_task(ledger.reserve(Amount(90)))
    small = asyncio.create_task(ledger.reserve(Amount(10)))
    await asyncio.sleep(0)
    ledger.settle(first, Amount(40))
    with pytest.raises(CapReached):
        await large
    await small


async def test_a_cancelled_reservation_is_given_back():
    ledger = Ledger(Caps(max_tokens=100), None)
    first = await ledger.reserve(Amount(100))
    waiting = [asyncio.create_task(ledger.reserve(Amount(100))) for _ in range(2)]
    await asyncio.sleep(0)
    ledger.settle(first, Amount())
    waiting[0].cancel()  # just granted
    await asyncio.wait(waiting)
    assert waiting[1].exception() is None
    assert ledger.reserved.tokens == 100


async def test_a_server_that_takes_more_than_it_may_finds_that_reserved_the_next_time():
    ledger = Ledger(Caps(max_tokens=10_000), PRICE)
    worst = ledger.worst(100, 50)
    hold = await ledger.reserve(worst)
    assert hold.held == worst
    ledger.settle(hold, Amount(400, worst.nano_usd + 7000))
    again = await ledger.reserve(worst)
    assert again.held == Amount(400, worst.nano_usd + 7000)
    ledger.settle(again, Amount(400, 0))  # no more than before: nothing is added
    assert (await ledger.reserve(worst)).held == again.held


async def test_what_a_reply_without_usage_may_have_cost_counts_against_a_cap():
    ledger = Ledger(Caps(max_tokens=10_000), PRICE)
    hold = await ledger.reserve(ledger.worst(100, 50))
    bill = ledger.bill(Usage(40, 0, 10, estimated=True), hold)
    assert bill.unknown_calls == 0
    assert ledger.actual(bill.usage) + bill.unknown == hold.held


async def test_a_server_that_does_not_tell_what_it_wrote_to_its_cache_may_charge_for_all():
    ledger = Ledger(Caps(max_cost_usd=1.0), PRICE)
    hold = await ledger.reserve(ledger.worst(100, 50))
    silent = ledger.bill(Usage(100, 20, 10), hold)
    assert silent.unknown == Amount(0, 80 * 500)
    stated = ledger.bill(Usage(100, 20, 10, written=30), hold)
    assert stated.unknown == Amount()
    assert ledger.actual(stated.usage).nano_usd == 50 * 2500 + 20 * 1250 + 30 * 3000 + 10 * 10_000


def test_money_is_rounded_up_so_that_sums_stay_below_the_cap():
    ledger = Ledger(Caps(), Price(1e-5, 1e-5, 1e-5))
    assert ledger.actual(Usage(1)).nano_usd == 1
    assert Ledger(Caps(), None).actual(Usage(10)).nano_usd == 0
