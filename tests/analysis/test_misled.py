"""Questions that notes took away, and whether the wrong answer was copied from them."""

import pandas as pd
import pytest

from sleeptime_lib.analysis.misled import Split, exchange
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question, Task

NOTES = "eggs = 3 * 12 = 36\ndollars = 36 / 2 = 12"


@pytest.fixture
def task():
    contexts = {f"x{n}": Context(f"x{n}", f"c{n}", f"Context {n}.") for n in range(4)}
    questions = tuple(Question(f"q{n}", f"x{n}", f"Question {n}?", "18") for n in range(4))
    return Task("by-hand", contexts, questions)


@pytest.fixture
def sleeps():
    return pd.DataFrame(
        [
            {"context_id": f"x{n}", "sleep_effort": "", "draw": draw, "text": text}
            for n in range(4)
            for draw, text in enumerate((NOTES, "hens = 7"))
        ]
    )


@pytest.fixture
def rows(frame):
    """Both right, won, lost by copying, lost otherwise."""
    answers = [("18", "18"), ("1", "18"), ("18", "12"), ("18", "99")]
    return frame(
        {
            "arm": arm,
            "budget": 3,
            "cluster_id": f"c{n}",
            "context_id": f"x{n}",
            "question_id": f"q{n}",
            "prediction": said,
            "score": float(said == "18"),
            "sleep_id": f"p{n}" if arm == "sleep" else "",
        }
        for n, pair in enumerate(answers)
        for arm, said in zip(("baseline", "sleep"), pair, strict=True)
    )


def test_every_question_is_in_one_of_four_places(task, rows, sleeps):
    found = exchange(task, rows, sleeps, budget=3)
    assert (found.both, found.won, len(found.lost), found.neither) == (1, 1, 2, 0)


def test_a_wrong_answer_that_stands_in_the_notes_was_copied(task, rows, sleeps):
    copied, other = exchange(task, rows, sleeps, budget=3).lost
    assert (copied.question.question_id, copied.copied.name) == ("q2", "dollars")
    assert (copied.baseline, copied.sleep) == ("18", "12")
    assert other.copied is None


def test_only_the_notes_of_the_setting_are_read(task, rows, sleeps):
    rows.loc[rows.prediction == "99", "prediction"] = "7"
    one = exchange(task, rows, sleeps, budget=3)
    rows.loc[rows.arm == "sleep", "sleep_parallel"] = 2
    two = exchange(task, rows, sleeps, budget=3, parallel=2)
    assert (one.copied, two.copied) == (1, 2)


def test_an_answer_without_a_number_is_lost_and_not_copied(task, rows, sleeps):
    rows.loc[rows.prediction == "12", "prediction"] = None
    assert exchange(task, rows, sleeps, budget=3).copied == 0


def test_a_setting_that_was_not_run_is_refused(task, rows, sleeps):
    with pytest.raises(InputError, match="budget 4, k = 1"):
        exchange(task, rows, sleeps, budget=4)


def test_questions_are_split_by_whether_the_right_answer_stands_in_the_notes(task, rows, sleeps):
    sleeps.loc[(sleeps.context_id == "x1") & (sleeps.draw == 0), "text"] = "half = 36 / 2 = 18"
    found = exchange(task, rows, sleeps, budget=3)
    assert found.stated == Split(questions=1, baseline=0, sleep=1)
    assert found.unstated == Split(questions=3, baseline=3, sleep=1)
