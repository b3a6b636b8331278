"""Reports of every shape that a picture has to take."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from known_ratio import World, simulate

from sleeptime_lib.analysis.controls import ARMS
from sleeptime_lib.analysis.report import analyse
from sleeptime_lib.figures import (
    all_tokens,
    context_only,
    differences,
    pareto,
    pass_at_k,
    ratio_curve,
    sleep_scaling,
)

MAKERS = (
    pareto, ratio_curve, all_tokens, sleep_scaling, pass_at_k, context_only, differences,
)  # fmt: skip


def rows_with(ks=(1,), model="simulated", clusters=20, **world) -> pd.DataFrame:
    """Both arms, several sleep settings, draws for pass@k, and the context-only arm."""
    frames = [simulate(World(**world), clusters, 5, seed=0)]
    for k in ks:
        if k != 1:
            more = simulate(World(**({"ratio": 3.83 + k / 2} | world)), clusters, 5, seed=k)
            frames.append(more[more["arm"] == "sleep"].assign(sleep_parallel=k))
    base = frames[0][frames[0]["arm"] == "baseline"]
    lowest = base[base["budget"] == 0]
    rng = np.random.default_rng(0)
    frames += [
        lowest.assign(budget_kind="samples", sample=s, score=rng.integers(0, 2, len(lowest)))
        for s in range(5)
    ]
    frames.append(base.assign(arm="context_only", score=0.0))
    return pd.concat(frames, ignore_index=True).assign(model=model)


@pytest.fixture(scope="session")
def report():
    return analyse(rows_with(), draws=200)


@pytest.fixture(scope="session")
def scaled():
    return analyse(rows_with(ks=(1, 2, 5, 10)), draws=200)


@pytest.fixture(scope="session")
def controlled():
    """With every control arm."""
    rows = rows_with()
    base = rows[(rows["arm"] == "baseline") & (rows["budget_kind"] != "samples")]
    return analyse(pd.concat([rows, *(base.assign(arm=arm) for arm in ARMS)]), draws=50)


@pytest.fixture(scope="session")
def shapes(report, scaled):
    """Reports by name."""
    whole = rows_with()
    half = whole["arm"] == "baseline"
    point = whole[whole["budget"] == 2]
    return {
        "whole": report,
        "several settings": scaled,
        "one arm": analyse(whole[half], draws=50),
        "one budget": analyse(point, draws=50),
        "one cluster": analyse(whole[whole["cluster_id"] == "c0"], draws=50),
        "few clusters": analyse(rows_with(clusters=4), draws=50),
        "all wrong": analyse(whole.assign(score=0.0), draws=50),
        "all right": analyse(whole.assign(score=1.0), draws=50),
        "all failed": analyse(whole.assign(score=np.nan), draws=50),
        "nothing yet": analyse(whole.iloc[:0], draws=50),
        "no tokens": analyse(whole.assign(test_completion_tokens=0), draws=50),
        "real model": analyse(whole.assign(model="gpt-4o-mini"), draws=50),
        "crossing": analyse(rows_with(ratio=0.9, own_ratio=0.1), draws=50),
        "worse": analyse(rows_with(ratio=0.3), draws=50),
    }


@pytest.fixture(scope="session")
def makers():
    """Every function that makes a picture of a report."""
    return MAKERS


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def make(request):
    """Each of them in turn."""
    return request.param


HOSTILE = "<b>x</b><a href='http://e'>y</a> a$\\frac{$b\x00\ud800"
"""Markup to a browser, a broken formula to matplotlib, no valid text to a file."""


@pytest.fixture(scope="session")
def hostile(report):
    """That name, and a report whose model is called so."""
    return HOSTILE, replace(report, model=HOSTILE, dataset="<i>d $x$")
