"""Which changes of a history are tasks, which files count, and why the others are dropped."""

from dataclasses import replace

import pytest
from git_history import History

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.swe.changes import related
from sleeptime_lib.tasks.swe.git import Repository
from sleeptime_lib.tasks.swe.mining import mine

FILES = ("app/a.py", "app/b.py", "app/c.py")
OF_MAIN = "Merge branch 'main'"
TEXT = "".join(f"x_{i} = {i}\n" for i in range(20))


@pytest.fixture
def history(tmp_path):
    """A repository with a main line and four source files."""
    history = History(tmp_path / "clone")
    history.commit("start", dict.fromkeys((*FILES, "app/d.py", "README.md"), TEXT))
    return history


def branch(history, name, message, *paths):
    """A branch from where the history stands, with one commit; back on the main line after it."""
    history.switch(name, "HEAD")
    head = history.grow(message, *paths)
    history.switch("main")
    return head


def mined(history, **how):
    return mine(Repository(history.path), **how)


def numbers(history):
    return [change.number for change in mined(history).changes]


def why(history):
    """The reasons for which changes were dropped, but for the first commit."""
    with pytest.raises(InputError) as caught:
        mined(history)
    return str(caught.value)


def files_of(change):
    return {file.path: file.status for file in change.files}


def test_a_squashed_pull_request_is_a_task(history):
    base = history.head()
    head = history.grow("Add colours (#12)\n\nThey shine.", *FILES)
    (change,) = mined(history).changes
    assert (change.number, change.title, change.body) == ("12", "Add colours", "They shine.")
    assert (change.base, change.head, change.closed) == (base, head, history.now)
    assert files_of(change) == dict.fromkeys(FILES, "modified")
    assert change.started == history.now - 86_400
    assert change.repo == "clone"


def test_a_commit_without_a_number_goes_by_its_hash(history):
    head = history.grow("Add colours", *FILES)
    assert numbers(history) == [head[:10]]


def test_a_merged_branch_is_one_task_with_the_title_of_its_pull_request(history):
    base = history.head()
    history.switch("topic", base)
    history.grow("first half", *FILES[:2])
    head = history.grow("second half", *FILES[2:], lines=9)
    history.switch("main")
    history.grow("Unrelated", "app/d.py")
    history.merge("topic", "Merge pull request #7 from someone/topic\n\nAdd colours")
    (change,) = mined(history).changes
    assert (change.number, change.title) == ("7", "Add colours")
    assert change.body == "first half\n\nsecond half"
    assert (change.base, change.head, change.closed) == (base, head, history.now)
    assert files_of(change) == dict.fromkeys(FILES, "modified")


def test_what_was_merged_from_main_does_not_count(history):
    history.switch("topic", history.head())
    history.grow("Add colours", *FILES)
    history.switch("main")
    for path in ("app/d.py", "app/e.py"):
        last = history.grow("Fix it", path)
    history.switch("topic")
    history.merge("main", "Merge branch 'main' into topic")
    history.grow("More colours", FILES[0])
    history.switch("main")
    history.pull(5, "topic")
    (change,) = mined(history).changes
    assert files_of(change) == dict.fromkeys(FILES, "modified")
    assert change.base == last


def test_what_was_merged_from_main_does_not_count_after_the_branch_was_merged(history):
    history.switch("topic", history.head())
    history.grow("Add colours", *FILES)
    history.switch("main")
    history.grow("Fix it", "app/d.py")
    history.switch("topic")
    history.merge("main", "Merge branch 'main' into topic")
    history.switch("main")
    history.merge("topic", "Merge pull request #5 from someone/topic\n\nAdd colours")
    (change,) = mined(history).changes
    assert files_of(change) == dict.fromkeys(FILES, "modified")


def test_a_pull_request_that_was_never_merged_is_a_task(history):
    head = branch(history, "topic", "Add colours", *FILES)
    history.pull(9, head)
    history.git("branch", "--quiet", "-D", "topic")
    (change,) = mined(history).changes
    assert (change.number, change.head, change.closed) == ("9", head, history.now)


def test_a_pull_request_that_was_squashed_is_one_task_closed_by_the_squash(history):
    head = branch(history, "topic", "Add colours", *FILES)
    history.pull(9, head)
    history.git("merge", "--quiet", "--squash", "topic")
    history.commit("Add colours (#9)", {})
    (change,) = mined(history).changes
    assert (change.number, change.head, change.closed) == ("9", head, history.now)


def test_a_pull_request_that_was_merged_is_one_task(history):
    history.pull(9, branch(history, "topic", "Add colours", *FILES))
    history.merge("topic", "Merge branch 'topic'")
    assert numbers(history) == ["9"]


def test_without_pull_requests_the_way_to_get_them_is_told(history):
    history.grow("Add colours", *FILES)
    (notice,) = mined(history).notices
    assert "git fetch origin '+refs/pull/*/head:refs/pull/*/head'" in notice
    history.pull(9)
    assert mined(history).notices == ()


@pytest.mark.parametrize("extension", ["go", "rs", "ts", "java", "cpp", "rb"])
def test_other_languages_than_python_are_mined(history, extension):
    paths = [f"src/{name}.{extension}" for name in "xyz"]
    history.commit("First sources", dict.fromkeys(paths, TEXT))
    history.grow("Add colours", *paths)
    assert len(numbers(history)) == 1


def test_new_files_do_not_stand_in_for_modified_ones(history):
    history.grow("Add colours", *FILES[:2], "app/new.py", "app/more.py")
    assert "1 fewer than 3 modified source files" in why(history)


def test_a_new_file_of_a_task_is_told_as_added_and_a_lost_one_as_removed(history):
    history.write({"app/d.py": None})
    history.grow("Add colours", *FILES, "app/new.py")
    (change,) = mined(history).changes
    assert files_of(change) == {
        **dict.fromkeys(FILES, "modified"),
        "app/d.py": "removed",
        "app/new.py": "added",
    }


def test_a_renamed_file_is_neither_modified_nor_added(history):
    history.write({"app/d.py": None, "app/moved.py": TEXT})
    history.grow("Add colours", *FILES)
    (change,) = mined(history).changes
    assert files_of(change) == {**dict.fromkeys(FILES, "modified"), "app/moved.py": "renamed"}


def test_what_a_change_took_back_itself_is_not_among_its_files(history):
    history.switch("topic", history.head())
    history.grow("Add colours", *FILES)
    history.grow("A try", "app/d.py")
    history.commit("Not so", {"app/d.py": TEXT})
    history.pull(3)
    history.switch("main")
    (change,) = mined(history).changes
    assert files_of(change) == dict.fromkeys(FILES, "modified")


@pytest.mark.parametrize(
    ("message", "files", "reason"),
    [
        ("Add guide", {"docs/a.rst": TEXT, "README.md": "new\n" * 30}, "documentation only"),
        ("Add cases", {f"tests/test_{n}.py": TEXT for n in "abcd"}, "tests only"),
        ("Add library", {f"vendor/x/{n}.py": TEXT for n in "abcd"}, "vendored, generated or data"),
        ("Add stubs", {f"app/{n}_pb2.py": TEXT for n in "abcd"}, "vendored, generated or data"),
        ("Add data", {f"app/{n}.json": TEXT for n in "abcd"}, "vendored, generated or data"),
        ("Add much", dict.fromkeys(FILES, "y = 1\n" * 2000), "giant diffs"),
        (
            "Add many",
            {f"app/n{i}.py": "y = 1\n" for i in range(70)} | dict.fromkeys(FILES, TEXT * 2),
            "giant diffs",
        ),
        ("Change little", dict.fromkeys(FILES, TEXT + "y = 1\n"), "fewer than 10 source lines"),
        ("Shorten all", dict.fromkeys(FILES, "y = 1\n" * 12), "more source lines taken than"),
    ],
)
def test_what_is_no_feature_is_dropped_by_its_files(history, message, files, reason):
    history.commit(message, files)
    assert reason in why(history)


def test_changes_to_tests_alone_are_no_task(history):
    paths = [f"tests/test_{name}.py" for name in "abc"]
    history.commit("First tests", dict.fromkeys(paths, TEXT))
    history.grow("Add cases", *paths)
    assert "2 tests only" in why(history)


def test_renames_alone_are_no_task(history):
    moved = {path.replace("app/", "lib/"): TEXT + f"# {path}\n" for path in FILES}
    history.commit("Add names", {path: TEXT + f"# {path}\n" for path in FILES})
    history.commit("Reorganise", dict.fromkeys(FILES, None) | moved)
    assert "1 renames only" in why(history)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ('Revert "Add colours"', "reverts"),
        ("Reverted the colours", "reverts"),
        ("Fix the colours", "fixes, chores"),
        ("fix(app): colours", "fixes, chores"),
        ("Bump colours to 3", "fixes, chores"),
        ("chore: colours", "fixes, chores"),
        ("version 1.2", "fixes, chores"),
        ("v1.2.0", "fixes, chores"),
        ("Refactored colours", "fixes, chores"),
        ("docs: colours", "fixes, chores"),
        ("Updated the dependencies", "fixes, chores"),
    ],
)
def test_what_is_no_feature_is_dropped_by_its_title(history, title, reason):
    history.grow(title, *FILES)
    assert f"1 {reason}" in why(history)


@pytest.mark.parametrize(
    ("subjects", "is_task"), [("wip|Add it|More", 1), ("Add|fix|wip", 0), ("feat: x|fix|wip", 1)]
)
def test_a_pull_request_without_a_title_is_judged_by_most_of_its_commits(
    history, subjects, is_task
):
    history.grow("Add sounds (#1)", *FILES)
    history.switch("topic", "HEAD")
    for subject in subjects.split("|"):
        history.grow(subject, *FILES)
    history.pull(5)
    history.switch("main")
    assert ("5" in numbers(history)) == is_task


@pytest.mark.parametrize(
    "title", ["Add a prefix", "feat: fix colours by hand", "Fixture loader", "Testable colours"]
)
def test_a_title_that_only_looks_like_a_fix_is_kept(history, title):
    history.grow(title, *FILES)
    assert len(numbers(history)) == 1


def test_where_main_was_merged_into_itself_both_sides_are_the_main_line(history):
    history.switch("there", "HEAD")
    there = history.grow("Add colours", *FILES)
    history.switch("main")
    here = history.grow("Add sounds", *FILES[1:], "app/d.py")
    history.git(
        "merge", "--quiet", "--no-ff", "-s", "ours", "-m", f"{OF_MAIN} of host:clone", "there"
    )
    found = mined(history)
    assert [change.head for change in found.changes] == [there, here]
    assert ("merges of the main branch", 1) in [(one.reason, one.count) for one in found.dropped]


def test_where_main_was_merged_into_a_branch_that_became_main_the_branch_is_one_task(history):
    history.switch("topic", "HEAD")
    history.grow("Add colours", *FILES[:2])
    head = history.grow("in all places", *FILES)
    history.switch("main")
    base = history.git("rev-parse", "HEAD")
    history.grow("Fix it", "app/d.py")
    history.switch("topic")
    history.merge("main", f"{OF_MAIN} into topic")
    history.git("branch", "--force", "main", "topic")
    history.switch("main")
    (change,) = mined(history).changes
    assert (change.base, change.head, change.title) == (base, head, "Add colours")
    assert files_of(change) == dict.fromkeys(FILES, "modified")


def test_what_was_rebased_from_main_does_not_count(history):
    history.switch("topic", "HEAD")
    start = history.git("rev-parse", "HEAD")
    history.switch("main")
    history.grow("Add sounds", "app/d.py", "app/e.py")
    history.switch("topic")
    history.grow("Add colours", *FILES)
    history.switch("copied", start)
    history.now += 86_400
    history.git("cherry-pick", "main", "topic")
    history.pull(3)
    history.switch("main")
    changes = {change.number: change for change in mined(history).changes}
    assert files_of(changes["3"]) == dict.fromkeys(FILES, "modified")


def test_a_clone_without_the_contents_of_files_is_mined_without_counting_lines(history, tmp_path):
    history.grow("Add colours", *FILES)
    history.git("config", "uploadpack.allowFilter", "true")
    words = ("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{history.path}")
    history.git("-c", "protocol.file.allow=always", *words, str(tmp_path / "partial"))
    found = mine(Repository(tmp_path / "partial"))
    assert [files_of(change) for change in found.changes] == [dict.fromkeys(FILES, "modified")]
    assert any("no lines were counted" in notice for notice in found.notices)


def test_the_report_counts_every_change_once_and_shows_examples(history):
    history.grow("Add colours (#2)", *FILES)
    for number in range(5):
        history.grow(f"Fix colour {number}", *FILES)
    found = mined(history)
    fixes = next(dropped for dropped in found.dropped if "fixes" in dropped.reason)
    assert fixes.count == 5
    assert [example.partition(" ")[2] for example in fixes.examples] == [
        f"Fix colour {number}" for number in (4, 3, 2)
    ]
    assert found.candidates == len(found.changes) + sum(one.count for one in found.dropped) == 7
    assert found.commits == 7


def test_trailers_do_not_reach_the_ticket(history):
    history.grow("Add colours\n\nShiny.\n\nCo-authored-by: B <b@example.org>", *FILES)
    (change,) = mined(history).changes
    assert change.body == "Shiny."


def test_changes_of_the_same_files_and_words_are_related_and_only_the_past_is_context(history):
    history.commit("More sources", {f"net/{name}.go": TEXT for name in "xyz"})
    for number in range(3):
        history.grow(f"Add colours to charts, part {number} (#1{number})", *FILES)
        history.grow(
            f"Add sockets for mail, part {number} (#2{number})",
            *(f"net/{name}.go" for name in "xyz"),
        )
    changes = {change.number: change for change in mined(history).changes}
    groups = [{n for n in changes if changes[n].group == g} for g in ("with-10", "with-20")]
    assert groups == [{"10", "11", "12"}, {"20", "21", "22"}]
    past = related(changes["12"], changes.values())
    assert [change.number for change in past] == ["10", "11"]
    assert all(change.closed < changes["12"].started for change in past)


def test_a_pull_request_that_was_open_when_the_base_was_made_is_no_past(history):
    branch(history, "late", "Add colours to charts, first", *FILES)
    history.pull(1, "late")
    history.grow("Add colours to charts, second (#2)", *FILES)
    history.switch("late")
    history.grow("Add colours to charts, after all", *FILES)
    history.pull(1, "late")
    history.switch("main")
    changes = {change.number: change for change in mined(history).changes}
    assert changes["1"].group == changes["2"].group != ""
    assert related(changes["2"], changes.values()) == ()


def test_a_pull_request_that_was_merged_by_rebasing_is_one_task_and_over_when_it_came_in(history):
    head = branch(history, "topic", "Add colours to charts", *FILES)
    history.pull(1, head)
    history.grow("Main goes on", "app/d.py")
    history.git("cherry-pick", "topic")
    landed = history.now
    history.grow("Add colours to charts, second (#2)", *FILES)
    changes = {change.number: change for change in mined(history).changes}
    assert changes.keys() == {"1", "2"}
    assert (changes["1"].head, changes["1"].closed) == (head, landed)
    assert not changes["1"].unmerged
    assert [change.number for change in related(changes["2"], changes.values())] == []


def test_no_change_is_the_past_of_its_own_copy(history):
    """The maintainer picked one of two commits, days after the pull request."""
    head = branch(history, "topic", "Add colours to charts", *FILES)
    history.switch("topic")
    history.grow("More colours for charts", *FILES)
    history.pull(1, "topic")
    history.switch("main")
    for _ in range(3):
        history.grow("Main goes on", "app/d.py")
    history.git("cherry-pick", head)
    changes = mined(history).changes
    assert len(changes) == 2
    assert [related(change, changes) for change in changes] == [(), ()]


def test_of_a_change_that_was_never_merged_the_report_says_how_its_time_is_told(history):
    history.pull(9, branch(history, "topic", "Add colours", *FILES))
    found = mined(history)
    assert [change.unmerged for change in found.changes] == [True]
    assert any("1 tasks are pull requests that never came into" in line for line in found.notices)
    history.merge("topic", "Merge branch 'topic'")
    found = mined(history)
    assert [change.unmerged for change in found.changes] == [False]
    assert found.notices == ()


def test_the_title_of_another_pull_request_is_not_taken(history):
    """One that was superseded by another with the same commit."""
    head = branch(history, "old", "Add colours", *FILES)
    history.pull(3, head)
    history.switch("new", "HEAD")
    history.grow("Begin", "app/d.py")
    history.git("cherry-pick", head)
    history.switch("main")
    history.merge("new", "Merge pull request #4 from someone/new\n\nColours and more")
    changes = {change.number: change for change in mined(history).changes}
    assert changes["3"].title == "Add colours"


def test_the_newest_tasks_are_taken_where_there_is_a_limit(history):
    for number in range(4):
        history.grow(f"Add colour (#{number + 1})", *FILES)
    assert [change.number for change in mined(history, limit=2).changes] == ["3", "4"]
    with pytest.raises(InputError, match="limit 0 gives no tasks"):
        mined(history, limit=0)


def test_a_history_without_a_task_tells_why(history):
    assert "gives no task (1 no commit that they start from); give a longer history" in why(history)


def test_the_same_history_gives_the_same_changes(history):
    for number in range(4):
        history.grow(f"Add colour (#{number + 1})", *FILES)
    assert mined(history) == mined(history)
    named = mined(history, name="o/r").changes
    assert named == tuple(replace(change, repo="o/r") for change in mined(history).changes)


def test_a_bounded_history_says_so(history):
    for number in range(4):
        history.grow(f"Add colour (#{number + 1})", *FILES)
    found = mined(history, most=3)
    assert [change.number for change in found.changes] == ["3", "4"]
    assert "only the newest 3 commits were read" in found.notices
