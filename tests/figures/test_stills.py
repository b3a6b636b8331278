import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from sleeptime_lib.figures import (
    Picture,
    Series,
    look,
    pareto,
    ratio_curve,
    save,
    to_plotly,
    to_png,
)
from sleeptime_lib.figures.axes import amount_axis, percent_axis, step_axis, token_axis
from sleeptime_lib.figures.picture import Span
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


def test_matplotlib_draws_limits_of_x_as_level_lines_cut_to_the_axis():
    picture = one_series(left=(-9.0, 0.5), right=(0.25, 2.0))
    lines = [line.get_xydata().tolist() for line in draw(picture).axes[0].lines]
    assert [[picture.x.low, 2.0], [0.25, 2.0]] in lines
    assert [[0.5, 4.0], [picture.x.high, 4.0]] in lines


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
        assert len(placed) == len([s for s in picture.series if s.label])
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


# The text of the arrow


def arrow_text(figure, picture):
    return next(t for t in figure.axes[0].texts if t.get_text() == picture.span.text)


@pytest.fixture(params=["high", "crossing", "late", "dipping"])
def with_arrow(request, report):
    """Pictures whose curves leave room in different corners."""
    base, slept, (start, stop, y) = {
        "high": ((10.0, 60.0, 80.0, 85.0), (30.0, 70.0, 82.0, 86.0), (260, 180, 50)),
        "crossing": ((5.0, 30.0, 60.0, 90.0), (45.0, 48.0, 52.0, 55.0), (680, 600, 51)),
        "late": ((10.0, 12.0, 25.0, 60.0), (12.0, 14.0, 27.0, 58.0), (1900, 1800, 48)),
        "dipping": ((20.0, 50.0, 30.0, 70.0), (30.0, 55.0, 35.0, 75.0), (240, 180, 42)),
    }[request.param]
    tokens = (100.0, 300.0, 900.0, 2700.0)
    series = tuple(
        Series(name, name, name, tokens, y, tuple(v - 6 for v in y), tuple(v + 6 for v in y))
        for name, y in (("baseline", base), ("sleep", slept))
    )
    axes = {
        "x": token_axis(tokens, "x"),
        "y": percent_axis([v for s in series for v in s.values()], "y"),
    }
    span = Span(start, stop, y, "3.0× fewer tokens\n[1.5×, 6.0×]")
    return replace(pareto(report), series=series, shades=(), span=span, **axes)


def test_the_text_of_the_arrow_covers_no_point_line_or_whisker(with_arrow):
    figure = draw(with_arrow)
    box = arrow_text(figure, with_arrow).get_window_extent(figure.canvas.get_renderer())
    for line in figure.axes[0].lines:
        x, y = figure.axes[0].transData.transform(line.get_xydata()).T
        steps = np.linspace(0, len(x) - 1, 400)
        across, up = (np.interp(steps, np.arange(len(x)), v) for v in (x, y))
        inside = (box.x0 < across) & (across < box.x1) & (box.y0 < up) & (up < box.y1)
        assert not inside.any()


def test_the_text_of_the_arrow_stays_within_the_axes(with_arrow):
    figure = draw(with_arrow)
    renderer = figure.canvas.get_renderer()
    box, axes = (
        one.get_window_extent(renderer)
        for one in (arrow_text(figure, with_arrow), figure.axes[0].patch)
    )
    assert axes.x0 <= box.x0 < box.x1 <= axes.x1 + 1
    assert axes.y0 <= box.y0 < box.y1 <= axes.y1 + 1


def test_a_ratio_has_its_logarithmic_axis_in_both_renderers(report):
    picture = ratio_curve(report)
    assert draw(picture).axes[0].get_yscale() == "log"
    assert to_plotly(picture).layout.yaxis.type == "log"
