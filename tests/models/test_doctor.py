"""The doctor's findings about servers that can and cannot."""

import pytest
from fault_replies import completion, scored_answer
from fault_server import FaultServer

from sleeptime_lib.errors import StopRun
from sleeptime_lib.models.doctor import examine, render
from sleeptime_lib.models.endpoint import resolve

USAGE = {"prompt_tokens": 900, "completion_tokens": 8}


def capable(path, body):
    """A server on which everything works."""
    if path.startswith("/v1/models"):
        return 200, {"data": [{"id": "m"}, {"id": "n"}]}
    if path.startswith("/v1/batches"):
        return 200, {"object": "list", "data": []}
    if path.startswith("/v1/completions"):
        return scored_answer(path, body)
    if body.get("tools"):
        arguments = {"name": "rethink_memory", "arguments": '{"text": "buy milk"}'}
        calls = [{"id": str(i), "type": "function", "function": arguments} for i in range(2)]
        return 200, completion(None, USAGE, tool_calls=calls)
    if "continue_final_message" in body:
        return 200, completion(" 12, 13", USAGE)
    much = body.get("reasoning_effort") == "high" or body.get("thinking_token_budget", 0) > 1000
    tokens = min(body.get("max_tokens", 999), 400 if much else 40)
    usage = {
        "prompt_tokens": 900,
        "completion_tokens": tokens,
        "prompt_tokens_details": {"cached_tokens": 512},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    return 200, completion(f"42 {body.get('seed')}", usage, cut=tokens == 16)


def modest(path, body):
    """A server that can chat, and nothing else."""
    if path != "/v1/chat/completions":
        return 404, {"detail": "Not Found"}
    for field in ("tools", "reasoning_effort", "thinking_token_budget", "seed"):
        if body.get(field):
            return 400, {"error": {"message": f"{field} is not known here"}}
    return 200, completion("42", None)


async def verdicts(answer):
    with FaultServer(answer=answer) as server:
        findings = await examine(resolve("m", base_url=server.url))
        assert server.log.attempts.total() < 23
        return {finding.name: finding.verdict for finding in findings}, findings


async def test_a_capable_server():
    found, _ = await verdicts(capable)
    assert set(found.values()) == {"yes"}
    assert len(found) == 15


async def test_a_modest_server():
    found, findings = await verdicts(modest)
    assert found == {
        "list of models": "no",
        "chat": "yes",
        "temperature": "yes",
        "usage": "no",
        "reasoning": "no",
        "bound on length": "unclear",
        "cached prompt tokens": "no",
        "tool calls": "no",
        "parallel tool calls": "no",
        "reasoning effort": "no",
        "thinking budget": "no",
        "forced budget": "no",
        "seed": "no",
        "prompt logprobs (echo)": "no",
        "batch API": "no",
    }
    told = {finding.name: finding.consequence for finding in findings}
    assert "plain-text protocol" in told["tool calls"]
    assert "estimated" in told["usage"]


async def test_a_server_that_wants_the_other_name_for_the_length():
    def modern(path, body):
        if "max_tokens" in body and "chat" in path:
            message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return 400, {"error": {"message": message}}
        return capable(path, {**body, "max_tokens": body.get("max_completion_tokens", 9)})

    found, _ = await verdicts(modern)
    assert set(found.values()) == {"yes"}


async def test_a_model_that_takes_no_temperature():
    def fixed(path, body):
        if "temperature" in body and "chat" in path:
            return 400, {"error": {"message": "Only the default temperature (1) is supported"}}
        return capable(path, body)

    found, _ = await verdicts(fixed)
    assert (found["chat"], found["temperature"], found["seed"]) == ("yes", "no", "yes")


async def test_a_model_that_cannot_answer_an_easy_question_is_told():
    def lost(path, body):
        status, reply = capable(path, body)
        if path == "/v1/chat/completions" and not body.get("tools"):
            reply["choices"][0]["message"]["content"] = "I cannot read this."
        return status, reply

    found, findings = await verdicts(lost)
    assert found["chat"] == "unclear"
    assert "I cannot read this" in findings[1].seen


async def test_no_finding_recommends_what_the_workbench_does_not_have():
    for answer in (capable, modest):
        _, findings = await verdicts(answer)
        assert "--sleep-mode" not in render(findings)


async def test_garbage_in_every_place_ends_nothing():
    def odd(path, body):
        if path == "/v1/chat/completions" and not body.get("tools"):
            return 200, completion("42", {"prompt_tokens": "many"})
        return 200, {"data": 7, "choices": [{"logprobs": {"token_logprobs": None}}]}

    found, _ = await verdicts(odd)
    assert found["prompt logprobs (echo)"] == "no"


async def test_why_a_question_had_no_reply_is_told_and_not_the_reply_to_another():
    def choosy(path, body):
        if body.get("seed") == 8:
            return 400, {"error": {"message": "8 is no seed"}}
        return capable(path, body)

    _, findings = await verdicts(choosy)
    (seed,) = (finding for finding in findings if finding.name == "seed")
    assert (seed.verdict, "8 is no seed" in seed.seen) == ("no", True)


async def test_the_findings_as_text():
    _, findings = await verdicts(capable)
    text = render(findings)
    assert len(text.splitlines()) == 2 * len(findings)
    assert "rethink_memory" in text


async def test_the_simulated_model_in_process():
    findings = await examine(resolve("simulated"))
    found = {finding.name: finding.verdict for finding in findings}
    # It reads stories, and says so of anything else.
    assert (found["chat"], found["usage"]) == ("unclear", "yes")
    assert (found["tool calls"], found["prompt logprobs (echo)"]) == ("yes", "yes")


@pytest.mark.parametrize(
    ("status", "says"), [(401, "refuses the key in OPENAI_API_KEY"), (404, "cannot chat as m")]
)
async def test_a_server_that_does_not_answer_at_all_is_told_in_one_line(status, says):
    def refuse(path, body):
        return status, {"error": {"message": "no"}}

    with FaultServer(answer=refuse) as server, pytest.raises(StopRun, match=says):
        await examine(resolve("m", base_url=server.url))


async def test_no_server():
    with FaultServer() as server:
        endpoint = resolve("m", base_url=server.url)
    with pytest.raises(StopRun, match="cannot reach"):
        await examine(endpoint)
