"""Pictures drawn by matplotlib, as files and as bytes. Needs no browser and no display.

All positions are in pixels of the standard size, from the lower left corner.
"""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator
from PIL import Image

from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.figures import look
from sleeptime_lib.figures.picture import Picture, Series, Span, free_place, printable

POINTS: Final = 72 / look.DOTS_PER_INCH
"""Typographic points per pixel."""
AXES_WIDTH: Final = look.WIDTH - look.LEFT - look.RIGHT
NOTE_CHARACTERS: Final = 112
LABEL_CHARACTERS: Final = 19
LABEL_LINE: Final = 16
_PUSHES: Final = 60
"""Rounds in which labels push each other apart."""
GAP: Final = 12
"""Between the axes and the labels beside them."""

SETTINGS: Final[dict[Any, Any]] = {
    "font.family": look.FILE_FONT,
    # Names hold dollar signs: no text is a formula.
    "text.parse_math": False,
    # Text stays text in SVG and PDF, and the same picture gives the same files.
    "svg.fonttype": "none",
    "svg.hashsalt": "sleeptime",
    "pdf.fonttype": 42,
}
_COLOURS: Final = 128


@dataclass(frozen=True, slots=True)
class Label:
    """A series' name beside the axes.

    Attributes:
        lines: Its text.
        colour: Its colour.
        y: Middle, pixels above the lower end of the axes.
        end: The last point of the series, pixels from the lower left corner of the axes.
    """

    lines: tuple[str, ...]
    colour: str
    y: float
    end: tuple[float, float]

    @property
    def height(self) -> float:
        """Pixels."""
        return float(LABEL_LINE * len(self.lines) + 4)


def labels(picture: Picture) -> list[Label]:
    """Names of the series in a column right of the axes, each as near to its line's end as fits.

    They start with the marker, so that they read without colour.
    """
    wanted = []
    for series in picture.series:
        if series.label and series.x:
            style = look.STYLES[series.style]
            text = f"{look.MARKERS[style.marker][2]} {series.label}"
            x, y = picture.x.share(series.x[-1]), picture.y.share(series.y[-1])
            end = (x * AXES_WIDTH, y * look.AXES_HEIGHT)
            parts = map(printable, text.split("\n"))
            lines = tuple(x for part in parts for x in textwrap.wrap(part, LABEL_CHARACTERS))
            wanted.append(Label(lines, style.colour, end[1], end))
    wanted.sort(key=lambda label: label.end[1], reverse=True)
    places = [label.y for label in wanted]
    for _ in range(_PUSHES if wanted else 0):
        for i, (above, under) in enumerate(pairwise(wanted)):
            push = max((above.height + under.height) / 2 - (places[i] - places[i + 1]), 0) / 2
            places[i] += push
            places[i + 1] -= push
        places[0] = min(places[0], look.AXES_HEIGHT - wanted[0].height / 2)
        places[-1] = max(places[-1], wanted[-1].height / 2)
    return [
        Label(label.lines, label.colour, y, label.end)
        for label, y in zip(wanted, places, strict=True)
    ]


def draw(picture: Picture) -> Figure:
    """Draw a picture.

    Returns:
        A figure of the standard width, as tall as its note needs, not registered with pyplot.
    """
    note = textwrap.wrap(printable(picture.note), NOTE_CHARACTERS)
    below = look.NOTE + look.NOTE_LINE * max(len(note), 1)
    tall = look.TOP + look.AXES_HEIGHT + below
    with mpl.rc_context(SETTINGS):
        size = (look.WIDTH / look.DOTS_PER_INCH, tall / look.DOTS_PER_INCH)
        figure = Figure(figsize=size, dpi=look.DOTS_PER_INCH, facecolor=look.PAPER)
        FigureCanvasAgg(figure)
        across, up = 1 / look.WIDTH, 1 / tall
        axes = figure.add_axes(
            (look.LEFT * across, below * up, AXES_WIDTH * across, look.AXES_HEIGHT * up)
        )
        _axes(axes, picture)
        _behind(axes, picture)
        for series in picture.series:
            _series(axes, picture, series)
        if picture.span:
            _span(figure, axes, picture, picture.span)
        paper = _Paper(figure, tall)
        _labels(paper, picture, below)
        _margins(paper, picture, below, note)
    return figure


@dataclass(frozen=True, slots=True)
class _Paper:
    """Where texts are written, in pixels."""

    figure: Figure
    tall: float

    def write(
        self, text: str, x: float, y: float, size: float, colour: str,
        room: float = look.WIDTH, **how: Any,
    ) -> None:  # fmt: skip
        """Write a text as it stands, smaller where `room` pixels do not hold it."""
        shown = printable(text)
        font = FontProperties(size=size * POINTS, weight=how.get("fontweight", "normal"))
        renderer = self.figure.canvas.get_renderer()  # type: ignore[attr-defined]
        width = renderer.get_text_width_height_descent(shown, font, ismath=False)[0]
        size *= min(1.0, room / max(width, 1.0))
        options: dict[str, Any] = {"va": "center", "ha": "left"} | how
        self.figure.text(
            x / look.WIDTH, y / self.tall, shown, fontsize=size * POINTS, color=colour, **options
        )


def _axes(axes: Axes, picture: Picture) -> None:
    axes.set_xscale("log" if picture.x.log else "linear")
    axes.set_yscale("log" if picture.y.log else "linear")
    for axis, spec in ((axes.xaxis, picture.x), (axes.yaxis, picture.y)):
        axis.set_major_locator(FixedLocator(spec.ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_ticklabels([printable(text) for text in spec.texts])
    axes.set_xlim(picture.x.low, picture.x.high)
    axes.set_ylim(picture.y.low, picture.y.high)
    axes.tick_params(
        length=0, pad=5 * POINTS, labelsize=look.TICK_SIZE * POINTS, labelcolor=look.MUTED
    )
    axes.grid(visible=True, color=look.GRID, linewidth=POINTS)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=look.AXIS_LINE, linewidth=POINTS)


def _behind(axes: Axes, picture: Picture) -> None:
    for shade in picture.shades:
        colour = look.STYLES[shade.style].colour
        axes.fill(shade.x, shade.y, color=colour, alpha=look.SHADE_OPACITY, linewidth=0)
    for rule in picture.rules:
        dash = look.DASHES["dash" if rule.dashed else "solid"][0]
        width = look.WHISKER_WIDTH * POINTS
        axes.axhline(rule.y, color=look.MUTED, linewidth=width, linestyle=dash, zorder=1.5)
    if not (picture.series or picture.shades):
        axes.text(
            0.5, 0.5, look.NOTHING, transform=axes.transAxes, ha="center",
            va="center", color=look.MUTED, fontsize=look.LABEL_SIZE * POINTS, zorder=5,
        )  # fmt: skip


def _series(axes: Axes, picture: Picture, series: Series) -> None:
    style = look.STYLES[series.style]
    marker, _, _, scale = look.MARKERS[style.marker]
    size = look.MARKER_SIZE * scale * POINTS
    whiskers = list(picture.whiskers(series))
    if series.limits == "band":
        low, high = [w.low for w in whiskers], [w.high for w in whiskers]
        x = [w.x for w in whiskers]
        axes.fill_between(x, low, high, color=style.colour, alpha=look.SHADE_OPACITY, linewidth=0)
        whiskers = []
    for w in whiskers:
        width = look.WHISKER_WIDTH * POINTS
        axes.plot((w.x, w.x), (w.low, w.high), color=style.colour, linewidth=width, zorder=2)
        for cut, y, head in ((w.cut_low, w.low, "v"), (w.cut_high, w.high, "^")):
            if cut:
                axes.plot(
                    w.x, y, head, color=style.colour, markersize=7 * POINTS, clip_on=False,
                    zorder=3, markeredgewidth=0,
                )  # fmt: skip
    for w in picture.level_whiskers(series):
        width = look.WHISKER_WIDTH * POINTS
        axes.plot((w.low, w.high), (w.x, w.x), color=style.colour, linewidth=width, zorder=2)
    marker = marker if series.marked else ""
    common: dict[str, Any] = {"marker": marker, "zorder": 3, "clip_on": False}
    axes.plot(
        series.x, series.y, color=style.colour, linewidth=look.LINE_WIDTH * POINTS,
        linestyle=look.DASHES[style.dash][0] if series.joined else "none", markersize=size,
        markeredgecolor=look.PAPER, markeredgewidth=POINTS, **common,
    )  # fmt: skip
    hollow = [p for *p, h in zip(series.x, series.y, series.hollow, strict=False) if h]
    if hollow:
        edge = look.HOLLOW_EDGE * POINTS
        axes.plot(
            *zip(*hollow, strict=True), linestyle="none", markersize=size - edge,
            markerfacecolor=look.PAPER, markeredgecolor=style.colour, markeredgewidth=edge,
            **common,
        )  # fmt: skip


def _span(figure: Figure, axes: Axes, picture: Picture, span: Span) -> None:
    """The arrow, and its text where it covers nothing."""
    head = {"arrowstyle": "->,head_length=0.32,head_width=0.18", "color": look.INK,
            "linewidth": 1.6 * POINTS, "shrinkA": 0, "shrinkB": 0}  # fmt: skip
    axes.annotate(
        "", xy=(span.stop, span.y), xytext=(span.start, span.y), arrowprops=head, zorder=4
    )
    text = axes.text(
        0, 0, "\n".join(map(printable, span.text.split("\n"))), transform=axes.transAxes,
        color=look.INK, fontsize=look.LABEL_SIZE * POINTS, fontweight="bold", va="bottom",
        zorder=5, bbox={"facecolor": look.PAPER, "alpha": 0.75, "linewidth": 0, "pad": 1},
    )  # fmt: skip
    box = text.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    size = box.width / AXES_WIDTH, box.height / look.AXES_HEIGHT
    text.set_position(free_place(picture, span, *size))


def _labels(paper: _Paper, picture: Picture, below: float) -> None:
    edge = look.LEFT + AXES_WIDTH + GAP
    for label in labels(picture):
        for i, line in enumerate(label.lines):
            y = below + label.y + LABEL_LINE * ((len(label.lines) - 1) / 2 - i)
            indent = 0 if i == 0 else 15
            paper.write(
                line, edge + indent, y, look.LABEL_SIZE, label.colour,
                room=look.WIDTH - edge - indent - 4, fontweight="bold",
            )  # fmt: skip
        x, y = look.LEFT + label.end[0] + 7, below + label.end[1]
        if 0 < edge - x < 0.15 * AXES_WIDTH:
            leader = Line2D(
                [x / look.WIDTH, (edge - 3) / look.WIDTH],
                [y / paper.tall, (below + label.y) / paper.tall],
                color=label.colour, linewidth=0.7 * POINTS, alpha=0.6,
            )  # fmt: skip
            paper.figure.add_artist(leader)


def _margins(paper: _Paper, picture: Picture, below: float, note: list[str]) -> None:
    top = below + look.AXES_HEIGHT
    room = look.WIDTH - look.LEFT - 12
    paper.write(
        picture.title, look.LEFT, top + 46, look.TITLE_SIZE, look.INK, room, fontweight="bold"
    )
    tag = 190 if picture.simulated else 0
    paper.write(picture.subtitle, look.LEFT, top + 24, look.SUBTITLE_SIZE, look.MUTED, room - tag)
    middle = look.LEFT + AXES_WIDTH / 2
    paper.write(
        picture.x.title, middle, below - look.AXIS_TITLE, look.AXIS_SIZE, look.INK, AXES_WIDTH,
        ha="center",
    )  # fmt: skip
    paper.write(
        picture.y.title, 16, below + look.AXES_HEIGHT / 2, look.AXIS_SIZE, look.INK,
        look.AXES_HEIGHT + 40, ha="center", rotation=90,
    )  # fmt: skip
    for i, line in enumerate(note):
        y = below - look.NOTE - look.NOTE_LINE * i
        paper.write(line, look.LEFT, y, look.NOTE_SIZE, look.MUTED, room)
    if picture.simulated:
        paper.write(
            look.TAG_TEXT, look.WIDTH - 20, top + 24, look.SUBTITLE_SIZE, look.TAG, ha="right",
            fontweight="bold",
            bbox={"boxstyle": "square,pad=0.35", "edgecolor": look.TAG, "facecolor": look.PAPER,
                  "linewidth": 1.2 * POINTS},
        )  # fmt: skip


def save(picture: Picture, folder: Path, name: str, provenance: Mapping[str, Any]) -> list[Path]:
    """Write NAME.png, NAME.svg, NAME.pdf and NAME.json.

    Args:
        picture: What to draw. Its words (`Picture.alt`) go into every file.
        folder: Where; made if it does not exist.
        name: File name without ending.
        provenance: Where the picture comes from, JSON values: run directory, manifest hash,
            command to remake it. Written beside the data drawn.

    Returns:
        The four paths, the JSON last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(picture)
    words = printable(picture.alt)
    # No dates or versions: the same picture gives the same bytes.
    about: dict[str, dict[str, Any]] = {
        "png": {"Software": None, "Description": words},
        "svg": {"Date": None, "Creator": None, "Description": words},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Subject": words},
    }
    paths = [folder / f"{name}.{ending}" for ending in about]
    for path, (ending, metadata) in zip(paths, about.items(), strict=True):
        _write(figure, path, ending, 2, metadata)
    beside = {"figure": name, "provenance": json_safe(provenance), "picture": picture.to_json()}
    path = folder / f"{name}.json"
    text = json.dumps(beside, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="replace")
    return [*paths, path]


def to_png(picture: Picture, scale: float = 1.3) -> bytes:
    """The picture as the bytes of a PNG file, at `scale` times the resolution of the screen.

    For notebooks, which are kept under version control: a palette makes it a third of the size.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    _write(draw(picture), drawn, "png", scale, {"Software": None})
    with Image.open(drawn) as image:
        palette = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        palette.save(small, "png", optimize=True)
    return small.getvalue()


def _write(
    figure: Figure, target: Path | io.BytesIO, ending: str, scale: float, metadata: dict[str, Any]
) -> None:
    with mpl.rc_context(SETTINGS):
        dots = scale * look.DOTS_PER_INCH
        figure.savefig(target, format=ending, dpi=dots, metadata=metadata)
