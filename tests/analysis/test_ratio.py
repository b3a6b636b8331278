import math

import numpy as np
import pandas as pd
import pytest

from sleeptime_lib.analysis.known_ratio import World, simulate, truth
from sleeptime_lib.analysis.report import analyse, prepare

BASELINE = {0: (2, 20), 1: (4, 80), 2: (6, 320), 3: (8, 1280)}
FOUR_TIMES = {0: (2, 5), 1: (4, 20), 2: (6, 80), 3: (8, 320)}


def test_a_curve_shifted_by_four_has_the_ratio_four_everywhere(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    for at in (0.25, 0.4, 0.5, 0.71):
        found = analyse(rows, at=at, draws=50).equal_accuracy
        assert found.ratio == pytest.approx(4)
        assert found.baseline_tokens / found.sleep_tokens == pytest.approx(4)


def test_the_accuracy_is_the_middle_of_what_both_arms_reach(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    assert analyse(rows, draws=50).equal_accuracy.at == pytest.approx(0.5)


def test_the_range_average_is_the_geometric_mean_over_the_common_range(two_arms):
    # The ratio falls from 16 at 20% to 1 at 80%, evenly in logs: 4 on average.
    rows = two_arms({0: (2, 160), 1: (8, 640)}, {0: (2, 10), 1: (8, 640)})
    found = analyse(rows, draws=50).range_ratio
    assert (found.start, found.stop) == pytest.approx((0.2, 0.8))
    assert found.ratio == pytest.approx(4)


def test_identical_arms_have_the_ratio_one(two_arms):
    found = analyse(two_arms(BASELINE, BASELINE), draws=50)
    assert found.equal_accuracy.ratio == pytest.approx(1)
    assert found.range_ratio.ratio == pytest.approx(1)


def test_clusters_that_agree_leave_no_doubt(two_arms):
    found = analyse(two_arms(BASELINE, FOUR_TIMES), draws=200).equal_accuracy
    assert (found.low, found.high, found.censored) == pytest.approx((4, 4, 0))


def test_arms_without_a_common_accuracy_have_no_ratio_and_a_reason(two_arms):
    rows = two_arms({0: (1, 20), 1: (3, 80)}, {0: (5, 20), 1: (9, 80)})
    found = analyse(rows, draws=50)
    assert found.equal_accuracy.ratio is None
    assert "share no accuracy: baseline 10.0 to 30.0%" in found.equal_accuracy.reason
    assert found.range_ratio.ratio is None


@pytest.mark.parametrize("tenths", [0, 7, 10])
def test_accuracy_that_does_not_change_with_tokens_has_no_ratio(two_arms, tenths):
    flat = {0: (tenths, 20), 1: (tenths, 80)}
    found = analyse(two_arms(flat, flat), draws=50).equal_accuracy
    assert found.ratio is None
    assert "one accuracy only" in found.reason


def test_an_accuracy_that_an_arm_never_reaches_is_censored_not_guessed(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    found = analyse(rows, at=0.8, draws=100).equal_accuracy
    assert found.ratio is None
    assert found.reason == "the baseline stays below 80.0% at every budget tried"
    assert found.high == math.inf
    assert found.censored == found.censored_high == 1
    assert found.censored_low == 0
    # 80% takes the sleep arm 218 tokens and the baseline more than the 320 it tried.
    assert found.low == pytest.approx(320 / found.sleep_tokens)


def test_an_accuracy_the_sleep_arm_exceeds_at_once_bounds_the_ratio_from_below(two_arms):
    rows = two_arms({0: (2, 20), 1: (6, 320)}, {0: (4, 20), 1: (9, 320)})
    found = analyse(rows, at=0.3, draws=100).equal_accuracy
    assert found.reason == "the sleep arm is above 30.0% at every budget tried"
    assert (found.censored_high, found.censored_low) == (1, 0)
    assert found.low == pytest.approx(2)
    assert found.baseline_tokens == pytest.approx(40)


def test_draws_that_miss_the_accuracy_are_counted_and_unbind_the_interval():
    rows = simulate(World(), clusters=6, questions=4, seed=4)
    found = analyse(rows, draws=500).equal_accuracy
    assert found.ratio is not None
    assert 0 < found.censored_high < 0.5
    assert found.high == math.inf
    assert 0 < found.low < found.ratio


def test_the_estimate_approaches_the_true_ratio():
    world = World()
    rows = simulate(world, clusters=1500, questions=4, seed=0)
    found = analyse(rows, at=world.at, draws=100).equal_accuracy
    assert found.ratio == pytest.approx(truth(world, 50_000).ratio, rel=0.06)


def test_failed_rows_bound_the_ratio(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    failed = rows.sample(frac=0.05, random_state=0).index
    rows.loc[failed, "score"] = np.nan
    found = analyse(rows, at=0.5, draws=50).equal_accuracy
    assert found.failures_low < found.ratio < found.failures_high


def test_without_failures_the_bounds_are_the_ratio(two_arms):
    found = analyse(two_arms(BASELINE, FOUR_TIMES), at=0.5, draws=50).equal_accuracy
    assert found.failures_low == pytest.approx(found.ratio)
    assert found.failures_high == pytest.approx(found.ratio)


def test_another_accuracy_needs_no_new_draws():
    rows = simulate(World(), clusters=20, questions=5, seed=0)
    prepared = prepare(rows, draws=200)
    moved = prepared.at(0.45).to_json()
    again = analyse(rows, at=0.45, draws=200).to_json()
    assert moved == again


def test_more_sleep_settings_are_compared_one_by_one(two_arms):
    rows = two_arms(BASELINE, FOUR_TIMES)
    twice = rows[rows["arm"] == "sleep"].assign(sleep_parallel=2)
    twice["test_completion_tokens"] = twice["test_completion_tokens"] * 2
    found = analyse(pd.concat([rows, twice]), draws=50).comparisons
    assert [c.line.sleep_parallel for c in found] == [1, 2]
    assert [c.equal_accuracy.ratio for c in found] == pytest.approx([4, 2])
