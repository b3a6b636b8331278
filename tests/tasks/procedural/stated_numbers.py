"""What a sentence of a family states, read from the text by the family's own patterns."""

from sleeptime_lib.tasks.procedural.scenes import pattern_of
from sleeptime_lib.tasks.procedural.slots import Word


def numbers_stated(family, sentence, text):
    """The values of a sentence's number slots, or None if no wording matches the text."""
    for wording in sentence.wordings:
        match = pattern_of(family, wording).fullmatch(text.strip())
        if match:
            found = {n: t for n, t in match.groupdict().items() if n in family.slots}
            slots = {name: family.slots[name] for name in found}
            return {n: s.read(found[n]) for n, s in slots.items() if not isinstance(s, Word)}
    return None
