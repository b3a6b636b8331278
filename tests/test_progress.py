"""The line that tells how far a run is."""

import time

import pytest
from test_store import row

from sleeptime_lib.models.prices import Price
from sleeptime_lib.progress import Progress, duration

PRICE = Price(prompt=1.0, cached=0.1, completion=10.0)


def began(seconds_ago, *args, **counts):
    return Progress(*args, **counts, _began=time.monotonic() - seconds_ago)


def test_rows_that_were_there_are_counted():
    counts = Progress(100, there=30)
    assert counts.line() == "30 of 100 rows"
    counts.add(row())
    assert counts.line() == "31 of 100 rows"


def test_rate_and_time_left_are_of_the_rows_that_came_in():
    counts = began(10, 9_050, there=5_000)
    for _ in range(50):
        counts.add(row())
    assert counts.line() == "5,050 of 9,050 rows, 5 rows/s, 13 min left"


def test_a_slow_rate_is_told_by_the_minute():
    counts = began(60, 10)
    counts.add(row())
    assert ", 1.0 rows/min, 9 min left" in counts.line()


def test_failures_are_told():
    counts = Progress(10)
    counts.add(row(score=None, error="timeout: slow"))
    assert counts.line() == "1 of 10 rows, 1 failed"


def test_cost_so_far_is_what_was_newly_paid_asleep_and_at_test_time():
    counts = Progress(10, PRICE)
    counts.add(
        row(
            test_completion_tokens=10**9,
            billed_test_completion_tokens=50_000,
            billed_sleep_completion_tokens=100_000,
            billed_sleep_prompt_tokens=1_000_000,
        )
    )
    assert counts.line() == "1 of 10 rows, $2.50 so far"


@pytest.mark.parametrize("price", [None, Price(prompt=0.0, cached=0.0, completion=0.0)])
def test_no_cost_is_told_where_there_is_none(price):
    assert "$" not in Progress(10, price).line()


@pytest.mark.parametrize(
    ("seconds", "told"), [(59, "under a minute"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_time_is_told_in_words(seconds, told):
    assert duration(seconds) == told
