import json
import math
from dataclasses import replace

import pandas as pd
import pytest

from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.notes_used import match_notes, notes_used
from sleeptime_lib.records import Context, Quantity, Question, Task
from sleeptime_lib.tasks.generated import generate_many

LINE = Line("sleep", "verbosity", 1)
QUANTITIES = (
    Quantity("eggs in all", "How many eggs are there in all?", "36", 1, 0.5),
    Quantity("dollars for the eggs", "What do the eggs cost?", "12", 1, 0.3),
    Quantity("boxes left", "How many boxes are left?", "2", 1, 0.2),
)
NOTES = "Let me see.\neggs in all = 3 * 12 = 36\ndollars for the eggs = 3 * 5 = 15\nhens = 7"


@pytest.fixture
def task():
    """Four clusters of one context with three questions; the notes get one right, one wrong."""
    contexts, questions = {}, []
    for c in range(4):
        contexts[f"x{c}"] = Context(f"x{c}", f"c{c}", "Eggs.", QUANTITIES)
        questions += [
            Question(f"q{c}{i}", f"x{c}", quantity.question, quantity.gold)
            for i, quantity in enumerate(QUANTITIES)
        ]
    return Task("by-hand", contexts, tuple(questions))


@pytest.fixture
def rows(frame, task):
    """Asleep only the anticipated and right are right; the baseline is right on boxes."""
    return frame(
        {
            "arm": arm,
            "budget": budget,
            "cluster_id": f"c{q.context_id[1:]}",
            "context_id": q.context_id,
            "question_id": q.question_id,
            "score": float(q.gold == ("36" if arm == "sleep" else "2")),
            "sleep_id": f"phase-{q.context_id}" if arm == "sleep" else "",
        }
        for arm in ("baseline", "sleep")
        for budget in (0, 1)
        for q in task.questions
    )


def notes_of(task, *texts):
    return pd.DataFrame(
        [
            {"context_id": name, "sleep_effort": "", "draw": draw, "text": text}
            for name in task.contexts
            for draw, text in enumerate(texts)
        ],
        columns=["context_id", "sleep_effort", "draw", "text"],
    )


def outcomes(task, *texts, parallel=1):
    texts = {("x0", ""): list(texts)}
    matched = match_notes(
        task, texts, replace(LINE, sleep_parallel=parallel), {"q00", "q01", "q02"}
    )
    return [m.outcome for m in matched["x0"].questions]


def effect(use, outcome, budget=None):
    return next(e for e in use.effects if (e.outcome, e.budget) == (outcome, budget))


def test_a_question_was_anticipated_right_wrong_or_not_at_all(task):
    assert outcomes(task, NOTES) == ["right", "wrong", "missed"]


def test_the_share_of_the_notes_that_was_used_counts_every_line(task, rows):
    (use,) = notes_used(task, rows, notes_of(task, NOTES), draws=50)
    assert use.lines == 16
    assert use.used.estimate == pytest.approx(2 / 4)
    assert use.anticipated.estimate == pytest.approx(2 / 3)


def test_wrong_numbers_are_a_share_of_those_the_data_can_judge(task, rows):
    (use,) = notes_used(task, rows, notes_of(task, NOTES), draws=50)
    assert use.wrong.estimate == pytest.approx(1 / 2)
    assert use.unknown == pytest.approx(1 / 3)  # hens are no quantity of the context


def test_accuracy_is_given_for_both_arms_on_the_same_questions(task, rows):
    (use,) = notes_used(task, rows, notes_of(task, NOTES), draws=50)
    found = {o: effect(use, o) for o in ("right", "wrong", "missed")}
    assert [f.sleep.estimate for f in found.values()] == [1, 0, 0]
    assert [f.baseline.estimate for f in found.values()] == [0, 0, 1]
    assert [f.gain_points.estimate for f in found.values()] == [100, 0, -100]
    assert [f.questions for f in found.values()] == [4, 4, 4]
    assert (found["right"].n, effect(use, "right", 1).n) == (8, 4)


def test_only_questions_with_rows_count(task, rows):
    few = rows[rows["question_id"].str.endswith("0")]
    (use,) = notes_used(task, few, notes_of(task, NOTES), draws=50)
    assert use.questions == 4
    assert use.anticipated.estimate == 1
    assert math.isnan(effect(use, "missed").sleep.estimate)


def test_parallel_phases_are_read_together_and_the_majority_counts(task):
    wrong, right = "eggs in all = 30", "eggs in all = 36"
    assert outcomes(task, wrong, right, right, parallel=3)[0] == "right"
    assert outcomes(task, wrong, right, right, parallel=1)[0] == "wrong"


def test_empty_notes_anticipate_nothing(task, rows):
    (use,) = notes_used(task, rows, notes_of(task, ""), draws=50)
    assert use.anticipated.estimate == 0
    assert math.isnan(use.used.estimate)
    assert math.isnan(use.wrong.estimate)


def test_without_known_quantities_words_decide_and_wrong_is_unknown(task, rows):
    contexts = {name: replace(c, quantities=()) for name, c in task.contexts.items()}
    (use,) = notes_used(replace(task, contexts=contexts), rows, notes_of(task, NOTES), draws=50)
    assert use.exact == 0
    assert math.isnan(use.wrong.estimate)
    assert use.unknown == 1
    assert use.anticipated.estimate == pytest.approx(1 / 3)


def test_words_find_most_of_what_the_quantities_know():
    task = generate_many(1, limit=36, seed=3, most=10)
    every_other = {
        (name, ""): ["\n".join(f"{q.name} = {q.gold}" for q in c.quantities[::2])]
        for name, c in task.contexts.items()
    }
    blind = replace(
        task, contexts={name: replace(c, quantities=()) for name, c in task.contexts.items()}
    )
    asked = {q.question_id for q in task.questions}
    exact, lexical = (
        [m for one in match_notes(t, every_other, LINE, asked).values() for m in one.questions]
        for t in (task, blind)
    )
    there = [m.note is not None for m in exact]
    found = [m.note is not None for m in lexical]
    same = [a.note == b.note for a, b in zip(exact, lexical, strict=True) if a.note and b.note]
    assert {m.exact for m in exact} == {True}
    assert sum(same) / sum(there) > 0.6
    assert sum(same) / sum(found) > 0.8


def test_rows_without_a_sleep_phase_have_no_notes(task, rows):
    base = rows[rows["arm"] == "baseline"]
    assert notes_used(task, base, notes_of(task, NOTES), draws=50) == ()


def test_the_record_is_json(task, rows):
    (use,) = notes_used(task, rows, notes_of(task, NOTES), draws=50)
    value = json.loads(json.dumps(use.to_json(), allow_nan=False))
    assert value["wrong"]["estimate"] == 0.5
    assert value["effects"][0]["outcome"] == "right"
