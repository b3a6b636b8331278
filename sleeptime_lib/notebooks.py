"""Execute the notebooks headlessly with papermill, with parameters that are checked."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sleeptime_lib.errors import InputError, SleeptimeError
from sleeptime_lib.given import parse_yaml


class NotebookError(SleeptimeError):
    """A cell of a notebook failed. The message names the executed copy that shows where."""

    exit_status = 1


def execute(
    source: Path,
    out: Path,
    only: Sequence[str] = (),
    parameters: Sequence[str] = (),
    *,
    save: bool = False,
) -> Iterator[Path]:
    """Execute notebooks and yield the path of each executed copy.

    Args:
        source: Folder of the notebooks.
        out: Folder for the executed copies.
        only: Beginnings of names; empty for all.
        parameters: "NAME=VALUE" with VALUE as YAML; each NAME must stand in the parameters cell
            of every notebook that is executed.
        save: Also put the executed copy in the place of the notebook, without what papermill
            noted about this execution.

    Raises:
        InputError: No such notebook, or a parameter that it does not have.
        NotebookError: A cell failed.
    """
    values = dict(_parse(parameter) for parameter in parameters)
    chosen = _choose(source, only)
    for path in chosen:
        _check_names(path, values)
    out.mkdir(parents=True, exist_ok=True)
    for path in chosen:
        done = _execute_one(path, out / path.name, values)
        if save:
            _save(done, path)
        yield done


def parameter_names(path: Path) -> tuple[str, ...]:
    """Names assigned in a notebook's parameters cell."""
    import papermill

    return tuple(papermill.inspect_notebook(str(path)))


def _choose(source: Path, only: Sequence[str]) -> list[Path]:
    found = sorted(source.glob("[0-9]*.ipynb"))
    if not found:
        raise InputError(f"no notebooks in {source}/: run this in the project, or use --source")
    unknown = [name for name in only if not any(p.name.startswith(name) for p in found)]
    if unknown:
        names = ", ".join(path.stem for path in found)
        raise InputError(f"no notebook {unknown[0]!r}: there are {names}")
    return [p for p in found if not only or any(p.name.startswith(name) for name in only)]


def _parse(parameter: str) -> tuple[str, Any]:
    name, equals, value = parameter.partition("=")
    if not equals or not name.isidentifier():
        raise InputError(f"parameter {parameter!r}: expected NAME=VALUE, such as questions=40")
    return name, parse_yaml(value, f"parameter {name}")


def _check_names(path: Path, values: dict[str, Any]) -> None:
    # papermill only warns of a misspelt name and runs on with the default.
    known = parameter_names(path)
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(
                f"{path.name} has no parameter {name!r}: it has {', '.join(known)}{hint}"
            )


def _save(done: Path, path: Path) -> None:
    import nbformat

    notebook = nbformat.read(done, as_version=4)
    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)
        part.metadata.pop("execution", None)
        if not part.metadata.get("tags", True):
            del part.metadata["tags"]
    nbformat.write(notebook, path)


def _execute_one(path: Path, target: Path, values: dict[str, Any]) -> Path:
    import papermill

    # Without this, a debugger's warning about frozen modules ends up in every executed copy.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        papermill.execute_notebook(
            str(path),
            str(target),
            parameters=values,
            kernel_name="python3",
            progress_bar=False,
            cwd=str(path.parent),
            store_widget_state=False,
        )
    except papermill.PapermillExecutionError as error:
        raise NotebookError(
            f"{path.name}: cell {error.exec_count} failed with {error.ename}: {error.evalue} "
            f"(see {target})"
        ) from None
    return target
