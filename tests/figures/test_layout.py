from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.text import Text

from sleeptime_lib.figures import look, pareto
from sleeptime_lib.figures.layout import height, note_lines, place, text_width
from sleeptime_lib.figures.mpl_renderer import draw


def drawn_boxes(picture):
    """Where matplotlib really puts the labels, and all other texts, in pixels."""
    figure = draw(picture)
    renderer = figure.canvas.get_renderer()
    labels = [t for t in figure.axes[0].texts if t.get_text()]
    figure.draw(renderer)  # which moves annotations to their places
    # Of an annotation only the text: its own extent would take in the leader.
    return [[Text.get_window_extent(t, renderer) for t in ts] for ts in (labels, figure.texts)]


def test_labels_never_overlap_and_nothing_leaves_the_figure(shapes, make):
    for shape, report in shapes.items():
        picture = make(report)
        labels, others = drawn_boxes(picture)
        for a, b in combinations(labels, 2):
            assert not a.overlaps(b), f"{shape}: labels overlap"
        for found in (*labels, *others):
            assert found.x0 >= 0, shape
            assert found.y0 >= 0, shape
            assert found.x1 <= look.WIDTH, shape
            assert found.y1 <= height(picture), shape


def test_the_width_of_a_text_is_the_real_one(shapes):
    picture = pareto(shapes["whole"])
    labels, _ = drawn_boxes(picture)
    for found, text in zip(labels, place(picture), strict=False):
        assert text_width(text.text, text.size, bold=True) == pytest.approx(found.width, rel=0.03)


def test_labels_of_a_clear_picture_cover_no_marker(shapes):
    picture = pareto(shapes["whole"])
    figure = draw(picture)
    labels, _ = drawn_boxes(picture)
    for series in picture.series:
        for point in zip(series.x, series.y, strict=True):
            x, y = figure.axes[0].transData.transform(point)
            assert not any(b.x0 < x < b.x1 and b.y0 < y < b.y1 for b in labels)


def test_every_series_is_named_once(scaled, makers):
    for make in makers:
        picture = make(scaled)
        texts = [t.text for t in place(picture)]
        for series in picture.series:
            assert sum(t.endswith(series.label) for t in texts) >= 1


def test_a_picture_without_rows_says_so(shapes):
    assert [t.text for t in place(pareto(shapes["nothing yet"]))] == ["nothing to show yet"]


def test_a_long_note_makes_the_figure_taller_instead_of_running_out(shapes):
    short = pareto(shapes["whole"])
    long = replace(short, note="word " * 200)
    assert height(long) - height(short) == look.NOTE_LINE * (len(note_lines(long.note)) - 3)
