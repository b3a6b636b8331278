"""A dozen cheap questions to a server: what works there, and what the workbench does otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sleeptime_lib.errors import StopRun
from sleeptime_lib.models.answers import Answer, NoAnswer, NotConnected
from sleeptime_lib.models.dialect import Dialect, encode
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.failures import error_text
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import BadReply, read_object, read_reply
from sleeptime_lib.records import Reply, Request

if TYPE_CHECKING:
    from sleeptime_lib.models.wire import Wire

Verdict = Literal["yes", "no", "unclear"]

_ROOM: Final = 512
"""`max_tokens` of most questions: reasoning models think before they say a word."""
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


async def examine(endpoint: Endpoint, *, timeout_s: float = 120.0) -> tuple[Finding, ...]:
    """Ask a server about a dozen questions, some 6,000 tokens in all.

    Args:
        endpoint: The server and model.
        timeout_s: Seconds one question may take.

    Raises:
        StopRun: The server cannot be reached, refuses the key, or cannot chat.
    """
    from sleeptime_lib.models.wire import Wire  # imports openai

    asker = _Asker(endpoint, Wire(endpoint, Limits(timeout_s=timeout_s)))
    try:
        findings = [await _models(asker), *await _chat(asker)]
        for check in (_length, _cached, _tools, _parallel_tools, _effort, _seed, _echo, _batch):
            findings.append(await check(asker))
    finally:
        await asker.wire.aclose()
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
class _Said:
    """What came of a question: a reply with the raw object it is from, or a complaint."""

    reply: Reply | None = None
    raw: dict[str, Any] | None = None
    complaint: str = ""


class _Asker:
    """Sends questions, once each, in the server's dialect."""

    def __init__(self, endpoint: Endpoint, wire: Wire) -> None:
        self.endpoint = endpoint
        self.wire = wire
        self.dialect = Dialect(endpoint.base_url)

    async def chat(self, text: str, max_tokens: int = _ROOM, **given: Any) -> _Said:
        message = {"role": "user", "content": text}
        request = Request(self.endpoint.model, (message,), max_tokens=max_tokens, **given)
        content = encode(request.body())
        while True:
            field = self.dialect.length_field
            body = self.dialect.write(request, content, None)
            answer = await self.send("/chat/completions", body)
            if isinstance(answer, str):
                return _Said(complaint=answer)
            if not self.dialect.learn(field, answer):
                break
        if answer.status != 200:
            return _Said(complaint=f"{answer.status}: {error_text(answer.body)}")
        try:
            reply = read_reply(answer, request, owner="doctor", latency_s=0.0)
            return _Said(reply, read_object(answer))
        except BadReply as error:
            return _Said(complaint=str(error))

    async def fetch(self, path: str, body: bytes | None = None) -> dict[str, Any] | str:
        """The JSON object at a path, or why there is none."""
        answer = await self.send(path, body)
        if isinstance(answer, str):
            return answer
        if answer.status != 200:
            return f"{answer.status}: {error_text(answer.body)}"
        try:
            return read_object(answer)
        except BadReply as error:
            return str(error)

    async def send(self, path: str, body: bytes | None = None) -> Answer | str:
        """The answer, or why there is none.

        Raises:
            StopRun: Not reachable, or the key is refused.
        """
        url = self.endpoint.base_url
        try:
            answer = await (self.wire.get(path) if body is None else self.wire.post(path, body))
        except NotConnected as error:
            raise StopRun(f"cannot reach {url} ({error})") from None
        except NoAnswer as error:
            return str(error)
        if answer.status == 401:
            said = error_text(answer.body)
            raise StopRun(f"{url} refuses the key in {self.endpoint.key_env} (401: {said})")
        return answer


async def _models(asker: _Asker) -> Finding:
    name, model = "list of models", asker.endpoint.model
    content = await asker.fetch("/models")
    data = content if isinstance(content, str) else content.get("data")
    if not isinstance(data, list):
        seen = content if isinstance(content, str) else "no list in it"
        return Finding(name, "no", seen, f"cannot check that {model} exists before a run")
    names = [str(item.get("id")) for item in data if isinstance(item, dict)]
    if model in names:
        return Finding(name, "yes", f"{model} and {len(names) - 1} others", "nothing to do")
    seen = f"{model} is not among: {', '.join(names[:8])}"
    return Finding(name, "no", seen, "if chat fails below, give --model one of these names")


async def _chat(asker: _Asker) -> list[Finding]:
    start = time.perf_counter()
    said = await asker.chat("What is 17 + 25? Answer with the number only.", temperature=0.0)
    seconds = time.perf_counter() - start
    warm: Verdict = "yes"
    temperature = "sampling temperatures are sent as configured"
    if said.reply is None and "temperature" in said.complaint:
        warm, temperature = "no", "leave the temperature unset for this model"
        said = await asker.chat("What is 17 + 25? Answer with the number only.")
    if said.reply is None or said.raw is None:
        raise StopRun(
            f"{asker.endpoint.base_url} cannot chat as {asker.endpoint.model}: {said.complaint}"
        )
    text = said.reply.text.strip()
    shown = json.dumps(text[:60]) if text else "an empty reply"
    field = f"the length of replies is bounded with {asker.dialect.length_field}"
    usage = said.raw.get("usage")
    counted = said.reply.usage
    findings = [
        Finding(
            "chat", "yes" if text else "unclear", f"17 + 25 = {shown} in {seconds:.1f} s", field
        ),
        Finding("temperature", warm, "temperature 0", temperature),
    ]
    if counted.estimated:
        missing = "tokens are estimated from the text and marked as estimated in every row"
        findings.append(Finding("usage", "no", json.dumps(usage)[:80], missing))
    else:
        seen = f"{counted.prompt} prompt, {counted.completion} completion tokens"
        findings.append(Finding("usage", "yes", seen, "tokens are the server's own counts"))
    thought = counted.reasoning or said.reply.reasoning
    findings.append(
        Finding(
            "reasoning",
            "yes" if thought else "no",
            f"{counted.reasoning} reasoning tokens, {len(said.reply.reasoning)} characters shown",
            "hidden reasoning is counted in test tokens"
            if thought
            else "all generated tokens are visible text",
        )
    )
    return findings


async def _length(asker: _Asker) -> Finding:
    name, most = "bound on length", 16
    said = await asker.chat("Count from 1 to 200 in words.", max_tokens=most)
    if said.reply is None:
        return Finding(name, "no", said.complaint, "do not use caps: they rely on this bound")
    tokens, finish = said.reply.usage.completion, said.reply.finish_reason
    seen = f"{tokens} tokens of at most {most}, finish reason {finish or 'missing'}"
    if tokens > most and not said.reply.usage.estimated:
        return Finding(name, "no", seen, "a cap may be passed by what replies are too long")
    if finish != "length":
        return Finding(name, "unclear", seen, "cut replies cannot be told from finished ones")
    return Finding(name, "yes", seen, "caps on tokens and money hold")


async def _cached(asker: _Asker) -> Finding:
    name = "cached prompt tokens"
    text = f"{_LONG}\nHow many animals are in the first sentence? Answer with a number."
    await asker.chat(text, max_tokens=64)
    said = await asker.chat(text, max_tokens=64)
    if said.reply is None or said.raw is None:
        return Finding(name, "no", said.complaint, "prompt tokens count in full")
    cached = said.reply.usage.cached
    if cached:
        seen = f"{cached} of {said.reply.usage.prompt} in the second of two equal prompts"
        return Finding(name, "yes", seen, "cached tokens are recorded and priced on their own")
    details = "prompt_tokens_details" in (said.raw.get("usage") or {})
    seen = "the field is there and 0" if details else "no field for it"
    return Finding(name, "unclear" if details else "no", seen, "prompt tokens count in full")


async def _tools(asker: _Asker) -> Finding:
    name = "tool calls"
    text_notes = "the sleep phase uses its plain-text protocol"
    said = await asker.chat("Call rethink_memory with the notes 'buy milk'.", tools=(_TOOL,))
    if said.reply is None:
        return Finding(name, "no", said.complaint, text_notes)
    if not said.reply.tool_calls:
        return Finding(name, "no", f"wrote {json.dumps(said.reply.text[:60])} instead", text_notes)
    call = said.reply.tool_calls[0]
    seen = f"{call.name}({call.arguments[:60]})"
    try:
        right = call.name == "rethink_memory" and isinstance(json.loads(call.arguments), dict)
    except ValueError:
        right = False
    if not right:
        return Finding(name, "unclear", seen, text_notes + " if this happens in the run's probe")
    return Finding(name, "yes", seen, "the sleep phase uses rethink_memory and finish_rethinking")


async def _parallel_tools(asker: _Asker) -> Finding:
    name = "parallel tool calls"
    said = await asker.chat(
        "Call rethink_memory twice in one message: with 'buy milk', and with 'call Ann'.",
        tools=(_TOOL,),
    )
    calls = said.reply.tool_calls if said.reply else ()
    if len(calls) > 1:
        return Finding(name, "yes", f"{len(calls)} calls in one message", "all are carried out")
    seen = said.complaint or f"{len(calls)} call in one message"
    return Finding(name, "no", seen, "nothing to do: calls are taken one at a time")


async def _effort(asker: _Asker) -> Finding:
    name = "reasoning effort"
    said = {
        effort: await asker.chat("What is 23 * 47 - 12?", 1024, reasoning_effort=effort)
        for effort in ("low", "high")
    }
    low, high = said["low"].reply, said["high"].reply
    if low is None or high is None:
        complaint = said["low"].complaint or said["high"].complaint
        return Finding(name, "no", complaint, "use verbosity levels as the test-time budget")
    counts = f"{low.usage.completion} tokens at low, {high.usage.completion} at high"
    if low.usage.reasoning or high.usage.reasoning or low.reasoning or high.reasoning:
        return Finding(name, "yes", counts, "reasoning effort can be the test-time budget")
    return Finding(name, "unclear", counts, "accepted, but no reasoning is seen: use verbosity")


async def _seed(asker: _Asker) -> Finding:
    text = "Write a sentence about a lighthouse."
    replies = [(await asker.chat(text, 48, seed=seed, temperature=1.0)).reply for seed in (7, 7, 8)]
    if any(reply is None for reply in replies):
        return Finding("seed", "no", "the request is refused", "draws are repeated from the cache")
    first, again, other = (reply.text if reply else "" for reply in replies)
    if first != again:
        seen = "two draws with one seed differ"
        return Finding("seed", "no", seen, "only the cache makes a run repeatable; keep it")
    if first == other:
        return Finding("seed", "unclear", "another seed changes nothing", "keep the cache")
    return Finding("seed", "yes", "one seed, one reply", "a run can be repeated from its seed")


async def _echo(asker: _Asker) -> Finding:
    name = "prompt logprobs (echo)"
    body = {
        "model": asker.endpoint.model,
        "prompt": "Paris is the capital of France.",
        "max_tokens": 1,
        "echo": True,
        "logprobs": 1,
        "temperature": 0.0,
    }
    other = "predictability of questions needs another model for scoring"
    content = await asker.fetch("/completions", encode(body))
    if isinstance(content, str):
        return Finding(name, "no", content, other)
    try:
        found = content["choices"][0]["logprobs"]["token_logprobs"]
    except (LookupError, TypeError):
        found = None
    count = len(found) if isinstance(found, list) else 0
    seen = f"{count} token log-probabilities"
    if count < 5:
        return Finding(name, "no", seen, other)
    return Finding(name, "yes", seen, "predictability of questions can be measured here")


async def _batch(asker: _Asker) -> Finding:
    content = await asker.fetch("/batches?limit=1")
    if isinstance(content, str):
        return Finding("batch API", "no", content, "sleep phases run live")
    if not isinstance(content.get("data"), list):
        return Finding("batch API", "no", "no list of batches", "sleep phases run live")
    cheaper = "--sleep-mode batch can be used: about half the price, within a day"
    return Finding("batch API", "yes", "the list of batches can be read", cheaper)
