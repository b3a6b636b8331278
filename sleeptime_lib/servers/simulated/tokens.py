"""The simulated model's tokenizer: words, number pieces and punctuation, about 4 characters each.

It loses nothing (the tokens of a text, joined, are the text), depends on nothing and is the same
on every machine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_PIECE: Final = re.compile(r" ?[^\W\d_]{1,7}| ?\d{1,3}|\n+| ?[^\w\s]|\s|_", re.UNICODE)


def tokenize(text: str) -> list[str]:
    """Cut a text into tokens; joined, they are the text."""
    return _PIECE.findall(text)


@lru_cache(maxsize=2048)
def count(text: str) -> int:
    """Number of tokens of a text."""
    return len(_PIECE.findall(text))


def first(text: str, limit: int) -> str:
    """The first `limit` tokens of a text, as text."""
    return "".join(tokenize(text)[:limit])
