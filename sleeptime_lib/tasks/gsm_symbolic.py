r"""GSM-Symbolic as Apple publishes it, and Stateful GSM-Symbolic as Letta publishes it.

Apple's rows (arXiv 2410.05229) hold a whole problem, which a splitter cuts; `id` is the template:

    {"id": 4, "instance": 0, "question": "A pen costs $3. Ito buys 3. How much does he pay?",
     "answer": "3 * 3 = 9\n#### 9"}

Letta's rows (arXiv 2504.13171, section 4.1) are Apple's with the problem cut by the paper's rule:

    {..., "stateful_gsm_symbolic_context": "A pen costs $3. Ito buys 3.",
     "stateful_gsm_symbolic_question": "How much does he pay?"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Final

from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.numerals import parse_number
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
from sleeptime_lib.tasks.splitters import SPLITTERS, SplitterName, cut_differently

APPLE_COLUMNS: Final = ("id", "instance", "question", "answer")
STATEFUL: Final = ("stateful_gsm_symbolic_context", "stateful_gsm_symbolic_question")

APPLE_REPOSITORY: Final = "apple/GSM-Symbolic"
LETTA_REPOSITORY: Final = "letta-ai/stateful-gsm-symbolic"
LETTA_FILE: Final = "stateful_gsm_symbolic_{level}.jsonl"
"""Name of a level's file in Letta's repository, as the paper's released code downloads it."""

_LONGEST_PROBLEM: Final = 20_000
"""Characters; a published one has at most a thousand."""


def _fits(columns: Set[str]) -> bool:
    is_apple = columns >= set(APPLE_COLUMNS) and "context" not in columns
    return is_apple or columns >= set(STATEFUL)


def _entries(
    rows: Sequence[SourceRow], splitter: SplitterName, complaints: Complaints
) -> list[Entry]:
    """One entry per row: the template is the cluster, and each row has a context of its own."""
    lines: dict[str, int] = {}
    entries = []
    for row in rows:
        with complaints.about(row):
            entry = _entry(row, splitter)
            context_id = entry.context.context_id
            right = "id and instance together differ from row to row"
            once(lines, context_id, row, f"instance {context_id}", right)
            entries.append(entry)
    return entries


def _entry(row: SourceRow, splitter: SplitterName) -> Entry:
    template, instance = column_text(row, "id"), column_text(row, "instance")
    gold = _gold(column_text(row, "answer"))
    problem = column_text(row, "question")
    if len(problem) > _LONGEST_PROBLEM:
        raise BadRow(f"question is longer than {_LONGEST_PROBLEM:,} characters; cut it yourself")
    if any(column in row.fields for column in STATEFUL):
        context, question = (column_text(row, column) for column in STATEFUL)
    else:
        context, question = SPLITTERS[splitter](problem)
    context_id = f"{template}-{instance}"
    return Entry(
        Context(context_id, template, context),
        Question(f"{context_id}-q", context_id, question, gold),
        problem,
    )


def _gold(answer: str) -> str:
    """The number after the last "####", written as published but for "$" and ","."""
    _, mark, written = answer.rpartition("####")
    if not mark:
        raise BadRow("answer has no '####'; its last line is '#### N'")
    if parse_number(written) is None:
        raise BadRow(f"answer ends '#### {written.strip()[:40]}', no number; write '#### 12.5'")
    return written.strip().replace("$", "").replace(",", "")


def _notices(entries: Sequence[Entry], splitter: SplitterName) -> Iterator[str]:
    """Where splitters differ, and empty contexts."""
    different = sum(cut_differently(entry.problem) for entry in entries)
    yield (
        f"the splitters clean and paper cut {different} of {len(entries)} rows differently; "
        f"rows without a split of their own are cut by {splitter}"
    )
    empty = sum(not entry.context.text for entry in entries)
    if empty:
        yield f"{empty} of {len(entries)} rows are one sentence: their context is empty"


WHOLE_PROBLEMS: Final = Format(_fits, _entries, _notices)


def _apple(config: str) -> list[SourceRow]:
    return hub_rows(APPLE_REPOSITORY, config=config, split="test")


def _letta(level: str) -> list[SourceRow]:
    return hub_rows(LETTA_REPOSITORY, file=LETTA_FILE.format(level=level), split=level)


ON_THE_HUB: Final[Mapping[str, Callable[[], list[SourceRow]]]] = {
    **{f"gsm-symbolic-{config}": partial(_apple, config) for config in ("main", "p1", "p2")},
    **{f"stateful-gsm-{level}": partial(_letta, level) for level in ("p1", "p2")},
}
"""By name, what gets the published rows."""
