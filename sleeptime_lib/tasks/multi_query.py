"""Many questions about each context (paper, figure 9: Multi-Query GSM-Symbolic).

From generated contexts, where every quantity that follows from the text can be asked, and from
rows that hold a context with a list of questions:

    {"context": "...", "questions": [{"question": "...", "answer": 12}, ...]}

A row may name its `cluster` (default: each context for itself) and its `id`, and each question its
`id`. The paper's own multi-query files were not published with a description; so that files of
that kind have a good chance to be read, the context may also stand under the name of the paper's
Stateful rows, answers may end in "#### N", and questions and `answers` may be two lists of texts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sleeptime_lib.records import Context, Quantity, Question, Task
from sleeptime_lib.tasks.gsm import STATEFUL
from sleeptime_lib.tasks.numerals import parse_number
from sleeptime_lib.tasks.rows import BadRow, Complaint, Entry, SourceRow, text_of

QUESTIONS: Final = "questions"
"""The column that tells such rows from others."""

QUESTIONS_PER_CONTEXT: Final = 10
"""Questions of a generated context unless told otherwise: as many as the paper amortises over."""

_MARK: Final = "####"


def generate_many(level: int, *, limit: int | None, seed: int, most: int) -> Task:
    """The contexts of `procedural.generate`, each with several of its quantities as questions.

    The question that `generate` asks comes first, then those of as many steps, then the others by
    how near their number of steps is; ties are shuffled by seed. So the first Q questions of a
    context are the same whatever `most` is.

    Args:
        level: 0, 1 or 2 added clauses.
        limit: Number of contexts; None gives the default number of `generate`.
        seed: Of the contexts and of the order.
        most: Most questions of a context; each has at least 10 to ask.
    """
    from sleeptime_lib.tasks.procedural import generate  # the families take time to import

    task = generate(level, limit=limit, seed=seed)
    questions = tuple(
        Question(f"{first.question_id}{number}", first.context_id, quantity.question, quantity.gold)
        for first in task.questions
        for number, quantity in enumerate(_ordered(task.contexts[first.context_id], first)[:most])
    )
    return Task(f"multi-p{level}", task.contexts, questions)


def _ordered(context: Context, first: Question) -> list[Quantity]:
    """The quantities of a context in the order in which they are asked."""
    original = next(
        q for q in context.quantities if (q.question, q.gold) == (first.text, first.gold)
    )
    others = [q for q in context.quantities if q is not original]
    random.Random(f"order {context.context_id}").shuffle(others)  # the id holds the seed
    return [original, *sorted(others, key=lambda q: abs(q.steps - original.steps))]


def list_entries(rows: Sequence[SourceRow]) -> tuple[list[Entry], list[Complaint]]:
    """Check rows of contexts with question lists and make entries of them.

    Returns:
        The entries in the order of the rows, and a complaint for each bad row and each bad
        question; the other questions of its row are still usable.
    """
    entries: list[Entry] = []
    complaints: list[Complaint] = []
    texts: dict[str, int] = {}
    context_ids: dict[str, int] = {}
    question_ids: dict[str, int] = {}
    for row in rows:
        try:
            context = _context(row)
            _once(texts, context.text, row, "the same context")
            _once(context_ids, context.context_id, row, f"id {context.context_id!r}")
            listed = _questions(row)
        except BadRow as bad:
            complaints.append((row.line, f"{row.where}: {bad}"))
            continue
        asked: dict[str, int] = {}
        for number, item in enumerate(listed, start=1):
            try:
                question = _question(SourceRow(row.source, row.line, item), context, number)
                if question.text in asked:
                    raise BadRow(f"the same as question {asked[question.text]}; ask it once")
                _once(question_ids, question.question_id, row, f"id {question.question_id!r}")
            except BadRow as bad:
                complaints.append((row.line, f"{row.where}: question {number}: {bad}"))
                continue
            asked[question.text] = number
            entries.append(Entry(context, question))
    return entries, complaints


def _once(seen: dict[str, int], key: str, row: SourceRow, what: str) -> None:
    if key in seen:
        raise BadRow(f"{what} is also in line {seen[key]}; write each once")
    seen[key] = row.line


def _context(row: SourceRow) -> Context:
    name = f"c{row.line}"
    column = STATEFUL[0] if _has(row, STATEFUL[0]) else "context"
    context_id = text_of(row, "id") if _has(row, "id") else name
    cluster_id = text_of(row, "cluster") if _has(row, "cluster") else name
    return Context(context_id, cluster_id, text_of(row, column))


def _has(row: SourceRow, column: str) -> bool:
    """Whether a column is filled in: where rows differ, the hub fills what is missing with None."""
    return row.fields.get(column) is not None


def _questions(row: SourceRow) -> Iterator[Mapping[str, Any]]:
    listed, answers = row.fields.get(QUESTIONS), row.fields.get("answers")
    if not isinstance(listed, list) or not listed:
        raise BadRow(
            'questions is no list, or an empty one; write [{"question": "...", "answer": 12}, ...]'
        )
    if answers is not None:
        if not isinstance(answers, list) or len(answers) != len(listed):
            raise BadRow("answers is no list as long as questions; write one for each question")
        pairs = zip(listed, answers, strict=True)
        return iter([{"question": text, "answer": answer} for text, answer in pairs])
    return iter([item if isinstance(item, dict) else {"question": item} for item in listed])


def _question(row: SourceRow, context: Context, number: int) -> Question:
    text, answer = text_of(row, "question"), text_of(row, "answer")
    gold = parse_number(answer.rpartition(_MARK)[2])
    if gold is None:
        raise BadRow(f"answer {answer[-40:]!r} is not a number; write the number alone, like 12.5")
    name = f"{context.context_id}-q{number}"
    question_id = text_of(row, "id") if _has(row, "id") else name
    return Question(question_id, context.context_id, text, str(gold))
