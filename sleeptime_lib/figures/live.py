"""Pictures as plotly figures: one or several beside each other, drawn again as rows arrive.

A figure is as wide as its cell. Names stand in a legend above the axes, so that nothing has to
be placed again when numbers move.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import anywidget
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

from sleeptime_lib.figures import look
from sleeptime_lib.figures.picture import (
    Axis,
    Picture,
    Series,
    Shade,
    Span,
    Whisker,
    free_place,
    printable,
)

TOP: Final = 92
BOTTOM: Final = 66
LEFT: Final = 64
RIGHT: Final = 22
GAP: Final = 0.14
"""Between pictures beside each other, as a share of the width."""
CHARACTERS: Final = 84
"""Of a line of text that still fits a cell of 700 pixels."""
LEGEND: Final = 60
"""Characters in a row of it."""
CHARACTER: Final = 0.0135
"""Width of a bold character, as a share of axes of 560 pixels."""
LINE: Final = 0.05
"""Height of a line of text, as a share of the axes."""
KEPT: Final = 0.4
"""An axis stays as it is while what it has to show takes up at least so much of it."""

# JupyterLab's dark theme: the same plot with its lightness turned over, hues kept.
_CSS: Final = """
.sleeptime-plot { outline: 1px solid var(--jp-border-color2, #e0e0e0); outline-offset: -1px;
  overflow: hidden; }
[data-jp-theme-light="false"] .sleeptime-plot .svg-container {
  filter: invert(0.93) hue-rotate(180deg); }
"""
_MODE_BAR: Final = ("sendChartToCloud", "select2d", "lasso2d", "autoScale2d")
_VIEW: Final = """
function render({ model, el }) {
  el.classList.add("sleeptime-plot");
  const plot = el.appendChild(document.createElement("div"));
  let width = 0;
  const draw = () => {
    const { data, layout } = structuredClone(model.get("picture"));
    if (width) Plotly.react(plot, data, { ...layout, width }, { displaylogo: false });
  };
  // A view is made before it has a place in the page, and its cell may change its width.
  const watch = new ResizeObserver(() => {
    if (width !== el.clientWidth) { width = el.clientWidth; draw(); }
  });
  watch.observe(el);
  model.on("change:picture", draw);
  return () => { watch.disconnect(); model.off("change:picture", draw); Plotly.purge(plot); };
}
export default { render };
"""


def _module() -> str:
    """Plotly and the view as one module; the bundle would else look for a loader in the page."""
    kept = "const module = { exports: {} };"
    return f"const Plotly = (() => {{ {kept} {get_plotlyjs()}; return module.exports; }})();{_VIEW}"


class LivePlot(anywidget.AnyWidget):
    """Pictures beside each other in a notebook, in JupyterLab's theme; `draw` shows others.

    It sends whole pictures and hears nothing back, so that a page that is opened again shows what
    was drawn last.

    Args:
        pictures: What it shows at first.
    """

    _esm = _module()
    _css = _CSS
    picture = traitlets.Dict().tag(sync=True)

    def __init__(self, *pictures: Picture) -> None:
        super().__init__(picture=_drawn(pictures))

    def draw(self, *pictures: Picture) -> None:
        """Show other pictures of the same kinds.

        Axes that showed something stay while they hold what is to be shown without wasting most of
        their length.

        Args:
            pictures: As many as before.
        """
        new, before = _drawn(pictures), self.picture
        if any(trace["x"] for trace in before["data"]):
            for name, axis in new["layout"].items():
                if name.startswith(("xaxis", "yaxis")):
                    _keep(before["layout"][name], axis)
        self.picture = new


def escape(text: str) -> str:
    """A text that plotly shows as it is: no tags, no entities, no formulas."""
    return html.escape(printable(text), quote=False).replace("$", "&#36;")


def to_plotly(*pictures: Picture) -> go.Figure:
    """Draw pictures beside each other in one figure, as wide as where it is shown."""
    return go.Figure(_drawn(pictures))


def _drawn(pictures: tuple[Picture, ...]) -> dict[str, Any]:
    return {"data": list(_traces(pictures)), "layout": _layout(pictures)}


def _keep(drawn: dict[str, Any], axis: dict[str, Any]) -> None:
    """Leave an axis as it was drawn if it still serves."""
    (low, high), (start, stop) = drawn["range"], axis["range"]
    if low <= start and stop <= high and stop - start >= KEPT * (high - low):
        axis.update({key: drawn[key] for key in ("range", "tickvals", "ticktext")})


def _traces(pictures: tuple[Picture, ...]) -> Iterator[dict[str, Any]]:
    named: set[str] = set()
    for i, picture in enumerate(pictures):
        number = str(i + 1) if i else ""
        for trace in _of_picture(picture):
            trace["meta"] = f"{i}:{trace['meta']}"
            trace["showlegend"] = bool(trace.get("name")) and trace["name"] not in named
            named.add(trace.get("name", ""))
            yield trace | {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _of_picture(picture: Picture) -> Iterator[dict[str, Any]]:
    for shade in picture.shades:
        yield _area(f"shade-{shade.style}", shade)
    for series in picture.series:
        if series.limits == "band":
            w = list(picture.whiskers(series))
            x, low, high = ([v.x for v in w], [v.low for v in w], [v.high for v in w])
            around = (*x, *reversed(x)), (*low, *reversed(high))
            yield _area(f"band-{series.name}", Shade(series.style, *around))
    for series in picture.series:
        yield _line(picture, series)
    ends = [
        (w.x, y, head, look.STYLES[series.style].colour)
        for series in picture.series
        if series.limits == "whiskers"
        for w in picture.whiskers(series)
        for cut, y, head in ((w.cut_low, w.low, "▼"), (w.cut_high, w.high, "▲"))
        if cut
    ]
    yield {
        "meta": "cut", "x": [end[0] for end in ends], "y": [end[1] for end in ends],
        "text": [end[2] for end in ends], "mode": "text", "cliponaxis": False,
        "textfont": {"color": [end[3] for end in ends] or None, "size": 11},
        "hoverinfo": "skip", "visible": True,
    }  # fmt: skip


def _area(name: str, shade: Shade) -> dict[str, Any]:
    red, green, blue = (int(look.STYLES[shade.style].colour[i : i + 2], 16) for i in (1, 3, 5))
    return {
        "meta": name, "x": shade.x, "y": shade.y, "fill": "toself", "mode": "lines",
        "line": {"width": 0}, "fillcolor": f"rgba({red},{green},{blue},{look.SHADE_OPACITY})",
        "hoverinfo": "skip", "visible": True,
    }  # fmt: skip


def _line(picture: Picture, series: Series) -> dict[str, Any]:
    style = look.STYLES[series.style]
    _, marker, _, scale = look.MARKERS[style.marker]
    dash = look.DASHES[style.dash][1]
    hollow = series.hollow or (False,) * len(series.x)
    whiskers = picture.whiskers(series) if series.limits == "whiskers" else ()
    level = picture.level_whiskers(series)
    return {
        "meta": series.name,
        "name": escape(series.label),
        "legendgroup": escape(series.label),
        "visible": bool(series.x),
        "x": series.x,
        "y": series.y,
        "mode": "+".join(["lines"] * series.joined + ["markers"] * series.marked),
        "line": {"color": style.colour, "width": look.LINE_WIDTH, "dash": dash},
        "marker": {
            "symbol": marker,
            "size": look.MARKER_SIZE * scale,
            "color": [look.PAPER if h else style.colour for h in hollow],
            "line": {
                "color": [style.colour if h else look.PAPER for h in hollow],
                "width": [look.HOLLOW_EDGE if h else 1.0 for h in hollow],
            },
        },
        "cliponaxis": False,
        "hovertext": list(map(_lines, series.hover)),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "error_x": _reach(series.x, level, style.colour),
        "error_y": _reach(series.y, whiskers, style.colour),
    }  # fmt: skip


def _reach(values: Sequence[float], whiskers: Iterable[Whisker], colour: str) -> dict[str, Any]:
    """How far whiskers go from the values of points; nowhere from one without."""
    own = {w.point: w for w in whiskers}
    ends = [
        (own[i].high - value, value - own[i].low) if i in own else (0.0, 0.0)
        for i, value in enumerate(values)
    ]
    return {
        "type": "data", "symmetric": False, "array": [more for more, _ in ends],
        "arrayminus": [less for _, less in ends], "thickness": look.WHISKER_WIDTH, "width": 0,
        "color": colour,
    }  # fmt: skip


def _layout(pictures: tuple[Picture, ...]) -> dict[str, Any]:
    count = len(pictures)
    note = _wrapped(pictures[0].note) if count == 1 else ""
    # The legend takes more rows in a narrow cell.
    words = sum(len(s.label) + 8 for p in pictures[:1] for s in p.series)
    rows = 20 * max(math.ceil(words / LEGEND) - 1, 0)
    below = BOTTOM + (look.NOTE_LINE * (note.count("\n") + 2) if note else 0)
    layout: dict[str, Any] = {
        "height": TOP + rows + look.AXES_HEIGHT + below,
        "autosize": True,
        # A reader's zoom outlives new rows.
        "uirevision": "kept",
        "margin": {"l": LEFT, "r": RIGHT, "t": TOP + rows, "b": below, "autoexpand": False},
        "paper_bgcolor": look.PAPER,
        "plot_bgcolor": look.PAPER,
        "font": {"family": look.FONTS, "color": look.INK, "size": look.TICK_SIZE},
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1 + 4 / look.AXES_HEIGHT,
            "yanchor": "bottom", "font": {"size": look.LABEL_SIZE}, "itemwidth": 36,
            "bgcolor": "rgba(0,0,0,0)",
        },
        "hovermode": "closest",
        "modebar": {"remove": list(_MODE_BAR), "bgcolor": "rgba(0,0,0,0)"},
        "shapes": [],
        "annotations": [],
    }  # fmt: skip
    width = (1 - GAP * (count - 1)) / count
    for i, picture in enumerate(pictures):
        number, start = str(i + 1) if i else "", i * (width + GAP)
        layout[f"xaxis{number}"] = {
            **_axis(picture.x, narrow=count > 1), "domain": [start, start + width],
            "anchor": f"y{number}", "showline": True,
        }  # fmt: skip
        vertical = _axis(picture.y, narrow=False)
        layout[f"yaxis{number}"] = {**vertical, "anchor": f"x{number}"}
        layout["shapes"] += [
            {
                "type": "line", "xref": "paper", "yref": f"y{number}", "x0": start,
                "x1": start + width, "y0": rule.y, "y1": rule.y, "layer": "between",
                "line": {"color": look.MUTED, "width": look.WHISKER_WIDTH,
                         "dash": look.DASHES["dash" if rule.dashed else "solid"][1]},
            }
            for rule in picture.rules
        ]  # fmt: skip
        layout["annotations"] += _inside(picture, number)
    layout["annotations"] += _margins(pictures, [i * (width + GAP) for i in range(count)], rows)
    return layout


def _margins(
    pictures: tuple[Picture, ...], starts: list[float], rows: int
) -> Iterator[dict[str, Any]]:
    """Titles, the simulated mark and, of a picture alone, where, by whom and the note.

    Beside another picture there is no room for where and by whom.
    """
    alone = len(pictures) == 1
    size, up = (look.TITLE_SIZE, 76 + rows) if alone else (look.AXIS_SIZE, 50)
    for picture, start in zip(pictures, starts, strict=True):
        what = picture.title.partition(": ")[0]
        yield _text(_lines(what, bold=True), size, look.INK, start, up)
    simulated = any(p.simulated for p in pictures)
    up = 53 + rows if alone else 76
    yield _text(_lines(look.TAG_TEXT, bold=True), look.NOTE_SIZE, look.TAG, 0, up) | {
        "bordercolor": look.TAG, "borderwidth": 1.2, "borderpad": 2, "xshift": 4,
        "visible": simulated,
    }  # fmt: skip
    if alone:
        (picture,) = pictures
        where = picture.title.partition(": ")[2]
        said = " · ".join(part for part in (where, picture.subtitle) if part)
        # Beside the mark, never below it.
        shift = {"xshift": 138 if simulated else 0}
        yield _text(_lines(said), look.TICK_SIZE, look.MUTED, 0, up) | shift
        note = _text(_lines(_wrapped(picture.note)), look.NOTE_SIZE, look.MUTED, 0, -BOTTOM)
        yield note | {"y": 0, "yanchor": "top"}


def _wrapped(text: str, characters: int = CHARACTERS) -> str:
    return "\n".join(textwrap.wrap(printable(text), characters))


def _lines(text: str, *, bold: bool = False) -> str:
    """Lines of text, separated by newlines, as plotly writes them."""
    lines = "<br>".join(map(escape, text.split("\n")))
    return f"<b>{lines}</b>" if bold else lines


def _axis(axis: Axis, *, narrow: bool) -> dict[str, Any]:
    ends = (axis.low, axis.high)
    step = 2 if narrow and len(axis.ticks) > 6 else 1
    return {
        "type": "log" if axis.log else "linear",
        "range": [math.log10(v) for v in ends] if axis.log else list(ends),
        "tickmode": "array",
        "tickvals": list(axis.ticks[::step]),
        "ticktext": [escape(text) for text in axis.texts[::step]],
        "tickangle": 0,
        "tickfont": {"size": look.TICK_SIZE, "color": look.MUTED},
        "gridcolor": look.GRID,
        "zeroline": False,
        "linecolor": look.AXIS_LINE,
        "ticks": "",
        "ticklabelstandoff": 4,
        "title": {
            "text": _lines(_wrapped(axis.title, 42 if narrow else 60)),
            "font": {"size": look.AXIS_SIZE},
            "standoff": 8,
        },
    }


def _inside(picture: Picture, number: str) -> list[dict[str, Any]]:
    """The arrow, its text, and what stands in empty axes: always three, so that they can change."""
    axes = {"xref": f"x{number}", "yref": f"y{number}"}
    span = picture.span or Span(picture.x.high, picture.x.high, picture.y.high, "")
    shown = picture.span is not None
    # Plotly places annotations on a log axis by the logarithm.
    start, stop = (math.log10(v) if picture.x.log else v for v in (span.start, span.stop))
    lines = span.text.split("\n")
    wide, tall = CHARACTER * max(map(len, lines)), LINE * len(lines)
    x, y = free_place(picture, span, wide, tall) if shown else (0.0, 0.0)
    return [
        axes | {
            "x": stop, "y": span.y, "ax": start, "ay": span.y, "axref": axes["xref"],
            "ayref": axes["yref"], "text": "", "showarrow": True, "arrowhead": 4,
            "arrowwidth": 1.6, "arrowcolor": look.INK, "visible": shown,
        },
        axes | {
            "x": _at(picture.x, x), "y": _at(picture.y, y),
            "showarrow": False, "xanchor": "left", "yanchor": "bottom",
            "text": _lines(span.text, bold=True), "font": {"color": look.INK},
            "align": "left", "bgcolor": "rgba(255,255,255,0.75)", "visible": shown,
        },
        {
            "xref": f"x{number} domain", "yref": f"y{number} domain", "x": 0.5, "y": 0.5,
            "text": look.NOTHING, "showarrow": False, "font": {"color": look.MUTED},
            "visible": not (picture.series or picture.shades),
        },
    ]  # fmt: skip


def _at(axis: Axis, share: float) -> float:
    """Where plotly places an annotation that is at a share of an axis."""
    low, high = (math.log10(v) if axis.log else v for v in (axis.low, axis.high))
    return low + share * (high - low)


def _text(text: str, size: float, colour: str, x: float, up: float) -> dict[str, Any]:
    """A text in the margin: x as a share of the width, so many pixels above the axes."""
    return {
        "text": text, "x": x, "y": 1, "xref": "paper", "yref": "paper", "yshift": up,
        "showarrow": False, "xanchor": "left", "yanchor": "middle", "align": "left",
        "font": {"size": size, "color": colour},
    }  # fmt: skip
