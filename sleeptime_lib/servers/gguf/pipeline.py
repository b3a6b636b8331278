"""Loading a GGUF file into openvino-genai, with the memory it takes checked beforehand.

What is served is the file's model, not to the last bit: OpenVINO's 4-bit weights have whole zero
points, so the minimum of a Q4_1 block is rounded, and activations are quantised to 8 bits. The
log-probability of a sentence of five tokens moved by 1.5 of 17 nats against exact arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sleeptime_lib.errors import InputError, MissingDependency
from sleeptime_lib.servers.gguf.header import NEEDS_EXTRA, Header

WEIGHTS_FACTOR: Final = 3.5
"""Peak memory of loading, in file sizes: measured 3.4 for a Q4_K_M of 1.1 GB, 3.2 for a Q4_1 of
0.1 GB."""

FIXED_BYTES: Final = 100_000_000
"""What the library takes by itself."""

_TOKENS_PER_STEP: Final = 1024
"""Prompt tokens that one step may take up; more makes long prompts faster, short ones wait."""


@dataclass(frozen=True, slots=True)
class GgufOptions:
    """How a GGUF model is served.

    Attributes:
        name: Name under which it is asked for; "" for the file's name.
        slots: Requests that are decoded together; more wait.
        cache_gb: Memory for keys and values, in GB; with the length of requests it bounds how many
            can be in the batch.
        prefix_cache: Keep keys and values of prompts for later ones that begin alike.

    Raises:
        InputError: A value is out of its range.
    """

    name: str = ""
    slots: int = 16
    cache_gb: int = 2
    prefix_cache: bool = True

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise InputError(f"--slots {self.slots}: use 1 request at a time or more")
        if self.cache_gb < 1:
            raise InputError(f"--cache-gb {self.cache_gb}: use 1 GB or more")


def load(header: Header, options: GgufOptions, *, prefix_cache: bool) -> Any:
    """Load a model: an `openvino_genai.ContinuousBatchingPipeline`.

    Raises:
        InputError: Memory is short, or the library cannot read the file's tensors.
        MissingDependency: The extra is not installed.
    """
    try:
        import openvino_genai as ov
    except ImportError:
        raise MissingDependency(NEEDS_EXTRA) from None
    check_memory(header, options)
    scheduler = ov.SchedulerConfig()
    scheduler.cache_size = options.cache_gb
    scheduler.max_num_seqs = options.slots
    scheduler.max_num_batched_tokens = _TOKENS_PER_STEP
    scheduler.enable_prefix_caching = prefix_cache
    try:
        return ov.ContinuousBatchingPipeline(str(header.path), scheduler, "CPU")
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(
            f"openvino-genai cannot load {header.path} ({reason}): take another quantisation of "
            "the model (Q4_K_M, Q4_1 and Q8_0 are known to work), or another server"
        ) from None


def check_memory(header: Header, options: GgufOptions) -> None:
    """Refuse a model that does not fit, before the system ends the process without a word.

    Raises:
        InputError: It needs more than is free.
    """
    import psutil

    size = header.path.stat().st_size
    needed = WEIGHTS_FACTOR * size + FIXED_BYTES + options.cache_gb * 1e9
    free = psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{header.path.name} needs about {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free: take a smaller model or quantisation, or a smaller "
            f"--cache-gb (now {options.cache_gb})"
        )
