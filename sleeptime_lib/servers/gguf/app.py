"""The HTTP API of a GGUF model: chat completions, completions with echo, models, health.

A chain of thought can be extended piece by piece: over chat with `continue_final_message: true` and
`add_generation_prompt: false` (vLLM's fields), or over /v1/completions with all the text so far as
the prompt. The prompt then is what a new reply would follow, with the text so far behind it; the
prefix cache keeps its keys and values, so a further piece costs about what its own tokens cost.

Greedy pieces are the text that one long reply would have been, with these differences. The text so
far is cut into tokens anew: where the model wrote tokens that its tokenizer would have joined, the
prompt has the joined ones. The prompt is computed many tokens at a time, a reply one by one, which
rounds differently: where two tokens are all but equally likely the pieces may go another way (one
text of six did, in 96 tokens written 8 by 8). With a temperature each request begins its own series
of draws: over chat a piece mixes its place into the seed, over /v1/completions the client has to
take another seed for each. A character that the bound on length cuts in two is left
out of the text and counted.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import time
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sleeptime_lib.console import say
from sleeptime_lib.errors import InputError
from sleeptime_lib.servers.api import (
    ApiError,
    ChatBody,
    CompletionBody,
    application,
    beginning,
    check_model,
    cut_at,
    logprobs_object,
    parse,
    respond,
    room,
)
from sleeptime_lib.servers.gguf.batcher import Batcher, Generated
from sleeptime_lib.servers.gguf.chat import (
    draw_seed,
    split_calls,
    template_messages,
    written,
)
from sleeptime_lib.servers.gguf.header import Header, read_header
from sleeptime_lib.servers.gguf.pipeline import GgufOptions, load
from sleeptime_lib.servers.guard import listen

SERVER: Final = "sleeptime serve --gguf"

_B = TypeVar("_B", ChatBody, CompletionBody)

_CUT_CHARACTER: Final = "\ufffd"
"""What the first bytes of a character are decoded to while the others are missing."""


def create_app(header: Header, options: GgufOptions) -> Starlette:
    """Load a model and make the ASGI application that serves it.

    Args:
        header: What the file says about itself.
        options: How to serve it.

    Raises:
        InputError: It cannot be loaded.
    """
    return application(_Server(header, options))


def serve_file(host: str, port: int, path: Path, options: GgufOptions) -> None:
    """Serve a GGUF file over a socket until interrupted.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        path: The file.
        options: How to serve it.

    Raises:
        InputError: The model cannot be loaded.
    """
    header = read_header(path)
    say(
        f"loading {header.name} ({header.architecture} {header.quantisation}); then "
        f"--model {shlex.quote(served_name(header, options))} --base-url http://{host}:{port}/v1"
    )
    listen(create_app(header, options), host, port)


def served_name(header: Header, options: GgufOptions) -> str:
    """The name under which a model is asked for."""
    return options.name or header.path.stem.lower()


class _Server:
    """A loaded model and its routes."""

    def __init__(self, header: Header, options: GgufOptions) -> None:
        self._header, self._options = header, options
        self._name = served_name(header, options)
        pipeline = load(header, options, prefix_cache=options.prefix_cache)
        import openvino_genai  # `load` has said what to do where it is missing

        self._ov = openvino_genai
        self._tokenizer = pipeline.get_tokenizer()
        self._batcher = Batcher(pipeline, prefix_cache=options.prefix_cache)
        self._scorer = None if options.prefix_cache else self._batcher
        self._scorer_lock = asyncio.Lock()
        self._created = int(time.time())

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        body = await self._read(request, ChatBody)
        if body.thinking_token_budget is not None:
            raise ApiError(
                400,
                f"{self._name} has no thinking_token_budget: bound its thoughts with max_tokens "
                "and go on with continue_final_message (a forced budget).",
                code="unknown_parameter",
                param="thinking_token_budget",
            )
        begun = beginning(body)
        prompt = self._tokens(self._templated(body, begun), special=False)
        left = room(prompt.shape[1], self._header.context_length, "messages")
        limit = body.limit(left)
        work = self._batcher.generate(prompt, self._config(body, limit, begun or ""))
        made = await _unless_gone(request, work)
        text = cut_at(written(self._tokenizer, made.ids, with_tools=bool(body.tools)), body.ends)
        if made.finish_reason == "length":
            text = text.rstrip(_CUT_CHARACTER)
        names = {tool.function.name for tool in body.tools or ()}
        text, calls = split_calls(text, names) if names else (text, [])
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if calls:
            message |= {"content": text or None, "tool_calls": calls}
        reason = "tool_calls" if calls else made.finish_reason
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        usage = _usage(prompt.shape[1], len(made.ids))
        return respond(self._envelope("chatcmpl", "chat.completion", choice, usage))

    async def completion(self, request: Request) -> Response:
        """POST /v1/completions: goes on with a prompt, or with `echo` scores its tokens."""
        body = await self._read(request, CompletionBody)
        prompt = self._tokens(body.prompt, special=True)
        if not prompt.shape[1]:
            raise ApiError(400, "The prompt is empty.", param="prompt")
        left = room(prompt.shape[1], self._header.context_length, "prompt")
        limit = body.limit(left)
        # The library generates one token at least; a scored prompt needs none.
        config = self._config(body, max(limit, 1))
        config.echo = body.echo
        config.logprobs = 0 if body.logprobs is None else 1
        scores = body.echo and body.logprobs is not None
        batcher = await self._scoring_batcher() if scores else self._batcher
        made = await _unless_gone(request, batcher.generate(prompt, config))
        choice = self._completion_choice(body, prompt.shape[1], limit, made)
        count = len(made.ids) - (prompt.shape[1] if body.echo else 0)
        usage = _usage(prompt.shape[1], min(count, limit))
        return respond(self._envelope("cmpl", "text_completion", choice, usage))

    async def models(self, request: Request) -> Response:
        """GET /v1/models, with what the file says of itself."""
        entry = {"id": self._name, "object": "model", "created": self._created}
        said = {
            "owned_by": SERVER,
            "quantisation": self._header.quantisation,
            "licence": self._header.licence,
            "max_model_len": self._header.context_length,
            "server": f"openvino-genai {self._ov.__version__}",
        }
        return respond({"object": "list", "data": [entry | said]})

    async def health(self, request: Request) -> Response:
        """GET /health."""
        return respond({"status": "ok", "model": self._name, **self._batcher.load})

    async def _read(self, request: Request, body_type: type[_B]) -> _B:
        body = parse(await request.body(), body_type)
        check_model(body.model, self._name)
        try:
            json.dumps(body.model_dump(), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ApiError(
                400, "A text of the request holds half a surrogate pair, which is no character."
            ) from None
        return body

    def _templated(self, body: ChatBody, begun: str | None) -> str:
        tools = [tool.model_dump(exclude_none=True) for tool in body.tools or ()]
        if tools and not self._header.has_tools:
            raise ApiError(400, f"The chat template of {self._name} takes no tools.", param="tools")
        # A begun reply stands behind the prompt as the model wrote it: a template might change it.
        messages = template_messages(body.messages if begun is None else body.messages[:-1])
        prompting = body.add_generation_prompt or begun is not None
        try:
            text: str = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=prompting, tools=tools or None
            )
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ApiError(
                400, f"The chat template refused the messages: {reason}", param="messages"
            ) from None
        return text + (begun or "")

    def _tokens(self, text: str, *, special: bool) -> Any:
        """Token ids of a text as a tensor of shape (1, tokens)."""
        return self._tokenizer.encode(text, add_special_tokens=special).input_ids

    def _config(self, body: ChatBody | CompletionBody, limit: int, begun: str = "") -> Any:
        config = self._ov.GenerationConfig()
        config.max_new_tokens = limit
        config.apply_chat_template = False
        config.set_eos_token_id(self._tokenizer.get_eos_token_id())
        config.stop_strings = set(body.ends)
        # What stands before a stop string comes out whole, and its tokens count, only this way.
        config.include_stop_str_in_output = bool(body.ends)
        config.do_sample = body.sampled_at > 0
        if config.do_sample:
            config.temperature = body.sampled_at
            config.top_p = 1.0 if body.top_p is None else body.top_p
            config.rng_seed = draw_seed(body.seed, begun)
        return config

    def _completion_choice(
        self, body: CompletionBody, prompt_tokens: int, limit: int, made: Generated
    ) -> dict[str, Any]:
        ids, values = made.ids, list(made.logprobs)
        if not limit:
            ids, values = (ids[:prompt_tokens], values[:prompt_tokens]) if body.echo else ([], [])
        made_text = self._tokenizer.decode(ids[prompt_tokens:] if body.echo else ids)
        reason = made.finish_reason if limit else "length"
        if reason == "length":
            made_text = made_text.rstrip(_CUT_CHARACTER)
        text = (body.prompt if body.echo else "") + cut_at(made_text, body.ends)
        choice = {"index": 0, "text": text, "finish_reason": reason, "logprobs": None}
        if body.logprobs is not None:
            scored: list[float | None] = [*values]
            if body.echo and scored:
                scored[0] = None  # nothing stands before the first token
            pieces = [self._tokenizer.decode([i], skip_special_tokens=False) for i in ids]
            choice["logprobs"] = logprobs_object(pieces, scored, alternatives=body.logprobs > 0)
        return choice

    async def _scoring_batcher(self) -> Batcher:
        """A pipeline without prefix cache: of tokens in one, the library tells no probability.

        Loaded when it is first needed, and only then, because it takes the model's memory again.
        """
        async with self._scorer_lock:
            if self._scorer is None:
                try:
                    pipeline = await asyncio.to_thread(
                        load, self._header, self._options, prefix_cache=False
                    )
                except InputError as error:
                    raise ApiError(
                        503,
                        f"Scoring prompts takes a second copy of the model: {error}; or serve it "
                        "with --no-prefix-cache, and one copy does both.",
                        kind="server_error",
                    ) from None
                self._scorer = Batcher(pipeline, prefix_cache=False)
            return self._scorer

    def _envelope(
        self, prefix: str, kind: str, choice: dict[str, Any], usage: dict[str, int]
    ) -> dict[str, Any]:
        return {
            "id": f"{prefix}-{uuid.uuid4().hex[:24]}",
            "object": kind,
            "created": int(time.time()),
            "model": self._name,
            "system_fingerprint": f"{self._header.architecture}-{self._header.quantisation}",
            "choices": [choice],
            "usage": usage,
        }


async def _unless_gone(request: Request, work: Coroutine[None, None, Generated]) -> Generated:
    """Generate while the client is there; one that has left frees its place in the batch.

    Raises:
        ApiError: The work failed, or the client has left and nobody reads this.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    generating, leaving = asyncio.create_task(work), asyncio.create_task(gone())
    try:
        await asyncio.wait((generating, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not generating.done():
            raise ApiError(499, "The client closed the request.")
        return generating.result()
    finally:
        generating.cancel()
        leaving.cancel()


def _usage(prompt: int, completion: int) -> dict[str, int]:
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
