import math

import pytest

from sleeptime_lib.analysis.cost import Rates, cost_per_question, paper_rates, usd_rates
from sleeptime_lib.analysis.known_ratio import World, simulate
from sleeptime_lib.errors import InputError


def shared_contexts(frame, phase=1000, baseline=100, sleep=20):
    """Four clusters of two contexts with three questions each."""
    return frame(
        {
            "arm": arm,
            "cluster_id": f"c{c}",
            "context_id": f"x{c}{x}",
            "question_id": f"q{c}{x}{q}",
            "test_completion_tokens": tokens,
            "sleep_completion_tokens": phase if arm == "sleep" else 0,
            "sleep_id": f"phase-{c}{x}" if arm == "sleep" else "",
        }
        for arm, tokens in (("baseline", baseline), ("sleep", sleep))
        for c in range(4)
        for x in range(2)
        for q in range(3)
    )


def find(costs, arm, questions):
    return next(c for c in costs if c.line.arm == arm and c.questions == questions)


def test_the_papers_model_shares_the_sleep_phase_and_weights_the_answer(frame):
    costs = cost_per_question(shared_contexts(frame), paper_rates(t=10), [1, 10], draws=50)
    assert find(costs, "baseline", 10).cost.estimate == pytest.approx(1000)
    assert find(costs, "sleep", 1).cost.estimate == pytest.approx(1000 + 200)
    assert find(costs, "sleep", 10).cost.estimate == pytest.approx(100 + 200)


def test_the_saving_is_over_the_baseline_at_the_same_budget(frame):
    costs = cost_per_question(shared_contexts(frame), paper_rates(t=10), [10], draws=50)
    assert find(costs, "sleep", 10).saving.estimate == pytest.approx(1000 / 300)
    assert find(costs, "baseline", 10).saving.estimate == pytest.approx(1)


def test_the_phase_pays_from_its_cost_over_the_saving_of_an_answer(frame):
    costs = cost_per_question(shared_contexts(frame), paper_rates(t=10), [1], draws=50)
    assert find(costs, "sleep", 1).break_even.estimate == math.ceil(1000 / (1000 - 200))


def test_answers_that_cost_more_never_pay_for_the_phase(frame):
    rows = shared_contexts(frame, baseline=20, sleep=30)
    costs = cost_per_question(rows, paper_rates(), [1], draws=50)
    assert find(costs, "sleep", 1).break_even.estimate == math.inf


def test_prices_count_prompt_cached_and_generated_tokens_of_both_phases(frame):
    rows = frame(
        [
            {
                "arm": "sleep",
                "test_prompt_tokens": 500,
                "test_cached_tokens": 400,
                "test_completion_tokens": 20,
                "sleep_prompt_tokens": 1000,
                "sleep_cached_tokens": 300,
                "sleep_completion_tokens": 600,
            }
        ]
    )
    rates = usd_rates(prompt=2, cached=1, completion=10, sleep_discount=0.5)
    (cost,) = cost_per_question(rows, rates, [2], draws=10)
    phase = 0.5 * (700 * 2 + 300 * 1 + 600 * 10) / 1e6
    answer = (100 * 2 + 400 * 1 + 20 * 10) / 1e6
    assert cost.cost.estimate == pytest.approx(phase / 2 + answer)


def test_without_a_baseline_there_is_nothing_to_save(frame):
    rows = shared_contexts(frame)
    costs = cost_per_question(rows[rows["arm"] == "sleep"], paper_rates(), [1], draws=10)
    assert math.isnan(costs[0].saving.estimate)
    assert math.isnan(costs[0].break_even.estimate)


def test_intervals_hold_the_estimate():
    rows = simulate(World(), clusters=20, questions=5, seed=0)
    for found in cost_per_question(rows, paper_rates(), draws=200):
        assert found.cost.low < found.cost.estimate < found.cost.high


def test_failed_rows_do_not_count(frame):
    rows = shared_contexts(frame)
    rows.loc[rows["context_id"] == "x00", "score"] = math.nan
    rows.loc[rows["context_id"] == "x00", "test_completion_tokens"] = 10_000
    costs = cost_per_question(rows, Rates(test_completion=1), [1], draws=10)
    assert find(costs, "baseline", 1).cost.estimate == pytest.approx(100)


def test_under_one_question_is_refused(frame):
    with pytest.raises(InputError, match="at least 1, not 0"):
        cost_per_question(shared_contexts(frame), paper_rates(), [5, 0])


def test_no_rows_have_no_cost(frame):
    assert cost_per_question(frame([]), paper_rates()) == ()
