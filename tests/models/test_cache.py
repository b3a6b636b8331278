"""The cache file: what is stored comes back, and damage costs only what is damaged."""

import asyncio
import sqlite3
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered_replies import WORST, fill, found, key, reply

from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models import cache_file
from sleeptime_lib.models.cache import Cache
from sleeptime_lib.models.ledger import NOTHING, Spending
from sleeptime_lib.models.requests import key_of
from sleeptime_lib.records import Reply, TokenLogprob, ToolCall, Usage

KEY = bytes(32)


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
    written=st.none() | st.integers(0, 10**9),
    logprobs=st.lists(
        st.tuples(st.text(max_size=3), st.none() | st.floats(-50, 0), st.none() | st.integers(0, 9))
    ),
)
def test_any_reply_survives_its_row(text, calls, usage, latency, estimated, written, logprobs):
    given_reply = Reply(
        text,
        tuple(ToolCall(*call) for call in calls),
        "tool_calls",
        Usage(*usage, estimated=estimated, written=written),
        text[::-1],
        latency,
        text[:5],
        tuple(TokenLogprob(*score) for score in logprobs),
    )
    db = sqlite3.connect(":memory:", isolation_level=None)
    cache_file.create(db)
    cache_file.store(db, [cache_file.row_of(KEY, "m", given_reply)])
    row = cache_file.lookup(db, KEY)
    assert row is not None
    assert cache_file.is_intact(KEY, row)
    assert not cache_file.is_intact(key(1), row)
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


async def test_calls_in_flight_at_a_kill_are_booked_at_their_worst_at_the_next_opening(tmp_path):
    path = tmp_path / "calls.sqlite"
    cache = Cache(path)
    for index in range(3):
        await cache.begin(key(index), WORST)
    await cache.store(key(0), reply(0), NOTHING, model="m")
    cache.give_up(key(1), NOTHING)
    await cache.aclose()  # leaves the mark of the third, as a kill does
    after = Cache(path)
    assert after.abandoned == 1
    assert after.spent_before == Spending(Usage(), 1, WORST)
    await after.aclose()
    third = Cache(path)
    assert (third.abandoned, third.spent_before) == (0, after.spent_before)
    await third.aclose()


async def test_a_call_given_up_and_asked_for_again_in_one_moment_is_in_flight(tmp_path):
    path = tmp_path / "calls.sqlite"
    cache = Cache(path)
    cache.give_up(key(1), NOTHING)
    await cache.begin(key(1), WORST)
    await cache.aclose()
    after = Cache(path)
    assert after.abandoned == 1
    await after.aclose()


async def test_a_file_in_use_is_refused_at_once(tmp_path):
    first = Cache(tmp_path / "c.sqlite")
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"c.sqlite is in use by another process"):
        Cache(tmp_path / "c.sqlite")
    assert time.monotonic() - begun < 1
    await first.aclose()
    await Cache(tmp_path / "c.sqlite").aclose()


async def test_a_file_that_could_not_be_opened_is_not_left_locked(tmp_path):
    path = tmp_path / "c.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.close()
    for _ in range(2):
        with pytest.raises(InputError, match="schema version"):
            Cache(path)


@pytest.mark.parametrize("bad", [{"owner": "half a pair \ud800"}, {"latency_s": object()}])
async def test_whatever_goes_wrong_in_the_writer_ends_the_run_and_leaves_nobody_waiting(
    tmp_path, bad
):
    cache = Cache(tmp_path / "c.sqlite")
    wrong = replace(reply(1), **bad)
    waiting = [
        asyncio.create_task(cache.store(key(index), item, NOTHING, model="m"))
        for index, item in enumerate([reply(0), wrong, reply(2)])
    ]
    async with asyncio.timeout(5):
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(StopRun, match="cannot be written"):
            await cache.begin(key(3), WORST)
        await cache.aclose()
    assert any(isinstance(error, StopRun) for error in errors)
    assert all("\n" not in str(error) for error in errors)


async def test_another_schema_version_is_refused(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 1)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InputError, match="schema version 99, this program reads 2"):
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
