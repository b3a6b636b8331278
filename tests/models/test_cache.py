"""The cache file: what is stored comes back, and damage costs only what is damaged."""

import asyncio
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeptime_lib.errors import InputError
from sleeptime_lib.models import cache_file
from sleeptime_lib.models.cache import Cache, key_of
from sleeptime_lib.models.ledger import NOTHING, Amount, Spending
from sleeptime_lib.records import Reply, ToolCall, Usage

WORST = Amount(1000, 5000)


def reply(index: int, text: str = "") -> Reply:
    usage = Usage(100 + index, 10, 20, 5)
    text = text or f"answer {index} " * (2000 if index % 40 == 0 else 20)
    return Reply(text, (), "stop", usage, "", float(index % 3), f"owner {index}")


def key(index: int) -> bytes:
    return key_of(b"%d" % index, 0)


async def fill(path: Path, count: int) -> None:
    cache = Cache(path)
    await asyncio.gather(*(cache.begin(key(index), WORST) for index in range(count)))
    stores = (
        cache.store(key(index), reply(index), Spending(reply(index).usage), model="m")
        for index in range(count)
    )
    await asyncio.gather(*stores)
    await cache.aclose()


async def found(path: Path, count: int) -> tuple[list[Reply | None], list[str]]:
    cache = Cache(path)
    try:
        return [cache.get(key(index)) for index in range(count)], list(cache.notices)
    finally:
        await cache.aclose()


async def test_a_stored_reply_comes_back_after_reopening(tmp_path):
    path = tmp_path / "run" / "calls.sqlite"
    await fill(path, 3)
    assert await found(path, 4) == ([reply(0), reply(1), reply(2), None], [])


@settings(max_examples=50, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    calls=st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 3)),
    usage=st.tuples(*[st.integers(0, 10**9)] * 4),
    latency=st.floats(0, 1e6),
    estimated=st.booleans(),
)
def test_any_reply_survives_its_row(text, calls, usage, latency, estimated):
    given_reply = Reply(
        text,
        tuple(ToolCall(*call) for call in calls),
        "tool_calls",
        Usage(*usage, estimated=estimated),
        text[::-1],
        latency,
        text[:5],
    )
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(cache_file._SCHEMA)
    cache_file.end(db, 1, [b"k"], [(b"k", *cache_file.values_of("m", given_reply))])
    row = cache_file.lookup(db, b"k")
    assert row is not None
    assert cache_file.is_intact(row)
    assert cache_file.reply_of(row) == given_reply


def test_keys_differ_in_body_and_sample():
    keys = {key_of(b"a", 0), key_of(b"a", 1), key_of(b"b", 0), key_of(b"a1", 0), key_of(b"1a", 0)}
    assert len(keys) == 5


async def test_what_was_spent_is_known_to_the_next_session(tmp_path):
    path = tmp_path / "calls.sqlite"
    cache = Cache(path)
    await cache.begin(key(1), WORST)
    spending = Spending(Usage(10, 2, 3, 1), 1, WORST)
    await cache.store(key(1), reply(1), spending, model="m")
    await cache.begin(key(2), WORST)
    cache.give_up(key(2), Spending(Usage(5, 0, 5)))
    await cache.aclose()
    after = Cache(path)
    assert after.spent_before == Spending(Usage(15, 2, 8, 1), 1, WORST)
    assert after.abandoned == 0
    await after.aclose()


async def test_a_call_in_flight_is_claimed_once_and_never_after_its_reply(tmp_path):
    first, second = Cache(tmp_path / "c.sqlite"), Cache(tmp_path / "c.sqlite")
    assert await first.begin(key(1), WORST)
    assert not await second.begin(key(1), WORST)
    await first.store(key(1), reply(1), NOTHING, model="m")
    assert not await second.begin(key(1), WORST)
    assert second.get(key(1)) == reply(1)
    assert await first.begin(key(2), WORST)
    second.give_up(key(2), NOTHING)  # not its to give up
    await asyncio.sleep(0.1)
    assert not await second.begin(key(2), WORST)
    first.give_up(key(2), NOTHING)
    await asyncio.sleep(0.1)
    assert await second.begin(key(2), WORST)
    await first.aclose()
    await second.aclose()


async def test_another_schema_version_is_refused(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 1)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InputError, match="schema version 99, this program reads 1"):
        Cache(path)


def test_a_foreign_database_is_refused_and_untouched(tmp_path):
    path = tmp_path / "calls.sqlite"
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE calls (mine TEXT); INSERT INTO calls VALUES ('precious');")
    db.close()
    with pytest.raises(InputError, match="schema version 0"):
        Cache(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT mine FROM calls").fetchall() == [("precious",)]


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used"):
        Cache(tmp_path / "file" / "calls.sqlite")


async def test_a_truncated_file_keeps_the_rows_before_the_cut(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 400)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    replies, notices = await found(path, 400)
    kept = [index for index, item in enumerate(replies) if item is not None]
    assert 100 < len(kept) < 400
    assert all(replies[index] == reply(index) for index in kept)
    assert notices == [
        f"calls.sqlite was damaged: {len(kept)} replies are saved, "
        "the old file is calls.sqlite.damaged-1"
    ]
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes() == whole[: len(whole) // 2]


async def test_a_lost_first_page_loses_no_row(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 400)
    whole = bytearray(path.read_bytes())
    whole[:4096] = bytes(4096)
    path.write_bytes(whole)
    replies, notices = await found(path, 400)
    assert replies == [reply(index) for index in range(400)]
    assert "400 replies are saved" in notices[0]


async def test_replies_that_are_only_in_the_log_are_saved_too(tmp_path):
    await fill(tmp_path / "open.sqlite", 10)
    cache = Cache(tmp_path / "open.sqlite")
    db = sqlite3.connect(tmp_path / "open.sqlite")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await cache.store(key(10), reply(10), NOTHING, model="m")
    for side in ("", "-wal"):  # as a kill leaves them
        shutil.copy(tmp_path / f"open.sqlite{side}", tmp_path / f"calls.sqlite{side}")
    db.close()
    await cache.aclose()
    with (tmp_path / "calls.sqlite").open("r+b") as file:
        file.write(b"x" * 4096)
    replies, notices = await found(tmp_path / "calls.sqlite", 11)
    assert replies == [reply(index) for index in range(11)]
    assert "11 replies are saved" in notices[0]


@pytest.mark.parametrize("seed", range(8))
async def test_random_damage_never_yields_a_wrong_reply(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "calls.sqlite"
    await fill(path, 200)
    whole = bytearray(path.read_bytes())
    for _ in range(3):
        start = rng.randrange(len(whole))
        end = min(len(whole), start + rng.choice([1, 50, 4096]))
        whole[start:end] = rng.randbytes(end - start)
    path.write_bytes(whole)
    replies, _ = await found(path, 200)
    assert all(item in (None, reply(index)) for index, item in enumerate(replies))
    assert sum(item is not None for item in replies) > 100


async def test_a_reply_damaged_in_place_is_asked_for_again(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 2)
    db = sqlite3.connect(path)
    db.execute("UPDATE calls SET text = 'tampered' WHERE id = 1")
    db.commit()
    db.close()
    cache = Cache(path)
    assert cache.get(key(0)) is None
    assert "asked for again" in cache.notices[0]
    assert await cache.begin(key(0), WORST)
    await cache.store(key(0), reply(0), NOTHING, model="m")
    assert cache.get(key(0)) == reply(0)
    await cache.aclose()


async def test_no_database_at_all_is_set_aside(tmp_path):
    path = tmp_path / "calls.sqlite"
    path.write_bytes(b"this is a text file\n" * 1000)
    _, notices = await found(path, 1)
    assert "0 replies are saved" in notices[0]
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes().startswith(b"this is a text")
