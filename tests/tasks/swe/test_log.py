"""What is read from git's log: each commit, its message and its files, whatever they are called."""

import pytest
from git_history import History

from sleeptime_lib.tasks.swe.git import Repository


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "clone")


def newest(history):
    return next(iter(Repository(history.path).history((history.head(),), 1)))


def touched(history):
    return [(f.path, f.old, f.status, f.added, f.deleted) for f in newest(history).touched]


def test_a_commit_tells_what_it_did_to_each_file(history):
    history.commit("first", {"gone.py": "a\nb\n", "kept.py": "a\nb\n"})
    history.commit("second", {"gone.py": None, "kept.py": "a\nc\nd\n", "new.py": "x\n"})
    assert touched(history) == [
        ("gone.py", "gone.py", "D", 0, 2),
        ("kept.py", "kept.py", "M", 2, 1),
        ("new.py", "new.py", "A", 1, 0),
    ]


def test_a_renamed_file_has_both_names(history):
    text = "".join(f"line {i}\n" for i in range(20))
    history.commit("first", {"old.py": text})
    history.commit("second", {"old.py": None, "deep/new.py": text + "more\n"})
    assert touched(history) == [("deep/new.py", "old.py", "R", 1, 0)]


def test_a_binary_file_has_no_lines(history):
    history.commit("first", {"a.bin": bytes(range(256))})
    assert touched(history) == [("a.bin", "a.bin", "A", 0, 0)]


@pytest.mark.parametrize(
    "message",
    [
        ":100644 100644 aaaa bbbb M",
        "1\t2\tfake.py",
        f"{'0' * 40}",
        "\n\n  subject after blank lines\n\nbody\n:100644 x\n3\t4\ty",
        "",
    ],
)
def test_no_message_is_taken_for_a_file_or_a_commit(history, message):
    history.commit(message or " ", {"a.py": "1\n"})
    assert newest(history).message == message.strip()
    assert touched(history) == [("a.py", "a.py", "A", 1, 0)]
    assert len(list(Repository(history.path).history((history.head(),), 9))) == 1


@pytest.mark.parametrize("name", [":100644 x", "1\t2\tb.py", "0" * 40, "a\nb.py", " a.py", "ä.py"])
def test_no_name_of_a_file_is_taken_for_anything_else(history, name):
    history.commit("first", {name: "1\n", "z.py": "2\n"})
    assert {(f.path, f.added) for f in newest(history).touched} == {(name, 1), ("z.py", 1)}


def test_a_merge_has_two_parents_and_no_files(history):
    first = history.commit("first", {})
    history.switch("topic", first)
    topic = history.commit("topic", {"t.py": "1\n"})
    history.switch("main")
    main = history.commit("main", {"m.py": "1\n"})
    history.merge("topic", "Merge branch 'topic'")
    assert newest(history).parents == (main, topic)
    assert newest(history).touched == ()


def test_a_long_message_is_cut(history):
    history.commit("x" * 50_000, {})
    assert len(newest(history).message) == 20_000


def test_without_walking_only_the_commits_named_are_told_in_their_order(history):
    commits = [history.commit(f"commit {i}", {}) for i in range(3)]
    named = (commits[0], commits[2])
    told = Repository(history.path).history(named, 9, walk=False)
    assert [commit.sha for commit in told] == list(named)


def test_where_only_messages_are_asked_for_no_commit_tells_files(history):
    history.commit("first", {"a.py": "1\n"})
    (commit,) = Repository(history.path).history((history.head(),), 9, told="messages")
    assert (commit.message, commit.touched) == ("first", ())


def test_an_empty_list_of_commits_reaches_nothing(history):
    history.commit("first", {"a.py": "1\n"})
    assert list(Repository(history.path).history((), 9)) == []
