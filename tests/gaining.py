"""Rows of a run whose contexts gain from sleep as told, for policies that should find it."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from sleeptime_lib.records import ROW_COLUMNS, Row

PHASE = 300
"""Generated tokens of one sleep phase."""
ANSWERS = {0: 10, 3: 80}
"""Generated tokens of an answer by test budget."""


def gaining(gain, clusters=40, contexts=3, asked=4, ks=(1,), budgets=(0,), seed=0):
    """Rows of a run, and a score of each context, evenly spread from 0 to 1.

    Args:
        gain: (score, k) -> how much the chance to be right rises by k sleep phases.
        clusters: Their number.
        contexts: Contexts of a cluster.
        asked: Questions of a context.
        ks: Numbers of sleep phases.
        budgets: Test budgets; 3 is right in 30 points more of the answers than 0.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    scores, rows = {}, []
    for c in range(clusters):
        for i in range(contexts):
            name = f"c{c:02}-{i}"
            scores[name] = float(rng.random())
            for q in range(asked):
                luck = rng.random()
                for budget in budgets:
                    base = 0.25 + 0.1 * budget
                    for k in (0, *ks):
                        chance = base + (gain(scores[name], k) if k else 0.0)
                        rows.append(_row(f"c{c:02}", name, q, budget, k, luck < chance))
    frame = pd.DataFrame(rows, columns=list(ROW_COLUMNS))
    return frame.astype({"score": "float64", "prediction": "str"}), scores


def _row(cluster, context, question, budget, k, right):
    return asdict(
        Row(
            experiment="multi-query",
            dataset="gaining",
            model="some-model",
            cluster_id=cluster,
            context_id=context,
            question_id=f"{context}-{question}",
            arm="sleep" if k else "baseline",
            budget_kind="verbosity",
            budget=budget,
            sleep_parallel=k,
            sleep_effort="",
            sample=0,
            prediction="1",
            gold="1",
            score=float(right),
            test_completion_tokens=ANSWERS[budget],
            sleep_completion_tokens=PHASE * k,
            sleep_id=f"{context}-{k}" if k else "",
        )
    )
