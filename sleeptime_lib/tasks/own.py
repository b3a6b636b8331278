"""The user's own contexts and questions: columns context, question, answer.

A column cluster names what rows are not independent of each other (default: each context for
itself), a column id names the question (default: q and its line). Where a file has such a column,
every row must fill it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.numerals import parse_number
from sleeptime_lib.tasks.rows import BadRow, Complaint, Entry, SourceRow, text_of

REQUIRED: Final = ("context", "question", "answer")
OPTIONAL: Final = ("cluster", "id")


def own_entries(rows: Sequence[SourceRow]) -> tuple[list[Entry], list[Complaint]]:
    """Check rows and make entries of them; rows with the same context text share one context.

    Returns:
        The entries in the order of the rows, and a complaint for each bad row.
    """
    given = {column for column in OPTIONAL if any(column in row.fields for row in rows)}
    contexts: dict[str, tuple[Context, SourceRow]] = {}
    taken: dict[str, SourceRow] = {}
    entries, complaints = [], []
    for row in rows:
        try:
            entries.append(_entry(row, given, contexts, taken))
        except BadRow as bad:
            complaints.append((row.line, f"{row.where}: {bad}"))
    return entries, complaints


def _entry(
    row: SourceRow,
    given: set[str],
    contexts: dict[str, tuple[Context, SourceRow]],
    taken: dict[str, SourceRow],
) -> Entry:
    text, question, answer = (text_of(row, column) for column in REQUIRED)
    question_id = text_of(row, "id") if "id" in given else f"q{row.line}"
    cluster = text_of(row, "cluster") if "cluster" in given else f"c{row.line}"
    gold = parse_number(answer)
    if gold is None:
        raise BadRow(f"answer {answer[:40]!r} is not a number; write the number alone, like 12.5")
    if question_id in taken:
        raise BadRow(f"id {question_id!r} is also in line {taken[question_id].line}; ids differ")
    context, first = contexts.get(text, (Context(f"c{row.line}", cluster, text), row))
    if "cluster" in given and context.cluster_id != cluster:
        raise BadRow(
            f"cluster {cluster!r}, but line {first.line} has the same context in cluster "
            f"{context.cluster_id!r}; a context is in one cluster"
        )
    contexts[text] = context, first
    taken[question_id] = row
    return Entry(context, Question(question_id, context.context_id, question, str(gold)))
