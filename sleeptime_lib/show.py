"""What notebook cells show: still pictures, notes and tables, small on disk and in any viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import Image, Markdown

from sleeptime_lib import figures
from sleeptime_lib.analysis import tables
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture, look
from sleeptime_lib.store import read_sleeps

if TYPE_CHECKING:
    from sleeptime_lib.reporting import Run


def picture(drawn: Picture) -> Image:
    """A picture as PNG: it survives HTML export and GitHub's viewer, as a widget does not."""
    return Image(figures.to_png(drawn), width=look.WIDTH)


def notes(run: Run, context_id: str, draw: int = 0) -> Markdown:
    """The notes of one sleep phase, as the model wrote them.

    Args:
        run: A finished run.
        context_id: Whose notes.
        draw: Which of the parallel phases, from 0.

    Raises:
        InputError: The run has no such notes.
    """
    sleeps = read_sleeps(run.path)
    found = sleeps[(sleeps.context_id == context_id) & (sleeps.draw == draw)]
    if found.empty:
        raise InputError(f"{run.path} has no notes of sleep phase {draw} on {context_id}")
    record = found.iloc[0]
    return Markdown(
        f"```text\n{record.text}\n```\n"
        f"{record.rewrites} rewrites, {record.completion_tokens} tokens generated asleep"
    )


def table(report: Report) -> Markdown:
    """A report's table, and what it amounts to."""
    return Markdown(tables.to_markdown(report))
