"""Log-probabilities of prompt tokens, with which predictability is measured (paper, figure 10)."""

import pytest
from llama_reference import token_logprobs

PROMPT = "The capital of Italy is"
TOKENS = [504, 3575, 282, 7158, 314]
"""`PROMPT` in the model's own tokens."""


def scores(server, prompt, **given):
    options = {"echo": True, "logprobs": 1, "max_tokens": 0} | given
    status, content = server.post("/completions", prompt=prompt, **options)
    assert status == 200, content
    return content["choices"][0]["logprobs"], content


def test_every_prompt_token_has_its_logprob_and_place(server):
    found, content = scores(server, PROMPT)
    assert found["tokens"] == ["The", " capital", " of", " Italy", " is"]
    assert found["text_offset"] == [0, 3, 11, 14, 20]
    assert found["token_logprobs"][0] is None
    assert all(value < 0 for value in found["token_logprobs"][1:])
    assert content["choices"][0]["text"] == PROMPT
    assert content["usage"]["completion_tokens"] == 0


def test_the_sum_is_that_of_a_model_reckoned_by_hand(server, model_file):
    found, _ = scores(server, PROMPT)
    served = found["token_logprobs"][1:]
    by_hand = token_logprobs(model_file, TOKENS)
    # The server computes with 8-bit activations; a wrong place, scale or token is off by nats.
    assert served == pytest.approx(by_hand, abs=0.35)
    assert sum(served) == pytest.approx(sum(by_hand), abs=0.4)


def test_a_prompt_that_was_seen_before_is_scored_again_in_full(server):
    long = "The capital of France is Paris. The capital of Spain is Madrid. " * 8 + PROMPT
    first, again = scores(server, long)[0], scores(server, long)[0]
    assert len(first["tokens"]) > 64  # longer than a block of the prefix cache
    assert again == first


def test_a_prompt_longer_than_one_step_is_scored_in_full(server):
    long = "one two three four five six seven eight nine ten " * 150
    found, content = scores(server, long)
    assert len(found["token_logprobs"]) == content["usage"]["prompt_tokens"] > 1024
    assert None not in found["token_logprobs"][1:]


def test_one_copy_of_the_model_scores_and_chats_without_prefix_cache(start):
    server = start("--no-prefix-cache")
    assert server.chat("Hi")["choices"][0]["message"]["content"]
    assert scores(server, PROMPT * 9)[0] == scores(server, PROMPT * 9)[0]


def test_a_likelier_question_scores_higher(server):
    context = "Anna has 3 red apples and 4 green apples."
    likely, odd = (
        sum(scores(server, f"{context} {question}")[0]["token_logprobs"][-6:])
        for question in (
            "How many apples does Anna have in total?",
            "Which purple violin swims beneath algebra tomorrow?",
        )
    )
    assert likely > odd


def test_a_completion_goes_on_with_its_prompt(server):
    status, content = server.post("/completions", prompt=PROMPT, max_tokens=3, temperature=0)
    assert status == 200
    assert "Rome" in content["choices"][0]["text"]
    assert content["usage"]["completion_tokens"] == 3
