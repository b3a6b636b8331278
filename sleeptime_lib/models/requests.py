"""A request on its way out: its bytes, its key, how many tokens it may take, and its dialect.

Servers differ in the fields they take: how the length of a reply is bounded, and whether a
temperature may be set. `Dialect` learns from their refusals.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from sleeptime_lib.models.knobs import Server
from sleeptime_lib.records import Request, Usage

_CHAT: Final = "/chat/completions"
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

_OLD: Final = "max_tokens"
_NEW: Final = "max_completion_tokens"
_REFUSED: Final = re.compile(
    r"unsupported|not supported|not support|unrecognized|unknown|unexpected|extra|not permitted"
    r"|not allowed|not accept|deprecated|instead|only the default|may only be",
    re.IGNORECASE,
)

_PIECE: Final = re.compile(r"[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d]|\n")
_LETTERS_PER_TOKEN: Final = 8
_PER_MESSAGE: Final = 4
"""Tokens that chat templates put around a message."""
_TEMPLATE_BOUND: Final = 256
"""More tokens than chat templates and default system prompts add unseen."""
_TOOLS_BOUND: Final = 1024
"""More tokens than what servers add unseen to explain how tools are called."""


def encode(body: dict[str, Any]) -> bytes:
    """The JSON text of a body: ASCII, compact, fields in the order given.

    The order is kept because chat templates show tool definitions to the model as they stand.
    """
    return _ENCODE(body).encode("ascii")


def key_of(content: bytes, sample: int, path: str = _CHAT) -> bytes:
    """The key of a request: SHA-256 of path, sample index and complete body.

    The server's address is left out on purpose, so that a server may move: one run directory has
    one model.
    """
    digest = hashlib.sha256(b"%b\0%d\0" % (path.encode(), sample))
    digest.update(content)
    return digest.digest()


class Form(NamedTuple):
    """In which words a request is written.

    Attributes:
        length_field: The field that bounds the length of a reply.
        temperature: Whether a temperature is sent.
    """

    length_field: str
    temperature: bool = True


class Dialect:
    """How to write requests for one endpoint; learns from its refusals.

    Args:
        base_url: Address of the endpoint. OpenAI's own models want `max_completion_tokens`,
            which its reasoning models insist on; everybody else understands `max_tokens`.
        server: How budgets are set there.

    Attributes:
        server: As given.
        form: How requests are written now.
        notices: One line for each thing that is sent otherwise than asked and may change replies.
    """

    def __init__(self, base_url: str, server: Server) -> None:
        self.server = server
        host = urlsplit(base_url).hostname or ""
        self.form = Form(_NEW if host.endswith(("openai.com", "openai.azure.com")) else _OLD)
        self.notices: list[str] = []
        self._switched = False

    def write(self, request: Request, content: bytes, bound: int | None) -> bytes:
        """The body to send.

        Args:
            request: The request.
            content: Its encoded body.
            bound: Most tokens to generate where the request does not say; None for no bound.
        """
        if request.prompt is not None:
            return content
        asked = request.max_tokens
        length = bound if asked is None else asked
        renamed = length is not None and (asked is None or self.form.length_field == _NEW)
        dropped = not self.form.temperature and request.temperature is not None
        asking = request.body()
        body = self.server.write(asking)
        if body is asking and not renamed and not dropped:
            return content
        if renamed:
            body.pop(_OLD, None)
            body.setdefault(self.form.length_field, length)
        if dropped:
            del body["temperature"]
        return encode(body)

    def learn(self, sent: Form, request: Request, status: int, said: str) -> bool:
        """Whether to send again: a field was refused that is now written otherwise or left out.

        Args:
            sent: How the request was written; many are under way when the first is refused.
            request: The request.
            status: HTTP status of the refusal.
            said: What the server said.
        """
        if status not in (400, 422) or request.prompt is not None or not _REFUSED.search(said):
            return False
        if re.search(rf"\b{sent.length_field}\b", said):
            return self._other_length(sent)
        if sent.temperature and request.temperature is not None and "temperature" in said:
            if self.form.temperature:
                self.form = self.form._replace(temperature=False)
                self.notices.append(
                    f"{request.model} takes no temperature ({said}): it samples as it does by "
                    "default"
                )
            return True
        return False

    def _other_length(self, sent: Form) -> bool:
        if self.form.length_field != sent.length_field:
            return True
        if self._switched:
            return False
        self._switched = True
        self.form = self.form._replace(length_field=_OLD if sent.length_field == _NEW else _NEW)
        return True


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is: a word of up to eight letters is one, so is a sign.

    Byte-pair vocabularies hold most English words whole, split numbers into groups of up to three
    digits, and spend one token or more on a character of another script.
    """
    return sum(
        -(-len(piece) // _LETTERS_PER_TOKEN) if piece.isascii() and piece.isalpha() else 1
        for piece in _PIECE.findall(text)
    )


def prompt_estimate(request: Request) -> int:
    """About how many tokens the prompt of `request` is."""
    if request.prompt is not None:
        return estimated_tokens(request.prompt)
    texts = [message.get("content") for message in request.messages]
    tools = json.dumps(request.tools) if request.tools else ""
    return estimated_tokens(tools) + sum(
        _PER_MESSAGE + estimated_tokens(text if isinstance(text, str) else json.dumps(text))
        for text in texts
    )


def prompt_bound(request: Request, content: bytes) -> int:
    """More tokens than the prompt of `request`, whose JSON body is `content`, can have.

    Byte-level vocabularies, and others with byte fallback, make at most one token of each byte.
    """
    return len(content) + _TEMPLATE_BOUND + (_TOOLS_BOUND if request.tools else 0)


def completion_bound(request: Request, default: int) -> int:
    """Most tokens that the reply may have; `default` where the request does not say."""
    return 1 if request.prompt is not None else request.max_tokens or default


def estimated_usage(request: Request, generated: str) -> Usage:
    """Estimated usage of a call whose server sent none; `generated` is all that came back."""
    return Usage(
        prompt=prompt_estimate(request), completion=estimated_tokens(generated), estimated=True
    )
