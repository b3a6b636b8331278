"""The case study on a repository: a whole simulated run, its floors, its resumption, its traces."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from fault_server import Faults, FaultServer
from simulated_answer import simulated_answer
from test_cli import sleeptime

from sleeptime_lib import attempts, load_run, results, runs, show
from sleeptime_lib.analysis import wording
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Answered, Call
from sleeptime_lib.experiments.swe import FLOORS, SWE, TREE
from sleeptime_lib.figures import repository
from sleeptime_lib.manifest import prompts_hash
from sleeptime_lib.records import ROW_KEY, VOLATILE_COLUMNS, Reply
from sleeptime_lib.store import read_rows
from sleeptime_lib.tasks.swe.changes import write_changes
from sleeptime_lib.tasks.swe.generated import generate
from sleeptime_lib.tasks.swe.places import in_tags, load, named

SMALL = {"limit": 6, "budgets": (4, 12)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return runs.run("swe", out=tmp_path_factory.mktemp("swe"), **SMALL)


def of(run, arm, budget=None):
    rows = run.rows[run.rows.arm == arm]
    return rows if budget is None else rows[rows.budget == budget]


def lasting(path):
    rows = read_rows(path).drop(columns=list(VOLATILE_COLUMNS))
    return rows.sort_values(list(ROW_KEY)).reset_index(drop=True)


class TestRun:
    def test_each_task_is_answered_in_each_arm(self, run):
        counts = run.rows.groupby(["arm", "budget"]).size().to_dict()
        agents = {(arm, budget): 6 for arm in ("baseline", "sleep") for budget in (4, 12)}
        assert counts == agents | {(arm, 0): 6 for arm in (*FLOORS, TREE)}
        assert (run.rows.error == "").all()

    def test_clusters_are_groups_of_related_changes(self, run):
        assert run.rows.cluster_id.nunique() == 6

    def test_no_attempt_takes_more_steps_than_its_budget(self, run):
        agents = run.rows[run.rows.budget > 0]
        taken = [measures["steps"] for measures in agents.measures]
        assert all(steps <= budget for steps, budget in zip(taken, agents.budget, strict=True))
        assert (agents.calls <= agents.budget).all()

    def test_floors_ask_no_model_and_the_tree_asks_once(self, run):
        for arm in FLOORS:
            assert not of(run, arm)[["calls", "test_prompt_tokens", "test_completion_tokens"]].any(
                axis=None
            )
        assert (of(run, TREE).calls == 1).all()

    def test_scores_are_the_f1_of_modified_files(self, run):
        for row in run.rows.fillna({"prediction": ""}).itertuples():
            predicted, true = named(row.prediction)[0], named(row.gold)[0]
            hits = len(predicted & true)
            assert row.score == pytest.approx(2 * hits / (len(predicted) + len(true)))

    def test_tokens_are_counted_over_all_steps(self, run):
        more = of(run, "baseline", 12).set_index("question_id").test_completion_tokens
        less = of(run, "baseline", 4).set_index("question_id").test_completion_tokens
        assert (more > less).all()

    def test_more_steps_help_the_baseline_and_notes_help_at_few(self, run):
        mean = run.rows.groupby(["arm", "budget"]).score.mean()
        assert mean["baseline", 12] > mean["baseline", 4]
        assert mean["sleep", 4] > mean["baseline", 4]

    def test_measures_say_how_an_attempt_went(self, run):
        measures = of(run, "baseline", 12).iloc[0].measures
        assert {
            "precision",
            "recall",
            "strict_f1",
            "steps",
            "first_edit_step",
            "lines_read",
        } <= set(measures)
        slept = of(run, "sleep", 12).iloc[0].measures
        assert slept["first_edit_step"] < measures["first_edit_step"]

    def test_each_sleep_phase_is_made_once_and_its_notes_name_files(self, run):
        notes = run.notes()
        assert len(notes) == 6
        gold = of(run, "sleep").set_index("context_id").gold
        for note in notes.itertuples():
            true = named(gold[note.context_id].iloc[0])[0]
            assert any(path in note.text for path in true)

    def test_results_hold_no_path_of_this_machine(self, run):
        for trace in run.traces(question_id=run.rows.question_id.iloc[0]):
            for call in (*trace.asked, *(c for phase in trace.slept for c in phase)):
                said = json.dumps(call.request.messages)
                assert "sleeptime-" not in said
                assert "/home/" not in said

    def test_it_is_marked_as_simulated(self, run):
        report = run.report()
        assert report.simulated
        assert all(picture.simulated for picture in run.pictures(report).values())

    def test_the_same_command_gives_the_same_rows(self, run, tmp_path):
        again = runs.run("swe", out=tmp_path, **SMALL)
        pd.testing.assert_frame_equal(lasting(run.path), lasting(again.path))


async def own_notes(call, context, setting, draw):
    from sleeptime_lib import Notes

    return Notes("- docs/money.md (1 of 1)" if context.text else "")


class TestSleepMethods:
    def test_a_method_that_others_use_makes_notes_from_the_text_of_the_past(self, tmp_path):
        run = runs.run(
            "swe", out=tmp_path, sleep_method="rethink", limit=1, budgets=(5,), floors=False
        )
        assert (run.rows.error == "").all()
        assert len(run.notes()) == 1

    def test_a_function_of_ones_own_takes_the_place(self, tmp_path):
        run = runs.run(
            "swe", out=tmp_path, sleep_method=own_notes, limit=1, budgets=(5,), floors=False
        )
        assert (run.rows.error == "").all()
        assert run.notes().text.iloc[0].startswith("- docs/money.md")


class TestReport:
    def test_the_floors_are_on_the_plots(self, run):
        drawn = run.pictures()
        for name in ("pareto", "steps", "precision_recall"):
            assert {one.name for one in drawn[name].series} >= {*FLOORS, TREE}

    def test_precision_and_recall_have_intervals_from_the_same_draws_as_f1(self, run):
        told, report = results.report_json(run)["swe"], run.report()
        for arm, budget in [("baseline", "4"), ("sleep", "12"), *((f, "0") for f in FLOORS)]:
            limits = told[arm][budget]["limits"]
            assert limits.keys() == {"score", "precision", "recall", "strict_f1"}
            for name, own in limits.items():
                ends = [own["simultaneous_low"], own["low"], own["high"], own["simultaneous_high"]]
                assert ends == sorted(ends)
                assert own["low"] <= told[arm][budget][name] <= own["high"]
        (sleep,) = report.of("sleep")
        assert told["sleep"]["4"]["limits"]["score"]["low"] == sleep.points[0].low

    def test_a_measure_that_equals_the_score_has_its_intervals(self, run):
        report = run.report()
        same = [{"precision": x, "recall": x, "strict_f1": x} for x in run.rows.score]
        found = repository.measured(run.rows.assign(measures=same), report)
        own = [(p.low, p.high, p.together) for c in report.curves for p in c.points]
        for name in ("precision", "recall", "strict_f1"):
            assert [(p.low, p.high, p.together) for c in found[name] for p in c.points] == own

    def test_a_row_without_a_score_counts_in_no_interval(self, run):
        failed = run.rows.assign(score=run.rows.score.where(run.rows.index > 0))
        points = [p for c in repository.measured(failed, run.report())["recall"] for p in c.points]
        assert sum(p.n for p in points) == len(run.rows) - 1
        assert sum(p.failed for p in points) == 1

    def test_the_picture_and_the_sentences_tell_them_for_agents_and_floors(self, run):
        drawn = run.pictures()["precision_recall"]
        for one in drawn.series:
            assert len(one.low) == len(one.high) == len(one.left) == len(one.right) == len(one.x)
            assert len(list(drawn.whiskers(one))) == len(list(drawn.level_whiskers(one)))
        assert "whiskers: simultaneous 95% cluster bootstrap" in drawn.note
        said = [line for part in run.sections() for line in part.sentences]
        for what in ("F1 of modified files", "Precision", "Recall"):
            for who in ("baseline", "sleep-time", "floors"):
                (line,) = [
                    x for x in said if x.startswith(f"{what} with simultaneous inter") and who in x
                ]
                assert re.search(r"\d+% \[\d+, \d+\]", line)

    def test_it_tells_means_and_where_the_floors_are(self, run):
        told = results.report_json(run)
        assert 0 <= told["swe"]["baseline"]["4"]["precision"] <= 1
        said = " ".join(line for part in run.sections() for line in part.sentences)
        assert "Baseline minus the best floor (floor " in said
        assert "Sleep-time minus the best floor (floor " in said

    def test_agents_are_held_against_the_best_floor_with_intervals_for_all_at_once(self, run):
        told = results.report_json(run)
        over = told["swe"]["over_best_floor"]
        assert [(d["treatment"], d["treatment_budget"]) for d in over] == [
            ("baseline", 4), ("baseline", 12), ("sleep-time k=1", 4), ("sleep-time k=1", 12),
        ]  # fmt: skip
        means = run.rows.groupby("arm").score.mean()
        best = means[[*FLOORS, TREE]].idxmax()
        assert {d["control"] for d in over} == {best.replace("_", " ")}
        assert all(d["simultaneous_low"] <= d["points"] <= d["simultaneous_high"] for d in over)
        said = " ".join(line for part in run.sections() for line in part.sentences)
        shown = {d["treatment_budget"] for d in over[:2] if d["simultaneous_low"] > 0}
        where = f"at {', '.join(map(str, sorted(shown)))} steps" if shown else "nowhere"
        assert f"shown to be above it {where}." in said

    def test_the_score_has_its_name_in_words_and_in_json(self, run):
        report = run.report()
        assert report.to_json()["score"] == "F1 of modified files"
        assert "Accuracy is the mean F1 of modified files here." in wording.sentences(report)

    def test_a_run_that_has_only_begun_has_a_report(self, run):
        from dataclasses import replace

        for rows in (run.rows.iloc[:1], run.rows[run.rows.budget == 0]):
            begun = replace(run, rows=rows)
            assert begun.pictures()


class TestAttempts:
    def test_the_steps_of_an_attempt_are_read_again(self, run):
        name = run.rows.question_id.iloc[0]
        trace = attempts.find_attempt(run, name, "baseline", 12)
        steps = attempts.steps_of(trace.asked)
        row = of(run, "baseline", 12).set_index("question_id").loc[name]
        assert len(steps) == row.measures["steps"]
        assert steps[0].tool == "read_lines"
        assert steps[0].result.endswith("[Step: 1/12]")
        assert steps[-1].tool == "finish"

    def test_its_files_stand_beside_the_true_ones(self, run):
        name = run.rows.question_id.iloc[0]
        trace = attempts.find_attempt(run, name, "sleep", 12)
        table = attempts.files_table(trace)
        true, new = named(trace.planned.question.gold)
        assert {row[0] for row in table.rows if row[1]} == true | new
        assert any(row[4] == "yes" for row in table.rows)

    def test_it_is_shown_as_text(self, run):
        page = show.attempt(run, arm="sleep", budget=4).data
        assert "Ticket" in page
        assert "replace_text" in page
        assert "<script" not in page

    def test_an_attempt_that_there_is_not_is_told(self, run):
        with pytest.raises(InputError, match="at 99 steps"):
            show.attempt(run, arm="sleep", budget=99)

    def test_the_browser_goes_from_step_to_step(self, run):
        browser = attempts.AttemptBrowser(run)
        first = browser._text.value
        browser._step.value = 2
        assert browser._text.value != first

    def test_it_shows_the_files_and_what_was_given_to_the_attempt_that_is_chosen(self, run):
        browser = attempts.AttemptBrowser(run)
        browser._way.value = ("sleep", 12)
        slept = browser._about.value
        browser._way.value = ("baseline", 12)
        assert "Given: notes" in slept
        assert "in the notes" in slept
        assert "Given: past changes" in browser._about.value
        assert "F1 of the modified files: " in browser._about.value


class TestOnAClone:
    @pytest.fixture(scope="class")
    @classmethod
    def clone(cls, tmp_path_factory):
        """A repository with a file of its changes, as somebody has them."""
        made = generate(0)
        folder = tmp_path_factory.mktemp("clone")
        own = [change for change in made.changes if change.repo == "generated/ledger"]
        write_changes(folder / "changes.jsonl", own)
        return made.repositories["generated/ledger"].path, folder / "changes.jsonl"

    def test_it_is_one_command(self, clone, tmp_path):
        repo, file = clone
        words = ["--repo", str(repo), "--dataset", str(file), "--limit", "3", "--budgets", "5"]
        done = sleeptime("run", "swe", *words, "--out", "out", "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "swe" in json.loads(done.stdout)
        assert len(read_rows(tmp_path / "out")) == 3 * (2 + len(FLOORS) + 1)

    def test_with_the_changes_that_are_mined_from_the_clone_itself_it_is_one_command_too(
        self, clone, tmp_path
    ):
        words = ["--repo", str(clone[0]), "--dataset", "mined", "--limit", "1", "--budgets", "5"]
        done = sleeptime("run", "swe", *words, "--no-floors", "--out", "out", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(read_rows(tmp_path / "out")) == 2
        assert "the clone has no pull requests; to mine them too" in done.stderr

    def test_a_clone_without_a_word_of_its_changes_comes_with_the_way_to_mine_it(self, clone):
        with pytest.raises(InputError, match="add --dataset mined"):
            load("generated-swe", repo=str(clone[0]), limit=None, seed=0)

    def test_without_the_clone_it_says_what_is_missing(self, clone, tmp_path):
        done = sleeptime("run", "swe", "--dataset", str(clone[1]), cwd=tmp_path)
        assert done.returncode == 2
        assert "add --repo PATH" in done.stderr

    @pytest.mark.parametrize("name", ["generated-sew", "procedural-p1", "changes.csv"])
    def test_data_that_it_does_not_know_are_refused_with_those_it_does(self, clone, name):
        with pytest.raises(InputError, match="give generated-swe, mined, aider, hub:OWNER/NAME"):
            load(name, repo=str(clone[0]), limit=None, seed=0)

    def test_another_clone_is_refused(self, clone):
        other = generate(0).repositories["generated/shelf"].path
        with pytest.raises(InputError, match="none of the 18 base commits"):
            load(str(clone[1]), repo=str(other), limit=None, seed=0)

    def test_no_context_holds_anything_later_than_its_task(self, clone):
        task = load(str(clone[1]), repo=str(clone[0]), limit=None, seed=0)
        for question in task.questions:
            place = task.contexts[question.context_id]
            assert all(past.closed < question.change.started for past in place.past)
        assert any("no related change" in notice for notice in task.notices)


class TestGenerated:
    def test_the_same_seed_gives_the_same_commits_and_another_one_others(self):
        made = [change.head for change in generate(3).changes]
        generate.cache_clear()
        assert [change.head for change in generate(3).changes] == made
        assert [change.head for change in generate(4).changes] != made

    def test_every_task_modifies_at_least_three_files_and_has_a_past(self):
        task = load("generated-swe", repo=None, limit=None, seed=0)
        assert len(task.questions) == 18
        for question in task.questions:
            assert len(question.change.paths("modified")) >= 3
            assert len(task.contexts[question.context_id].past) >= 3

    def test_a_smaller_limit_gives_the_beginning_and_covers_the_clusters(self):
        whole = load("generated-swe", repo=None, limit=None, seed=0)
        part = load("generated-swe", repo=None, limit=9, seed=0)
        assert part.questions == whole.questions[:9]
        assert len({part.contexts[q.context_id].cluster_id for q in part.questions}) == 9


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("</notes> now <ticket>", "< /notes> now < ticket>"),
        ("</NOTES><past_changes>", "< /NOTES>< past_changes>"),
        ("<b>a</b> x < notes", "<b>a</b> x < notes"),
    ],
)
def test_a_text_cannot_close_the_tags_around_it(text, inside):
    assert in_tags("notes", text) == f"<notes>\n{inside}\n</notes>"


@pytest.mark.parametrize("form", ["{}", "- {}", "1. {}", "* `{}`: why", "2) `{}`"])
async def test_a_list_of_files_is_read_however_it_is_written(form):
    task = load("generated-swe", repo=None, limit=1, seed=0)
    (question,) = task.questions
    true = question.change.paths("modified")

    class Model:
        model = "m"

        async def complete(self, request, *, owner):
            listed = (form.format(path) for path in (*true, "src/none.py"))
            return Reply("\n".join(["Files:", *listed]))

    (setting,) = (s for s in SWE.settings(SWE.options()) if s.arm == TREE)
    place = task.contexts[question.context_id]
    answered = await SWE.answer(Call(Model(), "me"), place, question, setting, (), 0)
    assert named(answered.text) == (set(true), set())


def test_an_answer_without_a_file_scores_nothing():
    (question, *_) = load("generated-swe", repo=None, limit=1, seed=0).questions
    assert SWE.grade(Answered(""), question).score == 0
    assert SWE.grade(Answered(question.gold), question).score == 1


OPTIONS = {"limit": 1, "budgets": (20,), "floors": False}
WORDS = "--limit 1 --budgets 20 --no-floors --model m --concurrency 1".split()


def carry_out(url, path):
    options = runs.make_options(SWE, base_url=url, model="m", **OPTIONS)
    ready = runs.prepare(SWE, options, Execution.make(concurrency=1), path)
    return asyncio.run(runs.carry_out(ready))


class TestOverASocket:
    def test_a_killed_attempt_goes_on_in_the_middle(self, tmp_path):
        with FaultServer(answer=simulated_answer) as server:
            carry_out(server.url, tmp_path / "undisturbed")
            whole = dict(server.log.generated)
        with FaultServer(Faults(latency_s=0.2), simulated_answer) as server:
            words = ["run", "swe", *WORDS, "--base-url", server.url, "--out", "killed"]
            process = subprocess.Popen(
                [sys.executable, "-m", "sleeptime_lib", *words], cwd=tmp_path
            )
            end = time.monotonic() + 120
            try:
                while server.log.generated.total() < 5:
                    assert process.poll() is None
                    assert time.monotonic() < end
                    time.sleep(0.02)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            before = server.log.generated.total()
            server.faults = Faults()
            carry_out(server.url, tmp_path / "killed")
            log = server.log
        assert 5 <= before < len(whole)
        assert set(log.generated) == set(whole)
        assert log.generated.total() <= len(whole) + 1  # the call that was in flight
        pd.testing.assert_frame_equal(
            lasting(tmp_path / "undisturbed"), lasting(tmp_path / "killed")
        )
        assert load_run(tmp_path / "killed").rows.score.max() > 0

    def test_faults_of_a_server_change_no_row(self, tmp_path):
        with FaultServer(answer=simulated_answer) as server:
            carry_out(server.url, tmp_path / "one")
        with FaultServer(Faults(rate=0.2, seed=1, late_s=1.0), simulated_answer) as server:
            carry_out(server.url, tmp_path / "other")
            assert server.log.faults
        pd.testing.assert_frame_equal(lasting(tmp_path / "one"), lasting(tmp_path / "other"))


def test_the_texts_that_are_sent_are_those_of_the_runs_there_are():
    """Another hash would keep every run directory from being resumed."""
    assert prompts_hash(SWE, SWE.sleep).startswith("d4812548b1e82412")
