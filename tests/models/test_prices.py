"""Prices: cached prompts, dated names, one's own table."""

import json
import re
import socket
import subprocess
import sys
from importlib.metadata import version

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.prices import Price, price_of, price_or_reference, read_prices
from sleeptime_lib.records import Usage

USAGE = Usage(prompt=1_000_000, cached=400_000, completion=500_000, reasoning=100_000)
OWN = Price(prompt=2.0, cached=0.5, completion=10.0, prompt_most=2.5)


def test_cached_prompt_tokens_have_their_own_price_and_reasoning_is_completion():
    assert OWN.cost(USAGE) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 10)


def test_the_worst_case_has_nothing_cached_and_everything_written_to_the_cache():
    assert OWN.most(1_000_000, 500_000) == pytest.approx(2.5 + 5)
    assert OWN.charges_writing
    assert not Price(2.0, 0.5, 10.0).charges_writing


def test_tokens_written_to_the_cache_are_charged_as_stated():
    written = Usage(prompt=1_000_000, cached=400_000, completion=500_000, written=100_000)
    assert OWN.cost(written) == pytest.approx(OWN.cost(USAGE) + 0.1 * 0.5)


def test_an_unknown_model_has_unknown_cost_not_zero():
    assert price_of("my-finetune") is None
    assert price_of("gpt-4o-mini-but-mine") is None
    assert price_of("text-embedding-3-small") is None  # it generates no tokens


def test_the_simulated_model_is_free():
    assert price_of("simulated").cost(USAGE) == 0.0


def test_the_simulated_model_and_ones_own_load_no_package():
    code = (
        "import sys; from sleeptime_lib.models.prices import Price, price_of; "
        "price_of('simulated'); price_of('m', {'m': Price(1, 1, 1)}); "
        "print('genai_prices' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_a_listed_model_has_the_price_of_the_package_and_says_so():
    price = price_of("gpt-4o-mini")
    assert (price.prompt, price.cached, price.completion) == (0.15, 0.075, 0.60)
    assert price.as_of == f"genai-prices {version('genai-prices')}"
    assert price.batch == 0.5


def test_what_a_provider_charges_for_writing_its_cache_is_the_most_a_prompt_token_costs():
    price = price_of("claude-sonnet-4-5")
    assert price.prompt_most > price.prompt > price.cached


def test_of_prices_that_change_with_length_the_one_for_short_prompts_is_taken_and_told():
    price = price_of("gemini-2.5-pro")
    assert (price.prompt, price.completion) == (1.25, 10.0)
    assert price.as_of.endswith("prices of short prompts")


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "gpt-4o-20240806"])
def test_a_dated_name_has_the_price_of_the_model(name):
    assert price_of(name) == price_of("gpt-4o")


@pytest.mark.parametrize("model", ["gpt-4o-mini", "o3-mini", "gpt-5-mini", "claude-sonnet-4-5"])
def test_prices_of_models_in_use_are_sane(model):
    price = price_of(model)
    assert 0 < price.cached <= price.prompt <= price.completion <= 1000


def test_no_network_is_asked(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert price_of("gpt-4.1-mini")


@pytest.mark.parametrize("price", [None, Price(0.0, 0.0, 0.0)])
def test_bills_of_models_that_cost_nothing_take_a_fixed_reference(price):
    reference, name = price_or_reference("my-model", price)
    assert name == "gpt-4o-mini"
    assert reference.cost(USAGE) == pytest.approx(price_of("gpt-4o-mini").cost(USAGE))


def test_bills_take_the_models_own_price_where_it_has_one():
    assert price_or_reference("m", OWN) == (OWN, "m")


def test_ones_own_prices_come_first(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(
        json.dumps(
            {
                "gpt-4o": {"prompt": 1, "completion": 2},
                "mine": {"prompt": 0, "completion": 0, "cached": 0},
            }
        )
    )
    prices = read_prices(path)
    own = price_of("gpt-4o", prices)
    assert own.cost(USAGE) == pytest.approx(1 + 1)  # cached at the full price
    assert own.as_of == "prices.json"
    assert price_of("mine", prices).cost(USAGE) == 0.0
    assert price_of("gpt-4o-mini", prices) == price_of("gpt-4o-mini")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "prices.json"),
        ("[]", "expected an object"),
        ('{"m": 3}', "needs 'prompt' and 'completion'"),
        ('{"m": {"prompt": 1}}', "needs 'prompt' and 'completion'"),
        ('{"m": {"prompt": 1, "completion": -1}}', "m.completion is -1"),
        ('{"m": {"prompt": true, "completion": 1}}', "m.prompt is True"),
        ('{"m": {"prompt": "1", "completion": 1}}', "m.prompt is '1'"),
        ('{"m": {"prompt": 1, "completion": NaN}}', "m.completion is nan"),
        ('{"m": {"prompt": 1, "completion": 1, "out": 1}}', "known are"),
    ],
)
def test_a_wrong_price_file_is_told_in_one_line(tmp_path, content, says):
    path = tmp_path / "prices.json"
    path.write_text(content)
    with pytest.raises(InputError, match=re.escape(says)):
        read_prices(path)


def test_a_missing_price_file_is_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_prices(tmp_path / "none.json")
