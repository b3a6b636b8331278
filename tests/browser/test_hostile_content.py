"""Texts of datasets, models and servers do nothing in a notebook, nor in its HTML export."""

import subprocess
import sys
from pathlib import Path

import hostile
import nbformat
import pytest
from fault_server import FaultServer
from jupyter_browser import CHROMIUM, FLAGS, finished, lab, with_parameters

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = ("01_stateful_gsm", "03_multi_query")
OWN = {
    "model": hostile.MODEL,
    "spend": True,
    "harder": None,
    "levels": [0, 1],
    "sleep_parallel": [1],
    "questions_per_context": 2,
}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


@pytest.fixture(scope="module", params=NOTEBOOKS)
def seen(request, tmp_path_factory):
    """What Chromium found in a notebook on hostile texts: run in JupyterLab, and exported."""
    home = tmp_path_factory.mktemp("lab")
    with FaultServer(answer=hostile.answer) as server:
        own = OWN | {"base_url": server.url, "dataset": hostile.dataset(home)}
        notebook = with_parameters(ROOT / f"notebooks/{request.param}.ipynb", **own)
        with lab(home, notebook) as address, finished(address) as page:
            page.wait_for_timeout(2000)  # for what would run, and for MathJax
            lived = look(page)
            page.evaluate("jupyterapp.commands.execute('docmanager:save')")
            page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    saved = home / "notebooks/01.ipynb"
    for cell in nbformat.read(saved, as_version=4).cells:
        assert not [o for o in cell.get("outputs", ()) if o.output_type == "error"]
    export = ("jupyter", "nbconvert", "--to", "html", "--log-level", "ERROR", saved)
    subprocess.run([sys.executable, "-m", *export], check=True)
    return {"JupyterLab": lived, "HTML": look_at_file(saved.with_suffix(".html"))}


def look(page):
    return {
        "hit": page.evaluate("window.HIT"),
        "links": page.locator("a[href^=javascript]").count(),
        "formulas": page.locator("mjx-container").count(),
        "text": page.locator("body").text_content(),
    }


def look_at_file(path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page()
        page.route("http*://**", lambda route: route.abort())
        page.goto(path.as_uri())
        page.wait_for_timeout(1000)
        found = look(page)
        browser.close()
        return found


@pytest.fixture(params=["JupyterLab", "HTML"])
def found(request, seen):
    return seen[request.param]


def test_nothing_in_them_runs(found):
    assert found["hit"] is None
    assert found["links"] == 0


def test_amounts_of_dollars_are_no_formulas(found):
    assert "Anna has $5 and $6, not $x_1$ and \\(x\\)." in found["text"]
    assert found["formulas"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "<script>window.HIT=1</script>",
        "<img src=x onerror=window.HIT=1>",
        "</pre></div> &lt;b&gt;",
        "**stars** [link](javascript:window.HIT=1)",
    ],
)
def test_they_can_be_read_as_they_are(found, text):
    assert text in found["text"]


def test_escape_codes_do_not_get_through(found):
    assert "\N{REPLACEMENT CHARACTER}[31mred" in found["text"]
    assert not {"\x1b", "\x9b", "\u202e"} & set(found["text"])
