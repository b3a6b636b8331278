"""Before a run: whether a budget can be set at the server, and whether it changes anything there.

A knob that a server ignores gives points that look like a flat curve. So the lowest and the highest
budget are asked one hard question before anything else is paid for. A forced budget is kept by our
own requests; what has to be seen there is that the server goes on with a message it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sleeptime_lib.errors import CallError, StopRun
from sleeptime_lib.experiment import Answers, Call, Setting
from sleeptime_lib.methods.controls import LINE, WITHOUT_NOTES
from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.knobs import HARD_QUESTION, HARD_SITUATION, counting, goes_on, moved
from sleeptime_lib.records import Context, Question, budget_name, is_simulated
from sleeptime_lib.study import Study

HARD: Final = (
    Context("knob", "knob", HARD_SITUATION),
    Question("knob", "knob", HARD_QUESTION.removeprefix(HARD_SITUATION).strip(), "0"),
)


@dataclass(frozen=True, slots=True)
class KnobCheck:
    """What was seen of a budget.

    Attributes:
        kind: What the budget counts.
        works: Whether it changes anything.
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
            raise StopRun(
                f"{self.kind} budgets change nothing here ({self.seen}): take --budget-kind "
                f"{endpoint.knobs.others(self.kind)}, or add --knob go-on to run all the same"
            )


def check_budgets(study: Study, endpoint: Endpoint) -> None:
    """Refuse budgets that the server is known to refuse, to ignore or to take for others.

    Raises:
        InputError: It is; the message says what works instead.
    """
    for setting in study.settings:
        budget = setting.asked_at if setting.budget_kind == LINE else setting.budget
        endpoint.knobs.check(setting.asked_by, budget)
        if setting.sleep is not None:
            endpoint.knobs.check_effort(setting.sleep.effort)
            if setting.sleep.thinking:
                endpoint.knobs.check("thinking", setting.sleep.thinking)


async def check_knob(study: Study, client: Answers, endpoint: Endpoint) -> KnobCheck | None:
    """Ask a hard question at the lowest and the highest budget.

    Returns:
        What was seen; None for verbosity, for a single budget, and for recordings and the simulated
        model, which are known.

    Raises:
        StopRun: The budget is refused, or the server cannot be asked.
    """
    settings = sorted(_test_side(study), key=lambda setting: setting.budget)
    if not settings or endpoint.recording or is_simulated(endpoint.model):
        return None
    low, high = settings[0], settings[-1]
    kind = low.budget_kind
    try:
        if kind == "forced":
            reply = await Call(client, "probe").send(counting(client.model))
            works = goes_on(reply.text)
            manner = "goes on with" if works else "starts over in place of going on with"
            return KnobCheck(kind, works, f"the server {manner} a message that was begun")
        if low.budget == high.budget:
            return None
        taken = [await _tokens(study, client, setting) for setting in (low, high)]
    except CallError as error:
        raise StopRun(f"cannot find out what {kind} budgets change: {error}") from None
    ends = [budget_name(kind, setting.budget) for setting in (low, high)]
    seen = (
        f"a hard question took {taken[0]:,} tokens at {kind} {ends[0]} and {taken[1]:,} at "
        f"{kind} {ends[1]}"
    )
    return KnobCheck(kind, moved(*taken), seen)


def _test_side(study: Study) -> list[Setting]:
    kinds = ("effort", "thinking", "forced")
    awake = [one for one in study.settings if one.budget_kind in kinds and one.sleep is None]
    return [one for one in awake if one.arm not in WITHOUT_NOTES]


async def _tokens(study: Study, client: Answers, setting: Setting) -> int:
    call = Call(client, "probe")
    await study.experiment.answer(call, *HARD, setting, (), 0)
    return call.usage.completion
