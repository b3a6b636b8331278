"""The key is in no file, log, traceback, error or text that this package makes."""

import asyncio
import logging
import pickle
import traceback

import pytest
from fault_replies import LASTING, PASSING, STOPPING, completion
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import SleeptimeError
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.doctor import examine
from sleeptime_lib.models.endpoint import Secret, resolve
from sleeptime_lib.models.limits import Limits
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
