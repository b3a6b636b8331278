"""From a run directory to its report, figures and tables, with where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeptime_lib import figures
from sleeptime_lib.analysis import notes, tables, wording
from sleeptime_lib.analysis.amortise import draw_costs
from sleeptime_lib.analysis.costs import Bill, paper_bill, usd_rates
from sleeptime_lib.analysis.notes import Exchange
from sleeptime_lib.analysis.payoff import Amortisation
from sleeptime_lib.analysis.report import Report, analyse
from sleeptime_lib.config import make_config
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture
from sleeptime_lib.models.prices import Price, price_or_reference
from sleeptime_lib.records import Task, Usage
from sleeptime_lib.runs import load_task
from sleeptime_lib.store import manifest_hash, read_manifest, read_rows, read_sleeps

if TYPE_CHECKING:
    import pandas as pd

BILLS: Final = {
    "paper": "Generated tokens only, those of answers ten times",
    "list": "All tokens at list prices",
    "batch": "All tokens at list prices, sleep phases at a batch endpoint",
}
"""Names of the bills that sharing a sleep phase is calculated by, and what they count."""

NOTHING: Final[Mapping[str, Amortisation]] = {}

_AMORTISED: Final = (
    ("amortised_paper", "paper", figures.amortised_pareto),
    ("amortised_list", "list", figures.amortised_pareto),
    ("break_even_list", "list", figures.cost_by_questions),
    ("break_even_batch", "batch", figures.cost_by_questions),
    ("sensitivity_paper", "paper", figures.sensitivity),
    ("sensitivity_list", "list", figures.sensitivity),
)
"""Figures of a run with several questions per context: file name, bill, how it is drawn."""


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

    @property
    def experiment(self) -> str:
        """Name of the experiment."""
        return str(self.manifest["config"]["experiment"])

    @property
    def model(self) -> str:
        """Name of the model that answered."""
        # Runs of older versions have it in the configuration only.
        return str(self.manifest.get("model", self.manifest["config"]["model"]))

    @property
    def price(self) -> Price | None:
        """What the model cost when it ran; None when that was not known."""
        known = self.manifest.get("price")
        return Price(**known) if known else None

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
    if run.experiment == "multi-query":
        content["amortisation"] = amortisation_json(run, at=at)
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
    price = run.price
    experiment = [tokens["experiment"][phase] for phase in ("sleep", "test")]
    usage = sum((_usage(part) for part in experiment), Usage())
    billed = run.manifest.get("billed")
    return {
        "experiment": price.cost(usage) if price else None,
        "billed": price.cost(_usage(billed)) if price and billed else None,
    }


def amortise(run: Run, *, at: float | None = None) -> dict[str, Amortisation]:
    """What sharing the sleep phases saves, under each of the bills in `BILLS`."""
    drawn = draw_costs(run.rows, at=at)
    price, _ = price_of(run)

    def priced(discount: float) -> Bill:
        prices = price.prompt, price.cached, price.completion
        return Bill(usd_rates(*prices, sleep_discount=discount))

    bills = {
        "paper": paper_bill(),
        "list": priced(0.0),
        "batch": priced(1 - price.batch),
    }
    return {name: drawn.amortisation(bill) for name, bill in bills.items()}


def amortisation_sentences(run: Run, *, at: float | None = None) -> list[str]:
    """From how many questions per context on a sleep phase pays, under each bill."""
    told = []
    for name, one in amortise(run, at=at).items():
        if said := wording.break_even(one):
            told.append(f"{BILLS[name]}: {said}")
    if told:
        told.append(f"The prices are those of {price_of(run)[1]}.")
    return told


def price_of(run: Run) -> tuple[Price, str]:
    """The price that a run's bills take, and whose it is; see `prices.price_or_reference`."""
    return price_or_reference(run.model, run.price)


def amortisation_json(run: Run, *, at: float | None = None) -> dict[str, Any]:
    """`amortise` as JSON values, with whose prices they are."""
    found = {name: one.to_json() for name, one in amortise(run, at=at).items()}
    return found | {"prices_of": price_of(run)[1]}


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


def exchange(run: Run, *, budget: int, parallel: int = 1) -> Exchange:
    """What the notes of a run won and lost at one budget, question by question.

    Raises:
        InputError: The data of the run cannot be loaded any more, or has changed, or the run has
            no such budget in both arms.
    """
    sleeps = read_sleeps(run.path)
    return notes.exchange(_task_of(run), run.rows, sleeps, budget=budget, parallel=parallel)


def _task_of(run: Run) -> Task:
    task = load_task(make_config(**run.manifest["config"]))
    if task.fingerprint() != run.manifest["dataset_fingerprint"]:
        raise InputError(
            f"{task.name} has changed since {run.path} was run: notes cannot be matched with it"
        )
    return task


def pictures(report: Report, amortised: Mapping[str, Amortisation] = NOTHING) -> dict[str, Picture]:
    """Every figure that the rows of a report allow, by file name.

    Args:
        report: The report.
        amortised: What `amortise` found, for a run with several questions per context.
    """
    drawn = {"pareto": figures.pareto(report)}
    if report.comparisons:
        drawn["differences"] = figures.differences(report)
    if len(report.comparisons) > 1:
        drawn["sleep_scaling"] = figures.sleep_scaling(report)
    if report.pass_at_k:
        drawn["pass_at_k"] = figures.pass_at_k(report)
    if report.of("context_only"):
        drawn["context_only"] = figures.context_only(report)
    if amortised:
        drawn |= {name: draw(amortised[bill]) for name, bill, draw in _AMORTISED}
    prefix = report.experiment.replace("-", "_")
    return {f"{prefix}_{name}": picture for name, picture in drawn.items()}


def write_figures(
    path: Path, folder: Path, *, at: float | None = None, suffix: str = ""
) -> list[Path]:
    """Make all figures of a run as PNG, SVG and PDF, each with a JSON that tells its origin.

    Args:
        path: The run directory.
        folder: Where the files go.
        at: Accuracy (0 to 1) at which tokens are compared; None takes the middle of the overlap.
        suffix: Ends every file name, to keep apart two runs of one experiment.

    Returns:
        The files written.
    """
    run = load_run(path)
    provenance = {
        "run": str(path),
        "manifest_hash": manifest_hash(run.manifest),
        "model": run.model,
        "simulated": run.manifest.get("simulated"),
        "run_command": run.manifest.get("command"),
        "recorded_with": (run.manifest.get("recording") or {}).get("command"),
        "command": f"sleeptime report {path} --figures {folder}",
    }
    amortised = amortise(run, at=at) if run.experiment == "multi-query" else NOTHING
    written = []
    for name, picture in pictures(run.report(at=at), amortised).items():
        written += figures.save(picture, folder, f"{name}{suffix}", provenance)
    return written


def write_tables(path: Path, folder: Path, *, at: float | None = None) -> list[Path]:
    """Write a run's tables as CSV, Markdown and LaTeX.

    Returns:
        The files written.
    """
    run = load_run(path)
    made = {path.name: tables.report_table(run.report(at=at))}
    if run.experiment == "multi-query":
        made[f"{path.name}_break_even"] = tables.amortisation_table(amortise(run, at=at))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in made.items():
        for suffix, write in (
            ("csv", tables.to_csv),
            ("md", tables.to_markdown),
            ("tex", tables.to_latex),
        ):
            target = folder / f"{name}.{suffix}"
            target.write_text(write(table), encoding="utf-8")
            written.append(target)
    return written
