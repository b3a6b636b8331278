import numpy as np
import pytest

from sleeptime_lib.analysis.slope import predictability_slope
from sleeptime_lib.errors import InputError


def predictable(frame, clusters=25, per=8, seed=0, slope=0.2):
    """Questions whose chance of a gain grows by `slope` with each unit of predictability."""
    rng = np.random.default_rng(seed)
    known, rows = {}, []
    for c in range(clusters):
        for i in range(per):
            name = f"c{c}-{i}"
            known[name] = rng.uniform(-2, 2)
            for arm, chance in (("baseline", 0.3), ("sleep", 0.5 + slope * known[name])):
                rows.append(
                    {
                        "arm": arm,
                        "cluster_id": f"c{c}",
                        "question_id": name,
                        "score": float(rng.random() < chance),
                    }
                )
    return frame(rows), known


def test_the_slope_is_that_of_least_squares_in_points(frame):
    rows, known = predictable(frame)
    found = predictability_slope(rows, known, draws=200)
    scores = rows.pivot_table(index="question_id", columns="arm", values="score")
    gain = 100 * (scores["sleep"] - scores["baseline"])
    expected = np.polyfit([known[q] for q in gain.index], gain, 1)[0]
    assert found.slope.estimate == pytest.approx(expected)
    assert found.n == 200


def test_the_interval_covers_the_true_slope(frame):
    hits = 0
    for seed in range(30):
        rows, known = predictable(frame, seed=seed)
        found = predictability_slope(rows, known, draws=300).slope
        hits += found.low <= 20 <= found.high
    assert hits >= 26


def test_bins_are_quantiles_from_least_to_most_predictable(frame):
    rows, known = predictable(frame)
    bins = predictability_slope(rows, known, draws=100).bins
    assert [b.n for b in bins] == [40] * 5
    assert [b.predictability for b in bins] == sorted(b.predictability for b in bins)
    assert bins[-1].gain.estimate > bins[0].gain.estimate


def test_questions_without_a_value_or_an_arm_are_left_out_and_counted(frame):
    rows, known = predictable(frame)
    del known["c0-0"]
    rows = rows[~((rows["question_id"] == "c1-1") & (rows["arm"] == "sleep"))]
    found = predictability_slope(rows, known, draws=50)
    assert (found.n, found.left_out) == (198, 2)


def test_a_budget_that_was_not_run_is_refused(frame):
    rows, known = predictable(frame)
    with pytest.raises(InputError, match="at budget 3"):
        predictability_slope(rows, known, budget=3)
