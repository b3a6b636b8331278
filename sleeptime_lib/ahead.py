"""Contexts of the user's own and a finished run: which of them deserve a sleep phase.

A thin door to `analysis.advice`, for the command line and for notebooks.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sleeptime_lib.analysis.advice import Ahead, Plan, advise
from sleeptime_lib.analysis.allocation import TEXT_SCORES, measure
from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates
from sleeptime_lib.analysis.forecasts import entropies, entropy
from sleeptime_lib.errors import InputError
from sleeptime_lib.results import Run
from sleeptime_lib.tasks.own import Expecting, read_contexts

PAPER_T = 10.0
"""How much more a token costs that somebody waits for, as the paper asserts (section 5.3)."""
ENTROPY: Final = "entropy"
"""A score that is known after a first sleep phase only: that of the forecasts in its notes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a plan is made.

    Attributes:
        score: By what contexts are told apart: a name of `TEXT_SCORES`, or `ENTROPY`.
        questions: Questions expected of a context whose row does not say.
        t: Weight of the tokens of answers; None takes the paper's 10, or 1 with `usd`.
        usd: Count all tokens at the price of the run's model, not generated tokens alone.
        worth: What one more right answer is worth, in tokens or USD; None takes the run's own.
        skip_bad: Leave bad rows of the file out.
    """

    score: str = "numbers"
    questions: float = 1.0
    t: float | None = None
    usd: bool = False
    worth: float | None = None
    skip_bad: bool = False


def plan_contexts(run: Run, path: Path, asked: Asked | None = None) -> tuple[Plan, list[str]]:
    """Decide which contexts of a file to sleep on.

    Args:
        run: A run of both arms, at several test budgets unless `worth` is given.
        path: The contexts; see `tasks.own.read_contexts`.
        asked: How.

    Returns:
        The plan, and notices about rows that were left out.

    Raises:
        InputError: The file, an option or the run will not do.
    """
    asked = asked or Asked()
    known = (*TEXT_SCORES, ENTROPY)
    if asked.score not in known:
        near = difflib.get_close_matches(asked.score, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise InputError(f"unknown score {asked.score!r}: {hint}")
    for name in ("questions", "t", "worth"):
        value = getattr(asked, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"--{name} {value:g}: give a number above 0")
    found, notices = read_contexts(path, expected=asked.questions, skip_bad=asked.skip_bad)
    measured = measure(run.rows, bill=_bill(run, asked), budgets="all")
    first = measured.first_line if asked.score == ENTROPY else None
    if first is None:
        score = TEXT_SCORES[asked.score]
        of_run = {name: score(context) for name, context in run.task().contexts.items()}
        own = [score(one.context) for one in found]
    else:
        of_run = dict(entropies(run.notes(), first))
        if not of_run:
            raise InputError(
                f"--score {ENTROPY}: the notes of {run.path} state no probabilities; give a run of "
                "--sleep-method forecast"
            )
        own = _own_entropies(path, found)
    plan = advise(
        measured,
        of_run,
        asked.score,
        [
            Ahead(one.context.context_id, value, one.questions)
            for one, value in zip(found, own, strict=True)
        ],
        after=first,
        worth=asked.worth,
        simulated=run.simulated,
    )
    return plan, notices


def _own_entropies(path: Path, found: Sequence[Expecting]) -> list[float]:
    values = [entropy(one.notes) if one.notes else math.nan for one in found]
    none = zip(found, values, strict=True)
    lacking = [one.context.context_id for one, value in none if math.isnan(value)]
    if lacking:
        raise InputError(
            f"--score {ENTROPY}: {len(lacking)} of {len(found)} contexts of {path} lack forecasts "
            f"with a probability in a column notes, the first of them {lacking[0]!r}; the sleep "
            "method forecast writes them"
        )
    return values


def _bill(run: Run, asked: Asked) -> Bill:
    if not asked.usd:
        return paper_bill(PAPER_T if asked.t is None else asked.t)
    price, _ = run.price_or_reference
    rates = usd_rates(price.prompt, price.cached, price.completion)
    return Bill(rates, t=1.0 if asked.t is None else asked.t)
