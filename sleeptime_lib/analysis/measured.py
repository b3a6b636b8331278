"""What each setting gave and took on each context of a run: accuracies, and costs under a bill.

A setting is an arm with its sleep phases at a test budget. What is known of a context before anyone
asks, its score, may itself cost something: a sleep phase that says what it expects, or calls that
score questions. Who decides by such a score pays for it on every context (`Measured.paying`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sleeptime_lib.analysis.bootstrap import Floats
from sleeptime_lib.analysis.cells import SAMPLES, Line, check, settings_of
from sleeptime_lib.analysis.costs import PRICED_KINDS, Bill, paper_bill
from sleeptime_lib.errors import InputError
from sleeptime_lib.records import Context, budget_name
from sleeptime_lib.tasks.numerals import find_numbers

TEXT_SCORES: Final[Mapping[str, Callable[[Context], float]]] = {
    "numbers": lambda context: float(len(find_numbers(context.text))),
    "words": lambda context: float(len(re.findall(r"\S+", context.text))),
}
"""Scores that need no call: how many numbers a context states, and its length in words."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that a context may be given: an arm with its sleep phases, at a test budget."""

    line: Line
    budget: int

    @property
    def sleeps(self) -> bool:
        """Whether it has a sleep phase."""
        return self.line.arm == "sleep"

    @property
    def label(self) -> str:
        """Short name, such as "no sleep" or "k=2"."""
        if not self.sleeps:
            return "no sleep"
        effort = f" {self.line.sleep_effort} effort" if self.line.sleep_effort else ""
        return f"k={self.line.sleep_parallel}{effort}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What each setting gave and took on each context. Costs are per call, in the bill's unit.

    Attributes:
        options: The settings; the first is the baseline at the lowest budget.
        contexts: Names.
        clusters: Names, sorted.
        cluster: (contexts,) index of each context's cluster.
        asked: (contexts,) questions in the rows, by which contexts are weighted.
        questions: (contexts,) questions that share a sleep phase.
        accuracy: (contexts, options) mean score.
        phase: (contexts, options) cost of the whole sleep phase; 0 without one.
        answer: (contexts, options) mean cost of an answer, t included.
        left_out: Contexts without a question that was answered in every setting.
        bill: What is paid for.
    """

    options: tuple[Option, ...]
    contexts: tuple[str, ...]
    clusters: tuple[str, ...]
    cluster: NDArray[np.int64]
    asked: Floats
    questions: Floats
    accuracy: Floats
    phase: Floats
    answer: Floats
    left_out: int
    bill: Bill

    @property
    def cost(self) -> Floats:
        """(contexts, options) cost per question, the sleep phase shared."""
        shared: Floats = self.phase / self.questions[:, None] + self.answer
        return shared

    @property
    def asleep(self) -> NDArray[np.bool_]:
        """(options,) which have a sleep phase."""
        return np.array([option.sleeps for option in self.options])

    @property
    def first_line(self) -> Line:
        """The smallest sleep phase."""
        return min((option.line for option in self.options if option.sleeps), key=lambda x: x.rank)

    def paying(self, looking: Looking) -> Measured:
        """The same where a score is paid for on every context before anything is decided.

        Parallel phases begin with the same draws, so options of the same effort with as many have
        paid for a first phase anyway; all others pay for it too, those without a sleep phase as
        well. It costs what the bill says: generated tokens, and prompt tokens where those have a
        price. Calls that make the score are paid for by all.

        Raises:
            InputError: No option tells what such a phase costs.
        """
        if not looking.takes:
            return self
        calls = np.array([looking.calls.get(name, 0.0) for name in self.contexts])
        phase = self.phase + calls[:, None]
        if looking.after is not None:
            phase = phase + self._first_phase(looking.after)
        return replace(self, phase=phase)

    def _first_phase(self, line: Line) -> Floats:
        """(contexts, options) what that phase costs those that have not paid for it anyway."""
        alike = [x.sleeps and x.line.sleep_effort == line.sleep_effort for x in self.options]
        phases = [x.line.sleep_parallel for x in self.options]
        if (True, line.sleep_parallel) not in (pairs := list(zip(alike, phases, strict=True))):
            raise InputError(f"no row tells what a first phase costs ({line.label})")
        first = self.phase[:, [pairs.index((True, line.sleep_parallel))]]
        begins = [own and k >= line.sleep_parallel for own, k in pairs]
        return np.where(begins, 0.0, first)


@dataclass(frozen=True, slots=True)
class Looking:
    """What a score of contexts costs before anything is decided; nothing unless told otherwise.

    Attributes:
        after: The sleep phase that has to be made of every context first.
        calls: Cost of the calls about each context that make the score, by context_id, in the
            bill's unit; none about contexts that are missing.
    """

    after: Line | None = None
    calls: Mapping[str, float] = field(default_factory=dict)

    @property
    def takes(self) -> str:
        """What it takes, in words; "" for nothing."""
        parts = ["a sleep phase"] if self.after else []
        return " and ".join([*parts, *(["calls that score questions"] if self.calls else [])])


def call_costs(rows: pd.DataFrame, bill: Bill) -> dict[str, float]:
    """What the calls of some rows cost where nobody waits for them, added up by context_id.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`, one row for each call.
        bill: What is paid for; calls have the rates of its sleep phase.
    """
    costs = pd.Series(_priced(rows, "test") @ bill.rates.sleep, rows.index)
    of_context = costs.groupby(rows["context_id"]).sum()
    return {str(name): float(cost) for name, cost in of_context.items()}


def measure(
    rows: pd.DataFrame,
    *,
    bill: Bill | None = None,
    budget_kind: str | None = None,
    budgets: Sequence[int] | Literal["all"] | None = None,
    questions: float | None = None,
) -> Measured:
    """Reduce rows to accuracies and costs of contexts.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        bill: What is paid for; None takes the paper's, with t = 10.
        budget_kind: What test budgets count; None takes the first of the baseline's.
        budgets: Test budgets; None takes the lowest that both arms have, and "all" all of those.
        questions: How many questions share a sleep phase; None takes those in the rows.

    Raises:
        InputError: The rows lack an arm at these budgets, or no question has every setting.
    """
    check(rows)
    bill = bill or paper_bill()
    kinds = sorted({*rows.loc[rows["arm"] == "baseline", "budget_kind"]} - {SAMPLES})
    kind = budget_kind or next(iter(kinds), "verbosity")
    at = rows[(rows["budget_kind"] == kind) & rows["arm"].isin(["baseline", "sleep"])]
    there = {str(arm): {*map(int, one["budget"])} for arm, one in at.groupby("arm")}
    both = sorted(there.get("baseline", set()) & there.get("sleep", set()))
    chosen = both[:1] if budgets is None else both if budgets == "all" else list(budgets)
    if not chosen or not set(chosen) <= set(both):
        raise InputError(
            f"a policy needs rows of both arms at {kind} {', '.join(map(str, chosen)) or '0'}; "
            f"both have {', '.join(budget_name(kind, b) for b in both) or 'none'}"
        )
    at = at[at["budget"].isin(chosen) & at["score"].notna()]
    cell, settings = settings_of(at)
    tokens = {part: _priced(at, part) for part in ("test", "sleep")}
    every = pd.DataFrame(
        {
            "context": at["context_id"].to_numpy(),
            "question": at["question_id"].to_numpy(),
            "cell": cell,
            "accuracy": at["score"].to_numpy(dtype=np.float64),
            "answer": bill.t * (tokens["test"] @ bill.rates.test),
            "phase": tokens["sleep"] @ bill.rates.sleep,
        }
    )
    # Samples of a question count as one, so that questions count alike, in all settings the same.
    values = every.groupby(["context", "question", "cell"]).mean().unstack("cell").dropna()
    whole = values.groupby("context").mean()
    if whole.empty:
        raise InputError("a policy needs questions that were answered in every setting: none was")
    asked: Floats = values.groupby("context").size().to_numpy().astype(np.float64)
    sharing = every.groupby("context")["question"].nunique()[whole.index]
    share: Floats = sharing.to_numpy().astype(np.float64)
    owner = at.drop_duplicates("context_id").set_index("context_id")["cluster_id"][whole.index]
    cluster, names = pd.factorize(owner, sort=True)
    return Measured(
        options=tuple(Option(line, budget) for line, budget in settings),
        contexts=tuple(map(str, whole.index)),
        clusters=tuple(map(str, names)),
        cluster=np.asarray(cluster, dtype=np.int64),
        asked=asked,
        questions=share if questions is None else np.full_like(share, questions),
        accuracy=whole["accuracy"].to_numpy(),
        phase=whole["phase"].to_numpy(),
        answer=whole["answer"].to_numpy(),
        left_out=at["context_id"].nunique() - len(whole),
        bill=bill,
    )


def _priced(rows: pd.DataFrame, part: str) -> Floats:
    """(rows, 3) tokens in the order of `PRICED_KINDS`, cached prompt tokens apart."""
    prompt, cached, generated = (
        rows[f"{part}_{kind}_tokens"].to_numpy(dtype=np.float64) for kind in PRICED_KINDS
    )
    return np.column_stack([prompt - cached, cached, generated])
