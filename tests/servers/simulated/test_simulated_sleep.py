"""The simulated model's sleep phase: notes in order of likelihood, by tools or in plain text."""

import itertools
import json
import re
from fractions import Fraction

import pytest

from sleeptime_lib.methods import rethink
from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.simulated.chat import reply
from sleeptime_lib.servers.simulated.notes import read_notes
from sleeptime_lib.tasks.procedural import generate

TOOLS = (rethink.RETHINK_TOOL, rethink.FINISH_TOOL)
LINE = re.compile(r"(.+) = (\S+) ([-+*/]) (\S+) = (-?[\d./]+)")


@pytest.fixture(scope="module")
def contexts():
    return list(generate(1, limit=30).contexts.values())


def opening(text, manner=rethink.SLEEP_TOOLS, notes=()):
    return [
        {"role": "system", "content": f"{rethink.SLEEP_FRAME.text}\n\n{manner.text}"},
        {"role": "user", "content": situation_block(text, notes)},
    ]


def test_a_phase_rewrites_the_notes_a_few_times_and_ends(contexts, sleep):
    rewrites = [len(sleep(context.text, seed)) for context in contexts for seed in range(5)]
    assert set(rewrites) <= {1, 2, 3, 4}
    assert 2 <= sum(rewrites) / len(rewrites) <= 3


def test_each_rewrite_keeps_what_was_there_and_adds_to_it(contexts, sleep):
    for context in contexts:
        texts = sleep(context.text, 0)
        for before, after in itertools.pairwise(texts):
            assert after.startswith(before)
            assert len(after) > len(before)


def test_a_line_names_a_quantity_its_calculation_and_the_number(contexts, sleep):
    for context in contexts[:10]:
        for line in sleep(context.text, 0)[-1].splitlines():
            assert LINE.fullmatch(line), line


def test_most_lines_are_right_and_a_few_are_not(contexts, sleep):
    right = total = 0
    for context in contexts:
        gold = {quantity.name.lower(): quantity.gold for quantity in context.quantities}
        for seed in range(5):
            for line in sleep(context.text, seed)[-1].splitlines():
                name, _, number = LINE.fullmatch(line).group(1, 2, 5)
                if name.lower() in gold:
                    total += 1
                    right += Fraction(number) == Fraction(gold[name.lower()])
    assert total > 300
    assert 0.85 < right / total < 1


def test_likely_quantities_are_what_a_phase_sets_out_for(contexts, sleep):
    """The last line of a rewrite is what it was for; the lines before are what it builds on."""
    aimed_at = []
    for context in contexts:
        likelihood = {q.name.lower(): q.likelihood for q in context.quantities}
        for seed in range(5):
            name = LINE.fullmatch(sleep(context.text, seed)[0].splitlines()[-1]).group(1)
            aimed_at.append(likelihood.get(name.lower(), 0.0))
    by_chance = sum(1 / len(context.quantities) for context in contexts) / len(contexts)
    assert sum(aimed_at) / len(aimed_at) > 1.3 * by_chance


def test_one_phase_leaves_room_for_more(contexts, sleep):
    def named(*phases):
        return len(read_notes(context.text, "\n".join(phases)).values)

    for context in contexts:
        phases = [sleep(context.text, seed)[-1] for seed in range(5)]
        assert len(set(phases)) > 1
        assert named(phases[0]) < named(*phases)


def test_temperature_0_makes_every_phase_the_same(contexts):
    messages = opening(contexts[0].text)
    drafts = {reply(messages, TOOLS, temperature=0.0, seed=seed).tool for seed in range(5)}
    assert len(drafts) == 1


def test_more_effort_notes_more_and_thinks_longer(contexts, sleep):
    def lines(effort):
        return sum(
            len(sleep(c.text, 0, reasoning_effort=effort)[-1].splitlines()) for c in contexts
        )

    assert lines("low") < lines("medium") < lines("high")
    draft = reply(opening(contexts[0].text), TOOLS, reasoning_effort="high")
    assert "Checking" in draft.reasoning
    assert not reply(opening(contexts[0].text), TOOLS).reasoning


def test_notes_that_are_there_at_the_start_are_built_on(contexts):
    quantity = contexts[0].quantities[0]
    there = f"{quantity.name} = {quantity.gold}"
    draft = reply(opening(contexts[0].text, notes=(there,)), TOOLS)
    lines = json.loads(draft.tool[1])["new_memory"].splitlines()
    assert lines[0] == there
    assert len(lines) > 1
    assert not any(line.lower().startswith(f"{quantity.name.lower()} =") for line in lines[1:])


def test_the_text_protocol_gives_the_notes_in_tags_and_asks_for_more_until_it_ends(contexts):
    for context in contexts:
        messages = opening(context.text, rethink.SLEEP_TEXT)
        texts = ["MORE"]
        while texts[-1].endswith("MORE"):
            texts.append(reply(messages, temperature=1.0, seed=3).text)
            found = re.fullmatch(r"<notes>\n(.+)\n</notes>(\nMORE)?", texts[-1], re.DOTALL)
            assert found
            assert LINE.fullmatch(found.group(1).splitlines()[0])
            assert len(texts) <= 10
            messages += [
                {"role": "assistant", "content": texts[-1]},
                {"role": "user", "content": rethink.SLEEP_CONTINUE.text},
            ]


def test_the_name_of_the_tools_argument_is_taken_from_the_request(contexts):
    tool = json.loads(json.dumps(rethink.RETHINK_TOOL).replace("new_memory", "block"))
    draft = reply(opening(contexts[0].text), [tool, rethink.FINISH_TOOL])
    assert list(json.loads(draft.tool[1])) == ["block"]


def test_only_tools_that_are_offered_are_called(contexts):
    asked = [{"role": "user", "content": rethink.TOOL_PROBE.text}]
    assert reply(asked, [rethink.FINISH_TOOL]).tool == ("finish_rethinking", "{}")
    assert reply(asked).tool is None
    other = {"type": "function", "function": {"name": "get_weather"}}
    assert reply(asked, [other]).tool is None
    ended = reply(opening("Nothing that can be read."), [rethink.RETHINK_TOOL])
    assert ended.tool is not None
    assert ended.tool[0] == "rethink_memory"


def test_an_unreadable_situation_is_noted_as_such(sleep):
    (text,) = sleep("The moon was up, and 3 owls sat in 2 trees.", 0)
    assert "not written in a way I can read" in text
