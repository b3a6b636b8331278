"""Replies that nobody would send: stored and told all the same, or one clear error."""

import asyncio
import json
import time
import tracemalloc
import zlib

import pytest
from client_process import peak_mb, question
from fault_replies import completion, http, plain_answer
from fault_server import FaultServer
from hostile_replies import HALF, hostile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.models.cache_file import is_intact, reply_of, row_of
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.failures import judge_answer, judge_bad_reply, retry_after
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import (
    Answer,
    BadReply,
    one_line,
    read_object,
    read_reply,
    storable,
)

USAGE = {"prompt_tokens": 9, "completion_tokens": 4}
CALL = {"id": HALF, "function": {"name": HALF, "arguments": {HALF: HALF}}}


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def reply_with(content: bytes) -> bytes:
    body = json.dumps(completion("CONTENT", USAGE)).encode().replace(b'"CONTENT"', content)
    return http(200, body)


async def ask(answer, tmp_path, count=3):
    """What came of `count` questions, kept in a cache that another session can read."""
    path = tmp_path / "calls.sqlite"
    limits = Limits(timeout_s=5, backoff_s=0.01, max_retries=1, max_rate_limit_retries=1)
    with FaultServer(answer=answer) as server:
        endpoint = resolve("m", base_url=server.url)
        async with asyncio.timeout(20):
            async with Client(endpoint, cache_path=path, limits=limits) as client:
                calls = (client.complete(question(i), owner="a") for i in range(count))
                got = await asyncio.gather(*calls, return_exceptions=True)
            server.answer = lambda *_: (404, {"error": "it is asked again"})
            async with Client(endpoint, cache_path=path, limits=limits) as client:
                for index, item in enumerate(got):
                    if not isinstance(item, Exception):
                        assert await client.complete(question(index), owner="b") == item
    return got


@pytest.mark.parametrize(
    "change",
    [
        {"finish_reason": HALF},
        {"finish_reason": [HALF]},
        {"message": {"content": HALF}},
        {"message": {"content": [{"text": HALF}]}},
        {"message": {"content": {"a": HALF}}},
        {"message": {"content": None, "refusal": HALF}},
        {"message": {"content": "x", "reasoning": HALF}},
        {"message": {"content": None, "tool_calls": [CALL]}},
    ],
)
async def test_half_a_surrogate_pair_in_any_field_is_stored_without_it(tmp_path, change):
    def answer(path, body):
        reply = completion("12", USAGE)
        reply["choices"][0].update(change)
        return 200, reply

    got = await ask(answer, tmp_path)
    assert all("half a pair ?" in repr(reply) for reply in got)


@pytest.mark.parametrize("status", [200, 400, 404, 422, 500])
@pytest.mark.parametrize(
    "error",
    [
        HALF,
        "\ud800",
        {"message": HALF},
        {"message": "no", "code": HALF},
        {"message": None, "type": HALF},
        {"message": {"a": [HALF]}, "code": [HALF]},
        {"code": 10**4000},
        [HALF],
    ],
)
async def test_errors_of_any_text_are_told_in_one_line_that_can_be_stored(tmp_path, status, error):
    got = await ask(lambda path, body: (status, {"error": error}), tmp_path)
    for item in got:
        assert isinstance(item, CallError | StopRun)
        line = str(item)
        assert line.encode("utf-8")
        assert line.isprintable()
        assert len(line) < 600


async def test_a_redirect_to_no_text_is_told(tmp_path):
    away = b"HTTP/1.1 307 X\r\nlocation: /x\xff\xfe\r\ncontent-length: 0\r\n\r\n"
    got = await ask(lambda path, body: away, tmp_path)
    assert all("redirected to /x" in str(error) for error in got)
    assert all(str(error).encode("utf-8") for error in got)


@pytest.mark.parametrize(
    "when",
    [
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
        "Mon, 01 Jan 99999999 00:00:00 GMT",
        "Mon, 99 Foo 2024",
        "\xff",
        "1e400",
        "-5",
    ],
)
async def test_an_absurd_retry_after_is_no_retry_after(tmp_path, when):
    seen = []

    def answer(path, body):
        seen.append(body)
        if len(seen) > 1:
            return plain_answer(path, body)
        return http(429, b"{}", headers={}).replace(
            b"\r\n\r\n", b"\r\nretry-after: " + when.encode("latin-1") + b"\r\n\r\n", 1
        )

    (reply,) = await ask(answer, tmp_path, count=1)
    assert "The answer is" in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "1e300"},
        {"retry-after": "9" * 500},
        {"retry-after-ms": "nan", "retry-after": "nan"},
        {"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"},
        {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "Sat, 01 Jan 0001 00:00:00 +2359"},
    ],
)
def test_a_wait_that_no_server_means_is_none(headers):
    assert retry_after(headers) is None


def test_a_long_line_of_signs_takes_no_time_to_tell():
    start = time.perf_counter()
    for _ in range(20):
        one_line("<" * 10**6, 300)
        one_line("<script>" * 10**6, 300)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "unicode_escape", "cp037", "no"])
def test_a_charset_in_which_text_can_hide_is_not_read(charset):
    answer = Answer(200, {"content-type": f"x; charset={charset}"}, b'{"a": "\xff"}')
    with pytest.raises(BadReply, match="not UTF-8"):
        read_object(answer)


def test_a_finish_reason_is_a_short_name():
    body = completion("12", USAGE)
    body["choices"][0]["finish_reason"] = "\x1b[31mred\n" * 10_000
    reply = read_reply(
        Answer(200, {}, json.dumps(body).encode()), question(1), owner="a", latency_s=0.0
    )
    assert len(reply.finish_reason) < 80
    assert reply.finish_reason.isprintable()


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_is_sent_is_a_reply_that_can_be_kept_or_a_line_that_can_be_told(choices):
    answer = parsed(hostile(choices))
    try:
        if answer.status != 200:
            line = judge_answer(answer).message
        else:
            reply = read_reply(answer, question(1), owner="a", latency_s=0.1)
            row = row_of(b"key", "m", reply)
            assert is_intact(b"key", row)
            assert reply_of(row) == reply
            assert repr(reply).encode("utf-8")
            assert reply.finish_reason.isprintable()
            line = "kept"
    except BadReply as bad:
        line = judge_bad_reply(bad).message
    assert line.encode("utf-8")
    assert line.isprintable()
    assert len(line) < 600


def parsed(reply: bytes) -> Answer:
    """A whole reply as the wire hands it on; compressed ones stay so."""
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    texts = {name.decode(): storable(text.decode("utf-8", "surrogateescape"))
             for name, text in headers.items()}  # fmt: skip
    return Answer(int(first.split()[1]), texts, body)


def bomb(megabytes: int, said: str = "gzip") -> bytes:
    """A reply of so many megabytes in a thousandth of that."""
    packer = zlib.compressobj(9, wbits=31 if said == "gzip" else 15)
    body = b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()
    return http(200, body, headers={"content-encoding": said})


@pytest.mark.parametrize("said", ["gzip", "deflate"])
async def test_a_bomb_is_a_reply_that_is_too_long(tmp_path, said):
    content = bomb(400, said)
    tracemalloc.start()
    try:
        got = await ask(lambda path, body: content, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all("longer than 33,554,432 bytes" in str(error) for error in got)
    assert peak < 200 * 2**20


def test_long_replies_are_read_a_few_at_a_time():
    content = http(200, b" " * 10_000_000)
    with FaultServer(answer=lambda path, body: content) as server:
        assert peak_mb(server.url, 60) - peak_mb(server.url, 1) < 60 * 10 / 2


@pytest.mark.parametrize("depth", [350, 900, 100_000])
async def test_content_nested_deeply_is_a_bad_reply(tmp_path, depth):
    got = await ask(lambda path, body: reply_with(nested(depth)), tmp_path)
    for item in got:
        if isinstance(item, CallError):
            assert item.kind == "bad_reply"
        else:
            assert set(item.text) == {"[", "]"}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("depth", [350, 900, 100_000])
async def test_an_error_nested_deeply_is_told(tmp_path, depth, status):
    body = b'{"error": {"message": ' + nested(depth) + b"}}"
    for item in await ask(lambda path, _: http(status, body), tmp_path):
        assert isinstance(item, CallError)
        assert len(str(item)) < 600


async def test_tool_arguments_nested_deeply_break_nothing(tmp_path):
    call = b'{"id": "a", "function": {"name": "f", "arguments": ' + nested(900) + b"}}"
    body = json.dumps(completion(None, USAGE, tool_calls=["CALL"])).encode()
    for item in await ask(lambda path, _: http(200, body.replace(b'"CALL"', call)), tmp_path):
        assert not isinstance(item, Exception) or item.kind == "bad_reply"


def test_the_code_of_an_error_is_cut_too():
    body = json.dumps({"error": {"message": "no", "code": "x\n" * 10_000}}).encode()
    message = judge_answer(Answer(400, {}, body)).message
    assert "\n" not in message
    assert len(message) < 400
