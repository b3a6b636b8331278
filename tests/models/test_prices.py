"""Prices: cached prompts, the batch discount, dated names, one's own table."""

import json
import re

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.prices import PRICES, Price, Prices, read_prices
from sleeptime_lib.records import Usage

USAGE = Usage(prompt=1_000_000, cached=400_000, completion=500_000, reasoning=100_000)
OWN = Prices({"m": Price(prompt=2.0, cached=0.5, completion=10.0, prompt_most=2.5)})


def test_cached_prompt_tokens_have_their_own_price_and_reasoning_is_completion():
    assert OWN.cost("m", USAGE) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 10)


def test_the_batch_api_is_cheaper():
    assert OWN.cost("m", USAGE, batch=True) == pytest.approx(OWN.cost("m", USAGE) / 2)


def test_the_worst_case_has_nothing_cached_and_everything_written_to_the_cache():
    assert OWN.worst("m", 1_000_000, 500_000) == pytest.approx(2.5 + 5)


def test_an_unknown_model_has_unknown_cost_not_zero():
    assert PRICES.cost("my-finetune", USAGE) is None
    assert PRICES.worst("my-finetune", 1, 1) is None
    assert PRICES.cost("gpt-4o-mini-but-mine", USAGE) is None


def test_the_simulated_model_is_free():
    assert PRICES.cost("simulated", USAGE) == 0.0


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "gpt-4o-latest", "gpt-4o-20240806"])
def test_a_dated_name_has_the_price_of_the_model(name):
    assert PRICES.price(name) == PRICES.price("gpt-4o")


@pytest.mark.parametrize("model", sorted(PRICES.table))
def test_every_price_is_sane_and_dated(model):
    price = PRICES.table[model]
    assert 0 <= price.cached <= price.prompt <= price.completion <= 1000
    assert model == "simulated" or re.fullmatch(r"20\d\d-\d\d-\d\d", price.as_of)


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
    assert prices.cost("gpt-4o", USAGE) == pytest.approx(1 + 1)  # cached at the full price
    assert prices.cost("mine", USAGE) == 0.0
    assert prices.price("gpt-4o-mini") == PRICES.price("gpt-4o-mini")


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
