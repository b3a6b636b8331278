"""Changes known by number are completed from a clone."""

import json
import os
from pathlib import Path

import pytest
from git_history import History

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.changes import Change, ChangedFile, read_changes, related
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.known import AIDER, aider_changes, complete

SHARED = Path(__file__).parents[4] / "shared/data/swe_features_aider.jsonl"
CLONE = os.environ.get("SLEEPTIME_AIDER_CLONE", "")
REBASED_FROM_MAIN = {"1015"}
FILES = ("a.py", "b.py", "c.py")


@pytest.fixture
def history(tmp_path):
    history = History(tmp_path / "clone")
    history.grow("start", *FILES, "d.py")
    return history


def known(number, base, title="", *paths):
    files = tuple(ChangedFile(path, "modified") for path in paths or FILES)
    return Change("o/r", number, title, "", base, "", 0, files, "g")


def test_a_pull_request_gets_head_times_files_and_the_messages_of_its_commits(history):
    base = history.head()
    started = history.now
    history.switch("topic", base)
    history.grow("first\n\nmore", *FILES)
    head = history.grow("second", "a.py")
    history.pull(4)
    history.switch("main")
    history.grow("main goes on", "d.py")
    (done,) = complete((known("4", base),), Repository(history.path))
    assert (done.head, done.started, done.closed) == (head, started, started + 2 * 86_400)
    assert (done.title, done.body) == ("first", "more\n\nsecond")
    assert (done.repo, done.group) == ("o/r", "g")
    assert done.paths("modified") == FILES


def test_a_change_is_not_over_before_the_commit_that_it_starts_from(history):
    """The released base of a pull request may be younger than its last commit."""
    branch = history.head()
    history.switch("topic", branch)
    history.grow("first", *FILES)
    history.pull(4)
    history.switch("main")
    base = history.grow("main goes on", "d.py")
    (done,) = complete((known("4", base),), Repository(history.path))
    assert (done.started, done.closed) == (history.now, history.now)


def test_a_text_of_its_own_stays(history):
    base = history.head()
    history.switch("topic", base)
    history.grow("message", *FILES)
    history.pull(4)
    history.switch("main")
    (done,) = complete((known("4", base, "Title"),), Repository(history.path))
    assert (done.title, done.body) == ("Title", "")


def test_only_files_of_its_own_commits_stay(history):
    history.switch("topic", "HEAD")
    history.grow("mine", *FILES)
    base = history.git("rev-parse", "main")
    history.switch("main")
    history.grow("main goes on", "d.py")
    history.switch("topic")
    history.merge("main", "Merge branch 'main' into topic")
    history.pull(4)
    history.switch("main")
    (done,) = complete((known("4", base, "", *FILES, "d.py"),), Repository(history.path))
    assert done.paths("modified") == FILES


def test_a_squash_commit_is_found_by_its_number(history):
    base = history.head()
    head = history.grow("Add it (#4)", *FILES)
    (done,) = complete((known("4", base),), Repository(history.path))
    assert (done.head, done.closed, done.title) == (head, history.now, "Add it")


def test_a_change_that_is_not_found_keeps_its_files_and_is_in_nobodys_past(history):
    base = history.head()
    (done,) = complete((known("4", base),), Repository(history.path))
    assert (done.started, done.closed, done.paths("modified")) == (history.now, 0, FILES)


def test_a_clone_that_lacks_the_bases_is_refused_with_the_way_to_get_them(history):
    changes = (known("4", "0" * 40), known("5", "1" * 40))
    with pytest.raises(InputError, match=r"lacks what 2 of 2 changes start from \(4, 5\); .*fetch"):
        complete(changes, Repository(history.path))


def test_the_shipped_tasks_are_facts_and_hold_nobodys_text():
    changes = read_changes(AIDER)
    assert len(changes) == 18
    assert {change.title + change.body for change in changes} == {""}
    assert {change.repo for change in changes} == {"Aider-AI/aider"}
    for change in changes:
        assert len(change.paths("modified")) >= 3


@pytest.mark.skipif(not SHARED.exists(), reason="the file with the facts is not here")
def test_the_shipped_tasks_agree_with_the_facts():
    rows = {str(row["pr"]): row for row in map(json.loads, SHARED.read_text().splitlines())}
    changes = {change.number: change for change in read_changes(AIDER)}
    assert changes.keys() == rows.keys()
    for number, change in changes.items():
        row = rows[number]
        assert (change.base, change.head, change.group) == (
            row["base"],
            row["head"],
            row["cluster"],
        )
        modified = set(change.paths("modified"))
        if number in REBASED_FROM_MAIN:
            assert modified < set(row["modified"])
        else:
            assert modified == set(row["modified"])
            assert set(change.paths("added")) == set(row["added"])


@pytest.mark.skipif(not CLONE, reason="SLEEPTIME_AIDER_CLONE names no clone of Aider-AI/aider")
def test_a_clone_gives_the_shipped_files_their_text_and_a_past_that_is_over():
    changes = aider_changes(Repository(Path(CLONE)))
    shipped = read_changes(AIDER)
    assert [(c.number, c.files) for c in changes] == [(c.number, c.files) for c in shipped]
    for change in changes:
        assert change.title
        assert all(other.closed < change.started for other in related(change, changes))
    by_number = {change.number: change for change in changes}
    assert "2631" not in {c.number for c in related(by_number["55"], changes)}
