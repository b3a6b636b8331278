import json
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.controls import ARMS
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.wording import between, fold
from sleeptime_lib.figures import (
    accuracy_picture,
    accuracy_pictures,
    all_tokens,
    context_only,
    differences,
    pareto,
    points_picture,
    ratio_curve,
    sleep_scaling,
)
from sleeptime_lib.figures import pass_at_k as pass_at_k_picture
from sleeptime_lib.figures.blocks import advantages
from sleeptime_lib.figures.look import STYLES
from sleeptime_lib.figures.picture import Series


def test_pareto_draws_what_the_report_says(report):
    picture = pareto(report)
    assert [s.name for s in picture.series] == ["baseline", "sleep-1"]
    for series, curve in zip(picture.series, (*report.of("baseline"), *report.of("sleep")),
                             strict=True):  # fmt: skip
        assert series.x == tuple(p.tokens for p in curve.points)
        assert series.y == tuple(100 * p.accuracy for p in curve.points)
        assert series.low == tuple(100 * p.simultaneous_low for p in curve.points)


def test_pareto_marks_the_tokens_saved_at_equal_accuracy_with_their_interval(report):
    span = pareto(report).span
    equal = report.equal_accuracy
    assert (span.start, span.stop) == (equal.baseline_tokens, equal.sleep_tokens)
    assert span.y == 100 * equal.at
    limits = f"[{fold(equal.low)}, {fold(equal.high)}]"
    assert span.text == f"{equal.ratio:.1f}× fewer tokens\n{limits}"


@pytest.mark.parametrize(
    "unknown", [{"high": math.inf}, {"low": 0.0}, {"censored": 0.51}, {"low": math.nan}]
)
def test_a_ratio_that_is_not_determined_gets_no_arrow_and_the_note_says_so(report, unknown):
    equal = replace(report.equal_accuracy, **unknown)
    picture = pareto(replace(report, equal_accuracy=equal))
    assert picture.span is None
    assert "not determined" in picture.note


def test_titles_tell_experiment_dataset_and_model(report, makers):
    for make in makers:
        picture = make(replace(report, experiment="e", dataset="data/d", model="m"))
        assert picture.title.endswith(": e on d")
        assert picture.subtitle == "m"


def test_a_name_that_does_not_fit_is_cut(report):
    picture = pareto(replace(report, dataset="d" * 500, model="m" * 500))
    assert len(picture.title) < 120
    assert len(picture.subtitle) < 80


def test_words_stand_in_for_the_picture(report):
    words = pareto(report).alt
    assert words.startswith(pareto(report).title)
    assert "simulated model" in words
    assert f"({report.curves[0].points[0].tokens:,.4g}, " in words


def test_notes_state_n_interval_and_clusters(shapes, makers):
    for make in makers:
        note = make(shapes["whole"]).note
        scope = r"(whiskers: simultaneous|dark band: pointwise, light band: .*)"
        assert re.search(f"n = 100 questions in 20 clusters; {scope} 95% cluster bootstrap", note)
    note = pareto(shapes["whole"]).note
    assert "At equal accuracy" in note
    assert "(×/÷ " in note
    assert "exploratory" in pareto(shapes["few clusters"]).note


def test_simulated_results_are_marked_and_only_those(shapes, makers):
    for make in makers:
        assert make(shapes["whole"]).simulated
        assert not make(shapes["real model"]).simulated


def test_pareto_shows_one_sleep_setting_and_scaling_all(scaled):
    assert [s.label for s in pareto(scaled).series] == ["baseline", "sleep-time"]
    assert [s.label for s in sleep_scaling(scaled).series] == [
        "baseline", "sleep-time k=1", "sleep-time k=2", "sleep-time k=5", "sleep-time k=10",
    ]  # fmt: skip


def test_series_of_one_picture_differ_in_marker_as_well_as_colour(scaled, makers):
    for make in makers:
        styles = [STYLES[s.style] for s in make(scaled).series if s.label]
        assert len({s.colour for s in styles}) == len(styles)
        assert len({(s.marker, s.dash) for s in styles}) == len(styles)


def test_control_arms_are_points_beside_the_two_curves_where_they_are_wanted(controlled, report):
    curves, points = pareto(controlled).series, pareto(controlled, controls=True).series[2:]
    assert [s.name for s in curves] == ["baseline", "sleep-1"]
    assert [s.label for s in points] == [arm.replace("_", " ") for arm in ARMS]
    assert not any(s.joined or s.low or any(s.hollow) for s in points)
    assert all(len(s.x) == 5 for s in points)
    assert "control arms" in pareto(controlled, controls=True).note
    assert pareto(report, controls=True) == pareto(report)


def test_each_control_arm_has_a_colour_and_a_marker_of_its_own(controlled):
    styles = [STYLES[s.style] for s in pareto(controlled, controls=True).series]
    for look in ([s.colour for s in styles], [s.marker for s in styles]):
        assert len(set(look)) == len(ARMS) + 2


def test_pass_at_k_and_majority_at_k_are_against_k_times_the_tokens(report):
    passed, voted = pass_at_k_picture(report).series[-2:]
    assert passed.label == "baseline pass@k\nk = 1 to 5, level 0\n(answer only)"
    assert voted.label == "baseline majority@k"
    assert passed.x == voted.x
    assert passed.x[4] == pytest.approx(5 * passed.x[0])
    assert all(low <= high + 1e-9 for low, high in zip(voted.y, passed.y, strict=True))


def test_budgets_are_named_as_people_write_them():
    rows = simulate(World(), 4, 2, seed=0)
    rows = rows[rows["budget"].isin((2, 4))].assign(budget_kind="effort")
    picture = context_only(analyse(rows, draws=20))
    assert picture.x.texts == ("low", "high")
    assert picture.x.title == "Reasoning effort of the answer"
    assert "\neffort low\n" in picture.series[0].hover[0]


def test_pass_at_k_is_drawn_beside_the_baseline(report):
    labels = [s.label for s in pass_at_k_picture(report).series]
    assert labels[:2] == ["baseline", "sleep-time"]


def test_context_only_stands_by_level_so_that_no_points_overlap(report):
    picture = context_only(report)
    assert picture.x.texts == ("0", "1", "2", "3", "4")
    drawn = [x for s in picture.series for x in s.x]
    assert len(set(drawn)) == len(drawn)


def test_context_only_has_the_three_arms(report):
    assert [s.label for s in context_only(report).series] == [
        "baseline", "sleep-time", "context only",
    ]  # fmt: skip


def test_differences_are_those_of_the_report_with_zero_and_margin(scaled):
    picture = differences(scaled)
    assert len(picture.series) == 4
    assert picture.series[0].y == tuple(d.points for d in scaled.comparisons[0].differences)
    assert [rule.y for rule in picture.rules] == [0, -1]


def test_every_picture_can_be_made_of_every_report(shapes, make):
    for shape, report in shapes.items():
        picture = make(report)
        json.dumps(picture.to_json(), allow_nan=False)
        for series in picture.series:
            assert all(picture.x.low <= x <= picture.x.high for x in series.x), shape
            assert all(picture.y.low <= y <= picture.y.high for y in series.y), shape


def line(style, *y):
    return Series(style, style, style, (10.0, 1000.0), y)


def height(shade, at):
    found = [y for x, y in zip(shade.x, shade.y, strict=True) if x == pytest.approx(at)]
    return max(found) - min(found)


def test_each_arm_is_shaded_in_its_colour_where_it_is_better():
    sleep, baseline = advantages(line("sleep", 60.0, 40.0), line("baseline", 40.0, 60.0))
    assert (sleep.style, baseline.style) == ("sleep", "baseline")
    assert height(sleep, 10) == pytest.approx(20)
    assert height(baseline, 10) == pytest.approx(0)
    assert height(baseline, 1000) == pytest.approx(20)
    crossing = [y for x, y in zip(sleep.x, sleep.y, strict=True) if x == pytest.approx(100)]
    assert crossing == pytest.approx([50, 50])


def test_a_curve_that_is_never_better_has_no_shade():
    (shade,) = advantages(line("sleep", 60.0, 70.0), line("baseline", 40.0, 60.0))
    assert shade.style == "sleep"
    assert advantages(line("sleep", 60.0, 70.0), line("baseline", 60.0, 70.0)) == ()


def test_curves_that_share_no_tokens_have_no_shade(shapes):
    far = Series("far", "far", "sleep", (2000.0, 3000.0), (1.0, 2.0))
    assert advantages(far, line("baseline", 40.0, 60.0)) == ()


def test_an_experiment_draws_its_own_picture_in_a_few_lines(report):
    calls = Series("calls", "one call", "sleep", x=(9.0, 30.0), y=(21.0, 48.0))
    picture = accuracy_picture(report, "calls", "Accuracy by calls", [calls], ["Why."])
    assert picture.note.endswith("Why.")
    gain = Series("gain", "gain", "sleep", (0.0, 1.0), (3.0, -1.0), (1.0, -4.0), (5.0, 2.0))
    picture = points_picture(report, "gain", "Gain", [gain], ["easy", "hard"], x_title="Questions")
    assert picture.x.texts == ("easy", "hard")
    assert picture.y.low <= -4


def test_letters_and_levels_are_defined_where_they_are_used(scaled, makers):
    for make in makers:
        assert "Levels:" in make(scaled).note
    assert "k: sleep phases" in sleep_scaling(scaled).note


def test_every_colour_can_be_read_on_white():
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for name, style in STYLES.items():
        assert 1.05 / (light(style.colour) + 0.05) >= 4.5, name


def test_points_off_the_frontier_are_hollow_and_the_note_says_why(shapes):
    falling = pareto(shapes["few clusters"]).series[0]
    assert falling.hollow == tuple(
        any(falling.y[j] >= y for j in range(i)) for i, y in enumerate(falling.y)
    )
    for report in shapes.values():
        picture = pareto(report)
        assert ("Hollow" in picture.note) == any(h for s in picture.series for h in s.hollow)


# The ratio as a curve


def ratio_lines(picture):
    return [s for s in picture.series if s.joined]


def test_the_ratio_is_a_line_without_markers_and_points_where_budgets_were_measured(report):
    picture = ratio_curve(report)
    points = report.ratio_curve.points
    (line,) = ratio_lines(picture)
    assert not line.marked
    assert line.y == tuple(p.ratio for p in points if p.ratio is not None)
    measured = next(s for s in picture.series if s.name == "measured")
    assert measured.x == tuple(100 * p.at for p in points if p.measured and p.ratio is not None)
    assert picture.y.log


def test_both_bands_are_drawn_as_far_as_the_axes_go(report):
    picture = ratio_curve(report)
    simultaneous, pointwise = picture.shades
    for shade in picture.shades:
        assert min(shade.y) >= picture.y.low
        assert max(shade.y) <= picture.y.high
    assert max(simultaneous.y) >= max(pointwise.y)
    assert "dark band: pointwise, light band: simultaneous" in picture.note


def test_no_line_runs_where_most_draws_do_not_give_the_ratio(report):
    points = report.ratio_curve.points
    gap = tuple(replace(p, ratio=None) if 10 <= i < 14 else p for i, p in enumerate(points))
    changed = replace(report, ratio_curve=replace(report.ratio_curve, points=gap))
    left, right = ratio_lines(ratio_curve(changed))
    assert left.x[-1] < 100 * points[10].at < right.x[0]
    assert (left.label, right.label) == ("baseline over\nsleep-time", "")
    assert "No line where most draws" in ratio_curve(changed).note
    none = tuple(replace(p, ratio=None) for p in points)
    picture = ratio_curve(replace(report, ratio_curve=replace(report.ratio_curve, points=none)))
    assert picture.series == ()
    assert "not determined" in picture.title


def test_a_run_without_a_common_range_has_no_picture_of_the_ratio(shapes):
    assert "ratio_curve" not in accuracy_pictures(shapes["one budget"])
    assert {"ratio_curve", "all_tokens"} <= set(accuracy_pictures(shapes["whole"]))


# All tokens


def test_all_tokens_hold_the_sleep_phase_shared_by_q_questions(report):
    baseline, *sleeps = all_tokens(report).series
    assert [s.label for s in sleeps] == [f"sleep-time Q = {q}" for q in (1, 2, 5, 10)]
    (curve,) = report.of("sleep")
    assert baseline.x == tuple(p.tokens for p in report.of("baseline")[0].points)
    assert sleeps[0].x == pytest.approx([p.total_tokens for p in curve.points])
    shared = [p.tokens + (p.total_tokens - p.tokens) / 10 for p in curve.points]
    assert sleeps[-1].x == pytest.approx(shared)
    assert "1 on average in this run" in all_tokens(report).note


# What captions say


def test_whiskers_are_only_told_of_where_they_are_drawn(report):
    curves = [
        replace(
            c,
            points=tuple(
                replace(p, simultaneous_low=math.nan, simultaneous_high=math.nan) for p in c.points
            ),
        )
        for c in report.curves
    ]
    bare = replace(report, curves=tuple(curves))
    assert "whiskers" not in pareto(bare).note
    assert "whiskers" in pareto(report).note


def test_differences_are_drawn_with_the_intervals_that_hold_for_all_cells(scaled):
    picture = differences(scaled)
    found = scaled.comparisons[0].differences
    assert picture.series[0].low == tuple(d.simultaneous_low for d in found)
    assert f"pointwise {between(found[0].low, found[0].high)}" in picture.series[0].hover[0]
    assert "whiskers: simultaneous" in picture.note
    assert "worse by less than" in picture.note


def test_whiskers_of_accuracies_hold_for_all_points_of_the_report(scaled):
    for make in (pareto, all_tokens, sleep_scaling, context_only):
        picture = make(scaled)
        assert "whiskers: simultaneous" in picture.note
        points = {100 * p.simultaneous_low for c in scaled.curves for p in c.points}
        assert {low for s in picture.series for low in s.low} <= points


# Scores of other names, and floors


@pytest.fixture
def floored():
    """A report of an experiment whose score has a name, with two floors beside the arms."""
    rows = simulate(World(), 20, 5, seed=0)
    once = rows[(rows["arm"] == "baseline") & (rows["budget"] == 0)]
    low, high = (
        once.assign(arm=name, budget_kind="calls", score=score, test_completion_tokens=0)
        for name, score in (("floor_low", 0.0), ("floor_high_up", 1.0))
    )
    report = analyse(pd.concat([rows, low, high], ignore_index=True), draws=50)
    return replace(report, score="F1 of files")


def test_a_score_is_called_what_the_experiment_calls_it(floored):
    picture = pareto(floored)
    assert picture.title.startswith("F1 of files against test-time tokens")
    assert picture.y.title == "F1 of files (%)"
    assert all("% F1 of files" in text for series in picture.series for text in series.hover)
    assert "ccuracy" not in picture.note
    assert differences(floored).title.startswith("F1 of files gained")


def test_floors_are_level_lines_over_the_whole_width_that_markers_tell_apart(floored):
    picture = pareto(floored)
    *arms, high, low = picture.series
    assert [s.label for s in (high, low)] == ["floor high up", "floor low"]
    assert (high.y, low.y) == ((100.0, 100.0), (0.0, 0.0))
    ends = min(x for s in arms for x in s.x), max(x for s in arms for x in s.x)
    assert high.x == low.x == ends
    assert len({STYLES[s.style].marker for s in (high, low)}) == 2
    assert picture.y.low <= 0 < 100 <= picture.y.high
    assert "Floors" in picture.note
    assert "Floors" not in pareto(replace(floored, curves=floored.curves[:1])).note
