"""`sleeptime data --generate` over a real socket, with a small model that is scripted."""

import json
import re

import pytest
from fault_replies import completion
from fault_server import FaultServer
from typer.testing import CliRunner

from sleeptime_lib import cli
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CapReached, InputError
from sleeptime_lib.generation import generate
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.tasks import load

_USAGE = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}


def exercise_writer(path, body):
    """Writes three sums about any situation, one of them with a wrong answer; adds correctly."""
    user = body["messages"][-1]["content"]
    if "<example>" in user:
        items = [
            {"question": f"What is {a} + {b}?", "answer": str(a + b + (a == 3))}
            for a, b in ((1, 2), (3, 4), (5, 6))
        ]
        return 200, completion(json.dumps({"questions": items}), _USAGE)
    a, b = re.search(r"What is (\d+) \+ (\d+)\?", user).groups()
    return 200, completion(f"The answer is {int(a) + int(b)}.", _USAGE)


@pytest.fixture
def server():
    with FaultServer(answer=exercise_writer) as server:
        yield server


def options(server, out, *more):
    return (
        *("data", "procedural-p1", "--limit", "2", "--generate", "2", "--model", "m"),
        *("--base-url", server.url, "--export", str(out), *more),
    )


def test_the_file_holds_the_first_question_and_those_that_agree(server, tmp_path):
    out = tmp_path / "many.jsonl"
    done = CliRunner().invoke(cli.app, options(server, out, "--json"))
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    original = load("procedural-p1", limit=2)
    assert [row["context"] for row in rows] == [c.text for c in original.contexts.values()]
    for row, first in zip(rows, original.questions, strict=True):
        assert [item["question"] for item in row["questions"]] == [
            first.text,
            "What is 1 + 2?",
            "What is 5 + 6?",
        ]
        assert row["questions"][1]["answer"] == "3"


def test_what_was_dropped_is_told(server, tmp_path):
    done = CliRunner().invoke(cli.app, options(server, tmp_path / "many.jsonl", "--json"))
    (told,) = json.loads(done.stdout)["notices"]
    assert told == (
        "m wrote 4 questions about 2 contexts; dropped: 2 whose second solution disagreed, "
        "0 repeated, 0 unreadable"
    )


def test_the_file_is_a_dataset_for_the_experiment(server, tmp_path):
    out = tmp_path / "many.jsonl"
    CliRunner().invoke(cli.app, options(server, out))
    task = load(str(out), limit=1, questions_per_context=10)
    assert len(task.questions) == 3


async def test_the_same_command_again_makes_no_call(server, tmp_path):
    task = load("procedural-p1", limit=2)
    words = (task, 2, resolve("m", base_url=server.url), Execution(), tmp_path / "many.jsonl")
    first = await generate(*words)
    sent = sum(server.log.attempts.values())
    assert await generate(*words) == first
    assert sum(server.log.attempts.values()) == sent


async def test_a_cap_stops_it(server, tmp_path):
    task = load("procedural-p1", limit=2)
    endpoint, execution = resolve("m", base_url=server.url), Execution(max_tokens=300)
    with pytest.raises(CapReached):
        await generate(task, 2, endpoint, execution, tmp_path / "x.jsonl")


async def test_a_model_that_cannot_write_questions_is_told(tmp_path):
    task = load("procedural-p1", limit=2)
    with pytest.raises(InputError, match="simulated wrote no usable question"):
        await generate(task, 2, resolve("simulated"), Execution(), tmp_path / "x.jsonl")
