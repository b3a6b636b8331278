"""The one look of every figure: sizes in pixels, colours, markers, dashes.

Colours are from palettes that colour-blind readers can tell apart, and differ in lightness;
marker and dash repeat the distinction for readers without colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WIDTH: Final = 760
LEFT: Final = 72
RIGHT: Final = 28
TOP: Final = 78
AXES_WIDTH: Final = WIDTH - LEFT - RIGHT
AXES_HEIGHT: Final = 324
AXIS_TITLE: Final = 42
"""From the axes down to the middle of the axis title."""
NOTE: Final = 68
"""From the axes down to the middle of the note's first line."""
NOTE_LINE: Final = 14
NOTE_LINES: Final = 3
"""Lines of the note that always have room; a longer note makes the figure taller."""
DOTS_PER_INCH: Final = 100
"""Pixels of the sizes above per inch on paper."""

FILE_FONT: Final = "DejaVu Sans"
"""Of files: it comes with matplotlib, so a figure is the same to the byte on every machine."""
FONTS: Final = ("Helvetica", "Arial", "Liberation Sans", FILE_FONT)
"""Of the browser, the first that it has."""
TITLE_SIZE: Final = 17
SUBTITLE_SIZE: Final = 13
AXIS_SIZE: Final = 13
TICK_SIZE: Final = 12
LABEL_SIZE: Final = 13
SPAN_SIZE: Final = 12
NOTE_SIZE: Final = 10.5
TAG_SIZE: Final = 12

INK: Final = "#1A1A1A"
MUTED: Final = "#5C5C5C"
GRID: Final = "#E4E4E4"
AXIS_LINE: Final = "#8A8A8A"
PAPER: Final = "#FFFFFF"
TAG: Final = "#9B1C1C"

LINE_WIDTH: Final = 2.2
WHISKER_WIDTH: Final = 1.3
LEADER_WIDTH: Final = 0.8
MARKER_SIZE: Final = 9.0
HOLLOW_EDGE: Final = 1.8
SHADE_OPACITY: Final = 0.13


@dataclass(frozen=True, slots=True)
class Style:
    """How a series looks.

    Attributes:
        colour: Hex colour of line, marker and label.
        marker: "circle", "square", "triangle", "diamond", "pentagon" or "cross".
        dash: "solid", "dash", "dot" or "dashdot".
    """

    colour: str
    marker: str = "circle"
    dash: str = "solid"


STYLES: Final = {
    "baseline": Style("#C9580A", "square", "dash"),
    "sleep": Style("#0B4A94", "circle"),
    "context_only": Style("#707070", "cross", "dot"),
    "pass": Style("#8C6BB1", "diamond", "dashdot"),
    "budget-0": Style("#8FB8A8", "triangle", "dot"),
    "budget-1": Style("#4E8D77", "diamond", "dash"),
    "budget-2": Style("#1D5543", "pentagon", "dashdot"),
    "mark": Style("#1A1A1A", "diamond"),
    "scale-0": Style("#5B9BD0", "circle"),
    "scale-1": Style("#2F78BA", "triangle"),
    "scale-2": Style("#114F94", "diamond"),
    "scale-3": Style("#06204D", "pentagon"),
}

GLYPHS: Final = {
    "circle": "●",
    "square": "■",
    "triangle": "▲",
    "diamond": "◆",
    "pentagon": "⬟",
    "cross": "✖",
}
"""Markers as characters, for labels."""

SCALE: Final = ("scale-0", "scale-1", "scale-2", "scale-3")
"""Styles for growing amounts of sleep-time compute, light to dark."""


def ramp(count: int) -> tuple[str, ...]:
    """Style keys for `count` growing amounts, light to dark; alone it is the sleep arm's own.

    With more amounts than styles the last style is shared: more cannot be told apart anyway.
    """
    if count <= 1:
        return ("sleep",) * count
    skip = {2: (0, 2), 3: (0, 1, 3)}.get(count, range(count))
    return tuple(SCALE[min(i, len(SCALE) - 1)] for i in skip)
