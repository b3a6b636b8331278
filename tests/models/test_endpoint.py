"""From a model's name to an endpoint, and what is wrong with what was given."""

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.endpoint import OPENAI_URL, resolve
from sleeptime_lib.models.secret import Secret


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_the_simulated_model_is_in_process():
    assert resolve("simulated").in_process


def test_the_simulated_model_at_an_address_is_asked_there():
    endpoint = resolve("simulated", base_url="http://127.0.0.1:8080/v1/")
    assert not endpoint.in_process
    assert endpoint.base_url == "http://127.0.0.1:8080/v1"


def test_the_default_is_openai_with_its_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", " sk-1 \n")
    endpoint = resolve("gpt-4o-mini")
    assert endpoint.base_url == OPENAI_URL
    assert endpoint.api_key == Secret("sk-1")


def test_the_address_comes_from_the_argument_then_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    assert resolve("m").base_url == "http://localhost:1/v1"
    assert resolve("m", base_url="http://localhost:2/v1").base_url == "http://localhost:2/v1"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "192.168.1.5", "10.0.0.1", "gpu-box", "x.local"]
)
def test_local_servers_need_no_key(host):
    assert not resolve("m", base_url=f"http://{host}:8000/v1").api_key


@pytest.mark.parametrize("url", [None, "https://openrouter.ai/api/v1", "https://8.8.8.8/v1"])
def test_other_servers_do(url):
    with pytest.raises(InputError, match="set the environment variable MY_KEY"):
        resolve("m", base_url=url, api_key_env="MY_KEY")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:8000", "is not an address"),
        ("ftp://localhost/v1", "is not an address"),
        ("http://", "is not an address"),
        ("http://localhost:99999/v1", "is not valid"),
        ("http://me:secret@localhost/v1", "holds a user name or password"),
        ("http://localhost/v1?key=x", "has a query"),
    ],
)
def test_a_wrong_address_is_told_in_one_line(url, says):
    with pytest.raises(InputError, match=says) as caught:
        resolve("m", base_url=url)
    assert "secret" not in str(caught.value)


def test_no_model_and_a_broken_key_are_told(monkeypatch):
    with pytest.raises(InputError, match="no model named"):
        resolve(" ")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\nsk-2")
    with pytest.raises(InputError, match="OPENAI_API_KEY holds characters") as caught:
        resolve("gpt-4o")
    assert "sk-1" not in str(caught.value)
