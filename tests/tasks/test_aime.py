"""AIME problems: plain rows, and Letta's rows from files and through `datasets`.

The hub itself is not reached here. `datasets` loads local directories with rows of the fields that
Letta's two repositories have.
"""

import json
from pathlib import Path

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import aime, load
from sleeptime_lib.tasks.aime import year_of

AIME_2024 = Path(__file__).parents[3] / "shared/data/aime_2024.jsonl"
FIGURE = "[asy] draw((0,0)--(1,2)); [/asy]"


def plain(number, **change):
    problem = f"Let $n = {number}$. Find $n + 1$."
    return {"problem": problem, "answer": number + 1} | change


def letta(number, **change):
    return {
        "stateful_aime_context": f"Let $n = {number}$.",
        "stateful_aime_question": "Find $n + 1$, as Letta cut it.",
        "answer": number + 1,
    } | change


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def rows_file(tmp_path):
    return lambda *rows: write(tmp_path / "rows.jsonl", rows)


def texts(task):
    return [(task.contexts[q.context_id].text, q.text, q.gold) for q in task.questions]


def test_a_plain_problem_is_cut_into_context_and_question(rows_file):
    assert texts(load(rows_file(plain(7)))) == [("Let $n = 7$.", "Find $n + 1$.", "8")]


def test_a_plain_problem_may_come_from_a_csv_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('problem,answer\n"Let $n = 7$, or 8. Find $n + 1$.",008\n')
    assert texts(load(str(path))) == [("Let $n = 7$, or 8.", "Find $n + 1$.", "8")]


@pytest.mark.parametrize("splitter", ["clean", "paper"])
def test_a_letta_row_keeps_its_own_split(rows_file, splitter):
    task = load(rows_file(letta(7)), splitter=splitter)
    assert texts(task) == [("Let $n = 7$.", "Find $n + 1$, as Letta cut it.", "8")]


@pytest.mark.parametrize("empty", ["", None])
def test_a_letta_row_may_have_an_empty_context(rows_file, empty):
    task = load(rows_file(letta(7, stateful_aime_context=empty)))
    assert texts(task) == [("", "Find $n + 1$, as Letta cut it.", "8")]
    assert task.notices == ("1 of 1 problems are one statement: their context is empty",)


@pytest.mark.parametrize(("written", "gold"), [(0, "0"), ("073", "73"), (999, "999"), (" 5 ", "5")])
def test_the_gold_number_has_no_leading_zeros(rows_file, written, gold):
    assert load(rows_file(plain(1, answer=written))).questions[0].gold == gold


def test_every_problem_is_a_cluster_of_its_own_with_its_year_and_id(rows_file):
    rows = plain(1, id=3, year=2024), plain(2, id="II-5", year=2025), plain(3, id=3, year=2025)
    task = load(rows_file(*rows))
    assert sorted(task.contexts) == ["2024-3", "2025-3", "2025-II-5"]
    assert all(context.cluster_id == key for key, context in task.contexts.items())
    assert sorted(map(year_of, task.contexts)) == ["2024", "2025", "2025"]


def test_without_a_year_the_id_tells_none_and_without_an_id_the_line_is_taken(rows_file):
    task = load(rows_file(plain(1), plain(2, id=77), plain(3, id="2023-I-4"), plain(4, year=2020)))
    assert sorted(task.contexts) == ["2020-4", "2023-I-4", "aime-1", "aime-77"]
    assert sorted(map(year_of, task.contexts)) == ["", "", "2020", "2023"]


def test_an_id_that_begins_with_the_year_is_not_given_it_twice(rows_file):
    assert [*load(rows_file(plain(1, id="2024-I-4", year=2024))).contexts] == ["2024-I-4"]


def test_empty_contexts_are_counted_in_a_notice(rows_file):
    rows = plain(1), plain(2, problem="Find $1 + 2$."), plain(3, problem="What is $2^2$?")
    notice = "2 of 3 problems are one statement: their context is empty"
    assert load(rows_file(*rows)).notices == (notice,)


def test_a_splitter_for_word_problems_is_said_to_cut_nothing_here(rows_file):
    path = rows_file(plain(1), plain(2))
    assert load(path).notices == ()
    assert load(path, splitter="paper").notices == (
        "splitter paper is for word problems; these are cut between LaTeX statements",
    )


def test_a_figure_is_left_out_and_its_row_marked(rows_file):
    row = plain(7, id=4, problem=f"Let $n = 7$. {FIGURE} Find $n + 1$.")
    task = load(rows_file(row, plain(2, id=5)))
    assert sorted(task.contexts) == ["aime-4-figure", "aime-5"]
    assert task.contexts["aime-4-figure"].text == "Let $n = 7$."
    assert task.notices == (
        "1 of 2 problems have a figure in [asy] code, which is left out of those that are cut "
        "here: aime-4-figure",
    )


def test_a_letta_row_is_marked_when_the_whole_problem_had_a_figure(rows_file):
    task = load(rows_file(letta(7, id=4, problem=f"Let $n = 7$. {FIGURE} Find $n + 1$.")))
    assert [*task.contexts] == ["aime-4-figure"]
    assert texts(task) == [("Let $n = 7$.", "Find $n + 1$, as Letta cut it.", "8")]


BAD = {
    "no answer": ({"answer": None}, "no answer; every row needs one"),
    "four digits": (
        {"answer": 1024},
        "answer '1024' is no whole number from 0 to 999; write it like 73",
    ),
    "negative": ({"answer": -3}, "answer '-3' is no whole number from 0 to 999; write it like 73"),
    "fraction": (
        {"answer": "1/2"},
        "answer '1/2' is no whole number from 0 to 999; write it like 73",
    ),
    "decimal": ({"answer": 7.5}, "answer '7.5' is no whole number from 0 to 999; write it like 73"),
    "no problem": ({"problem": " "}, "problem is empty; every row needs one"),
    "a figure alone": (
        {"problem": FIGURE},
        "problem has no text but a figure; write the problem",
    ),
    "no year": ({"year": "last"}, "year 'last' is no year; write it like 2024"),
    "the same problem": (
        {"id": 1},
        "problem aime-1 is also in line 1; year and id together differ from row to row",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_a_bad_row_gets_one_line_with_its_place(rows_file, change, message):
    path = rows_file(plain(1, id=1), plain(2, id=2) | change)
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).splitlines()[1:] == [f"{path}:2: {message}"]


@pytest.mark.parametrize("missing", ["stateful_aime_question", "answer"])
def test_a_letta_row_without_one_of_its_fields_is_bad(rows_file, missing):
    row = letta(2)
    del row[missing]
    with pytest.raises(InputError, match=f":2: no {missing}; every row needs one"):
        load(rows_file(letta(1), row))


def test_a_bad_row_can_be_left_out(rows_file):
    task = load(rows_file(plain(1), plain(2, answer="many")), skip_bad=True)
    assert len(task.questions) == 1
    assert "left out" in task.notices[0]


def test_columns_of_the_users_own_format_are_not_taken_for_a_contest(rows_file):
    row = {"context": "He has 5.", "question": "How many?", "problem": "p", "answer": 1024}
    assert load(rows_file(row)).questions[0].gold == "1024"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Directories that `datasets` loads in place of the two repositories."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(aime, "LETTA_REPOSITORY", str(tmp_path / "{year}"))
    for year, numbers in ((2024, (7, 8)), (2025, (9,))):
        write(tmp_path / str(year) / "train.jsonl", [letta(n, id=n - 7) for n in numbers])
    return tmp_path


@pytest.mark.parametrize(
    ("dataset", "contexts"),
    [
        ("aime-2024", ["2024-0", "2024-1"]),
        ("aime-2025", ["2025-2"]),
        ("aime", ["2024-0", "2024-1", "2025-2"]),
    ],
)
def test_each_year_comes_through_datasets_and_both_together(hub, dataset, contexts):
    task = load(dataset)
    assert task.name == dataset
    assert sorted(task.contexts) == contexts
    assert {question.text for question in task.questions} == {"Find $n + 1$, as Letta cut it."}


def test_rows_from_the_hub_need_no_id(hub):
    for year in (2024, 2025):
        write(hub / str(year) / "train.jsonl", [letta(year % 100)])
    assert sorted(load("aime").contexts) == ["2024-1", "2025-1"]


def test_a_year_that_is_out_of_reach_is_named_with_the_way_out(hub):
    (hub / "2025" / "train.jsonl").unlink()
    with pytest.raises(InputError) as caught:
        load("aime")
    assert str(caught.value).startswith(f"cannot load {hub / '2025'} from the hub (")
    assert "give the path of the downloaded JSONL file" in str(caught.value)


def test_a_bad_row_from_the_hub_is_named_by_dataset_and_row(hub):
    write(hub / "2025" / "train.jsonl", [letta(3), letta(4, answer=1024)])
    with pytest.raises(InputError, match="2025:2: answer '1024' is no whole number from 0 to 999"):
        load("aime")


@pytest.mark.skipif(not AIME_2024.exists(), reason="the problems of AIME 2024 are not here")
def test_the_problems_of_2024_load_with_two_empty_contexts_and_two_figures():
    task = load(str(AIME_2024))
    assert len(task.questions) == len(task.contexts) == 30
    assert {year_of(context_id) for context_id in task.contexts} == {"2024"}
    assert task.notices == (
        "2 of 30 problems are one statement: their context is empty",
        "2 of 30 problems have a figure in [asy] code, which is left out of those that are cut "
        "here: 2024-21-figure, 2024-28-figure",
    )
