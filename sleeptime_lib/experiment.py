"""What an experiment is: one frozen value, and the metered call through which it asks a model.

    EXPERIMENT = Experiment(
        name="my-study",
        options=MyOptions,       # a subclass of config.Options with fields of its own
        load=load,               # options -> Task
        settings=settings,       # options -> the settings that each question is answered in
        sleep=RETHINK,           # how notes are made unless --sleep-method names another way
        answer=answer,           # (call, context, question, setting, notes, sample) -> Answered
        grade=grade,             # (answered, question) -> Grade, a score from 0 to 1
        expect=expect,           # setting -> Expected, for the estimate
        prompts=(MY_PROMPT,),    # every text it sends, for the identity of its runs
        sections=sections,       # (run, report) -> its parts of the report, with their pictures
    )

The engine, the report and the doors know no experiment by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from sleeptime_lib.config import Options
from sleeptime_lib.models.knobs import THINKING
from sleeptime_lib.records import Context, Question, Reply, Request, Task, TokenLogprob, Usage

if TYPE_CHECKING:
    from sleeptime_lib.analysis.report import Report
    from sleeptime_lib.analysis.tables import Table
    from sleeptime_lib.figures import Picture
    from sleeptime_lib.results import Run


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text that is sent to a model, with the name and version under which results refer to it."""

    name: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class SleepSetting:
    """How the notes of a sleep phase are made.

    Attributes:
        parallel: Independent draws whose notes are joined; those of a smaller number are the first
            ones of a larger, so each is paid for once.
        effort: Reasoning effort; "" for the model's default.
        temperature: Above 0, so that draws differ; None leaves it to the server.
        max_tokens: Most tokens in one reply; None leaves it to the server.
        seed: Of the first draw; draw i uses seed + i.
        protocol: What the method speaks with the model, such as "tools" or "text".
        thinking: Most thinking tokens of one reply; 0 for the model's default.
        again: How often a phase that ends is asked for one more rewrite, until nothing changes.
        first: Number of its first draw, where draws of a context are made in two ways.
    """

    parallel: int = 1
    effort: str = ""
    temperature: float | None = 0.7
    max_tokens: int | None = 2048
    seed: int = 0
    protocol: str = ""
    thinking: int = 0
    again: int = 0
    first: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """One point to measure: an arm at a budget, drawn one or more times.

    Attributes:
        arm: "baseline", "sleep", "context_only", or a name of the experiment's own; `records.FLOOR`
            begins that of a floor.
        budget_kind: What the budget counts, such as "verbosity", "forced" or "samples".
        budget: The test-time budget.
        draws_of: Of budget kinds "samples" and "line": what the budget of the answer counts.
        extensions: How often a chain of thought that ends before a forced budget is made to go on.
        notes_of: Whose notes are read: the context's "own", or those of another context of the
            "same_family" or of an "other_family".
        asked_at: Of a "line" budget, the line of the notes that is left out: budget of the answer.
        questions: Most questions to ask, the first ones; None for all.
        sleep: The sleep phase whose notes are read; None for none.
        samples: Number of draws.
        temperature: Of the answers; None leaves it to the server.
        max_tokens: Most tokens in one reply; None leaves it to the server.
        seed: Of the first sample; sample i uses seed + i.
        last: Answered after all other settings of all questions (ablations, repeated draws), so
            that a run that ends early is a smaller experiment and not a part of each.
    """

    arm: str
    budget_kind: str = "verbosity"
    budget: int = 0
    sleep: SleepSetting | None = None
    samples: int = 1
    temperature: float | None = 0.0
    max_tokens: int | None = 2048
    seed: int = 0
    last: bool = False
    draws_of: str = "verbosity"
    extensions: int = 0
    notes_of: str = "own"
    asked_at: int = 0
    questions: int | None = None

    @property
    def asked_by(self) -> str:
        """What the budget of each answer counts, those of repeated draws included."""
        return self.draws_of if self.budget_kind in ("samples", "line") else self.budget_kind

    @property
    def sleep_parallel(self) -> int:
        """Parallel sleep phases; 0 for none."""
        return self.sleep.parallel if self.sleep else 0

    @property
    def sleep_effort(self) -> str:
        """Effort of the sleep phase; "" for the model's default, or without one."""
        return self.sleep.effort if self.sleep else ""


@dataclass(frozen=True, slots=True)
class Notes:
    """What one draw of a sleep phase left behind.

    Attributes:
        text: The block c' (paper, section 3); may be empty.
        rewrites: How often it was rewritten as a whole.
        finished: True when the model ended the phase itself; False at a limit.
    """

    text: str
    rewrites: int = 1
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """What an experiment's answer came to: its text, and measures of its own by name."""

    text: str
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grade:
    """What was read from an answer (None when nothing was), and its score from 0 to 1."""

    prediction: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What a setting is expected to take, for the estimate. Tokens are of all calls together.

    Attributes:
        calls: Model calls of one answer.
        frame_tokens: Prompt tokens of one call beside context, question and notes.
        completion_tokens: Generated tokens of one answer.
        sleep_calls: Model calls of one draw of the sleep phase.
        sleep_frame_tokens: Prompt tokens of one such call beside the context.
        sleep_tokens: Generated tokens of one draw.
        notes_tokens: Length of the notes of one draw.
        once_per_context: The request holds no question, so all questions of a context share it.
    """

    calls: int = 1
    frame_tokens: float = 0
    completion_tokens: int = 100
    sleep_calls: int = 1
    sleep_frame_tokens: float = 0
    sleep_tokens: int = 300
    notes_tokens: int = 120
    once_per_context: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report.

    Attributes:
        name: Its key in `report --json`.
        values: What was calculated, as JSON values.
        sentences: What it amounts to.
        pictures: Figures by the end of their file name.
        tables: Tables by the end of their file name.
    """

    name: str
    values: Any = None
    sentences: tuple[str, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)


class Answers(Protocol):
    """What calls go through: the client, alone or behind something that orders or rereads."""

    @property
    def model(self) -> str:
        """Name of the model at the server."""
        ...

    async def complete(self, request: Request, *, owner: str) -> Reply:
        """As `Client.complete`."""
        ...


class Call:
    """Model calls of one answer, or of one draw of a sleep phase, counted together.

    Call it as often as you like: `reply = await call(messages)`. Every call goes through the one
    client, with its cache, caps, limits and retries.

    Args:
        client: Makes the calls.
        owner: Who causes them; replies that somebody else caused are not billed here.

    Attributes:
        calls: Calls so far.
        usage: Their tokens; prompts of calls that only resume another are not counted again.
        billed: Those of them that this owner newly paid for.
        latency_s: Seconds they took when they were really made.
        finish_reason: Of the last one.
    """

    def __init__(self, client: Answers, owner: str) -> None:
        self._client = client
        self._owner = owner
        self.calls = 0
        self.usage = self.billed = _NOTHING
        self.latency_s = 0.0
        self.finish_reason = ""

    @property
    def model(self) -> str:
        """Name of the model at the server."""
        return self._client.model

    async def __call__(
        self,
        messages: Iterable[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        temperature: float | None = None,
        seed: int | None = None,
        max_tokens: int | None = None,
        effort: str = "",
        thinking: int = 0,
        sample: int = 0,
        resumes: bool = False,
        **extra: Any,
    ) -> Reply:
        """Ask for one chat completion.

        Args:
            messages: In the wire format of the chat-completions API.
            tools: Tool definitions in the wire format.
            temperature: Of sampling; None leaves it to the server.
            seed: Of sampling; None sends none.
            max_tokens: Most tokens to generate; None leaves it to the server.
            effort: Reasoning effort; "" sends none.
            thinking: Most thinking tokens; 0 sends no bound.
            sample: Tells repeated draws of one request apart.
            resumes: See `send`.
            **extra: Further fields of the body, such as `response_format`.

        Raises:
            CallError: The call failed for good.
            StopRun: No further call can succeed.
            CapReached: A cap does not allow the call.
        """
        return await self.send(
            Request(
                model=self.model,
                messages=tuple(messages),
                tools=tuple(tools),
                temperature=temperature,
                seed=seed,
                max_tokens=max_tokens,
                reasoning_effort=effort or None,
                sample=sample,
                extra={THINKING: thinking, **extra} if thinking else extra,
            ),
            resumes=resumes,
        )

    async def logprobs(self, prompt: str) -> tuple[TokenLogprob, ...]:
        """Log-probabilities of every token of a text, each after the tokens before it.

        Raises:
            CallError: The server does not tell them; the message names those that do.
            StopRun: No further call can succeed.
            CapReached: A cap does not allow the call.
        """
        return (await self.send(Request(self.model, prompt=prompt))).logprobs

    async def send(self, request: Request, *, resumes: bool = False) -> Reply:
        """Send a request made by hand; raises what calling does.

        Args:
            request: The request.
            resumes: It goes on where the last reply was cut off, and was cut off there only so
                that several budgets can share what they have in common. One reply of both lengths
                would have read the prompt once, so `usage` has its generated tokens alone;
                `billed` has what was paid.
        """
        reply = await self._client.complete(request, owner=self._owner)
        self.calls += 1
        usage = reply.usage
        self.usage += replace(usage, prompt=0, cached=0, written=None) if resumes else usage
        if reply.owner == self._owner:
            self.billed += reply.usage
        self.latency_s += reply.latency_s
        self.finish_reason = reply.finish_reason
        return reply


_NOTHING: Final = Usage()

SleepFunction = Callable[[Call, Context, Setting, int], Awaitable[Notes]]
"""Makes the notes of one draw: (call, context, setting, draw) -> Notes. `setting.sleep` is set."""


async def _nothing_to_settle(call: Call, options: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class SleepMethod:
    """A way to make notes, chosen by name.

    Attributes:
        name: What --sleep-method takes.
        take: Makes the notes of one draw.
        prompts: Every text it sends.
        settle: Gives, before a run, the values of options that are to be found out.
        join: Gives the notes that are read, of those of all parallel draws and the options.
        source: Hash of the source of a method that was handed in; "" for those of this library.
        is_forced: It keeps to `SleepSetting.thinking` by its own requests, not by a server's field.
    """

    name: str
    take: SleepFunction
    prompts: tuple[Any, ...] = ()
    settle: Callable[[Call, Any], Awaitable[Mapping[str, Any]]] = _nothing_to_settle
    join: Callable[[Sequence[Notes], Any], Sequence[Notes]] = lambda notes, _: notes
    source: str = ""
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment; see the top of this file.

    Attributes:
        name: As on the command line.
        options: Its options with their defaults.
        load: Reads the data.
        settings: Every setting that each question is answered in.
        answer: Answers a question in a setting, with the notes of each draw; `sample` is the index
            of the draw.
        grade: Reads and scores an answer.
        expect: What a setting is expected to take.
        sleep: How notes are made by default.
        prompts: Every text that `answer` sends.
        sections: Its parts of the report.
        title: What it is about, in one line.
        file: The Python file that defines it, where it is not of this library.
        more_prompts: Texts that `answer` sends with some options only, so that runs with others
            keep their identity.
        score: What the mean score is called, in the middle of a sentence.
    """

    name: str
    options: type[Options]
    load: Callable[[Any], Task]
    settings: Callable[[Any], Sequence[Setting]]
    answer: Callable[[Call, Context, Question, Setting, Sequence[Notes], int], Awaitable[Answered]]
    grade: Callable[[Answered, Question], Grade]
    expect: Callable[[Setting], Expected]
    sleep: SleepMethod
    prompts: tuple[Any, ...] = ()
    sections: Callable[[Run, Report], Sequence[Section]] = lambda run, report: ()
    title: str = ""
    file: str = ""
    more_prompts: Callable[[Any], tuple[Any, ...]] = lambda options: ()
    score: str = "accuracy"
