"""Reading a chat completion: the right value, or a clear error, whatever a server sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from sleeptime_lib.models.answers import Answer
from sleeptime_lib.models.tokens import estimated_usage
from sleeptime_lib.records import Reply, Request, ToolCall, Usage

_CHARSET: Final = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)
_MOST_TOKENS: Final = 10**9
"""Counts beyond it are garbage."""


class BadReply(Exception):
    """A reply of status 200 that holds no completion.

    Attributes:
        usage: What the call was billed, if the server said so.
        error: The error object the server sent in place of a completion, if it did.
    """

    def __init__(self, message: str, *, usage: Usage | None = None, error: Any = None) -> None:
        super().__init__(message)
        self.usage = usage
        self.error = error


def read_reply(answer: Answer, request: Request, *, owner: str, latency_s: float) -> Reply:
    """Read the completion in `answer`.

    Null content is "", content in parts is joined, tool arguments sent as an object are written
    as JSON, a refusal is the text with finish reason "refusal", missing usage is estimated.

    Raises:
        BadReply: There is no completion in it.
    """
    content = read_object(answer)
    if content.get("error"):
        raise BadReply("an error object with status 200", error=content["error"])
    raw_usage = content.get("usage")
    choices = content.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        what = "choices" if choice is None else "message"
        raise BadReply(f"the reply has no {what}", usage=_stated_usage(raw_usage))
    text, thought = _content(message.get("content"))
    reasoning = _text(message.get("reasoning_content") or message.get("reasoning")) or thought
    calls = _tool_calls(message)
    finish = _text(choice.get("finish_reason"))
    if not text and (refusal := _text(message.get("refusal"))):
        text, finish = refusal, "refusal"
    usage = _stated_usage(raw_usage)
    if usage is None:
        written = [reasoning, text, *(f"{call.name} {call.arguments}" for call in calls)]
        usage = _completed(raw_usage, estimated_usage(request, "\n".join(written)))
    return Reply(_storable(text), calls, finish, usage, _storable(reasoning), latency_s, owner)


def read_object(answer: Answer) -> dict[str, Any]:
    """The JSON object in the body of `answer`.

    Raises:
        BadReply: The body is not text, no JSON, or another kind of value.
    """
    try:
        content = json.loads(answer.body)
    except UnicodeDecodeError:
        content = _in_other_charset(answer)
    except (ValueError, RecursionError):
        raise BadReply(f"the reply is no JSON: {excerpt(answer.body)}") from None
    if not isinstance(content, dict):
        raise BadReply(f"the reply is a JSON {type(content).__name__}, not an object")
    return content


def excerpt(body: bytes, length: int = 200) -> str:
    """The start of a body as one line of text, without HTML tags, for messages."""
    text = body[: 20 * length].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>", " ", text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{line[:length]}..." if len(line) > length else line or "(empty)"


def _in_other_charset(answer: Answer) -> Any:
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        return json.loads(answer.body.decode(named[1] if named else "utf-8"))
    except (ValueError, LookupError, RecursionError):
        raise BadReply(f"the reply is not UTF-8 text: {excerpt(answer.body, 60)}") from None


def _content(content: Any) -> tuple[str, str]:
    """Text and visible reasoning of a message's content, which may be a list of parts."""
    if not isinstance(content, list):
        return _text(content), ""
    parts = [part if isinstance(part, dict) else {"text": part} for part in content]
    text = "".join(_text(part.get("text")) for part in parts)
    return text, "".join(_content(part.get("thinking"))[0] for part in parts)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _storable(text: str) -> str:
    """`text` without half surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    items = message.get("tool_calls")
    if not items and (legacy := message.get("function_call")):
        items = [{"function": legacy}]
    if not isinstance(items, list):
        items = [items] if isinstance(items, dict) else []
    calls = []
    for index, item in enumerate(items):
        function = item.get("function") if isinstance(item, dict) else None
        if not isinstance(function, dict):
            function = {"name": "", "arguments": item}
        arguments = function.get("arguments")
        call_id = (_text(item.get("id")) if isinstance(item, dict) else "") or f"call_{index}"
        calls.append(
            ToolCall(
                _storable(call_id),
                _storable(_text(function.get("name"))),
                _storable("{}" if arguments is None else _text(arguments)),
            )
        )
    return tuple(calls)


def _stated_usage(raw: Any) -> Usage | None:
    """Usage as the server states it; None unless prompt and completion tokens are both there."""
    if not isinstance(raw, dict):
        return None
    prompt = _count(raw.get("prompt_tokens", raw.get("input_tokens")))
    completion = _count(raw.get("completion_tokens", raw.get("output_tokens")))
    if prompt is None or completion is None:
        return None
    cached = _detail(raw, "prompt_tokens_details", "cached_tokens")
    if cached is None:  # DeepSeek's own field
        cached = _count(raw.get("prompt_cache_hit_tokens"))
    reasoning = _detail(raw, "completion_tokens_details", "reasoning_tokens") or 0
    total = _count(raw.get("total_tokens"))
    if reasoning > completion or total == prompt + completion + reasoning:
        completion += reasoning  # some servers count reasoning beside the completion
    return Usage(prompt, min(cached or 0, prompt), completion, reasoning)


def _completed(raw: Any, estimate: Usage) -> Usage:
    """The estimate, with those counts the server did state."""
    stated = raw if isinstance(raw, dict) else {}
    prompt = _count(stated.get("prompt_tokens"))
    completion = _count(stated.get("completion_tokens"))
    return Usage(
        prompt=estimate.prompt if prompt is None else prompt,
        completion=estimate.completion if completion is None else completion,
        estimated=True,
    )


def _detail(raw: Mapping[str, Any], group: str, name: str) -> int | None:
    details = raw.get(group)
    return _count(details.get(name)) if isinstance(details, dict) else None


def _count(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
        return value
    if isinstance(value, float) and value.is_integer() and 0 <= value <= _MOST_TOKENS:
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None
