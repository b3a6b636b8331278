"""The client with a server that does its best: cache, sharing, cancelling, totals."""

import asyncio
import subprocess
import sys
import time

import pytest
from client_process import question
from fault_replies import completion, plain_answer
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import CallError, InputError, StopRun
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.prices import Price, price_of
from sleeptime_lib.records import Request, Usage


def client(server, path=None, **given):
    limits = given.pop("limits", Limits(timeout_s=5, backoff_s=0.01))
    return Client(resolve("m", base_url=server.url), cache_path=path, limits=limits, **given)


async def test_a_reply_comes_from_the_cache_the_second_time_with_its_usage_and_owner(tmp_path):
    with FaultServer() as server:
        async with client(server, tmp_path / "c.sqlite") as first:
            reply = await first.complete(question(1), owner="row 1")
        async with client(server, tmp_path / "c.sqlite") as second:
            again = await second.complete(question(1), owner="row 2")
            assert second.totals.cache_hits == 1
            assert second.totals.billed == Usage()
            assert second.totals.spent_before == reply.usage
        assert server.log.attempts.total() == 1
    assert again == reply
    assert reply.owner == "row 1"
    assert reply.usage.total > 0


@pytest.mark.parametrize(
    "other",
    [
        {"sample": 1},
        {"model": "m2"},
        {"temperature": 0.5},
        {"seed": 1},
        {"max_tokens": 50},
        {"reasoning_effort": "low"},
        {"extra": {"top_p": 0.5}},
        {"tools": ({"type": "function", "function": {"name": "f"}},)},
        {"messages": ({"role": "user", "content": "else"},)},
    ],
)
async def test_whatever_differs_in_the_request_is_another_call(tmp_path, other):
    plain = {"model": "m", "messages": ({"role": "user", "content": "q"},)}
    with FaultServer() as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            await c.complete(Request(**plain), owner="a")
            await c.complete(Request(**{**plain, **other}), owner="b")
            assert c.totals.cache_hits == 0
        assert server.log.attempts.total() == 2


async def test_identical_requests_at_once_are_one_call():
    with FaultServer(Faults(latency_s=0.05)) as server:
        async with client(server) as c:
            calls = (c.complete(question(1), owner=str(i)) for i in range(50))
            replies = await asyncio.gather(*calls)
            totals = c.totals
        assert server.log.attempts.total() == 1
    assert {reply.owner for reply in replies} == {"0"}
    assert (totals.requests, totals.sent, totals.shared) == (50, 1, 49)


async def test_the_failure_of_a_shared_call_fails_all_and_is_not_kept(tmp_path):
    with FaultServer(Faults(latency_s=0.05), scripted=("404",)) as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            calls = (c.complete(question(1), owner=str(i)) for i in range(5))
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(error, CallError) for error in errors)
            assert (await c.complete(question(1), owner="later")).text


async def test_cancelling_one_who_waits_does_not_cancel_the_call_for_others():
    with FaultServer(Faults(latency_s=0.1)) as server:
        async with client(server) as c:
            first = asyncio.create_task(c.complete(question(1), owner="first"))
            second = asyncio.create_task(c.complete(question(1), owner="second"))
            await asyncio.sleep(0.03)
            first.cancel()
            assert (await second).owner == "first"
            assert first.cancelled()
        assert server.log.attempts.total() == 1


async def test_cancelling_the_last_who_waits_abandons_the_call_and_counts_it(tmp_path):
    with FaultServer(Faults(latency_s=0.2)) as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            task = asyncio.create_task(c.complete(question(1), owner="a"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)
            assert (c.totals.unknown_calls, c.totals.in_flight) == (1, 0)
            assert c.totals.reserved_tokens == 0
            # Asking again makes the call again.
            assert (await c.complete(question(1), owner="b")).owner == "b"
        async with client(server, tmp_path / "c.sqlite") as c:
            assert c.totals.unknown_before == 1


async def test_a_call_cancelled_before_it_was_sent_counts_as_nothing(tmp_path):
    with FaultServer() as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            task = asyncio.create_task(c.complete(question(1), owner="a"))
            for _ in range(4):  # until the mark in the cache is being written
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert c.totals.unknown_calls == 0
        assert server.log.attempts.total() == 0
        async with client(server, tmp_path / "c.sqlite") as c:
            assert c.totals.unknown_before == 0


async def test_closing_abandons_what_is_under_way_within_a_moment(tmp_path):
    with FaultServer(Faults(latency_s=30)) as server:
        c = client(server, tmp_path / "c.sqlite")
        tasks = [asyncio.create_task(c.complete(question(i), owner="a")) for i in range(40)]
        await asyncio.sleep(0.2)
        start = time.monotonic()
        await c.aclose()
        assert time.monotonic() - start < 1
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(item, asyncio.CancelledError) for item in done)
        async with client(server, tmp_path / "c.sqlite") as c:
            assert c.totals.unknown_before == 20  # those in flight; the others never left


async def test_without_usage_tokens_are_estimated_and_counted():
    def silent(path, body):
        return 200, completion("The answer is 12.", None)

    with FaultServer(answer=silent) as server:
        async with client(server) as c:
            reply = await c.complete(question(1), owner="a")
            assert c.totals.estimated == 1
            assert c.totals.billed == reply.usage
    assert reply.usage.estimated


async def test_totals_tell_money_and_unknown_money():
    with FaultServer() as server:
        async with client(server) as c:
            await c.complete(question(1), owner="a")
            assert c.totals.billed_usd is None
        async with client(server, price=Price(1.0, 1.0, 2.0)) as c:
            usage = (await c.complete(question(1), owner="a")).usage
            assert c.totals.billed_usd == pytest.approx((usage.prompt + 2 * usage.completion) / 1e6)


async def test_what_was_billed_for_unusable_replies_is_counted_too():
    usage = {"prompt_tokens": 5, "completion_tokens": 3}

    def empty_first(path, body):
        empty_first.calls += 1
        reply = completion("fine", usage)
        return 200, reply if empty_first.calls > 1 else {**reply, "choices": []}

    empty_first.calls = 0
    with FaultServer(answer=empty_first) as server:
        async with client(server) as c:
            assert (await c.complete(question(1), owner="a")).usage == Usage(5, 0, 3)
            assert c.totals.billed == Usage(10, 0, 6)


async def test_the_simulated_model_answers_in_process(tmp_path):
    async with Client(
        resolve("simulated"), cache_path=tmp_path / "c.sqlite", price=price_of("simulated")
    ) as c:
        request = Request("simulated", ({"role": "user", "content": "What is 1 + 1?"},))
        reply = await c.complete(request, owner="a")
        assert reply.text
        assert reply.usage.total > 0
        assert not reply.usage.estimated
        assert c.totals.billed_usd == 0.0


async def test_the_cache_going_away_stops_the_run(tmp_path):
    with FaultServer() as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            c._cache._failure = "the disk is full"
            with pytest.raises(StopRun, match="the disk is full"):
                await c.complete(question(1), owner="a")


def test_a_cost_cap_needs_a_price(tmp_path):
    endpoint = resolve("unheard-of", base_url="http://localhost:1/v1")
    with pytest.raises(InputError, match="price of unheard-of is unknown"):
        Client(endpoint, cache_path=None, caps=Caps(max_cost_usd=1.0))


async def test_a_host_that_wants_max_completion_tokens_gets_it_after_one_refusal():
    def modern(path, body):
        if "max_tokens" in body:
            message = "Unsupported parameter: 'max_tokens' is not supported with this model. "
            return 400, {"error": {"message": message + "Use 'max_completion_tokens' instead."}}
        return plain_answer(path, body)

    with FaultServer(answer=modern) as server:
        async with client(server) as c:
            for index in range(5):
                await c.complete(Request("m", question(index).messages, max_tokens=20), owner="a")
            assert c.totals.sent == 6
            assert c.totals.failed == {}
        assert all(body["max_completion_tokens"] == 20 for body in list(server.log.bodies)[1:])


async def test_a_host_that_refuses_both_names_is_not_asked_for_ever():
    def stubborn(path, body):
        name = "max_tokens" if "max_tokens" in body else "max_completion_tokens"
        return 400, {"error": {"message": f"Unknown field {name}"}}

    with FaultServer(answer=stubborn) as server:
        async with client(server) as c:
            with pytest.raises(CallError, match="bad_request"):
                await c.complete(Request("m", question(1).messages, max_tokens=20), owner="a")
        assert server.log.attempts.total() == 2


def warm(index: int) -> Request:
    return Request("m", question(index).messages, temperature=0.7, max_tokens=20)


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default "
        "(1) value is supported.",
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "`temperature` is deprecated for this model.",
        "`temperature` may only be set to 1 when thinking is enabled.",
    ],
)
async def test_a_model_that_refuses_a_temperature_is_asked_without_from_then_on(message):
    def cool(path, body):
        if "temperature" in body:
            return 400, {"error": {"message": message}}
        return plain_answer(path, body)

    with FaultServer(Faults(latency_s=0.05), answer=cool) as server:
        async with client(server) as c:
            many = (c.complete(warm(i), owner="a") for i in range(20))  # refused all at once
            await asyncio.gather(*many)
            assert c.totals.sent == 40
            await c.complete(warm(20), owner="a")
            assert (c.totals.sent, c.totals.failed, c.totals.retries) == (41, {}, {})
            (told,) = c.totals.notices
    assert "m takes no temperature (" in told
    assert message[:20] in told


async def test_a_model_that_wants_both_otherwise_learns_both():
    def modern(path, body):
        if "max_tokens" in body:
            return 400, {"error": {"message": "Unsupported parameter: 'max_tokens'"}}
        if "temperature" in body:
            return 400, {"error": {"message": "Unsupported value: 'temperature'"}}
        return plain_answer(path, body)

    with FaultServer(answer=modern) as server:
        async with client(server) as c:
            for index in range(3):
                await c.complete(warm(index), owner="a")
            assert c.totals.sent == 5
        assert server.log.bodies[-1]["max_completion_tokens"] == 20
        assert "temperature" not in server.log.bodies[-1]


async def test_the_key_of_a_call_does_not_depend_on_what_was_learnt(tmp_path):
    def cool(path, body):
        if "temperature" in body:
            return 400, {"error": {"message": "temperature is not supported"}}
        return plain_answer(path, body)

    with FaultServer(answer=cool) as server:
        async with client(server, tmp_path / "c.sqlite") as c:
            await c.complete(warm(1), owner="a")
        async with client(server, tmp_path / "c.sqlite") as c:
            await c.complete(warm(1), owner="a")
            assert c.totals.cache_hits == 1


async def test_a_temperature_that_is_out_of_range_is_an_error():
    def strict(path, body):
        message = "Invalid value for 'temperature': Input should be less than or equal to 0.5."
        return 400, {"error": {"message": message}}

    with FaultServer(answer=strict) as server:
        async with client(server) as c:
            with pytest.raises(CallError, match="less than or equal"):
                await c.complete(warm(1), owner="a")
        assert server.log.attempts.total() == 1


async def test_a_refusal_of_what_was_not_sent_is_an_error():
    refusal = {"error": {"message": "temperature is not supported"}}
    with FaultServer(answer=lambda path, body: (400, refusal)) as server:
        async with client(server) as c:
            with pytest.raises(CallError, match="not supported"):
                await c.complete(question(1), owner="a")
        assert server.log.attempts.total() == 1


def test_naming_the_client_loads_no_http_library():
    heavy = ["openai", "httpx2", "aiohttp", "pandas", "plotly"]
    code = (
        "import sys, sleeptime_lib.models.client, sleeptime_lib.models.doctor; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
