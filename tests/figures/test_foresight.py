"""Pictures of forecasts and policies, and the sections that hold them."""

import math

import pandas as pd
import pytest
from gaining import PHASE, gaining

from sleeptime_lib.experiments.answers import Answers
from sleeptime_lib.experiments.foresight import ahead
from sleeptime_lib.figures import to_png
from sleeptime_lib.records import Context, Quantity, Question, Task


@pytest.fixture(scope="module")
def run():
    """Rows, and forecasts that foresee every second question."""
    rows, scores = gaining(lambda score, k: 0.5 * (score > 0.5), clusters=24)
    contexts, questions, notes = {}, [], []
    for number, name in enumerate(sorted(scores)):
        golds = [str(100 * (number + 1) + i) for i in range(8)]
        kinds = tuple(Quantity(f"q{i}", "?", gold, 1, 1 / 8) for i, gold in enumerate(golds))
        contexts[name] = Context(name, name.partition("-")[0], f"{number} of 3.", kinds)
        questions += [Question(f"{name}-{i}", name, "?", golds[i]) for i in range(4)]
        text = f"40% | Which? | {golds[0]}\n20% | How? | {golds[1]}\n10% | Why? | 7"
        notes.append({"context_id": name, "sleep_effort": "", "draw": 0, "text": text})
    task = Task("gaining", contexts, tuple(questions))
    return task, rows, pd.DataFrame(notes), scores


def two_phases(run):
    """The same with a second phase, which foresees other questions, and its rows."""
    task, rows, notes, _ = run
    more = notes.assign(draw=1, text=notes.text.str.replace("Which", "Who"))
    slept = rows[rows.arm == "sleep"].assign(sleep_parallel=2)
    return Answers(pd.concat([rows, slept], ignore_index=True), pd.concat([notes, more]), task)


@pytest.fixture(scope="module")
def made(run):
    task, rows, notes, scores = run
    return ahead(Answers(rows, notes, task), scores={"hint: <b>": scores})


def test_there_is_a_section_for_forecasts_and_one_for_allocation(made):
    assert [one.name for one in made] == ["forecasts", "allocation"]
    assert set(made[0].pictures) == {"coverage", "calibration"}
    assert set(made[1].pictures) == {
        "spending_hint_b_", "spending_numbers", "spending_words",
        "spending_entropy_of_the_forecasts",
    }  # fmt: skip


def test_coverage_shows_forecasts_placebo_and_chance(made):
    picture = made[0].pictures["coverage"]
    assert [s.name for s in picture.series] == ["forecasts", "placebo", "at-random"]
    assert picture.series[0].y == pytest.approx((25.0, 50.0))
    assert picture.series[2].y == pytest.approx((12.5, 25.0))


def test_calibration_shows_the_line_and_every_bin(made):
    picture = made[0].pictures["calibration"]
    assert picture.series[0].x == picture.series[0].y
    assert picture.series[1].x == pytest.approx((10.0, 20.0, 40.0))


def test_entropy_is_charged_its_first_phase_and_says_so(made):
    allocation = made[1]
    assert allocation.values["entropy of the forecasts"]["score_cost"] == PHASE / 4
    assert allocation.values["numbers"]["score_cost"] == 0
    assert "pays for a sleep phase" in allocation.pictures["spending_entropy_of_the_forecasts"].note
    assert "pays for a sleep phase" not in allocation.pictures["spending_numbers"].note


def test_spending_shows_every_strategy_at_its_costs(made):
    picture = made[1].pictures["spending_hint_b_"]
    series = {s.name: s for s in picture.series}
    assert set(series) == {"never", "always", "random", "policy", "oracle"}
    policy = series["policy"]
    assert policy.limits == "band"
    assert list(policy.x) == sorted(policy.x)
    assert all(map(math.isfinite, policy.low))
    assert "better" in picture.note


def test_pictures_can_be_drawn_also_with_a_name_that_is_not_kind(made):
    for section in made:
        for picture in section.pictures.values():
            assert to_png(picture, scale=0.5).startswith(b"\x89PNG")


def test_simulated_results_are_marked(run):
    task, rows, notes, _ = run
    rows = rows.assign(model="simulated")
    found = ahead(Answers(rows, notes, task))
    assert all(p.simulated for section in found for p in section.pictures.values())


def test_data_without_quantities_says_why_there_is_no_score(run):
    task, rows, notes, _ = run
    bare = {name: Context(name, one.cluster_id, one.text) for name, one in task.contexts.items()}
    own = Task("own", bare, task.questions)
    forecasts, allocation = ahead(Answers(rows, notes, own))
    assert forecasts.values is None
    assert "own does not say which quantities" in forecasts.sentences[0]
    assert allocation.pictures


def test_a_run_of_one_arm_says_why_no_policy_is_judged(run):
    task, rows, notes, _ = run
    base = rows[rows.arm == "baseline"]
    forecasts, allocation = ahead(Answers(base, notes, task))
    assert "no row has a sleep phase" in forecasts.sentences[0]
    assert "No policy is judged" in allocation.sentences[0]


def test_each_sleep_setting_is_scored_and_drawn(run):
    forecasts, _ = ahead(two_phases(run))
    assert [one["setting"] for one in forecasts.values["by_setting"]] == [
        "sleep-time k=1", "sleep-time k=2",
    ]  # fmt: skip
    assert forecasts.values["setting"] == "sleep-time k=1"
    assert [row[0] for row in forecasts.tables["forecasts"].rows] == [
        "sleep-time k=1", "sleep-time k=2",
    ]  # fmt: skip
    names = [s.name for s in forecasts.pictures["coverage"].series]
    assert names == ["forecasts", "forecasts-1", "placebo", "at-random"]
    assert [s.label for s in forecasts.pictures["coverage"].series][:2] == [
        "sleep-time k=1", "sleep-time k=2",
    ]  # fmt: skip
    assert len(forecasts.pictures["calibration"].series) == 3
    for picture in forecasts.pictures.values():
        assert to_png(picture, scale=0.5).startswith(b"\x89PNG")


def test_a_setting_without_notes_is_told_and_the_others_are_scored(run):
    both = two_phases(run)
    more = both.rows[both.rows.sleep_parallel == 2].assign(sleep_effort="high")
    rows = pd.concat([both.rows, more], ignore_index=True)
    forecasts, _ = ahead(Answers(rows, both.sleeps, both.task))
    assert len(forecasts.values["by_setting"]) == 2
    assert forecasts.sentences[-1].startswith("No forecasts are scored: there are no notes of")


def test_a_score_that_calls_make_is_charged_for_them(run):
    task, rows, notes, scores = run
    asked = rows[rows.arm == "baseline"].assign(test_completion_tokens=1)
    _, allocation = ahead(
        Answers(rows, notes, task), scores={"hint": scores}, calls={"hint": asked}
    )
    assert allocation.values["hint"]["score_cost"] == pytest.approx(1.0), "a call a question"
    assert "calls that score questions on each" in allocation.pictures["spending_hint"].note
    assert allocation.values["words"]["score_cost"] == 0


def test_forecasts_of_another_run_are_judged_by_what_they_gain_themselves(run):
    task, rows, notes, _ = run
    plain = notes.assign(text="eggs = 3")
    worse = rows.assign(score=rows.score.where(rows.arm == "baseline", 0.0))
    forecasts, allocation = ahead(Answers(rows, plain, task), Answers(worse, notes, task))
    assert forecasts.values["score"] is not None
    least, most = (
        allocation.values[name]["curves"]["always"][-1]["accuracy"]["estimate"]
        for name in ("entropy of the forecasts", "numbers")
    )
    assert (least, most > 0.25) == (0.0, True)


def test_what_cannot_be_read_is_no_complaint_and_told(run):
    task, rows, notes, _ = run
    broken = notes.assign(text=["I think that"] * 20 + [*notes.text[20:]])
    forecasts, allocation = ahead(Answers(rows, broken, task))
    said = " ".join(forecasts.sentences)
    assert f"Of {len(notes)} notes 20 ({100 * 20 / len(notes):.1f}%) hold no forecast" in said
    assert allocation.values["entropy of the forecasts"]["left_out"] == 20


def test_a_score_of_the_simulated_model_is_marked_also_where_the_answers_are_not_its_own(run):
    task, rows, notes, scores = run
    asked = rows[rows.arm == "baseline"].assign(model="simulated")
    _, allocation = ahead(
        Answers(rows, notes, task), scores={"hint": scores}, calls={"hint": asked}
    )
    marked = {name for name, picture in allocation.pictures.items() if picture.simulated}
    assert marked == {"spending_hint"}
