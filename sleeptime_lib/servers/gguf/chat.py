"""Between chat messages and the text a model reads and writes, tool calls included."""

from __future__ import annotations

import json
import re
import uuid
import zlib
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final

from sleeptime_lib.servers.api import Message, content_text

_CALL: Final = re.compile(r"<tool_call>\s*(\{.*?\})\s*(?:</tool_call>|\Z)", re.DOTALL)
"""How models of the Qwen and Hermes families write a tool call."""
_UNMARKED: Final = (
    re.compile(r"(?:```\w*|<tools>)\s*(\{.*?)\s*(?:```|</tools>|\Z)", re.DOTALL),
    re.compile(r"\A\s*(\{.*)\Z", re.DOTALL),
)
"""How small ones write it that know the form and not the tags: in a block, or to begin with."""
_DECODER: Final = json.JSONDecoder()


def template_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat templates expect them: plain text, and tool arguments as objects."""
    return [_template_message(message) for message in messages]


def _template_message(message: Message) -> dict[str, Any]:
    # Templates of open models know no developer; to OpenAI it is the system's newer name.
    role = "system" if message.role == "developer" else message.role
    written: dict[str, Any] = {"role": role, "content": content_text(message)}
    if message.tool_calls:
        written["tool_calls"] = [
            {
                "type": "function",
                "function": {
                    "name": call.function.name,
                    "arguments": _arguments(call.function.arguments),
                },
            }
            for call in message.tool_calls
        ]
    return written


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def written(tokenizer: Any, ids: Sequence[int], *, with_tools: bool) -> str:
    """The text of generated tokens.

    Args:
        tokenizer: An `openvino_genai.Tokenizer`.
        ids: The tokens, the one that ends the reply perhaps last.
        with_tools: Keep special tokens: some models mark their tool calls with them.
    """
    if not with_tools:
        return str(tokenizer.decode(ids))
    ends = bool(ids) and ids[-1] == tokenizer.get_eos_token_id()
    return str(tokenizer.decode(ids[:-1] if ends else ids, skip_special_tokens=False))


def split_calls(text: str, names: Collection[str] = ()) -> tuple[str, list[dict[str, Any]]]:
    """The text of a reply without its tool calls, and the calls in the API's form.

    A call that is no JSON object with a name stays in the text, where its writer can see it.

    Args:
        text: The reply.
        names: The tools there are. Without the tags that mark a call only theirs is one: other JSON
            may be an answer.
    """
    calls: list[dict[str, Any]] = []
    rest = _CALL.sub(partial(_take, calls=calls), text)
    for form in _UNMARKED:
        if not calls:
            rest = form.sub(partial(_take_all, calls=calls, names=names), text)
    return (rest.strip() if calls else text), calls


def _take(match: re.Match[str], *, calls: list[dict[str, Any]]) -> str:
    """Put a call among the others; gives what stays of it."""
    try:
        call = _call_of(json.loads(match[1]))
    except (ValueError, RecursionError):
        call = None
    calls += [call] if call else []
    return "" if call else match[0]


def _take_all(match: re.Match[str], *, calls: list[dict[str, Any]], names: Collection[str]) -> str:
    """Put the calls of these tools that stand one behind the other among the others."""
    rest, before = match[1], len(calls)
    while rest.startswith("{"):
        try:
            value, end = _DECODER.raw_decode(rest)
        except (ValueError, RecursionError):
            break
        call = _call_of(value)
        if call is None or call["function"]["name"] not in names:
            break
        calls.append(call)
        rest = rest[end:].lstrip()
    return rest if len(calls) > before else match[0]


def _call_of(content: Any) -> dict[str, Any] | None:
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str):
        return None
    arguments = content.get("arguments", {})
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"name": name, "arguments": written}
    return {"id": f"call_{uuid.uuid4().hex[:12]}", "type": "function", "function": function}


def draw_seed(seed: int | None, begun: str) -> int:
    """The seed of a request's draws, 0 to 2**32 - 1.

    Args:
        seed: As asked for; without one every draw is another one, as elsewhere.
        begun: The reply so far: its pieces would otherwise all be drawn with the same numbers.
    """
    if seed is None:
        return uuid.uuid4().int % 2**32
    return (seed + zlib.crc32(begun.encode("utf-8", "surrogatepass"))) % 2**32
