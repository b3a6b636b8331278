import math
from dataclasses import replace

import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.cells import reduce_rows, resample
from sleeptime_lib.analysis.planning import (
    half_width,
    minimum_detectable,
    pilot_spread,
)
from sleeptime_lib.analysis.ratio import log_ratio_draws
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.errors import InputError


def test_the_interval_narrows_with_the_square_root_of_clusters():
    assert half_width(20, 400) == pytest.approx(half_width(20, 100) / 2, rel=0.02)
    assert half_width(20, 100) == pytest.approx(1.984 * 2, rel=1e-3)


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
    with pytest.raises(InputError, match=r"at budget 4; budgets of both: \[0\]"):
        pilot_spread(two_arms({0: (1, 20)}, {0: (9, 20)}), budget=4)


@pytest.mark.parametrize(("short", "there"), [(0.4, True), (0.6, False)])
def test_a_ratio_that_most_draws_leave_open_gives_no_spread(two_arms, short, there):
    cells = reduce_rows(two_arms({0: (2, 20), 1: (6, 320)}, {0: (2, 10), 1: (6, 160)}))
    drawn = resample(cells, 200, seed=0)
    # In the last draws no arm reaches any accuracy that both reach as observed.
    low = np.arange(200) >= 200 * (1 - short)
    open_ = replace(drawn, accuracy=np.where(low[:, None], 0.01, drawn.accuracy))
    base, sleep = (cells.of(cells.curves(arm)[0]) for arm in ("baseline", "sleep"))
    assert (log_ratio_draws(cells, open_, base, sleep) is not None) == there
