"""Processes that tests start: their ports, and waiting for what they do."""

import socket
import subprocess
import time
from collections.abc import Callable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(port: int, process: subprocess.Popen[str], seconds: float) -> None:
    """Wait until the port takes connections.

    Raises:
        AssertionError: The process ended, or the time is over.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, process.stderr.read() if process.stderr else "it ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens at port {port} after {seconds:g} s")


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: The time is over.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
