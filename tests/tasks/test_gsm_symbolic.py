"""GSM-Symbolic rows: Apple's and Letta's, from files and through `datasets`.

The hub itself is not reached here. `datasets` loads local directories laid out as the two
repositories are documented to be.
"""

import json
from pathlib import Path

import pytest
from paper_scripts import paper_grade

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import gsm_symbolic, load
from sleeptime_lib.tasks.grading import extract_answer, is_correct

SAMPLE = Path(__file__).parents[3] / "shared/data/gsm_symbolic_p2_30templates.jsonl"
needs_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="the sample of P2 is not here")


def apple(template, instance, *, gold="12", price="3"):
    return {
        "id": template,
        "instance": instance,
        "question": f"A pen costs ${price}. Dr. Ito buys {instance + 1}. How much does he pay?",
        "answer": f"{price} * {instance + 1} = {gold}\n#### {gold}",
        "original_id": 7,
    }


def letta(template, instance):
    return apple(template, instance) | {
        "stateful_gsm_symbolic_context": "As Letta cut it.",
        "stateful_gsm_symbolic_question": f"How much, {template} and {instance}?",
    }


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def texts(task):
    return [(task.contexts[q.context_id].text, q.text) for q in task.questions]


@pytest.fixture
def rows_file(tmp_path):
    return lambda *rows: write(tmp_path / "rows.jsonl", rows)


def test_an_apple_row_is_cut_by_the_clean_splitter(rows_file):
    task = load(rows_file(apple(4, 2, gold="9")))
    assert texts(task) == [("A pen costs $3. Dr. Ito buys 3.", "How much does he pay?")]
    (question,) = task.questions
    assert question.gold == "9"
    assert task.contexts[question.context_id].cluster_id == "4"


def test_an_apple_row_can_be_cut_by_the_papers_rule(rows_file):
    task = load(rows_file(apple(4, 2, price="0.7")), splitter="paper")
    assert texts(task) == [("A pen costs $0. 7. Dr. Ito buys 3.", "How much does he pay?")]


@pytest.mark.parametrize("splitter", ["clean", "paper"])
def test_a_letta_row_keeps_its_own_split(rows_file, splitter):
    task = load(rows_file(letta(4, 2)), splitter=splitter)
    assert texts(task) == [("As Letta cut it.", "How much, 4 and 2?")]


def test_rows_of_one_template_are_one_cluster_with_different_contexts(rows_file):
    task = load(rows_file(apple(4, 0), apple(4, 1), apple(5, 0)))
    assert len(task.contexts) == 3
    assert sorted(context.cluster_id for context in task.contexts.values()) == ["4", "4", "5"]


def test_the_number_of_rows_that_splitters_cut_differently_is_a_notice(rows_file):
    task = load(rows_file(apple(1, 0), apple(2, 0, price="0.7"), apple(3, 0, price="1.5")))
    assert task.notices == (
        "the splitters clean and paper cut 2 of 3 rows differently; "
        "rows without a split of their own are cut by clean",
    )


def test_the_notice_counts_the_rows_that_were_taken(rows_file):
    path = rows_file(*[apple(template, 0, price="0.7") for template in range(9)])
    assert "cut 4 of 4 rows" in load(path, limit=4).notices[0]


def test_problems_of_one_sentence_are_counted_in_a_notice(rows_file):
    row = apple(1, 0) | {"question": "If he has 3 and eats 1, how many are left?"}
    assert "1 of 1 rows are one sentence: their context is empty" in load(rows_file(row)).notices


@pytest.mark.parametrize(("written", "gold"), [("45.0", "45.0"), ("$1,234", "1234"), ("-3", "-3")])
def test_the_gold_number_is_as_published_without_signs_that_graders_ignore(
    rows_file, written, gold
):
    assert load(rows_file(apple(1, 0, gold=written))).questions[0].gold == gold


BAD = {
    "no mark": ({"answer": "It is 12."}, "answer has no '####'; its last line is '#### N'"),
    "no number": (
        {"answer": "#### twelve"},
        "answer ends '#### twelve', no number; write '#### 12.5'",
    ),
    "no instance": ({"instance": None}, "no instance; every row needs one"),
    "empty question": ({"question": ""}, "question is empty; every row needs one"),
    "same instance": (
        {"id": 1, "instance": 0},
        "instance 1-0 is also in line 1; id and instance together differ from row to row",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_a_bad_row_gets_one_line_with_its_place(rows_file, change, message):
    path = rows_file(apple(1, 0), apple(2, 0) | change)
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).splitlines()[1:] == [f"{path}:2: {message}"]


def test_a_letta_row_without_its_question_is_bad(rows_file):
    row = letta(2, 0)
    del row["stateful_gsm_symbolic_question"]
    path = rows_file(letta(1, 0), row)
    with pytest.raises(InputError, match=r":2: no stateful_gsm_symbolic_question; every row"):
        load(path)


@needs_sample
def test_the_published_rows_load_and_every_decimal_row_is_cut_differently():
    task = load(str(SAMPLE))
    assert len(task.questions) == len(task.contexts) == 1500
    assert len({context.cluster_id for context in task.contexts.values()}) == 30
    assert "cut 150 of 1500 rows differently" in task.notices[0]


@needs_sample
def test_the_published_reasoning_alone_gives_the_gold_answer():
    for line in SAMPLE.read_text().splitlines():
        reasoning, gold = json.loads(line)["answer"].split("#### ")
        assert is_correct(extract_answer(reasoning), gold)
        assert paper_grade(reasoning, gold)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Directories that `datasets` loads in place of the two repositories."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(gsm_symbolic, "APPLE_REPOSITORY", str(tmp_path / "apple"))
    monkeypatch.setattr(gsm_symbolic, "LETTA_REPOSITORY", str(tmp_path / "letta"))
    configs = "".join(
        f"- config_name: {name}\n  data_files:\n  - split: test\n    path: {name}/test.jsonl\n"
        for name in ("main", "p1", "p2")
    )
    for template, name in enumerate(("main", "p1", "p2")):
        write(tmp_path / "apple" / name / "test.jsonl", [apple(template, 0)])
    (tmp_path / "apple" / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    for template, name in enumerate(("p1", "p2"), start=1):
        write(tmp_path / "letta" / f"stateful_gsm_symbolic_{name}.jsonl", [letta(template, 0)])
    return tmp_path


@pytest.mark.parametrize(
    ("dataset", "cluster"),
    [("gsm-symbolic-main", "0"), ("gsm-symbolic-p1", "1"), ("gsm-symbolic-p2", "2")],
)
def test_apples_configurations_come_through_datasets(hub, dataset, cluster):
    task = load(dataset)
    assert [context.cluster_id for context in task.contexts.values()] == [cluster]
    assert task.name == dataset


@pytest.mark.parametrize(
    ("dataset", "cluster"), [("stateful-gsm-p1", "1"), ("stateful-gsm-p2", "2")]
)
def test_lettas_levels_come_through_datasets(hub, dataset, cluster):
    task = load(dataset)
    assert texts(task) == [("As Letta cut it.", f"How much, {cluster} and 0?")]


def test_lettas_levels_may_also_be_splits(hub):
    for name in ("p1", "p2"):
        (hub / "letta" / f"stateful_gsm_symbolic_{name}.jsonl").rename(
            hub / "letta" / f"{name}.jsonl"
        )
    (hub / "letta" / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n"
        "  - split: p1\n    path: p1.jsonl\n  - split: p2\n    path: p2.jsonl\n---\n"
    )
    assert texts(load("stateful-gsm-p2")) == [("As Letta cut it.", "How much, 2 and 0?")]


def test_a_bad_row_from_the_hub_is_named_by_dataset_and_row(hub):
    write(hub / "apple" / "p1" / "test.jsonl", [apple(1, 0), apple(1, 1) | {"answer": "none"}])
    with pytest.raises(InputError, match=r"apple p1:2: answer has no '####'"):
        load("gsm-symbolic-p1")


@pytest.mark.parametrize("dataset", ["gsm-symbolic-p1", "stateful-gsm-p2"])
def test_without_the_hub_one_line_says_what_to_do(monkeypatch, dataset):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(gsm_symbolic, "APPLE_REPOSITORY", "nobody/no-such-data")
    monkeypatch.setattr(gsm_symbolic, "LETTA_REPOSITORY", "nobody/no-such-data")
    with pytest.raises(InputError) as caught:
        load(dataset)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("cannot load nobody/no-such-data p")
    assert message.endswith(
        "check the network, or give the path of the downloaded JSONL file, or hub:FOLDER, a folder "
        "with its files"
    )
