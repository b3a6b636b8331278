"""Many questions about one context: generated ones, and rows with question lists."""

import json
from collections import Counter

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.export import export

LEVELS = pytest.mark.parametrize("level", [0, 1, 2])
GOOD = {"context": "He has 5.", "questions": [{"question": "How many?", "answer": 5}]}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write rows to a file in the current directory, so that messages give its bare name."""
    monkeypatch.chdir(tmp_path)

    def write(*rows):
        (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return "own.jsonl"

    return write


def steps(task, question):
    """Steps of the quantity that a generated question asks for."""
    quantities = task.contexts[question.context_id].quantities
    return next(q.steps for q in quantities if q.question == question.text)


def by_context(task):
    asked = {}
    for question in task.questions:
        asked.setdefault(question.context_id, []).append(question)
    return asked


class TestGenerated:
    @LEVELS
    def test_every_context_is_asked_ten_questions_and_the_limit_counts_contexts(self, level):
        task = load(f"multi-p{level}", limit=40)
        assert len(task.contexts) == 40
        assert set(Counter(q.context_id for q in task.questions).values()) == {10}

    @LEVELS
    def test_contexts_and_first_questions_are_those_of_the_stateful_data(self, level):
        many, one = load(f"multi-p{level}", limit=40), load(f"procedural-p{level}", limit=40)
        assert many.contexts == one.contexts
        firsts = [asked[0] for asked in by_context(many).values()]
        assert [(q.text, q.gold) for q in firsts] == [(q.text, q.gold) for q in one.questions]

    @LEVELS
    def test_every_question_asks_for_another_quantity_and_has_its_value(self, level):
        task = load(f"multi-p{level}", limit=40)
        for context_id, asked in by_context(task).items():
            known = {q.question: q.gold for q in task.contexts[context_id].quantities}
            assert len({q.text for q in asked}) == len(asked)
            assert all(known[q.text] == q.gold for q in asked)

    @LEVELS
    def test_questions_with_as_many_steps_as_the_original_come_first(self, level):
        task = load(f"multi-p{level}", limit=40, questions_per_context=100)
        for asked in by_context(task).values():
            distances = [abs(steps(task, q) - steps(task, asked[0])) for q in asked]
            assert distances == sorted(distances)

    def test_fewer_questions_are_the_first_of_more(self):
        few = by_context(load("multi-p1", limit=5, questions_per_context=3))
        many = by_context(load("multi-p1", limit=5, questions_per_context=10))
        assert few == {context_id: asked[:3] for context_id, asked in many.items()}

    def test_the_seed_alone_decides(self):
        prints = {load("multi-p1", limit=5, seed=s).fingerprint() for s in (0, 0, 1)}
        assert len(prints) == 2

    def test_procedural_data_can_be_asked_many_questions_too(self):
        task = load("procedural-p2", limit=3, questions_per_context=4)
        assert task.questions == load("multi-p2", limit=3, questions_per_context=4).questions


class TestQuestionLists:
    def test_each_question_of_a_row_is_about_its_context(self, write):
        row = GOOD | {"id": "boxes", "cluster": "things"}
        row["questions"] = [
            {"question": "How many?", "answer": "$1,234.50"},
            {"question": "And if he gets one more?", "answer": 6, "id": "more"},
        ]
        task = load(write(row))
        (context,) = task.contexts.values()
        assert (context.context_id, context.cluster_id) == ("boxes", "things")
        assert [(q.question_id, q.gold) for q in task.questions] == [
            ("boxes-q1", "1234.5"),
            ("more", "6"),
        ]

    def test_names_of_the_papers_rows_and_answers_with_a_mark_are_understood(self, write):
        row = {
            "stateful_gsm_symbolic_context": "He has 5.",
            "questions": ["How many?", "Twice that?"],
            "answers": ["He has 5.\n#### 5", "#### 10"],
        }
        task = load(write(row))
        assert [(q.text, q.gold) for q in task.questions] == [
            ("How many?", "5"),
            ("Twice that?", "10"),
        ]

    def test_a_limit_counts_questions_or_whole_contexts(self, write):
        rows = [
            {
                "context": f"Context {n}.",
                "cluster": "ab"[n % 2],
                "questions": [{"question": f"{q}?", "answer": q} for q in range(5)],
            }
            for n in range(4)
        ]
        path = write(*rows)
        assert len(load(path, limit=3).questions) == 3
        task = load(path, limit=2, questions_per_context=4)
        assert len(task.questions) == 8
        assert {c.cluster_id for c in task.contexts.values()} == {"a", "b"}
        assert [q.text for q in task.questions[:4]] == ["0?", "1?", "2?", "3?"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"questions": []}, "own.jsonl:2: questions is no list, or an empty one"),
            ({"questions": "How many?"}, "own.jsonl:2: questions is no list"),
            ({"context": " "}, "own.jsonl:2: context is empty"),
            ({"context": "He has 5."}, "own.jsonl:2: the same context is also in line 1"),
            ({"id": "c1"}, "own.jsonl:2: id 'c1' is also in line 1"),
            ({"questions": [{"question": "A?"}]}, "own.jsonl:2: question 1: no answer"),
            ({"questions": ["A?"]}, "own.jsonl:2: question 1: no answer"),
            (
                {"questions": [{"question": "A?", "answer": "many"}]},
                "own.jsonl:2: question 1: answer 'many' is not a number",
            ),
            (
                {"questions": [{"question": "A?", "answer": 1}, {"question": "A?", "answer": 1}]},
                "own.jsonl:2: question 2: the same as question 1",
            ),
            ({"answers": [1, 2]}, "own.jsonl:2: answers is no list as long as questions"),
        ],
    )
    def test_what_is_wrong_is_told_with_file_line_and_question(self, write, change, said):
        path = write(GOOD, GOOD | {"context": "Other."} | change)
        with pytest.raises(InputError) as caught:
            load(path)
        assert said in str(caught.value)

    def test_a_bad_question_can_be_left_out_without_its_row(self, write):
        row = GOOD | {"questions": [{"question": "A?", "answer": "x"}, *GOOD["questions"]]}
        task = load(write(row), skip_bad=True)
        assert [q.text for q in task.questions] == ["How many?"]
        assert task.notices[0].startswith("left out: own.jsonl:1: question 1")


class TestHub:
    """`datasets` loads a local folder as it loads a repository; the hub is not reached."""

    @pytest.fixture
    def repository(self, tmp_path, monkeypatch):
        import datasets

        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
        (tmp_path / "data").mkdir()

        def repository(*rows):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (tmp_path / "data" / "train.jsonl").write_text(text)
            return f"hub:{tmp_path / 'data'}"

        return repository

    def test_any_dataset_of_contexts_with_question_lists_is_read(self, repository):
        named = GOOD | {"context": "Other.", "id": "n", "cluster": "k"}
        task = load(repository(GOOD, named))
        assert {q.question_id for q in task.questions} == {"c1-q1", "n-q1"}

    def test_a_bad_row_is_named_by_its_number(self, repository):
        with pytest.raises(InputError, match=r"data:2: questions is no list"):
            load(repository(GOOD, GOOD | {"context": "Other.", "questions": []}))

    def test_a_dataset_out_of_reach_is_told_in_one_line(self, monkeypatch):
        import datasets

        monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(InputError, match="cannot load nobody/none from the hub") as caught:
            load("hub:nobody/none")
        assert "\n" not in str(caught.value)


def test_what_is_exported_is_read_back_the_same(tmp_path):
    task = load("multi-p1", limit=3, questions_per_context=4)
    export(task, tmp_path / "out.jsonl")
    back = load(str(tmp_path / "out.jsonl"))
    assert {q.question_id: q for q in back.questions} == {q.question_id: q for q in task.questions}
    assert {c.text: c.cluster_id for c in back.contexts.values()} == {
        c.text: c.cluster_id for c in task.contexts.values()
    }


@pytest.mark.parametrize("dataset", ["multi-p1", "procedural-p0", "no.jsonl"])
def test_no_questions_per_context_are_refused(dataset):
    with pytest.raises(InputError, match="0 questions per context"):
        load(dataset, questions_per_context=0)
