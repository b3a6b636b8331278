"""One process at a time: a lock that its holder keeps for as long as a file is open."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from sleeptime_lib.errors import InputError


def hold(file: Path, what: Path) -> IO[str]:
    """Lock a file, made if missing; closing it, or the end of the process, gives the lock back.

    Args:
        file: A file that is nothing but the lock.
        what: What it protects, for the message.

    Raises:
        InputError: Another process holds it.
        OSError: The file cannot be made.
    """
    handle = file.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise InputError(
            f"{what} is in use by another process: wait until it has ended, or choose another "
            "place with --out"
        ) from None
    return handle
