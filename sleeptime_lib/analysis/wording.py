"""Results in words, the same in figures and tables."""

from __future__ import annotations

import math

from sleeptime_lib.analysis.difference import Gain
from sleeptime_lib.analysis.ratio import EqualAccuracy
from sleeptime_lib.analysis.report import FEW_CLUSTERS
from sleeptime_lib.analysis.results import Report
from sleeptime_lib.analysis.tokens import HitRate


def times(value: float) -> str:
    """A ratio to two digits: 3.8, 12, 0.85."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def saving(ratio: float) -> str:
    """What a token ratio means: "3.8× fewer", "1.2× more", or "as many"."""
    most = times(max(ratio, 1 / ratio))
    if most == "1.0":
        return "as many"
    return f"{most}× {'fewer' if ratio >= 1 else 'more'}"


def fold(value: float) -> str:
    """A limit of a ratio: "3.8×", or the sign of infinity when unbounded."""
    return "∞" if math.isinf(value) else f"{times(value)}×"


def between(low: float, high: float, digits: int = 1) -> str:
    """Limits in brackets, or nothing when there are none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


def sample(report: Report) -> str:
    """How many questions, clusters and runs, and what happened to the rest."""
    counts = report.counts
    if not counts.asked:
        return "No rows yet."
    text = f"n = {counts.questions:,} questions in {counts.clusters:,} clusters"
    if counts.samples > 1:
        text += f", {counts.samples} runs each"
    percent = f"{100 * report.confidence:g}%"
    if counts.clusters > 1:
        text += f"; whiskers: {percent} cluster bootstrap, {report.draws:,} draws"
        text += " (few clusters: exploratory)" if counts.clusters < FEW_CLUSTERS else ""
    else:
        text += "; no intervals from a single cluster"
    if counts.failed:
        text += f"; {counts.failed:,} of {counts.asked:,} rows failed and are left out"
    if counts.missing:
        text += f"; {counts.missing:,} rows are missing"
    return text + "."


def ratio(equal: EqualAccuracy, confidence: float) -> str:
    """The equal-accuracy ratio with its interval, or why there is none."""
    if equal.ratio is None or equal.at is None:
        return f"No token ratio: {equal.reason}."
    value, low, high = equal.ratio, equal.low, equal.high
    if value < 1:
        value, low, high = (1 / x if x else math.inf for x in (value, high, low))
    text = (
        f"At equal accuracy ({100 * equal.at:.1f}%) sleep-time needs {saving(equal.ratio)} "
        "test tokens"
    )
    if math.isnan(low):
        return text + "."
    text += f", {100 * confidence:g}% interval {fold(low)} to {fold(high)}"
    if low > 0 and math.isfinite(high):
        text += f" (×/÷ {math.sqrt(high / low):.1f})"
    if equal.censored:
        text += f"; {100 * equal.censored:.1f}% of draws do not reach that accuracy"
    return text + "."


def gain(found: Gain, confidence: float) -> str:
    """An "up to" gain with the correction for having picked the best of many settings."""
    text = (
        f"{found.treatment} over {found.control}: up to {found.observed_points:+.1f} points "
        f"(budget {found.budget}, the largest of {found.settings})"
    )
    if math.isnan(found.cross_fitted_points):
        return text + "."
    return (
        f"{text}; {found.cross_fitted_points:+.1f} when the setting is picked on other clusters; "
        f"{100 * confidence:g}% interval for the true maximum {between(found.low, found.high)}."
    )


def prefix_cache(rate: HitRate) -> str:
    """What servers had in their prefix cache; nothing where they reported none."""
    shares = [
        f"{100 * share:.0f}% of those of {what}"
        for share, what in ((rate.test, "the answers"), (rate.sleep, "the sleep phases"))
        if share > 0
    ]
    if not shares:
        return ""
    return f"Prompt tokens that came from a prefix cache: {' and '.join(shares)}."
