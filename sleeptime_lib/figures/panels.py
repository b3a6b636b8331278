"""Two pictures beside each other in one figure that sliders can redraw within a frame or two.

The full layout of a picture looks for the best place of every label, which takes longer than a
slider may. Here a label stands at the end of its line, and an update sends numbers only. A panel
holds at most one series of each style and one shade.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from sleeptime_lib.figures import look
from sleeptime_lib.figures.picture import Picture, Series, Shade
from sleeptime_lib.figures.plotly_renderer import axis_layout, series_trace, shade_trace

STYLES: Final = ("baseline", "sleep", "mark")
WIDTH: Final = 930
HEIGHT: Final = 400
GAP: Final = 0.09
"""Between the panels, as a share of the width."""


def panels(pictures: Sequence[Picture]) -> go.Figure:
    """Draw pictures beside each other, for `refresh_panels` to change."""
    titles = [t for i, picture in enumerate(pictures) for t in _titles(picture, i, len(pictures))]
    layout: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "margin": {"l": look.LEFT, "r": look.RIGHT, "t": 56, "b": 62, "pad": 0},
        "paper_bgcolor": look.PAPER,
        "plot_bgcolor": look.PAPER,
        "font": {
            "family": ", ".join(look.FONTS) + ", sans-serif",
            "color": look.INK,
            "size": look.TICK_SIZE,
        },
        "showlegend": False,
        "hovermode": "closest",
        "annotations": titles,
    }
    traces = []
    for i, picture in enumerate(pictures):
        number = "" if i == 0 else str(i + 1)
        start, stop = _domain(i, len(pictures))
        layout[f"xaxis{number}"] = {
            **axis_layout(picture.x, line=True), "domain": [start, stop], "anchor": f"y{number}",
            "title": {"text": picture.x.title, "font": {"size": look.AXIS_SIZE}, "standoff": 12},
        }  # fmt: skip
        layout[f"yaxis{number}"] = {
            **axis_layout(picture.y, line=False), "anchor": f"x{number}",
            "title": {"text": picture.y.title, "font": {"size": look.AXIS_SIZE}, "standoff": 10},
        }  # fmt: skip
        for trace in _traces(picture):
            traces.append(trace.update(xaxis=f"x{number}", yaxis=f"y{number}"))
    return go.Figure(data=traces, layout=layout)


def refresh_panels(figure: go.Figure, pictures: Sequence[Picture]) -> None:
    """Show other pictures of the same kinds, in one message.

    Args:
        figure: Made by `panels`, or a FigureWidget around it.
        pictures: As many as it was made of.
    """
    parts = [part for picture in pictures for part in _parts(picture)]
    restyle = {key: [part[key] for part in parts] for key in parts[0]}
    relayout: dict[str, Any] = {}
    for i, picture in enumerate(pictures):
        number = "" if i == 0 else str(i + 1)
        for name, axis in ((f"xaxis{number}", picture.x), (f"yaxis{number}", picture.y)):
            drawn = axis_layout(axis, line=True)
            relayout |= {f"{name}.{key}": drawn[key] for key in ("range", "tickvals", "ticktext")}
            relayout[f"{name}.title.text"] = axis.title
    figure.plotly_update(restyle, relayout)


def _parts(picture: Picture) -> list[dict[str, Any]]:
    """What changes in the traces of a picture: its shade, then one series of each style."""
    shade = next(iter(picture.shades), None)
    x, y = (list(shade.x), list(shade.y)) if shade else ([], [])
    return [_changing(x, y), *(_of_series(_find(picture, style)) for style in STYLES)]


def _of_series(series: Series) -> dict[str, Any]:
    more = [_known(h - v) for h, v in zip(series.high, series.y, strict=True)]
    less = [_known(v - low) for v, low in zip(series.y, series.low, strict=True)]
    # A baseline is named at its beginning, where the other line is far; others at their end.
    named = 0 if series.style == "baseline" else len(series.x) - 1
    said = [series.label if i == named else "" for i in range(len(series.x))]
    changing = _changing(list(series.x), list(series.y), more, less, list(series.hover), said)
    return changing | {"textposition": _side(series)}


def _side(series: Series) -> str:
    """Where a line's name stands beside its point: off the line."""
    if series.style == "mark":
        return "top right"
    rises = not series.y or series.y[-1] >= series.y[0]
    if series.style == "baseline":
        return "bottom right" if rises else "top right"
    return "top left" if rises else "bottom left"


def _changing(
    x: list[float],
    y: list[float],
    more: Sequence[float] = (),
    less: Sequence[float] = (),
    hover: Sequence[str] = (),
    text: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "x": x, "y": y, "error_y.array": more, "error_y.arrayminus": less, "hovertext": hover,
        "text": text, "textposition": "top left",
    }  # fmt: skip


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _traces(picture: Picture) -> list[go.Scatter]:
    shade = shade_trace(Shade("shade", "sleep", (), ()))
    found = [shade]
    for style in STYLES:
        trace = series_trace(_find(picture, style))
        trace.update(
            mode="lines+markers+text",
            textfont={"size": look.LABEL_SIZE, "color": look.STYLES[style].colour, "weight": 700},
            # Numbers of points change: one colour for all of them.
            marker_color=look.STYLES[style].colour,
            marker_line={"color": look.PAPER, "width": 1.0},
            hovertemplate="%{hovertext}<extra></extra>",
        )
        found.append(trace)
    return [t.update(p) for t, p in zip(found, _parts(picture), strict=True)]


def _find(picture: Picture, style: str) -> Series:
    """The series of a style, or an empty one."""
    empty = Series(style, "", style, (), (), (), (), ())
    return next((s for s in picture.series if s.style == style), empty)


def _domain(index: int, count: int) -> tuple[float, float]:
    width = (1 - GAP * (count - 1)) / count
    return index * (width + GAP), index * (width + GAP) + width


def _titles(picture: Picture, index: int, count: int) -> list[dict[str, Any]]:
    start, stop = _domain(index, count)
    base = {"xref": "paper", "yref": "paper", "y": 1, "yshift": 30, "showarrow": False}
    found = [
        base
        | {
            "x": start,
            "xanchor": "left",
            "text": f"<b>{picture.title}</b>",
            "font": {"size": 15, "color": look.INK},
        }
    ]
    if picture.simulated and index == count - 1:
        found.append(
            base
            | {
                "x": stop,
                "xanchor": "right",
                "text": "<b>SIMULATED MODEL</b>",
                "font": {"size": look.TAG_SIZE, "color": look.TAG},
                "bordercolor": look.TAG,
                "borderwidth": 1.2,
                "borderpad": 4,
            }
        )
    return found
