"""Replies of the fault-injecting server: right ones, strange ones and wrong ones."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from time import time
from typing import Any

Completion = dict[str, Any]
Answer = Callable[[str, dict[str, Any]], tuple[int, Completion] | bytes]
"""From path and body of a request to status and body of the reply, or to all of its bytes."""

PASSING = (
    "429",
    "429 seconds",
    "429 date",
    "429 milliseconds",
    "408",
    "500",
    "502 html",
    "503",
    "529",
    "200 html",
    "200 error",
    "200 error code",
    "empty body",
    "half json",
    "json list",
    "no choices",
    "no message",
    "not utf-8",
    "cut in body",
    "cut before reply",
    "garbage",
    "late",
)
"""Faults after which the same request may succeed."""

LASTING = ("400", "404", "context length", "422")
"""Faults that a request meets whenever it is sent."""

STOPPING = ("401", "403", "quota", "402")
"""Faults after which no request succeeds."""

STRANGE = (
    "no usage",
    "null usage",
    "usage in strings",
    "null content",
    "content in parts",
    "refusal",
    "length",
    "broken arguments",
    "object arguments",
    "two calls",
    "extra fields",
    "reasoning",
    "very long",
)
"""Replies that are unusual and still have a right reading."""


def plain_answer(path: str, body: dict[str, Any]) -> tuple[int, Completion]:
    """A number that depends on the messages and the draw, in a reply of a matching length."""
    seen = json.dumps([body.get("messages"), body.get("seed"), body.get("temperature")])
    number = int(hashlib.sha256(seen.encode()).hexdigest()[:8], 16)
    words = [*["step"] * (number % 40), f"The answer is {number % 1000}."]
    most = body.get("max_tokens") or body.get("max_completion_tokens") or 10**6
    cut = len(words) + 3 > most
    prompt, written = len(seen) // 4, min(len(words) + 3, most)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }
    return 200, completion(" ".join(words[:most] if cut else words), usage, cut=cut)


def _scored(prompt: str, mark: str) -> tuple[list[str], list[float | None]]:
    """Tokens and log-probabilities of a prompt and of one generated token.

    A token is a word with the white space before it, and as improbable as it is long.
    """
    tokens = [*([mark] if mark else []), *re.findall(r"\s*\S+", prompt), " and"]
    return tokens, [None, *(-float(len(token)) for token in tokens[1:])]


def scored_answer(path: str, body: dict[str, Any], *, mark: str = "") -> tuple[int, Completion]:
    """What vLLM answers to `echo` and `logprobs`, by its source (entrypoints/openai/completion).

    Places add up the texts of the tokens, also where these are no part of the prompt.

    Args:
        path: Of the request.
        body: Of the request.
        mark: A token that the model's tokenizer puts in front, such as "<s>".
    """
    tokens, values = _scored(body["prompt"], mark)
    likelier = [None, *({token: value, " the": -0.5} for token, value in _known(tokens, values))]
    logprobs = {
        "text_offset": [sum(map(len, tokens[:index])) for index in range(len(tokens))],
        "token_logprobs": values,
        "tokens": tokens,
        "top_logprobs": likelier,
    }
    by_id = [
        {str(100 + i): {"logprob": value, "rank": 2, "decoded_token": token}}
        for i, (token, value) in enumerate(_known(tokens, values)[:-1])
    ]
    choice = {
        "index": 0,
        "text": body["prompt"] + tokens[-1],
        "logprobs": logprobs,
        "finish_reason": "length",
        "stop_reason": None,
        "token_ids": None,
        "prompt_logprobs": [None, *by_id],
        "prompt_token_ids": None,
    }
    return 200, {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [choice],
        "service_tier": None,
        "system_fingerprint": None,
        "usage": _usage(tokens, prompt_tokens_details=None),
        "kv_transfer_params": None,
    }


def sglang_answer(
    path: str, body: dict[str, Any], *, mark: str = "", spaces: bool = True
) -> tuple[int, Completion]:
    """What SGLang answers to `echo` and `logprobs`, by its source (entrypoints/openai).

    It tells no places (-1 each), and refuses to generate nothing.

    Args:
        path: Of the request.
        body: Of the request.
        mark: A token that the model's tokenizer puts in front.
        spaces: Whether a token keeps its white space when it is decoded alone.
    """
    if not body["max_tokens"]:
        message = "max_new_tokens must be positive"
        return 400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400}
    tokens, values = _scored(body["prompt"], mark)
    texts = tokens if spaces else [token.strip() for token in tokens]
    likelier = [None, *({token: value, "the": -0.5} for token, value in _known(texts, values))]
    choice = {
        "index": 0,
        "text": body["prompt"] + tokens[-1],
        "logprobs": {
            "text_offset": [-1] * len(texts),
            "token_logprobs": values,
            "tokens": texts,
            "top_logprobs": likelier,
        },
        "finish_reason": "length",
        "matched_stop": None,
    }
    return 200, {
        "id": "1f0c",
        "object": "text_completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [choice],
        "usage": _usage(tokens, prompt_tokens_details=None, reasoning_tokens=0),
        "metadata": {"weight_version": "default"},
    }


def _known(tokens: list[str], values: list[float | None]) -> list[tuple[str, float]]:
    """Tokens that have a log-probability."""
    pairs = zip(tokens, values, strict=True)
    return [(token, value) for token, value in pairs if value is not None]


def _usage(tokens: list[str], **more: Any) -> dict[str, Any]:
    read = len(tokens) - 1
    return {"prompt_tokens": read, "total_tokens": read + 1, "completion_tokens": 1, **more}


def completion(
    text: str | None, usage: Mapping[str, Any] | None, *, cut: bool = False, **message: Any
) -> Completion:
    """A chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": "length" if cut else "stop",
            }
        ],
        "usage": usage,
    }


class Billing:
    """A server that bills what it generates and states it, or not; `billed` is the sum.

    Args:
        words: Words in a reply, drawn between these two; each is a token.
        silent: Share of replies without usage.
        shows: Whether the words are in the reply; otherwise it is one number.
        times: So many times the `max_tokens` of the request are generated in place of `words`.
    """

    def __init__(
        self,
        words: tuple[int, int] = (20, 60),
        *,
        silent: float = 0.0,
        shows: bool = True,
        times: Callable[[int], int] | None = None,
    ) -> None:
        self._words = words
        self._silent = silent
        self._shows = shows
        self._times = times
        self.prompt = self.completion = self.calls = 0

    @property
    def billed(self) -> int:
        """Tokens billed so far."""
        return self.prompt + self.completion

    def __call__(self, path: str, body: dict[str, Any]) -> tuple[int, Completion]:
        seen = json.dumps(body["messages"])
        draw = random.Random(seen)
        count = draw.randint(*self._words)
        if self._times is not None:
            count = self._times(self.calls) * body["max_tokens"]
        prompt = len(seen) // 4
        self.calls += 1
        self.prompt += prompt
        self.completion += count
        text = " ".join(draw.choices(_WORDS, k=count)) if self._shows else "12"
        usage = {"prompt_tokens": prompt, "completion_tokens": count}
        return 200, completion(text, None if draw.random() < self._silent else usage)


_WORDS = (
    "Let us see how many rolls are left after the first day and take 12 of them away , so that 7 "
    "remain . She sells = 35 + 8 at noon"
).split()


def strange(kind: str, right: Completion) -> Completion:
    """The right completion in a strange shape."""
    reply: Completion = json.loads(json.dumps(right))
    choice = reply["choices"][0]
    message = choice["message"]
    call = {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    match kind:
        case "no usage":
            del reply["usage"]
        case "null usage":
            reply["usage"] = None
        case "usage in strings":
            reply["usage"] = {name: str(count) for name, count in reply["usage"].items()}
        case "null content":
            message["content"] = None
        case "content in parts":
            message["content"] = [{"type": "text", "text": message["content"]}]
        case "refusal":
            message.update(content=None, refusal="I cannot help with that.")
        case "length":
            choice["finish_reason"] = "length"
        case "broken arguments":
            call["function"] = {"name": "f", "arguments": '{"text": "unfinis'}
            message.update(content=None, tool_calls=[call])
        case "object arguments":
            call["function"] = {"name": "f", "arguments": {"text": 1}}
            message.update(content=None, tool_calls=[call])
        case "two calls":
            message.update(content=None, tool_calls=[call, {**call, "id": "call_b"}])
        case "extra fields":
            reply.update(service_tier="x", nested={"a": [1, None]})
            message["annotations"] = []
        case "reasoning":
            message["reasoning_content"] = "Let me think."
        case "very long":
            message["content"] += " very long" * 200_000
    return reply


def http(
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """An HTTP response."""
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def is_generated(fault: str) -> bool:
    """Whether a server that meets this fault has generated a reply, and bills it."""
    free = ("200 error", "200 error code", "context length", "quota")
    return fault.split(" ")[0] not in _STATUSES and fault not in free


def faulty(fault: str, right: Completion, wait: float, said: str = "") -> bytes:
    """The bytes of a reply that goes wrong.

    Args:
        fault: A name from PASSING, LASTING or STOPPING.
        right: What would be right.
        wait: Seconds that refusals ask for.
        said: Text that error messages repeat.
    """
    whole = json.dumps(right).encode()
    match fault:
        case "429 seconds":
            return _error(said, 429, "slow down", {"retry-after": f"{wait:g}"})
        case "429 date":
            # Dates count whole seconds: the server's own clock makes this one a short wait.
            now = int(time())
            date = {"date": formatdate(now, usegmt=True)}
            return _error(
                said, 429, "slow down", {"retry-after": formatdate(now, usegmt=True), **date}
            )
        case "429 milliseconds":
            return _error(said, 429, "slow down", {"retry-after-ms": f"{1000 * wait:g}"})
        case "502 html":
            return http(502, b"<html><body><h1>Bad gateway</h1></body></html>", "text/html")
        case "200 html":
            return http(200, b"<html><body>Please log in</body></html>", "text/html")
        case "200 error":
            return http(200, json.dumps({"error": {"message": "overloaded"}}).encode())
        case "200 error code":
            error = {"error": {"message": "upstream is busy", "code": 503}}
            return http(200, json.dumps(error).encode())
        case "empty body":
            return http(200, b"")
        case "half json":
            return http(200, whole[: len(whole) // 2])
        case "json list":
            return http(200, b"[1, 2]")
        case "no choices":
            return http(200, json.dumps({**right, "choices": []}).encode())
        case "no message":
            return http(200, json.dumps({**right, "choices": [{"index": 0}]}).encode())
        case "not utf-8":
            return http(200, whole.replace(b"answer", b"\xff\xfe\xe9"))
        case "cut in body":
            return http(200, whole)[: -len(whole) // 2]
        case "garbage":
            return b"\x00\x01\x02 this is no HTTP\r\n\r\n"
        case "context length":
            return _error(
                said, 400, "maximum context length is 8192 tokens", {}, "context_length_exceeded"
            )
        case "quota":
            return _error(said, 429, "you have no credit left", {}, "insufficient_quota")
    status = int(fault)
    return _error(said, status, _STATUSES[fault], {})


_STATUSES = {
    "400": "a parameter is wrong",
    "401": "the key is wrong",
    "402": "payment is due",
    "403": "not allowed",
    "404": "there is no such model",
    "408": "the request took too long",
    "422": "a field has the wrong type",
    "429": "slow down",
    "500": "internal error",
    "502": "bad gateway",
    "503": "overloaded",
    "529": "overloaded",
}


def _error(said: str, status: int, message: str, headers: dict[str, str], code: str = "") -> bytes:
    error = {"message": f"{message} {said}".strip(), "code": code or None, "type": "error"}
    return http(status, json.dumps({"error": error}).encode(), headers=headers)
