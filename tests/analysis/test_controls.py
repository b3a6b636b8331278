"""Control arms against baseline and sleep arm, with limits that hold for all at once."""

import numpy as np
import pandas as pd
import pytest
from answered import answers, more, some

from sleeptime_lib.analysis.bootstrap import DRAWS
from sleeptime_lib.analysis.cells import reduce_rows, resample
from sleeptime_lib.analysis.controls import ARMS as CONTROLS
from sleeptime_lib.analysis.controls import contrasts, sentences, table
from sleeptime_lib.analysis.difference import differences
from sleeptime_lib.analysis.tables import to_csv


@pytest.fixture
def rows(frame):
    return frame(
        answers("baseline", some, test_prompt_tokens=100)
        + answers("sleep", more, sleep_parallel=1, sleep_completion_tokens=200)
        + answers("placebo_same", some, sleep_parallel=1)
        + answers("oracle", more)
        + answers("notes_only", some, sleep_parallel=1, test_prompt_tokens=60)
    )


def found(rows, arm, against):
    (one,) = (
        one for one in contrasts(rows) if (one.arm.label, one.against.label) == (arm, against)
    )
    return one


def test_each_is_held_against_the_baseline_and_the_sleep_arm(rows):
    assert found(rows, "oracle", "baseline").points == 50
    assert found(rows, "oracle", "sleep-time k=1").points == 0
    assert found(rows, "placebo same", "sleep-time k=1").verdict == "lower"
    assert found(rows, "sleep-time k=1", "baseline").verdict == "higher"


def test_rows_without_control_arms_have_none(rows):
    assert contrasts(rows[rows.arm.isin(("baseline", "sleep"))]) == ()


def test_arms_that_answer_alike_everywhere_are_not_determined(rows):
    one = found(rows, "placebo same", "baseline")
    assert (one.points, one.verdict) == (0, "not determined")
    # Nothing differs, which says no more than its 120 questions in 30 clusters can.
    assert -20 < one.low < -1
    assert 1 < one.high < 20


def test_arms_that_are_never_right_are_not_shown_to_be_alike(frame):
    def none(c):
        return 0

    rows = frame(answers("baseline", none, clusters=15) + answers("bare", none, clusters=15))
    one = found(rows, "bare", "baseline")
    assert one.low < -10
    assert one.high > 10


def test_the_limits_are_those_of_any_differences_that_hold_at_once(rows):
    cells = reduce_rows(rows)
    pairs = [
        (a, b)
        for a, line in enumerate(cells.lines)
        for b, other in enumerate(cells.lines)
        if other.arm == "baseline" != line.arm or (other.arm == "sleep" and line.arm in CONTROLS)
    ]
    expected = {
        (d.treatment, d.control): d.together
        for d in differences(cells, resample(cells, DRAWS, 0), pairs)
    }
    told = contrasts(rows)
    assert len(told) == len(pairs) == 7
    for one in told:
        limits = expected[one.arm.label, one.against.label]
        assert (one.points, one.low, one.high) == (limits.estimate, limits.low, limits.high)


def test_a_difference_whose_limits_hold_0_is_not_determined(frame):
    rows = frame(answers("baseline", some) + answers("bare", lambda c: 1 + (c // 2) % 2))
    one = found(rows, "bare", "baseline")
    assert one.low < 0 < one.high
    assert one.verdict == "not determined"


def test_the_limits_are_wider_the_more_differences_they_hold_for(frame):
    def noisy(seed):
        return np.random.default_rng(seed).integers(0, 5, 30).__getitem__

    base, one = answers("baseline", noisy(0)), answers("bare", noisy(1))
    others = [
        row
        for budget in range(1, 9)
        for seed, arm in ((budget, "baseline"), (97 - budget, "bare"))
        for row in answers(arm, noisy(seed), budget=budget)
    ]  # fmt: skip
    alone, among = contrasts(frame(base + one))[0], contrasts(frame(base + one + others))[0]
    assert alone.points == among.points
    assert among.high - among.low > 1.15 * (alone.high - alone.low)


def test_a_single_cluster_has_no_limits(frame):
    rows = frame(answers("baseline", some, clusters=1) + answers("bare", more, clusters=1))
    assert contrasts(rows)[0].verdict == "not determined"


def test_repeated_draws_and_lines_do_not_count(rows, frame):
    drawn = frame(answers("bare", more, budget_kind="samples"))
    assert repr(contrasts(pd.concat([rows, drawn]))) == repr(contrasts(rows))


def test_a_long_phase_is_held_against_the_short_ones_that_took_as_many_tokens(frame):
    rows = frame(
        answers("baseline", some)
        + answers("sleep", some, sleep_parallel=1, sleep_completion_tokens=100)
        + answers("sleep", more, sleep_parallel=5, sleep_completion_tokens=500)
        + answers("sleep_long", some, sleep_parallel=1, sleep_completion_tokens=420)
    )
    one = found(rows, "sleep long", "sleep-time k=5")
    assert (one.arm.asleep, one.against.asleep) == (420, 500)
    assert "420 tokens asleep, sleep-time k=5 500." in " ".join(sentences(contrasts(rows)))
    assert [row[5] for row in table(contrasts(rows), "").rows if "long" in row[0]] == ["420", "420"]


def test_a_long_phase_that_took_far_more_tokens_is_not_called_equal(frame):
    rows = frame(
        answers("baseline", some)
        + answers("sleep", some, sleep_parallel=1, sleep_completion_tokens=100)
        + answers("sleep_long", some, sleep_parallel=1, sleep_completion_tokens=420)
    )
    told = " ".join(sentences(contrasts(rows)))
    assert "sleep-time k=1 100: they are not compared at equal tokens." in told


def test_leaving_the_context_out_tells_the_prompt_tokens_that_it_saves(rows):
    rows.loc[rows.arm == "sleep", "test_prompt_tokens"] = 150
    assert "reads 60 prompt tokens in place of 150" in " ".join(sentences(contrasts(rows)))


def test_the_table_holds_the_full_numbers(rows):
    content = table(contrasts(rows), "Controls")
    assert len(content.rows) == len(content.data) == 7
    assert "oracle,baseline,verbosity,0,50.0" in to_csv(content)
