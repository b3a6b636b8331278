"""Tools reach the model where its chat template has a place for them."""

import subprocess
import sys

import pytest

from sleeptime_lib.methods import rethink
from sleeptime_lib.servers.gguf.chat import written
from sleeptime_lib.servers.gguf.header import read_header

TEMPLATE = (
    "{% if tools %}<|im_start|>system\nTools:{% for tool in tools %} {{ tool | tojson }}"
    "{% endfor %}<|im_end|>\n{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{{ m.content }}{% for call in m.tool_calls or [] %}<tool_call>{{ call.function.name }}"
    "</tool_call>{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n{% endif %}"
)
TOOLS = [rethink.RETHINK_TOOL, rethink.FINISH_TOOL]


@pytest.fixture(scope="module")
def file(model_file, tmp_path_factory):
    """The small model with a template of ours."""
    path = tmp_path_factory.mktemp("tools") / "tools.gguf"
    command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata"]
    command += [str(model_file), str(path), "--chat-template", TEMPLATE]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def server(start, file):
    return start(file=file)


def test_the_header_tells_that_there_are_tools(file):
    assert read_header(file).has_tools


def test_tool_definitions_are_part_of_the_prompt(server):
    plain = server.chat("Hi")["usage"]["prompt_tokens"]
    with_tools = server.chat("Hi", tools=TOOLS)["usage"]["prompt_tokens"]
    assert with_tools > plain + 50


def test_special_tokens_that_mark_a_call_are_kept_and_the_end_is_not(model_file):
    import openvino_genai

    tokenizer = openvino_genai.Tokenizer(str(model_file))
    said = "<|im_start|>call<|im_end|>"
    ids = tokenizer.encode(said, add_special_tokens=False).input_ids.data[0].tolist()
    assert written(tokenizer, ids, with_tools=True) == "<|im_start|>call"
    assert written(tokenizer, ids, with_tools=False) == "call"


def test_a_conversation_with_calls_and_their_results_goes_on(server):
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "rethink_memory", "arguments": '{"new_memory": "eggs = 12"}'},
    }
    messages = [
        {"role": "user", "content": "Take notes."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Stored."},
    ]
    status, content = server.post(
        "/chat/completions", messages=messages, tools=TOOLS, max_tokens=8, temperature=0
    )
    assert status == 200, content
    assert content["choices"][0]["finish_reason"] in ("stop", "length", "tool_calls")
