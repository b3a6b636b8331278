"""Spending a budget by marginal gain, and the table that a policy is."""

import itertools

import numpy as np
import pytest
from gaining import ANSWERS, PHASE, gaining
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.analysis.allocation import TEXT_SCORES, allocate, fit, measure, upper_hull
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import Bill, Rates
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context


def spend(values, costs, budgets, weights=None):
    values, costs = np.array(values, dtype=float), np.array(costs, dtype=float)
    weights = np.ones(len(values)) if weights is None else np.array(weights, dtype=float)
    shares = allocate(values, costs, weights, np.array(budgets, dtype=float))
    even = weights / weights.sum()
    return shares, *((even[:, None] * shares * x).sum((1, 2)) for x in (values, costs))


def test_the_steepest_gain_is_bought_first():
    shares, *_ = spend([[0, 1], [0, 3]], [[0, 1], [0, 1]], [0.5])
    assert shares[0].tolist() == [[1, 0], [0, 1]]


def test_a_budget_that_ends_within_a_step_is_spent_by_a_share_of_it():
    shares, _, cost = spend([[0, 1], [0, 3]], [[0, 1], [0, 1]], [0.75])
    assert shares[0].tolist() == [[0.5, 0.5], [0, 1]]
    assert cost[0] == pytest.approx(0.75)


def test_a_gain_that_falls_again_is_never_bought():
    shares, *_ = spend([[0, 5, 4]], [[1, 2, 3]], [10.0])
    assert shares[0].tolist() == [[0, 1, 0]]


def test_a_step_that_is_flatter_than_the_next_is_skipped():
    assert upper_hull(np.array([0.0, 1.0, 10.0]), np.array([0.0, 1.0, 2.0])) == [0, 2]


def test_the_cheapest_is_where_it_begins_also_when_that_is_a_sleep_phase():
    shares, _, cost = spend([[0, 2]], [[5, 3]], [0.0, 9.0])
    assert shares[:, 0].tolist() == [[0, 1], [0, 1]]
    assert cost.tolist() == [3, 3]


@given(st.integers(0, 10_000))
def test_no_other_allocation_of_the_same_cost_gains_more(seed):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.random((4, 3)), axis=1)
    costs = np.sort(rng.random((4, 3)), axis=1)
    budget = rng.uniform(costs[:, 0].mean(), costs[:, 2].mean())
    _, value, cost = spend(values, costs, [budget])
    assert cost[0] <= budget + 1e-9
    rows = np.arange(4)
    for choice in itertools.product(range(3), repeat=4):
        if costs[rows, choice].mean() <= budget:
            assert values[rows, choice].mean() <= value[0] + 1e-9


def test_a_context_that_counts_more_costs_more():
    _, _, cost = spend([[0, 3], [0, 1]], [[0, 1], [0, 1]], [0.75], weights=[3, 1])
    assert cost[0] == pytest.approx(0.75)


# Measuring


def test_costs_are_those_of_the_bill_and_a_phase_is_shared_by_its_questions():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4, ks=(1, 2))
    found = measure(rows)
    assert [option.label for option in found.options] == ["no sleep", "k=1", "k=2"]
    assert found.cost[0].tolist() == [
        10 * ANSWERS[0], 10 * ANSWERS[0] + PHASE / 4, 10 * ANSWERS[0] + 2 * PHASE / 4
    ]  # fmt: skip
    assert measure(rows, questions=1).cost[0, 1] == 10 * ANSWERS[0] + PHASE


def test_prompt_tokens_count_where_the_bill_counts_them():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    rows = rows.assign(test_prompt_tokens=100, test_cached_tokens=40)
    bill = Bill(Rates(test_prompt=1.0, test_cached=0.5), t=2.0)
    assert measure(rows, bill=bill).answer[0, 0] == 2 * (60 + 20)


def test_a_context_that_lacks_a_setting_is_left_out_and_counted():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    rows = rows[(rows.context_id != "c00-0") | (rows.arm == "baseline")]
    found = measure(rows)
    assert (len(found.contexts), found.left_out) == (11, 1)


def test_a_question_that_lacks_a_setting_is_left_out_of_all_of_them():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    lost = (rows.question_id == "c00-0-0") & (rows.arm == "sleep")
    found = measure(rows.assign(score=rows.score.mask(lost)))
    others = rows[(rows.context_id == "c00-0") & (rows.question_id != "c00-0-0")]
    assert found.accuracy[0, 0] == pytest.approx(others[others.arm == "baseline"].score.mean())
    assert (found.asked[0], found.questions[0], found.left_out) == (3, 4, 0)


def test_a_phase_before_the_decision_is_paid_for_by_all_but_those_that_begin_with_it():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4, ks=(1, 2))
    found = measure(rows).after(Line("sleep", "verbosity", 1))
    assert found.phase[0].tolist() == [PHASE, PHASE, 2 * PHASE]
    assert measure(rows).after(Line("sleep", "verbosity", 2)).phase[0].tolist() == [
        2 * PHASE, 3 * PHASE, 2 * PHASE
    ]  # fmt: skip


def test_prompt_tokens_of_that_phase_are_paid_for_where_they_have_a_price():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    slept = rows.arm == "sleep"
    rows = rows.assign(
        sleep_prompt_tokens=np.where(slept, 500, 0), sleep_cached_tokens=np.where(slept, 100, 0)
    )
    bill = Bill(Rates(sleep_prompt=1.0, sleep_cached=0.5, sleep_completion=2.0))
    paying = measure(rows, bill=bill).after(Line("sleep", "verbosity", 1))
    assert paying.phase[0, 0] == 400 + 0.5 * 100 + 2 * PHASE


def test_a_phase_that_no_row_has_is_refused():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    with pytest.raises(InputError, match="what a first phase costs"):
        measure(rows).after(Line("sleep", "verbosity", 5))


def test_the_lowest_budget_is_taken_unless_others_are_asked_for():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4, budgets=(0, 3))
    assert {option.budget for option in measure(rows).options} == {0}
    assert len(measure(rows, budgets="all").options) == 4
    with pytest.raises(InputError, match="both arms at verbosity 2; both have 0, 3"):
        measure(rows, budgets=(2,))


def test_a_run_of_one_arm_is_refused():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    with pytest.raises(InputError, match="both have none"):
        measure(rows[rows.arm == "baseline"])


# Fitting


def table(gain, **how):
    rows, scores = gaining(gain, **how)
    found = measure(rows)
    score = np.array([scores[name] for name in found.contexts])
    return fit(found, np.ones(len(score), dtype=bool), score)


@pytest.mark.parametrize("rising", [True, False])
def test_gains_are_monotone_in_the_score_in_the_direction_that_fits(rising):
    policy = table(lambda score, k: 0.7 * (score if rising else 1 - score))
    assert policy.rising is rising
    steps = np.diff(policy.gains[:, 1])
    assert (steps > 0).all() if rising else (steps < 0).all()


def test_the_groups_are_thirds():
    counts = table(lambda score, k: 0.3).contexts
    assert counts.sum() == 120
    assert max(counts) - min(counts) <= 2


def test_a_score_that_is_the_same_everywhere_makes_one_group():
    rows, _ = gaining(lambda score, k: 0.3, clusters=4)
    found = measure(rows)
    policy = fit(found, np.ones(12, dtype=bool), np.ones(12))
    assert len(policy.contexts) == 1
    assert policy.group(np.array([-5.0, 1.0, 9.0])).tolist() == [0, 0, 0]


def test_no_group_is_empty_however_few_values_the_score_has():
    rows, _ = gaining(lambda score, k: 0.3, clusters=10, contexts=3)
    found = measure(rows)
    for values in ([0, 1], [0, 0, 0, 0, 1], [0, 1, 1, 1, 1], [0, 1, 2, 2, 2]):
        score = np.resize(np.array(values, dtype=float), 30)
        assert min(fit(found, np.ones(30, dtype=bool), score).contexts) > 0, values


def test_without_a_look_at_the_score_all_are_alike():
    rows, _ = gaining(lambda score, k: 0.3, clusters=10)
    found = measure(rows)
    policy = fit(found, np.ones(30, dtype=bool))
    assert policy.gains.shape == (1, 2)
    gained = (found.accuracy[:, 1] - found.accuracy[:, 0]).mean()
    assert policy.gains[0, 1] == pytest.approx(gained)


def test_scores_of_a_text_need_no_call():
    context = Context("c", "c", "He has 5 boxes of 12 eggs.")
    assert {name: score(context) for name, score in TEXT_SCORES.items()} == {
        "numbers": 2.0, "words": 7.0,
    }  # fmt: skip
