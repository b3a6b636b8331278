"""The sleep phase S(c) -> c' (paper section 3, appendices F and K).

The model sees the context and an empty block of notes, and rewrites the block, as a whole each
time, until it says it is finished. It works through two tools, or by a plain-text protocol where
a server has no tools. k parallel phases are k independent draws whose notes are joined; the draws
of a smaller k are the first draws of a larger one, so each is paid for once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.methods import prompts
from sleeptime_lib.records import Reply, Request, ToolCall, Usage

MAX_REWRITES: Final = 10
"""Most rewrites of the notes in one phase (paper, appendix K)."""

MAX_NOTES_CHARS: Final = 5000
"""Size limit of one block of notes, as in the paper's released code."""

Protocol = Literal["tools", "text"]
Ask = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class SleepSetting:
    """How a sleep phase is asked for.

    Attributes:
        model: Model name at the endpoint.
        protocol: "tools" or "text".
        effort: Reasoning effort; "" for the model's default.
        temperature: Above 0, so that parallel draws differ; None leaves it to the server.
        seed: Seed of the first draw; draw i uses seed + i.
        max_tokens: Most tokens in one reply of the phase.
    """

    model: str
    protocol: Protocol
    effort: str
    temperature: float | None
    seed: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Notes:
    """What one draw of the sleep phase left behind.

    Attributes:
        text: The block c', at most `MAX_NOTES_CHARS` characters; may be empty.
        usage: Tokens of all calls of the draw.
        billed: Those of them that were newly paid for by this owner.
        rewrites: How often the block was replaced.
        calls: Model calls made.
        finished: True when the model said so; False when it hit a limit or stopped responding.
    """

    text: str
    usage: Usage
    billed: Usage
    rewrites: int
    calls: int
    finished: bool


@dataclass(slots=True)
class _Block:
    """The block of notes while it is being written."""

    text: str = ""
    rewrites: int = 0
    finished: bool = False
    cut_off: bool = False

    def replace(self, new: str) -> str:
        """Store a new text, cut to the limit at a line end, and tell the model what was done."""
        self.rewrites += 1
        self.text = new.strip()
        if len(self.text) > MAX_NOTES_CHARS:
            kept = self.text[:MAX_NOTES_CHARS]
            self.text = kept[: kept.rfind("\n")] if "\n" in kept else kept
            return f"Stored, but cut: the notes hold at most {MAX_NOTES_CHARS} characters."
        return "Stored."

    @property
    def done(self) -> bool:
        return self.finished or self.cut_off or self.rewrites >= MAX_REWRITES


async def choose_protocol(ask: Ask, model: str) -> Protocol:
    """Ask the model once to call a tool: "tools" if it does, "text" if it cannot or does not.

    Raises:
        StopRun: The model cannot be asked.
    """
    request = Request(
        model=model,
        messages=({"role": "user", "content": prompts.TOOL_PROBE.text},),
        tools=(prompts.FINISH_TOOL,),
        temperature=0.0,
        max_tokens=64,
    )
    try:
        reply = await ask(request)
    except CallError as error:
        if error.kind == "bad_request":
            return "text"
        # Guessing here would let a resumed run go on in another way than it began.
        raise StopRun(f"cannot find out whether {model} can call tools: {error}") from None
    return "tools" if reply.tool_calls else "text"


async def take_notes(ask: Ask, context: str, setting: SleepSetting, draw: int, owner: str) -> Notes:
    """Run one draw of the sleep phase.

    Args:
        ask: Makes a model call.
        context: The situation c.
        setting: How to ask.
        draw: Index of the draw among parallel ones, from 0.
        owner: Under whose name `ask` makes the calls; replies that somebody else caused are not
            billed to this draw.

    Raises:
        CallError: A call failed for good.
    """
    block = _Block()
    messages: list[Mapping[str, Any]] = _opening(context, setting.protocol)
    follow = _use_tools if setting.protocol == "tools" else _use_text
    usage, billed, calls, silent = Usage(), Usage(), 0, 0
    # A model that only talks, or only sends calls that cannot be read, gets as many turns as one
    # that works, and no more than one reminder in a row.
    while not block.done and calls <= MAX_REWRITES and silent < 2:
        reply = await ask(_request(setting, messages, draw))
        calls += 1
        usage += reply.usage
        if reply.owner == owner:
            billed += reply.usage
        answer = follow(reply, block)
        silent = silent + 1 if answer is None else 0
        messages += [_as_message(reply), *(answer or [_go_on()])]
    return Notes(block.text, usage, billed, block.rewrites, calls, block.finished)


def _opening(context: str, protocol: Protocol) -> list[Mapping[str, Any]]:
    manner = prompts.SLEEP_TOOLS if protocol == "tools" else prompts.SLEEP_TEXT
    system = f"{prompts.SLEEP_FRAME.text}\n\n{manner.text}"
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": prompts.situation_block(context, ())},
    ]


def _request(setting: SleepSetting, messages: list[Mapping[str, Any]], draw: int) -> Request:
    tools = (prompts.RETHINK_TOOL, prompts.FINISH_TOOL) if setting.protocol == "tools" else ()
    return Request(
        model=setting.model,
        messages=tuple(messages),
        tools=tools,
        temperature=setting.temperature,
        seed=setting.seed + draw,
        max_tokens=setting.max_tokens,
        reasoning_effort=setting.effort or None,
        sample=draw,
    )


def _as_message(reply: Reply) -> Mapping[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return message


def _go_on() -> Mapping[str, Any]:
    return {"role": "user", "content": prompts.SLEEP_CONTINUE.text}


def _use_tools(reply: Reply, block: _Block) -> list[Mapping[str, Any]] | None:
    """Apply the tool calls in order; None when the reply made none."""
    if not reply.tool_calls:
        return None
    return [
        {"role": "tool", "tool_call_id": call.call_id, "content": _apply(call, block)}
        for call in reply.tool_calls
    ]


def _apply(call: ToolCall, block: _Block) -> str:
    if call.name == "finish_rethinking":
        block.finished = True
        return "Finished."
    if call.name != "rethink_memory":
        return f"There is no tool {call.name!r}: use rethink_memory or finish_rethinking."
    if block.rewrites >= MAX_REWRITES:
        return f"Not stored: {MAX_REWRITES} rewrites are the most."
    try:
        new = json.loads(call.arguments)["new_memory"]
    except (ValueError, KeyError, TypeError):
        new = None
    if not isinstance(new, str):
        return 'Not stored: the arguments must be a JSON object {"new_memory": "text"}.'
    return block.replace(new)


_OPEN: Final = re.compile(r"<notes>", re.IGNORECASE)
_CLOSE: Final = re.compile(r"</notes>", re.IGNORECASE)


def _use_text(reply: Reply, block: _Block) -> list[Mapping[str, Any]] | None:
    """Take the last block of notes in the reply; None when there is none.

    A reply that was cut off before </notes> still gives its notes, and ends the phase: going on
    would only be cut off again.
    """
    starts = list(_OPEN.finditer(reply.text))
    if not starts:
        block.finished = bool(block.rewrites)
        return None
    body = reply.text[starts[-1].end() :]
    close = _CLOSE.search(body)
    told = block.replace(body[: close.start()] if close else body)
    block.cut_off = close is None
    block.finished = close is not None and "MORE" not in body[close.end() :]
    return [{"role": "user", "content": f"{told} {prompts.SLEEP_CONTINUE.text}"}]
