"""`rethink`, the paper's sleep phase S(c) -> c' (section 3, appendices F and K).

The model sees the context and an empty block of notes, and rewrites the block, as a whole each
time, until it says it is finished. It works through two tools, or by a plain-text protocol where
a server has no tools. k parallel phases are k independent draws whose notes are joined; the draws
of a smaller k are the first draws of a larger one, so each is paid for once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.estimate import CHARS_PER_TOKEN
from sleeptime_lib.experiment import Call, Notes, Prompt, Setting, SleepMethod
from sleeptime_lib.methods.situation import EMPTY_NOTES, situation_block
from sleeptime_lib.records import Context, Reply, ToolCall

MAX_REWRITES: Final = 10
"""Most rewrites of the notes in one phase (paper, appendix K)."""

MAX_NOTES_CHARS: Final = 5000
"""Size limit of one block of notes, as in the paper's released code."""

EXPECTED_CALLS: Final = 3
"""Calls of one draw, for estimates: two rewrites and the end."""

EXPECTED_TOKENS: Final = 300
"""Generated tokens of one draw, for estimates."""

Protocol = Literal["tools", "text"]

SLEEP_FRAME: Final = Prompt(
    "sleep_frame",
    1,
    "You have time to think about a situation before anyone asks about it. Questions about it "
    "will come later and must then be answered quickly, with the situation and your notes at "
    "hand. Work out which questions are likely, compute what they would need, and keep the "
    "results in the notes.\n"
    "Good notes have one quantity on each line and nothing else, written as: name = calculation = "
    "number. With three boxes of a dozen eggs at $4 a box a line could be: eggs in all = 3 * 12 = "
    "36. Begin with the simple quantities and build on them. Use only numbers from the situation "
    "or from lines above. Stop when nothing useful is left to add.",
)

PROBLEM_FRAME: Final = Prompt(
    "problem_frame",
    1,
    "You have time to think about the first part of a mathematics problem before its question is "
    "there. The question will come later and must then be answered quickly, with this part and "
    "your notes at hand. Work out whatever would make the rest short: what follows from the data, "
    "which formulas apply, and the results of questions that are likely.\n"
    "Good notes have one result on each line and nothing else, written as: name = calculation = "
    "number. With a rectangle whose sides are 4 and 6 a line could be: area = 4 * 6 = 24. Begin "
    "with the simple results and build on them. Use only numbers from the problem or from lines "
    "above. Stop when nothing useful is left to add.",
)

SLEEP_TOOLS: Final = Prompt(
    "sleep_tools",
    1,
    "Call rethink_memory with the complete new text of the notes: it replaces the whole block. "
    "You may do so several times, each time building on what is there. Call finish_rethinking "
    "when the notes are as useful as you can make them.",
)

SLEEP_TEXT: Final = Prompt(
    "sleep_text",
    1,
    "Write the complete text of the notes between a line <notes> and a line </notes>. If you want "
    "another turn to improve them, write MORE after </notes>: the next text then replaces the "
    "whole block. Otherwise stop after </notes>.",
)

SLEEP_CONTINUE: Final = Prompt(
    "sleep_continue",
    1,
    "Go on: improve the notes, or finish if nothing useful is left to add.",
)

TOOL_PROBE: Final = Prompt(
    "tool_probe",
    1,
    "There is nothing to think about this time. Call the tool finish_rethinking now.",
)

RETHINK_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "rethink_memory",
        "description": "Replace the notes with a new text.",
        "parameters": {
            "type": "object",
            "properties": {
                "new_memory": {
                    "type": "string",
                    "description": "The complete new text of the notes.",
                }
            },
            "required": ["new_memory"],
        },
    },
}
FINISH_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "finish_rethinking",
        "description": "End the thinking phase; the notes stay as they are.",
        "parameters": {"type": "object", "properties": {}},
    },
}

FRAME_TOKENS: Final = (len(SLEEP_FRAME.text) + len(SLEEP_TOOLS.text)) / CHARS_PER_TOKEN
"""Prompt tokens of a call beside the context, for estimates."""


def expected(setting: Setting) -> dict[str, Any]:
    """What a draw of the sleep phase takes, as fields of `Expected`."""
    again = setting.sleep.again if setting.sleep else 0
    return {
        "sleep_calls": EXPECTED_CALLS + again,
        "sleep_frame_tokens": FRAME_TOKENS,
        "sleep_tokens": EXPECTED_TOKENS * (1 + again),
    }


@dataclass(slots=True)
class Block:
    """The block of notes while it is being written.

    Attributes:
        text: Of the block.
        rewrites: So far.
        finished: The model ended the phase itself.
        cut_off: The last rewrite was cut off.
    """

    text: str = ""
    rewrites: int = 0
    finished: bool = False
    cut_off: bool = False

    def replace(self, new: str) -> str:
        """Store a new text, cut to the limit at a line end, and tell the model what was done."""
        self.rewrites += 1
        # JSON can write half of a character, which no file and no other request can hold.
        self.text = new.encode("utf-8", "replace").decode().strip()
        if len(self.text) > MAX_NOTES_CHARS:
            kept = self.text[:MAX_NOTES_CHARS]
            self.text = kept[: kept.rfind("\n")] if "\n" in kept else kept
            return f"Stored, but cut: the notes hold at most {MAX_NOTES_CHARS} characters."
        return "Stored."

    def end(self) -> str:
        """End the phase, and tell the model so."""
        self.finished = True
        return "Finished."

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        return self.finished or self.cut_off or self.rewrites >= MAX_REWRITES


async def take_notes(
    call: Call, context: Context, setting: Setting, draw: int, frame: Prompt = SLEEP_FRAME
) -> Notes:
    """Run one draw of the sleep phase; about an empty context there is nothing to think.

    A phase that the model ends is gone on with as often as the setting says, until the notes do not
    change any more.

    Args:
        call: Asks the model.
        context: The situation c.
        setting: `sleep` says how to ask; its protocol is "tools" or "text".
        draw: Index of the draw among parallel ones, from 0.
        frame: Tells the model what it is to do.

    Raises:
        CallError: A call failed for good.
    """
    if not context.text.strip():
        return Notes("", rewrites=0)
    how = setting.sleep
    assert how is not None
    by_tools = how.protocol == "tools"
    follow = _use_tools if by_tools else _use_text
    block = Block()
    messages = _opening(context.text, frame, by_tools=by_tools)
    calls = silent = ends = 0
    settled: str | None = None  # the notes when the phase last ended
    # A model that only talks, or only sends calls that cannot be read, gets as many turns as one
    # that works, and no more than one reminder in a row.
    while not block.done and calls <= MAX_REWRITES + how.again and silent < 2:
        reply = await call(
            messages,
            tools=(RETHINK_TOOL, FINISH_TOOL) if by_tools else (),
            temperature=how.temperature,
            seed=how.seed + draw,
            max_tokens=how.max_tokens,
            effort=how.effort,
            thinking=how.thinking,
            sample=draw,
        )
        calls += 1
        answer = follow(reply, block)
        silent = silent + 1 if answer is None else 0
        messages += [as_message(reply), *(answer or [_go_on()])]
        if block.finished and ends < how.again and block.text not in ("", settled):
            block.finished, settled, ends = False, block.text, ends + 1
            messages += [_go_on()] if by_tools else []
    return Notes(block.text, block.rewrites, block.finished or settled is not None)


async def choose_protocol(call: Call, options: Any) -> Mapping[str, Any]:
    """Settle the protocol "auto": "tools" if the model calls one when asked, otherwise "text".

    Raises:
        StopRun: The model cannot be asked.
    """
    if getattr(options, "sleep_protocol", "text") != "auto":
        return {}
    try:
        by_tools = await calls_tools(call)
    except CallError as error:
        if error.kind == "bad_request":
            return {"sleep_protocol": "text"}
        # Guessing here would let a resumed run go on in another way than it began.
        raise StopRun(f"cannot find out whether {call.model} can call tools: {error}") from None
    return {"sleep_protocol": "tools" if by_tools else "text"}


async def calls_tools(call: Call) -> bool:
    """Whether the model calls a tool when it is asked to.

    Raises:
        CallError: It cannot be asked.
    """
    reply = await call(
        [{"role": "user", "content": TOOL_PROBE.text}],
        tools=(FINISH_TOOL,),
        temperature=0.0,
        max_tokens=64,
    )
    return bool(reply.tool_calls)


def _opening(context: str, frame: Prompt, *, by_tools: bool) -> list[Mapping[str, Any]]:
    manner = SLEEP_TOOLS if by_tools else SLEEP_TEXT
    return [
        {"role": "system", "content": f"{frame.text}\n\n{manner.text}"},
        {"role": "user", "content": situation_block(context)},
    ]


def as_message(reply: Reply) -> Mapping[str, Any]:
    """A reply as the next request repeats it."""
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
    return {"role": "user", "content": SLEEP_CONTINUE.text}


def _use_tools(reply: Reply, block: Block) -> list[Mapping[str, Any]] | None:
    """Apply the tool calls in order; None when the reply made none."""
    if not reply.tool_calls:
        return None
    return [
        {"role": "tool", "tool_call_id": call.call_id, "content": _apply(call, block)}
        for call in reply.tool_calls
    ]


def _apply(call: ToolCall, block: Block) -> str:
    if call.name == "finish_rethinking":
        return block.end()
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


def _use_text(reply: Reply, block: Block) -> list[Mapping[str, Any]] | None:
    told = read_notes(reply.text, block)
    return None if told is None else [{"role": "user", "content": f"{told} {SLEEP_CONTINUE.text}"}]


def read_notes(text: str, block: Block) -> str | None:
    """Take the last block of notes in a reply; None when there is none, else what to say of it.

    A reply that was cut off before </notes> still gives its notes, and ends the phase: going on
    would only be cut off again.
    """
    starts = list(_OPEN.finditer(text))
    if not starts:
        block.finished = bool(block.rewrites)
        return None
    body = text[starts[-1].end() :]
    close = _CLOSE.search(body)
    told = block.replace(body[: close.start()] if close else body)
    block.cut_off = close is None
    block.finished = close is not None and "MORE" not in body[close.end() :]
    return told


TEXTS: Final = (
    SLEEP_TOOLS, SLEEP_TEXT, SLEEP_CONTINUE, TOOL_PROBE, RETHINK_TOOL, FINISH_TOOL,
)  # fmt: skip
"""What every method sends that works through this loop."""

RETHINK: Final = SleepMethod(
    "rethink",
    take_notes,
    prompts=(EMPTY_NOTES, SLEEP_FRAME, *TEXTS),
    settle=choose_protocol,
)

RETHINK_PROBLEM: Final = SleepMethod(
    "rethink-problem",
    partial(take_notes, frame=PROBLEM_FRAME),
    prompts=(EMPTY_NOTES, PROBLEM_FRAME, *TEXTS),
    settle=choose_protocol,
)
"""The paper's variant for AIME: the model is told that it holds the first part of a problem."""
