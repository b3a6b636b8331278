"""What notebook cells show: still pictures, texts and tables, small on disk and in any viewer.

Texts of datasets, models and servers are other people's. `_page` and what makes its parts are the
only way by which they reach a notebook, as they are: no tags, no Markdown, no formulas.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, Image

from sleeptime_lib import attempts, figures
from sleeptime_lib.analysis import notes as analysed_notes
from sleeptime_lib.analysis import tables, wording
from sleeptime_lib.analysis.notes import Split
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.comparison import Compared, compare
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture, look
from sleeptime_lib.page import NO_FORMULAS, as_block, as_list, as_table, as_text, heading
from sleeptime_lib.records import Question, Task, budget_name
from sleeptime_lib.runs import RUNS
from sleeptime_lib.texts import brief

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.results import Run


def picture(drawn: Picture | None) -> Image | HTML:
    """A picture as PNG: it survives HTML export and GitHub's viewer, as a widget does not.

    None is of a part that the run does not have, and says so.
    """
    if drawn is None:
        return _page(_line("This run has no such part: ask for it with the parameters above."))
    return Image(figures.to_png(drawn), width=look.WIDTH, alt=drawn.alt)


def section(run: Run, name: str) -> list[Image | HTML]:
    """A part of the report, to be shown one below the other: its pictures, tables and sentences.

    Args:
        run: A run.
        name: Of the part, as in `report --json`; one that the run does not have says so.
    """
    part = next((part for part in run.sections() if part.name == name), None)
    if part is None:
        return [picture(None)]
    told = {line for content in part.tables.values() for line in content.sentences}
    rest = [line for line in part.sentences if line not in told]
    return [
        *map(picture, part.pictures.values()),
        *map(_table, part.tables.values()),
        *([sentences(rest)] if rest else []),
    ]


def source(run: Run) -> HTML:
    """Who answered, and where and when: of a recording, what its file says."""
    about = run.manifest.get("recording")
    if about:
        parts = [about["quantisation"], about["licence"], about["server"]]
        return _page(
            _line(f"{run.model} ({', '.join(part for part in parts if part)}) answered."),
            _line(
                f"Recorded on {about['date']} and replayed: nothing was sent or billed. It was "
                "recorded with"
            ),
            as_block(about["command"]),
        )
    if run.simulated:
        return _page(_line("The simulated model answered: this says nothing about real ones."))
    return _page(_line(f"{run.model} at {run.manifest['config']['base_url']} answered."))


def asked(task: Task, context_id: str | None = None) -> HTML:
    """A context with its questions and their right answers; the first one unless told otherwise.

    Of a long context the middle is left out.
    """
    name = context_id or task.questions[0].context_id
    questions = task.by_context().get(name, [])
    context = (heading("Context"), as_block(brief(task.contexts[name].text, attempts.LONGEST)))
    if len(questions) == 1:
        return _page(*context, heading("Question"), as_block(_answered(questions[0])))
    listed = as_list("ol", (f"{q.text} → {q.gold}" for q in questions))
    return _page(*context, heading("Questions and right answers"), listed)


def _answered(question: Question) -> str:
    return f"{question.text}\nRight answer: {question.gold}"


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
    rewrites = "1 rewrite" if record.rewrites == 1 else f"{record.rewrites} rewrites"
    told = f"{rewrites}, {record.completion_tokens} tokens generated asleep"
    return _page(heading(f"Notes ({told})"), as_block(str(record.text)))


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
    line = _sleep_line(run.rows, budget, parallel)
    found = analysed_notes.exchange(
        run.task(), run.rows, run.notes_read(parallel), budget=budget, parallel=parallel, **line
    )
    kind = found.line.budget_kind
    what = f"{'Level' if kind == 'verbosity' else 'Budget'} {budget_name(kind, budget)}"
    parts = [
        _line(
            f"{what}, {found.line.label}: {found.both} questions are right in both "
            f"arms and {found.neither} are wrong in both; notes won {len(found.won)} and lost "
            f"{len(found.lost)}. {wording.matches(found)}"
        ),
        _line(
            f"The right answer stands in the notes of {_accuracies(found.stated)}. It is missing "
            f"from those of {_accuracies(found.unstated)}."
        ),
    ]
    for title, chosen in (("Won", found.won[:won]), ("Lost", found.lost[:lost])):
        for one in chosen:
            before, after = one.baseline or "no number", one.sleep or "no number"
            where = f", which the notes call “{one.match.name}”" if one.match else ""
            parts += [
                heading(f"{title}: answered {before} without notes, {after} with them{where}"),
                as_block(f"{one.context.text}\n\n{_answered(one.question)}"),
                heading("Its notes"),
                as_block(one.notes),
            ]
    return _page(*parts)


def _sleep_line(rows: pd.DataFrame, budget: int, parallel: int) -> dict[str, Any]:
    """What a budget counts, and the effort of the sleep phase, where the run has several."""
    own = rows[(rows.arm == "sleep") & (rows.budget == budget) & (rows.sleep_parallel == parallel)]
    if own.empty:
        return {}
    first = own.iloc[0]
    return {"budget_kind": first.budget_kind, "effort": first.sleep_effort}


def _accuracies(split: Split) -> str:
    if not split.questions:
        return "no question"
    before, after = (100 * right / split.questions for right in (split.baseline, split.sleep))
    return (
        f"{split.questions} questions, of which {before:.1f}% are right without notes and "
        f"{after:.1f}% with them"
    )


def attempt(run: Run, *, arm: str, budget: int, question_id: str | None = None) -> HTML:
    """One attempt of an agent: what it was given, each step, its files beside the true ones.

    Args:
        run: A run of an agent.
        arm: "baseline", which was given past changes, or "sleep", which was given notes.
        budget: Its number of steps.
        question_id: The task; the first one unless told otherwise.

    Raises:
        InputError: The run has no such attempt.
    """
    name = question_id or run.task().questions[0].question_id
    trace = attempts.find_attempt(run, name, arm, budget)
    parts = [attempts.opening(trace)]
    for step in attempts.steps_of(trace.asked):
        parts += [heading(f"{step.number}. {step.title}"), as_block(step.details)]
    return _page(*parts, attempts.outcome(trace))


def table(content: Report | tables.Table | Compared) -> HTML:
    """A table, such as a report's, and what it amounts to; two of a comparison."""
    if isinstance(content, Compared):
        return _page(*map(_line, content.told), *map(as_table, content.tables.values()))
    return _table(tables.report_table(content) if isinstance(content, Report) else content)


def compared(
    run: Run,
    other: Path | str,
    *,
    k_a: int | None = None,
    k_b: int | None = None,
    root: Path | str = RUNS,
    figures: Path | None = None,
) -> list[Image | HTML]:
    """How another run differs from a run; where it cannot be compared, one line that says why.

    Args:
        run: A run.
        other: Directory or recorded:NAME of another one; see `comparison.compare`.
        k_a: See there.
        k_b: See there.
        root: See there.
        figures: Folder in which the picture is written as well.

    Returns:
        What to display: a picture and the tables.
    """
    try:
        found = compare(run, other, k_a=k_a, k_b=k_b, root=root)
    except InputError as error:
        return [_page(_line(f"Not compared with {other}: {error}."))]
    if figures:
        found.write_figures(figures)
    return [picture(found.picture), table(found)]


def _table(content: tables.Table) -> HTML:
    return _page(as_table(content))


def sentences(told: Iterable[str]) -> HTML:
    """Sentences as a list."""
    return _page(as_list("ul", told))


def _page(*parts: str) -> HTML:
    return HTML(f'<div class="{NO_FORMULAS}">{"".join(parts)}</div>')


def _line(text: str) -> str:
    return f'<p style="margin: 0 0 0.6em">{as_text(text)}</p>'
