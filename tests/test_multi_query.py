"""The multi-query experiment: its defaults, its shared sleep phases, and the prefix cache."""

import asyncio
import json
import socket
import threading
from collections import Counter
from dataclasses import replace

import pytest
import uvicorn

from sleeptime_lib import results, runs
from sleeptime_lib.analysis import wording
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError
from sleeptime_lib.experiments.multi_query import (
    BILLS,
    MULTI_QUERY,
    MultiQueryOptions,
    amortise,
)
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.manifest import command_of
from sleeptime_lib.servers.simulated.app import create_app
from sleeptime_lib.servers.simulated.options import Options
from sleeptime_lib.store import read_rows, read_sleeps

SMALL = {"limit": 3, "questions_per_context": 4}


async def carried_out(path, **options):
    made = runs.make_options(MULTI_QUERY, **(SMALL | options))
    return await runs.carry_out(runs.prepare(MULTI_QUERY, made, Execution(), path))


@pytest.fixture
def caching_server():
    """The simulated model behind a real socket, with a prefix cache; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(Options(prefix_cache=True))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(10)


class TestDefaults:
    def test_they_are_the_experiments_own(self):
        options = runs.make_options(MULTI_QUERY)
        assert options.dataset == "multi-p1"
        assert options.questions_per_context == 10
        assert (options.levels, options.sleep_parallel) == ((0, 1, 3), (1,))

    def test_what_is_given_goes_before_them(self):
        assert runs.make_options(MULTI_QUERY, levels=(2,)).levels == (2,)

    def test_the_options_are_those_of_stateful_gsm_with_their_bounds(self):
        assert list(MultiQueryOptions.model_fields) == list(StatefulGsmOptions.model_fields)
        for wrong in ({"limit": 0}, {"levels": (7,)}, {"questions_per_context": 0}):
            with pytest.raises(InputError, match=next(iter(wrong))):
                MultiQueryOptions.make(**wrong)

    def test_the_command_leaves_them_out(self):
        assert command_of(MULTI_QUERY, MultiQueryOptions(limit=5)) == (
            "sleeptime run multi-query --limit 5"
        )
        assert command_of(MULTI_QUERY, MultiQueryOptions(levels=(0, 1, 2, 3, 4))) == (
            "sleeptime run multi-query --levels 0,1,2,3,4"
        )

    def test_baseline_and_one_sleep_phase_are_measured_and_nothing_else(self):
        settings = MULTI_QUERY.settings(MultiQueryOptions())
        arms = Counter((s.arm, s.budget_kind, s.sleep_parallel) for s in settings)
        assert arms == {("baseline", "verbosity", 0): 3, ("sleep", "verbosity", 1): 3}


async def test_all_questions_of_a_context_share_one_sleep_phase(tmp_path):
    await carried_out(tmp_path)
    rows, sleeps = read_rows(tmp_path), read_sleeps(tmp_path)
    assert len(sleeps) == 3
    slept = rows[rows.arm == "sleep"]
    assert (slept.groupby("sleep_id").question_id.nunique() == 4).all()


async def test_fewer_questions_of_the_same_contexts_give_the_same_rows(tmp_path):
    await carried_out(tmp_path / "many")
    await carried_out(tmp_path / "few", questions_per_context=2)
    many, few = (read_rows(tmp_path / name) for name in ("many", "few"))
    same = many[many.question_id.isin(few.question_id)]
    assert few.prediction.tolist() == same.prediction.tolist()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return runs.run(MULTI_QUERY, out=tmp_path_factory.mktemp("run"), **(SMALL | {"limit": 8}))


def priced(run, model, **price):
    """The run as if `model` had made it at a price."""
    return replace(run, manifest=dict(run.manifest) | {"model": model, "price": price or None})


class TestReport:
    def test_it_has_the_amortisation_under_every_bill(self, finished):
        found = results.report_json(finished)["amortisation"]
        assert set(found) == {*BILLS, "prices_of"}
        assert found["paper"]["questions"] == [1, 2, 5, 10]
        assert json.loads(json.dumps(found, allow_nan=False)) == found

    def test_a_batch_endpoint_halves_the_questions_it_takes(self, finished):
        found = amortise(finished)
        live, batch = (found[name].main.break_even.estimate for name in ("list", "batch"))
        assert live / batch == pytest.approx(2)

    def test_an_experiment_with_one_question_per_context_has_none(self, tmp_path):
        few = {"limit": 2, "levels": (0,), "sleep_parallel": (1,), "pass_samples": 0}
        run = runs.run(STATEFUL_GSM, out=tmp_path, **few)
        assert "amortisation" not in results.report_json(run)

    def test_a_model_that_is_free_or_of_unknown_price_takes_a_named_models(self, finished):
        assert finished.price_or_reference[1] == "gpt-4o-mini"
        assert priced(finished, "nobody/knows").price_or_reference[1] == "gpt-4o-mini"

    def test_a_model_with_a_price_keeps_it(self, finished):
        run = priced(finished, "mine", prompt=1.0, cached=0.5, completion=3.0)
        price, name = run.price_or_reference
        assert (price.completion, name) == (3.0, "mine")

    def test_it_is_told_in_words_under_every_bill(self, finished):
        (section,) = [one for one in finished.sections() if one.name == "amortisation"]
        assert len(section.sentences) == len(BILLS) + 1
        for name, line in zip(BILLS.values(), section.sentences, strict=False):
            assert line.startswith(name)

    def test_its_figures_are_written_with_where_they_came_from(self, finished, tmp_path):
        written = finished.write_figures(tmp_path)
        names = {path.stem for path in written}
        assert {"multi_query_pareto", "multi_query_amortised_paper"} <= names
        for name in names:
            beside = json.loads((tmp_path / f"{name}.json").read_text())
            assert beside["provenance"]["run"] == str(finished.path)


class TestPrefixCache:
    async def test_cached_tokens_are_read_back_into_the_rows(self, tmp_path, caching_server):
        await carried_out(tmp_path, base_url=caching_server)
        rows = read_rows(tmp_path)
        assert (rows.test_cached_tokens <= rows.test_prompt_tokens).all()
        # Frame, situation and notes are shared by a context's answers: all but the first of them
        # find that beginning in the cache.
        hits = rows[rows.test_cached_tokens > 0]
        assert len(hits) > 0.8 * len(rows)

    async def test_the_report_tells_the_hit_rate(self, tmp_path, caching_server):
        await carried_out(tmp_path, base_url=caching_server)
        rows = read_rows(tmp_path)
        rate = results.report_json(results.load_run(tmp_path))["tokens"]["hit_rate"]
        assert rate["test"] == rows.test_cached_tokens.sum() / rows.test_prompt_tokens.sum()
        assert 0.3 < rate["test"] < 1
        assert 0 < rate["sleep"] < 1
        told = " ".join(wording.sentences(results.load_run(tmp_path).report()))
        assert f"{100 * rate['test']:.0f}% of those of the answers" in told

    async def test_without_a_prefix_cache_the_rate_is_nought(self, tmp_path):
        await carried_out(tmp_path)
        rate = results.report_json(results.load_run(tmp_path))["tokens"]["hit_rate"]
        assert rate == {"sleep": 0.0, "test": 0.0}
