"""`sleeptime serve` answers programs of its machine, not pages that a browser there shows."""

import http.client
import json
import socket
import struct
import subprocess
import sys
import time

import pytest
from ports import free_port, wait_until_up

BODY = json.dumps({"model": "simulated", "messages": [{"role": "user", "content": "hello"}]})
JSON = {"Content-Type": "application/json"}
CHAT = "/v1/chat/completions"


class Served:
    def __init__(self, *options):
        self.port = free_port()
        command = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, *options], stderr=subprocess.PIPE, text=True, bufsize=1
        )
        wait_until_up(self.port, self.process, 60)
        assert "simulated model at" in self.process.stderr.readline()

    def ask(self, method="POST", path=CHAT, body=BODY, **headers):
        """Status and content of the reply."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Host": f"127.0.0.1:{self.port}"} | (JSON if method == "POST" else {})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body if method == "POST" else None, given)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())

    def leave(self, sent):
        """Send a part of a request, and hang up."""
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(sent)
            time.sleep(0.2)  # so that the server has begun with it
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def end(self):
        """What it wrote after it had said where it is."""
        self.process.terminate()
        return self.process.communicate(timeout=60)[1].splitlines()


@pytest.fixture(scope="module")
def server():
    made = Served("--latency-s", "0.5")
    yield made
    made.process.kill()
    made.process.wait()


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "LOCALHOST:8080", "[::1]:80", "10.1.2.3"]
)
def test_it_answers_by_address_and_as_localhost(server, host):
    assert server.ask("GET", "/health", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "localhost.evil.example", "", "[", "127.0.0.1@x.y"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_refuses_names_that_are_not_its_own(server, method, host):
    status, content = server.ask(method, Host=host)
    assert status == 403
    assert "ask it by address" in content["error"]["message"]


def test_a_name_that_it_was_told_to_listen_on_is_its_own():
    named = Served("--host", socket.gethostname())
    connection = http.client.HTTPConnection(socket.gethostname(), named.port, timeout=60)
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    named.end()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_it_refuses_what_a_page_can_send_unasked(server, kind):
    status, content = server.ask(Content_Type=kind)
    assert status == 415
    assert "application/json" in content["error"]["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_it_takes_json(server, kind):
    assert server.ask(Content_Type=kind)[0] == 200


def test_it_tells_no_page_that_it_may_ask(server):
    headers = {"Origin": "https://evil.example", "Access_Control_Request_Method": "POST"}
    assert server.ask("OPTIONS", **headers)[0] >= 400


def test_a_body_that_says_it_is_too_long_is_not_read(server):
    assert server.ask(Content_Length="999999999999")[0] == 413


def test_nor_is_one_that_does_not_say_so(server):
    parts = (b"x" * 1_000_000 for _ in range(1_000_000))
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        server.ask(body=parts)


def test_a_client_that_leaves_writes_nothing():
    served = Served("--latency-s", "0.5")
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    whole = f"{head}Content-Length: {len(BODY)}\r\n\r\n{BODY}"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\n"
    for sent in (head, whole[:-5], whole, chunked, f"{chunked}hello\r\n"):
        served.leave(sent.encode())
    assert served.ask()[0] == 200
    assert served.end() == []


@pytest.mark.parametrize("port", ["-1", "80000"])
def test_a_port_that_there_is_not(port):
    command = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1
