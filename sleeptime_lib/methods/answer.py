"""Answering a question at a test-time budget: T_b(q, c') -> a (paper sections 3, 4.2, 5.2).

The baseline, the sleep arm and the parallel draws of pass@k are the same request with other
notes, another level or another sample index, so that nothing but the method differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sleeptime_lib.methods import prompts
from sleeptime_lib.records import Arm, Context, Question, Reply, Request
from sleeptime_lib.tasks.grading import extract_answer, is_correct


@dataclass(frozen=True, slots=True)
class Setting:
    """One point to measure: an arm at a budget, drawn one or more times.

    Attributes:
        arm: Which arm.
        budget_kind: "verbosity", or "samples" for the repeated draws of pass@k.
        budget: Verbosity level, 0 to 4.
        sleep_parallel: Parallel sleep phases whose notes are joined; 0 for none.
        sleep_effort: Reasoning effort of the sleep phase; "" for the model's default.
        samples: Number of draws.
        temperature: Sampling temperature; None leaves it to the server.
    """

    arm: Arm
    budget_kind: str
    budget: int
    sleep_parallel: int = 0
    sleep_effort: str = ""
    samples: int = 1
    temperature: float | None = 0.0


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What all answer calls of a run share.

    Attributes:
        model: Model name at the endpoint.
        seed: Seed of the first sample; sample i uses seed + i.
        max_tokens: Most tokens in one answer.
    """

    model: str
    seed: int
    max_tokens: int


def answer_request(
    context: Context,
    question: Question,
    setting: Setting,
    notes: Sequence[str],
    sample: int,
    options: AnswerOptions,
) -> Request:
    """The request that answers a question in one setting.

    Args:
        context: What the question is about.
        question: The question; withheld in the context-only arm.
        setting: Arm, budget and temperature.
        notes: The k blocks of the sleep phase; empty in the other arms.
        sample: Index of the draw.
        options: What all answer calls share.
    """
    if setting.arm == "context_only":
        messages = prompts.context_only_messages(context.text, setting.budget)
    else:
        messages = prompts.answer_messages(context.text, notes, question.text, setting.budget)
    return Request(
        model=options.model,
        messages=messages,
        temperature=setting.temperature,
        seed=options.seed + sample,
        max_tokens=options.max_tokens,
        sample=sample,
    )


def grade(reply: Reply, question: Question) -> tuple[str | None, float]:
    """Prediction (None when the reply has no number) and score (0.0 or 1.0)."""
    prediction = extract_answer(reply.text)
    return prediction, float(prediction is not None and is_correct(prediction, question.gold))
