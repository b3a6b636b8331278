"""Write a task as a file that `load` reads back: the user's own formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Question, Task


def export(task: Task, path: Path) -> None:
    """Write one JSON object for each question, or for each context where one has several.

    The first has id, cluster, context, question and answer; the second id (of the context),
    cluster, context and the list of questions with id, question and answer.

    Raises:
        InputError: The path does not end in .jsonl, or cannot be written.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"cannot export to {path}: give a path that ends in .jsonl")
    asked: dict[str, list[Question]] = {}
    for question in task.questions:
        asked.setdefault(question.context_id, []).append(question)
    several = any(len(questions) > 1 for questions in asked.values())
    records = _by_context(task, asked) if several else _by_question(task)
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot export to {path}: {error.strerror}") from None


def _by_question(task: Task) -> Iterator[dict[str, Any]]:
    for question in task.questions:
        context = task.contexts[question.context_id]
        yield {
            "id": question.question_id,
            "cluster": context.cluster_id,
            "context": context.text,
            "question": question.text,
            "answer": question.gold,
        }


def _by_context(task: Task, asked: dict[str, list[Question]]) -> Iterator[dict[str, Any]]:
    for context_id, questions in asked.items():
        context = task.contexts[context_id]
        yield {
            "id": context_id,
            "cluster": context.cluster_id,
            "context": context.text,
            "questions": [
                {"id": q.question_id, "question": q.text, "answer": q.gold} for q in questions
            ],
        }
