"""Two runs on the same questions, paired answer by answer."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from sleeptime_lib.analysis.tables import to_csv
from sleeptime_lib.analysis.two_runs import MEASURES, compare_rows
from sleeptime_lib.analysis.two_runs_tables import scores_table, sentences, tokens_table
from sleeptime_lib.errors import InputError

DRAWS = {"draws": 500}


def answers(arm, right, *, clusters=30, budget=0, k=0, **more):
    """Two contexts a cluster with two questions each, of which `right(cluster)` are right."""
    return [
        {
            "arm": arm,
            "budget": budget,
            "cluster_id": f"c{c:02}",
            "context_id": f"c{c:02}-{i // 2}",
            "question_id": f"c{c:02}-q{i}",
            "score": float(i < right(c)),
            "sleep_parallel": k,
            "sleep_id": f"c{c:02}-{i // 2}:{k}" if k else "",
            **{name: value(c, i) if callable(value) else value for name, value in more.items()},
        }
        for c in range(clusters)
        for i in range(4)
    ]


def noisy(seed, low=0, high=5):
    return np.random.default_rng(seed).integers(low, high, 30).__getitem__


def some(c):
    return 1 + c % 2


def more(c):
    return 3 + c % 2


def tokens(mean, seed):
    drawn = np.random.default_rng(seed).poisson(mean, (30, 4))
    return lambda c, i: int(drawn[c, i])


@pytest.fixture
def a(frame):
    return frame(
        answers("baseline", some, test_prompt_tokens=100, test_completion_tokens=tokens(40, 1))
        + answers("sleep", some, k=1, test_prompt_tokens=150, sleep_completion_tokens=200)
        + answers("sleep", noisy(3), k=5, test_prompt_tokens=400, sleep_completion_tokens=1000)
    )


@pytest.fixture
def b(frame):
    return frame(
        answers("baseline", some, test_prompt_tokens=100, test_completion_tokens=tokens(40, 2))
        + answers("sleep", more, k=1, test_prompt_tokens=140, sleep_completion_tokens=200)
        + answers("sleep", noisy(4), k=5, test_prompt_tokens=160, sleep_completion_tokens=1000)
    )


def cell(found, label):
    (one,) = (one for one in found.cells if one.label == label)
    return one


def every(found):
    return [change for one in found.cells for change in one.measures().values()]


def test_a_run_held_against_itself_differs_nowhere(a):
    found = compare_rows(a, a, **DRAWS)
    assert len(every(found)) == 3 * 3 + 2 * 2
    assert {change.difference for change in every(found)} == {0.0}
    assert {change.verdict for change in every(found)} == {"not determined"}


def test_equal_scores_do_not_prove_that_two_runs_are_equal(a, b):
    one = cell(compare_rows(a, b, **DRAWS), "baseline")
    assert not one.same
    assert one.score.low < 0 < one.score.high


class TestTheSameReplies:
    def test_are_no_finding_of_a_comparison(self, a, b):
        b = b.assign(test_completion_tokens=a["test_completion_tokens"])
        found = compare_rows(a, b, **DRAWS)
        assert [one.label for one in found.cells if one.same] == ["baseline"]
        (row,) = (row for row in scores_table(found).rows if row[0] == "baseline")
        assert row[4:] == ("", "", "same answers")
        told = " ".join(sentences(found))
        assert "The same answers in both, so that nothing differs: baseline at" in told
        assert "hold for all 2 differences" in told

    @pytest.mark.parametrize(("column", "value"), [("prediction", "2"), ("test_prompt_tokens", 7)])
    def test_are_no_longer_the_same_where_one_differs(self, a, column, value):
        other = a.copy()
        other.loc[0, column] = value
        found = compare_rows(a, other, **DRAWS)
        assert [one.label for one in found.cells if not one.same] == ["baseline"]

    def test_of_a_run_held_against_itself_are_all(self, a):
        found = compare_rows(a, a, **DRAWS)
        assert all(one.same for one in found.cells)
        assert "Not determined" not in " ".join(sentences(found))


def test_the_other_order_turns_every_difference_around(a, b):
    there, back = (every(compare_rows(*pair, **DRAWS)) for pair in ((a, b), (b, a)))
    turned = {"higher": "lower", "lower": "higher", "not determined": "not determined"}
    for one, other in zip(there, back, strict=True):
        assert (one.a, one.b) == (other.b, other.a)
        assert one.difference == -other.difference
        assert one.low == pytest.approx(-other.high)
        assert one.simultaneous_high == pytest.approx(-other.simultaneous_low)
        assert one.verdict == turned[other.verdict]


def test_a_difference_is_the_second_minus_the_first(a, b):
    one = cell(compare_rows(a, b, **DRAWS), "sleep-time k=1")
    assert (one.score.a, one.score.b, one.score.difference) == (37.5, 87.5, 50.0)
    assert one.score.verdict == "higher"
    assert (one.prompt.a, one.prompt.b, one.prompt.verdict) == (150, 140, "lower")
    assert (one.questions, one.answers) == (120, 120)


def test_limits_for_all_at_once_are_no_narrower_than_those_of_each(a, b):
    for change in every(compare_rows(a, b, **DRAWS)):
        assert change.simultaneous_low <= change.low <= change.high <= change.simultaneous_high
        assert change.low <= change.difference + 1e-9 <= change.high + 2e-9


def test_pairing_narrows_the_interval(frame):
    right = noisy(1)
    almost = frame(answers("bare", lambda c: right(c) + (c == 0 and right(c) < 4)))
    paired = compare_rows(frame(answers("bare", right)), almost, **DRAWS).cells[0].score
    apart = compare_rows(frame(answers("bare", noisy(2))), almost, **DRAWS).cells[0].score
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)


def test_rows_that_failed_in_either_are_left_out_of_both_and_counted(a, b):
    a.loc[[0, 1], "score"] = np.nan  # of the baseline, right in both
    b.loc[[1, 2, 3], "score"] = np.nan
    found = compare_rows(a, b, **DRAWS)
    assert (found.failed_a, found.failed_b, found.left_out) == (2, 3, 4)
    assert cell(found, "baseline").answers == 116
    assert "4 pairs are left out because a row failed (2 in A, 3 in B)" in " ".join(
        sentences(found)
    )


def test_rows_that_only_one_of_them_has_are_left_out_and_counted(a, b, frame):
    extra = frame(answers("oracle", more))
    found = compare_rows(a.iloc[5:], pd.concat([b, extra]), **DRAWS)
    assert (found.only_a, found.only_b) == (0, 125)
    assert [one.label for one in found.cells] == ["baseline", "sleep-time k=1", "sleep-time k=5"]
    assert cell(found, "baseline").questions == 115
    assert "of A, 125 of B" in " ".join(sentences(found))


def test_runs_without_a_question_in_common_are_refused(a, b):
    with pytest.raises(InputError, match="A and B share no answer"):
        compare_rows(a, b.assign(question_id="other " + b["question_id"]))


def test_runs_of_which_one_failed_everywhere_are_refused(a, b):
    with pytest.raises(InputError, match="failed in one of them"):
        compare_rows(a, b.assign(score=np.nan))


def test_repeated_draws_and_lines_left_out_do_not_count(a, b, frame):
    aside = frame(
        answers("baseline", more, budget_kind="samples")
        + answers("sleep", more, k=1, budget_kind="line", budget=3)
    )
    alone = compare_rows(a, b, **DRAWS)
    assert repr(compare_rows(pd.concat([a, aside]), pd.concat([b, aside]), **DRAWS)) == repr(alone)


def test_draws_of_a_question_are_paired_one_by_one(frame):
    first = frame(answers("bare", some) + answers("bare", more, sample=1))
    second = frame(answers("bare", more, sample=1) + answers("bare", more, sample=2))
    found = compare_rows(first, second, **DRAWS)
    assert found.cells[0].answers == 120
    assert found.cells[0].score.difference == 0


class TestOtherNumbersOfPhases:
    def test_are_held_against_each_other(self, a, b):
        found = compare_rows(a, b, k=(1, 5), **DRAWS)
        labels = [one.label for one in found.cells]
        assert labels == ["baseline", "A sleep-time k=1, B sleep-time k=5"]
        one = found.cells[1]
        assert (one.prompt.a, one.prompt.b) == (150, 160)
        assert (one.asleep.a, one.asleep.b) == (200, 1000)
        assert one.gain.a == one.score.a - found.cells[0].score.a

    def test_in_one_run_too(self, a):
        (_, one) = compare_rows(a, a, k=(5, 1), **DRAWS).cells
        assert one.prompt.difference == -250

    def test_that_a_run_does_not_have_are_told_with_those_it_has(self, a, b):
        with pytest.raises(InputError, match=r"B has no .* k = 2 sleep phases: it has k = 1, 5"):
            compare_rows(a, b, k=(1, 2))


class TestGains:
    @pytest.fixture
    def other(self, frame):
        return frame(answers("baseline", noisy(7)) + answers("sleep", more, k=1))

    def test_change_by_what_the_baseline_changes_too(self, a, other):
        found = compare_rows(a, other, **DRAWS)
        base, slept = (cell(found, label) for label in ("baseline", "sleep-time k=1"))
        assert not found.same_baseline
        assert slept.gain.a == slept.score.a - base.score.a
        expected = slept.score.difference - base.score.difference
        assert slept.gain.difference == pytest.approx(expected)
        assert slept.gain.low < slept.gain.difference < slept.gain.high

    def test_have_rows_of_their_own(self, a, other):
        told = [row[0] for row in scores_table(compare_rows(a, other, **DRAWS)).rows]
        assert told == ["baseline", "sleep-time k=1", "gain of notes, sleep-time k=1"]

    def test_of_one_baseline_change_as_the_score_does(self, a, b):
        found = compare_rows(a, b, **DRAWS)
        assert found.same_baseline
        one = cell(found, "sleep-time k=5")
        for end in ("difference", "low", "high", "simultaneous_low", "simultaneous_high"):
            assert getattr(one.gain, end) == pytest.approx(getattr(one.score, end))
        assert not any("gain" in row[0] for row in scores_table(found).rows)
        assert "changes by as much" in " ".join(sentences(found))

    def test_of_a_run_without_a_baseline_are_none(self, a, b):
        slept = [rows[rows["arm"] == "sleep"] for rows in (a, b)]
        found = compare_rows(*slept, **DRAWS)
        assert [one.gain for one in found.cells] == [None, None]


def test_a_sleep_phase_counts_once_for_its_context(frame):
    def size(c, i):
        return 100 if i < 2 else 700

    some_questions = frame(answers("sleep", some, k=1, sleep_completion_tokens=size)[:-1])
    found = compare_rows(some_questions, some_questions, **DRAWS)
    assert found.cells[0].asleep.a == 400


def test_a_single_cluster_has_no_limits(a, b):
    found = compare_rows(*(rows[rows["cluster_id"] == "c00"] for rows in (a, b)), **DRAWS)
    assert {change.verdict for change in every(found)} == {"not determined"}
    assert all(math.isnan(change.low) for change in every(found))
    assert "no intervals from a single cluster" in " ".join(sentences(found))


def test_an_undetermined_difference_is_not_called_equality(a, b):
    told = " ".join(sentences(compare_rows(a, b, **DRAWS)))
    assert "none of them shows that A and B are equal" in told


def test_verdicts_are_told_with_their_limits(a, b):
    found = compare_rows(a, b, **DRAWS)
    score = cell(found, "sleep-time k=1").score
    limits = f"[{score.simultaneous_low:.1f}, {score.simultaneous_high:.1f}]"
    assert f"B is higher than A: sleep-time k=1 at budget 0 (+50.0 {limits})" in " ".join(
        sentences(found)
    )


def test_the_tables_hold_the_full_numbers(a, b):
    found = compare_rows(a, b, **DRAWS)
    scores, spent = scores_table(found), tokens_table(found)
    assert (len(scores.data), len(spent.data)) == (3 + 2, 3 + 3 + 2)
    assert "sleep,verbosity,0,1,1,,score,120,120,37.5,87.5,50.0" in to_csv(scores)
    assert "sleep,verbosity,0,5,5,,prompt,120,120,400.0,160.0,-240.0" in to_csv(spent)


def test_the_json_form_has_every_measure_of_every_cell(a, b):
    value = json.loads(json.dumps(compare_rows(a, b, **DRAWS).to_json(), allow_nan=False))
    assert [set(MEASURES) <= set(one) for one in value["cells"]] == [True] * 3
    assert value["cells"][0]["gain"] is None
    assert value["cells"][1]["score"]["verdict"] == "higher"
    assert (value["cells"][2]["k_a"], value["cells"][2]["budget_kind"]) == (5, "verbosity")


def test_models_are_told_and_simulated_ones_are_marked(a, b):
    assert compare_rows(a, b.assign(model="other"), **DRAWS).model == "some-model / other"
    both = [rows.assign(model="simulated") for rows in (a, b)]
    assert compare_rows(*both, **DRAWS).simulated
