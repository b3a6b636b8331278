"""Run directories keep every finished row, whatever happens to the process."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.manifest import manifest_hash, read_manifest
from sleeptime_lib.records import Row
from sleeptime_lib.store import (
    SleepRecord,
    count_rows,
    open_run,
    read_rows,
    read_sleeps,
)
from sleeptime_lib.table import key_digest

MANIFEST = {"config": {"seed": 0, "model": "m"}, "dataset_fingerprint": "d", "prompts_hash": "p"}


def row(question="q1", **changes):
    values = {
        "experiment": "e",
        "dataset": "d",
        "model": "m",
        "cluster_id": "c",
        "context_id": "x",
        "question_id": question,
        "arm": "baseline",
        "budget_kind": "verbosity",
        "budget": 0,
        "sleep_parallel": 0,
        "sleep_effort": "",
        "sample": 0,
        "prediction": "12",
        "gold": "12",
        "score": 1.0,
    }
    return Row(**(values | changes))


def key(question):
    return key_digest([question, "baseline", "verbosity", 0, 0, "", 0])


def test_rows_are_read_back_sorted_with_their_types(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q2", latency_s=0.5, usage_estimated=True))
        run.add_row(row("q1", prediction=None, score=None, error="timeout: slow"))
        run.finish()
    frame = read_rows(tmp_path)
    assert list(frame.question_id) == ["q1", "q2"]
    assert frame.score.isna().tolist() == [True, False]
    assert frame.prediction.isna().tolist() == [True, False]
    assert frame.usage_estimated.dtype == bool
    assert frame.latency_s.tolist() == [0.0, 0.5]


def test_an_experiments_own_measures_are_kept(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1", measures={"steps": 3.0, "log_probability": -1.5}, calls=2))
        run.add_row(row("q2"))
        assert read_rows(tmp_path).measures[0] == {"steps": 3.0, "log_probability": -1.5}
        run.finish()
    frame = read_rows(tmp_path)
    assert frame.measures.tolist() == [{"steps": 3.0, "log_probability": -1.5}, {}]
    assert frame.calls.tolist() == [2, 0]


def test_rows_of_an_unfinished_run_can_be_read(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row())
        assert len(read_rows(tmp_path)) == 1


def test_a_resumed_run_knows_its_rows_and_repeats_failed_ones(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1"))
        run.add_row(row("q2", score=None, error="timeout: slow"))
    with open_run(tmp_path, MANIFEST) as run:
        assert run.done() == {key("q1")}


def test_rows_are_counted_that_need_not_be_made_again(tmp_path):
    assert count_rows(tmp_path) == 0
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1", prediction='"error":""'))
        run.add_row(row("q2", score=None, error="timeout: slow"))
        assert count_rows(tmp_path) == 1
        run.finish()
    assert count_rows(tmp_path) == 1
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q2"))
        assert count_rows(tmp_path) == 2


def test_a_row_written_again_replaces_the_failed_one(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1", score=None, error="timeout: slow"))
        run.finish()
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1"))
        run.finish()
    frame = read_rows(tmp_path)
    assert frame.error.tolist() == [""]


def test_a_line_that_a_kill_cut_off_is_not_a_row_and_harms_no_other(tmp_path):
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q1"))
    part = next((tmp_path / "rows").iterdir())
    part.write_text(part.read_text() + part.read_text()[:40])
    with open_run(tmp_path, MANIFEST) as run:
        run.add_row(row("q2"))
        run.finish()
    assert list(read_rows(tmp_path).question_id) == ["q1", "q2"]


def test_rows_written_before_sigkill_are_there_afterwards(tmp_path):
    code = (
        "import sys, os, signal, pathlib; sys.path.insert(0, sys.argv[2])\n"
        "from test_store import *\n"
        "run = open_run(pathlib.Path(sys.argv[1]), MANIFEST)\n"
        "[run.add_row(row(f'q{i}')) for i in range(100)]\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)], check=False
    )
    assert done.returncode == -9
    assert len(read_rows(tmp_path)) == 100


def test_equal_rows_give_equal_files_in_whatever_order_they_came(tmp_path):
    rows = [row(f"q{i}") for i in range(50)]
    for name, order in (("a", rows), ("b", rows[::-1])):
        with open_run(tmp_path / name, MANIFEST) as run:
            for each in order:
                run.add_row(each)
            run.finish()
    a, b = ((tmp_path / name / "rows.parquet").read_bytes() for name in ("a", "b"))
    assert a == b


def test_notes_are_kept(tmp_path):
    record = SleepRecord("x", "", 1, "a = 1", 2, 3, True, 10, 0, 5, 0)
    with open_run(tmp_path, MANIFEST) as run:
        run.add_sleep(record)
        assert run.sleeps_kept() == {("x", "", 1)}
        run.finish()
    frame = read_sleeps(tmp_path)
    assert frame.text.tolist() == ["a = 1"]
    assert frame.finished.tolist() == [True]


def test_another_configuration_is_refused_with_what_differs(tmp_path):
    open_run(tmp_path, MANIFEST).__exit__()
    other = MANIFEST | {"config": {"seed": 1, "model": "m"}}
    with pytest.raises(InputError, match="seed was 0, now 1"):
        open_run(tmp_path, other)


def test_an_option_that_a_run_does_not_know_had_its_default(tmp_path):
    open_run(tmp_path, MANIFEST).__exit__()
    added = MANIFEST | {"config": {"seed": 0, "model": "m", "effort": "low"}}
    with pytest.raises(InputError, match="effort was None, now 'low'"):
        open_run(tmp_path, added)
    with pytest.raises(InputError, match="effort was 'high', now 'low'"):
        open_run(tmp_path, added, {"effort": "high"})
    open_run(tmp_path, added, {"effort": "low"}).__exit__()


def test_other_data_under_the_same_name_is_refused(tmp_path):
    open_run(tmp_path, MANIFEST).__exit__()
    with pytest.raises(InputError, match="dataset_fingerprint was 'd', now 'e'"):
        open_run(tmp_path, MANIFEST | {"dataset_fingerprint": "e"})


def test_a_second_process_is_refused_at_once_and_told_who_is_at_work_on_which_machine(tmp_path):
    holder = rf"in use by another process \({os.getpid()} on {socket.gethostname()}\)"
    with open_run(tmp_path, MANIFEST), pytest.raises(InputError, match=holder):
        open_run(tmp_path, MANIFEST)
    open_run(tmp_path, MANIFEST).__exit__()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.tex"):
        open_run(tmp_path, MANIFEST)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="--out"):
        open_run(tmp_path / "run" / "deeper", MANIFEST)


def test_the_manifest_is_kept_up_to_date_and_keeps_its_date(tmp_path):
    with open_run(tmp_path, MANIFEST | {"created": "then"}) as run:
        run.save_manifest(status="finished")
    open_run(tmp_path, MANIFEST | {"created": "now"}).__exit__()
    assert read_manifest(tmp_path)["created"] == "then"


def test_something_else_is_not_taken_for_a_run(tmp_path):
    with pytest.raises(InputError, match="not a run directory"):
        read_rows(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_manifest_hash_stands_for_what_decides_the_rows():
    later = MANIFEST | {"created": "later", "status": "finished", "totals": {"calls": 3}}
    other = MANIFEST | {"config": {"seed": 1, "model": "m"}}
    assert manifest_hash(MANIFEST) == manifest_hash(later)
    assert manifest_hash(MANIFEST) != manifest_hash(other)
