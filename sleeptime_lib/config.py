"""Options: what decides the rows of a run (`Options`), and how its calls are made (`Execution`).

An option is named once, in the model of its experiment. Command line, configuration file, notebook
parameters, sliders, the check of what a recording holds and the printed command follow from there.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from sleeptime_lib.errors import InputError
from sleeptime_lib.models.knobs import ServerName
from sleeptime_lib.models.secret import key_in_url, without_keys
from sleeptime_lib.records import SIMULATED
from sleeptime_lib.texts import brief

Replay = Literal["same", "part", "free"]
Slider = Literal["count", "range", "up to", "one", "some"]

_LONGEST_FILE: Final = 100_000
"""Bytes of a configuration file."""
_SHOWN: Final = 100
"""Characters of a wrong value."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What an option means beyond its type.

    Attributes:
        replay: What a recording allows: only the "same" value; a "part" of the recorded values (a
            subset, a smaller number, off instead of on); or any value ("free"), because it
            reaches no request.
        slider: How a notebook's panel shows it: a "count" from 1, a "range" of choices next to each
            other, all choices "up to" one, "one" of them (0 is "none"), or "some" of them; None for
            no slider.
        label: Name beside the slider.
        choices: What the slider offers, numbers or words; for a "count" only its upper end.
        flag: How the command line names it; "" for its own name.
    """

    replay: Replay = "same"
    slider: Slider | None = None
    label: str = ""
    choices: tuple[Any, ...] = ()
    flag: str = ""


def option(
    default: Any,
    text: str,
    *,
    replay: Replay = "same",
    slider: Slider | None = None,
    label: str = "",
    choices: tuple[Any, ...] = (),
    flag: str = "",
    **bounds: Any,
) -> Any:
    """Declare an option of an experiment: a pydantic field with its help text and its hints.

    Args:
        default: Its value when it is not given.
        text: One line of help, shown on the command line and in notebooks.
        replay: See `Hints`.
        slider: See `Hints`.
        label: See `Hints`.
        choices: See `Hints`.
        flag: See `Hints`.
        **bounds: Passed to `pydantic.Field` (`ge`, `le`, ...).
    """
    field: FieldInfo = Field(default, description=text, **bounds)
    field.metadata.append(Hints(replay, slider, label, choices, flag))
    return field


def again(options: type[BaseModel], name: str, default: Any, **changed: Any) -> Any:
    """The option of another experiment with another default.

    Args:
        options: Where it is declared.
        name: Its name.
        default: Its value here when it is not given.
        **changed: Other `description`, or other hints (`label`, `choices`, ...).
    """
    field = copy(options.model_fields[name])
    field.description = changed.pop("description", field.description)
    other = [item for item in field.metadata if not isinstance(item, Hints)]
    made: FieldInfo = Field(default, description=field.description)
    made.metadata += [*other, replace(hints(field), **changed)]
    return made


class _Settings(BaseModel):
    """A frozen set of options that takes values as text, too: "0,1,3", "none", "12"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            # A shell hands over bytes that are no text as such halves.
            if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
                raise ValueError(f"{name} = {brief(repr(value), _SHOWN)}: not text in UTF-8")
        return {name: _value(cls.model_fields.get(name), value) for name, value in given.items()}

    @classmethod
    def make(cls, **given: Any) -> Self:
        """Validate options.

        Raises:
            InputError: An option is unknown or has a value it cannot have; one line tells all.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            raise InputError(_one_line(error, cls.model_fields)) from None


class Options(_Settings):
    """What decides the rows of a run and every experiment has; experiments add their own.

    A run directory belongs to one set of options, and changed ones are refused.
    """

    dataset: str = option("procedural-p1", "Name or path of the data; see `sleeptime data`.")
    model: str = option(SIMULATED, "simulated, recorded:NAME, or a name at --base-url.")
    base_url: str | None = option(
        None, "OpenAI-compatible server; default $OPENAI_BASE_URL.", replay="free"
    )
    limit: int | None = option(
        None,
        "Number of questions, or of contexts where each has several.",
        replay="part",
        slider="count",
        label="Questions",
        choices=(200,),
        ge=1,
    )
    seed: int = option(0, "Of generated data and of all sampling.", ge=0)
    sleep_method: str = option("rethink", "How notes are made.")

    @property
    def idle(self) -> frozenset[str]:
        """Options that decide nothing beside the others, and so get no slider."""
        return frozenset()

    def offered(self, option: str) -> tuple[Any, ...]:
        """What the slider of an option offers because of other options, beside its hint."""
        return ()

    def value_name(self, option: str, value: Any) -> str:
        """How one value of an option that lists several is shown beside a slider."""
        return str(value)

    @field_validator("base_url")
    @classmethod
    def _no_key(cls, url: str | None) -> str | None:
        if url and (fault := key_in_url(url)):
            raise ValueError(fault)
        return url


class Execution(_Settings):
    """How the calls of a run are made; may differ each time that the run is resumed."""

    concurrency: int | None = option(
        None, "Calls in flight; default: adapts to the server.", ge=1, le=4096
    )
    requests_per_minute: float | None = option(None, "Limit of the provider.", gt=0)
    tokens_per_minute: float | None = option(None, "Limit of the provider.", gt=0)
    timeout_s: float = option(600.0, "Deadline of one call, in seconds.", gt=0)
    max_cost_usd: float | None = option(None, "Cap on money for the whole run, in USD.", gt=0)
    max_tokens: int | None = option(None, "Cap on tokens for the whole run.", gt=0)
    api_key_env: str = option("OPENAI_API_KEY", "Environment variable that holds the key.")
    server: ServerName | None = option(
        None, "Program that answers there, whose fields set budgets; default: by the address."
    )
    knob: Literal["stop", "go-on"] = option(
        "stop", "Where a budget changes nothing at the server: stop, or go-on and say so."
    )
    prices: Path | None = option(None, "JSON file of your own prices.")
    sources: tuple[str, ...] = option(
        (), "Run directories or recorded:NAME whose replies are taken before a call is made."
    )


def hints(field: FieldInfo) -> Hints:
    """The hints of an option."""
    return next((item for item in field.metadata if isinstance(item, Hints)), Hints())


def flag_of(name: str, field: FieldInfo) -> str:
    """The option on the command line, such as "--sleep-effort"."""
    return hints(field).flag or f"--{name.replace('_', '-')}"


def takes_none(field: FieldInfo) -> bool:
    """Whether an option may be None, written "none"."""
    return type(None) in get_args(field.annotation)


def is_list(field: FieldInfo) -> bool:
    """Whether an option is a list, written with commas."""
    return getattr(field.annotation, "__origin__", None) is tuple


def words_of(options: Options) -> list[str]:
    """The command-line words for every option that is not the default, quoted for a shell."""
    words, defaults = [], type(options)()
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        if value == getattr(defaults, name):
            continue
        flag = flag_of(name, field)
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag.removeprefix('--')}")
        else:
            words += [flag, shlex.quote(text_of(value))]
    return words


def text_of(value: Any) -> str:
    """A value as the command line takes it."""
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read_config_file(path: Path, known: Iterable[str]) -> dict[str, Any]:
    """Read the options of a YAML file, which holds only what differs from the defaults.

    Args:
        path: The file.
        known: Names of the options that it may hold.

    Raises:
        InputError: The file cannot be read, is not YAML, or is not a mapping of known options.
    """
    from sleeptime_lib.given import parse_yaml, read_text

    what = "config file"
    content = parse_yaml(read_text(path, what, _LONGEST_FILE), f"{what} {path}")
    if not isinstance(content, dict):
        raise InputError(f"config file {path}: expected 'option: value' lines")
    names = sorted(known)
    for name in content:
        if name not in names:
            raise InputError(f"config file {path}: {_unknown(str(name), names)}")
    return {str(name): value for name, value in content.items()}


def _value(field: FieldInfo | None, value: Any) -> Any:
    """Text as it is written on a command line, turned to what the field takes."""
    if field is None:
        return value
    if is_list(field):
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return (value,) if isinstance(value, int) else value
    if isinstance(value, str) and value.strip().lower() == "none" and takes_none(field):
        return None
    return value


def _one_line(error: ValidationError, fields: Mapping[str, Any]) -> str:
    parts: list[str] = []
    told: set[str] = set()
    for fault in error.errors():
        name = str(fault["loc"][0]) if fault["loc"] else ""
        if name in told:
            continue
        told.add(name)
        if fault["type"] == "extra_forbidden":
            parts.append(_unknown(name, list(fields)))
            continue
        said = fault["msg"].removeprefix("Value error, ")
        shown = brief(without_keys(repr(fault["input"])), _SHOWN)
        is_told = name in said or name == "base_url"
        parts.append(brief(said, _SHOWN) if is_told else f"{name} = {shown}: {said}")
    return "; ".join(parts)


def _unknown(name: str, known: list[str]) -> str:
    name = brief(name, _SHOWN)
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"unknown option {name}, did you mean {near[0]}?"
    return f"unknown option {name}: known are {', '.join(known)}"
