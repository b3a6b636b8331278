"""A small model that calls tools badly, over a socket: each mistake is a step and told to it.

The server is as strict as the strictest there are: it refuses a request that repeats what no server
could have sent.
"""

import json
import re

import pytest
from fault_replies import completion
from fault_server import FaultServer

from sleeptime_lib import attempts, load_run, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import StopRun
from sleeptime_lib.experiments.swe import SWE

STEPS = 4


def call(name, arguments, **more):
    return {
        "id": "c",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    } | more


def reads(path):
    return call("read_lines", json.dumps({"path": path}))


CALLS = {
    "arguments that are no JSON": [call("read_lines", '{"path": "src/mo')],
    "arguments that are a list": [call("read_lines", '["a.py"]')],
    "arguments in a text": [call("read_lines", json.dumps('{"path": "a.py"}'))],
    "arguments nested without end": [call("read_lines", '{"path": ' + "[" * 50_000)],
    "arguments that are no number": [call("read_lines", '{"path": "a.py", "start": NaN}')],
    "a number beyond all": [call("read_lines", '{"path": "a.py", "start": 1e999}')],
    "a number of 5,000 digits": [
        call("read_lines", '{"path": "a.py", "start": 1%s}' % ("0" * 5000))
    ],
    "half a character": [call("read_lines", '{"path": "\\ud83d"}')],
    "no arguments": [call("read_lines", None)],
    "arguments of other names": [call("read_lines", '{"file": "a.py"}')],
    "arguments of another type": [call("read_lines", '{"path": 7}')],
    "an object for arguments": [call("read_lines", {"file": "a.py"})],
    "a tool that there is not": [call("open_editor", "{}")],
    "a tool without a name": [call("", "{}")],
    "a name that no tool can have": [call("read lines(<|im_end|>", "{}")],
    "a name of another type": [call(None, "{}")],
    "a name without end": [call("read" * 500, "{}")],
    "no function": [{"id": "c", "type": "function"}],
    "no identity": [call("open_editor", "{}", id=None)],
    "a file that there is not, again and again": [reads("src/none.py")],
    "a path that leads out": [reads("../../etc/passwd")],
    "an edit of a text that is not there": [
        call("replace_text", '{"path": "README.md", "old_text": "xyzzy", "new_text": "y"}')
    ],
    "forty calls at once": [reads(f"src/none{i}.py") for i in range(40)],
}


def is_strict(body):
    """Whether the strictest server would take a request."""
    for message in body["messages"]:
        for asked in message.get("tool_calls") or ():
            function = asked["function"]
            named = re.fullmatch("[a-zA-Z0-9_-]{1,64}", function["name"])
            try:
                given = json.loads(function["arguments"], parse_constant=float)
                json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
            except ValueError:
                return False
            if not (named and asked["id"] and isinstance(given, dict)):
                return False
    return True


def model(*replies):
    """Answers a probe as it should, and each later request with the next of the replies in turn."""

    def answer(path, body):
        names = {tool["function"]["name"] for tool in body.get("tools") or ()}
        counts = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        if not is_strict(body):
            return 400, {"error": {"message": "what is repeated cannot be read"}}
        if "read_lines" not in names:
            return 200, completion("", counts, tool_calls=[call("finish_rethinking", "{}")])
        said = sum(message["role"] == "assistant" for message in body["messages"])
        text, calls = replies[said % len(replies)]
        return 200, completion(text, counts, **({"tool_calls": calls} if calls else {}))

    return answer


def carried_out(answer, path):
    with FaultServer(answer=answer) as server:
        options = runs.make_options(
            SWE, base_url=server.url, model="m", limit=1, budgets=(STEPS,), floors=False,
            sleep_steps=STEPS,
        )  # fmt: skip
        prepared = runs.prepare(SWE, options, Execution.make(concurrency=2), path)
        return load_run(runs.run_now(runs.carry_out(prepared)).path), server.log


def told(log):
    """What the model had been told when it was asked last."""
    longest = max(log.bodies, key=lambda body: len(body["messages"]))
    return [m["content"] for m in longest["messages"] if m["role"] in ("tool", "user")][1:]


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call_is_told_and_takes_a_step(name, tmp_path):
    run, log = carried_out(model(("", CALLS[name])), tmp_path / "run")
    assert list(run.rows.error) == ["", ""]
    assert [measures["steps"] for measures in run.rows.measures] == [STEPS, STEPS]
    assert list(run.rows.score) == [0, 0]
    for number, line in enumerate(told(log), start=1):
        assert line.startswith("Not done: ")
        assert line.endswith(f"[Step: {number}/{STEPS}]")
    assert not run.notes().text.iloc[0]


@pytest.mark.parametrize(
    "text", ["", "I would open src/app.py.", '{"name": "read_lines"', "x" * 50_000]
)
def test_a_model_that_only_talks_is_told_once_and_then_left_alone(text, tmp_path):
    run, log = carried_out(model((text, ())), tmp_path / "run")
    assert list(run.rows.error) == ["", ""]
    assert [measures["steps"] for measures in run.rows.measures] == [2, 2]
    (line,) = told(log)
    assert line.startswith("No tool was called.")
    assert line.endswith(f"[Step: 1/{STEPS}]")


def test_a_model_that_now_talks_and_now_calls_has_all_its_steps(tmp_path):
    run, _ = carried_out(model(("Hm.", ()), ("", [reads("src/none.py")])), tmp_path / "run")
    assert [measures["steps"] for measures in run.rows.measures] == [STEPS, STEPS]
    assert list(run.rows.calls) == [STEPS, STEPS]


def test_notes_with_half_a_character_are_kept_with_a_sign_in_its_place(tmp_path):
    notes = [call("rethink_memory", '{"new_memory": "docs/money.md \\ud83d"}')]
    run, _ = carried_out(model(("", notes)), tmp_path / "run")
    assert list(run.rows.error) == ["", ""]
    assert list(run.notes().text) == ["docs/money.md ?"]


def test_such_an_attempt_can_be_read_step_by_step(tmp_path):
    run, _ = carried_out(model(("", CALLS["forty calls at once"])), tmp_path / "run")
    trace = attempts.find_attempt(run, run.rows.question_id.iloc[0], "baseline", STEPS)
    shown = attempts.steps_of(trace.asked)
    assert [step.tool for step in shown[:STEPS]] == ["read_lines"] * STEPS


def test_a_model_that_calls_no_tool_at_all_is_refused_before_anything_is_run(tmp_path):
    def answer(path, body):
        return 200, completion("I cannot.", {"prompt_tokens": 10, "completion_tokens": 5})

    with FaultServer(answer=answer) as server:
        options = runs.make_options(SWE, base_url=server.url, model="m", limit=1)
        prepared = runs.prepare(SWE, options, Execution.make(), tmp_path / "run")
        with pytest.raises(StopRun, match="m called no tool when asked to"):
            runs.run_now(runs.carry_out(prepared))
        assert server.log.attempts.total() == 1
