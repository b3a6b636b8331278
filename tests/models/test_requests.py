"""Token counts without a tokenizer."""

from hypothesis import given
from hypothesis import strategies as st

from sleeptime_lib.models.requests import encode, estimated_tokens, prompt_bound, prompt_estimate
from sleeptime_lib.records import Request


def test_english_is_about_a_token_a_word():
    text = "Every morning the baker takes 48 muffins to the market and sells them for $2.50 each."
    assert 18 <= estimated_tokens(text) <= 24


def test_numbers_are_split_in_threes_and_other_scripts_count_by_character():
    assert estimated_tokens("1234567") == 3
    assert estimated_tokens("日本語") == 3
    assert estimated_tokens("") == 0


def test_prompts_of_any_shape_are_estimated():
    messages = (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "How many?"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
    )
    tools = ({"type": "function", "function": {"name": "f"}},)
    bare = prompt_estimate(Request("m", messages))
    assert 15 <= bare <= 60
    assert prompt_estimate(Request("m", messages, tools)) > bare


@given(st.text(max_size=300))
def test_the_bound_is_above_one_token_for_each_byte_of_the_text(text):
    request = Request("m", ({"role": "user", "content": text},))
    assert prompt_bound(request, encode(request.body())) >= len(
        text.encode("utf-8", "surrogatepass")
    )
