"""The HTTP API of the simulated model, in process and over a socket."""

import asyncio
import json
import re
import threading
import time

import httpx2
import openai
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeptime_lib.errors import InputError
from sleeptime_lib.methods import rethink, verbosity
from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.api import ApiError
from sleeptime_lib.servers.simulated.app import create_app
from sleeptime_lib.servers.simulated.faults import RateLimit
from sleeptime_lib.servers.simulated.options import Options
from sleeptime_lib.servers.simulated.tokens import count, tokenize
from sleeptime_lib.servers.simulated.usage import BLOCK
from sleeptime_lib.tasks.procedural import generate

TASK = generate(1, limit=3)
QUESTION = TASK.questions[0]
CONTEXT = TASK.contexts[QUESTION.context_id].text


def chat(level=3, **fields):
    messages = verbosity.messages(CONTEXT, (), QUESTION.text, level)
    return {"model": "simulated", "messages": list(messages)} | fields


def client_of(options):
    transport = httpx2.ASGITransport(create_app(options))
    return httpx2.AsyncClient(transport=transport, base_url="http://simulated/v1")


async def content(server, body, path="/chat/completions"):
    answer = await server.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refusal(server, body, path="/chat/completions"):
    answer = await server.post(path, json=body)
    return answer.status_code, answer.json()["error"]


async def test_a_reply_has_the_usual_shape_and_says_it_is_simulated(server):
    reply = await content(server, chat())
    assert reply["object"] == "chat.completion"
    assert (reply["model"], reply["system_fingerprint"]) == ("simulated", "simulated")
    (choice,) = reply["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert "The answer is" in choice["message"]["content"]


async def test_models_and_health_say_that_it_is_simulated(server):
    models = (await server.get("/models")).json()
    assert [(m["id"], m["owned_by"]) for m in models["data"]] == [("simulated", "simulated")]
    health = (await server.get("http://simulated/health")).json()
    assert health == {"status": "ok", "model": "simulated", "simulated": True}


async def test_the_same_request_gets_the_same_reply_byte_for_byte(server):
    replies = [await server.post("/chat/completions", json=chat(seed=4)) for _ in range(3)]
    assert len({reply.content for reply in replies}) == 1


async def test_the_seed_matters_above_temperature_0_and_not_at_it(server):
    async def texts(temperature):
        bodies = (chat(0, temperature=temperature, seed=seed) for seed in range(40))
        replies = [await content(server, body) for body in bodies]
        return {reply["choices"][0]["message"]["content"] for reply in replies}

    assert len(await texts(1.0)) > 1
    assert len(await texts(0)) == 1


async def test_usage_adds_up(server):
    reply = await content(server, chat(0, reasoning_effort="medium"))
    usage = reply["usage"]
    hidden = usage["completion_tokens_details"]["reasoning_tokens"]
    visible = count(reply["choices"][0]["message"]["content"])
    assert hidden > 0
    assert usage["completion_tokens"] == hidden + visible
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > count(CONTEXT) + count(QUESTION.text)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_token_limit_cuts_the_reply(server, name):
    whole = await content(server, chat(4))
    cut = await content(server, chat(4) | {name: 20})
    text = cut["choices"][0]["message"]["content"]
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == len(tokenize(text)) == 20
    assert whole["choices"][0]["message"]["content"].startswith(text)


async def test_a_token_limit_can_be_used_up_by_hidden_reasoning(server):
    reply = await content(server, chat(0, reasoning_effort="high", max_completion_tokens=5))
    assert reply["choices"][0]["message"]["content"] == ""
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 5


async def test_a_stop_string_ends_the_reply(server):
    reply = await content(server, chat(3, stop=["The answer"]))
    assert "The answer" not in reply["choices"][0]["message"]["content"]
    assert reply["choices"][0]["finish_reason"] == "stop"


async def test_a_tool_call_has_its_shape_and_is_cut_by_the_limit(server):
    body = {
        "model": "simulated",
        "messages": [{"role": "user", "content": situation_block(CONTEXT, ())}],
        "tools": [rethink.RETHINK_TOOL, rethink.FINISH_TOOL],
    }
    reply = await content(server, body)
    (choice,) = reply["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert json.loads(call["function"]["arguments"])["new_memory"]
    cut = await content(server, body | {"max_tokens": 12})
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 12


async def test_a_prompt_beyond_the_context_window_is_refused_as_openai_words_it():
    async with client_of(Options(context_window=50)) as server:
        status, error = await refusal(server, chat())
    assert (status, error["code"]) == (400, "context_length_exceeded")
    assert "maximum context length is 50 tokens" in error["message"]


async def test_the_reply_ends_at_the_context_window(server):
    used = (await content(server, chat(4)))["usage"]["prompt_tokens"]
    async with client_of(Options(context_window=used + 7)) as small:
        reply = await content(small, chat(4))
    assert reply["usage"]["completion_tokens"] == 7
    assert reply["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"model": "gpt-4o"}, 404, "model"),
        ({"model": None}, 400, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hello"}, 400, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "messages.0.role"),
        ({"temperature": 3}, 400, "temperature"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"n": 2}, 400, "n"),
        ({"stream": True}, 400, "stream"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"reasoning_effort": "enormous"}, 400, "reasoning_effort"),
        ({"tools": [{"type": "function"}]}, 400, "tools.0.function"),
    ],
)
async def test_a_bad_field_is_named_in_an_error(server, change, status, param):
    got, error = await refusal(server, chat() | change)
    assert (got, error["param"], error["type"]) == (status, param, "invalid_request_error")
    assert error["message"]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"seed":' + b"1" * 9999]
)
async def test_a_body_that_is_not_an_object_is_refused(server, raw):
    for path in ("/chat/completions", "/completions"):
        answer = await server.post(path, content=raw)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_unknown_paths_and_methods_get_an_error_object(server):
    assert (await server.get("/nothing")).json()["error"]["message"]
    assert (await server.get("/nothing")).status_code == 404
    assert (await server.get("/chat/completions")).status_code == 405


numbers = st.sampled_from(["9" * 5000, "1/0", "$1,,,2", "0", "-3", "12", "two", "3 1/2"])
words = st.sampled_from(["trays", "muffins = ", "\n", " is ", "?", ". ", "<notes>", "\ud800", "="])
texts = st.lists(numbers | words | st.text(max_size=8), max_size=12).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(situation=texts, notes=texts, question=texts, level=st.integers(0, 4))
async def test_no_text_makes_the_server_fail(server, situation, notes, question, level):
    messages = verbosity.messages(f"{CONTEXT} {situation}", (notes,), question, level)
    answer = await server.post(
        "/chat/completions",
        content=json.dumps({"model": "simulated", "messages": messages}).encode(),
    )
    assert answer.status_code == 200
    prompt = f"{situation} {question}"
    body = {"model": "simulated", "prompt": prompt, "echo": True, "logprobs": 1, "max_tokens": 0}
    scored = await server.post("/completions", content=json.dumps(body).encode())
    assert scored.status_code == 200


async def test_large_numbers_in_a_readable_sentence_do_not_fail(server):
    for number in ("9" * 5000, "0", "1/0"):
        text = re.sub(r"\d+", number, CONTEXT)
        messages = verbosity.messages(text, (f"total = {number}",), QUESTION.text, 4)
        await content(server, {"model": "simulated", "messages": list(messages)})


async def test_a_completion_with_echo_scores_the_prompt(server):
    prompt = f"{CONTEXT}\n{QUESTION.text}"
    body = {"model": "simulated", "prompt": prompt, "echo": True, "logprobs": 1}
    reply = await content(server, body | {"max_tokens": 0}, "/completions")
    (choice,) = reply["choices"]
    logprobs = choice["logprobs"]
    assert reply["object"] == "text_completion"
    assert choice["text"] == prompt == "".join(logprobs["tokens"])
    assert reply["usage"]["completion_tokens"] == 0
    assert len(logprobs["tokens"]) == reply["usage"]["prompt_tokens"]
    assert logprobs["token_logprobs"][0] is None
    one_more = await content(server, body | {"max_tokens": 1}, "/completions")
    scored = one_more["choices"][0]["logprobs"]["token_logprobs"]
    assert scored[:-1] == logprobs["token_logprobs"]


async def test_a_completion_without_echo_answers_the_prompt(server):
    body = {"model": "simulated", "prompt": f"{CONTEXT} {QUESTION.text}", "max_tokens": 500}
    reply = await content(server, body | {"logprobs": 0}, "/completions")
    text = reply["choices"][0]["text"]
    assert "The answer is" in text
    assert "".join(reply["choices"][0]["logprobs"]["tokens"]) == text


async def test_the_prefix_cache_reports_whole_blocks_seen_before_and_is_off_by_default(server):
    async def cached(client, question):
        messages = verbosity.messages(CONTEXT, ("a note " * 60,), question, 0)
        reply = await content(client, {"model": "simulated", "messages": list(messages)})
        return reply["usage"]["prompt_tokens_details"]["cached_tokens"]

    async with client_of(Options(prefix_cache=True)) as caching:
        assert await cached(caching, "How many?") == 0
        shared = await cached(caching, "How many of them, I wonder?")
        assert shared >= 2 * BLOCK
        assert shared % BLOCK == 0
    assert [await cached(server, "How many?") for _ in range(2)] == [0, 0]


def test_the_rate_limit_is_a_sliding_minute():
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    limit.admit()
    now[0] = 20.5
    limit.admit()
    with pytest.raises(ApiError) as refused:
        limit.admit()
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "40"
    now[0] = 60.5
    limit.admit()


async def test_requests_beyond_the_rate_limit_get_a_429():
    async with client_of(Options(requests_per_minute=1)) as server:
        await content(server, chat())
        answer = await server.post("/chat/completions", json=chat())
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


async def test_faults_come_at_their_rate_and_follow_from_the_seed():
    async def series(seed):
        async with client_of(Options(fault_rate=0.5, seed=seed)) as server:
            return [(await server.post("/chat/completions", json=chat())) for _ in range(60)]

    first, again, other = [
        [(answer.status_code, len(answer.content)) for answer in await series(seed)]
        for seed in (1, 1, 2)
    ]
    assert first == again != other
    statuses = [status for status, _ in first]
    assert {500, 502, 503, 200} == set(statuses)
    sound = max(length for _, length in first)
    assert 15 < sum((status, length) == (200, sound) for status, length in first) < 45


async def test_latency_is_waited_for_per_call_and_per_token():
    async with client_of(Options(latency_s=0.05, token_latency_s=0.01)) as server:
        start = time.perf_counter()
        reply = await content(server, chat(0))
        waited = time.perf_counter() - start
    assert waited >= 0.05 + 0.01 * reply["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    "values",
    [
        {"fault_rate": 1.5},
        {"latency_s": -1},
        {"requests_per_minute": -1},
        {"context_window": 0},
    ],
)
def test_options_out_of_range_are_refused(values):
    with pytest.raises(InputError):
        Options(**values)


@pytest.fixture(scope="module")
def address():
    server = uvicorn.Server(uvicorn.Config(create_app(), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(10)


async def test_the_openai_client_works_over_a_socket(address):
    async with openai.AsyncOpenAI(api_key="none", base_url=address, max_retries=0) as client:
        assert [model.id async for model in client.models.list()] == ["simulated"]
        replies = await asyncio.gather(
            *(client.chat.completions.create(**chat(level, temperature=0)) for level in range(5))
        )
        assert all(reply.choices[0].message.content for reply in replies)
        assert replies[0].usage.completion_tokens < replies[4].usage.completion_tokens
        scored = await client.completions.create(
            model="simulated", prompt=CONTEXT, echo=True, logprobs=1, max_tokens=0
        )
        assert "".join(scored.choices[0].logprobs.tokens) == CONTEXT
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            await client.chat.completions.create(**chat() | {"model": "gpt-4o"})
