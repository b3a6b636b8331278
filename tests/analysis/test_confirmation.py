"""What a first run found, looked for in a run on other questions."""

import json

import numpy as np
import pandas as pd
import pytest
from answered import answers, more, some
from known_ratio import CONTROLS, World, simulate

from sleeptime_lib.analysis.cells import reduce_rows, resample
from sleeptime_lib.analysis.confirmation import OUTCOMES, confirm_rows, sentences, table
from sleeptime_lib.analysis.controls import contrasts
from sleeptime_lib.analysis.difference import differences
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.tables import to_csv
from sleeptime_lib.errors import InputError

DRAWS = {"draws": 500}


def run(frame, sleep, *, name="c", dataset="p", **arms):
    """A baseline that is right in some answers, a sleep arm, and other arms."""
    rows = answers("baseline", some, name=name) + answers(
        "sleep", sleep, name=name, sleep_parallel=1
    )
    for arm, right in arms.items():
        rows += answers(arm, right, name=name)
    return frame(rows).assign(dataset=dataset)


def outcomes(found):
    return {one.name: one.outcome for one in found.findings}


GAIN = "sleep-time k=1 minus baseline"


def test_a_claim_that_other_questions_show_too_is_confirmed(frame):
    found = confirm_rows(run(frame, more), run(frame, more, name="d", dataset="q"), **DRAWS)
    assert outcomes(found) == {GAIN: "confirmed"}
    (one,) = found.findings
    assert one.a.estimate == one.b.estimate == 50
    assert "Confirmed on B, 1 of 1 claims" in " ".join(sentences(found))


def test_a_claim_whose_limits_hold_0_there_is_neither_confirmed_nor_refuted(frame):
    found = confirm_rows(run(frame, more), run(frame, some, name="d", dataset="q"), **DRAWS)
    assert outcomes(found) == {GAIN: "not determined"}
    told = " ".join(sentences(found))
    assert "neither confirmed nor refuted" in told
    # A measured 50 points, of which B leaves no room.
    assert "In 1 of these 1 the limits of B leave no room for as large a difference" in told


def test_a_second_run_too_small_to_tell_leaves_room_for_what_the_first_found(frame):
    few = answers("baseline", some, clusters=2, name="d") + answers(
        "sleep", more, clusters=2, name="d", sleep_parallel=1
    )
    found = confirm_rows(run(frame, more), frame(few).assign(dataset="q"), **DRAWS)
    assert outcomes(found) == {GAIN: "not determined"}
    assert "leave no room" not in " ".join(sentences(found))


def test_a_claim_may_turn_out_the_other_way_round(frame):
    less = run(frame, lambda c: 0, name="d", dataset="q")
    found = confirm_rows(run(frame, more), less, **DRAWS)
    assert outcomes(found) == {GAIN: "opposite"}


def test_what_the_first_run_leaves_open_is_no_claim_whatever_the_second_says(frame):
    found = confirm_rows(run(frame, some), run(frame, more, name="d", dataset="q"), **DRAWS)
    assert outcomes(found) == {GAIN: "no claim"}
    assert found.claims == ()
    assert "nothing to confirm" in " ".join(sentences(found))


def test_shared_clusters_confirm_nothing_independently(frame):
    again = run(frame, more, dataset="q").assign(question_id=lambda r: "q" + r["question_id"])
    found = confirm_rows(run(frame, more), again, **DRAWS)
    assert outcomes(found) == {GAIN: "seen again"}
    assert "30 of the 30 clusters of B" in " ".join(sentences(found))
    assert "not confirmed independently" in " ".join(sentences(found))


def test_the_same_questions_are_refused(frame):
    rows = run(frame, more)
    with pytest.raises(InputError, match="A and B share 120 questions"):
        confirm_rows(rows, rows)


def test_runs_with_no_difference_in_common_are_refused(frame):
    other = frame(answers("baseline", some, name="d")).assign(dataset="q")
    with pytest.raises(InputError, match="measure no difference"):
        confirm_rows(run(frame, more), other)


def test_claims_that_the_second_run_does_not_measure_are_counted(frame):
    first = run(frame, more, oracle=lambda c: 4)
    found = confirm_rows(first, run(frame, more, name="d", dataset="q"), **DRAWS)
    assert found.only_a == 2  # over the baseline, and over the sleep arm
    assert "B does not measure 2 of the claims" in " ".join(sentences(found))


def noisy(seed):
    return np.random.default_rng(seed).integers(0, 5, 30).__getitem__


@pytest.fixture
def varied(frame):
    """Two runs in which the sleep arm gains at one of five budgets, with a control arm each."""

    def made(name, seed, dataset):
        rows = []
        for budget in range(5):
            slept = more if budget == 0 else noisy(seed + budget)
            rows += answers("baseline", some, name=name, budget=budget)
            rows += answers("sleep", slept, name=name, budget=budget, sleep_parallel=1)
            rows += answers("bare", noisy(seed + 50 + budget), name=name, budget=budget)
        return frame(rows).assign(dataset=dataset)

    return made("c", 0, "p"), made("d", 100, "q")


def test_the_claims_have_the_limits_that_the_first_runs_report_states(varied):
    found = confirm_rows(*varied, **DRAWS)
    told = {(d.treatment, d.treatment_budget): d.together
            for d in analyse(varied[0], **DRAWS).comparisons[0].differences}  # fmt: skip
    controls = {(c.arm.label, c.against.label, c.budget): (c.low, c.high)
                for c in contrasts(varied[0], **DRAWS)}  # fmt: skip
    assert len(found.findings) == 5 + 5 + 5
    for one in found.findings:
        name = one.line.label
        if name == "sleep-time k=1":
            assert one.a == told[name, one.budget]
        else:
            assert (one.a.low, one.a.high) == controls[name, one.against, one.budget]


def test_the_limits_of_the_second_run_hold_for_the_claims_alone(varied):
    found = confirm_rows(*varied, **DRAWS)
    assert 0 < len(found.claims) < len(found.findings)
    cells = reduce_rows(varied[1])
    place = {
        (line.label, budget): i
        for i, (line, budget) in enumerate(zip(cells.lines, cells.budgets, strict=True))
    }
    pairs = [(place[c.line.label, c.budget], place[c.against, c.budget]) for c in found.claims]
    alone = differences(cells, resample(cells, 500, 0), pairs)
    assert {d.together for d in alone} == {one.b for one in found.claims}


def test_the_table_has_the_claims_first_and_the_full_numbers(varied):
    found = confirm_rows(*varied, **DRAWS)
    content = table(found, ("A: more.",))
    assert [row[4] == "no claim" for row in content.rows] == sorted(
        row[4] == "no claim" for row in content.rows
    )
    assert content.rows[0][:2] == (GAIN, "0")
    assert content.sentences[-1] == "A: more."
    assert "sleep-time k=1,baseline,verbosity,0,50.0" in to_csv(content)
    json.dumps(found.to_json(), allow_nan=False)


def test_the_words_tell_every_claim_once(varied):
    found = confirm_rows(*varied, **DRAWS)
    counted = [line for line in sentences(found) if line.startswith(tuple(OUTCOMES.values()))]
    assert sum(line.count(" (A ") for line in counted) == len(found.claims)


def test_a_second_run_without_any_effect_hardly_ever_confirms_one():
    """By the limits for all claims at once, in 2.5% of runs at most; 40 runs, 0.1% of seeds."""
    helpful, useless = World(ratio=6), World(ratio=1, own_ratio=0)
    wrong = 0
    for seed in range(40):
        first = simulate(helpful, 30, 4, seed, arms=("baseline", "sleep", *CONTROLS))
        second = simulate(useless, 20, 4, 500 + seed, arms=("baseline", "sleep", *CONTROLS))
        second = second.assign(dataset="others", cluster_id=lambda r: "other " + r["cluster_id"])
        found = confirm_rows(pd.DataFrame(first), second, draws=300)
        assert found.claims
        wrong += any(one.outcome == "confirmed" for one in found.claims)
    assert wrong <= 5, wrong


def test_a_second_run_with_the_same_effect_often_confirms_it():
    helpful = World(ratio=8)
    first = simulate(helpful, 30, 4, 0)
    second = simulate(helpful, 30, 4, 1).assign(dataset="others")
    second["cluster_id"] = "other " + second["cluster_id"]
    found = confirm_rows(first, second, draws=300)
    assert any(one.outcome == "confirmed" for one in found.claims)
