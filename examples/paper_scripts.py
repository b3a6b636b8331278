"""Import of the predictions that the paper's released scripts write.

Layout of the files (letta-ai/sleep-time-compute, scripts run_stateful_gsm_symbolic.py,
run_stateful_aime.py and run_stateful_aime_stream.py): one JSON object a line, in the order of
the dataset.

- GSM: `question` (context and question together), `answer` (reasoning, then "#### N"),
  `responses` with one entry {messages, usage} of the answering agent, `sleep_time_responses` with
  one such entry for each sleep agent. The answer stands in the last message of type
  "assistant_message"; `usage` has completion_tokens and prompt_tokens. A question that failed is
  {"error": text} and nothing else.
- AIME: `question`, `answer` (an integer), `responses` with one list of messages for each
  answering agent, and beside it `conversation_usage_list` and `sleep_time_usage_list`. The answer
  is the last message. The streaming variant writes the texts alone and no usage.

A file is one arm at one budget; nothing in it says which, nor which model answered or which
template a question was made from, so the caller does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import ROW_COLUMNS, Row
from sleeptime_lib.tasks.grading import extract_answer, is_correct

Grader = Literal["paper", "clean"]

_NUMBER: Final = re.compile(r"-?(?:[$0-9.,]{2,}|[0-9]+)")


def read_gsm(
    path: Path,
    *,
    arm: str,
    budget: int,
    model: str,
    clusters: Mapping[str, str] | None = None,
    dataset: str = "stateful-gsm-symbolic",
    grader: Grader = "paper",
) -> pd.DataFrame:
    """Read predictions of the GSM script.

    Args:
        path: The JSONL file.
        arm: str that the file is of.
        budget: Verbosity level, 0 to 4, that it was made with.
        model: Model that answered.
        clusters: Template by question text, see `gsm_clusters`. None makes every question its
            own cluster, which is too optimistic: instances of a template are alike.
        dataset: Name for the rows.
        grader: "paper" for its rule, so that results compare; "clean" for ours.

    Returns:
        Rows, one for each line of the file; lines with an error are failed rows.

    Raises:
        InputError: The file cannot be read, a line is not of that layout, or a question is not
            in `clusters`.
    """
    rows = []
    for number, item in _lines(path):
        where = f"{path}:{number}"
        question_id = f"line-{number}"
        if "error" in item and "responses" not in item:
            rows.append(_failed(question_id, str(item["error"])))
            continue
        try:
            text, gold = str(item["question"]), _gold(item["answer"])
            replies = item["responses"]
            reply = _assistant_text(replies[0]["messages"])
            test = replies[0].get("usage", {})
            sleep = [entry.get("usage", {}) for entry in item.get("sleep_time_responses", [])]
        except (KeyError, IndexError, TypeError, AttributeError) as problem:
            raise InputError(
                f"{where}: not a line of the GSM script: {problem!r}; expected question, answer, "
                "responses[0].messages and .usage"
            ) from None
        if clusters is not None and text not in clusters:
            raise InputError(f"{where}: the question is not in the dataset given for clusters")
        cluster = question_id if clusters is None else clusters[text]
        rows.append(
            _answered(question_id, cluster, gold, reply, test, sleep, grader) | {"text": text}
        )
    if clusters is not None:
        _adopt(rows, clusters)
    return _frame(rows, "stateful-gsm", dataset, model, arm, "verbosity", budget)


def gsm_clusters(path: Path) -> dict[str, str]:
    """Template of every question, from a GSM-Symbolic or Stateful GSM-Symbolic JSONL file.

    Args:
        path: Lines with `question` and `original_id`, as published.

    Returns:
        Template name by question text.

    Raises:
        InputError: The file cannot be read or a line lacks one of the two.
    """
    found = {}
    for number, item in _lines(path):
        if "question" not in item or "original_id" not in item:
            raise InputError(f"{path}:{number}: expected the fields question and original_id")
        found[str(item["question"])] = f"template-{item['original_id']}"
    return found


def read_aime(
    path: Path,
    *,
    arm: str,
    budget: int,
    model: str,
    sleep_effort: str = "",
    dataset: str = "stateful-aime",
) -> pd.DataFrame:
    """Read predictions of the AIME script; several answering agents become several samples.

    Args:
        path: The JSONL file.
        arm: str that the file is of.
        budget: Rank of the reasoning effort of the answer: 0 low, 1 medium, 2 high.
        model: Model that answered.
        sleep_effort: Reasoning effort of the sleep phase.
        dataset: Name for the rows.

    Returns:
        Rows, one for each problem and answering agent. Problems are their own clusters. Rows of
        the streaming variant have no tokens and are marked as estimated.

    Raises:
        InputError: The file cannot be read or a line is not of that layout.
    """
    rows = []
    for number, item in _lines(path):
        question_id = f"problem-{number}"
        if "error" in item and "responses" not in item:
            rows.append(_failed(question_id, str(item["error"])))
            continue
        try:
            gold = str(int(item["answer"]))
            replies = [_last_text(reply) for reply in item["responses"]]
            tests = list(item.get("conversation_usage_list", []))
            sleeps = list(item.get("sleep_time_usage_list", []))
        except (KeyError, TypeError, ValueError) as problem:
            raise InputError(
                f"{path}:{number}: not a line of the AIME script: {problem!r}; expected answer "
                "(an integer) and responses"
            ) from None
        if not replies:
            rows.append(_failed(question_id, "no_reply: the file has no response"))
        for i, reply in enumerate(replies):
            prediction = aime_answer(reply)
            rows.append(
                {
                    **_usage("test", tests[i : i + 1]),
                    **_usage("sleep", sleeps[i : i + 1]),
                    "question_id": question_id,
                    "cluster_id": question_id,
                    "prediction": prediction,
                    "gold": gold,
                    "score": float(prediction is not None and int(prediction) == int(gold)),
                    "sample": i,
                }
            )
    frame = _frame(rows, "stateful-aime", dataset, model, arm, "effort", budget)
    return frame.assign(sleep_effort=sleep_effort if arm == "sleep" else "")


def aime_answer(reply: str) -> str | None:
    r"""The answer by the paper's rule: an integer in the last \boxed{}, else the last number.

    The last number is of at most three digits and does not start with a zero.
    """
    start = max(reply.rfind(r"\boxed"), reply.rfind(r"\fbox"))
    boxed = re.match(r"\\boxed\{\s*([+-]?\d+)\s*\}", reply[start:]) if start >= 0 else None
    if boxed:
        return str(int(boxed[1]))
    numbers = re.findall(r"[1-9]\d{0,2}", reply)
    return numbers[-1] if numbers else None


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: cannot be read as UTF-8 text: {problem}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as problem:
            raise InputError(f"{path}:{number}: not JSON: {problem}") from None
        if not isinstance(item, dict):
            raise InputError(f"{path}:{number}: expected a JSON object, found {line[:20]!r}")
        yield number, item


def _gold(answer: str) -> str:
    """What follows the last "####"."""
    return answer.rpartition("####")[2].strip().replace("$", "").replace(",", "")


def _assistant_text(messages: list[dict[str, Any]]) -> str:
    texts = [m["content"] for m in messages if m["message_type"] == "assistant_message"]
    return str(texts[-1]) if texts else ""


def _last_text(reply: str | list[dict[str, Any]]) -> str:
    if isinstance(reply, str):
        return reply
    return str(reply[-1].get("content", "")) if reply else ""


def _usage(part: str, usages: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"{part}_{kind}_tokens": sum(int(u.get(f"{kind}_tokens", 0)) for u in usages)
        for kind in ("prompt", "completion")
    }
    if part == "test":
        found["usage_estimated"] = not any("completion_tokens" in u for u in usages)
    return found


def _answered(
    question_id: str,
    cluster: str,
    gold: str,
    reply: str,
    test: dict[str, Any],
    sleep: list[dict[str, Any]],
    grader: Grader,
) -> dict[str, Any]:
    prediction = extract_answer(reply)
    right = paper_grade(reply, gold) if grader == "paper" else is_correct(prediction, gold)
    return {
        **_usage("test", [test]),
        **_usage("sleep", sleep),
        "question_id": question_id,
        "cluster_id": cluster,
        "prediction": prediction,
        "gold": gold,
        "score": float(right),
        "phases": len(sleep),
    }


def _failed(question_id: str, error: str) -> dict[str, Any]:
    line = " ".join(error.split()) or "unknown"
    return {"question_id": question_id, "cluster_id": question_id, "gold": "", "error": line}


def _adopt(rows: list[dict[str, Any]], clusters: Mapping[str, str]) -> None:
    """Give failed lines, which have lost their question, the cluster of their place.

    The files keep the dataset's order, so a failed line is the question of the same place.
    """
    places = list(clusters.values())
    whole = len(places) == len(rows)
    for place, row in enumerate(rows):
        if "error" in row:
            row["cluster_id"] = places[place] if whole else "unknown"


def _frame(
    rows: list[dict[str, Any]],
    experiment: str,
    dataset: str,
    model: str,
    arm: str,
    budget_kind: str,
    budget: int,
) -> pd.DataFrame:
    """Complete the rows and give the columns their types."""
    known = set(ROW_COLUMNS)
    slept = arm == "sleep"
    complete = []
    for row in rows:
        values = {
            "context_id": row["question_id"],
            "sample": 0,
            "prediction": None,
            "score": None,
            "sleep_parallel": max(row.get("phases", 1), 1) if slept else 0,
            "sleep_id": f"sleep-{row['question_id']}-{row.get('sample', 0)}" if slept else "",
            **row,
        }
        if not slept:
            values |= {"sleep_prompt_tokens": 0, "sleep_completion_tokens": 0}
        complete.append(
            asdict(
                Row(
                    experiment=experiment,
                    dataset=dataset,
                    model=model,
                    arm=arm,
                    budget_kind=budget_kind,
                    budget=budget,
                    sleep_effort="",
                    **{k: v for k, v in values.items() if k in known},
                )
            )
        )
    frame = pd.DataFrame(complete, columns=list(ROW_COLUMNS))
    return frame.astype({"score": "float64", "prediction": "str", "error": "str"})


def paper_grade(reply: str, gold: str) -> bool:
    """The paper's released grader, faults included, for comparison.

    The last number of the reply, without "$", "," and periods at its ends, is compared as a string
    with the gold answer treated alike.
    """
    numbers = _NUMBER.findall(reply)
    last = _paper_form(numbers[-1]) if numbers else reply
    return last == _paper_form(gold)


def _paper_form(number: str) -> str:
    return number.replace("$", "").replace(",", "").strip(".")
