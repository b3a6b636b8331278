r"""Cut a contest problem in LaTeX into a context and a question (Stateful AIME, section 4.1).

The last statement is the question. Where it asks nothing and a statement before it does ("Find the
number of rectangles. The diagram shows three of them."), that one is moved to the end. A problem of
one statement has an empty context. Figures in `[asy]` code are left out, as they can give away the
answer.

A statement ends with a sentence outside of mathematics. Nothing within `$...$`, `$$...$$`,
`\(...\)`, `\[...\]` or an environment ends one; a formula whose last character is a period ends it
where a capital follows ("\[x + y = 3.\] Find ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.tasks.splitters import CLOSERS, asks, mark_ends_sentence

_FIGURE: Final = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.IGNORECASE | re.DOTALL)
_DELIMITER: Final = re.compile(
    r"\\\\|\\\$|\$\$?|\\[()\[\]]|\\(?P<side>begin|end)\s?\{(?P<name>[^{}]{1,40})\}"
)
_CLOSING: Final = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_MARK: Final = re.compile(r"[.!?…]+")
_SPACE: Final = re.compile(r"\s+")
_CAPITAL: Final = re.compile(r"\s*(?:[A-Z][a-z]+|[AI])\b")
_ASKING: Final = re.compile(
    r"\s*(?:Find|Compute|Determine|Evaluate|Calculate|What|How many|Which)\b"
)
_ENDS_IN_FORMULA: Final = re.compile(r"[.!?]\s*(?:\\end\s?\{[^{}]*\}|\\[\])]|\${1,2})\Z")
_FORMULA: Final = "M"
_MOST_BEHIND: Final = 2
"""Statements that may stand behind the one that asks."""


@dataclass(frozen=True, slots=True)
class LatexSplit:
    """A problem cut in two.

    Attributes:
        context: All statements but the question; empty where there is no other.
        question: The statement that asks.
        figure: Whether a figure was left out.
    """

    context: str
    question: str
    figure: bool


def has_figure(problem: str) -> bool:
    """Whether a text has a figure in `[asy]` code."""
    return _FIGURE.search(problem) is not None


def split_latex(problem: str) -> LatexSplit:
    """Cut a problem between its context and its question."""
    text, figures = _FIGURE.subn("\n\n", problem)
    text = text.strip()
    spans = _spans(text)
    if not spans:
        return LatexSplit("", "", bool(figures))
    recent = range(len(spans) - 1, max(len(spans) - 2 - _MOST_BEHIND, -1), -1)
    asking = (index for index in recent if _asks(text[slice(*spans[index])]))
    start, end = spans[next(asking, len(spans) - 1)]
    parts = (text[:start].strip(), text[end:].strip())
    return LatexSplit(" ".join(filter(None, parts)), text[start:end].strip(), bool(figures))


def statements(text: str) -> tuple[str, ...]:
    """The statements of a text without figures, stripped; only whitespace between them is lost."""
    return tuple(text[start:end].strip() for start, end in _spans(text))


def _asks(statement: str) -> bool:
    return asks(re.sub(r"(?:\$|\\[)\]])+\Z", "", statement.strip()))


def _spans(text: str) -> list[tuple[int, int]]:
    formulas = _formulas(text)
    plain = _without(text, formulas)
    spans = []
    start = 0
    for end in sorted({*_paragraph_ends(plain), *_formula_ends(text, formulas), len(text)}):
        for cut in (*_sentence_ends(plain, start, end), end):
            if text[start:cut].strip():
                spans.append((start, cut))
                start = cut
    return spans


def _formulas(text: str) -> list[tuple[int, int]]:
    """Where mathematics and environments begin and end; what is never closed is none."""
    marks = list(_DELIMITER.finditer(text))
    last = {_key(mark): mark.start() for mark in marks}
    found: list[tuple[int, int]] = []
    begun: tuple[int, str] | None = None
    depth = 0
    for mark in marks:
        key = _key(mark)
        if begun is None:
            closing = _CLOSING.get(key) or (
                f"end {mark['name']}" if mark["side"] == "begin" else None
            )
            if closing and last.get(closing, -1) > mark.start():
                begun, depth = (mark.start(), closing), 1
        else:  # "$$" within "$" ends one formula and begins the next: nothing changes
            depth += key == begun[1].replace("end ", "begin ") != begun[1]
            depth -= key == begun[1]
            if not depth:
                found.append((begun[0], mark.end()))
                begun = None
    return found


def _key(mark: re.Match[str]) -> str:
    return f"{mark['side']} {mark['name']}" if mark["side"] else mark[0]


def _without(text: str, formulas: list[tuple[int, int]]) -> str:
    """The text with every formula written as a name of the same length."""
    pieces, done = [], 0
    for start, end in formulas:
        pieces += [text[done:start], _FORMULA * (end - start)]
        done = end
    return "".join(pieces) + text[done:]


def _paragraph_ends(plain: str) -> Iterator[int]:
    """Blank lines before a new sentence; what follows a colon is a list, unless it asks."""
    for found in _SPACE.finditer(plain):
        if found[0].count("\n") > 1:
            goes_on = plain[found.start() - 1 : found.start()] in (":", ",", ";")
            formula = plain.startswith(_FORMULA, found.end())
            behind = (_ASKING if goes_on else _CAPITAL).match(plain, found.end())
            if behind or (formula and not goes_on):
                yield found.start()


def _formula_ends(text: str, formulas: list[tuple[int, int]]) -> Iterator[int]:
    """Ends of formulas that end a statement."""
    for start, end in formulas:
        displayed = not text.startswith(("\\(", "$"), start) or text.startswith("$$", start)
        stopped = _ENDS_IN_FORMULA.search(text, max(start, end - 60), end)
        if (stopped and _CAPITAL.match(text, end)) or (displayed and _ASKING.match(text, end)):
            yield end


def _sentence_ends(plain: str, start: int, end: int) -> Iterator[int]:
    """Ends of sentences within a part of the text."""
    for found in _MARK.finditer(plain, start, end):
        after = found.end()
        while after < end and plain[after] in CLOSERS:
            after += 1
        if mark_ends_sentence(plain, start, found, after):
            yield after
            start = after
