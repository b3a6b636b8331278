"""A run as it is on disk: report, figures, tables, and what was asked and answered."""

import asyncio
import json
import os
from dataclasses import replace

import pytest
from fault_server import FaultServer
from simulated_answer import simulated_answer
from toy import TOY

from sleeptime_lib import recordings, results, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Notes
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.manifest import manifest_hash, read_manifest
from sleeptime_lib.records import ROW_KEY
from sleeptime_lib.results import Run, load_run
from sleeptime_lib.store import CALLS

SMALL = {"limit": 8, "levels": (0, 2, 4), "sleep_parallel": (1, 2), "pass_samples": 4}
TINY = {"limit": 2, "levels": (0, 3), "sleep_parallel": (1, 2), "pass_samples": 2}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return runs.run(STATEFUL_GSM, out=tmp_path_factory.mktemp("run"), **SMALL)


class TestReport:
    @pytest.fixture(scope="class")
    @classmethod
    def drawn(cls, finished, tmp_path_factory):
        folder = tmp_path_factory.mktemp("figures")
        return folder, finished.write_figures(folder, suffix="_harder")

    def test_every_figure_says_where_it_came_from_and_how_to_make_it_again(self, finished, drawn):
        manifest = read_manifest(finished.path)
        beside = [json.loads(path.read_text()) for path in drawn[0].glob("*.json")]
        assert len(beside) >= 4
        for figure in beside:
            source = figure["provenance"]
            assert source["run"] == str(finished.path)
            assert source["manifest_hash"] == manifest_hash(manifest)
            assert source["command"].startswith("sleeptime report ")
            assert source["command"].endswith(f" --figures {os.path.relpath(drawn[0])}")
            assert source["simulated"] is True

    def test_a_figure_made_again_is_the_same_to_the_byte(self, finished, drawn, tmp_path):
        assert len(drawn[1]) >= 4 * 4
        for path in finished.write_figures(tmp_path):
            other = drawn[0] / f"{path.stem}_harder{path.suffix}"
            if path.suffix == ".json":
                one, same = (json.loads(p.read_text())["picture"] for p in (path, other))
                assert one == same
            else:
                assert path.read_bytes() == other.read_bytes(), path.name

    def test_two_runs_of_one_experiment_are_kept_apart(self, drawn):
        assert {path.stem.endswith("_harder") for path in drawn[1]} == {True}

    def test_an_accuracy_can_be_chosen(self, finished):
        assert results.report_json(finished, at=0.6)["equal_accuracy"]["at"] == 0.6

    def test_costs_are_known_for_the_simulated_model_and_not_for_a_stranger(self, finished):
        told = results.report_json(finished)
        assert told["cost_usd"]["experiment"] == 0
        strange = replace(finished, manifest=dict(finished.manifest) | {"price": None})
        found = results.costs(strange, told["tokens"])
        assert found == {"experiment": None, "billed": None}

    def test_a_run_without_rows_is_told(self, tmp_path):
        (tmp_path / "manifest.json").write_text('{"config": {}}')
        with pytest.raises(InputError, match="no rows yet"):
            load_run(tmp_path)


class TestOtherExperiments:
    @pytest.fixture(scope="class")
    @classmethod
    def toy(cls, tmp_path_factory):
        return runs.run(TOY, out=tmp_path_factory.mktemp("toy"))

    def test_a_run_of_one_that_is_not_here_is_reported_all_the_same(self, toy):
        run = load_run(toy.path)
        assert run.experiment is None
        assert run.sections() == ()
        assert len(results.report_json(run)["curves"]) == 2

    def test_what_needs_it_says_how_to_give_it(self, toy):
        with pytest.raises(InputError, match=r"'toy', which is not an experiment.*FILE\.py"):
            load_run(toy.path).traces()

    def test_it_can_be_given(self, toy):
        run = load_run(toy.path, TOY)
        assert run.options.words == 3
        assert len(run.traces()) == len(run.rows)


def rows_keys(run):
    return run.rows[list(ROW_KEY)].itertuples(index=False, name=None)


def keys(run):
    return set(rows_keys(run))


def bodies(exchanges):
    return [json.dumps(one.request.body(), sort_keys=True) for one in exchanges]


class TestTraces:
    @pytest.fixture(scope="class")
    @classmethod
    def live(cls, tmp_path_factory):
        """A run against a server, and the bodies that the server got."""
        with FaultServer(answer=simulated_answer) as server:
            run = runs.run(
                STATEFUL_GSM,
                out=tmp_path_factory.mktemp("live"),
                model="m",
                base_url=server.url,
                **TINY,
            )
            return run, [json.dumps(body, sort_keys=True) for body in server.log.bodies]

    def test_they_are_those_of_every_row(self, live):
        run, _ = live
        traces = run.traces()
        assert {trace.planned.key for trace in traces} == keys(run)
        by_key = dict(zip(rows_keys(run), run.rows.itertuples(), strict=True))
        for trace in traces:
            row = by_key[trace.planned.key]
            assert (trace.prediction, trace.score) == (row.prediction, row.score)
            assert trace.answer == trace.asked[-1].reply.text
            assert len(trace.asked) == row.calls
            assert len(trace.notes) == len(trace.slept) == row.sleep_parallel
            slept = [one.reply.usage.completion for draw in trace.slept for one in draw]
            assert sum(slept) == row.sleep_completion_tokens
            for note in trace.notes:
                assert note in trace.asked[0].request.messages[-1]["content"]

    def test_their_requests_are_what_was_sent(self, live):
        run, sent = live
        traces = run.traces()
        asked = {body for trace in traces for body in bodies(trace.asked)}
        slept = {body for trace in traces for draw in trace.slept for body in bodies(draw)}
        (probe,) = set(sent) - asked - slept
        assert "finish_rethinking now" in probe
        assert asked | slept < set(sent)

    def test_one_question_can_be_chosen(self, live):
        run, _ = live
        question = run.rows.question_id[0]
        traces = run.traces(question_id=question)
        assert {trace.planned.question.question_id for trace in traces} == {question}

    async def test_they_can_be_read_where_a_loop_is_running(self, live):
        run, _ = live
        assert len(run.traces()) == len(run.rows)

    def test_those_of_a_replay_are_the_recorded_ones(self, live, tmp_path, monkeypatch):
        run, _ = live
        monkeypatch.chdir(tmp_path)
        origin = recordings.Origin("", "fault server", "MIT")
        path = recordings.target("small", run.manifest["config"])
        recordings.record(run.manifest, run.path / CALLS, path, origin, "x")
        replay = runs.run(STATEFUL_GSM, out=tmp_path / "r", model="recorded:small")
        assert [bodies(t.asked) for t in replay.traces()] == [bodies(t.asked) for t in run.traces()]
        assert [t.answer for t in replay.traces()] == [t.answer for t in run.traces()]

    def test_a_run_that_was_stopped_has_those_of_its_rows(self, tmp_path):
        options = runs.make_options(STATEFUL_GSM, **TINY)
        ready = runs.prepare(STATEFUL_GSM, options, Execution(), tmp_path)

        async def stopped():
            task = asyncio.create_task(
                runs.carry_out(ready, lambda row: row.arm == "sleep" and task.cancel())
            )
            await asyncio.wait([task])

        asyncio.run(stopped())
        run = load_run(tmp_path)
        assert {trace.planned.key for trace in run.traces()} == keys(run)

    def test_prompts_that_changed_since_are_told_in_one_line(self, tmp_path):
        toy = runs.run(TOY, out=tmp_path)

        async def answer(call, context, question, setting, notes, sample):
            await call([{"role": "user", "content": "Something else."}])

        changed = Run(toy.path, toy.manifest, toy.rows, replace(TOY, answer=answer))
        with pytest.raises(InputError, match="prompts or code have changed since") as caught:
            changed.traces()
        assert "\n" not in str(caught.value)

    def test_those_of_a_function_need_the_function(self, tmp_path):
        async def quote(call, context, setting, draw):
            return Notes((await call([{"role": "user", "content": context.text}])).text)

        run = runs.run(TOY, out=tmp_path, sleep_method=quote)
        with pytest.raises(InputError, match="unknown sleep method 'quote'"):
            run.traces()
        traces = run.traces(sleep_method=quote)
        (request,) = {
            body for trace in traces for draw in trace.slept for body in bodies(draw)
            if "Box 1 " in body
        }  # fmt: skip
        assert "Box 1 holds 1 eggs." in request

    def test_data_that_changed_since_is_told(self, live):
        run, _ = live
        other = replace(run, manifest=dict(run.manifest) | {"dataset_fingerprint": ""})
        with pytest.raises(InputError, match="has changed since"):
            other.traces()
