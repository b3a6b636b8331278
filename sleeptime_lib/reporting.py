"""From a run directory to its report, figures and tables, with where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeptime_lib import figures
from sleeptime_lib.analysis import tables
from sleeptime_lib.analysis.report import Report, analyse
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture
from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Usage
from sleeptime_lib.store import manifest_hash, read_manifest, read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is on disk.

    Attributes:
        path: The run directory.
        manifest: Its manifest.
        rows: Its rows, the columns of `records.Row`.
    """

    path: Path
    manifest: Mapping[str, Any]
    rows: pd.DataFrame

    def report(self, *, at: float | None = None) -> Report:
        """Analyse the rows; `at` is the accuracy (0 to 1) at which tokens are compared."""
        return analyse(self.rows, at=at)


def load_run(path: Path) -> Run:
    """Read a run directory.

    Raises:
        InputError: It is not a run directory, or holds no rows yet.
    """
    manifest = read_manifest(path)
    rows = read_rows(path)
    if rows.empty:
        raise InputError(f"{path} holds no rows yet: run or resume it first")
    return Run(path, manifest, rows)


def report_json(path: Path, *, at: float | None = None) -> dict[str, Any]:
    """The report of a run as one JSON-safe object.

    Args:
        path: The run directory.
        at: Accuracy (0 to 1) at which tokens are compared; None takes the middle of the overlap.
    """
    run = load_run(path)
    content = run.report(at=at).to_json()
    return content | {
        "run": {
            "directory": str(path),
            "manifest_hash": manifest_hash(run.manifest),
            "status": run.manifest.get("status"),
            "simulated": run.manifest.get("simulated"),
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
    known = run.manifest.get("price")
    price = Price(**known) if known else None
    experiment = [tokens["experiment"][phase] for phase in ("sleep", "test")]
    usage = sum((_usage(part) for part in experiment), Usage())
    billed = run.manifest.get("billed")
    return {
        "experiment": price.cost(usage) if price else None,
        "billed": price.cost(_usage(billed)) if price and billed else None,
    }


def _usage(part: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt=int(part.get("prompt", 0)),
        cached=int(part.get("cached", 0)),
        completion=int(part.get("completion", 0)),
        reasoning=int(part.get("reasoning", 0)),
    )


def compare_estimate(manifest: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """What was estimated before a run beside what came to pass, over all its sessions.

    Returns:
        By quantity (calls, prompt_tokens, completion_tokens, cost_usd, seconds): "estimated" and
        "fact"; None where one is not known. Calls and seconds of a session that was killed are
        not counted; its tokens are.
    """
    before, billed = manifest.get("estimate", {}), manifest.get("billed", {})
    price = manifest.get("price")
    estimated = {
        "calls": before.get("answer_calls", 0) + before.get("sleep_calls", 0),
        "prompt_tokens": before.get("prompt_tokens"),
        "completion_tokens": before.get("completion_tokens"),
        "cost_usd": before.get("cost_usd"),
        "seconds": before.get("seconds"),
    }
    fact = {
        "calls": manifest.get("calls"),
        "prompt_tokens": billed.get("prompt"),
        "completion_tokens": billed.get("completion"),
        "cost_usd": Price(**price).cost(_usage(billed)) if price and billed else None,
        "seconds": manifest.get("seconds"),
    }
    return {name: {"estimated": estimated[name], "fact": fact[name]} for name in estimated}


def pictures(report: Report) -> dict[str, Picture]:
    """Every figure that the rows of a report allow, by file name."""
    drawn = {"pareto": figures.pareto(report)}
    if report.comparisons:
        drawn["differences"] = figures.differences(report)
    if len(report.comparisons) > 1:
        drawn["sleep_scaling"] = figures.sleep_scaling(report)
    if report.pass_at_k:
        drawn["pass_at_k"] = figures.pass_at_k(report)
    if report.of("context_only"):
        drawn["context_only"] = figures.context_only(report)
    prefix = report.experiment.replace("-", "_")
    return {f"{prefix}_{name}": picture for name, picture in drawn.items()}


def write_figures(path: Path, folder: Path, *, at: float | None = None) -> list[Path]:
    """Make all figures of a run as PNG, SVG and PDF, each with a JSON that tells its origin.

    Returns:
        The files written.
    """
    run = load_run(path)
    provenance = {
        "run": str(path),
        "manifest_hash": manifest_hash(run.manifest),
        "simulated": run.manifest.get("simulated"),
        "run_command": run.manifest.get("command"),
        "command": f"sleeptime report {path} --figures {folder}",
    }
    written = []
    for name, picture in pictures(run.report(at=at)).items():
        written += figures.save(picture, folder, name, provenance)
    return written


def write_tables(path: Path, folder: Path, *, at: float | None = None) -> list[Path]:
    """Write a run's table as CSV, Markdown and LaTeX.

    Returns:
        The files written.
    """
    run = load_run(path)
    report = run.report(at=at)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, text in (
        ("csv", tables.to_csv(report)),
        ("md", tables.to_markdown(report)),
        ("tex", tables.to_latex(report)),
    ):
        target = folder / f"{path.name}.{suffix}"
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written
