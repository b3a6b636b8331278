"""Damaged run directories: the same rows, or one line that says what to run; never a wrong row.

Bits are flipped and files are cut at random places, with a seed, in a finished run and in one that
was killed.
"""

import asyncio
import json
import random
import shutil
from pathlib import Path

import pytest

from sleeptime_lib import results, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.records import VOLATILE_COLUMNS

OPTIONS = {"limit": 3, "levels": (0,), "sleep_parallel": (1,), "pass_samples": 2}
FLIPS, CUTS = 5, 1
FINISHED = ("calls.sqlite", "manifest.json", "rows.parquet", "sleeps.parquet")
KILLED = (
    "calls.sqlite",
    "calls.sqlite-wal",
    "manifest.json",
    "rows/part-00000.jsonl",
    "sleeps/part-00000.jsonl",
)
EACH = pytest.mark.parametrize(
    ("state", "file"), [("finished", f) for f in FINISHED] + [("killed", f) for f in KILLED]
)


def run(path, on_row=lambda row: None):
    options = runs.make_options(STATEFUL_GSM, **OPTIONS)
    return asyncio.run(
        runs.carry_out(runs.prepare(STATEFUL_GSM, options, Execution(concurrency=2), path), on_row)
    )


def content(path):
    """What a report reads: rows without what differs from time to time, and notes."""
    found = results.load_run(path)
    results.report_json(found)
    return found.rows.drop(columns=list(VOLATILE_COLUMNS)), found.notes()


def same(one, other):
    return all(a.equals(b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run, a run as a kill leaves it, and what there is in each."""
    root = tmp_path_factory.mktemp("damage")
    rows = []

    def on_row(row):
        rows.append(row)
        if len(rows) == 12:
            shutil.copytree(root / "finished", root / "killed")

    run(root / "finished", on_row)
    contents = {name: content(root / name) for name in ("finished", "killed")}
    missing = run(shutil.copytree(root / "killed", root / "resumed")).totals.sent
    return root, contents, {"finished": 0, "killed": missing}


def damaged(made, state, file, tmp_path, seed=0):
    """Copies of a run directory, each with one bit flipped or one cut in one file."""
    whole = (made[0] / state / file).read_bytes()
    dice = random.Random(f"{state} {file} {seed}")
    for number in range(FLIPS + CUTS):
        path = shutil.copytree(made[0] / state, tmp_path / str(number))
        broken, at = bytearray(whole), dice.randrange(len(whole))
        if number < FLIPS:
            broken[at] ^= 1 << dice.randrange(8)
        else:
            del broken[at:]
        (path / file).write_bytes(broken)
        yield path, f"{file}, {'bit flipped' if number < FLIPS else 'cut'} at {at}"


@EACH
def test_a_report_tells_the_same_or_says_in_one_line_what_to_run(made, tmp_path, state, file):
    for path, where in damaged(made, state, file, tmp_path):
        found, said = None, ""
        try:
            found = content(path)
        except InputError as error:
            said = str(error)
        if found is None:
            assert file in said, where
            assert f"--out {path}" in said, where
            assert "\n" not in said, where
        elif "cut" not in where or not file.endswith("jsonl"):  # rows not made yet look the same
            assert same(found, made[1][state]), where


@EACH
def test_resumed_it_ends_with_the_same_rows_and_says_what_was_damaged(made, tmp_path, state, file):
    for path, where in damaged(made, state, file, tmp_path, seed=1):
        done = run(path)
        assert same(content(path), made[1]["finished"]), where
        if "calls" not in file:
            assert done.totals.sent <= made[2][state], where
            assert done.totals.notices or "cut" in where, where
        elif "cut" not in where:
            assert done.totals.sent <= made[2][state] or done.totals.notices, where
        again = run(path)
        assert (again.totals.sent, again.totals.notices) == (0, ()), where


def test_what_was_damaged_is_kept_beside_what_is_made_again(made, tmp_path):
    path = shutil.copytree(made[0] / "finished", tmp_path / "r")
    for name in ("rows.parquet", "manifest.json"):
        (path / name).write_bytes((path / name).read_bytes()[:-100])
    run(path)
    kept = {file.name for file in path.glob("*damaged*")}
    assert kept >= {"rows.parquet.damaged-1", "manifest.json.damaged-1"}


def test_a_line_of_a_version_without_checksums_that_is_no_row_is_told(made, tmp_path):
    path = shutil.copytree(made[0] / "killed", tmp_path / "r")
    part = path / "rows" / "part-00000.jsonl"
    part.write_text(part.read_text() + '{"error":""}\n')
    with pytest.raises(InputError, match=r"part-00000.jsonl, line 13: it has other columns"):
        results.load_run(path)
    assert run(path).totals.notices == (
        "rows/part-00000.jsonl was damaged in 1 of 13 lines: made again",
    )


@pytest.mark.parametrize("wrong", ['{"config": null}', '{"config": {}}', "[]", "{"])
def test_a_manifest_without_checksum_that_is_none_is_told(made, tmp_path, wrong):
    path = shutil.copytree(made[0] / "finished", tmp_path / "r")
    (path / "manifest.json").write_text(wrong)
    with pytest.raises(InputError, match=r"manifest\.json"):
        results.load_run(path)


def test_rows_whose_notes_are_lost_are_made_again_for_their_notes(made, tmp_path):
    path = shutil.copytree(made[0] / "finished", tmp_path / "r")
    (path / "sleeps.parquet").unlink()
    done = run(path)
    assert 0 < done.outcome.answered < done.outcome.planned
    assert done.totals.sent == 0
    assert same(content(path), made[1]["finished"])


def test_a_damaged_manifest_in_somebody_elses_folder_is_left_alone(tmp_path):
    for name in ("manifest.json", "index.html"):
        (tmp_path / name).write_text("{")
    with pytest.raises(InputError, match="not a run directory"):
        run(tmp_path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "manifest.json": "{",
        "index.html": "{",
    }


def test_a_run_without_checksums_gets_them_when_it_is_resumed(tmp_path):
    old = "stateful-gsm/simulated-procedural-p1-854e74c0"
    path = shutil.copytree(Path(__file__).parent / "data" / "format-1" / old, tmp_path / "r")
    config = json.loads((path / "manifest.json").read_text())["config"]
    options = {k: v for k, v in config.items() if k != "experiment"}
    runs.run("stateful-gsm", out=path, **options)
    for name in ("manifest.json", "rows.parquet", "sleeps.parquet"):
        whole = (path / name).read_bytes()
        at = len(whole) // 3
        (path / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InputError, match=name):
            results.load_run(path).notes()
        (path / name).write_bytes(whole)
