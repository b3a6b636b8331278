import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.cells import Line, observed, reduce_rows, resample
from sleeptime_lib.errors import InputError


def test_rows_are_added_up_by_setting(two_arms):
    cells = reduce_rows(two_arms({0: (3, 20), 1: (6, 50)}, {0: (5, 15)}))
    seen = observed(cells)
    assert [(x.arm, b) for x, b in zip(cells.lines, cells.budgets, strict=True)] == [
        ("baseline", 0),
        ("baseline", 1),
        ("sleep", 0),
    ]
    assert seen.accuracy[0] == pytest.approx([0.3, 0.6, 0.5])
    assert seen.tokens[0] == pytest.approx([20, 50, 15])
    assert seen.n[0] == pytest.approx([300, 300, 300])


def test_failed_rows_are_counted_and_left_out_of_the_means(frame):
    cells = reduce_rows(
        frame(
            [
                {"question_id": "a", "score": 1.0, "test_completion_tokens": 10},
                {"question_id": "b", "score": None, "test_completion_tokens": 999},
            ]
        )
    )
    assert (cells.asked[0], cells.failed[0]) == (2, 1)
    assert observed(cells).tokens[0, 0] == 10


def test_rows_that_the_grid_lacks_are_missing(frame):
    cells = reduce_rows(
        frame(
            [
                {"question_id": "a", "budget": 0},
                {"question_id": "b", "budget": 0},
                {"question_id": "a", "budget": 1},
            ]
        )
    )
    assert cells.missing().tolist() == [0, 1]
    assert cells.missing(5).tolist() == [3, 4]


def test_the_order_of_rows_changes_nothing():
    rows = simulate(World(), clusters=8, questions=4, seed=0)
    shuffled = rows.sample(frac=1, random_state=1)
    one, other = (resample(reduce_rows(r), 50, seed=2) for r in (rows, shuffled))
    assert (one.accuracy == other.accuracy).all()
    assert (one.tokens == other.tokens).all()


def test_all_settings_share_each_draw_of_clusters(two_arms):
    rows = two_arms({0: (5, 20)}, {0: (5, 20)})
    rows["score"] = (rows["cluster_id"] < "c15").astype(float)
    drawn = resample(reduce_rows(rows), 200, seed=0)
    assert (drawn.accuracy[:, 0] == drawn.accuracy[:, 1]).all()
    assert drawn.accuracy[:, 0].std() > 0.05


def test_runs_stay_with_their_cluster(frame):
    rows = frame(
        {"question_id": f"q{q}", "cluster_id": f"c{q}", "sample": s, "score": float(s == 0)}
        for q in range(10)
        for s in range(4)
    )
    assert (resample(reduce_rows(rows), 100, seed=0).accuracy == 0.25).all()


def test_the_rerun_error_is_that_of_the_mean_over_repeated_runs(frame):
    rng = np.random.default_rng(0)
    chance = rng.random(40)
    rows = frame(
        {"question_id": f"q{q}", "sample": s, "score": float(rng.random() < chance[q])}
        for q in range(40)
        for s in range(5)
    )
    expected = np.sqrt((chance * (1 - chance)).sum() * 5) / 200
    assert reduce_rows(rows).rerun_error[0] == pytest.approx(expected, rel=0.15)


def test_a_single_run_has_no_rerun_error(frame):
    assert np.isnan(reduce_rows(frame([{"question_id": q} for q in "abc"])).rerun_error[0])


def test_questions_keep_their_mean_score_for_the_correlation(frame):
    rows = frame(
        {"question_id": "a", "sample": sample, "score": score}
        for sample, score in enumerate([1.0, 0.0, 1.0, None])
    )
    assert reduce_rows(rows).by_question[0, 0] == pytest.approx(2 / 3)


def test_no_rows_make_no_cells(frame):
    cells = reduce_rows(frame([]))
    assert cells.lines == ()
    assert resample(cells, 10, seed=0).accuracy.shape[1] == 0


def test_a_lacking_column_is_named(frame):
    rows = frame([{}]).drop(columns=["score", "budget"])
    with pytest.raises(InputError, match="lack the columns budget, score"):
        reduce_rows(rows)


@pytest.mark.parametrize("column", ["experiment", "dataset", "model"])
def test_rows_of_two_runs_are_refused(frame, column):
    rows = frame([{"question_id": "a", column: "one"}, {"question_id": "b", column: "two"}])
    with pytest.raises(InputError, match=rf"2 {column}s \(one, two\)"):
        reduce_rows(rows)


def test_repeated_rows_are_refused(frame):
    with pytest.raises(InputError, match=r"1 repeated rows.*'q7'.*`sample`"):
        reduce_rows(frame([{"question_id": "q7"}, {"question_id": "q7"}, {"question_id": "q8"}]))


def test_means_are_exact_for_unequal_clusters(frame):
    rows = frame(
        {"question_id": f"{c}{i}", "cluster_id": c, "score": float(c == "a")}
        for c, size in (("a", 1), ("b", 9))
        for i in range(size)
    )
    assert observed(reduce_rows(rows)).accuracy[0, 0] == pytest.approx(0.1)
    drawn = resample(reduce_rows(rows), 4000, seed=0).accuracy[:, 0]
    assert np.unique(drawn).tolist() == pytest.approx([0, 0.1, 1])


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_score_that_is_not_from_0_to_1_is_refused(frame, score):
    with pytest.raises(InputError, match=rf"'q7' has the score {score}: scores are from 0"):
        reduce_rows(frame([{"question_id": "q6"}, {"question_id": "q7", "score": score}]))


def test_scores_of_a_live_run_may_all_be_unknown(frame):
    rows = frame([{"score": None}]).astype({"score": object})
    assert reduce_rows(rows.assign(score=None)).failed.tolist() == [1]


@pytest.mark.parametrize(
    ("line", "label"),
    [
        (Line("baseline", "verbosity"), "baseline"),
        (Line("context_only", "verbosity"), "context only"),
        (Line("sleep", "verbosity", 1), "sleep-time k=1"),
        (Line("sleep", "effort", 1, "high"), "sleep-time high effort"),
        (Line("sleep", "effort", 2, "high"), "sleep-time k=2 high effort"),
        (Line("my_own_arm", "steps", 1), "my own arm"),
        (Line("my_own_arm", "steps", 3), "my own arm k=3"),
    ],
)
def test_a_setting_has_a_name_for_people(line, label):
    assert line.label == label
