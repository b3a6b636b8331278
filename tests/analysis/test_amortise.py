import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_ratio import World, simulate

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.costs import Bill, Rates, paper_bill, usd_rates
from sleeptime_lib.analysis.wording import pays
from sleeptime_lib.errors import InputError

PRICED = Bill(usd_rates(prompt=2, cached=1, completion=10, sleep_discount=0.5))
PAPER = paper_bill()
LONG = 1e12  # questions, as good as endless


@pytest.fixture
def shared(frame):
    """Both arms over six clusters of two contexts with three questions each, by budget.

    Phase 1,000 tokens; answers of 100, 200 against 20, 40 tokens, right in 2 and 3 of 3.
    """

    def build(phase=1000, baseline=(100, 200), sleep=(20, 40), notes=50, cached=0):
        return frame(
            {
                "arm": arm,
                "budget": budget,
                "cluster_id": f"c{c}",
                "context_id": f"x{c}{x}",
                "question_id": f"q{c}{x}{q}",
                "score": float(q < 2 or budget == 1),
                "test_prompt_tokens": 300 + notes * (arm == "sleep"),
                "test_cached_tokens": cached,
                "test_completion_tokens": tokens,
                "sleep_prompt_tokens": 400 * (arm == "sleep"),
                "sleep_completion_tokens": phase * (arm == "sleep"),
                "sleep_id": f"phase-{c}{x}" if arm == "sleep" else "",
            }
            for arm, table in (("baseline", baseline), ("sleep", sleep))
            for budget, tokens in enumerate(table)
            for c in range(6)
            for x in range(2)
            for q in range(3)
        )

    return build


def amortise(rows, bill=PAPER, *, at=None, draws=60, **options):
    return draw_costs(rows, at=at, draws=draws).amortisation(bill, **options)


def at_budget(found, budget=0):
    return next(p for p in found.payoffs if p.basis.budget == budget)


@pytest.fixture(scope="module")
def simulated():
    """A run with variation between clusters, its draws at hand."""
    return draw_costs(simulate(World(), clusters=20, questions=20, seed=0, shared=10), draws=300)


# The paper's model


def test_a_question_costs_its_share_of_the_phase_and_t_times_its_answer(shared):
    payoff = at_budget(amortise(shared(), paper_bill(t=10)))
    assert payoff.at(1).cost.estimate == pytest.approx(1000 + 200)
    assert payoff.at(10).cost.estimate == pytest.approx(100 + 200)
    assert payoff.at(10).ratio.estimate == pytest.approx(1000 / 300)


def test_the_papers_weight_of_an_answer_is_the_default():
    assert paper_bill() == paper_bill(t=10)


def test_break_even_is_the_phase_over_what_an_answer_saves(shared):
    payoff = at_budget(amortise(shared()))
    assert payoff.break_even.estimate == pytest.approx(1000 / (1000 - 200))
    assert payoff.at(1).winner == "baseline"
    assert payoff.at(2).winner == "sleep-time"


def test_at_equal_accuracy_costs_are_read_off_both_curves(shared):
    (payoff,) = amortise(shared()).equal_accuracy
    assert payoff.basis.accuracy == pytest.approx(5 / 6)
    assert payoff.baseline.estimate == pytest.approx(10 * math.sqrt(100 * 200))
    assert payoff.answer.estimate == pytest.approx(10 * math.sqrt(20 * 40))


def test_curves_hold_the_baseline_once_and_sleep_time_for_every_number_of_questions(shared):
    found = amortise(shared(), questions=(1, 5))
    assert [(c.line.arm, c.questions) for c in found.curves] == [
        ("baseline", 0), ("sleep", 1), ("sleep", 5),
    ]  # fmt: skip
    assert [p.cost.estimate for p in found.curves[2].points] == pytest.approx([400, 600])
    assert [p.accuracy.estimate for p in found.curves[2].points] == pytest.approx([2 / 3, 1])


# Limiting cases


def test_with_t_0_answers_are_free_and_sleeping_never_pays(shared):
    for payoff in (at_budget(f := amortise(shared(), paper_bill(t=0))), f.equal_accuracy[0]):
        assert payoff.break_even.estimate == math.inf
        assert payoff.at(50).ratio.estimate == 0
        assert payoff.at(50).cost.estimate == pytest.approx(1000 / 50)
        assert payoff.notes_limit.estimate == 0


def test_a_free_phase_pays_from_the_first_question_on(shared):
    payoff = at_budget(amortise(shared(phase=0)))
    assert payoff.break_even.estimate == 0
    assert payoff.at(1).ratio.estimate == payoff.at(50).ratio.estimate == pytest.approx(5)


def test_a_free_phase_does_not_pay_when_its_answers_cost_more(shared):
    rows = shared(phase=0, baseline=(20, 40), sleep=(30, 60))
    assert at_budget(amortise(rows)).break_even.estimate == math.inf


def test_one_question_carries_the_whole_phase(shared):
    payoff = at_budget(amortise(shared()))
    one = payoff.at(1).cost.estimate
    assert one == pytest.approx(payoff.phase.estimate + payoff.answer.estimate)


def test_endless_questions_leave_the_ratio_of_the_answers(shared):
    payoff = at_budget(amortise(shared(), questions=(1, LONG)))
    assert payoff.at(LONG).ratio.estimate == pytest.approx(100 / 20)


def test_large_t_leaves_the_ratio_of_the_answers_too(shared):
    payoff = at_budget(amortise(shared(), paper_bill(t=1e9)))
    assert payoff.at(1).ratio.estimate == pytest.approx(100 / 20, rel=1e-6)
    assert payoff.break_even.estimate == pytest.approx(0, abs=1e-6)


# The full bill


def test_the_full_bill_counts_prompts_and_caching_of_both_phases(shared):
    payoff = at_budget(amortise(shared(cached=200), PRICED))
    answer = (150 * 2 + 200 * 1 + 20 * 10) / 1e6
    assert payoff.answer.estimate == pytest.approx(answer)
    assert payoff.phase.estimate == pytest.approx(0.5 * (400 * 2 + 1000 * 10) / 1e6)


def test_t_weights_the_whole_answer_call(shared):
    priced = Bill(PRICED.rates, t=3)
    once, thrice = (at_budget(amortise(shared(), bill)) for bill in (PRICED, priced))
    assert thrice.answer.estimate == pytest.approx(3 * once.answer.estimate)
    assert thrice.phase.estimate == pytest.approx(once.phase.estimate)


def test_longer_notes_are_read_on_every_question(shared):
    double = at_budget(amortise(shared(), Bill(PRICED.rates, notes_factor=2)))
    assert double.answer.estimate == pytest.approx((400 * 2 + 20 * 10) / 1e6)
    assert double.phase.estimate == at_budget(amortise(shared(), PRICED)).phase.estimate


def test_notes_of_the_limiting_length_save_nothing_however_many_questions(shared):
    rows = shared(cached=100)
    payoff = at_budget(amortise(rows, PRICED))
    assert payoff.notes_tokens.estimate == pytest.approx(50)
    limit = payoff.notes_limit.estimate / payoff.notes_tokens.estimate
    for factor, winner in ((0.98 * limit, "sleep-time"), (1.02 * limit, "baseline")):
        bill = Bill(PRICED.rates, notes_factor=factor)
        found = at_budget(amortise(rows, bill, questions=(LONG,)))
        assert found.at(LONG).winner == winner
        assert math.isinf(found.break_even.estimate) == (winner == "baseline")


def test_the_limit_is_the_same_whatever_the_length_of_the_notes_now(shared):
    limits = [
        at_budget(amortise(shared(), Bill(PRICED.rates, notes_factor=f))).notes_limit.estimate
        for f in (0.5, 4)
    ]
    assert limits[0] == pytest.approx(limits[1])


def test_where_reading_is_free_notes_may_be_as_long_as_they_like(shared):
    assert at_budget(amortise(shared())).notes_limit.estimate == math.inf


def test_a_batch_discount_of_half_is_as_good_as_t_2(shared):
    half = usd_rates(1, 1, 1, sleep_discount=0.5)
    discounted = at_budget(amortise(shared(), Bill(half)))
    waited_for = at_budget(amortise(shared(), Bill(usd_rates(1, 1, 1), t=2)))
    assert discounted.break_even.estimate == pytest.approx(waited_for.break_even.estimate)


def test_the_hit_rate_is_the_cached_share_of_the_prompts(shared):
    rates = {h.line.arm: h for h in amortise(shared(cached=70)).hit_rates}
    assert rates["sleep"].answers.estimate == pytest.approx(70 / 350)
    assert rates["baseline"].answers.estimate == pytest.approx(70 / 300)
    assert rates["sleep"].phase.estimate == 0


# Intervals


def test_intervals_hold_the_estimates(simulated):
    found = simulated.amortisation(paper_bill())
    for payoff in (*found.payoffs, *found.equal_accuracy):
        for value in (payoff.phase, payoff.answer, payoff.break_even, payoff.at(10).ratio):
            assert value.low < value.estimate < value.high


def test_draws_in_which_an_arm_misses_the_accuracy_are_counted_not_dropped(simulated):
    rows = simulate(World(), clusters=20, questions=20, seed=0, shared=10)
    high = max(c.points[-1].accuracy for c in simulated.report.of("baseline"))
    (payoff,) = amortise(rows, at=high - 0.001, draws=300).equal_accuracy
    assert 0 < payoff.censored < 1
    assert payoff.break_even.low == 0  # a baseline that never gets there is worth any phase
    assert math.isinf(payoff.at(10).ratio.high)


def test_where_most_draws_miss_the_accuracy_no_estimate_is_given(simulated):
    rows = simulate(World(), clusters=20, questions=20, seed=0, shared=10)
    least = simulated.report.ratio_curve.points[0].at
    found = amortise(rows, at=least, draws=300)
    (payoff,) = found.equal_accuracy
    assert payoff.censored > 0.5
    assert math.isnan(payoff.break_even.estimate)
    assert math.isnan(payoff.at(10).ratio.estimate)
    assert payoff.phase.estimate > 0
    assert found.to_json()["equal_accuracy"][0]["pays_from"] is None
    assert "the break-even is not determined: 95% interval" in pays(payoff, 0.95)


def test_savings_hold_for_all_numbers_of_questions_and_weights_at_once(simulated):
    many = simulated.amortisation(PAPER)
    (one,) = simulated.amortisation(PAPER, questions=(1,), ladder=(), weights=(1,)).payoffs[:1]
    wide, narrow = (at_budget(many).at(1).ratio, one.at(1).ratio)
    assert wide.estimate == narrow.estimate
    assert wide.high - wide.low > narrow.high - narrow.low
    ten = next(p for p in many.sensitivity[0].points if p.t == PAPER.t).savings[0].ratio
    same = many.equal_accuracy[0].at(1).ratio
    assert ten.estimate == same.estimate
    assert ten.high - ten.low >= same.high - same.low


def test_arms_without_a_common_accuracy_say_so_and_still_compare_by_budget(shared):
    rows = shared()
    rows.loc[rows["arm"] == "sleep", "score"] = 0.0
    found = amortise(rows)
    assert "share no accuracy" in found.equal_accuracy[0].basis.reason
    assert math.isnan(found.equal_accuracy[0].break_even.estimate)
    assert found.main.basis.budget == 0
    assert found.sensitivity[0].basis.budget == 0


def test_without_a_baseline_there_are_costs_but_no_savings(shared):
    rows = shared()
    found = amortise(rows[rows["arm"] == "sleep"])
    assert found.payoffs == ()
    assert "no baseline" in found.equal_accuracy[0].basis.reason
    assert found.curves[0].points[0].cost.estimate == pytest.approx(1200)


def test_failed_rows_do_not_count(shared):
    rows = shared()
    failed = (rows["context_id"] == "x00") & (rows["budget"] == 0)
    rows.loc[failed, "score"] = math.nan
    rows.loc[failed, "test_completion_tokens"] = 10_000
    payoff = at_budget(amortise(rows))
    assert (payoff.baseline.estimate, payoff.answer.estimate) == pytest.approx((1000, 200))


def test_an_arm_of_another_name_has_its_costs_with_its_sleep_phase(shared):
    rows = shared()
    rows.loc[rows["arm"] == "sleep", "arm"] = "my_method"
    found = amortise(rows, questions=(1, 5))
    assert [(c.line.arm, c.questions) for c in found.curves] == [
        ("baseline", 0), ("my_method", 1), ("my_method", 5),
    ]  # fmt: skip
    assert found.curves[2].points[0].cost.estimate == pytest.approx(400)
    assert found.main is None


def test_no_rows_have_no_amortisation(frame):
    found = amortise(frame([]))
    assert (found.curves, found.payoffs, found.main) == ((), (), None)


def test_nominal_95_percent_intervals_hold_the_true_break_even():
    world = World(own_ratio=0.8, own_tokens=0.5)
    wordy = math.exp(world.noise**2 / 2)  # the spread of clusters multiplies both costs alike
    tokens = wordy * (world.baseline_tokens[1] - world.sleep_tokens[1])
    true = world.phase_tokens / (10 * tokens)
    hits = []
    for run in range(120):
        rows = simulate(world, clusters=50, questions=4, seed=run, shared=4)
        rows = rows[rows["budget"] == 1]
        (payoff,) = draw_costs(rows, draws=200, seed=run).amortisation(paper_bill()).payoffs
        hits.append(payoff.break_even.low <= true <= payoff.break_even.high)
    assert 0.9 <= np.mean(hits) <= 0.99


@pytest.mark.parametrize(
    ("low", "high", "censored", "determined"),
    [(2, 5, 0, True), (0, 5, 0.4, True), (1, math.inf, 0, False), (2, 5, 0.6, False),
     (math.nan, math.nan, 0, False)],
)  # fmt: skip
def test_a_break_even_is_determined_where_most_draws_bound_it_on_both_sides(
    simulated, low, high, censored, determined
):
    payoff = simulated.amortisation(PAPER).payoffs[0]
    changed = replace(payoff, break_even=Interval(3, low, high), censored=censored)
    assert changed.determined is determined


def test_that_no_number_of_questions_pays_can_be_determined_too(shared):
    payoff = at_budget(amortise(shared(baseline=(20, 40), sleep=(30, 60))))
    assert payoff.break_even.low == math.inf
    assert payoff.determined


# Sensitivity to t


def test_sensitivity_repeats_the_bill_for_every_t(shared):
    found = amortise(shared(), weights=(1, 10))
    (curve,) = found.sensitivity
    ten = curve.points[1]
    assert [p.t for p in curve.points] == [1, 10]
    assert ten.break_even == found.equal_accuracy[0].break_even
    assert ten.savings[-1] == found.equal_accuracy[0].at(10)


@settings(max_examples=25, deadline=None)
@given(
    low=st.floats(0.1, 20), more=st.floats(1.1, 5), questions=st.integers(1, 100)
)  # fmt: skip
def test_a_larger_t_never_makes_sleeping_less_worthwhile(simulated, low, more, questions):
    before, after = (
        simulated.amortisation(
            paper_bill(t), questions=(questions,), ladder=(), weights=()
        ).payoffs[0]
        for t in (low, low * more)
    )
    assert after.break_even.estimate < before.break_even.estimate
    assert after.at(questions).ratio.estimate > before.at(questions).ratio.estimate


# What is refused, and what is written


def test_impossible_bills_are_refused(shared):
    with pytest.raises(InputError, match="at least 1, not 0"):
        amortise(shared(), questions=(5, 0))
    for bill in (paper_bill(-1), Bill(Rates(test_prompt=-2.0)), Bill(Rates(), notes_factor=-1)):
        with pytest.raises(InputError, match="must be 0 or more"):
            amortise(shared(), bill)


def test_the_result_is_json_with_the_whole_number_that_pays_and_the_winner(shared):
    value = json.loads(json.dumps(amortise(shared()).to_json(), allow_nan=False))
    payoff = value["payoffs"][0]
    assert payoff["pays_from"] == 2
    assert payoff["notes_limit"]["estimate"] == "inf"
    assert [s["winner"] for s in payoff["savings"]][:2] == ["baseline", "sleep-time"]
