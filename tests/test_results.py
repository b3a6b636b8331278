"""A run as it is on disk: report, figures, tables, and what was asked and answered."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from toy import TOY

from sleeptime_lib import results, runs
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.manifest import manifest_hash, read_manifest
from sleeptime_lib.results import load_run

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
        for path in load_run(finished.path).write_figures(tmp_path):
            other = drawn[0] / f"{path.stem}_harder{path.suffix}"
            if path.suffix == ".json":
                one, same = (json.loads(p.read_text())["picture"] for p in (path, other))
                assert one == same
            else:
                assert path.read_bytes() == other.read_bytes(), path.name

    def test_its_parts_are_calculated_once_for_text_pictures_and_files(self, finished, tmp_path):
        asked = []

        def counted(run, report):
            asked.append(report.equal_accuracy.at)
            return STATEFUL_GSM.sections(run, report)

        run = load_run(finished.path, replace(STATEFUL_GSM, sections=counted))
        assert run.report() is run.report()
        assert run.sections() is run.sections(run.report())
        assert set(run.pictures()) >= {"pareto"}
        run.write_figures(tmp_path)
        assert len(asked) == 1
        run.sections(run.report(at=0.6))
        assert asked[1:] == [0.6]

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


def test_a_file_that_a_manifest_names_is_not_executed(finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "r")
    mark = tmp_path / "executed"
    code = tmp_path / "mine.py"
    code.write_text(f"open({str(mark)!r}, 'w')")
    manifest = tmp_path / "r/manifest.json"
    content = json.loads(manifest.read_text())
    content["config"]["experiment"] = str(code)
    manifest.write_text(json.dumps(content))
    run = load_run(tmp_path / "r")
    assert run.experiment is None
    assert run.write_figures(tmp_path / "f") == []
    assert not mark.exists()
