"""The fields that set a budget, over the simulated model's API: obeyed, ignored, or rejected."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from ports import free_port, wait_until_up

from sleeptime_lib.methods.situation import situation_block
from sleeptime_lib.servers.simulated.options import KNOBS, Options
from sleeptime_lib.servers.simulated.tokens import count
from sleeptime_lib.tasks.procedural import generate

TASK = generate(1, limit=1)
QUESTION = TASK.questions[0]
ASKED = (
    f"{situation_block(TASK.contexts[QUESTION.context_id].text, ())}\n\n"
    f"<question>\n{QUESTION.text}\n</question>\n\nReason step by step."
)
USER = {"role": "user", "content": ASKED}
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}


def begun(text):
    return [USER, {"role": "assistant", "content": text}]


class Server:
    """`sleeptime serve` in a process of its own."""

    def __init__(self, *options: str) -> None:
        port = free_port()
        command = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", str(port), *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{port}/v1"
        wait_until_up(port, self.process, 60.0)

    def post(self, path="/chat/completions", **fields):
        """Send a body; status and content of the answer."""
        body = {"model": "simulated", "temperature": 0} | fields
        sent = json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, sent, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def chat(self, messages=(USER,), **fields):
        """Text, usage and finish reason of a reply."""
        status, content = self.post(messages=list(messages), **fields)
        assert status == 200, content
        (choice,) = content["choices"]
        return choice["message"]["content"], content["usage"], choice["finish_reason"]

    def close(self):
        self.process.terminate()
        self.process.communicate()


@pytest.fixture(scope="module")
def obeying():
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def ignoring():
    server = Server(*(word for name in KNOBS for word in ("--ignore", name)))
    yield server
    server.close()


@pytest.fixture(scope="module")
def rejecting():
    server = Server(*(word for name in KNOBS for word in ("--reject", name)))
    yield server
    server.close()


def hidden(usage):
    return usage["completion_tokens_details"]["reasoning_tokens"]


def test_effort_and_thinking_tokens_move_the_hidden_tokens(obeying):
    for low, high in (
        ({"reasoning_effort": "low"}, {"reasoning_effort": "high"}),
        ({"thinking_token_budget": 10}, {"thinking_token_budget": 80}),
    ):
        assert 0 < hidden(obeying.chat(**low)[1]) < hidden(obeying.chat(**high)[1])


def test_hidden_tokens_are_counted_and_not_shown(obeying):
    text, usage, _ = obeying.chat(thinking_token_budget=10)
    assert hidden(usage) == 10
    assert usage["completion_tokens"] == 10 + count(text)


def test_a_bound_on_length_cuts_thoughts_and_says_so(obeying):
    text, usage, reason = obeying.chat(thinking_token_budget=50, max_tokens=20)
    assert (text, reason) == ("", "length")
    assert (usage["completion_tokens"], hidden(usage)) == (20, 20)


def test_a_continuation_has_only_what_is_new_and_counts_only_that(obeying):
    whole, alone, _ = obeying.chat()
    cut, usage, reason = obeying.chat(max_tokens=12)
    assert (usage["completion_tokens"], reason) == (12, "length")
    rest, after, reason = obeying.chat(begun(cut), **CONTINUE)
    assert cut + rest == whole
    assert reason == "stop"
    assert after["completion_tokens"] == count(rest) == alone["completion_tokens"] - 12
    assert after["prompt_tokens"] == alone["prompt_tokens"] + count(f"[assistant]\n{cut}")


def test_an_answer_is_forced_at_once(obeying):
    text, usage, _ = obeying.chat(begun("The answer is"), **CONTINUE)
    assert text.strip(" .").isdigit()
    assert usage["completion_tokens"] <= 3


def test_a_text_prompt_in_chatml_is_gone_on_with(obeying):
    whole, _, _ = obeying.chat()
    prompt = f"<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\n"
    text, reasons = "", []
    for _ in range(-(-count(whole) // 16)):
        body = {"prompt": prompt + text, "max_tokens": 16, "stop": ["<|im_end|>"]}
        _, content = obeying.post("/completions", **body)
        (choice,) = content["choices"]
        text += choice["text"]
        reasons.append(choice["finish_reason"])
    assert text == whole
    assert len(reasons) > 3
    assert reasons == ["length"] * (len(reasons) - 1) + ["stop"]


@pytest.mark.parametrize(
    ("messages", "fields", "says"),
    [
        ([USER], CONTINUE, "role 'user'"),
        (begun("It"), {"continue_final_message": True}, "'add_generation_prompt': false"),
        ([USER], {"thinking_token_budget": -1}, "thinking_token_budget"),
        ([USER], {"thinking_token_budget": "much"}, "thinking_token_budget"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_in_one_line(obeying, messages, fields, says):
    status, content = obeying.post(messages=messages, **fields)
    assert status == 400
    assert says in content["error"]["message"]
    assert "\n" not in content["error"]["message"]


@pytest.mark.parametrize(
    "fields", [{"reasoning_effort": "high"}, {"thinking_token_budget": 64}, CONTINUE]
)
def test_an_ignored_field_is_accepted_and_changes_nothing(ignoring, fields):
    messages = begun("The answer is")
    assert ignoring.chat(messages, **fields) == ignoring.chat(messages)


@pytest.mark.parametrize(
    "fields", [{"reasoning_effort": "high"}, {"thinking_token_budget": 64}, CONTINUE]
)
def test_a_rejected_field_gets_an_error_that_names_it(rejecting, fields):
    status, content = rejecting.post(messages=begun("It"), **fields)
    assert (status, content["error"]["param"]) == (400, next(iter(fields)))
    assert next(iter(fields)) in content["error"]["message"]
    assert rejecting.post(messages=begun("It"))[0] == 200


def test_a_knob_that_no_request_has_is_refused_with_those_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "sleeptime_lib", "serve", "--ignore", "volume"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "'volume'" in line
    assert all(name in line for name in KNOBS)
    assert Options(ignored=KNOBS).rejected == ()
