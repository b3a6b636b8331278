"""Questions held against forecasts by number, and what that is worth."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from sleeptime_lib.analysis import foresight_wording
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.forecasts import entropies, expected, hold
from sleeptime_lib.analysis.foresight import FLOOR, foresight
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, Quantity, Question, Task

LINE = Line("sleep", "verbosity", 1)


def quantities(*numbers):
    return tuple(
        Quantity(f"quantity {i}", f"How many of {i}?", number, 1, 1 / len(numbers))
        for i, number in enumerate(numbers)
    )


def sleeps(texts, draw=0):
    """Notes by context."""
    return pd.DataFrame(
        [{"context_id": name, "sleep_effort": "", "draw": draw, "text": text}
         for name, text in texts.items()]
    )  # fmt: skip


@pytest.fixture
def task():
    """Two contexts of one cluster and one of another, each with four quantities."""
    contexts = {
        "a": Context("a", "c0", "A.", quantities("11", "12", "13", "14")),
        "b": Context("b", "c0", "B.", quantities("21", "22", "23", "24")),
        "c": Context("c", "c1", "C.", quantities("31", "32", "33", "33")),
    }
    asked = (("a", "12"), ("b", "24"), ("c", "31"))
    return Task("by-hand", contexts, tuple(Question(f"q-{c}", c, "?", g) for c, g in asked))


def one(task, text, context="a"):
    """The question about a context, held against these notes."""
    others = {"b": "5% | What else? | 99", "c": "5% | What else? | 99"}
    held = hold(task, sleeps(others | {context: text}), LINE)
    return next(x for x in held.questions if x.question_id == f"q-{context}")


def test_a_question_is_foreseen_when_an_answer_is_its_number(task):
    held = one(task, "50% | How many? | 11\n30% | How many more? | 6 + 6 = 12.0")
    assert (held.foreseen, held.rank) == (True, 2)
    assert held.probability == pytest.approx(0.3)


def test_a_question_with_a_wrong_answer_is_not_foreseen(task):
    held = one(task, "100% | How many of 1? | 5 + 6 = 10")
    assert (held.foreseen, held.rank) == (False, math.inf)


def test_the_most_probable_forecasts_come_first(task):
    assert one(task, "10% | How many? | 11\n60% | How many? | 12").rank == 1


def test_forecasts_of_the_same_number_add_up(task):
    assert one(task, "20% | One? Two? | 12\n30% | Three? | 12").probability == pytest.approx(0.5)


def test_a_question_that_is_not_listed_gets_its_part_of_what_is_left(task):
    held = one(task, "40% | How many? | 11\n20% | How few? | 99")
    assert held.probability == pytest.approx(0.4 / 3), "three of four quantities are not listed"


def test_other_notes_have_ranks_and_no_probability(task):
    held = one(task, "eggs = 11\nhens = 3 * 4 = 12")
    assert held.rank == 2
    assert math.isnan(held.probability)
    assert held.stated == ()


def test_a_number_that_several_quantities_have_decides_nothing_and_is_counted(task):
    shared = Task(task.name, task.contexts, (*task.questions, Question("q", "c", "?", "33")))
    held = hold(shared, sleeps(dict.fromkeys("abc", "9% | Which? | 1")), LINE)
    assert (len(held.questions), held.ambiguous, held.unknown) == (3, 1, 0)


def test_a_number_of_no_quantity_and_a_context_without_notes_are_counted(task):
    stray = Task(task.name, task.contexts, (*task.questions, Question("q", "a", "?", "7")))
    held = hold(stray, sleeps({"a": "9% | Which? | 1"}), LINE)
    assert (len(held.questions), held.unknown) == (1, 3)


def test_the_placebo_is_the_forecasts_about_the_other_contexts_of_the_cluster(task):
    texts = {"a": "5% | Which? | 24", "b": "5% | Which? | 5", "c": "5% | Which? | 24"}
    held = {x.question_id: x for x in hold(task, sleeps(texts), LINE).questions}
    assert held["q-b"].by_chance() == 1.0, "a has the number of b's question"
    assert held["q-a"].by_chance() == 0.0
    assert math.isnan(held["q-c"].by_chance()), "alone in its cluster"


def test_draws_count_alike():
    found = expected(["40% | How many? | 1", "20% | How few? | 2"])
    assert [x.probability for x in found] == pytest.approx([0.2, 0.1])


def test_what_cannot_be_read_is_told_as_a_rate(task):
    texts = {
        "a": "My guess:\n9% | Which? | none\n9% | How? | 1\nHow many? | 5",
        "b": "I do not know.",
        "c": "80% | Which? | 1\n90% | How? | 2",
    }
    held = hold(task, sleeps(texts), LINE)
    read = held.reading
    assert (read.notes, read.unread, read.excess) == (3, 1, 1)
    assert (read.lines, read.broken) == (6, 1)
    assert (read.forecasts, read.unstated, read.unanswered) == (5, 1, 1)
    assert held.forecasts == pytest.approx(5 / 3)
    assert read.rates == {
        "notes_without_forecasts": pytest.approx(1 / 3),
        "notes_beyond_one": pytest.approx(1 / 2),
        "unreadable_lines": pytest.approx(1 / 6),
        "without_probability": pytest.approx(1 / 5),
        "without_number": pytest.approx(1 / 5),
    }


def test_notes_of_another_kind_have_no_rate_of_what_cannot_be_read(task, frame):
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    found = foresight(hold(task, sleeps(dict.fromkeys("abc", "eggs = 12")), LINE), rows, draws=50)
    assert found.holding.reading.rates["notes_without_forecasts"] == 1.0
    assert math.isnan(found.holding.reading.rates["unreadable_lines"])
    assert "can be read" not in " ".join(foresight_wording.sentences([found]))


@pytest.mark.parametrize(
    "notes",
    ["", "I cannot tell.", "200% | | \n-5% | ? | x", "0% | How many? | 12", "% | How many? | none"],
)
def test_bad_forecasts_are_scored_and_told_without_a_complaint(task, frame, notes):
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    found = foresight(hold(task, sleeps(dict.fromkeys("abc", notes)), LINE), rows, draws=50)
    assert all(foresight_wording.sentences([found]))
    assert len(foresight_wording.foresight_table([found]).rows) == 1
    json.dumps(found.to_json(), allow_nan=False)


def test_a_probability_that_is_not_stated_leaves_the_question_its_part_of_the_rest(task):
    held = one(task, "40% | How many? | 11\nHow few? | 12")
    assert held.rank == 2
    assert held.probability == pytest.approx(0.6 / 3), "three of four have no stated probability"


def test_data_that_names_no_quantities_is_refused():
    task = Task("own", {"a": Context("a", "a", "A.")}, (Question("q", "a", "?", "1"),))
    with pytest.raises(InputError, match="own does not say which quantities"):
        hold(task, sleeps({"a": "9% | Which? | 1"}), LINE)


def test_a_setting_without_notes_is_refused(task):
    with pytest.raises(InputError, match="no notes of sleep-time k=1"):
        hold(task, sleeps({}).reindex(columns=["context_id", "sleep_effort", "draw", "text"]), LINE)


def test_entropy_is_that_of_the_listed_and_of_the_rest():
    found = entropies(sleeps({"a": "50% | Which? | 1\n25% | How? | 2", "b": "eggs = 3"}), LINE)
    assert found == {"a": pytest.approx(1.5 * math.log(2))}


# What it is worth


@pytest.fixture
def world(frame):
    """A run of 24 clusters, whose forecasts hold the number with a probability, as told."""

    def make(chance, gain_foreseen=1.0, gain_other=0.0, sure=None, contexts=2, seed=0):
        rng = np.random.default_rng(seed)
        known, asked, texts, rows = {}, [], {}, []
        for c in range(24):
            for i in range(contexts):
                name = f"x{c}-{i}"
                numbers = [str(1000 * (c + 1) + 100 * i + n) for n in range(10)]
                known[name] = Context(name, f"c{c}", "Text.", quantities(*numbers))
                asked.append(Question(f"q{name}", name, "?", numbers[0]))
                foreseen = rng.random() < chance
                number = numbers[0] if foreseen else numbers[1]
                stated = chance if sure is None else sure
                texts[name] = f"{100 * stated:.0f}% | Which? | {number}"
                before = float(rng.random() < 0.2)
                gain = gain_foreseen if foreseen else gain_other
                after = 1.0 if rng.random() < gain else before
                rows += [
                    {"arm": arm, "cluster_id": f"c{c}", "context_id": name,
                     "question_id": f"q{name}", "score": score,
                     "sleep_id": name if arm == "sleep" else ""}
                    for arm, score in (("baseline", before), ("sleep", after))
                ]  # fmt: skip
        task = Task("world", known, tuple(asked))
        return foresight(hold(task, sleeps(texts), LINE), frame(rows), draws=400)

    return make


def test_drawing_at_random_draws_as_many_as_there_are_forecasts(task, frame):
    texts = {"a": "50% | Which? | 11\n30% | How? | 12", "b": "9% | Which? | 5"}
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    found = foresight(hold(task, sleeps(texts), LINE), rows, draws=50)
    assert [p.at_random for p in found.coverage] == pytest.approx([0.25, (0.5 + 0.25) / 2])


def test_coverage_rises_with_the_number_of_forecasts(task, frame):
    texts = {
        "a": "50% | Which? | 11\n30% | How? | 12",
        "b": "50% | Which? | 24\n30% | How? | 3",
        "c": "9% | Which? | 5",
    }
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    found = foresight(hold(task, sleeps(texts), LINE), rows, draws=50)
    shares = [point.share.estimate for point in found.coverage]
    assert shares == pytest.approx([1 / 3, 2 / 3])
    assert [point.at_random for point in found.coverage] == pytest.approx([0.25, 5 / 12])


def test_forecasts_that_say_how_sure_they_are_lie_on_the_line(world):
    found = world(0.6)
    (only,) = found.calibration
    assert only.stated == pytest.approx(0.6)
    assert only.came.low < 0.6 < only.came.high


def test_forecasts_that_are_too_sure_lie_below_it(world):
    (only,) = world(0.3, sure=0.95).calibration
    assert only.came.high < only.stated


def test_the_log_score_is_the_mean_logarithm_with_its_floor(world):
    found = world(1.0, sure=0.9).score
    assert found.score.estimate == pytest.approx(math.log(0.95 * 0.9 + FLOOR / 10))
    assert found.uniform.estimate == pytest.approx(math.log(0.1))


def test_good_forecasts_beat_an_even_one_and_bad_ones_are_told_to_be_worse(world):
    assert world(0.6).score.better.low > 0
    bad = world(0.03, sure=0.99)
    assert bad.score.better.high < 0
    assert "worse than an even one" in " ".join(foresight_wording.sentences([bad]))


def test_notes_without_probabilities_have_coverage_alone(task, frame):
    texts = dict.fromkeys("abc", "eggs = 12")
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    found = foresight(hold(task, sleeps(texts), LINE), rows, draws=50)
    assert found.score is None
    assert found.calibration == ()
    assert found.coverage[0].share.estimate == pytest.approx(1 / 3)
    assert "no probabilities" in " ".join(foresight_wording.sentences([found]))


def test_a_gain_on_foreseen_questions_alone_comes_from_them_whole(world):
    parts = world(0.5).parts
    assert parts.part.estimate == pytest.approx(parts.gain.estimate)
    assert parts.without.estimate == pytest.approx(0.0)
    assert parts.determined
    assert parts.share.estimate == pytest.approx(1.0)


def test_a_gain_that_is_the_same_everywhere_comes_from_the_foreseen_by_their_share(world):
    parts = world(0.5, gain_foreseen=0.5, gain_other=0.5).parts
    assert parts.share.low < parts.foreseen.estimate < parts.share.high
    assert parts.within.estimate == pytest.approx(parts.without.estimate, abs=30)


def test_the_parts_add_up_to_the_gain(world):
    parts = world(0.4, gain_foreseen=0.8, gain_other=0.3).parts
    share = parts.foreseen.estimate
    total = share * parts.within.estimate + (1 - share) * parts.without.estimate
    assert total == pytest.approx(parts.gain.estimate)


def test_what_numbers_match_by_chance_is_subtracted(world):
    parts = world(0.5).parts
    assert parts.placebo.estimate == pytest.approx(0.0)
    assert parts.beyond.estimate == pytest.approx(parts.part.estimate)


def test_without_a_gain_its_part_is_not_determined(world):
    found = world(0.5, gain_foreseen=0.0)
    assert not found.parts.determined
    assert "not determined" in " ".join(foresight_wording.sentences([found]))


def test_contexts_alone_in_their_clusters_have_no_placebo_and_that_is_said(world):
    found = world(0.5, contexts=1)
    assert math.isnan(found.parts.beyond.estimate)
    assert "no other context" in " ".join(foresight_wording.sentences([found]))


def test_nothing_that_varies_gives_no_interval(world):
    only = world(1.0).coverage[0].share
    assert (only.estimate, math.isnan(only.low)) == (1.0, True)


# Several sleep settings


@pytest.fixture
def both(task, frame):
    """Of one phase and of two joined; the second foresees what the first did not."""
    drawn = [
        sleeps({"a": "50% | Which? | 11", "b": "50% | Which? | 24", "c": "9% | Which? | 5"}),
        sleeps({"a": "50% | Which? | 12", "b": "50% | Which? | 24", "c": "9% | Which? | 5"}, 1),
    ]
    rows = frame([{"question_id": "q-a", "arm": "baseline"}])
    return [
        foresight(hold(task, pd.concat(drawn), Line("sleep", "verbosity", k)), rows, draws=50)
        for k in (1, 2)
    ]


def test_each_sleep_setting_has_a_row_in_the_table_and_a_sentence(both):
    table = foresight_wording.foresight_table(both)
    assert [row[0] for row in table.rows] == ["sleep-time k=1", "sleep-time k=2"]
    named = dict(zip(table.data_header, zip(*table.data, strict=True), strict=True))
    assert named["foreseen"] == pytest.approx((1 / 3, 2 / 3))
    assert named["sleep_parallel"] == (1, 2)
    said = foresight_wording.sentences(both)
    assert said[-1].startswith("sleep-time k=2: the first 2 forecasts foresee 66.7%")
