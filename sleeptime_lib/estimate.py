"""What a run will take, told before it is paid for.

Calls and prompt tokens follow from the plan and the texts. Generated tokens cannot be known
beforehand: they are what the experiment expects of each setting, and the report of a finished run
shows estimate and fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.experiment import Expected, Setting
from sleeptime_lib.models.prices import Price
from sleeptime_lib.records import Task, Usage
from sleeptime_lib.study import questions_in, rows_of

CHARS_PER_TOKEN: Final = 4.0
CALLS_IN_FLIGHT: Final = 20
TOKENS_PER_SECOND: Final = 50
"""Speed of one call in flight, for the estimate of time."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, without the cache.

    Attributes:
        rows: Rows in the plan.
        answer_calls: Calls that answer, about.
        sleep_calls: Calls of sleep phases, about.
        prompt_tokens: Of all calls, about.
        completion_tokens: Of all calls, about.
        cost_usd: At the model's listed price; None when the price is not known.
        seconds: At 20 calls in flight and 50 tokens a second each.
    """

    rows: int
    answer_calls: int
    sleep_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    seconds: float

    @property
    def calls(self) -> int:
        """All calls."""
        return self.answer_calls + self.sleep_calls


def estimate(
    task: Task,
    settings: Sequence[Setting],
    expect: Callable[[Setting], Expected],
    price: Price | None,
) -> Estimate:
    """Estimate a whole run of a task in these settings."""
    questions, contexts = len(task.questions), {q.context_id for q in task.questions}
    situations = {name: len(task.contexts[name].text) / CHARS_PER_TOKEN for name in contexts}
    asked = sum(situations[q.context_id] + len(q.text) / CHARS_PER_TOKEN for q in task.questions)
    calls = prompt = completion = 0.0
    draws: dict[tuple[str, int], tuple[int, Expected]] = {}
    for setting in settings:
        each = expect(setting)
        part = questions_in(questions, setting)
        answers = setting.samples * (len(contexts) if each.once_per_context else part)
        read = each.frame_tokens + each.notes_tokens * setting.sleep_parallel
        text = (
            sum(situations.values()) if each.once_per_context else asked * part / max(questions, 1)
        )
        calls += each.calls * answers
        prompt += each.calls * (answers * read + setting.samples * text)
        completion += each.completion_tokens * answers
        if setting.sleep:
            phase = setting.sleep.effort, setting.sleep.first
            most = max(draws.get(phase, (0, each))[0], setting.sleep.parallel)
            draws[phase] = (most, each)
    sleep_calls = 0.0
    for count, each in draws.values():
        sleep_calls += count * each.sleep_calls * len(contexts)
        completion += count * each.sleep_tokens * len(contexts)
        # Each call sees the opening and everything written before.
        written = each.sleep_tokens * (each.sleep_calls - 1) / 2
        opening = len(contexts) * each.sleep_frame_tokens + sum(situations.values())
        prompt += count * (each.sleep_calls * opening + len(contexts) * written)
    usage = Usage(prompt=round(prompt), completion=round(completion))
    return Estimate(
        rows=rows_of(questions, settings),
        answer_calls=round(calls),
        sleep_calls=round(sleep_calls),
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        cost_usd=price.cost(usage) if price else None,
        seconds=completion / (TOKENS_PER_SECOND * CALLS_IN_FLIGHT),
    )
