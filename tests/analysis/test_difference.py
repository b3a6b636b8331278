import math

import numpy as np
import pytest
from known_ratio import World, simulate, truth

from sleeptime_lib.analysis.cells import reduce_rows, resample
from sleeptime_lib.analysis.difference import differences, largest_gain
from sleeptime_lib.analysis.report import analyse


def first_difference(rows, **options):
    return analyse(rows, **({"draws": 300} | options)).comparisons[0].differences[0]


def arms_by_cluster(frame, baseline, sleep, per=10):
    """Both arms at one budget; the number right of `per` in each cluster."""
    return frame(
        {
            "arm": arm,
            "cluster_id": f"c{c:02}",
            "question_id": f"c{c:02}-{i}",
            "score": float(i < right),
            "test_completion_tokens": 40 if arm == "baseline" else 20,
        }
        for arm, counts in (("baseline", baseline), ("sleep", sleep))
        for c, right in enumerate(counts)
        for i in range(per)
    )


def test_points_and_token_ratio_are_of_the_pair(two_arms):
    found = first_difference(two_arms({0: (4, 60)}, {0: (7, 20)}))
    assert found.points == pytest.approx(30)
    assert found.token_ratio == pytest.approx(3)
    assert (found.treatment, found.control) == ("sleep-time k=1", "baseline")
    assert found.n == 300


def test_only_equal_budgets_are_paired_by_themselves(two_arms):
    rows = two_arms({0: (4, 60), 1: (5, 90), 3: (6, 99)}, {1: (7, 20), 2: (7, 20), 3: (8, 30)})
    found = analyse(rows, draws=20).comparisons[0].differences
    assert [(d.treatment_budget, d.control_budget) for d in found] == [(1, 1), (3, 3)]


def test_pairing_takes_out_what_clusters_have_in_common(frame):
    hard_to_easy = [1, 2, 3, 4, 5, 6, 7, 8] * 4
    better = [right + 1 for right in hard_to_easy]
    paired = first_difference(arms_by_cluster(frame, hard_to_easy, better))
    crossed = first_difference(arms_by_cluster(frame, hard_to_easy, better[::-1]))
    assert paired.points == pytest.approx(crossed.points) == pytest.approx(10)
    assert paired.high - paired.low < 0.75 * (crossed.high - crossed.low)
    assert crossed.high - crossed.low > 15
    assert paired.correlation > 0.5 > crossed.correlation


@pytest.mark.parametrize(
    ("right", "conclusion"),
    [([7] * 30, "superior"), ([4, 6] * 15, "inconclusive"), ([5] * 29 + [4], "inconclusive"),
     ([3] * 30, "inferior")],
)  # fmt: skip
def test_the_conclusion_says_whether_the_sleep_arm_is_worse_by_a_point(frame, right, conclusion):
    assert first_difference(arms_by_cluster(frame, [5] * 30, right)).conclusion == conclusion


def test_not_worse_by_a_point_takes_many_clusters_that_agree(frame):
    counts = [4, 5, 6, 5] * 200
    few, many = (
        first_difference(arms_by_cluster(frame, counts[:n], counts[:n], per=10)) for n in (40, 800)
    )
    assert (few.points, many.points) == (0, 0)
    assert (few.conclusion, many.conclusion) == ("inconclusive", "non-inferior")


def equal_arms(clusters, seed, cells=1):
    world = World(ratio=1, own_ratio=0, baseline_tokens=(150,) * cells, sleep_tokens=(150,) * cells)
    return simulate(world, clusters, 4, seed=seed)


def test_of_many_cells_one_is_superior_only_when_all_intervals_together_say_so():
    found = [
        analyse(equal_arms(25, seed, cells=15), draws=1000).comparisons[0].differences
        for seed in range(40)
    ]
    alone = np.mean([any(d.low > 0 for d in run) for run in found])
    together = np.mean([any(d.conclusion == "superior" for d in run) for run in found])
    assert alone > 0.15
    assert together < 0.08
    for d in found[0]:
        assert d.simultaneous_low <= d.low <= d.high <= d.simultaneous_high


def test_a_single_cell_needs_no_correction(frame):
    found = first_difference(arms_by_cluster(frame, [4, 5, 6] * 10, [6, 6, 7] * 10))
    assert (found.low, found.high) == pytest.approx(
        (found.simultaneous_low, found.simultaneous_high), abs=0.4
    )


def test_the_margin_in_reach_is_what_equal_arms_are_shown_for_four_times_in_five():
    found = [
        analyse(equal_arms(30, seed), draws=300).comparisons[0].differences[0]
        for seed in range(120)
    ]
    margin = np.mean([d.margin_in_reach for d in found])
    shown = np.mean([d.simultaneous_low > -margin for d in found])
    assert 0.7 < shown < 0.92


def test_more_clusters_bring_smaller_margins_in_reach():
    few, many = (
        analyse(equal_arms(n, 0), draws=300).comparisons[0].differences[0].margin_in_reach
        for n in (20, 180)
    )
    assert many == pytest.approx(few / 3, rel=0.35)


def test_one_cluster_gives_an_estimate_without_interval_or_conclusion(frame):
    found = first_difference(arms_by_cluster(frame, [5], [8]))
    assert found.points == pytest.approx(30)
    assert math.isnan(found.low)
    assert found.conclusion == "no interval"


def test_scores_that_do_not_vary_have_no_correlation(frame):
    assert math.isnan(first_difference(arms_by_cluster(frame, [10] * 5, [5] * 5)).correlation)


def test_failures_bound_the_difference(frame):
    rows = arms_by_cluster(frame, [5] * 10, [5] * 10)
    rows.loc[(rows["arm"] == "sleep") & rows["question_id"].str.endswith("-9"), "score"] = np.nan
    found = first_difference(rows)
    assert found.points == pytest.approx(100 * (5 / 9 - 0.5))
    assert (found.failures_low, found.failures_high) == pytest.approx((0, 10))


def test_the_largest_gain_names_its_setting(two_arms):
    rows = two_arms({0: (2, 20), 1: (4, 80), 2: (6, 300)}, {0: (4, 20), 1: (8, 80), 2: (7, 300)})
    gain = analyse(rows, draws=100).max_gain
    assert gain.observed_points == pytest.approx(40)
    assert (gain.treatment, gain.control, gain.budget) == ("sleep-time k=1", "baseline", 1)
    assert gain.settings == 3
    assert gain.cross_fitted_points == pytest.approx(40)


def test_more_sleep_is_compared_with_the_least(two_arms):
    rows = two_arms({0: (2, 20)}, {0: (4, 20)})
    assert analyse(rows, draws=50).scaling_gain is None


def null_gains(runs: int):
    """Largest gain of 12 settings that are all as good as the baseline."""
    rng = np.random.default_rng(0)
    world = World(ratio=1, own_ratio=0, baseline_tokens=(150,) * 12, sleep_tokens=(150,) * 12)
    for run in range(runs):
        rows = simulate(world, clusters=25, questions=4, seed=int(rng.integers(2**31)))
        cells = reduce_rows(rows)
        lines = cells.curves()
        pairs = list(zip(cells.of(lines[1]), cells.of(lines[0]), strict=True))
        found = differences(cells, resample(cells, 1000, run), pairs)
        yield largest_gain(cells, pairs, found, seed=run)


def test_the_best_of_many_null_settings_looks_like_a_gain_and_cross_fitting_corrects_it():
    gains = list(null_gains(60))
    observed = np.mean([g.observed_points for g in gains])
    corrected = np.mean([g.cross_fitted_points for g in gains])
    assert observed > 6
    assert abs(corrected) < 2
    covered = np.mean([g.low <= 0 <= g.high for g in gains])
    assert covered >= 0.9


def test_the_simultaneous_interval_holds_the_true_maximum():
    world = World()
    real = truth(world, 50_000)
    hits = 0
    for seed in range(20):
        gain = analyse(simulate(world, 40, 8, seed=seed), draws=1000).max_gain
        hits += gain.low <= max(real.points) <= gain.high
    assert hits >= 18
