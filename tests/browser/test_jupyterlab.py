"""The notebook in a real browser: sliders move, the plot fills in while the kernel is free."""

from pathlib import Path

import pytest
from jupyter_browser import CHROMIUM, finished, lab

ROOT = Path(__file__).parent.parent.parent
PARAMETERS = {
    # A replay is over before a browser has seen it begin.
    "recorded:qwen2.5-coder-1.5b-gsm-p0": "simulated",
    r"\"recorded:qwen2.5-coder-1.5b-gsm-p1\"": "None",
    "questions = None": "questions = 8",
    "sleep_parallel = None": "sleep_parallel = [1, 2]",
}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A small copy of the notebook after all its cells were run."""
    notebook = (ROOT / "notebooks/01_stateful_gsm.ipynb").read_text()
    for default, small in PARAMETERS.items():
        assert default in notebook
        notebook = notebook.replace(default, small)
    with lab(tmp_path_factory.mktemp("lab"), notebook) as address, finished(address) as page:
        yield page


def status(page):
    """The run panel's second text, below its estimate."""
    return page.locator(".widget-html-content").nth(1).text_content()


def plotted(page):
    """Number of points in each trace of the live plot."""
    return page.evaluate(
        """() => document.querySelector('.js-plotly-plot').data
            .filter(trace => trace.mode.includes('markers')).map(trace => trace.x.length)"""
    )


def test_running_all_cells_ends_with_a_full_plot(page):
    assert "finished" in status(page)
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
    assert plotted(page) == [5, 5]


def test_still_figures_follow_the_live_one(page):
    assert page.locator(".jp-RenderedImage img").count() >= 4


def test_a_slider_changes_the_estimate_without_running_anything(page):
    estimate = page.locator(".widget-html-content").first
    before, said = estimate.text_content(), status(page)
    page.locator(".widget-slider .noUi-handle").first.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.widget-html-content').textContent != before", arg=before
    )
    assert "rows" in estimate.text_content()
    assert status(page) == said


def test_start_runs_with_the_new_budget_while_the_kernel_is_free(page):
    page.locator("button.mod-primary", has_text="Start").click()
    page.wait_for_function(
        """() => [...document.querySelectorAll('.widget-html-content')]
            .at(1).textContent.includes('running')"""
    )
    kernel = page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
    )
    assert kernel == "idle"
    page.wait_for_function(
        """() => [...document.querySelectorAll('.widget-html-content')]
            .at(1).textContent.includes('finished')"""
    )
    assert plotted(page) == [5, 5]
