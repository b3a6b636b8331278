"""`sleeptime plan`, a command of its own: it runs nothing and applies what a run has found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plan(
    contexts: Annotated[
        Path,
        typer.Option(
            help="Contexts of your own, .jsonl or .csv: a column context, and optionally id, "
            "questions (how many are expected), notes (the forecasts of a first sleep phase) and "
            "cluster (which contexts of the run are of the same kind)."
        ),
    ],
    policy: Annotated[
        Path,
        typer.Option(
            help="Run directory that tells what sleep phases gained, and where; or the run of "
            "predictability that scored its questions."
        ),
    ],
    score: Annotated[
        str,
        typer.Option(
            help="What tells contexts apart before any question: numbers, words, entropy (of "
            "forecasts; a first sleep phase is charged) or predictability (of questions about "
            "contexts of the same cluster; the calls that scored them are charged)."
        ),
    ] = "numbers",
    questions: Annotated[
        float, typer.Option(help="Questions expected of a context whose row does not say.")
    ] = 1.0,
    t: Annotated[
        float | None,
        typer.Option(help="Weight of the tokens that somebody waits for [10; with --usd 1]."),
    ] = None,
    usd: Annotated[
        bool, typer.Option("--usd", help="Count all tokens at the price of the run's model.")
    ] = False,
    worth: Annotated[
        float | None,
        typer.Option(
            help="What one more right answer is worth, in tokens or USD; default: what the run's "
            "baseline pays for it at test time."
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad rows out, with a notice each.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout.")
    ] = False,
) -> None:
    """Tell which contexts of your own deserve a sleep phase, by what a run gained."""
    from sleeptime_lib import ahead, console, results

    asked = ahead.Asked(score, questions, t, usd, worth, skip_bad)
    console.show_advice(*ahead.plan_contexts(results.load_run(policy), contexts, asked), as_json)
