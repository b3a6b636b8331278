"""`sleeptime compare`, a command of its own: it holds two finished runs against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_RUN = "Run directory, or recorded:NAME, which is replayed where that was not done yet."


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=_RUN)],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", help="The other one: on the same data, or, to confirm, others."
        ),
    ],
    k_a: Annotated[
        int | None,
        typer.Option(
            help="Parallel sleep phases of A, to hold against another number of B.", min=1
        ),
    ] = None,
    k_b: Annotated[int | None, typer.Option(help="That number.", min=1)] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Also make the figure in this folder.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Also write CSV, Markdown and LaTeX tables here.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout.")
    ] = False,
) -> None:
    """Hold two runs against each other: notes made in two ways, or other questions to confirm."""
    from sleeptime_lib import comparison, console

    found = comparison.compare(a, b, k_a=k_a, k_b=k_b)
    written = found.write_figures(figures) if figures else []
    written += found.write_tables(tables) if tables else []
    for path in written:
        console.say(path)
    console.show_comparison(found, as_json)
