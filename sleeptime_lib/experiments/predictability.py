"""E7: does the gain grow with how predictable a question is? Paper, section 6 and figure 10.

Questions and answers are another run's, or a recording's, and no question is answered again: the
model scores the log-probability of each question given its context, once, and the gap between the
arms is looked at where questions are more and where they are less predictable. Who scores need not
be who answered; the paper took a base model (Llama2-70B) for it.

An n-gram model that is fitted on the contexts of other clusters scores the same questions beside
it, as a floor that asks nobody.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import model_validator

from sleeptime_lib.config import Options, again, option
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import (
    Answered,
    Call,
    Expected,
    Experiment,
    Grade,
    Notes,
    Section,
    Setting,
    SleepMethod,
)
from sleeptime_lib.experiments.answers import (
    Answers,
    answers_in,
    forecasts_about,
    noted,
    origin_of,
)
from sleeptime_lib.experiments.foresight import ahead
from sleeptime_lib.methods import scoring
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.records import Context, Question, Task

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run

NAME: Final = "predictability"
ARM: Final = "score"
ANSWERS: Final = f"{PREFIX}qwen2.5-coder-1.5b-gsm-p0"
"""The run whose questions are scored unless told otherwise."""
MAIN: Final = "logprob"
PER_TOKEN: Final = "logprob_per_token"
MEASURES: Final = {
    "logprob": "log-probability of the question",
    "logprob_per_token": "mean log-probability of its tokens",
    "ngram": "log-probability under an n-gram model",
    "ngram_per_byte": "mean log-probability of its bytes under that model",
}
"""Measures of predictability; the first is `MAIN`, the paper's."""
EXPECTED: Final = "expected predictability"
CONTROLS: Final = {"length": "words of the question", "steps": "steps to its answer"}
"""What is held fixed, where it is known."""


class PredictabilityOptions(Options):
    """Whose questions are scored, and by which model."""

    dataset: str = again(
        Options, "dataset", "procedural-p0", description="That of --from; need not be given."
    )
    from_run: str = option(
        ANSWERS, "Whose questions are scored: a run directory, or recorded:NAME.", flag="--from"
    )
    limit: int | None = again(
        Options,
        "limit",
        None,
        description="Number of questions to score, the first ones.",
        slider=None,
    )
    sleep_method: str = again(Options, "sleep_method", "none", description="None is made.")

    @model_validator(mode="before")
    @classmethod
    def _dataset_of_the_run(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        named = given.get("from_run")
        if not isinstance(named, str) or given.get("dataset"):
            return dict(given)
        try:
            return {**given, "dataset": origin_of(named).config["dataset"]}
        except InputError:  # told when it is loaded
            return dict(given)


def load(options: PredictabilityOptions) -> Task:
    """The contexts and questions of the run that --from names.

    Raises:
        InputError: There is no such run, its data has changed, or --dataset names other data.
    """
    origin = origin_of(options.from_run)
    if options.dataset != origin.config["dataset"]:
        raise InputError(
            f"--dataset {options.dataset}: {options.from_run} is a run on "
            f"{origin.config['dataset']}; leave --dataset out"
        )
    task = origin.task()
    asked = task.questions[: options.limit]
    used = {question.context_id for question in asked}
    contexts = {name: context for name, context in task.contexts.items() if name in used}
    return Task(task.name, contexts, asked, task.notices)


def settings(options: PredictabilityOptions) -> tuple[Setting, ...]:
    """One: the question is scored."""
    return (Setting(ARM, "prompt", 0, max_tokens=1),)


async def answer(
    call: Call,
    context: Context,
    question: Question,
    setting: Setting,
    notes: Sequence[Notes],
    sample: int,
) -> Answered:
    """Score a question after its context: one call, in which the prompt alone counts.

    Raises:
        StopRun: The server tells no log-probabilities of prompts; those that do are named.
        CallError: The call failed, or this question cannot be scored.
    """
    found = await scoring.ask(call, context.text, question.text)
    measures = {
        "logprob": found.logprob,
        "logprob_per_token": found.per_token,
        "tokens": float(found.tokens),
    }
    return Answered(f"{found.logprob:.2f}", measures)


def grade(answered: Answered, question: Question) -> Grade:
    """The score is the (geometric) mean probability of a token of the question."""
    return Grade(answered.text, min(1.0, math.exp(answered.measures["logprob_per_token"])))


async def _no_notes(call: Call, context: Context, setting: Setting, draw: int) -> Notes:
    return Notes("")


def answers_of(run: Run) -> Answers:
    """The answers to the questions that a run has scored.

    Args:
        run: A run of this experiment.

    Raises:
        InputError: The run that they come from is not there any more, or has changed.
    """
    name = str(run.options.from_run)
    path = Path(name)
    # A path as it was seen from another folder: the runs of one folder keep together.
    beside = Path(*run.path.parts[:-2], *path.parts[-2:])
    if not name.startswith(PREFIX) and not path.exists() and beside.exists():
        return answers_in(str(beside))
    return answers_in(name)


def known(run: Run, task: Task) -> pd.DataFrame:
    """What is known of each question that a run has scored.

    Returns:
        By question_id: the columns of `MEASURES` (natural logarithms), `tokens`, the columns of
        `CONTROLS` (`steps` is NaN where the generator does not tell), `question` and `context_id`.
    """
    from sleeptime_lib.analysis.ngram import floor

    found, floors = scored(run), floor(task)
    of = {question.question_id: question for question in task.questions}
    asked = [of[name] for name in found.index]
    return found.assign(
        ngram=[floors[one.question_id].logprob for one in asked],
        ngram_per_byte=[floors[one.question_id].per_byte for one in asked],
        length=[float(len(one.text.split())) for one in asked],
        steps=[_steps(task.contexts[one.context_id], one) for one in asked],
        question=[one.text for one in asked],
    )


def scored(run: Run) -> pd.DataFrame:
    """What the model said of each question; those that failed are left out.

    Returns:
        By question_id: `MAIN`, `PER_TOKEN` (natural logarithms), `tokens` and `context_id`.
    """
    import pandas as pd

    rows = run.rows[run.rows["error"] == ""].set_index("question_id")
    measures = pd.DataFrame(list(rows["measures"]), rows.index, [MAIN, PER_TOKEN, "tokens"])
    return measures.assign(context_id=rows["context_id"])


def by_question(known: pd.DataFrame, name: str) -> dict[str, float]:
    """One column of what is known, by question_id."""
    return {str(question): float(value) for question, value in known[name].items()}


def _steps(context: Context, question: Question) -> float:
    asked = (question.text, question.gold)
    same = (q.steps for q in context.quantities if (q.question, q.gold) == asked)
    return float(next(same, math.nan))


def sections(run: Run, report: Report) -> Sequence[Section]:
    """The gap by predictability, what the notes foresaw, and which contexts deserve a sleep phase.

    Raises:
        InputError: The answers are not there any more, or have changed.
    """
    return gap(run, report), *foreseen(run)


def gap(run: Run, report: Report, *, bins: int | None = None, budget: int | None = None) -> Section:
    """The gap by predictability, in words, numbers, pictures and tables.

    Args:
        run: A run of this experiment.
        report: Its report.
        bins: Quantile bins; None takes the paper's five.
        budget: Test budget at which the arms are compared; None takes the lowest.

    Raises:
        InputError: The answers are not there any more or have changed, or have no such budget.
    """
    from sleeptime_lib.analysis.pairing import Pairing, choose, pairings
    from sleeptime_lib.analysis.predictability import BINS, Predictability, predictability
    from sleeptime_lib.analysis.predictability_wording import extremes_table, gap_table, sentences
    from sleeptime_lib.figures import gap_by_bin, gap_slope

    answers = answers_of(run)
    every = pairings(answers.rows)
    chosen = choose(every, budget=budget)
    questions = known(run, answers.task)
    failed = _failed(run)
    if len({*chosen.names} & {*questions.index}) < 2:
        why = "No gap is looked at: fewer than two questions have a log-probability and both arms."
        return Section(NAME, sentences=(*failed, why))
    controls = {words: by_question(questions, name) for name, words in CONTROLS.items()}

    def found_by(measure: str, answered: Pairing) -> Predictability:
        return predictability(
            answered,
            by_question(questions, measure),
            controls=controls,
            bins=bins or BINS,
            draws=report.draws,
            confidence=report.confidence,
        )

    by_measure = {name: found_by(name, chosen) for name in MEASURES}
    main = by_measure[MAIN]
    everywhere = [
        found_by(MAIN, one) for one in every if len({*one.names} & {*questions.index}) > 1
    ]
    answerer = str(answers.rows["model"].iloc[0])
    values = main.to_json() | {
        "measure": MAIN,
        "by_measure": {name: one.to_json() for name, one in by_measure.items()},
        "by_setting": [one.to_json() for one in everywhere],
        "answered_by": answerer,
        "scored_by": run.model,
        "not_scored": int((run.rows["error"] != "").sum()),
    }
    gains = {name: gain for name, _, gain in main.questions}
    return Section(
        NAME,
        values,
        (
            "Accuracy above is the mean probability of a token of the questions, in percent.",
            *failed,
            *sentences(by_measure, MEASURES, answerer, run.model),
        ),
        {
            "gap_by_bin": gap_by_bin(report, main, answerer),
            "gap_slope": gap_slope(report, main, answerer),
        },
        {
            "gaps": gap_table(everywhere),
            "extremes": extremes_table(questions, [MAIN, "ngram"], gains),
        },
    )


def _failed(run: Run) -> tuple[str, ...]:
    """How many questions could not be scored, and for what causes; nothing where all were."""
    errors = [str(error) for error in run.rows["error"] if error]
    kinds = Counter(error.partition(":")[0] for error in errors)
    if not errors:
        return ()
    causes = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    one = len(errors) == 1
    what, left = ("question", "is") if one else ("questions", "are")
    return (f"{len(errors):,} {what} could not be scored, and {left} left out ({causes}).",)


def foreseen(
    run: Run, forecasts: Answers | None = None, *, t: float | None = None
) -> tuple[Section, Section]:
    """What the notes foresaw, and which contexts deserve a sleep phase.

    Args:
        run: A run of this experiment; its scores tell what to expect of questions about a context.
        forecasts: The run whose notes are looked at; None for a recording of forecasts about the
            questions that were scored (NAME-forecasts), or else for the run that was scored.
        t: What a token of an answer weighs beside one of a sleep phase; None takes the paper's 10.

    Raises:
        InputError: The answers are not there any more, or have changed.
    """
    answers, whose = answers_of(run), str(run.options.from_run)
    if forecasts is None and (recording := forecasts_about(whose)) != whose:
        forecasts = answers_in(recording)
    scores, calls = {EXPECTED: expected(scored(run), answers.task)}, {EXPECTED: run.rows}
    seen, policies = ahead(answers, forecasts, scores=scores, calls=calls, t=t)
    if origin := (forecasts or answers).origin:
        seen = replace(seen, sentences=(noted(origin), *seen.sentences))
    return seen, policies


def expected(known: pd.DataFrame, task: Task) -> dict[str, float]:
    """How predictable the next question about each context is expected to be.

    The mean log-probability of the questions about the other contexts of its cluster, which are
    known before anything is asked about this one. A policy by it pays for scoring as many questions
    as the run did about a context.

    Returns:
        By context_id, in nats; contexts alone in their cluster are left out.
    """
    cluster = _clusters(known, task)
    found = {}
    for name in known["context_id"].unique():
        own = (cluster == task.contexts[name].cluster_id) & (known["context_id"] != name)
        if own.any():
            found[str(name)] = float(known.loc[own, MAIN].mean())
    return found


def expected_of_clusters(known: pd.DataFrame, task: Task) -> dict[str, float]:
    """The same for a new context of each cluster: the mean over all its questions, in nats."""
    means = known[MAIN].groupby(_clusters(known, task)).mean()
    return {str(name): float(value) for name, value in means.items()}


def _clusters(known: pd.DataFrame, task: Task) -> pd.Series:
    return known["context_id"].map(lambda name: task.contexts[name].cluster_id)


PREDICTABILITY: Final = Experiment(
    name=NAME,
    title="Questions scored after their contexts: the gap by predictability",
    options=PredictabilityOptions,
    load=load,
    settings=settings,
    answer=answer,
    grade=grade,
    expect=lambda setting: Expected(completion_tokens=1),
    sleep=SleepMethod("none", _no_notes),
    prompts=(scoring.SCORED,),
    sections=sections,
)
