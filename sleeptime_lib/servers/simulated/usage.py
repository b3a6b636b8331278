"""A request as one text and back, its tokens, and those a prefix cache would have had."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sleeptime_lib.servers.simulated.tokens import tokenize

BLOCK: Final = 64
"""Tokens in a block of the prefix cache; only whole blocks are cached."""

_MOST_BLOCKS: Final = 200_000


def prompt_text(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> str:
    """A chat request as the one text that the model reads and that its prompt tokens count."""
    parts = [json.dumps(tool) + "\n" for tool in tools]
    for message in messages:
        content = message.get("content") or ""
        if not isinstance(content, str):
            content = "\n".join(part["text"] for part in content)
        calls = "".join(json.dumps(call["function"]) for call in message.get("tool_calls") or ())
        parts.append(f"[{message['role']}]\n{content}{calls}\n")
    return "".join(parts)


_TURN: Final = re.compile(r"<\|im_start\|>(\w+)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL)


def messages_of(prompt: str) -> tuple[list[dict[str, str]], str]:
    """The messages of a text prompt, and the reply that it begins.

    A prompt in ChatML is taken apart; any other is one message of the user.
    """
    turns = [{"role": role, "content": text} for role, text in _TURN.findall(prompt)]
    if not turns or not prompt.startswith("<|im_start|>"):
        return [{"role": "user", "content": prompt}], ""
    begun = turns.pop()["content"] if turns[-1]["role"] == "assistant" else ""
    return turns, begun


class PrefixCache:
    """Which beginnings of prompts have been seen, in blocks of `BLOCK` tokens.

    The least recently used blocks are forgotten when there are too many.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def look_up(self, prompt: str) -> int:
        """Tokens of the prompt's beginning that were seen before; remembers the whole prompt."""
        pieces = tokenize(prompt)
        digest = hashlib.blake2b(digest_size=16)
        cached, unbroken = 0, True
        for start in range(0, len(pieces) - BLOCK + 1, BLOCK):
            digest.update("\x00".join(pieces[start : start + BLOCK]).encode("utf-8", "replace"))
            key = digest.digest()
            unbroken = unbroken and key in self._seen
            cached += BLOCK if unbroken else 0
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > _MOST_BLOCKS:
            self._seen.popitem(last=False)
        return cached


def usage(prompt: int, cached: int, completion: int, reasoning: int) -> dict[str, Any]:
    """The usage object of a reply."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
