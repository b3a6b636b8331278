"""The notebook's view of a run, without a browser: what the sliders mean and what is drawn."""

import asyncio
from dataclasses import replace
from typing import get_args

import ipywidgets
import pytest
from fault_server import Faults, FaultServer
from simulated_answer import simulated_answer
from toy import TOY

from sleeptime_lib import recordings, runs
from sleeptime_lib.config import Execution, option
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Notes
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.experiments.swe import FLOORS, SWE, TREE
from sleeptime_lib.manifest import read_manifest
from sleeptime_lib.methods import SLEEP_METHODS
from sleeptime_lib.methods.controls import Control
from sleeptime_lib.store import CALLS, read_rows
from sleeptime_lib.widgets import PlanningPanel, RunPanel

SMALL = {"limit": 8, "levels": (0, 1, 2, 3), "sleep_parallel": (1, 2), "pass_samples": 0}

AWAY = {"model": "gpt-4o-mini", "base_url": "https://api.example.com/v1"}


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody-at-all-0123456789")


def panel(root, execution=None, experiment="stateful-gsm", **options):
    chosen = runs.experiment_of(experiment)
    made = runs.make_options(chosen, **(SMALL | options))
    return RunPanel(experiment, made, execution, root=root)


def sliders(view):
    """The controls that are shown, by name."""
    every = view.widget.children[0].children
    return {child.description: child for child in every if child.layout.display != "none"}


def tick(view, name, *values):
    for value in values:
        sliders(view)[name].boxes[value].value = True


def said(view):
    estimate, status = (c for c in view.widget.children if isinstance(c, ipywidgets.HTML))
    return estimate.value, status.value


def buttons(view):
    row = next(c for c in view.widget.children if isinstance(c, ipywidgets.HBox))
    start, stop, _ = row.children
    return start, stop


def points(view):
    traces = view.widget.children[-1].picture["data"]
    return {t["meta"].partition(":")[2]: len(t["x"]) for t in traces if "markers" in t["mode"]}


def live_axis(view):
    return view.widget.children[-1].picture["layout"]["yaxis"]["title"]["text"]


class TestSliders:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"levels": (0, 1, 3), "sleep_parallel": (1, 5)},
            {"limit": 300, "levels": (2,), "sleep_parallel": ()},
        ],
    )
    def test_they_begin_at_the_options(self, tmp_path, options):
        view = panel(tmp_path, **options)
        assert view.options() == runs.make_options(STATEFUL_GSM, **(SMALL | options))

    def test_budgets_of_another_kind_stand_in_the_place_of_levels(self, tmp_path):
        view = panel(tmp_path, budget_kind="effort", budgets=(2, 3, 4))
        assert "Verbosity levels" not in sliders(view)
        assert [name for name, _ in sliders(view)["Budgets"].options] == ["low", "medium", "high"]
        sliders(view)["Budgets"].value = (3, 4)
        assert view.options().budgets == (3, 4)
        assert "Budgets" not in sliders(panel(tmp_path))

    def test_moved_they_give_other_options(self, tmp_path):
        view = panel(tmp_path)
        sliders(view)["Questions"].value = 12
        sliders(view)["Verbosity levels"].value = (0, 1)
        sliders(view)["Parallel phases"].value = 5
        options = view.options()
        assert (options.limit, options.levels, options.sleep_parallel) == (12, (0, 1), (1, 2, 5))

    def test_values_with_gaps_are_kept_until_the_slider_is_moved(self, tmp_path):
        view = panel(tmp_path, levels=(0, 1, 3))
        sliders(view)["Verbosity levels"].value = (1, 3)
        assert view.options().levels == (1, 2, 3)
        sliders(view)["Verbosity levels"].value = (0, 3)
        assert view.options().levels == (0, 1, 3)

    def test_where_contexts_have_several_questions_they_count_contexts(self, tmp_path):
        view = panel(tmp_path, experiment="multi-query", limit=5, questions_per_context=3)
        sliders(view)["Contexts"].value = 2
        options = view.options()
        assert (options.limit, options.questions_per_context) == (2, 3)
        assert "72 rows" in said(view)[0]

    def test_they_are_those_that_the_options_give_hints_for(self, tmp_path):
        class Own(StatefulGsmOptions):
            rounds: tuple[int, ...] = option(
                (1,), "How often.", slider="up to", label="Rounds", choices=(1, 2, 4)
            )

        view = panel(tmp_path, experiment=replace(STATEFUL_GSM, options=Own))
        assert list(sliders(view))[-2:] == ["Rounds", "Cost cap"]
        sliders(view)["Rounds"].value = 4
        assert view.options().rounds == (1, 2, 4)

    def test_efforts_have_their_names_awake_and_asleep(self, tmp_path):
        chosen = {"levels": (0, 1, 2, 3, 4), "budgets": "low,high", "sleep_efforts": "low,max"}
        view = panel(tmp_path, experiment="stateful-aime", **chosen)
        assert sliders(view)["Budgets"].options == (("low", 2), ("high", 4))
        sliders(view)["Sleep efforts"].index = (1, 1)
        assert view.options().sleep_efforts == ("max",)

    def test_an_experiment_without_hints_has_the_common_ones(self, tmp_path):
        view = RunPanel(TOY, runs.make_options(TOY), root=tmp_path)
        assert list(sliders(view)) == ["Questions", "Cost cap"]

    def test_control_arms_are_boxes_to_tick(self, tmp_path):
        view = panel(tmp_path, controls="bare")
        assert list(sliders(view)["Control arms"].boxes) == list(get_args(Control))
        before = said(view)[0]
        tick(view, "Control arms", "placebo_other", "oracle")
        assert view.options().controls == ("placebo_other", "bare", "oracle")
        assert said(view)[0] != before

    def test_budgets_of_control_arms_are_chosen_once_there_is_one(self, tmp_path):
        view = panel(tmp_path)
        assert "Controls at" not in sliders(view)
        tick(view, "Control arms", "bare")
        assert view.options().controls_at == ()
        sliders(view)["Controls at"].value = (1, 2)
        assert view.options().controls_at == (1, 2)
        budgets = {s.budget for s in view.prepared.study.settings if s.arm == "bare"}
        assert budgets == {1, 2}

    def test_the_sleep_method_is_one_of_those_there_are(self, tmp_path):
        view = panel(tmp_path)
        assert [name for name, _ in sliders(view)["Sleep method"].options] == [
            method.name for method in SLEEP_METHODS
        ]
        sliders(view)["Sleep method"].value = "checked"
        assert view.prepared.study.method.name == "checked"

    def test_what_decides_nothing_is_not_shown_and_not_passed_on(self, tmp_path):
        view = panel(tmp_path)
        assert "Phases that agree" not in sliders(view)
        sliders(view)["Sleep method"].value = "agreed"
        sliders(view)["Phases that agree"].value = 3
        assert view.options().agree == 3
        sliders(view)["Sleep method"].value = "rethink"
        assert "Phases that agree" not in sliders(view)
        assert view.options() == panel(tmp_path).options()

    @pytest.mark.parametrize(
        ("label", "option"), [("Long phase", "sleep_long"), ("Lines left out", "ablate_lines")]
    )
    def test_an_amount_is_one_of_some_beginning_at_none(self, tmp_path, label, option):
        view = panel(tmp_path, **{option: 7})
        names = [name for name, _ in sliders(view)[label].options]
        assert names[0] == "none"
        assert "7" in names
        sliders(view)[label].value = 5
        assert getattr(view.options(), option) == 5
        sliders(view)[label].value = 0
        assert getattr(view.options(), option) == 0

    def test_an_arm_that_cannot_be_had_is_told_and_not_started(self, tmp_path):
        view = panel(tmp_path, sleep_parallel=())
        tick(view, "Control arms", "filler")
        assert "filler read notes: add --sleep-parallel 1" in said(view)[0]
        assert buttons(view)[0].disabled

    def test_the_estimate_follows_them_before_anything_runs(self, tmp_path):
        view = panel(tmp_path)
        before = said(view)[0]
        sliders(view)["Questions"].value = 16
        assert "calls" in before
        assert said(view)[0] != before
        assert list(tmp_path.iterdir()) == []

    def test_the_cost_cap_is_the_runs(self, tmp_path):
        view = panel(tmp_path, Execution(max_cost_usd=2.0))
        assert sliders(view)["Cost cap"].value == 2.0
        sliders(view)["Cost cap"].value = 0.5
        assert view.prepared.execution.max_cost_usd == 0.5

    def test_a_cap_of_twice_the_estimate_is_proposed_where_money_may_be_spent(self, tmp_path, key):
        view = panel(tmp_path, **AWAY)
        cap = sliders(view)["Cost cap"].value
        assert cap >= 2 * view.prepared.estimate.cost_usd
        assert view.prepared.execution.max_cost_usd == cap
        assert panel(tmp_path).prepared.execution.max_cost_usd is None

    def test_what_cannot_run_is_said_and_cannot_be_started(self, tmp_path, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        view = panel(tmp_path, model="gpt-4o-mini")
        assert "OPENAI_API_KEY" in said(view)[0]
        assert view.prepared is None
        assert buttons(view)[0].disabled
        with pytest.raises(InputError, match="see the message in the panel"):
            view.start()

    def test_text_of_others_is_shown_as_text(self, tmp_path):
        view = panel(tmp_path, dataset="<img src=x onerror=alert(1)>")
        assert "<img" not in said(view)[0]
        assert "&lt;img" in said(view)[0]


class TestStart:
    async def test_the_plot_fills_in_and_ends_with_every_point(self, tmp_path):
        view = panel(tmp_path)
        assert points(view) == {}
        view.start()
        assert [button.disabled for button in buttons(view)] == [True, False]
        await view.ended()
        assert [button.disabled for button in buttons(view)] == [False, True]
        assert points(view) == {"baseline": 4, "sleep-1": 4}
        assert said(view)[1].count("finished") == 1
        assert len(read_rows(view.prepared.path)) == view.prepared.estimate.rows

    async def test_control_arms_are_points_of_the_plot(self, tmp_path):
        view = panel(tmp_path, controls="bare,placebo_other", controls_at=(0, 3))
        view.start()
        await view.ended()
        arms = {"placebo_other-1": 2, "bare": 2}
        assert points(view) == {"baseline": 4, "sleep-1": 4} | arms

    async def test_it_shows_the_score_by_the_name_of_the_experiment_and_its_floors(self, tmp_path):
        options = runs.make_options(SWE, limit=1, budgets=(4,))
        view = RunPanel(SWE, options, root=tmp_path)
        assert live_axis(view) == "F1 of modified files (%)"
        view.start()
        await view.ended()
        assert live_axis(view) == "F1 of modified files (%)"
        floors = dict.fromkeys((*FLOORS, TREE), 2)
        assert points(view) == {"baseline": 1, "sleep-1": 1} | floors

    async def test_the_loop_is_free_while_a_run_is_going(self, tmp_path):
        view = panel(tmp_path, limit=30)
        view.start()
        ended, turns = asyncio.ensure_future(view.ended()), 0
        while not ended.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 10

    async def test_stop_keeps_what_is_finished_and_start_goes_on(self, tmp_path):
        view = panel(tmp_path, limit=40)
        view.start()
        while not list(tmp_path.glob("*/*/rows/*")):
            await asyncio.sleep(0.01)
        view.stop()
        await view.ended()
        assert "stopped after" in said(view)[1]
        there = len(read_rows(view.prepared.path))
        view.start()
        assert "rows are there already" in said(view)[0]
        await view.ended()
        assert f"{there} were there from before" in said(view)[1]

    async def test_what_goes_wrong_is_said_in_the_view(self, tmp_path):
        with FaultServer(Faults(rate=1.0, kinds=("401",), most=10**9)) as server:
            view = panel(tmp_path, model="m", base_url=server.url, limit=1)
            view.start()
            await view.ended()
        assert "OPENAI_API_KEY" in said(view)[1]
        assert not buttons(view)[0].disabled

    async def test_waiting_for_no_run_ends_at_once(self, tmp_path):
        await panel(tmp_path).ended()
        assert list(tmp_path.iterdir()) == []

    async def test_a_method_of_ones_own_is_run(self, tmp_path):
        async def none(call, context, setting, draw):
            return Notes("")

        options = runs.make_options(STATEFUL_GSM, **(SMALL | {"limit": 2}))
        view = RunPanel(STATEFUL_GSM, options, root=tmp_path, sleep_method=none)
        assert "Sleep method" not in sliders(view)
        view.start()
        await view.ended()
        assert read_manifest(view.prepared.path)["config"]["sleep_method"] == "none"


class TestLoad:
    def test_the_simulated_model_is_run_to_its_end(self, tmp_path):
        view = panel(tmp_path, limit=2)
        run = view.load()
        assert len(run.rows) == view.prepared.estimate.rows
        assert "finished" in said(view)[1]
        assert points(view) == {"baseline": 4, "sleep-1": 4}

    async def test_it_waits_where_a_loop_is_running(self, tmp_path):
        assert len(panel(tmp_path, limit=2).load().rows) > 0

    def test_a_model_that_may_cost_money_is_not_asked(self, tmp_path):
        with FaultServer(answer=simulated_answer) as server:
            view = panel(tmp_path, model="m", base_url=server.url, limit=1)
            with pytest.raises(InputError, match="press Start"):
                view.load()
            assert not server.log.attempts
        assert list(tmp_path.iterdir()) == []

    def test_its_error_is_one_line_in_a_notebook(self, tmp_path, key):
        with pytest.raises(InputError) as caught:
            panel(tmp_path, **AWAY).load()
        (line,) = caught.value._render_traceback_()
        assert line.startswith("InputError: nothing has been run yet: press Start above")
        assert "\n" not in line

    async def test_what_was_run_of_it_is_there_be_it_a_part(self, tmp_path):
        with FaultServer(Faults(latency_s=0.02), simulated_answer) as server:
            view = panel(tmp_path, model="m", base_url=server.url, limit=8)
            view.start()
            while not list(tmp_path.glob("*/*/rows/*")):
                await asyncio.sleep(0.01)
            view.stop()
            await view.ended()
            asked = sum(server.log.attempts.values())
            run = view.load()
            assert sum(server.log.attempts.values()) == asked
        assert 0 < len(run.rows) < view.prepared.estimate.rows
        assert f"{len(run.rows)} of " in said(view)[1]

    def test_a_batch_may_spend(self, tmp_path):
        with FaultServer(answer=simulated_answer) as server:
            view = panel(tmp_path, model="m", base_url=server.url, limit=1)
            assert len(view.load(spend=True).rows) == view.prepared.estimate.rows

    def test_a_batch_may_spend_within_a_cap_of_its_own_only(self, tmp_path, key):
        with pytest.raises(InputError, match="needs a cap"):
            panel(tmp_path, limit=1, **AWAY).load(spend=True)
        assert list(tmp_path.iterdir()) == []


def make_recording(**options):
    """Make a recording "small" in the current folder."""
    run = runs.run(STATEFUL_GSM, out="live", **(SMALL | options))
    target = recordings.target("small", run.manifest["config"])
    origin = recordings.Origin("", "simulated", "MIT")
    recordings.record(run.manifest, run.path / CALLS, target, origin, "x")


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A folder with a recording "small"."""
    monkeypatch.chdir(tmp_path)
    make_recording(pass_samples=2)
    return tmp_path


class TestRecording:
    def view(self, root):
        options = runs.make_options(STATEFUL_GSM, model="recorded:small")
        return RunPanel(STATEFUL_GSM, options, root=root)

    def test_it_offers_what_it_holds_and_says_what_it_replays(self, recorded):
        view = self.view(recorded)
        assert [k for _, k in sliders(view)["Parallel phases"].options] == [1, 2]
        assert [k for _, k in sliders(view)["Verbosity levels"].options] == [0, 1, 2, 3]
        assert sliders(view)["Questions"].max == view.options().limit == 8
        assert "nothing is billed" in said(view)[0]

    def test_what_was_recorded_in_one_way_only_cannot_be_moved(self, recorded):
        options = runs.make_options(STATEFUL_GSM, model="recorded:small", sleep_parallel=(1,))
        view = RunPanel(STATEFUL_GSM, options, root=recorded)
        assert sliders(view)["Parallel phases"].disabled

    def test_what_leaves_no_choice_is_not_shown(self, recorded):
        named = ["Questions", "Verbosity levels", "Parallel phases", "Cost cap"]
        assert list(sliders(self.view(recorded))) == named

    def test_pass_at_k_at_a_level_that_was_not_recorded_is_refused_at_once(self, recorded):
        view = self.view(recorded)
        sliders(view)["Verbosity levels"].value = (2, 3)
        assert "baseline at samples 2" in said(view)[0]
        assert "--pass-samples 0" in said(view)[0]
        assert buttons(view)[0].disabled
        with pytest.raises(InputError):
            view.load()

    def test_recorded_control_arms_and_a_long_phase_can_be_left_out(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        make_recording(controls="bare,oracle", sleep_long=2, limit=2, levels=(0,))
        view = self.view(tmp_path)
        assert list(sliders(view)["Control arms"].boxes) == ["bare", "oracle"]
        assert [k for _, k in sliders(view)["Long phase"].options] == [0, 2]
        sliders(view)["Control arms"].boxes["bare"].value = False
        sliders(view)["Long phase"].value = 0
        assert set(view.load().rows.arm) == {"baseline", "sleep", "context_only", "oracle"}

    def test_without_it_those_levels_are_replayed(self, recorded):
        options = runs.make_options(STATEFUL_GSM, model="recorded:small", pass_samples=0)
        view = RunPanel(STATEFUL_GSM, options, root=recorded)
        sliders(view)["Verbosity levels"].value = (2, 3)
        assert set(view.load().rows.budget) == {2, 3}


async def test_the_planning_slider_tells_more_of_more_clusters(tmp_path):
    run = runs.run(STATEFUL_GSM, out=tmp_path, **(SMALL | {"limit": 35, "levels": (0,)}))
    view = PlanningPanel(run.rows, budget=0)
    cluster_slider, text = view.widget.children[:2]
    before = text.value
    cluster_slider.value = 200
    assert before != text.value
    assert "200 clusters" in text.value


def test_where_there_is_no_kernel_a_cell_says_what_would_stand_there(tmp_path):
    shown = panel(tmp_path)._repr_mimebundle_()
    assert shown["text/plain"].startswith("[the run panel")
    assert "application/vnd.jupyter.widget-view+json" in shown
