"""Report to pictures: one plain description of a picture, two renderers, one look."""

from collections.abc import Callable, Mapping
from typing import Final

from sleeptime_lib.analysis.results import Report
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.figures.plotly_renderer import refresh, to_plotly
from sleeptime_lib.figures.plots import (
    context_only,
    differences,
    pareto,
    pass_at_k,
    sleep_scaling,
)
from sleeptime_lib.figures.save import save

__all__ = [
    "PICTURES",
    "Picture",
    "context_only",
    "differences",
    "pareto",
    "pass_at_k",
    "refresh",
    "save",
    "sleep_scaling",
    "to_plotly",
]

PICTURES: Final[Mapping[str, Callable[[Report], Picture]]] = {
    "pareto": pareto,
    "sleep-scaling": sleep_scaling,
    "pass-at-k": pass_at_k,
    "context-only": context_only,
    "differences": differences,
}
"""Every figure of a run by its file name; all of them can be made of any report."""
