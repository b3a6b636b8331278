"""An experiment of one's own, in one file, through everything that the shipped ones have.

The file is examples/second_thoughts.py: two calls an answer, a score between 0 and 1, an option, a
figure and a measure of its own. Nothing in the library is touched.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from ports import free_port, until, wait_until_up
from test_cli import sleeptime

from sleeptime_lib import find_experiment, load_run, make_options, run
from sleeptime_lib.records import VOLATILE_COLUMNS
from sleeptime_lib.store import read_rows
from sleeptime_lib.widgets import RunPanel

FILE = Path(__file__).parent.parent / "examples/second_thoughts.py"
MOST_LINES = 60
SMALL = ("--limit", "6", "--level", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the file, a run of it in `live` and its recording "small"."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copy(FILE, folder / "mine.py")
    done = sleeptime("run", "mine.py", *SMALL, "--out", "live", "--record", "small", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def same_rows(one, other):
    volatile = list(VOLATILE_COLUMNS)
    pd.testing.assert_frame_equal(one.drop(columns=volatile), other.drop(columns=volatile))


def test_it_takes_at_most_sixty_lines():
    assert len(FILE.read_text().splitlines()) <= MOST_LINES


def test_its_option_stands_on_the_command_line():
    assert "--level" in sleeptime("run", str(FILE), "--help", cwd=FILE.parent).stdout


def test_the_estimate_counts_both_calls(tmp_path):
    done = sleeptime("run", str(FILE), "--limit", "6", "--estimate", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["rows"], told["answer_calls"]) == (12, 24)


def test_rows_have_its_calls_measure_and_scores(folder):
    rows = read_rows(folder / "live")
    assert len(rows) == 12
    assert (rows.calls == 2).all()
    assert {m["changed"] for m in rows.measures} <= {0.0, 1.0}
    assert set(rows.score) <= {0.0, 0.5, 1.0}


def test_the_same_command_makes_no_call_again(folder):
    command = json.loads((folder / "live/manifest.json").read_text())["command"]
    assert command == "sleeptime run mine.py --limit 6 --level 2"
    again = sleeptime(*command.split()[1:], "--out", "live", cwd=folder)
    assert "0 calls sent" in again.stderr


def test_another_value_of_its_option_is_refused_in_the_same_directory(folder):
    done = sleeptime("run", "mine.py", "--limit", "6", "--level", "3", "--out", "live", cwd=folder)
    assert done.returncode == 2
    assert "level was 2, now 3" in done.stderr


def test_its_section_stands_in_the_report(folder):
    words = ("report", "live", "--experiment", "mine.py", "--json", "--figures", "f")
    told = json.loads(sleeptime(*words, cwd=folder).stdout)
    assert set(told["second_thoughts"]) == {"baseline", "sleep"}
    assert (folder / "f/second_thoughts_changed.png").stat().st_size > 10_000
    said = sleeptime("report", "live", "--experiment", "mine.py", cwd=folder).stdout
    assert "The second answer differs in" in said


def test_a_report_executes_no_file_that_was_not_named(folder):
    done = sleeptime("report", "live", cwd=folder)
    assert "add --experiment FILE.py" in done.stdout
    assert "The second answer differs in" not in done.stdout


def test_its_recording_is_replayed_and_refuses_what_it_does_not_hold(folder):
    words = ("run", "mine.py", "--model", "recorded:small", "--out", "again")
    done = sleeptime(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    same_rows(read_rows(folder / "live"), read_rows(folder / "again"))
    beyond = sleeptime(*words[:-1], "beyond", "--level", "3", cwd=folder)
    assert beyond.returncode == 2
    assert "level = 3, recorded 2" in beyond.stderr


def test_every_call_can_be_read_again(folder):
    traces = load_run(folder / "live", str(folder / "mine.py")).traces()
    first = traces[0]
    assert len(first.asked) == 2
    assert first.asked[0].reply.text in first.asked[1].request.messages[-1]["content"]


def test_a_killed_run_goes_on_and_ends_with_the_same_rows(folder):
    port = free_port()
    serve = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", str(port)]
    server = subprocess.Popen([*serve, "--latency-s", "0.15"], stderr=subprocess.DEVNULL)
    words = ["run", "mine.py", *SMALL, "--base-url", f"http://127.0.0.1:{port}/v1"]
    words += ["--concurrency", "2", "--out", "killed"]
    try:
        wait_until_up(port, server, 30)
        first = subprocess.Popen([sys.executable, "-m", "sleeptime_lib", *words], cwd=folder)
        parts = folder / "killed/rows"
        until(lambda: any(part.stat().st_size for part in parts.glob("*.jsonl")))
        first.kill()
        first.wait()
        assert not (folder / "killed/rows.parquet").exists()
        done = sleeptime(*words, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "were there from before" in done.stderr
        same_rows(read_rows(folder / "live"), read_rows(folder / "killed"))
    finally:
        server.kill()
        server.wait()


def test_its_option_is_a_slider(tmp_path):
    mine = find_experiment(str(FILE))
    panel = RunPanel(mine, make_options(mine, limit=6, level=2), root=tmp_path)
    sliders = {one.description: one for one in panel.widget.children[0].children}
    sliders["Level"].value = 3
    assert panel.options().level == 3
    assert list(tmp_path.iterdir()) == []


def test_it_runs_from_python(tmp_path):
    mine = find_experiment(str(FILE))
    done = run(mine, limit=2, level=1, root=tmp_path)
    assert done.experiment is mine
    assert "changed" in done.pictures()
