"""Numbers as people and models write them, read exactly.

Read: decimals, signs (also the Unicode minus), currency and percent signs, thousands separators
(comma, thin and plain space, apostrophe, Indian grouping), fractions, mixed numbers, powers,
`1.2e3`, `1.2 × 10^3`, "1.5 million", the LaTeX forms of all these, and number words. Not
read: the decimal comma ("3,5"), which English text cannot tell from a list.

Every pattern is bounded or possessive, so that time is linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

_MOST_DIGITS: Final = 1000
_MOST_BITS: Final = 4 * _MOST_DIGITS


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text.

    Attributes:
        value: Its exact value; of a percentage the number before the sign ("75%" is 75).
        percent: Whether a percent sign follows.
        start: Index of its first character in the text searched.
        end: Index behind its last character.
    """

    value: Fraction
    percent: bool
    start: int
    end: int

    def __str__(self) -> str:
        """Plain decimal, or a fraction where the decimal does not end; with any percent sign."""
        return decimal_text(self.value) + ("%" if self.percent else "")


_CURRENCIES: Final = "$€£¥₣₤₩₪₫₦₱₲₴₹₺₽฿"
_SCALES: Final = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_INTEGER: Final = r"""(?:
      [1-9][0-9]{0,2}(?P<sep>[, '’\u00a0\u2009\u202f])[0-9]{3}(?:(?P=sep)[0-9]{3}){0,99}(?![0-9])
    | [1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}(?![0-9])
    | [0-9]++
)"""
_NUMBER: Final = re.compile(
    rf"""
    (?<![0-9A-Za-z_^])(?<![0-9][.])
    (?:(?<![0-9A-Za-z)\]}}%.])(?P<sign>[-+]))?
    (?:[{_CURRENCIES}]{{1,2}}[ ]?(?P<inner_sign>-)?)?
    (?:
        (?P<whole>[0-9]++)[ ](?:and[ ])?(?P<top>[0-9]++)[ ]?/[ ]?(?P<bottom>[0-9]++)(?![ ]?/)
      | (?P<digits>{_INTEGER}(?:[.][0-9]++)?|[.][0-9]++)
        (?:
            [eE](?P<exponent>[-+]?[0-9]{{1,3}})(?![0-9A-Za-z])
          | [ ]?[×x*·][ ]?10\^[{{(]?(?P<power>[-+]?[0-9]{{1,3}})[)}}]?
          | \^[{{(]?(?P<raised>[-+]?[0-9]{{1,3}})[)}}]?
          | [ ]?/[ ]?(?P<divisor>[0-9]++(?:,[0-9]{{3}}){{0,5}}(?:[.][0-9]++)?)(?![ ]?/)
          | [ ](?P<scale>(?i:{"|".join(_SCALES)}))\b
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
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        found.extend(_read(match))
    return found


@lru_cache(maxsize=4096)  # the right answer is parsed again for every reply to a question
def parse_number(text: str) -> Number | None:
    """The number that makes up the whole text, or None.

    A currency sign, a percent sign and a final period are allowed, units and words are not.
    """
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
    negative = match["sign"] == "-" or match["inner_sign"] == "-"
    percent = match["percent"] is not None
    values = [(_plain_value(match), *match.span())] if match["digits"] else _mixed_values(match)
    return [
        Number(
            -value if negative and start == match.start() else value,
            percent and end == match.end(),
            start,
            end,
        )
        for value, start, end in values
        if value is not None and max(_bits(value)) <= _MOST_BITS
    ]


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
_ONE_WORD: Final = "|".join([*_WORD_VALUES, *_SCALES])
_NUMBER_WORDS: Final = re.compile(
    rf"\b(?P<sign>minus |negative )?(?P<words>(?:an? (?={'|'.join(_SCALES)}))?(?:{_ONE_WORD})\b"
    rf"(?:(?:[ -]| and )(?:{_ONE_WORD})\b){{0,20}})(?P<half> and a half\b)?",
    re.IGNORECASE,
)


def find_number_words(text: str) -> list[Number]:
    """All numbers written in words ("seven", "minus two hundred and five"), in order."""
    found = []
    for match in _NUMBER_WORDS.finditer(text):
        value = _words_value(re.split(r"[\s,-]+", match["words"].lower()))
        value += Fraction(1, 2) if match["half"] else 0
        found.append(Number(-value if match["sign"] else value, False, *match.span()))
    return found


def _words_value(words: list[str]) -> Fraction:
    total = group = 0
    for word in words:
        if word in _WORD_VALUES:
            group += _WORD_VALUES[word]
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in _SCALES:
            total, group = total + max(group, 1) * _SCALES[word], 0
    return Fraction(total + group)
