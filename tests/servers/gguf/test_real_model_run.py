"""The whole path with a language model: sleep phase, answers, rows, recording, replay."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from sleeptime_lib.manifest import read_manifest
from sleeptime_lib.records import VOLATILE_COLUMNS
from sleeptime_lib.store import read_rows, read_sleeps

OPTIONS = (
    "--dataset procedural-p0 --limit 3 --levels 0,1 --sleep-parallel 1,2 --pass-samples 2 "
    "--sleep-max-tokens 200 --answer-max-tokens 60"
).split()


def run(folder, *options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sleeptime_lib", "run", "stateful-gsm", *options, "--json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def recorded(server, tmp_path_factory):
    """A folder in which a run was made and recorded; its report as well."""
    folder = tmp_path_factory.mktemp("recorded")
    done = run(
        folder,
        *("--model", server.model, "--base-url", server.base_url, "--out", "live"),
        *OPTIONS,
        *("--record", "small"),
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_a_language_model_sleeps_and_answers(recorded):
    folder, report = recorded
    rows, sleeps = read_rows(folder / "live"), read_sleeps(folder / "live")
    assert report["failed_rows"] == 0
    assert not report["run"]["simulated"]
    assert set(rows.arm) == {"baseline", "sleep", "context_only"}
    assert (rows.test_completion_tokens > 0).all()
    assert len(sleeps) == 3 * 2
    assert (sleeps.completion_tokens > 0).all()
    slept = rows[rows.arm == "sleep"]
    assert (slept.sleep_completion_tokens > 0).all()
    # So small a model hardly writes notes that follow the protocol; it is reminded once.
    assert set(sleeps.calls) <= {1, 2}


def test_the_recording_says_what_it_is_of(recorded):
    from sleeptime_lib.models.replay import read_about

    folder, _ = recorded
    about = read_about(str(folder / "recordings/small.parquet"))
    assert (about.model, about.quantisation, about.licence) == ("smollm2", "Q4_1", "apache-2.0")
    assert about.server.startswith("openvino-genai")
    assert about.dataset == "procedural-p0"
    assert about.calls > 0


def test_a_replay_gives_the_same_rows_and_bills_nothing(recorded):
    folder, live = recorded
    shutil.rmtree(folder / "replay", ignore_errors=True)
    done = run(folder, "--model", "recorded:small", "--out", "replay")
    assert done.returncode == 0, done.stderr
    replayed = json.loads(done.stdout)
    before, after = read_rows(folder / "live"), read_rows(folder / "replay")
    pd.testing.assert_frame_equal(read_sleeps(folder / "live"), read_sleeps(folder / "replay"))
    volatile = list(VOLATILE_COLUMNS)
    pd.testing.assert_frame_equal(before.drop(columns=volatile), after.drop(columns=volatile))
    assert after.filter(like="billed_").to_numpy().sum() == 0
    assert read_manifest(folder / "replay")["billed"]["completion"] == 0
    assert replayed["tokens"]["experiment"] == live["tokens"]["experiment"]
