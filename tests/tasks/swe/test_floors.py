"""Files predicted without a model, from what was there before the change."""

import subprocess
import sys
from dataclasses import replace

import pytest
from git_history import History

from sleeptime_lib.tasks.swe.changes import Change, ChangedFile
from sleeptime_lib.tasks.swe.floors import (
    FLOORS,
    all_of_past,
    changed_lately,
    changed_together,
    found_by_words,
    touched_by_past,
)
from sleeptime_lib.tasks.swe.git import Repository


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "clone")


def change(history, text="", base=""):
    at = base or history.head()
    return Change("o/r", "9", text, "", at, "", 0, (ChangedFile("a.py", "modified"),), "g", 1)


def past(*listed):
    return [
        Change(
            "o/r", str(i), "", "", "a" * 40, "", i, tuple(ChangedFile(p, "modified") for p in ps)
        )
        for i, ps in enumerate(listed)
    ]


def test_what_was_changed_most_lately_is_predicted_most_often_first(history):
    for paths in (["a.py"], ["b.py", "c.py"], ["c.py", "d.py"], ["d.py", "c.py"], ["e.py"]):
        history.grow("grow", *paths)
    assert changed_lately(Repository(history.path), change(history), ()) == ("c.py", "d.py", "a.py")


def test_what_came_after_the_base_is_not_seen(history):
    base = history.grow("before", "a.py")
    for _ in range(3):
        history.grow("after", "b.py")
    repository = Repository(history.path)
    task = change(history, "b_1600000000 a.py b.py", base)
    siblings = past(["a.py", "b.py"])
    assert [floor(repository, task, siblings) for _, floor in FLOORS] == [("a.py",)] * 5


def test_only_source_files_are_predicted(history):
    history.grow("grow", "a.py", "README.md", "tests/test_a.py", "data.json", "vendor/v.py")
    task = change(history, "a.py README.md test_a.py data.json v.py")
    siblings = past(["a.py", "README.md", "tests/test_a.py"])
    repository = Repository(history.path)
    assert [floor(repository, task, siblings) for _, floor in FLOORS] == [("a.py",)] * 5


def test_files_that_are_gone_at_the_base_are_not_predicted(history):
    history.grow("grow", "a.py", "b.py")
    history.commit("lose", {"b.py": None})
    repository = Repository(history.path)
    assert changed_lately(repository, change(history), ()) == ("a.py",)
    assert all_of_past(repository, change(history), past(["a.py", "b.py"])) == ("a.py",)


def test_what_the_related_past_touched_is_predicted_most_often_first(history):
    history.grow("grow", *(f"{name}.py" for name in "abcdefg"))
    siblings = past(["b.py", "a.py"], ["b.py", "g.py"], ["f.py", "e.py", "d.py", "c.py"])
    repository = Repository(history.path)
    assert touched_by_past(repository, change(history), siblings) == (
        "b.py",
        "a.py",
        "c.py",
        "d.py",
        "e.py",
    )
    assert len(all_of_past(repository, change(history), siblings)) == 7


def test_without_a_past_nothing_is_predicted_from_it(history):
    history.grow("grow", "a.py")
    for floor in (touched_by_past, all_of_past):
        assert floor(Repository(history.path), change(history), ()) == ()


def test_what_changed_with_a_file_that_the_ticket_names_is_predicted(history):
    history.grow("grow", "app/a.py", "b.py", "c.py", "d.py")
    for _ in range(3):
        history.grow("grow", "app/a.py", "b.py")
        history.grow("grow", "c.py", "d.py")
    repository = Repository(history.path)
    for text in ("Colours in app/a.py.", "see (a.py)"):
        told = changed_together(repository, change(history, text), ())
        assert told[:2] == ("app/a.py", "b.py")
    assert changed_together(repository, change(history, "Colours in app"), ()) == ()


def test_the_words_of_the_ticket_are_found_in_paths_and_contents(history):
    history.commit(
        "first",
        {
            "charts/colour.py": "x = 1\n",
            "net/mail.py": "def send_mail(): pass\n",
            "net/paint.py": "def colour_charts(): return 'colour'\n",
            "vendor/colour.py": "colour = charts\n",
            "colour.md": "charts",
            "binary.py": b"\0colour charts",
        },
    )
    found = found_by_words(Repository(history.path), change(history, "More colour for charts"), ())
    assert found == ("charts/colour.py", "net/paint.py")


def searched(history, files, text):
    history.commit("first", files)
    return found_by_words(Repository(history.path), change(history, text), ())


def test_a_word_of_the_path_counts_as_five_of_the_content(history):
    files = {
        "aa/four.py": "colour " * 4 + "word " * 4,
        "bb/colour.py": "word " * 8,
        "cc/many.py": "colour " * 6 + "word " * 2,
    }
    assert searched(history, files, "colour") == ("cc/many.py", "bb/colour.py", "aa/four.py")


def test_a_rare_word_says_more_than_one_that_all_files_share(history):
    files = {f"{n}.py": "chart chart chart\n" for n in "abcdef"} | {"g.py": "chart colour rest\n"}
    assert searched(history, files, "colour chart")[0] == "g.py"


def test_a_short_file_says_more_than_a_long_one(history):
    files = {"a.py": "colour\n" + "rest " * 50, "b.py": "colour\n"}
    assert searched(history, files, "colour") == ("b.py", "a.py")


def test_of_files_that_answer_alike_the_first_five_by_path_are_taken(history):
    files = dict.fromkeys((f"{name}.py" for name in "gfedcba"), "colour\n")
    assert searched(history, files, "colour") == tuple(f"{name}.py" for name in "abcde")


@pytest.mark.parametrize("text", ["", "7", "sound"])
def test_a_ticket_without_a_word_that_is_found_gives_no_prediction(history, text):
    assert searched(history, {"a.py": "colour\n", "b.py": "", "c.c": ""}, text) == ()


def test_a_search_shows_no_progress_and_leaves_no_file(history, tmp_path, monkeypatch, capfd):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "here"))
    assert searched(history, {"a.py": "colour\n"}, "colour") == ("a.py",)
    assert capfd.readouterr() == ("", "")
    assert list((tmp_path / "here").iterdir()) == []


def test_the_package_that_searches_is_only_loaded_to_search():
    code = "import sleeptime_lib.tasks.swe.floors, sys; print('bm25s' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_repository_without_files_gives_no_prediction(history):
    history.commit("first", {})
    task = replace(change(history, "a.py"), files=())
    assert [floor(Repository(history.path), task, ()) for _, floor in FLOORS] == [()] * 5
