"""Control arms: what each is shown, whose notes it reads, and that nobody pays twice."""

import asyncio
import json
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib import recordings, runs, show
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.multi_query import MULTI_QUERY
from sleeptime_lib.experiments.stateful_aime import STATEFUL_AIME
from sleeptime_lib.experiments.stateful_gsm import LONG_DRAW, STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.manifest import prompts_hash
from sleeptime_lib.methods import RETHINK
from sleeptime_lib.methods.controls import REWORDED
from sleeptime_lib.methods.reasoning import BOXED, NUMBER
from sleeptime_lib.methods.verbosity import VERBOSITY
from sleeptime_lib.records import VOLATILE_COLUMNS, Context, Question, Task
from sleeptime_lib.store import CALLS, read_rows, read_sleeps
from sleeptime_lib.study import sources_of

ALL = ("placebo_same", "placebo_other", "notes_only", "filler", "bare", "oracle")
SMALL = {
    "dataset": "procedural-p0", "limit": 70, "levels": (0,), "sleep_parallel": (1, 2),
    "pass_samples": 0, "context_only": False,
}  # fmt: skip
FEW = SMALL | {"limit": 8}


def prepared(path, experiment=STATEFUL_GSM, **options):
    made = runs.make_options(experiment, **(SMALL | options))
    return runs.prepare(experiment, made, Execution(), path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A run without control arms."""
    return runs.run(STATEFUL_GSM, out=tmp_path_factory.mktemp("plain"), **SMALL)


@pytest.fixture(scope="module")
def controlled(tmp_path_factory):
    """The same run with all of them, and a long sleep phase."""
    path = tmp_path_factory.mktemp("controlled")
    return runs.run(STATEFUL_GSM, out=path, controls=ALL, sleep_long=3, **SMALL)


@pytest.fixture(scope="module")
def traced(controlled):
    """Its rows as they came about, by arm."""
    found = {}
    for trace in controlled.traces():
        found.setdefault(trace.planned.setting.arm, []).append(trace)
    return found


def user(trace):
    return trace.asked[0].request.messages[-1]["content"]


def system(trace):
    return trace.asked[0].request.messages[0]["content"]


def block(trace):
    """What stands between the tags of the notes; None where there is no such block."""
    found = re.search(r"<notes>\n(.*?)\n</notes>", user(trace), re.DOTALL)
    return found[1] if found else None


class TestOff:
    def test_nothing_changes(self, plain):
        arms = {setting.arm for setting in STATEFUL_GSM.settings(StatefulGsmOptions())}
        assert arms == {"baseline", "sleep", "context_only"}
        default = runs.make_options(STATEFUL_GSM)
        bare = prompts_hash(STATEFUL_GSM, RETHINK)
        assert prompts_hash(STATEFUL_GSM, RETHINK, default) == bare
        on = runs.make_options(STATEFUL_GSM, controls=("bare",))
        assert prompts_hash(STATEFUL_GSM, RETHINK, on) != bare

    def test_a_run_directory_stays_where_it_was(self, tmp_path):
        options = runs.make_options(STATEFUL_GSM, **FEW)
        ready = runs.prepare(STATEFUL_GSM, options, Execution(), root=tmp_path)
        assert ready.path == tmp_path / "stateful-gsm/simulated-procedural-p0-3ab193bc"

    def test_the_other_arms_answer_as_they_did(self, plain, controlled):
        both = [
            run.rows[run.rows.arm.isin(("baseline", "sleep"))]
            .drop(columns=list(VOLATILE_COLUMNS))
            .reset_index(drop=True)
            for run in (plain, controlled)
        ]
        pd.testing.assert_frame_equal(*both)


class TestPlacebo:
    @pytest.mark.parametrize(("arm", "same"), [("placebo_same", True), ("placebo_other", False)])
    def test_the_own_situation_is_asked_about_with_the_notes_of_another(self, traced, arm, same):
        notes = {t.planned.context.context_id: t.notes for t in traced["sleep"]
                 if t.planned.setting.sleep_parallel == 1}  # fmt: skip
        for trace in traced[arm]:
            context, source = trace.planned.context, trace.planned.source
            assert source.context_id != context.context_id
            assert (source.cluster_id == context.cluster_id) is same
            assert f"<situation>\n{context.text}\n</situation>" in user(trace)
            assert block(trace) == notes[source.context_id][0].strip()

    def test_it_reads_phases_that_are_there(self, plain, controlled):
        short = controlled.notes().query("draw < 1000").reset_index(drop=True)
        pd.testing.assert_frame_equal(short, plain.notes())
        rows = controlled.rows
        billed = rows[rows.arm.isin(ALL)].filter(like="billed_sleep")
        assert billed.to_numpy().sum() == 0

    def test_its_rows_tell_the_phase_that_was_read(self, controlled):
        rows = controlled.rows
        slept = rows[(rows.arm == "sleep") & (rows.sleep_parallel == 1)]
        phases = slept.set_index("sleep_id").sleep_completion_tokens
        placebo = rows[rows.arm == "placebo_same"]
        for row in placebo.itertuples():
            assert not row.sleep_id.startswith(f"{row.context_id}:")
            assert phases[row.sleep_id] == row.sleep_completion_tokens

    def test_a_family_of_one_context_is_refused_in_one_line(self, tmp_path):
        with pytest.raises(InputError, match="of the same family: 8 of 8 contexts") as caught:
            prepared(tmp_path / "r", controls="placebo_same", limit=8)
        assert "--limit" in str(caught.value)
        assert not (tmp_path / "r").exists()
        assert prepared(tmp_path / "r", controls="placebo_other", limit=8).estimate.rows == 8 * 4

    def test_a_run_that_was_interrupted_goes_on(self, controlled, tmp_path):
        options = {"controls": ALL, "sleep_long": 3}
        seen = []

        async def stopped():
            def on_row(row):
                seen.append(row.arm)
                if seen.count("placebo_same") == 5:
                    task.cancel()

            task = asyncio.create_task(runs.carry_out(prepared(tmp_path, **options), on_row))
            await asyncio.wait([task])

        asyncio.run(stopped())
        assert len(read_rows(tmp_path)) < len(controlled.rows)
        finished = asyncio.run(runs.carry_out(prepared(tmp_path, **options)))
        assert finished.outcome.found >= len(seen) - 1
        volatile = list(VOLATILE_COLUMNS)
        pd.testing.assert_frame_equal(
            read_rows(tmp_path).drop(columns=volatile), controlled.rows.drop(columns=volatile)
        )

    def test_a_row_whose_notes_are_lost_is_made_again_with_them(self, tmp_path):
        options = FEW | {"controls": "placebo_other", "sleep_parallel": (1,)}
        runs.run(STATEFUL_GSM, out=tmp_path, **options)
        (tmp_path / "sleeps.parquet").unlink()
        finished = asyncio.run(runs.carry_out(prepared(tmp_path, **options)))
        assert finished.outcome.found == 8  # the baseline's
        assert len(read_sleeps(tmp_path)) == 8


def a_task(families):
    contexts = [Context(f"c{i}", str(f), f"Text {i}.") for i, f in enumerate(families)]
    questions = tuple(Question(f"q{c.context_id}", c.context_id, "?", "1") for c in contexts)
    return Task("t", {c.context_id: c for c in contexts}, questions)


class TestWhoseNotes:
    @given(
        families=st.lists(st.integers(0, 3), min_size=2, max_size=12),
        cut=st.integers(2, 12),
        whose=st.sampled_from(["same_family", "other_family"]),
        seed=st.integers(0, 3),
    )
    def test_a_longer_task_chooses_what_its_beginning_chose(self, families, cut, whose, seed):
        try:
            beginning = sources_of(a_task(families[:cut]), whose, seed)
            whole = sources_of(a_task(families), whose, seed)
        except InputError:
            return
        assert {name: whole[name] for name in beginning} == beginning

    def test_another_seed_chooses_otherwise(self):
        task = a_task([0] * 30)
        chosen = [sources_of(task, "same_family", seed) for seed in (0, 0, 1)]
        assert chosen[0] == chosen[1] != chosen[2]

    def test_the_same_text_is_no_other_context(self):
        task = a_task([0, 0])
        twin = Context("c1", "0", "Text 0.")
        with pytest.raises(InputError, match="2 of 2"):
            sources_of(Task("t", {**task.contexts, "c1": twin}, task.questions), "same_family", 0)


class TestShown:
    def test_notes_only_leaves_the_situation_out(self, traced):
        for trace in traced["notes_only"]:
            assert trace.planned.context.text not in user(trace)
            assert "<situation>" not in user(trace)
            assert block(trace) == trace.notes[0].strip()
            assert "not shown" in system(trace)

    def test_bare_says_no_word_about_notes(self, traced):
        for trace in traced["bare"]:
            assert trace.planned.context.text in user(trace)
            assert "notes" not in user(trace) + system(trace)

    @pytest.mark.parametrize("arm", REWORDED)
    def test_every_way_of_answering_is_reworded(self, arm):
        for manner in (*VERBOSITY, NUMBER.manner, BOXED.manner):
            text = manner.text
            for told, instead in REWORDED[arm]:
                text = text.replace(told, instead)
            assert ("notes" if arm == "bare" else "situation") not in text

    def test_filler_is_as_long_as_the_notes_and_about_something_else(self, traced):
        for trace in traced["filler"]:
            own, shown = trace.notes[0].strip(), block(trace)
            assert abs(len(shown) - len(own)) <= 40
            assert not set(own.splitlines()) & set(shown.splitlines())
            _, calculation, number = shown.splitlines()[0].split(" = ")
            one, other = map(int, calculation.split(" * "))
            assert one * other == int(number)

    def test_oracle_shows_every_quantity_as_a_line(self, traced):
        for trace in traced["oracle"]:
            lines = set(block(trace).splitlines())
            assert lines == {f"{q.name} = {q.gold}" for q in trace.planned.context.quantities}
            assert trace.notes == ()

    def test_oracle_is_the_ceiling(self, controlled):
        right = controlled.rows.groupby("arm").score.mean()
        assert right["oracle"] == right.max() > right["sleep"]

    def test_oracle_is_refused_for_data_without_known_quantities(self, tmp_path):
        own = tmp_path / "own.csv"
        own.write_text("context,question,answer\nAnna has 2 apples.,How many apples has Anna?,2\n")
        with pytest.raises(InputError, match=r"true quantities of .*own\.csv are not known"):
            prepared(tmp_path / "r", dataset=str(own), limit=None, controls="oracle")

    def test_an_arm_that_reads_notes_needs_a_sleep_phase(self):
        with pytest.raises(InputError, match="filler read notes: add --sleep-parallel 1"):
            runs.make_options(STATEFUL_GSM, sleep_parallel=(), controls="bare,filler")
        assert runs.make_options(STATEFUL_GSM, sleep_parallel=(), controls="bare,oracle")

    def test_an_unknown_arm_tells_the_known_ones(self):
        with pytest.raises(InputError, match="placebo_same"):
            runs.make_options(STATEFUL_GSM, controls="placebo")

    def test_they_are_measured_at_some_of_the_budgets_where_so_asked(self, tmp_path):
        options = {"levels": (0, 1, 3), "controls": "bare", "controls_at": (1, 3, 4)}
        ready = prepared(tmp_path, **options)
        budgets = {(s.arm, s.budget) for s in ready.study.settings}
        assert {budget for arm, budget in budgets if arm == "bare"} == {1, 3}
        assert {budget for arm, budget in budgets if arm == "baseline"} == {0, 1, 3}

    def test_budgets_none_of_which_is_asked_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="--controls-at 3, 4: none of the budgets"):
            prepared(tmp_path, controls="bare", controls_at=(3, 4))


@pytest.mark.parametrize(
    ("experiment", "options"),
    [
        (STATEFUL_GSM, {"budget_kind": "forced", "budgets": "16,32"}),
        (STATEFUL_GSM, {"budget_kind": "thinking", "budgets": "16,32"}),
        (
            STATEFUL_AIME,
            {"budget_kind": "forced", "budgets": "16,32", "dataset": "procedural-aime"},
        ),
        (
            STATEFUL_AIME,
            {"budgets": "low,high", "sleep_efforts": "low,high", "dataset": "procedural-aime"},
        ),
        (MULTI_QUERY, {"levels": (0, 4), "dataset": "multi-p0", "questions_per_context": 2}),
    ],
)
def test_they_are_arms_of_every_experiment_and_budget_kind(experiment, options, tmp_path):
    arms = [arm for arm in ALL if arm != "placebo_same"]  # a family has one context of so few
    few = SMALL | {"limit": 6, "sleep_parallel": (1,), "controls": arms, "sleep_long": 2}
    run = runs.run(experiment, out=tmp_path, **(few | options))
    assert (run.rows.error == "").all()
    counts = run.rows.groupby(["arm", "sleep_effort", "budget"]).size()
    assert set(run.rows.arm) == {"baseline", "sleep", "sleep_long", *arms}
    assert counts.nunique() == 1
    assert run.rows.budget.nunique() == 2


class TestLong:
    def test_it_is_a_phase_of_its_own_whose_beginning_is_shared(self, controlled):
        notes, rows = controlled.notes(), controlled.rows
        long = notes[notes.draw == LONG_DRAW].set_index("context_id")
        short = notes[notes.draw == 0].set_index("context_id")
        assert (long.completion_tokens >= short.completion_tokens).all()
        own = rows[rows.arm == "sleep_long"]
        assert own.sleep_id.str.endswith(f":{LONG_DRAW}+1").all()
        assert (own.set_index("context_id").sleep_completion_tokens == long.completion_tokens).all()
        assert own.billed_sleep_completion_tokens.sum() < long.completion_tokens.sum()

    def test_what_the_rows_were_billed_is_what_the_run_paid(self, controlled):
        rows = controlled.rows
        billed = rows.filter(regex="billed_.*_completion").to_numpy().sum()
        probe = 1  # finding out the protocol is billed to no row
        assert 0 <= controlled.manifest["billed"]["completion"] - billed <= 100 * probe


def test_the_estimate_counts_them(controlled):
    estimate = controlled.manifest["estimate"]
    assert estimate["rows"] == len(controlled.rows) == controlled.manifest["planned_rows"]
    assert estimate["answer_calls"] == len(controlled.rows)


def test_a_recording_gives_any_part_of_them(controlled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = recordings.target("small", controlled.manifest["config"])
    origin = recordings.Origin("", "simulated", "MIT")
    recordings.record(controlled.manifest, controlled.path / CALLS, path, origin, "x")
    part = {"controls": "placebo_other,bare", "sleep_long": 0, "limit": 50}
    again = runs.run(STATEFUL_GSM, out=tmp_path / "part", model="recorded:small", **part)
    assert set(again.rows.arm) == {"baseline", "sleep", "placebo_other", "bare"}
    whole = controlled.rows.set_index(["question_id", "arm", "sleep_parallel"]).score
    mine = again.rows.set_index(["question_id", "arm", "sleep_parallel"]).score
    assert (whole[mine.index] == mine).all()
    with pytest.raises(InputError, match="sleep_parallel = 5, recorded 1, 2"):
        runs.run(STATEFUL_GSM, out=tmp_path / "more", model="recorded:small",
                 controls="oracle", sleep_parallel=(5,))  # fmt: skip


def test_a_part_of_a_recording_leaves_out_the_arms_that_it_does_not_allow(
    controlled, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = recordings.target("small", controlled.manifest["config"])
    origin = recordings.Origin("", "simulated", "MIT")
    recordings.record(controlled.manifest, controlled.path / CALLS, path, origin, "x")
    options = runs.make_options(STATEFUL_GSM, model="recorded:small", limit=8)
    ready = runs.prepare(STATEFUL_GSM, options, Execution(), tmp_path / "few")
    assert "placebo_same left out" in ready.task.notices[-1]
    asyncio.run(runs.carry_out(ready))
    arms = set(read_rows(tmp_path / "few").arm)
    assert arms == {*controlled.rows.arm} - {"placebo_same"}


class TestReport:
    def test_the_section_holds_every_difference_with_its_verdict(self, controlled):
        (section,) = (s for s in controlled.sections() if s.name == "controls")
        pairs = {(one["arm"]["label"], one["against"]["label"]) for one in section.values}
        assert ("placebo same", "baseline") in pairs
        assert ("placebo same", "sleep-time k=1") in pairs
        assert ("sleep-time k=1", "baseline") in pairs
        assert {one["verdict"] for one in section.values} <= {"higher", "lower", "not determined"}
        json.dumps(section.values, allow_nan=False)
        assert list(section.pictures) == list(section.tables) == ["controls"]

    def test_files_are_written(self, controlled, tmp_path):
        from sleeptime_lib.results import write_tables

        names = {path.name for path in controlled.write_figures(tmp_path)}
        assert "stateful_gsm_controls.png" in names
        assert any(
            path.name.endswith("controls.csv") for path in write_tables(controlled, tmp_path)
        )

    def test_a_notebook_shows_it_or_says_that_there_is_none(self, plain, controlled):
        picture, table = show.section(controlled, "controls")
        assert picture.data.startswith(b"\x89PNG")
        assert picture.alt.startswith("What the notes are worth")
        assert table.data.count("placebo same minus baseline") == 1
        (line,) = show.section(plain, "controls")
        assert "This run has no such part" in line.data

    def test_a_run_without_control_arms_has_none(self, plain):
        assert "controls" not in {s.name for s in plain.sections()}
