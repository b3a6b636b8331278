"""Report to pictures: one plain description of a picture, two renderers, one look."""

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
