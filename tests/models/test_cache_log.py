"""A damaged write-ahead log, as a kill leaves one, costs no reply that stands in it."""

import random
import shutil

import pytest
from numbered_replies import fill, found, key, reply

from sleeptime_lib.models.cache import Cache
from sleeptime_lib.models.ledger import NOTHING

IN_FILE, IN_LOG = 20, 40


@pytest.fixture
async def killed(tmp_path):
    """A cache whose last replies are in its log only."""
    path = tmp_path / "open" / "calls.sqlite"
    await fill(path, IN_FILE)
    cache = Cache(path)
    for index in range(IN_FILE, IN_LOG):
        await cache.store(key(index), reply(index), NOTHING, model="m")
    (tmp_path / "killed").mkdir()
    for side in ("", "-wal"):
        shutil.copy(f"{path}{side}", tmp_path / "killed" / f"calls.sqlite{side}")
    await cache.aclose()
    return tmp_path / "killed" / "calls.sqlite"


async def damaged(path, copy, change):
    shutil.copytree(path.parent, copy)
    log = copy / "calls.sqlite-wal"
    content = bytearray(log.read_bytes())
    change(content)
    log.write_bytes(content)
    return await found(copy / "calls.sqlite", IN_LOG)


def flip(place, bit=0):
    def change(content):
        content[place] ^= 1 << bit

    return change


async def test_a_log_that_is_whole_is_left_alone(tmp_path, killed):
    replies, notices = await damaged(killed, tmp_path / "c", lambda content: None)
    assert replies == [reply(index) for index in range(IN_LOG)]
    assert notices == []


@pytest.mark.parametrize("place", [*range(0, 56, 3), 24, 25, 31, 32])
async def test_a_bit_flipped_in_its_header_or_first_frame_costs_nothing(tmp_path, killed, place):
    replies, notices = await damaged(killed, tmp_path / "c", flip(place))
    assert replies == [reply(index) for index in range(IN_LOG)]
    assert any("calls.sqlite-wal was damaged and is mended" in notice for notice in notices)


async def test_bits_flipped_anywhere_cost_what_they_hit_and_never_give_a_wrong_reply(
    tmp_path, killed
):
    dice = random.Random(4)
    size = killed.with_name("calls.sqlite-wal").stat().st_size
    for number in range(20):
        place, bit = dice.randrange(size), dice.randrange(8)
        replies, notices = await damaged(killed, tmp_path / str(number), flip(place, bit))
        assert all(item in (None, reply(i)) for i, item in enumerate(replies)), place
        assert sum(item is None for item in replies) <= 12, place
        assert notices, place


async def test_what_follows_the_last_whole_transaction_is_dropped(tmp_path, killed):
    replies, notices = await damaged(
        killed,
        tmp_path / "c",
        lambda content: content.__delitem__(slice(len(content) - 1000, None)),
    )
    assert replies[:-1] == [reply(index) for index in range(IN_LOG - 1)]
    assert notices == []


async def test_the_damaged_log_is_kept(tmp_path, killed):
    await damaged(killed, tmp_path / "c", flip(100))
    assert (tmp_path / "c" / "calls.sqlite-wal.damaged-1").exists()
