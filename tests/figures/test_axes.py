import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.figures.axes import (
    percent_axis,
    points_axis,
    ratio_axis,
    step_axis,
    token_axis,
)

SPANS = st.tuples(st.floats(1, 1e5), st.floats(1, 1e4)).map(lambda t: [t[0], t[0] * t[1]])


@given(SPANS)
def test_a_token_axis_has_a_few_round_ticks_inside_its_limits(values):
    axis = token_axis(values, "tokens")
    assert axis.low < min(values)
    assert axis.high > max(values)
    assert 2 <= len(axis.ticks) <= 12
    assert all(axis.low <= t <= axis.high for t in axis.ticks)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((15, 400), ("20", "50", "100", "200")),
        ((10, 100_000), ("10", "100", "1,000", "10,000", "100,000")),
        ((1300, 8000), ("1,500", "2,000", "3,000", "4,000", "5,000", "7,000")),
        ((75, 75), ("40", "50", "70", "100", "150")),
    ],
)
def test_tokens_read_well_at_every_scale(values, texts):
    assert token_axis(values, "tokens").texts == texts


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9))
def test_a_percent_axis_holds_its_values_between_0_and_100(values):
    axis = percent_axis(values, "%")
    assert axis.low < min(values)
    assert axis.high > max(values)
    assert 0 <= axis.ticks[0] < axis.ticks[-1] <= 100
    assert len(axis.ticks) <= 9


@given(st.lists(st.floats(-100, 100), max_size=9))
def test_a_points_axis_holds_its_values_and_zero(values):
    axis = points_axis(values, "points")
    assert axis.ticks[0] <= min([*values, 0])
    assert axis.ticks[-1] >= max([*values, 0])
    assert "0" in axis.texts


def test_signs_are_written_out():
    assert points_axis([-4, 9], "points").texts == ("−4", "−2", "0", "+2", "+4", "+6", "+8", "+10")


def test_steps_are_named_and_evenly_spaced():
    axis = step_axis(["0", "1", "3"], "level")
    assert axis.texts == ("0", "1", "3")
    assert axis.ticks == (0, 1, 2)


@given(st.lists(st.floats(1e-3, 1e3), max_size=9))
def test_a_ratio_axis_holds_its_values_and_one(values):
    axis = ratio_axis(values, "ratio")
    assert axis.low <= min([*values, 1])
    assert axis.high >= max([*values, 1])
    assert "1×" in axis.texts
    assert len(axis.ticks) <= 10
    assert axis.log
