"""A policy applied to contexts of the user's own, with what it is expected to save."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from gaining import PHASE, gaining
from known_saving import World, coverage

from sleeptime_lib.analysis import ahead_wording
from sleeptime_lib.analysis.advice import Ahead, advise, found
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.measured import Looking, measure
from sleeptime_lib.errors import InputError

SCORES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.85, 0.9, 0.95, 1.0)
OWN = [Ahead(f"own-{i}", score, 4.0) for i, score in enumerate(SCORES)]
FIRST = Looking(after=Line("sleep", "verbosity", 1))
WORTH = 700 / 0.3
"""At test time 70 more tokens, each counted ten times, buy 30 points."""


def plan(gain, own=OWN, worth=None, **how):
    rows, scores = gaining(gain, budgets=(0, 3), **how)
    measured = measure(rows, budgets="all")
    return advise(measured, scores, "the score", own, worth=worth, draws=300)


@pytest.fixture(scope="module")
def telling():
    return plan(lambda score, k: 0.6 * (score > 0.7), clusters=60)


def test_it_sleeps_where_the_score_says_that_it_pays(telling):
    assert [one.phases for one in telling.advice] == [int(i >= 7) for i in range(11)]


def test_accuracy_is_worth_what_test_time_pays_for_it(telling):
    assert telling.worth == pytest.approx(WORTH, rel=0.3)
    assert telling.worth_budget == 3


def test_the_saving_is_gain_times_worth_minus_cost(telling):
    one = telling.advice[-1]
    assert one.more == pytest.approx(PHASE / 4)
    assert one.saving == pytest.approx(telling.worth * one.points / 100 - one.more)


def test_it_saves_against_never_and_against_always(telling):
    true = 4 / 11 * (0.6 * WORTH - PHASE / 4)
    assert telling.saving.low < true < telling.saving.high
    assert found(telling.saving) == "saves"
    assert telling.over_always.estimate == pytest.approx(7 / 11 * PHASE / 4, abs=25)
    assert "an expected saving of" in " ".join(ahead_wording.plan(telling))


def test_nobody_is_slept_on_where_nothing_is_gained():
    made = plan(lambda score, k: 0.0)
    assert made.sleep_on == ()
    assert made.saving.estimate == 0.0
    assert "Sleep on 0 of 11 contexts." in ahead_wording.plan(made)


def test_a_gain_that_may_be_chance_is_not_determined():
    made = plan(lambda score, k: 0.03, clusters=6, contexts=1, own=OWN[:3])
    assert found(made.saving) == "not determined"


def test_more_questions_pay_for_a_phase_that_one_does_not():
    own = [Ahead("one", 0.5, 1.0), Ahead("many", 0.5, 50.0)]
    made = plan(lambda score, k: 0.06, own=own, clusters=300)
    assert [one.phases for one in made.advice] == [0, 1]


def test_a_worth_that_is_given_is_taken():
    made = plan(lambda score, k: 0.5, worth=1.0)
    assert made.sleep_on == ()
    assert (made.worth, made.worth_given) == (1.0, True)


def test_a_run_with_one_test_budget_asks_for_the_worth():
    rows, scores = gaining(lambda score, k: 0.5)
    with pytest.raises(InputError, match="--worth"):
        advise(measure(rows, budgets="all"), scores, "s", OWN)


def test_a_score_beyond_those_of_the_run_is_told():
    made = plan(lambda score, k: 0.5, own=[Ahead("far", 7.0, 1.0), *OWN[1:9]])
    assert [one.beyond for one in made.advice][:2] == [True, False]
    said = " ".join(ahead_wording.plan(made))
    assert "Beyond every score of the run (the score): 1 of them" in said


def test_no_context_is_refused():
    with pytest.raises(InputError, match="no contexts"):
        plan(lambda score, k: 0.5, own=[])


def test_a_plan_is_json(telling):
    value = json.loads(json.dumps(telling.to_json(), allow_nan=False))
    assert value["saves"] == "saves"
    assert value["advice"][0]["context"]["name"] == "own-0"
    assert math.isfinite(value["saving"]["low"])


# Limits


@pytest.mark.parametrize("clusters", [35, 20])
@pytest.mark.parametrize(
    "gain",
    [
        lambda score: 0.3 * (score > 0.6),
        lambda score: 0.25 * np.clip(1 - score, 0, 1),
        lambda score: np.zeros_like(score),
    ],
    ids=["gains jump", "gains fall", "nobody gains"],
)
def test_the_limits_hold_what_the_decisions_save(gain, clusters):
    """The shipped design, four contexts of each of 35 clusters, and one with fewer clusters.

    Of 60 intervals of 95%, more than 8 fail in 3 of 1,000 tests.
    """
    held = coverage(World(gain), 60, clusters, draws=300)
    assert all(share >= 0.86 for share in held.values()), held


def test_what_is_chosen_for_its_luck_is_not_promised():
    """Where a phase gains what it costs, the plan sleeps where it was lucky in the run."""
    promised, kept = [], []
    for seed in range(60):
        measured, scores = World(lambda score: np.full_like(score, 0.03)).run(20, 4, seed)
        own = [Ahead(str(i), score, 4.0) for i, score in enumerate((0.1, 0.5, 0.9))]
        made = advise(measured, scores, "s", own, draws=200)
        promised.append(np.mean([one.saving for one in made.advice]))
        kept.append(made.saving.estimate)
    assert np.mean(promised) > 40
    assert abs(np.mean(kept)) < 0.6 * np.mean(promised)


def test_limits_of_a_third_go_by_its_own_clusters():
    """A third with one cluster has no limits, however many clusters the run has."""
    measured, scores = World(lambda score: np.full_like(score, 0.5)).run(12, 3, 0)
    score = np.array(list(scores.values()))
    most = score >= np.quantile(score, 2 / 3, method="higher")
    measured = replace(measured, cluster=np.where(most, 0, 1 + np.arange(len(score)) % 11))
    made = advise(measured, scores, "s", [Ahead("it", 1.0, 4.0)], draws=100, worth=9000.0)
    assert made.sleep_on
    assert math.isnan(made.saving.low)


# A score that a sleep phase tells


def charged(own=OWN, ks=(1, 2), **how):
    rows, scores = gaining(lambda score, k: 0.6 * (score > 0.7), ks=ks, budgets=(0, 3), **how)
    measured = measure(rows, budgets="all")
    return advise(measured, scores, "entropy", own, looking=FIRST, draws=200)


def test_the_score_cost_is_charged_on_every_context():
    made = charged()
    assert made.score_cost == pytest.approx(PHASE / 4)
    assert all(one.more == pytest.approx(PHASE / 4) for one in made.advice if not one.phases)
    said = " ".join(ahead_wording.plan(made))
    assert "takes a sleep phase before anything is decided: that is charged everywhere" in said
    assert "at 75 tokens a question" in said


def test_phases_that_begin_with_it_cost_nothing_more():
    for one in charged().sleep_on:
        assert one.more == pytest.approx(one.phases * PHASE / 4)


def test_who_sleeps_nowhere_has_paid_for_it_in_vain():
    rows, scores = gaining(lambda score, k: -0.2, budgets=(0, 3))
    measured = measure(rows, budgets="all")
    made = advise(measured, scores, "entropy", OWN, looking=FIRST, draws=200)
    assert made.sleep_on == ()
    assert made.saving.estimate == pytest.approx(-PHASE / 4)


def test_calls_that_make_the_score_are_charged_on_every_context():
    rows, scores = gaining(lambda score, k: 0.6 * (score > 0.7), budgets=(0, 3))
    measured = measure(rows, budgets="all")
    looking = Looking(calls=dict.fromkeys(scores, 40.0))
    free, made = (
        advise(measured, scores, "predictability", OWN, looking=how, draws=200)
        for how in (None, looking)
    )
    assert made.score_cost == pytest.approx(40 / 4)
    assert [one.phases for one in made.advice] == [one.phases for one in free.advice]
    for before, after in zip(free.advice, made.advice, strict=True):
        assert after.more == pytest.approx(before.more + 40 / 4)
    assert made.saving.estimate == pytest.approx(free.saving.estimate - 40 / 4)
    assert made.over_always.estimate == pytest.approx(free.over_always.estimate - 40 / 4)
