"""The notebook in a real browser: what runs by itself, what waits, what can be stopped."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_browser import CHROMIUM, finished, lab, opened, with_parameters
from ports import free_port, wait_until_up

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = ROOT / "notebooks/01_stateful_gsm.ipynb"
SMALL = {"harder": None, "limit": 8, "levels": [0, 1, 2, 3, 4], "sleep_parallel": [1, 2]}
PANEL = "() => [...document.querySelectorAll('.widget-html-content')]"
ERRORS = ".jp-OutputArea-output[data-mime-type*=stderr]"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


def estimate(page):
    """The run panel's first text."""
    return page.locator(".widget-html-content").nth(0).text_content()


def status(page):
    """The run panel's second text, below its estimate."""
    return page.locator(".widget-html-content").nth(1).text_content()


def wait_for_status(page, word):
    page.wait_for_function(f"word => ({PANEL})()[1]?.textContent.includes(word)", arg=word)


def wait_for_idle(page):
    kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.wait_for_function(f"{kernel}.status == 'idle'")


def plotted(page):
    """Number of points in each trace of the live plot."""
    page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
    return page.evaluate(
        """() => document.querySelector('.js-plotly-plot').data
            .filter(trace => trace.mode.includes('markers')).map(trace => trace.x.length)"""
    )


def press(page, slider, key):
    """Press a key on a slider and give the estimate that follows."""
    before = estimate(page)
    page.locator(".widget-slider .noUi-handle").nth(slider).press(key)
    page.wait_for_function(f"before => ({PANEL})()[0].textContent != before", arg=before)
    return estimate(page)


class TestSimulatedModel:
    @pytest.fixture(scope="class")
    @classmethod
    def page(cls, tmp_path_factory):
        """A small copy of the notebook after all its cells were run, in a narrow window."""
        notebook = with_parameters(NOTEBOOK, model="simulated", **SMALL)
        home = tmp_path_factory.mktemp("lab")
        with lab(home, notebook) as address, finished(address, 1000) as page:
            page.evaluate("jupyterapp.shell.collapseLeft()")
            yield page

    def test_running_all_cells_ends_with_a_full_plot(self, page):
        assert "finished" in status(page)
        assert page.locator(ERRORS).count() == 0
        assert plotted(page) == [5, 5]

    def test_still_figures_follow_the_live_one(self, page):
        assert page.locator(".jp-RenderedImage img").count() >= 4

    def test_the_live_plot_is_as_wide_as_its_cell(self, page):
        page.wait_for_function(
            """() => {
                const plot = document.querySelector('.js-plotly-plot .main-svg');
                const cell = plot.closest('.jp-OutputArea-output');
                return Math.abs(plot.clientWidth - cell.clientWidth) < 20;
            }"""
        )

    def test_the_table_is_no_wider_than_its_cell_and_no_interval_is_wrapped(self, page):
        heights = page.evaluate(
            """() => [...document.querySelectorAll('.jp-RenderedHTML td')]
                .map(cell => cell.clientHeight)"""
        )
        assert max(heights) == min(heights)
        assert page.evaluate(
            """() => {
                const table = document.querySelector('.jp-RenderedHTML table');
                const cell = table.closest('.jp-OutputArea-output');
                return table.offsetWidth <= cell.clientWidth;
            }"""
        )

    def test_headers_stand_above_their_columns(self, page):
        sides = page.evaluate(
            """() => [...document.querySelector('.jp-RenderedHTML table').rows].slice(0, 2)
                .map(row => [...row.cells].map(cell => getComputedStyle(cell).textAlign))"""
        )
        assert sides[0] == sides[1]
        assert sides[0][:2] == ["left", "right"]

    def test_the_handles_of_the_sliders_have_names(self, page):
        names = page.evaluate(
            """() => [...document.querySelectorAll('.widget-slider .noUi-handle')].slice(0, 3)
                .map(handle => handle.getAttribute('aria-label'))"""
        )
        assert names == ["Questions", "Verbosity levels, from", "Verbosity levels, to"]

    def test_a_slider_changes_the_estimate_without_running_anything(self, page):
        said = status(page)
        assert "rows" in press(page, 0, "ArrowRight")
        assert status(page) == said

    def test_sliders_work_while_a_run_goes_on_in_the_background(self, page):
        press(page, 0, "End")
        page.locator("button.mod-primary", has_text="Start").click()
        wait_for_status(page, "running: ")
        press(page, 1, "ArrowRight")
        wait_for_idle(page)
        assert "running" in status(page)

    def test_stop_ends_the_run_and_keeps_what_is_there(self, page):
        page.locator("button", has_text="Stop").click()
        wait_for_status(page, "stopped after")
        assert int(re.search(r"([\d,]+) of", status(page))[1].replace(",", "")) > 0
        assert sum(plotted(page)) > 0
        assert page.locator("button[disabled]", has_text="Stop").count() == 1

    def test_a_page_that_is_opened_again_shows_what_was_drawn_last(self, page):
        before = plotted(page)
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        page.reload()
        assert plotted(page) == before


class TestPaidModel:
    @pytest.fixture(scope="class")
    @classmethod
    def home(cls, tmp_path_factory):
        return tmp_path_factory.mktemp("lab")

    @pytest.fixture(scope="class")
    @classmethod
    def page(cls, home):
        paid = {"model": "gpt-4o-mini", "base_url": "https://paid.invalid/v1"}
        notebook = with_parameters(NOTEBOOK, **SMALL, **paid)
        key = {"OPENAI_API_KEY": "sk-of-nobody-at-all-0123456789"}
        with lab(home, notebook, **key) as address, finished(address) as page:
            yield page

    def test_the_price_stands_in_the_panel_and_a_cap_is_proposed(self, page):
        assert re.search(r"calls .* \$\d", estimate(page))
        assert page.locator(".widget-readout", has_text="$").count() == 1

    def test_nothing_has_started(self, home, page):
        assert status(page) == ""
        assert not (home / "runs").exists()

    def test_running_all_cells_stops_at_the_results_with_one_line(self, page):
        errors = page.locator(ERRORS)
        assert errors.count() == 1
        (line,) = errors.text_content().strip().splitlines()
        assert line.startswith("InputError: nothing has been run yet: press Start")


class TestInterrupt:
    @pytest.fixture
    def slow(self):
        """The address of a simulated model that takes two seconds to answer."""
        port = free_port()
        words = ("serve", "--latency-s", "2", "--port", str(port))
        server = subprocess.Popen([sys.executable, "-m", "sleeptime_lib", *words], text=True)
        try:
            wait_until_up(port, server, 30)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(20)

    def test_it_leaves_one_line_and_the_next_press_goes_on(self, slow, tmp_path):
        own = {"model": "simulated", "base_url": slow, "spend": True}
        notebook = with_parameters(NOTEBOOK, **(SMALL | {"limit": 100}), **own)
        with lab(tmp_path, notebook) as address, opened(address) as page:
            page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
            wait_for_status(page, "running in")
            page.wait_for_timeout(4000)
            page.evaluate(
                "jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
            )
            page.wait_for_selector(ERRORS)
            (line,) = page.locator(ERRORS).text_content().strip().splitlines()
            assert line.startswith("Interrupted: interrupted; everything finished is kept")
            assert page.locator("button.mod-primary:not([disabled])", has_text="Start").count() == 1
