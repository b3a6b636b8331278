"""A live plot in a real browser: names of models are text there too."""

from pathlib import Path

import pytest
from jupyter_browser import CHROMIUM, finished, lab, notebook_of

NAME = "<b>x</b><a href='http://e'>y</a> a$\\frac{$b"
CELL = f"""
import sys
sys.path.append({str(Path(__file__).parents[1])!r})
from dataclasses import replace
from sleeptime_lib import figures
from known_ratio import World, simulate
from sleeptime_lib.analysis.report import analyse
report = analyse(simulate(World(), clusters=10, questions=10, seed=0), draws=50)
drawn = figures.pareto(replace(report, model={NAME!r}, dataset="d"))
sleep = replace(drawn.series[1], label={NAME!r}, hover=tuple({NAME!r} for _ in drawn.series[1].x))
figures.LivePlot(replace(drawn, title={NAME!r}, series=(drawn.series[0], sleep), note={NAME!r}))
"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


def test_names_are_shown_as_they_are_written(tmp_path):
    with lab(tmp_path, notebook_of(CELL)) as address, finished(address) as page:
        page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
        page.locator(".js-plotly-plot .scatterlayer .trace").last.locator(".point").first.hover(
            force=True
        )
        page.wait_for_selector(".js-plotly-plot .hovertext")
        shown = page.evaluate(
            """() => Object.fromEntries(['.annotation-text', '.legendtext', '.hovertext text']
                .map(kind => [kind, [...document.querySelectorAll('.js-plotly-plot ' + kind)]
                    .map(text => text.textContent).join(' | ')]))"""
        )
        assert shown[".annotation-text"].count(NAME) == 3
        assert NAME in shown[".legendtext"]
        assert NAME in shown[".hovertext text"]
        assert page.locator(".js-plotly-plot svg a").count() == 0
        assert page.locator(".js-plotly-plot mjx-container, .js-plotly-plot .MathJax").count() == 0
