"""An explicit loop over tool calls with a budget of steps (paper, figure 11).

One tool call is one step, and so is a reply that calls none. Every result ends "[Step: i/N]", so
that the model knows what is left. Each reply is a call of its own and cached, and results follow
from the tools' own state and the calls before them: an attempt that is killed goes on in the middle
when it is made again.

What stands in a result is other people's text. It can persuade a model, but the tools there are,
what they reach and the number of steps are set here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Call, Prompt
from sleeptime_lib.experiments.swe_tools.workspace import Refused
from sleeptime_lib.methods.rethink import as_message, calls_tools
from sleeptime_lib.records import Reply, ToolCall

LONGEST_RESULT: Final = 12_000
"""Characters of one result."""

MOST_TOLD: Final = 60_000
"""Characters of all results of one attempt, so that the conversation fits into what models read."""

_LEAST: Final = 300
"""Characters that are told in any case: whether an edit was done."""

_NAME: Final = re.compile("[a-zA-Z0-9_-]{1,64}")
_NO_NAME: Final = "unknown"

KEEP_ON: Final = Prompt(
    "agent_continue",
    1,
    "No tool was called. Call a tool, or the one that ends the work if nothing is left to do.",
)

BUDGET: Final = Prompt("agent_budget", 1, "You have {} steps.")

Tool = Mapping[str, Any]
"""A tool's definition in the wire format of the chat-completions API."""
Use = Callable[[Mapping[str, Any]], str]
"""What a tool does: checked arguments in, result out; raises `Refused` with the reason if it will
not."""


def tool(name: str, text: str, /, required: int | None = None, **takes: tuple[str, str]) -> Tool:
    """Define a tool.

    Args:
        name: Its name.
        text: What it does, for the model.
        required: How many of its arguments must be given, the first ones; None for all.
        **takes: Type ("string" or "integer") and description of each argument.
    """
    properties = {key: {"type": kind, "description": said} for key, (kind, said) in takes.items()}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(takes)[:required],
    }
    return {
        "type": "function",
        "function": {"name": name, "description": text, "parameters": parameters},
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call as it went.

    Attributes:
        number: From 1.
        tool: Name as the model wrote it; "" for a reply without a call.
        done: Whether the tool did it.
        generated: Tokens generated in the attempt up to here.
    """

    number: int
    tool: str
    done: bool
    generated: int


@dataclass(slots=True)
class Course:
    """How an attempt went.

    Attributes:
        steps: What was done, in order.
        finished: The model ended it itself.
    """

    steps: list[Step] = field(default_factory=list)
    finished: bool = False

    def first(self, *tools: str) -> Step | None:
        """The first step that one of the tools did."""
        return next((step for step in self.steps if step.done and step.tool in tools), None)


async def work(
    call: Call,
    opening: Sequence[Mapping[str, Any]],
    tools: Mapping[str, tuple[Tool, Use]],
    *,
    steps: int,
    ends: str,
    **how: Any,
) -> Course:
    """Let the model use tools until it ends the work, the steps are used up, or it only talks.

    Args:
        call: Asks the model.
        opening: The first messages.
        tools: Definition and use of each tool, by name.
        steps: The budget.
        ends: Name of the tool that ends the work.
        **how: How to ask, as `Call` takes it.

    Raises:
        CallError: A call failed for good.
    """
    messages = list(opening)
    definitions = [definition for definition, _ in tools.values()]
    course = Course()
    silent, room = 0, MOST_TOLD
    while not course.finished and len(course.steps) < steps and silent < 2:
        reply = await call(messages, tools=definitions, **how)
        messages.append(_message(reply))
        silent = 0 if reply.tool_calls else silent + 1
        if silent:
            course.steps.append(Step(len(course.steps) + 1, "", False, call.usage.completion))
            counter = _counter(course, steps)
            messages.append({"role": "user", "content": f"{KEEP_ON.text}\n{counter}"})
        for asked in reply.tool_calls:
            done, result = await _result(
                asked, tools, ended=course.finished, left=steps - len(course.steps)
            )
            if len(course.steps) < steps and not course.finished:
                number = len(course.steps) + 1
                course.steps.append(Step(number, asked.name, done, call.usage.completion))
            course.finished = course.finished or (done and asked.name == ends)
            result = _within(result, room)
            room = max(room - len(result), 0)
            content = f"{result}\n{_counter(course, steps)}"
            messages.append({"role": "tool", "tool_call_id": asked.call_id, "content": content})
    return course


def _counter(course: Course, steps: int) -> str:
    return f"[Step: {len(course.steps)}/{steps}]"


async def _result(
    asked: ToolCall, tools: Mapping[str, tuple[Tool, Use]], *, ended: bool, left: int
) -> tuple[bool, str]:
    """Whether a tool call was done, and what the model is told."""
    if ended or left < 1:
        return False, "Not done: the work has ended." if ended else "Not done: no step is left."
    try:
        if asked.name not in tools:
            raise Refused(f"there is no tool {asked.name[:50]!r}: there are {', '.join(tools)}")
        definition, use = tools[asked.name]
        given = _arguments(asked.arguments, definition)
        return True, _shown(await asyncio.to_thread(use, given))
    except Refused as refused:
        return False, _shown(f"Not done: {refused}.")


def _arguments(written: str, definition: Tool) -> dict[str, Any]:
    """Arguments as the model wrote them, of the types that the tool takes; others are left out.

    Raises:
        Refused: One is missing or of another type, or it is no JSON object.
    """
    parameters = definition["function"]["parameters"]
    try:
        given = json.loads(written or "{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused("the arguments must be a JSON object")
    found: dict[str, Any] = {}
    for name, kind in parameters["properties"].items():
        value = given.get(name)
        if value is None:
            continue
        if kind["type"] == "integer":
            # Many models write numbers as text.
            value = int(value) if isinstance(value, str) and _is_number(value) else value
            if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**9:
                raise Refused(f"{name} must be a whole number")
        elif not isinstance(value, str):
            raise Refused(f"{name} must be text")
        found[name] = value
    if lacking := [name for name in parameters.get("required", ()) if name not in found]:
        raise Refused(f"{' and '.join(lacking)} must be given")
    return found


def _is_number(text: str) -> bool:
    return len(text) < 10 and text.isascii() and text.isdigit()


def _shown(text: str) -> str:
    """A result of moderate length that can be sent."""
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= LONGEST_RESULT:
        return text
    return f"{text[:LONGEST_RESULT]}\n(cut: a result has at most {LONGEST_RESULT:,} characters)"


def _within(text: str, room: int) -> str:
    """A result of an attempt that has room for so many characters more."""
    if len(text) <= max(room, _LEAST):
        return text
    kept = text[: max(room, _LEAST)]
    return f"{kept}\n(cut: an attempt is told at most {MOST_TOLD:,} characters in all)"


def _message(reply: Reply) -> Mapping[str, Any]:
    """A reply as the next request repeats it.

    Some servers refuse the whole request for names that no tool could have, and for arguments that
    are no JSON object of numbers and whole characters: these are not repeated.
    """
    calls = (
        replace(
            call,
            name=call.name if _NAME.fullmatch(call.name) else _NO_NAME,
            arguments=call.arguments if _is_object(call.arguments) else "{}",
        )
        for call in reply.tool_calls
    )
    return as_message(replace(reply, tool_calls=tuple(calls)))


def _is_object(written: str) -> bool:
    try:
        value = json.loads(written)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict)


async def require_tools(call: Call, options: Any) -> Mapping[str, Any]:
    """Ask the model once whether it can call a tool at all; it settles no option.

    Raises:
        StopRun: It cannot, or cannot be asked.
    """
    try:
        able = await calls_tools(call)
    except CallError as error:
        raise StopRun(f"cannot find out whether {call.model} can call tools: {error}") from None
    if not able:
        raise StopRun(
            f"{call.model} called no tool when asked to: an agent needs a model and a server with "
            "tool calls (vLLM: --enable-auto-tool-choice, llama.cpp: --jinja)"
        )
    return {}
