"""A client in a process of its own, for tests that kill it or run several on one cache."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
from multiprocessing.context import ForkServerProcess
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Caps, Limits
from sleeptime_lib.models.prices import Price
from sleeptime_lib.models.totals import ClientTotals
from sleeptime_lib.records import Reply, Request

_CONTEXT = multiprocessing.get_context("forkserver")
_STORY = "Anna bakes rolls every morning and sells most of them before noon. " * 18
_CONTEXT.set_forkserver_preload(["sleeptime_lib.models.wire", "client_process"])


def question(index: int) -> Request:
    """The request number `index`, the same in every process."""
    return Request("m", ({"role": "user", "content": f"question {index}"},))


def start(url: str, cache: Path, count: int, name: str) -> tuple[ForkServerProcess, Queue[Any]]:
    """Start a process that asks `count` questions; its queue gets (texts, totals) at the end."""
    results = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=_work, args=(url, cache, count, name, results), daemon=True)
    process.start()
    return process, results


def _work(url: str, cache: Path, count: int, name: str, results: Queue[Any]) -> None:
    results.put(asyncio.run(ask_all(url, cache, count, name)))


async def ask_all(url: str, cache: Path, count: int, name: str) -> tuple[list[str], Any]:
    """Ask all questions at once; texts and totals."""
    limits = Limits(concurrency=20, backoff_s=0.01)
    async with Client(resolve("m", base_url=url), cache_path=cache, limits=limits) as client:
        calls = (client.complete(question(i), owner=f"{name} {i}") for i in range(count))
        replies = await asyncio.gather(*calls)
        return [reply.text for reply in replies], client.totals


def start_capped(url: str, cache: Path, count: int, max_tokens: int) -> ForkServerProcess:
    """Start a process that asks `count` long questions, 100 at a time, until a cap stops it."""
    process = _CONTEXT.Process(
        target=_spend, args=(url, cache, count, Caps(max_tokens=max_tokens)), daemon=True
    )
    process.start()
    return process


def _spend(url: str, cache: Path, count: int, caps: Caps) -> None:
    asyncio.run(spend(url, cache, count, caps))


async def spend(
    url: str, cache: Path | None, count: int, caps: Caps, in_flight: int = 100
) -> tuple[list[Reply | BaseException], ClientTotals]:
    """Ask `count` long questions, of which a cap may stop some; what came of them, and totals."""
    limits = Limits(concurrency=in_flight, backoff_s=0.001, timeout_s=20)
    price = Price(2.0, 1.0, 8.0)
    endpoint = resolve("m", base_url=url)
    async with Client(endpoint, cache_path=cache, limits=limits, caps=caps, price=price) as client:
        requests = (
            Request("m", ({"role": "user", "content": f"{i}. {_STORY}"},), max_tokens=2048)
            for i in range(count)
        )
        calls = (client.complete(request, owner="a") for request in requests)
        return await asyncio.gather(*calls, return_exceptions=True), client.totals


def peak_mb(url: str, count: int) -> float:
    """Megabytes of memory that a process takes at most while it asks `count` questions at once."""
    results = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=_measure, args=(url, count, results), daemon=True)
    process.start()
    peak: float = results.get(timeout=60)
    process.join()
    return peak


def _measure(url: str, count: int, results: Queue[Any]) -> None:
    async def ask() -> None:
        limits = Limits(concurrency=count, max_retries=0)
        async with Client(resolve("m", base_url=url), cache_path=None, limits=limits) as client:
            calls = (client.complete(question(i), owner="a") for i in range(count))
            await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(ask())
    results.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
