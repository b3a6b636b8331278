"""Pictures of how two runs differ, and of what one found and the other confirms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

from sleeptime_lib.analysis import confirmation, two_runs_tables, wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.confirmation import Confirmation, Finding
from sleeptime_lib.analysis.two_runs import Cell, TwoRuns
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import points_axis, step_axis
from sleeptime_lib.figures.blocks import beside, estimates, picture, shown
from sleeptime_lib.figures.picture import Picture, Rule
from sleeptime_lib.figures.plots import budget_title
from sleeptime_lib.records import budget_name

_OTHERS: Final = ("context_only", "pass", "majority", "mark")
"""Styles of arms that have none of their own."""


def run_changes(found: TwoRuns, told: Sequence[str] = ()) -> Picture:
    """Scores of the second run minus those of the first, of every arm at every budget.

    Args:
        found: The comparison.
        told: Sentences for the small print: what the two runs are.
    """
    places = list(dict.fromkeys((c.line_b.budget_kind, c.budget) for c in found.cells))
    kinds = list(dict.fromkeys(kind for kind, _ in places))
    series = [
        estimates(
            f"change-{label}",
            label,
            style,
            [
                (
                    float(places.index((c.line_b.budget_kind, c.budget))),
                    Interval(c.score.difference, *_limits(c)),
                    _told(c),
                )
                for c in found.cells
                if c.label == label
            ],
            joined=False,
        )
        for label, style in _styles({c.label: c.line_b.arm for c in found.cells}).items()
    ]
    steps = [
        budget_name(kind, budget) if len(kinds) == 1 else f"{kind} {budget_name(kind, budget)}"
        for kind, budget in places
    ]
    whole = budget_title(kinds[0]) if len(kinds) == 1 else "Budget"
    axes = (
        step_axis(steps, whole),
        points_axis((v for s in series for v in s.values()), "B minus A (percentage points)"),
    )
    notes = [
        *told,
        two_runs_tables.sample(found, shown(series)),
        two_runs_tables.left_out(found),
        "The whiskers hold for all differences of scores at once. One that crosses 0 is not "
        "determined.",
    ]
    rules = (Rule(0.0, dashed=False),)
    return picture(
        found, "compared", "Score of B minus A", beside(series), axes, notes, rules=rules
    )


def _styles(arms: Mapping[str, str]) -> dict[str, str]:
    """A style for each arm by its label: its own, or of the sleep arm from light to dark."""
    slept = [label for label, arm in arms.items() if arm == "sleep"]
    styles = dict(zip(slept, look.ramp(len(slept)), strict=True))
    others = cycle(_OTHERS)
    return {
        label: styles.get(label) or (arm if arm in look.STYLES else next(others))
        for label, arm in arms.items()
    }


def _limits(cell: Cell) -> tuple[float, float]:
    own = cell.score
    return (math.nan, math.nan) if cell.same else (own.simultaneous_low, own.simultaneous_high)


def _told(cell: Cell) -> str:
    own = cell.score
    limits = wording.between(*_limits(cell))
    points = "same answers" if cell.same else f"{own.difference:+.1f} points {limits}"
    verdict = "" if cell.same else f"{own.verdict}\n"
    return f"A {own.a:.1f}%, B {own.b:.1f}%\n{points}\n{verdict}n = {cell.questions:,}"


def confirmed(found: Confirmation, told: Sequence[str] = ()) -> Picture:
    """What the first run claims to differ from the baseline, and the same in the second.

    Args:
        found: Both runs, on other questions.
        told: Sentences for the small print: what the two runs are.
    """
    own = [one for one in found.claims if one.against == "baseline"]
    sides = [("a", "sleep", found.a.dataset), ("b", "pass", found.b.dataset)]
    series = [
        estimates(
            f"confirmed-{side}",
            f"{side.upper()}: {dataset}",
            style,
            [(float(i), getattr(one, side), _both(one)) for i, one in enumerate(own)],
            joined=False,
        )
        for side, style, dataset in sides
    ]
    steps = [
        f"{_short(one.line.label)}, {budget_name(one.line.budget_kind, one.budget)}" for one in own
    ]
    axes = (
        step_axis(steps, "What the answer was shown, and its budget"),
        points_axis((v for s in series for v in s.values()), "Minus the baseline (points)"),
    )
    notes = [
        *told,
        confirmation.sample(found, shown(series)),
        "Shown are the claims: differences to the baseline whose limits in A leave out 0. One is "
        "confirmed where the whisker of B lies on the same side of 0. k: its own notes; same, "
        "other: those of another context; oracle: the true quantities.",
    ]
    rules = (Rule(0.0, dashed=False),)
    return picture(
        found, "confirmed", "What A found, on B", beside(series), axes, notes, rules=rules
    )


def _short(arm: str) -> str:
    return arm.removeprefix("sleep-time ").removeprefix("placebo ")


def _both(one: Finding) -> str:
    a, b = (
        f"{side.estimate:+.1f} points {wording.between(side.low, side.high)}"
        for side in (one.a, one.b)
    )
    return f"{one.at}\nA {a}\nB {b}\n{one.outcome}"
