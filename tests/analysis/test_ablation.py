"""Which lines of the notes carried a right answer, and which caused a wrong one."""

from itertools import pairwise

import pytest

from sleeptime_lib.analysis.ablation import (
    LineEffect,
    beyond,
    by_kind,
    by_line,
    line_effects,
    of_all,
    sentences,
    table,
)
from sleeptime_lib.analysis.tables import to_csv, to_latex, to_markdown

NOTES = {("x", ""): "hens = 7\n\neggs = 3 * 12 = 36\ndollars = 36 / 2 = 12"}


def answered(frame, *predictions, gold="36"):
    """Answers with all lines, and without the first, the second and so on."""
    return frame(
        {
            "arm": "without_line",
            "budget_kind": "line",
            "budget": n,
            "context_id": "x",
            "question_id": "q",
            "gold": gold,
            "prediction": said,
            "score": float(said == gold),
            "measures": {"lines": 3.0, "deleted": float(0 < n <= 3)},
        }
        for n, said in enumerate(predictions)
    )


def test_a_line_without_which_a_right_answer_is_lost_carried_it(frame):
    found = line_effects(answered(frame, "36", "36", "1", "36"), NOTES)
    assert [one.effect for one in found] == ["none", "carried", "none"]
    assert (found[1].text, found[1].states) == ("eggs = 3 * 12 = 36", "right answer")
    assert (found[1].before, found[1].after) == ("36", "1")


def test_a_line_without_which_a_wrong_answer_is_mended_caused_it(frame):
    found = line_effects(answered(frame, "12", "12", "12", "36"), NOTES)
    assert [one.effect for one in found] == ["none", "none", "caused"]
    assert (found[2].states, found[2].miscalculated) == ("wrong answer given", True)


def test_lines_beyond_the_last_do_not_count(frame):
    assert len(line_effects(answered(frame, "36", "36", "36", "36", "1", "1"), NOTES)) == 3


def test_without_the_answer_to_all_lines_nothing_can_be_said(frame):
    rows = answered(frame, "36", "1")
    assert line_effects(rows[rows.budget > 0], NOTES) == []


def test_shares_are_of_the_lines_that_could(frame):
    found = line_effects(answered(frame, "36", "36", "1", "1"), NOTES)
    kinds = by_kind(found, "carried")
    assert sum(one.lines for kind, one in kinds.items() if kind != "miscalculated") == 3
    assert {one.lines for one in by_kind(found, "caused").values()} == {0}
    assert {n: one.turned for n, one in by_line(found, "carried").items()} == {1: 0, 2: 1, 3: 1}
    assert (kinds["right answer"].turned, kinds["other number"].turned) == (1, 1)
    assert kinds["miscalculated"].lines == 1


def test_words_and_table_tell_the_lines_that_turned_an_answer(frame):
    found = line_effects(answered(frame, "36", "36", "1", "36"), NOTES)
    said = " ".join(sentences(found))
    assert "3 times a line of the notes was left out" in said
    assert "1 questions in 1 clusters, 1 of which were right with all lines" in said
    # One cluster has no limits.
    assert "Lines that carried a right answer: 1 of 3 (33.3% [no interval])" in said
    assert "right answer 1 of 1 (100.0% [no interval]); other number 0 of 2" in said
    assert "Lines that caused a wrong one: not determined, no line could." in said
    content = table(found, "Lines")
    assert [row[2] for row in content.rows] == ["eggs = 3 * 12 = 36"]
    assert to_csv(content).count("\n") == 4


def test_lines_that_stand_there_again_and_lines_not_left_out_are_told(frame):
    notes = {("x", ""): "eggs = 36\neggs = 36\nhens = 7\nducks = 8"}
    found = line_effects(answered(frame, "36", "36", "36", "36"), notes)
    assert [one.repeated for one in found] == [True, True, False]
    assert {one.lines for one in found} == {4}
    said = " ".join(sentences(found))
    assert "2 of the lines stand in their notes more than once" in said
    assert "1 later lines of longer notes were not left out" in said


def test_a_long_line_is_cut_for_people_and_whole_for_programs(frame):
    long = r"$\frac{36}{1}$ | *eggs* & " + "x" * 300 + " = 36"
    found = line_effects(answered(frame, "36", "1"), {("x", ""): long})
    content = table(found, "Lines")
    assert len(content.rows[0][2]) <= 90
    assert "x" * 300 in to_csv(content)
    assert r"\textbackslash{}frac" in to_latex(content)
    assert r"\|" in to_markdown(content)


@pytest.mark.parametrize("prediction", [None, "one", ""])
def test_an_answer_that_is_no_number_matches_no_line(frame, prediction):
    found = line_effects(answered(frame, prediction, "36"), NOTES)
    assert (found[0].effect, found[0].states) == ("caused", "other number")


def effects(first, second=0, contexts=40):
    """Two lines of the notes of each context; how many of each line turned an answer."""
    return [
        LineEffect(
            f"x{c}", f"c{c}", f"q{c}", line, 2, "", repeated=False, right=True,
            states="right answer" if line == 1 else "other number",
            effect="carried" if turned else "none",
            miscalculated=False, before="1", after="1",
        )
        for c in range(contexts)
        for line, turned in ((1, c < first), (2, contexts - c <= second))
    ]  # fmt: skip


def test_lines_that_never_turned_an_answer_may_still_do_so():
    highs = [by_line(effects(turned), "carried")[1].share.high for turned in range(4)]
    assert 5 < highs[0] < 20
    assert highs == sorted(highs)
    assert max(b - a for a, b in pairwise(highs)) < 6
    assert by_line(effects(0), "carried")[1].share.low == 0


def test_limits_hold_for_all_lines_at_once():
    both = effects(8, 8)
    alone = [one for one in both if one.line == 1]
    wide, narrow = (by_line(found, "carried")[1].share for found in (both, alone))
    assert wide.estimate == narrow.estimate == 20
    assert wide.low <= narrow.low
    assert wide.high > narrow.high


def test_a_long_table_is_cut_for_people_and_whole_for_programs():
    content = table(effects(40, 20), "Lines")
    assert len(content.rows) == 40
    assert content.sentences[-1].startswith("40 of 60 lines that turned an answer are shown")
    assert len(content.data) == 80


def test_all_lines_together_have_an_interval_too():
    every = of_all(effects(8, 4), "carried")
    assert (every.lines, every.turned, every.share.estimate) == (80, 12, 15)
    assert 5 < every.share.low < 15 < every.share.high < 30
    assert of_all(effects(8, 4), "caused").lines == 0


def test_lines_that_state_the_answer_are_held_against_the_others():
    more = beyond(effects(30, 4), "carried")
    assert more.estimate == pytest.approx(65)
    assert 30 < more.low < more.high < 90
    told = " ".join(sentences(effects(30, 4)))
    assert "Those that state the right answer did so more often than the others: +65.0" in told


def test_where_the_others_turn_answers_as_often_it_is_not_determined():
    more = beyond(effects(8, 6), "carried")
    assert more.low < 0 < more.high
    told = " ".join(sentences(effects(8, 6)))
    assert (
        "Whether those that state the right answer did so more often than the others is not" in told
    )


def test_no_line_that_ever_turned_an_answer_is_no_proof_of_equality():
    none = beyond(effects(0, 0), "carried")
    assert none.estimate == 0
    assert none.low < -3
    assert none.high > 3
