"""The simulated model says what it expects to be asked, from its own judgement alone."""

import json

import pytest

from sleeptime_lib.methods import rethink
from sleeptime_lib.methods.forecast import FORECAST_FRAME, broken_lines, read_forecasts
from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.simulated.chat import reply
from sleeptime_lib.servers.simulated.notes import read_notes
from sleeptime_lib.tasks.grading import is_correct
from sleeptime_lib.tasks.procedural import generate


@pytest.fixture(scope="module")
def task():
    return generate(1, limit=70)


@pytest.fixture(scope="module")
def phases(task, sleep):
    """The notes of a phase about each context."""
    return {name: sleep(one.text, 0, FORECAST_FRAME)[-1] for name, one in task.contexts.items()}


def test_every_line_is_a_forecast(phases):
    for notes in phases.values():
        assert broken_lines(notes) == ()
        assert all(one.answer for one in read_forecasts(notes))


def test_the_probabilities_of_a_phase_are_those_of_one_judgement(phases):
    for notes in phases.values():
        stated = [one.stated for one in read_forecasts(notes)]
        assert 0 < sum(stated) < 1.02, "rounding alone may go beyond 1"


def test_it_foresees_more_than_as_many_quantities_drawn_at_random_would(task, phases):
    """By the chance that the generator gives to each quantity, of the three likeliest forecasts."""
    foreseen = drawn = 0.0
    for name, context in task.contexts.items():
        found = sorted(read_forecasts(phases[name]), key=lambda one: -one.probability)[:3]
        for quantity in context.quantities:
            if any(is_correct(one.answer, quantity.gold) for one in found):
                foreseen += quantity.likelihood
        drawn += len(found) / len(context.quantities)
    assert foreseen > 1.1 * drawn


def test_it_takes_its_forecasts_for_notes(task, phases):
    for name, context in task.contexts.items():
        count = len(read_notes(context.text, phases[name]).values)
        assert count == len(read_forecasts(phases[name])), name


def test_it_forecasts_in_plain_text_too(task):
    context = next(iter(task.contexts.values()))
    system = f"{FORECAST_FRAME.text}\n\n{rethink.SLEEP_TEXT.text}"
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": situation_block(context.text)},
    ]
    written = reply(messages, seed=1).text
    assert read_forecasts(written.partition("<notes>")[2].partition("</notes>")[0])


def test_a_situation_that_it_cannot_read_gets_no_forecast(sleep):
    (notes,) = sleep("Colourless green ideas sleep furiously.", 0, FORECAST_FRAME)
    assert read_forecasts(notes) == ()


def test_other_notes_are_what_they_were(task, sleep):
    context = next(iter(task.contexts.values()))
    assert "|" not in json.dumps(sleep(context.text, 0))
