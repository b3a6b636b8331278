"""Two runs on the same questions, answer by answer: what other notes, prompts or models change.

An answer of one run is held against that of the other to the same question, in the same arm, at the
same budget, in the same draw; what only one of them has, or where one failed, is left out of both.
The draws of clusters are shared, which is what pairs them. Limits are pointwise, and simultaneous
for all cells at once: of scores and gains together, and of each kind of tokens. Verdicts go by the
latter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import DRAWS, Floats, joint_confidence, mean_limits
from sleeptime_lib.analysis.cells import (
    SAMPLES,
    Cells,
    Line,
    check,
    left_out,
    observed,
    reduce_rows,
    resample,
)
from sleeptime_lib.analysis.json_values import json_safe
from sleeptime_lib.analysis.score import gain_limits
from sleeptime_lib.analysis.wording import Verdict, verdict
from sleeptime_lib.errors import InputError
from sleeptime_lib.methods.controls import LINE
from sleeptime_lib.records import ROW_KEY, is_simulated

MEASURES: Final = ("score", "gain", "prompt", "generated", "asleep")
"""What is compared in a cell; each but "score" may be missing there. Fields of `Cell`."""

_SETTING: Final = tuple(name for name in ROW_KEY if name not in ("question_id", "sample"))
_REPLY: Final = ("prediction", "score", "test_prompt_tokens", "test_completion_tokens")
"""Where two rows agree in these, they hold the same reply to the same prompt."""


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one cell in both runs.

    Attributes:
        a: In the first run.
        b: In the second.
        difference: b minus a.
        low: Lower pointwise limit of the difference; NaN for none.
        high: Upper pointwise limit.
        simultaneous_low: Lower limit that holds with those of all other cells at once.
        simultaneous_high: Its upper limit.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float
    simultaneous_low: float
    simultaneous_high: float

    @property
    def verdict(self) -> Verdict:
        """What the simultaneous limits allow to say of b."""
        return verdict(self.simultaneous_low, self.simultaneous_high)


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm at one budget in both runs.

    Attributes:
        line_a: The first run's setting.
        line_b: The second's; another one only where other numbers of phases are compared.
        budget: The budget of both.
        questions: Questions that both answered.
        answers: Answers of each of them.
        same: Whether both runs hold the same reply to every prompt, as arms do that what differs
            between the runs does not touch.
        score: Mean score, in percent; its difference in percentage points.
        prompt: Mean prompt tokens of an answer.
        generated: Mean generated tokens of an answer.
        gain: Of the sleep arm, its mean score minus the baseline's at the same budget, in
            percentage points; None where there is no baseline.
        asleep: Generated tokens of the sleep phases of a context, as a mean over contexts; None of
            an arm without a sleep phase.
    """

    line_a: Line
    line_b: Line
    budget: int
    questions: int
    answers: int
    same: bool
    score: Change
    prompt: Change
    generated: Change
    gain: Change | None = None
    asleep: Change | None = None

    @property
    def label(self) -> str:
        """Name of the arm, or of both."""
        a, b = self.line_a.label, self.line_b.label
        return a if a == b else f"A {a}, B {b}"

    def measures(self) -> dict[str, Change]:
        """What was compared, by name."""
        every = {name: getattr(self, name) for name in MEASURES}
        return {name: change for name, change in every.items() if change is not None}


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """What two runs have in common, and how they differ there.

    Attributes:
        experiment: Of both.
        dataset: Of both.
        model: Of both, or both names.
        simulated: Whether a simulated model answered.
        cells: Every arm at every budget that both have, by line and budget.
        questions: Different questions.
        clusters: Clusters of those.
        failed_a: Rows that both have and that failed in the first.
        failed_b: Rows that both have and that failed in the second.
        left_out: Rows that both have and that failed in either.
        only_a: Rows that only the first has.
        only_b: Rows that only the second has.
        same_baseline: Whether the baseline answered every question equally well in both.
        confidence: Of the limits.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
    """

    experiment: str
    dataset: str
    model: str
    simulated: bool
    cells: tuple[Cell, ...]
    questions: int
    clusters: int
    failed_a: int
    failed_b: int
    left_out: int
    only_a: int
    only_b: int
    same_baseline: bool
    confidence: float
    draws: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values: NaN is null, an unbounded limit "inf" or "-inf"."""
        value: dict[str, Any] = json_safe({**asdict(self), "cells": [*map(_json, self.cells)]})
        return value


def _json(cell: Cell) -> dict[str, Any]:
    line = cell.line_b
    return {
        **{"label": cell.label, "arm": line.arm, "budget_kind": line.budget_kind},
        **{"budget": cell.budget, "sleep_effort": line.sleep_effort},
        **{"k_a": cell.line_a.sleep_parallel, "k_b": line.sleep_parallel},
        **{"questions": cell.questions, "answers": cell.answers, "same": cell.same},
        **dict.fromkeys(MEASURES),
        **{
            name: {**asdict(change), "verdict": change.verdict}
            for name, change in cell.measures().items()
        },
    }


def compare_rows(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    k: tuple[int, int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> TwoRuns:
    """Hold the rows of a second run against those of a first one.

    Repeated draws for pass@k, and answers to notes without one of their lines, are left out.

    Args:
        a: The columns of `sleeptime_lib.records.Row`, of the first run.
        b: The same, of the second.
        k: Parallel sleep phases of the first run to hold against so many of the second; None holds
            each number against its own.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the limits.

    Raises:
        InputError: The rows cannot be added up, a run has no such phases, or they share no answer.
    """
    all_a, all_b = _by_key(a, "A", k), _by_key(b, "B", k)
    shared = all_a.index.intersection(all_b.index)
    if shared.empty:
        raise InputError(
            "A and B share no answer: no question has a row in both in one arm at one budget"
        )
    both = [rows.loc[shared].reset_index(drop=True) for rows in (all_a, all_b)]
    failed_a, failed_b = (rows["score"].isna() for rows in both)
    failed = failed_a | failed_b
    if failed.all():
        raise InputError("A and B share no answer: every row that both have failed in one of them")
    pair = [rows[~failed] for rows in both]
    # Their cells, clusters and questions are the same and stand in the same order.
    cells = [reduce_rows(rows) for rows in pair]
    first = cells[0]
    gains = first.over_baseline(first.curves("sleep"))
    how = (draws, seed, confidence)
    scores = _scores(first, cells[1], gains, *how)
    gained = {slept: scores[len(first.lines) + i] for i, (slept, _) in enumerate(gains)}
    phases = [rows.drop_duplicates([*_SETTING, "context_id", "sleep_id"]) for rows in pair]
    prompt = _means(pair, "test_prompt_tokens", *how)
    generated = _means(pair, "test_completion_tokens", *how)
    asleep = _means(phases, "sleep_completion_tokens", *how)
    same = _same(*pair)
    base = [i for i, line in enumerate(first.lines) if line.arm == "baseline"]
    changed = np.nan_to_num(cells[1].by_question - first.by_question)[:, base]
    models = dict.fromkeys(str(rows["model"].iloc[0]) for rows in pair)
    return TwoRuns(
        experiment=str(a["experiment"].iloc[0]),
        dataset=str(a["dataset"].iloc[0]),
        model=" / ".join(models),
        simulated=any(map(is_simulated, models)),
        cells=tuple(
            Cell(
                line_a=_own(line, k),
                line_b=line,
                budget=first.budgets[i],
                questions=int((~np.isnan(first.by_question[:, i])).sum()),
                answers=int(first.n[i].sum()),
                same=same[
                    line.arm,
                    line.budget_kind,
                    first.budgets[i],
                    line.sleep_parallel,
                    line.sleep_effort,
                ],
                score=scores[i],
                prompt=prompt[i],
                generated=generated[i],
                gain=gained.get(i),
                asleep=asleep[i] if line.sleep_parallel else None,
            )
            for i, line in enumerate(first.lines)
        ),
        questions=len(first.questions),
        clusters=len(first.clusters),
        failed_a=int(failed_a.sum()),
        failed_b=int(failed_b.sum()),
        left_out=int(failed.sum()),
        only_a=len(all_a) - len(shared),
        only_b=len(all_b) - len(shared),
        same_baseline=bool(base) and not changed.any(),
        confidence=confidence,
        draws=draws,
        seed=seed,
    )


def _by_key(rows: pd.DataFrame, name: str, k: tuple[int, int] | None) -> pd.DataFrame:
    """Rows to compare, found by their key, in which phases of both runs bear one number."""
    check(rows)
    rows = rows[~rows["budget_kind"].isin((SAMPLES, LINE))]
    if k:
        own = k["AB".index(name)]
        phases = rows["sleep_parallel"]
        if not (phases == own).any():
            there = ", ".join(str(number) for number in sorted(set(phases) - {0}))
            raise InputError(
                f"{name} has no answers with notes of k = {own} sleep phases: it has "
                f"{f'k = {there}' if there else 'none with notes'}"
            )
        rows = rows[phases.isin((0, own))]
        rows = rows.assign(sleep_parallel=rows["sleep_parallel"].where(lambda n: n == 0, k[1]))
    return rows.set_index(list(ROW_KEY), drop=False)


def _same(a: pd.DataFrame, b: pd.DataFrame) -> dict[tuple[Any, ...], bool]:
    """Of each setting, whether both runs hold the same replies."""
    own, other = (rows[list(_REPLY)].astype(object).fillna("") for rows in (a, b))
    by_setting = (own == other).all(axis=1).groupby([a[name] for name in _SETTING]).all()
    return dict(zip(by_setting.index.to_flat_index(), map(bool, by_setting), strict=True))


def _own(line: Line, k: tuple[int, int] | None) -> Line:
    return replace(line, sleep_parallel=k[0]) if k and line.sleep_parallel else line


def _scores(
    a: Cells,
    b: Cells,
    gains: Sequence[tuple[int, int]],
    draws: int,
    seed: int,
    confidence: float,
) -> list[Change]:
    """Changes of the mean scores of all cells, then of the gains: (sleep, baseline) cells."""
    slept, base = ([pair[side] for pair in gains] for side in (0, 1))

    def and_gains(cells: Floats) -> Floats:
        return np.concatenate([cells, cells[..., slept] - cells[..., base]], axis=-1)

    seen = [and_gains(observed(cells).accuracy[0]) for cells in (a, b)]
    drawn = and_gains(resample(b, draws, seed).accuracy - resample(a, draws, seed).accuracy)
    changed = b.by_question - a.by_question
    own = and_gains(changed)
    answers = np.maximum(a.n.sum(axis=1), 1)
    pulls = and_gains((b.deviations - a.deviations).T / answers).T
    # A gain over a baseline that changes itself changes by up to 2, what `gain_limits` takes by 1.
    most = np.append(np.ones(len(answers)), 1.0 + np.nan_to_num(changed[:, base]).any(axis=0))
    joint = joint_confidence(drawn, drawn, confidence)
    ends = [
        tuple(100 * most * end for end in limits)
        for level in (confidence, joint)
        for limits in [gain_limits(own / most, pulls / most[:, None], drawn / most, level)]
    ]
    return _changes(100 * seen[0], 100 * seen[1], ends)


def _means(
    pair: Iterable[pd.DataFrame], column: str, draws: int, seed: int, confidence: float
) -> list[Change]:
    """Changes of the mean of a column of tokens in all cells."""
    a, b = (reduce_rows(rows.assign(test_completion_tokens=rows[column])) for rows in pair)
    seen = [observed(cells).tokens[0] for cells in (a, b)]
    drawn = resample(b, draws, seed).tokens - resample(a, draws, seed).tokens
    without = left_out(b).tokens - left_out(a).tokens
    joint = joint_confidence(drawn, drawn, confidence)
    ends = [mean_limits(seen[1] - seen[0], drawn, without, level) for level in (confidence, joint)]
    return _changes(seen[0], seen[1], ends)


def _changes(a: Floats, b: Floats, ends: Sequence[tuple[Floats, ...]]) -> list[Change]:
    columns = (a, b, b - a, *ends[0], *ends[1])
    return [Change(*map(float, values)) for values in zip(*columns, strict=True)]
