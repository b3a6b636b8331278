import json
import math

import numpy as np
import pandas as pd
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.report import RunSize, analyse
from sleeptime_lib.errors import InputError

BASELINE = {0: (2, 20), 1: (6, 320)}
SLEEP = {0: (4, 20), 1: (9, 320)}


def strict_json(report):
    return json.loads(json.dumps(report.to_json(), allow_nan=False))


def test_the_json_has_what_the_command_line_promises(two_arms):
    found = strict_json(analyse(two_arms(BASELINE, SLEEP), draws=50))
    assert set(found) >= {
        "curves", "equal_accuracy", "ratio_curve", "range_ratio", "max_gain_points", "tokens",
        "counts", "pass_at_k", "sleep_scaling", "context_only", "comparisons", "warnings",
        "failed_rows",
    }  # fmt: skip
    assert set(found["equal_accuracy"]) >= {"at", "ratio", "low", "high", "censored"}
    assert found["max_gain_points"] == pytest.approx(30)
    assert found["range_ratio"] > 1
    assert set(found["ratio_curve"]["points"][0]) == {
        "at", "ratio", "low", "high", "simultaneous_low", "simultaneous_high", "censored",
        "measured",
    }  # fmt: skip
    assert found["comparisons"][0]["ratio_curve"] == found["ratio_curve"]
    assert set(found["tokens"]["billed"]["sleep"]) == {
        "prompt",
        "cached",
        "completion",
        "reasoning",
    }
    curve = found["curves"][0]
    assert (curve["arm"], curve["sleep_parallel"], curve["budget_kind"]) == (
        "baseline", 0, "verbosity",
    )  # fmt: skip
    assert set(curve["points"][0]) >= {"budget", "tokens", "accuracy", "low", "high", "n"}


def test_numbers_without_a_json_form_are_null_or_text():
    value = {"a": math.nan, "b": (math.inf, -math.inf), "c": 1.5}
    assert json_safe(value) == {"a": None, "b": ["inf", "-inf"], "c": 1.5}


def test_same_rows_and_seed_give_the_same_report():
    rows = simulate(World(), clusters=10, questions=4, seed=0)
    one = analyse(rows, draws=100, seed=3).to_json()
    shuffled = rows.sample(frac=1, random_state=0)
    assert analyse(shuffled, draws=100, seed=3).to_json() == one
    assert analyse(rows, draws=100, seed=4).to_json() != one


def test_counts_say_what_was_asked_answered_failed_and_missing(two_arms):
    rows = two_arms(BASELINE, SLEEP).iloc[:-7]
    rows.loc[rows.index[:5], "score"] = np.nan
    counts = analyse(rows, draws=20).counts
    assert (counts.asked, counts.answered, counts.failed, counts.missing) == (1193, 1188, 5, 7)
    assert (counts.questions, counts.clusters, counts.samples) == (300, 30, 1)


def test_failed_and_missing_rows_are_warned_of(two_arms):
    rows = two_arms(BASELINE, SLEEP).iloc[:-7]
    rows.loc[rows.index[:5], "score"] = np.nan
    warnings = " | ".join(analyse(rows, draws=20).warnings)
    assert "5 of 1193 rows failed" in warnings
    assert "7 rows of the full grid are missing" in warnings


def test_a_run_that_was_stopped_misses_what_was_planned(two_arms):
    rows = two_arms(BASELINE, SLEEP, clusters=5).sample(n=126, random_state=0)
    report = analyse(rows, planned=RunSize(rows=600, questions=60), draws=20)
    assert report.counts.missing == 600 - 126
    assert (report.counts.planned_rows, report.counts.planned_questions) == (600, 60)
    assert "474 of 600 planned rows are missing" in " | ".join(report.warnings)
    assert strict_json(report)["counts"]["planned_questions"] == 60
    point = report.curves[0].points[0]
    assert point.missing == 60 - point.asked


def test_a_whole_run_misses_nothing(two_arms):
    rows = two_arms(BASELINE, SLEEP)
    counts = analyse(rows, planned=RunSize(rows=1200, questions=300), draws=20).counts
    assert (counts.missing, counts.questions, counts.planned_questions) == (0, 300, 300)


def test_intervals_of_repeated_runs_cover_as_often_as_those_of_single_ones():
    # 40 problems, three runs of each, every problem with its own chance: the mean chance is 0.5.
    rng = np.random.default_rng(0)
    template = simulate(World(baseline_tokens=(20,), sleep_tokens=(20,)), 40, 1, seed=0)
    hits = 0
    for seed in range(100):
        chance = rng.choice([0.1, 0.3, 0.7, 0.9], 40)
        runs = pd.concat(
            [
                template.assign(
                    sample=s, score=(rng.random((2, 40)) < chance).ravel().astype(float)
                )
                for s in range(3)
            ]
        )
        report = analyse(runs, draws=200, seed=seed)
        assert report.counts.samples == 3
        point = report.curves[0].points[0]
        hits += point.low <= 0.5 <= point.high
        assert 0 < point.rerun_error < (point.high - point.low) / 2
    assert 88 <= hits <= 99


def test_one_arm_alone_says_what_is_missing(two_arms):
    rows = two_arms(BASELINE, SLEEP)
    report = analyse(rows[rows["arm"] == "baseline"], draws=20)
    assert report.equal_accuracy.ratio is None
    assert report.equal_accuracy.reason == "there are no sleep rows"
    assert report.max_gain is None
    assert "there are no sleep rows: nothing to compare" in report.warnings
    assert len(report.curves) == 1
    strict_json(report)


@pytest.mark.parametrize("arm", ["sleep", "my_arm"])
def test_one_arm_at_one_budget_with_scores_in_part_is_a_report(frame, arm):
    rows = frame(
        {
            "arm": arm,
            "budget_kind": "steps",
            "cluster_id": f"c{c:02}",
            "question_id": f"q{c}-{q}",
            "score": (c % 4 + q) / 5,
            "measures": {"steps": float(q)},
        }
        for c in range(24)
        for q in range(2)
    )
    report = analyse(rows, draws=50)
    (point,) = report.curves[0].points
    assert point.low < point.accuracy < point.high
    assert report.comparisons == ()
    assert ("nothing to compare" in " ".join(report.warnings)) == (arm == "sleep")
    strict_json(report)


def test_a_sleep_setting_is_compared_with_the_baseline_of_its_kind_of_budget(two_arms):
    verbosity = two_arms(BASELINE, SLEEP)
    steps = two_arms({0: (1, 50)}, {0: (8, 50)}).assign(budget_kind="steps")
    report = analyse(pd.concat([verbosity, steps]), draws=20)
    found = {c.line.budget_kind: c.differences for c in report.comparisons}
    assert [d.points for d in found["steps"]] == pytest.approx([70])
    assert [d.points for d in found["verbosity"]] == pytest.approx([20, 30])


def test_one_cluster_gives_estimates_without_intervals(two_arms):
    report = analyse(two_arms(BASELINE, SLEEP, clusters=1), draws=20)
    assert report.equal_accuracy.ratio is not None
    assert math.isnan(report.equal_accuracy.low)
    assert "one cluster only: no interval can be given" in report.warnings
    strict_json(report)


def test_few_clusters_and_few_draws_are_warned_of(two_arms):
    warnings = " | ".join(analyse(two_arms(BASELINE, SLEEP, clusters=6), draws=20).warnings)
    assert "only 6 clusters" in warnings
    assert "only 20 bootstrap draws" in warnings


def test_all_failed_is_reported_not_raised(two_arms):
    report = analyse(two_arms(BASELINE, SLEEP).assign(score=np.nan), draws=20)
    assert report.counts.answered == 0
    assert report.equal_accuracy.reason == "an arm has no answered rows with tokens"
    assert "every row failed: see the column `error`" in report.warnings
    strict_json(report)


def test_no_rows_yet_is_reported_not_raised(frame):
    report = analyse(frame([]), draws=20)
    assert report.warnings == ("there are no rows yet",)
    strict_json(report)


def test_sleep_settings_need_not_share_budgets_with_the_baseline(two_arms):
    report = analyse(two_arms({0: (2, 20), 1: (6, 320)}, {2: (4, 30), 3: (9, 99)}), draws=20)
    assert report.comparisons[0].differences == ()
    assert report.max_gain is None
    assert report.equal_accuracy.ratio is not None


def test_questions_that_are_their_own_clusters_are_pointed_out(frame):
    rows = frame({"question_id": f"q{i}", "cluster_id": f"q{i}"} for i in range(30))
    assert any("a cluster of its own" in w for w in analyse(rows, draws=20).warnings)


def test_a_run_that_is_still_going_can_be_analysed():
    rows = simulate(World(), clusters=12, questions=3, seed=0).sample(frac=1, random_state=0)
    for count in (1, 2, 5, 20, 100):
        strict_json(analyse(rows.head(count), draws=50))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 61}, "accuracy 61 is not between 0 and 1"),
        ({"confidence": 95}, "confidence 95 is not between 0 and 1"),
        ({"draws": 0}, "0 bootstrap draws"),
    ],
)
def test_options_out_of_range_are_refused(two_arms, options, message):
    with pytest.raises(InputError, match=message):
        analyse(two_arms(BASELINE, SLEEP), **options)


def test_simulated_results_say_so(two_arms):
    assert analyse(two_arms(BASELINE, SLEEP, model="simulated"), draws=20).simulated
    other = two_arms(BASELINE, SLEEP, model="simulated-by-somebody-else")
    assert not analyse(other, draws=20).simulated
