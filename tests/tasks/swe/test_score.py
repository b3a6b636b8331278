"""How well predicted files match."""

import pytest

from sleeptime_lib.tasks.swe.changes import Change, ChangedFile
from sleeptime_lib.tasks.swe.score import f1, true_files


@pytest.mark.parametrize(
    ("predicted", "true", "score"),
    [
        ("ab", "ab", (1, 1, 1)),
        ("ab", "bc", (0.5, 0.5, 0.5)),
        ("a", "abc", (1, 1 / 3, 0.5)),
        ("aab", "b", (0.5, 1, 2 / 3)),
        ("", "a", (0, 0, 0)),
        ("a", "", (0, 0, 0)),
        ("a", "b", (0, 0, 0)),
    ],
)
def test_precision_recall_and_f1_are_those_of_the_sets(predicted, true, score):
    assert f1(predicted, true) == pytest.approx(score)


def test_the_files_to_find_are_those_modified_and_strictly_those_added_too():
    files = tuple(map(ChangedFile, "abcd", ("modified", "added", "removed", "renamed")))
    change = Change("o/r", "1", "", "", "a" * 40, "", 0, files)
    assert true_files(change) == ("a",)
    assert true_files(change, strict=True) == ("a", "b")
