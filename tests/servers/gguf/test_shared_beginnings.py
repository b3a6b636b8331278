"""Prompts that begin alike and come at the same time: the beginning is read once."""

import asyncio

import pytest

from sleeptime_lib.servers.gguf.batcher import Batcher
from sleeptime_lib.servers.gguf.header import read_header
from sleeptime_lib.servers.gguf.pipeline import GgufOptions, load

STORY = "Once upon a time there was a baker who counted every loaf, roll and bun. " * 12
ENDINGS = ["How many loaves?", "How many rolls?", "How many buns?"]


class Watched:
    """A pipeline that remembers after how many steps each request was added."""

    def __init__(self, pipeline):
        self.pipeline, self.steps, self.added = pipeline, 0, []

    def add_request(self, *request):
        self.added.append(self.steps)
        return self.pipeline.add_request(*request)

    def step(self):
        self.steps += 1
        self.pipeline.step()


@pytest.fixture(scope="module")
def pipeline(model_file):
    return load(read_header(model_file), GgufOptions(cache_gb=1), prefix_cache=True)


def asked_at_once(pipeline, prompts, *, read_before="", prefix_cache=True):
    """The token ids of the replies, and after how many steps each request was added."""
    import openvino_genai as ov

    config = ov.GenerationConfig()
    config.max_new_tokens, config.apply_chat_template = 6, False
    watched, tokenizer = Watched(pipeline), pipeline.get_tokenizer()

    async def ask():
        batcher = Batcher(watched, prefix_cache=prefix_cache)
        if read_before:
            await batcher.generate(tokenizer.encode(read_before).input_ids, config)
        begun = watched.steps
        encoded = [tokenizer.encode(text).input_ids for text in prompts]
        made = await asyncio.gather(*(batcher.generate(ids, config) for ids in encoded))
        batcher.close()
        return [one.ids for one in made], [
            steps - begun for steps in watched.added[-len(prompts) :]
        ]

    return asyncio.run(ask())


def test_the_first_is_read_before_the_others_are_added(pipeline):
    prompts = [f"First. {STORY}{ending}" for ending in ENDINGS]
    _, added = asked_at_once(pipeline, prompts)
    assert added[1:] == [added[0] + 1] * 2


def test_prompts_of_their_own_do_not_wait(pipeline):
    prompts = [f"{name}. {STORY}" for name in ("Ann", "Bob", "Cem")]
    _, added = asked_at_once(pipeline, prompts)
    assert max(added) <= 1


def test_what_was_read_before_makes_nobody_wait(pipeline):
    prompts = [f"Again. {STORY}{ending}" for ending in ENDINGS]
    _, added = asked_at_once(pipeline, prompts[1:], read_before=prompts[0])
    assert max(added) <= 1


def test_the_replies_are_the_same_as_without_waiting(pipeline):
    prompts = [f"Same. {STORY}{ending}" for ending in ENDINGS]
    plain, _ = asked_at_once(pipeline, prompts, prefix_cache=False)
    waiting, _ = asked_at_once(pipeline, prompts)
    assert plain == waiting
