r"""Stateful AIME: its settings, its grades, and its own parts of the report."""

import json

import pytest

from sleeptime_lib import run
from sleeptime_lib.experiment import Answered
from sleeptime_lib.experiments.stateful_aime import STATEFUL_AIME, StatefulAimeOptions
from sleeptime_lib.records import Question

SMALL = {"pass_samples": 0, "context_only": False}


def settings(**options):
    return STATEFUL_AIME.settings(StatefulAimeOptions.make(**(SMALL | options)))


def problems(path, years):
    """A file of problems that the simulated model can read, half of each year."""
    rows = [
        {
            "year": year,
            "problem": f"A box holds {3 + i} red balls. It also holds {year - 2000} blue balls. "
            "How many balls does the box hold in all?",
            "answer": 3 + i + year - 2000,
        }
        for year in years
        for i in range(6)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


class TestSettings:
    def test_each_budget_is_asked_in_both_arms(self):
        plan = settings(budget_kind="forced", budgets="16,64")
        assert [(s.arm, s.budget) for s in plan] == [
            ("baseline", 16), ("baseline", 64), ("sleep", 16), ("sleep", 64),
        ]  # fmt: skip

    def test_efforts_asleep_are_arms_of_their_own_beside_one_baseline(self):
        plan = settings(budgets="low,high", sleep_efforts="low,high")
        assert [s.sleep_effort for s in plan if s.arm == "sleep"] == ["low", "low", "high", "high"]
        assert sum(s.arm == "baseline" for s in plan) == 2

    def test_runs_are_samples_of_every_point_but_the_repeated_draws(self):
        plan = settings(runs=3, pass_samples=5)
        assert {s.samples for s in plan if s.budget_kind == "effort"} == {3}
        assert {s.samples for s in plan if s.budget_kind == "samples"} == {5}

    def test_efforts_are_given_by_name(self):
        assert StatefulAimeOptions.make(budgets="low,xhigh").budgets == (2, 5)


@pytest.mark.parametrize(
    ("reply", "prediction", "score"),
    [
        (r"So \boxed{073}.", "73", 1.0),
        (r"So \boxed{74}.", "74", 0.0),
        ("I cannot say.", None, 0.0),
    ],
)
def test_the_boxed_number_is_graded(reply, prediction, score):
    found = STATEFUL_AIME.grade(Answered(reply), Question("q", "c", "How many?", "73"))
    assert (found.prediction, found.score) == (prediction, score)


class TestReport:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory):
        home = tmp_path_factory.mktemp("aime")
        data = problems(home / "aime.jsonl", (2024, 2025))
        return run(STATEFUL_AIME, dataset=data, budgets="low,high", root=home, **SMALL)

    def test_each_year_is_a_section_with_its_figure_and_table(self, made):
        found = {section.name: section for section in made.sections()}
        for year in ("2024", "2025"):
            assert found[f"year_{year}"].values["counts"]["questions"] == 6
            assert list(found[f"year_{year}"].pictures) == [f"pareto_{year}"]
            assert list(found[f"year_{year}"].tables) == [year]

    def test_it_tells_how_much_so_many_problems_can_show(self, made):
        (problems,) = (section for section in made.sections() if section.name == "problems")
        assert "problems" in problems.sentences[0]

    def test_one_year_alone_is_the_whole_report(self, tmp_path):
        data = problems(tmp_path / "aime.jsonl", (2024,))
        alone = run(STATEFUL_AIME, dataset=data, budgets="low", root=tmp_path, **SMALL)
        assert not [s.name for s in alone.sections() if s.name.startswith("year_")]


def test_about_an_empty_context_nobody_thinks(tmp_path):
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps({"problem": "What is 3 + 4?", "answer": 7}) + "\n")
    made = run(STATEFUL_AIME, dataset=str(file), budgets="low", root=tmp_path, **SMALL)
    assert made.rows["sleep_completion_tokens"].sum() == 0
    assert made.notes()["text"].tolist() == [""]
