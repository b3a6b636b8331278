"""What a picture shows, as plain values: the input of both renderers and of the JSON beside it.

Texts are plain: dataset and model names are untrusted and each renderer shows them as written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from sleeptime_lib.analysis.json_values import json_safe

PLACES: Final = 24
"""Places across and up at which the text of an arrow is tried."""
AIR: Final = 0.012
"""Least distance of that text from what is drawn, as a share of the axes."""


@dataclass(frozen=True, slots=True)
class Series:
    """Points with intervals, joined by a line and named by a label.

    Attributes:
        name: Stable identity, such as "sleep-5"; a live figure updates the series of that name.
        label: Text that names it, lines separated by newlines; "" for none.
        style: Key of `look.STYLES`.
        x: Positions, such as tokens.
        y: Positions, such as accuracy in percent.
        low: Lower limits of y, one per point, or none at all; NaN for none, -inf for unbounded.
        high: Upper limits of y, inf for unbounded.
        left: Lower limits of x, in the same way.
        right: Upper limits of x.
        hover: Lines of text, separated by newlines, shown when pointing at a point.
        hollow: Whether a point's marker is hollow.
        joined: Whether a line joins the points.
        marked: Whether the points have markers; a line without them is calculated, not measured.
        limits: How the intervals are drawn.
    """

    name: str
    label: str
    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    left: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    hover: tuple[str, ...] = ()
    hollow: tuple[bool, ...] = ()
    joined: bool = True
    marked: bool = True
    limits: Literal["whiskers", "band"] = "whiskers"

    def values(self) -> tuple[float, ...]:
        """All finite values and limits, for an axis that is to hold them."""
        return tuple(v for v in (*self.y, *self.low, *self.high) if math.isfinite(v))


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval of one point as it fits on an axis.

    Attributes:
        point: Index of the point in its series.
        x: Where it stands on the other axis.
        low: Lower end.
        high: Upper end.
        cut_low: It goes on below the axis.
        cut_high: It goes on above it.
    """

    point: int
    x: float
    low: float
    high: float
    cut_low: bool
    cut_high: bool


@dataclass(frozen=True, slots=True)
class Shade:
    """A closed, softly filled area."""

    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """An arrow from one x to another at a y, with its text: tokens saved at an accuracy."""

    start: float
    stop: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A level line across the picture."""

    y: float
    dashed: bool = True


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: title with its unit, limits, and ticks with their text."""

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the limits: 0 at `low`, 1 at `high`."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture.

    Attributes:
        name: File name without ending.
        title: What it shows, of which experiment and dataset, in one line.
        subtitle: Who answered.
        x: Horizontal axis.
        y: Vertical axis.
        series: Drawn in this order.
        shades: Areas behind the series.
        span: An arrow in front of them.
        rules: Lines behind them.
        note: Small print below: n, clusters, what the intervals are, what letters stand for.
        simulated: Whether to mark the picture as the simulated model's.
    """

    name: str
    title: str
    subtitle: str
    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    shades: tuple[Shade, ...] = ()
    span: Span | None = None
    rules: tuple[Rule, ...] = ()
    note: str = ""
    simulated: bool = False

    @property
    def alt(self) -> str:
        """The picture in words, for readers who cannot see it."""
        parts = [f"{self.title} ({self.subtitle})."]
        parts += ["Answers of the simulated model."] if self.simulated else []
        parts.append(f"Horizontal: {self.x.title}. Vertical: {self.y.title}.")
        for series in self.series:
            points = "; ".join(
                f"({x:,.4g}, {y:,.4g})" for x, y in zip(series.x, series.y, strict=True)
            )
            parts.append(f"{printable(series.label or series.name)}: {points}.")
        parts += [f"Arrow: {printable(self.span.text)}."] if self.span else []
        return " ".join([*parts, self.note]).strip()

    def whiskers(self, series: Series) -> Iterator[Whisker]:
        """The intervals of a series, cut to the vertical axis; none where a limit is unknown."""
        return _fitted(series.x, series.low, series.high, self.y)

    def level_whiskers(self, series: Series) -> Iterator[Whisker]:
        """The intervals of its x, cut to the horizontal axis."""
        return _fitted(series.y, series.left, series.right, self.x)

    def to_json(self) -> dict[str, Any]:
        """The picture as JSON values; NaN is null, infinities are strings."""
        value: dict[str, Any] = json_safe(asdict(self))
        return value | {"alt": self.alt}


def _fitted(
    places: Sequence[float], lows: Sequence[float], highs: Sequence[float], axis: Axis
) -> Iterator[Whisker]:
    for point, (place, low, high) in enumerate(zip(places, lows, highs, strict=False)):
        if low <= high:  # never so of NaN
            ends = max(low, axis.low), min(high, axis.high)
            yield Whisker(point, place, *ends, low < axis.low, high > axis.high)


def free_place(picture: Picture, span: Span, width: float, height: float) -> tuple[float, float]:
    """Where the text of an arrow covers nothing that is drawn, as near to it as can be.

    Args:
        picture: What else is drawn.
        span: The arrow.
        width: Of the text, as a share of the axes.
        height: The same.

    Returns:
        The lower left corner of the text, as shares of the axes.
    """
    arrow = Series("arrow", "", "mark", (span.start, span.stop), (span.y, span.y))
    ink = np.concatenate([_ink(picture, series) for series in (*picture.series, arrow)])
    x, y = np.meshgrid(
        np.linspace(0, max(1 - width, 0), PLACES), np.linspace(0, max(1 - height, 0), PLACES)
    )
    corners = np.stack([x.ravel(), y.ravel()], axis=1)
    over = ink[None] - corners[:, None]
    size = np.array([width, height])
    covered = ((over > -AIR) & (over < size + AIR)).all(axis=2).sum(axis=1)
    across = (picture.x.share(span.start) + picture.x.share(span.stop)) / 2
    middle = np.array([across, picture.y.share(span.y)])
    away = np.maximum(np.abs(corners + size / 2 - middle) - size / 2, 0.0)
    best = np.lexsort(((away**2).sum(axis=1), covered))[0]
    return float(corners[best, 0]), float(corners[best, 1])


def _ink(picture: Picture, series: Series) -> NDArray[np.float64]:
    """(points, 2) where a series is drawn, close together, as shares of the axes."""
    x, y = (
        np.array([axis.share(v) for v in values])
        for axis, values in ((picture.x, series.x), (picture.y, series.y))
    )
    parts = [np.stack([x, y], axis=1)]
    steps = np.linspace(0, 1, 40)[:, None]
    if series.joined:
        parts += [a + steps * (b - a) for a, b in pairwise(parts[0])]
    for w in picture.whiskers(series):
        ends = ((picture.x.share(w.x), picture.y.share(v)) for v in (w.low, w.high))
        low, high = map(np.array, ends)
        parts.append(low + steps * (high - low))
    return np.concatenate(parts)


def printable(text: str) -> str:
    """A text in one line that fonts, SVG and JSON can hold: without control characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in " ".join(whole.split()) if c.isprintable())
