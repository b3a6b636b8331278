"""The nouns of the workbench, as frozen records, and the schema of a result row.

Nothing here knows how a record is made, stored or drawn. Token counts are integers in the
model's own tokens; times are seconds; money is USD.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

SIMULATED: Final = "simulated"
"""Name of the simulated model, and the only thing by which its results are told apart."""

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Reasoning efforts from least to most; as a budget, an effort is its place here."""

FLOOR: Final = "floor_"
"""Begins the name of an arm that takes no budget: a level that the others have to beat."""


def budget_name(kind: str, budget: int) -> str:
    """A budget as people write it: an effort by its name, all others as numbers."""
    return EFFORTS[budget] if kind == "effort" and budget < len(EFFORTS) else str(budget)


def is_simulated(model: str) -> bool:
    """Whether answers of this model are the simulated model's, which are marked everywhere."""
    return model == SIMULATED


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that can be asked about a generated context.

    Attributes:
        name: Short noun phrase, unique within the context ("muffins left").
        question: A question that asks for it.
        gold: Its value as a plain decimal ("12.5").
        steps: Number of arithmetic steps from the numbers in the text.
        likelihood: Chance that a question about this context asks for it; the likelihoods of
            one context's quantities sum to 1.
    """

    name: str
    question: str
    gold: str
    steps: int
    likelihood: float


@dataclass(frozen=True, slots=True)
class Context:
    """A text that is known before any question about it (paper section 3).

    Attributes:
        context_id: Unique within its task.
        cluster_id: What the context was made from (GSM template, scenario family); contexts of
            one cluster are not independent, and intervals resample clusters.
        text: The context c; may be empty.
        quantities: What can be asked about it, where the generator knows; otherwise empty.
    """

    context_id: str
    cluster_id: str
    text: str
    quantities: tuple[Quantity, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one context, with the number that answers it.

    Attributes:
        question_id: Unique within its task.
        context_id: The context it is about.
        text: The question q, without the context.
        gold: The right answer as a number in text form ("1234.5").
    """

    question_id: str
    context_id: str
    text: str
    gold: str


@dataclass(frozen=True, slots=True)
class Task:
    """Contexts and the questions about them: what an experiment runs on.

    Attributes:
        name: The dataset's name as given by the user.
        contexts: By context_id, in reading order.
        questions: In reading order; every context_id is a key of `contexts`.
        notices: One line for each thing the reader of the results should know about the
            loading (rows that the two splitters cut differently, rows left out and why).
    """

    name: str
    contexts: Mapping[str, Context]
    questions: tuple[Question, ...]
    notices: tuple[str, ...] = ()

    def by_context(self) -> dict[str, list[Question]]:
        """The questions by context_id, in reading order; contexts without one are left out."""
        asked: dict[str, list[Question]] = {}
        for question in self.questions:
            asked.setdefault(question.context_id, []).append(question)
        return asked

    def fingerprint(self) -> str:
        """SHA-256 over every text, id and gold answer; changes when any of them does."""
        digest = hashlib.sha256()
        for context in self.contexts.values():
            parts = ["c", context.context_id, context.cluster_id, context.text]
            digest.update(json.dumps(parts).encode())
        for question in self.questions:
            parts = ["q", question.question_id, question.context_id, question.text, question.gold]
            digest.update(json.dumps(parts).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call or of several added up.

    Attributes:
        prompt: Tokens in the prompt, cached ones included.
        cached: Those of `prompt` that the server took from its prefix cache.
        completion: Generated tokens, reasoning included.
        reasoning: Those of `completion` that were hidden reasoning.
        estimated: True when the server sent no usage and a tokenizer estimated it.
        written: Those of `prompt` that the server wrote into its prefix cache, which some charge
            extra for; None when it does not say.
    """

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    estimated: bool = False
    written: int | None = None

    def __add__(self, other: Usage) -> Usage:
        """Add two usages; the sum is estimated when either part is."""
        return Usage(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.reasoning + other.reasoning,
            self.estimated or other.estimated,
            (self.written or 0) + (other.written or 0)
            if self.written is not None or other.written is not None
            else None,
        )

    @property
    def total(self) -> int:
        """Prompt plus completion tokens."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call as the model wrote it; `arguments` is unparsed text and may be broken JSON."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of a scored prompt.

    Attributes:
        token: Its text, as the server writes it.
        logprob: Natural logarithm of its probability after the tokens before it; None for the
            first token, which has none before it.
        offset: Character of the prompt at which it begins; None when the server does not say.
    """

    token: str
    logprob: float | None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One complete request: messages to answer, or a prompt whose tokens are to be scored.

    Attributes:
        model: Name of the model at the endpoint.
        messages: Chat messages in the wire format of the chat-completions API.
        tools: Tool definitions in the wire format; empty for none.
        temperature: Sampling temperature; None leaves it to the server.
        seed: Sampling seed; None sends none.
        max_tokens: Most tokens to generate; None leaves it to the server.
        reasoning_effort: "low", "medium", "high", ... for reasoning models; None sends none.
        sample: Index of this draw among repeated identical requests. Not sent; part of the key.
        extra: Further fields of the body, sent as they are.
        prompt: Text to score in place of messages: the reply has the log-probability of each of
            its tokens. Only `model`, `sample` and `extra` go with it.
    """

    model: str
    messages: tuple[Mapping[str, Any], ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    sample: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    prompt: str | None = None

    @property
    def path(self) -> str:
        """Where it is sent, below the base URL."""
        return "/chat/completions" if self.prompt is None else "/completions"

    def body(self) -> dict[str, Any]:
        """The JSON body to send; fields that are None or empty are left out."""
        if self.prompt is not None:
            scoring = {"max_tokens": 1, "echo": True, "logprobs": 1}
            return {"model": self.model, "prompt": self.prompt, **scoring, **self.extra}
        body: dict[str, Any] = {"model": self.model, "messages": list(self.messages)}
        if self.tools:
            body["tools"] = list(self.tools)
        for name in ("temperature", "seed", "max_tokens", "reasoning_effort"):
            value = getattr(self, name)
            if value is not None:
                body[name] = value
        return body | dict(self.extra)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered to one request.

    Attributes:
        text: The message's content; "" when the server sent null.
        tool_calls: Tool calls in the order written.
        finish_reason: As sent ("stop", "length", "tool_calls", ...); "" when missing.
        usage: Tokens of this call, as counted when it was really made.
        reasoning: Visible reasoning text (`reasoning_content`), or "".
        latency_s: Seconds the call took when it was really made.
        owner: Who caused the call to be made (see `Client.complete`).
        logprobs: Of every token of the prompt, in order, when the request asked for a score.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage = Usage()
    reasoning: str = ""
    latency_s: float = 0.0
    owner: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One result: a question answered in one arm at one budget, once.

    The figures and tables need nothing but rows. Experiment tokens (`test_*`, `sleep_*`) are what
    the method costs, whoever paid; billed tokens (`billed_*`) are what this run newly paid.

    Attributes:
        experiment: Experiment name, such as "stateful-gsm".
        dataset: Dataset name as given.
        model: Model name.
        cluster_id: Unit to resample for intervals (template, family, repository).
        context_id: Context the question is about.
        question_id: The question.
        arm: "baseline" (no sleep phase), "sleep", "context_only" (question withheld), a control arm
            (see `methods.controls`), or another arm of the experiment.
        budget_kind: What `budget` counts: "verbosity" (level 0-4), "samples" (draws at the lowest
            level for pass@k; `budget` is then the budget of each draw), "effort" (place in
            `EFFORTS`), "thinking" and "forced" (most thinking tokens, bounded by the server or by
            cutting it off), "line" (number of the line of the notes that is left out, 0 for none),
            or another kind of the experiment.
        budget: The budget's value.
        sleep_parallel: Parallel sleep phases whose notes were joined; 0 without a sleep phase.
        sleep_effort: Reasoning effort of the sleep phase; "" for the model's default.
        sample: Index of this draw, from 0.
        prediction: What was read from the reply ("12.5", "75%", "1/3"); None when there is none.
        gold: Right answer.
        score: From 0.0 (wrong) to 1.0 (right); None when the row failed.
        calls: Model calls of the answer.
        measures: The experiment's own numbers by name (steps, precision, log-probability, ...).
        test_prompt_tokens: Prompt tokens of the answer's calls, cached ones included.
        test_cached_tokens: Prompt tokens that came from the server's prefix cache.
        test_completion_tokens: Generated tokens of the answer's calls, reasoning included.
        test_reasoning_tokens: Hidden reasoning tokens among them.
        sleep_prompt_tokens: Prompt tokens of the whole sleep phase this row used.
        sleep_cached_tokens: Those of them that came from the server's prefix cache.
        sleep_completion_tokens: Generated tokens of that sleep phase.
        sleep_reasoning_tokens: Hidden reasoning tokens among them.
        sleep_id: The sleep phase whose notes were read, of whatever context; rows that share it
            share its cost. "" without one.
        billed_test_prompt_tokens: Prompt tokens this run paid for this row's answer. A shared call
            is billed to one row only, so the columns add up to what the run paid for its rows.
        billed_test_cached_tokens: Cached prompt tokens among them.
        billed_test_completion_tokens: Generated tokens this run paid for this row's answer.
        billed_test_reasoning_tokens: Reasoning tokens among them.
        billed_sleep_prompt_tokens: The same four of the draws of the sleep phase that this row
            is the first to use.
        billed_sleep_cached_tokens: See above.
        billed_sleep_completion_tokens: See above.
        billed_sleep_reasoning_tokens: See above.
        usage_estimated: True when a server sent no usage for some call of this row.
        latency_s: Seconds the answer's calls took when they were really made, added up.
        finish_reason: Finish reason of the answer's last call.
        error: One line when the row failed, otherwise "".
    """

    experiment: str
    dataset: str
    model: str
    cluster_id: str
    context_id: str
    question_id: str
    arm: str
    budget_kind: str
    budget: int
    sleep_parallel: int
    sleep_effort: str
    sample: int
    prediction: str | None
    gold: str
    score: float | None
    calls: int = 0
    measures: Mapping[str, float] = field(default_factory=dict)
    test_prompt_tokens: int = 0
    test_cached_tokens: int = 0
    test_completion_tokens: int = 0
    test_reasoning_tokens: int = 0
    sleep_prompt_tokens: int = 0
    sleep_cached_tokens: int = 0
    sleep_completion_tokens: int = 0
    sleep_reasoning_tokens: int = 0
    sleep_id: str = ""
    billed_test_prompt_tokens: int = 0
    billed_test_cached_tokens: int = 0
    billed_test_completion_tokens: int = 0
    billed_test_reasoning_tokens: int = 0
    billed_sleep_prompt_tokens: int = 0
    billed_sleep_cached_tokens: int = 0
    billed_sleep_completion_tokens: int = 0
    billed_sleep_reasoning_tokens: int = 0
    usage_estimated: bool = False
    latency_s: float = 0.0
    finish_reason: str = ""
    error: str = ""


ROW_COLUMNS: Final[tuple[str, ...]] = tuple(f.name for f in fields(Row))

ROW_KEY: Final[tuple[str, ...]] = (
    "question_id",
    "arm",
    "budget_kind",
    "budget",
    "sleep_parallel",
    "sleep_effort",
    "sample",
)
"""The columns that identify a row within a run; no two rows of a run agree in all of them."""

KINDS: Final = ("prompt", "cached", "completion", "reasoning")
"""Kinds of tokens, as the columns name them; `Usage` has a field for each."""

VOLATILE_COLUMNS: Final[tuple[str, ...]] = (
    *(name for name in ROW_COLUMNS if name.startswith("billed_")),
    "latency_s",
)
"""Columns that tell what happened on one occasion; equal runs agree in all the others."""
