"""A forced sleep phase: the model thinks for so many tokens, is cut off, and writes its notes."""

import asyncio

import pytest
from fault_replies import completion
from fault_server import FaultServer
from thinking_model import words

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.experiment import Call, Setting, SleepSetting
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.methods.rethink_forced import OPEN_NOTES, RETHINK_FORCED
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.records import Context
from sleeptime_lib.store import read_sleeps

CONTEXT = Context("c", "cluster", "Six trays of ten rolls.")
THOUGHT = " ".join(f"w{i}" for i in range(40))


class Sleeper:
    """Thinks forty words, then writes notes; where they are opened for it, it writes them there."""

    def __init__(self, thought=THOUGHT, notes=" all = 6 * 10 = 60 </notes>"):
        self.whole = words(f"{thought} <notes>{notes}")
        self.notes = words(notes)

    def __call__(self, path, body):
        *_, last = body["messages"]
        begun = last["content"] if last["role"] == "assistant" else ""
        rest = self.whole[len(begun.split()) :]
        if begun.endswith(OPEN_NOTES.text):
            rest = self.notes
        most = body["max_tokens"]
        usage = {"prompt_tokens": 10, "completion_tokens": min(most, len(rest))}
        return 200, completion("".join(rest[:most]), usage, cut=len(rest) > most)


def slept(model, tokens, **how):
    """The notes, what was asked for them, and how many tokens were generated."""

    async def take(server):
        async with Client(
            resolve("m", base_url=server.url), cache_path=None, limits=Limits(backoff_s=0.01)
        ) as client:
            call = Call(client, "me")
            setting = Setting("sleep", sleep=SleepSetting(thinking=tokens, **how))
            return await RETHINK_FORCED.take(call, CONTEXT, setting, 0), call.usage

    with FaultServer(answer=model) as server:
        notes, usage = asyncio.run(take(server))
        return notes, list(server.log.bodies), usage


def test_it_is_cut_off_at_its_length_and_made_to_write_notes():
    notes, asked, usage = slept(Sleeper(), 24, seed=5)
    assert (notes.text, notes.finished) == ("all = 6 * 10 = 60", True)
    thought = " ".join(THOUGHT.split()[:24])
    assert asked[-1]["messages"][-1]["content"] == thought + OPEN_NOTES.text
    assert [body["max_tokens"] for body in asked] == [16, 8, 2048]
    assert [body["seed"] for body in asked] == [5, 1005, 2005]
    assert usage.completion == 24 + len(Sleeper().notes)


def test_one_that_comes_to_its_notes_by_itself_is_left_alone():
    notes, asked, _ = slept(Sleeper(), 64)
    assert notes.text == "all = 6 * 10 = 60"
    assert not any(OPEN_NOTES.text in str(body["messages"]) for body in asked)


def test_notes_that_the_length_cut_in_two_are_written_to_their_end():
    notes, asked, _ = slept(Sleeper(), 44)
    assert notes.text == "all = 6 * 10 = 60"
    assert asked[-1]["messages"][-1]["content"].endswith("<notes> all = 6")


def test_notes_that_reach_their_limit_are_kept_and_said_to_be_unfinished():
    notes, _, _ = slept(Sleeper(), 24, max_tokens=3)
    assert (notes.text, notes.finished) == ("all = 6", False)


def test_a_model_that_thinks_out_of_sight_is_refused():
    def hidden(path, body):
        return 200, completion("", {"completion_tokens": 16}, cut=True, reasoning_content="hm")

    with pytest.raises(StopRun, match="thinks in a field of its own"):
        slept(hidden, 24)


def carry_out(path, **given):
    options = runs.make_options(
        STATEFUL_GSM, limit=3, levels=(0,), sleep_parallel=(1,), pass_samples=0,
        context_only=False, sleep_method="rethink-forced", **given,
    )  # fmt: skip
    return asyncio.run(runs.carry_out(runs.prepare(STATEFUL_GSM, options, Execution(), path)))


def test_a_run_without_a_length_is_refused(tmp_path):
    with pytest.raises(InputError, match="--sleep-thinking"):
        carry_out(tmp_path)


def test_the_simulated_model_notes_what_it_had_time_to_work_out(tmp_path):
    lines = []
    for tokens in (16, 64, 512):
        carry_out(tmp_path / str(tokens), sleep_thinking=tokens)
        sleeps = read_sleeps(tmp_path / str(tokens))
        lines.append(sum(len(text.splitlines()) for text in sleeps.text))
    assert lines == sorted(lines)
    assert lines[0] < lines[-1]
