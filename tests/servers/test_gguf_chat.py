"""Tool calls between the API's form and what open models read and write."""

import json

import pytest

from sleeptime_lib.servers.api import Message, cut_at, logprobs_object
from sleeptime_lib.servers.gguf.chat import (
    draw_seed,
    split_calls,
    template_messages,
)


def test_a_call_is_taken_out_of_the_text():
    said = 'Done.\n<tool_call>\n{"name": "finish", "arguments": {"a": {"b": 1}}}\n</tool_call>'
    text, (call,) = split_calls(said)
    assert text == "Done."
    assert call["type"] == "function"
    assert call["function"]["name"] == "finish"
    assert json.loads(call["function"]["arguments"]) == {"a": {"b": 1}}


def test_several_calls_keep_their_order_and_have_their_own_ids():
    said = "".join(f'<tool_call>{{"name": "f{n}", "arguments": {{}}}}</tool_call>' for n in "12")
    _, calls = split_calls(said)
    assert [call["function"]["name"] for call in calls] == ["f1", "f2"]
    assert len({call["id"] for call in calls}) == 2


def test_a_call_without_its_closing_tag_counts():
    _, calls = split_calls('<tool_call>{"name": "finish", "arguments": {}}')
    assert [call["function"]["name"] for call in calls] == ["finish"]


def test_a_broken_call_stays_in_the_text():
    for said in ('<tool_call>{"name": finish}</tool_call>', '<tool_call>{"x": 1}</tool_call>'):
        assert split_calls(said) == (said, [])


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        " {}\n",
        "```json\n{}\n```",
        "```\n{}\n```",
        "<tools>{}</tools>",
        "I look first:\n```json\n{}\n```\nThen I go on.",
        "```json\n{}",
    ],
)
def test_a_call_of_a_tool_that_there_is_counts_without_the_tags_too(said):
    text = said.replace("{}", '{"name": "read", "arguments": {"path": "a", "more": {"b": 1}}}')
    rest, (call,) = split_calls(text, {"read"})
    assert call["function"]["name"] == "read"
    assert json.loads(call["function"]["arguments"]) == {"path": "a", "more": {"b": 1}}
    assert "{" not in rest


@pytest.mark.parametrize(
    "said",
    [
        '{"name": "Anna", "age": 3}',
        '```json\n{"name": "delete", "arguments": {}}\n```',
        '{"name": "read", "arguments": {',
        'I could call {"name": "read", "arguments": {}} now.',
    ],
)
def test_other_json_stays_text(said):
    assert split_calls(said, {"read"}) == (said, [])


def test_several_calls_without_tags_keep_their_order():
    said = "".join(f'```json\n{{"name": "{name}"}}\n```\n' for name in ("read", "find"))
    _, calls = split_calls(said, {"read", "find"})
    assert [call["function"]["name"] for call in calls] == ["read", "find"]


@pytest.mark.parametrize("said", ["{}", "```json\n{}\n```"])
def test_calls_that_stand_one_behind_the_other_count_up_to_one_that_was_cut_off(said):
    one, two = (json.dumps({"name": "read", "arguments": {"n": n}}) for n in (1, 2))
    _, calls = split_calls(said.replace("{}", f"{one}\n{two}\n"), {"read"})
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"n": 1}, {"n": 2}]
    rest, calls = split_calls(f'{one}\n{{"name": "read", "arg', {"read"})
    assert (rest, len(calls)) == ('{"name": "read", "arg', 1)


def test_what_is_nested_without_end_is_no_call():
    said = f'<tool_call>{{"name": "f", "arguments": {"[" * 100_000}}}</tool_call>'
    assert split_calls(said, {"f"}) == (said, [])


def test_arguments_go_to_the_template_as_an_object():
    message = Message.model_validate(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}],
        }
    )
    (written,) = template_messages([message])
    assert written["content"] == ""
    assert written["tool_calls"][0]["function"]["arguments"] == {"a": 1}


def test_parts_are_joined_and_the_developer_is_the_system():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    message = Message.model_validate({"role": "developer", "content": parts})
    assert template_messages([message]) == [{"role": "system", "content": "ab"}]


def test_text_ends_before_the_first_stop_string():
    assert cut_at("one two three", ["three", "two"]) == "one "
    assert cut_at("one", ["two"]) == "one"


def test_pieces_of_a_reply_are_drawn_apart_and_its_first_with_the_seed_that_was_asked_for():
    assert draw_seed(7, "") == 7
    assert draw_seed(7, "First") == draw_seed(7, "First")
    assert len({draw_seed(7, "First, 3"[:end]) for end in range(9)}) == 9


def test_any_seed_fits_the_library_and_none_is_another_each_time():
    assert all(0 <= draw_seed(seed, "\ud800") < 2**32 for seed in (-5, 2**70))
    assert draw_seed(None, "") != draw_seed(None, "")


def test_offsets_are_characters_and_a_first_token_has_no_alternatives():
    found = logprobs_object(["Hé", " you"], [None, -1.5], alternatives=True)
    assert found["text_offset"] == [0, 2]
    assert found["top_logprobs"] == [None, {" you": -1.5}]
