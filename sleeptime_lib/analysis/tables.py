"""Results as tables: for people as text, Markdown and LaTeX, for other programs as CSV.

`report_table` and `amortisation_table` make a `Table`; `to_csv`, `to_markdown` and `to_latex`
write any. Names of arms, models and datasets are other people's text; each of the three escapes
every text that it writes, so nobody else needs to.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.cells import Line
from sleeptime_lib.analysis.costs import PER_USD, Bill
from sleeptime_lib.analysis.curves import Curve, Point
from sleeptime_lib.analysis.difference import Difference
from sleeptime_lib.analysis.payoff import Amortisation, Payoff
from sleeptime_lib.analysis.ratio import RatioPoint
from sleeptime_lib.analysis.report import Comparison, Report
from sleeptime_lib.records import budget_name

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """A table twice over: rounded for people, and in full for programs.

    Attributes:
        name: Short name without spaces, such as for a label or a file.
        caption: One line of text.
        header: Column names.
        rows: Cells as text.
        text_columns: Indexes of the columns that are words, not numbers.
        sentences: What the table amounts to.
        data_header: Column names of the full numbers.
        data: Full numbers; NaN where unknown, inf where unbounded.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...]
    sentences: tuple[str, ...]
    data_header: tuple[str, ...]
    data: tuple[tuple[Value, ...], ...]


LINE_HEADER: Final = ("arm", "budget_kind", "sleep_parallel", "sleep_effort")

REPORT_HEADER: Final = (
    *LINE_HEADER, "budget", "n", "asked", "failed", "missing",
    "tokens", "tokens_low", "tokens_high", "total_tokens",
    "accuracy", "accuracy_low", "accuracy_high",
    "accuracy_simultaneous_low", "accuracy_simultaneous_high",
    "gain", "gain_low", "gain_high", "gain_simultaneous_low", "gain_simultaneous_high",
    "margin_in_reach",
    "correlation", "conclusion",
)  # fmt: skip
"""CSV columns of `report_table`. Accuracies are shares from 0 to 1 and gains over the baseline at
the same budget are differences of shares, from -1 to 1. Tokens are means per question: generated
at test time, and in `total_tokens` with the whole sleep phase on one question (Q = 1). Limits are
pointwise, or `simultaneous` for all accuracies or gains of the table; the conclusion goes by the
latter. `margin_in_reach` is that of `difference.Difference`, as a share."""

RATIO_HEADER: Final = (
    *LINE_HEADER, "accuracy", "measured", "ratio", "ratio_low", "ratio_high",
    "ratio_simultaneous_low", "ratio_simultaneous_high", "censored",
)  # fmt: skip
"""CSV columns of `ratio_table`; see `ratio.RatioPoint`. Empty where most draws give no ratio."""

AMORTISATION_HEADER: Final = (
    "bill", "unit", "t", "notes_factor", *LINE_HEADER, "budget", "accuracy",
    *(f"{name}{end}" for name in ("phase", "answer", "baseline", "notes_tokens", "break_even",
      "notes_limit") for end in ("", "_low", "_high")),
    "censored", "reason",
)  # fmt: skip
"""CSV columns of `amortisation_table`; see `payoff.Payoff`. Costs are of one phase or answer, in
the bill's unit. Either the budget or the accuracy (from 0 to 1) is the same in both arms, the
other cell is empty. Break-evens are numbers of questions, not rounded."""


def report_table(report: Report) -> Table:
    """One row for each arm, sleep setting and budget; the gain is at the same budget.

    Limits in the rows hold for all of them at once; the full numbers have pointwise ones too.
    """
    every = [(c, p, _gain(report, c, p)) for c in report.curves for p in c.points]
    return Table(
        name=report.experiment,
        caption=f"{report.experiment} on {report.dataset}, {report.model}",
        header=("arm", "budget", "n", "tokens", "accuracy %", "gain, points", "conclusion"),
        rows=tuple(
            (
                curve.line.label,
                budget_name(curve.line.budget_kind, point.budget),
                f"{point.n:,}",
                "" if math.isnan(point.tokens) else f"{point.tokens:,.0f}",
                _with_limits(point.together, 100),
                _with_limits(gain.together, sign="+") if gain else "",
                gain.conclusion if gain else "",
            )
            for curve, point, gain in every
        ),
        text_columns=(0, 6),
        sentences=tuple(wording.sentences(report)),
        data_header=REPORT_HEADER,
        data=tuple(_report_data(*one) for one in every),
    )


def _gain(report: Report, curve: Curve, point: Point) -> Difference | None:
    for comparison in report.comparisons:
        if comparison.line == curve.line:
            for found in comparison.differences:
                if found.treatment_budget == point.budget:
                    return found
    return None


def _report_data(curve: Curve, p: Point, gain: Difference | None) -> tuple[Value, ...]:
    own = [math.nan] * 6
    if gain:
        own = [gain.points, gain.low, gain.high, gain.simultaneous_low, gain.simultaneous_high]
        own.append(gain.margin_in_reach)
    return (
        *_line(curve.line),
        *(p.budget, p.n, p.asked, p.failed, p.missing),
        *(p.tokens, p.tokens_low, p.tokens_high, p.total_tokens),
        *(p.accuracy, p.low, p.high, p.simultaneous_low, p.simultaneous_high),
        *(value / 100 for value in own),
        gain.correlation if gain else math.nan,
        gain.conclusion if gain else "",
    )


def ratio_table(report: Report) -> Table:
    """The token ratio by accuracy: at five for people, at all in the full numbers."""
    told = [(c, p) for c in report.comparisons for p in wording.told_points(c.ratio_curve)]
    return Table(
        name=f"{report.experiment}-ratio",
        caption=f"Test tokens of the baseline over those of sleep-time: {report.dataset}, "
        f"{report.model}",
        header=("arm", "accuracy %", "ratio", "simultaneous", "draws without"),
        rows=tuple(
            (
                comparison.line.label,
                f"{100 * p.at:.1f}",
                wording.ratio_at(p),
                wording.fold_between(p.simultaneous_low, p.simultaneous_high),
                f"{100 * p.censored:.0f}%",
            )
            for comparison, p in told
        ),
        text_columns=(0, 2, 3),
        sentences=tuple(
            said
            for c in report.comparisons
            if (said := wording.ratio_curve(c.ratio_curve, report.confidence))
        ),
        data_header=RATIO_HEADER,
        data=tuple(
            _ratio_data(comparison, p)
            for comparison in report.comparisons
            for p in comparison.ratio_curve.points
        ),
    )


def _ratio_data(comparison: Comparison, p: RatioPoint) -> tuple[Value, ...]:
    return (
        *(*_line(comparison.line), p.at, int(p.measured)),
        *(math.nan if p.ratio is None else p.ratio, p.low, p.high),
        *(p.simultaneous_low, p.simultaneous_high, p.censored),
    )


def _line(line: Line) -> tuple[Value, ...]:
    return line.arm, line.budget_kind, line.sleep_parallel, line.sleep_effort


def _with_limits(value: Interval, unit: float = 1.0, *, sign: str = "") -> str:
    if math.isnan(value.estimate):
        return ""
    limits = wording.between(unit * value.low, unit * value.high)
    return f"{unit * value.estimate:{sign}.1f} {limits}".rstrip()


def amortisation_table(found: Mapping[str, Amortisation]) -> Table:
    """When a sleep phase pays: one row for each bill, sleep setting and basis of comparison.

    Args:
        found: Amortisations of one run by what their bill is called.
    """
    every = [
        (name, one, payoff)
        for name, one in found.items()
        for payoff in (*one.equal_accuracy, *one.payoffs)
    ]
    first = next(iter(found.values()), None)
    return Table(
        name="break-even",
        caption=f"When a sleep phase pays on {first.dataset}, {first.model}" if first else "",
        header=("bill", "arm", "compared", "phase S", "answer t T", "baseline's", "break-even"),
        rows=tuple(
            (
                name,
                payoff.line.label,
                payoff.basis.words,
                *_costs(payoff, one.bill),
                _break_even(payoff),
            )
            for name, one, payoff in every
        ),
        text_columns=(0, 1, 2, 6),
        sentences=(
            *(
                f"{name}: {said}"
                for name, one in found.items()
                if (said := wording.break_even(one))
            ),
            "The break-even is the number of questions per context from which on the sleep phase "
            f"pays. Costs are in tokens, or in USD per {PER_USD:,}.",
        ),
        data_header=AMORTISATION_HEADER,
        data=tuple(_amortisation_data(*one) for one in every),
    )


def _costs(payoff: Payoff, bill: Bill) -> tuple[str, ...]:
    reached = (payoff.answer, payoff.baseline) if payoff.estimated else ()
    told = [_cost(x, bill) for x in (payoff.phase, *reached)]
    return (*told, *[""] * (3 - len(told)))


def _cost(cost: Interval, bill: Bill) -> str:
    if math.isnan(cost.estimate):
        return ""
    return f"{cost.estimate:,.0f}" if bill.unit == "tokens" else f"{PER_USD * cost.estimate:.3g}"


def _break_even(payoff: Payoff) -> str:
    point = payoff.break_even
    if payoff.basis.reason or (math.isnan(point.estimate) and payoff.estimated):
        return ""
    low, high = ("never" if math.isinf(x) else f"{x:.1f}" for x in (point.low, point.high))
    limits = "" if math.isnan(point.low) else f" [{low}, {high}]"
    if not payoff.determined:
        return f"not determined{limits}"
    return "never" if math.isinf(point.estimate) else f"{point.estimate:.1f}{limits}"


def _amortisation_data(name: str, one: Amortisation, payoff: Payoff) -> tuple[Value, ...]:
    basis, bill = payoff.basis, one.bill
    intervals = (
        payoff.phase, payoff.answer, payoff.baseline, payoff.notes_tokens, payoff.break_even,
        payoff.notes_limit,
    )  # fmt: skip
    return (
        *(name, bill.unit, bill.t, bill.notes_factor, *_line(payoff.line)),
        "" if basis.budget is None else basis.budget,
        math.nan if basis.accuracy is None else basis.accuracy,
        *(value for x in intervals for value in (x.estimate, x.low, x.high)),
        payoff.censored,
        basis.reason,
    )


def to_csv(table: Table) -> str:
    """The full numbers of a table as CSV; empty where unknown, "inf" where unbounded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.data_header)
    for row in table.data:
        writer.writerow([csv_text(x) if isinstance(x, str) else _csv_number(x) for x in row])
    return out.getvalue()


def _csv_number(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def to_markdown(table: Table) -> str:
    """A table in Markdown, sentences below it."""
    numbers = [i not in table.text_columns for i in range(len(table.header))]
    lines = [_markdown_row([markdown_text(x) for x in table.header])]
    lines.append(_markdown_row(["---:" if number else "---" for number in numbers]))
    lines += [_markdown_row([markdown_text(x) for x in row]) for row in table.rows]
    return "\n".join([*lines, "", *map(markdown_text, table.sentences)]) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def to_latex(table: Table) -> str:
    """A table in LaTeX, for `booktabs`, sentences below it."""
    rows, last = [], ""
    for row in table.rows:
        if last and row[0] != last:
            rows.append(r"\midrule")
        rows.append(_latex_row([row[0] if row[0] != last else "", *row[1:]]))
        last = row[0]
    columns = "".join("l" if i in table.text_columns else "r" for i in range(len(table.header)))
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex_text(table.caption)}}}",
            rf"\label{{tab:{re.sub('[^a-z0-9-]', '-', table.name.lower())}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _latex_row(table.header),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"",
            rf"\smallskip\footnotesize {latex_text(' '.join(table.sentences))}",
            r"\end{table}",
            "",
        ]
    )


def _latex_row(cells: Sequence[str]) -> str:
    row = " & ".join(map(latex_text, cells)) + r" \\"
    # What ends the row before would take these for its own.
    return f"{{}}{row}" if row.startswith(("[", "*")) else row


def _single_line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


_FORMULA: Final = ("=", "+", "-", "@")


def csv_text(text: str) -> str:
    """Text for a CSV cell that no spreadsheet takes for a formula: a quote in front of its sign."""
    text = _single_line(text)
    # Some read the wide forms of these signs alike.
    return f"'{text}" if unicodedata.normalize("NFKC", text[:1]) in _FORMULA else text


# With the links that some make of bare addresses.
_MARKDOWN: Final = re.compile(
    r"([\\`*_<>|$~#&@]|:(?=//)|(?<=\bwww)\.)|(?<=\])(?=[(\[:])", re.IGNORECASE
)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: no markup, HTML, link, picture or mathematics."""
    return _MARKDOWN.sub(r"\\\1", _single_line(text))


_LATEX: Final = str.maketrans(
    {
        "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$", "{": r"\{", "}": r"\}",
        "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
        "×": r"$\times$", "÷": r"$\div$", "∞": r"$\infty$", "−": r"$-$",
    }
)  # fmt: skip


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return _single_line(text).translate(_LATEX)
