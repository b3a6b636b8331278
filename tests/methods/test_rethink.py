"""The sleep phase `rethink` as a tool loop and as a plain-text protocol."""

import json

import pytest

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Call, Setting, SleepSetting
from sleeptime_lib.experiments.stateful_gsm import StatefulGsmOptions
from sleeptime_lib.methods.rethink import (
    MAX_NOTES_CHARS,
    MAX_REWRITES,
    choose_protocol,
    take_notes,
)
from sleeptime_lib.methods.situation import EMPTY_NOTES
from sleeptime_lib.records import Context, Reply, ToolCall, Usage


def rethink(text, call_id="a"):
    return ToolCall(call_id, "rethink_memory", json.dumps({"new_memory": text}))


FINISH = ToolCall("f", "finish_rethinking", "{}")


class Model:
    """Gives the replies it was made with, one after the other, and keeps what it was asked."""

    model = "m"

    def __init__(self, *replies, forever=None):
        self.replies, self.forever, self.asked = list(replies), forever, []

    async def complete(self, request, *, owner):
        self.asked.append(request)
        reply = self.replies.pop(0) if self.replies else self.forever
        if isinstance(reply, Exception):
            raise reply
        return reply


def tools(*calls, text=""):
    return Reply(text, calls, "tool_calls", Usage(prompt=10, completion=3), owner="me")


def said(text):
    return Reply(text, usage=Usage(prompt=10, completion=3), owner="me")


async def notes(model, protocol="tools", draw=0, **changes):
    how = SleepSetting(**({"seed": 5, "max_tokens": 100, "protocol": protocol} | changes))
    context = Context("c", "cluster", "Six trays.")
    return await take_notes(Call(model, "me"), context, Setting("sleep", sleep=how), draw)


async def test_each_rewrite_replaces_the_whole_block():
    model = Model(tools(rethink("a = 1")), tools(rethink("b = 2")), tools(FINISH))
    result = await notes(model)
    assert (result.text, result.rewrites, result.finished) == ("b = 2", 2, True)


async def test_the_block_begins_empty_and_the_context_is_shown():
    model = Model(tools(FINISH))
    await notes(model)
    user = model.asked[0].messages[1]["content"]
    assert "Six trays." in user
    assert EMPTY_NOTES in user


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


class TestAgain:
    """A phase that has ended is asked for one more rewrite."""

    async def test_until_the_notes_do_not_change(self):
        model = Model(*(said(f"<notes>{text}</notes>") for text in "abbc"))
        result = await notes(model, "text", again=9)
        assert (result.text, result.rewrites, result.finished) == ("b", 3, True)
        assert len(model.asked) == 3

    @pytest.mark.parametrize("again", [0, 1, 3])
    async def test_so_often_at_most(self, again):
        model = Model(*(said(f"<notes>{text}</notes>") for text in "abcdef"))
        result = await notes(model, "text", again=again)
        assert (result.rewrites, result.finished) == (1 + again, True)

    async def test_a_model_that_adds_nothing_has_finished(self):
        model = Model(said("<notes>a</notes>"), said("Nothing to add."), said("<notes>b</notes>"))
        result = await notes(model, "text", again=3)
        assert (result.text, result.finished, len(model.asked)) == ("a", True, 2)

    async def test_notes_that_were_cut_off_are_not_gone_on_with(self):
        model = Model(said("<notes>a = "), said("<notes>b</notes>"))
        assert (await notes(model, "text", again=3)).text == "a ="

    async def test_with_tools_the_end_is_answered_and_gone_on_from(self):
        turns = [tools(rethink("a")), tools(FINISH), tools(rethink("b")), tools(FINISH)]
        model = Model(*turns, tools(FINISH))
        result = await notes(model, again=2)
        assert (result.text, result.rewrites, result.finished) == ("b", 2, True)
        assert len(model.asked) == 5
        assert [m["role"] for m in model.asked[2].messages[-2:]] == ["tool", "user"]

    async def test_its_first_request_is_that_of_a_short_phase(self):
        short, long = Model(said("<notes>a</notes>")), Model(forever=said("<notes>a</notes>"))
        await notes(short, "text")
        await notes(long, "text", again=2)
        assert short.asked[0] == long.asked[0]


@pytest.mark.parametrize(("thinking", "sent"), [(0, {}), (500, {"thinking_token_budget": 500})])
async def test_thinking_tokens_are_bounded_where_a_bound_is_set(thinking, sent):
    model = Model(tools(FINISH))
    await notes(model, thinking=thinking)
    assert model.asked[0].extra == sent


async def test_draws_differ_in_seed_and_sample_and_carry_the_effort():
    model = Model(tools(FINISH))
    await notes(model, draw=3, effort="high")
    request = model.asked[0]
    assert (request.seed, request.sample, request.reasoning_effort) == (8, 3, "high")


async def test_no_effort_and_no_limit_are_sent_where_there_are_none():
    model = Model(tools(FINISH))
    await notes(model, temperature=None, max_tokens=None)
    assert set(model.asked[0].body()) == {"model", "messages", "tools", "seed"}


async def chosen(*replies, **options):
    model = Model(*replies)
    settled = await choose_protocol(Call(model, "probe"), StatefulGsmOptions.make(**options))
    return settled, len(model.asked)


async def test_a_model_that_calls_the_tool_gets_the_tool_protocol():
    assert await chosen(tools(FINISH)) == ({"sleep_protocol": "tools"}, 1)


async def test_a_model_that_answers_in_words_gets_the_text_protocol():
    assert await chosen(said("Done!")) == ({"sleep_protocol": "text"}, 1)


async def test_a_server_that_refuses_tools_gets_the_text_protocol():
    refused = CallError("bad_request", "tools are not supported")
    assert await chosen(refused) == ({"sleep_protocol": "text"}, 1)


async def test_a_server_that_fails_for_another_reason_is_not_guessed_about():
    with pytest.raises(StopRun, match="try later"):
        await chosen(CallError("server_error", "try later"))


@pytest.mark.parametrize("protocol", ["tools", "text"])
async def test_a_protocol_that_was_given_is_not_asked_about(protocol):
    assert await chosen(sleep_protocol=protocol) == ({}, 0)
