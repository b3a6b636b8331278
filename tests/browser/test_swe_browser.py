"""Notebook 05 in a real browser: sliders, live plot with floors, an attempt step by step."""

import re
from pathlib import Path

import pytest
from jupyter_browser import CHROMIUM, finished, lab, with_parameters

from sleeptime_lib.experiments.swe import FLOORS, TREE

NOTEBOOK = Path(__file__).parents[2] / "notebooks/05_swe_case_study.ipynb"
SMALL = {"model": "simulated", "limit": 3, "budgets": "5,10"}
PANEL = "() => [...document.querySelectorAll('.widget-html-content')].slice(0, 2)"
LAST = ".jp-OutputArea-output:has(.widget-dropdown)"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: install your system's chromium to run these"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The notebook on three tasks after all its cells were run."""
    home = tmp_path_factory.mktemp("lab")
    with lab(home, with_parameters(NOTEBOOK, **SMALL)) as address, finished(address) as page:
        page.wait_for_selector(f"{LAST} .noUi-handle[aria-label]")
        yield page


def said(page):
    """The estimate and the status of the run panel."""
    return page.evaluate(f"() => ({PANEL})().map(part => part.textContent)")


def wait_for_status(page, word):
    page.wait_for_function(f"word => ({PANEL})()[1].textContent.includes(word)", arg=word)


def drawn(page):
    """x and y of each named trace of the live plot."""
    return page.evaluate(
        """() => Object.fromEntries(document.querySelector('.js-plotly-plot').data
            .filter(trace => trace.name).map(trace => [
                trace.meta.split(':')[1], [Array.from(trace.x), Array.from(trace.y)]]))"""
    )


def attempt(page):
    """What the browser of attempts shows: the step, and what stands below it."""
    return page.locator(f"{LAST} .widget-html-content").all_text_contents()


def change(page, act):
    """Do something to the browser of attempts; gives what it shows once that is something else."""
    before = attempt(page)
    act()
    page.wait_for_function(
        """([where, before]) => [...document.querySelectorAll(where)]
            .map(part => part.textContent).join() != before""",
        arg=[f"{LAST} .widget-html-content", ",".join(before)],
    )
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status == 'idle'"
    )
    return attempt(page)


def step(page, key):
    return change(page, lambda: page.locator(f"{LAST} .noUi-handle").press(key))


def choose(page, place, label):
    chosen = page.locator(f"{LAST} .widget-dropdown select").nth(place)
    return change(page, lambda: chosen.select_option(label=label))


def test_all_cells_run_to_their_end_and_nothing_goes_wrong(page):
    assert "finished" in said(page)[1]
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
    assert page.locator(".jp-RenderedImage img").count() >= 3


def test_the_live_plot_shows_f1_by_its_name(page):
    assert page.locator(".js-plotly-plot .ytitle").text_content() == "F1 of modified files (%)"
    titles = page.locator(".js-plotly-plot .annotation-text").all_text_contents()
    assert "F1 of modified files against test-time tokens" in titles


def test_floors_are_level_lines_beside_the_two_arms(page):
    shown = drawn(page)
    assert shown.keys() == {"baseline", "sleep-1", *FLOORS, TREE}
    assert [len(shown[arm][0]) for arm in ("baseline", "sleep-1")] == [2, 2]
    for name in (*FLOORS, TREE):
        (left, right), (one, other) = shown[name]
        assert left < right
        assert one == other


@pytest.mark.parametrize("width", [1400, 1000])
def test_every_name_of_the_legend_is_seen_and_covers_nothing(page, width):
    page.set_viewport_size({"width": width, "height": 1800})
    page.wait_for_function(
        """() => {
            const plot = document.querySelector('.js-plotly-plot');
            return plot.querySelector('.main-svg').clientWidth == plot.clientWidth;
        }"""
    )
    legend, tag, axes = page.evaluate(
        """() => ['.legend', '.annotation', '.gridlayer'].map(part => {
            const box = document.querySelector('.js-plotly-plot ' + part).getBoundingClientRect();
            return [box.top, box.bottom, box.right]; })"""
    )
    plot = page.locator(".js-plotly-plot").first.bounding_box()
    assert page.locator(".js-plotly-plot .legendtext").count() == 7
    assert legend[2] <= plot["x"] + plot["width"] + 1
    assert tag[1] <= legend[0] + 1
    assert legend[1] <= axes[0] + 1


def test_the_handles_of_the_sliders_have_names(page):
    names = page.evaluate(
        """() => [...document.querySelectorAll('.noUi-handle')]
            .map(handle => handle.getAttribute('aria-label'))"""
    )
    assert names[:3] == ["Tasks", "Steps, from", "Steps, to"]
    assert names[-1] == "Step"


def test_the_browser_of_attempts_begins_with_the_first_step_of_the_largest_budget(page):
    now, below = attempt(page)
    label = (
        page.locator(f"{LAST} .widget-dropdown select")
        .nth(1)
        .evaluate("list => list.selectedOptions[0].label")
    )
    assert label.split() == ["sleep,", "10", "steps"]
    assert "[Step: 1/10]" in now
    assert "F1 of the modified files" in below
    assert "Given: notes" in below


def test_it_goes_forth_and_back_through_the_steps_of_an_attempt(page):
    first = attempt(page)[0]
    second, below = step(page, "ArrowRight")
    assert "[Step: 2/10]" in second
    assert below == attempt(page)[1]
    assert step(page, "ArrowLeft")[0] == first
    assert step(page, "End")[0].startswith("finish")


def test_another_attempt_begins_at_its_first_step_with_what_it_was_given(page):
    now, below = choose(page, 1, "baseline, 5 steps")
    assert "[Step: 1/5]" in now
    assert "Given: past changes" in below
    assert re.search(r"at step \d", below)


def test_another_task_has_another_ticket(page):
    ticket = attempt(page)[1].partition("Ticket")[2][:60]
    tasks = page.locator(f"{LAST} .widget-dropdown select").nth(0).locator("option")
    assert tasks.count() == 3
    below = choose(page, 0, tasks.nth(1).text_content())[1]
    assert below.partition("Ticket")[2][:60] != ticket


def test_a_slider_changes_the_estimate_and_runs_nothing(page):
    estimate, status = said(page)
    page.locator(".noUi-handle").nth(0).press("ArrowRight")
    page.wait_for_function(f"before => ({PANEL})()[0].textContent != before", arg=estimate)
    assert "36 rows" in said(page)[0]
    assert said(page)[1] == status


def test_start_runs_the_task_that_was_added_and_fills_the_plot_in(page):
    assert "36 rows" in said(page)[0]
    page.locator("button.mod-primary", has_text="Start").click()
    wait_for_status(page, "finished: all 36 rows are there")
    shown = drawn(page)
    assert shown.keys() == {"baseline", "sleep-1", *FLOORS, TREE}
    assert [len(shown[arm][0]) for arm in ("baseline", "sleep-1")] == [2, 2]
