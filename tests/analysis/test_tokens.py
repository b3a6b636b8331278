import math

import pytest

from sleeptime_lib.analysis import wording
from sleeptime_lib.analysis.tokens import HitRate, Spent, token_totals


def test_a_sleep_phase_counts_once_however_many_rows_share_it(frame):
    rows = frame(
        {
            "arm": "sleep",
            "question_id": f"q{q}",
            "budget": budget,
            "sleep_id": "phase",
            "sleep_prompt_tokens": 900,
            "sleep_cached_tokens": 100,
            "sleep_completion_tokens": 600,
            "test_prompt_tokens": 300,
            "test_completion_tokens": 20,
        }
        for q in range(3)
        for budget in range(2)
    )
    found = token_totals(rows).experiment
    assert found.sleep == Spent(prompt=900, cached=100, completion=600)
    assert found.test == Spent(prompt=1800, completion=120)


def test_phases_of_different_size_are_different_phases(frame):
    rows = frame(
        {
            "arm": "sleep",
            "question_id": "q",
            "sleep_parallel": k,
            "sleep_id": f"phase-{k}",
            "sleep_completion_tokens": 600 * k,
        }
        for k in (1, 2)
    )
    assert token_totals(rows).experiment.sleep.completion == 1800


BILLS = [
    # arm, billed prompt and completion, of them for the answer
    ("baseline", (300, 20), (300, 20)),
    ("baseline", (0, 0), (0, 0)),
    ("sleep", (1200, 620), (300, 20)),
    ("sleep", (300, 20), (300, 20)),
    ("sleep", (0, 0), (0, 0)),
    ("sleep", (900, 10), (0, 0)),
]


@pytest.mark.parametrize(("arm", "billed", "answer"), BILLS)
def test_what_was_billed_is_split_into_answer_and_sleep(frame, arm, billed, answer):
    rows = frame(
        [
            {
                "arm": arm,
                "test_prompt_tokens": 300,
                "test_completion_tokens": 20,
                "billed_prompt_tokens": billed[0],
                "billed_completion_tokens": billed[1],
            }
        ]
    )
    found = token_totals(rows).billed
    assert (found.test.prompt, found.test.completion) == answer
    total = (found.test.prompt + found.sleep.prompt, found.test.completion + found.sleep.completion)
    assert total == billed


def test_a_failed_row_that_paid_for_its_sleep_phase_is_billed_as_sleep(frame):
    rows = frame(
        [
            {
                "arm": "sleep",
                "score": None,
                "test_completion_tokens": 0,
                "billed_prompt_tokens": 900,
                "billed_completion_tokens": 600,
                "error": "timeout: no answer",
            }
        ]
    )
    assert token_totals(rows).billed.sleep == Spent(prompt=900, completion=600)


def test_estimated_usage_is_told(frame):
    assert token_totals(frame([{}, {"question_id": "b", "usage_estimated": True}])).estimated
    assert not token_totals(frame([{}])).estimated


def test_no_rows_cost_nothing(frame):
    assert token_totals(frame([])).experiment.test == Spent()


def test_the_hit_rate_is_the_cached_share_of_the_prompts(frame):
    rows = frame(
        {
            "arm": "sleep",
            "question_id": f"q{q}",
            "sleep_id": "phase",
            "sleep_prompt_tokens": 400,
            "sleep_cached_tokens": 100,
            "test_prompt_tokens": 300,
            "test_cached_tokens": cached,
        }
        for q, cached in enumerate((0, 150, 300))
    )
    assert token_totals(rows).hit_rate == HitRate(sleep=0.25, test=0.5)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (HitRate(0.0, 0.0), ""),
        (HitRate(math.nan, math.nan), ""),
        (
            HitRate(math.nan, 0.5),
            "Prompt tokens that came from a prefix cache: 50% of those of the answers.",
        ),
        (
            HitRate(0.25, 0.5),
            "Prompt tokens that came from a prefix cache: 50% of those of the answers and 25% of "
            "those of the sleep phases.",
        ),
    ],
)
def test_a_prefix_cache_is_told_where_there_is_one(rate, said):
    assert wording.prefix_cache(rate) == said


def test_without_prompt_tokens_there_is_no_hit_rate(frame):
    rate = token_totals(frame([{"question_id": "q"}])).hit_rate
    assert math.isnan(rate.sleep)
    assert math.isnan(rate.test)
