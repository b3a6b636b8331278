r"""Read the answer from a model's reply and compare it with the gold number.

Values are compared exactly, whatever their format: "12.00" is 12, "3/4" is 0.75, "1.2e3" is 1200.
A percentage equals its number and its value: "75%" answers a gold 75 and a gold 0.75, because a
question for a percentage has the gold 75 and a question for a share the gold 0.75; the plain
numbers 75 and 0.75 differ.

Where the answer stands, in order of preference:

1. The last explicit final answer: "the answer is ...", "Answer: ...", `\boxed{...}`, "#### ...".
   Of its statement, the right side of an equation, or else the first number.
2. The last sentence with numbers. Of it, the right side of the last equation, or else the last
   number; conclusions ("so ...") before the rest, reasons ("because ...") and numbers beside the
   point ("than 28", "out of 10", "for the 4 tickets") only where nothing else is left.

Parentheses, dates, clock times, ordinals, list numbers and labels ("step 3") are looked at only
where nothing else is left. Number words count where the final statement has no digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    r"|(?:[^\w.\n][^.\n:=]{0,80}?)??[ ](?:is|was|are|be|equals|becomes)\b(?![ ]not\b))"
    r"[\s:>*]{0,20}",
    re.IGNORECASE | re.MULTILINE,
)
_BOXED: Final = re.compile(
    r"\\f?box(?:ed)?[ ]?\{(?P<content>(?:[^{}]|\{[^{}]{0,100}\}){0,300}+)(?:\}|\Z)"
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
    r"\bno answer\b|\bunknown\b|\bn/a\b|\bnone\b|\bundetermined\b|\bnot enough information\b"
    r"|\b(?:can ?not|can't|impossible to|not) (?:be )?"
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
    r"(?: the| all| her| his)?|(?:of|for|with)(?: all)? (?:the|these|those|her|his|their)) \Z",
    re.IGNORECASE,
)
"""What stands directly before a number that is beside the point: "for the 4 tickets"."""
_OFFER: Final = re.compile(
    r"\W*(?:let me know|feel free|would you like|shall i|do you want|i hope|hope this|"
    r"if you (?:need|want|have|would))\b",
    re.IGNORECASE,
)
"""How a sentence starts that speaks to the reader and says nothing about the problem."""
_EQUALS: Final = re.compile(r"[=≈]|\bequals?\b|\bequal to\b", re.IGNORECASE)
_OPERATOR: Final = re.compile(r"(?<![A-Za-z])[-+*/×÷x·^][ ]?\(?\Z")
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
_PAPER_NUMBER: Final = re.compile(r"-?(?:[$0-9.,]{2,}|[0-9]+)")


def extract_answer(reply: str) -> str | None:
    """The number a reply gives as its answer, or None when it gives none.

    Returns:
        A plain decimal ("1234.5"), or a fraction where the decimal does not end ("1/3"), followed
        by "%" where the reply has a percent sign: text that `is_correct` reads without loss.
    """
    text = plain_text(reply[-_LONGEST_REPLY:])
    for statement in _explicit_statements(text):
        number = _stated(statement)
        if number:
            return str(number)
        if _UNKNOWN.search(statement):
            return None
    found = _last_stated(text, denoise=True) or _last_stated(text, denoise=False)
    return str(found) if found else None


def is_correct(prediction: str | None, gold: str) -> bool:
    """Whether a prediction equals the gold number exactly, in whatever format either is written.

    Args:
        prediction: What `extract_answer` returned, or any text that is one number; None and other
            text are wrong.
        gold: The gold number; also as "1,234", "$5", "3/4" or "75%".

    Raises:
        InputError: The gold answer is not a number.
    """
    right = parse_number(gold)
    if right is None:
        raise InputError(f"the gold answer {gold!r} is not a number; write it like 1234.5")
    given = None if prediction is None else parse_number(prediction)
    if given is None:
        return False
    if given.percent == right.percent:
        return given.value == right.value
    percentage, number = (given, right) if given.percent else (right, given)
    return number.value in (percentage.value, percentage.value / 100)


def paper_grade(reply: str, gold: str) -> bool:
    """The paper's released grader, faults included, for comparison.

    The last number of the reply, without "$", "," and periods at its ends, is compared as a string
    with the gold answer treated alike.
    """
    numbers = _PAPER_NUMBER.findall(reply)
    last = _paper_form(numbers[-1]) if numbers else reply
    return last == _paper_form(gold)


def _paper_form(number: str) -> str:
    return number.replace("$", "").replace(",", "").strip(".")


def _explicit_statements(text: str) -> Iterator[str]:
    """What the reply declares to be its answer, the last declaration first."""
    found = [
        (match.start(), match["content"])
        for pattern in (_BOXED, _HASHES)
        for match in pattern.finditer(text)
    ]
    for match in _ANSWER_IS.finditer(text):
        content = text[match.end() : match.end() + _LONGEST_STATEMENT]
        if not _REASONING.match(content):
            found.append((match.start(), content.partition("\n")[0]))
    for _, statement in sorted(found, reverse=True)[:_MOST_STATEMENTS]:
        yield statement


def _stated(statement: str) -> Number | None:
    """The number in a declared answer: its first, or the right side of its equation."""
    plain = _without_parentheses(_denoised(statement))
    head = _HEAD_END.split(plain, maxsplit=1)[0]
    numbers = find_numbers(head)
    if not numbers:
        if _UNKNOWN.search(head):
            return None
        words = _spelled_numbers(head)
        return words[0] if words else _from_sentence(plain) or _from_sentence(statement)
    before = head[: numbers[0].start].split()
    if len(before) > _MOST_LEADING_WORDS or "that" in before or _continues(head, numbers):
        return _result(head) or _from_sentence(plain)
    return _result(head) or numbers[0]


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
            if _UNKNOWN.search(sentence):
                return None
            words = _spelled_numbers(sentence)
            if words and (spelled or _CONCLUSION.match(sentence)):
                return words[-1]
    return None


def _from_sentence(sentence: str) -> Number | None:
    for text in (_without_parentheses(sentence), sentence):
        for clause in reversed(_CONCLUSION.split(text)):
            numbers = find_numbers(clause)
            if numbers:
                return _result(clause) or _main_numbers(clause, numbers)[-1]
    return None


def _main_numbers(clause: str, numbers: list[Number]) -> list[Number]:
    """The numbers that are neither part of a reason given behind nor beside the point."""
    reason = _REASON.search(clause, numbers[0].end)
    stated = [number for number in numbers if reason is None or number.end <= reason.start()]
    main = [
        number
        for number in stated
        if not _ASIDE.search(clause, max(number.start - 30, 0), number.start)
    ]
    return main or stated


def _result(clause: str) -> Number | None:
    """The number right of the last equals sign, unless an unfinished calculation stands there."""
    signs = list(_EQUALS.finditer(clause))
    if not signs:
        return None
    right = [number for number in find_numbers(clause) if number.start >= signs[-1].end()]
    return None if not right or _continues(clause, right) else right[0]


def _continues(text: str, numbers: list[Number]) -> bool:
    """Whether an operator stands between the first number and the second."""
    if len(numbers) < 2:
        return False
    return _OPERATOR.search(text[numbers[0].end : numbers[1].start]) is not None


def _spelled_numbers(text: str) -> list[Number]:
    """Numbers in words; a lone "one" is one only in a text of at most three words."""
    short = len(text.split()) <= 3
    return [
        number
        for number in find_number_words(text)
        if short or text[number.start : number.end].lower() != "one"
    ]


def _without_parentheses(text: str) -> str:
    """The text with parenthesised parts blanked; a parenthesis never closed stays."""
    openings, blanks = [], []
    for match in re.finditer(r"[()\[\]]", text):
        if match[0] in "([":
            openings.append(match.start())
        elif openings:
            start = openings.pop()
            if not openings:
                blanks.append((start, match.end()))
    pieces, done = [], 0
    for start, end in blanks:
        pieces += [text[done:start], " " * (end - start)]
        done = end
    return "".join(pieces) + text[done:]


def _denoised(text: str) -> str:
    return _NOISE.sub(lambda found: " " * len(found[0]), text)
