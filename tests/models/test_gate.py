"""Concurrency that adapts, and pacing. Time is the event loop's own, run as fast as it can."""

import asyncio
import heapq

import pytest

from sleeptime_lib.errors import StopRun
from sleeptime_lib.models.gate import Gate, backoff
from sleeptime_lib.models.limits import Limits


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer, so that hours take no time."""

    _now = 0.0

    def time(self):
        return self._now

    def _run_once(self):
        if not self._ready and self._scheduled:
            while self._scheduled and self._scheduled[0]._cancelled:
                heapq.heappop(self._scheduled)._scheduled = False
            if self._scheduled:
                self._now = max(self._now, self._scheduled[0]._when)
        super()._run_once()


def timed(coroutine):
    """Run a coroutine in time of its own."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(coroutine)


async def drive(gate, calls, serve):
    """Send calls through the gate; `serve(in_flight)` gives seconds, or None for a refusal.

    Returns the limit after each reply.
    """
    limits = []

    async def call():
        while True:
            ticket = await gate.enter(0)
            try:
                seconds = serve(gate.in_flight)
                await asyncio.sleep(0.05 if seconds is None else seconds)
                if seconds is not None:
                    gate.succeeded(ticket, 0)
                    limits.append(gate.limit)
                    return
                gate.refused(ticket, None)
            finally:
                gate.leave()

    await asyncio.gather(*(call() for _ in range(calls)))
    return limits


def test_it_starts_moderately_and_grows_while_the_server_keeps_up():
    async def main():
        gate = Gate(Limits())
        limits = await drive(gate, 5000, lambda _: 0.1)
        return limits, gate.most_in_flight

    limits, most = timed(main())
    assert limits[0] <= 21
    assert most == 512
    assert max(limits) == 512


def test_a_fixed_concurrency_stays():
    async def main():
        gate = Gate(Limits(concurrency=7))
        limits = await drive(gate, 500, lambda n: 0.1)
        gate.refused(await gate.enter(0), None)
        return set(limits), gate.limit, gate.most_in_flight

    assert timed(main()) == ({7}, 7, 7)


def test_it_stays_low_where_more_calls_only_wait_in_the_servers_queue():
    # A server that works on four calls at a time: each waits for those before it.
    async def main():
        slots = asyncio.Semaphore(4)
        gate = Gate(Limits())

        async def call():
            ticket = await gate.enter(0)
            async with slots:
                await asyncio.sleep(1.0)
            gate.succeeded(ticket, 0)
            gate.leave()

        await asyncio.gather(*(call() for _ in range(3000)))
        return gate.most_in_flight, gate.limit

    most, now = timed(main())
    assert most < 100
    assert now < 30


def test_a_refusal_cuts_by_a_fifth_once_per_round():
    async def main():
        gate = Gate(Limits(start_concurrency=100))
        tickets = [await gate.enter(0) for _ in range(100)]
        for ticket in tickets:
            gate.refused(ticket, 1.0)
            gate.leave()
        first = gate.limit
        gate.refused(await gate.enter(0), 1.0)
        return first, gate.limit

    assert timed(main()) == (80, 64)


def test_it_settles_near_what_the_server_takes():
    async def main():
        gate = Gate(Limits(backoff_s=0.1))
        limits = await drive(gate, 6000, lambda n: 0.05 if n <= 60 else None)
        return limits[-2000:]

    last = timed(main())
    assert 40 <= sum(last) / len(last) <= 62


def test_a_server_error_only_pauses_growth():
    async def main():
        gate = Gate(Limits(start_concurrency=10))
        tickets = [await gate.enter(0) for _ in range(10)]
        gate.server_error()
        for ticket in tickets:
            gate.succeeded(ticket, 0)
        paused = gate.limit
        gate.succeeded(tickets[0], 0)
        return paused, gate.limit

    paused, after = timed(main())
    assert paused == 10
    assert after > 10


def test_a_timeout_cuts_once_per_round_too():
    async def main():
        gate = Gate(Limits(start_concurrency=10))
        tickets = [await gate.enter(0) for _ in range(10)]
        for ticket in tickets:
            gate.overloaded(ticket)
        return gate.limit

    assert timed(main()) == 8


def test_retry_after_holds_everybody_back():
    async def main():
        gate = Gate(Limits())
        gate.refused(await gate.enter(0), 30.0)
        gate.leave()
        await gate.enter(0)
        return asyncio.get_running_loop().time()

    assert 30 <= timed(main()) <= 33.1


def test_refusals_without_retry_after_wait_longer_each_time():
    async def main():
        gate = Gate(Limits(backoff_s=1.0))
        waits = []
        for _ in range(5):
            before = asyncio.get_running_loop().time()
            gate.refused(await gate.enter(0), None)
            gate.leave()
            await gate.enter(0)
            waits.append(asyncio.get_running_loop().time() - before)
            gate.leave()
        return waits

    waits = timed(main())
    assert all(0.5 * 2**i <= wait <= 2**i for i, wait in enumerate(waits))


def test_requests_per_minute_are_spaced():
    async def main():
        gate = Gate(Limits(requests_per_minute=60))
        times = []
        for _ in range(120):
            await gate.enter(0)
            times.append(asyncio.get_running_loop().time())
            gate.leave()
        return times

    times = timed(main())
    assert times[-1] == pytest.approx(119, abs=0.5)
    in_a_minute = [sum(t <= other < t + 60 for other in times) for t in times]
    assert max(in_a_minute) <= 61


def test_tokens_per_minute_follow_the_usage_that_came():
    async def main():
        gate = Gate(Limits(tokens_per_minute=6000))
        for _ in range(30):
            ticket = await gate.enter(100)
            gate.succeeded(ticket, 100)  # it was twice as much
            gate.leave()
        return asyncio.get_running_loop().time()

    # 30 calls of 200 tokens at 100 tokens per second.
    assert timed(main()) == pytest.approx(58, abs=2.1)


def test_calls_enter_in_order():
    async def main():
        gate = Gate(Limits(concurrency=1))
        order = []

        async def call(number):
            await gate.enter(0)
            order.append(number)
            await asyncio.sleep(0.1)
            gate.leave()

        await asyncio.gather(*(call(i) for i in range(50)))
        return order

    assert timed(main()) == list(range(50))


def test_a_cancelled_call_gives_its_place_back():
    async def main():
        gate = Gate(Limits(concurrency=1))
        await gate.enter(0)
        waiting = [asyncio.create_task(gate.enter(0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.leave()
        waiting[1].cancel()  # just let in
        await asyncio.wait(waiting)
        return gate.in_flight, waiting[2].exception()

    assert timed(main()) == (1, None)


def test_a_closed_gate_turns_everybody_away():
    async def main():
        gate = Gate(Limits(concurrency=1))
        await gate.enter(0)
        waiting = asyncio.create_task(gate.enter(0))
        await asyncio.sleep(0)
        gate.close("the key is wrong")
        with pytest.raises(StopRun, match="the key is wrong"):
            await waiting
        with pytest.raises(StopRun, match="the key is wrong"):
            await gate.enter(0)

    timed(main())


def test_backoff_doubles_within_bounds_and_varies():
    limits = Limits(backoff_s=1, max_backoff_s=10)
    for tries, longest in enumerate([1, 2, 4, 8, 10, 10]):
        waits = {backoff(limits, tries) for _ in range(50)}
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert backoff(limits, 10**6) <= 10
