"""E1, E3, E4 and E9: Stateful GSM-Symbolic (paper sections 5.1, 5.2 and figures 3, 5-7, 21, 22).

Each question is answered at five levels of verbosity, with an empty block of notes (baseline) and
with the notes of 1, 2, 5 and 10 parallel sleep phases; ten times at the lowest level for pass@k;
and with the question withheld (context-only). With `budget_kind` the levels give way to budgets of
effort, of thinking tokens, or of forced length (see `methods.reasoning`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from sleeptime_lib import tasks
from sleeptime_lib.config import Options, option
from sleeptime_lib.experiment import (
    Experiment,
    Prompt,
    Section,
    Setting,
    SleepSetting,
)
from sleeptime_lib.methods import RETHINK, reasoning, verbosity
from sleeptime_lib.methods.reasoning import BudgetKind
from sleeptime_lib.records import Task, budget_name

if TYPE_CHECKING:
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run

Level = Annotated[int, Field(ge=0, le=4)]
Budget = Annotated[int, BeforeValidator(reasoning.read_budget)]
Parallel = Annotated[int, Field(ge=1, le=100)]
Temperature = Annotated[float, Field(ge=0, le=2)]


class StatefulGsmOptions(Options):
    """What decides the rows of Stateful GSM, and with other defaults of Multi-Query."""

    questions_per_context: int | None = option(
        None, "Most questions about each context; --limit then counts contexts.",
        replay="part", ge=1,
    )  # fmt: skip
    splitter: Literal["clean", "paper"] = option(
        "clean", "Rule that cuts questions from contexts in unsplit data: clean or paper."
    )
    skip_bad: bool = option(
        False, "Leave out bad rows of a file, with a notice each.", replay="free"
    )
    levels: tuple[Level, ...] = option(
        (0, 1, 2, 3, 4), "Verbosity of the answers, from 0 (only the answer) to 4 (every step).",
        replay="part", slider="range", label="Verbosity levels", choices=(0, 1, 2, 3, 4),
        min_length=1,
    )  # fmt: skip
    budget_kind: BudgetKind = option(
        "verbosity",
        "What answers may take: verbosity, effort, thinking (tokens) or forced (tokens).",
    )
    budgets: tuple[Budget, ...] = option(
        (), "Budgets of another kind than verbosity: tokens, or efforts by name.",
        replay="part", slider="range", label="Budgets", validate_default=True,
    )  # fmt: skip
    extensions: int = option(
        0, "Forced: how often thoughts that end early are made to go on.", ge=0, le=100
    )
    sleep_parallel: tuple[Parallel, ...] = option(
        (1, 2, 5, 10), "Numbers of parallel sleep phases whose notes are joined.",
        replay="part", slider="up to", label="Parallel phases", choices=(1, 2, 5, 10),
    )  # fmt: skip
    sleep_effort: str = option("", "Reasoning effort asleep; default: the model's.")
    sleep_thinking: int = option(
        0,
        "Most thinking tokens asleep: of one reply, or of rethink-forced; 0: model's default.",
        ge=0,
    )
    sleep_protocol: Literal["auto", "tools", "text"] = option(
        "auto", "How notes are written: tools, text, or auto to ask the model once."
    )
    sleep_temperature: Temperature | None = option(
        0.7, "Of the sleep phase; above 0, so that parallel phases differ."
    )
    sleep_max_tokens: int = option(2048, "Most tokens in one reply of the sleep phase.", ge=1)
    temperature: Temperature | None = option(0.0, "Of the answers; none leaves it to the server.")
    answer_max_tokens: int = option(2048, "Most tokens in one answer.", ge=1)
    pass_samples: int = option(
        10, "Draws at the lowest level for pass@k; 0 for none.", replay="part", ge=0, le=1000
    )
    pass_temperature: Temperature | None = option(0.7, "Of those draws.")
    context_only: bool = option(True, "Also withhold the question, as an ablation.", replay="part")

    @property
    def points(self) -> tuple[int, ...]:
        """The budgets that are measured, of whatever kind."""
        return self.budgets or self.levels

    @property
    def idle(self) -> frozenset[str]:
        """Levels where budgets are of another kind, and the other way round."""
        return frozenset({"levels" if self.budgets else "budgets"})

    def value_name(self, option: str, value: Any) -> str:
        """Efforts by their names."""
        return budget_name(self.budget_kind, value) if option == "budgets" else str(value)

    @field_validator("levels", "sleep_parallel")
    @classmethod
    def _sorted_once_each(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(values)))

    @field_validator("budgets")
    @classmethod
    def _of_their_kind(cls, values: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reasoning.budgets_of(info.data.get("budget_kind", "verbosity"), values)


def load(options: StatefulGsmOptions) -> Task:
    """The contexts and questions of a run.

    Raises:
        InputError: The data cannot be loaded.
    """
    return tasks.load(
        options.dataset,
        limit=options.limit,
        seed=options.seed,
        splitter=options.splitter,
        skip_bad=options.skip_bad,
        questions_per_context=options.questions_per_context,
    )


def settings(options: StatefulGsmOptions) -> tuple[Setting, ...]:
    """Every point that the experiment measures for each question."""
    sleeps = [
        SleepSetting(
            parallel=parallel,
            effort=options.sleep_effort,
            temperature=options.sleep_temperature,
            max_tokens=options.sleep_max_tokens,
            seed=options.seed,
            protocol=options.sleep_protocol,
            thinking=options.sleep_thinking,
        )
        for parallel in options.sleep_parallel
    ]
    baseline = Setting(
        arm="baseline",
        temperature=options.temperature,
        max_tokens=options.answer_max_tokens,
        seed=options.seed,
        extensions=options.extensions,
    )
    kind = options.budget_kind
    at_level = [
        replace(baseline, budget=level)
        if kind == "verbosity"
        else reasoning.at_budget(baseline, kind, level)
        for level in options.points
    ]
    plan = list(at_level)
    plan += [replace(one, arm="sleep", sleep=sleep) for sleep in sleeps for one in at_level]
    if options.context_only:
        plan += [replace(one, arm="context_only", last=True) for one in at_level]
    if options.pass_samples:
        draws = replace(
            at_level[0],
            budget_kind="samples",
            draws_of=kind,
            samples=options.pass_samples,
            temperature=options.pass_temperature,
            last=True,
        )
        plan.append(draws)
    return tuple(plan)


def more_prompts(
    options: StatefulGsmOptions, style: reasoning.Style = reasoning.NUMBER
) -> tuple[Prompt, ...]:
    """What only other budgets than verbosity send."""
    kind = options.budget_kind
    return () if kind == "verbosity" else style.prompts(kind)


def sections(run: Run, report: Report) -> Sequence[Section]:
    """Accuracy against tokens, and what depends on how the run was asked."""
    from sleeptime_lib.figures import accuracy_pictures

    return (Section("accuracy", pictures=accuracy_pictures(report)),)


STATEFUL_GSM: Final = Experiment(
    name="stateful-gsm",
    title="Word problems cut into context and question",
    options=StatefulGsmOptions,
    load=load,
    settings=settings,
    answer=reasoning.answer,
    grade=verbosity.grade,
    expect=reasoning.expect,
    sleep=RETHINK,
    prompts=verbosity.PROMPTS,
    more_prompts=more_prompts,
    sections=sections,
)
