"""A picture drawn by matplotlib, for PNG, SVG and PDF files. Needs no browser and no display."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from sleeptime_lib.figures import look
from sleeptime_lib.figures.layout import Text, bottom, height, note_lines, place
from sleeptime_lib.figures.picture import Picture, Series

POINTS: Final = 72 / look.DOTS_PER_INCH
"""Typographic points per pixel."""


@cache
def settings() -> dict[Any, Any]:
    """Matplotlib settings of every figure, for drawing and for writing.

    Text stays text in SVG and PDF, and the same picture gives the same files.
    """
    return {
        "font.family": look.FILE_FONT,
        "svg.fonttype": "none",
        "svg.hashsalt": "sleeptime",
        "pdf.fonttype": 42,
    }


_MARKERS: Final = {
    "circle": ("o", 1.0),
    "square": ("s", 0.9),
    "triangle": ("^", 1.1),
    "diamond": ("D", 0.88),
    "pentagon": ("p", 1.18),
    "cross": ("X", 1.05),
}
_DASHES: Final = {
    "solid": "solid",
    "dash": (0, (4.2, 2.2)),
    "dot": (0, (1.2, 1.8)),
    "dashdot": (0, (5, 2, 1.2, 2)),
}


def draw(picture: Picture) -> Figure:
    """Draw a picture.

    Args:
        picture: What to draw.

    Returns:
        A figure of the standard width, not registered with pyplot.
    """
    with mpl.rc_context(settings()):
        tall, below = height(picture), bottom(picture)
        figure = Figure(
            figsize=(look.WIDTH / look.DOTS_PER_INCH, tall / look.DOTS_PER_INCH),
            dpi=look.DOTS_PER_INCH,
            facecolor=look.PAPER,
        )
        FigureCanvasAgg(figure)
        axes = figure.add_axes((
            look.LEFT / look.WIDTH,
            below / tall,
            look.AXES_WIDTH / look.WIDTH,
            look.AXES_HEIGHT / tall,
        ))  # fmt: skip
        _axes(axes, picture)
        _behind(axes, picture)
        for series in picture.series:
            _series(axes, series)
        _spans(axes, picture)
        _texts(figure, axes, picture)
    return figure


def _axes(axes: Axes, picture: Picture) -> None:
    axes.set_xscale("log" if picture.x.log else "linear")
    axes.set_yscale("log" if picture.y.log else "linear")
    for axis, spec in ((axes.xaxis, picture.x), (axes.yaxis, picture.y)):
        axis.set_major_locator(FixedLocator(spec.ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_ticklabels(spec.texts)
    axes.set_xlim(picture.x.low, picture.x.high)
    axes.set_ylim(picture.y.low, picture.y.high)
    axes.tick_params(
        length=0, pad=5 * POINTS, labelsize=look.TICK_SIZE * POINTS, labelcolor=look.MUTED
    )
    axes.grid(visible=True, color=look.GRID, linewidth=1 * POINTS)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(look.AXIS_LINE)
    axes.spines["bottom"].set_linewidth(1 * POINTS)


def _behind(axes: Axes, picture: Picture) -> None:
    for shade in picture.shades:
        axes.fill(
            shade.x,
            shade.y,
            color=look.STYLES[shade.style].colour,
            alpha=look.SHADE_OPACITY,
            linewidth=0,
        )
    for rule in picture.rules:
        axes.axhline(
            rule.y,
            color=look.MUTED,
            linewidth=look.WHISKER_WIDTH * POINTS,
            linestyle=_DASHES["dash" if rule.dashed else "solid"],
            zorder=1.5,
        )


def _series(axes: Axes, series: Series) -> None:
    style = look.STYLES[series.style]
    marker, scale = _MARKERS[style.marker]
    for x, low, high in zip(series.x, series.low, series.high, strict=True):
        if math.isfinite(low + high):
            axes.plot(
                (x, x),
                (low, high),
                color=style.colour,
                linewidth=look.WHISKER_WIDTH * POINTS,
                solid_capstyle="butt",
                zorder=2,
            )
    size = look.MARKER_SIZE * scale * POINTS
    axes.plot(
        series.x,
        series.y,
        color=style.colour,
        linestyle=_DASHES[style.dash],
        linewidth=look.LINE_WIDTH * POINTS,
        marker=marker,
        markersize=size,
        markeredgecolor=look.PAPER,
        markeredgewidth=1.0 * POINTS,
        zorder=3,
        clip_on=False,
    )
    hollow = [p for *p, h in zip(series.x, series.y, series.hollow, strict=False) if h]
    if hollow:
        axes.plot(
            *zip(*hollow, strict=True),
            linestyle="none",
            marker=marker,
            markersize=size - look.HOLLOW_EDGE * POINTS,
            markerfacecolor=look.PAPER,
            markeredgecolor=style.colour,
            markeredgewidth=look.HOLLOW_EDGE * POINTS,
            zorder=3,
            clip_on=False,
        )


def _spans(axes: Axes, picture: Picture) -> None:
    for span in picture.spans:
        axes.annotate(
            "",
            xy=(span.stop, span.y),
            xytext=(span.start, span.y),
            arrowprops={
                "arrowstyle": "->,head_length=0.32,head_width=0.18",
                "color": look.INK,
                "linewidth": 1.4 * POINTS,
                "shrinkA": 0,
                "shrinkB": 0,
            },
            zorder=4,
        )


def _leader(text: Text) -> dict[str, Any]:
    """A thin line from the label's nearer long side to its point."""
    return {
        "arrowstyle": "-",
        "color": text.colour,
        "linewidth": look.LEADER_WIDTH * POINTS,
        "relpos": (0.5, 0.0 if text.dy > 0 else 1.0),
        "shrinkA": 0,
        "shrinkB": 0,
    }


def _texts(figure: Figure, axes: Axes, picture: Picture) -> None:
    for text in place(picture):
        axes.annotate(
            text.text,
            xy=(text.x, text.y),
            xytext=(text.dx * POINTS, text.dy * POINTS),
            textcoords="offset points",
            ha="center",
            va="center",
            color=text.colour,
            fontsize=text.size * POINTS,
            fontweight="bold" if text.bold else "normal",
            annotation_clip=False,
            arrowprops=_leader(text) if text.leader else None,
            zorder=5,
        )
    for rule in picture.rules:
        axes.annotate(
            rule.text,
            xy=(1, rule.y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3 * POINTS),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=look.MUTED,
            fontsize=look.NOTE_SIZE * POINTS,
        )

    tall, below = height(picture), bottom(picture)
    top = below + look.AXES_HEIGHT

    def write(text: str, x: float, y: float, size: float, colour: str, **how: Any) -> None:
        options: dict[str, Any] = {"va": "center", "ha": "left"} | how
        figure.text(
            x / look.WIDTH, y / tall, text, fontsize=size * POINTS, color=colour, **options
        )  # fmt: skip

    write(picture.title, look.LEFT, top + 52, look.TITLE_SIZE, look.INK, fontweight="bold")
    write(picture.subtitle, look.LEFT, top + 29, look.SUBTITLE_SIZE, look.MUTED)
    middle = look.LEFT + look.AXES_WIDTH / 2
    write(
        picture.x.title, middle, below - look.AXIS_TITLE, look.AXIS_SIZE, look.INK, ha="center"
    )  # fmt: skip
    write(
        picture.y.title, 18, below + look.AXES_HEIGHT / 2, look.AXIS_SIZE, look.INK,
        ha="center", rotation=90,
    )  # fmt: skip
    for i, line in enumerate(note_lines(picture.note)):
        place_y = below - look.NOTE - look.NOTE_LINE * i
        write(line, look.LEFT, place_y, look.NOTE_SIZE, look.MUTED)
    if picture.simulated:
        write(
            "SIMULATED MODEL", look.WIDTH - look.RIGHT - 6, top + 52, look.TAG_SIZE, look.TAG,
            ha="right", fontweight="bold",
            bbox={"boxstyle": "square,pad=0.35", "edgecolor": look.TAG, "facecolor": look.PAPER,
                  "linewidth": 1.2 * POINTS},
        )  # fmt: skip
