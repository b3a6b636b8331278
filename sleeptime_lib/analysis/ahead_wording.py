"""Policies and plans in words: a finding is stated only where its interval says so."""

from __future__ import annotations

import math
from collections import Counter

from sleeptime_lib.analysis.advice import Plan, found
from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.costs import PER_USD
from sleeptime_lib.analysis.duel import Duel
from sleeptime_lib.analysis.policies import Trial
from sleeptime_lib.analysis.wording import between, percent, saving


def trial(judged: Trial) -> list[str]:
    """What a policy is worth, beside chance, always, never and the oracle."""
    said = [_duel(judged, judged.against("random"), "chance (same settings, no look at the score)")]
    said += _along(judged)
    if judged.score_takes:
        said.append(_paid(judged))
    for other in ("never", "always"):
        if len({round(one.cost.estimate, 9) for one in judged.curves[other]}) > 1:
            said.append(_duel(judged, judged.against(other), f"{other} sleeping"))
    middle = judged.middle
    said.append(
        f"Policy by {judged.score} at the middle budget: {_points(middle.gained)} over never "
        f"sleeping, at {_times(middle.dearer)} its cost; {_points(middle.missed)} short of always "
        f"sleeping, at {_times(middle.cheaper)} its cost."
    )
    oracle = judged.against("oracle")
    above = Interval(-oracle.points.estimate, -oracle.points.high, -oracle.points.low)
    said.append(
        f"Policy by {judged.score}: an oracle that knows every gain, luck included, "
        + (f"is {_points(above)} above it." if oracle.cost else "never spends as much as it.")
    )
    counted = f"{judged.contexts:,} contexts in {judged.clusters:,} clusters"
    left = f", {judged.left_out:,} left out" if judged.left_out else ""
    few = " Few clusters: exploratory." if judged.clusters < FEW_CLUSTERS else ""
    said.append(
        f"Judged on halves of the clusters that the policy had not seen, {judged.splits} random "
        f"halves both ways: {counted}{left}.{few}"
    )
    return said


def _along(judged: Trial) -> list[str]:
    """Where a policy is ahead of chance and where it is not."""
    along = judged.against("random").along
    if len(along) < 2:  # what there is to say is said at equal cost
        return []
    better = [amount(cost, judged.unit) for cost, points in along if points.low > 0]
    worse = sum(points.high < 0 for _, points in along)
    ends = [amount(along[i][0], judged.unit) for i in (0, -1)]
    at = f" ({', '.join(better)} a question)" if better else ""
    return [
        f"Policy by {judged.score} along the budget: of {len(along)} costs from {ends[0]} to "
        f"{ends[1]} it is better than chance at {len(better)}{at} and not better at {worse}, with "
        "limits that hold for all of them at once; at the others that is not determined."
    ]


def _duel(judged: Trial, duel: Duel, other: str) -> str:
    name = f"Policy by {judged.score} against {other}"
    if duel.cost is None:
        return f"{name}: they reach no cost in common."
    said = f"{name}: at equal cost {_points(duel.points)}, {duel.verdict}"
    if duel.accuracy is None or math.isnan(duel.ratio.estimate):
        return f"{said}; they reach no accuracy in common."
    low, high = ("∞" if math.isinf(x) else f"{x:.2f}" for x in (duel.ratio.low, duel.ratio.high))
    limits = (
        "" if math.isnan(duel.ratio.low) else f" (ratio {duel.ratio.estimate:.2f} [{low}, {high}])"
    )
    costs = saving(duel.ratio.estimate).replace("fewer", "less").replace("many", "much")
    return f"{said}; at equal accuracy it costs {costs}{limits}, {duel.cheaper}."


def plan(made: Plan) -> list[str]:
    """Which contexts to sleep on, what that saves, and what the limits hold for."""
    chosen = made.sleep_on
    counts = Counter(one.setting for one in chosen)
    shares = ", ".join(f"{count} with {setting}" for setting, count in sorted(counts.items()))
    whose = (
        "as given"
        if made.worth_given
        else f"what the baseline of the run pays for it between test budgets, up to "
        f"{made.worth_budget}"
    )
    said = [
        f"Sleep on {len(chosen)} of {len(made.advice)} contexts{f' ({shares})' if shares else ''}.",
        f"One more right answer is taken to be worth {amount(made.worth, made.unit)} ({whose}).",
    ]
    if made.score_takes:
        said.append(_paid(made))
    for what, value in (
        ("never sleeping, at equal accuracy", made.saving),
        (f"sleeping on every context with {made.always}", made.over_always),
    ):
        said.append(f"Against {what}: {_saved(value, made.unit)}.")
    said.append(
        f"Limits: {percent(made.confidence)} cluster bootstrap over the run's {made.clusters:,} "
        f"clusters, for contexts like its own, alike within each third by {made.score}. What "
        "deciding by the same rows promises too much is taken off."
        f"{' Few clusters: exploratory.' if made.clusters < FEW_CLUSTERS else ''}"
    )
    if beyond := sum(one.beyond for one in made.advice):
        said.append(
            f"Beyond every score of the run ({made.score}): {beyond} of them, about which it says "
            "little."
        )
    if made.simulated:
        said.append("What this goes by is the simulated model's, not a language model's.")
    return said


def _paid(found: Trial | Plan) -> str:
    return (
        f"Its score, {found.score}, takes {found.score_takes} before anything is decided: that is "
        f"charged everywhere, at {amount(found.score_cost, found.unit)} a question, also where no "
        "notes are read then."
    )


def _saved(value: Interval, unit: str) -> str:
    if math.isnan(value.low):
        if not value.estimate:
            return "nothing is saved, and nothing more is spent"
        return f"{amount(value.estimate, unit)} a question, without an interval"
    limits = f"[{amount(value.low, unit)}, {amount(value.high, unit)}]"
    expected = f"{amount(value.estimate, unit)} a question {limits}"
    if found(value) == "saves":
        return f"an expected saving of {expected}"
    return f"{found(value)}: a saving of {expected}"


def amount(value: float, unit: str) -> str:
    """A cost in words."""
    if math.isinf(value):
        return "unbounded"
    if unit == "tokens":
        told = f"{value:,.0f}"
        return f"{told} token{'' if told == '1' else 's'}"
    return f"${PER_USD * value:.3g} per {PER_USD:,}"


def _points(value: Interval) -> str:
    return f"{value.estimate:+.1f} points {between(value.low, value.high)}".rstrip()


def _times(value: Interval) -> str:
    return f"{value.estimate:.2f}× {between(value.low, value.high, 2)}".rstrip()
