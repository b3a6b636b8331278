"""Changes as rows of a file, and which of them lie in a change's past."""

import json
from dataclasses import replace

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.changes import (
    Change,
    ChangedFile,
    read_changes,
    related,
    ticket,
    write_changes,
)

BASE, HEAD = "a" * 40, "b" * 40
FILES = (ChangedFile("a.py", "modified"), ChangedFile("b/c.py", "added"))
CHANGE = Change("o/r", "12", "Title", "Body\n\nmore", BASE, HEAD, 200, FILES, "g", 100)
ROW = {"repo": "o/r", "number": "12", "base": BASE, "files": {"modified": ["a.py"]}}
RELEASED = {
    "repo": "o/r",
    "pr_number": 12,
    "title": "Add it",
    "user_login": "someone",
    "state": "closed",
    "body": None,
    "changed_files_count": 1,
    "changed_files": ["a.py"],
    "base_commit": BASE,
}


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """Write rows in the current directory, so that messages name the file by its bare name."""
    monkeypatch.chdir(tmp_path)

    def write(*rows):
        text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
        (tmp_path / "c.jsonl").write_text(text)
        return "c.jsonl"

    return write


def complaint(path):
    with pytest.raises(InputError) as caught:
        read_changes(path)
    return str(caught.value).splitlines()[-1]


def test_what_is_written_is_read_back(tmp_path):
    other = Change("o/r", "abcdef0123", "", "", HEAD, "", 0, FILES[:1], unmerged=True)
    write_changes(tmp_path / "c.jsonl", (CHANGE, other))
    assert read_changes(tmp_path / "c.jsonl") == (CHANGE, other)


def test_only_what_is_needed_has_to_stand_in_a_row(rows):
    (change,) = read_changes(rows(ROW))
    assert change == Change("o/r", "12", "", "", BASE, "", 0, FILES[:1])


def test_a_released_row_is_read(rows):
    (change,) = read_changes(rows(RELEASED))
    assert change == Change("o/r", "12", "Add it", "", BASE, "", 0, FILES[:1])


@pytest.mark.parametrize(
    "listed",
    [
        ["b/c.py", "a.py"],
        '["a.py", "b/c.py"]',
        "a.py\nb/c.py",
        "a.py, b/c.py",
        [{"filename": "a.py", "status": "modified"}, {"path": "b/c.py"}],
    ],
)
def test_released_files_are_read_in_whatever_form_they_come(rows, listed):
    (change,) = read_changes(rows(RELEASED | {"changed_files": listed}))
    assert change.paths("modified") == ("a.py", "b/c.py")


def test_released_files_keep_a_status_that_they_have(rows):
    listed = [{"filename": "a.py", "status": "added"}, {"filename": "b.py", "status": "changed"}]
    (change,) = read_changes(rows(RELEASED | {"changed_files": listed}))
    assert (change.paths("added"), change.paths("modified")) == (("a.py",), ("b.py",))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"base": "abc"}, "base 'abc' is no full commit; write its 40 hexadecimal digits"),
        ({"base": None}, "no base; every row needs one"),
        ({"head": "x"}, "head 'x' is no full commit; write its 40 hexadecimal digits"),
        ({"number": "1 2"}, "number '1 2' is no name; write one without spaces"),
        ({"repo": ""}, "repo is empty; every row needs one"),
        ({"closed": "soon"}, "closed 'soon' is no time; write unix seconds"),
        ({"started": -1}, "started '-1' is no time; write unix seconds"),
        ({"title": ["x"]}, "title is a JSON list; write text or a number"),
        ({"unmerged": "no"}, "unmerged 'no' is no truth value; write true or false"),
        ({"files": ["a.py"]}, "files is no object of modified, added, removed, renamed;"),
        ({"files": {"changed": []}}, "files is no object of modified, added, removed, renamed;"),
        ({"files": {"modified": "a.py"}}, "modified is no list; write a list of paths"),
        ({"files": {}}, "0 files; a change has 1 to 10,000"),
        ({"files": {"modified": ["a"], "added": ["a"]}}, "'a' is there twice; write each file"),
    ],
)
def test_a_bad_row_is_told_in_one_line(rows, wrong, told):
    assert f"c.jsonl:2: {told}" in complaint(rows(ROW, ROW | {"number": "13"} | wrong))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../b", "", "a//b", "a\x1b[2J", ["a"], "./a"]
)
def test_a_path_that_leads_anywhere_else_is_refused(rows, path):
    told = complaint(rows(ROW | {"files": {"modified": [path]}}))
    assert "is no path within a repository; write it like src/app.py" in told
    assert "\x1b" not in told


def test_a_change_stands_in_a_file_once(rows):
    told = "c.jsonl:2: change 12 of o/r is also in line 1; write each once"
    assert complaint(rows(ROW, ROW)) == told


def test_what_is_no_json_is_told_with_its_line(rows):
    assert "c.jsonl:2: broken JSON" in complaint(rows(ROW, "{"))


@pytest.mark.parametrize("path", ["changes.csv", "changes", "no.jsonl"])
def test_what_is_no_file_of_changes_is_refused(tmp_path, path):
    with pytest.raises(InputError, match=path):
        read_changes(tmp_path / path)


def test_changes_are_written_to_jsonl_alone(tmp_path):
    with pytest.raises(InputError, match=r"give a path that ends in \.jsonl"):
        write_changes(tmp_path / "c.txt", (CHANGE,))


def other(number, closed, group="g", repo="o/r"):
    return replace(CHANGE, number=number, closed=closed, group=group, repo=repo)


def test_related_are_those_of_the_group_that_were_closed_before_the_base_was_made():
    past = [other("2", 99), other("1", 50)]
    rest = [
        other("3", 100),
        other("4", 300),
        other("5", 50, group="h"),
        other("6", 50, repo="o/s"),
        other("7", 0),
    ]
    assert [change.number for change in related(CHANGE, past + rest)] == ["1", "2"]


def test_a_pull_request_that_was_opened_later_is_no_past_whatever_the_date_of_its_commits():
    old = replace(other("13", 50), unmerged=True)
    assert related(CHANGE, [old]) == ()
    assert related(CHANGE, [replace(old, unmerged=False)]) != ()
    assert related(CHANGE, [replace(old, number="9")]) != ()
    assert related(replace(CHANGE, number="abcdef0123"), [old]) != ()


def test_a_change_is_not_its_own_past():
    assert related(CHANGE, [other("12", 50)]) == ()


def test_a_change_without_a_group_or_without_times_has_no_past():
    assert related(replace(CHANGE, group=""), [other("1", 50, group="")]) == ()
    assert related(replace(CHANGE, started=0), [other("1", 50)]) == ()


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [("T", "b\n", "T\n\nb"), ("", " b", "b"), ("T", "", "T"), ("", "", "")],
)
def test_a_ticket_is_title_and_body(title, body, text):
    assert ticket(replace(CHANGE, title=title, body=body)) == text


def test_a_long_ticket_is_cut():
    assert len(ticket(replace(CHANGE, body="x" * 50_000))) == 20_000
