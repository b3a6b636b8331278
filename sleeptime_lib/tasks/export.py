"""Write a task as a file that `load` reads back: the user's own format."""

from __future__ import annotations

import json
from pathlib import Path

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Task


def export(task: Task, path: Path) -> None:
    """Write one JSON object for each question: id, cluster, context, question, answer.

    Raises:
        InputError: The path does not end in .jsonl, or cannot be written.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"cannot export to {path}: give a path that ends in .jsonl")
    lines = []
    for question in task.questions:
        context = task.contexts[question.context_id]
        record = {
            "id": question.question_id,
            "cluster": context.cluster_id,
            "context": context.text,
            "question": question.text,
            "answer": question.gold,
        }
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot export to {path}: {error.strerror}") from None
