"""Options are checked once, when they are made, and faults are told in one line."""

import shlex

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib import cli, runs
from sleeptime_lib.config import Execution, read_config_file, text_of, words_of
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments import EXPERIMENTS
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.models.secret import key_in_url

KNOWN = [*StatefulGsmOptions.model_fields, *Execution.model_fields]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 0}, "limit = 0"),
        ({"limit": "many"}, "limit = 'many'"),
        ({"questions_per_context": 0}, "questions_per_context = 0"),
        ({"levels": (0, 7)}, "levels"),
        ({"levels": ()}, "levels"),
        ({"levels": "0;1"}, "levels"),
        ({"sleep_parallel": (0,)}, "sleep_parallel"),
        ({"splitter": "mine"}, "'clean' or 'paper'"),
        ({"temprature": 1}, "unknown option temprature, did you mean temperature?"),
        ({"colour": "red"}, "unknown option colour: known are dataset, model"),
        ({"base_url": "http://me:secret@host/v1"}, "password"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, said):
    with pytest.raises(InputError) as caught:
        StatefulGsmOptions.make(**options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_wrong_option_is_told_once():
    with pytest.raises(InputError) as caught:
        StatefulGsmOptions.make(levels=(7, 8, 9), limit=0)
    assert str(caught.value).count("levels") == 1
    assert "limit = 0" in str(caught.value)


def test_a_password_in_the_address_is_not_repeated():
    with pytest.raises(InputError) as caught:
        StatefulGsmOptions.make(base_url="http://me:secret@host/v1")
    assert "secret" not in str(caught.value)


def test_levels_and_phases_are_sorted_and_taken_once():
    options = StatefulGsmOptions.make(levels=(3, 0, 3), sleep_parallel=(5, 1))
    assert (options.levels, options.sleep_parallel) == ((0, 3), (1, 5))


@pytest.mark.parametrize("given", [(0, 3), [0, 3], "0,3", " 0, 3 "])
def test_a_list_may_be_a_list_or_text_with_commas(given):
    assert StatefulGsmOptions.make(levels=given).levels == (0, 3)


def test_a_list_may_be_a_single_number():
    assert StatefulGsmOptions.make(levels=2, sleep_parallel="5").levels == (2,)


@pytest.mark.parametrize("name", ["temperature", "sleep_temperature", "pass_temperature", "limit"])
def test_none_is_written_as_a_word(name):
    assert getattr(StatefulGsmOptions.make(**{name: "none"}), name) is None


@pytest.mark.parametrize("options", [{"max_cost_usd": 0}, {"concurrency": 0}, {"timeout_s": -1}])
def test_limits_must_be_above_zero(options):
    with pytest.raises(InputError, match=next(iter(options))):
        Execution.make(**options)


class TestFile:
    def read(self, folder, text):
        file = folder / "c.yaml"
        file.write_text(text)
        return read_config_file(file, KNOWN)

    def test_it_holds_what_differs(self, tmp_path):
        given = self.read(tmp_path, "limit: 5\nmax_tokens: 1000\n")
        assert given == {"limit": 5, "max_tokens": 1000}

    @pytest.mark.parametrize("levels", ["[0, 1]", '"0,1"', "0,1", "\n  - 0\n  - 1"])
    def test_lists_are_written_either_way(self, tmp_path, levels):
        given = self.read(tmp_path, f"levels: {levels}\ntemperature: none\n")
        options = StatefulGsmOptions.make(**given)
        assert (options.levels, options.temperature) == ((0, 1), None)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("limt: 5", "unknown option limt, did you mean limit?"),
            ("max_tokns: 5", "did you mean max_tokens?"),
            ("- 5", "option: value"),
            ("a: [", "c.yaml"),
        ],
    )
    def test_a_wrong_one_is_told_in_one_line(self, tmp_path, text, said):
        with pytest.raises(InputError) as caught:
            self.read(tmp_path, text)
        assert said in str(caught.value)
        assert "c.yaml" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_missing_one_is_told(self, tmp_path):
        with pytest.raises(InputError, match="No such file"):
            read_config_file(tmp_path / "none.yaml", KNOWN)


def parsed(experiment, words):
    """The options that `sleeptime run EXPERIMENT WORDS` has."""
    command = typer.main.get_command(cli.runs_app).get_command(None, experiment.name)
    given = command.make_context(experiment.name, list(words)).params
    chosen = {
        name: value
        for name, value in given.items()
        if name in experiment.options.model_fields and value is not None
    }
    return runs.make_options(experiment, **chosen)


# No surrogates and no zero byte: no shell can hand those over.
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
TEMPERATURES = st.none() | st.floats(0, 2)
VALUES = {
    "dataset": TEXT,
    "sleep_effort": TEXT,
    "base_url": st.none() | TEXT.filter(lambda url: not key_in_url(url) and url.strip() != "none"),
    "limit": st.none() | st.integers(1, 10**6),
    "seed": st.integers(0, 10**9),
    "levels": st.lists(st.integers(0, 4), min_size=1).map(tuple),
    "sleep_parallel": st.lists(st.integers(1, 100)).map(tuple),
    "temperature": TEMPERATURES,
    "sleep_temperature": TEMPERATURES,
    "pass_temperature": TEMPERATURES,
    "pass_samples": st.integers(0, 1000),
    "context_only": st.booleans(),
    "skip_bad": st.booleans(),
    "splitter": st.sampled_from(["clean", "paper"]),
    "questions_per_context": st.none() | st.integers(1, 20),
}


class TestWords:
    @pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
    @given(values=st.fixed_dictionaries({}, optional=VALUES))
    def test_the_command_of_options_gives_those_options_again(self, experiment, values):
        values = {n: v for n, v in values.items() if n in experiment.options.model_fields}
        options = experiment.options.make(**values)
        assert parsed(experiment, shlex.split(" ".join(words_of(options)))) == options

    def test_defaults_are_left_out(self):
        for experiment in EXPERIMENTS:
            assert words_of(experiment.options()) == []

    def test_what_a_shell_would_read_is_quoted(self):
        options = StatefulGsmOptions.make(dataset="my $HOME; rm *.csv")
        assert words_of(options) == ["--dataset", "'my $HOME; rm *.csv'"]

    def test_an_empty_list_is_written_so_that_it_can_be_read(self):
        assert words_of(StatefulGsmOptions.make(sleep_parallel=())) == ["--sleep-parallel", "''"]

    def test_none_is_kept(self):
        assert words_of(StatefulGsmOptions.make(temperature=None)) == ["--temperature", "none"]
        assert text_of(None) == "none"

    def test_the_sleep_method_of_an_experiment_is_its_default(self):
        assert runs.make_options(STATEFUL_GSM).sleep_method == STATEFUL_GSM.sleep.name
