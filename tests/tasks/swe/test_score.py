"""How well predicted files match."""

import pytest

from sleeptime_lib.tasks.swe.score import f1


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
