"""The notebook's view of a run, without a browser: what the sliders mean and what is drawn."""

import asyncio

import pytest

from sleeptime_lib import runs
from sleeptime_lib.config import Execution, make_config
from sleeptime_lib.errors import InputError
from sleeptime_lib.store import read_rows
from sleeptime_lib.widgets import PlanningPanel, RunPanel

SMALL = {"limit": 8, "levels": (0, 1, 2, 3), "sleep_parallel": (1, 2), "pass_samples": 0}


def panel(tmp_path, execution=None, **options):
    return RunPanel(make_config(**(SMALL | options)), execution, root=tmp_path)


def slider(view, name):
    found = [
        child
        for row in view.widget.children[:2]
        for child in row.children
        if child.description == name
    ]
    return found[0]


def said(view):
    estimate, status = view.widget.children[2], view.widget.children[4]
    return estimate.value, status.value


def points(view):
    figure = view.widget.children[-1]
    return {t.name: len(t.x) for t in figure.data if "markers" in t.mode}


def test_the_sliders_begin_at_the_configuration(tmp_path):
    assert panel(tmp_path).config() == make_config(**SMALL)


def test_levels_with_gaps_are_kept_until_the_slider_is_moved(tmp_path):
    view = panel(tmp_path, levels=(0, 1, 3))
    assert view.config().levels == (0, 1, 3)
    slider(view, "Verbosity levels").value = (1, 3)
    assert view.config().levels == (1, 2, 3)


def test_where_contexts_have_several_questions_the_slider_counts_contexts(tmp_path):
    view = panel(tmp_path, experiment="multi-query", limit=5, questions_per_context=3)
    slider(view, "Contexts").value = 2
    config = view.config()
    assert (config.limit, config.questions_per_context) == (2, 3)
    assert "72 rows" in said(view)[0]


def test_moved_sliders_give_another_configuration(tmp_path):
    view = panel(tmp_path)
    slider(view, "Questions").value = 12
    slider(view, "Verbosity levels").value = (0, 1)
    slider(view, "Parallel phases").value = 5
    config = view.config()
    assert (config.limit, config.levels, config.sleep_parallel) == (12, (0, 1), (1, 2, 5))


def test_the_estimate_follows_the_sliders_before_anything_runs(tmp_path):
    view = panel(tmp_path)
    before = said(view)[0]
    slider(view, "Questions").value = 16
    assert "calls" in before
    assert said(view)[0] != before
    assert list(tmp_path.iterdir()) == []


async def test_the_plot_fills_in_and_ends_with_every_point(tmp_path):
    view = panel(tmp_path)
    assert points(view) == {}
    view.start()
    finished = await view.finished()
    assert finished.outcome.answered == len(read_rows(finished.path))
    assert points(view) == {"baseline": 4, "sleep-time": 4}
    assert "finished" in said(view)[1]


async def test_the_loop_is_free_while_a_run_is_going(tmp_path):
    view = panel(tmp_path, limit=60)
    view.start()
    turns = 0
    while not view._run.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 10


async def test_stop_keeps_what_is_finished_and_start_goes_on(tmp_path):
    view = panel(tmp_path, limit=60)
    view.start()
    while not list(tmp_path.glob("*/*/rows/*")):
        await asyncio.sleep(0.01)
    view.stop()
    with pytest.raises(asyncio.CancelledError):
        await view.finished()
    assert "stopped" in said(view)[1]
    view.start()
    finished = await view.finished()
    assert finished.outcome.found > 0


async def test_the_cost_cap_of_the_slider_is_the_runs(tmp_path):
    view = panel(tmp_path, Execution(max_cost_usd=2.0))
    assert slider(view, "Cost cap").value == 2.0
    slider(view, "Cost cap").value = 0.5
    assert view._prepared.execution.max_cost_usd == 0.5


def test_what_cannot_run_is_said_in_the_view(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    view = panel(tmp_path, model="gpt-4o-mini")
    assert "OPENAI_API_KEY" in said(view)[0]
    with pytest.raises(InputError):
        view.start()


async def test_waiting_for_no_run_is_an_error(tmp_path):
    with pytest.raises(InputError, match="start"):
        await panel(tmp_path).finished()


async def test_the_planning_slider_tells_more_of_more_clusters(tmp_path):
    ready = runs.prepare(make_config(**(SMALL | {"limit": 35})), Execution(), tmp_path / "r")
    await runs.carry_out(ready)
    view = PlanningPanel(read_rows(tmp_path / "r"), budget=0)
    cluster_slider, text = view.widget.children
    before = text.value
    cluster_slider.value = 200
    assert before != text.value
    assert "200 clusters" in text.value


def test_a_recording_offers_what_it_holds_and_says_why_not_more(tmp_path, monkeypatch):
    from sleeptime_lib import recordings

    monkeypatch.chdir(tmp_path)
    ready = runs.prepare(make_config(**SMALL), Execution(), tmp_path / "live")
    asyncio.run(runs.carry_out(ready))
    target = recordings.target("small", ready.config)
    recordings.record(tmp_path / "live", target, recordings.Source("", "simulated", "MIT"))
    view = RunPanel(make_config(model="recorded:small"), root=tmp_path)
    assert [k for _, k in slider(view, "Parallel phases").options] == [1, 2]
    assert view.config().limit == 8
    assert "nothing is billed" in said(view)[0]
    slider(view, "Questions").value = 9
    assert "limit = 9, recorded 8" in said(view)[0]
