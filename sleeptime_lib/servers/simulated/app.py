"""The HTTP API of the simulated model: chat completions, completions with echo, models, health.

Every reply says what it comes from: the model's name and `system_fingerprint` "simulated".
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sleeptime_lib.servers.api import (
    ApiError,
    ChatBody,
    CompletionBody,
    application,
    beginning,
    check_model,
    cut_at,
    parse,
    respond,
    room,
)
from sleeptime_lib.servers.simulated.chat import Draft, reply
from sleeptime_lib.servers.simulated.faults import Faults, RateLimit, spoil
from sleeptime_lib.servers.simulated.logprobs import score
from sleeptime_lib.servers.simulated.options import Options
from sleeptime_lib.servers.simulated.tokens import count, first
from sleeptime_lib.servers.simulated.usage import PrefixCache, messages_of, prompt_text, usage

FINGERPRINT: Final = "simulated"
"""The `system_fingerprint` of every reply."""


def create_app(options: Options = Options()) -> Starlette:  # noqa: B008 (frozen)
    """The simulated model as an ASGI application.

    Args:
        options: Name, latency, limits and faults.
    """
    return application(_Server(options))


class _Server:
    """The state that one server keeps between requests, and its routes."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._limit = RateLimit(options.requests_per_minute)
        self._faults = Faults(options)
        self._cache = PrefixCache() if options.prefix_cache else None

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        self._limit.admit()
        fault = self._faults.next()
        raw = await request.body()
        body = self._turned(parse(raw, ChatBody))
        check_model(body.model, self._options.model)
        begun = beginning(body)
        messages = [message.model_dump(exclude_none=True) for message in body.messages]
        tools = [tool.model_dump(exclude_none=True) for tool in body.tools or ()]
        prompt = prompt_text(messages, tools)
        if begun is not None:  # the last message has not ended
            prompt = prompt.removesuffix("\n")
            messages = messages[:-1]
        left = room(count(prompt), self._options.context_window, "messages")
        limit = body.limit(left)
        draft = reply(
            messages,
            tools,
            temperature=body.sampled_at,
            seed=body.seed,
            reasoning_effort=body.reasoning_effort,
            thinking_tokens=body.thinking_token_budget,
            begun=begun or "",
        )
        identity = hashlib.blake2b(raw, digest_size=12).hexdigest()
        choice, tokens, reasoning = _choice(draft, body.ends, limit, identity)
        content = self._envelope(f"chatcmpl-{identity}", "chat.completion", choice)
        content["usage"] = usage(count(prompt), self._cached(prompt), tokens, reasoning)
        return await self._send(content, tokens, fault)

    async def completion(self, request: Request) -> Response:
        """POST /v1/completions: scores a prompt (`echo`), answers it, or goes on with a reply."""
        self._limit.admit()
        fault = self._faults.next()
        raw = await request.body()
        body = parse(raw, CompletionBody)
        check_model(body.model, self._options.model)
        left = room(count(body.prompt), self._options.context_window, "prompt")
        limit = body.limit(left)
        written, reason = "", "length"
        if limit:
            messages, begun = messages_of(body.prompt)
            draft = reply(
                messages,
                begun=begun,
                temperature=body.sampled_at,
                seed=body.seed,
            )
            written, reason = _cut(draft.text, body.ends, limit)
        text = body.prompt + written if body.echo else written
        choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": reason}
        choice["logprobs"] = None
        if body.logprobs is not None:
            start = 0 if body.echo else len(body.prompt)
            choice["logprobs"] = score(body.prompt, written, start, body.logprobs)
        identity = hashlib.blake2b(raw, digest_size=12).hexdigest()
        content = self._envelope(f"cmpl-{identity}", "text_completion", choice)
        tokens = count(written)
        cached = self._cached(body.prompt)
        content["usage"] = usage(count(body.prompt), cached, tokens, 0)
        return await self._send(content, tokens, fault)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        entry = {"id": self._options.model, "object": "model", "created": 0}
        return respond({"object": "list", "data": [entry | {"owned_by": "simulated"}]})

    async def health(self, request: Request) -> Response:
        """GET /health."""
        return respond({"status": "ok", "model": self._options.model, "simulated": True})

    def _turned(self, body: ChatBody) -> ChatBody:
        """A request as this server understands it, by what it does with the knobs of budgets."""
        for name in self._options.rejected:
            if getattr(body, name) not in (None, False):
                raise ApiError(
                    400,
                    f"Unrecognized request argument supplied: {name}.",
                    code="unknown_parameter",
                    param=name,
                )
        off = {name: ChatBody.model_fields[name].default for name in self._options.ignored}
        return body.model_copy(update=off)

    def _envelope(self, identity: str, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": identity,
            "object": kind,
            "created": 0,
            "model": self._options.model,
            "system_fingerprint": FINGERPRINT,
            "choices": [choice],
        }

    def _cached(self, prompt: str) -> int:
        return self._cache.look_up(prompt) if self._cache else 0

    async def _send(self, content: object, tokens: int, fault: str | None) -> Response:
        wait = self._options.latency_s + self._options.token_latency_s * tokens
        if wait:
            await asyncio.sleep(wait)
        return spoil(respond(content), fault)


def _choice(
    draft: Draft, ends: list[str], limit: int, identity: str
) -> tuple[dict[str, Any], int, int]:
    """A draft within a token limit: the choice object, its tokens, and the hidden ones of them."""
    reasoning = min(count(draft.reasoning), limit)
    room = limit - reasoning
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    if draft.tool is None:
        text, reason = _cut(draft.text, ends, room)
        message["content"] = text
        tokens = count(text)
    else:
        name, arguments = draft.tool
        text, _ = _cut(draft.text, ends, room)
        message["content"] = text or None
        room = max(room - count(text) - count(name), 0)
        reason = "tool_calls" if count(arguments) <= room else "length"
        arguments = first(arguments, room)
        tokens = min(count(text) + count(name), limit - reasoning) + count(arguments)
        call = {"name": name, "arguments": arguments}
        message["tool_calls"] = [{"id": f"call_{identity}", "type": "function", "function": call}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return choice, reasoning + tokens, reasoning


def _cut(text: str, ends: list[str], limit: int) -> tuple[str, str]:
    """A text up to the first stop string and the token limit, and why it ends there."""
    text = cut_at(text, ends)
    return (text, "stop") if count(text) <= limit else (first(text, limit), "length")
