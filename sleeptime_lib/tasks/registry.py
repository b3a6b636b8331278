"""Datasets by name: the one entry point `load`."""

from __future__ import annotations

import difflib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Task
from sleeptime_lib.tasks.gsm import (
    APPLE_COLUMNS,
    STATEFUL,
    apple_hub_rows,
    gsm_entries,
    gsm_notices,
    letta_hub_rows,
    named_hub_rows,
)
from sleeptime_lib.tasks.multi_query import (
    QUESTIONS,
    QUESTIONS_PER_CONTEXT,
    generate_many,
    list_entries,
)
from sleeptime_lib.tasks.own import REQUIRED, own_entries
from sleeptime_lib.tasks.rows import Complaint, Entry, SourceRow, read_rows, settle
from sleeptime_lib.tasks.splitters import SPLITTERS, SplitterName

PROCEDURAL: Final = ("procedural-p0", "procedural-p1", "procedural-p2")
MULTI: Final = ("multi-p0", "multi-p1", "multi-p2")
APPLE: Final = ("gsm-symbolic-main", "gsm-symbolic-p1", "gsm-symbolic-p2")
LETTA: Final = ("stateful-gsm-p1", "stateful-gsm-p2")
DATASETS: Final = (*PROCEDURAL, *MULTI, *APPLE, *LETTA)
HUB: Final = "hub:"
"""Before the name of a dataset on the hub that holds rows as a file of one's own does."""
_SUFFIXES: Final = (".jsonl", ".csv")
_T = TypeVar("_T")


def load(
    dataset: str,
    *,
    limit: int | None = None,
    seed: int = 0,
    splitter: SplitterName = "clean",
    skip_bad: bool = False,
    questions_per_context: int | None = None,
) -> Task:
    """Load a dataset by name or path.

    Questions come in an order that covers clusters evenly: one of each cluster, then the second
    of each, and so on, clusters and contexts shuffled by `seed`. So a smaller `limit` gives the
    beginning of what a larger one gives.

    With `questions_per_context`, whole contexts come in that order, each with its first questions,
    and `limit` counts contexts. `multi-p0` to `multi-p2` are always taken so, ten questions to a
    context unless told otherwise.

    Args:
        dataset: A name in `DATASETS`, or the path of a .jsonl or .csv file with GSM-Symbolic rows
            (Apple's or Letta's fields), with columns context, question, answer and optional
            cluster and id, or with contexts and question lists (see `tasks.multi_query`); or
            hub:OWNER/NAME for such rows on the hub.
        limit: Most questions, or contexts, to take; None takes all (of procedural data its default
            number).
        seed: Order of the rows; of procedural data also their content.
        splitter: How GSM-Symbolic rows without a split of their own are cut.
        skip_bad: Leave bad rows out, with a notice for each, instead of refusing the data.
        questions_per_context: Most questions to take of each context; None for no such bound.

    Raises:
        InputError: Unknown dataset or splitter, limit below 1, hub out of reach, unreadable file,
            or bad rows while `skip_bad` is off (they are listed).
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit {limit} gives no questions; give 1 or more, or no limit for all")
    if questions_per_context is not None and questions_per_context < 1:
        raise InputError(f"{questions_per_context} questions per context; give 1 or more")
    if splitter not in SPLITTERS:
        raise InputError(f"unknown splitter {splitter!r}; there are {', '.join(SPLITTERS)}")
    if dataset in MULTI or (dataset in PROCEDURAL and questions_per_context):
        level = int(dataset[-1])
        most = questions_per_context or QUESTIONS_PER_CONTEXT
        return generate_many(level, limit=limit, seed=seed, most=most)
    if dataset in PROCEDURAL:
        from sleeptime_lib.tasks.procedural import generate  # the families take time to import

        return generate(PROCEDURAL.index(dataset), limit=limit, seed=seed)
    rows, complaints = _rows(dataset)
    columns = {column for row in rows for column in row.fields}
    is_gsm = QUESTIONS not in columns and (
        columns.issuperset(STATEFUL)
        or ("context" not in columns and columns.issuperset(APPLE_COLUMNS))
    )
    if QUESTIONS in columns:
        entries, bad = list_entries(rows)
    elif is_gsm:
        entries, bad = gsm_entries(rows, splitter)
    elif rows and "context" not in columns:
        raise InputError(
            f"{dataset}: columns {', '.join(sorted(columns)) or '(none)'} fit no known format; "
            f"needed are {', '.join(REQUIRED)}, or for GSM-Symbolic {', '.join(APPLE_COLUMNS)}"
        )
    else:
        entries, bad = own_entries(rows)
    notices = settle([*complaints, *bad], usable=len(entries), source=dataset, skip_bad=skip_bad)
    chosen = _chosen(_shuffled(entries, seed), limit, questions_per_context)
    if is_gsm:
        notices += gsm_notices(chosen, splitter)
    return Task(
        name=dataset,
        contexts={entry.context.context_id: entry.context for entry in chosen},
        questions=tuple(entry.question for entry in chosen),
        notices=tuple(notices),
    )


def _rows(dataset: str) -> tuple[list[SourceRow], list[Complaint]]:
    if dataset in APPLE:
        return apple_hub_rows(dataset.removeprefix("gsm-symbolic-")), []
    if dataset in LETTA:
        return letta_hub_rows(dataset.removeprefix("stateful-gsm-")), []
    if dataset.startswith(HUB):
        return named_hub_rows(dataset.removeprefix(HUB)), []
    path = Path(dataset).expanduser()
    if path.suffix.lower() in _SUFFIXES and path.is_file():
        return read_rows(path)
    if path.is_file():
        raise InputError(f"{dataset} is neither .jsonl nor .csv; write one JSON object per line")
    if path.suffix.lower() in _SUFFIXES or len(path.parts) > 1:
        raise InputError(f"no file {dataset}; give the path of a .jsonl or .csv file")
    nearest = difflib.get_close_matches(dataset, DATASETS, n=1, cutoff=0.5)
    hint = f"; nearest is {nearest[0]}" if nearest else ""
    raise InputError(
        f"unknown dataset {dataset!r}{hint}; there are {', '.join(DATASETS)}, "
        "or the path of a .jsonl or .csv file"
    )


def _shuffled(entries: Sequence[Entry], seed: int) -> list[list[list[Entry]]]:
    """Entries by cluster and context; clusters, and contexts in a cluster, shuffled by seed."""
    clusters: dict[str, dict[str, list[Entry]]] = {}
    for entry in entries:
        contexts = clusters.setdefault(entry.context.cluster_id, {})
        contexts.setdefault(entry.context.context_id, []).append(entry)
    order = list(clusters)
    random.Random(seed).shuffle(order)
    shuffled = []
    for cluster in order:
        by_context = list(clusters[cluster].values())
        random.Random(f"{seed}-{cluster}").shuffle(by_context)
        shuffled.append(by_context)
    return shuffled


def _chosen(
    clusters: Sequence[list[list[Entry]]], limit: int | None, questions_per_context: int | None
) -> list[Entry]:
    """The entries to take: each cluster in turn gives an entry, or a context's first entries."""
    if questions_per_context:
        groups = _in_turn(clusters)[:limit]
        return [entry for group in groups for entry in group[:questions_per_context]]
    return _in_turn([[entry for group in contexts for entry in group] for contexts in clusters])[
        :limit
    ]


def _in_turn(queues: Sequence[list[_T]]) -> list[_T]:
    longest = max(map(len, queues))
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
