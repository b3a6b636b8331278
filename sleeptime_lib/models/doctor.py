"""A dozen cheap questions to a server: what works there, and what the workbench does otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.knobs import HARD_QUESTION, THINKING, counting, goes_on, moved
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import BadReply, NoAnswer, NotConnected, error_text, read_object
from sleeptime_lib.records import Reply, Request

if TYPE_CHECKING:
    from sleeptime_lib.models.wire import Wire

_ALL_COUNT: Final = "prompt tokens count in full"
_TEXT_NOTES: Final = "the sleep phase uses its plain-text protocol"
_ONE_AT_A_TIME: Final = "nothing to do: calls are taken one at a time"
_VERBOSITY: Final = "verbosity levels can be the test-time budget"
_ROOM: Final = 512
"""`max_tokens` of most questions: reasoning models think before they say a word."""
_LIMITS: Final = Limits(timeout_s=120.0, max_retries=0, max_rate_limit_retries=5)
_LONG: Final = "The quick brown fox jumps over the lazy dog. " * 160
"""Above the 1,024 tokens from which providers cache prompts."""
_TOOL: Final = {
    "type": "function",
    "function": {
        "name": "rethink_memory",
        "description": "Replace the notes by a new text.",
        "parameters": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
    },
}


Verdict = Literal["yes", "no", "unclear"]
_Told = tuple[Verdict, str, str]
"""Verdict, what was seen and its consequence, as in `Finding`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried.

    Attributes:
        name: What was tried.
        verdict: Whether it works.
        seen: What was seen, in one line.
        consequence: What the workbench does about it.
    """

    name: str
    verdict: Verdict
    seen: str
    consequence: str


async def examine(endpoint: Endpoint) -> tuple[Finding, ...]:
    """Ask a server about a dozen questions, some 10,000 tokens in all where it reasons.

    Args:
        endpoint: The server and model.

    Raises:
        StopRun: The server cannot be reached, refuses the key, or cannot chat.
    """
    from sleeptime_lib.models.wire import Wire  # imports openai

    wire = Wire(endpoint, _LIMITS)
    try:
        findings = [await _models(endpoint, wire)]
        async with Client(endpoint, cache_path=None, limits=_LIMITS) as client:
            asker = _Asker(endpoint, client)
            findings += await _chat(asker)
            for name, ask, without in _QUESTIONS:
                try:
                    findings.append(Finding(name, *await ask(asker)))
                except CallError as error:
                    findings.append(Finding(name, "no", error.message, without))
        findings.append(await _batch(endpoint, wire))
    finally:
        await wire.aclose()
    return tuple(findings)


def render(findings: Sequence[Finding]) -> str:
    """The findings as lines of plain text."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for f in findings:
        lines.append(f"{f.name:{width}}  {f.verdict:7}  {f.seen}")
        lines.append(f"{'':{width}}           -> {f.consequence}")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks questions through the client, so that what works here works in a run."""

    endpoint: Endpoint
    client: Client

    async def chat(self, text: str, max_tokens: int = _ROOM, **given: Any) -> Reply:
        """Ask one question; raises what `ask` does."""
        message = {"role": "user", "content": text}
        request = Request(self.endpoint.model, (message,), max_tokens=max_tokens, **given)
        return await self.ask(request)

    async def ask(self, request: Request) -> Reply:
        """Send a request.

        Raises:
            CallError: There is no reply.
        """
        return await self.client.complete(request, owner="doctor")


async def _list(endpoint: Endpoint, wire: Wire, path: str) -> list[Any] | str:
    """The list that a path gives, or why there is none.

    Raises:
        StopRun: Not reachable, or the key is refused.
    """
    try:
        answer = await wire.get(path)
        data = read_object(answer).get("data") if answer.status == 200 else None
    except NotConnected as error:
        raise StopRun(f"cannot reach {endpoint.base_url} ({error})") from None
    except (NoAnswer, BadReply) as error:
        return str(error)
    if answer.status == 401:
        said = error_text(answer.body)
        raise StopRun(f"{endpoint.base_url} refuses the key in {endpoint.key_env} (401: {said})")
    if answer.status != 200:
        return f"{answer.status}: {error_text(answer.body)}"
    return data if isinstance(data, list) else "no list in the reply"


async def _models(endpoint: Endpoint, wire: Wire) -> Finding:
    name, model = "list of models", endpoint.model
    listed = await _list(endpoint, wire, "/models")
    if isinstance(listed, str):
        return Finding(name, "no", listed, f"cannot check that {model} exists before a run")
    names = [str(item.get("id")) for item in listed if isinstance(item, dict)]
    if model in names:
        return Finding(name, "yes", f"{model} and {len(names) - 1} others", "nothing to do")
    seen = f"{model} is not among: {', '.join(names[:8])}"
    return Finding(name, "no", seen, "if chat fails below, give --model one of these names")


async def _chat(asker: _Asker) -> list[Finding]:
    start = time.perf_counter()
    try:
        reply = await asker.chat("What is 17 + 25? Answer with the number only.", temperature=0.0)
    except CallError as error:
        endpoint = asker.endpoint
        raise StopRun(
            f"{endpoint.base_url} cannot chat as {endpoint.model}: {error.message}"
        ) from None
    seconds = time.perf_counter() - start
    text = reply.text.strip()
    seen = f"17 + 25 = {json.dumps(text[:60]) if text else 'an empty reply'} in {seconds:.1f} s"
    if "42" in text:
        chat = Finding("chat", "yes", seen, "questions can be asked")
    else:
        chat = Finding("chat", "unclear", seen, "read some replies before you start a large run")
    if told := asker.client.totals.notices:
        warm = Finding("temperature", "no", told[0], "requests are sent without a temperature")
    else:
        warm = Finding("temperature", "yes", "temperature 0", "temperatures are sent as configured")
    usage = reply.usage
    if usage.estimated:
        estimated = "tokens are estimated from the text and marked as estimated in every row"
        counted = Finding("usage", "no", "the reply has none", estimated)
    else:
        seen = f"{usage.prompt} prompt, {usage.completion} completion tokens"
        counted = Finding("usage", "yes", seen, "tokens are the server's own counts")
    seen = f"{usage.reasoning} reasoning tokens, {len(reply.reasoning)} characters shown"
    if usage.reasoning or reply.reasoning:
        thought = Finding("reasoning", "yes", seen, "hidden reasoning is counted in test tokens")
    else:
        thought = Finding("reasoning", "no", seen, "all generated tokens are visible text")
    return [chat, warm, counted, thought]


async def _length(asker: _Asker) -> _Told:
    most = 16
    reply = await asker.chat("Count from 1 to 200 in words.", max_tokens=most)
    tokens, finish = reply.usage.completion, reply.finish_reason
    seen = f"{tokens} tokens of at most {most}, finish reason {finish or 'missing'}"
    if tokens > most and not reply.usage.estimated:
        return "no", seen, "a cap may be passed by what replies are too long"
    if finish != "length":
        return "unclear", seen, "cut replies cannot be told from finished ones"
    return "yes", seen, "caps on tokens and money hold"


async def _cached(asker: _Asker) -> _Told:
    text = f"{_LONG}\nHow many animals are in the first sentence? Answer with a number."
    await asker.chat(text, max_tokens=64)
    usage = (await asker.chat(text, max_tokens=64)).usage
    seen = f"{usage.cached} of {usage.prompt} in the second of two equal prompts"
    if not usage.cached:
        return "no", seen, _ALL_COUNT
    return "yes", seen, "cached tokens are recorded and priced on their own"


async def _tools(asker: _Asker) -> _Told:
    reply = await asker.chat("Call rethink_memory with the notes 'buy milk'.", tools=(_TOOL,))
    if not reply.tool_calls:
        return "no", f"wrote {json.dumps(reply.text[:60])} instead", _TEXT_NOTES
    call = reply.tool_calls[0]
    seen = f"{call.name}({call.arguments[:60]})"
    try:
        right = call.name == "rethink_memory" and isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        right = False
    if not right:
        return "unclear", seen, _TEXT_NOTES + " if this happens in the run's probe"
    return "yes", seen, "the sleep phase uses rethink_memory and finish_rethinking"


async def _parallel_tools(asker: _Asker) -> _Told:
    text = "Call rethink_memory twice in one message: with 'buy milk', and with 'call Ann'."
    reply = await asker.chat(text, tools=(_TOOL,))
    seen = f"{len(reply.tool_calls)} calls in one message"
    if len(reply.tool_calls) > 1:
        return "yes", seen, "all are carried out"
    return "no", seen, _ONE_AT_A_TIME


async def _effort(asker: _Asker) -> _Told:
    return await _knob(asker, "effort", [{"reasoning_effort": name} for name in ("low", "high")])


async def _thinking(asker: _Asker) -> _Told:
    return await _knob(asker, "thinking", [{"extra": {THINKING: tokens}} for tokens in (64, 2048)])


async def _knob(asker: _Asker, kind: str, ends: Sequence[Mapping[str, Any]]) -> _Told:
    """Ask a hard question at the lower and the upper end of a budget."""
    server = asker.endpoint.server
    if not server.takes(kind):
        return "no", f"{server.name} takes none", f"take --budget-kind {server.others(kind)}"
    replies = [await asker.chat(HARD_QUESTION, 2560, **end) for end in ends]
    low, high = (reply.usage.completion for reply in replies)
    seen = f"a hard question took {low} tokens at the lower end, {high} at the upper"
    if moved(low, high):
        return "yes", seen, f"--budget-kind {kind} can be the test-time budget"
    return "no", f"{seen}: it changes nothing", f"take --budget-kind {server.others(kind)}"


async def _forced(asker: _Asker) -> _Told:
    server = asker.endpoint.server
    if not server.takes("forced"):
        return "no", f"{server.name} takes none", f"take --budget-kind {server.others('forced')}"
    reply = await asker.ask(counting(asker.endpoint.model))
    seen = f"asked to count on from 11: {json.dumps(reply.text[:40])}"
    if goes_on(reply.text):
        return "yes", seen, "--budget-kind forced can be the test-time budget"
    return "no", seen, f"take --budget-kind {server.others('forced')}"


async def _seed(asker: _Asker) -> _Told:
    text = "Write a sentence about a lighthouse."
    replies = [await asker.chat(text, 48, seed=seed, temperature=1.0) for seed in (7, 7, 8)]
    first, again, other = (reply.text for reply in replies)
    if first != again:
        seen = "two draws with one seed differ"
        return "no", seen, "only the cache makes a run repeatable; keep it"
    if first == other:
        return "unclear", "another seed changes nothing", "keep the cache"
    return "yes", "one seed, one reply", "a run can be repeated from its seed"


async def _scores(asker: _Asker) -> _Told:
    request = Request(asker.endpoint.model, prompt="Paris is the capital of France.")
    reply = await asker.ask(request)
    seen = f"{len(reply.logprobs)} token log-probabilities"
    return "yes", seen, "predictability of questions can be measured here"


_QUESTIONS: Final = (
    ("bound on length", _length, "do not use caps: they rely on this bound"),
    ("cached prompt tokens", _cached, _ALL_COUNT),
    ("tool calls", _tools, _TEXT_NOTES),
    ("parallel tool calls", _parallel_tools, _ONE_AT_A_TIME),
    ("reasoning effort", _effort, _VERBOSITY),
    ("thinking budget", _thinking, _VERBOSITY),
    ("forced budget", _forced, _VERBOSITY),
    ("seed", _seed, "draws are repeated from the cache"),
    ("prompt logprobs (echo)", _scores, "predictability of questions needs another model"),
)
"""What is tried, how it is asked, and what the workbench does when there is no reply."""


async def _batch(endpoint: Endpoint, wire: Wire) -> Finding:
    name, live = "batch API", "nothing to do: all calls are made live"
    listed = await _list(endpoint, wire, "/batches?limit=1")
    if isinstance(listed, str):
        return Finding(name, "no", listed, live)
    return Finding(name, "yes", "the list of batches can be read", live)
