"""What to do about an attempt that brought no reply: try again, wait, give up, or stop the run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

from sleeptime_lib.models.answers import Answer, Late, NoAnswer, NotConnected, TooLong
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import BadReply, excerpt

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

_FIRST_CONTACT_TRIES: Final = 3
"""Failures before anything worked that show the address, or the model's name, to be wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
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


def judge_answer(answer: Answer) -> Verdict:
    """Judge an answer whose status is not a success."""
    status = answer.status
    said = f"{status}: {error_text(answer.body)}"
    wait = retry_after(answer.headers)
    if 300 <= status < 400:
        to = answer.headers.get("location", "another address")
        return Verdict("bad_request", f"{status}: redirected to {to}", "fail")
    verdict = _judge_status(status, said, wait)
    if verdict.then == "retry" and answer.headers.get("x-should-retry") == "false":
        return Verdict(verdict.kind, said, "fail")
    return verdict


def judge_bad_reply(bad: BadReply) -> Verdict:
    """Judge a reply of status 200 that holds no completion."""
    if bad.error is None:
        return Verdict("bad_reply", str(bad), "retry", billed=bad.usage is None)
    code = bad.error.get("code") if isinstance(bad.error, dict) else None
    status = int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else 500
    said = f"error with status 200: {error_text(json.dumps({'error': bad.error}).encode())}"
    return _judge_status(status, said, None)


def judge_no_answer(error: NoAnswer) -> Verdict:
    """Judge an attempt without a whole answer."""
    message = str(error)
    if isinstance(error, NotConnected):
        return Verdict("unreachable", message, "retry")
    if isinstance(error, Late):
        return Verdict("timeout", message, "retry", billed=True)
    if isinstance(error, TooLong):
        return Verdict("bad_reply", message, "fail", billed=True)
    return Verdict("connection", message, "retry", billed=True)


def _judge_status(status: int, said: str, wait: float | None) -> Verdict:
    if status == 402 or (status in (403, 429) and _QUOTA.search(said)):
        return Verdict("quota", said, "stop")
    if status == 401 or (status == 403 and not _MODERATION.search(said)):
        return Verdict("auth", said, "stop")
    if status == 429 and not _TOO_LARGE.search(said):
        return Verdict("rate_limit", said, "wait", wait)
    if status == 408:
        return Verdict("timeout", said, "retry", wait)
    if status in (409, 425) or status >= 500:
        return Verdict("server_error", said, "retry", wait)
    if status == 413 or status == 429 or (status in (400, 422) and _CONTEXT.search(said)):
        return Verdict("context_length", said, "fail")
    kind = {403: "refusal", 404: "not_found"}.get(status, "bad_request")
    return Verdict(kind, said, "fail")


@dataclass(frozen=True, slots=True)
class Contact:
    """How the contact with a server has been so far.

    Attributes:
        connected: It has answered something.
        faults: Failed attempts of this call before the present one.
        not_found: Calls that ended with 404 while no call has ever had a reply.
    """

    connected: bool
    faults: int
    not_found: int


def why_stop(verdict: Verdict, endpoint: Endpoint, limits: Limits, contact: Contact) -> str:
    """Why no further call can succeed, as one line for the user; "" when one can."""
    url, said = endpoint.base_url, endpoint.api_key.scrub(verdict.message)
    if verdict.kind == "auth":
        return f"{url} refuses the key ({said}): check the environment variable {endpoint.key_env}"
    if verdict.then == "stop":
        return f"{url} refuses to go on: {said}"
    if (verdict.retry_after_s or 0.0) > limits.max_retry_after_s:
        hours = f"{(verdict.retry_after_s or 0.0) / 3600:.1f} hours"
        return f"{url} asks to wait {hours} ({said}): run the same command again then"
    most = limits.max_retries if contact.connected else _FIRST_CONTACT_TRIES - 1
    if verdict.kind == "unreachable" and contact.faults >= most:
        return f"cannot reach {url} ({said}): start the server there or correct the base URL"
    if verdict.kind == "not_found" and contact.not_found >= _FIRST_CONTACT_TRIES - 1:
        check = "check the model's name and the base URL, which usually ends in /v1"
        return f"{url} does not know {endpoint.model} ({said}): {check}"
    return ""


def error_text(body: bytes) -> str:
    """What an error body says, as one line: its message and code, or its start without tags."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return excerpt(body)
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return excerpt(str(error).encode())
    message = error.get("message") or error.get("detail") or json.dumps(error)
    codes = [str(error[name]) for name in ("code", "type") if error.get(name)]
    code = f" ({codes[0]})" if codes and codes[0] not in str(message) else ""
    return excerpt(str(message).encode("utf-8", "replace"), 300) + code


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds the server asks to wait: `retry-after-ms`, or `Retry-After` in either form.

    A date is read against the server's own clock where it sends one, so that a wrong clock here
    does not change the wait.
    """
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    until = _date(headers.get("retry-after"))
    if until is None:
        return None
    start = _date(headers.get("date")) or now or datetime.now(UTC)
    return max(0.0, (until - start).total_seconds())


def _date(text: Any) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
