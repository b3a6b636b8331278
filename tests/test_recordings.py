"""Recordings at the command line: made from a run, replayed in its place, refused beyond it."""

import dataclasses
import json
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest
from ports import free_port, wait_until_up
from sleeptime_lib.models.recording import read_about
from test_cli import sleeptime

from sleeptime_lib.config import make_config
from sleeptime_lib.errors import InputError
from sleeptime_lib.manifest import read_manifest
from sleeptime_lib.models import recording
from sleeptime_lib.records import VOLATILE_COLUMNS
from sleeptime_lib.store import read_rows, read_sleeps

PLAN = (
    "--limit 4 --levels 0,2,3 --sleep-parallel 1,2 --pass-samples 3 --dataset procedural-p0".split()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a run in `live` and its recording "small"."""
    folder = tmp_path_factory.mktemp("recordings")
    done = sleeptime("run", "stateful-gsm", *PLAN, "--out", "live", "--record", "small", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "recorded stateful-gsm on procedural-p0" in done.stderr
    return folder


def replay(folder, *options, out):
    words = ("run", "stateful-gsm", "--model", "recorded:small", *options, "--out", out)
    return sleeptime(*words, "--json", cwd=folder)


def same_rows(one, other):
    volatile = list(VOLATILE_COLUMNS)
    pd.testing.assert_frame_equal(one.drop(columns=volatile), other.drop(columns=volatile))


def test_a_replay_without_options_is_the_recorded_run(folder):
    done = replay(folder, out="whole")
    assert done.returncode == 0, done.stderr
    assert "nothing is billed" in done.stderr
    same_rows(read_rows(folder / "live"), read_rows(folder / "whole"))
    pd.testing.assert_frame_equal(read_sleeps(folder / "live"), read_sleeps(folder / "whole"))


def test_a_replay_bills_nothing_and_keeps_experiment_tokens(folder):
    report = json.loads(replay(folder, out="bill").stdout)
    live = json.loads(sleeptime("report", "live", "--json", cwd=folder).stdout)
    billed = report["tokens"]["billed"]
    assert sum(sum(phase.values()) for phase in billed.values()) == 0
    assert report["tokens"]["experiment"] == live["tokens"]["experiment"]
    assert not (folder / "bill" / "calls.sqlite").exists()


def test_two_replays_give_the_same_bytes(folder):
    for out in ("first", "second"):
        assert replay(folder, out=out).returncode == 0
    rows = [read_rows(folder / out) for out in ("first", "second")]
    pd.testing.assert_frame_equal(*rows)


def test_a_part_of_what_was_recorded_can_be_replayed(folder):
    options = ("--limit", "2", "--levels", "0,3", "--sleep-parallel", "2", "--no-context-only")
    done = replay(folder, *options, "--pass-samples", "2", out="part")
    assert done.returncode == 0, done.stderr
    rows = read_rows(folder / "part")
    assert rows.question_id.nunique() == 2
    assert set(rows[rows.arm == "sleep"].sleep_parallel) == {2}
    assert len(rows[rows.budget_kind == "samples"]) == 2 * 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--limit", "5"), "limit = 5, recorded 4"),
        (("--levels", "0,1,4"), "levels = 1, 4"),
        (("--sleep-parallel", "1,10"), "sleep_parallel = 10"),
        (("--pass-samples", "4"), "pass_samples = 4, recorded 3"),
        (("--dataset", "procedural-p2"), "dataset = 'procedural-p2', recorded 'procedural-p0'"),
        (("--seed", "1"), "seed = 1, recorded 0"),
        (("--sleep-temperature", "1.0"), "sleep_temperature = 1.0, recorded 0.7"),
        (("--answer-max-tokens", "9"), "answer_max_tokens = 9, recorded 2048"),
    ],
)
def test_what_was_not_recorded_is_refused_by_naming_what_was(folder, options, named):
    done = replay(folder, *options, out="refused")
    assert done.returncode == 2
    assert named in done.stderr
    assert "4 questions, levels 0, 2, 3, sleep phases k = 1, 2" in done.stderr
    assert not (folder / "refused").exists()


def test_another_experiment_is_refused(folder):
    words = ("run", "multi-query", "--model", "recorded:small")
    done = sleeptime(*words, cwd=folder)
    assert done.returncode == 2
    assert "experiment = 'multi-query'" in done.stderr


def test_data_that_changed_since_is_told_at_the_first_missing_reply(folder, tmp_path):
    own = folder / "own.csv"
    own.write_text("context,question,answer\nAnna has 2 apples.,How many apples has Anna?,2\n")
    options = ("--dataset", str(own), "--levels", "0", "--sleep-parallel", "1")
    done = sleeptime(
        *("run", "stateful-gsm", *options, "--out", "own", "--record", "own"), cwd=folder
    )
    assert done.returncode == 0, done.stderr
    own.write_text("context,question,answer\nAnna has 3 apples.,How many apples has Anna?,3\n")
    done = sleeptime("run", "stateful-gsm", "--model", "recorded:own", cwd=folder)
    assert done.returncode == 2
    assert "prompts or data have changed since" in done.stderr
    assert "--record own" in done.stderr


def test_an_unknown_recording_names_those_there_are(folder):
    done = sleeptime("run", "stateful-gsm", "--model", "recorded:none", cwd=folder)
    assert done.returncode == 2
    assert "small" in done.stderr


def test_a_file_that_is_no_recording_is_refused(folder, tmp_path):
    shutil.copy(folder / "live" / "rows.parquet", tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="is not a recording"):
        make_config(model=f"recorded:{tmp_path / 'rows.parquet'}")
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(InputError, match="is not a recording"):
        make_config(model=f"recorded:{tmp_path / 'text.parquet'}")


def test_a_recording_of_the_simulated_model_stays_marked(folder):
    report = json.loads(replay(folder, out="marked").stdout)
    assert report["simulated"] is True
    assert read_manifest(folder / "marked")["simulated"] is True


def test_a_manifest_says_what_was_replayed(folder):
    replay(folder, out="told")
    manifest = read_manifest(folder / "told")
    assert manifest["model"] == "simulated"
    assert manifest["config"]["model"] == "recorded:small"
    assert manifest["recording"]["command"].endswith("--record small")
    assert manifest["recording"]["licence"] == "MIT"


def test_recording_again_gives_the_same_file_but_for_the_day(folder):
    path = folder / "recordings/small.parquet"
    before = path.read_bytes()
    done = sleeptime("run", "stateful-gsm", *PLAN, "--out", "live", "--record", "small", cwd=folder)
    assert "0 calls sent" in done.stderr
    assert path.read_bytes() == before


def test_a_recording_of_another_run_is_not_overwritten(folder):
    before = (folder / "recordings/small.parquet").read_bytes()
    done = sleeptime("run", "stateful-gsm", *PLAN, "--seed", "3", "--record", "small", cwd=folder)
    assert done.returncode == 2
    assert "is a recording of another run" in done.stderr
    assert (folder / "recordings/small.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--record", "../x"), "use letters"),
        (("--about", "licence=MIT"), "add --record"),
        (("--record", "y", "--about", "colour=red"), "known are quantisation, server, licence"),
        (("--record", "y", "--model", "recorded:small"), "recorded already"),
    ],
)
def test_a_recording_that_cannot_be_made_is_refused_before_the_run(folder, options, said):
    done = sleeptime("run", "stateful-gsm", *options, "--out", "never", cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (folder / "never").exists()


def test_a_recording_answers_no_other_questions(folder):
    done = sleeptime("doctor", "--model", "recorded:small", cwd=folder)
    assert done.returncode == 2
    assert "name a live model" in done.stderr


def test_what_is_told_of_a_recording_is_all_there(folder):
    about = read_about(str(folder / "recordings/small.parquet"))
    assert about.questions == 4
    assert about.calls > 4 * 3 * 3
    assert about.usage["completion"] > 0
    assert about.config["sleep_parallel"] == [1, 2]


def test_an_interrupted_recording_resumes(tmp_path):
    port = free_port()
    serve = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", str(port)]
    server = subprocess.Popen([*serve, "--latency-s", "0.1"], stderr=subprocess.PIPE, text=True)
    try:
        wait_until_up(port, server, 60)
        url = f"http://127.0.0.1:{port}/v1"
        run = ("run", "stateful-gsm", *PLAN, "--base-url", url, "--out", "live", "--concurrency", 2)
        words = [sys.executable, "-m", "sleeptime_lib", *map(str, run), "--record", "slow"]
        first = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL)
        until(lambda: len(list((tmp_path / "live/rows").glob("*.jsonl"))) > 0)
        first.kill()
        first.wait()
        assert not (tmp_path / "recordings").exists()
        again = sleeptime(*run, "--record", "slow", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
    finally:
        server.kill()
        server.wait()
    words = ("run", "stateful-gsm", "--model", "recorded:slow", "--out", "replay")
    assert sleeptime(*words, cwd=tmp_path).returncode == 0
    same_rows(read_rows(tmp_path / "live"), read_rows(tmp_path / "replay"))


def until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_rows_of_one_recording_are_not_taken_for_those_of_another(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    path = tmp_path / "copy/recordings/small.parquet"
    assert replay(tmp_path / "copy", out="kept").returncode == 0
    other = dataclasses.replace(read_about(str(path)), date="2020-01-01")
    recording.write(path, other, recording.recorded_calls(folder / "live/calls.sqlite"))
    done = replay(tmp_path / "copy", out="kept")
    assert done.returncode == 2
    assert "recording_hash was" in done.stderr
