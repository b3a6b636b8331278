"""Report to pictures: one plain description of a picture, live in a notebook and as files.

A new picture is a function from a report to a `Picture`: `accuracy_picture` for percentages
against tokens, `points_picture` for differences at named steps, each with `Series` of its own.
"""

from sleeptime_lib.figures.amortisation import amortised_pareto, cost_by_questions, sensitivity
from sleeptime_lib.figures.blocks import accuracy_picture, points_picture
from sleeptime_lib.figures.controls import control_arms, note_lines
from sleeptime_lib.figures.live import LivePlot, to_plotly
from sleeptime_lib.figures.picture import Picture, Series
from sleeptime_lib.figures.plots import (
    accuracy_pictures,
    all_tokens,
    context_only,
    curve_series,
    differences,
    pareto,
    pass_at_k,
    ratio_curve,
    sleep_scaling,
)
from sleeptime_lib.figures.predictability import extra_by_bin, gap_by_bin, gap_slope
from sleeptime_lib.figures.stills import save, to_png
from sleeptime_lib.figures.two_runs import confirmed, run_changes

__all__ = [
    "LivePlot",
    "Picture",
    "Series",
    "accuracy_picture",
    "accuracy_pictures",
    "all_tokens",
    "amortised_pareto",
    "confirmed",
    "context_only",
    "control_arms",
    "cost_by_questions",
    "curve_series",
    "differences",
    "extra_by_bin",
    "gap_by_bin",
    "gap_slope",
    "note_lines",
    "pareto",
    "pass_at_k",
    "points_picture",
    "ratio_curve",
    "run_changes",
    "save",
    "sensitivity",
    "sleep_scaling",
    "to_plotly",
    "to_png",
]
