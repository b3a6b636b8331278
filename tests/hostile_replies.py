"""Whole HTTP replies that nobody would send, made field by field from a source of choices.

The source is a `random.Random`: a seeded one gives as many as a test likes, and that of Hypothesis
gives those that it can shrink.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import zlib
from typing import Any, Final

from fault_replies import Completion, completion, http

HALF: Final = "half a pair \ud800 here"

TEXTS: Final = (
    "",
    "\ud800",
    "\udfff\ud800",
    HALF,
    "a\x00b",
    "\x1b[31mred\x1b]0;title\x07",
    "two\r\nlines\u2028more",
    "\u202etxt\u200b\ufeff\uffff",
    "<script><style><head>" * 9,
    "<" * 600,
    "\U0001f9ee\u0301\u0661",
    "stop",
    "12",
    "-5",
    "nan",
    "text " * 40,
)
RAW: Final = {
    "@1e999@": "1e999",
    "@-1e999@": "-1e999",
    "@nan@": "NaN",
    "@10**400@": "1" + "0" * 400,
    "@10**5000@": "1" + "0" * 5000,
    "@300 deep@": "[" * 300 + "]" * 300,
    "@900 deep@": '{"a":' * 900 + "1" + "}" * 900,
    "@100,000 deep@": "[" * 100_000 + "]" * 100_000,
    "@half an escape@": '"\\ud83d\\u0041"',
    "@twice@": '{"a": 1, "a": "\\udc80"}',
}
"""JSON that Python would not write, by the text that stands for it."""
OTHERS: Final = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    -(2**70),
    10**9,
    [],
    {},
    [None, HALF, {}],
    {HALF: [HALF], "text": HALF, "thinking": [HALF]},
    {"text": {"text": "x"}},
    [[[["x"]]]],
)
VALUES: Final = (*TEXTS, *RAW, *OTHERS)

_CHOICE: Final = ("choices", 0)
_MESSAGE: Final = (*_CHOICE, "message")
_CALL: Final = (*_MESSAGE, "tool_calls", 0)
FIELDS: Final = (
    ("id",),
    ("model",),
    ("object",),
    ("error",),
    ("choices",),
    _CHOICE,
    (*_CHOICE, "finish_reason"),
    (*_CHOICE, "text"),
    (*_CHOICE, "logprobs"),
    _MESSAGE,
    *((*_MESSAGE, name) for name in ("role", "content", "refusal", "reasoning")),
    (*_MESSAGE, "reasoning_content"),
    (*_MESSAGE, "function_call"),
    (*_MESSAGE, "tool_calls"),
    _CALL,
    (*_CALL, "id"),
    (*_CALL, "function"),
    (*_CALL, "function", "name"),
    (*_CALL, "function", "arguments"),
    ("usage",),
    *(
        ("usage", name)
        for name in (
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        )
    ),
    ("usage", "prompt_tokens_details"),
    ("usage", "prompt_tokens_details", "cached_tokens"),
    ("usage", "prompt_tokens_details", "cache_write_tokens"),
    ("usage", "completion_tokens_details", "reasoning_tokens"),
)
ERROR_FIELDS: Final = ((), ("message",), ("code",), ("type",), ("detail",), ("param",))

STATUSES: Final = (200,) * 12 + (201, 204, 206, 304, 307, 400, 404, 409, 422, 429, 500, 503, 600)
"""No status that rightly ends a run: those about keys and money."""

_HEADERS: Final = (
    "location",
    "retry-after",
    "retry-after-ms",
    "date",
    "x-should-retry",
    "content-type",
    "content-language",
    "set-cookie",
    "server",
    "x-request-id",
)
_HEADER_VALUES: Final = (
    b"",
    b"/x\xff\xfe",
    b"\xed\xa0\x80",
    b"http://[",
    b"//user:word@host:99999999/\x1b[31m",
    b"Mon, 01 Jan 2024 00:00:00 +99999999999999",
    b"Mon, 01 Jan 99999999 00:00:00 GMT",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b"Sat, 01 Jan 0001 00:00:00 +2359",
    b"Mon, 99 Foo 2024",
    b"1e308",
    b"1e999",
    b"-1",
    b"nan",
    b"9" * 500,
    b"0.001",
    b"application/json; charset=utf-7",
    b"text/html; charset=punycode",
    b"a; charset=idna",
    b"x" * 4000,
    b"a=b; expires=x; \x80=\xff; path",
)


def hostile(choices: random.Random) -> bytes:
    """All bytes of a reply."""
    status = choices.choice(STATUSES)
    body = _body(choices, status)
    kind = "application/json"
    named = choices.choices(_HEADERS, k=choices.choice((0, 0, 1, 2)))
    more = [(name, choices.choice(_HEADER_VALUES)) for name in named]
    match choices.randrange(16):
        case 0:
            body = body.decode("utf-8", "replace").encode("utf-16")
        case 1:
            body, kind = body.decode("utf-8", "replace").encode("latin-1", "replace"), "a;charset=b"
        case 2:
            body = body[: choices.randrange(len(body) + 1)]
        case 3:
            at = choices.randrange(len(body) + 1)
            body = body[:at] + choices.choice((b"\xff", b"\x00", b"\xed\xa0\x80", b"]")) + body[at:]
        case 4:
            packed = choices.choice((gzip.compress(body), zlib.compress(body), body, b""))
            said = choices.choice((b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"x"))
            body, more = packed, [*more, ("content-encoding", said)]
    head, _, _ = http(status, body, kind).partition(b"\r\n\r\n")
    lines = [head, *(b"%b: %b" % (name.encode(), value) for name, value in more)]
    if status in (204, 304):
        body = b""
    return b"\r\n".join([*lines, b"", b""]) + body


def _body(choices: random.Random, status: int) -> bytes:
    reply: Any = completion(choices.choice(("12", *TEXTS)), {"prompt_tokens": 9})
    reply["usage"]["completion_tokens"] = 4
    if status != 200 or not choices.randrange(6):
        reply = {"error": {"message": "no"}}
        for _ in range(choices.randrange(3)):
            path = ("error", *choices.choice(ERROR_FIELDS))
            reply = _with(reply, path, choices.choice(VALUES))
    else:
        for _ in range(choices.randrange(4)):
            reply = _with(reply, choices.choice(FIELDS), choices.choice(VALUES))
    if not choices.randrange(40):
        reply = choices.choice(VALUES)
    return written(reply)


def written(reply: Any) -> bytes:
    """The JSON of a reply, with what Python would not write in it."""
    text = json.dumps(reply)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode()


def _with(reply: Completion, path: tuple[str | int, ...], value: Any) -> Completion:
    """The reply with a value at a path; what is missing on the way is made, what is wrong stays."""
    holder: Any = reply
    for name, following in itertools.pairwise(path):
        empty: Any = [{}] if isinstance(following, int) else {}
        if isinstance(name, int):
            if not isinstance(holder, list) or not holder:
                return reply
        elif not isinstance(holder, dict):
            return reply
        elif not isinstance(holder.get(name), list | dict):
            holder[name] = empty
        holder = holder[name]
    last: Any = path[-1]
    if isinstance(holder, dict if isinstance(last, str) else list) and (holder or last != 0):
        holder[last] = value
    return reply
