"""Damaged caches: what can be read is saved, nothing wrong is ever returned."""

import itertools
import random
import shutil
import sqlite3

import pytest
from kill_at import kill_at
from numbered_replies import WORST, fill, found, key, reply

from sleeptime_lib.models.cache import Cache
from sleeptime_lib.models.ledger import NOTHING
from sleeptime_lib.records import Usage


async def spent(path) -> Usage:
    cache = Cache(path)
    await cache.aclose()
    return cache.spent_before.usage


async def test_a_truncated_file_keeps_the_rows_before_the_cut_and_what_was_spent(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 400)
    before = await spent(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    replies, notices = await found(path, 400)
    kept = [index for index, item in enumerate(replies) if item is not None]
    assert 100 < len(kept) < 400
    assert all(replies[index] == reply(index) for index in kept)
    assert len(notices) == 1
    assert notices[0].startswith(f"calls.sqlite was damaged: {len(kept)}")
    assert notices[0].endswith("replies are saved, the old file is calls.sqlite.damaged-1")
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes() == whole[: len(whole) // 2]
    assert await spent(path) == before


@pytest.mark.parametrize("pages", range(7))
async def test_a_file_cut_at_any_of_its_first_pages_opens_again(tmp_path, pages):
    path = tmp_path / "calls.sqlite"
    await fill(path, 60)
    path.write_bytes(path.read_bytes()[: 4096 * pages + 700])
    replies, notices = await found(path, 60)
    assert "was damaged" in notices[0]
    assert (await found(path, 60)) == (replies, [])


async def test_a_hole_in_the_middle_costs_the_rows_in_it_and_the_notice_counts_them(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 400)
    whole = bytearray(path.read_bytes())
    at = whole.find(b"answer 201 ") // 4096 * 4096
    whole[at : at + 2 * 4096] = bytes(2 * 4096)
    path.write_bytes(whole)
    replies, notices = await found(path, 400)
    kept = [index for index, item in enumerate(replies) if item is not None]
    assert 360 < len(kept) < 400
    assert 201 not in kept
    assert all(replies[index] == reply(index) for index in kept)
    assert f"{len(kept)} of 400 replies are saved" in notices[0]


async def test_without_its_first_page_nothing_can_be_read_and_the_notice_says_so(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 400)
    whole = bytearray(path.read_bytes())
    whole[:4096] = bytes(4096)
    path.write_bytes(whole)
    replies, notices = await found(path, 400)
    assert replies == [None] * 400
    assert "nothing in it can be read" in notices[0]
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes() == whole


async def test_what_is_only_in_the_log_is_saved_too(tmp_path):
    await fill(tmp_path / "open.sqlite", 40)
    cache = Cache(tmp_path / "open.sqlite")
    await cache.begin(key(41), WORST)
    await cache.store(key(40), reply(40), NOTHING, model="m")
    for side in ("", "-wal"):  # as a kill leaves them
        shutil.copy(tmp_path / f"open.sqlite{side}", tmp_path / f"calls.sqlite{side}")
    await cache.aclose()
    whole = bytearray((tmp_path / "calls.sqlite").read_bytes())
    at = whole.find(b"answer 7 ") // 4096 * 4096
    whole[at : at + 4096] = bytes(4096)
    (tmp_path / "calls.sqlite").write_bytes(whole)
    rescued = Cache(tmp_path / "calls.sqlite")
    assert "was damaged" in rescued.notices[0]
    assert rescued.get(key(40)) == reply(40)
    assert rescued.get(key(7)) is None
    assert rescued.abandoned == 1
    await rescued.aclose()


@pytest.mark.parametrize("seed", range(12))
async def test_random_damage_never_yields_a_wrong_reply_and_the_file_always_opens(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "calls.sqlite"
    await fill(path, 200)
    whole = bytearray(path.read_bytes())
    for _ in range(3):
        # Not the version in the header: that is a file of another program.
        start = rng.randrange(100, len(whole))
        end = min(len(whole), start + rng.choice([1, 50, 4096]))
        whole[start:end] = rng.randbytes(end - start)
    path.write_bytes(whole)
    replies, notices = await found(path, 200)
    assert all(item in (None, reply(index)) for index, item in enumerate(replies))
    assert None not in replies or notices
    again, _ = await found(path, 200)
    assert again == replies


@pytest.mark.parametrize(
    "damage", [(b"thought TEXT", b"thoughs TEXT"), (b"CREATE TABLE sp", b"\xff" * 15)]
)
async def test_a_damaged_schema_is_no_reason_not_to_open(tmp_path, damage):
    path = tmp_path / "calls.sqlite"
    await fill(path, 20)
    path.write_bytes(path.read_bytes().replace(*damage))
    _, notices = await found(path, 20)
    assert "calls.sqlite was damaged" in notices[0]


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
    await cache.begin(key(0), WORST)
    await cache.store(key(0), reply(0), NOTHING, model="m")
    assert cache.get(key(0)) == reply(0)
    await cache.aclose()


async def test_replies_whose_keys_were_exchanged_are_not_believed(tmp_path):
    path = tmp_path / "calls.sqlite"
    await fill(path, 2)
    db = sqlite3.connect(path)
    db.execute("UPDATE calls SET key = x'00' WHERE id = 1")
    db.execute("UPDATE calls SET key = ? WHERE id = 2", (key(0),))
    db.execute("UPDATE calls SET key = ? WHERE id = 1", (key(1),))
    db.commit()
    db.close()
    replies, notices = await found(path, 2)
    assert replies == [None, None]
    assert len(notices) == 2


async def test_no_database_at_all_is_set_aside(tmp_path):
    path = tmp_path / "calls.sqlite"
    path.write_bytes(b"this is a text file\n" * 1000)
    _, notices = await found(path, 1)
    assert "nothing in it can be read" in notices[0]
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes().startswith(b"this is a text")


async def test_a_rescue_that_is_killed_at_any_moment_is_ended_by_the_next_opening(tmp_path):
    await fill(tmp_path / "whole.sqlite", 400)
    whole = (tmp_path / "whole.sqlite").read_bytes()

    def damaged(folder):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "calls.sqlite").write_bytes(whole[: len(whole) // 2])
        return tmp_path / folder / "calls.sqlite"

    expected, _ = await found(damaged("right"), 400)
    for moment in itertools.count(1):
        path = damaged(str(moment))
        killed = kill_at(moment, path.parent, Cache, path)
        assert (await found(path, 400))[0] == expected
        if not killed:
            break
    assert moment > 8


@pytest.mark.parametrize("place", ["table", "index"])
async def test_a_key_damaged_in_one_place_costs_no_other_reply(tmp_path, place):
    path = tmp_path / "calls.sqlite"
    await fill(path, 40)
    whole = bytearray(path.read_bytes())
    # The row has the model's name behind its key; the index has not.
    in_table = whole.index(key(11) + b"m")
    in_index = next(
        at for at in (whole.find(key(11)), whole.rfind(key(11))) if at not in (in_table, -1)
    )
    whole[in_table if place == "table" else in_index] ^= 1
    path.write_bytes(whole)
    replies, notices = await found(path, 40)
    lost = [index for index, item in enumerate(replies) if item is None]
    assert lost == ([11] if place == "table" else [])
    assert "was damaged" in notices[0]
