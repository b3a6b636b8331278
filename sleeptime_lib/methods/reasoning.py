"""Answering after a chain of thought under a budget of effort, thinking tokens or forced length.

`effort` and `thinking` budgets are fields that a server may keep to. A `forced` budget needs no
field of the model's maker (paper, section 4.2; budget forcing after s1, arXiv 2501.19393): the
model thinks for at most so many tokens, is cut off there, and its reply is begun for it with words
that leave nothing but the answer to write. Where it ends before its budget it may be made to go on
by a word appended to what it wrote; each round then has what is left of the budget, not all of it
again.

A chain is asked for in steps that double from `FIRST_STEP`, up to the budget, each going on where
the last was cut off. All budgets of a question share the steps, whose requests are identical: a
ladder of budgets costs little more than its largest, and what a budget gives does not depend on
which others a run has.

What a row counts is what forcing once would take: generated tokens are those of the whole chain and
of the forced answer; prompt tokens are those of two requests, the one that began the chain and the
one that forced the answer (and one more wherever the chain ended and was made to go on). What is
billed is what was paid, steps included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

from sleeptime_lib.errors import StopRun
from sleeptime_lib.experiment import Answered, Call, Expected, Notes, Prompt, Setting, SleepSetting
from sleeptime_lib.methods import controls, rethink, verbosity
from sleeptime_lib.models.knobs import CONTINUE
from sleeptime_lib.models.requests import estimated_tokens
from sleeptime_lib.records import EFFORTS, Context, Question, Reply

BudgetKind = Literal["verbosity", "effort", "thinking", "forced"]

BUDGETS: Final[Mapping[str, tuple[int, ...]]] = {
    "effort": tuple(EFFORTS.index(name) for name in ("low", "medium", "high")),
    "thinking": (1024, 4096, 16384),
    "forced": (16, 32, 64, 128, 256),
}
"""Budgets by default, of each kind that has any: a place in `EFFORTS`, or tokens."""

FIRST_STEP: Final = 16
"""Tokens of the first step of a forced chain; each further step doubles the chain."""

THOUGHT_BEGIN: Final = "<think>"
THOUGHT_END: Final = "</think>"
"""Around the thoughts of models that mark them, where no parser takes the marks away: thoughts that
are cut off are closed before the answer is forced, and opened again to go on."""

SEED_STRIDE: Final = 1000
"""Between the seeds of a chain's requests: with one seed each would begin the same draws again."""


@dataclass(frozen=True, slots=True)
class Style:
    """How questions of one kind of data are answered after a chain of thought.

    Attributes:
        manner: Asks for a chain that is written down, and says how the answer ends.
        force: What the reply goes on with where the answer is forced; the model writes the rest.
        alone: Asks for the answer alone, of models that think out of sight.
        mark: Text, in lower case, by which an answer that was given is known.
        answer_tokens: Most tokens of a forced answer.
    """

    manner: Prompt
    force: Prompt
    alone: Prompt
    mark: str
    answer_tokens: int = 32

    def prompts(self, kind: str) -> tuple[Prompt, ...]:
        """Every text that is sent under budgets of a kind."""
        return (self.manner, self.force, WAIT) if kind == "forced" else (self.alone,)


WAIT: Final = Prompt("wait", 1, "\n\nWait,")
"""What a chain that has ended is made to go on with."""

NUMBER: Final = Style(
    Prompt(
        "reason_number",
        1,
        "Think it through step by step, in detail: say what is asked and what is known, from the "
        "situation and from the notes, then calculate one step after the other and check the "
        'result. Then end with the words "The answer is" and the number.',
    ),
    Prompt("force_number", 1, "\n\nThe answer is"),
    Prompt(
        "alone_number",
        1,
        'Write the answer alone, in one sentence: the words "The answer is" and then the number. '
        "Write nothing else.",
    ),
    mark="the answer is",
)
"""For questions whose answer is a number in a sentence."""

BOXED: Final = Style(
    Prompt(
        "reason_boxed",
        1,
        "Think it through step by step, in detail: say what is asked and what is known, from the "
        "situation and from the notes, then work it out and check the result. Then end with the "
        "answer, an integer from 0 to 999, as \\boxed{N}.",
    ),
    Prompt("force_boxed", 1, "\n\nThe final answer is \\boxed{"),
    Prompt(
        "alone_boxed",
        1,
        "Write the answer alone, an integer from 0 to 999, as \\boxed{N}. Write nothing else.",
    ),
    mark="\\boxed{",
)
"""For competition problems whose answer is an integer from 0 to 999."""


def budgets_of(kind: str, given: Sequence[int]) -> tuple[int, ...]:
    """Budgets of a kind, sorted, each once; those by default where none is given.

    Raises:
        ValueError: The kind has none of these budgets.
    """
    if kind not in BUDGETS:
        if given:
            raise ValueError(f"budgets are for --budget-kind {', '.join(BUDGETS)}")
        return ()
    most = len(EFFORTS) - 1 if kind == "effort" else max((*given, 1))
    for budget in given:
        if not (kind == "thinking") <= budget <= most:
            known = ", ".join(EFFORTS) if kind == "effort" else "numbers of tokens"
            raise ValueError(f"budgets of kind {kind} are {known}, not {budget}")
    return tuple(sorted(set(given or BUDGETS[kind])))


def read_budget(value: Any) -> Any:
    """A budget as an option takes it: a number, or an effort by its name."""
    return EFFORTS.index(value) if value in EFFORTS else value


def at_budget(setting: Setting, kind: str, budget: int) -> Setting:
    """A setting at a budget of a kind, with a limit on the length of replies that leaves it room.

    A server bounds the reply of a reasoning model with its hidden thoughts: under an effort, of
    which nobody knows how many tokens it takes, no limit is sent.
    """
    room = setting.max_tokens
    if kind == "effort":
        room = None
    elif kind == "thinking" and room is not None:
        room += budget
    return replace(setting, budget_kind=kind, budget=budget, max_tokens=room)


async def answer(
    call: Call,
    context: Context,
    question: Question,
    setting: Setting,
    notes: Sequence[Notes],
    sample: int,
    style: Style = NUMBER,
) -> Answered:
    """Answer a question under the budget of a setting, of whatever kind.

    Measures: `thinking_tokens`, generated before a forced answer, `forced` 1 where the answer was
    forced, `extensions`, how often the chain was made to go on; of effort and thinking budgets,
    `reasoning_untold` 1 where the model thought and the server does not tell how many of the
    generated tokens that took; of notes without a line see `controls.without_line`.
    """
    if setting.budget_kind == controls.LINE:
        rest, told = controls.without_line(notes, setting.budget)
        whole = controls.as_asked(setting)
        answered = await answer(call, context, question, whole, rest, sample, style)
        return replace(answered, measures={**answered.measures, **told})
    if setting.asked_by == "verbosity":
        return await verbosity.answer(call, context, question, setting, notes, sample)
    manner = style.manner if setting.asked_by == "forced" else style.alone
    opening = controls.opening(context, question, setting, notes, manner)
    if setting.asked_by == "forced":
        return await _forced(call, opening, setting, sample, style)
    field: dict[str, Any] = (
        {"effort": EFFORTS[setting.budget]}
        if setting.asked_by == "effort"
        else {"thinking": setting.budget}
    )
    reply = await call(opening, max_tokens=setting.max_tokens, **drawn(setting, sample, 0), **field)
    return Answered(reply.text, {"reasoning_untold": float(_is_untold(reply))})


def expect(setting: Setting, style: Style = NUMBER) -> Expected:
    """What an answer under a budget, and a draw of the sleep phase, are expected to take."""
    if setting.budget_kind == controls.LINE:
        setting = controls.as_asked(setting)
    if setting.asked_by == "verbosity":
        return verbosity.expect(setting)
    thinking = setting.budget
    if setting.asked_by == "effort":
        thinking = _EFFORT_TOKENS[EFFORTS[setting.budget]]
    forced = setting.asked_by == "forced"
    return Expected(
        calls=len(list(steps(thinking))) + 1 if forced else 1,
        frame_tokens=controls.frame_tokens(setting, style.manner),
        completion_tokens=thinking + 10,
        **rethink.expected(setting),
        once_per_context=setting.arm == "context_only",
    )


_EFFORT_TOKENS: Final = dict(zip(EFFORTS, (0, 150, 500, 1500, 4000, 8000, 16000), strict=True))
"""Thinking tokens of one answer by effort, for estimates: round numbers."""


def steps(budget: int) -> Iterator[int]:
    """Lengths at which a forced chain of thought is cut, the last of them the budget (tokens)."""
    step = FIRST_STEP
    while step < budget:
        yield step
        step *= 2
    if budget:
        yield budget


@dataclass(slots=True)
class Chain:
    """A chain of thought while it is being written.

    Attributes:
        text: What stands in the assistant's message.
        tokens: Generated so far.
        cut: The last reply was cut off at a step; otherwise the model ended it.
        extensions: How often it was made to go on.
        requests: Made for it so far.
    """

    text: str = ""
    tokens: int = 0
    cut: bool = False
    extensions: int = 0
    requests: int = 0

    def break_off(self, words: str) -> None:
        """Close the thoughts where they are and go on with words that are not the model's."""
        is_open = THOUGHT_BEGIN in self.text and THOUGHT_END not in self.text
        self.text = f"{self.text.rstrip()}\n{THOUGHT_END if is_open else ''}".rstrip() + words
        self.text = self.text.lstrip()


async def _forced(
    call: Call,
    opening: tuple[Mapping[str, Any], ...],
    setting: Setting,
    sample: int,
    style: Style,
) -> Answered:
    how = partial(drawn, setting, sample)
    chain = await think(call, opening, setting.budget, how, extensions=setting.extensions)
    forced = chain.cut or style.mark not in chain.text.lower()
    if forced:
        most = min(style.answer_tokens, setting.max_tokens or style.answer_tokens)
        chain.break_off(style.force.text)
        said = (*opening, begun(chain.text))
        reply = await call(said, max_tokens=most, **how(chain.requests), **CONTINUE)
        chain.text += reply.text
    measures = {
        "thinking_tokens": float(chain.tokens),
        "forced": float(forced),
        "extensions": float(chain.extensions),
    }
    return Answered(chain.text, measures)


async def think(
    call: Call,
    opening: tuple[Mapping[str, Any], ...],
    budget: int,
    how: Callable[[int], Mapping[str, Any]],
    extensions: int = 0,
) -> Chain:
    """Have the model think until it ends, or for a number of tokens at the most.

    Args:
        call: Asks the model.
        opening: The messages that it thinks about.
        budget: Tokens.
        how: Sampling of the chain's request of an index, as `Call` takes it.
        extensions: How often a chain that ends early is made to go on.

    Raises:
        StopRun: The model thinks where it cannot be cut off.
    """
    chain = Chain()
    for step in steps(budget):
        while chain.tokens < step:
            said = (begun(chain.text),) if chain.text else ()
            reply = await call(
                (*opening, *said),
                max_tokens=step - chain.tokens,
                resumes=chain.cut,
                **how(chain.requests),
                **(CONTINUE if said else {}),
            )
            chain.requests += 1
            if reply.reasoning and not reply.text:
                raise StopRun(
                    f"{call.model} thinks in a field of its own, where it cannot be cut off and "
                    "forced to answer: serve it without a reasoning parser, or take --budget-kind "
                    "thinking or effort"
                )
            chain.text += reply.text
            chain.cut = reply.finish_reason == "length"
            if chain.cut:
                chain.tokens = max(chain.tokens + reply.usage.completion, step)
                break
            chain.tokens += max(reply.usage.completion, 1)
            if chain.extensions >= extensions or chain.tokens >= step == budget:
                return chain
            chain.extensions += 1
            if THOUGHT_BEGIN in chain.text:
                chain.text = chain.text.partition(THOUGHT_END)[0]
            chain.text = chain.text.rstrip() + WAIT.text
    return chain


def begun(text: str) -> Mapping[str, Any]:
    """A reply that the model is to go on with."""
    return {"role": "assistant", "content": text}


def drawn(how: Setting | SleepSetting, draw: int, request: int) -> dict[str, Any]:
    """How the requests of one draw are sampled, as `Call` takes it."""
    seed = how.seed + draw + SEED_STRIDE * request
    return {"temperature": how.temperature, "seed": seed, "sample": draw}


def _is_untold(reply: Reply) -> bool:
    """Whether the model thought, as its reply or its length shows, and no count says how much."""
    if reply.usage.reasoning:
        return False
    hidden = reply.usage.completion > 2 * estimated_tokens(reply.text) + 32
    return bool(reply.reasoning) or (hidden and not reply.usage.estimated)
