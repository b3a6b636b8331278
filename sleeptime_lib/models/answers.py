"""What comes back from one attempt: an answer of some status, or one of three ways to have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
