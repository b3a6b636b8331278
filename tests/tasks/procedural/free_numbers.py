"""Quantities for numbers that no range holds, so that two are never equal by chance."""

import random
from fractions import Fraction

from sleeptime_lib.tasks.procedural.scenes import evaluate
from sleeptime_lib.tasks.procedural.slots import Word


def free_values(family, level, seed):
    """Every quantity of a family, by key."""
    rng = random.Random(f"{family.name}-{seed}")
    numbers = {
        name: Fraction(rng.randrange(10**6, 10**9), 997)
        for name, slot in family.slots.items()
        if not isinstance(slot, Word)
    }
    return evaluate(family, level, numbers)
