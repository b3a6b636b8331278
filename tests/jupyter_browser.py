"""JupyterLab with one notebook, and the system's Chromium looking at it."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from ports import free_port

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


@contextmanager
def lab(home: Path, notebook: str, **variables: str):
    """A JupyterLab of its own in the folder `home` on a notebook's text; gives its address.

    The variables are added to its environment.
    """
    (home / "notebooks").mkdir()
    (home / "notebooks/01.ipynb").write_text(notebook)
    settings = home / "config/labconfig"
    settings.mkdir(parents=True)
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
        # Cells out of sight would be taken out of the page.
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    (settings / "default_setting_overrides.json").write_text(json.dumps(overrides))
    environment = (
        os.environ
        | variables
        | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        }
    )
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


@contextmanager
def opened(address: str, width: int = 1400):
    """The page of a notebook whose kernel is ready."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": 1800})
        page.set_default_timeout(90_000)
        page.goto(address)
        # The kernel indicator says idle before there is a session: ask the session itself.
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
        page.evaluate(
            """async () => {
                const context = jupyterapp.shell.currentWidget.sessionContext;
                await context.ready;
                await context.session.kernel.info;
            }"""
        )
        yield page
        browser.close()


@contextmanager
def finished(address: str, width: int = 1400):
    """The page of a notebook after all its cells were run."""
    with opened(address, width) as page:
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        yield page


def notebook_of(*cells: str) -> str:
    """The text of a notebook with these code cells."""
    import nbformat.v4 as v4

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = v4.new_notebook(cells=[v4.new_code_cell(c) for c in cells], metadata=kernel)
    return json.dumps(made)


def with_parameters(path: Path, **values: object) -> str:
    """The text of a notebook with other values behind its parameters cell, as papermill has it."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    place = next(i for i, found in enumerate(tags) if "parameters" in found)
    given = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(given))
    return nbformat.writes(notebook)


def wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended"
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not come up")
