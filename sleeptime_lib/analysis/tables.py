"""A run's results as a table: for the terminal, and as CSV, Markdown and LaTeX text.

One row for each arm, sleep setting and budget, then what they amount to as sentences.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Final

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.curves import Curve, Point
from sleeptime_lib.analysis.difference import Difference
from sleeptime_lib.analysis.results import Report

HEADER: Final = ("arm", "budget", "n", "tokens", "accuracy %", "gain, points", "verdict")
"""Columns of `table`; the gain is over the baseline at the same budget."""

CSV_HEADER: Final = (
    "arm", "budget_kind", "sleep_parallel", "sleep_effort", "budget", "n", "asked", "failed",
    "missing", "tokens", "tokens_low", "tokens_high", "accuracy", "accuracy_low",
    "accuracy_high", "gain_points", "gain_low", "gain_high", "correlation", "verdict",
)  # fmt: skip
"""Columns of `to_csv`: plain numbers, accuracies from 0 to 1, empty where unknown."""


def table(report: Report) -> list[tuple[str, ...]]:
    """Rows for people, one for each arm, sleep setting and budget, in the order of `HEADER`."""
    rows: list[tuple[str, ...]] = []
    for curve in report.curves:
        for point in curve.points:
            gain = _gain(report, curve, point)
            rows.append(
                (
                    curve.line.label,
                    str(point.budget),
                    f"{point.n:,}",
                    "" if math.isnan(point.tokens) else f"{point.tokens:,.0f}",
                    _with_limits(100 * point.accuracy, 100 * point.low, 100 * point.high),
                    _with_limits(gain.points, gain.low, gain.high, sign="+") if gain else "",
                    gain.verdict if gain else "",
                )
            )
    return rows


def _with_limits(value: float, low: float, high: float, *, sign: str = "") -> str:
    if math.isnan(value):
        return ""
    return f"{value:{sign}.1f} {wording.between(low, high)}".rstrip()


def _gain(report: Report, curve: Curve, point: Point) -> Difference | None:
    for comparison in report.comparisons:
        if comparison.line == curve.line:
            for found in comparison.differences:
                if found.treatment_budget == point.budget:
                    return found
    return None


def sentences(report: Report) -> list[str]:
    """What the run says, for below the table: ratio, range, gains, counts, warnings."""
    found = [wording.ratio(report.equal_accuracy, report.confidence)]
    spread = report.range_ratio
    if spread.ratio is not None:
        limits = ""
        if not math.isnan(spread.low):
            limits = f" [{wording.fold(spread.low)}, {wording.fold(spread.high)}]"
        found.append(
            f"On average over {100 * spread.start:.1f} to {100 * spread.stop:.1f}% accuracy: "
            f"{wording.times(spread.ratio)}× as many tokens for the baseline{limits}."
        )
    for gain in (report.max_gain, report.scaling_gain):
        if gain is not None:
            found.append(wording.gain(gain, report.confidence))
    found.append(wording.sample(report).replace("whiskers", "intervals"))
    if cached := wording.prefix_cache(report.tokens.hit_rate):
        found.append(cached)
    if report.simulated:
        found.append("Answers are from the simulated model, not from a language model.")
    return found + [f"Note: {warning}." for warning in report.warnings]


def to_csv(report: Report) -> str:
    """The table with all its numbers, unrounded, for other programs; see `CSV_HEADER`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for curve in report.curves:
        line = curve.line
        for p in curve.points:
            gain = _gain(report, curve, p)
            numbers: list[float] = [p.tokens, p.tokens_low, p.tokens_high]
            numbers += [p.accuracy, p.low, p.high]
            numbers += (
                [gain.points, gain.low, gain.high, gain.correlation] if gain else [math.nan] * 4
            )
            writer.writerow(
                [
                    *(line.arm, line.budget_kind, line.sleep_parallel, line.sleep_effort),
                    *(p.budget, p.n, p.asked, p.failed, p.missing),
                    *("" if math.isnan(x) else repr(float(x)) for x in numbers),
                    gain.verdict if gain else "",
                ]
            )
    return out.getvalue()


def to_markdown(report: Report) -> str:
    """The table in Markdown, sentences below it."""
    lines = [_markdown_row(HEADER), _markdown_row(["---", *["---:"] * 5, "---"])]
    lines += [_markdown_row(row) for row in table(report)]
    return "\n".join([*lines, "", *sentences(report)]) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_LATEX: Final = str.maketrans(
    {
        "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
        "×": r"$\times$", "÷": r"$\div$", "∞": r"$\infty$", "−": r"$-$",
    }
)  # fmt: skip


def to_latex(report: Report) -> str:
    """The table in LaTeX, for `booktabs`, sentences in its caption."""
    title = f"{report.experiment} on {report.dataset}, {report.model}. "
    rows, last = [], ""
    for row in table(report):
        if last and row[0] != last:
            rows.append(r"\midrule")
        rows.append(_latex_row([row[0] if row[0] != last else "", *row[1:]]))
        last = row[0]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            r"\begin{tabular}{lrrrrrl}",
            r"\toprule",
            _latex_row(HEADER),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{(title + ' '.join(sentences(report))).translate(_LATEX)}}}",
            rf"\label{{tab:{report.experiment}}}",
            r"\end{table}",
            "",
        ]
    )


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cell.translate(_LATEX) for cell in cells) + r" \\"
