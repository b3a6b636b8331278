"""An agent's attempt step by step: what it asked for, what it was told, and which files it changed.

Everything is read again from the run's replies (`Run.traces`); nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets

from sleeptime_lib.analysis.tables import Table
from sleeptime_lib.errors import InputError
from sleeptime_lib.explorer import SliderNames, in_notebook
from sleeptime_lib.page import ERROR, NO_FORMULAS, as_block, as_table, heading, paragraph
from sleeptime_lib.records import budget_name
from sleeptime_lib.results import Run
from sleeptime_lib.tasks.swe.places import named
from sleeptime_lib.texts import brief
from sleeptime_lib.traces import CallTrace, Trace

LONGEST: Final = 2_000
"""Characters that are shown of one argument or result."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One tool call of an attempt.

    Attributes:
        number: From 1.
        tool: Its name; "" for a reply that called none.
        given: Its arguments; of broken ones the text under "arguments".
        said: What the model said with it.
        result: What it was told; "" for the last calls, of which nobody asked on.
    """

    number: int
    tool: str
    given: Mapping[str, str]
    said: str
    result: str

    @property
    def title(self) -> str:
        """The call in one line."""
        return " ".join(part for part in (self.tool or "(no tool)", self.given.get("path")) if part)

    @property
    def details(self) -> str:
        """What else was given, and what came of it."""
        parts = [self.said]
        parts += [f"{name}:\n{text}" for name, text in self.given.items() if name != "path"]
        parts.append(f"→ {self.result}" if self.result else "")
        return "\n".join(brief(part, LONGEST) for part in parts if part)


def steps_of(asked: tuple[CallTrace, ...]) -> list[Shown]:
    """The tool calls of an attempt or of a sleep phase, in order."""
    if not asked:
        return []
    last = asked[-1]
    messages = [dict(message) for message in last.request.messages]
    final: dict[str, Any] = {"role": "assistant", "content": last.reply.text}
    final["tool_calls"] = [
        {"function": {"name": call.name, "arguments": call.arguments}}
        for call in last.reply.tool_calls
    ]
    found: list[Shown] = []
    for at, message in enumerate([*messages, final]):
        if message["role"] != "assistant":
            continue
        told = _told(messages[at + 1 :])
        calls = [call["function"] for call in message.get("tool_calls") or ()] or [{}]
        for i, call in enumerate(calls):
            said = str(message.get("content") or "") if not i else ""
            given = _given(str(call.get("arguments", "")))
            result = next(told, "")
            found.append(Shown(len(found) + 1, str(call.get("name", "")), given, said, result))
    return found


def _told(messages: list[dict[str, Any]]) -> Iterator[str]:
    """The results that stand between one reply and the next."""
    for message in messages:
        if message["role"] == "assistant":
            return
        yield str(message.get("content") or "")


def _given(written: str) -> dict[str, str]:
    try:
        value = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return {"arguments": written}
    if not isinstance(value, dict):
        return {"arguments": written}
    return {str(name): str(content) for name, content in value.items()}


def find_attempt(run: Run, question_id: str, arm: str, budget: int) -> Trace:
    """The first attempt at a task in one arm at one budget.

    Raises:
        InputError: The run has no such attempt, or it cannot be read again.
    """
    for trace in run.traces(question_id=question_id):
        setting = trace.planned.setting
        if (setting.arm, setting.budget) == (arm, budget):
            return trace
    raise InputError(f"{run.path} has no answered {arm} row of {question_id} at {budget} steps")


def given_to(trace: Trace) -> tuple[str, str]:
    """What an attempt was given beside its ticket: "notes" or "past changes", and the text."""
    if trace.planned.setting.sleep is None:
        return "past changes", trace.planned.context.text
    return "notes", "\n\n".join(trace.notes)


def opening(trace: Trace) -> str:
    """The ticket of an attempt and what it was given, as HTML."""
    what, text = given_to(trace)
    ticket = heading("Ticket") + as_block(trace.planned.question.text)
    return ticket + heading(f"Given: {what}") + as_block(brief(text, LONGEST))


def outcome(trace: Trace) -> str:
    """The files of an attempt beside those of the true change, as HTML."""
    return heading("Its files beside those of the true change") + as_table(files_table(trace))


def files_table(trace: Trace) -> Table:
    """Every file that was changed or should have been: what was done, read, and known of it."""
    modified, created = named(trace.answer)
    true, new = named(trace.planned.question.gold)
    what, known = given_to(trace)
    read: dict[str, int] = {}
    for step in steps_of(trace.asked):
        if step.tool == "read_lines":
            read.setdefault(step.given.get("path", ""), step.number)
    rows = []
    for path in sorted(modified | created | true | new):
        done = "modified" if path in modified else "created" if path in created else ""
        should = "modified" if path in true else "created" if path in new else ""
        at = f"at step {read[path]}" if path in read else ""
        rows.append((path, should, done, at, "yes" if path in known else ""))
    header = "file", "true change", "this attempt", "read", f"in the {what}"
    score = f"F1 of the modified files: {100 * trace.score:.0f}%."
    every = tuple(range(len(header)))
    return Table("files", score, header, tuple(rows), every, (score,), header, tuple(rows))


class AttemptBrowser:
    """Chooses a task, an arm and a budget, and goes through the attempt step by step.

    Below the step stand what the attempt made of the files and what it had been given.

    Show it as the last value of a cell.

    Args:
        run: A run of an agent.

    Raises:
        InputError: It has no attempt that could be shown.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        rows = run.rows[(run.rows.error == "") & (run.rows.calls > 0) & (run.rows.budget > 0)]
        if rows.empty:
            raise InputError(f"{run.path} has no attempt of an agent to show")
        texts = {q.question_id: q.text.split("\n")[0] for q in run.task().questions}
        tasks = [
            (brief(f"{texts[name]} ({name})", 100), name) for name in rows.question_id.unique()
        ]
        ways = sorted(
            {(arm, int(budget)) for arm, budget in zip(rows.arm, rows.budget, strict=True)}
        )
        kind = str(rows.budget_kind.iloc[0])
        named_ways = [(f"{arm}, {budget_name(kind, n)} {kind}", (arm, n)) for arm, n in ways]
        wide = ipywidgets.Layout(width="98%")
        self._task = ipywidgets.Dropdown(options=tasks, description="Task", layout=wide)
        self._way = ipywidgets.Dropdown(options=named_ways, description="Attempt", value=ways[-1])
        self._step = ipywidgets.IntSlider(min=1, max=1, description="Step", layout=wide)
        self._text, self._about = ipywidgets.HTML(), ipywidgets.HTML()
        self._steps: list[Shown] = []
        for control in (self._task, self._way):
            control.observe(lambda _: self._choose(), names="value")
        self._step.observe(lambda _: self._show(), names="value")
        self.widget = ipywidgets.VBox(
            [self._task, self._way, self._step, self._text, self._about, SliderNames()]
        )
        self._choose()

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return in_notebook(self.widget, "a browser of attempts, step by step", how)

    def _choose(self) -> None:
        arm, budget = self._way.value
        try:
            trace = find_attempt(self._run, self._task.value, arm, budget)
        except InputError as error:
            self._steps, self._about.value = [], ""
            self._text.value = paragraph(str(error), colour=ERROR)
            return
        self._steps = steps_of(trace.asked)
        self._step.max = max(len(self._steps), 1)
        self._step.value = 1
        self._about.value = f'<div class="{NO_FORMULAS}">{outcome(trace)}{opening(trace)}</div>'
        self._show()

    def _show(self) -> None:
        if self._steps:
            step = self._steps[min(self._step.value, len(self._steps)) - 1]
            self._text.value = paragraph(step.title) + as_block(step.details, alone=True)
