"""The one look of every figure: sizes in pixels, colours, markers, dashes.

Colours are from palettes that colour-blind readers can tell apart, and differ in lightness;
marker and dash repeat the distinction for readers without colour. Every colour has a contrast of
at least 4.5 to 1 on white, since labels are written in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WIDTH: Final = 800
LEFT: Final = 70
RIGHT: Final = 168
"""Room for the labels beside the axes."""
TOP: Final = 68
AXES_HEIGHT: Final = 330
AXIS_TITLE: Final = 42
"""From the axes down to the middle of the axis title."""
NOTE: Final = 70
"""From the axes down to the middle of the note's first line."""
NOTE_LINE: Final = 15
DOTS_PER_INCH: Final = 100
"""Pixels of the sizes above per inch on paper."""

FILE_FONT: Final = "DejaVu Sans"
"""Of files: it comes with matplotlib, so a figure is the same to the byte on every machine."""
FONTS: Final = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
"""Of the browser, the first that it has."""
TITLE_SIZE: Final = 15
SUBTITLE_SIZE: Final = 12.5
AXIS_SIZE: Final = 13
TICK_SIZE: Final = 12
LABEL_SIZE: Final = 12.5
NOTE_SIZE: Final = 11

INK: Final = "#1A1A1A"
MUTED: Final = "#5C5C5C"
GRID: Final = "#E4E4E4"
AXIS_LINE: Final = "#8A8A8A"
PAPER: Final = "#FFFFFF"
TAG: Final = "#9B1C1C"
TAG_TEXT: Final = "SIMULATED MODEL"
NOTHING: Final = "nothing to show yet"

LINE_WIDTH: Final = 2.2
WHISKER_WIDTH: Final = 1.3
MARKER_SIZE: Final = 9.0
HOLLOW_EDGE: Final = 1.8
SHADE_OPACITY: Final = 0.13


@dataclass(frozen=True, slots=True)
class Style:
    """How a series looks.

    Attributes:
        colour: Hex colour of line, marker and label.
        marker: Key of `MARKERS`.
        dash: "solid", "dash", "dot" or "dashdot".
    """

    colour: str
    marker: str = "circle"
    dash: str = "solid"


FLOORS: Final = ("cross", "diamond", "triangle", "pentagon", "square")
"""Markers of floors, which nothing else tells apart."""

STYLES: Final = {
    "baseline": Style("#B84E05", "square", "dash"),
    "sleep": Style("#0B4A94", "circle"),
    "context_only": Style("#6B6B6B", "cross", "dot"),
    "pass": Style("#7D55A8", "diamond", "dashdot"),
    "majority": Style("#A8325C", "triangle", "dot"),
    "mark": Style("#1A1A1A", "diamond"),
    "placebo_same": Style("#8A6D00", "triangle"),
    "placebo_other": Style("#A8325C", "down"),
    "notes_only": Style("#1B7A3D", "diamond"),
    "filler": Style("#6B6B6B", "cross"),
    "bare": Style("#007A78", "pentagon"),
    "oracle": Style("#1A1A1A", "star"),
    "sleep_long": Style("#7D55A8", "hexagon"),
    "scale-0": Style("#127C9B", "circle"),
    "scale-1": Style("#2C62B4", "triangle", "dash"),
    "scale-2": Style("#4B3B98", "diamond", "dashdot"),
    "scale-3": Style("#6A1F5E", "down", "dot"),
    "scale-4": Style("#1C1038", "pentagon"),
    **{f"floor-{i}": Style("#6B6B6B", marker, "dot") for i, marker in enumerate(FLOORS)},
}

MARKERS: Final = {
    "circle": ("o", "circle", "●", 1.0),
    "square": ("s", "square", "■", 0.9),
    "triangle": ("^", "triangle-up", "▲", 1.12),
    "diamond": ("D", "diamond", "◆", 0.9),
    "pentagon": ("p", "pentagon", "⬟", 1.17),
    "cross": ("X", "x", "✖", 1.0),
    "down": ("v", "triangle-down", "▼", 1.12),
    "star": ("*", "star", "★", 1.5),
    "hexagon": ("h", "hexagon", "⬢", 1.15),
}
"""Markers for matplotlib, for plotly and as characters, and their size beside a circle's."""

DASHES: Final = {
    "solid": ("solid", "solid"),
    "dash": ((0, (4.2, 2.2)), "9px,5px"),
    "dot": ((0, (1.2, 1.8)), "2.5px,4px"),
    "dashdot": ((0, (5, 2, 1.2, 2)), "11px,4px,2.5px,4px"),
}
"""Dashes for matplotlib, in line widths, and for plotly."""

SCALE: Final = ("scale-0", "scale-1", "scale-2", "scale-3", "scale-4")
"""Styles for growing amounts of sleep-time compute, light to dark."""


def ramp(count: int) -> tuple[str, ...]:
    """Style keys for `count` growing amounts, light to dark; alone it is the sleep arm's own.

    With more amounts than styles the last style is shared: more cannot be told apart anyway.
    """
    if count <= 1:
        return ("sleep",) * count
    skip = {2: (0, 2), 3: (0, 1, 4), 4: (0, 1, 2, 4)}.get(count, range(count))
    return tuple(SCALE[min(i, len(SCALE) - 1)] for i in skip)


def floor(place: int) -> str:
    """Style key of a floor by its place among them."""
    return f"floor-{place % len(FLOORS)}"
