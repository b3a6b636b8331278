"""Continuous batching: requests that arrive at different times are decoded together.

On a CPU the weights are read from memory once for each step, whatever the number of requests in
it, so many at once cost little more than one. One thread owns the pipeline: it adds what waits and
steps the batch; replies go back to the event loop.

With a prefix cache, a prompt that begins like one that is just being read waits until that one has
been: it then finds the beginning in the cache. Otherwise all questions about one context, asked at
once, would each have the context read anew.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from sleeptime_lib.servers.api import ApiError

_WORTH_WAITING: Final = 32
"""Tokens that a prompt must find read, and not yet does, to wait for them."""
_REMEMBERED: Final = 256
"""Prompts that were read last, whose beginnings are taken for cached."""
_OUT_OF_MEMORY: Final = "the key-value cache is too small for this request"


@dataclass(frozen=True, slots=True)
class Generated:
    """What the pipeline made of one request.

    Attributes:
        ids: Token ids; with `echo`, those of the prompt first.
        logprobs: Natural logarithm of each one's probability, where it was asked for.
        finish_reason: "stop" or "length".
    """

    ids: list[int]
    logprobs: list[float]
    finish_reason: str


@dataclass(slots=True)
class _Job:
    """A request on its way through the pipeline."""

    prompt: Any
    config: Any
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Generated]
    abandoned: bool = False
    handle: Any = None
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish_reason: str = "stop"

    @property
    def tokens(self) -> Any:
        """Token ids of the prompt, an array of one dimension."""
        return self.prompt.data[0]

    def resolve(self, result: Generated | ApiError) -> None:
        """Hand the result to whoever waits, on the event loop."""

        def settle() -> None:
            if self.done.done():
                return
            if isinstance(result, ApiError):
                self.done.set_exception(result)
            else:
                self.done.set_result(result)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(settle)


class Batcher:
    """Runs a pipeline in a thread of its own.

    Args:
        pipeline: An `openvino_genai.ContinuousBatchingPipeline`; nobody else may touch it.
        prefix_cache: Whether the pipeline keeps what it has read for prompts that begin alike.
    """

    def __init__(self, pipeline: Any, *, prefix_cache: bool) -> None:
        self._pipeline = pipeline
        self._prefix_cache = prefix_cache
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._held: list[_Job] = []
        self._read: deque[Any] = deque(maxlen=_REMEMBERED)
        self._live: list[_Job] = []
        self._numbers = itertools.count()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="gguf-batcher", daemon=True)
        self._thread.start()

    async def generate(self, prompt: Any, config: Any) -> Generated:
        """Generate for one prompt; several callers at once share the batch.

        Args:
            prompt: Token ids, an `openvino.Tensor` of shape (1, tokens).
            config: An `openvino_genai.GenerationConfig`.

        Raises:
            ApiError: The pipeline refused the request or failed.
        """
        loop = asyncio.get_running_loop()
        job = _Job(prompt, config, loop, loop.create_future())
        self._waiting.put(job)
        try:
            return await job.done
        except asyncio.CancelledError:
            job.abandoned = True  # the client is gone: its place in the batch is freed
            raise

    @property
    def load(self) -> dict[str, int]:
        """Requests in the batch, and those not yet taken up."""
        return {"running": len(self._live), "waiting": self._waiting.qsize() + len(self._held)}

    def close(self) -> None:
        """Stop after the current step; requests under way fail."""
        self._closing = True
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while not self._closing:
            self._take_up()
            try:
                if self._live:
                    self._pipeline.step()
                    self._live = [job for job in self._live if not self._collect(job)]
            except Exception as error:
                self._fail(f"the model failed: {' '.join(str(error).split())}")
        self._fail("the server is closing")

    def _take_up(self) -> None:
        """Add what waits to the batch; with nothing to do, wait for it."""
        arrived, self._held = self._held, []
        while not self._waiting.empty() or not (self._live or arrived):
            job = self._waiting.get()
            if job is None:
                self._held = arrived
                return
            arrived.append(job)
        for job in arrived:
            if job.abandoned:
                continue
            if self._prefix_cache and self._is_under_way(job.tokens):
                self._held.append(job)
                continue
            self._add(job)

    def _is_under_way(self, tokens: Any) -> bool:
        """Whether the beginning of a prompt is just being read for another request."""
        under_way = max(
            (_alike(tokens, job.tokens) for job in self._live if not job.ids), default=0
        )
        if under_way < _WORTH_WAITING:
            return False
        read = max((_alike(tokens, other) for other in self._read), default=0)
        return under_way - read >= _WORTH_WAITING

    def _add(self, job: _Job) -> None:
        try:
            number = next(self._numbers)
            job.handle = self._pipeline.add_request(number, job.prompt, job.config)
        except Exception as error:
            reason = " ".join(str(error).split())
            job.resolve(ApiError(400, f"The request was refused: {reason}."))
            return
        self._live.append(job)

    def _collect(self, job: _Job) -> bool:
        """Take what the last step brought for a request; True when it is finished."""
        import openvino_genai as ov

        status = ov.GenerationStatus
        if job.abandoned:
            job.handle.cancel()
            return True
        if not job.ids and job.handle.can_read():
            self._read.append(job.tokens)
        while job.handle.can_read():
            for output in job.handle.read().values():
                job.ids += output.generated_ids
                job.logprobs += output.generated_log_probs
                if output.finish_reason == ov.GenerationFinishReason.LENGTH:
                    job.finish_reason = "length"
        state = job.handle.get_status()
        if state == status.RUNNING:
            return False
        if state == status.IGNORED:
            job.resolve(ApiError(503, f"Not generated: {_OUT_OF_MEMORY}.", kind="server_error"))
        else:
            job.resolve(Generated(job.ids, job.logprobs, job.finish_reason))
        return True

    def _fail(self, reason: str) -> None:
        for job in (*self._live, *self._held):
            job.resolve(ApiError(500, f"{reason[0].upper()}{reason[1:]}.", kind="server_error"))
        self._live, self._held = [], []


def _alike(one: Any, other: Any) -> int:
    """Number of token ids with which two prompts (arrays of one dimension) begin alike."""
    shorter = min(len(one), len(other))
    differ = (one[:shorter] != other[:shorter]).nonzero()[0]
    return int(differ[0]) if len(differ) else shorter
