"""What a run will take, told before it is paid for.

Calls and prompt tokens follow from the plan and the prompts. Completion tokens cannot be known
beforehand: they are taken from the tables below, which are round numbers near what instruction-
tuned models wrote in our trials, and the report of a finished run shows estimate and fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sleeptime_lib.methods import prompts
from sleeptime_lib.methods.answer import AnswerOptions, Setting, answer_request
from sleeptime_lib.models.prices import PRICES, Prices
from sleeptime_lib.records import Task, Usage

CHARS_PER_TOKEN: Final = 4.0
ANSWER_TOKENS: Final = (10, 30, 45, 80, 300)
"""Completion tokens of one answer, by verbosity level."""
SLEEP_CALLS: Final = 3
"""Calls of one draw of the sleep phase: two rewrites and the end."""
SLEEP_TOKENS: Final = 300
"""Completion tokens of one draw of the sleep phase, all calls together."""
NOTES_TOKENS: Final = 120
"""Tokens of the notes that one draw leaves behind."""
CALLS_IN_FLIGHT: Final = 20
TOKENS_PER_SECOND: Final = 50
"""Speed of one call in flight, for the estimate of time."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, without the cache.

    Attributes:
        rows: Rows in the plan.
        answer_calls: Calls that answer.
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
    task: Task, settings: Sequence[Setting], model: str, prices: Prices = PRICES
) -> Estimate:
    """Estimate a whole run of a task in these settings."""
    options = AnswerOptions(model, 0, 1)
    rows = calls = prompt = completion = 0
    asked_without_question: set[str] = set()
    for question in task.questions:
        context = task.contexts[question.context_id]
        # The settings share their texts up to the instruction, so one request is measured.
        sample = answer_request(context, question, settings[0], (), 0, options)
        length = _tokens(sample.messages)
        repeated = question.context_id in asked_without_question
        for setting in settings:
            rows += setting.samples
            if setting.arm == "context_only" and repeated:
                continue
            calls += setting.samples
            prompt += setting.samples * (length + NOTES_TOKENS * setting.sleep_parallel)
            completion += setting.samples * ANSWER_TOKENS[setting.budget]
        asked_without_question.add(question.context_id)
    draws = max((setting.sleep_parallel for setting in settings), default=0)
    contexts = {question.context_id for question in task.questions}
    for context_id in contexts:
        opening = prompts.situation_block(task.contexts[context_id].text, ())
        frame = len(prompts.SLEEP_FRAME.text) + len(prompts.SLEEP_TOOLS.text)
        start = (len(opening) + frame) / CHARS_PER_TOKEN
        # Each call sees the opening and everything written before.
        written = SLEEP_TOKENS * (SLEEP_CALLS - 1) / 2
        prompt += round(draws * (SLEEP_CALLS * start + written))
    sleep_calls = draws * SLEEP_CALLS * len(contexts)
    completion += draws * SLEEP_TOKENS * len(contexts)
    return Estimate(
        rows=rows,
        answer_calls=calls,
        sleep_calls=sleep_calls,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=prices.cost(model, Usage(prompt=prompt, completion=completion)),
        seconds=completion / (TOKENS_PER_SECOND * CALLS_IN_FLIGHT),
    )


def _tokens(messages: Sequence[object]) -> int:
    return round(sum(len(str(message)) for message in messages) / CHARS_PER_TOKEN)
