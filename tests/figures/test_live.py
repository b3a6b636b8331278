import math
from dataclasses import replace

import numpy as np
import pytest

from sleeptime_lib.figures import Picture, Series, live, pareto, refresh, sleep_scaling, to_plotly
from sleeptime_lib.figures.axes import amount_axis, step_axis


def texts(figure):
    return [a.text for a in figure.layout.annotations if a.visible is not False]


def trace(figure, name):
    return next(t for t in figure.data if t.meta.endswith(f":{name}"))


def points(name="s", y=(2.0, 4.0), most=5.0, **how):
    drawn = Series(name, name, "sleep", (0.0, 1.0), y, **how)
    return Picture("p", "t", "s", step_axis("ab", "x"), amount_axis([most], "y"), (drawn,))


class Messages:
    """What a widget sends to the browser."""

    def __init__(self, widget, monkeypatch):
        self.sent = []
        for name in ("update", "restyle", "relayout", "addTraces", "deleteTraces"):
            send = f"_send_{name}_msg"
            monkeypatch.setattr(
                widget, send, lambda *a, _name=name, **k: self.sent.append(_name), raising=True
            )


def test_plotly_draws_the_points_and_their_limits(report):
    picture = pareto(report)
    drawn, series = trace(to_plotly(picture), "sleep-1"), picture.series[1]
    assert list(drawn.x) == list(series.x)
    assert list(drawn.y) == list(series.y)
    assert np.array(drawn.error_y.array) == pytest.approx(np.subtract(series.high, series.y))
    assert np.array(drawn.error_y.arrayminus) == pytest.approx(np.subtract(series.y, series.low))


def test_an_unbounded_limit_reaches_the_end_of_the_axis_with_an_arrow_head():
    picture = points(low=(1.0, -math.inf), high=(math.inf, 4.5))
    figure = to_plotly(picture)
    assert list(trace(figure, "s").error_y.array) == pytest.approx([picture.y.high - 2, 0.5])
    heads = trace(figure, "cut")
    assert list(zip(heads.x, heads.text, strict=True)) == [(0, "▲"), (1, "▼")]


def test_pictures_stand_beside_each_other_and_share_one_legend(report):
    figure = to_plotly(pareto(report), pareto(report))
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert [t.name for t in figure.data if t.showlegend] == ["baseline", "sleep-time"]


def test_a_figure_is_as_wide_as_its_cell(report):
    layout = to_plotly(pareto(report)).layout
    assert layout.width is None
    assert layout.autosize


def test_simulated_results_carry_the_tag(shapes):
    for name, expected in (("whole", True), ("real model", False)):
        shown = texts(to_plotly(pareto(shapes[name])))
        assert any("SIMULATED MODEL" in t for t in shown) is expected


def test_the_mode_bar_does_not_upload(report):
    figure = live(pareto(report))
    assert "sendChartToCloud" in figure.layout.modebar.remove


def test_a_live_figure_becomes_the_next_picture(shapes):
    figure = live(pareto(shapes["nothing yet"]))
    for name in ("one arm", "whole", "few clusters", "crossing", "nothing yet", "whole"):
        picture = pareto(shapes[name])
        refresh(figure, picture)
        fresh = to_plotly(picture)
        shown = {t.meta: (t.x, t.y, t.hovertext) for t in figure.data if t.visible and len(t.x)}
        assert shown == {t.meta: (t.x, t.y, t.hovertext) for t in fresh.data if len(t.x)}, name
        assert texts(figure) == texts(fresh), name
        assert figure.layout.annotations == fresh.layout.annotations, name


def test_a_change_is_one_message(shapes, monkeypatch):
    figure = live(pareto(shapes["whole"]), pareto(shapes["crossing"]))
    messages = Messages(figure, monkeypatch)
    refresh(figure, pareto(shapes["few clusters"]), pareto(shapes["one budget"]))
    assert messages.sent == ["update"]


def test_a_series_that_goes_and_comes_back_is_no_new_trace(shapes, monkeypatch):
    figure = live(pareto(shapes["whole"]))
    messages = Messages(figure, monkeypatch)
    refresh(figure, pareto(shapes["one arm"]))
    assert trace(figure, "sleep-1").visible is False
    refresh(figure, pareto(shapes["whole"]))
    assert trace(figure, "sleep-1").visible is True
    assert messages.sent == ["update", "update"]


def test_new_series_are_added(shapes):
    figure = live(pareto(shapes["one arm"]))
    refresh(figure, sleep_scaling(shapes["several settings"]))
    assert sum(bool(t.showlegend) for t in figure.data) == 5


def test_axes_stay_while_they_hold_what_is_to_be_shown():
    figure = live(points(most=5.0))
    before = figure.layout.yaxis.range
    refresh(figure, points(y=(1.0, 3.0), most=3.0))
    assert figure.layout.yaxis.range == before
    refresh(figure, points(y=(1.0, 9.0), most=9.0))
    assert figure.layout.yaxis.range[1] > 9
    refresh(figure, points(y=(0.1, 0.2), most=0.2))
    assert figure.layout.yaxis.range[1] < 1


def test_names_are_shown_as_text_everywhere(hostile):
    name, report = hostile
    drawn = Series("s", name, "sleep", (0.0, 1.0), (2.0, 4.0), hover=(name, f"{name}\nsecond"))
    axes = step_axis([name, "b"], name), amount_axis([5], name)
    figures = [
        to_plotly(pareto(report)),
        to_plotly(Picture("p", name, name, *axes, (drawn,), note=name)),
        to_plotly(*[replace(pareto(report), title=name)] * 2),
    ]
    safe = "&lt;b&gt;x&lt;/b&gt;&lt;a href='http://e'&gt;y&lt;/a&gt; a&#36;\\frac{&#36;b?"
    for figure in figures:
        assert any(safe in text for text in texts(figure))
        for text in (*texts(figure), *(t.name or "" for t in figure.data)):
            assert "<a" not in text
            assert "$" not in text
    _, own, _ = figures
    assert own.layout.xaxis.ticktext[0] == own.layout.xaxis.title.text.replace("<br>", " ") == safe
    assert trace(own, "s").name == safe
    assert trace(own, "s").hovertext[1] == f"{safe}<br>second"


def test_every_picture_of_every_report_can_be_drawn(shapes, makers):
    for make in makers:
        for report in shapes.values():
            to_plotly(make(report))
