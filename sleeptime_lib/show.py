"""What notebook cells show: still pictures, texts and tables, small on disk and in any viewer.

Texts of datasets, models and servers are other people's. `_page` and what makes its parts are the
only way by which they reach a notebook, as they are: no tags, no Markdown, no formulas.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, Image

from sleeptime_lib import figures
from sleeptime_lib.analysis import notes as analysed_notes
from sleeptime_lib.analysis import tables, wording
from sleeptime_lib.analysis.notes import Split
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture, look
from sleeptime_lib.records import Task

if TYPE_CHECKING:
    from sleeptime_lib.results import Run

_NO_FORMULAS = "mathjax_ignore tex2jax_ignore"


def picture(drawn: Picture) -> Image:
    """A picture as PNG: it survives HTML export and GitHub's viewer, as a widget does not."""
    return Image(figures.to_png(drawn), width=look.WIDTH, alt=drawn.alt)


def source(run: Run) -> HTML:
    """Who answered, and where and when: of a recording, what its file says."""
    about = run.manifest.get("recording")
    if about:
        parts = [about["quantisation"], about["licence"], about["server"]]
        return _page(
            _line(f"{run.model} ({', '.join(part for part in parts if part)}) answered."),
            _line(f"Recorded on {about['date']} and replayed: nothing was sent or billed."),
            _line("Recorded with"),
            _block(about["command"]),
        )
    if run.simulated:
        return _page(_line("The simulated model answered: this says nothing about real ones."))
    return _page(_line(f"{run.model} at {run.manifest['config']['base_url']} answered."))


def asked(task: Task, context_id: str | None = None) -> HTML:
    """A context with its questions and their right answers; the first one unless told otherwise."""
    name = context_id or task.questions[0].context_id
    questions = [q for q in task.questions if q.context_id == name]
    parts = [_heading("Context"), _block(task.contexts[name].text)]
    for number, question in enumerate(questions, start=1):
        label = "Question" if len(questions) == 1 else f"Question {number}"
        parts += [_heading(label), _block(f"{question.text}\n-> {question.gold}")]
    return _page(*parts)


def notes(run: Run, context_id: str, draw: int = 0) -> HTML:
    """The notes of one sleep phase, as the model wrote them.

    Args:
        run: A run.
        context_id: Whose notes.
        draw: Which of the parallel phases, from 0.

    Raises:
        InputError: The run has no such notes.
    """
    sleeps = run.notes()
    found = sleeps[(sleeps.context_id == context_id) & (sleeps.draw == draw)]
    if found.empty:
        raise InputError(f"{run.path} has no notes of sleep phase {draw} on {context_id}")
    record = found.iloc[0]
    told = f"{record.rewrites} rewrites, {record.completion_tokens} tokens generated asleep"
    return _page(_block(str(record.text)), _line(told))


def exchange(run: Run, *, budget: int, parallel: int = 1, won: int = 0, lost: int = 0) -> HTML:
    """What notes won and lost against the baseline at one budget, question by question.

    Args:
        run: A run.
        budget: Test budget of both arms.
        parallel: Number of parallel sleep phases.
        won: How many questions to show that only the arm with notes got right.
        lost: How many to show that only the baseline got right, those whose wrong answer stands in
            the notes first.

    Raises:
        InputError: The run has no such setting in both arms, or its data has changed.
    """
    task = run.task()
    found = analysed_notes.exchange(task, run.rows, run.notes(), budget=budget, parallel=parallel)
    parts = [
        _line(
            f"Level {found.budget}, {found.line.label}: with and without notes {found.both} "
            f"questions are right, {found.neither} are wrong in both arms; notes won "
            f"{len(found.won)} and lost {len(found.lost)}. {wording.matches(found)}"
        ),
        _line(
            f"The right answer stands in the notes of {_accuracies(found.stated)}. It is missing "
            f"from those of {_accuracies(found.unstated)}."
        ),
    ]
    for title, chosen in (("Won", found.won[:won]), ("Lost", found.lost[:lost])):
        for one in chosen:
            said = one.sleep or "no number"
            why = f" (also in the notes: {one.match.name})" if one.match else ""
            parts += [
                _heading(
                    f"{title}: without notes {one.baseline or 'no number'}, with notes {said}"
                ),
                _block(f"{one.context.text}\n\n{one.question.text}\n-> {one.question.gold}{why}"),
                _block(one.notes),
            ]
    return _page(*parts)


def _accuracies(split: Split) -> str:
    if not split.questions:
        return "no question"
    before, after = (100 * right / split.questions for right in (split.baseline, split.sleep))
    return (
        f"{split.questions} questions, of which {before:.1f}% are right without notes and "
        f"{after:.1f}% with them"
    )


def table(report: Report) -> HTML:
    """A report's table, and what it amounts to."""
    return _table(tables.report_table(report))


def _table(content: tables.Table) -> HTML:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in content.header)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>"
        for row in content.rows
    )
    drawn = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _page(drawn, sentences(content.sentences).data)


def sentences(told: Any) -> HTML:
    """Sentences as a list."""
    return _page("<ul>", *(f"<li>{html.escape(line)}</li>" for line in told), "</ul>")


def _page(*parts: str) -> HTML:
    return HTML(f'<div class="{_NO_FORMULAS}">{"".join(parts)}</div>')


def _heading(text: str) -> str:
    return f"<p><b>{html.escape(text)}</b></p>"


def _line(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _block(text: str) -> str:
    return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>'
