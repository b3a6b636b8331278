"""Policies on trial: better where the score tells the gain, and not called so where it does not."""

import json

import numpy as np
import pytest
from gaining import PHASE, gaining

from sleeptime_lib.analysis import ahead_wording
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.duel import COSTS
from sleeptime_lib.analysis.measured import Looking, measure
from sleeptime_lib.analysis.policies import STRATEGIES, halves, judge
from sleeptime_lib.errors import InputError


def tried(gain, draws=300, splits=6, **how):
    rows, scores = gaining(gain, **how)
    return judge(measure(rows), scores, "the score", draws=draws, splits=splits)


@pytest.fixture(scope="module")
def telling():
    """Only contexts of a score above 0.6 gain anything."""
    return tried(lambda score, k: 0.7 * (score > 0.6), clusters=50)


def test_a_policy_beats_chance_where_the_score_tells_who_gains(telling):
    duel = telling.against("random")
    assert duel.verdict == "better"
    assert duel.points.estimate > 5


def test_it_reaches_the_same_accuracy_at_less_cost(telling):
    duel = telling.against("random")
    assert duel.cheaper == "cheaper"
    assert duel.ratio.estimate > 1.1


def test_it_is_told_so_in_words(telling):
    said = " ".join(ahead_wording.trial(telling))
    assert "at equal cost +" in said
    assert "better" in said
    assert ", cheaper." in said


def test_the_oracle_is_never_below_the_policy(telling):
    assert telling.against("oracle").points.high < 0


def test_never_is_cheapest_and_always_dearest(telling):
    ends = {name: [one.cost.estimate for one in curve] for name, curve in telling.curves.items()}
    assert max(ends["never"]) == pytest.approx(100)
    assert min(ends["always"]) == pytest.approx(100 + PHASE / 4)
    for name in ("random", "policy", "oracle"):
        assert 100 - 1e-9 <= min(ends[name]) <= max(ends[name]) <= 100 + PHASE / 4 + 1e-9


def test_chance_lies_between_never_and_always_and_reaches_both(telling):
    never, always, chance = (telling.curves[name] for name in ("never", "always", "random"))
    assert chance[0].accuracy.estimate == pytest.approx(never[0].accuracy.estimate)
    assert chance[-1].accuracy.estimate == pytest.approx(always[-1].accuracy.estimate)


def test_a_score_that_tells_nothing_is_not_called_better():
    """Nominally 2.5% of such policies are called better."""
    found = [
        tried(lambda score, k: 0.3, clusters=24, contexts=2, draws=200, splits=4, seed=seed)
        for seed in range(40)
    ]
    called = [one.against("random").verdict for one in found]
    assert called.count("better") <= 4
    assert sum(one.against("random").cheaper == "cheaper" for one in found) <= 4


def test_where_nobody_gains_nothing_is_determined():
    duel = tried(lambda score, k: 0.0, clusters=24).against("random")
    assert duel.verdict == "not determined"


def test_gains_that_diminish_are_spread_and_more_phases_go_where_they_help():
    found = tried(
        lambda score, k: {1: 0.3, 2: 0.4}[k] if score > 0.5 else 0.02 * k, ks=(1, 2), clusters=60
    )
    assert found.against("random").verdict == "better"
    assert found.policy.gains[-1, 2] > found.policy.gains[-1, 1] > found.policy.gains[0, 2]


def test_several_test_budgets_are_settings_too():
    rows, scores = gaining(lambda score, k: 0.4 * (score > 0.5), budgets=(0, 3))
    found = judge(measure(rows, budgets="all"), scores, "s", draws=200, splits=4)
    assert max(one.cost.estimate for one in found.curves["never"]) == pytest.approx(800)
    assert found.against("never").cost is not None


def test_a_policy_is_judged_on_clusters_that_it_has_not_seen():
    rows, _ = gaining(lambda score, k: 0.3, clusters=9)
    found = measure(rows)
    times = np.zeros(len(found.contexts))
    for fitted_on, judged in halves(found, 5, 0):
        assert not set(found.cluster[fitted_on]) & set(found.cluster[judged])
        times += judged
    assert set(times) == {5}, "every context equally often"


def test_the_same_seed_gives_the_same_trial():
    one, other = (tried(lambda score, k: 0.3, clusters=8, draws=50, splits=2) for _ in range(2))
    assert one.to_json() == other.to_json()


def test_contexts_without_a_score_are_left_out_and_counted():
    rows, scores = gaining(lambda score, k: 0.3, clusters=8)
    del scores["c00-0"]
    found = judge(measure(rows), scores, "s", draws=50, splits=2)
    assert (found.contexts, found.left_out) == (23, 1)


def test_too_few_clusters_are_refused():
    rows, scores = gaining(lambda score, k: 0.3, clusters=3)
    with pytest.raises(InputError, match="at least 4 clusters"):
        judge(measure(rows), scores, "s")


def test_a_trial_is_json(telling):
    value = json.loads(json.dumps(telling.to_json(), allow_nan=False))
    assert set(value["curves"]) == set(STRATEGIES)
    assert value["duels"][2]["accuracy_at_equal_cost"] == "better"


def test_a_score_that_a_sleep_phase_tells_has_its_phase_paid_for():
    rows, scores = gaining(lambda score, k: 0.7 * (score > 0.6), clusters=24, ks=(1, 2))
    free, paid = (
        judge(measure(rows), scores, "entropy", looking=looking, draws=100, splits=4)
        for looking in (None, Looking(after=Line("sleep", "verbosity", 1)))
    )
    assert (free.score_cost, paid.score_cost) == (0.0, pytest.approx(PHASE / 4))
    assert paid.curves["policy"][0].cost.estimate == pytest.approx(100 + PHASE / 4)
    for other in ("never", "always", "random", "oracle"):
        one, same = ([x.cost.estimate for x in how.curves[other]] for how in (paid, free))
        assert one == pytest.approx(same), "who does not look does not pay"
    said = " ".join(ahead_wording.trial(paid))
    assert "takes a sleep phase before anything is decided: that is charged everywhere" in said
    assert "at 75 tokens a question" in said
    assert json.loads(json.dumps(paid.to_json()))["score_cost"] == pytest.approx(PHASE / 4)


def test_after_the_phase_is_paid_for_there_is_nothing_left_to_win_by_leaving_it_out():
    rows, scores = gaining(lambda score, k: 0.7 * (score > 0.6), clusters=24)
    free, paid = (
        judge(measure(rows), scores, "entropy", looking=looking, draws=100, splits=4)
        for looking in (None, Looking(after=Line("sleep", "verbosity", 1)))
    )
    assert free.against("random").verdict == "better"
    assert paid.against("random").verdict != "better"


def test_a_score_that_calls_make_has_its_calls_paid_for_and_the_others_do_not_pay():
    rows, scores = gaining(lambda score, k: 0.7 * (score > 0.6), clusters=24)
    calls = Looking(calls=dict.fromkeys(scores, 40.0))
    free, paid = (
        judge(measure(rows), scores, "predictability", looking=looking, draws=100, splits=4)
        for looking in (None, calls)
    )
    assert (free.score_cost, paid.score_cost) == (0.0, pytest.approx(40 / 4))
    assert paid.curves["policy"][0].cost.estimate == pytest.approx(100 + 40 / 4)
    for other in ("never", "always", "random", "oracle"):
        one, same = ([x.cost.estimate for x in how.curves[other]] for how in (paid, free))
        assert one == pytest.approx(same)
    said = " ".join(ahead_wording.trial(paid))
    assert "takes calls that score questions before anything is decided" in said
    assert "takes" not in " ".join(ahead_wording.trial(free))


def test_it_is_told_at_which_costs_the_policy_is_ahead_of_chance(telling):
    along = telling.against("random").along
    better = [points.low > 0 for _, points in along]
    assert len(along) == COSTS
    assert any(better)
    said = " ".join(ahead_wording.trial(telling))
    assert f"it is better than chance at {sum(better)} (" in said


def test_where_the_score_tells_nothing_it_is_ahead_nowhere():
    found = tried(lambda score, k: 0.3, clusters=24, contexts=2, draws=200, splits=4)
    along = found.against("random").along
    assert not any(points.low > 0 for _, points in along)
    assert "it is better than chance at 0 and" in " ".join(ahead_wording.trial(found))


def test_where_hardly_any_costs_are_shared_one_is_looked_at_and_the_oracle_reaches_none():
    """Who has paid for a first phase everywhere spends more than an oracle ever does."""
    rows, scores = gaining(lambda score, k: 0.3, clusters=24)
    looking = Looking(after=Line("sleep", "verbosity", 1))
    found = judge(measure(rows), scores, "entropy", looking=looking, draws=100, splits=4)
    assert len(found.against("random").along) == 1
    said = " ".join(ahead_wording.trial(found))
    assert "along the budget" not in said
    assert "nan" not in said
    assert "luck included, never spends as much as it." in said
