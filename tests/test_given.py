"""Files that somebody gave us are read within bounds, and refused in one line."""

import time
from pathlib import Path

import pytest

from sleeptime_lib.config import Execution, read_config_file
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.stateful_gsm import StatefulGsmOptions
from sleeptime_lib.models.prices import read_prices
from sleeptime_lib.notebooks import execute

SOON = 10
"""Seconds that a refusal may take on a busy machine; each takes less than 1 on an idle one."""
KNOWN = [*StatefulGsmOptions.model_fields, *Execution.model_fields]

LAUGHS = "a: &a [ha, ha]\n" + "".join(
    f"{new}: &{new} [{','.join(9 * [f'*{old}'])}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(read, path, text):
    path.write_text(text)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read(path)
    assert time.monotonic() - began < SOON
    said = str(caught.value)
    assert said.startswith(f"{read.what} {path}: ")
    assert "\n" not in said
    assert len(said) < 1_000
    return said


def config(path):
    return read_config_file(path, KNOWN)


config.what = "config file"
read_prices.what = "price file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "*a is an alias"),
        ("dataset: &a [*a]", "*a is an alias"),
        ("dataset: !!python/object/apply:os.system [ls]", "os.system is a tag"),
        ("dataset: !!timestamp 2024-99-99", "timestamp is a tag"),
        ("dataset: " + 40_000 * "[" + 40_000 * "]", "nested too deeply"),
        ("".join(f"{' ' * i}a:\n" for i in range(300)), "nested too deeply"),
        ("? [1, 2]\n: 5", "unhashable key"),
        ("limit: 1\n" * 20_000, "longer than 100,000 bytes"),
        ('dataset: "\\ud800"', "half of a surrogate pair"),
        ("dataset: \0", "special characters"),
        ("k" * 1_000 + ": 1", "unknown option kkkk"),
    ],
    ids=range(11),
)
def test_yaml_that_would_grow_run_or_crash_is_refused(tmp_path, text, said):
    assert said in refusal(config, tmp_path / "c.yaml", text)


@pytest.mark.parametrize(
    "text",
    ["2024-01-01", "2024-99-99", "2024-01-01 00:00:00 +99:99", "1:59:59", "0b", "<<", "12_000"],
)
def test_what_yaml_would_make_a_date_or_an_odd_number_of_stays_text(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(f"dataset: {text}")
    assert config(path) == {"dataset": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-3", -3), ("0.5", 0.5), ("1e-3", 0.001), (".5", 0.5), ("3.", 3.0),
        ("true", True), ("no", False), ("~", None), ("", None), ("'5'", "5"),
        ("[0, 1]", [0, 1]),
    ],
)  # fmt: skip
def test_plain_values_are_read_as_ever(tmp_path, text, value):
    path = tmp_path / "c.yaml"
    path.write_text(f"limit: {text}")
    assert config(path) == {"limit": value}


@pytest.mark.parametrize("digits", [100, 10_000])
def test_a_number_of_any_length_is_told_briefly(tmp_path, digits):
    path = tmp_path / "c.yaml"
    path.write_text(f"limit: {'1' * digits}\nlevels: {'2' * digits}")
    with pytest.raises(InputError, match="limit = ") as caught:
        StatefulGsmOptions.make(**config(path))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", ["\ud800", "\udcff.jsonl"])
def test_an_option_that_is_no_text_is_refused(value):
    with pytest.raises(InputError, match="not text in UTF-8"):
        StatefulGsmOptions.make(dataset=value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (100_000 * "[" + 100_000 * "]", "nested too deeply"),
        ('{"m":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        (f'{{"m": {{"prompt": {"1" * 5_000}, "completion": 1}}}}', "Exceeds the limit"),
        (f'{{"m": {{"prompt": {"1" * 4_000}, "completion": 1}}}}', "not a price"),
        (f'{{"m": {{"prompt": "{"x" * 900_000}", "completion": 1}}}}', "not a price"),
        (f'{{"m": {{"prompt": {"[" * 900 + "]" * 900}, "completion": 1}}}}', "not a price"),
        ('{"m": {"prompt": NaN, "completion": 1}}', "not a price"),
        (
            f'{{"m": {{{",".join(f""" "k{i}": 1""" for i in range(50_000))}, "prompt": 1, '
            '"completion": 1}}',
            "known are",
        ),
        (f'{{"{"m" * 900_000}": 1}}', "needs 'prompt'"),
        ('{"\\ud800": {"prompt": 1, "completion": 1}}', "half of a surrogate pair"),
        (" " * 1_000_001, "longer than 1,000,000 bytes"),
    ],
    ids=range(11),
)
def test_prices_that_are_none_are_told_in_one_short_line(tmp_path, text, said):
    assert said in refusal(read_prices, tmp_path / "p.json", text)


@pytest.mark.parametrize("read", [config, read_prices], ids=["config", "prices"])
@pytest.mark.parametrize("name", ["n" * 5_000, "a\0b", "."])
def test_a_name_that_no_file_can_have(read, name):
    with pytest.raises(InputError, match=read.what):
        read(Path(name))


@pytest.mark.parametrize("value", ["*a", "[" * 1_000, "!!python/none"])
def test_a_parameter_of_a_notebook_is_read_in_the_same_way(tmp_path, value):
    with pytest.raises(InputError, match="parameter questions: "):
        list(execute(tmp_path, tmp_path, (), [f"questions={value}"]))
