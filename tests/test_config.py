"""A configuration is checked once, when it is made, and faults are told in one line."""

import pytest

from sleeptime_lib.config import make_config, make_execution, read_config_file
from sleeptime_lib.errors import InputError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"experiment": "stateful-gms"}, "known are stateful-gsm, multi-query"),
        ({"limit": 0}, "limit = 0"),
        ({"questions_per_context": 0}, "questions_per_context = 0"),
        ({"levels": (0, 7)}, "levels"),
        ({"levels": ()}, "at least one verbosity level"),
        ({"sleep_parallel": (0,)}, "sleep_parallel"),
        ({"splitter": "mine"}, "'clean' or 'paper'"),
        ({"temprature": 1}, "temprature"),
        ({"base_url": "http://me:secret@host/v1"}, "password"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, said):
    with pytest.raises(InputError) as caught:
        make_config(**options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_in_the_address_is_not_repeated():
    with pytest.raises(InputError) as caught:
        make_config(base_url="http://me:secret@host/v1")
    assert "secret" not in str(caught.value)


def test_levels_and_phases_are_sorted_and_taken_once():
    config = make_config(levels=(3, 0, 3), sleep_parallel=(5, 1))
    assert (config.levels, config.sleep_parallel) == ((0, 3), (1, 5))


@pytest.mark.parametrize("options", [{"max_cost_usd": 0}, {"concurrency": 0}, {"timeout_s": -1}])
def test_limits_must_be_above_zero(options):
    with pytest.raises(InputError, match=next(iter(options))):
        make_execution(**options)


def test_a_file_holds_what_differs(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("limit: 5\nmax_tokens: 1000\n")
    assert read_config_file(file) == {"limit": 5, "max_tokens": 1000}


@pytest.mark.parametrize(
    ("text", "said"),
    [("limt: 5", "unknown option limt"), ("- 5", "option: value"), ("a: [", "c.yaml")],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path, text, said):
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_config_file(file)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_config_file(tmp_path / "none.yaml")
