"""The cost explorer in a real browser: a slider redraws the curves and no model is called."""

from pathlib import Path

import pytest
from jupyter_browser import CHROMIUM, finished, lab, notebook_of

CELLS = (
    "import os, sys\n"
    f"sys.path.append({str(Path(__file__).parents[1])!r})\n"
    "from known_ratio import World, simulate\n"
    "from sleeptime_lib.explorer import CostExplorer\n"
    "from sleeptime_lib.models.client import Client\n"
    "def refuse(*_, **__):\n"
    "    os._exit(1)\n"
    "Client.complete = refuse\n"
    "CostExplorer(simulate(World(), clusters=10, questions=10, seed=0, shared=10), draws=100)",
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    with lab(home, notebook_of(*CELLS)) as address, finished(address) as page:
        page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
        yield page


def drawn(page):
    """x of the sleep arm's points in the first panel."""
    return page.evaluate(
        """() => Array.from(document.querySelector('.js-plotly-plot').data
            .find(trace => trace.meta.startsWith('0:sleep')).x)"""
    )


def press(page, slider, key):
    before = drawn(page)
    page.locator(".widget-slider .noUi-handle").nth(slider).press(key)
    page.wait_for_function(
        """before => Array.from(document.querySelector('.js-plotly-plot').data
            .find(trace => trace.meta.startsWith('0:sleep')).x).join() != before.join()""",
        arg=before,
    )
    return before, drawn(page)


def wait_for_text(page, text):
    page.wait_for_function(
        """text => [...document.querySelectorAll('.widget-html-content')]
            .some(part => part.textContent.includes(text))""",
        arg=text,
    )


def test_a_question_more_moves_the_curve_left(page):
    before, after = press(page, 0, "ArrowRight")
    assert all(b < a for a, b in zip(before, after, strict=True))
    wait_for_text(page, "Q = 11")


def test_another_preset_redraws_with_all_prices(page):
    page.locator(".widget-toggle-button", has_text="Full bill").first.click()
    wait_for_text(page, "no Q pays")
    before, after = press(page, 2, "ArrowRight")  # the price of prompt tokens
    assert all(b > a for a, b in zip(before, after, strict=True))


def test_every_slider_is_named_for_screen_readers(page):
    names = page.evaluate(
        """() => [...document.querySelectorAll('.noUi-handle')]
            .map(handle => handle.getAttribute('aria-label'))"""
    )
    assert len(names) == 7
    assert all(names)


@pytest.mark.parametrize("width", [1400, 1000, 760])
def test_the_plot_follows_the_width_of_its_cell(page, width):
    page.set_viewport_size({"width": width, "height": 1800})
    page.wait_for_function(
        """() => {
            const plot = document.querySelector('.js-plotly-plot');
            return plot.querySelector('.main-svg').clientWidth == plot.clientWidth;
        }"""
    )
    tracks = page.evaluate(
        "() => [...document.querySelectorAll('.noUi-base')].map(track => track.clientWidth)"
    )
    assert min(tracks) >= 60


def test_no_button_uploads_the_plot(page):
    titles = page.evaluate(
        """() => [...document.querySelectorAll('.modebar-btn')]
            .map(button => button.getAttribute('data-title'))"""
    )
    assert titles
    assert not any("loud" in title or "Share" in title for title in titles)


def test_in_the_dark_theme_no_ink_is_dark(page):
    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight == 'false'")
    style = page.evaluate(
        """() => [
            getComputedStyle(document.querySelector('.js-plotly-plot .svg-container')).filter,
            ...[...document.querySelectorAll('.widget-html-content div')]
                .map(part => getComputedStyle(part).color)]"""
    )
    assert style[0].startswith("invert")
    assert all("255, 255, 255" in colour for colour in style[1:])


def test_nothing_went_wrong_and_the_kernel_never_called_a_model(page):
    # A model call would have ended the kernel's process.
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status == 'idle'"
    )
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
