"""Contexts of the user's own and a finished run: which of them deserve a sleep phase.

A thin door to `analysis.advice`, for the command line and for notebooks.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sleeptime_lib.analysis.advice import Ahead, Plan, advise
from sleeptime_lib.analysis.costs import PAPER_T, Bill, paper_bill, usd_rates
from sleeptime_lib.analysis.forecasts import entropies, entropy
from sleeptime_lib.analysis.measured import TEXT_SCORES, Looking, Measured, call_costs, measure
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments import predictability as scores
from sleeptime_lib.experiments.answers import Answers
from sleeptime_lib.models.prices import price_or_reference
from sleeptime_lib.records import is_simulated
from sleeptime_lib.results import Run
from sleeptime_lib.tasks.own import Expecting, read_contexts

ENTROPY: Final = "entropy"
"""A score that is known after a first sleep phase only: that of the forecasts in its notes."""
PREDICTABILITY: Final = "predictability"
"""A score that calls have made: the mean log-probability of questions about contexts like it."""
MOST_NAMED: Final = 5
"""Clusters that a message names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a plan is made.

    Attributes:
        score: By what contexts are told apart: a name of `TEXT_SCORES`, `ENTROPY` or
            `PREDICTABILITY`.
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
        run: A run of both arms, at several test budgets unless `worth` is given; or one that
            scored the questions of such a run (predictability), which then tells what they gained.
        path: The contexts; see `tasks.own.read_contexts`.
        asked: How.

    Returns:
        The plan, and notices: about rows that were left out, and about who scored.

    Raises:
        InputError: The file, an option or the run will not do.
    """
    asked = asked or Asked()
    _check(asked)
    found, notices = read_contexts(path, expected=asked.questions, skip_bad=asked.skip_bad)
    scoring = run.experiment_name == scores.NAME
    answers = (
        scores.answers_of(run)
        if scoring
        else Answers(run.rows, run.notes(), run.task(), price=run.price)
    )
    answerer = str(answers.rows["model"].iloc[0])
    measured = measure(answers.rows, bill=_bill(answers, answerer, asked), budgets="all")
    if asked.score == ENTROPY:
        of_run, own, looking = _by_entropy(run, answers, measured, path, found)
    elif asked.score == PREDICTABILITY:
        if not scoring:
            raise InputError(
                f"--score {PREDICTABILITY}: {run.path} has no scores of questions; make them by "
                f"sleeptime run {scores.NAME} --from {run.path}, and give that run as --policy"
            )
        of_run, own, looking = _by_predictability(run, answers, measured, path, found)
        if run.simulated and not is_simulated(answerer):
            notices.append("The log-probabilities are the simulated model's, the answers are not.")
    else:
        score, looking = TEXT_SCORES[asked.score], Looking()
        of_run = {name: score(context) for name, context in answers.task.contexts.items()}
        own = [score(one.context) for one in found]
    plan = advise(
        measured,
        of_run,
        asked.score,
        [
            Ahead(one.context.context_id, value, one.questions)
            for one, value in zip(found, own, strict=True)
        ],
        looking=looking,
        worth=asked.worth,
        simulated=is_simulated(answerer) or (asked.score == PREDICTABILITY and run.simulated),
    )
    return plan, notices


def _check(asked: Asked) -> None:
    known = (*TEXT_SCORES, ENTROPY, PREDICTABILITY)
    if asked.score not in known:
        near = difflib.get_close_matches(asked.score, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise InputError(f"unknown score {asked.score!r}: {hint}")
    for name in ("questions", "t", "worth"):
        value = getattr(asked, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"--{name} {value:g}: give a number above 0")


_Scores = tuple[Mapping[str, float], list[float], Looking]
"""Of the run's contexts by context_id, of the user's own in order, and what they cost."""


def _by_entropy(
    run: Run, answers: Answers, measured: Measured, path: Path, found: Sequence[Expecting]
) -> _Scores:
    first = measured.first_line
    of_run = entropies(answers.sleeps, first)
    if not of_run:
        raise InputError(
            f"--score {ENTROPY}: the notes of {run.path} state no probabilities; give a run of "
            "--sleep-method forecast"
        )
    values = [entropy(one.notes) if one.notes else math.nan for one in found]
    if lacking := _lacking(values, found):
        raise InputError(
            f"--score {ENTROPY}: {len(lacking)} of {len(found)} contexts of {path} lack forecasts "
            f"with a probability in a column notes, the first of them {lacking[0]!r}; the sleep "
            "method forecast writes them"
        )
    return of_run, values, Looking(after=first)


def _by_predictability(
    run: Run, answers: Answers, measured: Measured, path: Path, found: Sequence[Expecting]
) -> _Scores:
    known = scores.scored(run)
    of_run = scores.expected(known, answers.task)
    if not of_run:
        raise InputError(
            f"--score {PREDICTABILITY}: no cluster of the run that {run.path} scored has a second "
            "context, so nothing is known of a context before its own questions"
        )
    of_cluster = scores.expected_of_clusters(known, answers.task)
    values = [of_cluster.get(one.cluster, math.nan) for one in found]
    if lacking := _lacking(values, found):
        names = sorted(of_cluster)
        more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
        raise InputError(
            f"--score {PREDICTABILITY}: {len(lacking)} of {len(found)} contexts of {path} name no "
            f"cluster of that run in a column cluster, the first of them {lacking[0]!r}; there "
            f"are {', '.join(map(repr, names[:MOST_NAMED]))}{more}"
        )
    return of_run, values, Looking(calls=call_costs(run.rows, measured.bill))


def _lacking(values: Sequence[float], found: Sequence[Expecting]) -> list[str]:
    """Contexts without a score."""
    pairs = zip(found, values, strict=True)
    return [one.context.context_id for one, value in pairs if math.isnan(value)]


def _bill(answers: Answers, answerer: str, asked: Asked) -> Bill:
    if not asked.usd:
        return paper_bill(PAPER_T if asked.t is None else asked.t)
    price, _ = price_or_reference(answerer, answers.price)
    rates = usd_rates(price.prompt, price.cached, price.completion)
    return Bill(rates, t=1.0 if asked.t is None else asked.t)
