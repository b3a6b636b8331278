import json
import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from sleeptime_lib.figures import LivePlot, Picture, Series, pareto, to_plotly
from sleeptime_lib.figures.axes import amount_axis, step_axis


def texts(figure):
    return [a.text for a in figure.layout.annotations if a.visible is not False]


def trace(figure, name):
    return next(t for t in figure.data if t.meta.endswith(f":{name}"))


def points(name="s", y=(2.0, 4.0), most=5.0, **how):
    drawn = Series(name, name, "sleep", (0.0, 1.0), y, **how)
    return Picture("p", "t", "s", step_axis("ab", "x"), amount_axis([most], "y"), (drawn,))


def test_plotly_draws_the_points_and_their_limits(report):
    picture = pareto(report)
    drawn, series = trace(to_plotly(picture), "sleep-1"), picture.series[1]
    assert list(drawn.x) == list(series.x)
    assert list(drawn.y) == list(series.y)
    assert np.array(drawn.error_y.array) == pytest.approx(np.subtract(series.high, series.y))
    assert np.array(drawn.error_y.arrayminus) == pytest.approx(np.subtract(series.y, series.low))


def test_plotly_draws_limits_of_x_and_y_for_each_point_also_of_equal_heights():
    picture = points(y=(2.0, 2.0), left=(-0.25, 0.5), right=(0.5, math.nan), low=(1.0, 1.5),
                     high=(3.0, 2.5))  # fmt: skip
    drawn = trace(to_plotly(picture), "s")
    assert (list(drawn.error_x.arrayminus), list(drawn.error_x.array)) == ([0.25, 0], [0.5, 0])
    assert (list(drawn.error_y.arrayminus), list(drawn.error_y.array)) == ([1, 0.5], [1, 0.5])


def test_plotly_draws_limits_of_points_that_stand_above_each_other():
    picture = points(low=(1.0, 3.5), high=(3.0, 4.5))
    upright = replace(picture, series=(replace(picture.series[0], x=(1.0, 1.0)),))
    drawn = trace(to_plotly(upright), "s").error_y
    assert (list(drawn.arrayminus), list(drawn.array)) == ([1, 0.5], [1, 0.5])


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


def test_many_names_get_as_many_rows_above_the_axes_as_they_need(controlled):
    few, many = (to_plotly(pareto(controlled, controls=wanted)).layout for wanted in (False, True))
    added = many.margin.t - few.margin.t
    assert added == 40
    assert many.height - few.height >= added


def test_a_figure_is_as_wide_as_its_cell(report):
    layout = to_plotly(pareto(report)).layout
    assert layout.width is None
    assert layout.autosize


def test_simulated_results_carry_the_tag(shapes):
    for name, expected in (("whole", True), ("real model", False)):
        shown = texts(to_plotly(pareto(shapes[name])))
        assert any("SIMULATED MODEL" in t for t in shown) is expected


def test_the_mode_bar_does_not_upload(report):
    assert "sendChartToCloud" in to_plotly(pareto(report)).layout.modebar.remove


def test_a_live_plot_becomes_the_next_picture(shapes):
    plot = LivePlot(pareto(shapes["nothing yet"]))
    for name in ("one arm", "whole", "few clusters", "crossing", "nothing yet", "whole"):
        plot.draw(pareto(shapes[name]))
        shown, fresh = go.Figure(plot.picture), to_plotly(pareto(shapes[name]))
        assert shown.data == fresh.data, name
        assert shown.layout.annotations == fresh.layout.annotations, name


def test_a_change_is_one_message_and_no_change_is_none(shapes):
    plot, sent = LivePlot(pareto(shapes["whole"]), pareto(shapes["crossing"])), []
    plot.observe(lambda change: sent.append(change.name))
    plot.draw(pareto(shapes["few clusters"]), pareto(shapes["one budget"]))
    plot.draw(pareto(shapes["few clusters"]), pareto(shapes["one budget"]))
    assert sent == ["picture"]


def test_what_is_sent_is_json(shapes, makers):
    for make in makers:
        for report in shapes.values():
            json.dumps(LivePlot(make(report)).picture, allow_nan=False)


def test_axes_stay_while_they_hold_what_is_to_be_shown():
    plot = LivePlot(points(most=5.0))

    def axis(y, most):
        plot.draw(points(y=y, most=most))
        return plot.picture["layout"]["yaxis"]

    before = plot.picture["layout"]["yaxis"]
    stayed = axis((1.0, 3.0), 3.0)
    assert (stayed["range"], stayed["tickvals"]) == (before["range"], before["tickvals"])
    assert axis((1.0, 9.0), 9.0)["range"][1] > 9
    assert axis((0.1, 0.2), 0.2)["range"][1] < 1


def test_an_axis_that_showed_nothing_does_not_stay():
    nothing = replace(points(y=(1.0, 9.0), most=9.0), series=())
    plot = LivePlot(nothing)
    plot.draw(points(y=(1.0, 5.0), most=5.0))
    axis = points(most=5.0).y
    assert plot.picture["layout"]["yaxis"]["range"] == [axis.low, axis.high]


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


def test_a_legend_has_as_many_rows_as_its_names_take():
    def top(count):
        names = (f"a name of some length {i}" for i in range(count))
        series = (Series(name, name, "sleep", (0.0, 1.0), (1.0, 2.0)) for name in names)
        return to_plotly(replace(points(), series=tuple(series))).layout.margin.t

    assert top(1) < top(4) < top(8)
