"""How probable a question is after its context, from the log-probabilities of a text's tokens.

Context and question are scored as one text. Tokens do not keep to the boundary between them: a
token that holds any character of the question counts to the question. White space belongs to
neither: a token of white space alone counts to the question where the context has ended.

Servers differ in how they write tokens. Texts of tokens are laid along the prompt without white
space and its marks in vocabularies, since some servers lose it; characters that were cut into bytes
may be unreadable; tokens that servers put in front are no part of the text. Where texts do not fit,
places are taken where the server tells them; otherwise the reply is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Call, Prompt
from sleeptime_lib.models.replies import NEEDS_LOGPROBS
from sleeptime_lib.records import TokenLogprob

SCORED: Final = Prompt("question-after-context", 1, "{context} {question}")
"""What is scored: plain text, as a base model reads it."""

ORDINARY: Final = ("A jar holds 3 red beads and 2 blue ones.", "How many beads are in the jar?")
"""A context and a question that every server scores which scores any; no row has its score."""

_SPACE: Final = re.compile(r"[\s\u2581\u0120\u010a\u0109]+")
"""White space, and the characters by which vocabularies mark it."""
_CUT: Final = re.compile("\N{REPLACEMENT CHARACTER}+|^bytes:.*")
"""What is shown in place of a piece of a character."""
_MOST_IN_FRONT: Final = 3
"""Tokens that servers put in front of a text, such as a mark of its beginning."""

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a question's tokens say.

    Attributes:
        logprob: Natural logarithm of the question's probability after its context.
        tokens: Tokens that this is the sum of. Without a context the text's first token has no
            probability and is left out.
    """

    logprob: float
    tokens: int

    @property
    def per_token(self) -> float:
        """Mean log-probability of a token."""
        return self.logprob / self.tokens


def text_of(context: str, question: str) -> str:
    """The text to score; without a context the question alone."""
    return SCORED.text.format(context=context.strip(), question=question.strip()).strip()


async def ask(call: Call, context: str, question: str) -> Scored:
    """Score a question by one call.

    A server that does not score this text may score others: it refuses what the text says, or
    writes a token so that it cannot be found again. So it is given an ordinary text before a run
    is given up.

    Raises:
        CallError: The call failed, or this question cannot be scored.
        StopRun: The server scores no texts; the message names those that do.
    """
    try:
        return await _asked(call, context, question)
    except CallError as error:
        if error.kind == "no_logprobs" and (reason := await _why_not(call)):
            raise StopRun(f"{call.model} cannot score questions there: {reason}") from None
        raise


async def _asked(call: Call, context: str, question: str) -> Scored:
    return score(await call.logprobs(text_of(context, question)), context, question)


async def _why_not(call: Call) -> str:
    """Why the server scores no ordinary text either; "" where it does, or cannot be asked."""
    try:
        await _asked(call, *ORDINARY)
    except CallError as error:
        return error.message if error.kind == "no_logprobs" else ""
    return ""


def score(tokens: Sequence[TokenLogprob], context: str, question: str) -> Scored:
    """Add up the tokens that count to the question.

    Args:
        tokens: Of all of `text_of(context, question)`, in order.
        context: The context; may be empty.
        question: The question.

    Raises:
        CallError: The tokens cannot be laid along the text, or none of the question has a
            probability.
    """
    context, text = context.strip(), text_of(context, question)
    ends = len(_bare(context))
    inside = _by_text([token.token for token in tokens], _bare(text))
    begins = ends
    if inside is None:
        inside = _by_offset(tokens, len(text))
        ends, begins = len(context), len(text) - len(question.strip())
    if inside is None:
        raise CallError(
            "no_logprobs",
            f"the {len(tokens):,} tokens that the server scored do not make up the text that was "
            f"sent, and it does not tell their places; {NEEDS_LOGPROBS}",
        )
    values = [
        token.logprob
        for token, (start, stop) in zip(tokens, inside, strict=True)
        if (stop > begins or start >= ends) and token.logprob is not None
    ]
    if not values:
        raise CallError(
            "no_logprobs", "the question is one token with no context before it: nothing to score"
        )
    return Scored(sum(values), len(values))


def _bare(text: str) -> str:
    return _SPACE.sub("", text)


def _by_text(tokens: Sequence[str], text: str) -> list[_Span] | None:
    """Where each token lies in a text without white space; None where they do not make it up."""
    bare = [_bare(token) for token in tokens]
    for front in range(min(_MOST_IN_FRONT, len(bare)) + 1):
        if (spans := _laid(bare[front:], text)) is not None:
            return [(-1, -1)] * front + spans
    return None


def _laid(tokens: Sequence[str], text: str) -> list[_Span] | None:
    starts: list[int] = []
    stops: list[int] = []
    at, unread = 0, 0  # tokens before this one that end where the next readable piece begins
    for token in tokens:
        starts.append(at)
        readable = [token] if text.startswith(token, at) and not unread else _CUT.split(token)
        is_cut = unread > 0
        for number, piece in enumerate(readable):
            is_cut |= number > 0
            if not piece:
                continue
            place = text.find(piece, at) if is_cut else at
            # Only characters of several bytes are cut.
            if place < at or not text.startswith(piece, place) or _has_ascii(text[at:place]):
                return None
            if unread:
                stops[-unread:] = [place] * unread
            at, unread, is_cut = place + len(piece), 0, False
        stops.append(at)
        unread = unread + 1 if is_cut else 0
    if unread:
        if _has_ascii(text[at:]):
            return None
        stops[-unread:] = [len(text)] * unread
        at = len(text)
    return list(zip(starts, stops, strict=True)) if at == len(text) else None


def _has_ascii(text: str) -> bool:
    return any(character.isascii() for character in text)


def _by_offset(tokens: Sequence[TokenLogprob], length: int) -> list[_Span] | None:
    """Where each token lies as the server says; None where it does not, or cannot know.

    Places that only add up the lengths of texts that do not fit are worth nothing.
    """
    places = [token.offset for token in tokens if token.offset is not None]
    if len(places) < len(tokens) or not places or places[0] != 0:
        return None
    stops = [*places[1:], length]
    steps = [stop - start for start, stop in zip(places, stops, strict=True)]
    if min(steps) < 0 or steps[:-1] == [len(token.token) for token in tokens[:-1]]:
        return None
    return list(zip(places, stops, strict=True))
