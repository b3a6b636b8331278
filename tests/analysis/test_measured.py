"""What settings gave and took on contexts, and what the score costs by which one is chosen."""

import numpy as np
import pytest
from gaining import ANSWERS, PHASE, gaining

from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import Bill, Rates, paper_bill
from sleeptime_lib.analysis.measured import TEXT_SCORES, Looking, call_costs, measure
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context

FIRST = Looking(after=Line("sleep", "verbosity", 1))


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
    found = measure(rows).paying(FIRST)
    assert found.phase[0].tolist() == [PHASE, PHASE, 2 * PHASE]
    assert measure(rows).paying(Looking(after=Line("sleep", "verbosity", 2))).phase[0].tolist() == [
        2 * PHASE, 3 * PHASE, 2 * PHASE
    ]  # fmt: skip


def test_prompt_tokens_of_that_phase_are_paid_for_where_they_have_a_price():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    slept = rows.arm == "sleep"
    rows = rows.assign(
        sleep_prompt_tokens=np.where(slept, 500, 0), sleep_cached_tokens=np.where(slept, 100, 0)
    )
    bill = Bill(Rates(sleep_prompt=1.0, sleep_cached=0.5, sleep_completion=2.0))
    paying = measure(rows, bill=bill).paying(FIRST)
    assert paying.phase[0, 0] == 400 + 0.5 * 100 + 2 * PHASE


def test_a_phase_that_no_row_has_is_refused():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    with pytest.raises(InputError, match="what a first phase costs"):
        measure(rows).paying(Looking(after=Line("sleep", "verbosity", 5)))


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


def scored_rows():
    """Rows of calls: two about one context, one about another."""
    rows, _ = gaining(lambda score, k: 0.2, clusters=1, contexts=2, asked=2)
    rows = rows[rows.arm == "baseline"]
    rows = rows[rows.question_id != "c00-1-1"]
    return rows.assign(test_prompt_tokens=50, test_cached_tokens=10, test_completion_tokens=1)


def test_calls_that_score_cost_what_they_generate_in_the_papers_bill():
    assert call_costs(scored_rows(), paper_bill()) == {"c00-0": 2.0, "c00-1": 1.0}


def test_their_prompts_cost_something_where_prompts_have_a_price_and_nobody_waits_for_them():
    bill = Bill(Rates(sleep_prompt=2.0, sleep_cached=1.0, sleep_completion=3.0), t=10.0)
    one = 2 * 40 + 10 + 3
    assert call_costs(scored_rows(), bill) == {"c00-0": 2.0 * one, "c00-1": 1.0 * one}


def test_calls_that_make_the_score_are_paid_for_by_every_setting():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4, ks=(1, 2))
    found = measure(rows)
    calls = dict.fromkeys(found.contexts, 8.0) | {"c00-0": 4.0}
    paying = found.paying(Looking(calls=calls))
    assert (paying.phase - found.phase)[0].tolist() == [4, 4, 4]
    assert (paying.phase - found.phase)[1].tolist() == [8, 8, 8]
    assert (paying.cost - found.cost)[0].tolist() == [1, 1, 1], "four questions share them"


def test_a_phase_and_calls_are_both_paid_for():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    looking = Looking(FIRST.after, dict.fromkeys(measure(rows).contexts, 8.0))
    assert measure(rows).paying(looking).phase[0].tolist() == [PHASE + 8, PHASE + 8]
    assert looking.takes == "a sleep phase and calls that score questions"


def test_a_score_that_costs_nothing_changes_nothing():
    rows, _ = gaining(lambda score, k: 0.2, clusters=4)
    found = measure(rows)
    assert found.paying(Looking()) is found


def test_scores_of_a_text_need_no_call():
    context = Context("c", "c", "He has 5 boxes of 12 eggs.")
    assert {name: score(context) for name, score in TEXT_SCORES.items()} == {
        "numbers": 2.0, "words": 7.0,
    }  # fmt: skip
