"""Rows written by hand: small, and with results that can be worked out on paper."""

from collections.abc import Callable, Iterable
from dataclasses import asdict

import pandas as pd
import pytest

from sleeptime_lib.records import ROW_COLUMNS, Row

Rows = Callable[..., pd.DataFrame]


def make_row(**given) -> dict:
    question = given.get("question_id", "q0")
    slept = given.get("arm", "baseline") == "sleep"
    values = {
        "experiment": "stateful-gsm",
        "dataset": "by-hand",
        "model": "some-model",
        "cluster_id": "c0",
        "context_id": question,
        "question_id": question,
        "arm": "baseline",
        "budget_kind": "verbosity",
        "budget": 0,
        "sleep_parallel": int(slept),
        "sleep_effort": "",
        "sample": 0,
        "prediction": "1",
        "gold": "1",
        "score": 1.0,
        "test_completion_tokens": 10,
        "sleep_id": f"phase-{question}" if slept else "",
    }
    return asdict(Row(**(values | given)))


def make_frame(rows: Iterable[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(ROW_COLUMNS))
    return frame.astype({"score": "float64", "prediction": "str"})


@pytest.fixture
def frame() -> Rows:
    """Rows from the columns that matter; the others get harmless values."""
    return lambda rows: make_frame(make_row(**row) for row in rows)


@pytest.fixture
def two_arms() -> Rows:
    """Both arms at every budget, from tables {budget: (accuracy in tenths, tokens)}.

    Every cluster has ten questions, of which the same number is right.
    """

    def build(baseline: dict, sleep: dict, clusters: int = 30, **given) -> pd.DataFrame:
        rows = []
        for arm, table in (("baseline", baseline), ("sleep", sleep)):
            for budget, (tenths, tokens) in table.items():
                for c in range(clusters):
                    rows += [
                        make_row(
                            arm=arm,
                            budget=budget,
                            cluster_id=f"c{c:02}",
                            question_id=f"c{c:02}-q{i}",
                            score=float(i < tenths),
                            test_completion_tokens=tokens,
                            **given,
                        )
                        for i in range(10)
                    ]
        return make_frame(rows)

    return build
