import json

import pandas as pd
import pytest
from paper_scripts import aime_answer, gsm_clusters, read_aime, read_gsm

from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import ROW_COLUMNS


def agent(text, completion, prompt=100):
    """What one agent said and used, in the layout of the released GSM script."""
    return {
        "messages": [
            {"message_type": "reasoning_message", "reasoning": "thinking of 99"},
            {"message_type": "assistant_message", "content": text},
        ],
        "usage": {"completion_tokens": completion, "prompt_tokens": prompt, "step_count": 1},
    }


def gsm_line(question, gold, reply, completion=30, sleep=()):
    return {
        "question": question,
        "answer": f"First this, then that.\n#### {gold}",
        "responses": [agent(reply, completion)],
        "sleep_time_memory": ["notes"],
        "sleep_time_responses": [agent("", tokens) for tokens in sleep],
    }


@pytest.fixture
def write(tmp_path):
    def to_file(name, lines):
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return to_file


def test_gsm_lines_become_rows(write):
    path = write("p.jsonl", [gsm_line("Q?", "1,200", "So the answer is $1,200.", 31, sleep=[400])])
    rows = read_gsm(path, arm="sleep", budget=2, model="gpt-4o-mini")
    assert tuple(rows.columns) == ROW_COLUMNS
    row = rows.iloc[0]
    assert (row["arm"], row["budget_kind"], row["budget"]) == ("sleep", "verbosity", 2)
    assert (row["gold"], row["prediction"], row["score"]) == ("1200", "1200", 1.0)
    assert (row["test_completion_tokens"], row["test_prompt_tokens"]) == (31, 100)
    assert (row["sleep_completion_tokens"], row["sleep_parallel"]) == (400, 1)


def test_parallel_sleep_agents_add_up(write):
    path = write("p.jsonl", [gsm_line("Q?", "5", "5", sleep=[400, 300])])
    row = read_gsm(path, arm="sleep", budget=0, model="m").iloc[0]
    assert (row["sleep_completion_tokens"], row["sleep_parallel"]) == (700, 2)


def test_a_baseline_file_has_no_sleep_tokens(write):
    path = write("p.jsonl", [gsm_line("Q?", "5", "5")])
    row = read_gsm(path, arm="baseline", budget=0, model="m").iloc[0]
    assert (row["sleep_id"], row["sleep_parallel"], row["sleep_completion_tokens"]) == ("", 0, 0)


def test_the_papers_grader_and_ours_can_differ(write):
    path = write("p.jsonl", [gsm_line("Q?", "72", "The answer is 72 (see step 3).")])
    scores = [
        read_gsm(path, arm="baseline", budget=0, model="m", grader=g).iloc[0]["score"]
        for g in ("paper", "clean")
    ]
    assert scores == [0.0, 1.0]


def test_templates_come_from_the_dataset(write):
    data = write("data.jsonl", [{"question": "A?", "original_id": 7, "instance": 0},
                                {"question": "B?", "original_id": 7, "instance": 1},
                                {"question": "C?", "original_id": 9, "instance": 0}])  # fmt: skip
    lines = [gsm_line("A?", "1", "1"), {"error": "server  went\naway"}, gsm_line("C?", "1", "2")]
    rows = read_gsm(
        write("p.jsonl", lines), arm="sleep", budget=0, model="m", clusters=gsm_clusters(data)
    )
    assert rows["cluster_id"].tolist() == ["template-7", "template-7", "template-9"]
    assert rows["error"].tolist() == ["", "server went away", ""]
    assert pd.isna(rows["score"]).tolist() == [False, True, False]


def test_both_arms_of_gsm_make_a_report(write):
    frames = [
        read_gsm(
            write(f"{arm}{budget}.jsonl",
                  [gsm_line(f"Q{i}?", "5", "5" if i < right else "6", tokens, sleep)
                   for i in range(10)]),
            arm=arm, budget=budget, model="m",
        )
        for arm, budget, right, tokens, sleep in (
            ("baseline", 0, 2, 20, ()), ("baseline", 1, 8, 320, ()),
            ("sleep", 0, 2, 5, [300]), ("sleep", 1, 8, 80, [300]),
        )
    ]  # fmt: skip
    report = analyse(pd.concat(frames, ignore_index=True), draws=100)
    assert report.equal_accuracy.ratio == pytest.approx(4)
    assert report.counts.missing == 0


def aime_line(answer, replies, tokens=(900,), sleep=(4000,)):
    return {
        "question": "Find it.",
        "answer": answer,
        "responses": [
            [{"message_type": "user_message", "content": "Find it."},
             {"message_type": "assistant_message", "content": reply}]
            for reply in replies
        ],
        "conversation_usage_list": [{"completion_tokens": t, "prompt_tokens": 50} for t in tokens],
        "sleep_time_usage_list": [{"completion_tokens": t, "prompt_tokens": 60} for t in sleep],
    }  # fmt: skip


def test_aime_lines_become_rows_one_for_each_agent(write):
    path = write("p.jsonl", [aime_line(204, [r"So \boxed{204}", "it is 20"], (900, 800), (1, 2))])
    rows = read_aime(path, arm="sleep", budget=1, model="o3-mini", sleep_effort="high")
    assert rows["sample"].tolist() == [0, 1]
    assert rows["score"].tolist() == [1.0, 0.0]
    assert rows["prediction"].tolist() == ["204", "20"]
    assert rows["test_completion_tokens"].tolist() == [900, 800]
    assert rows["sleep_completion_tokens"].tolist() == [1, 2]
    assert set(rows["sleep_effort"]) == {"high"}
    assert set(rows["budget_kind"]) == {"effort"}
    assert rows["cluster_id"].nunique() == 1


def test_the_streaming_variant_has_texts_and_no_tokens(write):
    line = {"question": "Q", "answer": 33, "responses": ["the answer is 33"]}
    failed = {"error": "timeout", "example": {"answer": 1}}
    rows = read_aime(write("p.jsonl", [line, failed]), arm="baseline", budget=0, model="claude")
    assert rows["score"].tolist()[0] == 1.0
    assert rows["usage_estimated"].tolist()[0]
    assert rows["error"].tolist() == ["", "timeout"]
    assert analyse(rows, draws=20).counts.failed == 1


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (r"\boxed{025}", "25"),
        (r"first \boxed{1} then \boxed{ 204 }", "204"),
        (r"\boxed{x+1}, which is 17", "17"),
        ("between 12 and 345", "345"),
        ("1234", "4"),
        ("no number", None),
    ],
)
def test_aime_answers_are_read_by_the_papers_rule(reply, answer):
    assert aime_answer(reply) == answer


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{not json", r"p.jsonl:1: not JSON"),
        ('["a"]', r"p.jsonl:1: expected a JSON object"),
        ('{"question": "Q"}', r"p.jsonl:1: not a line of the GSM script.*'answer'"),
    ],
)
def test_other_files_are_refused_with_the_line(tmp_path, content, message):
    path = tmp_path / "p.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_gsm(path, arm="sleep", budget=0, model="m")


def test_a_question_outside_the_dataset_is_refused(write):
    path = write("p.jsonl", [gsm_line("Q?", "5", "5")])
    with pytest.raises(InputError, match=r"p.jsonl:1: the question is not in the dataset"):
        read_gsm(path, arm="sleep", budget=0, model="m", clusters={"other": "t"})


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_aime(tmp_path / "none.jsonl", arm="sleep", budget=0, model="m")
