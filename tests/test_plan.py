"""`sleeptime plan`: contexts of one's own, a run that tells, and what comes out."""

import json
import math

import pytest
from test_cli import sleeptime

from sleeptime_lib import runs
from sleeptime_lib.ahead import Asked, plan_contexts
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.predictability import PREDICTABILITY
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.results import load_run
from sleeptime_lib.tasks import load
from sleeptime_lib.tasks.own import read_contexts

SMALL = {"limit": 60, "pass_samples": 0, "context_only": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run directory `r` of the simulated model, and a file of contexts."""
    where = tmp_path_factory.mktemp("plan")
    runs.run(STATEFUL_GSM, out=where / "r", levels=(0, 3), sleep_parallel=(1, 2), **SMALL)
    contexts = load("procedural-p1", limit=8, seed=5).contexts.values()
    rows = [{"id": f"mine-{i}", "context": c.text, "questions": 5} for i, c in enumerate(contexts)]
    (where / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return where


def plan(folder, **asked):
    return plan_contexts(load_run(folder / "r"), folder / "own.jsonl", Asked(**asked))[0]


@pytest.fixture(scope="module")
def shown(folder):
    """What the command prints, for people and as JSON."""
    words = ("plan", "--contexts", "own.jsonl", "--policy", "r")
    done = [sleeptime(*words, *more, cwd=folder) for more in ((), ("--json",))]
    assert [one.returncode for one in done] == [0, 0], done
    return [one.stdout for one in done]


def test_it_tells_for_each_context_what_to_do(shown):
    told = [line for line in shown[0].splitlines() if "mine-" in line]
    assert len(told) == 8
    assert all(line.startswith(("-", "k=1", "k=2")) for line in told)


def test_it_tells_the_expected_saving_and_whose_the_run_is(shown):
    assert "Against never sleeping, at equal accuracy: " in shown[0]
    assert "Against sleeping on every context with k=" in shown[0]
    assert "simulated" in shown[0]


def test_json_is_the_only_thing_on_stdout(shown):
    value = json.loads(shown[1])
    assert [one["context"]["name"] for one in value["advice"]] == [f"mine-{i}" for i in range(8)]
    assert value["advice"][0]["context"]["questions"] == 5
    assert set(value["saving"]) == {"estimate", "low", "high"}
    assert value["saves"] in ("saves", "does not save", "not determined")
    assert value["simulated"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--contexts", "own.jsonl", "--policy", "nowhere"), "nowhere is not a run directory"),
        (("--contexts", "own.txt", "--policy", "r"), "own.txt is neither .jsonl nor .csv"),
        (("--contexts", "own.jsonl", "--policy", "r", "--t", "nan"), "--t nan: give a number"),
    ],
)
def test_bad_input_is_one_line_and_status_2(folder, words, said):
    done = sleeptime("plan", *words, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_tokens_are_those_of_the_paper_and_usd_those_of_all_tokens(folder):
    tokens, usd = plan(folder), plan(folder, usd=True)
    assert (tokens.unit, tokens.t) == ("tokens", 10.0)
    assert (usd.unit, usd.t) == ("USD", 1.0)


def test_weights_and_worth_can_be_given(folder):
    made = plan(folder, t=2.0, worth=500.0, score="words")
    assert (made.t, made.worth, made.worth_given, made.score) == (2.0, 500.0, True, "words")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"score": "word"}, "unknown score 'word': did you mean words"),
        ({"score": "?"}, "known are numbers, words, entropy, predictability"),
        ({"questions": 0.0}, "--questions 0: give a number above 0"),
        ({"worth": -3.0}, "--worth -3: give a number above 0"),
    ],
)
def test_an_option_that_will_not_do_is_told(folder, asked, said):
    with pytest.raises(InputError, match=said):
        plan(folder, **asked)


def test_a_run_that_cannot_tell_what_accuracy_is_worth_asks_for_it(tmp_path, folder):
    runs.run(STATEFUL_GSM, out=tmp_path / "r", levels=(0,), sleep_parallel=(1,), **SMALL)
    (tmp_path / "own.jsonl").write_text((folder / "own.jsonl").read_text())
    with pytest.raises(InputError, match="--worth"):
        plan(tmp_path)
    assert plan(tmp_path, worth=1000.0).worth == 1000.0


# A score that a first sleep phase tells


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory):
    """A run `r` whose notes are forecasts, and contexts with forecasts, surer and less sure."""
    where = tmp_path_factory.mktemp("entropy")
    how = {"levels": (0, 3), "sleep_parallel": (1, 2), "sleep_method": "forecast"}
    runs.run(STATEFUL_GSM, out=where / "r", **how, **SMALL)
    rows = [
        {"context": f"{i} of 3.", "questions": 5, "notes": f"{10 * i}% | How many? | 3"}
        for i in range(1, 9)
    ]
    (where / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return where


def test_entropy_of_forecasts_is_charged_the_phase_that_made_them(forecasts):
    made = plan(forecasts, score="entropy")
    rows = load_run(forecasts / "r").rows
    first = rows[(rows.arm == "sleep") & (rows.sleep_parallel == 1) & (rows.budget == 0)]
    assert 0.5 < made.score_cost / (first.sleep_completion_tokens.mean() / 5) < 2
    assert made.advice[4].context.score == pytest.approx(math.log(2))
    priced = plan(forecasts, score="entropy", usd=True)
    assert priced.score_cost > 0
    assert plan(forecasts, score="numbers").score_cost == 0


def test_contexts_without_forecasts_have_no_entropy_and_the_first_is_named(forecasts, tmp_path):
    (tmp_path / "own.jsonl").write_text('{"context": "A.", "notes": "eggs = 3"}\n')
    with pytest.raises(InputError, match=r"1 of 1 contexts of .*, the first of them .c1."):
        plan_contexts(load_run(forecasts / "r"), tmp_path / "own.jsonl", Asked("entropy"))


def test_a_run_without_forecasts_has_no_entropy(folder, forecasts):
    with pytest.raises(InputError, match="state no probabilities; give a run of --sleep-method"):
        plan_contexts(load_run(folder / "r"), forecasts / "own.jsonl", Asked("entropy"))


# A score that calls have made


@pytest.fixture(scope="module")
def scored(folder):
    """A run of predictability `scores` beside the run `r`, and contexts of two of its clusters."""
    answers = load_run(folder / "r")
    runs.run(PREDICTABILITY, out=folder / "scores", from_run=str(folder / "r"))
    clusters = sorted(answers.rows.cluster_id.unique())[:2]
    rows = [{"context": f"{i} of 3.", "questions": 5, "cluster": clusters[i % 2]} for i in range(4)]
    (folder / "kinds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def by_predictability(folder, name="kinds.jsonl", **asked):
    asked = Asked("predictability", **asked)
    return plan_contexts(load_run(folder / "scores"), folder / name, asked)


def test_predictability_is_that_of_the_questions_about_contexts_of_the_same_cluster(scored):
    made, notices = by_predictability(scored)
    known = load_run(scored / "scores").rows
    lines = (scored / "kinds.jsonl").read_text().splitlines()
    clusters = [json.loads(line)["cluster"] for line in lines]
    for one, cluster in zip(made.advice, clusters, strict=True):
        of_cluster = known[known.cluster_id == cluster]
        mean = sum(row["logprob"] for row in of_cluster.measures) / len(of_cluster)
        assert one.context.score == pytest.approx(mean)
    assert notices == []


def test_the_calls_that_scored_are_charged_in_tokens_and_in_usd(scored):
    tokens, _ = by_predictability(scored)
    assert tokens.score_cost == pytest.approx(1 / 5), "a token a context, of five questions"
    rows = load_run(scored / "scores").rows
    usd, _ = by_predictability(scored, usd=True)
    price, _ = load_run(scored / "r").price_or_reference
    dear = price.prompt * rows.test_prompt_tokens.mean() / 1e6 / 5
    assert 0.5 < usd.score_cost / dear < 2


def test_a_run_of_scores_tells_also_by_other_scores_what_its_answers_gained(scored):
    one, _ = plan_contexts(load_run(scored / "scores"), scored / "own.jsonl", Asked("words"))
    assert one.to_json() == plan(scored, score="words").to_json()


def test_predictability_needs_a_run_of_scores_and_says_how_to_make_one(scored):
    with pytest.raises(InputError, match=r"has no scores of questions; make them by .* --from"):
        plan_contexts(load_run(scored / "r"), scored / "kinds.jsonl", Asked("predictability"))


@pytest.mark.parametrize("row", [{"context": "A."}, {"context": "A.", "cluster": "{no} such"}])
def test_a_context_of_no_cluster_of_the_run_is_told_with_those_there_are(scored, row):
    (scored / "odd.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(
        InputError, match=r"1 of 1 contexts of .* name no cluster .*'c1'; there are"
    ):
        by_predictability(scored, "odd.jsonl")


def test_the_command_goes_by_predictability(scored):
    words = ("--contexts", "kinds.jsonl", "--policy", "scores", "--score", "predictability")
    done = sleeptime("plan", *words, cwd=scored)
    assert done.returncode == 0, done.stderr
    assert "takes calls that score questions before anything is decided" in done.stdout


# Reading contexts


def read(tmp_path, text, name="own.jsonl", **how):
    (tmp_path / name).write_text(text)
    found, notices = read_contexts(tmp_path / name, **how)
    return [(one.context.context_id, one.context.text, one.questions) for one in found], notices


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


def test_notes_are_a_text_or_several(tmp_path):
    (tmp_path / "own.jsonl").write_text(
        '{"context": "A.", "notes": "a"}\n'
        '{"context": "B.", "notes": ["b", "c"]}\n'
        '{"context": "C."}\n'
    )
    found, _ = read_contexts(tmp_path / "own.jsonl")
    assert [one.notes for one in found] == [("a",), ("b", "c"), ()]


def test_the_cluster_that_a_row_names_is_kept_and_no_other_is_made_up(tmp_path):
    (tmp_path / "own.jsonl").write_text(
        '{"context": "A.", "cluster": "eggs"}\n{"context": "B."}\n{"context": "A."}\n'
    )
    found, _ = read_contexts(tmp_path / "own.jsonl")
    assert [one.cluster for one in found] == ["eggs", ""]


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
