"""Slots: the drawn values of a family, and how each kind is written in a text and read back."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, Protocol

NUMBER_WORDS: Final = "zero one two three four five six seven eight nine ten eleven twelve".split()
_FRACTION_WORDS: Final[Mapping[Fraction, str]] = {
    Fraction(1, 2): "half",
    Fraction(1, 3): "a third",
    Fraction(2, 3): "two thirds",
    Fraction(1, 4): "a quarter",
    Fraction(3, 4): "three quarters",
    Fraction(1, 5): "a fifth",
    Fraction(2, 5): "two fifths",
    Fraction(3, 5): "three fifths",
    Fraction(4, 5): "four fifths",
    Fraction(1, 6): "a sixth",
    Fraction(1, 8): "an eighth",
    Fraction(1, 10): "a tenth",
}
_FRACTIONS_BY_WORD: Final = {word: value for value, word in _FRACTION_WORDS.items()}


class Slot(Protocol):
    """One drawn value of a family: how it is drawn, written and read."""

    @property
    def pattern(self) -> str:
        """Regular expression without groups that matches everything `write` can produce."""

    def draw(self, rng: random.Random) -> Fraction | str:
        """Draw a value: a number, or a word."""

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write a drawn value as text; the form may vary."""

    def read(self, text: str) -> Fraction | str:
        """Read back a value from what `write` produced."""


def _draw_stepwise(low: str, high: str, step: str, rng: random.Random) -> Fraction:
    steps = int((Fraction(high) - Fraction(low)) / Fraction(step))
    return Fraction(low) + Fraction(step) * rng.randrange(steps + 1)


@dataclass(frozen=True)
class Int:
    """A whole number from low to high in steps; written in digits, small ones also as words."""

    low: int
    high: int
    step: int = 1
    pattern = r"(?:\d[\d,]*|" + "|".join(NUMBER_WORDS[2:]) + ")"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return Fraction(rng.randrange(self.low, self.high + 1, self.step))

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write as digits, or as a word for 2 to 12 one time in three."""
        number = int(value)
        if 2 <= number < len(NUMBER_WORDS) and rng.random() < 1 / 3:
            return NUMBER_WORDS[number]
        return f"{number:,}"

    def read(self, text: str) -> Fraction:
        """Read digits or a number word."""
        if text.lower() in NUMBER_WORDS:
            return Fraction(NUMBER_WORDS.index(text.lower()))
        return Fraction(text.replace(",", ""))


@dataclass(frozen=True)
class Money:
    """An amount of dollars from low to high in steps, such as Money("0.50", "4", "0.25")."""

    low: str
    high: str
    step: str = "1"
    pattern = r"\$\d[\d,]*(?:\.\d\d)?"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return _draw_stepwise(self.low, self.high, self.step, rng)

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write with cents only where there are any."""
        amount = Fraction(value)
        return f"${int(amount):,}" if amount.denominator == 1 else f"${float(amount):,.2f}"

    def read(self, text: str) -> Fraction:
        """Read an amount with its dollar sign."""
        return Fraction(text.lstrip("$").replace(",", ""))


@dataclass(frozen=True)
class Measure:
    """A measured amount that may have decimals, such as Measure("0.5", "3", "0.25")."""

    low: str
    high: str
    step: str
    pattern = r"\d[\d,]*(?:\.\d+)?"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return _draw_stepwise(self.low, self.high, self.step, rng)

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write with as many decimals as it has."""
        return f"{float(Fraction(value)):,.10g}"

    def read(self, text: str) -> Fraction:
        """Read digits."""
        return Fraction(text.replace(",", ""))


@dataclass(frozen=True)
class Percent:
    """A percentage from low to high in steps; its value is the share (25% is 1/4)."""

    low: int
    high: int
    step: int = 5
    pattern = r"\d+(?:%| percent)"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return Fraction(rng.randrange(self.low, self.high + 1, self.step), 100)

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write as "25%" or "25 percent"."""
        return f"{int(Fraction(value) * 100)}{rng.choice(('%', '%', ' percent'))}"

    def read(self, text: str) -> Fraction:
        """Read either form."""
        return Fraction(int(text.removesuffix("%").removesuffix(" percent")), 100)


@dataclass(frozen=True)
class Share:
    """A simple fraction, one of those given as "1/4"; written in words or as digits.

    The words are "half", "a third", "two thirds" and so on, so the template says
    "gives {share} of the plums to ...".
    """

    choices: tuple[str, ...]
    pattern = r"(?:\d/\d+|" + "|".join(sorted(_FRACTIONS_BY_WORD, key=len, reverse=True)) + ")"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw one of the choices."""
        return Fraction(rng.choice(self.choices))

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write in words two times in three."""
        share = Fraction(value)
        if share in _FRACTION_WORDS and rng.random() < 2 / 3:
            return _FRACTION_WORDS[share]
        return f"{share.numerator}/{share.denominator}"

    def read(self, text: str) -> Fraction:
        """Read words or digits."""
        words = _FRACTIONS_BY_WORD.get(text.lower())
        return words if words is not None else Fraction(text)


@dataclass(frozen=True)
class Times:
    """A small multiple: "twice", "three times"; the template says "{k} as many as"."""

    high: int = 5
    pattern = r"(?:twice|(?:" + "|".join(NUMBER_WORDS[3:]) + ") times)"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw 2 to high."""
        return Fraction(rng.randint(2, self.high))

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write in words."""
        return "twice" if value == 2 else f"{NUMBER_WORDS[int(value)]} times"

    def read(self, text: str) -> Fraction:
        """Read the words."""
        word = text.lower()
        return Fraction(2 if word == "twice" else NUMBER_WORDS.index(word.removesuffix(" times")))


@dataclass(frozen=True)
class Minutes:
    """A duration; its value is minutes, written "45 minutes" or "1 hour and 15 minutes"."""

    low: int
    high: int
    step: int = 5
    pattern = r"(?:\d+ hours?(?: and \d+ minutes)?|\d+ minutes)"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return Fraction(rng.randrange(self.low, self.high + 1, self.step))

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write in minutes below an hour, and in hours and minutes half of the time above."""
        minutes = int(value)
        hours, rest = divmod(minutes, 60)
        if minutes < 60 or rng.random() < 1 / 2:
            return f"{minutes} minutes"
        text = f"{hours} hour{'s' if hours > 1 else ''}"
        return f"{text} and {rest} minutes" if rest else text

    def read(self, text: str) -> Fraction:
        """Read either form, in minutes."""
        numbers = [int(part) for part in re.findall(r"\d+", text)]
        if "hour" not in text:
            return Fraction(numbers[0])
        return Fraction(60 * numbers[0] + sum(numbers[1:]))


@dataclass(frozen=True)
class Clock:
    """A time of day, such as Clock("7:30 am", "9:00 am"); its value is minutes after midnight."""

    low: str
    high: str
    step: int = 5
    pattern = r"\d{1,2}:\d\d [ap]m"

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly, in steps of minutes."""
        low, high = int(self.read(self.low)), int(self.read(self.high))
        return Fraction(rng.randrange(low, high + 1, self.step))

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write on the twelve-hour clock: "2:05 pm"."""
        hours, minutes = divmod(int(value), 60)
        return f"{(hours - 1) % 12 + 1}:{minutes:02d} {'am' if hours < 12 else 'pm'}"

    def read(self, text: str) -> Fraction:
        """Read what `write` produced."""
        time, half = text.split(" ")
        hours, minutes = (int(part) for part in time.split(":"))
        return Fraction(60 * (hours % 12 + (12 if half.lower() == "pm" else 0)) + minutes)


@dataclass(frozen=True)
class Word:
    """A word or phrase, one of the choices; carries no number."""

    choices: tuple[str, ...]

    @cached_property
    def pattern(self) -> str:
        """Any of the choices."""
        longest_first = sorted(self.choices, key=len, reverse=True)
        return "(?:" + "|".join(re.escape(choice) for choice in longest_first) + ")"

    def draw(self, rng: random.Random) -> str:
        """Draw one of the choices."""
        return rng.choice(self.choices)

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write as it is."""
        return str(value)

    def read(self, text: str) -> str:
        """Read as it is."""
        return text
