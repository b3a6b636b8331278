"""E1, E3, E4 and E9: Stateful GSM-Symbolic (paper sections 5.1, 5.2 and figures 3, 5-7, 21, 22).

Each question is answered at five levels of verbosity, with an empty block of notes (baseline) and
with the notes of 1, 2, 5 and 10 parallel sleep phases; ten times at the lowest level for pass@k;
and with the question withheld (context-only). With `budget_kind` the levels give way to budgets of
effort, of thinking tokens, or of forced length (see `methods.reasoning`).

Control arms are added by `controls`, `sleep_long` and `ablate_lines` (see `methods.controls`): off
by default, and asked after everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from sleeptime_lib import tasks
from sleeptime_lib.config import Options, again, option
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import (
    Experiment,
    Section,
    Setting,
    SleepSetting,
)
from sleeptime_lib.experiments.control_sections import control_sections
from sleeptime_lib.methods import RETHINK, SLEEP_METHODS, controls, reasoning, verbosity
from sleeptime_lib.methods.controls import Control
from sleeptime_lib.methods.reasoning import BudgetKind
from sleeptime_lib.records import Task, budget_name

if TYPE_CHECKING:
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.results import Run

LONG_DRAW: Final = 1000
"""Number of the long sleep phase among the draws of a context, beyond all short ones."""

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
    sleep_method: str = again(
        Options, "sleep_method", RETHINK.name, slider="one", label="Sleep method",
        choices=tuple(method.name for method in SLEEP_METHODS),
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
    controls: tuple[Control, ...] = option(
        (), f"Control arms: {', '.join(get_args(Control))}.", replay="part", slider="some",
        label="Control arms", choices=get_args(Control), validate_default=True,
    )  # fmt: skip
    controls_at: tuple[Budget, ...] = option(
        (), "Budgets that control arms are measured at; default: all.", replay="free",
        slider="range", label="Controls at",
    )  # fmt: skip
    sleep_again: int = option(
        0, "How often a sleep phase that ends is asked for one more rewrite.",
        slider="one", label="More rewrites", choices=(0, 1, 2, 3), ge=0, le=9,
    )  # fmt: skip
    sleep_long: int = option(
        0, "Rewrites of one long sleep phase, an arm beside k short ones; 0 for none.",
        replay="part", slider="one", label="Long phase", choices=(0, 2, 3, 5, 10), ge=0, le=10,
    )  # fmt: skip
    agree: int = option(
        2, "Of --sleep-method agreed: phases that must reach a number.",
        slider="one", label="Phases that agree", choices=(2, 3, 4, 5), ge=1,
    )  # fmt: skip
    ablate_lines: int = option(
        0, "Most lines of the notes that are left out, one at a time; 0 for none.",
        replay="part", slider="one", label="Lines left out", choices=(0, 5, 10, 20, 40),
        ge=0, le=200,
    )  # fmt: skip
    ablate_questions: int = option(
        20, "Most questions that are asked again without a line.", replay="part", ge=1
    )
    ablate_at: Budget | None = option(
        None, "Budget at which they are asked again; default: the lowest.", replay="part"
    )

    @property
    def points(self) -> tuple[int, ...]:
        """The budgets that are measured, of whatever kind."""
        return self.budgets or self.levels

    @property
    def idle(self) -> frozenset[str]:
        """Levels where budgets are of another kind, and what only other choices make matter."""
        idle = {"levels" if self.budgets else "budgets"}
        if not self.sleep_method.startswith("agreed"):
            idle.add("agree")
        if not (self.controls or self.sleep_long):
            idle.add("controls_at")
        return frozenset(idle)

    def offered(self, option: str) -> tuple[Any, ...]:
        """Control arms are measured at some of the budgets of the others."""
        return self.points if option == "controls_at" else ()

    def value_name(self, option: str, value: Any) -> str:
        """Efforts by their names, and arms as figures have them."""
        if option in ("budgets", "controls_at"):
            return budget_name(self.budget_kind, value)
        return str(value).replace("_", " ")

    @field_validator("levels", "sleep_parallel")
    @classmethod
    def _sorted_once_each(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(values)))

    @field_validator("controls")
    @classmethod
    def _in_order(cls, values: tuple[Control, ...], info: ValidationInfo) -> tuple[Control, ...]:
        reading = sorted(set(values) - set(controls.WITHOUT_NOTES))
        if reading and not info.data.get("sleep_parallel", (1,)):
            raise ValueError(f"controls {', '.join(reading)} read notes: add --sleep-parallel 1")
        return tuple(name for name in get_args(Control) if name in values)

    @field_validator("budgets")
    @classmethod
    def _of_their_kind(cls, values: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reasoning.budgets_of(info.data.get("budget_kind", "verbosity"), values)


def load(options: StatefulGsmOptions) -> Task:
    """The contexts and questions of a run.

    Raises:
        InputError: The data cannot be loaded, or lack the true quantities that an arm shows.
    """
    task = tasks.load(
        options.dataset,
        limit=options.limit,
        seed=options.seed,
        splitter=options.splitter,
        skip_bad=options.skip_bad,
        questions_per_context=options.questions_per_context,
    )
    if "oracle" in options.controls and not all(c.quantities for c in task.contexts.values()):
        raise InputError(
            f"control oracle: the true quantities of {options.dataset} are not known; they are of "
            "generated data, such as procedural-p1"
        )
    return task


def settings(options: StatefulGsmOptions) -> tuple[Setting, ...]:
    """Every point that the experiment measures for each question."""
    phase = SleepSetting(
        effort=options.sleep_effort,
        temperature=options.sleep_temperature,
        max_tokens=options.sleep_max_tokens,
        seed=options.seed,
        protocol=options.sleep_protocol,
        thinking=options.sleep_thinking,
        again=options.sleep_again,
    )
    sleeps = [replace(phase, parallel=parallel) for parallel in options.sleep_parallel]
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
    plan += _control_settings(options, at_level, phase)
    return tuple(plan)


def _control_settings(
    options: StatefulGsmOptions, at_level: Sequence[Setting], phase: SleepSetting
) -> list[Setting]:
    """The control arms, which read the notes of the smallest number of phases, and what is left."""
    plan = []
    compared = [one for one in at_level if one.budget in (options.controls_at or options.points)]
    if not compared:
        told = ", ".join(map(str, options.controls_at))
        raise InputError(f"--controls-at {told}: none of the budgets of this run")
    for name in options.controls:
        sleep = None
        if name not in controls.WITHOUT_NOTES:
            sleep = replace(phase, parallel=options.sleep_parallel[0])
        whose = controls.NOTES_OF.get(name, "own")
        plan += [replace(one, arm=name, sleep=sleep, notes_of=whose) for one in compared]
    if options.sleep_long:
        long = replace(phase, again=options.sleep_long - 1, first=LONG_DRAW)
        plan += [replace(one, arm="sleep_long", sleep=long) for one in compared]
    if options.ablate_lines:
        at = options.ablate_at
        lowest = next((one for one in at_level if at in (None, one.budget)), None)
        if lowest is None:
            raise InputError(f"--ablate-at {at} is none of the budgets of this run")
        plan += [
            replace(
                lowest, arm="without_line", budget_kind=controls.LINE, budget=line, sleep=phase,
                draws_of=lowest.budget_kind, asked_at=lowest.budget,
                questions=options.ablate_questions,
            )
            for line in range(options.ablate_lines + 1)
        ]  # fmt: skip
    return [replace(setting, last=True) for setting in plan]


def more_prompts(
    options: StatefulGsmOptions, style: reasoning.Style = reasoning.NUMBER
) -> tuple[Any, ...]:
    """What only other budgets than verbosity, and control arms, send."""
    kind = options.budget_kind
    other = () if kind == "verbosity" else style.prompts(kind)
    return (*other, *controls.prompts(options.controls))


def sections(run: Run, report: Report) -> Sequence[Section]:
    """Accuracy against tokens, and what depends on how the run was asked."""
    from sleeptime_lib.figures import accuracy_pictures

    accuracy = Section("accuracy", pictures=accuracy_pictures(report))
    return (accuracy, *control_sections(run, report))


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
