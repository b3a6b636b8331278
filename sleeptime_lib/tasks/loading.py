"""The one entry to datasets: `load`, by name or path.

What is generated comes from `generated`. Everything else is rows, of a file or of the hub (`rows`),
whose columns tell their format (`FORMATS`); here they are put in order and as many taken as asked.
"""

from __future__ import annotations

import difflib
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Task
from sleeptime_lib.tasks import aime, gsm_symbolic, own
from sleeptime_lib.tasks.generated import GENERATED
from sleeptime_lib.tasks.rows import Complaints, Entry, SourceRow, file_rows, hub_rows
from sleeptime_lib.tasks.splitters import SPLITTERS, SplitterName
from sleeptime_lib.texts import brief

ON_THE_HUB: Final = {**gsm_symbolic.ON_THE_HUB, **aime.ON_THE_HUB}
DATASETS: Final = (*GENERATED, *ON_THE_HUB)
FORMATS: Final = (
    own.QUESTION_LISTS,
    gsm_symbolic.WHOLE_PROBLEMS,
    aime.PROBLEMS,
    own.SINGLE_QUESTIONS,
)
"""The first that fits the columns is taken."""
HUB: Final = "hub:"
"""Before the name of a dataset on the hub that holds rows as a file of one's own does."""
_SUFFIXES: Final = (".jsonl", ".csv")
_COLUMNS_SHOWN: Final = 300
"""Characters of their names."""
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
    and `limit` counts contexts. The `multi` data are always taken so, ten questions to a
    context unless told otherwise.

    Args:
        dataset: A name in `DATASETS`, or the path of a .jsonl or .csv file with GSM-Symbolic rows
            (Apple's or Letta's fields) or AIME problems (see `tasks.aime`), with columns context,
            question, answer and optional cluster and id, or with contexts and question lists (see
            `tasks.own`); or hub:OWNER/NAME for such rows on the hub.
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
    if dataset in GENERATED:
        return GENERATED[dataset](limit=limit, seed=seed, most=questions_per_context)
    complaints = Complaints()
    rows = _rows(dataset, complaints)
    columns = {column for row in rows for column in row.fields}
    form = next((form for form in FORMATS if form.fits(columns)), None)
    if rows and form is None:
        named = brief(", ".join(sorted(columns)), _COLUMNS_SHOWN) or "(none)"
        raise InputError(
            f"{dataset}: columns {named} fit no known format; "
            f"needed are {', '.join(own.REQUIRED)}, "
            f"or for GSM-Symbolic {', '.join(gsm_symbolic.APPLE_COLUMNS)}, "
            f"or for AIME {', '.join(aime.PLAIN)}"
        )
    entries = form.entries(rows, splitter, complaints) if form else []
    notices = complaints.settle(usable=len(entries), source=dataset, skip_bad=skip_bad)
    chosen = _chosen(_shuffled(entries, seed), limit, questions_per_context)
    if form:
        notices += form.notices(chosen, splitter)
    return Task(
        name=dataset,
        contexts={entry.context.context_id: entry.context for entry in chosen},
        questions=tuple(entry.question for entry in chosen),
        notices=tuple(notices),
    )


def _rows(dataset: str, complaints: Complaints) -> list[SourceRow]:
    if dataset in ON_THE_HUB:
        return ON_THE_HUB[dataset]()
    if dataset.startswith(HUB):
        return hub_rows(dataset.removeprefix(HUB))
    path = Path(dataset).expanduser()
    is_rows = path.suffix.lower() in _SUFFIXES
    there = os.path.isfile(path)  # noqa: PTH113 (Path.is_file fails where a name is too long)
    if is_rows and there:
        return file_rows(path, complaints)
    if there:
        raise InputError(f"{dataset} is neither .jsonl nor .csv; write one JSON object per line")
    if is_rows or len(path.parts) > 1:
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
        contexts = _in_turn(clusters)[:limit]
        return [entry for asked in contexts for entry in asked[:questions_per_context]]
    return _in_turn([[e for context in contexts for e in context] for contexts in clusters])[:limit]


def _in_turn(queues: Sequence[list[_T]]) -> list[_T]:
    longest = max(map(len, queues))
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
