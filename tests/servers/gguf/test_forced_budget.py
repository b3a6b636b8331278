"""A chain of thought of a real model, cut at a bound and gone on with: what forced budgets need."""

import time

import pytest

ASK = [{"role": "user", "content": "Tell a long story about a lighthouse and the sea."}]
TOKENS, PIECE = 40, 8
"""The model's reply is longer than `TOKENS`."""


def go_on(server, begun, **given):
    """Continue an assistant message, greedily unless told otherwise; the whole answer."""
    body = {
        "messages": [*ASK, {"role": "assistant", "content": begun}],
        "continue_final_message": True,
        "add_generation_prompt": False,
        "temperature": 0,
        "max_tokens": TOKENS,
    }
    status, content = server.post("/chat/completions", **(body | given))
    assert status == 200, content
    return content


def text(content):
    choice = content["choices"][0]
    return choice["text"] if "text" in choice else choice["message"]["content"]


@pytest.fixture(scope="module")
def undisturbed(server):
    return server.chat(ASK[0]["content"], max_tokens=TOKENS)


def test_pieces_over_chat_are_the_text_that_one_reply_would_have_been(server, undisturbed):
    written, counted = "", 0
    for _ in range(TOKENS // PIECE):
        piece = go_on(server, written, max_tokens=PIECE)
        written += text(piece)
        counted += piece["usage"]["completion_tokens"]
    assert written == text(undisturbed)
    assert counted == undisturbed["usage"]["completion_tokens"] == TOKENS


def test_pieces_over_text_completion_are_the_same_text(server, undisturbed, rendered):
    written = ""
    for _ in range(TOKENS // PIECE):
        body = {"prompt": rendered + written, "max_tokens": PIECE, "temperature": 0}
        status, content = server.post("/completions", **body)
        assert status == 200, content
        assert content["usage"]["completion_tokens"] == PIECE
        assert content["choices"][0]["finish_reason"] == "length"
        written += text(content)
    assert written == text(undisturbed)


def test_what_is_continued_counts_as_prompt_and_only_new_tokens_as_completion(server, undisturbed):
    begun = text(undisturbed)
    content = go_on(server, begun, max_tokens=3)
    assert content["usage"]["completion_tokens"] == 3
    assert content["usage"]["prompt_tokens"] == undisturbed["usage"]["prompt_tokens"] + TOKENS
    assert not text(content).startswith(begun)


def test_the_answer_can_be_had_at_once(server):
    asked = [{"role": "user", "content": "What is the capital of Italy?"}]
    begun = [
        *asked,
        {"role": "assistant", "content": "Let me think. The answer is: The capital is"},
    ]
    assert text(go_on(server, "", messages=begun, max_tokens=4)).startswith(" Rome")


def test_a_stop_string_ends_a_continuation_and_is_left_out(server, undisturbed):
    words = text(undisturbed).split()
    begun = " ".join(words[:10])
    whole = text(go_on(server, begun))
    end = whole.split()[3]
    cut = go_on(server, begun, stop=end)
    assert text(cut) == whole[: whole.index(end)]
    assert cut["choices"][0]["finish_reason"] == "stop"


def test_a_seed_repeats_a_continuation(server):
    drawn = [text(go_on(server, "The sky", temperature=1.2, seed=seed)) for seed in (5, 5, 6)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_character_cut_in_two_is_left_out(server):
    # The model's tokenizer has no token for this character: it takes several.
    begun = "Repeat after me: 𓀀𓀀𓀀𓀀𓀀𓀀𓀀"
    for bound in (1, 2, 3, 4):
        content = go_on(server, begun, max_tokens=bound)
        assert "\ufffd" not in text(content)
        assert content["usage"]["completion_tokens"] == bound


def test_extending_a_long_text_does_not_read_it_again(server):
    long = "The sky has many colours at many times of the day, as painters know. " * 150

    def seconds(begun):
        start = time.perf_counter()
        go_on(server, begun, max_tokens=1)
        return time.perf_counter() - start

    first, again = seconds(long), seconds(long + "And so")
    assert again < first / 2


@pytest.mark.parametrize(
    ("messages", "fields", "says"),
    [
        (ASK, {"add_generation_prompt": False}, "role 'user'"),
        ([*ASK, {"role": "assistant", "content": "It"}], {}, "'add_generation_prompt': false"),
        (ASK, {"continue_final_message": "perhaps"}, "continue_final_message"),
        (ASK, {"continue_final_message": False, "thinking_token_budget": 9}, "forced budget"),
    ],
)
def test_a_continuation_that_cannot_be_is_refused_in_one_line(server, messages, fields, says):
    body = {"messages": messages, "continue_final_message": True} | fields
    status, content = server.post("/chat/completions", **body)
    assert status == 400
    message = content["error"]["message"]
    assert says in message
    assert "\n" not in message


@pytest.fixture(scope="module")
def rendered(model_file):
    """The question as the model's chat template puts it, up to where a reply begins."""
    import openvino_genai

    tokenizer = openvino_genai.Tokenizer(str(model_file))
    return tokenizer.apply_chat_template(ASK, add_generation_prompt=True)
