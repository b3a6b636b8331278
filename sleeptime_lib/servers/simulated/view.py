"""What the simulated model sees: one request, taken apart into what it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sleeptime_lib.tasks.splitters import sentences

_EMPTY: Final = "[empty]"
_QUESTION_START: Final = re.compile(
    r"(?:calculate|find|determine|compute|work out)\b", re.IGNORECASE
)
_WITHHELD: Final = re.compile(
    r"question\b.{0,20}\bnot\b.{0,10}\bgiven|guess\b.{0,40}\bquestion", re.IGNORECASE
)
_ALOUD: Final = re.compile(r"\bthink about it first\b.{0,40}\bin writing\b", re.IGNORECASE)
_FORECAST: Final = re.compile(r"probability \| question", re.IGNORECASE)
_REWRITE_TEXT: Final = re.compile(r"<notes>(.*?)</notes>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class View:
    """One request as the model reads it.

    Attributes:
        situation: The text to reason about; may be empty.
        notes: The notes as they stand; "" when there are none.
        question: The question; "" when there is none.
        withheld: True when the request asks to guess the question.
        instructions: Everything else that was said: how to answer, with how many words.
        sleep: "tools" or "text" when the request asks for notes rather than an answer, else "".
        aloud: The sleep phase is to think in writing before it writes notes.
        forecast: The notes are to say which questions are expected, each with its probability.
        memory_argument: Name of the argument that takes the new notes; "" if no tool takes any.
        can_finish: A tool ends the sleep phase; without one it ends in words.
        rewrites: How often the notes have been rewritten in this conversation.
        beginning: The conversation's first messages, which stay the same during a sleep phase.
    """

    situation: str
    notes: str
    question: str
    withheld: bool
    instructions: str
    sleep: str
    aloud: bool
    forecast: bool
    memory_argument: str
    can_finish: bool
    rewrites: int
    beginning: str


def view_of(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> View:
    """Take a chat request apart.

    Situation, notes and question are looked for in tags of these names. Without tags the last
    question sentence of the user's text is the question and the rest the situation.

    Args:
        messages: Chat messages in the wire format, validated.
        tools: Tool definitions in the wire format, validated.
    """
    system = "\n".join(_text(m) for m in messages if m["role"] in ("system", "developer"))
    users = [_text(m) for m in messages if m["role"] == "user"]
    user = "\n\n".join(users)
    situation, rest = _take(user, "situation")
    notes, rest = _take(rest, "notes")
    question, rest = _take(rest, "question")
    instructions = f"{rest.strip()}\n{system}"
    rewritten = [text for m in messages if m["role"] == "assistant" for text in _rewrites(m)]
    names = [tool.get("function", {}).get("name") for tool in tools]
    sleep = ""
    if question is None and ("rethink_memory" in names or "finish_rethinking" in names):
        sleep = "tools"
    elif question is None and "<notes>" in instructions:
        sleep = "text"
    if question is None and not sleep:
        rest, question = _cut(rest)
    situation = rest if situation is None else situation
    current = rewritten[-1] if rewritten else (notes or "")
    return View(
        situation=" ".join(situation.split()),
        notes="" if current.strip() == _EMPTY else current.strip(),
        question=" ".join((question or "").split()),
        withheld=bool(_WITHHELD.search(question or instructions)),
        instructions=instructions,
        sleep=sleep,
        aloud=sleep == "text" and bool(_ALOUD.search(instructions)),
        forecast=bool(sleep and _FORECAST.search(instructions)),
        memory_argument=_memory_argument(tools),
        can_finish="finish_rethinking" in names,
        rewrites=len(rewritten),
        beginning=f"{system}\n{users[0] if users else ''}",
    )


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or "" for part in content)


def _take(text: str, tag: str) -> tuple[str | None, str]:
    """What stands in the last pair of tags of a name, and the text without it."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    start = text.rfind(opening)
    end = text.find(closing, start)
    if start < 0 or end < 0:
        return None, text
    inside = text[start + len(opening) : end].strip("\n")
    return inside, f"{text[:start]}\n{text[end + len(closing) :]}"


def _rewrites(message: Mapping[str, Any]) -> list[str]:
    """The new texts of the notes in one message of the assistant, by tool or in tags."""
    texts = _REWRITE_TEXT.findall(_text(message))
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        if function.get("name") == "rethink_memory":
            try:
                arguments = json.loads(function.get("arguments") or "{}")
            except ValueError:
                continue
            values = list(arguments.values()) if isinstance(arguments, dict) else []
            texts += [value for value in values if isinstance(value, str)][:1]
    return texts


def _memory_argument(tools: Sequence[Mapping[str, Any]]) -> str:
    for tool in tools:
        function = tool.get("function", {})
        if function.get("name") == "rethink_memory":
            parameters = function.get("parameters") or {}
            for name in parameters.get("properties") or {}:
                return str(name)
            return "new_memory"
    return ""


def _cut(text: str) -> tuple[str, str]:
    """Cut a text without tags at its last question sentence."""
    pieces = sentences(text)
    asking = [i for i, piece in enumerate(pieces) if piece.endswith("?")]
    asking = asking or [i for i, piece in enumerate(pieces) if _QUESTION_START.match(piece)]
    if not asking:
        return text, ""
    last = asking[-1]
    return " ".join((*pieces[:last], *pieces[last + 1 :])), pieces[last]
