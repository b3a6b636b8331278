import csv
import io
import shutil
import subprocess

import numpy as np
import pytest

from sleeptime_lib.analysis.known_ratio import World, simulate
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.analysis.tables import CSV_HEADER, HEADER, table, to_csv, to_latex, to_markdown
from sleeptime_lib.analysis.wording import between, fold, saving, times

BASELINE = {0: (2, 20), 1: (6, 320)}
SLEEP = {0: (4, 20), 1: (9, 320)}


def test_every_setting_has_its_row(two_arms):
    rows = table(analyse(two_arms(BASELINE, SLEEP), draws=50))
    assert [(row[0], row[1]) for row in rows] == [
        ("baseline", "0"), ("baseline", "1"), ("sleep-time k=1", "0"), ("sleep-time k=1", "1"),
    ]  # fmt: skip
    assert rows[2] == (
        "sleep-time k=1", "0", "300", "20", "40.0 [40.0, 40.0]", "+20.0 [20.0, 20.0]", "superior",
    )  # fmt: skip
    assert all(len(row) == len(HEADER) for row in rows)


def test_csv_has_plain_numbers_that_read_back(two_arms):
    report = analyse(two_arms(BASELINE, SLEEP), draws=50)
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert tuple(rows[0]) == CSV_HEADER
    assert [float(r["accuracy"]) for r in rows] == pytest.approx([0.2, 0.6, 0.4, 0.9])
    assert rows[0]["gain_points"] == ""
    assert float(rows[3]["gain_points"]) == pytest.approx(30)


def test_markdown_has_the_table_and_what_it_says(two_arms):
    text = to_markdown(analyse(two_arms(BASELINE, SLEEP), draws=50))
    lines = text.splitlines()
    assert lines[0].startswith("| arm | budget | n | tokens | accuracy % |")
    assert {line.count("|") for line in lines[:6]} == {8}
    assert "At equal accuracy (50.0%) sleep-time needs" in text
    assert "n = 300 questions in 30 clusters" in text


def test_simulated_answers_are_said_to_be(two_arms):
    assert "simulated model" in to_markdown(
        analyse(two_arms(BASELINE, SLEEP, model="simulated"), draws=50)
    )


def test_latex_escapes_what_latex_would_read(two_arms):
    text = to_latex(analyse(two_arms(BASELINE, SLEEP, model="gpt_4%&#{x}~"), draws=50))
    assert r"gpt\_4\%\&\#\{x\}\textasciitilde{}" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    body = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
    assert all(row.count(" & ") == 6 for row in body.splitlines() if row.endswith(r"\\"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_compiles(two_arms, tmp_path):
    text = to_latex(analyse(two_arms(BASELINE, SLEEP, model="simulated"), draws=50))
    page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
    (tmp_path / "t.tex").write_text(page + text + "\\end{document}\n")
    subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )


def test_a_run_in_which_everything_failed_still_makes_tables(two_arms):
    report = analyse(two_arms(BASELINE, SLEEP).assign(score=np.nan), draws=20)
    assert table(report)[0] == ("baseline", "0", "0", "", "", "", "")
    for text in (to_csv(report), to_markdown(report), to_latex(report)):
        assert "nan" not in text


def test_the_ratio_is_said_both_ways(two_arms):
    fewer = to_markdown(analyse(two_arms({0: (2, 60), 1: (6, 240)}, {0: (2, 20), 1: (6, 80)})))
    more = to_markdown(analyse(two_arms({0: (2, 20), 1: (6, 80)}, {0: (2, 60), 1: (6, 240)})))
    assert "needs 3.0× fewer test tokens, 95% interval 3.0× to 3.0×" in fewer
    assert "needs 3.0× more test tokens, 95% interval 3.0× to 3.0×" in more


def test_an_unbounded_interval_is_said_to_be():
    report = analyse(simulate(World(), clusters=6, questions=4, seed=4), draws=500)
    assert "to ∞;" in to_markdown(report)
    assert "of draws do not reach that accuracy" in to_markdown(report)


def test_numbers_are_rounded_for_reading():
    assert [times(x) for x in (0.123, 0.96, 3.83, 12.4)] == ["0.12", "1.0", "3.8", "12"]
    assert [fold(x) for x in (3.83, np.inf)] == ["3.8×", "∞"]
    assert [saving(x) for x in (3.83, 0.5, 1.02)] == ["3.8× fewer", "2.0× more", "as many"]
    assert between(np.nan, 1) == ""
