"""What an experiment gets and gives: metered calls, its own failures, sleep methods handed in."""

import asyncio
from dataclasses import replace

import pytest
from fault_server import Faults, FaultServer
from toy import TOY, ToyOptions

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CallError, InputError, StopRun
from sleeptime_lib.experiment import Answered, Call, Grade, Notes, Prompt
from sleeptime_lib.experiments import EXPERIMENTS, find_experiment
from sleeptime_lib.experiments.multi_query import MULTI_QUERY
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.manifest import prompts_hash, read_manifest
from sleeptime_lib.methods import RETHINK, method_of
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.records import Usage
from sleeptime_lib.store import read_rows

QUICK = Limits(backoff_s=0.01)


def ask(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def server():
    with FaultServer() as server:
        yield server


def client(server, path):
    return Client(resolve("m", base_url=server.url), cache_path=path / "c", limits=QUICK)


class TestCall:
    async def test_several_add_up_under_one_owner(self, tmp_path, server):
        async with client(server, tmp_path) as model:
            call = Call(model, "me")
            one = await call(ask("one"), max_tokens=50)
            other = await call(ask("other"), temperature=0.5, effort="low")
            paid = model.totals.billed
        assert call.calls == 2
        assert call.usage == call.billed == one.usage + other.usage == paid
        assert call.latency_s == one.latency_s + other.latency_s > 0
        assert call.finish_reason == other.finish_reason
        first, second = server.log.bodies
        assert (first["max_tokens"], second["temperature"]) == (50, 0.5)
        assert second["reasoning_effort"] == "low"
        assert not {"temperature", "seed", "tools", "reasoning_effort"} & set(first)

    async def test_further_fields_are_sent_as_they_are(self, tmp_path, server):
        async with client(server, tmp_path) as model:
            await Call(model, "me")(ask("x"), response_format={"type": "json_object"})
        assert server.log.bodies[0]["response_format"] == {"type": "json_object"}

    async def test_one_that_fails_after_another_still_tells_what_was_spent(self, tmp_path):
        with FaultServer(scripted=("", "400")) as server:
            async with client(server, tmp_path) as model:
                call = Call(model, "me")
                reply = await call(ask("one"))
                with pytest.raises(CallError):
                    await call(ask("other"))
        assert call.calls == 1
        assert call.usage == call.billed == reply.usage

    async def test_replies_from_the_cache_are_billed_to_whoever_caused_them(self, tmp_path, server):
        async with client(server, tmp_path) as model:
            first, second = Call(model, "first"), Call(model, "second")
            await first(ask("x"))
            await second(ask("x"))
        async with client(server, tmp_path) as model:
            again = Call(model, "first")
            await again(ask("x"))
            assert model.totals.sent == 0
        assert first.usage == second.usage == again.usage
        assert first.billed == again.billed == first.usage
        assert second.billed == Usage()

    async def test_samples_tell_equal_requests_apart(self, tmp_path, server):
        async with client(server, tmp_path) as model:
            call = Call(model, "me")
            await asyncio.gather(*(call(ask("x"), sample=i % 2) for i in range(4)))
        assert sum(server.log.attempts.values()) == 2


def carry_out(experiment, path, server=None, **given):
    where = {"model": "m", "base_url": server.url} if server else {}
    how = {"sleep_method": given.pop("sleep_method", None)}
    options = runs.make_options(experiment, **where, **given)
    ready = runs.prepare(experiment, options, Execution(), path, **how)
    return asyncio.run(runs.carry_out(ready))


class TestRows:
    def test_a_row_counts_all_calls_of_its_answer(self, tmp_path, server):
        carry_out(TOY, tmp_path, server)
        rows = read_rows(tmp_path)
        assert (rows.calls == 2).all()
        assert (rows.score == 0.5).all()
        assert rows.measures.tolist() == [{"changed": 1.0}] * 8
        assert (rows.billed_test_prompt_tokens == rows.test_prompt_tokens).all()
        assert (rows.billed_sleep_prompt_tokens == rows.sleep_prompt_tokens).all()
        asked = rows.test_prompt_tokens.sum() + rows.sleep_prompt_tokens.sum()
        assert asked == read_manifest(tmp_path)["billed"]["prompt"]

    def test_a_row_that_fails_at_its_second_call_tells_what_the_first_took(self, tmp_path):
        with FaultServer(Faults(lasting=0.4, seed=2)) as server:
            carry_out(TOY, tmp_path, server, limit=12)
        rows = read_rows(tmp_path)
        half = rows[(rows.error != "") & (rows.calls == 1)]
        assert len(half) > 0
        assert (half.billed_test_prompt_tokens > 0).all()
        assert half.score.isna().all()


def failing(when):
    """The toy, whose answers go wrong for some questions."""

    async def answer(call, context, question, setting, notes, sample):
        if when(question):
            raise KeyError("no such\nbox")
        return Answered("1")

    return replace(TOY, answer=answer)


class TestOwnFailures:
    def test_they_are_failed_rows_of_one_line(self, tmp_path, server):
        done = carry_out(failing(lambda question: question.question_id == "q1"), tmp_path, server)
        rows = read_rows(tmp_path)
        assert (done.outcome.answered, done.outcome.failed) == (6, 2)
        (error,) = set(rows.error) - {""}
        assert error.startswith("code: answer of toy failed: KeyError: 'no such\\nbox', line ")
        assert error.rpartition("line ")[2].isdigit()

    def test_a_message_of_several_lines_becomes_one(self, tmp_path, server):
        async def answer(call, *rest):
            raise ValueError("first\n  second")

        carry_out(replace(TOY, answer=answer), tmp_path, server, limit=1)
        assert "ValueError: first second, line" in read_rows(tmp_path).error[0]

    @pytest.mark.parametrize("grade", [Grade("1", 1.5), Grade("1", -1), None, "1"])
    def test_a_grade_that_is_none_is_a_failure(self, tmp_path, server, grade):
        wrong = replace(TOY, grade=lambda answered, question: grade)
        assert carry_out(wrong, tmp_path, server, limit=1).outcome.failed == 2

    @pytest.mark.parametrize("answered", [None, "text", Answered("1", {"steps": "many"})])
    def test_an_answer_that_is_none_is_a_failure(self, tmp_path, server, answered):
        async def answer(call, *rest):
            return answered

        wrong = replace(TOY, answer=answer, grade=lambda answered, question: Grade("1", 1.0))
        assert carry_out(wrong, tmp_path, server, limit=1).outcome.failed == 2

    def test_those_of_a_sleep_method_name_it(self, tmp_path, server):
        async def dream(call, context, setting, draw):
            raise ZeroDivisionError("nothing to share")

        carry_out(TOY, tmp_path, server, sleep_method=dream)
        errors = read_rows(tmp_path).groupby("arm").error.first()
        assert errors["baseline"] == ""
        assert "sleep method dream failed: ZeroDivisionError: nothing to share" in errors["sleep"]

    def test_a_run_with_nothing_else_is_stopped(self, tmp_path, server):
        with pytest.raises(StopRun, match=r"answer of toy failed: KeyError.*line"):
            carry_out(failing(lambda question: True), tmp_path, server, limit=50)
        assert len(read_rows(tmp_path)) < 20
        assert read_manifest(tmp_path)["status"] == "stopped"

    def test_a_run_with_a_few_is_not(self, tmp_path, server):
        few = failing(lambda question: int(question.gold) % 3 == 0)
        assert carry_out(few, tmp_path, server, limit=50).outcome.failed == 34


async def list_all(call, context, setting, draw):
    reply = await call(ask(f"List all of: {context.text}"), seed=setting.sleep.seed + draw)
    return Notes(reply.text)


def changed():
    async def list_all(call, context, setting, draw):
        reply = await call(ask(f"List some of: {context.text}"))
        return Notes(reply.text)

    return list_all


class TestSleepMethods:
    def test_one_is_handed_in_as_a_function(self, tmp_path, server):
        carry_out(TOY, tmp_path, server, sleep_method=list_all)
        manifest = read_manifest(tmp_path)
        assert manifest["config"]["sleep_method"] == "list_all"
        assert manifest["sleep_method_source"] == method_of(list_all).source
        asked = [body["messages"][0]["content"] for body in server.log.bodies]
        assert sum(text.startswith("List all of: Box") for text in asked) == 4
        assert not any(text.startswith("Think about") for text in asked)
        run = runs.run(TOY, out=tmp_path, sleep_method=list_all, model="m", base_url=server.url)
        for record in run.notes().itertuples():
            assert record.text.endswith(".")
        assert len(run.notes()) == 4

    def test_its_own_code_decides_whether_a_run_is_the_same(self, tmp_path, server):
        carry_out(TOY, tmp_path, server, sleep_method=list_all)
        with pytest.raises(InputError, match="prompts_hash was"):
            carry_out(TOY, tmp_path, server, sleep_method=changed())
        options = runs.make_options(TOY, model="m", base_url=server.url)
        paths = {
            runs.prepare(TOY, options, Execution(), sleep_method=method).path
            for method in (list_all, changed(), None)
        }
        assert len(paths) == 3

    def test_one_without_a_source_is_refused(self):
        with pytest.raises(InputError, match="source of sleep method"):
            method_of(print)

    def test_an_unknown_name_tells_the_known_ones(self):
        options = runs.make_options(TOY, sleep_method="nonsense")
        with pytest.raises(
            InputError,
            match=r"'nonsense': known are rethink, rethink-problem, rethink-forced, .*, think",
        ):
            runs.prepare(TOY, options, Execution())

    def test_one_is_chosen_by_name(self, tmp_path):
        with pytest.raises(InputError, match="unknown sleep method 'nonsense'"):
            runs.run(TOY, out=tmp_path, sleep_method="nonsense")
        run = runs.run(TOY, out=tmp_path, sleep_method="think")
        assert run.manifest["config"]["sleep_method"] == "think"

    def test_an_experiments_own_is_its_default_and_another_can_be_chosen(self, tmp_path):
        assert runs.make_options(TOY).sleep_method == "think"
        chosen = runs.make_options(TOY, sleep_method="rethink")
        assert runs.prepare(TOY, chosen, Execution()).study.method is RETHINK


PROMPTS_HASH = "d610a1717cc3bb8dc62a5a04b6e96373616662c33991af2dd7a64debcdcb616d"


class TestIdentity:
    def test_prompts_are_hashed_as_ever(self):
        for experiment in (STATEFUL_GSM, MULTI_QUERY):
            assert prompts_hash(experiment, experiment.sleep) == PROMPTS_HASH

    def test_a_prompt_added_to_one_experiment_leaves_the_others(self):
        more = replace(MULTI_QUERY, prompts=(*MULTI_QUERY.prompts, Prompt("new", 1, "New.")))
        assert prompts_hash(more, RETHINK) != PROMPTS_HASH
        assert prompts_hash(STATEFUL_GSM, RETHINK) == PROMPTS_HASH
        assert prompts_hash(TOY, TOY.sleep) != PROMPTS_HASH

    def test_a_prompt_changed_in_a_sleep_method_is_another_run(self):
        other = replace(RETHINK, prompts=(*RETHINK.prompts[:-1], "another"))
        assert prompts_hash(STATEFUL_GSM, other) != PROMPTS_HASH


class TestNames:
    def test_every_experiment_is_found_by_its_name(self):
        for experiment in EXPERIMENTS:
            assert find_experiment(experiment.name) is experiment

    def test_an_unknown_name_tells_the_known_ones(self):
        with pytest.raises(
            InputError, match=r"known are stateful-gsm, stateful-aime, multi-query.*\.py file"
        ):
            find_experiment("stateful-gms")

    def test_a_file_that_defines_one_is_taken(self, tmp_path):
        file = tmp_path / "mine.py"
        file.write_text("from toy import TOY, ToyOptions\n")
        assert find_experiment(str(file)).options is ToyOptions

    @pytest.mark.parametrize(
        ("text", "said"),
        [("", "defines 0 experiments"), ("1 / 0", "ZeroDivisionError"), (None, "no file")],
    )
    def test_a_file_that_does_not_is_told(self, tmp_path, text, said):
        file = tmp_path / "mine.py"
        if text is not None:
            file.write_text(text)
        with pytest.raises(InputError, match=said):
            find_experiment(str(file))
