import math

import numpy as np
import pytest

from sleeptime_lib.analysis.known_ratio import World, simulate
from sleeptime_lib.analysis.planning import (
    assumed_spread,
    clusters_for,
    half_width,
    minimum_detectable,
    pilot_spread,
)
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.errors import InputError


def test_the_interval_narrows_with_the_square_root_of_clusters():
    assert half_width(20, 400) == pytest.approx(half_width(20, 100) / 2, rel=0.02)
    assert half_width(20, 100) == pytest.approx(1.984 * 2, rel=1e-3)


def test_the_number_of_clusters_is_the_smallest_that_suffices():
    for spread, wanted in ((20, 5), (20, 1), (3, 2.9), (0.8, 0.2)):
        count = clusters_for(spread, wanted)
        assert half_width(spread, count) <= wanted
        assert count == 2 or half_width(spread, count - 1) > wanted


def test_an_interval_that_cannot_be_reached_is_refused():
    with pytest.raises(InputError, match="give one above 0"):
        clusters_for(20, 0)
    with pytest.raises(InputError, match=r"over 1,000,000 clusters; with 100 it is 4"):
        clusters_for(20, 0.001)


def test_one_cluster_promises_nothing():
    assert half_width(20, 1) == math.inf
    assert minimum_detectable(20, 1) == math.inf


def test_a_true_effect_of_the_minimum_is_found_as_often_as_promised():
    clusters, spread = 30, 20.0
    effect = minimum_detectable(spread, clusters, power=0.8)
    values = np.random.default_rng(0).normal(effect, spread, (4000, clusters))
    error = values.std(axis=1, ddof=1) / np.sqrt(clusters)
    found = values.mean(axis=1) > half_width(1, clusters) * np.sqrt(clusters) * error
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_the_assumed_spread_is_the_one_of_simulated_scores():
    rng = np.random.default_rng(0)
    same = rng.random((20_000, 10)) < 0.5  # questions on which the arms share their luck
    luck = rng.random((20_000, 10))
    first = np.where(same, luck, rng.random((20_000, 10))) < 0.4
    second = np.where(same, luck, rng.random((20_000, 10))) < 0.4
    actual = 100 * (second.mean(axis=1) - first.mean(axis=1)).std()
    assert assumed_spread(0.4, 0.4, correlation=0.5, within=0) == pytest.approx(actual, rel=0.02)


def test_more_questions_help_only_as_far_as_clusters_allow():
    alike = [assumed_spread(0.4, 0.6, within=1, questions=q) for q in (1, 100)]
    independent = [assumed_spread(0.4, 0.6, within=0, questions=q) for q in (1, 100)]
    assert alike[0] == alike[1]
    assert independent[0] == pytest.approx(10 * independent[1])


def test_pairing_and_repetition_narrow_the_spread():
    assert assumed_spread(0.4, 0.6, correlation=0.8) < assumed_spread(0.4, 0.6, correlation=0)
    assert assumed_spread(0.4, 0.6, samples=5) < assumed_spread(0.4, 0.6)


@pytest.mark.parametrize("wrong", [{"correlation": 2}, {"within": -0.1}, {"questions": 0}])
def test_assumptions_out_of_range_are_refused(wrong):
    with pytest.raises(InputError):
        assumed_spread(0.4, 0.6, **wrong)


def test_a_pilot_predicts_the_interval_of_the_whole_run():
    world = World()
    spread = pilot_spread(simulate(world, clusters=40, questions=10, seed=1), budget=1)
    whole = analyse(simulate(world, clusters=160, questions=10, seed=2), draws=1000)
    gain = whole.comparisons[0].differences[1]
    assert half_width(spread.points, 160) == pytest.approx((gain.high - gain.low) / 2, rel=0.3)
    factor = math.sqrt(whole.equal_accuracy.high / whole.equal_accuracy.low)
    assert math.exp(half_width(spread.log_ratio, 160)) == pytest.approx(factor, rel=0.2)


def test_a_pilot_without_a_ratio_still_has_a_difference(two_arms):
    spread = pilot_spread(two_arms({0: (1, 20)}, {0: (9, 20)}), budget=0)
    assert spread.points == pytest.approx(0)
    assert math.isnan(spread.log_ratio)


def test_a_pilot_lacking_an_arm_is_refused(two_arms):
    with pytest.raises(InputError, match=r"at budget 4; budgets: \[0\]"):
        pilot_spread(two_arms({0: (1, 20)}, {0: (9, 20)}), budget=4)
