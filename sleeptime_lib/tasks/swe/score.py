"""How well predicted files match those that a change touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Score(NamedTuple):
    """Each between 0 and 1."""

    precision: float
    recall: float
    f1: float


def f1(predicted: Iterable[str], true: Iterable[str]) -> Score:
    """Precision, recall and F1 of a set of paths; all 0 where nothing is predicted, or is true."""
    said, meant = set(predicted), set(true)
    hits = len(said & meant)
    if not hits:
        return Score(0.0, 0.0, 0.0)
    precision, recall = hits / len(said), hits / len(meant)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))
