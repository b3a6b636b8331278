"""Scenario families, read from data files.

A set of families is a folder of text files under `sets`: `sets/p` holds those of procedural-p0,
-p1 and -p2, `sets/q` those of procedural-q0, `sets/aime` those of procedural-aime-1, -2 and -3
(levels p0, p1 and p2). No prompt is to be tried on `sets/q`: it is there to confirm what was found
on `sets/p`. Families come in the order of the files' names and of their places in a file, and
generated data depend on that order. Such a file looks like this:

    # A line that begins with a number sign is a remark.
    family bakery

    slot trays: int 4 to 9
    slot per_tray: int 12 to 24 by 2
    slot price: money 1.50 to 3 by 0.50
    slot sold: int 20 to 40
    slot item: word muffins | scones | rolls

    sentence
      {name} bakes {trays} trays of {item} with {per_tray} on each tray and asks {price} for one.
      On {trays} trays {name} bakes {per_tray} {item} each, which cost {price} apiece.
    sentence from p1
      By noon {sold} of the {item} are sold.
      {They} sells {sold} of the {item} before noon.

    count baked = trays * per_tray: {item} baked
      How many {item} does {name} bake?
    count left = baked - sold from p1: {item} left at noon
      How many {item} are left at noon?
    measure worth = baked * price; left * price from p1: dollars for all {item} there are
      How many dollars does {name} get for all the {item} that are still there?

A line that is not indented begins something; the lines indented under it are its texts, one a
line. Texts are taken as they are, colons, quotes and all; only `{fields}` mean something (see
`grammar`).

slot        NAME: KIND LOW to HIGH by STEP, or NAME: KIND CHOICE | CHOICE (kinds: see `slots`)
sentence    its wordings, which state the same numbers; one of them is drawn
count       KEY = FORMULA: LABEL, a quantity of whole things, with the questions that ask for it
measure     the same for money, time, averages: what may have decimals
single ...  `single count` or `single measure`: asked only where a context has one question, since
            it is another quantity times a number, and would say nothing new beside that one
many ...    asked only where a context has several questions, in place of those

`from p1` says from which level on (how many added clauses) a sentence or a formula holds; a slot
may have another range from a level on ("int 4 to 9; int 20 to 40 from p1"). Where the label or the
questions change as well, a further count or measure of the same key, from a higher level, takes
the place of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Final, NamedTuple

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.procedural.grammar import (
    PEOPLE_FIELDS,
    Fact,
    Family,
    Sentence,
    fields_of,
    step_of,
)
from sleeptime_lib.tasks.procedural.slots import Slot, Word, slot_of

_SLOT: Final = re.compile(r"([^\W\d]\w*): (.+)")
_FACT: Final = re.compile(r"([^\W\d]\w*) = ([^:]+): (.+)")
_FROM: Final = re.compile(r"\bfrom p(\d)$")
_KINDS: Final = ("count", "measure")
_POOLS: Final = ("single", "many")
_WORDS: Final = "family, slot, sentence, count, measure, single and many"


class _Block(NamedTuple):
    """A line that is not indented, cut after its first word, and the lines indented under it."""

    where: str
    word: str
    rest: str
    texts: list[tuple[str, str]]
    """Where each text stands, and the text."""


@cache
def families(name: str) -> tuple[Family, ...]:
    """The families of a set that comes with the package, such as "p"; read once."""
    return read(resources.files(__package__) / "sets" / name)


def read(folder: Traversable) -> tuple[Family, ...]:
    """The families of a folder's `.txt` files.

    Raises:
        InputError: Something in a file is wrong; one line says where, what, and what would do.
    """
    found: dict[str, Family] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        blocks = list(_blocks(file)) if file.name.endswith(".txt") else []
        heads = [i for i, block in enumerate(blocks) if i == 0 or block.word == "family"]
        for head, end in pairwise((*heads, len(blocks))):
            family = _family(blocks[head], blocks[head + 1 : end])
            if family.name in found:
                raise InputError(f"{blocks[head].where}: a second family {family.name!r}")
            found[family.name] = family
    return tuple(found.values())


def _blocks(file: Traversable) -> Iterator[_Block]:
    block = None
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        where = f"{file}:{number}"
        if not line[0].isspace():
            if block:
                yield block
            word, _, rest = text.partition(" ")
            block = _Block(where, word, rest, [])
        elif block and block.word in ("sentence", *_KINDS, *_POOLS):
            block.texts.append((where, text))
        else:
            raise InputError(f"{where}: indented, but not under a sentence, count or measure")
    if block:
        yield block


def _family(head: _Block, blocks: Sequence[_Block]) -> Family:
    """Read a family and check it."""
    slots: dict[str, Slot] = {}
    ranges: dict[tuple[int, str], Slot] = {}
    story: list[Sentence] = []
    facts: list[tuple[str, Fact]] = []
    where = head.where
    try:
        if head.word != "family" or not head.rest.isidentifier():
            raise ValueError("a family begins with its name, such as: family bread_baking")
        for block in blocks:
            where = block.where
            if block.word == "slot":
                name, slot, later = _slot(block.rest)
                if name in slots or name in PEOPLE_FIELDS:
                    raise ValueError(f"slot {name!r} is there already; take another name")
                slots[name] = slot
                ranges |= {(clause, name): other for clause, other in later}
            elif block.word == "sentence":
                story.append(_sentence(block))
            elif block.word in (*_KINDS, *_POOLS):
                facts += [(where, fact) for fact in _facts(block)]
            else:
                raise ValueError(f"no line begins with {block.word!r}; there are {_WORDS}")
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    family = Family(head.rest, slots, tuple(story), tuple(fact for _, fact in facts), ranges)
    for block in blocks:
        _check_texts(family, block)
    _check_facts(family, facts)
    _check_whole(family, head.where)
    return family


def _slot(text: str) -> tuple[str, Slot, list[tuple[int, Slot]]]:
    """A slot's name, how it is drawn, and how it is drawn from a level on."""
    found = _SLOT.fullmatch(text)
    if not found:
        raise ValueError("a slot is written as, for instance: slot trays: int 4 to 9")
    first, *others = found[2].split("; ")
    slot = slot_of(first)
    later = []
    for other in others:
        written, clause = _from(other)
        kind = first.partition(" ")[0]
        if not clause or type(slot_of(written)) is not type(slot) or isinstance(slot, Word):
            raise ValueError(f"{other!r} is no other range, such as: {kind} 20 to 40 from p1")
        later.append((clause, slot_of(written)))
    return found[1], slot, later


def _sentence(block: _Block) -> Sentence:
    rest, clause = _from(block.rest)
    if rest or not block.texts:
        raise ValueError("write sentence or sentence from p1, and its wordings indented under it")
    return Sentence(tuple(text for _, text in block.texts), clause)


def _facts(block: _Block) -> Iterator[Fact]:
    """One fact for each level from which on the quantity follows in another way."""
    word, rest, only = block.word, block.rest, ""
    if word in _POOLS:
        only = word
        word, _, rest = rest.partition(" ")
    found = _FACT.fullmatch(rest)
    if not found or word not in _KINDS:
        kind = word if word in _KINDS else "count"
        raise ValueError(f"write {' '.join(filter(None, (only, kind)))} KEY = FORMULA: LABEL")
    key, formulas, label = found.groups()
    questions = tuple(text for _, text in block.texts)
    for part in formulas.split("; "):
        formula, clause = _from(part)
        step_of(formula)
        yield Fact(key, formula, label, questions, clause, word == "count", only)


def _from(text: str) -> tuple[str, int]:
    """A text without its "from p1" at the end, and the level."""
    found = _FROM.search(text)
    return (text[: found.start()].rstrip(), int(found[1])) if found else (text, 0)


def _check_texts(family: Family, block: _Block) -> None:
    """Refuse unknown fields, a wrong end, and wordings that do not state the same numbers."""
    end = "." if block.word == "sentence" else "?"
    first = None
    for where, text in block.texts:
        _check_fields(family, where, text)
        if not text.endswith(end):
            raise InputError(f"{where}: {text!r}, under {block.word}, does not end in {end!r}")
        if block.word == "sentence":
            numbers = family.numbers_of(text)
            first = numbers if first is None else first
            if numbers != first or len(set(first)) < len(first):
                raise InputError(
                    f"{where}: states {', '.join(numbers) or 'no number'}; each wording of this "
                    f"sentence is to state {' and '.join(dict.fromkeys(first)) or 'none'}, once"
                )


def _check_fields(family: Family, where: str, text: str) -> None:
    fields = fields_of(text)
    for name in fields:
        if name not in family.slots and name not in PEOPLE_FIELDS:
            there = ", ".join((*family.slots, *PEOPLE_FIELDS))
            raise InputError(f"{where}: {{{name}}} is not a field; there are {there}")
    if not text.count("{") == text.count("}") == len(fields):
        raise InputError(f"{where}: {text!r} has a brace that belongs to no field such as {{name}}")


def _check_facts(family: Family, facts: Sequence[tuple[str, Fact]]) -> None:
    """Refuse names without a meaning, and keys and labels with two."""
    levels = sorted({sentence.clause for sentence in family.story})
    known = {
        level: {*family.slots, *(fact.key for fact in family.facts if fact.clause <= level)}
        for level in levels
    }
    pool_of = {fact.key: fact.only for fact in family.facts}
    by_label: dict[str, str] = {}
    latest: dict[str, int] = {}
    for where, fact in facts:
        _check_fields(family, where, fact.label)
        if fact.key in family.slots:
            raise InputError(f"{where}: {fact.key!r} is a slot; give the quantity another name")
        if fact.clause not in known:
            there = ", ".join(f"p{level}" for level in levels)
            raise InputError(f"{where}: no sentence is from p{fact.clause}; there are {there}")
        if latest.get(fact.key, -1) >= fact.clause:
            raise InputError(
                f"{where}: {fact.key!r} is given from p{latest[fact.key]} on already; "
                "it can change from a higher level on"
            )
        latest[fact.key] = fact.clause
        key = by_label.setdefault(fact.label.lower(), fact.key)
        if key != fact.key:
            raise InputError(f"{where}: label {fact.label!r} is that of {key!r}; take another")
        for name in step_of(fact.formula).names:
            if name not in known[fact.clause]:
                raise InputError(
                    f"{where}: {name!r} is neither a slot nor a quantity at p{fact.clause}; "
                    f"there are {', '.join(sorted(known[fact.clause]))}"
                )
            if pool_of.get(name, "") not in ("", fact.only):
                raise InputError(
                    f"{where}: {name!r} is a {pool_of[name]} quantity, and so is what follows from "
                    f"it: write {pool_of[name]} before {fact.key!r} too"
                )


def _check_whole(family: Family, where: str) -> None:
    """Refuse slots that no sentence states, and quantities that follow in a circle."""
    stated = {name for s in family.story for text in s.wordings for name in fields_of(text)}
    for name in family.slots:
        if name not in stated:
            raise InputError(f"{where}: no sentence states slot {name!r}; let one do so or drop it")
    levels = {sentence.clause for sentence in family.story}
    for clause, name in family.ranges:
        if clause not in levels:
            raise InputError(f"{where}: slot {name!r} changes from p{clause}, but no sentence does")
    for level in levels:
        try:
            family.facts_at(level)
        except ValueError as error:
            raise InputError(f"{where}: {error}") from None
