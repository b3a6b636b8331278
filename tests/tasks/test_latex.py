r"""Contest problems in LaTeX: where they are cut into a context and a question."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.tasks.latex import split_latex, statements

AIME_2024 = Path(__file__).parents[3] / "shared/data/aime_2024.jsonl"

PROBLEMS = {
    "last statement": (r"A box holds $12$ balls. $5$ of them are red.", "Find how many are not."),
    "question mark": (r"Let $n=40$.", r"What is the sum of the divisors of $n$?"),
    "question mark in the formula": (r"Let $a=3$ and $b=4$.", r"What is $a+b?$"),
    "period in the formula": (r"The number $N$ has $3$ digits.", r"Find $N.$"),
    "decimal": (
        r"A rope is 2.5 metres long and is cut into parts of 0.5 metres.",
        "Find their number.",
    ),
    "decimal in dollars": (
        r"A circle has radius $2.5$.",
        r"Find the least integer above its area.",
    ),
    "period and capital in a formula": (
        r"Put $f(x) = x.\text{ If } x > 2$ and $f(x) = 0$ otherwise.",
        r"Find $f(7)$.",
    ),
    "question mark in a formula": (
        r"For a statement $P$ let $[P ?\ 1 : 0]$ be $1$ if it holds.",
        r"Find $\sum_{k=1}^{9} [k > 4 ?\ 1 : 0]$.",
    ),
    "thousands": (
        r"There are 1,250,000 seeds in 50 equal bags.",
        "Find the number of seeds in a bag.",
    ),
    "abbreviation": (r"Prime numbers, e.g. $7$, have two divisors.", r"Find the $9$th prime."),
    "title": (
        r"Dr. Okoye has $7$ pens and Mr. Lind has $9$.",
        "How many pens do they have together?",
    ),
    "initials": (r"J. K. Marsh wrote $4$ books of $90$ pages.", "How many pages did he write?"),
    "i.e. before a formula": (
        r"The triangle is isosceles, i.e. $AB = AC = 5$, and $BC = 6$.",
        "Find its area.",
    ),
    "vs.": (
        r"In the match red vs. blue, red scored $3$ goals.",
        r"Find the square of that number.",
    ),
    "capital letter at the end": (
        r"Let A be the set $\{1, 4, 6\}$ and B the sum of the elements of A.",
        "Find B.",
    ),
    "display ends with its period": (
        "Positive integers $x$ and $y$ satisfy \\[x + y = 9 \\text{ and } xy = 20.\\]",
        "Find $x^2 + y^2$.",
    ),
    "display without a period": (
        "Positive integers $x$ and $y$ satisfy \\[x + y = 9, \\qquad xy = 20\\]",
        "Find $|x - y|$.",
    ),
    "display in double dollars": ("Suppose that $$2^a = 64.$$", "What is $a$?"),
    "display within the question": (
        "Let $r$ be a root of $x^2 = x + 1$.",
        "Find the integer nearest to\n\\[r^4 + r^2.\\]",
    ),
    "question goes on behind a display": (
        "Let $k = 7$.",
        "Find the remainder when\n\\[1 + k + k^2\\]\nis divided by $10$.",
    ),
    "lower case behind the period of a display": (
        "Let $m$ be a whole number.",
        "Find the least value of \\[m^2 - 8m + 30.\\] where $m$ is at most $9$.",
    ),
    "round brackets": (r"Let \(p = 3.5\) and \(q = 2p\).", r"Find \(p + q + 0.5\)."),
    "environment": (
        "Numbers $a$ and $b$ satisfy\n"
        "\\begin{align*}\na + b &= 11. \\\\\na - b &= 3.\n\\end{align*}\n",
        "Find $ab$.",
    ),
    "list in an environment": (
        "A code has these properties:\n\\begin{itemize}\n\\item It has $3$ digits. They differ.\n"
        "\\item Is it even? It is.\n\\end{itemize}",
        "Find the number of such codes.",
    ),
    "nested environments": (
        "Let \\[M = "
        "\\begin{pmatrix} 1 & \\begin{matrix} 2. \\end{matrix} \\\\ 3 & 4 \\end{pmatrix}.\\]",
        "Find the sum of the entries of $M$.",
    ),
    "bullets on lines": (
        "A row of numbers has these properties:\n$\\bullet$ It has $5$ terms.\n"
        "$\\bullet$ Each term is twice the one before.\n$\\bullet$ The first is $3$.",
        "Find the last term.",
    ),
    "list behind a colon": (
        "There are $4$ red and $4$ blue tiles.",
        "Find the number of ways to lay some in a row such that: \n\nno two red tiles touch\n"
        "all blue tiles touch\nat least one tile is laid",
    ),
    "paragraphs": (
        "A fair coin is tossed $4$ times\n\n",
        "Find the number of outcomes with two heads.",
    ),
    "if and then a question": (
        r"A rectangle has corners on a circle of radius $5$.",
        r"If one of its sides is $6$, what is the other one?",
    ),
    "if and then an imperative": (
        r"The sum of two primes is $25$.",
        "If they differ by $21$, find the larger one.",
    ),
    "m plus n": (
        r"The chance that two dice show the same is $\tfrac{m}{n}$, where $m$ and $n$ are coprime.",
        r"Find $m+n$.",
    ),
    "dots": (
        r"Let $S = 1 + 2 + \dots + 9$, and so on ... up to $S = 45$.",
        r"Find the digit sum of $S$.",
    ),
    "escaped dollar": (
        r"A pen costs \$3.50 and a pad \$1.50.",
        r"How many dollars do $4$ of each cost?",
    ),
    "lone dollar": (r"A pen costs $3. A pad costs twice that.", "How many dollars do both cost?"),
    "formulas side by side": (r"We have $a=1.5$$b=2.5$.", r"What is $a+b$?"),
    "quotation": (
        r"A number is called \textit{nice.} if it is $3$ times a prime.",
        "Find the least nice number.",
    ),
    "determine": (r"The digits of $N$ add up to $20$.", "Determine the least such $N$."),
    "compute": (r"For real $x$ let $h(x) = 3x$.", r"Compute $h(h(4))$."),
    "starred name": (
        "Suppose that\n\\begin{equation*}\n2x = 6. \\tag{A. B}\n\\end{equation*}\nThen $y = x^2$.",
        "Find $y$.",
    ),
}
"""A context, and the question behind it."""

MOVED = {
    "a note on a figure": (
        "Find the number of squares in a $3$ by $3$ grid.",
        "The figure below shows two of them.",
    ),
    "an example with an array": (
        "How many ways are there to fill a row of two cells with digits that add up to $9$?",
        "The row below is an example because $4+5=9$.\n"
        "\\[\\begin{array}{|c|c|} 4 & 5 \\end{array}\\]",
    ),
    "a definition": (
        "Find the number of lucky integers below $50$.",
        "An integer is lucky if it is divisible by $7$.",
    ),
    "a remark in brackets": (
        "Determine the area of the hexagon with side $2.5$, squared.",
        "(All its angles are equal.)",
    ),
}
"""A question, and the statement behind it that becomes context."""

WHOLE = {
    "one statement": "Find the sum of all primes below $10$.",
    "one statement with a display": r"Find the least value of \[x + \frac{9.5}{x}\]where $x > 0$.",
    "one statement with an environment": (
        "Find the number of pairs of integers with\n"
        "\\begin{equation*}\nx^2 + y^2 = 25.\n\\end{equation*}"
    ),
    "one statement with decimals": "Find the whole number nearest to $2.4$ times 1.5 squared.",
    "one question": "If $3x = 21$, what is $x$?",
}


def squeezed(text):
    return " ".join(text.split())


@pytest.mark.parametrize(("context", "question"), PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("space", [" ", "\n"], ids=["space", "line break"])
def test_the_last_statement_is_the_question(context, question, space):
    split = split_latex(context.strip() + ("\n\n" if "\n\n" in context[-3:] else space) + question)
    assert squeezed(split.question) == squeezed(question)
    assert squeezed(split.context) == squeezed(context)
    assert not split.figure


STATEMENTS = {
    "dollars": (r"Put $x = 3. Then y? Find z.$ below $9$ and stop.",),
    "dollars around words": (r"The word $\text{No. Find it! Is it?}$ is short.",),
    "double dollars": ("Put $$x = 3. \\text{ Then } y? Find z$$ below $9$.",),
    "round": (r"Put \(x = 3. Then y? Find z.\) below.",),
    "square": (r"Put \[x = 3. Then y? Find z\] below.",),
    "environment": ("Put \\begin{a*}\nIt is 3. Find it.\n\nIs it?\n\\end{a*} below.",),
    "one environment in another": (
        r"Put \begin{a} One. \begin{a} Two. \end{a} Three. Find it. \end{a} below.",
    ),
    "brackets of another kind": (r"Put \[a \) b. \text{ No } $ c. Find d\] below.",),
    "formulas side by side": (r"Put $a = 1$$b = 2. Find c$ below.",),
    "escaped dollars": (r"It costs \$3.", "Find x.", r"It costs \$4."),
    "a decimal": (r"It weighs 3.5 kg and 1,000.25 g.",),
    "an abbreviation before a formula": (r"Use a prime, e.g. $7$, or vs. $B$, or approx. $C$.",),
    "a formula that stops before a small word": (
        r"Suppose \[x = 3.\] where $y. A$ is $2.$ and so on.",
    ),
    "a list behind a colon": ("Count the rows such that:\n\nAll cells differ\nno cell is red.",),
    "a formula that stops": (r"We have \[x = 3.\]", "Then $y = 4.$", "So $z = 5.$"),
    "a formula that stops before a line": ("We have $x = 3.$", "Then it ends."),
    "an environment that stops": (r"Put \begin{a} x. \end{a}", "Then it ends."),
    "a display before a question": (r"We have \[x = 3\]", "What is $x$?"),
    "a formula behind a period": ("It holds for $x$.", "$y$ is $3$."),
    "a bracket that is never closed": (r"Put \[ here.", r"Then \(x. Y\) is one.", "Stop."),
    "a dollar that is never closed": ("It costs $3.", "Then it ends."),
    "an end that was never begun": (r"Put \] and \end{a} here.", "Then it ends."),
}
"""Statements of one text; nothing within mathematics ends one."""


@pytest.mark.parametrize("parts", STATEMENTS.values(), ids=STATEMENTS)
def test_statements_end_with_sentences_outside_of_mathematics(parts):
    assert statements(" ".join(parts)) == parts


def test_a_paragraph_ends_a_statement_without_a_period():
    assert statements("It holds for $x$\n\n$y$ is $3$\n \nThat is all") == (
        "It holds for $x$",
        "$y$ is $3$",
        "That is all",
    )


def test_there_are_at_least_thirty_traps():
    assert len(PROBLEMS) + len(MOVED) + len(WHOLE) >= 30


@pytest.mark.parametrize(("question", "note"), MOVED.values(), ids=MOVED)
@pytest.mark.parametrize("before", ["", "A grid has $16$ cells."], ids=["alone", "in the middle"])
def test_a_question_before_the_last_statement_is_moved_last(before, question, note):
    split = split_latex(f"{before} {question} {note}")
    assert split.question == question
    assert split.context == f"{before} {note}".strip()


@pytest.mark.parametrize("problem", WHOLE.values(), ids=WHOLE)
def test_one_statement_has_an_empty_context(problem):
    split = split_latex(problem)
    assert (split.context, split.question) == ("", problem)


def test_a_problem_that_asks_nothing_has_its_last_statement_as_question():
    split = split_latex(r"Let $x = 4$. The number $y$ is $x + 1$. Then $y^2$ is $k$.")
    assert split.question == "Then $y^2$ is $k$."


FIGURE = "[asy]\nsize(100); // Find the centre. Is it here?\ndraw((0,0)--(1.5,2)); [/asy]"


@pytest.mark.parametrize(
    "problem",
    [
        f"A square has side $3$.\n{FIGURE}\nFind its area.",
        f"A square has side $3$. Find its area.\n{FIGURE}",
        f"{FIGURE} A square has side $3$. Find its area.",
        f"A square has side $3$. {FIGURE.replace('asy', 'ASY')} Find its area. {FIGURE}",
        f"A square has side $3$. Find its area. {FIGURE.removesuffix('[/asy]')}",
    ],
    ids=["between", "behind", "before", "twice", "never closed"],
)
def test_a_figure_is_left_out_and_told(problem):
    split = split_latex(problem)
    assert (split.context, split.question) == ("A square has side $3$.", "Find its area.")
    assert split.figure


def test_a_figure_ends_a_statement_that_has_no_period():
    split = split_latex(f"A square has side $3$, as shown here:\n{FIGURE}\nFind its area.")
    assert split.question == "Find its area."


def test_a_figure_within_a_statement_does_not_end_it():
    split = split_latex(f"Find the area of the square that the figure {FIGURE} shows.")
    assert split.context == ""
    assert squeezed(split.question) == "Find the area of the square that the figure shows."


@pytest.mark.parametrize("empty", ["", "  \n ", FIGURE])
def test_a_problem_without_text_has_neither(empty):
    split = split_latex(empty)
    assert (split.context, split.question) == ("", "")


PIECES = st.sampled_from(
    [*"$.?! \n,:", "$$", r"\[", r"\]", r"\(", r"\)", r"\begin{a}", r"\end{a}", "Find", "no", "A",
     "\n\n", "3", "4.5", "e.g.", r"\$", "\\\\"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_character_but_whitespace_is_lost_whatever_is_open_or_closed(text):
    assert "".join("".join(statements(text)).split()) == "".join(text.split())
    split = split_latex(text)
    assert sorted("".join((split.context + split.question).split())) == sorted(
        "".join(text.split())
    )


@pytest.mark.parametrize(
    "piece",
    [
        "$",
        "$ ",
        r"\(",
        r"\[ ",
        r"\begin{a}",
        r"\begin{a}\begin{b}",
        "\n",
        " ",
        "\n\n A",
        "[asy]",
        ".",
        "a. ",
    ],
)
def test_cutting_takes_linear_time(piece):
    start = time.perf_counter()
    split_latex(piece * (200_000 // len(piece)))
    assert time.perf_counter() - start < 15


EXPECTED_2024 = {
    0: ("Find the number of minutes", "spent in the coffee shop."),
    1: ("Find $m", "n$."),
    2: ("What is", "$m+n$?"),
    3: ("Find the number of intersections", r"\cos (3 \pi y))).\]"),
    4: ("Find the least positive", "divisible by $p^{2}$."),
    5: ("Find", "$m+n+p$."),
    6: ("Find", "$p+q$."),
    7: ("Find", "$xy$."),
    8: ("Find the number of positive", "regardless of Alice's play."),
    9: ("Find", "$m+n$."),
    10: ("If $BC=16$,$AB=107$", "length of $CE$?"),
    11: ("Find the number of such", "examples shown below."),
    12: ("Find the largest possible", "with $|z|=4$."),
    13: ("Find", "$m+n$."),
    14: ("Find the greatest real", "all such rhombi."),
    15: ("Find the number of residents", "all four of these things."),
    16: ("Find", r"$AB\cdot AC$."),
    17: ("Find the number of triples", r"\end{equation*}"),
    18: ("Find", r"\(p+q\)."),
    19: ("Find the remainder", "is divided by 1000."),
    20: (r"Find the least integer \(b", "integers."),
    21: ("Find the number of rectangles", "of the dodecagon."),
    22: ("Find the sum of the squares", "in the list."),
    23: ("Find the number of ways to place a digit", "to bottom is $99$."),
    24: ("Find", "$m+n$."),
    25: ("Find the side", "of the hexagon."),
    26: ("Find the sum", "elements of A."),
    27: ("Find", "$Q+R$."),
    28: ("Find", "$m+n$."),
    29: ("Find the number of ways to place some", "previous two conditions."),
}
"""How the question of each problem begins and ends."""
MOVED_2024, ALONE_2024, FIGURES_2024 = {21, 23}, {12, 17}, {21, 28}


@pytest.mark.skipif(not AIME_2024.exists(), reason="the problems of AIME 2024 are not here")
def test_all_problems_of_2024_are_cut_where_they_should_be():
    problems = [json.loads(line) for line in AIME_2024.read_text().splitlines()]
    assert {row["id"] for row in problems} == set(EXPECTED_2024)
    for row in problems:
        number, text = row["id"], row["problem"]
        split = split_latex(text)
        begins, ends = EXPECTED_2024[number]
        assert split.question.startswith(begins), split.question
        assert split.question.endswith(ends), split.question
        assert text.count(split.question) == 1
        assert split.figure == (number in FIGURES_2024)
        assert (split.context == "") == (number in ALONE_2024)
        assert "[asy]" not in split.context + split.question
        if number not in MOVED_2024 | FIGURES_2024:
            assert text.strip().endswith(split.question)
            assert squeezed(f"{split.context} {split.question}").strip() == squeezed(text)
