"""How a context and its notes stand in a request, the same for sleep methods and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EMPTY_NOTES: Final = "[empty]"
"""What the notes block holds before a sleep phase has written to it, and for the baseline."""


def situation_block(context: str, notes: Sequence[str] = ()) -> str:
    """The part of a request that all questions about one context share.

    Args:
        context: The situation c.
        notes: The texts of the memory blocks c'_1 .. c'_k; empty for the baseline.
    """
    texts = [text.strip() for text in notes if text.strip()]
    joined = "\n\n".join(texts) if texts else EMPTY_NOTES
    return f"<situation>\n{context}\n</situation>\n\n<notes>\n{joined}\n</notes>"
