"""A chat-completions server on a real socket that goes wrong on purpose, repeatably.

In a test:

    with FaultServer(Faults(rate=0.2, seed=1)) as server:
        endpoint = resolve("m", base_url=server.url)

As a process, for benchmarks and for clients that get killed:

    python tests/fault_server.py --port 9900 --latency 0.05

Which fault an attempt meets depends on the seed, the request and how often that request has been
sent, not on the order in which requests arrive. Answers depend on the request alone, unless the
server is told otherwise. It counts what it generated, as a provider would bill it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import socket
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from fault_replies import (
    LASTING,
    PASSING,
    STRANGE,
    Answer,
    faulty,
    http,
    is_generated,
    plain_answer,
    strange,
)


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often.

    Attributes:
        rate: Share of attempts that meet one of `kinds`.
        kinds: Names from PASSING.
        lasting: Share of requests that meet one of LASTING whenever they are sent.
        strange: Share of requests that are answered in one of the STRANGE ways.
        seed: Of all choices.
        most: Attempts of one request that may fail; after those it is answered.
        latency_s: How long a reply takes.
        late_s: How long a late one takes.
        retry_after_s: What refusals ask for.
        most_in_flight: Requests at once before the rest is refused with 429.
    """

    rate: float = 0.0
    kinds: tuple[str, ...] = PASSING
    lasting: float = 0.0
    strange: float = 0.0
    seed: int = 0
    most: int = 3
    latency_s: float = 0.0
    late_s: float = 5.0
    retry_after_s: float = 0.02
    most_in_flight: int | None = None


@dataclass(repr=False)
class Log:
    """What the server has seen and done.

    Attributes:
        attempts: Requests received, by digest of the body.
        generated: Completions generated, by digest: a provider bills these.
        billed_tokens: Tokens of those.
        faults: Faults by kind.
        most_in_flight: Most requests at once.
        headers: Of the last request, by lower-case name.
        bodies: The last bodies, oldest first.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    generated: Counter[str] = field(default_factory=Counter)
    billed_tokens: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    most_in_flight: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    bodies: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=1000))


class FaultServer:
    """The server, in a thread of its own while the `with` block runs.

    Args:
        faults: What goes wrong.
        answer: Makes the right replies; it may give the bytes of a whole response instead.
        scripted: Faults of the first attempts, in order of arrival, before `faults` decides;
            "" answers rightly.
        secret: Text that every error message repeats, as servers do with the key they got.
        port: 0 for any that is free.
    """

    def __init__(
        self,
        faults: Faults = Faults(),
        answer: Answer = plain_answer,
        scripted: tuple[str, ...] = (),
        secret: str = "",
        port: int = 0,
    ) -> None:
        self.faults = faults
        self.answer = answer
        self.scripted = deque(scripted)
        self.secret = secret
        self.log = Log()
        self.in_flight = 0
        self.connections: set[asyncio.Transport] = set()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> FaultServer:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        serving = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), sock=self._socket)
        )
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        serving.close()
        for connection in list(self.connections):
            connection.abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def reply(self, path: str, content: bytes) -> bytes | None:
        """The bytes to send for a request; None cuts the connection."""
        digest = hashlib.sha256(content).hexdigest()
        attempt = self.log.attempts[digest]
        self.log.attempts[digest] += 1
        body = json.loads(content) if content else {}
        self.log.bodies.append(body)
        fault = self._fault(digest, attempt)
        if self.faults.most_in_flight and self.in_flight > self.faults.most_in_flight:
            fault = "429 seconds"
        if fault:
            self.log.faults[fault] += 1
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        made = self.answer(path, body)
        if isinstance(made, bytes):
            return made
        status, right = made
        if fault in STRANGE:
            right = strange(fault, right)
        if status == 200 and is_generated(fault):
            self.log.generated[digest] += 1
            usage = right.get("usage") or {}
            counts = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
            self.log.billed_tokens += sum(count for count in counts if isinstance(count, int))
        if fault == "late":
            await asyncio.sleep(self.faults.late_s)
        if fault == "cut before reply":
            return None
        if fault and fault not in STRANGE and fault != "late":
            return faulty(fault, right, self.faults.retry_after_s, self.secret)
        return http(status, json.dumps(right).encode())

    def _fault(self, digest: str, attempt: int) -> str:
        if self.scripted:
            return self.scripted.popleft()
        faults = self.faults
        lasting = random.Random(f"{faults.seed} {digest}")
        draw = lasting.random()
        if draw < faults.lasting:
            return lasting.choice(LASTING)
        if attempt < faults.most:
            passing = random.Random(f"{faults.seed} {digest} {attempt}")
            if passing.random() < faults.rate:
                return passing.choice(faults.kinds)
        if draw < faults.lasting + faults.strange:
            return lasting.choice(STRANGE)
        return ""


class _Connection(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self._buffer = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, value in (line.split(":", 1) for line in lines)
            }
            size = int(headers.get("content-length", 0))
            if len(self._buffer) < end + 4 + size:
                return
            content = self._buffer[end + 4 : end + 4 + size]
            self._buffer = self._buffer[end + 4 + size :]
            self._server.log.headers = headers
            task = asyncio.ensure_future(self._answer(first.split(" ")[1], content))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, path: str, content: bytes) -> None:
        server = self._server
        server.in_flight += 1
        server.log.most_in_flight = max(server.log.most_in_flight, server.in_flight)
        reply = None
        try:
            reply = await server.reply(path, content)
        finally:
            server.in_flight -= 1
            if reply is None:
                self._transport.abort()
        if reply is None:
            return
        self._transport.write(reply)
        whole = reply.startswith(b"HTTP/1.1") and _is_whole(reply)
        if not whole:
            self._transport.close()


def _is_whole(reply: bytes) -> bool:
    head, _, body = reply.partition(b"\r\n\r\n")
    return b"content-length: %d" % len(body) in head


class _Stub(asyncio.Protocol):
    """For benchmarks: the same reply to everything, with as little work as possible."""

    reply = http(200, json.dumps(plain_answer("", {"messages": []})[1]).encode())
    latency_s = 0.05

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._write = transport.write
        self._later = asyncio.get_running_loop().call_later

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            self._later(self.latency_s, self._write, self.reply)


async def _serve_stub(port: int, latency_s: float) -> None:
    _Stub.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Stub, "127.0.0.1", port, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed; prints the address first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a reply takes")
    parser.add_argument("--rate", type=float, default=0.0, help="share of attempts that fail")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stub", action="store_true", help="the same reply always, fast")
    given = parser.parse_args()
    if given.stub:
        asyncio.run(_serve_stub(given.port, given.latency))
    faults = Faults(rate=given.rate, seed=given.seed, latency_s=given.latency)
    with FaultServer(faults, port=given.port) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
