"""The simulated model behind the fault-injecting server, and a run against it to be killed."""

import asyncio
from pathlib import Path

from fault_replies import completion

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.servers.simulated import chat


def simulated_answer(path, body):
    draft = chat.reply(
        body["messages"],
        body.get("tools") or (),
        temperature=body.get("temperature", 1.0),
        seed=body.get("seed"),
    )
    written = len(draft.text) // 4 + 1
    usage = {"prompt_tokens": len(str(body)) // 4, "completion_tokens": written}
    usage["total_tokens"] = sum(usage.values())
    if draft.tool is None:
        return 200, completion(draft.text, usage)
    name, arguments = draft.tool
    call = {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}
    return 200, completion(draft.text, usage, tool_calls=[call])


OPTIONS = {"levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 3, "model": "m"}


def prepared(url: str, path: Path, *, limit: int, **execution):
    options = runs.make_options(STATEFUL_GSM, base_url=url, limit=limit, **OPTIONS)
    return runs.prepare(STATEFUL_GSM, options, Execution.make(**execution), path)


def carry_out(url: str, path: Path, limit: int) -> None:
    """Run with a few calls in flight; made to be called in a process that gets killed."""
    asyncio.run(runs.carry_out(prepared(url, path, limit=limit, concurrency=8)))
