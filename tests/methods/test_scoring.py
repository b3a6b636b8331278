"""Which tokens count to a question, token by token, however a server cuts and writes them."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sleeptime_lib.errors import CallError
from sleeptime_lib.methods.scoring import score, text_of
from sleeptime_lib.records import TokenLogprob

CONTEXT = "A baker has 12 rolls."
QUESTION = "How many are left?"

readable = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd▁ĠĊĉ"), max_size=30
).map(str.strip)


def scored(pieces, offsets=None):
    """Tokens whose log-probabilities are powers of two: a sum tells which are in it."""
    places = offsets or [None] * len(pieces)
    return [
        TokenLogprob(piece, None if i == 0 else -(2.0**i), place)
        for i, (piece, place) in enumerate(zip(pieces, places, strict=True))
    ]


def counted(pieces, context=CONTEXT, question=QUESTION, offsets=None):
    """The tokens that count to the question, by their index."""
    found = score(scored(pieces, offsets), context, question)
    inside = [i for i in range(1, len(pieces)) if int(-found.logprob) & 2**i]
    assert found.tokens == len(inside)
    return inside


def cut(text, places):
    """A text cut at some places."""
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:stop] for start, stop in pairwise(ends)]


def holding(pieces, context, question):
    """Indexes of the pieces that hold a character of the question, or stand after the context."""
    begin = len(text_of(context, question)) - len(question)
    start, found = 0, []
    for i, piece in enumerate(pieces):
        if start + len(piece) > begin or start >= len(context):
            found.append(i)
        start += len(piece)
    return [i for i in found if i]  # the first token has no probability


@given(readable.filter(bool), readable.filter(bool), st.lists(st.integers(0, 200), max_size=40))
@example("A b.", "C?", [3, 4, 5])
def test_of_any_split_those_count_that_hold_some_of_the_question(context, question, places):
    pieces = cut(text_of(context, question), places)
    expected = holding(pieces, context, question)
    if expected:
        assert counted(pieces, context, question) == expected
    else:
        with pytest.raises(CallError, match="nothing to score"):
            score(scored(pieces), context, question)


@given(readable.filter(bool), readable.filter(bool), st.lists(st.integers(0, 200), max_size=40))
def test_of_any_split_places_tell_the_same_as_texts(context, question, places):
    text = text_of(context, question)
    pieces = cut(text, places)
    offsets = [sum(map(len, pieces[:i])) for i in range(len(pieces))]
    expected = holding(pieces, context, question)
    unreadable = ["\0" * (i + 100) for i in range(len(pieces))]
    if expected:
        assert counted(unreadable, context, question, offsets) == expected


class TestBoundary:
    def test_a_clean_cut(self):
        assert counted(["A baker has 12", " rolls.", " How", " many", " are left?"]) == [2, 3, 4]

    def test_a_token_that_straddles_counts_to_the_question(self):
        assert counted(["A baker has 12", " rolls", ". How", " many are left?"]) == [2, 3]

    def test_white_space_behind_the_context_belongs_to_the_token_that_holds_it(self):
        assert counted(["A baker has 12 rolls", ". ", "How", " many are left?"]) == [2, 3]

    def test_white_space_alone_between_both_counts_to_the_question(self):
        assert counted(["A baker has 12", " rolls.", " ", "How many are left?"]) == [2, 3]

    def test_white_space_around_either_is_not_sent(self):
        assert text_of(f"{CONTEXT}\n\n", f"  {QUESTION}\n") == f"{CONTEXT} {QUESTION}"

    def test_the_sum_and_the_mean_are_of_those_tokens_alone(self):
        found = score(
            scored(["A baker has 12 rolls.", " How many", " are left?"]), CONTEXT, QUESTION
        )
        assert (found.logprob, found.tokens, found.per_token) == (-6.0, 2, -3.0)


class TestWithoutAContext:
    def test_the_first_token_has_no_probability_and_is_left_out(self):
        assert counted(["How", " many", " are left?"], "") == [1, 2]

    def test_a_mark_in_front_gives_it_one(self):
        assert counted(["<s>", "How", " many", " are left?"], "") == [1, 2, 3]

    def test_a_question_of_one_token_cannot_be_scored(self):
        with pytest.raises(CallError, match="one token with no context"):
            score(scored([QUESTION]), "", QUESTION)


class TestOtherWaysOfWriting:
    def test_marks_in_front_are_no_part_of_the_text(self):
        assert counted(["<s>", "A baker has 12", " rolls.", " How", " many are left?"]) == [3, 4]

    def test_a_vocabulary_that_loses_spaces(self):
        pieces = ["<s>", *re.findall(r"\w+|\S", text_of(CONTEXT, QUESTION))]
        assert counted(pieces) == [7, 8, 9, 10, 11]

    @pytest.mark.parametrize("mark", "▁Ġ")
    def test_a_vocabulary_that_marks_them(self, mark):
        pieces = re.findall(r" ?\w+|\S", text_of(CONTEXT, QUESTION))
        assert counted([piece.replace(" ", mark) for piece in pieces]) == [6, 7, 8, 9, 10]

    @pytest.mark.parametrize(
        "cut_up", [["\ufffd", "\ufffd"], ["\ufffd"], ["bytes:\\xe2\\x82", "\ufffd"]]
    )
    def test_characters_that_were_cut_into_bytes(self, cut_up):
        context, question = "Tea is 3 €.", "How much are 2 €5 teas?"
        pieces = ["Tea", " is 3 ", *cut_up, ".", " How much", " are 2 ", *cut_up, "5 teas?"]
        first = 3 + len(cut_up)
        assert counted(pieces, context, question) == list(range(first, len(pieces)))

    def test_cut_characters_at_both_sides_of_the_boundary(self):
        context, question = "Preis: 3 €", "Übrig?"
        pieces = ["Preis", ": 3 ", "\ufffd", "\ufffd", " \ufffd", "\ufffdbrig", "?"]
        # Which of the pieces ends a character is not to be seen: those in doubt count.
        assert counted(pieces, context, question)[-3:] == [4, 5, 6]


class TestRefused:
    def refused(self, pieces, offsets=None):
        with pytest.raises(CallError, match="do not make up the text") as caught:
            score(scored(pieces, offsets), CONTEXT, QUESTION)
        assert caught.value.kind == "no_logprobs"
        return str(caught.value)

    def test_tokens_of_another_text_name_the_servers_that_work(self):
        said = self.refused(["Something", " else"])
        for server in ("vLLM", "SGLang", "`sleeptime serve --gguf`", "the simulated model"):
            assert server in said

    def test_a_text_that_ends_early_or_goes_on(self):
        whole = text_of(CONTEXT, QUESTION)
        self.refused([whole[:20], whole[20:-1]])
        self.refused([whole[:20], whole[20:], " More."])

    def test_a_piece_that_is_missing_in_the_middle(self):
        self.refused(["A baker has", " rolls.", " How many are left?"])

    def test_readable_text_behind_a_cut_character_that_does_not_follow_it(self):
        self.refused(["A baker has 12", "\ufffd", " How many are left?"])

    def test_places_that_are_not_told(self):
        self.refused(["x1", "y"], [-1, -1])
        self.refused(["x1", "y"], [0, None])

    def test_places_that_only_add_up_the_texts(self):
        self.refused(["x1", "yy", "z"], [0, 2, 4])

    def test_places_that_go_back(self):
        self.refused(["x1", "yy", "z"], [0, 20, 10])

    def test_no_tokens_at_all(self):
        self.refused([])
