"""Texts of datasets, models and servers do nothing in a notebook, nor in its HTML export."""

import subprocess
import sys
from pathlib import Path

import hostile
import nbformat
import pytest
from fault_server import FaultServer
from jupyter_browser import CHROMIUM, FLAGS, finished, lab, notebook_of, with_parameters

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = {
    "01_stateful_gsm": {},
    "02_stateful_aime": {"budget_kind": "verbosity", "word_problems": None},
    "03_multi_query": {},
}
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


CELLS = (
    """
from sleeptime_lib import figures, find_experiment, make_options, run, show
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.widgets import RunPanel
small = {"limit": 2, "levels": (0, 1), "sleep_parallel": (1,), "pass_samples": 0}
replayed = run(model="recorded:" + RECORDING, context_only=False, **small)
show.source(replayed)
""",
    "figures.LivePlot(replayed.pictures()['pareto'])",
    "RunPanel(STATEFUL_GSM, make_options(STATEFUL_GSM, dataset=TEXT))",
    "display({'text/plain': '', 'text/markdown': '**shown**'}, raw=True)",
    "run(model=MODEL, base_url=URL, dataset='procedural-p0', **small)",
)


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """The page of a notebook on a hostile recording, dataset name and server error."""
    home = tmp_path_factory.mktemp("strange")
    with FaultServer(answer=hostile.refusal) as server:
        shipped = ROOT / "recordings/qwen2.5-coder-1.5b-gsm-p0.parquet"
        names = {
            "RECORDING": hostile.recording(home, shipped),
            "TEXT": hostile.TEXT,
            "MODEL": hostile.MODEL,
            "URL": server.url,
        }
        given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        with lab(home, notebook_of(given, *CELLS)) as address, finished(address) as page:
            page.get_by_text("StopRun").first.wait_for()
            page.wait_for_timeout(2000)
            return look(page)


def test_recordings_names_and_server_errors_do_nothing_either(strange):
    assert strange["hit"] is None
    assert strange["links"] == 0
    assert strange["formulas"] == 0
    assert not {"\x1b", "\x9b", "\u202e"} & set(strange["text"])


def test_they_are_there_to_read(strange):
    assert "shown" in strange["text"]
    assert strange["text"].count("**stars** [link](javascript:window.HIT=1)") >= 5
    assert "StopRun" in strange["text"]


@pytest.fixture(scope="module", params=NOTEBOOKS)
def seen(request, tmp_path_factory):
    """What Chromium found in a notebook on hostile texts: run in JupyterLab, and exported."""
    home = tmp_path_factory.mktemp("lab")
    with FaultServer(answer=hostile.answer) as server:
        own = OWN | {"base_url": server.url, "dataset": hostile.dataset(home)}
        own |= NOTEBOOKS[request.param]
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
