import json

import pytest

from sleeptime_lib.figures import context_only, differences, pareto, sleep_scaling
from sleeptime_lib.figures import pass_at_k as pass_at_k_picture
from sleeptime_lib.figures.look import STYLES
from sleeptime_lib.figures.picture import Series
from sleeptime_lib.figures.shading import improvement


def test_pareto_draws_what_the_report_says(report):
    picture = pareto(report)
    assert [s.name for s in picture.series] == ["baseline", "sleep-1"]
    for series, curve in zip(picture.series, (*report.of("baseline"), *report.of("sleep")),
                             strict=True):  # fmt: skip
        assert series.x == tuple(p.tokens for p in curve.points)
        assert series.y == tuple(100 * p.accuracy for p in curve.points)
        assert series.low == tuple(100 * p.low for p in curve.points)


def test_pareto_marks_the_tokens_saved_at_equal_accuracy(report):
    (span,) = pareto(report).spans
    equal = report.equal_accuracy
    assert (span.start, span.stop) == (equal.baseline_tokens, equal.sleep_tokens)
    assert span.y == 100 * equal.at
    assert span.text == f"{equal.ratio:.1f}× fewer tokens"


def test_notes_state_n_interval_and_clusters(shapes, makers):
    for make in makers:
        note = make(shapes["whole"]).note
        assert "n = 100 questions in 20 clusters; whiskers: 95% cluster bootstrap" in note
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
        styles = [STYLES[s.style] for s in make(scaled).series]
        assert len({s.colour for s in styles}) == len(styles)
        assert len({(s.marker, s.dash) for s in styles}) == len(styles)


def test_pass_at_k_is_against_k_times_the_tokens(report):
    series = pass_at_k_picture(report).series[-1]
    assert series.label == "baseline pass@k, k = 1 to 5"
    assert series.x[4] == pytest.approx(5 * series.x[0])


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


def test_the_improvement_is_shaded_where_the_curve_is_above_and_nowhere_else(shapes):
    picture = pareto(shapes["whole"])
    baseline, sleep = picture.series
    assert improvement(baseline, sleep, "none") == ()
    (shade,) = picture.shades
    assert min(shade.x) == max(baseline.x[0], sleep.x[0])
    assert pareto(shapes["worse"]).shades == ()


def test_curves_that_cross_are_shaded_up_to_the_crossing():
    def line(name, y):
        return Series(name, name, "sleep", (10.0, 1000.0), y, y, y, ("", ""))

    (shade,) = improvement(line("up", (60.0, 40.0)), line("down", (40.0, 60.0)), "area")
    assert max(shade.x) == pytest.approx(100)
    assert max(shade.y) == 60


def test_points_off_the_frontier_are_hollow_and_the_note_says_why(shapes):
    falling = pareto(shapes["few clusters"]).series[0]
    assert falling.hollow == tuple(
        any(falling.y[j] >= y for j in range(i)) for i, y in enumerate(falling.y)
    )
    for report in shapes.values():
        picture = pareto(report)
        assert ("Hollow" in picture.note) == any(h for s in picture.series for h in s.hollow)
