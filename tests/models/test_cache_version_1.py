"""Caches of the version before: opened, brought up to date, read as sources, rescued."""

import sqlite3

import pytest
from client_process import question
from fault_server import FaultServer
from numbered_replies import found, key, reply
from version_1_cache import write

from sleeptime_lib.models import cache_file
from sleeptime_lib.models.cache import Cache, CacheSource
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.ledger import Amount, Spending
from sleeptime_lib.models.requests import encode, key_of
from sleeptime_lib.records import Usage

SPENT = (900, 100, 80, 20, 2, 3000, 7000)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "calls.sqlite"
    write(path, {key(index): reply(index) for index in range(50)}, SPENT, (key(60), key(61)))
    return path


async def test_replies_and_spending_come_over_and_calls_in_flight_are_booked(path):
    cache = Cache(path)
    assert [cache.get(key(index)) for index in range(50)] == [reply(index) for index in range(50)]
    assert cache.abandoned == 2
    assert cache.spent_before == Spending(Usage(900, 100, 80, 20), 4, Amount(5000, 17_000))
    assert cache.notices == []
    await cache.aclose()
    again = Cache(path)
    assert (again.abandoned, again.spent_before) == (0, cache.spent_before)
    assert again.get(key(49)) == reply(49)
    await again.aclose()


async def test_it_has_the_same_tables_as_a_new_one_afterwards(path, tmp_path):
    await Cache(path).aclose()
    await Cache(tmp_path / "new.sqlite").aclose()

    def tables(file):
        db = sqlite3.connect(file)
        listed = db.execute(
            "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return sorted(listed), db.execute("PRAGMA user_version").fetchone()

    assert tables(path) == tables(tmp_path / "new.sqlite")


async def test_replies_damaged_before_are_not_made_good_by_a_new_checksum(path):
    db = sqlite3.connect(path)
    db.execute("UPDATE calls SET text = 'tampered' WHERE id = 3")
    db.commit()
    db.close()
    replies, _ = await found(path, 50)
    assert [index for index in range(50) if replies[index] is None] == [2]


async def test_a_kill_in_between_leaves_it_as_it_was(path, monkeypatch):
    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache_file, "begin", kill)
        with pytest.raises(KeyboardInterrupt):
            Cache(path)
    replies, notices = await found(path, 50)
    assert (replies, notices) == ([reply(index) for index in range(50)], [])


async def test_a_damaged_one_is_rescued(path):
    whole = bytearray(path.read_bytes())
    at = whole.find(b"answer 20 ") // 4096 * 4096
    whole[at : at + 4096] = bytes(4096)
    path.write_bytes(whole)
    replies, notices = await found(path, 50)
    kept = [index for index, item in enumerate(replies) if item is not None]
    assert 30 < len(kept) < 50
    assert all(replies[index] == reply(index) for index in kept)
    assert "was damaged" in notices[0]


def test_it_can_be_a_source_and_stays_as_it_is(path):
    before = path.read_bytes()
    source = CacheSource(path)
    assert source.get(key(7)) == reply(7)
    assert source.get(key(60)) is None
    source.close()
    assert dict(cache_file.all_replies(path)) == {key(i): reply(i) for i in range(50)}
    assert path.read_bytes() == before


async def test_a_run_goes_on_with_it_and_pays_nothing_twice(tmp_path):
    asked = question(1)
    kept = reply(1)
    write(tmp_path / "c.sqlite", {key_of(encode(asked.body()), 0): kept}, SPENT)
    with FaultServer() as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=tmp_path / "c.sqlite") as client:
            assert await client.complete(asked, owner="a") == kept
            assert client.totals.spent_before == Usage(900, 100, 80, 20)
        assert server.log.attempts.total() == 0
