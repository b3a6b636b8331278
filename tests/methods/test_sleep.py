"""The sleep phase as a tool loop and as a plain-text protocol."""

import json

import pytest
from sleeptime_lib.methods.sleep import (
    MAX_NOTES_CHARS,
    MAX_REWRITES,
    SleepSetting,
    choose_protocol,
    take_notes,
)

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.methods import prompts
from sleeptime_lib.records import Reply, Request, ToolCall, Usage


def setting(protocol="tools", **changes):
    values = {"effort": "", "temperature": 0.7, "seed": 5, "max_tokens": 100} | changes
    return SleepSetting(model="m", protocol=protocol, **values)


def rethink(text, call_id="a"):
    return ToolCall(call_id, "rethink_memory", json.dumps({"new_memory": text}))


FINISH = ToolCall("f", "finish_rethinking", "{}")


class Model:
    """Gives the replies it was made with, one after the other, and keeps what it was asked."""

    def __init__(self, *replies, forever=None):
        self.replies, self.forever, self.asked = list(replies), forever, []

    async def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.replies.pop(0) if self.replies else self.forever


def tools(*calls, text="", owner="me"):
    return Reply(text, calls, "tool_calls", Usage(prompt=10, completion=3), owner=owner)


def said(text):
    return Reply(text, usage=Usage(prompt=10, completion=3), owner="me")


async def notes(model, protocol="tools", draw=0, **changes):
    return await take_notes(model, "Six trays.", setting(protocol, **changes), draw, "me")


async def test_each_rewrite_replaces_the_whole_block():
    model = Model(tools(rethink("a = 1")), tools(rethink("b = 2")), tools(FINISH))
    result = await notes(model)
    assert (result.text, result.rewrites, result.finished) == ("b = 2", 2, True)


async def test_the_block_begins_empty_and_the_context_is_shown():
    model = Model(tools(FINISH))
    await notes(model)
    user = model.asked[0].messages[1]["content"]
    assert "Six trays." in user
    assert prompts.EMPTY_NOTES in user


async def test_tool_results_answer_every_call_in_the_next_request():
    model = Model(tools(rethink("x", "one"), rethink("y", "two")), tools(FINISH))
    result = await notes(model)
    answered = [m["tool_call_id"] for m in model.asked[1].messages if m["role"] == "tool"]
    assert answered == ["one", "two"]
    assert result.text == "y"


async def test_it_ends_after_ten_rewrites():
    result = await notes(Model(forever=tools(rethink("more"))))
    assert result.rewrites == MAX_REWRITES
    assert not result.finished


async def test_rewrites_beyond_the_tenth_in_one_reply_are_not_stored():
    calls = [rethink(f"n{i}", str(i)) for i in range(15)]
    result = await notes(Model(tools(*calls)))
    assert (result.text, result.rewrites) == ("n9", MAX_REWRITES)


async def test_long_notes_are_cut_at_a_line_and_the_model_is_told():
    lines = "\n".join(f"line {i} = {i}" for i in range(2000))
    model = Model(tools(rethink(lines)), tools(FINISH))
    result = await notes(model)
    assert len(result.text) <= MAX_NOTES_CHARS
    assert lines.startswith(result.text + "\n")
    assert str(MAX_NOTES_CHARS) in model.asked[1].messages[-1]["content"]


@pytest.mark.parametrize("arguments", ["{broken", "[]", '{"new_memory": 3}', "{}", "null"])
async def test_arguments_that_cannot_be_read_are_explained_and_leave_the_notes(arguments):
    broken = ToolCall("b", "rethink_memory", arguments)
    model = Model(tools(rethink("kept")), tools(broken), tools(FINISH))
    result = await notes(model)
    assert result.text == "kept"
    assert "new_memory" in model.asked[2].messages[-1]["content"]


async def test_an_unknown_tool_is_refused_by_name():
    model = Model(tools(ToolCall("u", "search", "{}")), tools(FINISH))
    await notes(model)
    assert "search" in model.asked[1].messages[-1]["content"]


async def test_only_broken_calls_do_not_go_on_for_ever():
    model = Model(forever=tools(ToolCall("b", "rethink_memory", "{broken")))
    result = await notes(model)
    assert result.text == ""
    assert len(model.asked) == MAX_REWRITES + 1


async def test_a_model_that_only_talks_is_reminded_once():
    model = Model(forever=said("I think..."))
    result = await notes(model)
    assert len(model.asked) == 2
    assert not result.finished


async def test_text_protocol_takes_the_notes_between_the_tags():
    model = Model(said("<notes>\na = 1\n</notes>"))
    result = await notes(model, "text")
    assert (result.text, result.finished) == ("a = 1", True)
    assert model.asked[0].tools == ()


async def test_text_protocol_goes_on_while_the_model_wants_more():
    model = Model(said("<notes>a</notes> MORE"), said("<notes>b</notes>"))
    result = await notes(model, "text")
    assert (result.text, result.rewrites) == ("b", 2)


async def test_text_protocol_ends_when_there_is_nothing_to_add():
    model = Model(said("<notes>a</notes> MORE"), said("Fine."), said("<notes>never</notes>"))
    assert (await notes(model, "text")).text == "a"


async def test_text_protocol_keeps_notes_that_were_cut_off():
    model = Model(said("<notes>\na = 1\nb = "))
    result = await notes(model, "text")
    assert (result.text, result.finished) == ("a = 1\nb =", False)


async def test_tokens_of_all_calls_are_added_up_and_only_own_ones_billed():
    model = Model(tools(rethink("a")), tools(FINISH, owner="somebody else"))
    result = await notes(model)
    assert result.usage == Usage(prompt=20, completion=6)
    assert result.billed == Usage(prompt=10, completion=3)


async def test_draws_differ_in_seed_and_sample_and_carry_the_effort():
    model = Model(tools(FINISH))
    await notes(model, draw=3, effort="high")
    request = model.asked[0]
    assert (request.seed, request.sample, request.reasoning_effort) == (8, 3, "high")


async def test_a_model_that_calls_the_tool_gets_the_tool_protocol():
    assert await choose_protocol(Model(tools(FINISH)), "m") == "tools"


async def test_a_model_that_answers_in_words_gets_the_text_protocol():
    assert await choose_protocol(Model(said("Done!")), "m") == "text"


async def test_a_server_that_refuses_tools_gets_the_text_protocol():
    async def refuse(request):
        raise CallError("bad_request", "tools are not supported")

    assert await choose_protocol(refuse, "m") == "text"


async def test_a_server_that_fails_for_another_reason_is_not_guessed_about():
    async def fail(request):
        raise CallError("server_error", "try later")

    with pytest.raises(StopRun, match="try later"):
        await choose_protocol(fail, "m")
