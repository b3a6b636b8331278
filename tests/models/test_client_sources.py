"""Replies of other runs, used by this one: nobody pays twice."""

import asyncio

import pytest
from client_process import question
from fault_server import Faults, FaultServer
from numbered_replies import fill

from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models.cache import CacheSource
from sleeptime_lib.models.cache_file import all_replies
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.records import Reply, Usage


class Shelf:
    """A source that answers from a mapping and counts how often it is asked."""

    def __init__(self, name, replies):
        self.name = name
        self.replies = replies
        self.asked = 0

    def get(self, key):
        self.asked += 1
        return self.replies.get(key)


async def earlier_run(server, path, count):
    async with Client(resolve("m", base_url=server.url), cache_path=path) as client:
        calls = (client.complete(question(i), owner=f"earlier {i}") for i in range(count))
        return await asyncio.gather(*calls)


async def test_what_another_run_has_asked_is_not_asked_again_and_billed_to_nobody(tmp_path):
    with FaultServer() as server:
        earlier = await earlier_run(server, tmp_path / "earlier.sqlite", 10)
        source = CacheSource(tmp_path / "earlier.sqlite")
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=tmp_path / "c.sqlite", sources=(source,)) as client:
            replies = [await client.complete(question(i), owner=f"row {i}") for i in range(12)]
            totals = client.totals
        assert server.log.attempts.total() == 12
    assert [reply.text for reply in replies[:10]] == [reply.text for reply in earlier]
    assert [reply.usage for reply in replies[:10]] == [reply.usage for reply in earlier]
    assert [reply.owner for reply in replies] == ["source"] * 10 + ["row 10", "row 11"]
    assert (totals.from_sources, totals.sent, totals.replies) == (10, 2, 2)
    assert totals.billed == replies[10].usage + replies[11].usage


async def test_they_are_kept_in_the_own_cache_so_that_a_recording_of_this_run_is_whole(tmp_path):
    with FaultServer() as server:
        await earlier_run(server, tmp_path / "earlier.sqlite", 5)
        source = CacheSource(tmp_path / "earlier.sqlite")
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=tmp_path / "c.sqlite", sources=(source,)) as client:
            replies = [await client.complete(question(i), owner="a") for i in range(5)]
        async with Client(endpoint, cache_path=tmp_path / "c.sqlite") as client:
            again = [await client.complete(question(i), owner="b") for i in range(5)]
            assert client.totals.spent_before == Usage()
            assert client.totals.cache_hits == 5
    assert again == replies
    assert len(list(all_replies(tmp_path / "c.sqlite"))) == 5


async def test_sources_are_asked_in_order_after_the_own_cache_and_once_for_equal_requests():
    first, second = Shelf("first", {}), Shelf("second", {})
    with FaultServer(Faults(latency_s=0.05)) as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, sources=(first, second)) as client:
            calls = (client.complete(question(1), owner="a") for _ in range(5))
            (reply, *_) = await asyncio.gather(*calls)
            assert (first.asked, second.asked) == (1, 1)
            key = client_key(question(1))
            second.replies[key] = reply
            await client.complete(question(1), owner="a")
            first.replies[key] = Reply("from the first")
            assert (await client.complete(question(1), owner="a")).text == "from the first"
            assert (first.asked, second.asked) == (3, 2)
            assert client.totals.from_sources == 2


def client_key(request):
    from sleeptime_lib.models.requests import encode, key_of

    return key_of(encode(request.body()), request.sample, request.path)


async def test_a_source_that_a_killed_run_left_with_a_log_is_read_whole(tmp_path):
    path = tmp_path / "earlier.sqlite"
    with FaultServer() as server:
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=path) as client:
            reply = await client.complete(question(1), owner="a")
            copied = tmp_path / "killed.sqlite"
            for side in ("", "-wal"):
                copied.with_name(copied.name + side).write_bytes(
                    path.with_name(path.name + side).read_bytes()
                )
    source = CacheSource(copied)
    assert source.get(client_key(question(1))) == reply
    source.close()


async def test_a_source_in_a_folder_that_cannot_be_written_is_read_and_leaves_nothing(tmp_path):
    folder = tmp_path / "theirs"
    await fill(folder / "earlier.sqlite", 3)
    before = sorted(folder.iterdir())
    folder.chmod(0o555)
    try:
        assert len(list(all_replies(folder / "earlier.sqlite"))) == 3
        CacheSource(folder / "earlier.sqlite").close()
    finally:
        folder.chmod(0o755)
    assert sorted(folder.iterdir()) == before


async def test_a_damaged_reply_of_a_source_is_asked_for(tmp_path):
    import sqlite3

    path = tmp_path / "earlier.sqlite"
    with FaultServer() as server:
        await earlier_run(server, path, 1)
        db = sqlite3.connect(path)
        db.execute("UPDATE calls SET text = 'tampered'")
        db.commit()
        db.close()
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, sources=(CacheSource(path),)) as client:
            assert "The answer is" in (await client.complete(question(0), owner="a")).text
            assert client.totals.from_sources == 0


def test_a_source_that_is_not_there_or_no_cache_is_told(tmp_path):
    with pytest.raises(InputError, match="there is no cache"):
        CacheSource(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("no database " * 1000)
    with pytest.raises(InputError, match="cannot be read"):
        CacheSource(tmp_path / "text.sqlite")


async def test_a_recorded_model_stops_at_a_miss_whatever_the_sources_have():
    shelf = Shelf("shelf", {})
    recorded = resolve("recorded:qwen2.5-coder-1.5b-gsm-p0")
    async with Client(recorded, cache_path=None, sources=(shelf,)) as client:
        with pytest.raises(StopRun, match="has no reply"):
            await client.complete(question(1), owner="a")
    assert shelf.asked == 0
