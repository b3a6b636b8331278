"""When the machine does not play along: one line, exit status 2, and the rest later as ever."""

import ctypes
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import time

import pytest
from kill_at import kill_at
from small_run import WORDS, run

from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.records import VOLATILE_COLUMNS
from sleeptime_lib.store import read_rows, read_sleeps

_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS, _SEARCH_ANYWHERE = 24, 1, 2


def content(path):
    return read_rows(path).drop(columns=list(VOLATILE_COLUMNS)), read_sleeps(path)


def same(one, other):
    return all(a.equals(b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "r"
    run(path)
    return path


def sleeptime(*words, within):
    """Run a command in a process that was first limited; gives its status and last line."""
    done = subprocess.run(
        [sys.executable, "-m", "sleeptime_lib", *map(str, words)],
        preexec_fn=within,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1]


def small_disk():
    """No file may grow beyond 60 kB: what a full disk is to those who write."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))


def bound_by_permissions():
    """Root is asked for permissions like anybody else."""
    for power in (_OVERRIDE_PERMISSIONS, _SEARCH_ANYWHERE):
        ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, power, 0, 0, 0)


@pytest.mark.parametrize("within", [small_disk, few_files])
def test_a_full_disk_or_too_many_files_end_a_run_which_goes_on_later(tmp_path, undisturbed, within):
    status, said = sleeptime("run", "stateful-gsm", *WORDS, "--out", tmp_path / "r", within=within)
    assert status == 2
    assert said.startswith("sleeptime: ")
    assert str(tmp_path / "r") in said
    run(tmp_path / "r")
    assert same(content(tmp_path / "r"), content(undisturbed))


@pytest.mark.parametrize("file", ["", "manifest.json", "rows.parquet", "calls.sqlite.lock"])
def test_no_permission_is_told_with_the_file(tmp_path, undisturbed, file):
    path = shutil.copytree(undisturbed, tmp_path / "r")
    (path / file).chmod(stat.S_IXUSR)
    command = ("run", "stateful-gsm", *WORDS, "--out", path)
    status, said = sleeptime(*command, within=bound_by_permissions)
    (path / file).chmod(stat.S_IRWXU)
    assert status == 2
    assert str(path / file).rstrip("/") in said
    assert run(path).totals.sent == 0


def test_a_report_that_cannot_be_written_is_told(tmp_path, undisturbed):
    (tmp_path / "file").write_text("")
    words = ("report", undisturbed, "--tables", tmp_path / "file" / "tables")
    status, said = sleeptime(*words, within=None)
    assert (status, said) == (2, f"sleeptime: {tmp_path}/file/tables: Not a directory")


@pytest.mark.parametrize("what", ["", "rows", "calls.sqlite"])
def test_a_directory_that_goes_away_ends_the_run_which_goes_on_later(tmp_path, undisturbed, what):
    rows = []

    def on_row(row):
        rows.append(row)
        if len(rows) == 5:
            gone = tmp_path / "r" / what
            gone.unlink() if gone.is_file() else shutil.rmtree(gone)

    with pytest.raises(StopRun, match=rf"{tmp_path}/r/{what}.*cannot be written"):
        run(tmp_path / "r", on_row)
    run(tmp_path / "r")
    assert same(content(tmp_path / "r"), content(undisturbed))


def test_a_cache_that_another_program_writes_is_told_after_two_seconds(tmp_path, undisturbed):
    path = shutil.copytree(undisturbed, tmp_path / "r")
    other = sqlite3.connect(path / "calls.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    with pytest.raises(InputError, match="locked by another program"):
        run(path)
    assert time.monotonic() - begun < 15  # it waited for 30
    other.close()
    assert run(path).totals.sent == 0


@pytest.mark.parametrize("moment", range(1, 13))
def test_a_run_that_is_killed_in_its_first_moments_can_be_started_again(
    tmp_path, undisturbed, moment
):
    assert kill_at(moment, tmp_path / "r", run, tmp_path / "r")
    run(tmp_path / "r")
    assert same(content(tmp_path / "r"), content(undisturbed))
