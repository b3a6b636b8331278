"""Which changes stand together."""

import random

from sleeptime_lib.tasks.swe.changes import Change, ChangedFile
from sleeptime_lib.tasks.swe.grouping import MOST_TOGETHER, grouped, words


def change(number, title, *paths):
    files = tuple(ChangedFile(path, "modified") for path in paths)
    return Change("o/r", str(number), title, "", "a" * 40, "", number, files)


def groups(changes):
    return {c.number: c.group for c in grouped(changes)}


def test_changes_with_the_same_files_and_words_are_related():
    made = [
        change(1, "Add colours to charts", "a.py", "b.py"),
        change(2, "Send mail by sockets", "x.py", "y.py"),
        change(3, "More colours for charts", "a.py", "b.py"),
    ]
    assert groups(made) == {"1": "with-1", "2": "", "3": "with-1"}


def test_files_that_every_change_touches_relate_none():
    made = [change(i, f"{chr(97 + i) * 5} thing", "main.py", f"{i}.py") for i in range(20)]
    assert set(groups(made).values()) == {""}


def test_groups_do_not_depend_on_the_order_of_the_changes():
    made = [change(i, f"Add {'colour' if i % 2 else 'mail'}", f"{i % 4}.py") for i in range(40)]
    mixed = made.copy()
    random.Random(0).shuffle(mixed)
    assert groups(made) == groups(mixed)


def test_a_group_does_not_grow_beyond_its_bound():
    made = [change(i, "Add colours to charts", "a.py", "b.py") for i in range(50)]
    sizes = list(groups(made).values())
    assert max(map(sizes.count, sizes)) <= MOST_TOGETHER


def test_a_single_change_has_no_group():
    assert groups([change(1, "Add colours", "a.py")]) == {"1": ""}
    assert grouped([]) == ()


def test_names_in_code_are_read_as_words():
    assert list(words("readFile HTTPServer snake_case a1 x")) == [
        "read",
        "file",
        "http",
        "server",
        "snake",
        "case",
    ]
