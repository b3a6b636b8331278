"""The user's own rows, with one question or with a list, and what is said about bad ones."""

import json

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.own import export

GOOD = '{"context": "He has 5.", "question": "How many?", "answer": 5}'


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file in the current directory, so that messages name it by its bare name."""
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write


def complaints(name):
    with pytest.raises(InputError) as caught:
        load(name)
    return str(caught.value).splitlines()[1:]


def test_csv_rows_become_contexts_and_questions(write):
    task = load(
        write("own.csv", "id,context,question,answer,cluster\nfirst,He has 5.,How many?,5,boxes\n")
    )
    (question,) = task.questions
    assert (question.question_id, question.text, question.gold) == ("first", "How many?", "5")
    context = task.contexts[question.context_id]
    assert (context.text, context.cluster_id) == ("He has 5.", "boxes")
    assert task.name == "own.csv"
    assert task.notices == ()


def test_jsonl_and_csv_of_the_same_rows_give_the_same_task(write):
    lines = "context,question,answer\nHe has 5.,How many?,5\n"
    assert load(write("a.csv", lines)).questions[0].text == "How many?"
    from_json, from_csv = load(write("a.jsonl", "\n" + GOOD)), load("a.csv")
    assert from_json.fingerprint() == from_csv.fingerprint()


@pytest.mark.parametrize(
    ("written", "gold"),
    [
        ("12", "12"),
        ('"$1,234.50"', "1234.5"),
        ("1.2e3", "1200"),
        ('"3/4"', "0.75"),
        ('"1/3"', "1/3"),
        ('"75%"', "75%"),
        ("0.1", "0.1"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_answers_are_numbers_in_any_format(write, written, gold):
    name = write("a.jsonl", f'{{"context": "C.", "question": "Q?", "answer": {written}}}')
    assert load(name).questions[0].gold == gold


def test_rows_with_the_same_context_share_it(write):
    task = load(write("a.csv", "context,question,answer\nC.,Q?,1\nD.,Q?,2\nC. ,R?,3\n"))
    assert len(task.contexts) == 2
    shared = [q.text for q in task.questions if task.contexts[q.context_id].text == "C."]
    assert sorted(shared) == ["Q?", "R?"]


def test_without_a_cluster_column_each_context_is_its_own_cluster(write):
    task = load(write("a.csv", "context,question,answer\nC.,Q?,1\nD.,Q?,2\nC.,R?,3\n"))
    assert len({context.cluster_id for context in task.contexts.values()}) == 2


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_fine(write):
    content = "\ufeffcontext,question,answer\r\n\r\nCafé.,Q?,1\r\n\r\n"
    assert next(iter(load(write("a.csv", content)).contexts.values())).text == "Café."


def test_quoted_csv_text_may_have_commas_quotes_and_line_breaks(write):
    task = load(write("a.csv", 'context,question,answer\n"a, ""b""\nc.",Q?,"1,234"\n'))
    assert next(iter(task.contexts.values())).text == 'a, "b"\nc.'
    assert task.questions[0].gold == "1234"


BAD_JSON = {
    "missing field": (
        '{"context": "C.", "question": "Q?"}',
        "no answer; every row needs one",
    ),
    "null": (
        '{"context": null, "question": "Q?", "answer": 1}',
        "no context; every row needs one",
    ),
    "empty field": (
        '{"context": "C.", "question": " ", "answer": 1}',
        "question is empty; every row needs one",
    ),
    "no number": (
        '{"context": "C.", "question": "Q?", "answer": "12 apples"}',
        "answer '12 apples' is not a number; write the number alone, like 12.5",
    ),
    "no finite number": (
        '{"context": "C.", "question": "Q?", "answer": NaN}',
        "answer 'NaN' is not a number; write the number alone, like 12.5",
    ),
    "boolean": (
        '{"context": "C.", "question": "Q?", "answer": true}',
        "answer is a JSON true or false; write text or a number",
    ),
    "list": (
        '{"context": ["C."], "question": "Q?", "answer": 1}',
        "context is a JSON list; write text or a number",
    ),
    "broken JSON": (
        '{"context": "C.", "question": "Q?", "answer": 1',
        "broken JSON (Expecting ',' delimiter at character 48); write one JSON object per line",
    ),
    "no object": ('"text"', "a JSON text or number; write one JSON object per line"),
    "deep nesting": ("[" * 100_000, "JSON nested too deeply; write one flat JSON object per line"),
    "field twice": (
        '{"context": "C.", "question": "Q?", "answer": 1, "answer": 2}',
        "field 'answer' is there twice; write each field once",
    ),
    "wrong encoding": (
        '{"context": "Café.", "question": "Q?", "answer": 1}'.encode("latin-1"),
        "byte 0xe9 is not UTF-8; save the file as UTF-8",
    ),
    "half a character": (
        '{"context": "\\ud83d", "question": "Q?", "answer": 1}',
        "context has half of a surrogate pair; write the whole character",
    ),
}


@pytest.mark.parametrize(("row", "message"), BAD_JSON.values(), ids=BAD_JSON)
def test_a_bad_json_row_gets_one_line_with_its_place(write, row, message):
    row = row if isinstance(row, bytes) else row.encode()
    name = write("a.jsonl", GOOD.encode() + b"\n\n" + row + b"\n")
    assert complaints(name) == [f"a.jsonl:3: {message}"]


BAD_CSV = {
    "missing answer": (
        "C.,Q?,",
        "answer is empty; every row needs one",
    ),
    "short line": (
        "C.,Q?",
        "2 columns where the first line names 3; put text with commas in quotes",
    ),
    "comma outside quotes": (
        "C, d.,Q?,1",
        "4 columns where the first line names 3; put text with commas in quotes",
    ),
    "open quote": (
        '"C.,Q?,1',
        "broken CSV (unexpected end of data); close quotes, and double them in text",
    ),
    "wrong encoding": (
        "Café.,Q?,1".encode("cp1252"),
        "byte 0xe9 is not UTF-8; save the file as UTF-8",
    ),
}


@pytest.mark.parametrize(("row", "message"), BAD_CSV.values(), ids=BAD_CSV)
def test_a_bad_csv_row_gets_one_line_with_its_place(write, row, message):
    row = row if isinstance(row, bytes) else row.encode()
    name = write("a.csv", b'context,question,answer\n"B\nb.",Q?,1\n' + row + b"\n")
    assert complaints(name) == [f"a.csv:4: {message}"]


def test_an_open_quote_tells_how_many_lines_it_swallowed(write):
    name = write("a.csv", 'context,question,answer\n"C.,Q?,1\nD.,Q?,2\nE.,Q?,3\n')
    assert complaints(name) == [
        "a.csv:2: broken CSV up to line 4 (unexpected end of data); "
        "close quotes, and double them in text"
    ]


def test_a_repeated_id_names_both_lines(write):
    name = write("a.csv", "id,context,question,answer\na,C.,Q?,1\na,D.,Q?,2\n")
    assert complaints(name) == ["a.csv:3: id 'a' is also in line 2; ids differ"]


def test_a_context_in_two_clusters_names_both(write):
    name = write("a.csv", "cluster,context,question,answer\na,C.,Q?,1\nb,C.,R?,2\n")
    assert complaints(name) == [
        "a.csv:3: cluster 'b', but line 2 has the same context in cluster 'a'; "
        "a context is in one cluster"
    ]


@pytest.mark.parametrize("column", ["id", "cluster"])
def test_an_optional_column_is_filled_in_everywhere_or_nowhere(write, column):
    name = write("a.jsonl", GOOD + "\n" + GOOD.replace("{", f'{{"{column}": "x", '))
    assert complaints(name) == [f"a.jsonl:1: no {column}; every row needs one"]


def test_all_bad_rows_are_counted_and_the_first_twenty_listed_in_order(write):
    rows = [GOOD.replace("5}", '"?"}')] * 30
    rows[9] = "broken"
    with pytest.raises(InputError) as caught:
        load(write("a.jsonl", "\n".join([GOOD, *rows])))
    first, *listed, last = str(caught.value).splitlines()
    assert first == (
        "a.jsonl: 30 of 31 rows cannot be used; "
        "--skip-bad (skip_bad=True in Python) leaves them out"
    )
    assert [line.split(": ")[0] for line in listed] == [f"a.jsonl:{n}" for n in range(2, 22)]
    assert last == "... and 10 more"


def test_skipped_rows_become_notices(write):
    name = write("a.jsonl", f"{GOOD}\nbroken\n{GOOD.replace('5}', 'null}')}\n")
    task = load(name, skip_bad=True)
    assert len(task.questions) == 1
    assert [notice.split("; ")[0] for notice in task.notices] == [
        "left out: a.jsonl:2: broken JSON (Expecting value at character 1)",
        "left out: a.jsonl:3: no answer",
    ]


@pytest.mark.parametrize("skip_bad", [True, False])
def test_where_every_row_is_bad_skipping_is_refused_and_not_advised(write, skip_bad):
    with pytest.raises(InputError, match=r"a\.jsonl: 1 of 1 rows cannot be used\n"):
        load(write("a.jsonl", "broken"), skip_bad=skip_bad)


@pytest.mark.parametrize("content", ["", "\n", "context,question,answer\n"])
def test_a_file_without_rows_is_refused(write, content):
    with pytest.raises(InputError, match=r"a\.csv: no rows; write one question per row"):
        load(write("a.csv", content))


def test_a_utf16_file_is_named_as_such(write):
    with pytest.raises(InputError, match=r"a\.csv:1: the file is UTF-16; save it as UTF-8"):
        load(write("a.csv", "context,question,answer\nC.,Q?,1\n".encode("utf-16")))


def test_a_column_named_twice_is_refused(write):
    name = write("a.csv", "context,question,question,answer\nC.,Q?,R?,1\n")
    assert complaints(name) == ["a.csv:1: a column name is there twice; name each column once"]


def test_unknown_columns_are_named_with_what_is_needed(write):
    with pytest.raises(InputError) as caught:
        load(write("a.csv", "text,question,answer\nC.,Q?,1\n"))
    assert str(caught.value) == (
        "a.csv: columns answer, question, text fit no known format; needed are context, question, "
        "answer, or for GSM-Symbolic id, instance, question, answer, or for AIME problem, answer"
    )


LISTED = {"context": "He has 5.", "questions": [{"question": "How many?", "answer": 5}]}


@pytest.fixture
def write_rows(write):
    return lambda *rows: write("own.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


class TestQuestionLists:
    def test_each_question_of_a_row_is_about_its_context(self, write_rows):
        row = LISTED | {"id": "boxes", "cluster": "things"}
        row["questions"] = [
            {"question": "How many?", "answer": "$1,234.50"},
            {"question": "And if he gets one more?", "answer": 6, "id": "more"},
        ]
        task = load(write_rows(row))
        (context,) = task.contexts.values()
        assert (context.context_id, context.cluster_id) == ("boxes", "things")
        assert [(q.question_id, q.gold) for q in task.questions] == [
            ("boxes-q1", "1234.5"),
            ("more", "6"),
        ]

    def test_names_of_the_papers_rows_and_answers_with_a_mark_are_understood(self, write_rows):
        row = {
            "stateful_gsm_symbolic_context": "He has 5.",
            "questions": ["How many?", "Twice that?"],
            "answers": ["He has 5.\n#### 5", "#### 10"],
        }
        task = load(write_rows(row))
        assert [(q.text, q.gold) for q in task.questions] == [
            ("How many?", "5"),
            ("Twice that?", "10"),
        ]

    def test_a_limit_counts_questions_or_whole_contexts(self, write_rows):
        rows = [
            {
                "context": f"Context {n}.",
                "cluster": "ab"[n % 2],
                "questions": [{"question": f"{q}?", "answer": q} for q in range(5)],
            }
            for n in range(4)
        ]
        path = write_rows(*rows)
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
    def test_what_is_wrong_is_told_with_file_line_and_question(self, write_rows, change, said):
        path = write_rows(LISTED, LISTED | {"context": "Other."} | change)
        with pytest.raises(InputError) as caught:
            load(path)
        assert said in str(caught.value)

    def test_a_bad_question_can_be_left_out_without_its_row(self, write_rows):
        row = LISTED | {"questions": [{"question": "A?", "answer": "x"}, *LISTED["questions"]]}
        task = load(write_rows(row), skip_bad=True)
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
        named = LISTED | {"context": "Other.", "id": "n", "cluster": "k"}
        task = load(repository(LISTED, named))
        assert {q.question_id for q in task.questions} == {"c1-q1", "n-q1"}

    def test_a_bad_row_is_named_by_its_number(self, repository):
        with pytest.raises(InputError, match=r"data:2: questions is no list"):
            load(repository(LISTED, LISTED | {"context": "Other.", "questions": []}))

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
