"""The API of a served GGUF model."""

import concurrent.futures
import time

import pytest
from ports import until

SAY = "Write one sentence about the sea."


def text(content):
    return content["choices"][0]["message"]["content"]


def test_health_and_list_tell_what_is_served(server):
    health = server.get(server.base_url.removesuffix("/v1") + "/health")
    (entry,) = server.get(server.base_url + "/models")["data"]
    assert health["status"] == "ok"
    assert health["model"] == entry["id"] == "smollm2"
    assert entry["quantisation"] == "Q4_1"
    assert entry["licence"] == "apache-2.0"
    assert entry["max_model_len"] == 8192
    assert entry["server"].startswith("openvino-genai 2")


def test_usage_counts_the_tokens_of_template_and_reply(server):
    short, longer = server.chat("Hi"), server.chat("Hi" + " there" * 10)
    usage = short["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert longer["usage"]["prompt_tokens"] == usage["prompt_tokens"] + 10


def test_the_bound_on_length_holds_and_is_told(server):
    cut = server.chat(SAY, max_tokens=5)
    assert cut["usage"]["completion_tokens"] == 5
    assert cut["choices"][0]["finish_reason"] == "length"
    whole = server.chat(SAY, max_tokens=200)
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert text(whole).startswith(text(cut))


def test_temperature_0_repeats_itself_and_sampling_follows_the_seed(server):
    assert text(server.chat(SAY)) == text(server.chat(SAY))
    drawn = [text(server.chat(SAY, temperature=1.2, seed=seed)) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len({drawn[0], drawn[2], drawn[3]}) > 1


def test_without_a_seed_draws_differ(server):
    assert len({text(server.chat(SAY, temperature=1.5)) for _ in range(3)}) > 1


def test_a_stop_string_ends_the_reply_and_is_left_out(server):
    whole = text(server.chat(SAY))
    end = whole.split()[2]
    cut = server.chat(SAY, stop=[end])
    assert text(cut) == whole[: whole.index(end)]
    assert cut["choices"][0]["finish_reason"] == "stop"


def test_the_tokens_of_a_stop_string_were_generated_and_count(server):
    words = text(server.chat(SAY)).split(" ")
    cut = server.chat(SAY, stop=[" ".join(words[2:6])])
    bare = server.chat(SAY, max_tokens=cut["usage"]["completion_tokens"])
    assert text(bare).startswith(" ".join(words[:6]))


def test_many_requests_at_once_each_get_their_own_reply(server):
    asked = [f"Say the number {n} and nothing else." for n in range(12)]
    alone = [text(server.chat(one)) for one in asked[:3]]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        together = [text(content) for content in pool.map(server.chat, asked)]
    assert len(set(together)) > 6
    # The arithmetic of a batch depends on its size, so replies may part at some word.
    assert [a.split()[0] for a in alone] == [t.split()[0] for t in together[:3]]


def test_batching_is_faster_than_one_after_another(server):
    def seconds(workers: int) -> float:
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda n: server.chat(f"Tell a story {n}.", max_tokens=48), range(8)))
        return time.perf_counter() - start

    assert seconds(8) < seconds(1)


def test_a_client_that_leaves_frees_its_place(server):
    import http.client
    import json
    import urllib.parse

    address = urllib.parse.urlsplit(server.base_url)
    line = http.client.HTTPConnection(address.hostname, address.port)
    body = {"model": "smollm2", "messages": [{"role": "user", "content": "Count to 9999."}]}
    sent = json.dumps(body | {"max_tokens": 4000})
    line.request("POST", "/v1/chat/completions", sent, {"Content-Type": "application/json"})
    health = address._replace(path="/health").geturl()
    until(lambda: server.get(health)["running"] == 1)
    line.close()
    until(lambda: server.get(health)["running"] == 0)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/chat/completions", {"messages": []}, 400, "messages"),
        ("/chat/completions", {"messages": [{"role": "user", "content": "x"}], "n": 2}, 400, "n"),
        ("/completions", {"prompt": ""}, 400, "prompt is empty"),
        ("/completions", {"prompt": "\ud800"}, 400, "surrogate"),
        ("/completions", {"prompt": "x", "stop": ["\ud800"]}, 400, "surrogate"),
        (
            "/chat/completions",
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"function": {}}]},
            400,
            "tools",
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_with_the_reason(server, path, body, status, says):
    got, content = server.post(path, **body)
    assert got == status
    assert says in content["error"]["message"]


def test_tools_are_refused_where_the_template_has_none(server):
    tool = {"type": "function", "function": {"name": "finish", "parameters": {}}}
    messages = [{"role": "user", "content": "x"}]
    status, content = server.post("/chat/completions", messages=messages, tools=[tool])
    assert status == 400
    assert "takes no tools" in content["error"]["message"]


def test_another_model_is_not_found(server):
    status, content = server.post("/chat/completions", model="gpt-4o", messages=[])
    assert status == 400
    messages = [{"role": "user", "content": "x"}]
    status, content = server.post("/chat/completions", model="gpt-4o", messages=messages)
    assert status == 404
    assert "smollm2" in content["error"]["message"]


def test_a_context_that_is_too_long_is_refused_with_both_lengths(server):
    messages = [{"role": "user", "content": "word " * 9000}]
    status, content = server.post("/chat/completions", messages=messages)
    assert status == 400
    assert content["error"]["code"] == "context_length_exceeded"
    assert "8192" in content["error"]["message"]
