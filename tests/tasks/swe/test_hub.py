"""Rows as the paper's authors released them: from a stand-in for the hub, and from a folder.

The hub itself is not reached here.
"""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from git_history import History
from hub_stand_in import Hub
from ports import free_port
from test_cli import sleeptime

from sleeptime_lib.errors import InputError
from sleeptime_lib.store import read_rows
from sleeptime_lib.tasks.swe.changes import RELEASED, read_changes

NAME = RELEASED.removeprefix("hub:")
FILES = ["a.py", "b.py", "c.py"]


def released(number, base, repo="o/r", **more):
    return {
        "repo": repo,
        "pr_number": number,
        "title": f"Add colours {number}",
        "user_login": "someone",
        "state": "closed",
        "body": None,
        "changed_files_count": len(FILES),
        "changed_files": FILES,
        "base_commit": base,
    } | more


def parquet(rows):
    kept = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), kept)
    return kept.getvalue()


def hub(rows, **how):
    return Hub(NAME, {"data/train-00000-of-00001.parquet": parquet(rows)}, **how)


@pytest.fixture
def clone(tmp_path):
    """A clone with two pull requests of the rows, squashed, and the rows of two repositories."""
    history = History(tmp_path / "clone")
    history.grow("start", *FILES, "d.py")
    rows = []
    for number in (4, 5):
        rows.append(released(number, history.head()))
        history.grow(f"A message of the commit (#{number})", *FILES)
    return history.path, [*rows, released(9, "0" * 40, "other/repo")]


def test_the_released_rows_come_from_the_hub_and_are_carried_out_on_a_clone(clone, tmp_path):
    path, rows = clone
    words = ["--dataset", RELEASED, "--repo", path, "--budgets", "4", "--no-floors", "--out", "run"]
    with hub(rows) as server:
        where = server.environment(tmp_path / "home")
        done = sleeptime("run", "swe", *words, cwd=tmp_path, **where)
    assert done.returncode == 0, done.stderr
    assert "left out, because the clone lacks their base commit: other/repo#9" in done.stderr
    made = read_rows(tmp_path / "run")
    assert len(made) == 2 * 2
    assert {name.partition("@")[0] for name in made.question_id} == {"o/r#4", "o/r#5"}
    assert set(made.gold) == {"M a.py\nM b.py\nM c.py"}


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_hub_that_does_not_give_them_is_told_in_one_line(clone, tmp_path, status):
    with hub(clone[1], status=status) as server:
        where = server.environment(tmp_path / "home")
        words = ["--dataset", RELEASED, "--repo", clone[0]]
        done = sleeptime("run", "swe", *words, cwd=tmp_path, **where)
    refused(done)


def test_a_hub_that_is_not_there_is_told_in_one_line(clone, tmp_path):
    where = {"HF_ENDPOINT": f"http://127.0.0.1:{free_port()}", "HF_HOME": str(tmp_path / "home")}
    words = ["--dataset", RELEASED, "--repo", clone[0]]
    refused(sleeptime("run", "swe", *words, cwd=tmp_path, **where))


def refused(done):
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith(f"sleeptime: cannot load {NAME} from the hub (")
    assert line.endswith("or hub:FOLDER, a folder with its files")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_the_files_of_the_dataset_may_lie_in_a_folder(tmp_path, monkeypatch, form):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [released(4, "a" * 40), released(5, "b" * 40, body="Why.")]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (tmp_path / "rows").mkdir()
    (tmp_path / f"rows/train.{form}").write_bytes(parquet(rows) if form == "parquet" else lines)
    first, second = read_changes(f"hub:{tmp_path / 'rows'}")
    assert (first.repo, first.number, first.title, first.body) == ("o/r", "4", "Add colours 4", "")
    assert first.paths("modified") == tuple(FILES)
    assert second.body == "Why."


def test_a_bad_row_of_the_hub_is_named_by_its_number(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "rows").mkdir()
    rows = [released(4, "a" * 40), released(5, "main")]
    (tmp_path / "rows/train.parquet").write_bytes(parquet(rows))
    with pytest.raises(InputError, match=r"rows:2: base_commit 'main' is no full commit; write"):
        read_changes(f"hub:{tmp_path / 'rows'}")
