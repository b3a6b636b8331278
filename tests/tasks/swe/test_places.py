"""Tasks of the case study as contexts and questions: of a clone, generated, and as text."""

import json

import pytest
from test_cli import sleeptime

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.swe import FLOORS
from sleeptime_lib.store import read_rows
from sleeptime_lib.tasks.swe.changes import write_changes
from sleeptime_lib.tasks.swe.generated import generate
from sleeptime_lib.tasks.swe.places import in_tags, load


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
