"""A run as it is on disk: its rows, notes, calls, report, figures and tables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeptime_lib.analysis import tables
from sleeptime_lib.analysis.report import Report, RunSize, analyse
from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Experiment, Notes, Section, SleepFunction
from sleeptime_lib.experiments import shipped
from sleeptime_lib.manifest import MANIFEST, manifest_hash, read_manifest
from sleeptime_lib.methods import find_method
from sleeptime_lib.models.prices import Price, price_or_reference
from sleeptime_lib.models.replay import PREFIX
from sleeptime_lib.records import KINDS, ROW_KEY, Task, Usage, is_simulated
from sleeptime_lib.runs import experiment_of, open_source, run_now
from sleeptime_lib.store import read_rows, read_sleeps
from sleeptime_lib.study import Study
from sleeptime_lib.traces import Rereader, Trace, traces

if TYPE_CHECKING:
    import pandas as pd

    from sleeptime_lib.figures import Picture


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is on disk; what is calculated from its rows is calculated once.

    Attributes:
        path: The run directory.
        manifest: Its manifest.
        rows: Its rows, the columns of `records.Row`.
        experiment: What was run; None when it is not one of this library and was not given.
    """

    path: Path
    manifest: Mapping[str, Any]
    rows: pd.DataFrame
    experiment: Experiment | None
    _reports: dict[float | None, Report] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _sections: dict[int, tuple[Report, tuple[Section, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def experiment_name(self) -> str:
        """Name of the experiment."""
        return str(self.manifest["config"]["experiment"])

    @property
    def model(self) -> str:
        """Name of the model that answered."""
        return str(self.manifest.get("model", self.manifest["config"]["model"]))

    @property
    def simulated(self) -> bool:
        """Whether the simulated model answered."""
        return is_simulated(self.model)

    @property
    def options(self) -> Any:
        """The options of the run, as its experiment has them.

        Raises:
            InputError: The experiment is not known.
        """
        config = dict(self.manifest["config"])
        del config["experiment"]
        return self._known_experiment().options.make(**config)

    @property
    def price(self) -> Price | None:
        """What the model cost when it ran; None when that was not known."""
        return _price(self.manifest)

    @property
    def price_or_reference(self) -> tuple[Price, str]:
        """The price that the run's bills take, and whose it is."""
        return price_or_reference(self.model, self.price)

    @property
    def size(self) -> RunSize:
        """What was planned."""
        planned = self.manifest.get("planned_rows") or self.manifest["estimate"]["rows"]
        return RunSize(rows=planned, questions=self.manifest["dataset_questions"])

    def report(self, *, at: float | None = None) -> Report:
        """Analyse the rows; `at` is the accuracy (0 to 1) at which tokens are compared."""
        if at not in self._reports:
            self._reports[at] = self._analysed(at)
        return self._reports[at]

    def _analysed(self, at: float | None) -> Report:
        report = analyse(self.rows, at=at, planned=self.size)
        warnings = *report.warnings, *self._idle_knob()
        score = self.experiment.score if self.experiment else report.score
        return replace(report, warnings=warnings, score=score)

    def _idle_knob(self) -> tuple[str, ...]:
        knob = self.manifest.get("knob") or {"works": True}
        if knob["works"]:
            return ()
        return (f"{knob['kind']} budgets changed nothing before the run ({knob['seen']})",)

    def sections(self, report: Report | None = None) -> tuple[Section, ...]:
        """The experiment's own parts of the report; none when the experiment is not known."""
        if self.experiment is None:
            return ()
        report = report or self.report()
        if id(report) not in self._sections:
            # Kept with its report, so that no other takes its id.
            self._sections[id(report)] = report, tuple(self.experiment.sections(self, report))
        return self._sections[id(report)][1]

    def pictures(self, report: Report | None = None) -> dict[str, Picture]:
        """Every figure of the run by name, without the name of the experiment."""
        return {
            name: picture
            for section in self.sections(report)
            for name, picture in section.pictures.items()
        }

    def write_figures(
        self,
        folder: Path,
        *,
        at: float | None = None,
        suffix: str = "",
        sections: Sequence[Section] | None = None,
    ) -> list[Path]:
        """Make all figures as PNG, SVG and PDF, each with a JSON that tells its origin.

        Args:
            folder: Where the files go.
            at: Accuracy (0 to 1) at which tokens are compared; None takes the middle of the
                overlap.
            suffix: Ends every file name, to keep apart two runs of one experiment.
            sections: Parts of the report that were calculated already; `at` then says nothing.

        Returns:
            The files written.
        """
        from sleeptime_lib import figures

        provenance = {
            "run": str(self.path),
            "manifest_hash": manifest_hash(self.manifest),
            "model": self.model,
            "simulated": self.simulated,
            "run_command": self.manifest.get("command"),
            "recorded_with": (self.manifest.get("recording") or {}).get("command"),
            "command": shlex.join(
                ["sleeptime", "report", str(self.path), "--figures", os.path.relpath(folder)]
            ),
        }
        prefix = self.experiment.name.replace("-", "_") if self.experiment else ""
        written: list[Path] = []
        parts = self.sections(self.report(at=at)) if sections is None else sections
        for part in parts:
            for name, picture in part.pictures.items():
                written += figures.save(picture, folder, f"{prefix}_{name}{suffix}", provenance)
        return written

    def notes(self) -> pd.DataFrame:
        """The notes of the run's sleep phases: the columns of `store.SleepRecord`."""
        return read_sleeps(self.path)

    def notes_read(self, parallel: int) -> pd.DataFrame:
        """The notes as answers read them where so many sleep phases are joined.

        Returns:
            context_id, sleep_effort, draw and text; draws that the sleep method makes one text of
            are draw 0.
        """
        import pandas as pd

        notes = self.notes()
        notes = notes[notes["draw"] < parallel].sort_values("draw")
        try:
            method = find_method(self._known_experiment(), self.options)
        except InputError:  # a function that was handed in, which joins nothing
            return notes
        found = [
            (context_id, effort, draw, note.text)
            for (context_id, effort), own in notes.groupby(["context_id", "sleep_effort"])
            for draw, note in enumerate(method.join([Notes(t) for t in own["text"]], self.options))
        ]
        return pd.DataFrame(found, columns=["context_id", "sleep_effort", "draw", "text"])

    def task(self) -> Task:
        """The contexts and questions of the run.

        Raises:
            InputError: They cannot be loaded any more, or have changed.
        """
        task = self._known_experiment().load(self.options)
        if task.fingerprint() != self.manifest["dataset_fingerprint"]:
            raise InputError(
                f"{task.name} has changed since {self.path} was run: questions and notes cannot "
                "be matched with it"
            )
        return task

    def traces(
        self, *, question_id: str | None = None, sleep_method: SleepFunction | None = None
    ) -> list[Trace]:
        """What was asked and answered, row by row, in the order in which the run was planned.

        Requests are not stored: data, prompts and options give them again, and the replies come
        from the run's cache or recording. Nothing is sent. Rows that failed are left out.

        Args:
            question_id: Only the rows of one question.
            sleep_method: The function that the run was given, where it was given one.

        Raises:
            InputError: The experiment or its sleep method is not known, or the data, the prompts
                or the code have changed since.
        """
        experiment, options = self._known_experiment(), self.options
        method = find_method(experiment, options, sleep_method)
        study = Study(experiment, options, method, self.task())
        answered = self.rows[self.rows["error"] == ""]
        if question_id is not None:
            answered = answered[answered["question_id"] == question_id]
        keys = set(answered[list(ROW_KEY)].itertuples(index=False, name=None))
        model = str(self.manifest["config"]["model"])
        source = open_source(model if model.startswith(PREFIX) else str(self.path))
        client = Rereader(self.model, source)
        return run_now(traces(study, self.manifest.get("settled"), keys, client))

    def _known_experiment(self) -> Experiment:
        if self.experiment is None:
            raise InputError(
                f"{self.path} is a run of {self.experiment_name!r}, which is not an experiment of "
                "this library: give the file that defines it (--experiment FILE.py)"
            )
        return self.experiment


def load_run(path: Path | str, experiment: Experiment | str | None = None) -> Run:
    """Read a run directory.

    Args:
        path: The run directory.
        experiment: What was run, or the file that defines it, where it is not of this library.

    Raises:
        InputError: It is not a run directory, or holds no rows yet.
    """
    path = Path(path)
    manifest = read_manifest(path)
    rows = read_rows(path)
    if rows.empty:
        raise InputError(f"{path} holds no rows yet: run or resume it first")
    run = Run(path, manifest, rows, None)
    try:
        # A manifest without a checksum shows what it is worth when it is taken apart.
        name, *_ = run.experiment_name, run.model, run.price, run.size
    except (KeyError, TypeError) as error:
        raise InputError(f"{path / MANIFEST} is damaged: {error!r}") from None
    if experiment is not None:
        return replace(run, experiment=experiment_of(experiment))
    # Never a file that the manifest names: it would be executed.
    return replace(run, experiment=shipped(name))


def report_json(run: Run, *, at: float | None = None) -> dict[str, Any]:
    """The report of a run as one JSON-safe object.

    Args:
        run: The run.
        at: Accuracy (0 to 1) at which tokens are compared; None takes the middle of the overlap.
    """
    report = run.report(at=at)
    content = report.to_json()
    for section in run.sections(report):
        if section.values is not None:
            content[section.name.replace("-", "_")] = section.values
    return content | {
        "run": {
            "directory": str(run.path),
            "manifest_hash": manifest_hash(run.manifest),
            "status": run.manifest.get("status"),
            "simulated": run.simulated,
            "command": run.manifest.get("command"),
        },
        "cost_usd": costs(run, content["tokens"]),
        "estimate": compare_estimate(run.manifest),
    }


def costs(run: Run, tokens: Mapping[str, Any]) -> dict[str, float | None]:
    """USD of the experiment and of what was billed; None where the price is not known.

    Args:
        run: The run, for the price that its model had.
        tokens: The "tokens" part of a report.
    """
    price = run.price
    experiment = [tokens["experiment"][phase] for phase in ("sleep", "test")]
    usage = sum((_usage(part) for part in experiment), Usage())
    return {
        "experiment": price.cost(usage) if price else None,
        "billed": _billed_usd(run.manifest),
    }


def _price(manifest: Mapping[str, Any]) -> Price | None:
    known = manifest.get("price")
    return Price(**known) if known else None


def _billed_usd(manifest: Mapping[str, Any]) -> float | None:
    price, billed = _price(manifest), manifest.get("billed")
    return price.cost(_usage(billed)) if price and billed else None


def _usage(part: Mapping[str, Any]) -> Usage:
    prompt, cached, completion, reasoning = (int(part.get(kind, 0)) for kind in KINDS)
    return Usage(prompt, cached, completion, reasoning)


def compare_estimate(manifest: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """What was estimated before a run beside what came to pass, over all its sessions.

    Returns:
        By quantity (calls, prompt_tokens, completion_tokens, cost_usd, seconds): "estimated" and
        "fact"; None where one is not known. Calls and seconds of a session that was killed are
        not counted; its tokens are.
    """
    before, billed = manifest.get("estimate", {}), manifest.get("billed", {})
    calls = before.get("answer_calls", 0) + before.get("sleep_calls", 0)
    pairs = {
        "calls": (calls, manifest.get("calls")),
        "prompt_tokens": (before.get("prompt_tokens"), billed.get("prompt")),
        "completion_tokens": (before.get("completion_tokens"), billed.get("completion")),
        "cost_usd": (before.get("cost_usd"), _billed_usd(manifest)),
        "seconds": (before.get("seconds"), manifest.get("seconds")),
    }
    return {name: {"estimated": guess, "fact": fact} for name, (guess, fact) in pairs.items()}


def write_tables(run: Run, folder: Path, *, at: float | None = None) -> list[Path]:
    """Write a run's tables: CSV, Markdown and LaTeX, and what its sections add.

    Returns:
        The files written.
    """
    report = run.report(at=at)
    made = {"": tables.report_table(report)}
    if report.ratio_curve.points:
        made["-ratio"] = tables.ratio_table(report)
    for section in run.sections(report):
        made |= {f"-{name}": table for name, table in section.tables.items()}
    return save_tables({f"{run.path.name}{name}": table for name, table in made.items()}, folder)


def save_tables(made: Mapping[str, Table], folder: Path) -> list[Path]:
    """Write tables as CSV, Markdown and LaTeX.

    Args:
        made: By file name without ending.
        folder: Where; made if it does not exist.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in made.items():
        for ending, write in (
            ("csv", tables.to_csv),
            ("md", tables.to_markdown),
            ("tex", tables.to_latex),
        ):
            target = folder / f"{name}.{ending}"
            target.write_text(write(table), encoding="utf-8")
            written.append(target)
    return written
