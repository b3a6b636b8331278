"""What each failure means: retry, wait, give up or stop."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sleeptime_lib.models.failures import (
    judge_answer,
    judge_bad_reply,
    judge_no_answer,
    retry_after,
)
from sleeptime_lib.models.replies import Answer, BadReply, Broken, Late, NotConnected, TooLong


def answer(status, message="said", code=None, headers=None):
    body = json.dumps({"error": {"message": message, "code": code}}).encode()
    return Answer(status, headers or {}, body)


@pytest.mark.parametrize(
    ("status", "message", "code", "kind", "then"),
    [
        (400, "wrong parameter", None, "bad_request", "fail"),
        (400, "This model's maximum context length is 8192", None, "context_length", "fail"),
        (400, "too long", "context_length_exceeded", "context_length", "fail"),
        (401, "bad key", None, "auth", "stop"),
        (402, "no credit", None, "quota", "stop"),
        (403, "no access", None, "auth", "stop"),
        (403, "the input was flagged", None, "refusal", "fail"),
        (404, "no such model", None, "not_found", "fail"),
        (408, "slow", None, "timeout", "retry"),
        (409, "conflict", None, "server_error", "retry"),
        (413, "too big", None, "context_length", "fail"),
        (422, "wrong type", None, "bad_request", "fail"),
        (425, "early", None, "server_error", "retry"),
        (429, "slow down", None, "rate_limit", "wait"),
        (429, "pay first", "insufficient_quota", "quota", "stop"),
        (429, "Request too large for gpt", None, "context_length", "fail"),
        (500, "oops", None, "server_error", "retry"),
        (503, "busy", None, "server_error", "retry"),
        (529, "busy", None, "server_error", "retry"),
        (307, "", None, "bad_request", "fail"),
        (418, "teapot", None, "bad_request", "fail"),
    ],
)
def test_a_status_decides(status, message, code, kind, then):
    verdict = judge_answer(answer(status, message, code))
    assert (verdict.kind, verdict.then) == (kind, then)
    assert not verdict.billed
    assert str(status) in verdict.message


def test_a_server_that_says_not_to_retry_is_believed():
    assert judge_answer(answer(500, headers={"x-should-retry": "false"})).then == "fail"


@pytest.mark.parametrize(
    ("error", "kind", "then", "billed"),
    [
        (NotConnected("refused"), "unreachable", "retry", False),
        (Late("late"), "timeout", "retry", True),
        (Broken("cut"), "connection", "retry", True),
        (TooLong("long"), "bad_reply", "fail", True),
    ],
)
def test_no_answer(error, kind, then, billed):
    verdict = judge_no_answer(error)
    assert (verdict.kind, verdict.then, verdict.billed) == (kind, then, billed)


@pytest.mark.parametrize(
    ("error", "then"),
    [
        ({"message": "busy", "code": 429}, "wait"),
        ({"message": "busy", "code": "503"}, "retry"),
        ({"message": "busy"}, "retry"),
        ("busy", "retry"),
        ({"message": "bad key", "code": 401}, "stop"),
        ({"message": "bad", "code": 400}, "fail"),
    ],
)
def test_an_error_with_status_200_counts_as_what_it_says(error, then):
    assert judge_bad_reply(BadReply("x", error=error)).then == then


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_in_numbers(headers, seconds):
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date_is_read_against_the_clock_here():
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": later}, now) == 90


def test_retry_after_as_a_date_is_read_against_the_servers_clock_if_it_tells_it():
    theirs = datetime(2020, 1, 1, tzinfo=UTC)
    headers = {
        "date": format_datetime(theirs, usegmt=True),
        "retry-after": format_datetime(theirs + timedelta(seconds=20), usegmt=True),
    }
    assert retry_after(headers) == 20


def test_retry_after_in_the_past_is_now():
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    assert retry_after({"retry-after": past}) == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"error": {"message": "no", "code": "x"}}', "no (x)"),
        (b'{"error": "no"}', "no"),
        (b'{"message": "no"}', "no"),
        (b'{"detail": "no"}', "no"),
        (b'{"detail": [{"loc": ["body"], "msg": "no"}]}', "'msg': 'no'"),
        (b"<html><body>\n<p>no</p>\n</body></html>", "no"),
        (b"", "(empty)"),
        (b"\xff\xfe", "500"),
        (b"no\nmore " * 1000, "..."),
    ],
)
def test_errors_are_told_in_one_line(body, says):
    message = judge_answer(Answer(500, {}, body)).message
    assert says in message
    assert "\n" not in message
    assert len(message) < 400
