"""Token counts without a tokenizer: a fair estimate, and a bound that is never too low."""

from __future__ import annotations

import json
import re
from typing import Final

from sleeptime_lib.records import Request, Usage

_PIECE: Final = re.compile(r"[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d]|\n")
_LETTERS_PER_TOKEN: Final = 8
_PER_MESSAGE: Final = 4
"""Tokens that chat templates put around a message."""
_TEMPLATE_BOUND: Final = 256
"""More tokens than chat templates and default system prompts add unseen."""
_TOOLS_BOUND: Final = 1024
"""More tokens than what servers add unseen to explain how tools are called."""


def estimate(text: str) -> int:
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
    texts = [message.get("content") for message in request.messages]
    tools = json.dumps(request.tools) if request.tools else ""
    return estimate(tools) + sum(
        _PER_MESSAGE + estimate(text if isinstance(text, str) else json.dumps(text))
        for text in texts
    )


def prompt_bound(request: Request, content: bytes) -> int:
    """More tokens than the prompt of `request`, whose JSON body is `content`, can have.

    Byte-level vocabularies, and others with byte fallback, make at most one token of each byte.
    """
    return len(content) + _TEMPLATE_BOUND + (_TOOLS_BOUND if request.tools else 0)


def estimated_usage(request: Request, generated: str) -> Usage:
    """Estimated usage of a call whose server sent none; `generated` is all that came back."""
    return Usage(prompt=prompt_estimate(request), completion=estimate(generated), estimated=True)
