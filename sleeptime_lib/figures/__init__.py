"""Report to pictures: one plain description of a picture, two renderers, one look."""

from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures.amortisation import (
    amortised_pareto,
    cost_by_questions,
    ratio_by_questions,
    sensitivity,
)
from sleeptime_lib.figures.picture import Picture
from sleeptime_lib.figures.plotly_renderer import refresh, to_plotly
from sleeptime_lib.figures.plots import (
    context_only,
    differences,
    pareto,
    pass_at_k,
    sleep_scaling,
)
from sleeptime_lib.figures.save import save, to_png

__all__ = [
    "Picture",
    "accuracy_pictures",
    "amortised_pareto",
    "context_only",
    "cost_by_questions",
    "differences",
    "pareto",
    "pass_at_k",
    "ratio_by_questions",
    "refresh",
    "save",
    "sensitivity",
    "sleep_scaling",
    "to_plotly",
    "to_png",
]


def accuracy_pictures(report: Report) -> dict[str, Picture]:
    """The pictures of accuracy against tokens that the rows of a report allow."""
    drawn = {"pareto": pareto(report)}
    if report.comparisons:
        drawn["differences"] = differences(report)
    if len(report.comparisons) > 1:
        drawn["sleep_scaling"] = sleep_scaling(report)
    if report.pass_at_k:
        drawn["pass_at_k"] = pass_at_k(report)
    if report.of("context_only"):
        drawn["context_only"] = context_only(report)
    return drawn
