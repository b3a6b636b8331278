"""Before a run: whether a budget can be set at the server, and whether it changes anything there.

A knob that a server ignores gives points that look like a flat curve. So the lowest and the highest
budget are asked one hard question before anything else is paid for. A forced budget is kept by our
own requests; what has to be seen there is that the server goes on with a message it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Answers, Call, Setting
from sleeptime_lib.methods.controls import LINE, WITHOUT_NOTES
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.knobs import HARD_QUESTION, HARD_SITUATION, counting, goes_on, moved
from sleeptime_lib.records import EFFORTS, Context, Question, budget_name, is_simulated
from sleeptime_lib.study import Study

HARD: Final = (
    Context("knob", "knob", HARD_SITUATION),
    Question("knob", "knob", HARD_QUESTION.removeprefix(HARD_SITUATION).strip(), "0"),
)


ASLEEP: Final = "sleep effort"
"""Kind of the budgets of sleep phases."""


@dataclass(frozen=True, slots=True)
class KnobCheck:
    """What was seen of the budgets of answers and of sleep phases.

    Attributes:
        kind: What they count; of both the one that changes nothing.
        works: Whether they change anything.
        seen: What was seen, as one line.
    """

    kind: str
    works: bool
    seen: str

    def stop_if_idle(self, endpoint: Endpoint) -> None:
        """Stop a run whose budget changes nothing.

        Raises:
            StopRun: It changes nothing; the message says what works instead.
        """
        if not self.works:
            instead = f"--budget-kind {endpoint.server.others(self.kind)}"
            if self.kind == ASLEEP:
                instead = "one effort asleep"
            raise StopRun(
                f"{self.kind} budgets change nothing here ({self.seen}): take {instead}, or add "
                "--knob go-on to run all the same"
            )


def check_budgets(study: Study, endpoint: Endpoint) -> None:
    """Refuse budgets that the server is known to refuse, to ignore or to take for others.

    Raises:
        InputError: It is; the message says what works instead.
    """
    for setting in study.settings:
        budget = setting.asked_at if setting.budget_kind == LINE else setting.budget
        endpoint.server.check(setting.asked_by, budget)
        if setting.sleep is not None:
            endpoint.server.check_effort(setting.sleep.effort)
            if study.method.is_forced:
                endpoint.server.check("forced", setting.sleep.thinking)
            elif setting.sleep.thinking:
                endpoint.server.check("thinking", setting.sleep.thinking)


async def check_knob(study: Study, client: Answers, endpoint: Endpoint) -> KnobCheck | None:
    """Ask a hard question at the lowest and the highest budget, and of efforts asleep likewise.

    Returns:
        What was seen; None where nothing is compared: for verbosity, for single budgets, and for
        recordings and the simulated model, which are known.

    Raises:
        StopRun: The budget is refused, or the server cannot be asked.
    """
    if endpoint.recording or is_simulated(endpoint.model):
        return None
    awake, asleep = _awake(study), _asleep(study)
    is_forced = study.method.is_forced and any(one.sleep for one in study.settings)
    checks = []
    if is_forced or (awake and awake[0].budget_kind == "forced"):
        checks.append(await _check_forced(client))
    elif awake:
        checks.append(await _check_ends(study, client, awake[0].budget_kind, awake))
    if asleep:
        checks.append(await _check_ends(study, client, ASLEEP, asleep))
    if not checks:
        return None
    seen = "; ".join(check.seen for check in checks)
    return replace(min(checks, key=lambda check: check.works), seen=seen)


def _awake(study: Study) -> list[Setting]:
    """Settings of the answers, from the lowest budget to the highest, where they differ."""
    kinds = ("effort", "thinking", "forced")
    found = [one for one in study.settings if one.budget_kind in kinds and one.sleep is None]
    found = [one for one in found if one.arm not in WITHOUT_NOTES]
    found.sort(key=lambda one: one.budget)
    several = found and (found[0].budget_kind == "forced" or found[0].budget < found[-1].budget)
    return found if several else []


def _asleep(study: Study) -> list[Setting]:
    """Settings of the sleep phase, from the lowest effort to the highest, where they differ."""
    found = [one for one in study.settings if one.sleep and one.sleep.effort in EFFORTS]
    found.sort(key=lambda one: EFFORTS.index(one.sleep_effort))
    return found if found and found[0].sleep_effort != found[-1].sleep_effort else []


async def _check_forced(client: Answers) -> KnobCheck:
    try:
        reply = await Call(client, "probe").send(counting(client.model))
    except CallError as error:
        raise StopRun(f"cannot find out what forced budgets change: {error}") from None
    works = goes_on(reply.text)
    manner = "goes on with" if works else "starts over in place of going on with"
    return KnobCheck("forced", works, f"the server {manner} a message that was begun")


async def _check_ends(
    study: Study, client: Answers, kind: str, settings: Sequence[Setting]
) -> KnobCheck:
    low, high = settings[0], settings[-1]
    names = [
        one.sleep_effort if kind == ASLEEP else budget_name(kind, one.budget) for one in (low, high)
    ]
    try:
        taken = [await _tokens(study, client, kind, setting) for setting in (low, high)]
    except CallError as error:
        raise StopRun(f"cannot find out what {kind} budgets change: {error}") from None
    what = "sleep phase" if kind == ASLEEP else "question"
    seen = (
        f"a hard {what} took {taken[0]:,} tokens at {kind} {names[0]} and {taken[1]:,} at {kind} "
        f"{names[1]}"
    )
    return KnobCheck(kind, moved(*taken), seen)


async def _tokens(study: Study, client: Answers, kind: str, setting: Setting) -> int:
    call = Call(client, "probe")
    if kind == ASLEEP:
        await study.method.take(call, HARD[0], setting, 0)
    else:
        await study.experiment.answer(call, *HARD, setting, (), 0)
    return call.usage.completion
