"""Slots: the drawn values of a family, and how each kind is written in a text and read back."""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Final, Self

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
_ANY: Final = random.Random(0)
_RANGE: Final = re.compile(r"(.+?) to (.+?)(?: by (.+))?")


class Slot(ABC):
    """One drawn value of a family: how it is drawn, written and read."""

    @property
    @abstractmethod
    def pattern(self) -> str:
        """Regular expression without groups that matches everything `write` can produce."""

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """The slot from what follows its kind in a data file; ValueError if it is wrong."""

    @abstractmethod
    def draw(self, rng: random.Random) -> Fraction | str:
        """Draw a value: a number, or a word."""

    @abstractmethod
    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write a drawn value as text; the form may vary."""

    @abstractmethod
    def read(self, text: str) -> Fraction | str:
        """Read back a value from what `write` produced."""


@dataclass(frozen=True)
class Range(Slot):
    """A number from low to high in steps, in a data file "2 to 10 by 2"; "by 1" may be left out."""

    low: Fraction
    high: Fraction
    step: Fraction

    @classmethod
    def parse(cls, text: str) -> Self:
        """The range; its kind must be able to write both ends and the first step."""
        found = _RANGE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a range such as 2 to 10 by 2")
        low, high, step = (cls.number(part or "1") for part in found.groups())
        if low > high or step <= 0:
            raise ValueError(f"{text!r} does not go from a lower to a higher number in steps")
        slot = cls(low, high, step)
        if not all(slot.can_state(value) for value in (low, min(low + step, high), high)):
            raise ValueError(f"{text!r} has numbers that {cls.__name__.lower()} cannot write")
        return slot

    @classmethod
    def number(cls, text: str) -> Fraction:
        """An end or a step of the range as data files write it."""
        try:
            return Fraction(int(text) if text.isdecimal() else text)
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"{text!r} is not a number") from None

    def can_state(self, value: Fraction) -> bool:
        """Whether a number can be read back from how it is written."""
        try:
            text = self.write(value, _ANY)
        except IndexError:
            return False
        return bool(re.fullmatch(self.pattern, text)) and self.read(text) == value

    def draw(self, rng: random.Random) -> Fraction:
        """Draw uniformly."""
        return self.low + self.step * rng.randrange((self.high - self.low) // self.step + 1)


class Int(Range):
    """A whole number, written in digits, small ones also as words."""

    pattern = r"(?:\d[\d,]*|" + "|".join(NUMBER_WORDS[2:]) + ")"

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
        return Fraction(int(text.replace(",", "")))


class Digits(Range):
    """A whole number that is always written in plain digits, as in a formula."""

    pattern = r"\d+"

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write without separators."""
        return str(int(value))

    def read(self, text: str) -> Fraction:
        """Read digits."""
        return Fraction(int(text))


class Money(Range):
    """An amount of dollars, written with its sign."""

    pattern = r"\$\d[\d,]*(?:\.\d\d)?"

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write with cents only where there are any."""
        amount = Fraction(value)
        return f"${int(amount):,}" if amount.denominator == 1 else f"${float(amount):,.2f}"

    def read(self, text: str) -> Fraction:
        """Read an amount with its dollar sign."""
        return Fraction(text.lstrip("$").replace(",", ""))


class Measure(Range):
    """A measured amount that may have decimals."""

    pattern = r"\d[\d,]*(?:\.\d+)?"

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write with as many decimals as it has."""
        return f"{float(Fraction(value)):,.10g}"

    def read(self, text: str) -> Fraction:
        """Read digits."""
        return Fraction(text.replace(",", ""))


class Percent(Range):
    """A percentage, in a data file 10 to 50; its value is the share (25 is 1/4)."""

    pattern = r"\d+(?:%| percent)"

    @classmethod
    def number(cls, text: str) -> Fraction:
        """The share that a number of percent is."""
        return super().number(text) / 100

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write as "25%" or "25 percent"."""
        return f"{int(Fraction(value) * 100)}{rng.choice(('%', '%', ' percent'))}"

    def read(self, text: str) -> Fraction:
        """Read either form."""
        return Fraction(int(text.removesuffix("%").removesuffix(" percent")), 100)


class Times(Range):
    """A multiple of 2 to 12: "twice", "three times"; the template says "{k} as many as"."""

    pattern = r"(?:twice|(?:" + "|".join(NUMBER_WORDS[3:]) + ") times)"

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write in words."""
        return "twice" if value == 2 else f"{NUMBER_WORDS[int(value)]} times"

    def read(self, text: str) -> Fraction:
        """Read the words."""
        word = text.lower()
        return Fraction(2 if word == "twice" else NUMBER_WORDS.index(word.removesuffix(" times")))


class Minutes(Range):
    """A duration; its value is minutes, written "45 minutes" or "1 hour and 15 minutes"."""

    pattern = r"(?:\d+ hours?(?: and \d+ minutes)?|\d+ minutes)"

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


class Clock(Range):
    """A time of day, in a data file "7:30 am to 9:00 am by 5"; its value is minutes after midnight.

    Steps are minutes.
    """

    pattern = r"\d{1,2}:\d\d [ap]m"

    @classmethod
    def number(cls, text: str) -> Fraction:
        """Minutes of a time of day such as 7:30 am, or of a step."""
        return _minutes(text) if re.fullmatch(cls.pattern, text) else super().number(text)

    def write(self, value: Fraction | str, rng: random.Random) -> str:
        """Write on the twelve-hour clock: "2:05 pm"."""
        hours, minutes = divmod(int(value), 60)
        return f"{(hours - 1) % 12 + 1}:{minutes:02d} {'am' if hours < 12 else 'pm'}"

    def read(self, text: str) -> Fraction:
        """Read what `write` produced."""
        return _minutes(text)


def _minutes(text: str) -> Fraction:
    """Minutes after midnight of a time on the twelve-hour clock."""
    time, half = text.split(" ")
    hours, minutes = (int(part) for part in time.split(":"))
    return Fraction(60 * (hours % 12 + (12 if half.lower() == "pm" else 0)) + minutes)


@dataclass(frozen=True)
class Share(Slot):
    """A simple fraction, one of those given as "1/2 | 1/4"; written in words or as digits.

    The words are "half", "a third", "two thirds" and so on, so the template says
    "gives {share} of the plums to ...".
    """

    choices: tuple[Fraction, ...]
    pattern = r"(?:\d/\d+|" + "|".join(sorted(_FRACTIONS_BY_WORD, key=len, reverse=True)) + ")"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The fractions to choose from."""
        for choice in _choices(text):
            if not re.fullmatch(r"[1-9]/[1-9]\d*", choice):
                raise ValueError(f"{choice!r} is not a fraction such as 2/3")
        return cls(tuple(Fraction(choice) for choice in _choices(text)))

    def draw(self, rng: random.Random) -> Fraction:
        """Draw one of the choices."""
        return rng.choice(self.choices)

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
class Word(Slot):
    """A word or phrase, one of those given as "oak | ash"; carries no number."""

    choices: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """The words to choose from."""
        return cls(_choices(text))

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


def _choices(text: str) -> tuple[str, ...]:
    choices = tuple(choice.strip() for choice in text.split("|"))
    if not all(choices) or len(set(choices)) < len(choices):
        raise ValueError(f"{text!r} has an empty choice or one twice; write one | other | third")
    return choices


_KINDS: Final[Mapping[str, type[Slot]]] = {
    kind.__name__.lower(): kind
    for kind in (Int, Money, Measure, Percent, Times, Minutes, Clock, Share, Word, Digits)
}


@cache
def slot_of(text: str) -> Slot:
    """The slot that a data file gives as "int 2 to 10 by 2" or "word oak | ash".

    Raises:
        ValueError: There is no such kind, or what follows does not fit it.
    """
    kind, _, rest = text.partition(" ")
    if kind not in _KINDS:
        raise ValueError(f"no slot is of kind {kind!r}; there are {', '.join(_KINDS)}")
    return _KINDS[kind].parse(rest)
