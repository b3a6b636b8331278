"""What tokens cost: one's own prices first, then those of the package `genai-prices`.

The package ships its data, so no network is asked. Prices move: check the provider's page before a
large run, and give your own file where it differs. A model that nobody knows has an unknown cost,
which is None everywhere and never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.given import parse_json, read_text
from sleeptime_lib.records import SIMULATED, Usage
from sleeptime_lib.texts import brief

_MILLION: Final = 1_000_000
_LONGEST_FILE: Final = 1_000_000
"""Bytes of a file of prices."""
_SHOWN: Final = 100
"""Characters of what is wrong in it."""
_CACHE_WRITES: Final = ("cache_write_mtok", "cache_write_1h_mtok")


@dataclass(frozen=True, slots=True)
class Price:
    """Price of one model, in USD per million tokens.

    Attributes:
        prompt: Prompt tokens that were not cached.
        cached: Prompt tokens from the provider's prefix cache.
        completion: Generated tokens, reasoning included.
        batch: Factor on all of them for the batch API.
        prompt_most: Prompt tokens that are written to the prefix cache, where that is charged
            for: the most a prompt token can cost. Below `prompt` it means nothing.
        as_of: Which prices these are: version of `genai-prices`, or the name of one's own file.
    """

    prompt: float
    cached: float
    completion: float
    batch: float = 0.5
    prompt_most: float = 0.0
    as_of: str = ""

    @property
    def charges_writing(self) -> bool:
        """Whether writing a prompt to the prefix cache costs more than reading it once."""
        return self.prompt_most > self.prompt

    def cost(self, usage: Usage) -> float:
        """USD for `usage`."""
        written = usage.written or 0
        micro = (
            (usage.prompt - usage.cached - written) * self.prompt
            + usage.cached * self.cached
            + written * max(self.prompt, self.prompt_most)
            + usage.completion * self.completion
        )
        return micro / _MILLION

    def most(self, prompt: int, completion: int) -> float:
        """USD that `prompt` and `completion` tokens cost at worst: nothing cached."""
        highest = max(self.prompt, self.cached, self.prompt_most)
        return (prompt * highest + completion * self.completion) / _MILLION


FREE: Final = Price(0.0, 0.0, 0.0)

REFERENCE_MODEL: Final = "gpt-4o-mini"
"""Whose prices a bill takes where the model that ran has none (paper, section 5.1)."""
_REFERENCE: Final = Price(0.15, 0.075, 0.60, as_of="2025-10-01")
"""Fixed, so that the bills of a run do not change when a package is brought up to date."""


_NONE: Final[Mapping[str, Price]] = MappingProxyType({})


def price_of(model: str, own: Mapping[str, Price] = _NONE) -> Price | None:
    """Price of a model, one's own before that of the package; None when it is unknown."""
    return own.get(model) or (FREE if model == SIMULATED else _listed(model))


def price_or_reference(model: str, price: Price | None) -> tuple[Price, str]:
    """A price for a bill, and whose it is: the model's own, where it has one and is not free.

    Otherwise it is that of a model of the paper: a bill needs some prices to say what a sleep
    phase is worth.
    """
    return (price, model) if price and price.completion else (_REFERENCE, REFERENCE_MODEL)


def read_prices(path: Path | None) -> Mapping[str, Price]:
    """One's own prices by model, from a JSON file; None for none.

    The file holds one object: `{"my-model": {"prompt": 0.5, "completion": 1.5, "cached": 0.05}}`,
    in USD per million tokens. `cached` and `prompt_most` (tokens written to the provider's cache)
    default to `prompt` and `batch` to 0.5.

    Raises:
        InputError: The file is missing, no JSON, or a price in it is no number of 0 or more.
    """
    if path is None:
        return _NONE
    what = "price file"
    content = parse_json(read_text(path, what, _LONGEST_FILE), f"{what} {path}")
    if not isinstance(content, dict):
        raise InputError(f"price file {path}: expected an object of model names to prices")
    return {name: _own_price(path, name, item) for name, item in content.items()}


def _own_price(path: Path, name: str, item: Any) -> Price:
    name = brief(name, _SHOWN)
    if not isinstance(item, dict) or not {"prompt", "completion"} <= item.keys():
        raise InputError(f"price file {path}: {name} needs 'prompt' and 'completion' in USD")
    known = {"prompt", "cached", "completion", "batch", "prompt_most"}
    if unknown := sorted(item.keys() - known):
        named = brief(", ".join(unknown), _SHOWN)
        raise InputError(f"price file {path}: {name} has {named}; known are {sorted(known)}")
    for key, value in item.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            shown = brief(repr(value), _SHOWN)
            raise InputError(f"price file {path}: {name}.{key} is {shown}, not a price in USD")
    return Price(**{"cached": item["prompt"], **item}, as_of=path.name)


@cache
def _listed(model: str) -> Price | None:
    """What `genai-prices` says, of prices that change with length those for short prompts.

    Of prices that change with the hour it is the highest of the day, so that a cap holds.
    """
    # The data are 1.6 MB of Python: only those load them who ask for a price.
    import genai_prices
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, None, None)
    except LookupError:
        return None
    now = datetime.now(UTC)
    hours = [found.get_prices(now.replace(hour=hour)) for hour in range(24)]
    listed = max(hours, key=lambda prices: _usd(prices, "output_mtok") or 0.0)
    prompt, completion = _usd(listed, "input_mtok"), _usd(listed, "output_mtok")
    if prompt is None or completion is None:
        return None
    cached = _usd(listed, "cache_read_mtok")
    written = [_usd(listed, name) or 0.0 for name in _CACHE_WRITES]
    tiers = ", prices of short prompts" if hasattr(listed.input_mtok, "base") else ""
    return Price(
        prompt=prompt,
        cached=prompt if cached is None else cached,
        completion=completion,
        prompt_most=max(written),
        as_of=f"genai-prices {genai_prices.__version__}{tiers}",
    )


def _usd(prices: Any, name: str) -> float | None:
    """A price in USD per million tokens: a number, or tiers of which the first is taken."""
    value = getattr(prices, name, None)
    return None if value is None else float(getattr(value, "base", value))
