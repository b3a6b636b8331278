r"""AIME problems: Letta's rows, which are cut already, and plain ones, cut by `latex`.

Letta's rows (arXiv 2504.13171, section 4.1, Stateful AIME), one dataset for each year:

    {"stateful_aime_context": "Let $n = 40$.", "stateful_aime_question": "Find $n/5$.",
     "answer": 8}

Plain rows; `year` and `id` may be left out:

    {"id": 3, "year": 2024, "problem": "Let $n = 40$. Find $n/5$.", "answer": 8}

Each problem is a cluster of its own. The id of its context is its year, where it is known, and the
row's id or line ("2024-3"); that of a problem with a figure ends in "-figure".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import Final

from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.boxed import LARGEST, whole_number
from sleeptime_lib.tasks.latex import LatexSplit, has_figure, split_latex
from sleeptime_lib.tasks.rows import (
    BadRow,
    Complaints,
    Entry,
    Format,
    SourceRow,
    column_text,
    hub_rows,
    once,
)
from sleeptime_lib.tasks.splitters import SplitterName

PLAIN: Final = ("problem", "answer")
STATEFUL: Final = ("stateful_aime_context", "stateful_aime_question")
LETTA_REPOSITORY: Final = "letta-ai/stateful-aime-{year}"
YEARS: Final = (2024, 2025)
FIGURE: Final = "-figure"
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")


def year_of(context_id: str) -> str:
    """The year in the id of a problem's context; "" where it is not known."""
    first, dash, _ = context_id.partition("-")
    return first if dash and _YEAR.fullmatch(first) else ""


def _fits(columns: Set[str]) -> bool:
    return columns >= set(STATEFUL) or (columns >= set(PLAIN) and "context" not in columns)


def _entries(rows: Sequence[SourceRow], _: SplitterName, complaints: Complaints) -> list[Entry]:
    lines: dict[str, int] = {}
    entries = []
    for row in rows:
        with complaints.about(row):
            entry = _entry(row)
            context_id = entry.context.context_id
            name = context_id.removesuffix(FIGURE)
            once(lines, name, row, f"problem {name}", "year and id together differ from row to row")
            entries.append(entry)
    return entries


def _entry(row: SourceRow) -> Entry:
    problem = ""
    if any(column in row.fields for column in STATEFUL):
        given = row.fields.get(STATEFUL[0])
        context = column_text(row, STATEFUL[0]) if given not in ("", None) else ""
        question = column_text(row, STATEFUL[1])
        published = f"{context} {question} {row.fields.get('problem')}"
        split = LatexSplit(context, question, has_figure(published))
    else:
        problem = column_text(row, "problem")
        split = split_latex(problem)
        if not split.question:
            raise BadRow("problem has no text but a figure; write the problem")
    answer = column_text(row, "answer")
    gold = whole_number(answer)
    if gold is None:
        raise BadRow(
            f"answer {answer[:40]!r} is no whole number from 0 to {LARGEST}; write it like 73"
        )
    context_id = _name(row) + FIGURE * split.figure
    return Entry(
        Context(context_id, context_id, split.context),
        Question(f"{context_id}-q", context_id, split.question, str(gold)),
        problem,
    )


def _name(row: SourceRow) -> str:
    """The year and the id of a problem, or its line."""
    name = column_text(row, "id") if row.fields.get("id") is not None else str(row.line)
    if row.fields.get("year") is None:
        return name if year_of(name) else f"aime-{name}"
    year = column_text(row, "year")
    if not _YEAR.fullmatch(year):
        raise BadRow(f"year {year[:40]!r} is no year; write it like 2024")
    return name if year_of(name) == year else f"{year}-{name}"


def _notices(entries: Sequence[Entry], splitter: SplitterName) -> Iterator[str]:
    """Empty contexts, figures that are missing, and a splitter that is for other data."""
    if splitter != "clean" and any(entry.problem for entry in entries):
        yield f"splitter {splitter} is for word problems; these are cut between LaTeX statements"
    empty = sum(not entry.context.text for entry in entries)
    if empty:
        yield f"{empty} of {len(entries)} problems are one statement: their context is empty"
    figures = [e.context.context_id for e in entries if e.context.context_id.endswith(FIGURE)]
    if figures:
        yield (
            f"{len(figures)} of {len(entries)} problems have a figure in [asy] code, which is left "
            f"out of those that are cut here: {', '.join(sorted(figures))}"
        )


PROBLEMS: Final = Format(_fits, _entries, _notices)


def _letta(*years: int) -> list[SourceRow]:
    return [
        replace(row, fields={**row.fields, "year": year})
        for year in years
        for row in hub_rows(LETTA_REPOSITORY.format(year=year))
    ]


ON_THE_HUB: Final[Mapping[str, Callable[[], list[SourceRow]]]] = {
    "aime": partial(_letta, *YEARS),
    **{f"aime-{year}": partial(_letta, year) for year in YEARS},
}
"""By name, what gets the published rows; `aime` are both years together."""
