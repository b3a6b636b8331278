"""The request as this server wants it: hosts differ in how the length of a reply is bounded."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

from sleeptime_lib.models.answers import Answer
from sleeptime_lib.models.failures import error_text
from sleeptime_lib.records import Request

_OLD: Final = "max_tokens"
_NEW: Final = "max_completion_tokens"
_REFUSED: Final = re.compile(
    r"unsupported|not supported|unrecognized|unknown|unexpected|extra|not permitted|instead",
    re.IGNORECASE,
)
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(body: dict[str, Any]) -> bytes:
    """The JSON text of a body: ASCII, compact, fields in the order given.

    The order is kept because chat templates show tool definitions to the model as they stand.
    """
    return _ENCODE(body).encode("ascii")


class Dialect:
    """How to write requests for one endpoint; learns from its refusals.

    Args:
        base_url: Address of the endpoint. OpenAI's own models want `max_completion_tokens`,
            which its reasoning models insist on; everybody else understands `max_tokens`.
    """

    def __init__(self, base_url: str) -> None:
        host = urlsplit(base_url).hostname or ""
        self.length_field = _NEW if host.endswith(("openai.com", "openai.azure.com")) else _OLD
        self._switched = False

    def write(self, request: Request, content: bytes, bound: int | None) -> bytes:
        """The body to send.

        Args:
            request: The request.
            content: Its encoded body.
            bound: Most tokens to generate where the request does not say; None for no bound.
        """
        length = bound if request.max_tokens is None else request.max_tokens
        if length is None or (self.length_field == _OLD and request.max_tokens is not None):
            return content
        body = request.body()
        body.pop(_OLD, None)
        body.setdefault(self.length_field, length)
        return encode(body)

    def learn(self, sent_field: str, answer: Answer) -> bool:
        """Whether to send again: `answer` refused the field for the length, another is now used."""
        if answer.status not in (400, 422):
            return False
        said = error_text(answer.body)
        if not re.search(rf"\b{sent_field}\b", said) or not _REFUSED.search(said):
            return False
        if self.length_field == sent_field:
            if self._switched:
                return False
            self._switched = True
            self.length_field = _OLD if sent_field == _NEW else _NEW
        return True
