"""Replies by number, caches full of them, and what is found in a cache."""

import asyncio
from pathlib import Path

from sleeptime_lib.models.cache import Cache
from sleeptime_lib.models.ledger import Amount, Spending
from sleeptime_lib.models.requests import key_of
from sleeptime_lib.records import Reply, Usage

WORST = Amount(1000, 5000)


def reply(index: int) -> Reply:
    usage = Usage(100 + index, 10, 20, 5)
    text = f"answer {index} " * (2000 if index % 40 == 0 else 20)
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
