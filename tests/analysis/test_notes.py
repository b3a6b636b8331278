"""Questions that notes took away, and whether the wrong answer stands in them."""

import math

import pandas as pd
import pytest

from sleeptime_lib.analysis.notes import NoteLine, Split, WrongAnswers, exchange, read_lines
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
    assert (found.both, len(found.won), len(found.lost), found.neither) == (1, 1, 2, 0)


def test_a_wrong_answer_that_stands_in_the_notes_is_told_with_its_line(task, rows, sleeps):
    stated, other = exchange(task, rows, sleeps, budget=3).lost
    assert (stated.question.question_id, stated.match.name) == ("q2", "dollars")
    assert (stated.baseline, stated.sleep) == ("18", "12")
    assert other.match is None


def test_the_baselines_wrong_answers_tell_how_often_chance_alone_matches(task, rows, sleeps):
    found = exchange(task, rows, sleeps, budget=3)
    assert found.sleep_wrong == WrongAnswers(2, matches=1)
    assert found.baseline_wrong == WrongAnswers(1, matches=0)
    rows.loc[(rows.arm == "baseline") & (rows.question_id == "q1"), "prediction"] = "36"
    found = exchange(task, rows, sleeps, budget=3)
    assert found.baseline_wrong == WrongAnswers(1, matches=1)


def test_the_notes_of_other_contexts_tell_how_often_any_notes_would_match(task, rows, sleeps):
    assert exchange(task, rows, sleeps, budget=3).placebo == 0.5  # 12 stands everywhere, 99 nowhere
    other = sleeps.context_id == "x0"
    sleeps.loc[other & (sleeps.draw == 0), "text"] = "nothing = 1"
    assert exchange(task, rows, sleeps, budget=3).placebo == pytest.approx(2 / 3 / 2)


def copies(frame, sleep_matches, baseline_matches, clusters=30):
    """Wrong answers of both arms in clusters of two; how many of each arm match the notes."""
    names = [f"q{n}" for n in range(2 * clusters)]
    contexts = {f"x{n}": Context(f"x{n}", f"c{n // 2}", "A context.") for n in range(len(names))}
    questions = tuple(Question(name, f"x{n}", "A question?", "18") for n, name in enumerate(names))
    rows = frame(
        {
            "arm": arm,
            "cluster_id": f"c{n // 2}",
            "context_id": f"x{n}",
            "question_id": name,
            "prediction": "12" if n % 10 < matches else "99",
            "score": 0.0,
            "sleep_id": f"p{n}" if arm == "sleep" else "",
        }
        for n, name in enumerate(names)
        for arm, matches in (("sleep", sleep_matches), ("baseline", baseline_matches))
    )
    sleeps = pd.DataFrame(
        [{"context_id": f"x{n}", "sleep_effort": "", "draw": 0, "text": NOTES}
         for n in range(len(names))]
    )  # fmt: skip
    return exchange(Task("by-hand", contexts, questions), rows, sleeps, budget=0, draws=500)


def test_what_exceeds_the_baselines_matches_has_limits_from_the_clusters(frame):
    more = copies(frame, 6, 1).copied
    assert more.estimate == pytest.approx(50)
    assert 0 < more.low < 50 < more.high < 100
    open_ = copies(frame, 3, 2).copied
    assert open_.low < 0 < open_.estimate < open_.high


def test_where_no_answer_matches_the_limits_do_not_collapse(frame):
    none = copies(frame, 0, 0).copied
    assert none.estimate == 0
    assert none.low < -3
    assert none.high > 3


def test_without_wrong_answers_there_is_no_difference(task, rows, sleeps):
    found = exchange(task, rows.assign(score=1.0), sleeps, budget=3)
    assert all(map(math.isnan, (found.copied.estimate, found.copied.low, found.copied.high)))


def test_half_a_score_is_right_and_less_is_wrong(task, rows, sleeps):
    rows.loc[rows.score == 0, "score"] = 0.4
    rows.loc[rows.score == 1, "score"] = 0.5
    found = exchange(task, rows, sleeps, budget=3)
    assert (found.both, len(found.won), len(found.lost), found.neither) == (1, 1, 2, 0)


def test_other_kinds_of_budgets_efforts_and_later_runs_are_kept_apart(task, rows, sleeps):
    other = rows.assign(budget_kind="steps")
    other.loc[other.arm == "sleep", "sleep_effort"] = "high"
    again = other.assign(sample=1, score=0.0)
    mixed = pd.concat([rows, other, again])
    high = pd.concat([sleeps, sleeps.assign(sleep_effort="high", text="hens = 99")])
    found = exchange(task, mixed, high, budget=3, budget_kind="steps", effort="high")
    assert (found.both, found.matches) == (1, 1)
    assert found.lost[0].match == NoteLine("hens", "99")


def test_only_the_notes_of_the_setting_are_read(task, rows, sleeps):
    rows.loc[rows.prediction == "99", "prediction"] = "7"
    one = exchange(task, rows, sleeps, budget=3)
    rows.loc[rows.arm == "sleep", "sleep_parallel"] = 2
    two = exchange(task, rows, sleeps, budget=3, parallel=2)
    assert (one.matches, two.matches) == (1, 2)


def test_an_answer_without_a_number_is_lost_and_matches_nothing(task, rows, sleeps):
    rows.loc[rows.prediction == "12", "prediction"] = None
    assert exchange(task, rows, sleeps, budget=3).matches == 0


def test_a_setting_that_was_not_run_is_refused(task, rows, sleeps):
    with pytest.raises(InputError, match="verbosity 4, sleep-time k=1"):
        exchange(task, rows, sleeps, budget=4)


def test_questions_are_split_by_whether_the_right_answer_stands_in_the_notes(task, rows, sleeps):
    sleeps.loc[(sleeps.context_id == "x1") & (sleeps.draw == 0), "text"] = "half = 36 / 2 = 18"
    found = exchange(task, rows, sleeps, budget=3)
    assert found.stated == Split(questions=1, baseline=0, sleep=1)
    assert found.unstated == Split(questions=3, baseline=3, sleep=1)


# Reading lines


@pytest.mark.parametrize(
    "line",
    [
        "eggs in all = 3 * 12 = 36",
        "eggs in all: 36",
        "- eggs in all: 3 × 12 = 36",
        "2) eggs in all = 36",
        "**eggs in all**: 36 eggs",
        "eggs in all → 36",
        "eggs in all is 36",
        "eggs in all = 36 (three boxes)",
    ],
)
def test_a_line_names_a_number_in_many_ways(line):
    assert read_lines(line) == [NoteLine("eggs in all", "36")]


@pytest.mark.parametrize(
    ("line", "number"),
    [("cost = 4 * $2.50 = $10.00", "10"), ("share: 75%", "75%"), ("loss = 3 - 5 = -2", "-2"),
     ("people = 1,200", "1200")],
)  # fmt: skip
def test_numbers_are_read_as_in_answers(line, number):
    assert read_lines(line)[0].number == number


def test_lines_without_a_named_number_are_left_out():
    text = "Here is what I worked out:\n\n= 12\nthe hens are happy\neggs = unknown"
    assert read_lines(text) == []
