"""A picture as an interactive plotly figure, and its update while a run is going."""

from __future__ import annotations

import math
from typing import Any, Final

import plotly.graph_objects as go

from sleeptime_lib.figures import look
from sleeptime_lib.figures.layout import Text, bottom, height, note_lines, place
from sleeptime_lib.figures.picture import Axis, Picture, Rule, Series, Shade, Span

_MARKERS: Final = {
    "circle": ("circle", 1.0),
    "square": ("square", 0.9),
    "triangle": ("triangle-up", 1.15),
    "diamond": ("diamond", 1.12),
    "pentagon": ("pentagon", 1.15),
    "cross": ("x", 0.95),
}
_DASHES: Final = {"solid": "solid", "dash": "9px,5px", "dot": "2.5px,4px",
                  "dashdot": "11px,4px,2.5px,4px"}  # fmt: skip


def to_plotly(picture: Picture) -> go.Figure:
    """Build the figure.

    Args:
        picture: What to show.

    Returns:
        A figure of the standard size; set `layout.autosize` to let it follow its container.
    """
    return go.Figure(data=_traces(picture), layout=_layout(picture))


def refresh(figure: go.Figure, picture: Picture) -> None:
    """Show another picture in an existing figure or FigureWidget.

    Traces are matched by name; the ones that stay are updated in place in one message, so that
    a live widget neither flickers nor grows.

    Args:
        figure: Made by `to_plotly`, or a FigureWidget around it.
        picture: What to show now.
    """
    traces = _traces(picture)
    with figure.batch_update():
        if [t.name for t in figure.data] == [t.name for t in traces]:
            for old, new in zip(figure.data, traces, strict=True):
                old.update(new.to_plotly_json(), overwrite=True)
        else:
            figure.data = []
            figure.add_traces(traces)
        figure.update_layout(_layout(picture), overwrite=True)


def _traces(picture: Picture) -> list[go.Scatter]:
    shades = [shade_trace(shade) for shade in picture.shades]
    return shades + [series_trace(series) for series in picture.series]


def shade_trace(shade: Shade) -> go.Scatter:
    """The trace of a shaded area."""
    return go.Scatter(
        name=shade.name,
        x=shade.x,
        y=shade.y,
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=_rgba(look.STYLES[shade.style].colour, look.SHADE_OPACITY),
        hoverinfo="skip",
    )


def series_trace(series: Series) -> go.Scatter:
    """The trace of a series, named after it."""
    style = look.STYLES[series.style]
    marker, scale = _MARKERS[style.marker]
    hollow = series.hollow or (False,) * len(series.x)
    limits = {
        "type": "data",
        "symmetric": False,
        "array": [_known(h - v) for h, v in zip(series.high, series.y, strict=True)],
        "arrayminus": [_known(v - low) for low, v in zip(series.low, series.y, strict=True)],
        "thickness": look.WHISKER_WIDTH,
        "width": 0,
        "color": style.colour,
    }
    return go.Scatter(
        name=series.name,
        x=series.x,
        y=series.y,
        mode="lines+markers",
        line={"color": style.colour, "width": look.LINE_WIDTH, "dash": _DASHES[style.dash]},
        marker={
            "symbol": marker,
            "size": look.MARKER_SIZE * scale,
            "color": [look.PAPER if h else style.colour for h in hollow],
            "line": {
                "color": [style.colour if h else look.PAPER for h in hollow],
                "width": [look.HOLLOW_EDGE if h else 1.0 for h in hollow],
            },
            "opacity": 1,
        },
        cliponaxis=False,
        text=series.hover,
        hovertemplate="%{text}<extra></extra>",
        error_y=limits,
    )


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _layout(picture: Picture) -> go.Layout:
    family = ", ".join(look.FONTS) + ", sans-serif"
    annotations = [part for text in place(picture) for part in _text(picture, text)]
    annotations += [_arrow(picture, span) for span in picture.spans]
    annotations += [_rule_text(rule) for rule in picture.rules if rule.text]
    annotations += _margin_texts(picture)
    return go.Layout(
        width=look.WIDTH,
        height=height(picture),
        margin={"l": look.LEFT, "r": look.RIGHT, "t": look.TOP, "b": bottom(picture), "pad": 0},
        paper_bgcolor=look.PAPER,
        plot_bgcolor=look.PAPER,
        font={"family": family, "color": look.INK, "size": look.TICK_SIZE},
        showlegend=False,
        hovermode="closest",
        xaxis=axis_layout(picture.x, line=True),
        yaxis=axis_layout(picture.y, line=False),
        shapes=[_rule(rule) for rule in picture.rules],
        annotations=annotations,
    )


def axis_layout(axis: Axis, *, line: bool) -> dict[str, Any]:
    """Layout of an axis; `line` draws it."""
    ends = (axis.low, axis.high)
    return {
        "type": "log" if axis.log else "linear",
        "range": [math.log10(v) for v in ends] if axis.log else list(ends),
        "tickmode": "array",
        "tickvals": list(axis.ticks),
        "ticktext": list(axis.texts),
        "tickfont": {"size": look.TICK_SIZE, "color": look.MUTED},
        "showgrid": True,
        "gridcolor": look.GRID,
        "gridwidth": 1,
        "zeroline": False,
        "showline": line,
        "linecolor": look.AXIS_LINE,
        "linewidth": 1,
        "ticks": "",
        "ticklabelstandoff": 4,
        "minor": {"showgrid": False},
    }


def _place_x(picture: Picture, x: float) -> float:
    """Plotly places annotations on a log axis by the logarithm."""
    return math.log10(x) if picture.x.log else x


def _text(picture: Picture, text: Text) -> list[dict[str, Any]]:
    written = {
        "x": _place_x(picture, text.x),
        "y": text.y,
        "xref": "x",
        "yref": "y",
        "xshift": text.dx,
        "yshift": text.dy,
        "text": f"<b>{text.text}</b>" if text.bold else text.text,
        "font": {"size": text.size, "color": text.colour},
        "showarrow": False,
        "xanchor": "center",
        "yanchor": "middle",
    }
    if not text.leader:
        return [written]
    # An arrow without a head, from the label's nearer long side to the point.
    side = -1 if text.dy > 0 else 1
    leader = {
        "x": written["x"],
        "y": text.y,
        "xref": "x",
        "yref": "y",
        "ax": text.dx,
        "ay": -(text.dy + side * text.size * 0.65),
        "text": "",
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": look.LEADER_WIDTH,
        "arrowcolor": text.colour,
    }
    return [leader, written]


def _arrow(picture: Picture, span: Span) -> dict[str, Any]:
    return {
        "x": _place_x(picture, span.stop),
        "y": span.y,
        "ax": _place_x(picture, span.start),
        "ay": span.y,
        "xref": "x",
        "yref": "y",
        "axref": "x",
        "ayref": "y",
        "text": "",
        "showarrow": True,
        "arrowhead": 4,
        "arrowsize": 1.1,
        "arrowwidth": 1.4,
        "arrowcolor": look.INK,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": rule.y,
        "y1": rule.y,
        "line": {
            "color": look.MUTED,
            "width": look.WHISKER_WIDTH,
            "dash": _DASHES["dash" if rule.dashed else "solid"],
        },
        "layer": "between",
    }


def _rule_text(rule: Rule) -> dict[str, Any]:
    return {
        "x": 1,
        "y": rule.y,
        "xref": "paper",
        "yref": "y",
        "yshift": 10,
        "text": rule.text,
        "font": {"size": look.NOTE_SIZE, "color": look.MUTED},
        "showarrow": False,
        "xanchor": "right",
    }


def _margin_texts(picture: Picture) -> list[dict[str, Any]]:
    def write(
        text: str, x: float, y: float, size: float, colour: str, dx: float, dy: float, **how: Any
    ) -> dict[str, Any]:
        return {
            "x": x, "y": y, "xref": "paper", "yref": "paper", "xshift": dx, "yshift": dy,
            "text": text, "font": {"size": size, "color": colour}, "showarrow": False,
            "xanchor": "left", "yanchor": "middle", "align": "left",
        } | how  # fmt: skip

    title = f"<b>{picture.title}</b>"
    found = [
        write(title, 0, 1, look.TITLE_SIZE, look.INK, 0, 52),
        write(picture.subtitle, 0, 1, look.SUBTITLE_SIZE, look.MUTED, 0, 29),
        write(
            picture.x.title, 0.5, 0, look.AXIS_SIZE, look.INK, 0, -look.AXIS_TITLE,
            xanchor="center",
        ),
        write(
            picture.y.title, 0, 0.5, look.AXIS_SIZE, look.INK, 18 - look.LEFT, 0,
            xanchor="center", textangle=-90,
        ),
    ]  # fmt: skip
    found += [
        write(line, 0, 0, look.NOTE_SIZE, look.MUTED, 0, -look.NOTE - look.NOTE_LINE * i)
        for i, line in enumerate(note_lines(picture.note))
    ]
    if picture.simulated:
        found.append(
            write(
                "<b>SIMULATED MODEL</b>", 1, 1, look.TAG_SIZE, look.TAG, 0, 52,
                xanchor="right", bordercolor=look.TAG, borderwidth=1.2, borderpad=4,
            )
        )  # fmt: skip
    return found
