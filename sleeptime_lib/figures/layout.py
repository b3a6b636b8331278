"""Where the texts of a picture go: the same places for both renderers.

Positions are in pixels of the standard size, measured from the lower left corner of the axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from sleeptime_lib.figures import look
from sleeptime_lib.figures.picture import Picture, Series, Span

_SPACE: Final = 0.45
"""Width of a space with the margins of the letters beside it, in font sizes."""

Box = tuple[float, float, float, float]
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """A placed text: its middle, shifted in pixels from a point in data units.

    Attributes:
        text: What it says.
        x: Point it belongs to, data units.
        y: The same.
        dx: Pixels from there to the text's middle, to the right.
        dy: Pixels up.
        colour: Its colour.
        size: Font size in pixels.
        bold: Whether it is bold.
        leader: Whether a thin line joins it with its point, because it stands apart.
    """

    text: str
    x: float
    y: float
    dx: float
    dy: float
    colour: str
    size: float
    bold: bool
    leader: bool = False


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of a text in `look.FILE_FONT`; a browser's fonts are a little narrower."""
    font = FontProperties(family=look.FILE_FONT, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size, prop=font).get_extents().width)


def note_lines(note: str) -> list[str]:
    """The note, wrapped to the width of the axes."""
    # Word by word, so that a live figure whose numbers change measures only those again.
    space = _SPACE * look.NOTE_SIZE
    lines: list[list[str]] = []
    used = math.inf
    for word in note.split():
        width = text_width(word, look.NOTE_SIZE)
        if used + space + width > look.AXES_WIDTH:
            lines.append([])
            used = -space
        lines[-1].append(word)
        used += space + width
    return [" ".join(line) for line in lines]


def bottom(picture: Picture) -> int:
    """Pixels below the axes: axis title and note."""
    lines = max(look.NOTE_LINES, len(note_lines(picture.note)))
    return look.NOTE + look.NOTE_LINE * lines


def height(picture: Picture) -> int:
    """Pixels of the whole figure."""
    return look.TOP + look.AXES_HEIGHT + bottom(picture)


def spot(picture: Picture, x: float, y: float) -> Spot:
    """Pixels of a point in data units."""
    return picture.x.share(x) * look.AXES_WIDTH, picture.y.share(y) * look.AXES_HEIGHT


def place(picture: Picture) -> list[Text]:
    """Place the span texts and the direct labels so that they cover nothing.

    Every text tries places around what it names and takes the cheapest: crossing another text
    or leaving the axes is out of the question while anything else is possible, then lines and
    markers are avoided, then whiskers, then it stays close, at the end of the curve.
    With more than two series a label starts with the marker, so that it reads without colour.
    """
    ground = _Ground(
        paths=[_path(picture, s) for s in picture.series],
        whiskers=[w for s in picture.series for w in _whiskers(picture, s)],
        lines=_lines(picture),
        taken=[],
    )
    placed = [_span_text(picture, span, ground) for span in picture.spans]
    keyed = len(picture.series) > 2
    placed += [_label(picture, s, ground, keyed=keyed) for s in picture.series if s.label]
    if not picture.series:
        x, y = (math.sqrt(a.low * a.high) if a.log else (a.low + a.high) / 2
                for a in (picture.x, picture.y))  # fmt: skip
        placed.append(
            Text("nothing to show yet", x, y, 0, 0, look.MUTED, look.LABEL_SIZE, bold=False)
        )
    return placed


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a text should not cover; `taken` grows with every text placed."""

    paths: list[list[Spot]]
    whiskers: list[tuple[Spot, Spot]]
    lines: list[tuple[Spot, Spot]]
    taken: list[Box]


def _span_text(picture: Picture, span: Span, ground: _Ground) -> Text:
    x = math.sqrt(span.start * span.stop) if picture.x.log else (span.start + span.stop) / 2
    size = (text_width(span.text, look.SPAN_SIZE, bold=True), look.SPAN_SIZE * 1.3)
    here = spot(picture, x, span.y)
    offsets = [
        (dx, side * (size[1] / 2 + 4 + dy))
        for dy in (0, 8, 18, 30)
        for side in (1, -1)
        for dx in range(-140, 141, 20)
    ]
    best = min(
        offsets,
        key=lambda o: _cost(_box(here, o, size), ground) + 0.03 * abs(o[0]) + 0.06 * abs(o[1]),
    )
    ground.taken.append(_box(here, best, size))
    return Text(span.text, x, span.y, *best, look.INK, look.SPAN_SIZE, bold=True)


def _label(picture: Picture, series: Series, ground: _Ground, *, keyed: bool) -> Text:
    style = look.STYLES[series.style]
    text = f"{look.GLYPHS[style.marker]} {series.label}" if keyed else series.label
    size = (text_width(text, look.LABEL_SIZE, bold=True), look.LABEL_SIZE * 1.3)
    last = len(series.x) - 1
    options = []
    for i in range(last, -1, -1):
        here = spot(picture, series.x[i], series.y[i])
        for rank, (offset, far) in enumerate(_around(size)):
            cost = _cost(_box(here, offset, size), ground) + 0.6 * (last - i) + 0.15 * rank
            if far:
                cost += _leader_cost(here, _edge(here, offset, size), ground)
            options.append((cost, i, offset, far))
    _, i, offset, far = min(options, key=lambda o: o[0])
    here = spot(picture, series.x[i], series.y[i])
    ground.taken.append(_box(here, offset, size))
    if far:
        ground.lines.append((here, _edge(here, offset, size)))
    where = (series.x[i], series.y[i], *offset)
    return Text(text, *where, style.colour, look.LABEL_SIZE, bold=True, leader=far)


def _around(size: Spot) -> list[tuple[Spot, bool]]:
    """Places around a point in the order of preference, and whether they need a leader."""
    x, y = size[0] / 2 + 9, size[1] / 2 + 7
    near = [(x, 0.0), (0.0, y), (0.0, -y), (x, y), (x, -y), (-x, y), (-x, -y), (-x, 0.0)]
    far = [
        (across * (size[0] / 2 + aside), up * (size[1] / 2 + rise))
        for rise in (26, 44, 66, 92)
        for aside in (0, 22, 60)
        for up in (1, -1)
        for across in (1, -1)
    ]
    return [(place, False) for place in near] + [(place, True) for place in far]


def _leader_cost(start: Spot, end: Spot, ground: _Ground) -> float:
    cost = 3.0 + sum(30.0 for other in ground.taken if _crosses(other, start, end))
    for path in ground.paths:
        cost += sum(4.0 for a, b in pairwise(path) if _meet(start, end, a, b))
    return cost


def _edge(here: Spot, offset: Spot, size: Spot) -> Spot:
    """Where a leader from a point ends: the middle of the label's nearer long side."""
    side = -1 if offset[1] > 0 else 1
    return here[0] + offset[0], here[1] + offset[1] + side * size[1] / 2


def _box(here: Spot, offset: Spot, size: Spot) -> Box:
    x, y = here[0] + offset[0], here[1] + offset[1]
    return x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2


def _path(picture: Picture, series: Series) -> list[Spot]:
    return [spot(picture, x, y) for x, y in zip(series.x, series.y, strict=True)]


def _lines(picture: Picture) -> list[tuple[Spot, Spot]]:
    """Arrows and rules."""
    level = [(s.start, s.stop, s.y) for s in picture.spans]
    level += [(picture.x.low, picture.x.high, rule.y) for rule in picture.rules]
    return [(spot(picture, start, y), spot(picture, stop, y)) for start, stop, y in level]


def _whiskers(picture: Picture, series: Series) -> list[tuple[Spot, Spot]]:
    found = []
    for x, low, high in zip(series.x, series.low, series.high, strict=True):
        if math.isfinite(low + high):
            found.append((spot(picture, x, low), spot(picture, x, high)))
    return found


def _cost(box: Box, ground: _Ground) -> float:
    left, bottom, right, top = box
    outside = (
        left < 0 or bottom < 0 or right > look.AXES_WIDTH + look.RIGHT - 4 or top > look.AXES_HEIGHT
    )
    cost = 100.0 if outside else 0.0
    cost += sum(100.0 for other in ground.taken if _overlap(box, other))
    for path in ground.paths:
        cost += sum(12.0 for x, y in path if _near(box, x, y, look.MARKER_SIZE / 2 + 2))
        cost += sum(10.0 for a, b in pairwise(path) if _crosses(box, a, b))
    cost += sum(10.0 for a, b in ground.lines if _crosses(box, a, b))
    return cost + sum(5.0 for a, b in ground.whiskers if _crosses(box, a, b))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _near(box: Box, x: float, y: float, reach: float) -> bool:
    inside_x = box[0] - reach < x < box[2] + reach
    return inside_x and box[1] - reach < y < box[3] + reach


def _crosses(box: Box, a: Spot, b: Spot) -> bool:
    """Whether a segment passes through a box (clipping after Liang and Barsky 1984)."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        low, high = box[axis] - a[axis], box[axis + 2] - a[axis]
        way = b[axis] - a[axis]
        if way == 0:
            if low > 0 or high < 0:
                return False
            continue
        near, far = sorted((low / way, high / way))
        enter, leave = max(enter, near), min(leave, far)
    return enter <= leave


def _meet(a: Spot, b: Spot, c: Spot, d: Spot) -> bool:
    """Whether two segments cross; touching at `a`, where a leader starts, does not count."""

    def side(p: Spot, q: Spot, r: Spot) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    if a in (c, d):
        return False
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
