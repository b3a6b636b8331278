"""The table of dialects: what each server is sent for a budget, on a real socket."""

import pytest
from fault_replies import completion, plain_answer
from fault_server import FaultServer

from sleeptime_lib import runs
from sleeptime_lib.config import Execution
from sleeptime_lib.errors import CallError, InputError
from sleeptime_lib.experiment import Call
from sleeptime_lib.experiments.stateful_gsm import STATEFUL_GSM
from sleeptime_lib.models.client import Client
from sleeptime_lib.models.endpoint import resolve
from sleeptime_lib.models.knobs import CONTINUE, SERVERS, counting, goes_on, moved, server_of
from sleeptime_lib.models.limits import Limits

OPENING = ({"role": "user", "content": "How many?"},)
BEGUN = (*OPENING, {"role": "assistant", "content": "First,"})
PLAIN = {"model": "m", "messages": list(OPENING)}


async def sent(name, *, answer=plain_answer, messages=OPENING, **asked):
    """The bodies that arrive at a server for one call."""
    with FaultServer(answer=answer) as server:
        endpoint = resolve("m", base_url=server.url, server=name)
        async with Client(endpoint, cache_path=None, limits=Limits(backoff_s=0.01)) as client:
            await Call(client, "me")(messages, **asked)
        return list(server.log.bodies)


EFFORT_HIGH = {
    "vllm": {"reasoning_effort": "high"},
    "openai": {"reasoning_effort": "high"},
    "sglang": {"reasoning_effort": "high"},
    "deepseek": {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
    "anthropic": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    "openrouter": {"reasoning": {"effort": "high"}},
    "ollama": {"reasoning_effort": "high"},
    "llama.cpp": {"chat_template_kwargs": {"reasoning_effort": "high"}},
}

EFFORT_NONE = {
    "openai": {"reasoning_effort": "none"},
    "deepseek": {"thinking": {"type": "disabled"}},
    "anthropic": {"thinking": {"type": "disabled"}},
    "openrouter": {"reasoning": {"effort": "none"}},
}

THINKING_2000 = {
    "vllm": {"thinking_token_budget": 2000},
    "sglang": {
        "custom_params": {"thinking_budget": 2000},
        "chat_template_kwargs": {"thinking_budget": 2000},
    },
    "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "openrouter": {"reasoning": {"max_tokens": 2000}},
    "llama.cpp": {"reasoning_budget_tokens": 2000, "thinking_budget_tokens": 2000},
}

GOING_ON = {
    "vllm": {"continue_final_message": True, "add_generation_prompt": False},
    "sglang": {"continue_final_message": True},
    "deepseek": {},
    "anthropic": {},
    "openrouter": {},
    "ollama": {},
    "llama.cpp": {},
}


class TestRequests:
    @pytest.mark.parametrize("name", [server.name for server in SERVERS])
    async def test_without_a_budget_all_are_sent_the_same(self, name):
        assert await sent(name) == [PLAIN]

    @pytest.mark.parametrize(("name", "fields"), EFFORT_HIGH.items())
    async def test_an_effort(self, name, fields):
        assert await sent(name, effort="high") == [{**PLAIN, **fields}]

    @pytest.mark.parametrize(("name", "fields"), EFFORT_NONE.items())
    async def test_no_effort_at_all(self, name, fields):
        assert await sent(name, effort="none") == [{**PLAIN, **fields}]

    @pytest.mark.parametrize(("name", "fields"), THINKING_2000.items())
    async def test_a_thinking_budget(self, name, fields):
        assert await sent(name, thinking=2000) == [{**PLAIN, **fields}]

    @pytest.mark.parametrize(("name", "fields"), GOING_ON.items())
    async def test_a_message_to_go_on_with(self, name, fields):
        mark = {"prefix": True} if name == "deepseek" else {}
        messages = [*OPENING, {**BEGUN[-1], **mark}]
        found = await sent(name, messages=BEGUN, **CONTINUE)
        assert found == [{"model": "m", "messages": messages, **fields}]

    async def test_two_budgets_whose_fields_are_in_one_object(self):
        (body,) = await sent("sglang", thinking=50, chat_template_kwargs={"enable_thinking": True})
        assert body["custom_params"] == {"thinking_budget": 50}
        (body,) = await sent("llama.cpp", thinking=50, effort="low")
        assert body["chat_template_kwargs"] == {"reasoning_effort": "low"}
        assert body["thinking_budget_tokens"] == 50

    async def test_other_fields_of_a_request_stay(self):
        (body,) = await sent("openrouter", effort="low", temperature=0.5, seed=3, max_tokens=9)
        assert body == {
            **PLAIN,
            "temperature": 0.5,
            "seed": 3,
            "max_tokens": 9,
            "reasoning": {"effort": "low"},
        }

    async def test_replies_are_kept_under_the_request_and_not_under_its_dialect(self, tmp_path):
        with FaultServer() as server:
            for name in ("vllm", "openrouter"):
                endpoint = resolve("m", base_url=server.url, server=name)
                async with Client(endpoint, cache_path=tmp_path / "c") as client:
                    await Call(client, "me")(OPENING, effort="low")
            assert server.log.attempts.total() == 1


class TestWhichServer:
    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("https://api.openai.com/v1", "openai"),
            ("https://mine.openai.azure.com/v1", "openai"),
            ("https://api.deepseek.com/beta", "deepseek"),
            ("https://api.anthropic.com/v1", "anthropic"),
            ("https://openrouter.ai/api/v1", "openrouter"),
            ("http://localhost:8000/v1", "vllm"),
            ("https://notopenai.com/v1", "vllm"),
        ],
    )
    def test_it_is_known_by_its_address(self, url, name):
        assert server_of(url).name == name

    def test_a_name_goes_before_the_address(self):
        assert server_of("https://api.openai.com/v1", "ollama").name == "ollama"
        assert server_of("http://localhost:11434/v1", "ollama").name == "ollama"

    def test_an_unknown_name_tells_the_known_ones(self):
        with pytest.raises(InputError, match=r"'vllm', 'openai', 'sglang'"):
            Execution.make(server="mine")


def prepared(url, monkeypatch, server=None, **options):
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-some-length")
    chosen = runs.make_options(STATEFUL_GSM, model="m", base_url=url, limit=1, **options)
    return runs.prepare(STATEFUL_GSM, chosen, Execution.make(server=server))


class TestKnownRefusals:
    """What a server is known not to take is told before anything is asked."""

    @pytest.mark.parametrize(
        ("url", "options", "said"),
        [
            (
                "https://api.openai.com/v1",
                {"budget_kind": "forced"},
                "openai takes no forced budgets: take --budget-kind effort or verbosity",
            ),
            (
                "https://api.openai.com/v1",
                {"budget_kind": "thinking"},
                "openai takes no thinking budgets: take --budget-kind effort or verbosity",
            ),
            (
                "https://api.deepseek.com",
                {"budget_kind": "effort"},
                "deepseek does not tell effort medium from others: take none, low, high or max",
            ),
            (
                "https://api.deepseek.com",
                {"sleep_effort": "xhigh"},
                "deepseek does not tell effort xhigh from others",
            ),
            (
                "https://api.openai.com/v1",
                {"sleep_thinking": 500},
                "openai takes no thinking budgets",
            ),
        ],
    )
    def test_they_name_what_works(self, monkeypatch, url, options, said):
        with pytest.raises(InputError, match=said):
            prepared(url, monkeypatch, **options)

    def test_a_named_server_is_checked_as_one_that_is_known_by_its_address(self, monkeypatch):
        with pytest.raises(InputError, match="ollama takes no thinking budgets"):
            prepared("http://localhost:1/v1", monkeypatch, "ollama", budget_kind="thinking")

    def test_verbosity_works_everywhere(self, monkeypatch):
        for server in SERVERS:
            assert server.takes("verbosity")
            prepared("http://localhost:1/v1", monkeypatch, server.name)


def refusing(field):
    """A server that refuses a field by name, as OpenAI words it."""

    def answer(path, body):
        if field in str(body):
            message = f"Unrecognized request argument supplied: {field}"
            return 400, {"error": {"message": message, "type": "invalid_request_error"}}
        return 200, completion("7", {"prompt_tokens": 1, "completion_tokens": 1})

    return answer


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "field", "asked", "said"),
        [
            ("vllm", "thinking_token_budget", {"thinking": 9}, "thinking budgets are refused here"),
            ("vllm", "reasoning_effort", {"effort": "low"}, "effort budgets are refused here"),
            ("vllm", "continue_final_message", CONTINUE, "forced budgets are refused here"),
            ("openrouter", "max_tokens", {"thinking": 9}, "forced, effort or verbosity"),
            ("deepseek", "prefix", CONTINUE, "take --budget-kind effort or verbosity"),
        ],
    )
    async def test_one_names_the_kinds_of_budget_that_work(self, name, field, asked, said):
        with pytest.raises(CallError) as caught:
            await sent(name, answer=refusing(field), messages=BEGUN, **asked)
        assert said in caught.value.message
        assert field in caught.value.message
        assert "\n" not in caught.value.message

    async def test_another_refusal_is_left_as_it_is(self):
        with pytest.raises(CallError) as caught:
            await sent("vllm", answer=refusing("seed"), seed=5, effort="low")
        assert "--budget-kind" not in caught.value.message


class TestMovement:
    def test_a_knob_moves_when_tokens_grow_by_a_fifth_at_the_least(self):
        assert moved(100, 300)
        assert not moved(100, 100)
        assert not moved(100, 115)
        assert not moved(300, 100)

    @pytest.mark.parametrize(
        ("text", "going_on"),
        [(" 12, 13, 14", True), ("12,13", True), (", 12", True), ("1, 2, 3", False), ("", False)],
    )
    def test_a_server_goes_on_when_it_counts_on(self, text, going_on):
        assert goes_on(text) is going_on

    def test_counting_is_begun_by_the_assistant(self):
        body = counting("m").body()
        assert body["messages"][-1]["role"] == "assistant"
        assert body["continue_final_message"] is True
