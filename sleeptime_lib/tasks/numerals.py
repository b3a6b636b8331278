"""Numbers as people and models write them, read exactly.

Read: decimals, signs (also the Unicode minus), currency and percent signs, thousands separators
(comma, thin and plain space, apostrophe, Indian grouping), fractions, mixed numbers, powers,
`1.2e3`, `1.2 × 10^3`, "1.5 million", "12k", the LaTeX forms of all these, number words, and
amounts in several units. Not read: the decimal comma ("3,5"), which English text cannot tell from
a list.

Where a question may ask for either unit, a number has several readings: "75%" is 75 and 0.75, "5
hours and 30 minutes" is 5.5 and 330, "2 hours (120 minutes)" is 2 and 120, "3 dozen" is 36 and 3.
An amount of money has one, however it is written: "12 dollars and 50 cents" is "$12.50".

Every pattern is bounded or possessive, so that time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

_MOST_DIGITS: Final = 1000
_MOST_BITS: Final = 4 * _MOST_DIGITS


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text.

    Attributes:
        value: Its exact value; of a percentage the number before the sign, of an amount in several
            units the value in the first one.
        start: Index of its first character in the text searched.
        end: Index behind its last character.
        also: Its other readings: the share that a percentage is, the value in the other units.
        written: The text that keeps all readings ("75%", "5 hours 30 minutes"); "" for a number
            with one reading.
    """

    value: Fraction
    start: int
    end: int
    also: tuple[Fraction, ...] = ()
    written: str = ""

    def __str__(self) -> str:
        """Text that `parse_number` reads back: a decimal, or a fraction if that does not end."""
        return self.written or decimal_text(self.value)

    def equals(self, other: Number) -> bool:
        """Whether a plain number is a reading of the other, or both have the same readings."""
        mine, others = {self.value, *self.also}, {other.value, *other.also}
        return mine == others if self.also and other.also else not mine.isdisjoint(others)


_CURRENCIES: Final = "$€£¥₣₤₩₪₫₦₱₲₴₹₺₽฿"
_SCALES: Final = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_LETTERS: Final = {"k": 10**3, "m": 10**6, "b": 10**9}
"""First letters of scales written behind a number: "12k", and of money "$3M" and "$2bn"."""
_MINUS: Final = r"""(?i:negative|(?:
      (?<![\w)%][ ]) | (?<=\b(?:is|to|be|at|of|by|or)[ ]) | (?<=\b(?:are|was|get)[ ])
    )minus)[ ]"""
"""A sign in words; behind a number or a noun, "minus" is a subtraction."""
_INTEGER: Final = r"""(?:
      [1-9][0-9]{0,2}(?P<sep>[, '’\u00a0\u2009\u202f])[0-9]{3}(?:(?P=sep)[0-9]{3}){0,99}(?![0-9])
    | [1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}(?![0-9])
    | [0-9]++
)"""
_NUMBER: Final = re.compile(
    rf"""
    (?<![0-9A-Za-z_^])(?<![0-9][.])
    (?:(?<![0-9A-Za-z)\]}}%.])(?P<sign>[-+])|(?P<minus>{_MINUS}))?
    (?P<currency>[{_CURRENCIES}]{{1,2}}[ ]?(?P<inner_sign>-)?)?
    (?:
        (?P<whole>[0-9]++)[ ](?:and[ ])?(?P<top>[0-9]++)[ ]?/[ ]?(?P<bottom>[0-9]++)(?![ ]?/)
      | (?P<digits>{_INTEGER}(?:[.][0-9]++)?|[.][0-9]++)
        (?:
            [eE](?P<exponent>[-+]?[0-9]{{1,3}})(?![0-9A-Za-z])
          | [ ]?[×x*·][ ]?10\^[{{(]?(?P<power>[-+]?[0-9]{{1,3}})[)}}]?
          | \^[{{(]?(?P<raised>[-+]?[0-9]{{1,3}})[)}}]?
          | [ ]?/[ ]?(?P<divisor>[0-9]++(?:,[0-9]{{3}}){{0,5}}(?:[.][0-9]++)?)(?![ ]?/)
          | [ ](?P<scale>(?i:{"|".join(_SCALES)}))\b
          | (?P<letter>(?(currency)(?:[kKmMbB]|[mb]n)|[kK]))(?![0-9A-Za-z])
          | [ ](?P<dozen>dozens?)\b
          | [ ]and[ ]a[ ](?P<half>half)\b
        )?
    )
    (?P<percent>[ ]?%|[ ]per[ ]?cent\b)?
    """,
    re.VERBOSE,
)

_VULGARS: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5",
    "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_VULGAR: Final = re.compile(f"(?:([0-9])[ ]?)?([{''.join(_VULGARS)}])")
_CHARACTERS: Final = str.maketrans(
    {"−": "-", "–": "-", "‑": "-", "﹣": "-", "－": "-", "⁄": "/", "∕": "/", "`": " "}
)
_SUPERSCRIPTS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SUPERSCRIPT: Final = re.compile("[⁻⁰¹²³⁴-⁹]+")
_MARKUP: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\*\*|__", " "),
        (r"\\([$%#&_])", r"\1"),
        (r"\\[()\[\]]|\\(?:left|right|displaystyle)\b", " "),
        (r"\\[,;:! ]|\{,\}(?=[0-9])", "\u2009"),
        (r"\\(?:text|mathrm|mathbf|textbf|mbox)\{([^{}]{0,300})\}", r" \1 "),
        (r"\\(?:times|cdot)\b", "×"),
        (r"\\div\b", "/"),
        (r"\\approx\b", "≈"),
        (r"(?<=[0-9])\\[dt]?frac", r" \\frac"),
        (r"\\[dt]?frac\{ ?([-0-9.,]{1,40}) ?\}\{ ?([0-9.,]{1,40}) ?\}", r"\1/\2"),
        (r"\\[dt]?frac([0-9])([0-9])", r"\1/\2"),
        (r"=[ ]?-[ ](?=[0-9$])", "=-"),
    )
)

_MARKED: Final = re.compile(r"[\\*_{=]")
"""What every pattern of `_MARKUP` needs; most texts have none of it."""


def plain_text(text: str) -> str:
    """The text without Markdown emphasis and LaTeX wrapping; minus signs and fractions in ASCII."""
    if not text.isascii():
        text = text.translate(_CHARACTERS)
        text = _SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
        text = _VULGAR.sub(_spell_out, text)
    if _MARKED.search(text):
        for pattern, replacement in _MARKUP:
            text = pattern.sub(replacement, text)
    return text


def _spell_out(found: re.Match[str]) -> str:
    """Write "½" as "1/2", and "1½" as "1 1/2"."""
    return (f"{found[1]} " if found[1] else "") + _VULGARS[found[2]]


def find_numbers(text: str) -> list[Number]:
    """All numbers written in digits in a text that `plain_text` has made plain, in order."""
    found = [number for match in _NUMBER.finditer(text) for number in _read(match)]
    return _with_amounts(text, found, spelled=False)


@lru_cache(maxsize=4096)  # the right answer is parsed again for every reply to a question
def parse_number(text: str) -> Number | None:
    """The number that makes up the whole text, or None.

    A currency sign, a percent sign and a final period are allowed, units and words are not.
    """
    if len(text) > 4 * _MOST_DIGITS:
        return None
    plain = plain_text(text).strip()
    numbers = find_numbers(plain)
    if len(numbers) != 1 or numbers[0].start != 0:
        return None
    rest = plain[numbers[0].end :].strip(f". {_CURRENCIES}")
    return None if rest else numbers[0]


def decimal_text(value: Fraction) -> str:
    """Exact plain decimal without trailing zeros; "1/3" where the decimal does not end."""
    rest, places = value.denominator, 0
    for factor in (2, 5):
        power = 0
        while rest % factor == 0:
            rest, power = rest // factor, power + 1
        places = max(places, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _read(match: re.Match[str]) -> list[Number]:
    if match.end() - match.start() > 2 * _MOST_DIGITS:
        return []
    negative = "-" in (match["sign"], match["inner_sign"]) or match["minus"] is not None
    values = [(_plain_value(match), *match.span())] if match["digits"] else _mixed_values(match)
    numbers = []
    for value, start, end in values:
        if value is None or max(_bits(value)) > _MOST_BITS:
            continue
        signed = -value if negative and start == match.start() else value
        if match["percent"] and end == match.end():
            number = Number(signed, start, end, (signed / 100,), f"{decimal_text(signed)}%")
        elif match["dozen"]:
            number = Number(signed * 12, start, end, (signed,), f"{decimal_text(signed)} dozen")
        else:
            number = Number(signed, start, end)
        numbers.append(number)
    return numbers


def _bits(value: Fraction) -> tuple[int, int]:
    return value.numerator.bit_length(), value.denominator.bit_length()


def _plain_value(match: re.Match[str]) -> Fraction | None:
    value = _digits_value(match["digits"])
    if match["exponent"] or match["power"]:
        value *= Fraction(10) ** int(match["exponent"] or match["power"])
    elif match["raised"]:
        power = int(match["raised"])
        return value**power if value and abs(power) * max(_bits(value)) <= _MOST_BITS else None
    elif match["divisor"]:
        divisor = _digits_value(match["divisor"])
        return value / divisor if divisor else None
    elif match["scale"]:
        value *= _SCALES[match["scale"].lower()]
    elif match["letter"]:
        value *= _LETTERS[match["letter"][0].lower()]
    elif match["half"]:
        value += Fraction(1, 2)
    return value


def _digits_value(digits: str) -> Fraction:
    whole, _, decimals = re.sub("[^0-9.]", "", digits).partition(".")
    return Fraction(int(whole + decimals or "0"), 10 ** len(decimals))


def _mixed_values(match: re.Match[str]) -> list[tuple[Fraction | None, int, int]]:
    """A mixed number ("1 1/2"), or a number and a fraction side by side ("12 6/3")."""
    whole, top, bottom = (int(match[name]) for name in ("whole", "top", "bottom"))
    if 0 < top < bottom:
        return [(whole + Fraction(top, bottom), *match.span())]
    fraction = Fraction(top, bottom) if bottom else None
    return [
        (Fraction(whole), match.start(), match.end("whole")),
        (fraction, match.start("top"), match.end()),
    ]


_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORD_VALUES: Final = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_ONE_WORD: Final = "|".join([*_WORD_VALUES, *_SCALES, "dozen"])
_NUMBER_WORDS: Final = re.compile(
    rf"\b(?P<sign>minus |negative )?"
    rf"(?P<words>(?:(?:half )?an? (?={'|'.join(_SCALES)}|dozen))?(?:{_ONE_WORD})\b"
    rf"(?:(?:[ -]| and )(?:{_ONE_WORD})\b){{0,20}})(?P<half> and a half\b)?",
    re.IGNORECASE,
)


def find_number_words(text: str) -> list[Number]:
    """All numbers written in words ("seven", "minus two hundred and five"), in order."""
    found = []
    for match in _NUMBER_WORDS.finditer(text):
        value = _words_value(match["words"])
        value += Fraction(1, 2) if match["half"] else 0
        found.append(Number(-value if match["sign"] else value, *match.span()))
    return _with_amounts(text, found, spelled=True)


def _words_value(words: str) -> Fraction:
    total: Fraction = Fraction(0)
    group: Fraction = Fraction(0)
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _WORD_VALUES:
            group += _WORD_VALUES[word]
        elif word in ("hundred", "dozen"):
            group = (group or Fraction(1)) * (100 if word == "hundred" else 12)
        elif word in _SCALES:
            total, group = total + (group or Fraction(1)) * _SCALES[word], Fraction(0)
        elif word == "half":
            group = Fraction(1, 2)
    return total + group


_MONEY: Final = {"dollar": 100, "buck": 100, "euro": 100, "pound": 100, "cent": 1, "pence": 1}
_MEASURES: Final[tuple[Mapping[str, int], ...]] = (
    {"week": 604_800, "day": 86_400, "hour": 3600, "hr": 3600, "h": 3600, "minute": 60, "min": 60,
     "m": 60, "second": 1, "sec": 1, "s": 1},
    {"year": 12, "yr": 12, "month": 1},
    {"mile": 63_360, "yard": 36, "yd": 36, "foot": 12, "feet": 12, "ft": 12, "inch": 1},
    {"kilometer": 10**6, "kilometre": 10**6, "km": 10**6, "meter": 1000, "metre": 1000, "m": 1000,
     "centimeter": 10, "centimetre": 10, "cm": 10, "millimeter": 1, "millimetre": 1, "mm": 1},
    {"pound": 16, "lb": 16, "ounce": 1, "oz": 1},
    {"kilogram": 1000, "kilo": 1000, "kg": 1000, "gram": 1, "g": 1},
    {"gallon": 16, "quart": 4, "pint": 2, "cup": 1},
    {"liter": 1000, "litre": 1000, "l": 1000, "milliliter": 1, "millilitre": 1, "ml": 1},
    _MONEY,
)  # fmt: skip
"""Units by what they measure, each with its size in the smallest of them."""

_UNIT: Final = "|".join(sorted({name for measure in _MEASURES for name in measure}, reverse=True))
_COUNT: Final = (
    rf"[0-9][0-9,]{{0,20}}+(?:[.][0-9]{{1,20}}+)?|(?:{_ONE_WORD})(?:[ -](?:{_ONE_WORD}))?"
)
_PART: Final = re.compile(
    rf"[{_CURRENCIES}](?P<money>{_COUNT})"
    rf"|(?P<count>{_COUNT}|an?)[ -]{{0,3}}(?P<unit>{_UNIT})(?P<plural>e?s)?(?![A-Za-z])",
    re.IGNORECASE,
)
_ANY_PART: Final = rf"(?:{re.sub('[?]P<[a-z]+>', '?:', _PART.pattern)})"
_MORE: Final = rf"(?:(?:,?[ ]{{1,3}}(?:and|&)|,)?[ ]{{0,3}}{_ANY_PART}){{1,3}}"
_AGAIN: Final = r"(?:or|=|that is|which is|i[.]e[.]),?[ ]"
_AMOUNT: Final = re.compile(
    rf"(?<![0-9A-Za-z_^.,-])(?P<first>{_ANY_PART}(?P<more>{_MORE})?)"
    rf"(?:[ ]\((?:{_AGAIN})?(?P<inside>{_ANY_PART}(?:{_MORE})?)\)"
    rf"|,?[ ]{_AGAIN}(?P<behind>{_ANY_PART}(?:{_MORE})?))?",
    re.IGNORECASE,
)


class _Amount(NamedTuple):
    """An amount as it stands in a text.

    Attributes:
        readings: How much it is, in each of its units.
        total: The same in the smallest unit of its measure.
        written: The amount with its counts as decimals ("5 hours 30 minutes").
    """

    readings: list[Fraction]
    total: Fraction
    written: str


def _with_amounts(text: str, numbers: list[Number], *, spelled: bool) -> list[Number]:
    """The numbers, but one for each amount in several units; `spelled` takes those in words."""
    amounts = [
        amount
        for match in _AMOUNT.finditer(text)
        if (match["more"] or match["inside"] or match["behind"])
        and spelled != bool(re.search("[0-9]", match[0]))
        and (amount := _amount(match))
    ]
    if not amounts:
        return numbers
    covered = {at for amount in amounts for at in range(amount.start, amount.end)}
    alone = [number for number in numbers if number.start not in covered]
    return sorted([*alone, *amounts], key=lambda number: number.start)


def _amount(match: re.Match[str]) -> Number | None:
    """An amount of several parts, or one that is said again in another unit."""
    for measure in _MEASURES:
        first = _in_units(match["first"], measure)
        again = _in_units(match["inside"] or match["behind"] or "", measure)
        if first is None:
            continue
        readings, written, end = first.readings, first.written, match.end("first")
        if again and again.total == first.total:
            readings = list(dict.fromkeys(first.readings + again.readings))
            written, end = f"{first.written} ({again.written})", match.end()
        elif measure is _MONEY:
            readings, written = readings[:1], ""
        if match["more"] or len(readings) > 1:
            return Number(readings[0], match.start(), end, tuple(readings[1:]), written)
    return None


def _in_units(text: str, measure: Mapping[str, int]) -> _Amount | None:
    """An amount in units of this measure, the larger units first; None for any other text."""
    sizes: list[int] = []
    total, written = Fraction(0), []
    for part in _PART.finditer(text):
        count, unit = _count(part["money"] or part["count"]), part["unit"] or "dollar"
        size = measure.get(unit.lower(), 0)
        if not size or (sizes and count * size >= sizes[-1]):
            return None
        sizes.append(size)
        total += count * size
        written.append(f"{decimal_text(count)} {unit}{part['plural'] or ''}")
    return _Amount([total / size for size in sizes], total, " ".join(written)) if sizes else None


def _count(written: str) -> Fraction:
    if written[0].isdigit():
        return _digits_value(written)
    return Fraction(1) if written.lower() in ("a", "an") else _words_value(written)
