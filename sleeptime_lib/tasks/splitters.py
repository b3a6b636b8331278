"""Cut a text into sentences, and a word problem into a context and a question.

Both splitters have one signature, text -> (context, question), so that results compare:

- `clean` (default) cuts between sentences. It loses nothing: without whitespace, context and
  question joined are the text.
- `paper` is the rule of the paper's released data (arXiv 2504.13171, section 4.1): cut at every
  ".", which breaks decimals and abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal

SplitterName = Literal["clean", "paper"]
Split = tuple[str, str]

_TERMINATORS: Final = re.compile(r"[.!?…]+|\n\s*")
CLOSERS: Final = "\"'”’»)]}*_"
_OPENERS: Final = re.compile(r"[\"'“‘«(\[{*_]{0,3}")
_SPACE: Final = re.compile(r"\s*")
_WORD_BEFORE: Final = re.compile(r"[^\W\d_][\w.'’-]*\Z")
_WORD_AFTER: Final = re.compile(r"[^\W_][\w'’-]{0,30}")
_SPEAKER: Final = re.compile(
    r"(?:[^\W\d_][\w'’-]{0,30} ){1,2}(?:asked|said|says|asks|replied|wondered|told|added)\b"
)
_ITEM: Final = re.compile(r"[-*•]\s|[0-9]{1,2}[.)]\s")
_ITEM_MARK: Final = re.compile(r"\W*[0-9]{1,2}\Z")
_WINDOW: Final = 24
"""Characters looked at before a period: enough for any abbreviation, and keeps time linear."""

_TITLES: Final = frozenset(
    "dr mr mrs ms mx prof rev hon gen col sgt capt lt messrs mt approx ca cf vs e.g i.e nos fig "
    "figs eq pp vol".split()
)
"""Abbreviations that something always follows: a period after them ends no sentence."""

_UNITS: Final = frozenset(
    "a.m p.m etc min max hr hrs sec secs oz lb lbs in ft yd yds mi mph km cm mm kg gal qt pt tsp "
    "tbsp inc ltd co corp dept est ph.d m.d a.d b.c jan feb mar apr jun jul aug sept oct nov dec "
    "mon tue tues wed thu thurs fri al".split()
)
"""Abbreviations that end a sentence when a capital follows, unless it is a day or a month."""

_PLACES: Final = frozenset("u.s u.k u.s.a e.u d.c st ave blvd jr sr".split())
"""Abbreviations that names follow: they end a sentence only before a word that starts one."""

_CALENDAR: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december eastern pacific".split()
)

_STARTERS: Final = frozenset(
    "a after all also an and as at because before both but by calculate compute determine during "
    "each every express find finally for from give given he her his how if in it its let no now "
    "of on one our round she since so some that the their then there these they this those to "
    "today tomorrow two under until we what when where which while who whose why with you "
    "your".split()
)
"""Words that start sentences and are no surnames: "vitamin C. How many" against "J. Howard"."""

_ASKING: Final = (
    "calculate|compute|determine|find|work out|figure out|evaluate|estimate|solve|tell me|"
    "tell us|how (?:many|much|long|far|old|fast|tall|often)|what (?:is|are|was|were|will|would)"
)
_ASKS: Final = re.compile(
    rf"[\W_]*+(?:(?:now|then|next|so|please|finally|also|and|hence|therefore|using this),? )*"
    rf"(?:please )?(?:{_ASKING})\b"
    rf"|.{{0,400}}, (?:then )?(?:please )?(?:calculate|compute|determine|find|work out)\b",
    re.IGNORECASE | re.DOTALL,
)
_MOST_NOTES: Final = 2


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text into its sentences, stripped; nothing but whitespace is lost.

    Decimals, money, currencies, abbreviations, initials, quotes followed by their speaker and
    numbered items stay whole; list items and blank lines end a sentence. Takes linear time.
    """
    return tuple(text[start:end].strip() for start, end in _spans(text))


def split_clean(text: str) -> Split:
    """Cut a word problem between its context and its question.

    The question begins at the last sentence that asks (a question mark, or an imperative such as
    "Calculate ..."), together with the asking sentences directly before it, and runs to the end,
    so that a note after it ("Round to the nearest dollar.") stays with it. When no sentence asks,
    or more than two sentences follow the last that does, the question is the last sentence. A
    problem of one sentence has an empty context.
    """
    spans = _spans(text)
    if not spans:
        return "", ""
    asking = [asks(text[start:end].strip()) for start, end in spans]
    first = len(spans) - 1
    for index in range(len(spans) - 1, max(len(spans) - 2 - _MOST_NOTES, -1), -1):
        if asking[index]:
            first = index
            break
    while asking[first] and first > 0 and asking[first - 1]:
        first -= 1
    cut = spans[first][0]
    return text[:cut].strip(), text[cut:].strip()


def split_paper(text: str) -> Split:
    """Cut a word problem by the rule of the paper's released data, faults included.

    The text is cut at every ".", the pieces are trimmed and rejoined with ". "; the last piece is
    the question, without its period. A problem of one sentence has the context ".".
    """
    pieces = [piece.strip() for piece in text.split(".") if piece.strip()]
    if not pieces:
        return "", ""
    return ". ".join(pieces[:-1]) + ".", pieces[-1]


SPLITTERS: Final[dict[SplitterName, Callable[[str], Split]]] = {
    "clean": split_clean,
    "paper": split_paper,
}


def cut_differently(text: str) -> bool:
    """Whether the two splitters give different texts, apart from spacing and the last period.

    A decimal that `paper` breaks ("$0.7" -> "$0. 7") counts, wherever it stands.
    """
    return _bare(split_clean(text)) != _bare(split_paper(text))


def _bare(split: Split) -> list[str]:
    return [" ".join(part.split()).rstrip(". ") for part in split]


def asks(sentence: str) -> bool:
    """Whether a sentence asks: by a question mark, or an imperative such as "Calculate ..."."""
    return sentence.rstrip(CLOSERS).endswith("?") or _ASKS.match(sentence) is not None


def _spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, covering all but whitespace between them."""
    spans = []
    start = 0
    for end in _ends(text):
        if text[start:end].strip():
            spans.append((start, end))
            start = end
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans


def _ends(text: str) -> Iterator[int]:
    start = 0
    for found in _TERMINATORS.finditer(text):
        end = found.end()
        if found.group()[0] == "\n":
            ends = _line_ends_sentence(text, found)
        else:
            while end < len(text) and text[end] in CLOSERS:
                end += 1
            ends = mark_ends_sentence(text, start, found, end)
        if ends:
            yield end
            start = end


def _line_ends_sentence(text: str, found: re.Match[str]) -> bool:
    """Whether a line break ends a sentence: before a blank line, a list item, or a new sentence."""
    if found.group().count("\n") > 1 or _ITEM.match(text, found.end()):
        return True
    word = _WORD_AFTER.match(text, found.end())
    return word is not None and word[0][0].isupper() and word[0].lower() in _STARTERS


def mark_ends_sentence(text: str, start: int, found: re.Match[str], end: int) -> bool:
    """Whether `found`, with closing quotes up to `end`, ends a sentence begun at `start`."""
    mark, at = found.group(), found.start()
    if end == len(text):
        return True
    if not text[end].isspace():
        return end == found.end() and _space_is_missing(text, at, end)
    following = _OPENERS.match(text, _SPACE.match(text, end).end()).end()  # type: ignore[union-attr]
    found_word = _WORD_AFTER.match(text, following)
    word = found_word[0] if found_word else ""
    closed = end > found.end()
    if closed and (word[:1].islower() or _SPEAKER.match(text, following)):
        return False
    if mark == ".":
        return _period_ends_sentence(text, max(start, at - _WINDOW), at, word) or (
            word[:1].islower() and _ASKS.match(text, following) is not None
        )
    return not word[:1].islower() or "?" in mark


def _space_is_missing(text: str, at: int, end: int) -> bool:
    """Whether a sentence starts right behind the mark: "for 2 weeks.How many", not "3.5"."""
    before, after = text[max(at - 2, 0) : at], text[end : end + 2]
    ended = before[-1:].isdigit() or (len(before) == 2 and before.isalpha() and before.islower())
    return ended and len(after) == 2 and after[0].isupper() and after[1].islower()


def _period_ends_sentence(text: str, window: int, at: int, word: str) -> bool:
    """Whether the period at `at` ends a sentence, when `word` follows ("" for a symbol)."""
    before = text[window:at]
    if _ITEM_MARK.match(before):
        return False
    found = _WORD_BEFORE.search(before)
    last = found[0] if found else ""
    key, following = last.lower(), word.lower()
    starts = word[:1].isupper()
    if key in _TITLES or (key == "no" and word[:1].isdigit()):
        return False
    if key in _PLACES:
        return starts and following in _STARTERS
    if key in _UNITS:
        return not word or (starts and following not in _CALENDAR)
    if len(last) == 1 and last.isupper() and starts:
        earlier = before[:-1].split()
        name = not earlier or earlier[-1][0].isupper() or earlier[-1] == "by"
        initials = len(word) == 1 and word not in ("A", "I")
        return not initials and (following in _STARTERS or not name)
    if word[:1].islower():
        return before[-1:].isdigit() or len(last) > 4
    return True
