"""What reaches the terminal: text as it is, and tables that fit."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import hostile
import pytest
from fault_server import FaultServer
from test_cli import SMALL, sleeptime

from sleeptime_lib.console import say
from sleeptime_lib.texts import plain


def on_a_terminal(columns, *words, cwd):
    """What a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = [sys.executable, "-m", "sleeptime_lib", *map(str, words)]
    process = subprocess.Popen(command, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        shown += part
    os.close(ours)
    assert process.wait(20) == 0, shown
    return shown.decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines", "two\nlines"),
        ("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred"),
        ("\x9b2J", "\N{REPLACEMENT CHARACTER}2J"),
        ("tab\tand\rreturn", "tab and return"),
        ("\u202ereversed", "\N{REPLACEMENT CHARACTER}reversed"),
        ("half \ud800", "half \N{REPLACEMENT CHARACTER}"),
        ("naïve 数 😀", "naïve 数 😀"),
    ],
)
def test_what_could_steer_a_terminal_is_replaced(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["[/foo]", "[bold]x[/bold]", ":boom:", "$5 and $6"])
def test_nothing_in_a_text_is_markup(text, capsys):
    say(text, asked=True)
    assert capsys.readouterr().out == f"{text}\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with the run `r` of a hostile model on hostile data, and what was printed."""
    folder = tmp_path_factory.mktemp("console")
    with FaultServer(answer=hostile.answer) as server:
        whose = ("--model", hostile.MODEL, "--base-url", server.url)
        what = ("--dataset", hostile.dataset(folder), *SMALL, "--out", "r")
        done = sleeptime("run", "stateful-gsm", *whose, *what, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_hostile_names_are_shown_as_text(finished):
    _, done = finished
    assert "<img src=x onerror=window.HIT=1>[/foo]$5 and $6" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_so_are_hostile_texts_of_a_dataset(finished):
    folder, _ = finished
    done = sleeptime("data", hostile.dataset(folder), cwd=folder)
    assert "[bold]red[/bold] [/foo] :boom:" in done.stdout
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(done.stdout + done.stderr)


def test_so_are_the_errors_of_a_server(tmp_path):
    def refuse(path, body):
        return 401, {"error": {"message": "\x1b[2J[/foo] \u202e no"}}

    with FaultServer(answer=refuse) as server:
        whose = ("--model", "m", "--base-url", server.url)
        done = sleeptime("run", "stateful-gsm", *whose, *SMALL, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not {"\x1b", "\u202e"} & set(done.stderr)


def test_a_faulty_option_is_repeated_without_its_escape_codes(tmp_path):
    done = sleeptime("run", "stateful-gsm", "--dataset", "\x1b[31mno.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("columns", [80, 120])
def test_a_report_fits_the_terminal(finished, columns):
    folder, _ = finished
    shown = on_a_terminal(columns, "report", "r", cwd=folder)
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert max(map(len, lines)) <= columns
    table = lines[: lines.index("")]
    assert sum("[" in line for line in table) >= 4
    assert all(line.count("[") == line.count("]") for line in table)


def test_words_are_not_cut_at_the_edge_of_a_terminal(finished):
    folder, _ = finished
    words = set(sleeptime("report", "r", cwd=folder).stdout.split())
    assert set(on_a_terminal(80, "report", "r", cwd=folder).split()) == words


def test_what_is_piped_is_not_wrapped(finished):
    folder, _ = finished
    lines = sleeptime("report", "r", cwd=folder).stdout.splitlines()
    assert max(map(len, lines)) > 100


def test_an_example_of_a_dataset_is_shown_up_to_a_length(tmp_path):
    row = json.dumps({"context": "x" * 2_000_000, "question": "y" * 2_000_000, "answer": 5})
    (tmp_path / "a.jsonl").write_text(row)
    done = sleeptime("data", "a.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout) < 20_000
