import json
from itertools import combinations

import pytest
from PIL import Image

from sleeptime_lib.figures import Picture, Series, look, pareto, save, to_png
from sleeptime_lib.figures.axes import amount_axis, step_axis
from sleeptime_lib.figures.stills import AXES_WIDTH, draw, labels


def texts(figure):
    axes = figure.axes[0]
    return [*figure.texts, *axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]


def one_series(**how):
    drawn = Series("s", "name", "sleep", (0.0, 1.0), (2.0, 4.0), **how)
    return Picture("p", "t", "s", step_axis("ab", "x"), amount_axis([5], "y"), (drawn,))


def test_matplotlib_draws_the_points(report):
    picture = pareto(report)
    drawn = [line.get_xydata().tolist() for line in draw(picture).axes[0].lines]
    for series in picture.series:
        assert [list(p) for p in zip(series.x, series.y, strict=True)] in drawn


def test_labels_never_overlap_and_stand_beside_the_axes(shapes, makers):
    for make in makers:
        for shape, report in shapes.items():
            placed = labels(make(report))
            for a, b in combinations(placed, 2):
                assert abs(a.y - b.y) >= (a.height + b.height) / 2 - 0.5, shape
            assert all(label.y >= 0 for label in placed), shape


def test_every_series_is_named_once_in_the_order_of_the_lines_ends(scaled, makers):
    for make in makers:
        picture = make(scaled)
        placed = labels(picture)
        assert len(placed) == len(picture.series)
        assert [p.end[1] for p in placed] == sorted((p.end[1] for p in placed), reverse=True)


def test_nothing_leaves_the_figure(shapes, makers):
    for make in makers:
        for shape, report in shapes.items():
            figure = draw(make(report))
            renderer = figure.canvas.get_renderer()
            for text in texts(figure):
                if text.get_text():
                    box = text.get_window_extent(renderer)
                    assert box.x0 >= 0, (shape, text)
                    assert box.x1 <= look.WIDTH, (shape, text)
                    assert box.y0 >= 0, (shape, text)
                    assert box.y1 <= figure.bbox.height, (shape, text)


def test_a_picture_without_rows_says_so(shapes):
    shown = [t.get_text() for t in texts(draw(pareto(shapes["nothing yet"])))]
    assert "nothing to show yet" in shown


def test_simulated_results_carry_the_tag(shapes):
    for name, expected in (("whole", True), ("real model", False)):
        shown = [t.get_text() for t in texts(draw(pareto(shapes[name])))]
        assert ("SIMULATED MODEL" in shown) is expected


def test_an_unbounded_limit_reaches_out_of_the_axes_with_an_arrow_head():
    picture = one_series(low=(1.0, 1.0), high=(float("inf"), 4.5))
    lines = draw(picture).axes[0].lines
    whisker = next(line for line in lines if list(line.get_xdata()) == [0, 0])
    assert list(whisker.get_ydata()) == [1, picture.y.high]
    heads = [line.get_xydata().tolist() for line in lines if line.get_marker() == "^"]
    assert heads == [[[0, picture.y.high]]]


def test_names_are_text_and_no_formula(hostile, makers):
    _, report = hostile
    for make in makers:
        picture = make(report)
        shown = [t.get_text() for t in texts(draw(picture))]
        assert "<b>x</b><a href='http://e'>y</a> a$\\frac{$b?" in shown
        assert picture.title in shown
        assert "<i>d $x$" in picture.title


def test_labels_steps_and_notes_are_text_too(hostile, tmp_path):
    name, _ = hostile
    drawn = Series("s", name, "sleep", (0.0, 1.0), (2.0, 4.0), hover=(name, name))
    axes = step_axis([name, "b"], name), amount_axis([5], name)
    picture = Picture("p", name, name, *axes, (drawn,), note=name)
    svg = save(picture, tmp_path, "p", {})[1].read_text()
    assert "<a href" not in svg
    assert svg.count("a$\\frac{$b") >= 5
    assert to_png(picture).startswith(b"\x89PNG")


def test_saving_writes_three_pictures_and_where_they_come_from(report, tmp_path):
    provenance = {"run": "runs/x", "manifest_sha256": "ab", "command": "sleeptime report runs/x"}
    paths = save(pareto(report), tmp_path / "figures", "pareto", provenance)
    assert [p.name for p in paths] == ["pareto.png", "pareto.svg", "pareto.pdf", "pareto.json"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in paths[1].read_bytes()[:600]
    assert paths[2].read_bytes().startswith(b"%PDF")
    beside = json.loads(paths[3].read_text())
    assert beside["provenance"] == provenance
    assert beside["picture"] == json.loads(json.dumps(pareto(report).to_json()))


def test_saved_files_hold_the_picture_in_words(report, tmp_path):
    picture = pareto(report)
    png, svg, _, beside = save(picture, tmp_path, "p", {})
    assert json.loads(beside.read_text())["picture"]["alt"] == picture.alt
    with Image.open(png) as image:
        assert image.info["Description"] == picture.alt
    assert picture.title in svg.read_text()


def test_the_same_picture_gives_the_same_files(report, tmp_path):
    one, other = (save(pareto(report), tmp_path / n, "pareto", {}) for n in ("a", "b"))
    for a, b in zip(one, other, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_svg_text_can_be_searched(report, tmp_path):
    svg = save(pareto(report), tmp_path, "pareto", {})[1].read_text()
    assert "baseline<" in svg
    assert "SIMULATED MODEL" in svg


def test_labels_have_room_beside_the_axes():
    (label,) = labels(one_series())
    assert label.lines == ("● name",)
    assert label.end[0] == pytest.approx(0.75 * AXES_WIDTH)
