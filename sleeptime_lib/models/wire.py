"""One attempt at one HTTP call, through the `openai` package.

`openai` is the interface that users and servers know. What it does around a call is cut where its
public interface allows: `post(..., content=..., cast_to=httpx2.Response)` skips the pydantic models
of request and reply, and an `http_client` of our own passes the finished request to aiohttp without
merging headers, cookies and addresses once more. Retrying is not done here.

Importing this module imports `openai`; everything that only names a model must not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.replies import (
    Answer,
    Broken,
    Late,
    NoAnswer,
    NotConnected,
    TooLong,
    one_line,
    storable,
)

CONNECT_SECONDS: Final = 15.0
"""A server that has not accepted a connection by then is down."""
IDLE_SECONDS: Final = 4.0
"""Connections unused for longer are closed; uvicorn, under most local servers, does so after 5."""
_LARGE_BYTES: Final = 1024 * 1024
"""Of replies longer than that a few are read at a time, so that many do not fill the memory."""
_LARGE_AT_ONCE: Final = 4

_OMITTED: Final = cast(
    "Mapping[str, str]",
    {
        f"X-Stainless-{name}": openai.Omit()
        for name in (
            "Lang",
            "Package-Version",
            "OS",
            "Arch",
            "Runtime",
            "Runtime-Version",
            "Async",
        )
    },
)
"""Headers about this machine that `openai` adds to every request, and that nobody here needs."""

_USER_INFO: Final = re.compile(r"//[^/\s@]*@")
"""Name and password in an address, such as that of a proxy."""

_OPTIONS: Final[Any] = {
    "headers": {},
    "params": {},
    "max_retries": 0,
    "timeout": None,
    "idempotency_key": "not sent",
    "security": {"bearer_auth": True},
}
"""All that `openai` would otherwise fill in by copying defaults, call by call."""


class Wire:
    """The connection to one endpoint.

    Args:
        endpoint: Where to send.
        limits: Of these, the deadline of one attempt and the longest reply that is read.

    Raises:
        InputError: The endpoint is a recording.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        if endpoint.recording:
            raise InputError(
                f"recording {endpoint.recording} replays its own run and answers nothing else: "
                "name a live model"
            )
        self._base_url = endpoint.base_url
        self._timeout_s = limits.timeout_s
        self._secret = endpoint.api_key
        self._openai = openai.AsyncOpenAI(
            api_key=endpoint.api_key.reveal() or "none",
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=None,
            default_headers=_OMITTED,
            http_client=(
                httpx2.AsyncClient(transport=httpx2.ASGITransport(_simulated_app()))
                if endpoint.in_process
                else _AiohttpClient(endpoint.base_url, limits.max_reply_bytes)
            ),
        )

    async def post(self, path: str, content: bytes) -> Answer:
        """Send a JSON body and return what came back, whatever its status.

        Raises:
            NoAnswer: One of its kinds.
        """
        return await self._send("POST", path, content)

    async def get(self, path: str) -> Answer:
        """Fetch a path and return what came back, whatever its status.

        Raises:
            NoAnswer: One of its kinds.
        """
        return await self._send("GET", path, b"")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._openai.close()

    async def _send(self, method: str, path: str, content: bytes) -> Answer:
        # The whole address saves `openai` from parsing and joining two of them.
        url = self._base_url + path
        try:
            async with asyncio.timeout(self._timeout_s):
                if method == "POST":
                    response = await self._openai.post(
                        url, cast_to=httpx2.Response, content=content, options=_OPTIONS
                    )
                else:
                    response = await self._openai.get(
                        url, cast_to=httpx2.Response, options=_OPTIONS
                    )
        except openai.APIStatusError as error:
            response = error.response
        except TimeoutError:
            raise Late(f"no complete reply within {self._timeout_s:g} s") from None
        except NoAnswer as error:
            raise type(error)(self._told(str(error))) from None
        except Exception as error:  # what is no HTTP makes the packages below raise anything
            raise Broken(self._told(_one_line(error.__cause__ or error))) from None
        headers = response.extensions.get("headers", response.headers)
        body = response.extensions.get("body")
        if body is None:
            body = await response.aread()
        if not 200 <= response.status_code < 300:  # of others headers are told in messages
            headers = {name.lower(): self._told(text) for name, text in headers.items()}
        return Answer(response.status_code, headers, self._secret.scrub_bytes(body))

    def _told(self, text: str) -> str:
        """Text that comes from outside, as it may be told: storable, without keys and passwords."""
        return _USER_INFO.sub("//", self._secret.scrub(storable(text)))


class _AiohttpClient(httpx2.AsyncClient):
    """Sends finished requests with aiohttp; the body of a response is in its extensions."""

    def __init__(self, base_url: str, max_reply_bytes: int) -> None:
        super().__init__(trust_env=False)
        self._max_reply_bytes = max_reply_bytes
        self._proxy = _proxy(base_url)
        self._ssl = httpx2.create_ssl_context() if base_url.startswith("https:") else True
        self._session: aiohttp.ClientSession | None = None
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._url = httpx2.URL(base_url)

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        """A request that carries what aiohttp needs; nothing is parsed or merged again."""
        extensions = {"url": url, "headers": given["headers"], "body": given.get("content")}
        stream = httpx2.ByteStream(b"")
        return httpx2.Request(method, self._url, stream=stream, extensions=extensions)

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """Send, read the whole body, and return without following redirects.

        Raises:
            NotConnected: No connection.
            Broken: The connection ended before the answer did.
            TooLong: The body is longer than the limit.
        """
        # The session is made here because it belongs to the running event loop.
        session = self._session or self._open()
        given = request.extensions
        try:
            async with session.request(
                request.method,
                given["url"],
                data=given["body"],
                headers=given["headers"],
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                got = {"body": await self._read(response), "headers": response.headers}
                stream = httpx2.ByteStream(b"")
                return httpx2.Response(
                    response.status, stream=stream, extensions=got, request=request
                )
        except aiohttp.ClientConnectorError as error:
            raise NotConnected(_one_line(error.os_error)) from None
        except aiohttp.ConnectionTimeoutError:
            raise NotConnected(f"no connection within {CONNECT_SECONDS:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Broken(_one_line(error)) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size, is_large = 0, False
        try:
            # Decompressed, by bounded pieces: a bomb ends at the limit like any other long reply.
            async for chunk in response.content.iter_any():
                size += len(chunk)
                if size > self._max_reply_bytes:
                    raise TooLong(f"the reply is longer than {self._max_reply_bytes:,} bytes")
                if size > _LARGE_BYTES and not is_large:
                    await self._large.acquire()
                    is_large = True
                chunks.append(chunk)
        finally:
            if is_large:
                self._large.release()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, ssl=self._ssl, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=300
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )
        return self._session

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
        await super().aclose()


def _proxy(base_url: str) -> str | None:
    """The proxy the environment names for this address. Asked once: it costs per request."""
    parts = urlsplit(base_url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def _one_line(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}")


def _simulated_app() -> Any:
    from sleeptime_lib.servers.simulated.app import create_app

    return create_app()
