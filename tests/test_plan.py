"""`sleeptime plan`: contexts of one's own, a run that tells, and what comes out."""

import json

import pytest
from test_cli import sleeptime

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.own import read_contexts

RUN = ("--limit", "60", "--levels", "0,3", "--sleep-parallel", "1,2", "--pass-samples", "0",
       "--no-context-only")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run directory `r` of the simulated model, and a file of contexts."""
    where = tmp_path_factory.mktemp("plan")
    done = sleeptime("run", "stateful-gsm", *RUN, "--out", "r", cwd=where)
    assert done.returncode == 0, done.stderr
    contexts = load("procedural-p1", limit=8, seed=5).contexts.values()
    rows = [{"id": f"mine-{i}", "context": c.text, "questions": 5} for i, c in enumerate(contexts)]
    (where / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return where


def plan(folder, *words, contexts="own.jsonl"):
    return sleeptime("plan", "--contexts", contexts, "--policy", "r", *words, cwd=folder)


def test_it_tells_for_each_context_what_to_do(folder):
    done = plan(folder)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if "mine-" in line]
    assert len(told) == 8
    assert all(line.startswith(("-", "k=1", "k=2")) for line in told)


def test_it_tells_the_expected_saving_and_whose_the_run_is(folder):
    said = plan(folder).stdout
    assert "Against never sleeping, at equal accuracy: " in said
    assert "Against sleeping on every context with k=" in said
    assert "simulated" in said


def test_json_is_the_only_thing_on_stdout(folder):
    value = json.loads(plan(folder, "--json").stdout)
    assert [one["context"]["name"] for one in value["advice"]] == [f"mine-{i}" for i in range(8)]
    assert value["advice"][0]["context"]["questions"] == 5
    assert set(value["saving"]) == {"estimate", "low", "high"}
    assert value["saves"] in ("saves", "costs more", "not determined")
    assert value["simulated"] is True


def test_prices_and_weights_can_be_given(folder):
    usd = json.loads(plan(folder, "--usd", "--json").stdout)
    assert (usd["unit"], usd["t"]) == ("USD", 1.0)
    tokens = json.loads(plan(folder, "--t", "2", "--worth", "500", "--json").stdout)
    assert (tokens["unit"], tokens["t"], tokens["worth"]) == ("tokens", 2.0, 500.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--score", "word"), "unknown score 'word': did you mean words?"),
        (("--questions", "0"), "--questions 0: give a number above 0"),
        (("--worth", "-3"), "--worth -3: give a number above 0"),
        (("--t", "nan"), "--t nan: give a number above 0"),
        (("--policy", "nowhere"), "nowhere is not a run directory"),
        (("--contexts", "none.jsonl"), "none.jsonl"),
        (("--contexts", "own.txt"), "own.txt is neither .jsonl nor .csv"),
    ],
)
def test_bad_input_is_one_line_and_status_2(folder, words, said):
    done = plan(folder, *words)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_run_that_cannot_tell_what_accuracy_is_worth_asks_for_it(tmp_path, folder):
    words = ("--limit", "40", "--levels", "0", "--sleep-parallel", "1", "--pass-samples", "0")
    sleeptime("run", "stateful-gsm", *words, "--no-context-only", "--out", "r", cwd=tmp_path)
    (tmp_path / "own.jsonl").write_text((folder / "own.jsonl").read_text())
    done = plan(tmp_path)
    assert done.returncode == 2
    assert "--worth" in done.stderr.splitlines()[-1]
    assert plan(tmp_path, "--worth", "1000").returncode == 0


# Reading contexts


def read(tmp_path, text, name="own.jsonl", **how):
    (tmp_path / name).write_text(text)
    found, notices = read_contexts(tmp_path / name, **how)
    return [(context.context_id, context.text, number) for context, number in found], notices


def test_a_context_that_does_not_say_takes_the_number_that_is_expected(tmp_path):
    found, _ = read(tmp_path, '{"context": "A."}\n{"context": "B.", "questions": 7}\n', expected=3)
    assert found == [("c1", "A.", 3), ("c2", "B.", 7)]


def test_a_file_of_questions_will_do(tmp_path):
    rows = [
        {"id": "x", "context": "A.", "questions": [{"question": "?", "answer": 1}] * 4},
        {"context": "B.", "question": "?", "answer": 1},
        {"context": "B.", "question": "What?", "answer": 2},
    ]
    found, _ = read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    assert found == [("x", "A.", 4), ("c2", "B.", 2)]


def test_csv_is_read_as_well(tmp_path):
    found, _ = read(tmp_path, 'context,questions\n"A, b.",2.5\nB.,\n', name="own.csv")
    assert found == [("c2", "A, b.", 2.5), ("c3", "B.", 1)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"text": "A."}', "no context; every row needs one"),
        ('{"context": "A.", "questions": 0}', "'0' is no number above 0"),
        ('{"context": "A.", "questions": "some"}', "'some' is no number above 0"),
        ("{", "broken JSON"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_can_be_left_out(tmp_path, row, said):
    text = f'{{"context": "Good."}}\n{row}\n'
    with pytest.raises(InputError, match=f"own.jsonl:2: .*{said}"):
        read(tmp_path, text)
    found, notices = read(tmp_path, text, skip_bad=True)
    assert (len(found), len(notices)) == (1, 1)


def test_one_name_for_two_contexts_is_refused(tmp_path):
    text = '{"id": "x", "context": "A."}\n{"id": "x", "context": "B."}\n'
    with pytest.raises(InputError, match="id 'x' is also in line 1"):
        read(tmp_path, text)
