"""Where a model answers, and with which key: the model's name turned into an endpoint."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.knobs import VLLM, Server, server_of
from sleeptime_lib.models.replay import PREFIX, read_about
from sleeptime_lib.models.secret import (
    Secret,
    key_in_url,
    looks_like_key,
    told_url,
    told_variable,
)
from sleeptime_lib.records import SIMULATED

OPENAI_URL: Final = "https://api.openai.com/v1"
IN_PROCESS_URL: Final = "http://simulated.invalid/v1"
"""Address of the in-process model: requests to it never leave the process."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one address.

    Attributes:
        model: Name of the model, as requests give it.
        base_url: Address of the API, without a slash at the end ("http://localhost:8000/v1").
        api_key: The key; empty for local servers that need none.
        in_process: True when the model is the simulated one inside this process.
        recording: Name of the recording that answers in its place; "" for a live model.
        key_env: Environment variable the key comes from, for messages.
        server: How budgets are set there.
    """

    model: str
    base_url: str
    api_key: Secret = field(default_factory=Secret)
    in_process: bool = False
    recording: str = ""
    key_env: str = "OPENAI_API_KEY"
    server: Server = VLLM

    @property
    def is_local(self) -> bool:
        """Whether it is a server of one's own, which sends no bills."""
        return (
            self.in_process
            or bool(self.recording)
            or _is_local(urlsplit(self.base_url).hostname or "")
        )


def resolve(
    model: str,
    *,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    server: str | None = None,
) -> Endpoint:
    """Find the endpoint of a model.

    Args:
        model: "simulated" for the built-in model, "recorded:NAME" for a recording, otherwise the
            name at the server.
        base_url: Address of an OpenAI-compatible API. Defaults to the environment variable
            OPENAI_BASE_URL, then to OpenAI.
        api_key_env: Environment variable that holds the key.
        server: Name in `knobs.SERVERS` of the program that answers there; None for what the
            address tells.

    Raises:
        InputError: The address is no http(s) address or carries a password, or the server is
            not a local one and the key is missing, or there is no such recording.
    """
    if not model.strip():
        raise InputError("no model named: give --model NAME, or --model simulated")
    if model == SIMULATED and base_url is None:
        return Endpoint(model, IN_PROCESS_URL, in_process=True)
    if model.startswith(PREFIX):
        return Endpoint(read_about(model).model, model, recording=model.removeprefix(PREFIX))
    if looks_like_key(model):
        raise InputError("--model is given what looks like a key: give the model's name")
    if not re.fullmatch(r"[A-Za-z_]\w*", api_key_env, re.ASCII):
        raise InputError(
            "--api-key-env is given no name of an environment variable: give one such as "
            "OPENAI_API_KEY, and the key as its value"
        )
    url = (base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL).strip()
    key = os.environ.get(api_key_env, "").strip()
    if fault := key_in_url(url, key):
        raise InputError(fault)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not (host := parts.hostname):
        raise InputError(
            f"base URL {told_url(url)!r} is not an address: give one like http://localhost:8000/v1"
        )
    told = told_variable(api_key_env, api_key_env in os.environ)
    if not key and not _is_local(host):
        raise InputError(
            f"no key for {host}: set the environment variable {told}, "
            "name another one with --api-key-env, or use --model simulated"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InputError(f"{told} holds characters no key has (spaces, line ends, accents)")
    known = server_of(url, server)
    return Endpoint(model, url.rstrip("/"), Secret(key), key_env=told, server=known)


def _is_local(host: str) -> bool:
    """Hosts that need no key: this machine, its network, and names without a public suffix."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))
    return address.is_private or address.is_loopback
