"""The cache with real processes: one at a time, and killed at any moment."""

import random
import time

import pytest
from client_process import ask_all, start
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve

COUNT = 120


async def test_a_second_process_on_one_cache_is_told_at_once_and_disturbs_nothing(tmp_path):
    path = tmp_path / "calls.sqlite"
    with FaultServer(Faults(latency_s=1)) as server:
        process, results = start(server.url, path, 20, "first")
        while server.in_flight < 20:
            time.sleep(0.001)
        begun = time.monotonic()
        with pytest.raises(InputError, match="in use by another process"):
            Client(resolve("m", base_url=server.url), cache_path=path)
        assert time.monotonic() - begun < 0.5
        texts, totals = results.get(timeout=60)
        process.join()
        again, after = await ask_all(server.url, path, 20, "second")
    assert (totals.replies, totals.lost_in_flight) == (20, 0)
    assert (again, after.cache_hits) == (texts, 20)


async def test_killed_clients_lose_nothing_and_pay_twice_only_what_was_in_flight(tmp_path):
    rng = random.Random(5)
    path = tmp_path / "calls.sqlite"
    kills = 0
    with FaultServer(Faults(latency_s=0.02)) as server:
        right, _ = await ask_all(server.url, tmp_path / "undisturbed.sqlite", COUNT, "")
        server.log.generated.clear()
        while len(server.log.generated) < COUNT and kills < 30:
            process, _ = start(server.url, path, COUNT, "killed")
            before = server.log.attempts.total()
            while server.log.attempts.total() == before and process.is_alive():
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            process.join()
            kills += 1
        texts, totals = await ask_all(server.url, path, COUNT, "last")
        twice = server.log.generated.total() - len(server.log.generated)
    assert kills >= 5
    assert texts == right
    assert 0 < twice <= totals.unknown_before
    assert totals.unknown_before <= kills * 20  # its concurrency


async def test_what_was_in_flight_at_a_kill_is_known_at_once(tmp_path):
    path = tmp_path / "calls.sqlite"
    with FaultServer(Faults(latency_s=10)) as server:
        process, _ = start(server.url, path, COUNT, "killed")
        while server.in_flight < 20:
            time.sleep(0.001)
        process.kill()
        process.join()
        begun = time.monotonic()
        async with Client(resolve("m", base_url=server.url), cache_path=path) as client:
            assert client.totals.lost_in_flight == 20  # its concurrency
            assert client.totals.unknown_before == 20
        assert time.monotonic() - begun < 2
