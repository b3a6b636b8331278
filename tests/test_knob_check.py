"""A knob that a server accepts and ignores is told before a run is paid for."""

import asyncio

import pytest
from fault_replies import completion
from fault_server import FaultServer
from thinking_model import ThinkingModel

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import StopRun
from sleeptime_lib.experiments.stateful_aime import STATEFUL_AIME
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.manifest import read_manifest
from sleeptime_lib.models.doctor import examine
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.knobs import HARD_QUESTION
from sleeptime_lib.results import load_run, report_json
from sleeptime_lib.store import read_rows

SMALL = {"limit": 2, "sleep_parallel": (), "context_only": False, "pass_samples": 0, "model": "m"}
SMALL |= {"dataset": "procedural-p0"}


class Reasoner:
    """A reasoning model whose thoughts are hidden and counted.

    Args:
        tokens: From the body of a request to the tokens that it thinks.
        told: Whether usage tells how many of the generated tokens are thoughts.
    """

    def __init__(self, tokens, *, told=True):
        self.tokens = tokens
        self.told = told

    def __call__(self, path, body):
        thought = self.tokens(body)
        usage = {"prompt_tokens": 50, "completion_tokens": thought + 5}
        if self.told:
            usage["completion_tokens_details"] = {"reasoning_tokens": thought}
        return 200, completion("The answer is 7.", usage)


def obeying(body):
    """Thinks as long as it is told."""
    by_effort = {"none": 0, "low": 100, "medium": 300, "high": 900}
    return by_effort.get(body.get("reasoning_effort"), 500) + body.get("thinking_token_budget", 0)


def ignoring(body):
    """Accepts every field and thinks as it always does."""
    return 400


def carry_out(server, path, execution=None, **given):
    options = runs.make_options(STATEFUL_GSM, **(SMALL | given), base_url=server.url)
    ready = runs.prepare(STATEFUL_GSM, options, execution or Execution(), path)
    return asyncio.run(runs.carry_out(ready))


def ignoring_asleep(body):
    """Obeys where there is a question, and thinks as it always does where there are notes."""
    return 400 if "<notes>" in body["messages"][0]["content"] else obeying(body)


def carry_out_asleep(server, path):
    given = {"dataset": "procedural-aime", "sleep_protocol": "text", "sleep_parallel": (1,)}
    given |= {"budget_kind": "effort", "sleep_efforts": ("low", "high")}
    options = runs.make_options(STATEFUL_AIME, **(SMALL | given), base_url=server.url)
    asyncio.run(runs.carry_out(runs.prepare(STATEFUL_AIME, options, Execution(), path)))


class TestRuns:
    @pytest.mark.parametrize("kind", ["effort", "thinking"])
    def test_one_that_is_ignored_stops_the_run_before_its_first_row(self, tmp_path, kind):
        with FaultServer(answer=Reasoner(ignoring)) as server:
            with pytest.raises(StopRun) as caught:
                carry_out(server, tmp_path, budget_kind=kind)
            asked = server.log.attempts.total()
        assert f"{kind} budgets change nothing here" in str(caught.value)
        assert "a hard question took 405 tokens" in str(caught.value)
        assert "--budget-kind forced" in str(caught.value)
        assert "--knob go-on" in str(caught.value)
        assert asked == 2
        assert len(read_rows(tmp_path)) == 0
        assert read_manifest(tmp_path)["knob"]["works"] is False

    def test_a_run_that_goes_on_all_the_same_says_so_in_its_report(self, tmp_path):
        with FaultServer(answer=Reasoner(ignoring)) as server:
            go_on = Execution.make(knob="go-on")
            done = carry_out(server, tmp_path, go_on, budget_kind="effort")
        assert done.outcome.answered == 6
        told = report_json(load_run(tmp_path))["warnings"]
        assert any("effort budgets changed nothing before the run" in line for line in told)

    @pytest.mark.parametrize("kind", ["effort", "thinking"])
    def test_one_that_moves_is_kept_with_the_run_and_not_warned_of(self, tmp_path, kind):
        with FaultServer(answer=Reasoner(obeying)) as server:
            carry_out(server, tmp_path, budget_kind=kind)
        knob = read_manifest(tmp_path)["knob"]
        assert (knob["kind"], knob["works"]) == (kind, True)
        assert not any("changed nothing" in line for line in load_run(tmp_path).report().warnings)

    def test_the_lowest_and_the_highest_budget_are_asked_the_same_hard_question(self, tmp_path):
        with FaultServer(answer=Reasoner(obeying)) as server:
            carry_out(server, tmp_path, budget_kind="effort", budgets="low,medium,high")
            low, high = list(server.log.bodies)[:2]
        assert (low["reasoning_effort"], high["reasoning_effort"]) == ("low", "high")
        assert low["messages"] == high["messages"]
        question = HARD_QUESTION.rpartition(". ")[2]
        assert question in low["messages"][-1]["content"]

    def test_going_on_with_a_run_asks_it_no_second_time(self, tmp_path):
        with FaultServer(answer=Reasoner(obeying)) as server:
            for limit in (2, 2):
                carry_out(server, tmp_path, budget_kind="effort", limit=limit)
            assert server.log.attempts.total() == 2 + 6

    def test_a_server_that_starts_over_takes_no_forced_budgets(self, tmp_path):
        with FaultServer(answer=ThinkingModel(continues=False)) as server:
            with pytest.raises(StopRun, match="starts over in place of going on"):
                carry_out(server, tmp_path, budget_kind="forced")
            assert server.log.attempts.total() == 1

    def test_one_that_is_refused_names_what_works(self, tmp_path):
        def refusing(path, body):
            return 400, {"error": {"message": "Unknown parameter: 'thinking_token_budget'."}}

        with (
            FaultServer(answer=refusing) as server,
            pytest.raises(StopRun, match="refused here: take --budget-kind forced, effort or verb"),
        ):
            carry_out(server, tmp_path, budget_kind="thinking")

    def test_efforts_asleep_that_are_ignored_are_told_too(self, tmp_path):
        with FaultServer(answer=Reasoner(ignoring_asleep)) as server:
            with pytest.raises(StopRun) as caught:
                carry_out_asleep(server, tmp_path)
            assert server.log.attempts.total() == 2 + 2 * 2  # no notes: asked twice
        assert "sleep effort budgets change nothing here" in str(caught.value)
        assert "take one effort asleep" in str(caught.value)
        assert "at effort low and" in str(caught.value)
        assert "a hard sleep phase took" in str(caught.value)

    def test_efforts_asleep_that_move_are_kept_with_the_run(self, tmp_path):
        with FaultServer(answer=Reasoner(obeying)) as server:
            carry_out_asleep(server, tmp_path)
        assert read_manifest(tmp_path)["knob"]["works"] is True

    def test_runs_by_verbosity_and_with_a_single_budget_ask_nothing(self, tmp_path):
        with FaultServer() as server:
            carry_out(server, tmp_path / "a", levels=(0,))
            assert server.log.attempts.total() == 2
        with FaultServer(answer=Reasoner(ignoring)) as server:
            carry_out(server, tmp_path / "b", budget_kind="effort", budgets="low")
            assert server.log.attempts.total() == 2
        assert read_manifest(tmp_path / "a")["knob"] is None


class TestRows:
    def test_hidden_thoughts_count_as_test_tokens(self, tmp_path):
        with FaultServer(answer=Reasoner(obeying)) as server:
            carry_out(server, tmp_path, budget_kind="effort", budgets="low,high")
        rows = read_rows(tmp_path)
        means = rows.groupby("budget").test_completion_tokens.mean()
        assert means.to_dict() == {2: 105, 4: 905}
        assert rows.test_reasoning_tokens.tolist() == [100, 900] * 2
        assert {measures["reasoning_untold"] for measures in rows.measures} == {0}

    def test_a_row_says_so_where_their_number_is_hidden_too(self, tmp_path):
        with FaultServer(answer=Reasoner(obeying, told=False)) as server:
            carry_out(server, tmp_path, budget_kind="effort", budgets="none,high")
        rows = read_rows(tmp_path)
        untold = [measures["reasoning_untold"] for measures in rows.measures]
        assert dict(zip(rows.budget, untold, strict=True)) == {0: 0, 4: 1}
        assert rows.test_completion_tokens.max() == 905


class TestDoctor:
    async def verdicts(self, answer):
        with FaultServer(answer=answer) as server:
            findings = await examine(resolve("m", base_url=server.url))
        return {finding.name: finding for finding in findings}

    async def test_it_tells_a_knob_that_is_ignored_and_what_to_take(self):
        found = await self.verdicts(Reasoner(ignoring))
        for name in ("reasoning effort", "thinking budget"):
            assert found[name].verdict == "no"
            assert "it changes nothing" in found[name].seen
        assert "take --budget-kind forced" in found["reasoning effort"].consequence
        assert found["forced budget"].verdict == "no"

    async def test_it_tells_a_knob_that_works(self):
        found = await self.verdicts(Reasoner(obeying))
        assert found["reasoning effort"].verdict == found["thinking budget"].verdict == "yes"

    async def test_it_tells_a_server_that_goes_on_with_a_message(self):
        found = await self.verdicts(ThinkingModel())
        assert found["forced budget"].verdict == "yes"
        assert found["reasoning effort"].verdict == "no"
