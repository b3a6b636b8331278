"""What every server of ours refuses before it looks at a request.

A page in a browser can send requests to servers of its own machine: by a name that it lets point
there (so the `Host` must be ours), or as a form or plain text (so the content must be JSON).
"""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sleeptime_lib.servers.api import ApiError, respond

LONGEST_BODY: Final = 10_000_000
"""Bytes; a prompt of a million tokens has about half of it."""


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Serve an application over a socket until interrupted.

    Args:
        app: The application.
        host: Address to listen on; also a name under which it may be asked.
        port: Port to listen on.
    """
    import uvicorn

    uvicorn.run(guarded(app, host), host=host, port=port, log_level="warning")


def guarded(app: ASGIApp, host: str) -> ASGIApp:
    """An application that takes JSON of bounded length, under names of its own machine.

    A client that leaves before it has sent everything is no error.

    Args:
        app: The application; it turns `ApiError` into a reply.
        host: What it listens on. Beside it, `localhost` and all addresses in digits are taken, and
            the machine's name where it listens on all addresses.
    """
    names = {host.lower(), "localhost"}
    if host in ("0.0.0.0", "::"):
        names.add(socket.gethostname().lower())

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            _check_host(headers, names)
            if scope["method"] not in ("GET", "HEAD"):
                _check_content(headers)
        except ApiError as refused:
            reply = respond(refused.body, refused.status, refused.headers)
            return await reply(scope, receive, send)
        with suppress(ClientDisconnect):
            await app(scope, _bounded(receive), send)
        return None

    return guard


def _check_host(headers: Headers, names: set[str]) -> None:
    given = headers.getlist("host")
    try:
        name = urlsplit(f"//{given[0]}").hostname or "" if len(given) == 1 else ""
    except ValueError:
        name = ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if name.removesuffix(".") not in names:
            shown = ", ".join(given)[:100]
            raise _refused(
                403,
                f"The host '{shown}' is not this server: ask it by address, or as {_or(names)}.",
            ) from None


def _or(names: set[str]) -> str:
    return " or ".join(sorted(names))


def _check_content(headers: Headers) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _refused(
            415, f"The content type is '{kind[:100]}': send JSON, as 'application/json'."
        )
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LONGEST_BODY:
        raise _too_long()


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LONGEST_BODY:
            raise _too_long()
        return message

    return counted


def _too_long() -> ApiError:
    return _refused(413, f"The body of the request is longer than {LONGEST_BODY:,} bytes.")


def _refused(status: int, message: str) -> ApiError:
    error = ApiError(status, message)
    # Whatever else was on its way is not read.
    error.headers["Connection"] = "close"
    return error
