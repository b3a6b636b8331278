import math

from sleeptime_lib.analysis.tokens import CacheShares, Spent, token_totals


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


def test_what_was_billed_is_told_apart_asleep_and_at_test_time(frame):
    rows = frame(
        {
            "question_id": f"q{q}",
            "billed_test_prompt_tokens": 300,
            "billed_test_completion_tokens": 20,
            "billed_sleep_prompt_tokens": 900 * (q == 0),
            "billed_sleep_completion_tokens": 600 * (q == 0),
            "score": None if q == 1 else 1.0,
        }
        for q in range(2)
    )
    found = token_totals(rows).billed
    assert found.test == Spent(prompt=600, completion=40)
    assert found.sleep == Spent(prompt=900, completion=600)


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
    assert token_totals(rows).hit_rate == CacheShares(sleep=0.25, test=0.5)


def test_without_prompt_tokens_there_is_no_hit_rate(frame):
    rate = token_totals(frame([{"question_id": "q"}])).hit_rate
    assert math.isnan(rate.sleep)
    assert math.isnan(rate.test)
