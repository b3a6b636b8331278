"""Forecasts, policies and plans in words: a finding is stated only where its interval says so."""

from __future__ import annotations

import math
from collections import Counter

from sleeptime_lib.analysis.advice import Plan, found
from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.costs import PER_USD
from sleeptime_lib.analysis.foresight import Foresight, GainParts, LogScore
from sleeptime_lib.analysis.policies import Duel, Trial
from sleeptime_lib.analysis.wording import between, percent, saving


def forecasts(told: Foresight) -> list[str]:
    """What was foreseen, how sure it was, and what part of the gain comes from it."""
    held = told.holding
    said = [
        f"{held.line.label}: {held.forecasts:.1f} forecasts a context; "
        f"{len(held.questions):,} questions held against them in {told.clusters:,} clusters; "
        f"left out: {held.ambiguous:,} that ask for a number which several quantities have, "
        f"{held.unknown:,} without notes or a known quantity."
    ]
    if held.broken or held.unanswered:
        said.append(
            f"{held.broken:,} lines of forecasts could not be read, and {held.unanswered:,} "
            "forecasts give no number."
        )
    last = told.coverage[-1]
    said.append(
        f"Foreseen by the first {told.coverage[0].forecasts}: {_percent(told.coverage[0].share)}"
        f"; by the first {last.forecasts}: {_percent(last.share)} of the questions. Forecasts "
        f"about other contexts of the cluster hold the number of {_percent(last.placebo)} by "
        "chance."
        if not math.isnan(last.placebo.estimate)
        else f"Foreseen by the first {last.forecasts}: {_percent(last.share)} of the questions; "
        "no other context of a cluster tells how many by chance."
    )
    said.append(_score(told.score))
    if told.parts:
        said.append(_parts(told.parts))
    if told.clusters < FEW_CLUSTERS:
        said.append("Few clusters: exploratory.")
    return [line for line in said if line]


def _score(score: LogScore | None) -> str:
    if score is None:
        return "The notes state no probabilities, so they have no log score and no calibration."
    better = score.better
    told = "not determined whether the forecasts know more than an even one"
    if better.low > 0:
        told = "the forecasts know more than an even one"
    elif better.high < 0:
        told = "the forecasts are worse than an even one: they are too sure of what does not come"
    return (
        f"Log score {score.score.estimate:.2f} against {score.uniform.estimate:.2f} of an even "
        f"forecast, difference {better.estimate:+.2f} {between(better.low, better.high, 2)}: "
        f"{told}."
    )


def _parts(parts: GainParts) -> str:
    said = (
        f"At budget {parts.budget} notes gain {_points(parts.gain)}; on the questions foreseen "
        f"({_percent(parts.foreseen)}) {_points(parts.within)}, on the others "
        f"{_points(parts.without)}. "
    )
    if parts.determined:
        said += f"From foreseen questions come {_points(parts.part)} of the gain"
        if math.isfinite(parts.share.low) and math.isfinite(parts.share.high):
            said += f", a share of {_percent(parts.share)}"
        said += "."
    else:
        said += "What part of it comes from foreseen questions is not determined."
    if not math.isnan(parts.beyond.estimate):
        known = parts.beyond.low > 0 or parts.beyond.high < 0
        said += f" Beyond what matches by chance: {_points(parts.beyond)}"
        said += "." if known else ", which is not determined."
    return said


def trial(judged: Trial) -> list[str]:
    """What a policy is worth, beside chance, always, never and the oracle."""
    said = [_duel(judged, judged.against("random"), "chance (same settings, no look at the score)")]
    if judged.first_phase:
        said.append(_first_phase(judged.score, judged.first_phase, judged.unit))
    for other in ("never", "always"):
        if len({round(one.cost.estimate, 9) for one in judged.curves[other]}) > 1:
            said.append(_duel(judged, judged.against(other), f"{other} sleeping"))
    middle = judged.middle
    said.append(
        f"Policy by {judged.score} at the middle budget: {_points(middle.gained)} over never "
        f"sleeping, at {_times(middle.dearer)} its cost; {_points(middle.missed)} short of always "
        f"sleeping, at {_times(middle.cheaper)} its cost."
    )
    oracle = judged.against("oracle").points
    said.append(
        f"Policy by {judged.score}: an oracle that knows every gain, luck included, is "
        f"{_points(Interval(-oracle.estimate, -oracle.high, -oracle.low))} above it."
    )
    counted = f"{judged.contexts:,} contexts in {judged.clusters:,} clusters"
    left = f", {judged.left_out:,} left out" if judged.left_out else ""
    few = " Few clusters: exploratory." if judged.clusters < FEW_CLUSTERS else ""
    said.append(
        f"Judged on halves of the clusters that the policy had not seen, {judged.splits} random "
        f"halves both ways: {counted}{left}.{few}"
    )
    return said


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
    if made.first_phase:
        said.append(_first_phase(made.score, made.first_phase, made.unit))
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
        said.append("The run is the simulated model's, not a language model's.")
    return said


def _first_phase(score: str, cost: float, unit: str) -> str:
    return (
        f"Its score, {score}, is known only after a sleep phase: that is charged everywhere, at "
        f"{amount(cost, unit)} a question, also where no notes are read then."
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
        return f"{value:,.0f} tokens"
    return f"${PER_USD * value:.3g} per {PER_USD:,}"


def _points(value: Interval) -> str:
    return f"{value.estimate:+.1f} points {between(value.low, value.high)}".rstrip()


def _times(value: Interval) -> str:
    return f"{value.estimate:.2f}× {between(value.low, value.high, 2)}".rstrip()


def _percent(value: Interval) -> str:
    limits = between(100 * value.low, 100 * value.high)
    return f"{100 * value.estimate:.1f}% {limits}".rstrip()
