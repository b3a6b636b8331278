"""Caps of a whole run, with the client and a server that bills."""

import asyncio
import contextlib
import random

import pytest
from client_process import question
from fault_replies import completion
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import CapReached
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.prices import Price
from sleeptime_lib.models.requests import encode, prompt_bound
from sleeptime_lib.records import Reply, Request, Usage

QUICK = Limits(concurrency=500, backoff_s=0.001, timeout_s=2)


def greedy(seed):
    """A server whose replies have random lengths, up to all that is allowed."""

    def answer(path, body):
        rng = random.Random(f"{seed} {body['messages'][0]['content']}")
        most = body.get("max_tokens") or body.get("max_completion_tokens")
        completion_tokens = rng.choice([1, most // 2, most, rng.randrange(1, most + 1)])
        prompt = len(body["messages"][0]["content"])
        usage = {"prompt_tokens": prompt, "completion_tokens": completion_tokens}
        return 200, completion("fine", usage)

    return answer


async def spend(server, caps, *, count=500, path=None, max_tokens=400):
    """Ask `count` questions at once; replies, and how many were capped."""
    price = Price(2.0, 1.0, 8.0)
    endpoint = resolve("m", base_url=server.url)
    async with Client(endpoint, cache_path=path, limits=QUICK, caps=caps, price=price) as client:
        calls = (
            client.complete(Request("m", question(i).messages, max_tokens=max_tokens), owner="a")
            for i in range(count)
        )
        got = await asyncio.gather(*calls, return_exceptions=True)
        capped = sum(isinstance(item, CapReached) for item in got)
        assert capped + sum(isinstance(item, Reply) for item in got) == count
        return got, capped, client.totals


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rate", [0.0, 0.2])
async def test_tokens_generated_never_pass_the_cap_with_500_in_flight(seed, rate):
    kinds = ("500", "429", "cut in body", "cut before reply", "no choices", "half json")
    faults = Faults(rate=rate, kinds=kinds, seed=seed, latency_s=0.01)
    with FaultServer(faults, answer=greedy(seed)) as server:
        _, capped, totals = await spend(server, Caps(max_tokens=60_000))
        assert server.log.billed_tokens <= 60_000
        assert totals.billed.total <= server.log.billed_tokens
    assert capped > 0
    assert server.log.billed_tokens > 20_000  # it is a cap, not a brake


async def test_money_never_passes_its_cap():
    with FaultServer(Faults(latency_s=0.01), answer=greedy(1)) as server:
        _, capped, totals = await spend(server, Caps(max_cost_usd=0.25))
    assert 0.15 < totals.billed_usd <= 0.25
    assert capped > 0


async def test_a_cap_that_is_high_enough_stops_nothing():
    with FaultServer(answer=greedy(2)) as server:
        _, capped, _ = await spend(server, Caps(max_tokens=10_000_000), count=100)
    assert capped == 0


async def test_a_cap_is_for_the_whole_run_and_the_cache_is_free(tmp_path):
    path = tmp_path / "c.sqlite"
    with FaultServer(answer=greedy(3)) as server:
        got, capped, first = await spend(server, Caps(max_tokens=30_000), count=200, path=path)
        again, still_capped, second = await spend(
            server, Caps(max_tokens=30_000), count=200, path=path
        )
        assert server.log.billed_tokens <= 30_000
    assert capped >= still_capped > 0
    assert second.cache_hits == 200 - capped
    assert all(b == a for a, b in zip(got, again, strict=True) if isinstance(a, Reply))
    assert second.spent_before == first.billed


async def test_a_request_without_a_bound_is_sent_with_one_when_a_cap_is_set():
    with FaultServer(answer=greedy(4)) as server:
        caps = Caps(max_tokens=100_000, completion_bound=700)
        await spend(server, caps, count=1, max_tokens=None)
        assert server.log.bodies[0]["max_tokens"] == 700


async def test_without_a_cap_no_bound_is_sent():
    with FaultServer() as server:
        async with Client(resolve("m", base_url=server.url), cache_path=None) as client:
            await client.complete(question(1), owner="a")
        assert "max_tokens" not in server.log.bodies[0]


async def test_the_bound_is_no_part_of_the_key(tmp_path):
    path = tmp_path / "c.sqlite"
    with FaultServer(answer=greedy(5)) as server:
        await spend(server, Caps(max_tokens=100_000), count=1, path=path, max_tokens=None)
        server.answer = None  # would fail
        _, _, totals = await spend(server, Caps(), count=1, path=path, max_tokens=None)
    assert totals.cache_hits == 1


def bound(request, max_tokens):
    request = Request("m", request.messages, max_tokens=max_tokens)
    return prompt_bound(request, encode(request.body())) + max_tokens


async def test_a_reply_that_was_lost_counts_at_its_worst():
    # Room for two calls at their worst. Both replies are cut off, and may have been billed.
    request = Request("m", question(1).messages, max_tokens=400)
    worst = bound(request, 400)
    with FaultServer(scripted=("cut in body",) * 9, answer=greedy(6)) as server:
        endpoint = resolve("m", base_url=server.url)
        caps = Caps(max_tokens=2 * worst + 10)
        async with Client(endpoint, cache_path=None, limits=QUICK, caps=caps) as client:
            with pytest.raises(CapReached):
                await client.complete(request, owner="a")
            assert client.totals.unknown_tokens == 2 * worst
        assert server.log.attempts.total() == 2


def overlong(factor):
    """A server that generates many times what it was allowed."""

    def answer(path, body):
        usage = {"prompt_tokens": 10, "completion_tokens": factor * body["max_tokens"]}
        return 200, completion("fine", usage)

    return answer


@pytest.mark.parametrize("in_flight", [1, 20])
async def test_a_server_that_ignores_the_bound_passes_a_cap_by_no_more_than_was_in_flight(
    in_flight,
):
    price = Price(2.0, 1.0, 8.0)
    caps = Caps(max_cost_usd=1.0)
    limits = Limits(concurrency=in_flight, backoff_s=0.001)
    with FaultServer(Faults(latency_s=0.01), answer=overlong(10)) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(
            endpoint, cache_path=None, limits=limits, caps=caps, price=price
        ) as client:
            calls = (
                client.complete(Request("m", question(i).messages, max_tokens=400), owner="a")
                for i in range(200)
            )
            got = await asyncio.gather(*calls, return_exceptions=True)
            billed = client.totals.billed_usd
    one = price.cost(Usage(10, 0, 4000))
    assert any(isinstance(item, CapReached) for item in got)
    assert billed <= 1.0 + (in_flight - 1) * one
    assert billed > 0.5


def writing(stated):
    """A server that writes all of a prompt to its cache and charges for it."""

    def answer(path, body):
        usage = {"prompt_tokens": 4000, "completion_tokens": 10}
        details = {"cached_tokens": 0, "cache_write_tokens": 4000}
        return 200, completion(
            "fine", usage | ({"prompt_tokens_details": details} if stated else {})
        )

    return answer


@pytest.mark.parametrize("stated", [True, False])
async def test_writing_the_providers_cache_cannot_pass_a_cap_on_money(tmp_path, stated):
    price = Price(prompt=2.0, cached=0.2, completion=10.0, prompt_most=20.0)
    path, cap = tmp_path / "c.sqlite", 1.0
    with FaultServer(answer=writing(stated)) as server:
        endpoint = resolve("m", base_url=server.url)
        text = "word " * 4000
        for session in range(3):  # what one session spent counts in the next
            async with Client(
                endpoint,
                cache_path=path,
                limits=QUICK,
                caps=Caps(max_cost_usd=cap),
                price=price,
            ) as client:
                for index in range(6):
                    message = {"role": "user", "content": f"{session} {index} {text}"}
                    request = Request("m", (message,), max_tokens=100)
                    with contextlib.suppress(CapReached):
                        await client.complete(request, owner="a")
        real = server.log.generated.total() * price.cost(Usage(4000, 0, 10, written=4000))
    assert 0.5 < real <= cap


async def test_what_is_stated_as_written_is_charged_exactly():
    price = Price(prompt=2.0, cached=0.2, completion=10.0, prompt_most=2.5)
    with FaultServer(answer=writing(True)) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, price=price) as client:
            reply = await client.complete(question(1), owner="a")
            assert client.totals.billed_usd == pytest.approx((4000 * 2.5 + 10 * 10) / 1e6)
    assert reply.usage.written == 4000
