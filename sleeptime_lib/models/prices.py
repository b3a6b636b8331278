"""What tokens cost: one small dated table, and a way to give one's own.

List prices in USD per million tokens, as the providers' pages were quoted on the day a price is
dated: standard tier, prompts below the lengths from which some models cost more. Prices move:
check the provider's page before a large run, and give your own table where it differs. A model
that is not in the table has an unknown cost, which is None everywhere and never zero.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Usage

_MILLION: Final = 1_000_000
_DATED: Final = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


@dataclass(frozen=True, slots=True)
class Price:
    """Price of one model, in USD per million tokens.

    Attributes:
        prompt: Prompt tokens that were not cached.
        cached: Prompt tokens from the provider's prefix cache.
        completion: Generated tokens, reasoning included.
        batch: Factor on all of them for the batch API.
        prompt_most: Most a prompt token can cost: above `prompt` where writing to the prefix
            cache is charged. Replies do not tell how many tokens were written, so only the
            worst case uses it.
        as_of: Day the price was read, "YYYY-MM-DD"; "" for one's own.
    """

    prompt: float
    cached: float
    completion: float
    batch: float = 0.5
    prompt_most: float = 0.0
    as_of: str = ""

    def cost(self, usage: Usage, *, batch: bool = False) -> float:
        """USD for `usage`."""
        micro = (
            (usage.prompt - usage.cached) * self.prompt
            + usage.cached * self.cached
            + usage.completion * self.completion
        )
        return micro / _MILLION * (self.batch if batch else 1.0)

    def most(self, prompt: int, completion: int) -> float:
        """USD that `prompt` and `completion` tokens cost at worst: nothing cached, no batch."""
        dearest = max(self.prompt, self.cached, self.prompt_most)
        return (prompt * dearest + completion * self.completion) / _MILLION


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by model name. Dated names ("gpt-4o-2024-08-06") find their undated price."""

    table: Mapping[str, Price]

    def price(self, model: str) -> Price | None:
        """Price of `model`, or None when it is unknown."""
        return self.table.get(model) or self.table.get(_DATED.sub("", model))

    def cost(self, model: str, usage: Usage, *, batch: bool = False) -> float | None:
        """USD that `usage` costs at `model`, or None when the price is unknown.

        Args:
            model: Name of the model.
            usage: Tokens; those of `prompt` that are `cached` have their own price.
            batch: True for calls through the provider's batch API, which is cheaper.
        """
        price = self.price(model)
        return None if price is None else price.cost(usage, batch=batch)

    def worst(self, model: str, prompt: int, completion: int) -> float | None:
        """Most USD a call can cost, or None when the price is unknown."""
        price = self.price(model)
        return None if price is None else price.most(prompt, completion)

    def extended(self, own: Mapping[str, Price]) -> Prices:
        """These prices, with `own` added and put first."""
        return Prices(MappingProxyType({**self.table, **own}))


def read_prices(path: Path) -> Prices:
    """The built-in prices with those of a JSON file put first.

    The file holds one object: `{"my-model": {"prompt": 0.5, "completion": 1.5, "cached": 0.05}}`,
    in USD per million tokens. `cached` defaults to `prompt` and `batch` to 0.5.

    Raises:
        InputError: The file is missing, no JSON, or a price in it is no number of 0 or more.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"price file {path}: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"price file {path}: expected an object of model names to prices")
    return PRICES.extended({name: _own_price(path, name, item) for name, item in content.items()})


def _own_price(path: Path, name: str, item: Any) -> Price:
    if not isinstance(item, dict) or not {"prompt", "completion"} <= item.keys():
        raise InputError(f"price file {path}: {name} needs 'prompt' and 'completion' in USD")
    known = {"prompt", "cached", "completion", "batch"}
    if unknown := sorted(item.keys() - known):
        raise InputError(f"price file {path}: {name} has {unknown}; known are {sorted(known)}")
    for key, value in item.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise InputError(f"price file {path}: {name}.{key} is {value!r}, not a price in USD")
    return Price(**{"cached": item["prompt"], **item})


_OPENAI: Final = {
    # model: (prompt, cached prompt, completion, prompt written to the cache, day)
    "gpt-6.1-sol": (2.00, 0.10, 10.00, 2.50, "2026-10-16"),
    "gpt-6-sol": (2.00, 0.20, 10.00, 2.50, "2026-10-16"),
    "gpt-6-luna": (0.10, 0.01, 0.50, 0.125, "2026-10-16"),
    "gpt-5.5": (5.00, 0.50, 30.00, 5.00, "2026-06-01"),
    "gpt-5.4": (2.50, 0.25, 15.00, 2.50, "2026-06-01"),
    "gpt-5.4-mini": (0.75, 0.075, 4.50, 0.75, "2026-06-01"),
    "gpt-5.4-nano": (0.20, 0.02, 1.25, 0.20, "2026-06-01"),
    "gpt-5": (1.25, 0.125, 10.00, 1.25, "2025-10-01"),
    "gpt-5-mini": (0.25, 0.025, 2.00, 0.25, "2025-10-01"),
    "gpt-5-nano": (0.05, 0.005, 0.40, 0.05, "2025-10-01"),
    "gpt-4.1": (2.00, 0.50, 8.00, 2.00, "2025-10-01"),
    "gpt-4.1-mini": (0.40, 0.10, 1.60, 0.40, "2025-10-01"),
    "gpt-4.1-nano": (0.10, 0.025, 0.40, 0.10, "2025-10-01"),
    "gpt-4o": (2.50, 1.25, 10.00, 2.50, "2025-10-01"),
    "gpt-4o-mini": (0.15, 0.075, 0.60, 0.15, "2025-10-01"),
    "o1": (15.00, 7.50, 60.00, 15.00, "2025-10-01"),
    "o3": (2.00, 0.50, 8.00, 2.00, "2025-10-01"),
    "o3-mini": (1.10, 0.55, 4.40, 1.10, "2025-10-01"),
    "o4-mini": (1.10, 0.275, 4.40, 1.10, "2025-10-01"),
}
_ANTHROPIC: Final = {
    "claude-opus-5-5": (4.00, 0.20, 20.00, 8.00, "2026-10-16"),
    "claude-opus-5": (5.00, 0.50, 25.00, 10.00, "2026-10-16"),
    "claude-sonnet-5-5": (2.00, 0.10, 10.00, 4.00, "2026-10-16"),
    "claude-sonnet-5": (2.00, 0.20, 10.00, 4.00, "2026-10-16"),
    "claude-sonnet-4-5": (3.00, 0.30, 15.00, 6.00, "2025-10-01"),
    "claude-haiku-4-5": (1.00, 0.10, 5.00, 2.00, "2025-10-01"),
    "claude-3-7-sonnet": (3.00, 0.30, 15.00, 6.00, "2025-10-01"),
}

PRICES: Final = Prices(
    MappingProxyType(
        {"simulated": Price(0.0, 0.0, 0.0)}
        | {
            name: Price(prompt, cached, completion, prompt_most=written, as_of=day)
            for name, (prompt, cached, completion, written, day) in (_OPENAI | _ANTHROPIC).items()
        }
    )
)
"""The built-in table."""

REFERENCE_MODEL: Final = "gpt-4o-mini"
"""Whose prices a bill takes where the model that ran has none (paper, section 5.1)."""


def price_or_reference(model: str, price: Price | None) -> tuple[Price, str]:
    """A price for a bill, and whose it is: the model's own, where it has one and is not free.

    Otherwise it is that of a model of the paper: a bill needs some prices to say what a sleep
    phase is worth.
    """
    if price and price.completion:
        return price, model
    return PRICES.table[REFERENCE_MODEL], REFERENCE_MODEL
