"""Files of rows that would take all memory or minutes are refused in one line."""

import json
import os
import time

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.rows import Complaints, file_rows

ROW = '{"context": "c", "question": "q", "answer": 5}'
SOON = 15
"""Seconds that a refusal may take on a busy machine; each takes less than 2 on an idle one."""


def refusal(path):
    """What is said about a file of rows, in how many seconds."""
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert time.monotonic() - began < SOON
    said = str(caught.value)
    assert len(said) < 3_001
    return said


@pytest.fixture
def write(tmp_path):
    def made(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return made


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_file_of_many_megabytes_is_not_read(tmp_path, name):
    path = tmp_path / name
    path.touch()
    os.truncate(path, 500_000_000)
    assert refusal(path) == f"{path} is too large; give one of at most 64 MB"


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_of_many_megabytes_is_not_taken_for_a_row(write, name):
    path = write(name, f"context,question,answer\n{'x' * 10_000_001}")
    assert f"{path}:2: a line of more than 10,000,000 characters" in refusal(path)


def test_more_values_than_memory_has_room_for(write):
    line = f'{{"context": "c", "questions": [{"{}," * 1_500_000}{{}}]}}\n'
    assert "a.jsonl:2: too many values" in refusal(write("a.jsonl", 2 * line))


def test_so_in_a_table(write):
    path = write("a.csv", f"{','.join(map(str, range(50_000)))}\n" + 110 * f"{',' * 49_999}\n")
    assert "a.csv:101: too many values" in refusal(path)


def test_more_rows_than_a_run_could_ask(write):
    with pytest.raises(InputError, match="200001: too many rows"):
        load(str(write("a.jsonl", "{}\n" * 300_000)))


def test_a_file_of_bad_rows_only(write):
    said = refusal(write("a.jsonl", "x\n" * 1_000_000))
    assert "more than 100,000 rows cannot be used; the first: " in said
    assert "a.jsonl:1: broken JSON" in said


def test_a_row_of_a_hundred_thousand_fields_of_which_one_is_there_twice(write):
    fields = ",".join(f'"k{i}":1' for i in range(100_000))
    said = refusal(write("a.jsonl", f'{{{fields},"k99999":2}}'))
    assert "field 'k99999' is there twice" in said


def test_thirty_thousand_fields_beside_those_that_are_needed_do_no_harm(write):
    row = json.loads(ROW) | {f"k{i}": i for i in range(30_000)}
    assert len(load(str(write("a.jsonl", json.dumps(row)))).questions) == 1


@pytest.mark.parametrize(
    "row",
    [
        json.dumps({"k" * 1_000_000: 1}),
        json.dumps({f"k{i}": 1 for i in range(30_000)}),
        f'{{"{"k" * 1_000_000}":1,"{"k" * 1_000_000}":1}}',
        2 * (ROW.replace("{", f'{{"id": "{"i" * 1_000_000}", ') + "\n"),
        ROW.replace("5", "1" * 1_000_000),
        ROW.replace("5", f'"{"five hundred " * 1_000_000}"'),
        "[" * 100_000,
    ],
    ids=["name", "names", "name twice", "id", "digits", "words", "nested"],
)
def test_what_is_too_long_is_not_repeated_whole(write, row):
    assert len(refusal(write("a.jsonl", row))) < 1_000


def test_a_whole_problem_that_would_take_minutes_to_cut(write):
    row = {"id": 1, "instance": 1, "question": "a. " * 1_000_000, "answer": "#### 5"}
    assert "longer than 20,000 characters" in refusal(write("a.jsonl", json.dumps(row)))


def test_a_name_too_long_for_a_file_is_no_file():
    with pytest.raises(InputError, match="no file"):
        load(f"{'a' * 5_000}.jsonl")


def test_lines_end_as_they_always_did(write):
    path = write("a.csv", "")
    path.write_bytes(b"context,question,answer\rc,q,5\r\n\xef\xbb\xbfd,q,6\n")
    rows = file_rows(path, Complaints())
    assert [(row.line, row.fields["context"]) for row in rows] == [(2, "c"), (3, "\ufeffd")]
