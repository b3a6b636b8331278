"""A model that thinks in words, for stand-in servers: it goes on with a message it is given.

A token is a word with the space before it. What it thinks depends on the question alone, so a chain
that is cut off and gone on with is the chain that it would have written at once.
"""

from __future__ import annotations

import re
from typing import Any

from fault_replies import Completion, completion

from sleeptime_lib.methods.reasoning import BOXED, NUMBER, WAIT

FORCED = tuple(style.force.text for style in (NUMBER, BOXED))


def words(text: str) -> list[str]:
    """Tokens of a text."""
    return re.findall(r"\s*\S+", text)


class ThinkingModel:
    """Answers chat requests.

    Args:
        length: Words of a chain before its answer.
        ending: What a chain ends with.
        continues: Whether it goes on with a final assistant message; otherwise it starts over, as
            servers do that ignore the field.
        hidden: Whether it thinks in a field of its own.
    """

    def __init__(
        self,
        length: int = 40,
        ending: str = "The answer is 7.",
        *,
        continues: bool = True,
        hidden: bool = False,
    ) -> None:
        self.chain = words(" ".join([*(f"w{i}" for i in range(length)), ending]))
        self.continues = continues
        self.hidden = hidden

    def __call__(self, path: str, body: dict[str, Any]) -> tuple[int, Completion]:
        *_, last = body["messages"]
        begun = last["content"] if last["role"] == "assistant" and self.continues else ""
        rest = self._rest(begun)
        most = body.get("max_tokens") or len(rest)
        text = "".join(rest[:most])
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        usage = {"prompt_tokens": prompt, "completion_tokens": min(most, len(rest))}
        cut = len(rest) > most
        if self.hidden:
            return 200, completion("", usage, cut=cut, reasoning_content=text)
        return 200, completion(text, usage, cut=cut)

    def _rest(self, begun: str) -> list[str]:
        if f"\n\n{begun}".endswith(FORCED):
            thought = f"\n\n{begun}".rpartition("\n\n")[0]
            return words(f" {len(thought.split())}.")
        if begun.endswith("11,"):
            return words(" 12, 13, 14, 15, 16, 17, 18, 19, 20")
        if WAIT.text in begun:
            again = words(" let me see. The answer is 8.")
            return again[len(begun.partition(WAIT.text)[2].split()) :]
        whole = "".join(self.chain)
        assert whole.startswith(begun)
        return self.chain[len(begun.split()) :] if begun else self.chain
