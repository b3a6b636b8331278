"""What was asked and answered in a run, read again from its plan and its replies.

Requests are not stored: data, prompts and options give them again.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Call
from sleeptime_lib.models.cache import Source
from sleeptime_lib.models.requests import encode, key_of
from sleeptime_lib.records import Reply, Request
from sleeptime_lib.study import Planned, Study, answer, notes_read, plan, settle, settled, take


@dataclass(frozen=True, slots=True)
class CallTrace:
    """One model call as it went: the request and its reply."""

    request: Request
    reply: Reply


@dataclass(frozen=True, slots=True)
class Trace:
    """One row as it came about.

    Attributes:
        planned: Context, question, setting and sample.
        notes: The notes that were read: of each draw, or as the sleep method joins them.
        slept: The calls of each draw that made them.
        asked: The calls of the answer.
        answer: Its text.
        prediction: What was read from it.
        score: From 0 to 1.
    """

    planned: Planned
    notes: tuple[str, ...]
    slept: tuple[tuple[CallTrace, ...], ...]
    asked: tuple[CallTrace, ...]
    answer: str
    prediction: str | None
    score: float


@dataclass(slots=True)
class Rereader:
    """Answers requests with the replies of a finished run, and keeps who asked what."""

    model: str
    replies: Source
    kept: list[CallTrace] = field(default_factory=list)

    async def complete(self, request: Request, *, owner: str) -> Reply:
        """The reply that was given then.

        Raises:
            InputError: There was no such request.
        """
        reply = self.replies.get(key_of(encode(request.body()), request.sample, request.path))
        if reply is None:
            raise InputError(
                "the run has no reply to a request that its experiment makes now: prompts or code "
                "have changed since, or the call failed"
            )
        self.kept.append(CallTrace(request, reply))
        return reply

    def taken(self) -> tuple[CallTrace, ...]:
        """What was asked since the last time."""
        kept, self.kept = tuple(self.kept), []
        return kept


async def traces(
    study: Study,
    found_out: Mapping[str, Any] | None,
    keys: Container[Any],
    client: Rereader,
) -> list[Trace]:
    """Go through the plan of a run again.

    Args:
        study: What was run.
        found_out: What its sleep method found out before; None where that is not known (in runs of
            format 1).
        keys: Of the rows to trace.
        client: Answers with the replies that were given then.

    Raises:
        InputError: There is no reply to a request.
    """
    if found_out is None:
        found_out = await settle(study, client)
        client.taken()
    study = settled(study, found_out)
    rows = (row for row in plan(study.task, study.settings) if row.key in keys)
    return [await _trace(study, row, client) for row in rows]


async def _trace(study: Study, planned: Planned, client: Rereader) -> Trace:
    call = Call(client, "trace")
    taken, slept = [], []
    for draw in range(planned.setting.sleep_parallel):
        taken.append(await take(study, planned.source, planned.setting, draw, call))
        slept.append(client.taken())
    answered, grade = await answer(study, planned, taken, call)
    return Trace(
        planned=planned,
        notes=tuple(note.text for note in notes_read(study, taken)),
        slept=tuple(slept),
        asked=client.taken(),
        answer=answered.text,
        prediction=grade.prediction,
        score=grade.score,
    )
