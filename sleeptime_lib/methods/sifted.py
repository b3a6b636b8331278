"""`checked` and `agreed`: better notes out of the draws of `rethink`, without a further call.

Both make the requests of `rethink`, so replies that are there already serve them too.

- `checked` leaves out lines whose calculation does not give the number they state, lines that
  stand there before, and loops: the same calculation again and again under other names.
- `agreed` keeps the lines whose number at least m of the k parallel phases reach (all of them,
  where there are fewer), each number as the first phase that has it writes it. Lines without a
  number go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from sleeptime_lib.experiment import Call, Notes, Prompt, Setting, SleepFunction, SleepMethod
from sleeptime_lib.methods.note_lines import NoteLine, is_wrong, read_line
from sleeptime_lib.methods.rethink import RETHINK, RETHINK_PROBLEM
from sleeptime_lib.records import Context

MOST_ALIKE: Final = 2
"""Lines of one calculation under different names; from the next one on it is a loop."""


def check(texts: Iterable[str]) -> list[str]:
    """Notes without wrong lines, repetitions and loops, those of earlier draws included."""
    seen: set[str] = set()
    alike: Counter[str] = Counter()

    def stays(line: str) -> bool:
        words = " ".join(line.casefold().split())
        calculation = words.partition("=")[2] if words.count("=") > 1 else ""
        if words in seen or is_wrong(line):
            return False
        seen.add(words)
        if calculation:
            alike[calculation] += 1
        return alike[calculation] <= MOST_ALIKE

    return [
        "\n".join(line for line in text.splitlines() if line.strip() and stays(line))
        for text in texts
    ]


def agree(texts: Sequence[str], least: int) -> str:
    """The lines of notes whose number so many of the draws reach."""
    read = [[(line, found) for line in text.splitlines() if (found := read_line(line))]
            for text in texts]  # fmt: skip
    reached = Counter(number for lines in read for number in {found.number for _, found in lines})
    kept: list[str] = []
    told: set[str] = set()
    for lines in read:
        own: set[NoteLine] = set()
        for line, found in lines:
            enough = reached[found.number] >= min(least, len(texts))
            if enough and found.number not in told and found not in own:
                own.add(found)
                kept.append(line.strip())
        told |= {found.number for found in own}
    return "\n".join(kept)


async def _take_checked(
    take: SleepFunction, call: Call, context: Context, setting: Setting, draw: int
) -> Notes:
    notes = await take(call, context, setting, draw)
    text = notes.text
    if not notes.finished and setting.sleep and setting.sleep.protocol == "text":
        text = text.rpartition("\n")[0]  # the last line was cut off
    return replace(notes, text=check([text])[0])


def _join_checked(notes: Sequence[Notes], options: Any) -> list[Notes]:
    texts = check(note.text for note in notes)
    return [replace(note, text=text) for note, text in zip(notes, texts, strict=True)]


def _join_agreed(notes: Sequence[Notes], options: Any) -> list[Notes]:
    least = getattr(options, "agree", 2)
    return [replace(notes[0], text=agree([note.text for note in notes], least))] if notes else []


def checked(method: SleepMethod, name: str) -> SleepMethod:
    """A method whose notes are checked."""
    version = Prompt("checked", 1, "")
    prompts, take = (*method.prompts, version), partial(_take_checked, method.take)
    return replace(method, name=name, take=take, prompts=prompts, join=_join_checked)


def agreed(method: SleepMethod, name: str) -> SleepMethod:
    """A method of whose parallel draws what they agree on is read."""
    version = Prompt("agreed", 1, "")
    return replace(method, name=name, prompts=(*method.prompts, version), join=_join_agreed)


SIFTED: Final = (
    checked(RETHINK, "checked"),
    agreed(RETHINK, "agreed"),
    checked(RETHINK_PROBLEM, "checked-problem"),
    agreed(RETHINK_PROBLEM, "agreed-problem"),
)
"""For situations, and for the first part of a problem."""
