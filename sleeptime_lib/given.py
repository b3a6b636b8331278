"""Files and texts that somebody gave us, read so that none of them can take all memory or time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

from sleeptime_lib.errors import InputError

_HALF: Final = "half of a surrogate pair; write the whole character"
_DEEPEST: Final = 10
"""Lists and mappings of YAML in each other."""


def read_text(path: Path, what: str, most: int) -> str:
    """The text of a file.

    Args:
        path: The file.
        what: What it is, for messages, such as "price file".
        most: Bytes that it may have.

    Raises:
        InputError: It cannot be read, is longer, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise InputError(f"{what} {path}: longer than {most:,} bytes")
        return content.decode("utf-8")
    except OSError as error:
        raise InputError(f"{what} {path}: {error.strerror}") from None
    except ValueError as error:  # also a file name that there cannot be
        raise InputError(f"{what} {path}: {error}") from None


def parse_json(text: str, what: str) -> Any:
    """The value of a JSON text whose texts can be stored.

    Args:
        text: The text.
        what: Where it is from, for messages.

    Raises:
        InputError: It is not JSON, nested too deeply, or has half of a surrogate pair in it.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise InputError(f"{what}: nested too deeply") from None
    except UnicodeEncodeError:
        raise InputError(f"{what}: {_HALF}") from None
    except ValueError as error:
        raise InputError(f"{what}: {error}") from None
    return value


def parse_yaml(text: str, what: str) -> Any:
    """The value of a YAML text: numbers, words, lists and mappings, as JSON has them.

    Dates stay text, and there are no tags and no aliases: a few of these stand for a billion
    values.

    Args:
        text: The text.
        what: Where it is from, for messages.

    Raises:
        InputError: It is not such YAML.
    """
    try:
        value = yaml.load(text, _Loader)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(f"{what}: {_HALF}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{what}: {' '.join(str(error).split())}") from None
    return value


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as the base class has it)
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        wrong = ""
        if isinstance(event, yaml.AliasEvent):
            wrong = f"*{event.anchor} is an alias; write out what it stands for"
        elif getattr(event, "tag", None) not in (None, "!"):
            wrong = f"{event.tag} is a tag; write the value alone"
        elif self._depth > _DEEPEST:
            wrong = "nested too deeply"
        if wrong:
            raise yaml.MarkedYAMLError(problem=wrong, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _tag, _pattern, _first in (
    ("bool", "(yes|no|true|false|on|off)", "yYnNtTfFoO"),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+0123456789."),
    ("null", "(~|null|)", ["~", "n", "N", ""]),
):
    _rule = re.compile(rf"(?:{_pattern})\Z", re.IGNORECASE)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _rule, list(_first))
