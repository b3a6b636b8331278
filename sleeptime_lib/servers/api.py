"""What servers of ours share: checked request bodies, and error replies worded as OpenAI's are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ApiError(Exception):
    """A request that is refused.

    Args:
        status: HTTP status.
        message: One line that says what is wrong.
        code: Machine-readable cause, or None.
        param: The field that is wrong, or None.
        kind: OpenAI's error type.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }


class _Body(BaseModel):
    """Fields that are not listed are ignored, as most compatible servers do."""

    model_config = ConfigDict(extra="ignore")


class Part(_Body):
    """A text part of a message."""

    type: Literal["text"]
    text: str


class CalledFunction(_Body):
    """Name and unparsed arguments of a call that the assistant made before."""

    name: str
    arguments: str


class Call(_Body):
    """A tool call that the assistant made before."""

    id: str = ""
    type: Literal["function"] = "function"
    function: CalledFunction


class Message(_Body):
    """One chat message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class Function(_Body):
    """What a tool is called and what it takes."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(_Body):
    """A tool definition."""

    type: Literal["function"]
    function: Function


class _Sampled(_Body):
    """What both kinds of completion take."""

    model: str
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: Literal[1] | None = None
    stream: Literal[False] | None = None

    @property
    def sampled_at(self) -> float:
        """The temperature, of which no word means 1."""
        return 1.0 if self.temperature is None else self.temperature

    @property
    def ends(self) -> list[str]:
        """The stop strings, of which there may be one, several or none."""
        return [t for t in ([self.stop] if isinstance(self.stop, str) else self.stop or []) if t]


class ChatBody(_Sampled):
    """Body of POST /v1/chat/completions."""

    messages: list[Message] = Field(min_length=1)
    tools: list[Tool] | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = (
        None
    )
    thinking_token_budget: int | None = Field(None, ge=0)
    add_generation_prompt: bool = True
    continue_final_message: bool = False

    def limit(self, left: int) -> int:
        """Most tokens of the reply, of those that are left."""
        return min(self.max_completion_tokens or self.max_tokens or left, left)


class CompletionBody(_Sampled):
    """Body of POST /v1/completions."""

    prompt: str
    max_tokens: int | None = Field(None, ge=0)
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=5)

    def limit(self, left: int) -> int:
        """Most tokens that are generated, of those that are left; no word means 16."""
        return min(16 if self.max_tokens is None else self.max_tokens, left)


class Handlers(Protocol):
    """What answers the paths of the API."""

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""

    async def completion(self, request: Request) -> Response:
        """POST /v1/completions."""

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""

    async def health(self, request: Request) -> Response:
        """GET /health."""


def application(handlers: Handlers) -> Starlette:
    """The ASGI application of a server; every refusal is a JSON error object."""
    return Starlette(
        routes=[
            Route("/v1/chat/completions", handlers.chat, methods=["POST"]),
            Route("/v1/completions", handlers.completion, methods=["POST"]),
            Route("/v1/models", handlers.models, methods=["GET"]),
            Route("/health", handlers.health, methods=["GET"]),
        ],
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_http},
    )


_B = TypeVar("_B", ChatBody, CompletionBody)


def parse(raw: bytes, body_type: type[_B]) -> _B:
    """Check a request body.

    Raises:
        ApiError: It is not JSON, not an object, or a field is missing or wrong.
    """
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ApiError(400, "The body of the request is not valid JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise ApiError(400, "The body of the request is not a JSON object.")
    try:
        return body_type.model_validate(content)
    except ValidationError as failed:
        problem = failed.errors(include_url=False, include_input=False)[0]
        param = ".".join(str(part) for part in problem["loc"])
        raise ApiError(
            400,
            f"Invalid value for '{param}': {problem['msg']}.",
            code="missing_required_parameter" if problem["type"] == "missing" else "invalid_value",
            param=param,
        ) from None


def respond(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response in ASCII, so that whatever text came in can go out."""
    return Response(json.dumps(content), status, headers, "application/json")


def offsets(pieces: Sequence[str]) -> list[int]:
    """Character position at which each token begins."""
    return list(accumulate(map(len, pieces), initial=0))[:-1]


def logprobs_object(
    pieces: Sequence[str],
    values: Sequence[float | None],
    *,
    alternatives: bool,
    start: int = 0,
) -> dict[str, Any]:
    """The `logprobs` object of a text completion.

    Args:
        pieces: The text of each token.
        values: Natural logarithm of each token's probability; None where it has none.
        alternatives: Whether to list alternatives; only the token itself is known.
        start: Character from which tokens are listed.
    """
    every = zip(pieces, values, offsets(pieces), strict=True)
    tokens = [(piece, value, place) for piece, value, place in every if place >= start]
    return {
        "tokens": [piece for piece, _, _ in tokens],
        "token_logprobs": [value for _, value, _ in tokens],
        "text_offset": [place for _, _, place in tokens],
        "top_logprobs": [
            {piece: value} if alternatives and value is not None else None
            for piece, value, _ in tokens
        ],
    }


def cut_at(text: str, ends: Sequence[str]) -> str:
    """A text up to the first of the stop strings."""
    return text[: min((at for end in ends if (at := text.find(end)) >= 0), default=len(text))]


def beginning(body: ChatBody) -> str | None:
    """The text that the reply goes on with, where the last message is to be continued, else None.

    The fields are vLLM's: `continue_final_message: true` and `add_generation_prompt: false`.

    Raises:
        ApiError: The two contradict each other, or the last message cannot be continued.
    """
    if not body.continue_final_message:
        return None
    if body.add_generation_prompt:
        raise ApiError(
            400,
            "To continue the last message, send 'add_generation_prompt': false with "
            "'continue_final_message': true.",
            param="add_generation_prompt",
        )
    last = body.messages[-1]
    if last.role != "assistant" or last.tool_calls:
        found = "has tool calls" if last.tool_calls else f"is one of role '{last.role}'"
        raise ApiError(
            400,
            f"Only an assistant message of text can be continued; the last message {found}.",
            param="continue_final_message",
        )
    return content_text(last)


def content_text(message: Message) -> str:
    """What a message says, its parts joined; "" for nothing."""
    content = message.content or ""
    return content if isinstance(content, str) else "".join(part.text for part in content)


def check_model(asked: str, served: str) -> None:
    """Refuse a model name that is not the one served.

    Raises:
        ApiError: It is another.
    """
    if asked != served:
        raise ApiError(
            404,
            f"The model '{asked}' does not exist here; there is '{served}'.",
            code="model_not_found",
            param="model",
        )


def room(used: int, window: int, param: str) -> int:
    """Tokens that are left for the reply.

    Args:
        used: Tokens of the prompt.
        window: Most tokens of prompt and reply together.
        param: The field that holds the prompt.

    Raises:
        ApiError: None are.
    """
    if used >= window:
        raise ApiError(
            400,
            f"This model's maximum context length is {window} tokens. However, your {param} "
            f"resulted in {used} tokens. Please reduce the length of the {param}.",
            code="context_length_exceeded",
            param=param,
        )
    return window - used


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return respond(error.body, error.status, error.headers)


async def _refuse_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}."
    return respond(ApiError(error.status_code, message).body, error.status_code)
