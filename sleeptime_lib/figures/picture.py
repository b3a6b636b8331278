"""What a picture shows, as plain values: the input of both renderers and of the JSON beside it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from sleeptime_lib.analysis.json_values import json_safe


@dataclass(frozen=True, slots=True)
class Series:
    """Points with intervals, joined by a line, named by a direct label.

    Attributes:
        name: Stable identity, such as "sleep-5"; a live figure updates the series of that name.
        label: Text beside it; "" for none.
        style: Key of `look.STYLES`.
        x: Positions, such as tokens.
        y: Positions, such as accuracy in percent.
        low: Lower limits of y, one per point; NaN for none.
        high: Upper limits of y.
        hover: Text shown when pointing at a point.
        hollow: Whether a point's marker is hollow: off the frontier, since another point of the
            series is as high further left.
    """

    name: str
    label: str
    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    hover: tuple[str, ...]
    hollow: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Shade:
    """A closed, softly filled area: the improvement of one curve over another."""

    name: str
    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A double arrow from one x to another at a y, with its text: tokens saved at an accuracy."""

    name: str
    start: float
    stop: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A level line across the picture, with a small text above its right end."""

    y: float
    text: str = ""
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
        title: What it shows, in one line.
        subtitle: Dataset and model.
        x: Horizontal axis.
        y: Vertical axis.
        series: Drawn in this order.
        shades: Areas behind the series.
        spans: Arrows in front of them.
        rules: Lines behind them.
        note: Small print below: n, clusters, what the intervals are.
        simulated: Whether to mark the picture as the simulated model's.
    """

    name: str
    title: str
    subtitle: str
    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    shades: tuple[Shade, ...] = ()
    spans: tuple[Span, ...] = ()
    rules: tuple[Rule, ...] = ()
    note: str = ""
    simulated: bool = False

    def to_json(self) -> dict[str, Any]:
        """The picture as JSON values; NaN is null, infinities are strings."""
        value: dict[str, Any] = json_safe(asdict(self))
        return value
