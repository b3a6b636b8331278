"""Reading replies: the right value or a clear error, whatever a server sends."""

import json

import pytest
from fault_replies import STRANGE, completion, strange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeptime_lib.models.replies import Answer, BadReply, read_reply
from sleeptime_lib.records import Request, ToolCall, Usage

REQUEST = Request("m", ({"role": "user", "content": "How many muffins are left?"},))
USAGE = {"prompt_tokens": 9, "completion_tokens": 4}
RIGHT = completion("The answer is 12.", USAGE)


def read(content, headers=None):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_reply(Answer(200, headers or {}, body), REQUEST, owner="o", latency_s=1.5)


def message(**fields):
    return completion(None, USAGE, **fields)


def test_a_plain_reply():
    reply = read(RIGHT)
    assert reply.text == "The answer is 12."
    assert reply.usage == Usage(9, 0, 4, 0)
    assert (reply.finish_reason, reply.owner, reply.latency_s) == ("stop", "o", 1.5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("null content", {"text": ""}),
        ("content in parts", {"text": "The answer is 12."}),
        ("refusal", {"text": "I cannot help with that.", "finish_reason": "refusal"}),
        ("length", {"text": "The answer is 12.", "finish_reason": "length"}),
        (
            "broken arguments",
            {"text": "", "tool_calls": (ToolCall("call_a", "f", '{"text": "unfinis'),)},
        ),
        ("object arguments", {"tool_calls": (ToolCall("call_a", "f", '{"text": 1}'),)}),
        (
            "two calls",
            {"tool_calls": (ToolCall("call_a", "f", "{}"), ToolCall("call_b", "f", "{}"))},
        ),
        ("extra fields", {"text": "The answer is 12."}),
        ("reasoning", {"text": "The answer is 12.", "reasoning": "Let me think."}),
        ("usage in strings", {"usage": Usage(9, 0, 4, 0)}),
        ("very long", {"text": "The answer is 12." + " very long" * 200_000}),
    ],
)
def test_strange_replies_have_a_right_reading(kind, expected):
    reply = read(strange(kind, RIGHT))
    assert {name: getattr(reply, name) for name in expected} == expected


@pytest.mark.parametrize("kind", ["no usage", "null usage"])
def test_missing_usage_is_estimated_and_marked(kind):
    usage = read(strange(kind, RIGHT)).usage
    assert usage.estimated
    assert 5 <= usage.prompt <= 20
    assert 3 <= usage.completion <= 8


def test_every_strange_kind_of_the_server_is_covered_here_or_above():
    for kind in STRANGE:
        read(strange(kind, RIGHT))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": None}, "estimated completion"),
        ({"prompt_tokens": -1, "completion_tokens": 4}, "estimated prompt"),
        ({"prompt_tokens": float("nan"), "completion_tokens": 4}, "estimated prompt"),
        ({"prompt_tokens": 10**30, "completion_tokens": 4}, "estimated prompt"),
        ({"prompt_tokens": True, "completion_tokens": 4}, "estimated prompt"),
        ([9, 4], "estimated both"),
        ("many", "estimated both"),
    ],
)
def test_counts_that_make_no_sense_are_estimated(usage, expected):
    got = read({**RIGHT, "usage": usage}).usage
    assert got.estimated
    assert (got.prompt == 9) == (expected == "estimated completion")
    assert (got.completion == 4) == (expected == "estimated prompt")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 6}}, Usage(9, 6, 4, 0)),
        ({"prompt_tokens_details": {"cached_tokens": 600}}, Usage(9, 9, 4, 0)),
        ({"prompt_cache_hit_tokens": 6}, Usage(9, 6, 4, 0)),
        ({"prompt_tokens_details": None}, Usage(9, 0, 4, 0)),
        ({"prompt_tokens_details": {"cache_write_tokens": 5}}, Usage(9, 0, 4, 0, written=5)),
        (
            {"prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 5}},
            Usage(9, 6, 4, 0, written=3),
        ),
        ({"cache_creation_input_tokens": 0}, Usage(9, 0, 4, 0, written=0)),
        ({"cache_creation_input_tokens": 5}, Usage(9, 0, 4, 0, written=5)),
        ({"completion_tokens_details": {"reasoning_tokens": 3}}, Usage(9, 0, 4, 3)),
        # Counted beside the completion: more than it, or making up the total.
        ({"completion_tokens_details": {"reasoning_tokens": 30}}, Usage(9, 0, 34, 30)),
        (
            {"completion_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 16},
            Usage(9, 0, 7, 3),
        ),
        (
            {"completion_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 13},
            Usage(9, 0, 4, 3),
        ),
    ],
)
def test_cached_and_reasoning_tokens(details, expected):
    assert read({**RIGHT, "usage": {**USAGE, **details}}).usage == expected


def test_anthropic_counts_what_it_reads_from_and_writes_to_its_cache_beside_the_input():
    usage = {"input_tokens": 9, "output_tokens": 4}
    cache = {"cache_read_input_tokens": 6, "cache_creation_input_tokens": 5}
    assert read({**RIGHT, "usage": usage | cache}).usage == Usage(20, 6, 4, 0, written=5)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([{"function": {"name": "f", "arguments": None}}], ToolCall("call_0", "f", "{}")),
        ([{"id": 7, "function": {"name": "f"}}], ToolCall("7", "f", "{}")),
        ({"id": "a", "function": {"name": "f", "arguments": "{}"}}, ToolCall("a", "f", "{}")),
        ([{"function": {"name": None, "arguments": [1]}}], ToolCall("call_0", "", "[1]")),
        (["f()"], ToolCall("call_0", "", "f()")),
        ([{"id": "a", "function": "f"}], None),
    ],
)
def test_odd_tool_calls_are_calls_that_the_method_can_answer(calls, expected):
    (call,) = read(message(tool_calls=calls)).tool_calls
    assert expected is None or call == expected


def test_a_legacy_function_call_is_a_tool_call():
    got = read(message(function_call={"name": "f", "arguments": "{}"}))
    assert got.tool_calls == (ToolCall("call_0", "f", "{}"),)


def test_text_is_never_half_a_surrogate_pair():
    body = json.dumps(completion("bad \ud800 text", USAGE)).encode()
    assert read(body).text == "bad ? text"


def test_a_declared_charset_is_read():
    body = json.dumps(completion("Müller", USAGE), ensure_ascii=False).encode("latin-1")
    assert read(body, {"content-type": "application/json; charset=iso-8859-1"}).text == "Müller"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON: (empty)"),
        (b"<html><head><title>x</title></head><body><h1>Busy</h1></body>", "no JSON: Busy"),
        (b'{"choices": [', "no JSON"),
        (b"[1]", "a JSON list"),
        (b"null", "a JSON NoneType"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": null}', "no choices"),
        (b'{"choices": [null]}', "no choices"),
        (b'{"choices": [{"delta": {}}]}', "no message"),
        (b'{"error": {"message": "busy"}}', "error object"),
        (b"\xff\xfe\xfd", "not UTF-8"),
        (b"[" * 100_000, "no JSON"),
        (b'{"usage": ' + b"9" * 5000 + b"}", "no JSON"),
    ],
)
def test_what_is_no_completion_is_an_error_of_one_line(body, says):
    with pytest.raises(BadReply) as caught:
        read(body)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_unusable_reply_still_tells_what_it_cost():
    with pytest.raises(BadReply) as caught:
        read({"choices": [], "usage": USAGE})
    assert caught.value.usage == Usage(9, 0, 4, 0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "usage",
                    "prompt_tokens",
                    "completion_tokens",
                    "error",
                    "text",
                    "refusal",
                    "finish_reason",
                    "reasoning_content",
                    "prompt_tokens_details",
                    "cached_tokens",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


# The first input takes long to make while the machine has other work.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(["choices", "usage", "error"]), _JSON))
def test_no_json_at_all_breaks_the_reader(content):
    try:
        reply = read(content)
    except BadReply:
        return
    assert isinstance(reply.text, str)
    assert all(isinstance(c.arguments, str) and isinstance(c.name, str) for c in reply.tool_calls)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(_JSON, _JSON)
def test_no_message_breaks_the_reader(inner, usage):
    reply = read(
        {"choices": [{"message": {"content": inner, "tool_calls": inner}}], "usage": usage}
    )
    assert isinstance(reply.text, str)
    assert reply.usage.prompt >= reply.usage.cached >= 0
    assert reply.usage.completion >= reply.usage.reasoning >= 0
