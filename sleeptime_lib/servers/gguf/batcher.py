"""Continuous batching: requests that arrive at different times are decoded together.

On a CPU the weights are read from memory once for each step, whatever the number of requests in
it, so many at once cost little more than one. One thread owns the pipeline: it adds what waits and
steps the batch; replies go back to the event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from sleeptime_lib.servers.api import ApiError

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
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
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
        return {"running": len(self._live), "waiting": self._waiting.qsize()}

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
        """Add everything that waits to the batch; with nothing to do, wait for it."""
        block = not self._live
        while True:
            try:
                job = self._waiting.get(block=block)
            except queue.Empty:
                return
            if job is None:
                return
            block = False
            if job.abandoned:
                continue
            try:
                number = next(self._numbers)
                job.handle = self._pipeline.add_request(number, job.prompt, job.config)
            except Exception as error:
                reason = " ".join(str(error).split())
                job.resolve(ApiError(400, f"The request was refused: {reason}."))
                continue
            self._live.append(job)

    def _collect(self, job: _Job) -> bool:
        """Take what the last step brought for a request; True when it is finished."""
        import openvino_genai as ov

        status = ov.GenerationStatus
        if job.abandoned:
            job.handle.cancel()
            return True
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
        for job in self._live:
            job.resolve(ApiError(500, f"{reason[0].upper()}{reason[1:]}.", kind="server_error"))
        self._live = []
