"""Pictures of control arms and of single lines of the notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sleeptime_lib.analysis import ablation, wording
from sleeptime_lib.analysis.ablation import EFFECTS, LineEffect
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.controls import Contrast
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.figures import look
from sleeptime_lib.figures.axes import percent_axis, step_axis
from sleeptime_lib.figures.blocks import beside, estimates, picture, points_picture
from sleeptime_lib.figures.picture import Picture

_SHORT: Final = {
    "sleep-time ": "",
    "placebo ": "",
    "sleep long": "long",
}
_ARMS: Final = (
    "k: the context's own notes. Same, other: those of another context, of the same family or of "
    "another. Notes only: without the context. Filler: lines about something else. Bare: without a "
    "block of notes. Oracle: the true quantities. Long: one long sleep phase."
)


def control_arms(report: Report, found: Sequence[Contrast]) -> Picture:
    """What each control arm gains over the baseline, beside what the sleep arm gains.

    Args:
        report: Of the run.
        found: Its contrasts.
    """
    own = [one for one in found if one.against.label == "baseline"]
    arms = list(dict.fromkeys(one.arm.label for one in own))
    places = list(dict.fromkeys(one.at for one in own))
    series = [
        estimates(
            f"controls-{at}",
            at,
            style,
            [
                (
                    float(arms.index(one.arm.label)),
                    Interval(one.points, one.low, one.high),
                    _told(one),
                )
                for one in own
                if one.at == at
            ],
            joined=False,
        )
        for at, style in zip(places, look.ramp(len(places)), strict=True)
    ]
    notes = [
        f"The whiskers hold for all {len(found)} differences of the run's controls at once. "
        "One that crosses 0 is not determined.",
        _ARMS,
    ]
    return points_picture(
        report,
        "controls",
        "What the notes are worth",
        series,
        [_short(arm) for arm in arms],
        notes,
        x_title="What the answer was shown",
        y_title="Minus the baseline (percentage points)",
    )


def _short(label: str) -> str:
    """An arm in the few letters that there is room for."""
    for whole, short in _SHORT.items():
        label = label.replace(whole, short)
    return label


def _told(one: Contrast) -> str:
    limits = wording.between(one.low, one.high)
    return f"{one.arm.label}, {one.points:+.1f} points {limits}\n{one.verdict}"


def note_lines(report: Report, found: Sequence[LineEffect]) -> Picture:
    """How often each line of the notes turned an answer, by its place.

    Args:
        report: Of the run.
        found: What the lines did.
    """
    numbers = sorted({one.line for one in found})
    series = []
    labels = ("right answers\nlost without it", "wrong answers\nmended without it")
    for effect, style, label in zip(EFFECTS, ("sleep", "baseline"), labels, strict=True):
        shares = ablation.by_line(found, effect)
        points = [
            (float(numbers.index(n)), one.share, f"line {n}: {one.turned} of {one.lines}")
            for n, one in shares.items()
        ]
        series.append(estimates(f"lines-{effect}", label, style, points, joined=False))
    axes = (
        step_axis([str(n) for n in numbers], "Line of the notes that was left out"),
        percent_axis((v for s in series for v in s.values()), "Answers that turn (%)"),
    )
    questions = len({one.question_id for one in found})
    notes = [
        f"{questions} questions, asked again without each line of the notes of one sleep phase. "
        "Whiskers: cluster bootstrap, simultaneous for all lines of a colour."
    ]
    return picture(report, "note-lines", "What single lines did", beside(series), axes, notes)
