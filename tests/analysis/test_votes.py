"""The sleep arm against majority@k at equal generated tokens."""

import numpy as np
import pytest

from sleeptime_lib.analysis.tables import to_csv
from sleeptime_lib.analysis.votes import sentences, table, votes


def rows_of(frame, *, draws=4, tokens=60, asleep=80, said=("7", "1", "7", "2"), gold="7"):
    """Twelve questions; four draws of 20 tokens each, and a sleep arm with so many tokens."""
    rows = []
    for n in range(12):
        named = {"cluster_id": f"c{n}", "context_id": f"x{n // 2}", "question_id": f"q{n}"}
        rows += [
            named
            | {"budget_kind": "samples", "sample": i, "prediction": said[i % len(said)]}
            | {"score": float(said[i % len(said)] == gold), "test_completion_tokens": 20}
            for i in range(draws)
        ]
        rows.append(
            named
            | {"arm": "sleep", "score": float(n % 3 > 0), "test_completion_tokens": tokens}
            | {"sleep_id": f"x{n // 2}:1", "sleep_completion_tokens": asleep}
        )
    return frame(rows)


def test_k_is_as_many_draws_as_the_tokens_pay_for(frame):
    answer, whole = votes(rows_of(frame, tokens=60, asleep=40))
    assert (answer.k, answer.tokens, answer.vote_tokens) == (3, 60, 60)
    # Two questions share a phase of 40 tokens.
    assert (whole.k, whole.tokens) == (4, 80)
    assert answer.enough
    assert whole.enough


def test_it_is_the_unbiased_estimate_over_all_draws(frame):
    answer, whole = votes(rows_of(frame, tokens=20, asleep=120))
    assert answer.k == 1
    assert answer.vote_accuracy == 0.5
    assert whole.k == 4
    assert whole.vote_accuracy == 1.0
    assert whole.points == pytest.approx(100 * (2 / 3 - 1))


def test_fewer_draws_than_the_tokens_pay_for_are_told(frame):
    _, whole = votes(rows_of(frame, asleep=1000))
    assert (whole.k, whole.enough, whole.verdict) == (4, False, "too few draws")
    told = " ".join(sentences([whole]))
    assert "not determined at 1 of 1 budgets" in told
    assert "4 draws take 80 tokens" in told
    assert " points: " not in told


def test_answers_alone_are_told_beside_answers_with_their_sleep_phase(frame):
    told = sentences(votes(rows_of(frame, tokens=60, asleep=1000)))
    assert "those of the answer, points:" in told[1]
    assert "(60 tokens) from majority@3 (60), " in told[1]
    assert "those of the answer and sleep phase, is not determined" in told[2]


def test_the_table_has_a_row_for_each_and_no_number_where_draws_are_too_few(frame):
    found = votes(rows_of(frame, tokens=60, asleep=1000))
    answer, whole = table(found, "Votes").rows
    assert answer[2:6] == ("answer", "60", "majority@3", "60")
    assert answer[6].startswith(f"{found[0].points:+.1f} [")
    assert whole[6:] == ("", "too few draws")
    assert to_csv(table(found, "Votes")).count("\n") == 3


def test_one_draw_is_the_least(frame):
    assert votes(rows_of(frame, tokens=3, asleep=0))[0].k == 1


def test_the_limits_come_from_the_clusters(frame):
    answer, _ = votes(rows_of(frame))
    assert answer.low < answer.points < answer.high
    alike = rows_of(frame, said=("7",))
    alike.loc[alike.arm == "sleep", "score"] = 1.0
    one = votes(alike)[0]
    assert one.low < -5 < one.points == 0 < 5 < one.high
    assert one.verdict == "not determined"
    assert "not determined" in sentences(votes(alike))[1]


def test_without_repeated_draws_there_is_none(frame):
    rows = rows_of(frame)
    assert votes(rows[rows.budget_kind != "samples"]) == ()
    assert votes(rows[rows.arm == "baseline"]) == ()


def test_the_limits_hold_for_all_comparisons_at_once(frame):
    rng = np.random.default_rng(0)
    named = [{"cluster_id": f"c{n}", "question_id": f"q{n}"} for n in range(60)]
    drawn = [
        name | {"budget_kind": "samples", "prediction": "7", "score": float(rng.integers(2))}
        for name in named
    ]
    slept = [
        name | {"arm": "sleep", "budget": budget, "score": float(rng.integers(2))}
        for budget in range(8)
        for name in named
    ]
    rows = frame(drawn + slept)
    alone, among = votes(rows[rows.budget == 0])[0], votes(rows)[0]
    assert alone.points == among.points
    assert among.high - among.low > 1.15 * (alone.high - alone.low)
