"""Whole runs over a real socket against a server that goes wrong, and runs that are killed."""

import asyncio
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
import traceback

import pandas as pd
import pytest
from fault_replies import LASTING
from fault_server import Faults, FaultServer
from simulated_answer import carry_out, prepared, simulated_answer

from sleeptime_lib import results, runs
from sleeptime_lib.errors import StopRun
from sleeptime_lib.records import ROW_KEY, VOLATILE_COLUMNS
from sleeptime_lib.store import read_rows

LIMIT = 12
KILLS = 50
SECRET = "sk-do-not-show-this-key-4711"


def lasting(path):
    return read_rows(path).drop(columns=list(VOLATILE_COLUMNS))


NO_FAULTS = Faults()


def run(path, faults=NO_FAULTS, **options):
    """Run with these faults; gives how it ended and the server's log."""
    with FaultServer(faults, simulated_answer) as server:
        options = {"timeout_s": 1.0} | options
        finished = asyncio.run(runs.carry_out(prepared(server.url, path, limit=LIMIT, **options)))
        return finished, server.log


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed")
    run(path)
    # The address is not part of a row, so runs against other servers compare.
    return lasting(path)


class TestFaults:
    @pytest.fixture(scope="class")
    @classmethod
    def disturbed(cls, tmp_path_factory):
        path = tmp_path_factory.mktemp("disturbed")
        finished, log = run(path, Faults(rate=0.2, lasting=0.02, seed=3, late_s=1.5))
        return path, finished, log

    def test_the_server_did_go_wrong_in_every_way_it_knows(self, disturbed):
        _, finished, log = disturbed
        assert len(log.faults) > 20
        assert sum(log.faults.values()) > 0.15 * sum(log.attempts.values())
        assert finished.outcome.failed > 0

    def test_every_row_that_could_be_answered_is_the_same(self, disturbed, undisturbed):
        rows = lasting(disturbed[0]).set_index(list(ROW_KEY))
        answered = rows[rows.error == ""]
        expected = undisturbed.set_index(list(ROW_KEY)).loc[answered.index]
        pd.testing.assert_frame_equal(answered, expected)
        assert len(rows) == len(undisturbed)
        assert len(answered) > 0.7 * len(rows)

    def test_only_lasting_faults_end_as_errors_and_say_so_in_one_line(self, disturbed):
        errors = read_rows(disturbed[0]).error
        kinds = set(errors[errors != ""].str.split(":").str[0])
        assert kinds <= {"bad_request", "not_found", "context_length"}
        assert not errors.str.contains("\n").any()
        assert set(LASTING) & set(disturbed[2].faults)

    def test_strange_replies_end_no_run(self, tmp_path, undisturbed):
        finished, log = run(tmp_path, Faults(strange=0.4, seed=5))
        rows = read_rows(tmp_path)
        assert len(log.faults) > 10
        assert len(rows) == len(undisturbed)
        assert rows.usage_estimated.any()
        assert finished.outcome.answered > finished.outcome.failed

    def test_a_refused_key_stops_the_run_at_once(self, tmp_path):
        faults = Faults(rate=1.0, kinds=("401",), most=10**9)
        with FaultServer(faults, simulated_answer) as server:
            ready = prepared(server.url, tmp_path, limit=LIMIT)
            with pytest.raises(StopRun):
                asyncio.run(runs.carry_out(ready))
            assert sum(server.log.attempts.values()) < 100
        assert json.loads((tmp_path / "manifest.json").read_text())["status"] == "stopped"


class TestKills:
    @pytest.fixture(scope="class")
    @classmethod
    def killed(cls, tmp_path_factory):
        """A run that was killed at least fifty times, and what happened."""
        path = tmp_path_factory.mktemp("killed")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["simulated_answer", "openai", "pyarrow.parquet"])
        dice, kills = random.Random(11), 0
        with FaultServer(Faults(latency_s=0.01), simulated_answer) as server:
            for _ in range(10 * KILLS):
                process = context.Process(target=carry_out, args=(server.url, path, LIMIT))
                process.start()
                if kills < KILLS:
                    kills += cls._kill(process, server.log, dice)
                process.join(120)
                if process.exitcode == 0:
                    break
        return path, kills, server.log

    @staticmethod
    def _kill(process, log, dice):
        """Kill after a few more calls, at a moment that does not depend on them."""
        enough = sum(log.attempts.values()) + dice.randrange(8)
        while sum(log.attempts.values()) < enough and process.is_alive():
            time.sleep(0.001)
        time.sleep(dice.random() * 0.03)
        if not process.is_alive():
            return 0
        os.kill(process.pid, signal.SIGKILL)
        return 1

    def test_it_ends_with_the_rows_of_an_undisturbed_run(self, killed, undisturbed):
        path, kills, _ = killed
        assert kills >= KILLS
        pd.testing.assert_frame_equal(lasting(path), undisturbed)

    def test_no_call_is_billed_twice_but_those_in_flight_which_are_counted(self, killed):
        path, _, log = killed
        again = sum(count - 1 for count in log.generated.values())
        told = json.loads((path / "manifest.json").read_text())["last_session"]["unknown_before"]
        assert 0 < again <= told
        assert again <= 8 * KILLS

    def test_no_row_is_there_twice(self, killed):
        assert not read_rows(killed[0]).duplicated(list(ROW_KEY)).any()


class TestSecrets:
    def test_the_key_is_in_no_file_after_a_run_full_of_failures(self, tmp_path, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        faults = Faults(rate=0.5, lasting=0.2, seed=7, late_s=1.5)
        with FaultServer(faults, simulated_answer, secret=SECRET) as server:
            ready = prepared(server.url, tmp_path / "r", limit=4, timeout_s=1.0)
            asyncio.run(runs.carry_out(ready))
            assert SECRET in server.log.headers["authorization"]
        told = results.load_run(tmp_path / "r")
        told.write_figures(tmp_path / "figures")
        results.write_tables(told, tmp_path / "tables")
        assert read_rows(tmp_path / "r").error.str.contains("[key]", regex=False).any()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) > 10
        for path in files:
            assert SECRET.encode() not in path.read_bytes(), path

    def test_the_key_is_in_no_traceback(self, tmp_path, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        faults = Faults(rate=1.0, kinds=("401",), most=10**9)
        with FaultServer(faults, simulated_answer, secret=SECRET) as server:
            ready = prepared(server.url, tmp_path, limit=1)
            try:
                asyncio.run(runs.carry_out(ready))
            except StopRun as error:
                shown = "".join(
                    traceback.TracebackException.from_exception(error, capture_locals=True).format()
                )
        assert SECRET not in shown


def test_the_cache_of_a_run_is_a_sound_database(tmp_path):
    run(tmp_path)
    with sqlite3.connect(tmp_path / "calls.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
