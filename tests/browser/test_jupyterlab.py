"""The notebook in a real browser: sliders move, the plot fills in while the kernel is free."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "browser-test"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PARAMETERS = {"questions = 70": "questions = 8", "[1, 2, 5, 10]": "[1, 2]"}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own on a copy of the notebook; gives its address."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    notebook = (ROOT / "notebooks/01_stateful_gsm.ipynb").read_text()
    for default, small in PARAMETERS.items():
        assert default in notebook
        notebook = notebook.replace(default, small)
    (home / "notebooks/01.ipynb").write_text(notebook)
    settings = home / "config/labconfig"
    settings.mkdir(parents=True)
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
        # Cells out of sight would be taken out of the page.
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    (settings / "default_setting_overrides.json").write_text(json.dumps(overrides))
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={home}", "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", server)
            yield f"http://127.0.0.1:{port}/lab/tree/notebooks/01.ipynb?token={TOKEN}"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address, server):
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended"
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not come up")


@pytest.fixture(scope="module")
def page(lab):
    """The notebook after all its cells were run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1400, "height": 1800})
        page.set_default_timeout(90_000)
        page.goto(lab)
        # The kernel indicator says idle before there is a session: ask the session itself.
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
        page.evaluate(
            """async () => {
                const context = jupyterapp.shell.currentWidget.sessionContext;
                await context.ready;
                await context.session.kernel.info;
                await jupyterapp.commands.execute('notebook:run-all-cells');
            }"""
        )
        yield page
        browser.close()


def status(page):
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
