"""The key is in no file, log, traceback, error or text that this package makes."""

import asyncio
import base64
import contextlib
import html
import json
import logging
import pickle
import re
import sys
import time
import traceback
from urllib.parse import unquote

import pytest
from fault_replies import LASTING, PASSING, STOPPING, completion, http
from fault_server import Faults, FaultServer
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib import cli
from sleeptime_lib.errors import InputError, SleeptimeError
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.doctor import examine
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.models.secret import Secret
from sleeptime_lib.records import Request

KEY = "sk-very-secret-0123456789abcdef"


@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    return lambda server: resolve("m", base_url=server.url, api_key_env="MY_KEY")


def ask(index):
    return Request("m", ({"role": "user", "content": f"question {index}"},))


async def test_the_key_is_sent_to_the_server(endpoint):
    with FaultServer() as server:
        async with Client(endpoint(server), cache_path=None) as client:
            await client.complete(ask(1), owner="a")
        assert server.log.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("fault", [*PASSING, *LASTING, *STOPPING])
async def test_a_failure_of_any_kind_shows_the_key_nowhere(endpoint, fault, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    limits = Limits(timeout_s=0.2, max_retries=1, backoff_s=0.01, max_rate_limit_retries=1)
    faults = Faults(rate=1.0, kinds=(fault,), most=99)
    with FaultServer(faults, secret=f"for key {KEY}") as server:
        client = Client(endpoint(server), cache_path=tmp_path / "c.sqlite", limits=limits)
        with pytest.raises(SleeptimeError) as caught:
            await client.complete(ask(1), owner="a")
        shown = "".join(
            traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        )
        shown += repr(caught.value) + repr(client.totals) + caplog.text
        await client.aclose()
    shown += "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert KEY not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_a_reply_that_repeats_the_key_is_stored_without_it(endpoint, tmp_path):
    def parrot(path, body):
        return 200, completion(f"You sent {KEY}.", None)

    with FaultServer(answer=parrot) as server:
        async with Client(endpoint(server), cache_path=tmp_path / "c.sqlite") as client:
            reply = await client.complete(ask(1), owner="a")
    assert reply.text == "You sent [key]."
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def escaped(text: str) -> str:
    """All of it as JSON may write it."""
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def percent(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" for letter in text)


def in_base64(text: str, before: str = "") -> str:
    return base64.b64encode((before + text).encode()).decode()


WRITINGS = {
    "JSON": escaped(KEY),
    "JSON, in part": KEY[:9] + escaped(KEY[9:]).upper().replace("\\U", "\\u"),
    "JSON in JSON": escaped(KEY).replace("\\", "\\\\"),
    "a slash": KEY.replace("s", "\\u0073", 1),
    "percent": percent(KEY),
    "percent, in part": KEY[:5] + percent(KEY[5:7]).lower() + KEY[7:],
    "percent twice": percent(KEY).replace("%", "%25"),
    "HTML": "".join(f"&#{ord(letter)};" for letter in KEY),
    "HTML, hexadecimal": "".join(f"&#x{ord(letter):x};" for letter in KEY),
    "base64": in_base64(KEY),
    "base64 with a user": in_base64(KEY, "user:"),
    "base64 of a header": in_base64(KEY, "Bearer "),
    "base64 in JSON": escaped(in_base64(KEY)),
    "base64 for addresses": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "base64 of UTF-16": base64.b64encode(KEY.encode("utf-16")).decode(),
    "hexadecimal": KEY.encode().hex(),
    "HEXADECIMAL": KEY.encode().hex().upper(),
}


def read_in_any_way(text: str) -> set[str]:
    """A text, and what comes out of it by reading it as servers write keys."""
    text = re.sub(r"\\+u00(..)", lambda found: chr(int(found[1], 16)), text)
    words = [word.rstrip("=") for word in re.findall(r"[\w+/=-]{12,}", text)]
    read = {text, unquote(text), unquote(unquote(text)), html.unescape(text)}
    for word in words:
        standard = word.translate(str.maketrans("-_", "+/"))
        for cut in range(4):
            part = standard[cut:] + "=" * (-len(standard[cut:]) % 4)
            with contextlib.suppress(ValueError):
                read.add(base64.b64decode(part).replace(b"\0", b"").decode("latin-1"))
        with contextlib.suppress(ValueError):
            read.add(bytes.fromhex(word).decode("latin-1"))
    return read


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("status", [200, 401, 422])
async def test_a_key_that_comes_back_in_another_writing_is_scrubbed_too(
    endpoint, tmp_path, name, status
):
    assert any(KEY in read for read in read_in_any_way(WRITINGS[name]))
    texts = await texts_of(endpoint, tmp_path, status, WRITINGS[name])
    assert not any(KEY in read for text in texts for read in read_in_any_way(text))
    assert any("before" in text and "after" in text for text in texts)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("status", [200, 401, 422])
async def test_a_key_in_a_body_of_another_encoding_is_scrubbed_too(
    endpoint, tmp_path, charset, status
):
    texts = await texts_of(endpoint, tmp_path, status, KEY, charset)
    assert any("before [key] after" in text for text in texts)
    assert not any(KEY in text.replace("\0", "") for text in texts)


async def texts_of(endpoint, folder, status, written, charset="utf-8"):
    """All texts that come of a reply that has a key written somehow: reply, error, files."""
    path = folder / "calls.sqlite"
    body = json.dumps(completion("TEXT", None) if status == 200 else {"error": "TEXT"})
    content = body.replace("TEXT", f"before {written} after").encode(charset)

    def answer(path, body):
        return http(status, content, headers={"location": written, "x": written})

    with FaultServer(answer=answer) as server:
        async with Client(endpoint(server), cache_path=path) as client:
            try:
                texts = [(await client.complete(ask(1), owner="a")).text]
            except SleeptimeError as error:
                texts = [str(error)]
    return texts + [file.read_bytes().decode("latin-1") for file in folder.iterdir()]


async def test_a_key_in_the_address_of_a_redirect_is_scrubbed(endpoint):
    away = http(307, b"", headers={"location": f"/{'x' * 150}/{percent(KEY)}?{'y' * 300}"})
    with FaultServer(answer=lambda path, body: away) as server:
        async with Client(endpoint(server), cache_path=None) as client:
            with pytest.raises(SleeptimeError) as caught:
                await client.complete(ask(1), owner="a")
    assert f"/{'x' * 150}/[key]" in str(caught.value)


@given(st.data())
def test_any_mixture_of_writings_is_seen_through(data):
    ways = (
        lambda letter: letter,
        escaped,
        percent,
        lambda letter: f"&#{ord(letter)};",
        lambda letter: f"\\x{ord(letter):02x}",
        lambda letter: letter + "\0",
    )
    written = "".join(data.draw(st.sampled_from(ways))(letter) for letter in KEY)
    assert Secret(KEY).scrub(f"before {written} after").startswith("before [key]")


@given(st.binary() | st.text().map(str.encode))
def test_a_text_without_the_key_stays_as_it_is(text):
    scrubbed = Secret(KEY).scrub_bytes(text)
    assert scrubbed == text or (b"\0" in text and json.detect_encoding(text) != "utf-8")


def test_a_long_text_takes_no_time_to_scrub():
    secret = Secret(KEY)
    start = time.perf_counter()
    for unit in (b"A", b"%41", b"\\u0041", KEY[:-1].encode(), in_base64(KEY).encode(), b"\0A"):
        secret.scrub_bytes(unit * (2**20 // len(unit)))
    assert time.perf_counter() - start < 15


MISPLACED = ("sk-proj-0123456789abcdefABCDEF", "gsk_0123456789abcdefABCDEF", "0123-4567-89ab-cdef")


@pytest.mark.parametrize("key", MISPLACED)
@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:9/v1"])
async def test_a_key_in_place_of_its_variables_name_is_not_repeated(monkeypatch, key, base_url):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    try:
        told = repr(resolve("m", base_url=base_url, api_key_env=key))
    except InputError as error:
        told = str(error)
    assert key not in told
    assert "environment variable" in told or base_url in told


@pytest.mark.parametrize("key", [*MISPLACED[:2], KEY])
@pytest.mark.parametrize(
    "url",
    [
        "http://{}@host/v1",
        "http://me:{}@host/v1",
        "http://me:{}@host:port/v1",
        "http://host/v1?api_key={}",
        "http://host/v1#{}",
        "http://host/{}/v1",
        "http://host:{}/v1",
        "{}",
        "host/v1?key={}",
        "http://[{}/v1",
    ],
)
def test_a_key_in_an_address_is_neither_repeated_nor_kept(monkeypatch, url, key):
    monkeypatch.setenv("MY_KEY", KEY)
    with pytest.raises(InputError) as caught:
        resolve("m", base_url=url.format(key), api_key_env="MY_KEY")
    assert key not in str(caught.value)


def test_the_command_line_repeats_no_key_and_makes_no_directory(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MY_KEY", KEY)
    key = MISPLACED[0]
    words = ("run", "stateful-gsm", "--limit", "1", "--out", str(tmp_path / "run"))
    for wrong in (
        ("--model", "m", "--base-url", f"http://host/v1?key={key}"),
        (
            "--model",
            "recorded:qwen2.5-coder-1.5b-gsm-p1",
            "--base-url",
            f"http://host/v1?key={key}",
        ),
        ("--model", "m", "--base-url", f"http://host/{KEY}/v1", "--api-key-env", "MY_KEY"),
        ("--model", "m", "--api-key-env", key),
        ("--model", key, "--api-key-env", "MY_KEY"),
        ("--seed", key),
        (f"--{key}",),
    ):
        monkeypatch.setattr(sys, "argv", ["sleeptime", *words, *wrong])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2
        said = capsys.readouterr()
        assert key not in said.out + said.err
        assert KEY not in said.out + said.err
    assert not (tmp_path / "run").exists()


async def test_a_placeholder_for_a_key_changes_no_reply(monkeypatch):
    monkeypatch.setenv("MY_KEY", "none")
    with FaultServer(answer=lambda path, body: (200, completion("none are left", None))) as server:
        endpoint = resolve("m", base_url=server.url, api_key_env="MY_KEY")
        async with Client(endpoint, cache_path=None) as client:
            assert (await client.complete(ask(1), owner="a")).text == "none are left"


async def test_the_doctor_does_not_show_it(endpoint):
    with (
        FaultServer(secret=KEY, scripted=("401",) * 3) as server,
        pytest.raises(SleeptimeError) as caught,
    ):
        await examine(endpoint(server))
    assert KEY not in str(caught.value)


def test_an_endpoint_shows_that_a_key_is_set_and_not_which(endpoint):
    shown = Secret(KEY)
    assert KEY not in f"{shown} {shown!r} {[shown]} {shown!s:>40}"
    assert KEY.encode() not in pickle.dumps(shown)
    assert repr(Secret()) == "Secret(none)"
    assert shown == Secret(KEY) != Secret("other")


async def test_the_openai_client_is_not_left_where_tracebacks_show_it(endpoint):
    with FaultServer() as server:
        async with Client(endpoint(server), cache_path=None) as client:
            await client.complete(ask(1), owner="a")
            assert KEY not in repr(vars(client)) + repr(vars(client._wire))
    await asyncio.sleep(0)
