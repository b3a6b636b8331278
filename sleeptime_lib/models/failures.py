"""What to do about an attempt that brought no reply: try again, wait, give up, or stop the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import (
    NEEDS_LOGPROBS,
    Answer,
    BadReply,
    Late,
    NoAnswer,
    NoLogprobs,
    NotConnected,
    TooLong,
    describe_error,
    error_text,
    one_line,
)

Then = Literal["retry", "wait", "again", "fail", "stop"]

_CONTEXT: Final = re.compile(
    r"context.?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens",
    re.IGNORECASE,
)
_QUOTA: Final = re.compile(r"insufficient_quota|billing_hard_limit|insufficient (credits|balance)")
_MODERATION: Final = re.compile(r"moderation|flagged|content.?(policy|filter)", re.IGNORECASE)
_TOO_LARGE: Final = re.compile(
    r"request too large|reduce (the|your) (length|prompt)", re.IGNORECASE
)

_LONGEST_WAIT: Final = 32 * 86_400.0
"""Seconds. Quotas end with the month: who asks for more has no wait in mind."""
_FIRST_CONTACT_TRIES: Final = 3
"""Failures before anything worked that show the address, or the model's name, to be wrong."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an attempt that failed means.

    Attributes:
        kind: As in `CallError`.
        message: One line: what the server said.
        then: "retry" after a backoff; "wait" and retry, for too many requests; "again" at once,
            with the request corrected; "fail" this call; "stop" the run.
        retry_after_s: Wait that the server asked for, in seconds.
        billed: Whether the attempt may have been billed although no reply came.
    """

    kind: str
    message: str
    then: Then
    retry_after_s: float | None = None
    billed: bool = False


def judge_answer(answer: Answer, *, scoring: bool = False, advice: str = "") -> Ruling:
    """Judge an answer whose status is not a success.

    Args:
        answer: What came.
        scoring: Whether it is to a prompt to score.
        advice: What to add where the request was a wrong one.
    """
    status = answer.status
    said = f"{status}: {error_text(answer.body)}"
    wait = retry_after(answer.headers)
    if 300 <= status < 400:
        to = one_line(answer.headers.get("location", "another address"))
        return Ruling("bad_request", f"{status}: redirected to {to}", "fail")
    ruling = _judge_status(status, said, wait)
    if advice and ruling.kind == "bad_request":
        return replace(ruling, message=ruling.message + advice)
    if scoring and ruling.kind in ("bad_request", "not_found"):
        return Ruling("no_logprobs", f"{said}; {NEEDS_LOGPROBS}", "fail")
    if ruling.then == "retry" and answer.headers.get("x-should-retry") == "false":
        return Ruling(ruling.kind, said, "fail")
    return ruling


def judge_bad_reply(bad: BadReply) -> Ruling:
    """Judge a reply of status 200 that holds no completion."""
    if isinstance(bad, NoLogprobs):
        return Ruling("no_logprobs", str(bad), "fail", billed=bad.usage is None)
    if bad.error is None:
        return Ruling("bad_reply", str(bad), "retry", billed=bad.usage is None)
    code = bad.error.get("code") if isinstance(bad.error, dict) else None
    known = isinstance(code, int | str) and re.fullmatch(r"[45][0-9]{2}", str(code))
    status = int(code) if known and code else 500
    said = f"error with status 200: {describe_error(bad.error)}"
    return _judge_status(status, said, None)


def judge_no_answer(error: NoAnswer) -> Ruling:
    """Judge an attempt without a whole answer."""
    message = str(error)
    if isinstance(error, NotConnected):
        return Ruling("unreachable", message, "retry")
    if isinstance(error, Late):
        return Ruling("timeout", message, "retry", billed=True)
    if isinstance(error, TooLong):
        return Ruling("bad_reply", message, "fail", billed=True)
    return Ruling("connection", message, "retry", billed=True)


def _judge_status(status: int, said: str, wait: float | None) -> Ruling:
    if status == 402 or (status in (403, 429) and _QUOTA.search(said)):
        return Ruling("quota", said, "stop")
    if status == 401 or (status == 403 and not _MODERATION.search(said)):
        return Ruling("auth", said, "stop")
    if status == 429 and not _TOO_LARGE.search(said):
        return Ruling("rate_limit", said, "wait", wait)
    if status == 408:
        return Ruling("timeout", said, "retry", wait)
    if status in (409, 425) or (status >= 500 and status != 501):
        return Ruling("server_error", said, "retry", wait)
    if status == 413 or status == 429 or (status in (400, 422) and _CONTEXT.search(said)):
        return Ruling("context_length", said, "fail")
    kind = {403: "refusal", 404: "not_found"}.get(status, "bad_request")
    return Ruling(kind, said, "fail")


def why_stop(
    ruling: Ruling,
    endpoint: Endpoint,
    limits: Limits,
    *,
    connected: bool,
    faults: int,
    not_found: int,
) -> str:
    """Why no further call can succeed, as one line for the user; "" when one can.

    Args:
        ruling: On the present attempt.
        endpoint: Where it was sent.
        limits: How often an attempt is repeated, and how long a server may ask to wait.
        connected: The server has answered something.
        faults: Failed attempts of this call before the present one.
        not_found: Calls that ended with 404 while no call has ever had a reply.
    """
    url, said = endpoint.base_url, endpoint.api_key.scrub(ruling.message)
    if ruling.kind == "auth":
        return f"{url} refuses the key ({said}): check the environment variable {endpoint.key_env}"
    if ruling.then == "stop":
        return f"{url} refuses to go on: {said}"
    if (ruling.retry_after_s or 0.0) > limits.max_retry_after_s:
        hours = f"{(ruling.retry_after_s or 0.0) / 3600:.1f} hours"
        return f"{url} asks to wait {hours} ({said}): run the same command again then"
    most = limits.max_retries if connected else _FIRST_CONTACT_TRIES - 1
    if ruling.kind == "unreachable" and faults >= most:
        return f"cannot reach {url} ({said}): start the server there or correct the base URL"
    if ruling.kind == "not_found" and not_found >= _FIRST_CONTACT_TRIES - 1:
        check = "check the model's name and the base URL, which usually ends in /v1"
        return f"{url} does not know {endpoint.model} ({said}): {check}"
    return ""


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds the server asks to wait: `retry-after-ms`, or `Retry-After` in either form.

    None when it does not say, or names a time that no server means. A date is read against the
    server's own clock where it sends one, so that a wrong clock here does not change the wait.
    """
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if (wait := _sensible(seconds)) is not None:
            return wait
    until = _date(headers.get("retry-after"))
    if until is None:
        return None
    start = _date(headers.get("date")) or now or datetime.now(UTC)
    return _sensible((until - start).total_seconds())


def _sensible(seconds: float) -> float | None:
    return max(0.0, seconds) if seconds <= _LONGEST_WAIT else None


def _date(text: Any) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
