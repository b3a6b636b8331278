"""Which lines of the notes carried a right answer, and which caused a wrong one."""

import pytest

from sleeptime_lib.analysis.ablation import by_kind, line_effects, sentences, share, table
from sleeptime_lib.analysis.tables import to_csv

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
    assert (share(found, "carried").lines, share(found, "carried").turned) == (3, 2)
    assert share(found, "caused").lines == 0
    kinds = by_kind(found, "carried")
    assert (kinds["right answer"].turned, kinds["other number"].turned) == (1, 1)
    assert kinds["miscalculated"].lines == 1


def test_words_and_table_tell_the_lines_that_turned_an_answer(frame):
    found = line_effects(answered(frame, "36", "36", "1", "36"), NOTES)
    said = " ".join(sentences(found))
    assert "3 times a line of the notes was left out" in said
    assert "1 of 1 (right answer), 0 of 2 (other number)" in said
    content = table(found, "Lines")
    assert [row[2] for row in content.rows] == ["eggs = 3 * 12 = 36"]
    assert to_csv(content).count("\n") == 4


@pytest.mark.parametrize("prediction", [None, "one", ""])
def test_an_answer_that_is_no_number_matches_no_line(frame, prediction):
    found = line_effects(answered(frame, prediction, "36"), NOTES)
    assert (found[0].effect, found[0].states) == ("caused", "other number")
