"""How a budget is set at each server: effort, thinking tokens, and going on with a message.

Requests name a budget in one way, that of vLLM: `reasoning_effort`, `thinking_token_budget`, and
`continue_final_message` for a final assistant message to go on with. On their way out they are
written as the server wants them (`SERVERS`); keys of replies are those of the one way.

Never trust a knob: some servers ignore what they do not know, and a knob that is ignored gives
points that look like a flat curve. `moved` and `goes_on` tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from sleeptime_lib.errors import InputError
from sleeptime_lib.records import EFFORTS, Request

EFFORT: Final = "reasoning_effort"
THINKING: Final = "thinking_token_budget"
CONTINUE: Final[Mapping[str, Any]] = {
    "continue_final_message": True,
    "add_generation_prompt": False,
}

Fields = Mapping[str, Any]


def _by_name(*efforts: str) -> dict[str, Fields]:
    return {effort: {EFFORT: effort} for effort in efforts or EFFORTS}


@dataclass(frozen=True, slots=True)
class Server:
    """What one server takes.

    Attributes:
        name: As --server takes it.
        hosts: Ends of host names by which it is known.
        efforts: Fields of the body for each effort that it tells from others.
        thinking: Fields of the body that bound thinking tokens; None where nothing does.
        going_on: Fields of the body that have it go on with a final assistant message; None where
            nothing does.
        begun: Fields of that message.
    """

    name: str
    hosts: tuple[str, ...] = ()
    efforts: Mapping[str, Fields] = field(default_factory=_by_name)
    thinking: Callable[[int], Fields] | None = None
    going_on: Fields | None = None
    begun: Fields = field(default_factory=dict)

    def takes(self, kind: str) -> bool:
        """Whether budgets of a kind can be set here; those of verbosity can anywhere."""
        fields = {"thinking": self.thinking, "forced": self.going_on, "effort": self.efforts}
        return kind not in fields or fields[kind] is not None

    def others(self, kind: str) -> str:
        """The kinds of budget to take in place of one."""
        found = [x for x in ("forced", "thinking", "effort", "verbosity") if x != kind]
        return _either(x for x in found if self.takes(x))

    def check(self, kind: str, budget: int) -> None:
        """Refuse a budget that this server would refuse, ignore, or take for another.

        Raises:
            InputError: It would; the message says what works instead.
        """
        if not self.takes(kind):
            raise InputError(
                f"{self.name} takes no {kind} budgets: take --budget-kind {self.others(kind)}"
            )
        if kind == "effort":
            self.check_effort(EFFORTS[budget])

    def check_effort(self, effort: str) -> None:
        """Refuse an effort as `check` does."""
        if effort in EFFORTS and effort not in self.efforts:
            raise InputError(
                f"{self.name} does not tell effort {effort} from others: take "
                f"{_either(self.efforts)}"
            )

    def write(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body as this server takes it; the same one where there is nothing to change."""
        more = _merged(self._fields(body))
        named = [name for name in (EFFORT, THINKING, *CONTINUE) if name in body]
        if all(more.get(name) == body[name] for name in named) and len(more) == len(named):
            return body
        written = {name: value for name, value in body.items() if name not in named} | more
        if self.begun and "continue_final_message" in named:
            *before, last = written["messages"]
            written["messages"] = [*before, {**last, **self.begun}]
        return written

    def _fields(self, body: Mapping[str, Any]) -> list[Fields]:
        found = []
        if (effort := body.get(EFFORT)) is not None:
            found.append(self.efforts.get(effort, {EFFORT: effort}))
        if (tokens := body.get(THINKING)) is not None:
            found.append(self.thinking(tokens) if self.thinking else {THINKING: tokens})
        if body.get("continue_final_message"):
            found.append(CONTINUE if self.going_on is None else self.going_on)
        return found

    def advice(self, request: Request, said: str) -> str:
        """What to add to a refusal that names a field by which a budget is set; "" to others."""
        body = request.body()
        for kind, name in (("effort", EFFORT), ("thinking", THINKING), ("forced", _CONTINUING)):
            if name not in body:
                continue
            last = body["messages"][-1:]
            named = _names(self.write({name: body[name], "messages": last})) - _names(last)
            named |= {"prefill", "assistant message", "last message"} if kind == "forced" else set()
            if any(part in said for part in named - {"messages", "type"}):
                others = self.others(kind)
                return f"; {kind} budgets are refused here: take --budget-kind {others}"
        return ""


_CONTINUING: Final = "continue_final_message"


def _merged(fields: list[Fields]) -> dict[str, Any]:
    """Fields of several knobs together; what is an object in several has all of their parts."""
    merged: dict[str, Any] = {}
    for name, value in (item for own in fields for item in own.items()):
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = merged[name] | value if both else value
    return merged


def _names(value: Any) -> set[str]:
    """Names of all fields in a body, those of objects in it included."""
    if isinstance(value, dict):
        return {*value, *(name for part in value.values() for name in _names(part))}
    if isinstance(value, list):
        return {name for part in value for name in _names(part)}
    return set()


def _either(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else str(last)


VLLM: Final = Server("vllm", thinking=lambda n: {THINKING: n}, going_on=CONTINUE)
"""What servers are taken for that are not known, those of this project among them."""

SERVERS: Final = (
    VLLM,
    Server("openai", ("openai.com", "openai.azure.com")),
    # The first is a hard bound under --enable-strict-thinking, the second a hint to templates.
    Server(
        "sglang",
        thinking=lambda n: {
            "custom_params": {"thinking_budget": n},
            "chat_template_kwargs": {"thinking_budget": n},
        },
        going_on={_CONTINUING: True},
    ),
    # Takes medium and xhigh for high, minimal for low. Going on needs the base URL .../beta.
    Server(
        "deepseek",
        ("deepseek.com",),
        efforts={
            "none": {"thinking": {"type": "disabled"}},
            **{
                effort: {"thinking": {"type": "enabled"}, EFFORT: effort}
                for effort in ("low", "high", "max")
            },
        },
        going_on={},
        begun={"prefix": True},
    ),
    # Ignores reasoning_effort. Newer models refuse a fixed budget, older ones adaptive thinking.
    Server(
        "anthropic",
        ("anthropic.com",),
        efforts={
            "none": {"thinking": {"type": "disabled"}},
            **{
                effort: {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}
                for effort in ("low", "medium", "high", "max")
            },
        },
        thinking=lambda n: {"thinking": {"type": "enabled", "budget_tokens": n}},
        going_on={},
    ),
    Server(
        "openrouter",
        ("openrouter.ai",),
        efforts={effort: {"reasoning": {"effort": effort}} for effort in EFFORTS[:-1]},
        thinking=lambda n: {"reasoning": {"max_tokens": n}},
        going_on={},
    ),
    Server("ollama", efforts=_by_name("none", "low", "medium", "high"), going_on={}),
    # Versions differ in the name of the bound.
    Server(
        "llama.cpp",
        efforts={
            effort: {"chat_template_kwargs": {EFFORT: effort}}
            for effort in ("low", "medium", "high")
        },
        thinking=lambda n: {"reasoning_budget_tokens": n, "thinking_budget_tokens": n},
        going_on={},
    ),
)
"""The table of dialects. Those that go on with a final assistant message without being asked have
an empty `going_on`."""

ServerName = Literal[
    "vllm", "openai", "sglang", "deepseek", "anthropic", "openrouter", "ollama", "llama.cpp"
]


def server_of(base_url: str, name: str | None = None) -> Server:
    """The server at an address: the one named, the one that the host tells, or vLLM's dialect."""
    host = urlsplit(base_url).hostname or ""
    for server in SERVERS:
        known = any(host == end or host.endswith(f".{end}") for end in server.hosts)
        if server.name == name or (name is None and known):
            return server
    return VLLM


HARD_SITUATION: Final = (
    "The integers from 1 to 600 are written in a row. Every multiple of 4 is struck out, then "
    "every multiple of 6, then every number with the digit 7 in it."
)
HARD_QUESTION: Final = f"{HARD_SITUATION} What is the sum of the numbers left from 100 to 300?"
"""Nobody answers it without thinking for long; what is answered is not looked at."""

MOVES: Final = 1.2
"""So many times the tokens, at the least, a knob that works gives at its upper end."""


def moved(low_tokens: int, high_tokens: int) -> bool:
    """Whether a knob has moved the tokens of a hard question from its lower to its upper end."""
    return high_tokens > MOVES * low_tokens


def counting(model: str) -> Request:
    """A request whose reply shows whether the server goes on with a message that was begun."""
    return Request(
        model,
        (
            {
                "role": "user",
                "content": "Write the numbers from 1 to 30, with commas between them.",
            },
            {"role": "assistant", "content": "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,"},
        ),
        temperature=0.0,
        max_tokens=12,
        extra=CONTINUE,
    )


def goes_on(text: str) -> bool:
    """Whether a reply to `counting` goes on with what was begun."""
    return text.lstrip(" ,\n").startswith("12")
