"""What notebook cells show: still pictures, notes and tables, small on disk and in any viewer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from IPython.display import Image, Markdown

from sleeptime_lib import figures
from sleeptime_lib.analysis import tables, wording
from sleeptime_lib.analysis.bootstrap import Interval
from sleeptime_lib.analysis.misled import Exchange, Split
from sleeptime_lib.analysis.notes_used import NotesUse
from sleeptime_lib.analysis.report import Report
from sleeptime_lib.errors import InputError
from sleeptime_lib.figures import Picture, look
from sleeptime_lib.store import read_sleeps

if TYPE_CHECKING:
    from sleeptime_lib.reporting import Run


def picture(drawn: Picture) -> Image:
    """A picture as PNG: it survives HTML export and GitHub's viewer, as a widget does not."""
    return Image(figures.to_png(drawn), width=look.WIDTH, alt=drawn.alt)


def source(run: Run) -> Markdown:
    """Who answered, and where and when: of a recording, what its file says."""
    about = run.manifest.get("recording")
    if about:
        parts = [about["quantisation"], about["licence"], about["server"]]
        return Markdown(
            f"Answers of **{run.model}** ({', '.join(part for part in parts if part)}), recorded "
            f"on {about['date']} and replayed: nothing was sent or billed. Recorded with\n\n"
            f"```\n{about['command']}\n```"
        )
    if run.manifest.get("simulated"):
        return Markdown("Answers of the **simulated** model: they say nothing about real ones.")
    return Markdown(f"Answers of **{run.model}** at {run.manifest['config']['base_url']}.")


def notes(run: Run, context_id: str, draw: int = 0) -> Markdown:
    """The notes of one sleep phase, as the model wrote them.

    Args:
        run: A finished run.
        context_id: Whose notes.
        draw: Which of the parallel phases, from 0.

    Raises:
        InputError: The run has no such notes.
    """
    sleeps = read_sleeps(run.path)
    found = sleeps[(sleeps.context_id == context_id) & (sleeps.draw == draw)]
    if found.empty:
        raise InputError(f"{run.path} has no notes of sleep phase {draw} on {context_id}")
    record = found.iloc[0]
    return Markdown(
        f"```text\n{record.text}\n```\n"
        f"{record.rewrites} rewrites, {record.completion_tokens} tokens generated asleep"
    )


def notes_use(use: NotesUse) -> Markdown:
    """What became of the notes of one sleep setting, and accuracy by whether questions came."""
    lines = [
        "| what a question asks for was | questions | baseline | sleep-time | gain, points |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for effect in use.effects:
        if effect.budget is None and effect.n:
            arms = [_percent(effect.baseline), _percent(effect.sleep)]
            gain = effect.gain_points
            gained = f"{gain.estimate:+.1f} {wording.between(gain.low, gain.high)}"
            words = [_OUTCOMES[effect.outcome], f"{effect.questions:,}", *arms, gained]
            lines.append("| " + " | ".join(word.strip() for word in words) + " |")
    said = [
        f"Of {use.lines:,} lines of notes {_percent(use.used)} state what a question asks for.",
        f"Of {use.questions:,} questions {_percent(use.anticipated)} were anticipated.",
    ]
    if math.isfinite(use.wrong.estimate):
        said.append(f"Of the numbers in the notes {_percent(use.wrong)} are wrong.")
    said.append(f"Accuracies are over all budgets; in brackets {100 * use.confidence:g}% limits.")
    return Markdown("\n".join([*lines, "", " ".join(said)]))


def exchange(found: Exchange, examples: int = 3) -> Markdown:
    """What notes won and lost at one budget, with some of the lost questions.

    Args:
        found: What `reporting.exchange` gave.
        examples: How many lost questions to show; those with a copied number come first.
    """
    lost = len(found.lost)
    parts = [
        f"Level {found.budget}, {found.line.label}: with and without notes {found.both} questions "
        f"are right, {found.neither} wrong in both arms; notes **won {found.won}** and **lost "
        f"{lost}**. In {found.copied} of the {lost} the wrong answer is a number that stands in "
        "the notes.",
        f"The right answer stands in the notes of {_accuracies(found.stated)}. It is missing from "
        f"those of {_accuracies(found.unstated)}.",
    ]
    for one in found.lost[:examples]:
        said = "no number" if one.sleep is None else f"**{one.sleep}**"
        why = f", copied from the line *{one.copied.name}*" if one.copied else ""
        parts.append(
            f"> {one.context.text} {one.question.text}\n>\n"
            f"> Right: {one.question.gold}. Without notes: {one.baseline}. With notes: {said}{why}."
            f"\n\n```text\n{one.notes}\n```"
        )
    return Markdown("\n\n".join(parts))


def _accuracies(split: Split) -> str:
    if not split.questions:
        return "no question"
    before, after = (100 * right / split.questions for right in (split.baseline, split.sleep))
    return (
        f"{split.questions} questions, where notes take accuracy from {before:.1f}% to {after:.1f}%"
    )


_OUTCOMES: Final = {
    "right": "in the notes, right",
    "wrong": "in the notes, wrong",
    "missed": "not in the notes",
}


def _percent(share: Interval) -> str:
    limits = wording.between(100 * share.low, 100 * share.high)
    return f"{100 * share.estimate:.1f}% {limits}".strip()


def table(report: Report) -> Markdown:
    """A report's table, and what it amounts to."""
    return Markdown(tables.to_markdown(report))
