"""GSM-Symbolic as Apple publishes it, and Stateful GSM-Symbolic as Letta publishes it.

Apple's rows (arXiv 2410.05229) have id (the template), instance, question and answer, whose last
line is "#### N". Letta's rows (arXiv 2504.13171, section 4.1) add the fields in `STATEFUL`, cut by
the paper's rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.records import Context, Question
from sleeptime_lib.tasks.numerals import parse_number
from sleeptime_lib.tasks.rows import BadRow, Complaint, Entry, SourceRow, text_of
from sleeptime_lib.tasks.splitters import SPLITTERS, SplitterName, cut_differently

APPLE_COLUMNS: Final = ("id", "instance", "question", "answer")
STATEFUL: Final = ("stateful_gsm_symbolic_context", "stateful_gsm_symbolic_question")

APPLE_REPOSITORY: Final = "apple/GSM-Symbolic"
LETTA_REPOSITORY: Final = "letta-ai/stateful-gsm-symbolic"
LETTA_FILE: Final = "stateful_gsm_symbolic_{level}.jsonl"
"""Name of a level's file in Letta's repository, as the paper's released code downloads it."""


def gsm_entries(
    rows: Sequence[SourceRow], splitter: SplitterName
) -> tuple[list[Entry], list[Complaint]]:
    """Check rows and make entries of them; a row of Letta's keeps its own split.

    The template is the cluster, and each row has a context of its own.

    Returns:
        The entries in the order of the rows, and a complaint for each bad row.
    """
    taken: dict[str, SourceRow] = {}
    entries, complaints = [], []
    for row in rows:
        try:
            entry = _entry(row, splitter)
            context_id = entry.context.context_id
            if context_id in taken:
                raise BadRow(
                    f"instance {context_id} is also in line {taken[context_id].line}; "
                    "id and instance together differ from row to row"
                )
        except BadRow as bad:
            complaints.append((row.line, f"{row.where}: {bad}"))
        else:
            taken[context_id] = row
            entries.append(entry)
    return entries, complaints


def gsm_notices(entries: Sequence[Entry], splitter: SplitterName) -> list[str]:
    """What to know about how these entries were cut: where splitters differ, empty contexts."""
    different = sum(cut_differently(entry.problem) for entry in entries if entry.problem)
    notices = [
        f"the splitters clean and paper cut {different} of {len(entries)} rows differently; "
        f"rows without a split of their own are cut by {splitter}"
    ]
    empty = sum(not entry.context.text for entry in entries)
    if empty:
        notices.append(f"{empty} of {len(entries)} rows are one sentence: their context is empty")
    return notices


def apple_hub_rows(config: str) -> list[SourceRow]:
    """Rows of `apple/GSM-Symbolic` from the hub; `config` is main, p1 or p2.

    Raises:
        InputError: The hub cannot be reached, or has no such data.
    """

    def load(datasets: ModuleType) -> Mapping[str, Iterable[Mapping[str, Any]]]:
        splits: Mapping[str, Any] = datasets.load_dataset(APPLE_REPOSITORY, config)
        return {"test": splits["test"]} if "test" in splits else splits

    return _hub_rows(f"{APPLE_REPOSITORY} {config}", load)


def letta_hub_rows(level: str) -> list[SourceRow]:
    """Rows of `letta-ai/stateful-gsm-symbolic` from the hub; `level` is p1 or p2.

    Takes the level's file or, should the repository be laid out anew, the split named after it.

    Raises:
        InputError: The hub cannot be reached, or has no such data.
    """

    def load(datasets: ModuleType) -> Mapping[str, Iterable[Mapping[str, Any]]]:
        file = LETTA_FILE.format(level=level)
        try:
            splits: Mapping[str, Any] = datasets.load_dataset(LETTA_REPOSITORY, data_files=file)
        except FileNotFoundError:
            splits = datasets.load_dataset(LETTA_REPOSITORY)
            return {name: rows for name, rows in splits.items() if level in name}
        return splits

    return _hub_rows(f"{LETTA_REPOSITORY} {level}", load)


def named_hub_rows(name: str) -> list[SourceRow]:
    """Rows of any dataset on the hub that has one split; `name` is OWNER/NAME.

    Raises:
        InputError: The hub cannot be reached, has no such data, or has several splits of it.
    """

    def load(datasets: ModuleType) -> Mapping[str, Iterable[Mapping[str, Any]]]:
        splits: Mapping[str, Any] = datasets.load_dataset(name)
        return splits

    return _hub_rows(name, load)


def _hub_rows(
    source: str, load: Callable[[ModuleType], Mapping[str, Iterable[Mapping[str, Any]]]]
) -> list[SourceRow]:
    try:
        import datasets
    except ImportError as error:
        raise MissingDependency(f"{source} needs datasets: pip install datasets") from error
    way_out = "check the network, or give the path of the downloaded JSONL file"
    try:
        splits = load(datasets)
        if len(splits) != 1:
            raise InputError(f"{source}: {len(splits)} splits {sorted(splits)}, not one; {way_out}")
        (rows,) = splits.values()
        return [SourceRow(source, number, row) for number, row in enumerate(rows, start=1)]
    except InputError:
        raise
    except Exception as error:  # the hub's libraries raise errors of many unrelated kinds
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(f"cannot load {source} from the hub ({reason}); {way_out}") from error


def _entry(row: SourceRow, splitter: SplitterName) -> Entry:
    template, instance = text_of(row, "id"), text_of(row, "instance")
    gold = _gold(text_of(row, "answer"))
    problem = text_of(row, "question")
    if any(column in row.fields for column in STATEFUL):
        context, question = (text_of(row, column) for column in STATEFUL)
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
