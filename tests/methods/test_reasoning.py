"""A forced budget: the model thinks for so many tokens, is cut off, and has to answer."""

import asyncio

import pytest
from fault_server import FaultServer
from thinking_model import ThinkingModel, words

from sleeptime_lib import recordings, runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import InputError, StopRun
from sleeptime_lib.experiment import Call, Setting
from sleeptime_lib.experiments.multi_query import MULTI_QUERY
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM, StatefulGsmOptions
from sleeptime_lib.manifest import prompts_hash, read_manifest
from sleeptime_lib.methods import RETHINK, verbosity
from sleeptime_lib.methods.reasoning import BOXED, NUMBER, answer, at_budget, expect, steps
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.knobs import counting
from sleeptime_lib.models.limits import Limits
from sleeptime_lib.records import EFFORTS, VOLATILE_COLUMNS, Context, Question, Usage
from sleeptime_lib.results import load_run
from sleeptime_lib.store import CALLS, read_rows

CONTEXT = Context("c", "cluster", "Six trays of ten rolls.")
QUESTION = Question("q", "c", "How many rolls are there?", "60")
FORCED = {"budget_kind": "forced", "model": "m", "context_only": False, "pass_samples": 0}
FORCED |= {"sleep_parallel": (1,), "sleep_protocol": "text", "limit": 3, "dataset": "procedural-p0"}


def forced(budget, **given):
    return at_budget(Setting("baseline", **given), "forced", budget)


class Asked:
    """One answer of a model behind a socket: what was asked, what came of it, what it took."""

    def __init__(self, model, setting, style=NUMBER):
        with FaultServer(answer=model) as server:
            self.answered = asyncio.run(self.ask(server, setting, style))
            self.bodies = list(server.log.bodies)

    async def ask(self, server, setting, style):
        endpoint = resolve("m", base_url=server.url)
        async with Client(endpoint, cache_path=None, limits=Limits(backoff_s=0.01)) as client:
            self.call = Call(client, "me")
            return await answer(self.call, CONTEXT, QUESTION, setting, (), 0, style)


class TestRequests:
    def test_a_chain_is_begun_gone_on_with_and_forced_field_by_field(self):
        asked = Asked(ThinkingModel(), forced(32, seed=7))
        opening = list(verbosity.asking(CONTEXT.text, (), QUESTION.text, NUMBER.manner))
        same = {"model": "m", "temperature": 0.0}
        going_on = {"continue_final_message": True, "add_generation_prompt": False}
        chain = ThinkingModel().chain
        begun = "".join(chain[:16])
        whole = "".join(chain[:32])
        assert asked.bodies == [
            {**same, "seed": 7, "messages": opening, "max_tokens": 16},
            {
                **same,
                "seed": 1007,
                **going_on,
                "messages": [*opening, {"role": "assistant", "content": begun}],
                "max_tokens": 16,
            },
            {
                **same,
                "seed": 2007,
                **going_on,
                "messages": [
                    *opening,
                    {"role": "assistant", "content": f"{whole}\n\nThe answer is"},
                ],
                "max_tokens": 32,
            },
        ]

    def test_the_frame_and_the_notes_are_those_of_answers_by_verbosity(self):
        asked = Asked(ThinkingModel(), forced(16)).bodies[0]["messages"]
        other = verbosity.messages(CONTEXT.text, (), QUESTION.text, 3)
        assert asked[0] == other[0]
        shared = other[1]["content"].index(verbosity.VERBOSITY[3].text)
        assert asked[1]["content"][:shared] == other[1]["content"][:shared]

    @pytest.mark.parametrize("kind", ["effort", "thinking"])
    def test_a_model_that_thinks_out_of_sight_is_asked_for_the_answer_alone(self, kind):
        (body,) = Asked(ThinkingModel(), at_budget(Setting("baseline"), kind, 3)).bodies
        assert body["messages"][-1]["content"].endswith(NUMBER.alone.text)
        assert "step by step" not in body["messages"][-1]["content"]

    def test_an_answer_in_a_box_is_begun_as_one(self):
        asked = Asked(ThinkingModel(), forced(16), BOXED)
        assert asked.bodies[-1]["messages"][-1]["content"].endswith(
            "\n\nThe final answer is \\boxed{"
        )

    def test_an_effort_is_sent_by_name_and_no_limit_with_it(self):
        setting = at_budget(Setting("baseline"), "effort", EFFORTS.index("high"))
        (body,) = Asked(ThinkingModel(), setting).bodies
        assert body["reasoning_effort"] == "high"
        assert not {"max_tokens", "thinking_token_budget"} & set(body)

    def test_a_thinking_budget_is_sent_with_room_for_the_answer(self):
        setting = at_budget(Setting("baseline", max_tokens=100), "thinking", 4000)
        (body,) = Asked(ThinkingModel(), setting).bodies
        assert (body["thinking_token_budget"], body["max_tokens"]) == (4000, 4100)


class TestChain:
    @pytest.mark.parametrize("budget", [1, 15, 16, 17, 31, 32, 33, 40])
    def test_it_is_what_the_model_would_have_written_at_once(self, budget):
        asked = Asked(ThinkingModel(), forced(budget))
        assert asked.answered.text.startswith("".join(ThinkingModel().chain[:budget]))
        assert asked.answered.text.endswith(f"\n\nThe answer is {budget}.")
        assert asked.answered.measures == {"thinking_tokens": budget, "forced": 1, "extensions": 0}

    def test_a_budget_of_nothing_forces_the_answer_at_once(self):
        asked = Asked(ThinkingModel(), forced(0))
        (body,) = asked.bodies
        assert body["messages"][-1] == {"role": "assistant", "content": "The answer is"}
        assert asked.answered.text == "The answer is 0."

    def test_one_that_ends_with_its_answer_is_not_forced(self):
        asked = Asked(ThinkingModel(length=10), forced(64))
        assert asked.answered.text.endswith("w9 The answer is 7.")
        assert asked.answered.measures["forced"] == 0
        assert len(asked.bodies) == 1

    def test_one_that_ends_without_an_answer_is_asked_for_it(self):
        asked = Asked(ThinkingModel(length=10, ending="That is all."), forced(64))
        assert asked.answered.text.endswith("That is all.\n\nThe answer is 13.")
        assert asked.answered.measures["thinking_tokens"] == 13

    def test_one_that_ends_early_goes_on_for_what_is_left_of_the_budget(self):
        asked = Asked(ThinkingModel(length=10), forced(64, extensions=1))
        assert asked.answered.text.endswith("is 7.\n\nWait, let me see. The answer is 8.")
        assert asked.bodies[1]["max_tokens"] == 16 - 14
        assert asked.answered.measures["extensions"] == 1

    def test_thoughts_between_marks_are_closed_before_the_answer_is_forced(self):
        model = ThinkingModel()
        model.chain = words("<think> " + " ".join(f"w{i}" for i in range(40)) + " </think> 7")
        asked = Asked(model, forced(16))
        begun = asked.bodies[-1]["messages"][-1]["content"]
        assert begun.endswith("w14\n</think>\n\nThe answer is")
        assert begun.count("</think>") == 1

    def test_thoughts_between_marks_go_on_inside_them(self):
        model = ThinkingModel()
        model.chain = words("<think> w1 w2 </think> The answer is 7.")
        asked = Asked(model, forced(16, extensions=1))
        assert asked.bodies[1]["messages"][-1]["content"] == "<think> w1 w2\n\nWait,"

    def test_one_that_thinks_where_it_cannot_be_cut_off_stops_the_run(self):
        with pytest.raises(StopRun, match=r"without a reasoning parser, or take --budget-kind"):
            Asked(ThinkingModel(hidden=True), forced(32))

    def test_its_steps_double_and_end_at_the_budget(self):
        assert [list(steps(budget)) for budget in (0, 8, 16, 100, 128)] == [
            [],
            [8],
            [16],
            [16, 32, 64, 100],
            [16, 32, 64, 128],
        ]


class TestCounts:
    def test_a_budget_counts_as_if_it_had_been_forced_once(self):
        """Prompts of two requests, whatever number of steps the chain was asked for in."""
        asked = Asked(ThinkingModel(), forced(40))
        opening, begun = (
            sum(len(message["content"].split()) for message in asked.bodies[i]["messages"])
            for i in (0, -1)
        )
        assert asked.call.usage == Usage(prompt=opening + begun, completion=40 + 1)
        assert asked.call.billed.completion == 40 + 1
        assert asked.call.billed.prompt == sum(
            len(message["content"].split()) for body in asked.bodies for message in body["messages"]
        )

    def test_going_on_after_an_end_is_a_request_of_its_own(self):
        asked = Asked(ThinkingModel(length=4), forced(16, extensions=1))
        assert asked.call.usage == asked.call.billed

    def test_more_is_expected_of_larger_budgets(self):
        found = [expect(forced(budget)) for budget in (0, 16, 256)]
        assert [one.calls for one in found] == [1, 2, 6]
        tokens = [one.completion_tokens for one in found]
        assert tokens == sorted(set(tokens))
        efforts = [at_budget(Setting("baseline"), "effort", place) for place in range(len(EFFORTS))]
        tokens = [expect(setting).completion_tokens for setting in efforts]
        assert tokens == sorted(set(tokens))


def carry_out(server, path, **given):
    options = runs.make_options(STATEFUL_GSM, **(FORCED | given), base_url=server.url)
    return asyncio.run(runs.carry_out(runs.prepare(STATEFUL_GSM, options, Execution(), path)))


class TestRuns:
    def test_budgets_of_a_question_share_one_chain_which_is_paid_for_once(self, tmp_path):
        with FaultServer(answer=ThinkingModel(length=300)) as server:
            carry_out(server, tmp_path, budgets=(16, 32, 64, 128, 256), sleep_parallel=())
            asked = sum(server.log.attempts.values())
        rows = read_rows(tmp_path)
        assert len(rows) == 15
        assert asked == 3 * (5 + 5) + 1  # one more to see whether the server goes on
        billed, used = rows.billed_test_completion_tokens.sum(), rows.test_completion_tokens
        assert used.tolist() == (rows.budget + 1).tolist()
        assert billed == 3 * (256 + 5)
        paid = read_manifest(tmp_path)["billed"]
        seen = sum(len(message["content"].split()) for message in counting("m").messages)
        assert billed + 9 == paid["completion"]
        assert rows.billed_test_prompt_tokens.sum() + seen == paid["prompt"]

    def test_rows_do_not_depend_on_the_other_budgets_of_the_run(self, tmp_path):
        with FaultServer(answer=ThinkingModel(length=300)) as server:
            carry_out(server, tmp_path / "a", budgets=(16, 32, 50, 100), pass_samples=2)
            carry_out(server, tmp_path / "b", budgets=(16, 100), pass_samples=2)
        large, small = (
            read_rows(tmp_path / name).drop(columns=list(VOLATILE_COLUMNS)) for name in "ab"
        )
        part = large[large.budget.isin((16, 100))].reset_index(drop=True)
        assert part.to_dict("records") == small.to_dict("records")

    def test_a_recording_is_replayed_with_fewer_budgets_and_refused_others(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        with FaultServer(answer=ThinkingModel(length=300)) as server:
            carry_out(server, tmp_path / "live", budgets=(16, 32, 64))
        live = load_run(tmp_path / "live")
        path = recordings.target("forced", live.manifest["config"])
        origin = recordings.Origin("", "a stand-in", "MIT")
        recordings.record(live.manifest, live.path / CALLS, path, origin, "x")
        fewer = runs.run(STATEFUL_GSM, out="r", model="recorded:forced", budgets=(16, 64))
        rows = live.rows[live.rows.budget != 32].reset_index(drop=True)
        for name in ("prediction", "test_prompt_tokens", "test_completion_tokens", "calls"):
            assert fewer.rows[name].tolist() == rows[name].tolist()
        with pytest.raises(InputError, match=r"budgets = 16, 128, recorded 16, 32, 64"):
            runs.run(STATEFUL_GSM, out="s", model="recorded:forced", budgets=(16, 128))

    def test_what_was_asked_is_read_again(self, tmp_path):
        with FaultServer(answer=ThinkingModel(length=300)) as server:
            carry_out(server, tmp_path, budgets=(64,), limit=1, sleep_parallel=())
        (trace,) = load_run(tmp_path).traces()
        assert [one.reply.usage.completion for one in trace.asked] == [16, 16, 32, 1]
        assert trace.answer.endswith("The answer is 64.")

    def test_draws_are_made_at_the_lowest_budget(self):
        options = StatefulGsmOptions.make(budget_kind="forced", budgets=(64, 16))
        draws = STATEFUL_GSM.settings(options)[-1]
        assert (draws.budget_kind, draws.asked_by, draws.budget) == ("samples", "forced", 16)


class TestOptions:
    def test_each_kind_has_budgets_by_default(self):
        found = {
            kind: StatefulGsmOptions.make(budget_kind=kind).budgets
            for kind in ("verbosity", "forced", "effort")
        }
        assert found == {"verbosity": (), "forced": (16, 32, 64, 128, 256), "effort": (2, 3, 4)}

    def test_efforts_are_given_by_name_from_least_to_most(self):
        options = StatefulGsmOptions.make(budget_kind="effort", budgets="xhigh,none,low")
        assert options.budgets == (0, 2, 5)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"budgets": "16"}, "budgets are for --budget-kind effort, thinking, forced"),
            ({"budget_kind": "effort", "budgets": "16"}, "are none, minimal, low"),
            ({"budget_kind": "thinking", "budgets": "0"}, "are numbers of tokens"),
            ({"budget_kind": "forced", "budgets": "-1"}, "are numbers of tokens"),
            ({"budget_kind": "forced", "budgets": "long"}, "budgets"),
            ({"budget_kind": "patience"}, "'verbosity', 'effort', 'thinking' or 'forced'"),
        ],
    )
    def test_wrong_ones_are_told(self, options, said):
        with pytest.raises(InputError, match=said):
            StatefulGsmOptions.make(**options)

    @pytest.mark.parametrize(
        ("experiment", "folder"),
        [
            (STATEFUL_GSM, "simulated-procedural-p1-0e07f67b"),
            (MULTI_QUERY, "simulated-multi-p1-c8f6819d"),
        ],
    )
    def test_runs_by_verbosity_are_those_they_were_before_there_were_others(
        self, experiment, folder
    ):
        ready = runs.prepare(experiment, runs.make_options(experiment), Execution())
        assert ready.path.name == folder
        other = runs.make_options(experiment, budget_kind="forced")
        changed = runs.prepare(experiment, other, Execution()).manifest["prompts_hash"]
        assert changed != ready.manifest["prompts_hash"]

    def test_each_kind_is_known_by_the_texts_that_it_sends(self):
        hashes = set()
        for kind in ("verbosity", "effort", "forced"):
            options = runs.make_options(STATEFUL_GSM, budget_kind=kind)
            hashes.add(prompts_hash(STATEFUL_GSM, RETHINK, options))
        assert len(hashes) == 3
