"""Recordings at the command line: made from a run, replayed in its place, refused beyond it."""

import asyncio
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from ports import free_port, until, wait_until_up
from test_cli import sleeptime

from sleeptime_lib import recordings, results, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.models import replay as recording
from sleeptime_lib.models.cache_file import all_replies
from sleeptime_lib.models.replay import read_about
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


@pytest.fixture
def here(folder, monkeypatch):
    """Makes the folder the working directory, where recordings are found by name."""
    monkeypatch.chdir(folder)


def replay(out, **options):
    return runs.run("stateful-gsm", out=out, model="recorded:small", **options)


def same_rows(one, other):
    volatile = list(VOLATILE_COLUMNS)
    pd.testing.assert_frame_equal(one.drop(columns=volatile), other.drop(columns=volatile))


def test_a_replay_without_options_is_the_recorded_run(folder):
    words = ("run", "stateful-gsm", "--model", "recorded:small", "--out", "whole", "--json")
    done = sleeptime(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "nothing is billed" in done.stderr
    same_rows(read_rows(folder / "live"), read_rows(folder / "whole"))
    pd.testing.assert_frame_equal(read_sleeps(folder / "live"), read_sleeps(folder / "whole"))
    assert json.loads(done.stdout)["simulated"] is True


@pytest.mark.usefixtures("here")
def test_a_replay_bills_nothing_and_keeps_experiment_tokens():
    report, live = (run.report().tokens for run in (replay("bill"), results.load_run("live")))
    assert report.billed.sleep.completion == report.billed.test.prompt == 0
    assert report.experiment == live.experiment
    assert not Path("bill/calls.sqlite").exists()


@pytest.mark.usefixtures("here")
def test_two_replays_give_the_same_bytes():
    for out in ("first", "second"):
        replay(out)
    assert Path("first/rows.parquet").read_bytes() == Path("second/rows.parquet").read_bytes()


@pytest.mark.usefixtures("here")
def test_a_part_of_what_was_recorded_can_be_replayed():
    part = {"levels": "0,3", "sleep_parallel": 2, "context_only": False, "pass_samples": 2}
    rows = replay("part", limit=2, **part).rows
    assert rows.question_id.nunique() == 2
    assert set(rows[rows.arm == "sleep"].sleep_parallel) == {2}
    assert len(rows[rows.budget_kind == "samples"]) == 2 * 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"limit": 5}, "limit = 5, recorded 4"),
        ({"limit": None}, "limit = None, recorded 4"),
        ({"levels": "0,1,4"}, "levels = 0, 1, 4, recorded 0, 2, 3"),
        ({"sleep_parallel": (1, 10)}, "sleep_parallel = 1, 10, recorded 1, 2"),
        ({"pass_samples": 4}, "pass_samples = 4, recorded 3"),
        ({"dataset": "procedural-p2"}, "dataset = 'procedural-p2', recorded 'procedural-p0'"),
        ({"seed": 1}, "seed = 1, recorded 0"),
        ({"sleep_temperature": 1.0}, "sleep_temperature = 1.0, recorded 0.7"),
        ({"answer_max_tokens": 9}, "answer_max_tokens = 9, recorded 2048"),
        ({"sleep_method": "other"}, "unknown sleep method 'other'"),
        # Draws for pass@k are of the lowest level, which was recorded without them.
        ({"levels": "2,3"}, "baseline at samples 2 (leave it out, such as with --pass-samples 0)"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_was_not_recorded_is_refused_at_once(options, named):
    with pytest.raises(InputError, match=re.escape(named)) as caught:
        replay("refused", **options)
    assert "\n" not in str(caught.value)
    assert not Path("refused").exists()


@pytest.mark.usefixtures("here")
def test_what_is_refused_is_told_with_what_there_is():
    with pytest.raises(InputError) as caught:
        replay("refused", limit=5)
    said = str(caught.value)
    assert "It holds stateful-gsm on procedural-p0 (4 questions; made with: sleeptime run" in said
    assert "--levels 0,2,3 --sleep-parallel 1,2" in said


def test_higher_levels_are_replayed_without_pass_at_k(folder):
    words = ("run", "stateful-gsm", "--model", "recorded:small", "--levels", "2,3", "--out", "high")
    done = sleeptime(*words, cwd=folder)
    assert done.returncode == 2
    assert "pass" in done.stderr.splitlines()[-1]
    done = sleeptime(*words, "--pass-samples", "0", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert set(read_rows(folder / "high").budget) == {2, 3}


@pytest.mark.usefixtures("here")
def test_another_experiment_is_refused():
    with pytest.raises(InputError, match="this is a recording of stateful-gsm, not of multi-query"):
        runs.run("multi-query", model="recorded:small")


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


@pytest.mark.usefixtures("here")
def test_an_unknown_recording_names_those_there_are():
    with pytest.raises(InputError, match=r"'none': there are .*small"):
        runs.run("stateful-gsm", model="recorded:none")


def test_a_file_that_is_no_recording_is_refused(folder, tmp_path):
    shutil.copy(folder / "live" / "rows.parquet", tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="is not a recording"):
        read_about(f"recorded:{tmp_path / 'rows.parquet'}")
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(InputError, match="is not a recording"):
        read_about(f"recorded:{tmp_path / 'text.parquet'}")


def test_a_recording_with_one_wrong_bit_or_cut_short_is_refused(folder, tmp_path):
    whole = (folder / "recordings" / "small.parquet").read_bytes()
    path = tmp_path / "wrong.parquet"
    digest = whole.rindex(b"sleeptime.sha256=")
    for place in range(0, len(whole), len(whole) // 40):
        broken = bytearray(whole)
        broken[place] ^= 4
        for content in (broken, whole[:place]):
            if digest <= place < digest + 17 and content is broken:
                continue  # the digest's own name: without one nothing is checked, and all is right
            path.write_bytes(content)
            with pytest.raises(InputError, match=r"wrong\.parquet (is damaged|cannot be read)"):
                recording.open_recording(str(path))


@pytest.mark.usefixtures("here")
def test_a_manifest_says_what_was_replayed():
    manifest = replay("told").manifest
    assert manifest["simulated"] is True
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
    ("name", "about", "said"),
    [
        ("../x", (), "use letters"),
        (None, ("licence=MIT",), "add --record"),
        ("y", ("colour=red",), "known are quantisation, server, licence"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_recording_that_cannot_be_made_is_refused_before_the_run(name, about, said):
    ready = runs.prepare(STATEFUL_GSM, runs.make_options(STATEFUL_GSM, limit=1), Execution())
    with pytest.raises(InputError, match=said):
        asyncio.run(recordings.recorder(ready, name, about))


@pytest.mark.usefixtures("here")
def test_a_replay_is_not_recorded_again():
    options = runs.make_options(STATEFUL_GSM, model="recorded:small")
    ready = runs.prepare(STATEFUL_GSM, options, Execution())
    with pytest.raises(InputError, match="recorded already"):
        asyncio.run(recordings.recorder(ready, "y", ()))


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
    server = subprocess.Popen([*serve, "--latency-s", "0.03"], stderr=subprocess.PIPE, text=True)
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


@pytest.mark.usefixtures("here")
def test_rows_of_one_recording_are_not_taken_for_those_of_another(folder, tmp_path, monkeypatch):
    shutil.copytree(folder / "recordings", tmp_path / "recordings")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recordings/small.parquet"
    replay("kept")
    other = dataclasses.replace(read_about(str(path)), date="2020-01-01")
    recording.write(path, other, all_replies(folder / "live/calls.sqlite"))
    with pytest.raises(InputError, match="recording_hash was"):
        replay("kept")


def test_a_server_that_is_not_there_is_told_in_one_line(folder):
    gone = ("--model", "x", "--base-url", "http://127.0.0.1:1/v1", "--about", "licence=MIT")
    done = sleeptime("run", "stateful-gsm", *gone, "--limit", "1", "--record", "new", cwd=folder)
    assert done.returncode
    assert "cannot be asked what it serves" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
