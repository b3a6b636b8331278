"""`sleeptime compare`: two runs of the simulated model, on the same and on other questions."""

import json
from dataclasses import replace

import numpy as np
import pytest
from test_cli import sleeptime
from test_console import on_a_terminal
from toy import TOY

from sleeptime_lib import compare, runs, show
from sleeptime_lib.errors import InputError

SMALL = {
    "dataset": "procedural-p0", "limit": 12, "levels": (0, 3), "sleep_parallel": (1, 5),
    "pass_samples": 2, "context_only": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def plain(folder):
    """The run `a`: notes as they are written."""
    return runs.run("stateful-gsm", out=folder / "a", **SMALL)


@pytest.fixture(scope="module")
def agreed(folder, plain):
    """The run `b`: notes that several phases agree on."""
    return runs.run("stateful-gsm", out=folder / "b", sleep_method="agreed", **SMALL)


@pytest.fixture(scope="module")
def others(folder):
    """The run `q`: questions of other families."""
    small = SMALL | {"dataset": "procedural-q0", "levels": (0,), "pass_samples": 0}
    return runs.run("stateful-gsm", out=folder / "q", **small)


@pytest.fixture(scope="module")
def found(plain, agreed):
    return compare(plain, agreed)


def test_what_differs_between_the_two_is_told_first(found):
    assert [str(one) for one in found.differs] == ["sleep_method: rethink -> agreed"]
    assert "sleep_method: rethink -> agreed" in found.sentences[1]


def test_a_run_held_against_itself_differs_nowhere(plain):
    same = compare(plain, plain.path)
    changes = [change for one in same.found.cells for change in one.measures().values()]
    assert {(change.difference, change.verdict) for change in changes} == {(0, "not determined")}
    assert "do not differ in any option" in same.sentences[1]


def test_notes_that_agree_are_shorter_than_all_notes_of_as_many_phases(found):
    five = [one for one in found.found.cells if one.line_a.sleep_parallel == 5]
    assert {one.prompt.verdict for one in five} == {"lower"}
    assert {one.asleep.difference for one in five} == {0}


def test_the_notes_of_several_phases_can_be_held_against_those_of_one(plain, agreed):
    made = compare(plain, agreed, k_a=1, k_b=5)
    assert "k: 1 -> 5" in made.sentences[1]
    labels = {one.label for one in made.found.cells}
    assert labels == {"baseline", "A sleep-time k=1, B sleep-time k=5"}
    slept = [one for one in made.found.cells if one.asleep]
    assert all(one.asleep.b > 3 * one.asleep.a for one in slept)


def test_what_failed_in_one_of_them_counts_in_neither(plain, agreed):
    rows = agreed.rows.assign(score=agreed.rows["score"].where(agreed.rows["budget"] == 0, np.nan))
    found = compare(plain, replace(agreed, rows=rows)).found
    assert {one.budget for one in found.cells} == {0}
    assert (found.failed_a, found.failed_b, found.left_out) == (0, 36, 36)


def test_a_run_that_is_not_finished_is_compared_where_it_got_to(plain, agreed):
    started = replace(agreed, rows=agreed.rows[agreed.rows["budget"] == 0])
    found = compare(plain, started).found
    assert (found.only_a, found.only_b) == (36, 0)


class TestRefused:
    def test_is_a_part_of_the_same_data(self, plain, tmp_path):
        other = runs.run("stateful-gsm", out=tmp_path, **SMALL | {"limit": 2, "levels": 0})
        with pytest.raises(InputError, match=r"differ in part \(12 questions of .*, 2 questions"):
            compare(plain, other)

    def test_are_numbers_of_phases_for_other_questions(self, plain, others):
        with pytest.raises(InputError, match="leave --k-a and --k-b out"):
            compare(plain, others, k_a=1, k_b=5)

    def test_are_other_experiments(self, plain, tmp_path):
        toy = runs.run(TOY, out=tmp_path)
        with pytest.raises(InputError, match="A is a run of stateful-gsm, B of toy"):
            compare(plain, toy)

    def test_is_a_simulated_model_beside_a_real_one_before_a_replay(self, plain, tmp_path):
        with pytest.raises(InputError, match=r"B by qwen.*"):
            compare(plain, "recorded:qwen2.5-coder-1.5b-gsm-p0", root=tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_are_runs_that_share_no_answer(self, plain, agreed):
        halves = [replace(plain, rows=plain.rows[plain.rows["budget"] == 0])]
        halves += [replace(agreed, rows=agreed.rows[agreed.rows["budget"] == 3])]
        with pytest.raises(InputError, match="share no answer"):
            compare(*halves)

    def test_is_a_number_of_phases_for_one_run_only(self, plain, agreed):
        with pytest.raises(InputError, match="give both, such as --k-a 1 --k-b 5"):
            compare(plain, agreed, k_a=5)


def test_an_experiment_that_is_not_of_this_library_is_compared_as_well(tmp_path):
    for name, words in (("one", 3), ("two", 4)):
        runs.run(TOY, out=tmp_path / name, words=words)
    found = compare(tmp_path / "one", tmp_path / "two")
    assert [str(one) for one in found.differs] == ["words: 3 -> 4"]
    assert {one.line_a.arm for one in found.found.cells} == {"baseline", "sleep"}


def test_a_notebook_shows_a_picture_and_tables(plain, agreed, found):
    picture, tables = show.compared(plain, agreed.path)
    assert picture.data.startswith(b"\x89PNG")
    assert tables.data == show.table(found).data
    assert tables.data.count("<table>") == 2
    assert "rethink -&gt; agreed" in tables.data


def test_a_recording_that_is_not_there_is_one_line_of_a_notebook(plain):
    (shown,) = show.compared(plain, "recorded:none-<b>such</b>")
    assert "there is no recording" in shown.data
    assert "<b>" not in shown.data


class TestOnOtherQuestions:
    def test_each_difference_of_the_first_is_looked_for_in_the_second(self, plain, others):
        made = compare(plain, others)
        assert {one.budget for one in made.found.findings} == {0}
        assert "dataset: procedural-p0 -> procedural-q0" in made.sentences[1]
        assert made.found.shared_clusters == 0
        assert list(made.tables) == ["confirmation"]
        said = " ".join(made.sentences)
        assert "A: Test tokens" in said or "A: The ratio" in said

    def test_the_same_families_in_another_draw_are_no_independent_confirmation(
        self, plain, tmp_path
    ):
        again = SMALL | {"seed": 1, "levels": (0,), "pass_samples": 0}
        made = compare(plain, runs.run("stateful-gsm", out=tmp_path, **again))
        assert made.found.shared_clusters > 0
        assert "confirmed" not in {one.outcome for one in made.found.findings}

    def test_the_command_tells_it_too_within_80_columns(self, folder, plain, others):
        written = ("--figures", "g", "--tables", "u")
        done = sleeptime("compare", "a", "q", *written, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "sleep-time k=1 minus baseline" in done.stdout.splitlines()
        assert (folder / "g/stateful_gsm_confirmed.png").exists()
        assert (folder / "u/compared-confirmation.csv").exists()
        shown = on_a_terminal(80, "compare", "a", "q", cwd=folder)
        assert max(map(len, shown.splitlines())) <= 80
        value = json.loads(sleeptime("compare", "a", "q", "--json", cwd=folder).stdout)
        assert len(value["findings"]) == 2
        assert value["simulated"] is True

    def test_a_notebook_shows_it(self, plain, others):
        picture, tables = show.compared(plain, others.path)
        assert picture.data.startswith(b"\x89PNG")
        assert tables.data.count("<table>") == 1


class TestCommand:
    def test_tells_what_differs_and_then_the_tables(self, folder, found):
        done = sleeptime("compare", "a", "b", cwd=folder)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[0].startswith("SIMULATED")
        assert "sleep_method: rethink -> agreed" in lines[2]
        assert [line for line in lines if line == "sleep-time k=5"] == ["sleep-time k=5"] * 2
        assert "not determined" in done.stdout

    def test_fits_the_terminal(self, folder, found):
        assert max(map(len, on_a_terminal(80, "compare", "a", "b", cwd=folder).splitlines())) <= 80

    def test_prints_json_alone(self, folder, found):
        value = json.loads(sleeptime("compare", "a", "b", "--json", cwd=folder).stdout)
        assert value["differs"] == [{"name": "sleep_method", "a": "rethink", "b": "agreed"}]
        assert value["a"]["directory"] == "a"
        assert value["simulated"] is True
        assert len(value["cells"]) == len(found.found.cells)

    def test_writes_figures_and_tables(self, folder, found):
        where = ("--figures", "f", "--tables", "t")
        done = sleeptime("compare", "a", "b", "--k-a", 1, "--k-b", 5, *where, cwd=folder)
        assert done.returncode == 0, done.stderr
        stems = {path.stem for path in (folder / "f").iterdir()}
        assert stems == {"stateful_gsm_compared"}
        beside = json.loads((folder / "f/stateful_gsm_compared.json").read_text())
        command = "sleeptime compare a b --k-a 1 --k-b 5 --figures f"
        assert beside["provenance"]["command"] == command
        names = {path.name for path in (folder / "t").iterdir()}
        assert {"compared-scores.csv", "compared-tokens.tex"} <= names
        assert "agreed" in (folder / "t/compared-scores.md").read_text()

    def test_replays_a_recording(self, folder, found):
        words = "--limit 12 --levels 0,3 --sleep-parallel 1,5 --pass-samples 2 --no-context-only"
        whole = ("run", "stateful-gsm", "--dataset", "procedural-p0", *words.split())
        made = sleeptime(*whole, "--out", "c", "--record", "mine", cwd=folder)
        assert made.returncode == 0, made.stderr
        done = sleeptime("compare", "recorded:mine", "b", "--json", cwd=folder)
        assert done.returncode == 0, done.stderr
        value = json.loads(done.stdout)
        assert value["a"]["recording"] == "recorded:mine"
        assert value["cells"] == json.loads(json.dumps(found.to_json()["cells"]))

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("a", "nowhere"), "nowhere is not a run directory"),
            (("recorded:none", "a"), "there is no recording 'none'"),
            (("a", "b", "--k-a", "1"), "give both, such as --k-a 1 --k-b 5"),
            (("a", "b", "--k-a", "1", "--k-b", "3"), "B has no answers with notes of k = 3"),
        ],
    )
    def test_says_in_one_line_what_is_wrong(self, folder, found, words, said):
        done = sleeptime("compare", *words, cwd=folder)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert said in done.stderr
        assert done.stdout == ""
