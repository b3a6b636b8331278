"""What the tests of the simulated model share: its server in process, and a sleep phase."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import httpx2
import pytest

from sleeptime_lib.experiment import Prompt
from sleeptime_lib.methods import rethink, verbosity
from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.simulated.app import create_app
from sleeptime_lib.servers.simulated.chat import Draft, reply

_ANSWER = re.compile(r"The answer is (-?[\d.]+(?:/\d+)?)\.$")


@pytest.fixture
async def server() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the simulated model's application, in process."""
    transport = httpx2.ASGITransport(create_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://simulated/v1") as client:
        yield client


@pytest.fixture(scope="session")
def answered() -> Callable[[str], Fraction | None]:
    """Reads the number a reply gives as its answer."""

    def read(text: str) -> Fraction | None:
        found = _ANSWER.search(text.strip())
        return Fraction(found.group(1)) if found else None

    return read


@pytest.fixture(scope="session")
def ask(answered: Callable[[str], Fraction | None]) -> Callable[..., Fraction | None]:
    """Asks a question and reads the answer."""

    def ask(
        context: str, question: str, level: int, notes: Sequence[str] = (), **options: Any
    ) -> Fraction | None:
        messages = verbosity.messages(context, notes, question, level)
        return answered(reply(messages, **options).text)

    return ask


@pytest.fixture(scope="session")
def sleep() -> Callable[..., list[str]]:
    """Runs a sleep phase with tools and gives the notes after each rewrite, at most ten."""

    def sleep(
        context: str, seed: int, frame: Prompt = rethink.SLEEP_FRAME, **options: Any
    ) -> list[str]:
        tools = (rethink.RETHINK_TOOL, rethink.FINISH_TOOL)
        system = f"{frame.text}\n\n{rethink.SLEEP_TOOLS.text}"
        messages: list[Mapping[str, Any]] = [
            {"role": "system", "content": system},
            {"role": "user", "content": situation_block(context, ())},
        ]
        written: list[str] = []
        for turn in range(11):
            draft = reply(messages, tools, temperature=1.0, seed=seed, **options)
            if draft.tool and draft.tool[0] == "finish_rethinking":
                return written
            written.append(_new_memory(draft))
            messages += _after(draft, f"call_{turn}")
        raise AssertionError("the sleep phase does not end within ten rewrites")

    return sleep


def _new_memory(draft: Draft) -> str:
    assert draft.tool is not None
    name, arguments = draft.tool
    assert name == "rethink_memory"
    text = json.loads(arguments)["new_memory"]
    assert isinstance(text, str)
    return text


def _after(draft: Draft, call_id: str) -> list[Mapping[str, Any]]:
    assert draft.tool is not None
    name, arguments = draft.tool
    call = {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": "Stored."},
    ]
