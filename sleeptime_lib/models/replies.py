"""What comes back from one attempt, and how it is read: the right value, or a clear error.

Whatever a server sends becomes text that can be stored and shown here, and nowhere else: without
half surrogate pairs, and in messages without line ends, tags and control characters.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sleeptime_lib.models.requests import estimated_usage
from sleeptime_lib.records import Reply, Request, TokenLogprob, ToolCall, Usage

NEEDS_LOGPROBS: Final = (
    "scoring a prompt needs /v1/completions with echo and logprobs, which vLLM, SGLang and "
    "`sleeptime serve --gguf` have, and the simulated model"
)
_CHARSET: Final = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)
_CHARSETS: Final = frozenset(
    "iso8859-1 iso8859-2 iso8859-15 cp1250 cp1251 cp1252 koi8-r gb2312 gbk gb18030 big5 "
    "shift_jis cp932 euc_jp euc_kr cp949".split()
)
"""Those that servers write besides Unicode. In others text can hide, or take hours to read."""
_MARKUP: Final = re.compile(r"(?is)<(script|style|head)\b[^<>]*>.*?(?:</\1>|\Z)|<[^<>]*>")
_NAME_LENGTH: Final = 60
"""Characters kept of what servers name in a word: a finish reason, the code of an error."""
_MOST_TOKENS: Final = 10**9
"""Counts beyond it are garbage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent, whatever its status.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: The whole body, decompressed, with the key scrubbed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """No whole answer came back."""


class NotConnected(NoAnswer):
    """The request never reached the server: nothing can have been billed."""


class Broken(NoAnswer):
    """The request was sent and the answer never came whole: it may have been billed."""


class Late(NoAnswer):
    """The deadline passed while waiting for the answer: it may have been billed."""


class TooLong(NoAnswer):
    """The answer is longer than what is read: it has been billed."""


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


class NoLogprobs(BadReply):
    """A reply that does not score every token of the prompt; another would not either."""


def read_reply(answer: Answer, request: Request, *, owner: str, latency_s: float) -> Reply:
    """Read the completion in `answer`.

    Null content is "", content in parts is joined, tool arguments sent as an object are written
    as JSON, a refusal is the text with finish reason "refusal", missing usage is estimated.

    Raises:
        BadReply: There is no completion in it.
    """
    content = read_object(answer)
    usage = _stated_usage(content.get("usage"))
    try:
        return _read(content, usage, request, storable(owner), latency_s)
    except RecursionError:
        raise BadReply("the reply is nested too deeply", usage=usage) from None


def _read(
    content: Mapping[str, Any],
    stated: Usage | None,
    request: Request,
    owner: str,
    latency_s: float,
) -> Reply:
    if content.get("error"):
        raise BadReply("an error object with status 200", error=content["error"])
    raw_usage = content.get("usage")
    choices = content.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise BadReply("the reply has no choices", usage=stated)
    finish = _name(choice.get("finish_reason"))
    if request.prompt is not None:
        if choice.get("text") is None:
            raise BadReply("the reply has no text", usage=stated)
        text = _text(choice["text"]).removeprefix(request.prompt)
        usage = stated or _completed(raw_usage, estimated_usage(request, text))
        logprobs = _logprobs(choice.get("logprobs"), request.prompt, usage)
        return Reply(text, (), finish, usage, "", latency_s, owner, logprobs)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise BadReply("the reply has no message", usage=stated)
    text, thought = _content(message.get("content"))
    reasoning = _text(message.get("reasoning_content") or message.get("reasoning")) or thought
    calls = _tool_calls(message)
    if not text and (refusal := _text(message.get("refusal"))):
        text, finish = refusal, "refusal"
    if stated is None:
        written = [reasoning, text, *(f"{call.name} {call.arguments}" for call in calls)]
        stated = _completed(raw_usage, estimated_usage(request, "\n".join(written)))
    return Reply(text, calls, finish, stated, reasoning, latency_s, owner)


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


def error_text(body: bytes) -> str:
    """What an error body says, as one line: its message and code, or its start without tags."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return excerpt(body)
    return describe_error(content.get("error", content) if isinstance(content, dict) else content)


def describe_error(error: Any) -> str:
    """What an error object says, as one line: its message and code."""
    try:
        if not isinstance(error, dict):
            return one_line(str(error))
        message = error.get("message") or error.get("detail") or json.dumps(error)
        codes = [_name(error[name]) for name in ("code", "type") if error.get(name)]
        said = one_line(str(message), 300)
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return "an error that cannot be read"
    return f"{said} ({codes[0]})" if codes and codes[0] not in said else said


def excerpt(body: bytes, length: int = 200) -> str:
    """The start of a body as one line of text, without HTML tags, for messages."""
    return one_line(body[: 20 * length].decode("utf-8", "replace"), length)


def one_line(text: str, length: int = 200) -> str:
    """The start of a text as one line that can be stored and shown, without HTML tags."""
    text = _MARKUP.sub(" ", text[: 20 * length])
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{line[:length]}..." if len(line) > length else line or "(empty)"


def storable(text: str) -> str:
    """`text` without half surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _in_other_charset(answer: Answer) -> Any:
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        charset = codecs.lookup(named[1]).name if named else ""
        return json.loads(answer.body.decode(charset if charset in _CHARSETS else "utf-8"))
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
        return storable(value)
    return "" if value is None else storable(json.dumps(value, ensure_ascii=False))


def _name(value: Any) -> str:
    """A short name in one line; "" when there is none."""
    text = _text(value)
    if len(text) <= _NAME_LENGTH and (not text or text.isidentifier()):
        return text
    return one_line(text, _NAME_LENGTH)


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
        written = "{}" if arguments is None else _text(arguments)
        calls.append(ToolCall(call_id, _text(function.get("name")), written))
    return tuple(calls)


def _logprobs(given: Any, prompt: str, usage: Usage) -> tuple[TokenLogprob, ...]:
    """The log-probability of every token of the prompt.

    Raises:
        NoLogprobs: Some are missing. Servers that score only what they generate, as llama.cpp's
            does, answer with status 200 and look alike: counts and text are compared.
    """
    known = given if isinstance(given, dict) else {}
    columns = [known.get(name) for name in ("tokens", "token_logprobs", "text_offset")]
    tokens, values, offsets = (c if isinstance(c, list) else [] for c in columns)
    texts = [_text(token) for token in tokens]
    count = usage.prompt
    if usage.estimated:  # as many as the text of the prompt takes
        count, end = 0, 0
        while end < len(prompt) and count < len(texts):
            end += len(texts[count])
            count += 1
        complete = "".join(texts).startswith(prompt)
    else:
        complete = len(tokens) in (count + 1, count + usage.completion)
    right = all(_is_logprob(value) for value in values[1:count])
    if not (complete and right and 0 < count <= len(values) == len(tokens)):
        raise NoLogprobs(
            f"the server scored {len(values):,} tokens, and not all {count:,} of the prompt: "
            + NEEDS_LOGPROBS,
            usage=None if usage.estimated else usage,
        )
    places = [offset if isinstance(offset, int) else None for offset in offsets]
    places += [None] * (count - len(places))
    first = TokenLogprob(texts[0], None, places[0])
    return first, *(TokenLogprob(texts[i], float(values[i]), places[i]) for i in range(1, count))


def _is_logprob(value: Any) -> bool:
    return isinstance(value, int | float) and -1e9 < value <= 1e-6


def _stated_usage(raw: Any) -> Usage | None:
    """Usage as the server states it; None unless prompt and completion tokens are both there."""
    if not isinstance(raw, dict):
        return None
    prompt = _count(raw.get("prompt_tokens", raw.get("input_tokens")))
    completion = _count(raw.get("completion_tokens", raw.get("output_tokens")))
    if prompt is None or completion is None:
        return None
    cached = _detail(raw, "prompt_tokens_details", "cached_tokens")
    if cached is None:  # fields of DeepSeek and of Anthropic
        cached = _count(raw.get("prompt_cache_hit_tokens", raw.get("cache_read_input_tokens")))
    written = _detail(raw, "prompt_tokens_details", "cache_write_tokens")
    if written is None:
        written = _count(raw.get("cache_creation_input_tokens"))
    if "prompt_tokens" not in raw and "cache_creation_input_tokens" in raw:
        prompt += (cached or 0) + (written or 0)  # Anthropic counts them beside the input
    reasoning = _detail(raw, "completion_tokens_details", "reasoning_tokens") or 0
    total = _count(raw.get("total_tokens"))
    if reasoning > completion or total == prompt + completion + reasoning:
        completion += reasoning  # some servers count reasoning beside the completion
    cached = min(cached or 0, prompt)
    if written is not None:
        written = min(written, prompt - cached)
    return Usage(prompt, cached, completion, reasoning, written=written)


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
