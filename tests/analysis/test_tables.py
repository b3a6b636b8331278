import csv
import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.tables import (
    AMORTISATION_HEADER,
    RATIO_HEADER,
    REPORT_HEADER,
    amortisation_table,
    csv_text,
    latex_text,
    markdown_text,
    ratio_table,
    report_table,
    to_csv,
    to_latex,
    to_markdown,
)

BASELINE = {0: (2, 20), 1: (6, 320)}
SLEEP = {0: (4, 20), 1: (9, 320)}
HOSTILE = "=<img src=x onerror=alert(1)> [a](http://b) ![](c) $x$ a|b_c \\input{d} \x1b[31m\ne"


@pytest.fixture
def table(two_arms):
    """Of a run of both arms."""
    return lambda **given: report_table(analyse(two_arms(BASELINE, SLEEP, **given), draws=50))


@pytest.fixture(scope="module")
def shared():
    """A table of two bills of a run whose questions share sleep phases."""
    drawn = draw_costs(simulate(World(), 20, 20, seed=0, shared=10), draws=200)
    bills = {"paper": paper_bill(), "list": Bill(usd_rates(0.15, 0.075, 0.6))}
    return amortisation_table({name: drawn.amortisation(bill) for name, bill in bills.items()})


def read_csv(table):
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def test_every_setting_has_its_row(table):
    rows = table().rows
    assert [(row[0], row[1]) for row in rows] == [
        ("baseline", "0"), ("baseline", "1"), ("sleep-time k=1", "0"), ("sleep-time k=1", "1"),
    ]  # fmt: skip
    assert rows[2] == (
        "sleep-time k=1", "0", "300", "20", "40.0 [34.4, 45.9]", "+20.0 [15.7, 25.2]", "superior",
    )  # fmt: skip
    assert all(len(row) == len(table().header) for row in rows)


def test_csv_has_full_numbers_that_read_back(table):
    rows = read_csv(table())
    assert tuple(rows[0]) == REPORT_HEADER
    assert [float(r["tokens"]) for r in rows] == [20, 320, 20, 320]
    assert rows[0]["gain"] == ""


def test_csv_has_accuracies_and_gains_in_one_unit(table):
    rows = read_csv(table())
    assert [float(r["accuracy"]) for r in rows] == pytest.approx([0.2, 0.6, 0.4, 0.9])
    assert float(rows[3]["gain"]) == pytest.approx(0.9 - 0.6)
    assert float(rows[3]["gain_simultaneous_low"]) <= float(rows[3]["gain_low"]) < 0.3
    assert 0 < float(rows[3]["margin_in_reach"]) < 0.2


def test_csv_has_the_tokens_with_the_sleep_phase(two_arms):
    rows = two_arms(BASELINE, SLEEP)
    rows.loc[rows["arm"] == "sleep", "sleep_completion_tokens"] = 500
    found = read_csv(report_table(analyse(rows, draws=20)))
    assert [float(r["total_tokens"]) for r in found] == [20, 320, 520, 820]


def test_markdown_has_the_table_and_what_it_says(table):
    text = to_markdown(table())
    lines = text.splitlines()
    assert lines[0].startswith("| arm | budget | n | tokens | accuracy % |")
    assert {line.count("|") for line in lines[:6]} == {8}
    assert "At equal accuracy (50.0%, the middle of" in text
    assert "n = 300 questions in 30 clusters" in text


def test_simulated_answers_are_said_to_be(table):
    assert "simulated model" in to_markdown(table(model="simulated"))


def test_latex_has_a_short_caption_and_the_sentences_below_the_table(table):
    text = to_latex(table(model="gpt-4"))
    assert r"\caption{stateful-gsm on by-hand, gpt-4}" in text
    assert text.index("At equal accuracy") > text.index(r"\end{tabular}")
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    body = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
    assert all(row.count(" & ") == 6 for row in body.splitlines() if row.endswith(r"\\"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_compiles(table, shared, tmp_path):
    text = to_latex(table(model=HOSTILE.replace("\x1b", ""))) + to_latex(shared)
    page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
    (tmp_path / "t.tex").write_text(page + text + "\\end{document}\n")
    subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )


def test_a_run_in_which_everything_failed_still_makes_tables(two_arms):
    failed = report_table(analyse(two_arms(BASELINE, SLEEP).assign(score=np.nan), draws=20))
    assert failed.rows[0] == ("baseline", "0", "0", "", "", "", "")
    for text in (to_csv(failed), to_markdown(failed), to_latex(failed)):
        assert "nan" not in text


# The ratio by accuracy


def test_the_ratio_has_five_rows_for_people_and_all_in_the_csv():
    report = analyse(simulate(World(), 20, 5, seed=0), draws=200)
    table = ratio_table(report)
    points = report.ratio_curve.points
    assert [row[1] for row in table.rows[:: len(table.rows) - 1]] == [
        f"{100 * points[0].at:.1f}", f"{100 * points[-1].at:.1f}",
    ]  # fmt: skip
    assert len(table.rows) == 5
    rows = read_csv(table)
    assert tuple(rows[0]) == RATIO_HEADER
    assert [float(r["accuracy"]) for r in rows] == [p.at for p in points]
    assert [r["ratio"] == "" for r in rows] == [p.ratio is None for p in points]
    for text in (to_markdown(table), to_latex(table)):
        assert "For all accuracies at once" in text


def test_arms_that_share_no_accuracy_have_an_empty_table(two_arms):
    table = ratio_table(analyse(two_arms({0: (1, 20)}, {0: (9, 20)}), draws=20))
    assert table.rows == table.data == ()


# Break-even


def test_a_break_even_has_a_row_for_each_bill_and_basis(shared):
    assert [row[:3] for row in shared.rows[:3]] == [
        ("paper", "sleep-time k=1", "at equal accuracy (46.0%)"),
        ("paper", "sleep-time k=1", "at budget 0"),
        ("paper", "sleep-time k=1", "at budget 1"),
    ]
    assert {row[0] for row in shared.rows} == {"paper", "list"}


def test_its_full_numbers_are_in_the_csv(shared):
    rows = read_csv(shared)
    assert tuple(rows[0]) == AMORTISATION_HEADER
    assert (rows[0]["budget"], float(rows[0]["accuracy"])) == ("", pytest.approx(0.46, abs=0.01))
    assert (rows[1]["budget"], rows[1]["accuracy"]) == ("0", "")
    point = [float(rows[2][f"break_even{end}"]) for end in ("_low", "", "_high")]
    assert point == sorted(point)
    assert rows[0]["notes_limit"] == "inf"


def test_its_sentences_stand_in_markdown_and_latex(shared):
    for text in (to_markdown(shared), to_latex(shared)):
        assert "paper: At equal accuracy" in text
        assert "number of questions per context" in text


def test_no_amortisation_is_an_empty_table():
    empty = amortisation_table({})
    assert empty.rows == empty.data == ()
    assert to_csv(empty).count("\n") == 1
    to_latex(empty)


# Other people's text


def test_text_of_datasets_and_models_is_escaped_everywhere(table):
    hostile = table(model=HOSTILE)
    assert "<img" not in to_markdown(hostile).replace(r"\<img", "")
    assert latex_text(HOSTILE) in to_latex(hostile)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(sign):
    assert csv_text(f"{sign}1+1") == csv_text(f"\t{sign}1+1") == f"'{sign}1+1"
    assert csv_text(f"a{sign}1") == f"a{sign}1"


def test_negative_numbers_stay_numbers_in_csv(two_arms):
    rows = read_csv(report_table(analyse(two_arms(SLEEP, BASELINE), draws=20)))
    assert float(rows[3]["gain"]) == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>", r"\<b\>"),
        ("[a](b)", r"[a]\(b)"),
        ("[1.0, 2.0].", "[1.0, 2.0]."),
        ("$5 and $6", r"\$5 and \$6"),
        ("a|b_c*d`e", r"a\|b\_c\*d\`e"),
        ("a\n\n# b\x1b[0m", r"a \# b [0m"),
        ("&lt;", r"\&lt;"),
        ("http://a.b, WWW.a.b", r"http\://a.b, WWW\.a.b"),
        ("me@a.b", r"me\@a.b"),
        ("at 1:2, for 3.5", "at 1:2, for 3.5"),
    ],
)
def test_markdown_shows_text_as_it_is(text, shown):
    assert markdown_text(text) == shown


def test_latex_prints_text_as_it_is():
    text = latex_text("gpt_4%&#{x}~\\")
    assert latex_text("a|b<c>") == r"a\textbar{}b\textless{}c\textgreater{}"
    assert text == r"gpt\_4\%\&\#\{x\}\textasciitilde{}\textbackslash{}"


@pytest.mark.parametrize("arm", ["[0.5]", "*", "[/foo]"])
def test_no_row_in_latex_begins_with_what_the_end_of_the_last_would_take(table, arm):
    made = table()
    rows = (made.rows[0], (arm, *made.rows[0][1:]))
    text = to_latex(replace(made, rows=rows))
    assert f"\n{{}}{arm} & " in text
