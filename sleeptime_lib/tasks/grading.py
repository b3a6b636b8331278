r"""Read the answer from a model's reply and compare it with the gold number.

Values are compared exactly, whatever their format: "12.00" is 12, "3/4" is 0.75, "1.2e3" is 1200.
An answer with several readings is right in each of them: "75%" answers a gold 75 and a gold 0.75,
because a question for a percentage has the gold 75 and a question for a share the gold 0.75; "5
hours and 30 minutes" answers 5.5 and 330. The plain numbers 75 and 0.75 differ. So that no reading
is lost between the two steps, what is read keeps its units where they matter (see `numerals`).

Where the answer stands, in order of preference:

1. The last explicit final answer: "the answer is ...", "Answer: ...", `\boxed{...}`, "#### ...",
   the field `answer` of JSON. Of its statement, the right side of an equation, the result of a
   calculation ("1/2 of 20, that is 10"), or else the first number.
2. The last sentence with numbers. Of it, the right side of the last equation, or else the last
   number; conclusions ("so ...") before the rest, reasons ("because ...") and numbers beside the
   point ("than 28", "out of 10", "$12 in total for 3 books") only where nothing else is left.

Parentheses, dates, clock times, ordinals, list numbers and labels ("step 3") are looked at only
where nothing else is left. Number words count where the final statement has no digits. A number
that is denied ("not 12") is no answer, and neither is a choice ("either 10 or 12", "10 or 12").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.numerals import (
    Number,
    find_number_words,
    find_numbers,
    parse_number,
    plain_text,
)
from sleeptime_lib.tasks.splitters import sentences

_LONGEST_REPLY: Final = 20_000
"""Characters read, from the end: an answer stands there, and a runaway reply costs no time."""
_LONGEST_STATEMENT: Final = 300
_MOST_STATEMENTS: Final = 50
"""Characters read of an explicit answer, and such answers tried: keeps time linear."""

_ANSWER_IS: Final = re.compile(
    r"(?:\b(?:the|my|our|your|final|correct|numerical|exact)[ ]|^[^\w\n]{0,20}|[,.;!?][ ]|<)"
    r"(?:final[ ]|correct[ ])?(?:answer|final[ ]result)"
    r"(?:[ ]?[:=>]|[ ]-[ ]|[^\w\n]{0,5}$"
    r"|(?:[^\w.\n][^.\n:=]{0,80}?)??(?<!not)(?<!n't)"
    r"[ ](?:is|was|are|be|equals|becomes)\b(?![ ]not\b))"
    r"[\s:>*]{0,20}",
    re.IGNORECASE | re.MULTILINE,
)
_BOXED: Final = re.compile(
    r"\\f?box(?:ed)?[ ]?\{(?P<content>(?:[^{}]|\{[^{}]{0,100}\}){0,300}+)(?:\}|\Z)"
)
_JSON_FIELD: Final = re.compile(
    r"""["'](?:final|correct|numerical)?[ _]?answer["'][ ]?:\s{0,20}"""
    r"""(?P<content>"[^"\n]{0,300}"|'[^'\n]{0,300}'|\[[^]\n]{0,100}\]|[^,}\n]{1,100})""",
    re.IGNORECASE,
)
_HASHES: Final = re.compile(
    r"^[ ]{0,3}####[ ]?+(?![0-9]{1,2}[.)][ ])(?P<content>[^A-Za-z\n]{1,100})", re.MULTILINE
)
_REASONING: Final = re.compile(
    r"[^\w$]{0,10}(?:first|to|step|we|let|start|since|given|if|initially|next|here)\b",
    re.IGNORECASE,
)
"""How a derivation starts that stands under a heading "Answer:"."""
_UNKNOWN: Final = re.compile(
    r"\bno answer\b|\bunknown\b|\bn/a\b|\bnone\b|\bnull\b|\bundetermined\b"
    r"|\bnot enough information\b|\b(?:can ?not|can't|impossible to|not) (?:be )?"
    r"(?:answer|calculat|comput|determin|know|solv)",
    re.IGNORECASE,
)

_HEAD_END: Final = re.compile(r"[;\n]|[.,](?=\s|\Z)|\b(?:because|since|which|where|as)\b")
_MOST_LEADING_WORDS: Final = 4
_CONCLUSION: Final = re.compile(
    r"\b(?:so|therefore|thus|hence|meaning|means|leaving|leaves|giving)\b", re.IGNORECASE
)
_REASON: Final = re.compile(r"\b(?:because|since|if|when|while|given)\b", re.IGNORECASE)
_ASIDE: Final = re.compile(
    r"\b(?:(?:than|per|at|from|out of|after|before|instead of|compared (?:to|with))"
    r"(?: the| all| her| his)?|(?:of|for|with)(?: all)? (?:the|these|those|her|his|their)"
    r"|(?:in total|in all|altogether|overall) (?:for|in|on|over|from|with|by|among|at)(?: all)?"
    r"|(?:dollars|euros|cents)(?: each| more| less)? (?:for|on)(?: all)?) \Z"
    r"|[$€£][0-9][0-9,.]{0,12}(?: each| more| less)? (?:for|on)(?: all)? \Z",
    re.IGNORECASE,
)
"""What stands directly before a number that is beside the point: "$12 in total for 3 books"."""
_DENIED: Final = re.compile(
    r"(?:\bneither|\bnor|\bnot|n't|\bcannot|\bnever)(?: be| equal| to| exactly| the| just){0,3} "
    r"(?:[0-9][0-9,.]{0,12} n?or )?\Z",
    re.IGNORECASE,
)
"""What stands directly before a number that is said not to be the answer."""
_SHARE_OF: Final = re.compile(r" of(?: the| all| his| her| their)? ")
_COUNTED: Final = re.compile(
    r"\b(?:half|third|quarter|twice|double|triple|sum|difference|product)(?: of)?(?: the)? \Z",
    re.IGNORECASE,
)
_SAID_AGAIN: Final = re.compile(
    r"\b(?:(?:that|which|this|it) (?:is|equals|makes|gives|comes to)|that's|or|so|hence|thus"
    r"|therefore|giving|making|meaning)\b[ ,:]*|\bi[.]e[.][ ,]*",
    re.IGNORECASE,
)
"""What stands between a calculation and its result: "1/2 of 20, that is 10"."""
_OFFER: Final = re.compile(
    r"\W*(?:let me know|feel free|would you like|shall i|do you want|i hope|hope this|"
    r"if you (?:need|want|have|would))\b",
    re.IGNORECASE,
)
"""How a sentence starts that speaks to the reader and says nothing about the problem."""
_EQUALS: Final = re.compile(r"[=≈]|\bequals?\b|\bequal to\b", re.IGNORECASE)
_OPERATOR: Final = re.compile(
    r"(?:(?<![A-Za-z])[-+*/×÷x·^]|\b(?:times|plus|minus|multiplied by|divided by))[ ]?\(?\Z",
    re.IGNORECASE,
)
_CHOICE: Final = re.compile(r"[ ,]{1,3}or[ ]{1,3}")
_EITHER: Final = re.compile(r"\beither\b", re.IGNORECASE)
_MONTH: Final = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_NOISE: Final = re.compile(
    rf"""
      \b[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}\b                        # 2024-05-12
    | \b[0-9]{{1,2}}[-/][0-9]{{1,2}}[-/][0-9]{{4}}\b                        # 12/05/2024
    | \b[0-9]{{1,2}}(?:st|nd|rd|th)?[ ]{_MONTH}\b(?:,?[ ][0-9]{{4}}\b)?     # 12 May 2024
    | \b{_MONTH}[ ][0-9]{{1,2}}(?:st|nd|rd|th)?\b(?:,?[ ][0-9]{{4}}\b)?     # May 12, 2024
    | \b[0-9]{{1,2}}:[0-9]{{2}}\b                                           # 3:45
    | \b[0-9]++(?:st|nd|rd|th)\b                                            # 5th
    | \b[0-9]++-(?=[a-z]{{2}})                                              # 12-inch
    | \b(?i:steps?|parts?|questions?|problems?|exercise|example|equations?|figures?|tables?|pages?
        |chapter|section|options?|choice|notes?|method|rule|lines?)[ ][#]?[0-9]++   # step 3
    | \#[0-9]++                                                             # #3
    """,
    re.VERBOSE,
)
_LIST_NUMBER: Final = re.compile(r"^[ ]{0,8}\(?[0-9]{1,2}[.)](?=[ ]+[^ \n])")


class _NoAnswerError(Exception):
    """The reply says that it has no answer, denies one, or leaves it open between two."""


def extract_answer(reply: str) -> str | None:
    """The number a reply gives as its answer, or None when it gives none.

    Returns:
        Text that `is_correct` reads without loss: a plain decimal ("1234.5") or, where the decimal
        does not end, a fraction ("1/3"); for a number with several readings its form with units:
        "75%", "5 hours 30 minutes", "2 hours (120 minutes)", "3 dozen".
    """
    text = plain_text(reply[-_LONGEST_REPLY:])
    try:
        found = (
            _declared(text) or _last_stated(text, denoise=True) or _last_stated(text, denoise=False)
        )
    except _NoAnswerError:
        return None
    return str(found) if found else None


def is_correct(prediction: str | None, gold: str) -> bool:
    """Whether a prediction equals the gold number exactly, in whatever format either is written.

    Of several readings of one of them, any may be the other's value.

    Args:
        prediction: What `extract_answer` returned, or any text that is one number; None and other
            text are wrong.
        gold: The gold number; also as "1,234", "$5", "3/4", "75%" or "5 hours 30 minutes".

    Raises:
        InputError: The gold answer is not a number.
    """
    right = parse_number(gold)
    if right is None:
        raise InputError(f"the gold answer {gold!r} is not a number; write it like 1234.5")
    given = None if prediction is None else parse_number(prediction)
    return given is not None and given.equals(right)


def _declared(text: str) -> Number | None:
    """The number in the last explicit answer that has one."""
    for statement in _explicit_statements(text):
        number = _stated(statement)
        if number:
            return number
        if _UNKNOWN.search(statement):
            raise _NoAnswerError
    return None


def _explicit_statements(text: str) -> Iterator[str]:
    """What the reply declares to be its answer, the last declaration first."""
    found = [
        (match.start(), match["content"])
        for pattern in (_BOXED, _HASHES, _JSON_FIELD)
        for match in pattern.finditer(text)
    ]
    for match in _ANSWER_IS.finditer(text):
        content = text[match.end() : match.end() + _LONGEST_STATEMENT]
        if not _REASONING.match(content):
            found.append((match.start(), content.partition("\n")[0]))
    for _, statement in sorted(found, reverse=True)[:_MOST_STATEMENTS]:
        yield statement


def _stated(statement: str) -> Number | None:
    """The number in a declared answer: its first, or the result of its calculation."""
    plain = _without_parentheses(_denoised(statement))
    found = find_numbers(plain)
    head = plain[: _head_end(plain, found)]
    numbers = [n for n in found if n.end <= len(head) and not _stands_before(n, head, _DENIED)]
    if not numbers:
        if _UNKNOWN.search(head):
            raise _NoAnswerError
        words = _spelled_numbers(head)
        if words:
            return _decided(head, words, words[0])
        return _from_sentence(plain) or _from_sentence(statement)
    if _is_calculation(head, numbers):
        again = _SAID_AGAIN.search(plain, numbers[0].end)
        result = _result(head, numbers) or (_stated(plain[again.end() :]) if again else None)
        if result:
            return result
    before = head[: numbers[0].start].split()
    if len(before) > _MOST_LEADING_WORDS or "that" in before or _continues(head, numbers):
        return _result(head, numbers) or _from_sentence(plain)
    return _result(head, numbers) or _decided(head, numbers, numbers[0])


def _head_end(statement: str, numbers: Sequence[Number]) -> int:
    """Where the answer ends and its explanation begins; never within a number ("1 hour, 5 ...")."""
    ends = (match.start() for match in _HEAD_END.finditer(statement))
    apart = (end for end in ends if not any(n.start < end < n.end for n in numbers))
    return next(apart, len(statement))


def _last_stated(text: str, *, denoise: bool) -> Number | None:
    """The number in the last sentence that has one, in digits or, concluding, in words."""
    spelled = not re.search("[0-9]", text)
    for line in reversed(text.splitlines()):
        for sentence in reversed(sentences(line)):
            if denoise and _OFFER.match(sentence):
                continue
            bare = _LIST_NUMBER.sub(" ", _denoised(sentence)) if denoise else sentence
            number = _from_sentence(bare)
            if number:
                return number
            if _UNKNOWN.search(sentence) or find_numbers(bare):  # the numbers are all denied
                raise _NoAnswerError
            words = _spelled_numbers(sentence)
            if words and (spelled or _CONCLUSION.match(sentence)):
                return _decided(sentence, words, words[-1])
    return None


def _from_sentence(sentence: str) -> Number | None:
    for text in (_without_parentheses(sentence), sentence):
        for clause in reversed(_CONCLUSION.split(text)):
            numbers = _numbers(clause)
            if numbers:
                number = _result(clause, numbers) or _main_number(clause, numbers)
                return _decided(clause, numbers, number)
    return None


def _numbers(text: str) -> list[Number]:
    """The numbers in digits that are not denied."""
    return [n for n in find_numbers(text) if not _stands_before(n, text, _DENIED)]


def _stands_before(number: Number, text: str, pattern: re.Pattern[str]) -> bool:
    return pattern.search(text, max(number.start - 40, 0), number.start) is not None


def _decided(text: str, numbers: Sequence[Number], number: Number) -> Number:
    """The number, unless it is one of two to choose from ("either 10 or 12", "10 or 12").

    Raises:
        _NoAnswerError: It is.
    """
    for one, other in pairwise(numbers):
        if number in (one, other) and not one.equals(other):
            between = text[one.end : other.start]
            if _CHOICE.fullmatch(between) or (
                " or " in between and _stands_before(one, text, _EITHER)
            ):
                raise _NoAnswerError
    return number


def _main_number(clause: str, numbers: Sequence[Number]) -> Number:
    """The last number that is no part of a reason given behind, beside the point, or a share."""
    reason = _REASON.search(clause, numbers[0].end)
    stated = [number for number in numbers if reason is None or number.end <= reason.start()]
    shares = {n.start for pair in pairwise(stated) if _is_share(clause, *pair) for n in pair}
    last = None
    for number in reversed(stated):
        if not _stands_before(number, clause, _ASIDE):
            if number.start not in shares:
                return number
            last = last or number
    return last or stated[-1]


def _result(clause: str, numbers: Sequence[Number]) -> Number | None:
    """The number right of the last equals sign, unless an unfinished calculation stands there."""
    signs = list(_EQUALS.finditer(clause))
    if not signs:
        return None
    right = [number for number in numbers if number.start >= signs[-1].end()]
    return None if not right or _continues(clause, right) else right[0]


def _is_calculation(text: str, numbers: list[Number]) -> bool:
    """Whether the first number is calculated with: "3 times 4", "half of 20", "20% of 60"."""
    return (
        _continues(text, numbers)
        or _stands_before(numbers[0], text, _COUNTED)
        or (len(numbers) > 1 and _is_share(text, numbers[0], numbers[1]))
    )


def _continues(text: str, numbers: list[Number]) -> bool:
    """Whether an operator stands between the first number and the second."""
    if len(numbers) < 2:
        return False
    return _OPERATOR.search(text[numbers[0].end : numbers[1].start]) is not None


def _is_share(text: str, one: Number, other: Number) -> bool:
    """Whether a fraction or percentage is taken of another number."""
    is_part = one.value.denominator > 1 or text[one.start : one.end].endswith(("%", "cent"))
    return is_part and _SHARE_OF.fullmatch(text, one.end, other.start) is not None


def _spelled_numbers(text: str) -> list[Number]:
    """Numbers in words; a lone "one" is one only in a text of at most three words."""
    short = len(text.split()) <= 3
    return [
        number
        for number in find_number_words(text)
        if short or text[number.start : number.end].lower() != "one"
    ]


def _without_parentheses(text: str) -> str:
    """The text with parenthesised parts blanked; one that is part of a number or open stays."""
    within = [n for n in find_numbers(text) if "(" in text[n.start : n.end]] if "(" in text else []
    openings, blanks = [], []
    for match in re.finditer(r"[()\[\]]", text):
        if match[0] in "([":
            openings.append(match.start())
        elif openings:
            start = openings.pop()
            if not openings and not any(n.start < start < n.end for n in within):
                blanks.append((start, match.end()))
    pieces, done = [], 0
    for start, end in blanks:
        pieces += [text[done:start], " " * (end - start)]
        done = end
    return "".join(pieces) + text[done:]


def _denoised(text: str) -> str:
    return _NOISE.sub(lambda found: " " * len(found[0]), text)
