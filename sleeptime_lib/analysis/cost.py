"""Cost per question when a sleep phase is shared by the questions about its context.

The paper's model (figure 9) is S / Q + t T: generated sleep tokens S shared by Q
questions, plus generated test tokens T, weighted t times because somebody waits for them. The
priced model counts everything a server charges for: prompt, cached prompt and completion
tokens, of the sleep phase and of every answer, whose prompt now holds the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from sleeptime_lib.analysis.bootstrap import Floats, Interval, cluster_weights, limits
from sleeptime_lib.analysis.cells import Line, check, ratio
from sleeptime_lib.errors import InputError


@dataclass(frozen=True, slots=True)
class Rates:
    """What one token costs, in any unit: tokens of the paper's model, or USD.

    Attributes:
        sleep_prompt: A prompt token of the sleep phase that is not cached.
        sleep_cached: A cached one.
        sleep_completion: A generated token of the sleep phase.
        test_prompt: The same three of the answer calls.
        test_cached: A cached prompt token.
        test_completion: A generated token.
    """

    sleep_prompt: float = 0.0
    sleep_cached: float = 0.0
    sleep_completion: float = 0.0
    test_prompt: float = 0.0
    test_cached: float = 0.0
    test_completion: float = 0.0


def paper_rates(t: float = 10.0) -> Rates:
    """The paper's model: only generated tokens count, those of the answer `t` times."""
    return Rates(sleep_completion=1.0, test_completion=t)


def usd_rates(
    prompt: float, cached: float, completion: float, *, sleep_discount: float = 0.0
) -> Rates:
    """Prices in USD per million tokens.

    Args:
        prompt: Price of prompt tokens.
        cached: Price of cached prompt tokens.
        completion: Price of generated tokens.
        sleep_discount: Share taken off the sleep phase, such as 0.5 for a batch endpoint.
    """
    p, c, g = (x / 1e6 for x in (prompt, cached, completion))
    less = 1 - sleep_discount
    return Rates(less * p, less * c, less * g, p, c, g)


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a question in one setting, in the unit of the rates.

    Attributes:
        line: Arm and sleep setting.
        budget: Test budget.
        questions: Questions per context, Q.
        cost: Per question, with its interval.
        saving: Baseline's cost over this cost at the same budget; NaN without a baseline.
        break_even: Fewest questions per context at which this setting costs no more than the
            baseline at the same budget; inf when no number does, NaN without a baseline.
    """

    line: Line
    budget: int
    questions: int
    cost: Interval
    saving: Interval
    break_even: Interval


def cost_per_question(
    rows: pd.DataFrame,
    rates: Rates,
    questions: Sequence[int] = (1, 2, 5, 10),
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[Cost, ...]:
    """Cost per question, S / Q + test cost, of every setting for several Q.

    Tokens of failed rows do not count. Clusters are resampled, the same draw for all settings.

    Args:
        rows: The columns of `sleeptime_lib.records.Row`.
        rates: What a token costs.
        questions: Numbers of questions that share a context.
        draws: Bootstrap draws.
        seed: Of the bootstrap.
        confidence: Of the intervals.

    Returns:
        Costs, by line, budget and Q.

    Raises:
        InputError: A number of questions under 1, or bad rows (see `cells.check`).
    """
    check(rows)
    if any(q < 1 for q in questions):
        raise InputError(f"questions per context must be at least 1, not {min(questions)}")
    answered = rows[rows["score"].notna() & (rows["budget_kind"] != "samples")]
    cluster, clusters = pd.factorize(answered["cluster_id"], sort=True)
    if not len(clusters):
        return ()
    keys = ["arm", "budget_kind", "sleep_parallel", "sleep_effort", "budget"]
    indices = answered.groupby(keys).indices
    settings = []
    for key in indices:
        arm, kind, parallel, effort, budget = cast("tuple[str, str, int, str, int]", key)
        settings.append((Line(str(arm), str(kind), int(parallel), str(effort)), int(budget)))
    test = _price(answered, "test", rates)
    sleep = _price(answered, "sleep", rates)
    phase = answered["sleep_id"].to_numpy()
    sums = np.stack(
        [
            _cluster_sums(np.asarray(where), cluster, len(clusters), test, sleep, phase)
            for where in indices.values()
        ],
        axis=-1,
    )
    rng = np.random.default_rng(seed)
    drawn = np.concatenate(
        [np.einsum("dc,mcg->dmg", w, sums) for w in cluster_weights(len(clusters), draws, rng)]
    )
    every = np.concatenate([sums.sum(axis=1)[None], drawn])  # the first row is what was observed
    per_test, per_phase = ratio(every[:, 1], every[:, 0]), ratio(every[:, 3], every[:, 2])
    per_phase = np.nan_to_num(per_phase)

    def interval(values: Floats) -> Interval:
        if np.isnan(values[0]):
            return Interval(np.nan, np.nan, np.nan)
        low, high = limits(values[1:], values[1:], confidence, len(clusters))
        return Interval(float(values[0]), float(low), float(high))

    found = []
    for i, (line, budget) in enumerate(settings):
        # Without a baseline at this budget, its cost and so saving and break-even are unknown.
        control = np.full(len(every), np.nan)
        for j, (other, its_budget) in enumerate(settings):
            if other.arm == "baseline" and its_budget == budget:
                control = per_test[:, j]
        saved = control - per_test[:, i]
        break_even = np.where(
            saved > 0, np.maximum(np.ceil(ratio(per_phase[:, i], saved)), 1), np.inf
        )
        break_even = np.where(per_phase[:, i] == 0, 1.0, break_even)
        break_even = np.where(np.isnan(control), np.nan, break_even)
        for q in questions:
            own = per_phase[:, i] / q + per_test[:, i]
            saving = ratio(control, own)
            found.append(
                Cost(line, budget, q, interval(own), interval(saving), interval(break_even))
            )
    return tuple(found)


def _price(rows: pd.DataFrame, part: str, rates: Rates) -> Floats:
    prompt, cached, completion = (
        rows[f"{part}_{kind}_tokens"].to_numpy(dtype=np.float64)
        for kind in ("prompt", "cached", "completion")
    )
    rate = [getattr(rates, f"{part}_{kind}") for kind in ("prompt", "cached", "completion")]
    total: Floats = (prompt - cached) * rate[0] + cached * rate[1] + completion * rate[2]
    return total


def _cluster_sums(
    where: np.ndarray,
    cluster: np.ndarray,
    clusters: int,
    test: Floats,
    sleep: Floats,
    phase: np.ndarray,
) -> Floats:
    """(4, clusters): rows, their test cost, sleep phases, their cost, of one setting."""
    once = where[np.unique(phase[where].astype(str), return_index=True)[1]]
    once = once[phase[once] != ""]
    return np.stack(
        [
            np.bincount(cluster[where], minlength=clusters),
            np.bincount(cluster[where], test[where], minlength=clusters),
            np.bincount(cluster[once], minlength=clusters),
            np.bincount(cluster[once], sleep[once], minlength=clusters),
        ]
    ).astype(np.float64)
