"""The predictability experiment: another run's questions are scored, and none is answered again."""

import json
import math
import shutil
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from fault_replies import scored_answer, sglang_answer
from fault_server import Faults, FaultServer
from test_cli import sleeptime

from sleeptime_lib import results, runs
from sleeptime_lib.analysis.pairing import pairings
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.experiments import predictability as experiment
from sleeptime_lib.experiments.answers import answers_in
from sleeptime_lib.experiments.predictability import (
    PREDICTABILITY,
    answers_of,
    expected,
    foreseen,
    gap,
    known,
)
from sleeptime_lib.manifest import command_of, read_manifest, write_manifest
from sleeptime_lib.methods import scoring
from sleeptime_lib.models import replay
from sleeptime_lib.records import Context, Task
from sleeptime_lib.store import read_rows

LEVELS = {"levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 0, "context_only": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a simulated run of 35 questions in `answers`."""
    folder = tmp_path_factory.mktemp("predictability")
    runs.run("stateful-gsm", out=folder / "answers", limit=35, **LEVELS)
    return folder


@pytest.fixture(scope="module")
def scored(folder):
    return runs.run(PREDICTABILITY, out=folder / "scores", from_run=str(folder / "answers"))


def measures(run):
    return {row.question_id: row.measures for row in run.rows.itertuples()}


class TestScores:
    def test_every_question_is_scored_once_in_an_arm_of_its_own(self, folder, scored):
        answers = read_rows(folder / "answers")
        assert set(scored.rows.arm) == {"score"}
        assert sorted(scored.rows.question_id) == sorted(answers.question_id.unique())
        assert (scored.rows.calls == 1).all()
        assert scored.rows.dataset.unique().tolist() == ["procedural-p1"]

    def test_a_row_has_the_sum_the_mean_and_the_number_of_its_tokens(self, scored):
        for row in scored.rows.itertuples():
            found = row.measures
            assert set(found) == {"logprob", "logprob_per_token", "tokens"}
            assert found["logprob_per_token"] == found["logprob"] / found["tokens"]
            assert row.score == pytest.approx(math.exp(found["logprob_per_token"]))

    def test_the_sum_is_what_the_model_says_of_the_question_alone(self, scored):
        (trace,) = scored.traces(question_id=scored.rows.question_id[0])
        (call,) = trace.asked
        question, context = trace.planned.question.text, trace.planned.context.text
        assert call.request.prompt == f"{context} {question}"
        inside = [s.logprob for s in call.reply.logprobs if s.offset >= len(context)]
        assert trace.prediction == f"{sum(inside):.2f}"

    def test_the_same_command_again_makes_no_call(self, folder, scored):
        command = scored.manifest["command"].split()[1:]
        again = sleeptime(*command, "--out", scored.path, cwd=folder)
        assert again.returncode == 0, again.stderr
        assert "35 were there from before; 0 calls sent" in again.stderr

    @pytest.mark.parametrize("answer", [scored_answer, sglang_answer], ids=["vLLM", "SGLang"])
    def test_no_question_is_answered_only_scored(self, folder, tmp_path, answer):
        given = {"model": "m", "from_run": str(folder / "answers"), "limit": 6}
        with FaultServer(Faults(rate=0.2, seed=1), answer=answer) as server:
            run = runs.run(PREDICTABILITY, out=tmp_path, base_url=server.url, **given)
            bodies = list(server.log.bodies)
        assert len(run.rows) == 6
        assert all("prompt" in body and "messages" not in body for body in bodies)
        asked = Counter(body["prompt"] for body in bodies if body["max_tokens"] == 1)
        assert len(asked) == 6

    def test_a_server_that_does_not_score_ends_the_run_with_those_that_do(self, folder, tmp_path):
        with FaultServer(answer=lambda path, body: (404, {"detail": "Not Found"})) as server:
            given = {"model": "m", "base_url": server.url, "from_run": str(folder / "answers")}
            with pytest.raises(StopRun, match="m cannot score questions there") as caught:
                runs.run(PREDICTABILITY, out=tmp_path, **given)
        for name in ("vLLM", "SGLang", "`sleeptime serve --gguf`", "simulated"):
            assert name in str(caught.value)

    def test_a_question_that_is_not_scored_fails_alone_and_is_told(self, folder, tmp_path):
        odd = read_rows(folder / "answers").question_id.iloc[0]
        task = answers_in(str(folder / "answers")).task
        asked = next(q for q in task.questions if q.question_id == odd)
        prompt = scoring.text_of(task.contexts[asked.context_id].text, asked.text)

        def answer(path, body):
            if body["prompt"] == prompt:
                return 400, {"error": {"message": "this prompt cannot be scored"}}
            return scored_answer(path, body)

        with FaultServer(answer=answer) as server:
            given = {"model": "m", "base_url": server.url, "from_run": str(folder / "answers")}
            run = runs.run(PREDICTABILITY, out=tmp_path, **given)
            sent = [body["prompt"] for body in server.log.bodies]
        failed = run.rows[run.rows.error != ""]
        assert failed.question_id.tolist() == [odd]
        assert failed.error.iloc[0].startswith("no_logprobs: ")
        assert run.rows.score.notna().sum() == 34
        assert sent.count(scoring.text_of(*scoring.ORDINARY)) == 1
        told = results.report_json(run)
        assert (told["failed_rows"], told["predictability"]["not_scored"]) == (1, 1)
        assert (told["predictability"]["n"], told["predictability"]["left_out"]) == (34, 1)
        said = " ".join(run.sections()[0].sentences)
        assert "1 question could not be scored, and is left out (no_logprobs 1)." in said

    def test_a_server_that_scores_nothing_ends_the_run_also_of_a_single_question(
        self, folder, tmp_path
    ):
        def garbled(path, body):
            status, reply = scored_answer(path, body)
            reply["choices"][0]["logprobs"]["tokens"] = ["?"] * len(
                reply["choices"][0]["logprobs"]["tokens"]
            )
            del reply["choices"][0]["logprobs"]["text_offset"]
            return status, reply

        with FaultServer(answer=garbled) as server:
            given = {"model": "m", "base_url": server.url, "from_run": str(folder / "answers")}
            with pytest.raises(StopRun, match=r"do not make up the text .* vLLM, SGLang"):
                runs.run(PREDICTABILITY, out=tmp_path, limit=1, **given)

    def test_where_no_question_was_scored_the_report_says_so(self, folder, tmp_path):
        def answer(path, body):
            if body["prompt"] == scoring.text_of(*scoring.ORDINARY):
                return scored_answer(path, body)
            return 400, {"error": {"message": "not today"}}

        with FaultServer(answer=answer) as server:
            given = {"model": "m", "base_url": server.url, "from_run": str(folder / "answers")}
            run = runs.run(PREDICTABILITY, out=tmp_path, limit=3, **given)
        gap = run.sections()[0]
        assert gap.sentences[0].startswith("3 questions could not be scored, and are left out")
        assert gap.sentences[1].startswith("No gap is looked at")
        assert "predictability" not in results.report_json(run)


class TestFrom:
    def test_it_is_an_option_of_the_command_line(self, folder):
        shown = sleeptime("run", "predictability", "--help", cwd=folder).stdout
        assert "--from " in shown
        assert "--from-run" not in shown
        assert "--from " not in sleeptime("run", "stateful-gsm", "--help", cwd=folder).stdout

    def test_the_command_that_repeats_a_run_has_it(self, folder, scored):
        command = command_of(PREDICTABILITY, scored.options)
        assert f"--from {folder / 'answers'}" in command
        assert "--from-run" not in command

    def test_without_it_the_questions_are_those_of_a_shipped_recording(self):
        options = runs.make_options(PREDICTABILITY)
        about = replay.read_about(options.from_run)
        assert options.dataset == about.config["dataset"]
        assert command_of(PREDICTABILITY, options) == "sleeptime run predictability"
        assert len(PREDICTABILITY.load(options).questions) == about.questions

    def test_a_smaller_number_takes_the_first_questions(self, folder, scored):
        options = runs.make_options(PREDICTABILITY, from_run=str(folder / "answers"), limit=3)
        task = PREDICTABILITY.load(options)
        assert task.questions == scored.task().questions[:3]
        assert set(task.contexts) == {question.context_id for question in task.questions}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"from_run": "nowhere"}, "not a run directory"),
            ({"from_run": "recorded:nothing"}, "there is no recording 'nothing'"),
            ({"dataset": "multi-p0"}, "leave --dataset out"),
        ],
    )
    def test_what_cannot_be_scored_is_told_in_one_line(self, given, said):
        with pytest.raises(InputError, match=said):
            PREDICTABILITY.load(runs.make_options(PREDICTABILITY, **given))

    def test_scores_are_no_answers(self, scored):
        options = runs.make_options(PREDICTABILITY, from_run=str(scored.path))
        with pytest.raises(
            InputError, match="run of predictability without a baseline and a sleep"
        ):
            PREDICTABILITY.load(options)

    def test_a_run_of_an_experiment_of_ones_own_is_refused_and_its_file_not_executed(
        self, folder, tmp_path
    ):
        shutil.copytree(folder / "answers", tmp_path / "r")
        manifest = read_manifest(tmp_path / "r")
        manifest["config"]["experiment"] = "/nowhere/mine.py"
        write_manifest(tmp_path / "r", manifest)
        options = runs.make_options(PREDICTABILITY, from_run=str(tmp_path / "r"))
        with pytest.raises(InputError, match="not an experiment of this library"):
            PREDICTABILITY.load(options)

    def test_answers_that_went_away_are_told(self, folder, tmp_path):
        runs.run("stateful-gsm", out=tmp_path / "a/b/answers", limit=2, **LEVELS)
        run = runs.run(
            PREDICTABILITY, out=tmp_path / "x/y/scores", from_run=str(tmp_path / "a/b/answers")
        )
        (tmp_path / "a/b/answers").rename(tmp_path / "a/b/elsewhere")
        with pytest.raises(InputError, match="not a run directory"):
            answers_of(run)

    def test_runs_of_one_folder_find_each_other_from_anywhere(self, tmp_path, monkeypatch):
        (tmp_path / "notebooks").mkdir()
        monkeypatch.chdir(tmp_path / "notebooks")
        answers = runs.run("stateful-gsm", root="../runs", limit=2, **LEVELS)
        run = runs.run(PREDICTABILITY, root="../runs", from_run=str(answers.path))
        monkeypatch.chdir(tmp_path)
        found = results.load_run(tmp_path / "runs" / run.path.relative_to("../runs"))
        assert len(answers_of(found).rows) == len(answers.rows)


class TestRecordings:
    def test_answers_come_from_a_recording_and_scores_are_recorded(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        small = ("--limit", "6", "--levels", "0", "--sleep-parallel", "1", "--pass-samples", "0")
        done = sleeptime("run", "stateful-gsm", *small, "--record", "few", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        words = ("run", "predictability", "--from", "recorded:few", "--out", "live")
        done = sleeptime(*words, "--record", "few-scores", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        again = sleeptime(
            "run", "predictability", "--model", "recorded:few-scores", "--out", "again", "--json",
            cwd=tmp_path,
        )  # fmt: skip
        assert again.returncode == 0, again.stderr
        told = json.loads(again.stdout)["predictability"]
        assert (told["n"], told["answered_by"]) == (6, "simulated")
        live, replayed = (results.load_run(tmp_path / name) for name in ("live", "again"))
        assert measures(live) == measures(replayed)
        assert read_manifest(tmp_path / "again")["config"]["from_run"] == "recorded:few"

    def test_a_recording_is_replayed_for_its_rows_and_leaves_nothing_behind(self, tmp_path):
        before = sorted(tmp_path.iterdir())
        run = runs.run(PREDICTABILITY, out=tmp_path / "r", limit=35)
        answers = answers_of(run)
        assert answers.rows.model.unique().tolist() != ["simulated"]
        assert len(answers.sleeps) > 0
        assert sorted(tmp_path.iterdir()) == [*before, tmp_path / "r"]


class TestKnown:
    def test_each_question_has_the_floor_its_length_and_its_steps(self, scored):
        task = scored.task()
        found = known(scored, task)
        assert set(experiment.MEASURES) | set(experiment.CONTROLS) <= set(found.columns)
        assert (found.ngram < 0).all()
        assert found.steps.notna().all()
        asked = {question.question_id: question for question in task.questions}
        name = found.index[0]
        assert found.length[name] == len(asked[name].text.split())
        same = [
            quantity.steps
            for quantity in task.contexts[asked[name].context_id].quantities
            if quantity.question == asked[name].text
        ]
        assert found.steps[name] in same

    def test_the_next_question_is_expected_to_be_as_those_about_others_of_its_cluster(self):
        contexts = {name: Context(name, cluster, "") for name, cluster in ("ax", "bx", "cx", "dy")}
        asked = pd.DataFrame(
            {"context_id": ["a", "a", "b", "c", "d"], "logprob": [-1.0, -2.0, -4.0, -8.0, -16.0]}
        )
        found = expected(asked, Task("t", contexts, ()))
        assert found == {"a": -6.0, "b": -11 / 3, "c": -7 / 3}

    def test_questions_that_failed_are_left_out(self, scored):
        rows = scored.rows.copy()
        rows.loc[0, "error"] = "timeout: too late"
        assert len(known(replace(scored, rows=rows), scored.task())) == len(rows) - 1


class TestReport:
    def test_it_tells_the_gap_by_bin_and_setting_and_by_each_measure(self, folder, scored):
        told = results.report_json(scored)["predictability"]
        assert len(told["bins"]) == 5
        assert sum(one["n"] for one in told["bins"]) == 35
        assert set(told["by_measure"]) == set(experiment.MEASURES)
        every = pairings(read_rows(folder / "answers"))
        assert len(told["by_setting"]) == len(every) == 4
        assert (told["budget"], told["line"]["sleep_parallel"]) == (0, 1)
        assert told["controls"] == list(experiment.CONTROLS.values())
        json.dumps(told, allow_nan=False)

    def test_bins_and_budget_can_be_chosen(self, scored):
        values = gap(scored, scored.report(), bins=3, budget=3).values
        assert (len(values["bins"]), values["budget"]) == (3, 3)
        with pytest.raises(InputError, match="at budget 2"):
            gap(scored, scored.report(), budget=2)

    def test_policies_go_by_the_weight_of_an_answer(self, scored):
        one, other = (foreseen(scored, t=t)[1].values["numbers"]["curves"] for t in (1.0, 20.0))
        assert one["never"][0]["cost"]["estimate"] < other["never"][0]["cost"]["estimate"]

    def test_it_tells_what_was_foreseen_and_tries_policies(self, scored):
        told = results.report_json(scored)
        assert told["forecasts"]["coverage"]
        assert set(told["allocation"]) >= {"numbers", "words"}

    def test_the_calls_that_scored_are_charged_to_the_policy_that_goes_by_them(self, tmp_path):
        small = {"levels": (0,), "sleep_parallel": (1,), "pass_samples": 0, "context_only": False}
        runs.run("stateful-gsm", out=tmp_path / "answers", limit=45, **small)  # ten of two contexts
        run = runs.run(PREDICTABILITY, out=tmp_path / "r", from_run=str(tmp_path / "answers"))
        told = results.report_json(run)["allocation"]
        assert told[experiment.EXPECTED]["score_cost"] == pytest.approx(1.0), "a token a question"
        assert told[experiment.EXPECTED]["score_takes"] == "calls that score questions"
        assert told["numbers"]["score_cost"] == 0

    def test_it_says_whose_notes_the_forecasts_are(self, scored):
        said = next(s for s in scored.sections() if s.name == "forecasts").sentences
        assert said[0].startswith("There is no run with forecasts: what the notes of the run")

    def test_simulated_scores_and_simulated_answers_are_marked(self, scored):
        pictures = scored.pictures()
        assert {"gap_by_bin", "gap_slope", "coverage", "spending_numbers"} <= set(pictures)
        assert all(picture.simulated for picture in pictures.values())

    def test_tables_and_figures_are_written(self, folder, scored):
        done = sleeptime(
            "report", scored.path, "--figures", "f", "--tables", "t", cwd=folder
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "per standard deviation" in done.stdout
        assert (folder / "f/predictability_gap_by_bin.png").stat().st_size > 10_000
        lines = (folder / "t/scores-extremes.csv").read_text().splitlines()
        assert len(lines) == 11
        assert len((folder / "t/scores-gaps.csv").read_text().splitlines()) == 5
