"""The command line: what it prints, where, and with which exit status."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from git_history import History
from ports import until

from sleeptime_lib.store import read_rows

SMALL = ("--limit", "3", "--levels", "0,3", "--sleep-parallel", "1", "--pass-samples", "2")


def sleeptime(*words, cwd, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI")}
    return subprocess.run(
        [sys.executable, "-m", "sleeptime_lib", *map(str, words)],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    done = sleeptime("run", "stateful-gsm", *SMALL, "--out", "r", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_json_is_the_only_thing_on_stdout(finished):
    report = json.loads(finished[1].stdout)
    keys = {"curves", "equal_accuracy", "range_ratio", "max_gain_points", "tokens", "cost_usd"}
    assert keys | {"failed_rows"} <= set(report)


def test_simulated_results_are_called_so(finished):
    folder, done = finished
    assert json.loads(done.stdout)["simulated"] is True
    assert "SIMULATED" in sleeptime("report", "r", cwd=folder).stdout


def test_the_same_command_again_makes_no_call(finished):
    folder, _ = finished
    again = sleeptime("run", "stateful-gsm", *SMALL, "--out", "r", cwd=folder)
    assert again.returncode == 0
    assert "0 answered now; 24 were there from before" in again.stderr
    assert "0 calls sent" in again.stderr


def test_report_writes_figures_and_tables(finished):
    folder, _ = finished
    done = sleeptime("report", "r", "--figures", "f", "--tables", "t", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = {path.suffix for path in (folder / "f").iterdir()}
    assert written == {".png", ".svg", ".pdf", ".json"}
    assert {path.suffix for path in (folder / "t").iterdir()} == {".csv", ".md", ".tex"}


def test_another_configuration_in_the_same_directory_is_refused(finished):
    folder, _ = finished
    done = sleeptime("run", "stateful-gsm", *SMALL, "--seed", "1", "--out", "r", cwd=folder)
    assert done.returncode == 2
    assert "seed was 0, now 1" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "stateful-gms"), "stateful-gms"),
        (("run", "none.py"), "no file none.py"),
        (("run", "stateful-gsm", "--sleep-method", "nonsense"), "known are rethink"),
        (("run", "stateful-gsm", "--model", "gpt-4o-mini"), "OPENAI_API_KEY"),
        (("run", "multi-query", "--questions-per-context", "0"), "questions_per_context"),
        (("run", "stateful-gsm", "--dataset", "procedural-p9"), "procedural-p1"),
        (("run", "stateful-gsm", "--dataset", "no/such.jsonl"), "no/such.jsonl"),
        (("run", "stateful-gsm", "--limit", "0"), "limit"),
        (("run", "stateful-gsm", "--limit", "many"), "limit"),
        (("run", "stateful-gsm", "--levels", "0;1"), "levels"),
        (("run", "stateful-gsm", "--no-such-option"), "--no-such-option"),
        (("run", "stateful-gsm", "--config", "none.yaml"), "none.yaml"),
        (("run", "stateful-gsm", *SMALL, "--out", "/proc/no"), "--out"),
        (("run", "stateful-gsm", "--base-url", "ftp://x", "--model", "m"), "ftp://x"),
        (("report", "nowhere"), "not a run directory"),
        (("data", "procedural-p7"), "procedural-p1"),
        (("data", "multi-p1", "--generate", "3"), "--export"),
        (("data", "multi-p1", "--generate", "0"), "--generate"),
        (("data", "swe-features"), "--repo CLONE"),
        (("data", "procedural-p1", "--repo", "."), "swe-features --repo"),
        (("data", "swe-features", "--repo", "."), "no git repository"),
        (("notebooks",), "--source"),
        (("dance",), "dance"),
    ],
)
def test_bad_input_is_one_line_and_status_2(tmp_path, words, said):
    done = sleeptime(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("model", ["gpt-4o", "nobody/knows-its-price"])
def test_an_expensive_run_is_not_started_without_a_word_from_the_user(tmp_path, model):
    words = ("run", "stateful-gsm", "--model", model, "--limit", "100")
    done = sleeptime(*words, cwd=tmp_path, OPENAI_API_KEY="none")
    assert done.returncode == 2
    assert "estimate: about" in done.stderr
    assert "--yes" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_server_is_one_line_and_status_2(tmp_path):
    words = ("run", "stateful-gsm", *SMALL, "--model", "m", "--base-url", "http://127.0.0.1:9/v1")
    began = time.monotonic()
    done = sleeptime(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "http://127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 30


def test_a_cap_stops_the_run_with_status_3_and_keeps_what_is_there(tmp_path):
    done = sleeptime(
        "run", "stateful-gsm", *SMALL, "--max-tokens", "9000", "--out", "r", cwd=tmp_path
    )
    assert done.returncode == 3, done.stderr
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
    assert manifest["status"] == "cap reached"
    spent = manifest["billed"]
    assert 0 < spent["prompt"] + spent["completion"] <= 9000


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    words = ("run", "stateful-gsm", "--limit", "500", "--out", "r")
    process = subprocess.Popen(
        [sys.executable, "-m", "sleeptime_lib", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: list(tmp_path.glob("r/rows/part-*")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "same command goes on" in said
    assert "Traceback" not in said
    assert len(read_rows(tmp_path / "r")) > 0


def test_data_counts_contexts_where_there_are_many_questions(tmp_path):
    done = sleeptime("data", "multi-p0", "--limit", "4", "--json", cwd=tmp_path)
    shown = json.loads(done.stdout)
    assert (shown["contexts"], shown["questions"]) == (4, 40)


def test_writing_questions_for_money_asks_first(tmp_path):
    words = ("--generate", "3", "--model", "gpt-4o-mini", "--export", "x.jsonl")
    done = sleeptime("data", "procedural-p0", *words, cwd=tmp_path, OPENAI_API_KEY="k" * 20)
    assert done.returncode == 2
    assert "--max-cost-usd" in done.stderr.splitlines()[-1]


def test_data_shows_what_a_dataset_holds(tmp_path):
    done = sleeptime("data", "procedural-p0", "--limit", "4", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["questions"] == 4


def test_data_mines_a_clone_and_tells_what_was_dropped(tmp_path):
    history = History(tmp_path / "clone")
    history.grow("start", "a.py", "b.py", "c.py")
    history.grow("Add \x1b[31mcolours (#7)", "a.py", "b.py", "c.py")
    words = ("data", "swe-features", "--repo", "clone", "--out", "tasks.jsonl")
    done = sleeptime(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 tasks of 2 changes in 2 commits" in done.stdout
    assert "1 dropped: no commit that they start from" in done.stdout
    assert "\x1b" not in done.stdout
    assert json.loads((tmp_path / "tasks.jsonl").read_text())["number"] == "7"
    shown = json.loads(sleeptime(*words, "--json", cwd=tmp_path).stdout)
    assert (shown["tasks"], shown["candidates"]) == (1, 2)


def test_help_names_every_command(tmp_path):
    shown = sleeptime("--help", cwd=tmp_path).stdout
    for name in ("run", "report", "notebooks", "serve", "doctor", "data", "plan", "compare"):
        assert name in shown


def test_the_version_is_told(tmp_path):
    assert sleeptime("--version", cwd=tmp_path).stdout.strip().startswith("sleeptime 0.")


def test_a_file_of_options_gives_what_is_not_said_on_the_command_line(tmp_path):
    (tmp_path / "c.yaml").write_text("limit: 2\nlevels: [0, 3]\npass_samples: 0\nconcurrency: 3\n")
    words = ("run", "stateful-gsm", "--config", "c.yaml", "--levels", "2", "--out", "r")
    done = sleeptime(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = read_rows(tmp_path / "r")
    assert (rows.question_id.nunique(), set(rows.budget)) == (2, {2})


def test_an_unknown_option_in_a_file_names_the_nearest(tmp_path):
    (tmp_path / "c.yaml").write_text("level: 2\n")
    done = sleeptime("run", "stateful-gsm", "--config", "c.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "c.yaml: unknown option level, did you mean levels?" in done.stderr


OWN = """
from dataclasses import replace
from sleeptime_lib import Options, option
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions

class MyOptions(StatefulGsmOptions):
    rounds: int = option(1, "Answers one after the other.", ge=1)

MINE = replace(STATEFUL_GSM, name="mine", options=MyOptions)
"""


def test_an_experiment_of_ones_own_is_run_by_its_file(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    done = sleeptime("run", "mine.py", *SMALL, "--rounds", "2", "--out", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--rounds 2" in json.loads((tmp_path / "r/manifest.json").read_text())["command"]
    assert "--experiment FILE.py" in " ".join(sleeptime("report", "r", cwd=tmp_path).stdout.split())
    given = sleeptime("report", "r", "--experiment", "mine.py", cwd=tmp_path)
    assert "--experiment" not in given.stdout
    help_text = sleeptime("run", "mine.py", "--help", cwd=tmp_path).stdout
    assert "Answers one after the other." in help_text


def test_rows_that_failed_are_told_by_the_status(tmp_path):
    wrong = (
        OWN
        + """
async def answer(call, context, question, setting, notes, sample):
    raise ValueError("nothing")

MINE = replace(MINE, answer=answer)
"""
    )
    (tmp_path / "mine.py").write_text(wrong)
    words = ("--limit", "1", "--levels", "0", "--sleep-parallel", "1", "--pass-samples", "0")
    done = sleeptime("run", "mine.py", *words, "--out", "r", cwd=tmp_path)
    assert done.returncode == 1
    assert "3 failed" in done.stderr
    assert "the same command tries the failed rows again" in done.stderr


def test_an_estimate_needs_no_key_and_makes_no_run(tmp_path):
    words = ("run", "stateful-gsm", *SMALL, "--model", "gpt-4o-mini", "--estimate")
    done = sleeptime(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "with gpt-4o-mini, 24 rows: about" in done.stdout
    assert "$" in done.stdout
    found = json.loads(sleeptime(*words, "--json", cwd=tmp_path).stdout)
    assert found["model"] == "gpt-4o-mini"
    assert 0 < found["cost_usd"] < 1
    assert list(tmp_path.iterdir()) == []
