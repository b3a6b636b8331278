"""Work in a repository by tool calls, from what stands in the conversation and nothing else.

The model takes past changes for patterns: a file that many of them touched is likely to be touched
again, where the names of earlier features stand. Raw changes must be worked through, which takes
words and misses some; what it means to edit it has to read first. Notes that name a file and the
line to write behind spare it both, and are trusted. Edits go wrong now and then, as typing does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sleeptime_lib.servers.simulated.constants import (
    EDIT_SLIP,
    NOTED_SHARE,
    NOTICED,
    TOUCHED_SHARE,
)
from sleeptime_lib.servers.simulated.dice import Dice

_TAG: Final = r"<{0}>\n(.*?)\n</{0}>"
_CHANGE: Final = re.compile(r"^Change (\S+), closed \S+: (.*)$", re.MULTILINE)
_FILE: Final = re.compile(r"^(modified|added) (\S+)$", re.MULTILINE)
_FEATURE: Final = re.compile(r"`(\w+)`")
_LISTED: Final = re.compile(r"^(\S+): ", re.MULTILINE)
_NUMBERED: Final = re.compile(r"^(\d+): (.*)$", re.MULTILINE)
_COUNTER: Final = re.compile(r"\[Step: (\d+)/(\d+)\]")
_BUDGET: Final = re.compile(r"^You have (\d+) steps\.", re.MULTILINE)
_NOTE: Final = re.compile(
    r"^- (\S+) \((new, )?(\d+) of (\d+)\)(?:: after «(.*?)» add «(.*?)»)?$", re.MULTILINE
)
_WORD: Final = re.compile(r"[A-Za-z]{5,}")

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Past:
    """A past change as it was read: its number, the feature's name, and its files by status."""

    number: str
    feature: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to one file.

    Attributes:
        path: The file; of a new one with {name}.
        new: It is to be created.
        share: Of the past changes, how many touched it.
        anchor: The line to write behind; "" when that is not known yet.
        line: What to write, with {name}.
        count: How many past changes were looked at.
    """

    path: str
    new: bool
    share: float
    anchor: str = ""
    line: str = ""
    count: int = 0


@dataclass(slots=True)
class Seen:
    """The conversation so far.

    Attributes:
        known: What the opening gives to know: past changes, or notes.
        ticket: What is to be done; "" in a sleep phase.
        done: Every call that was made, with its result.
        left: Steps that are left.
    """

    known: dict[str, str]
    ticket: str
    done: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)
    left: int = 0

    def results(self, tool: str) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Arguments and results of the calls of one tool."""
        return ((given, result) for name, given, result in self.done if name == tool)

    def lines_of(self, path: str) -> list[str]:
        """What was read of a file."""
        read = [text for given, text in self.results("read_lines") if given.get("path") == path]
        return [line for text in read for _, line in _NUMBERED.findall(text)]

    def was_tried(self, tool: str, path: str) -> int:
        """How often a tool was used on a file."""
        return sum(given.get("path") == path for given, _ in self.results(tool))

    def was_done(self, tool: str, path: str) -> bool:
        """Whether a tool did what it was asked on a file."""
        found = (text for given, text in self.results(tool) if given.get("path") == path)
        return any(not text.startswith("Not done") for text in found)


def is_agent(tools: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the tools are those of work in a repository."""
    names = _names(tools)
    return "read_lines" in names and bool(names & {"finish", "finish_rethinking"})


def act(
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    turn: Dice,
    all_along: Dice,
) -> tuple[str, Call]:
    """The next thing to do: what is said, and the tool call.

    Args:
        messages: Chat messages in the wire format.
        tools: Tool definitions in the wire format.
        turn: Draws that follow from the whole request.
        all_along: Draws that stay the same during the attempt.
    """
    seen = _seen(messages)
    if "rethink_memory" in _names(tools):
        return _explore(seen)
    return _carry_out(seen, turn, all_along)


def _names(tools: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(tool.get("function", {}).get("name")) for tool in tools}


def _seen(messages: Sequence[Mapping[str, Any]]) -> Seen:
    texts = [(str(m["role"]), m.get("content") or "") for m in messages]
    opening = "\n".join(
        text for role, text in texts if role in ("system", "user") and isinstance(text, str)
    )
    known = {name: _inside(name, opening) for name in ("past_changes", "notes")}
    seen = Seen(known, _inside("ticket", opening))
    asked: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for message in messages:
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            asked[str(call.get("id"))] = (
                str(function.get("name")),
                _object(function.get("arguments")),
            )
        if message["role"] == "tool" and message.get("tool_call_id") in asked:
            name, given = asked[str(message["tool_call_id"])]
            seen.done.append((name, given, str(message.get("content") or "")))
    counted = _COUNTER.findall(texts[-1][1] if isinstance(texts[-1][1], str) else "")
    budget = _BUDGET.findall(opening)
    if counted:
        seen.left = int(counted[-1][1]) - int(counted[-1][0])
    elif budget:
        seen.left = int(budget[-1])
    else:
        seen.left = 20
    return seen


def _inside(tag: str, text: str) -> str:
    found = re.search(_TAG.format(tag), text, re.DOTALL)
    return found[1] if found else ""


def _object(written: object) -> Mapping[str, Any]:
    try:
        value = json.loads(str(written))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def read_past(text: str) -> list[Past]:
    """The past changes in a text, as far as they are written in the way of the workbench."""
    starts = list(_CHANGE.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)] if starts else []
    found = []
    for start, end in zip(starts, ends, strict=True):
        feature = _FEATURE.search(start[2])
        files = tuple(_FILE.findall(text[start.end() : end].split("\n--- ")[0]))
        found.append(Past(start[1], feature[1] if feature else "", files))
    return found


def pattern(past: Sequence[Past], least: float) -> list[Plan]:
    """The files that a share of the past changes touched, most often touched first."""
    counts: dict[tuple[str, bool], int] = {}
    for change in past:
        for status, path in change.files:
            new = status == "added"
            if new and (not change.feature or change.feature not in path):
                continue
            key = (path.replace(change.feature, "{name}") if new else path, new)
            counts[key] = counts.get(key, 0) + 1
    shares = ((path, new, count / len(past)) for (path, new), count in counts.items())
    plans = [
        Plan(path, new, share, count=len(past)) for path, new, share in shares if share >= least
    ]
    return sorted(plans, key=lambda plan: (-plan.share, plan.new, plan.path))


def find_place(lines: Sequence[str], features: Sequence[str]) -> tuple[str, str]:
    """The last line that names an earlier feature, and the same line for {name}; "" for none."""
    for line in reversed(lines):
        for feature in features:
            if feature and re.search(
                rf"(?<![a-z]){re.escape(feature)}(?![a-z])", line, re.IGNORECASE
            ):
                new = line.replace(feature, "{name}").replace(feature.capitalize(), "{Name}")
                return line, new
    return "", ""


def _explore(seen: Seen) -> tuple[str, Call]:
    """The next step of a sleep phase."""
    listed = _LISTED.findall(seen.known["past_changes"])
    read = {str(given.get("number")) for given, _ in seen.results("read_change")}
    past = read_past("\n".join(text for _, text in seen.results("read_change")))
    written = [str(given.get("new_memory", "")) for given, _ in seen.results("rethink_memory")]
    waiting = [number for number in listed if number not in read]
    plans = pattern(past, NOTED_SHARE) if past else []
    if waiting and seen.left > 2:
        return "", ("read_change", {"number": waiting[0]})
    for plan in plans:
        if not plan.new and seen.left > 2 and not seen.was_tried("read_lines", plan.path):
            return "", ("read_lines", {"path": plan.path})
    notes = "\n".join(_note(seen, plan, past) for plan in plans)
    text = f"Changes of this kind touch:\n{notes}" if plans else "No pattern in the past changes."
    if written and (written[-1] == text or seen.left <= 1):
        return "", ("finish_rethinking", {})
    return "", ("rethink_memory", {"new_memory": text})


def _note(seen: Seen, plan: Plan, past: Sequence[Past]) -> str:
    times = f"{round(plan.share * len(past))} of {len(past)}"
    if plan.new:
        return f"- {plan.path} (new, {times})"
    anchor, line = find_place(seen.lines_of(plan.path), [change.feature for change in past])
    where = f": after «{anchor}» add «{line}»" if anchor else ""
    return f"- {plan.path} ({times}){where}"


def _carry_out(seen: Seen, turn: Dice, all_along: Dice) -> tuple[str, Call]:
    """The next step towards what the ticket asks for."""
    named = _FEATURE.search(seen.ticket)
    name = named[1] if named else ""
    plans = [_noted(match) for match in _NOTE.finditer(seen.known["notes"])]
    past = read_past(seen.known["past_changes"])
    said = ""
    if not plans and past:
        plans = pattern([_noticed(change, all_along) for change in past], TOUCHED_SHARE)
        if not seen.done:
            said = " ".join(_in_words(change) for change in past)
    if not plans:
        return _look_around(seen, name)
    features = [change.feature for change in past]
    for plan in plans:
        call = _next_on(seen, plan, features, name, turn)
        if call is not None and _worth_it(call, seen):
            return said, call
    return said, ("finish", {})


def _worth_it(call: Call, seen: Seen) -> bool:
    """Whether steps are left for what a look is good for."""
    return seen.left >= (2 if call[0] == "read_lines" else 1)


def _noted(match: re.Match[str]) -> Plan:
    path, new, times, count, anchor, line = match.groups()
    share = int(times) / max(int(count), 1)
    return Plan(path, bool(new), share, anchor or "", line or "", int(count))


def _noticed(change: Past, dice: Dice) -> Past:
    """What is taken in of a raw change: who reads it among others misses some of it."""
    kept = (f for f in change.files if dice.chance(f"see {change.number} {f[1]}", NOTICED))
    return Past(change.number, change.feature, tuple(kept))


def _in_words(change: Past) -> str:
    return f"Change {change.number} touches {', '.join(path for _, path in change.files)}."


def _next_on(seen: Seen, plan: Plan, features: Sequence[str], name: str, dice: Dice) -> Call | None:
    """What to do next about one file; None when nothing is left to do."""
    path = _filled(plan.path, name)
    if plan.new:
        if not name or seen.was_tried("create_file", path):
            return None
        text = f'"""{name.capitalize()}."""\n\n\ndef run_{name}(given):\n    return given\n'
        return "create_file", {"path": path, "text": text}
    tried = seen.was_tried("replace_text", path)
    if seen.was_done("replace_text", path) or tried > 2:
        return None
    lines = seen.lines_of(path)
    anchor, line = plan.anchor, plan.line
    if not anchor or tried:
        if not seen.was_tried("read_lines", path):
            return "read_lines", {"path": path}
        if not anchor or anchor not in lines:
            anchor, line = find_place(lines, features)
    if not anchor:  # it holds nothing of the kind after all
        return None
    old = f"{anchor} " if dice.chance(f"edit {path} {tried}", EDIT_SLIP) else anchor
    return "replace_text", {
        "path": path,
        "old_text": old,
        "new_text": f"{anchor}\n{_filled(line, name or 'feature')}",
    }


def _filled(text: str, name: str) -> str:
    return text.replace("{name}", name).replace("{Name}", name.capitalize())


def _look_around(seen: Seen, name: str) -> tuple[str, Call]:
    """Without anything to go by: search for words of the ticket and edit where they stand."""
    words = sorted(set(_WORD.findall(seen.ticket)) - {name}, key=lambda word: (-len(word), word))
    searched = [str(given.get("text")) for given, _ in seen.results("search_text")]
    hits: dict[str, str] = {}
    for _, result in seen.results("search_text"):
        for line in result.split("\n"):
            path, _, rest = line.partition(":")
            number, _, text = rest.partition(": ")
            if number.isdigit() and text.strip():
                hits.setdefault(path, text)
    for path, text in hits.items():
        if not seen.was_tried("replace_text", path) and seen.left:
            return "", (
                "replace_text",
                {"path": path, "old_text": text, "new_text": f"{text}\n{text}"},
            )
    for word in words[:5]:
        if word not in searched and seen.left >= 2:
            return "", ("search_text", {"text": word})
    return "I find nothing to go by.", ("finish", {})


def named_files(messages: Sequence[Mapping[str, Any]]) -> str | None:
    """The files of a list whose names share words with a ticket; None where there is no list."""
    opening = "\n".join(str(m.get("content") or "") for m in messages)
    listed, ticket = _inside("files", opening), _inside("ticket", opening)
    if not listed or not ticket:
        return None
    asked = {_stem(word) for word in re.findall(r"[a-z]{3,}", ticket.lower())}
    scores = {
        path: len(asked & {_stem(word) for word in re.findall(r"[a-z]{3,}", path.lower())})
        for path in listed.split("\n")
    }
    best = sorted((path for path in scores if scores[path]), key=lambda p: (-scores[p], p))
    return "\n".join(best[:5]) or listed.split("\n")[0]


def _stem(word: str) -> str:
    return word.removesuffix("s")
