"""A reply as flat values, the same for the cache (SQLite) and for recordings (Parquet)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sleeptime_lib.records import Reply, TokenLogprob, ToolCall, Usage


def to_record(reply: Reply) -> dict[str, Any]:
    """A reply as texts and numbers by name, without its owner."""
    usage = reply.usage
    calls = [[call.call_id, call.name, call.arguments] for call in reply.tool_calls]
    scores = [[score.token, score.logprob, score.offset] for score in reply.logprobs]
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "tool_calls": json.dumps(calls) if calls else "",
        "logprobs": json.dumps(scores) if scores else "",
        "finish_reason": reply.finish_reason,
        "latency_s": reply.latency_s,
        "prompt": usage.prompt,
        "cached": usage.cached,
        "completion": usage.completion,
        "reasoning_tokens": usage.reasoning,
        "estimated": usage.estimated,
        "written": usage.written,
    }


def from_record(record: Mapping[str, Any], owner: str) -> Reply:
    """The reply that `to_record` turned into this record.

    Records that were made before prompts could be scored, or before servers told what they wrote
    into their prefix cache, may lack `logprobs` and `written`.
    """
    calls, scores = record["tool_calls"], record.get("logprobs")
    usage = Usage(
        record["prompt"],
        record["cached"],
        record["completion"],
        record["reasoning_tokens"],
        bool(record["estimated"]),
        record.get("written"),
    )
    return Reply(
        record["text"],
        tuple(ToolCall(*call) for call in json.loads(calls)) if calls else (),
        record["finish_reason"],
        usage,
        record["reasoning"],
        record["latency_s"],
        owner,
        tuple(TokenLogprob(*score) for score in json.loads(scores)) if scores else (),
    )
