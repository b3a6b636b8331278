"""The client against a server that goes wrong: the same answers, or clear errors."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fault_replies import LASTING, PASSING, STOPPING
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.totals import ClientTotals
from sleeptime_lib.records import Reply, Request

QUICK = Limits(timeout_s=0.5, backoff_s=0.01, max_backoff_s=0.05)


def ask(text: str, **given) -> Request:
    return Request("m", ({"role": "user", "content": text},), **given)


async def run(
    url: str, count: int = 1, *, path: Path | None = None, limits: Limits = QUICK
) -> tuple[list[Reply | Exception], ClientTotals]:
    """Ask `count` different questions at once; what came of each, and the totals."""
    async with Client(resolve("m", base_url=url), cache_path=path, limits=limits) as client:
        calls = (client.complete(ask(f"question {i}"), owner=str(i)) for i in range(count))
        return await asyncio.gather(*calls, return_exceptions=True), client.totals


async def test_passing_faults_change_no_answer(tmp_path):
    with FaultServer() as server:
        right, _ = await run(server.url, 500)
    with FaultServer(Faults(rate=0.2, seed=7)) as server:
        # 500 calls at once: on a busy machine some take longer than QUICK waits.
        patient = replace(QUICK, timeout_s=3.0)
        got, totals = await run(server.url, 500, path=tmp_path / "calls.sqlite", limits=patient)
    assert [reply.text for reply in got] == [reply.text for reply in right]
    assert [reply.usage for reply in got] == [reply.usage for reply in right]
    assert server.log.faults.keys() == set(PASSING)
    assert sum(totals.retries.values()) == server.log.faults.total()


async def test_lasting_faults_fail_their_own_rows_only():
    with FaultServer() as server:
        right, _ = await run(server.url, 200)
    with FaultServer(Faults(rate=0.2, lasting=0.1, seed=3)) as server:
        got, totals = await run(server.url, 200)
    failed = [item for item in got if isinstance(item, CallError)]
    answered = [(a.text, b.text) for a, b in zip(got, right, strict=True) if isinstance(a, Reply)]
    assert all(a == b for a, b in answered)
    assert len(failed) + len(answered) == 200
    assert len(failed) == sum(totals.failed.values()) > 10
    assert {error.kind for error in failed} == {"bad_request", "not_found", "context_length"}


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_fault_is_retried_once(fault):
    with FaultServer(scripted=(fault,)) as server:
        (reply,), totals = await run(server.url)
        assert server.log.attempts.total() == 2
    assert "The answer is" in reply.text
    assert sum(totals.retries.values()) == 1
    assert not totals.failed


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("408", "timeout", "took too long"),
        ("500", "server_error", "500: internal error"),
        ("502 html", "server_error", "502: Bad gateway"),
        ("200 html", "bad_reply", "no JSON: Please log in"),
        ("200 error", "server_error", "overloaded"),
        ("200 error code", "server_error", "upstream is busy"),
        ("empty body", "bad_reply", "no JSON: (empty)"),
        ("json list", "bad_reply", "JSON list"),
        ("no choices", "bad_reply", "no choices"),
        ("no message", "bad_reply", "no message"),
        ("not utf-8", "bad_reply", "not UTF-8"),
        ("cut in body", "connection", "after 3 attempts"),
        ("cut before reply", "connection", "Disconnected"),
        ("garbage", "connection", "after 3 attempts"),
        ("late", "timeout", "no complete reply within 0.2 s"),
    ],
)
async def test_a_fault_that_stays_becomes_a_clear_error(fault, kind, says):
    limits = Limits(timeout_s=0.2, backoff_s=0.01, max_retries=2)
    with FaultServer(scripted=(fault,) * 3) as server:
        (error,), totals = await run(server.url, limits=limits)
    assert isinstance(error, CallError)
    assert error.kind == kind
    assert says in str(error)
    assert "\n" not in str(error)
    assert totals.failed == {kind: 1}


@pytest.mark.parametrize(
    ("fault", "kind"),
    list(zip(LASTING, ["bad_request", "not_found", "context_length", "bad_request"], strict=True)),
)
async def test_an_error_that_a_retry_cannot_help_fails_once(fault, kind):
    with FaultServer(scripted=(fault,)) as server:
        (error,), _ = await run(server.url)
        assert server.log.attempts.total() == 1
    assert isinstance(error, CallError)
    assert error.kind == kind


@pytest.mark.parametrize("fault", STOPPING)
async def test_a_refused_key_or_empty_account_stops_all_calls_at_once(fault):
    with FaultServer(Faults(rate=1.0, kinds=(fault,), most=99)) as server:
        got, _ = await run(server.url, 200)
        assert server.log.attempts.total() <= QUICK.start_concurrency
    assert all(isinstance(error, StopRun) for error in got)
    assert "127.0.0.1" in str(got[0])


async def test_a_wrong_model_or_path_stops_the_run_before_every_row_has_failed():
    def nowhere(path, body):
        return 404, {"detail": "Not Found"}

    with FaultServer(answer=nowhere) as server:
        got, _ = await run(server.url, 200)
        assert server.log.attempts.total() <= QUICK.start_concurrency + 3
    assert sum(isinstance(error, CallError) for error in got) == 2
    assert "usually ends in /v1" in str(got[-1])


async def test_a_flagged_prompt_is_not_a_refused_key():
    def flag(path, body):
        return 403, {"error": {"message": "your input was flagged by moderation"}}

    with FaultServer(answer=flag) as server:
        (error,), _ = await run(server.url)
    assert isinstance(error, CallError)
    assert error.kind == "refusal"


async def test_a_request_too_large_for_the_rate_limit_is_not_sent_again():
    def refuse(path, body):
        return 429, {"error": {"message": "Request too large for m on tokens per min"}}

    with FaultServer(answer=refuse) as server:
        (error,), _ = await run(server.url)
        assert server.log.attempts.total() == 1
    assert error.kind == "context_length"


async def test_no_server_stops_the_run_within_seconds():
    with FaultServer() as server:
        url = server.url  # free again after the block
    start = time.monotonic()
    got, _ = await run(url, 50, limits=Limits(backoff_s=0.2))
    assert time.monotonic() - start < 3
    assert all(isinstance(error, StopRun) for error in got)
    assert f"cannot reach {url}" in str(got[0])


async def test_a_server_that_went_away_stops_the_run_after_retries(tmp_path):
    endpoint_limits = Limits(backoff_s=0.01, max_backoff_s=0.02, max_retries=3)
    with FaultServer() as server:
        client = Client(resolve("m", base_url=server.url), cache_path=None, limits=endpoint_limits)
        await client.complete(ask("one"), owner="a")
    with pytest.raises(StopRun, match="cannot reach"):
        await client.complete(ask("two"), owner="b")
    assert sum(client.totals.retries.values()) == 3
    await client.aclose()


async def test_a_server_that_comes_back_is_used_again():
    with FaultServer() as first:
        port = first.port
        limits = Limits(backoff_s=0.1, max_retries=6)
        client = Client(resolve("m", base_url=first.url), cache_path=None, limits=limits)
        await client.complete(ask("one"), owner="a")
    waiting = asyncio.create_task(client.complete(ask("two"), owner="b"))
    await asyncio.sleep(0.3)
    with FaultServer(port=port):
        assert "The answer is" in (await waiting).text
    await client.aclose()


@pytest.mark.parametrize("fault", ["429 seconds", "429 milliseconds"])
async def test_retry_after_is_honoured(fault):
    with FaultServer(Faults(retry_after_s=0.4), scripted=(fault,)) as server:
        start = time.monotonic()
        await run(server.url)
    assert 0.4 <= time.monotonic() - start < 1.5


async def test_a_wait_of_hours_stops_the_run_instead():
    with FaultServer(Faults(retry_after_s=7200), scripted=("429 seconds",)) as server:
        (error,), _ = await run(server.url)
    assert isinstance(error, StopRun)
    assert "2.0 hours" in str(error)


async def test_refusals_for_too_many_requests_fail_no_call():
    # Five at a time is all this server takes, so most of the first attempts are refused.
    faults = Faults(most_in_flight=5, latency_s=0.01, retry_after_s=0.01)
    with FaultServer(faults) as server:
        got, totals = await run(server.url, 150)
        assert server.log.faults["429 seconds"] > 5
    assert all(isinstance(reply, Reply) for reply in got)
    assert totals.concurrency < QUICK.start_concurrency


async def test_a_reply_longer_than_the_limit_is_an_error():
    with FaultServer(Faults(strange=1.0), answer=_long) as server:
        limits = Limits(max_reply_bytes=10_000, backoff_s=0.01)
        (error,), _ = await run(server.url, limits=limits)
        assert server.log.attempts.total() == 1
    assert error.kind == "bad_reply"
    assert "longer than 10,000 bytes" in str(error)


def _long(path, body):
    from fault_replies import completion

    return 200, completion("long " * 10_000, None)


async def test_a_redirect_is_reported_and_the_key_not_sent_on():
    def away(path, body):
        return 307, {}

    with FaultServer(answer=away) as server:
        (error,), _ = await run(server.url)
        assert server.log.attempts.total() == 1
    assert error.kind == "bad_request"
    assert "redirected" in str(error)
