"""Which assistant messages a server of ours goes on with, and how it refuses the others."""

import pytest

from sleeptime_lib.servers.api import ApiError, ChatBody, beginning

USER = {"role": "user", "content": "How many?"}
FIELDS = {"continue_final_message": True, "add_generation_prompt": False}


def body(*messages, **fields):
    return ChatBody.model_validate({"model": "m", "messages": messages} | fields)


def test_the_last_message_is_gone_on_with_as_it_stands():
    begun = {"role": "assistant", "content": " 3 + 4 = "}
    assert beginning(body(USER, begun, **FIELDS)) == " 3 + 4 = "


def test_parts_of_the_last_message_are_joined():
    parts = [{"type": "text", "text": "3 + "}, {"type": "text", "text": "4"}]
    assert beginning(body(USER, {"role": "assistant", "content": parts}, **FIELDS)) == "3 + 4"


def test_an_empty_message_begins_nothing_yet():
    assert beginning(body(USER, {"role": "assistant", "content": ""}, **FIELDS)) == ""


def test_without_the_fields_an_assistant_message_is_followed_by_a_new_one():
    assert beginning(body(USER, {"role": "assistant", "content": "3"})) is None


CALL = {"function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("last", "fields", "says"),
    [
        (USER, FIELDS, "role 'user'"),
        ({"role": "assistant", "tool_calls": [CALL]}, FIELDS, "tool calls"),
        (
            {"role": "assistant", "content": "3"},
            {"continue_final_message": True},
            "'add_generation_prompt': false",
        ),
    ],
)
def test_a_message_that_cannot_be_continued_is_refused_in_one_line(last, fields, says):
    with pytest.raises(ApiError) as refused:
        beginning(body(USER, last, **fields))
    assert refused.value.status == 400
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
