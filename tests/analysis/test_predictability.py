import json
import math

import numpy as np
import pytest
from scipy import stats

from sleeptime_lib.analysis import predictability_wording as words
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.pairing import choose, pairings
from sleeptime_lib.analysis.predictability import predictability
from sleeptime_lib.errors import InputError


def predictable(frame, clusters=25, per=8, seed=0, slope=0.2, length=0.0):
    """Questions whose chance of a gain grows by `slope` with each unit of predictability.

    With `length`, the gain goes with a property that predictability goes with, and not with it.
    """
    rng = np.random.default_rng(seed)
    known, long, rows = {}, {}, []
    for c in range(clusters):
        for i in range(per):
            name = f"c{c}-{i}"
            long[name] = rng.uniform(-1, 1)
            known[name] = (long[name] if length else 0) + rng.uniform(-1, 1)
            chance = 0.5 + slope * known[name] + length * long[name]
            for arm, right in (("baseline", 0.3), ("sleep", chance)):
                rows.append(
                    {
                        "arm": arm,
                        "cluster_id": f"c{c}",
                        "question_id": name,
                        "score": float(rng.random() < right),
                    }
                )
    return frame(rows), known, long


def found_in(rows, known, **given):
    return predictability(choose(pairings(rows)), known, **{"draws": 100, **given})


def gains(rows):
    scores = rows.pivot_table(index="question_id", columns="arm", values="score")
    return 100 * (scores["sleep"] - scores["baseline"])


class TestRelation:
    def test_the_slope_is_that_of_least_squares_in_points(self, frame):
        rows, known, _ = predictable(frame)
        found = found_in(rows, known)
        gain = gains(rows)
        x = np.array([known[q] for q in gain.index])
        expected = np.polyfit(x, gain, 1)[0]
        assert found.raw.slope.estimate == pytest.approx(expected)
        assert found.raw.per_sd.estimate == pytest.approx(expected * x.std())
        assert found.sd == pytest.approx(x.std())
        assert found.n == 200

    def test_the_rank_correlation_is_spearmans_with_ties(self, frame):
        rows, known, _ = predictable(frame)
        known = {name: round(value, 1) for name, value in known.items()}
        gain = gains(rows)
        expected = stats.spearmanr([known[q] for q in gain.index], gain).statistic
        assert found_in(rows, known).raw.rank.estimate == pytest.approx(expected)

    def test_ranks_are_made_anew_in_every_draw(self, frame):
        rows, known, _ = predictable(frame, clusters=6, per=4)
        answers = choose(pairings(rows))
        found = predictability(answers, known, draws=400, seed=3).raw.rank
        rng, picked = np.random.default_rng(3), []
        x = np.array([known[q] for q in answers.names])
        for _ in range(400):
            own = np.concatenate(
                [np.flatnonzero(answers.cluster == c) for c in rng.integers(0, 6, 6)]
            )
            picked.append(stats.spearmanr(x[own], answers.gain[own]).statistic)
        # Other draws of the same kind: their spread is the same.
        low, high = np.quantile(picked, [0.005, 0.995])
        assert found.low == pytest.approx(low, abs=0.15)
        assert found.high == pytest.approx(high, abs=0.15)

    def test_the_interval_covers_the_true_slope(self, frame):
        hits = 0
        for seed in range(30):
            rows, known, _ = predictable(frame, seed=seed)
            found = found_in(rows, known, draws=300).raw.slope
            hits += found.low <= 20 <= found.high
        assert hits >= 26

    def test_held_fixed_it_is_that_of_the_regression_with_the_others(self, frame):
        rows, known, long = predictable(frame, slope=0.1, length=0.3)
        found = found_in(rows, known, controls={"length": long})
        gain = gains(rows)
        columns = [[1, known[q], long[q]] for q in gain.index]
        expected = np.linalg.lstsq(np.array(columns), gain.to_numpy(), rcond=None)[0][1]
        assert found.controlled.slope.estimate == pytest.approx(expected)

    def test_what_only_goes_with_another_property_goes_away_when_that_is_held_fixed(self, frame):
        raw, held = 0, 0
        for seed in range(12):
            rows, known, long = predictable(frame, seed=seed, slope=0.0, length=0.4)
            found = found_in(rows, known, controls={"length": long}, draws=200)
            raw += found.raw.slope.low > 0
            held += found.controlled.slope.low <= 0 <= found.controlled.slope.high
        assert raw >= 9
        assert held >= 10

    def test_the_rank_correlation_held_fixed_is_that_of_the_residual_ranks(self, frame):
        rows, known, long = predictable(frame, length=0.3)
        gain = gains(rows)
        ranks = [stats.rankdata(v) for v in
                 ([known[q] for q in gain.index], gain, [long[q] for q in gain.index])]  # fmt: skip
        rest = [v - np.polyval(np.polyfit(ranks[2], v, 1), ranks[2]) for v in ranks[:2]]
        found = found_in(rows, known, controls={"length": long}).controlled.rank
        assert found.estimate == pytest.approx(np.corrcoef(*rest)[0, 1])

    def test_what_is_not_known_of_all_or_alike_for_all_is_not_held_fixed(self, frame):
        rows, known, long = predictable(frame)
        some = {name: value for name, value in long.items() if name != "c0-0"}
        alike = dict.fromkeys(long, 3.0)
        found = found_in(rows, known, controls={"some": some, "alike": alike, "long": long})
        assert found.controls == ("long",)
        assert found.idle == ("some", "alike")
        assert found_in(rows, known, controls={"some": some}).controlled is None

    def test_one_that_says_the_same_as_predictability_leaves_nothing(self, frame):
        rows, known, _ = predictable(frame)
        twice = {name: 2 * value for name, value in known.items()}
        found = found_in(rows, known, controls={"twice": twice}).controlled
        assert math.isnan(found.slope.estimate)
        assert not math.isfinite(found.slope.low)

    def test_gains_that_are_all_alike_determine_nothing(self, frame):
        rows, known, _ = predictable(frame)
        found = found_in(rows.assign(score=1.0), known)
        assert math.isnan(found.raw.slope.estimate)
        assert math.isnan(found.bins[0].gain.low)
        assert found.bins[0].gain.estimate == 0
        assert found.fit == ()

    def test_a_single_cluster_has_no_intervals(self, frame):
        rows, known, _ = predictable(frame, clusters=1)
        found = found_in(rows, known)
        assert math.isfinite(found.raw.slope.estimate)
        assert math.isnan(found.raw.slope.low)


class TestBins:
    def test_they_are_quantiles_from_least_to_most_predictable(self, frame):
        rows, known, _ = predictable(frame)
        bins = found_in(rows, known).bins
        assert [b.n for b in bins] == [40] * 5
        assert [b.mean for b in bins] == sorted(b.mean for b in bins)
        assert all(b.low <= b.mean <= b.high for b in bins)
        assert bins[-1].gain.estimate > bins[0].gain.estimate

    def test_there_are_as_many_as_asked_for(self, frame):
        rows, known, _ = predictable(frame)
        assert len(found_in(rows, known, bins=8).bins) == 8
        with pytest.raises(InputError, match="2 or more"):
            found_in(rows, known, bins=1)

    def test_questions_that_are_equally_predictable_are_in_one(self, frame):
        rows, known, _ = predictable(frame)
        found = found_in(rows, dict.fromkeys(known, -3.0))
        assert [b.n for b in found.bins] == [200]

    def test_the_widening_is_between_the_outer_ones(self, frame):
        rows, known, _ = predictable(frame, clusters=60, slope=0.25)
        found = found_in(rows, known)
        first, last = found.bins[0].gain.estimate, found.bins[-1].gain.estimate
        assert found.widening.estimate == pytest.approx(last - first)
        assert found.widening.low > 0

    def test_what_a_question_costs_more_is_its_share_of_the_phase_and_t_times_its_answer(
        self, frame
    ):
        rows = frame(
            {
                "arm": arm,
                "cluster_id": f"c{i // 2}",
                "question_id": f"q{i}",
                "score": float(arm == "sleep" and i % 2),
                "test_completion_tokens": 30 if arm == "sleep" else 50,
                "sleep_completion_tokens": 600 if arm == "sleep" else 0,
                "sleep_id": f"phase-{i // 2}" if arm == "sleep" else "",
            }
            for i in range(8)
            for arm in ("baseline", "sleep")
        )
        found = found_in(rows, {f"q{i}": float(i) for i in range(8)}, bins=2, t=10)
        assert [b.extra.estimate for b in found.bins] == [600 / 2 - 10 * 20] * 2


class TestSettings:
    def settings(self, frame):
        rows = [
            {"arm": arm, "cluster_id": f"c{i}", "question_id": f"q{i}", "budget": budget,
             "sleep_parallel": k, "score": float((i + budget + k) % 2)}
            for i in range(6) for budget in (1, 3)
            for arm, k in (("baseline", 0), ("sleep", 2), ("sleep", 5))
        ]  # fmt: skip
        return pairings(frame(rows))

    def test_the_lowest_come_first(self, frame):
        every = self.settings(frame)
        assert [(p.line.sleep_parallel, p.budget) for p in every] == [
            (2, 1),
            (2, 3),
            (5, 1),
            (5, 3),
        ]
        assert choose(every) is every[0]
        assert choose(every, parallel=5) is every[2]
        assert choose(every, budget=3) is every[1]

    def test_one_that_was_not_run_is_refused_with_those_that_were(self, frame):
        with pytest.raises(InputError, match="at budget 7 and k = 2: there are k = 2 at budget 1"):
            choose(self.settings(frame), budget=7, parallel=2)

    def test_a_run_without_a_sleep_arm_is_refused(self, frame):
        rows, _, _ = predictable(frame)
        with pytest.raises(InputError, match="there are none"):
            choose(pairings(rows[rows["arm"] == "baseline"]))

    def test_questions_without_a_value_or_an_arm_are_left_out_and_counted(self, frame):
        rows, known, _ = predictable(frame)
        del known["c0-0"]
        rows = rows[~((rows["question_id"] == "c1-1") & (rows["arm"] == "sleep"))]
        found = found_in(rows, known)
        assert (found.n, found.left_out) == (198, 2)

    def test_scores_of_other_questions_are_refused(self, frame):
        rows, _, _ = predictable(frame)
        with pytest.raises(InputError, match="fewer than two questions"):
            found_in(rows, {"elsewhere": 1.0})


def test_the_same_seed_gives_the_same_numbers(frame):
    rows, known, long = predictable(frame)
    given = {"controls": {"length": long}}
    assert found_in(rows, known, **given) == found_in(rows, known, **given)


def test_all_of_it_is_json(frame):
    rows, known, long = predictable(frame, clusters=1)
    told = found_in(rows, known, controls={"length": long}).to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["raw"]["slope"]["low"] is None


class TestWords:
    @pytest.mark.parametrize(
        ("interval", "said"),
        [
            (Interval(3, 1, 5), "the gap grows with predictability"),
            (Interval(-3, -5, -1), "the gap falls with predictability"),
            (Interval(3, -1, 5), "whether the gap grows or falls is not determined"),
            (Interval(3, -math.inf, 5), "whether the gap grows or falls is not determined"),
            (Interval(3, math.nan, math.nan), "is not determined (no interval)"),
        ],
    )
    def test_no_more_is_said_than_the_interval_shows(self, interval, said):
        assert said in words.direction(interval)

    @pytest.mark.parametrize(
        ("interval", "said"),
        [
            (Interval(3, -math.inf, 5), "+3.0 [-∞, +5.0] points"),
            (Interval(3, 1, math.inf), "+3.0 [+1.0, +∞] points"),
            (Interval(3, math.nan, math.nan), "+3.0 points"),
        ],
    )
    def test_limits_that_are_unbounded_or_not_there_are_told_as_such(self, interval, said):
        assert words.points(interval) == said

    def test_they_name_who_answered_who_scored_and_what_is_held_fixed(self, frame):
        rows, known, long = predictable(frame)
        found = {"a": found_in(rows, known, controls={"length": long})}
        said = " ".join(words.sentences(found, {"a": "score"}, "simulated", "base"))
        assert "Answers are simulated's, log-probabilities base's" in said
        assert "with length held fixed" in said
        assert "the simulated model's, not a language model's" in said
        said = words.sentences(found, {"a": "score"}, "real", "simulated")
        assert said[-1].startswith("Only the log-probabilities are the simulated model's")
