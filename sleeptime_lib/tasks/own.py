"""The user's own contexts and questions, read and written.

A row with one question. A column `cluster` names what rows are not independent of each other
(default: each context for itself), a column `id` names the question (default: q and its line).
Where a file has such a column, every row must fill it in. Rows with the same context share it.

    {"context": "He has 5 boxes.", "question": "How many?", "answer": 5}

A row with many questions about its context. It may name its `cluster` and its `id`, and each
question its `id`:

    {"context": "He has 5 boxes.", "questions": [{"question": "How many?", "answer": 5}, ...]}

The paper's own multi-query files were not published with a description. So that files of that kind
have a good chance to be read, the context may also stand under the name of the paper's Stateful
rows, answers may end in "#### N", and questions and `answers` may be two lists of texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Question, Task
from sleeptime_lib.tasks.gsm_symbolic import STATEFUL
from sleeptime_lib.tasks.numerals import parse_number
from sleeptime_lib.tasks.rows import (
    BadRow,
    Complaints,
    Entry,
    Format,
    SourceRow,
    column_text,
    file_rows,
    once,
)
from sleeptime_lib.tasks.splitters import SplitterName

REQUIRED: Final = ("context", "question", "answer")


def _single_entries(
    rows: Sequence[SourceRow], _: SplitterName, complaints: Complaints
) -> list[Entry]:
    given = {column for column in ("cluster", "id") if any(column in row.fields for row in rows)}
    contexts: dict[str, tuple[Context, int]] = {}
    lines: dict[str, int] = {}
    entries = []
    for row in rows:
        with complaints.about(row):
            text, asked, answer = (column_text(row, column) for column in REQUIRED)
            question_id = column_text(row, "id") if "id" in given else f"q{row.line}"
            cluster = column_text(row, "cluster") if "cluster" in given else f"c{row.line}"
            gold = _gold(answer)
            context, first = contexts.get(text, (Context(f"c{row.line}", cluster, text), row.line))
            if "cluster" in given and context.cluster_id != cluster:
                raise BadRow(
                    f"cluster {cluster!r}, but line {first} has the same context in cluster "
                    f"{context.cluster_id!r}; a context is in one cluster"
                )
            once(lines, question_id, row, f"id {question_id!r}", "ids differ")
            contexts[text] = context, first
            entries.append(Entry(context, Question(question_id, context.context_id, asked, gold)))
    return entries


def _listed_entries(
    rows: Sequence[SourceRow], _: SplitterName, complaints: Complaints
) -> list[Entry]:
    """The entries of rows with question lists; beside a bad question the others are still good."""
    texts: dict[str, int] = {}
    context_ids: dict[str, int] = {}
    question_ids: dict[str, int] = {}
    entries = []
    for row in rows:
        listed: Sequence[Mapping[str, Any]] = ()
        with complaints.about(row):
            context = _context(row)
            once(texts, context.text, row, "the same context", _EACH_ONCE)
            once(context_ids, context.context_id, row, f"id {context.context_id!r}", _EACH_ONCE)
            listed = _questions(row)
        asked: dict[str, int] = {}
        for number, fields in enumerate(listed, start=1):
            with complaints.about(row, f"question {number}: "):
                question = _question(SourceRow(row.source, row.line, fields), context, number)
                if question.text in asked:
                    raise BadRow(f"the same as question {asked[question.text]}; ask it once")
                name = f"id {question.question_id!r}"
                once(question_ids, question.question_id, row, name, _EACH_ONCE)
                asked[question.text] = number
                entries.append(Entry(context, question))
    return entries


_EACH_ONCE: Final = "write each once"


def _context(row: SourceRow) -> Context:
    name = f"c{row.line}"
    column = STATEFUL[0] if _has(row, STATEFUL[0]) else "context"
    context_id = column_text(row, "id") if _has(row, "id") else name
    cluster_id = column_text(row, "cluster") if _has(row, "cluster") else name
    return Context(context_id, cluster_id, column_text(row, column))


def _has(row: SourceRow, column: str) -> bool:
    """Whether a column is filled in: where rows differ, the hub fills what is missing with None."""
    return row.fields.get(column) is not None


def _questions(row: SourceRow) -> list[Mapping[str, Any]]:
    listed, answers = row.fields.get("questions"), row.fields.get("answers")
    if not isinstance(listed, list) or not listed:
        raise BadRow(
            'questions is no list, or an empty one; write [{"question": "...", "answer": 12}, ...]'
        )
    if answers is None:
        return [item if isinstance(item, dict) else {"question": item} for item in listed]
    if not isinstance(answers, list) or len(answers) != len(listed):
        raise BadRow("answers is no list as long as questions; write one for each question")
    pairs = zip(listed, answers, strict=True)
    return [{"question": text, "answer": answer} for text, answer in pairs]


def _question(row: SourceRow, context: Context, number: int) -> Question:
    text, answer = column_text(row, "question"), column_text(row, "answer")
    gold = _gold(answer.rpartition("####")[2])
    name = f"{context.context_id}-q{number}"
    question_id = column_text(row, "id") if _has(row, "id") else name
    return Question(question_id, context.context_id, text, gold)


def _gold(answer: str) -> str:
    gold = parse_number(answer)
    if gold is None:
        raise BadRow(f"answer {answer[:40]!r} is not a number; write the number alone, like 12.5")
    return str(gold)


QUESTION_LISTS: Final = Format(lambda columns: "questions" in columns, _listed_entries)
SINGLE_QUESTIONS: Final = Format(lambda columns: "context" in columns, _single_entries)


def export(task: Task, path: Path) -> None:
    """Write a task as a file that `load` reads back.

    One row for each question or, where a context has several, one for each context with its list.

    Raises:
        InputError: The path does not end in .jsonl, or cannot be written.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"cannot export to {path}: give a path that ends in .jsonl")
    asked = task.by_context()
    several = any(len(questions) > 1 for questions in asked.values())
    rows = _list_rows(task, asked) if several else _single_rows(task)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot export to {path}: {error.strerror}") from None


def _single_rows(task: Task) -> Iterator[dict[str, Any]]:
    for question in task.questions:
        row = _context_fields(task.contexts[question.context_id])
        yield row | _question_fields(question)


def _list_rows(task: Task, asked: Mapping[str, Sequence[Question]]) -> Iterator[dict[str, Any]]:
    for context_id, questions in asked.items():
        row = _context_fields(task.contexts[context_id])
        yield row | {"questions": [_question_fields(question) for question in questions]}


def _context_fields(context: Context) -> dict[str, Any]:
    return {"id": context.context_id, "cluster": context.cluster_id, "context": context.text}


def _question_fields(question: Question) -> dict[str, Any]:
    return {"id": question.question_id, "question": question.text, "answer": question.gold}


@dataclass(frozen=True, slots=True)
class Expecting:
    """A context that nobody has asked about yet.

    Attributes:
        context: The context.
        questions: How many questions are expected.
        notes: What sleep phases left, where any was made.
        cluster: The cluster that its row names; "" where it names none.
    """

    context: Context
    questions: float
    notes: tuple[str, ...] = ()
    cluster: str = ""


def read_contexts(
    path: Path, *, expected: float = 1.0, skip_bad: bool = False
) -> tuple[list[Expecting], list[str]]:
    """Contexts that nobody has asked about yet, and how many questions are expected of each.

    Rows with a column `context`, and where one is filled in an `id` and `questions`: a number, or
    a list whose length counts. Rows with the same context are one, and their questions add up.
    A column `notes` may hold what a sleep phase left: a text, or a list of those of several phases;
    a column `cluster` names contexts of the same kind. Of the same context the first row that says
    so counts. Other columns are not looked at, so a file of questions will do.

    Args:
        path: A .jsonl or .csv file.
        expected: Questions of a row that does not say.
        skip_bad: Leave bad rows out, with a notice for each, instead of refusing the file.

    Returns:
        The contexts in the order of the file, and the notices.

    Raises:
        InputError: The file cannot be read, or rows of it cannot be used (they are listed).
    """
    if path.suffix.lower() not in (".jsonl", ".csv"):
        raise InputError(f"{path} is neither .jsonl nor .csv; write one context per line")
    complaints = Complaints()
    found: dict[str, Expecting] = {}
    lines: dict[str, int] = {}
    for row in file_rows(path, complaints):
        with complaints.about(row):
            context, more, notes = _context(row), _expected(row, expected), _notes(row)
            cluster = context.cluster_id if _has(row, "cluster") else ""
            before = found.get(context.text)
            if before is None:
                once(lines, context.context_id, row, f"id {context.context_id!r}", _EACH_ONCE)
                before = Expecting(context, 0.0)
            found[context.text] = Expecting(
                before.context,
                before.questions + more,
                before.notes or notes,
                before.cluster or cluster,
            )
    notices = complaints.settle(usable=len(found), source=str(path), skip_bad=skip_bad)
    return list(found.values()), notices


def _notes(row: SourceRow) -> tuple[str, ...]:
    given = row.fields.get("notes")
    texts = given if isinstance(given, list) else [given]
    return tuple(text for text in texts if isinstance(text, str) and text)


def _expected(row: SourceRow, otherwise: float) -> float:
    given = row.fields.get("questions")
    if given is None or given == "":
        return otherwise
    if isinstance(given, list):
        return float(max(len(given), 1))
    number = parse_number(str(given))
    if number is None or number.value <= 0:
        raise BadRow(f"questions {str(given)[:40]!r} is no number above 0; write how many, like 5")
    return float(number.value)
