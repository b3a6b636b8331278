"""Forecasts and policies in words: a finding is stated only where its interval says so."""

from __future__ import annotations

import math

from sleeptime_lib.analysis.bootstrap import FEW_CLUSTERS, Interval
from sleeptime_lib.analysis.foresight import Foresight, GainParts, LogScore
from sleeptime_lib.analysis.policies import Duel, Trial
from sleeptime_lib.analysis.wording import between, saving


def forecasts(found: Foresight) -> list[str]:
    """What was foreseen, how sure it was, and what part of the gain comes from it."""
    held = found.holding
    said = [
        f"{held.line.label}: {held.forecasts:.1f} forecasts a context; "
        f"{len(held.questions):,} questions held against them in {found.clusters:,} clusters; "
        f"left out: {held.ambiguous:,} that ask for a number which several quantities have, "
        f"{held.unknown:,} without notes or a known quantity."
    ]
    if held.broken or held.unanswered:
        said.append(
            f"{held.broken:,} lines of forecasts could not be read, and {held.unanswered:,} "
            "forecasts give no number."
        )
    last = found.coverage[-1]
    said.append(
        f"Foreseen by the first {found.coverage[0].forecasts}: {_percent(found.coverage[0].share)}"
        f"; by the first {last.forecasts}: {_percent(last.share)} of the questions. Forecasts "
        f"about other contexts of the cluster hold the number of {_percent(last.placebo)} by "
        "chance."
        if not math.isnan(last.placebo.estimate)
        else f"Foreseen by the first {last.forecasts}: {_percent(last.share)} of the questions; "
        "no other context of a cluster tells how many by chance."
    )
    said.append(_score(found.score))
    if found.parts:
        said.append(_parts(found.parts))
    if found.clusters < FEW_CLUSTERS:
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


def trial(found: Trial) -> list[str]:
    """What a policy is worth, beside chance, always, never and the oracle."""
    said = [_duel(found, found.against("random"), "chance (same settings, no look at the score)")]
    for other in ("never", "always"):
        if len({round(one.cost.estimate, 9) for one in found.curves[other]}) > 1:
            said.append(_duel(found, found.against(other), f"{other} sleeping"))
    middle = found.middle
    said.append(
        f"Policy by {found.score} at the middle budget: {_points(middle.gained)} over never "
        f"sleeping, at {_times(middle.dearer)} its cost; {_points(middle.missed)} short of always "
        f"sleeping, at {_times(middle.cheaper)} its cost."
    )
    oracle = found.against("oracle").points
    said.append(
        f"Policy by {found.score}: an oracle that knows every gain, luck included, is "
        f"{_points(Interval(-oracle.estimate, -oracle.high, -oracle.low))} above it."
    )
    counted = f"{found.contexts:,} contexts in {found.clusters:,} clusters"
    left = f", {found.left_out:,} left out" if found.left_out else ""
    few = " Few clusters: exploratory." if found.clusters < FEW_CLUSTERS else ""
    said.append(
        f"Judged on halves of the clusters that the policy had not seen, {found.splits} random "
        f"halves both ways: {counted}{left}.{few}"
    )
    return said


def _duel(found: Trial, duel: Duel, other: str) -> str:
    name = f"Policy by {found.score} against {other}"
    if duel.cost is None:
        return f"{name}: they reach no cost in common."
    said = f"{name}: at equal cost {_points(duel.points)}, {duel.verdict}"
    if duel.accuracy is None or math.isnan(duel.ratio.estimate):
        return f"{said}; they reach no accuracy in common."
    low, high = ("∞" if math.isinf(x) else f"{x:.2f}" for x in (duel.ratio.low, duel.ratio.high))
    limits = (
        "" if math.isnan(duel.ratio.low) else f" (ratio {duel.ratio.estimate:.2f} [{low}, {high}])"
    )
    return (
        (
            f"{said}; at equal accuracy it costs {saving(duel.ratio.estimate)}{limits}, "
            f"{duel.cheaper}."
        )
        .replace(" fewer", " less")
        .replace("as many", "as much")
    )


def _points(value: Interval) -> str:
    return f"{value.estimate:+.1f} points {between(value.low, value.high)}".rstrip()


def _times(value: Interval) -> str:
    return f"{value.estimate:.2f}× {between(value.low, value.high, 2)}".rstrip()


def _percent(value: Interval) -> str:
    limits = between(100 * value.low, 100 * value.high)
    return f"{100 * value.estimate:.1f}% {limits}".rstrip()
