"""Sentences, and where a word problem is cut into context and question."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.tasks.splitters import (
    SPLITTERS,
    cut_differently,
    sentences,
    split_clean,
    split_paper,
)

WHOLE_SENTENCES = {
    "decimals": "A call costs $0.7 for each minute and 1.5 dollars more after noon.",
    "money without a leading zero": "He is paid $.40 per box, and €3.50 on Sundays.",
    "other currencies": "She has ₣97.37 and owes ¥7.0 to Ken.",
    "titles": "Mr. and Mrs. Cruz owe Dr. Okoye $30 for the visit.",
    "initials": "The book by J. K. Marsh costs $12.",
    "initial after by": "The book by J. Marsh costs $12.",
    "initials after a small word": "He met J. K. Marsh at noon.",
    "times": "The shop opens at 8 a.m. and closes at 5 p.m. on Fridays.",
    "a time before a weekday": "It closes at 5 p.m. Monday and at noon on Sunday.",
    "approximations": "The pool holds approx. 500 litres, i.e. very little.",
    "units": "The board is 6 ft. 4 in. long and weighs 12 lbs. without nails.",
    "places": "She flew from the U.S. Virgin Islands to St. Croix.",
    "a month and its day": "The bill of Jan. 5 was $40.",
    "a numbered item": "1. Buy 3 apples.",
    "quoted question with its speaker": '"How many are left?" she asked her brother.',
    "quoted question with a named speaker": '"How many are left?" Tom asked.',
    "quoted exclamation": '"Wow!" he said.',
    "an ellipsis inside": "He waited... and then left.",
    "a number abbreviated": "Bus No. 12 carries 40 people.",
}


@pytest.mark.parametrize("text", WHOLE_SENTENCES.values(), ids=WHOLE_SENTENCES)
def test_a_sentence_stays_whole(text):
    assert sentences(text) == (text,)


CUTS = {
    "plain": ("He has 5. She has 3.", ("He has 5.", "She has 3.")),
    "digit first": ("He has 5. 3 are red.", ("He has 5.", "3 are red.")),
    "currency first": ("He has 5. $3 is hers.", ("He has 5.", "$3 is hers.")),
    "after a time": ("It opens at 8 a.m. She waits.", ("It opens at 8 a.m.", "She waits.")),
    "after a unit": ("It weighs 5 lbs. Tom lifts it.", ("It weighs 5 lbs.", "Tom lifts it.")),
    "after a place": ("He left the U.S. How old is he?", ("He left the U.S.", "How old is he?")),
    "after a letter": ("He goes from A to B. How far?", ("He goes from A to B.", "How far?")),
    "the word no": ("He said no. Then he left.", ("He said no.", "Then he left.")),
    "closing quote": ('She said "go." Then Tom left.', ('She said "go."', "Then Tom left.")),
    "closing parenthesis": ("He left (alone.) She ate.", ("He left (alone.)", "She ate.")),
    "missing space": ("They worked 2 weeks.How long?", ("They worked 2 weeks.", "How long?")),
    "missing space after a digit": ("He has 5.How many?", ("He has 5.", "How many?")),
    "lower-case writing": ("he has 12. how many now?", ("he has 12.", "how many now?")),
    "list items": ("Buy:\n- 3 apples\n- 4 pears", ("Buy:", "- 3 apples", "- 4 pears")),
    "numbered list": ("1. Add 3\n2. Add 4", ("1. Add 3", "2. Add 4")),
    "blank line": ("A heading\n\nthe text", ("A heading", "the text")),
    "ellipsis": ("He waited... Then he left.", ("He waited...", "Then he left.")),
    "two questions": ("How many? And how much?", ("How many?", "And how much?")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CUTS.values(), ids=CUTS)
def test_sentences_are_cut_apart(text, expected):
    assert sentences(text) == expected


def test_a_line_broken_inside_a_sentence_does_not_end_it():
    assert sentences("He has 5 apples\nand 3 pears.") == ("He has 5 apples\nand 3 pears.",)


def test_blank_text_has_no_sentences():
    assert sentences(" \n ") == ()


QUESTIONS = {
    "question mark": "How much does the call cost?",
    "imperative": "Calculate the number of free rooms after 2 weeks.",
    "polite imperative": "Please determine how many are left.",
    "imperative after a condition": "If 5 more arrive, calculate the total number of guests.",
    "condition and question": "If each costs $0.5, how much does she pay?",
    "abbreviation inside": "How much were Dr. Miller's net proceeds?",
    "decimal inside": "How many $1.25 stamps can she buy?",
    "rounding tail": "How many boxes are needed? Round up to a whole box.",
    "two notes": "How many are left? Assume none break. Give your answer in dozens.",
    "several questions": "How many are red? How many are blue?",
    "question and imperative": "Find the area of the field. How many posts does it need?",
    "quoted question": 'He asked, "How many are left?"',
    "no question at all": "Then he had some more of them.",
}
CONTEXT = (
    'Ms. Lee paid $0.7 at 9 a.m. on Monday. "Is it fair?" she asked. The shop gives 1.5% back.'
)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_clean_cuts_before_the_question(question):
    assert split_clean(f"{CONTEXT} {question}") == (CONTEXT, question)


def test_clean_leaves_the_context_of_one_sentence_empty():
    assert split_clean("If he has 3 and eats 1, how many are left?") == (
        "",
        "If he has 3 and eats 1, how many are left?",
    )


def test_clean_takes_the_last_sentence_when_the_only_question_is_far_before_it():
    text = "Did you know? Bees dance. They have 6 legs. A hive has 9 bees. Count their legs."
    assert split_clean(text)[1] == "Count their legs."


@pytest.mark.parametrize("splitter", SPLITTERS.values(), ids=SPLITTERS)
def test_blank_text_splits_into_nothing(splitter):
    assert splitter("  ") == ("", "")


def test_paper_breaks_decimals_as_the_released_data_has_them():
    assert split_paper("It costs $0.7 a day. He pays 3. How much?") == (
        "It costs $0. 7 a day. He pays 3.",
        "How much?",
    )


def test_paper_cuts_behind_an_abbreviation():
    assert split_paper("He sold it. How much were Dr. Li's gains?") == (
        "He sold it. How much were Dr.",
        "Li's gains?",
    )


def test_paper_drops_the_period_of_an_imperative():
    assert split_paper("He has 3. Calculate it.") == ("He has 3.", "Calculate it")


def test_paper_gives_one_sentence_a_period_for_a_context():
    assert split_paper("How many are left?") == (".", "How many are left?")


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("He has 3. How many are left?", False),
        ("He has  3.\nCalculate it.", False),
        ("It costs $0.7. How much is that?", True),
        ("He left. How much has Dr. Li?", True),
        ("How many are left?", False),
    ],
    ids=["same", "spacing and last period", "decimal", "abbreviation", "one sentence"],
)
def test_rows_that_are_cut_differently_are_recognised(text, differs):
    assert cut_differently(text) is differs


PIECES = st.sampled_from(
    ["He has 5", "Dr", "$0.7", "a.m", "How", "\n", " ", ". ", "? ", '"', "(", ")", "!", "...", "é"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_clean_loses_nothing(text):
    context, question = split_clean(text)
    assert "".join((context + question).split()) == "".join(text.split())


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_sentences_lose_nothing(text):
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() != "" for sentence in found)


@pytest.mark.parametrize("piece", [".", ". ", "\n", "Dr. ", ".1", "a b. ", '"', "(", "? ", "$0.7 "])
def test_splitting_takes_linear_time(piece):
    def seconds(length):
        text = piece * (length // len(piece))
        start = time.process_time()
        split_clean(text)
        return time.process_time() - start

    assert seconds(400_000) < 16 * seconds(50_000) + 0.1
