"""Prompt log-probabilities through the client: whole, or one clear error."""

import asyncio
import math
from functools import partial

import pytest
import uvicorn
from fault_replies import scored_answer, sglang_answer
from fault_server import Faults, FaultServer
from ports import free_port

from sleeptime_lib.errors import CallError, CapReached
from sleeptime_lib.methods import scoring
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.requests import encode, prompt_bound
from sleeptime_lib.records import Request, TokenLogprob, Usage
from sleeptime_lib.servers.simulated.app import create_app
from sleeptime_lib.tasks import load

TEXT = "A baker has 12 rolls. How many rolls are left?"
QUICK = Limits(timeout_s=5, backoff_s=0.01)


def ask(text=TEXT, **given) -> Request:
    return Request("m", prompt=text, **given)


async def score(answer, path=None, request=None, **given):
    with FaultServer(answer=answer) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=path, limits=QUICK, **given) as client:
            return await client.complete(request or ask(), owner="a"), server.log


def without(*names, **changed):
    """A server whose `logprobs` object lacks some fields, or has others."""

    def answer(path, body):
        status, reply = scored_answer(path, body)
        logprobs = reply["choices"][0]["logprobs"]
        reply["choices"][0]["logprobs"] = {
            name: value for name, value in (logprobs | changed).items() if name not in names
        }
        return status, reply

    return answer


def generated_only(path, body):
    """As llama.cpp's server answers: the prompt is echoed and not scored."""
    _, reply = scored_answer(path, body)
    choice = reply["choices"][0]
    choice["logprobs"] = {"tokens": [" and"], "token_logprobs": [-0.5], "text_offset": [46]}
    return 200, reply


async def test_every_token_of_the_prompt_is_scored_and_nothing_else(tmp_path):
    reply, log = await score(scored_answer)
    assert "".join(score.token for score in reply.logprobs) == TEXT
    assert reply.logprobs[0] == TokenLogprob("A", None, 0)
    assert reply.logprobs[1] == TokenLogprob(" baker", -6.0, 1)
    assert reply.text == " and"
    assert reply.usage == Usage(10, 0, 1)
    assert list(log.bodies) == [
        {"model": "m", "prompt": TEXT, "max_tokens": 1, "echo": True, "logprobs": 1}
    ]


@pytest.mark.parametrize("mark", ["", "<s>"])
@pytest.mark.parametrize(
    "answer",
    [scored_answer, sglang_answer, partial(sglang_answer, spaces=False)],
    ids=["vLLM", "SGLang", "SGLang without white space"],
)
async def test_a_question_is_scored_alike_in_the_shape_of_each_server(answer, mark):
    context, question = "A baker has 12 rolls.", "How many rolls are left?"
    reply, _ = await score(partial(answer, mark=mark))
    found = scoring.score(reply.logprobs, context, question)
    assert (found.logprob, found.tokens) == (-25.0, 5)
    assert reply.usage == Usage(len(TEXT.split()) + bool(mark), 0, 1)


async def test_a_server_that_refuses_to_generate_nothing_is_asked_for_a_token():
    _, log = await score(sglang_answer)
    assert [body["max_tokens"] for body in log.bodies] == [1]
    assert sglang_answer("", {"max_tokens": 0})[0] == 400


async def test_scores_come_from_the_cache_the_second_time(tmp_path):
    first, _ = await score(scored_answer, tmp_path / "c.sqlite")
    again, log = await score(None, tmp_path / "c.sqlite")
    assert again == first
    assert log.attempts.total() == 0


async def test_a_prompt_and_a_message_of_the_same_text_are_different_calls(tmp_path):
    def both(path, body):
        return scored_answer(path, body) if "prompt" in body else (404, {})

    path = tmp_path / "c.sqlite"
    await score(both, path)
    with pytest.raises(CallError, match="not_found"):
        await score(both, path, Request("m", ({"role": "user", "content": TEXT},)))
    _, log = await score(both, path, ask(sample=1))
    assert log.attempts.total() == 1


@pytest.mark.parametrize(
    "answer",
    [
        generated_only,
        without("tokens"),
        without("token_logprobs"),
        without(token_logprobs=None),
        without(token_logprobs=[None] * 11),
        without(token_logprobs=[None, *["-1.0"] * 10]),
        without(token_logprobs=[None, *[math.nan] * 10]),
        without(token_logprobs=[None, *[0.5] * 10]),
        without(token_logprobs=[None, *[-(10**400)] * 10]),
        lambda path, body: (404, {"detail": "Not Found"}),
        lambda path, body: (400, {"error": {"message": "echo is not supported"}}),
        lambda path, body: (501, {"error": {"message": "not implemented"}}),
    ],
)
async def test_a_server_that_cannot_score_is_one_clear_error_and_asked_once(answer):
    with FaultServer(answer=answer) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, limits=QUICK) as client:
            for index in range(4):  # and it does not end the run
                with pytest.raises(CallError) as caught:
                    await client.complete(ask(f"{TEXT} {index}"), owner="a")
        assert server.log.attempts.total() == 4
    assert caught.value.kind == "no_logprobs"
    assert "vLLM, SGLang and `sleeptime serve --gguf`" in str(caught.value)


async def test_without_usage_the_text_tells_whether_all_is_scored():
    def silent(answer):
        def without_usage(path, body):
            status, reply = answer(path, body)
            return status, {**reply, "usage": None}

        return without_usage

    reply, _ = await score(silent(scored_answer))
    assert "".join(score.token for score in reply.logprobs) == TEXT
    assert reply.usage.estimated
    with pytest.raises(CallError, match="no_logprobs"):
        await score(silent(generated_only))


async def test_offsets_that_are_missing_stay_out():
    reply, _ = await score(without("text_offset"))
    assert {score.offset for score in reply.logprobs} == {None}


async def test_a_prompt_that_is_too_long_is_told_as_such():
    message = {"error": {"message": "maximum context length is 100 tokens"}}
    with pytest.raises(CallError, match="context_length"):
        await score(lambda path, body: (400, message))


async def test_faults_pass_and_caps_hold_as_for_other_calls():
    worst = prompt_bound(ask(), encode(ask().body())) + 1
    with FaultServer(Faults(rate=0.3, seed=2), answer=scored_answer) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, limits=QUICK) as client:
            calls = (client.complete(ask(f"{TEXT} {i}"), owner="a") for i in range(60))
            assert all(reply.logprobs for reply in await asyncio.gather(*calls))
    with pytest.raises(CapReached):
        await score(scored_answer, caps=Caps(max_tokens=worst - 1))
    await score(scored_answer, caps=Caps(max_tokens=worst))


async def test_the_simulated_model_scores_likely_questions_higher_over_a_socket():
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(), port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    task = load("procedural-p0", limit=1)
    question = task.questions[0]
    context = task.contexts[question.context_id].text
    endpoint = resolve("simulated", base_url=f"http://127.0.0.1:{port}/v1")
    async with Client(endpoint, cache_path=None) as client:

        async def total(text: str) -> float:
            prompt = f"{context} {text}"
            reply = await client.complete(Request("simulated", prompt=prompt), owner="a")
            assert "".join(score.token for score in reply.logprobs) == prompt
            assert len(reply.logprobs) == reply.usage.prompt
            start = len(context)
            return sum(
                s.logprob for s in reply.logprobs if s.offset is not None and s.offset >= start
            )

        assert await total(question.text) > await total(
            "What colour is the moon over Ohio tonight?"
        )
    server.should_exit = True
    await serving
