import json

import numpy as np
import plotly.graph_objects as go
import pytest

from sleeptime_lib.figures import look, pareto, refresh, save, sleep_scaling, to_plotly
from sleeptime_lib.figures.mpl_renderer import draw


def texts(figure):
    return [a.text for a in figure.layout.annotations]


def test_plotly_draws_the_points_and_their_limits(report):
    picture = pareto(report)
    trace = next(t for t in to_plotly(picture).data if t.name == "sleep-1")
    series = picture.series[1]
    assert list(trace.x) == list(series.x)
    assert list(trace.y) == list(series.y)
    assert np.array(trace.error_y.array) == pytest.approx(np.subtract(series.high, series.y))
    assert np.array(trace.error_y.arrayminus) == pytest.approx(np.subtract(series.y, series.low))


def test_matplotlib_draws_the_same_points(report):
    picture = pareto(report)
    drawn = [line.get_xydata().tolist() for line in draw(picture).axes[0].lines]
    for series in picture.series:
        assert [list(p) for p in zip(series.x, series.y, strict=True)] in drawn


def test_both_renderers_write_the_same_texts(shapes, makers):
    for make in makers:
        for report in shapes.values():
            picture = make(report)
            figure = draw(picture)
            static = {t.get_text() for t in (*figure.texts, *figure.axes[0].texts)} - {""}
            live = {t.replace("<b>", "").replace("</b>", "") for t in texts(to_plotly(picture))}
            assert static == live - {""}


def test_simulated_results_carry_the_tag_in_both(shapes):
    tag = "SIMULATED MODEL"
    for name, expected in (("whole", True), ("real model", False)):
        picture = pareto(shapes[name])
        assert any(tag in t for t in texts(to_plotly(picture))) is expected
        assert any(tag in t.get_text() for t in draw(picture).texts) is expected


def test_both_have_the_same_size_and_margins(report):
    picture = pareto(report)
    live, static = to_plotly(picture).layout, draw(picture)
    assert (live.width, live.height) == pytest.approx(
        tuple(static.get_size_inches() * look.DOTS_PER_INCH)
    )
    place = static.axes[0].get_position()
    assert place.x0 * live.width == pytest.approx(live.margin.l)
    assert place.y0 * live.height == pytest.approx(live.margin.b)
    assert (1 - place.x1) * live.width == pytest.approx(live.margin.r)
    assert (1 - place.y1) * live.height == pytest.approx(live.margin.t)


def test_a_live_figure_becomes_the_next_picture_in_place(shapes):
    figure = to_plotly(pareto(shapes["nothing yet"]))
    for name in ("one arm", "whole", "few clusters", "crossing", "nothing yet", "whole"):
        picture = pareto(shapes[name])
        refresh(figure, picture)
        assert figure.to_plotly_json() == to_plotly(picture).to_plotly_json(), name


def test_a_live_figure_keeps_its_traces_while_their_names_stay(shapes):
    figure = to_plotly(pareto(shapes["whole"]))
    before = [id(trace) for trace in figure.data]
    refresh(figure, pareto(shapes["few clusters"]))
    assert [id(trace) for trace in figure.data] == before


def test_a_figure_widget_can_be_refreshed(shapes):
    widget = go.FigureWidget(to_plotly(pareto(shapes["one arm"])))
    refresh(widget, sleep_scaling(shapes["several settings"]))
    assert len(widget.data) == 5


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


def test_the_same_picture_gives_the_same_files(report, tmp_path):
    one, other = (save(pareto(report), tmp_path / n, "pareto", {}) for n in ("a", "b"))
    for a, b in zip(one, other, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_svg_text_can_be_searched(report, tmp_path):
    svg = save(pareto(report), tmp_path, "pareto", {})[1].read_text()
    assert ">baseline<" in svg
    assert "SIMULATED MODEL" in svg


def test_every_picture_of_every_report_can_be_drawn(shapes, makers):
    for make in makers:
        for report in shapes.values():
            draw(make(report))
            to_plotly(make(report))
