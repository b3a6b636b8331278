"""The configuration of a run, validated once when it is made.

`RunConfig` holds what decides the rows: a run directory belongs to one `RunConfig`, and a changed
one is refused. `Execution` holds how the calls are made: it may differ each time a run is resumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.recording import PREFIX, read_about

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stateful-gsm": {},
    "multi-query": {
        "dataset": "multi-p1",
        "questions_per_context": 10,
        "levels": (0, 1, 3),
        "sleep_parallel": (1,),
        "pass_samples": 0,
        "context_only": False,
    },
}
"""What each experiment takes for options that are not given, where it differs from `RunConfig`."""

EXPERIMENTS: Final = tuple(DEFAULTS)


class RunConfig(BaseModel):
    """What decides the rows of a run; an option left out has its experiment's default.

    Attributes:
        experiment: Name of the experiment.
        dataset: Dataset name or path (see `sleeptime_lib.tasks.load`).
        model: "simulated", "recorded:NAME", or a model name at `base_url`.
        base_url: Server of the model; None for the simulated model.
        limit: Number of questions, or of contexts where `questions_per_context` is given; None
            for the dataset's default.
        questions_per_context: Most questions about each context; None for as many as come.
        seed: Of the dataset where it is generated, and of all sampling.
        splitter: Rule that cuts questions from contexts in unsplit data.
        skip_bad: Leave out bad rows of a file, with a notice each, instead of refusing it.
        levels: Verbosity levels of the answers, each 0 to 4 (paper, appendix A).
        sleep_parallel: Numbers of parallel sleep phases (paper, figure 7).
        sleep_effort: Reasoning effort of the sleep phase; "" for the model's default.
        sleep_protocol: How notes are written: "tools", "text", or "auto" to ask the model once
            whether it can call tools.
        sleep_temperature: Above 0, so that parallel phases differ.
        sleep_max_tokens: Most tokens in one reply of the sleep phase.
        temperature: Of the answers; None leaves it to the server, as reasoning models demand.
        answer_max_tokens: Most tokens in one answer.
        pass_samples: Draws at the lowest level for pass@k (paper, figures 5 and 6); 0 for none.
        pass_temperature: Sampling temperature of those draws.
        context_only: Also run the arm in which the question is withheld (paper, figures 21, 22).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: str = "stateful-gsm"
    dataset: str = "procedural-p1"
    model: str = "simulated"
    base_url: str | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    questions_per_context: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    splitter: Literal["clean", "paper"] = "clean"
    skip_bad: bool = False
    levels: tuple[Annotated[int, Field(ge=0, le=4)], ...] = (0, 1, 2, 3, 4)
    sleep_parallel: tuple[Annotated[int, Field(ge=1, le=100)], ...] = (1, 2, 5, 10)
    sleep_effort: str = ""
    sleep_protocol: Literal["auto", "tools", "text"] = "auto"
    sleep_temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.7
    sleep_max_tokens: Annotated[int, Field(ge=1)] = 2048
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    answer_max_tokens: Annotated[int, Field(ge=1)] = 2048
    pass_samples: Annotated[int, Field(ge=0, le=1000)] = 10
    pass_temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.7
    context_only: bool = True

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {**DEFAULTS.get(given.get("experiment", ""), {}), **given}

    @field_validator("experiment")
    @classmethod
    def _known_experiment(cls, name: str) -> str:
        if name not in EXPERIMENTS:
            raise ValueError(f"unknown experiment {name!r}: known are {', '.join(EXPERIMENTS)}")
        return name

    @field_validator("base_url")
    @classmethod
    def _no_password(cls, url: str | None) -> str | None:
        if url and "@" in url.split("//", 1)[-1].split("/", 1)[0]:
            raise ValueError("base_url must not hold a password: use the key's variable")
        return url

    @field_validator("levels", "sleep_parallel")
    @classmethod
    def _sorted_once_each(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(values)))

    @field_validator("levels")
    @classmethod
    def _not_empty(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if not values:
            raise ValueError("at least one verbosity level is needed")
        return values


class Execution(BaseModel):
    """How the calls of a run are made.

    Attributes:
        concurrency: Calls in flight; None adapts to what the server can take.
        requests_per_minute: Limit of the provider, if known.
        tokens_per_minute: Limit of the provider, if known.
        timeout_s: Deadline of one call, in seconds.
        max_cost_usd: Cap on money for the whole run; never exceeded.
        max_tokens: Cap on tokens (prompt plus completion) for the whole run; never exceeded.
        api_key_env: Name of the environment variable that holds the API key.
        prices: JSON file of prices that go before the built-in ones (`models.prices.read_prices`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: Annotated[int, Field(ge=1, le=4096)] | None = None
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    max_cost_usd: Annotated[float, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    api_key_env: str = "OPENAI_API_KEY"
    prices: Path | None = None


def make_config(**options: Any) -> RunConfig:
    """Validate options into a configuration.

    Raises:
        InputError: An option is unknown or has a value it cannot have, or the model is a recording
            that there is not.
    """
    model = str(options.get("model", ""))
    if model.startswith(PREFIX):
        # What is not said is as it was recorded: another value could not be replayed.
        options = {**read_about(model).config, "base_url": None, **options}
    try:
        return RunConfig(**options)
    except ValidationError as error:
        raise InputError(one_line(error)) from None


def make_execution(**options: Any) -> Execution:
    """Validate options into an execution.

    Raises:
        InputError: An option is unknown or has a value it cannot have.
    """
    try:
        return Execution(**options)
    except ValidationError as error:
        raise InputError(one_line(error)) from None


def one_line(error: ValidationError) -> str:
    """Tell all faults of a validation in one line: option, value, what would be right."""
    parts = []
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"])
        said = fault["msg"].removeprefix("Value error, ")
        parts.append(said if name in said else f"{name} = {fault['input']!r}: {said}")
    return "; ".join(parts)


def read_config_file(path: Path) -> dict[str, Any]:
    """Read the options of a YAML file, which holds only what differs from the defaults.

    Raises:
        InputError: The file cannot be read, is not YAML, or is not a mapping of known options.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"config file {path}: {reason}") from None
    if not isinstance(content, dict):
        raise InputError(f"config file {path}: expected 'option: value' lines")
    known = {*RunConfig.model_fields, *Execution.model_fields}
    unknown = sorted(set(map(str, content)) - known)
    if unknown:
        raise InputError(
            f"config file {path}: unknown option {', '.join(unknown)}; known are "
            f"{', '.join(sorted(known))}"
        )
    return {str(name): value for name, value in content.items()}
