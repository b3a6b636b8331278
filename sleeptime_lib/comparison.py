"""Two finished runs of one experiment, held against each other.

    found = compare("runs/stateful-gsm/mine", "recorded:NAME", k_a=1, k_b=5)
    found.sentences, found.tables, found.picture

On the same data, answer by answer, such as notes that were made in two ways: which are better, and
what do they cost? On other data, what the first one found: is it confirmed by the second?
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib import runs
from sleeptime_lib.analysis import confirmation, two_runs_tables, wording
from sleeptime_lib.analysis.confirmation import Confirmation, confirm_rows
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.analysis.two_runs import TwoRuns, compare_rows
from sleeptime_lib.config import text_of
from sleeptime_lib.errors import InputError
from sleeptime_lib.manifest import defaults_of, manifest_hash
from sleeptime_lib.models.replay import PREFIX, About, read_about
from sleeptime_lib.records import is_simulated
from sleeptime_lib.results import Run, load_run, save_tables

if TYPE_CHECKING:
    from sleeptime_lib.figures import Picture

_SAME: Final = ("experiment", "model", "base_url")
"""Options that say where answers came from; who answered is told by the model's own name."""


@dataclass(frozen=True, slots=True)
class Differs:
    """An option, or another thing that decides a run's rows, in which two runs differ."""

    name: str
    a: str
    b: str

    def __str__(self) -> str:
        """Such as "sleep_method: rethink -> agreed"."""
        return f"{self.name}: {self.a} -> {self.b}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two runs and how they differ.

    Attributes:
        a: The first run.
        b: The second; on the same data, differences are its numbers minus those of the first.
        differs: In which options they differ, and in which numbers of phases.
        found: What was measured, on the same data or on other data.
        k: Numbers of parallel sleep phases that are held against each other; None for each against
            its own.
    """

    a: Run
    b: Run
    differs: tuple[Differs, ...]
    found: TwoRuns | Confirmation
    k: tuple[int, int] | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """What the two runs are, in sentences."""
        told = [f"A is {_described(self.a)}, B is {_described(self.b)}.", _in_words(self.differs)]
        if self.a.model != self.b.model:
            told.append("Tokens of different models may be of unlike length.")
        return tuple(told)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the two runs are, and what the comparison says."""
        said = (line for table in self.tables.values() for line in table.sentences)
        return (*self.told, *said)

    @property
    def tables(self) -> dict[str, Table]:
        """Scores and tokens of both runs in every cell, or what is confirmed, by file name."""
        if isinstance(self.found, Confirmation):
            return {"confirmation": confirmation.table(self.found, self._ratios())}
        return {
            "scores": two_runs_tables.scores_table(self.found),
            "tokens": two_runs_tables.tokens_table(self.found),
        }

    def _ratios(self) -> list[str]:
        """The token ratio at equal accuracy in each of two runs on other data."""
        reports = {name: run.report() for name, run in (("A", self.a), ("B", self.b))}
        said = {
            name: wording.ratio_curve(report.ratio_curve, report.confidence)
            for name, report in reports.items()
        }
        return [f"{name}: {line}" for name, line in said.items() if line]

    @property
    def picture(self) -> Picture:
        """The difference of scores in every cell, or what A found beside what B did."""
        from sleeptime_lib.figures import confirmed, run_changes

        if isinstance(self.found, Confirmation):
            return confirmed(self.found, (_in_words(self.differs),))
        return run_changes(self.found, (_in_words(self.differs),))

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values; see `two_runs.TwoRuns` and `confirmation.Confirmation`."""
        return {
            **{name: _named(one) for name, one in (("a", self.a), ("b", self.b))},
            "differs": [asdict(one) for one in self.differs],
            **self.found.to_json(),
            "sentences": list(self.sentences),
        }

    def write_figures(self, folder: Path) -> list[Path]:
        """Make the picture as PNG, SVG and PDF, with a JSON that tells its origin.

        Returns:
            The files written.
        """
        from sleeptime_lib import figures

        words = ["sleeptime", "compare", str(self.a.path), str(self.b.path)]
        words += ["--k-a", str(self.k[0]), "--k-b", str(self.k[1])] if self.k else []
        provenance = {
            "a": _named(self.a),
            "b": _named(self.b),
            "simulated": self.found.simulated,
            "command": shlex.join([*words, "--figures", os.path.relpath(folder)]),
        }
        ending = "confirmed" if isinstance(self.found, Confirmation) else "compared"
        name = f"{self.found.experiment.replace('-', '_')}_{ending}"
        return figures.save(self.picture, folder, name, provenance)

    def write_tables(self, folder: Path) -> list[Path]:
        """Write the tables as CSV, Markdown and LaTeX.

        Returns:
            The files written.
        """
        made = {
            f"compared-{name}": replace(table, sentences=(*self.told, *table.sentences))
            for name, table in self.tables.items()
        }
        return save_tables(made, folder)


def compare(
    a: Run | Path | str,
    b: Run | Path | str,
    *,
    k_a: int | None = None,
    k_b: int | None = None,
    root: Path | str = runs.RUNS,
) -> Compared:
    """Hold a run against another one of the same experiment.

    On the same data they are compared answer by answer; on other data, each difference between two
    arms of the first is looked for in the second.

    Args:
        a: A run, its directory, or recorded:NAME, which is replayed where that was not done yet.
        b: The other one.
        k_a: Parallel sleep phases of the first run, to hold against another number of the second.
        k_b: That number; without both, each number of phases is held against its own.
        root: Where the run directories of recordings are made.

    Raises:
        InputError: There is no such run or recording, or the two have nothing to compare: other
            experiments, data that are a part of the other's, no answer or no difference in common,
            a simulated and a real model; or numbers of phases for runs on other data.
        SleeptimeError: A recording could not be replayed.
    """
    if (k_a is None) != (k_b is None):
        raise InputError("k of one run only: give both, such as --k-a 1 --k-b 5")
    sides = [_read(source) for source in (a, b)]
    told = [_identity(side) for side in sides]
    _refuse(*told)
    same = told[0]["fingerprint"] == told[1]["fingerprint"]
    k = (k_a, k_b) if k_a is not None and k_b is not None else None
    if k and not same:
        raise InputError(
            "A and B are asked other questions, so that each difference is held against its own: "
            "leave --k-a and --k-b out"
        )
    one, other = (
        side if isinstance(side, Run) else _replayed(side, str(source), Path(root))
        for side, source in zip(sides, (a, b), strict=True)
    )
    found = compare_rows(one.rows, other.rows, k=k) if same else confirm_rows(one.rows, other.rows)
    differs = _differs(one, other)
    if k_a != k_b:
        differs.append(Differs("k", str(k_a), str(k_b)))
    return Compared(one, other, tuple(differs), found, k)


def _read(source: Run | Path | str) -> Run | About:
    """A run as it is on disk; of a recording what it holds."""
    if isinstance(source, Run):
        return source
    recorded = isinstance(source, str) and source.startswith(PREFIX)
    return read_about(str(source)) if recorded else load_run(source)


def _replayed(about: About, name: str, root: Path) -> Run:
    return runs.run(str(about.config["experiment"]), model=name, root=root)


def _identity(side: Run | About) -> Mapping[str, Any]:
    """What decides whether a run can be compared."""
    told = side.manifest if isinstance(side, Run) else asdict(side)
    return {
        "experiment": str(told["config"]["experiment"]),
        "model": side.model,
        "dataset": told["config"].get("dataset"),
        "seed": told["config"].get("seed"),
        "questions": told["dataset_questions" if isinstance(side, Run) else "questions"],
        "fingerprint": told.get("dataset_fingerprint"),
    }


def _refuse(a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
    """Refuse runs that have nothing to compare.

    Raises:
        InputError: They do not.
    """
    if a["experiment"] != b["experiment"]:
        raise InputError(
            f"A is a run of {a['experiment']}, B of {b['experiment']}: compare runs of one "
            "experiment"
        )
    if is_simulated(a["model"]) != is_simulated(b["model"]):
        raise InputError(
            f"the simulated model and a real one cannot be compared: A is answered by "
            f"{a['model']}, B by {b['model']}"
        )
    drawn = [(one["dataset"], one["seed"]) for one in (a, b)]
    if a["fingerprint"] != b["fingerprint"] and drawn[0] == drawn[1]:
        asks = [f"{one['questions']:,} questions of {one['dataset']}" for one in (a, b)]
        raise InputError(
            f"the data of A and B differ in part ({asks[0]}, {asks[1]}): run both with the same "
            "data, --limit and --seed, or the second on other questions, to confirm the first"
        )


def _differs(a: Run, b: Run) -> list[Differs]:
    """The options in which two runs differ, who answered first."""
    configs = [_config(one) for one in (a, b)]
    names = [name for name in dict.fromkeys((*configs[0], *configs[1])) if name not in _SAME]
    found = [Differs("model", a.model, b.model)] if a.model != b.model else []
    found += [
        Differs(name, _text(one), _text(other))
        for name in names
        for one, other in [[config.get(name) for config in configs]]
        if one != other
    ]
    if not found and a.manifest.get("prompts_hash") != b.manifest.get("prompts_hash"):
        found.append(Differs("prompts", "those of A", "others"))
    return found


def _config(run: Run) -> dict[str, Any]:
    """The options of a run with what it found out; options of later versions at their default."""
    defaults = defaults_of(run.experiment.options) if run.experiment else {}
    return {**defaults, **run.manifest["config"], **(run.manifest.get("settled") or {})}


def _text(value: Any) -> str:
    return text_of(tuple(value) if isinstance(value, list) else value) or "none"


def _in_words(differs: tuple[Differs, ...]) -> str:
    if not differs:
        return "They do not differ in any option."
    return f"What differs from A to B: {'; '.join(map(str, differs))}."


def _described(run: Run) -> str:
    config = run.manifest["config"]
    recorded = str(config.get("model", ""))
    return recorded if recorded.startswith(PREFIX) else f"{run.path} ({run.model})"


def _named(run: Run) -> dict[str, Any]:
    return {
        "directory": str(run.path),
        "model": run.model,
        "recording": run.manifest["config"]["model"] if run.manifest.get("recording") else None,
        "manifest_hash": manifest_hash(run.manifest),
        "status": run.manifest.get("status"),
    }
