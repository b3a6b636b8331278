"""What a run has spent, in a file of its own: a cache that is lost or deleted hides nothing.

One line of JSON for each attempt that is sent, before it leaves, and one for its end:

    {"sent":[3658,0],"checksum":1472811906}
    {"ended":[3658,0],"used":[310,0,null,42,0],"beyond":[0,0,0],"checksum":147668166}

`sent` and `ended` hold the worst case that was reserved, in tokens and billionths of USD; `used`
the prompt, cached, written, completion and reasoning tokens; `beyond` what may have come on top:
calls that are not known to have been billed, tokens, billionths of USD. An attempt without an end
was in flight at a kill, or its answer broke off. `before` in place of `ended` is what was spent
before there was such a file. A line that was cut or damaged is passed over: an end that is missing
leaves its attempt open, which counts for more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sleeptime_lib import sealed
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.models.ledger import NOTHING, Amount, Entry, Hold, Ledger, Shown, Spending
from sleeptime_lib.models.limits import Caps
from sleeptime_lib.models.prices import Price
from sleeptime_lib.models.requests import completion_bound
from sleeptime_lib.records import Reply, Request, Usage

_ENDED: Final = '{"%s":[%d,%d],"used":[%d,%d,%s,%d,%d],"beyond":[%d,%d,%d]}'
_BYTES_PER_TOKEN: Final = 3
"""Fewer than most texts have."""
_FEW_TOKENS: Final = 6
"""A reply of so few is an answer that may have been thought about out of sight."""


class Account:
    """The spending of one client: what it may spend, what it has spent, and the file on it.

    Args:
        caps: What it may spend.
        price: Price of the model, None when it is unknown.
        is_local: Whether the server is one that sends no bills. Then a reply without usage counts
            as its text is likely to, and else as the most that it may have taken.

    Attributes:
        ledger: Reserves what calls may cost.
        session: Spent since it was opened.
        before: Spent by earlier sessions.
    """

    def __init__(self, caps: Caps, price: Price | None, *, is_local: bool) -> None:
        self._caps = caps
        self._is_local = is_local
        self._log: SpendingLog | None = None
        self.ledger = Ledger(caps, price)
        self.session = NOTHING
        self.before = NOTHING

    def keep(self, cache_path: Path, in_cache: Spending) -> None:
        """Keep a file from now on, and book what earlier sessions have spent.

        The file is written before the cache is. Where the cache knows of more, the file is new or
        has lost something, and learns of it.

        Args:
            cache_path: The cache, beside which the file is.
            in_cache: What was spent by what the cache holds.

        Raises:
            InputError: The file cannot be used.
        """
        self._log = SpendingLog(cache_path.with_name(f"{cache_path.stem}.spending.jsonl"))
        entries = self._log.entries()
        self.before = self.ledger.resume(entries)
        gap = _missing(self.before.usage, in_cache.usage) if entries else in_cache
        if gap != NOTHING:
            self._log.ended(Amount(), gap, "before")
            self.before += self.ledger.resume([Entry("before", Amount(), gap)])
        # A reply may have been paid for and written down here, and not been stored before a kill.
        unstored = max(0, in_cache.unknown_calls - self.before.unknown_calls)
        self.before += Spending(unknown_calls=unstored)

    def sent(self, hold: Hold) -> None:
        """A call is about to leave.

        Raises:
            StopRun: It cannot be written down.
        """
        if self._log is not None:
            self._log.sent(hold.worst)

    def ended(self, hold: Hold, cost: Spending, *, is_lost: bool) -> None:
        """A call that was sent has ended, at a cost or, when it is lost, at one nobody knows."""
        self.session += cost
        self.ledger.settle(hold, self.ledger.actual(cost.usage) + cost.unknown, lost=is_lost)
        if self._log is not None and not is_lost:
            self._log.ended(hold.worst, cost)

    def bill(self, reply: Reply, hold: Hold, request: Request, content: bytes) -> Spending:
        """What a reply to a request, whose body is `content`, cost."""
        if not self._caps.are_set or (reply.usage.estimated and not self._is_local):
            return self.ledger.bill(reply.usage, hold)
        written = len(reply.text) + len(reply.reasoning)
        written += sum(len(call.name) + len(call.arguments) for call in reply.tool_calls)
        shown = Shown(len(content) // _BYTES_PER_TOKEN, written // _BYTES_PER_TOKEN)
        if reply.usage.estimated:
            most = completion_bound(request, self._caps.completion_bound)
            if reply.finish_reason == "length":
                shown = shown._replace(completion=most)
            elif reply.usage.completion <= _FEW_TOKENS:
                shown = shown._replace(allowed=most)
        return self.ledger.bill(reply.usage, hold, shown)

    @property
    def notices(self) -> list[str]:
        """One line for each thing the user should know."""
        told = [self.ledger.told_excess] if self.ledger.told_excess else []
        if self._log is not None and self._log.damaged:
            told.append(f"{self._log.damaged} lines of the file on what is spent were damaged")
        return told

    def close(self) -> None:
        """Close the file."""
        if self._log is not None:
            self._log.close()


def _missing(known: Usage, wanted: Usage) -> Spending:
    """What is to be added to a usage to make it as large as another."""
    if wanted.total <= known.total:
        return NOTHING
    names = ("prompt", "cached", "completion", "reasoning")
    return Spending(
        Usage(**{name: max(0, getattr(wanted, name) - getattr(known, name)) for name in names})
    )


class SpendingLog:
    """The file, open for writing. One process at a time: that of the cache beside it.

    Args:
        path: The file, made when missing.

    Attributes:
        damaged: Lines that were passed over.

    Raises:
        InputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            raise self._unusable(error) from None

    def entries(self) -> Sequence[Entry]:
        """All that was written, in order.

        Raises:
            InputError: It cannot be read.
        """
        try:
            lines = self._path.read_bytes().split(b"\n")
            if lines[-1]:
                os.write(self._file, b"\n")  # after a line that a kill cut off
        except OSError as error:
            raise self._unusable(error) from None
        right = [content for content in map(_content, lines) if content]
        self.damaged = len(lines) - len(right) - lines.count(b"")
        return [_entry(content) for content in right]

    def sent(self, worst: Amount) -> None:
        """An attempt is about to leave.

        Raises:
            StopRun: It cannot be written down.
        """
        try:
            self._write(f'{{"sent":[{worst.tokens},{worst.nano_usd}]}}')
        except OSError as error:
            raise StopRun(str(self._unusable(error))) from None

    def ended(self, worst: Amount, spending: Spending, kind: str = "ended") -> None:
        """An attempt has ended. Where that cannot be written it stays open, and counts as lost."""
        usage, beyond = spending.usage, spending.unknown
        written = "null" if usage.written is None else str(usage.written)
        used = (usage.prompt, usage.cached, written, usage.completion, usage.reasoning)
        more = (spending.unknown_calls, beyond.tokens, beyond.nano_usd)
        try:
            self._write(_ENDED % (kind, worst.tokens, worst.nano_usd, *used, *more))
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, text: str) -> None:
        # One call to the operating system, so that a kill of this process loses no whole line.
        os.write(self._file, f"{sealed.seal(text)}\n".encode())

    def _unusable(self, error: OSError) -> InputError:
        return InputError(f"{self._path} cannot be used to keep what is spent: {error.strerror}")


def _content(line: bytes) -> dict[str, Any] | None:
    """What a line says, if it is what was written."""
    try:
        return sealed.unseal(line) if sealed.is_sealed(line) else None
    except sealed.Damaged:
        return None


def _entry(content: dict[str, Any]) -> Entry:
    kind = next(iter(content))
    worst = Amount(*content[kind])
    if kind == "sent":
        return Entry(kind, worst, NOTHING)
    prompt, cached, written, completion, reasoning = content["used"]
    calls, tokens, nano_usd = content["beyond"]
    usage = Usage(prompt, cached, completion, reasoning, written=written)
    return Entry(kind, worst, Spending(usage, calls, Amount(tokens, nano_usd)))
